package check

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"
)

// textFault tells what is wrong with the text of a primitive value; "" if
// nothing is. Unknown types have no rules. (R4 §2.24, Data types)
func textFault(typ string, b []byte) string {
	switch typ {
	case "date":
		return dateFault(b)
	case "dateTime":
		return dateTimeFault(b)
	case "instant":
		return instantFault(b)
	case "time":
		if n := timeLength(b); n == 0 || n != len(b) {
			return "want hh:mm:ss with an optional fraction, have other text"
		}
	case "boolean":
		if s := string(b); s != "true" && s != "false" {
			return "want true or false, have other text"
		}
	case "integer", "unsignedInt", "positiveInt":
		return integerFault(typ, b)
	case "decimal":
		if !isDecimal(b) {
			return "want a decimal number, have other text"
		}
	case "id":
		if !isID(b) {
			return "want 1 to 64 letters, digits, - and ., have other text"
		}
	case "code":
		if !isCode(b) {
			return "want a code without white space but single spaces inside, have other text"
		}
	case "string":
		return stringFault(b)
	case "markdown":
		if utf8.RuneCount(b) > maxString {
			return "want at most 1048576 characters, have more"
		}
	case "base64Binary":
		if !isBase64(string(b)) {
			return "want base64 of whole groups of four characters, have other text"
		}
	case "uri", "url", "canonical", "oid", "uuid":
		return uriFault(typ, b)
	}
	return ""
}

const maxString = 1 << 20

// two returns the number that two digits write; -1 if they are no digits.
func two(b []byte) int {
	x, y := b[0]-'0', b[1]-'0'
	if x > 9 || y > 9 {
		return -1
	}
	return int(x)*10 + int(y)
}

// Masks for eight bytes at once: what XOR leaves of a digit is at most 9 and of
// a separator 0, and adding the room below 128 shows whatever is more.
const (
	dateBytes, dateRoom = 0x2d30302d30303030, 0x7f76767f76767676 // YYYY-MM-
	timeBytes, timeRoom = 0x30303a30303a3030, 0x76767f76767f7676 // hh:mm:ss
	highBits            = 0x8080808080808080
)

// eight returns what the first eight bytes of b write in the form of a mask: a
// number from 0 to 9 in every byte for a digit.
func eight(b []byte, mask, room uint64) (digits uint64, ok bool) {
	x := binary.LittleEndian.Uint64(b) ^ mask
	return x, (x|(x+room))&highBits == 0
}

// pair returns the number of two digits of eight.
func pair(digits uint64, at uint) int { return int(digits>>(8*at)&0xf)*10 + int(digits>>(8*at+8)&0xf) }

// dateLength returns the length of the date that b begins with, 0 if there is
// none. whole tells whether it exists in the calendar.
func dateLength(b []byte) (n int, exists bool) {
	if len(b) < 10 {
		return shortDateLength(b)
	}
	digits, ok := eight(b, dateBytes, dateRoom)
	if !ok {
		return shortDateLength(b)
	}
	year, month, day := 100*pair(digits, 0)+pair(digits, 2), pair(digits, 5), two(b[8:])
	if year == 0 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, false
	}
	return 10, day <= 28 || day <= monthDays(year, month)
}

// shortDateLength is dateLength for dates without a day.
func shortDateLength(b []byte) (n int, exists bool) {
	if len(b) < 4 {
		return 0, false
	}
	century, rest := two(b), two(b[2:])
	if century < 0 || rest < 0 || century+rest == 0 {
		return 0, false
	}
	if len(b) < 7 || b[4] != '-' {
		return 4, true
	}
	month := two(b[5:])
	if month < 1 || month > 12 {
		return 0, false
	}
	return 7, true
}

