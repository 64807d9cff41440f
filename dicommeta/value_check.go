package dicommeta

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// A valueProblem is one way in which a value breaks the rules of its VR (PS3.5 table 6.2-1).
type valueProblem struct {
	Code     issue.Code
	Severity issue.Severity
	Value    int    // which of several values, from 1; 0 the whole
	Message  string // without the value
}

// checkValue appends what is wrong with the value of e by its VR: length, repertoire, form,
// ranges, padding. It knows nothing of VM, of enumerated values or of modules, and leaves odd
// lengths to the reader. Empty values, sequences and values left in the source
// (Element.Skipped) have no problems here. Each code is appended at most once for an element,
// with the number of the first value that has it. Safe for concurrent use.
func (c *Charset) checkValue(e *Element, to []valueProblem) []valueProblem {
	if len(e.Value) == 0 {
		return to
	}
	v := valueCheck{charset: c, vr: e.VR, start: len(to), to: to}
	if !e.VR.IsText() {
		if size := e.VR.Size(); size > 1 && len(e.Value)%size != 0 {
			v.add(CodeValueLength, issue.Error, fmt.Sprintf("want a multiple of %d bytes, have %d", size, len(e.Value)))
		}
		return v.to
	}
	v.plain = isPlain(e.Value)
	value := v.padding(e.Value)
	if !v.plain && e.VR.HasCharset() {
		v.charsetOf(e.Value)
	}
	if v.plain && e.VR.Multiple() {
		for more := true; more; {
			var one []byte
			one, value, more = bytes.Cut(value, []byte{'\\'})
			v.one(one)
		}
		return v.to
	}
	for _, one := range c.split(value, e.VR) {
		v.one(one)
	}
	return v.to
}

// valueCheck checks the values of one element.
type valueCheck struct {
	charset *Charset
	vr      dict.VR
	plain   bool // ASCII without escape sequences
	value   int
	start   int // where the problems of this element begin in to
	to      []valueProblem
}

func (v *valueCheck) add(code issue.Code, s issue.Severity, message string) {
	for _, p := range v.to[v.start:] {
		if p.Code == code {
			return
		}
	}
	v.to = append(v.to, valueProblem{Code: code, Severity: s, Value: v.value, Message: message})
}

// padding checks the end of the whole value and returns it without: NUL for UI, a blank
// for all others (PS3.5 §6.2).
func (v *valueCheck) padding(b []byte) []byte {
	n := len(bytes.TrimRight(b, paddings))
	switch tail := b[n:]; {
	case v.vr == dict.UI && bytes.IndexByte(tail, ' ') >= 0:
		v.add(CodeValuePadding, issue.Warning, "want a NUL to pad a UID, have a blank")
	case v.vr == dict.UI && len(tail) > 1:
		v.add(CodeValuePadding, issue.Warning, "want at most one NUL to pad a UID, have more")
	case v.vr != dict.UI && bytes.IndexByte(tail, 0) >= 0:
		v.add(CodeValuePadding, issue.Warning, "want a blank to pad text, have a NUL")
	}
	return b[:n]
}

// charsetOf checks that the character set covers the value.
func (v *valueCheck) charsetOf(value []byte) {
	if _, exact := v.charset.AppendText(nil, value, v.vr); !exact {
		v.add(CodeValueText, issue.Error, "want characters of the declared set, have others")
		return
	}
	c := v.charset
	if c != nil && c.alone == extended && c.g1 != nil && c.g1.ir == 100 && utf8.Valid(value) && bytes.IndexByte(value, escape) < 0 {
		v.add(CodeValueMojibake, issue.Warning, "want Latin 1, have what looks like UTF-8")
	}
}

// maxChars are the most characters of a value; of PN of each component group.
func maxChars(vr dict.VR) int {
	switch vr {
	case dict.AE, dict.CS, dict.DS, dict.SH:
		return 16
	case dict.IS:
		return 12
	case dict.DT:
		return 26
	case dict.TM:
		return 14
	case dict.LO, dict.PN, dict.UI:
		return 64
	case dict.ST:
		return 1024
	case dict.LT:
		return 10240
	}
	return math.MaxInt
}

// one checks the next value.
func (v *valueCheck) one(b []byte) {
	v.value++
	switch v.vr {
	case dict.ST, dict.LT, dict.UT, dict.UC, dict.UR:
	default:
		// Blanks at the end do not count; those before count for the length alone.
		b = bytes.TrimRight(b, " ")
	}
	if len(bytes.TrimLeft(b, " ")) == 0 {
		return
	}
	if v.vr == dict.PN {
		v.name(b)
	} else {
		v.length(b, maxChars(v.vr), "characters")
	}
	if v.controls(b); v.vr.HasCharset() {
		return
	}
	v.form(string(bytes.TrimLeft(b, " ")), len(b))
}

// length checks the number of characters.
func (v *valueCheck) length(b []byte, most int, what string) {
	if len(b) <= most {
		return
	}
	n := len(b)
	if !v.plain {
		text, _ := v.charset.AppendText(nil, b, v.vr)
		n = utf8.RuneCount(text)
	}
	if n > most {
		v.add(CodeValueLength, issue.Error, fmt.Sprintf("want at most %d %s, have %d", most, what, n))
	}
}

// controls checks for control characters: text of paragraphs may have those of lines
// and pages (PS3.5 §6.1.3).
func (v *valueCheck) controls(b []byte) {
	lines := v.vr == dict.ST || v.vr == dict.LT || v.vr == dict.UT
	for _, ch := range b {
		switch {
		case ch >= ' ' && ch != 0x7F, ch == escape && v.vr.HasCharset():
		case lines && (ch == '\t' || ch == '\n' || ch == '\f' || ch == '\r'):
		default:
			v.add(CodeValueRepertoire, issue.Error, "want text without control characters, have some")
			return
		}
	}
}