func monthDays(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// timeLength returns the length of hh:mm:ss with an optional fraction, 0 if b
// does not begin with one. A 60th second is allowed for leap seconds.
func timeLength(b []byte) int {
	if len(b) < 8 {
		return 0
	}
	digits, ok := eight(b, timeBytes, timeRoom)
	if !ok || pair(digits, 0) > 23 || pair(digits, 3) > 59 || pair(digits, 6) > 60 {
		return 0
	}
	if len(b) == 8 || b[8] != '.' {
		return 8
	}
	n := 9
	for n < len(b) && b[n]-'0' <= 9 {
		n++
	}
	if n == 9 {
		return 0
	}
	return n
}

// isZone tells a whole time zone: Z, or an offset of at most 14 hours.
func isZone(b []byte) bool {
	if len(b) == 1 {
		return b[0] == 'Z'
	}
	if len(b) != 6 || b[0] != '+' && b[0] != '-' || b[3] != ':' {
		return false
	}
	hour, minute := two(b[1:]), two(b[4:])
	return hour >= 0 && minute >= 0 && minute <= 59 && (hour <= 13 || hour == 14 && minute == 0)
}

const noSuchDay = "want a day that the month has, have a later one"

func dateFault(b []byte) string {
	n, exists := dateLength(b)
	switch {
	case n == 0 || n != len(b):
		return "want YYYY, YYYY-MM or YYYY-MM-DD, have other text"
	case !exists:
		return noSuchDay
	}
	return ""
}

func dateTimeFault(b []byte) string {
	n, exists := dateLength(b)
	if n != 0 && n == len(b) {
		if !exists {
			return noSuchDay
		}
		return ""
	}
	if n != 10 || b[10] != 'T' {
		return "want YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a time zone, have other text"
	}
	clock := timeLength(b[11:])
	switch zone := b[11+clock:]; {
	case clock == 0:
		return "want hh:mm:ss after the T, have other text"
	case len(zone) == 0:
		return "want a time zone after a time, have none"
	case !isZone(zone):
		return "want Z or an offset such as +01:00 as time zone, have other text"
	case !exists:
		return noSuchDay
	}
	return ""
}

func instantFault(b []byte) string {
	if n, _ := dateLength(b); n != 10 || len(b) == n {
		return "want YYYY-MM-DDThh:mm:ss with a time zone, have other text"
	}
	return dateTimeFault(b)
}

func integerFault(typ string, b []byte) string {
	digits := bytes.TrimPrefix(b, []byte{'-'})
	if !isDigits(digits) || len(digits) > 1 && digits[0] == '0' {
		return "want an integer, have other text"
	}
	v, err := strconv.ParseInt(string(b), 10, 64)
	switch {
	case err != nil || v < math.MinInt32 || v > math.MaxInt32:
		return "want an integer of 32 bits, have a larger one"
	case typ == "unsignedInt" && (v < 0 || len(digits) < len(b)):
		return "want 0 or more, have less"
	case typ == "positiveInt" && v < 1:
		return "want 1 or more, have less"
	}
	return ""
}

func isDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// isDecimal tells a decimal: the form of JSON's numbers.
func isDecimal(b []byte) bool {
	i := 0
	if len(b) > 0 && b[0] == '-' {
		i++
	}
	whole := digitsFrom(b, i)
	if whole == i || b[i] == '0' && whole > i+1 {
		return false
	}
	i = whole
	if i < len(b) && b[i] == '.' {
		end := digitsFrom(b, i+1)
		if end == i+1 {
			return false
		}
		i = end
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		end := digitsFrom(b, i)
		if end == i {
			return false
		}
		i = end
	}
	return i == len(b)
}

// digitsFrom returns where the digits that begin at i end.
func digitsFrom(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func isID(b []byte) bool {
	if len(b) == 0 || len(b) > 64 {
		return false
	}
	all := uint8(idByte)
	for _, c := range b {
		all &= byteClasses[c]
	}
	return all != 0
}

// Classes of bytes.
const (
	idByte     = 1 << iota // may stand in an id
	base64Byte             // stands for six bits in base64
)

// byteClasses are the classes of every byte.
var byteClasses = func() (classes [256]uint8) {
	for c := range classes {
		if isAlphanumeric(byte(c)) {
			classes[c] = idByte | base64Byte
		}
	}
	classes['-'], classes['.'] = idByte, idByte
	classes['+'], classes['/'] = base64Byte, base64Byte
	return classes
}()

// isSpace tells white space as regular expressions of FHIR mean it with \s.
func isSpace(c byte) bool {
	return c <= ' ' && (c == ' ' || c >= '\t' && c <= '\r')
}

// hasSpace tells a text with white space.
func hasSpace(b []byte) bool {
	for _, c := range b {
		if c <= ' ' && isSpace(c) {
			return true
		}
	}
	return false
}

func isCode(b []byte) bool {
	for i, c := range b {
		if c <= ' ' && isSpace(c) && (c != ' ' || i == 0 || b[i-1] == ' ' || i == len(b)-1) {
			return false
		}
	}
	return len(b) > 0
}

func stringFault(b []byte) string {
	switch {
	case len(b) > maxString && utf8.RuneCount(b) > maxString:
		return "want at most 1048576 characters, have more"
	case bytes.IndexByte(b, '\v') >= 0 || bytes.IndexByte(b, '\f') >= 0:
		return "want no control characters but tab, line feed and carriage return, have others"
	}
	return ""
}

// isBase64 tells base64 of RFC 4648 with padding; white space may stand anywhere.
func isBase64(s string) bool {
	n, padding := 0, 0
	for i := range len(s) {
		c := s[i]
		switch {
		case byteClasses[c]&base64Byte != 0:
			if padding > 0 {
				return false
			}
		case isSpace(c):
			continue
		case c == '=':
			padding++
		default:
			return false
		}
		n++
	}
	return n%4 == 0 && padding <= 2 && (n > 0 || len(s) == 0)
}

// uriFault checks addresses: no white space, and the syntax of UUIDs and OIDs in
// them. (R4 §2.24.0.1)
func uriFault(typ string, b []byte) string {
	if hasSpace(b) {
		return "want an address without white space, have some"
	}
	if typ != "oid" && typ != "uuid" && typ != "canonical" && len(b) > 0 && b[0] != 'o' && b[0] != 'u' {
		return ""
	}
	uuid, isUUID := bytes.CutPrefix(b, []byte("urn:uuid:"))
	oid, isOID := bytes.CutPrefix(b, []byte("urn:oid:"))
	switch {
	case bytes.HasPrefix(b, []byte("oid:")):
		return "want an OID as urn:oid:, have oid:"
	case bytes.HasPrefix(b, []byte("uuid:")):
		return "want a UUID as urn:uuid:, have uuid:"
	case typ == "oid" && !isOID:
		return "want urn:oid: before an OID, have other text"
	case typ == "uuid" && !isUUID:
		return "want urn:uuid: before a UUID, have other text"
	case typ == "canonical" && len(b) > 0 && b[0] != '#' && !isAbsolute(b):
		return "want an absolute address or a # reference, have another"
	case isUUID:
		return uuidFault(typ, uuid)
	case isOID && !isRegisteredOID(oid):
		return "want an OID of two or more arcs below a root that assigns them, have other text"
	}
	return ""
}

func uuidFault(typ string, b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{'#'})
	if i := bytes.LastIndexByte(b, '|'); typ == "canonical" && i >= 0 {
		b = b[:i]
	}
	if len(b) != 36 {
		return "want 32 hexadecimal digits in five groups after urn:uuid:, have other text"
	}
	for i, c := range b {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || typ != "uuid" && c >= 'A' && c <= 'F'
		if dash != (c == '-') || !dash && !hex {
			return "want 32 hexadecimal digits in five groups after urn:uuid:, have other text"
		}
	}
	return ""
}

// isRegisteredOID tells the dotted form of an OID that can stand for something:
// arcs without leading zeros, and not one of the short roots under which nobody
// assigns namespaces.
func isRegisteredOID(b []byte) bool {
	if len(b) < 3 || b[0] < '0' || b[0] > '2' || b[1] != '.' {
		return false
	}
	start := 2
	for i := 2; i <= len(b); i++ {
		if i < len(b) && b[i] != '.' {
			if b[i] < '0' || b[i] > '9' {
				return false
			}
			continue
		}
		if i == start || b[start] == '0' && i > start+1 {
			return false
		}
		start = i + 1
	}
	return bytes.LastIndexByte(b, '.') >= 4 || bytes.HasPrefix(b, []byte("1.3"))
}