// name checks the groups and components of a PN (PS3.5 §6.2.1).
func (v *valueCheck) name(b []byte) {
	text := string(b)
	if !v.plain {
		t, _ := v.charset.AppendText(nil, b, v.vr)
		text = string(t)
	}
	groups := strings.Split(text, "=")
	if len(groups) > 3 {
		v.add(CodeValueForm, issue.Error, fmt.Sprintf("want at most 3 component groups, have %d", len(groups)))
	}
	for _, g := range groups {
		if n := utf8.RuneCountInString(g); n > 64 {
			v.add(CodeValueLength, issue.Error, fmt.Sprintf("want at most 64 characters in a component group, have %d", n))
		}
		if n := strings.Count(g, "^") + 1; n > 5 {
			v.add(CodeValueForm, issue.Error, fmt.Sprintf("want at most 5 components, have %d", n))
		}
	}
}

// form checks a value of the VRs that obey no Specific Character Set. size is its length
// with leading blanks.
func (v *valueCheck) form(s string, size int) {
	switch v.vr {
	case dict.AE:
		v.repertoire(s, "ASCII", func(b byte) bool { return b < 0x80 })
	case dict.CS:
		v.repertoire(s, "upper case letters, digits, blanks and underscores", func(b byte) bool {
			return b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == ' ' || b == '_'
		})
	case dict.UR:
		v.repertoire(s, "characters of a URI", func(b byte) bool { return b > ' ' && b < 0x7F && !strings.ContainsRune(`"<>\^{|}`+"`", rune(b)) })
		if size != len(s) {
			v.add(CodeValueForm, issue.Error, "want a URI, have a leading blank")
		}
	case dict.UI:
		if !v.repertoire(s, "digits and points", func(b byte) bool { return b >= '0' && b <= '9' || b == '.' }) {
			return
		}
		if len(s) <= 64 && !ValidUID(s) {
			v.add(CodeValueForm, issue.Error, "want numbers without leading zeros, have others")
		}
	case dict.DS:
		if v.repertoire(s, "digits, signs, point and E", func(b byte) bool { return b >= '0' && b <= '9' || strings.IndexByte("+-.eE", b) >= 0 }) {
			if _, err := strconv.ParseFloat(s, 64); err != nil {
				v.number(err)
			}
		}
	case dict.IS:
		if v.repertoire(s, "digits and signs", func(b byte) bool { return b >= '0' && b <= '9' || b == '+' || b == '-' }) {
			if _, err := strconv.ParseInt(s, 10, 32); err != nil {
				v.number(err)
			}
		}
	default:
		v.when(s, size)
	}
}

// repertoire checks the characters of a value.
func (v *valueCheck) repertoire(s, want string, ok func(byte) bool) bool {
	for i := 0; i < len(s); i++ {
		if !ok(s[i]) {
			v.add(CodeValueRepertoire, issue.Error, "want "+want+", have others")
			return false
		}
	}
	return true
}

func (v *valueCheck) number(err error) {
	if e, ok := err.(*strconv.NumError); ok && e.Err == strconv.ErrRange {
		v.add(CodeValueRange, issue.Error, "want a number in range, have a greater one")
		return
	}
	v.add(CodeValueForm, issue.Error, "want a number, have another text")
}

// when checks dates, times and ages: their form, and whether there is such a day or time.
func (v *valueCheck) when(s string, size int) {
	var want string
	var ok bool
	switch v.vr {
	case dict.DA:
		want = "00000000"
		_, ok = ParseDate(s)
	case dict.TM:
		want = "000000.000000"
		_, ok = ParseTime(s)
	case dict.DT:
		day, offset, found := s, "", false
		if i := strings.IndexAny(s, "+-"); i >= 0 {
			day, offset, found = s[:i], s[i+1:], true
		}
		_, ok = ParseDateTime(s)
		if found && !sameForm(offset, "0000", 4) || !partOf(day, "00000000000000.000000", 4) {
			v.add(CodeValueForm, issue.Error, "want YYYYMMDDHHMMSS.FFFFFF&ZZXX, have another form")
			return
		}
	case dict.AS:
		if len(s) != 4 || size != 4 || !isDigits(s[:3]) || !strings.ContainsRune("DWMY", rune(s[3])) {
			v.add(CodeValueForm, issue.Error, "want nnnD, nnnW, nnnM or nnnY, have another form")
		}
		return
	default:
		return
	}
	switch {
	case v.vr == dict.DA && !sameForm(s, want, 8):
		v.add(CodeValueForm, issue.Error, "want YYYYMMDD, have another form")
	case v.vr == dict.TM && !partOf(s, want, 2):
		v.add(CodeValueForm, issue.Error, "want HHMMSS.FFFFFF, have another form")
	case !ok:
		v.add(CodeValueRange, issue.Error, "want a day and time that exist, have another")
	}
}

// sameForm reports whether s has n characters and digits where form has zeros.
func sameForm(s, form string, n int) bool {
	if len(s) != n || n > len(form) {
		return false
	}
	for i := range n {
		if form[i] == '0' && (s[i] < '0' || s[i] > '9') || form[i] != '0' && s[i] != form[i] {
			return false
		}
	}
	return true
}

// partOf reports whether s is form from the left: whole parts of two digits from at least
// least characters on, and any digits, at least one, behind the point.
func partOf(s, form string, least int) bool {
	point := strings.IndexByte(form, '.')
	if len(s) < least || len(s) > len(form) || len(s) <= point && len(s)%2 == 1 || len(s) == point+1 {
		return false
	}
	return sameForm(s, form, len(s))
}
