package runtime

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The limits of reading.
const (
	maxDepth  = 500
	maxIssues = 1000
)

// reader reads one JSON value. It stops at the first error of syntax: it stands
// at the end of the text then, and every further call finds nothing. What else is
// wrong it notes and goes on. Bytes of strings are kept as they are, also where
// they are not UTF-8.
type reader struct {
	s       string
	i       int
	depth   int
	list    Issues
	stopped bool
	// spaced says that raw has passed white space.
	spaced bool
}

// newReader copies b once; the strings that are read share that copy.
func newReader(b []byte) *reader { return &reader{s: string(b)} }

// fail notes an error of syntax and stops.
func (r *reader) fail(message string) {
	if !r.stopped {
		if r.i >= len(r.s) {
			message = "want more JSON, have its end"
		}
		r.list = append(r.list, Issue{Severity: SeverityError, Code: codeSyntax, Message: message, Offset: min(r.i, len(r.s))})
		r.stopped = true
	}
	r.i = len(r.s)
}

// note adds an issue whose path the callers complete.
func (r *reader) note(severity Severity, code, message string) {
	switch n := len(r.list); {
	case r.stopped || n > maxIssues:
	case n == maxIssues:
		r.list = append(r.list, Issue{Severity: SeverityError, Code: codeLimit, Message: "want fewer issues; the rest is not listed"})
	default:
		r.list = append(r.list, Issue{Severity: severity, Code: code, Message: message})
	}
}

// within completes the paths of the issues from n on.
//
//go:noinline
func (r *reader) within(n int, step string) {
	if len(r.list) > n {
		r.list.within(n, step)
	}
}

// withinElement completes the paths of the issues from n on.
func (r *reader) withinElement(n, index int) {
	if len(r.list) > n {
		r.list.within(n, "["+strconv.Itoa(index)+"]")
	}
}

func (r *reader) space() {
	for r.i < len(r.s) && r.s[r.i] <= ' ' {
		switch r.s[r.i] {
		case ' ', '\t', '\n', '\r':
			r.i++
			r.spaced = true
		default:
			return
		}
	}
}

// peek returns the first byte of the next token, 0 at the end.
func (r *reader) peek() byte {
	r.space()
	if r.i < len(r.s) {
		return r.s[r.i]
	}
	return 0
}

// end notes what stands behind the value.
func (r *reader) end() {
	if r.peek(); r.i < len(r.s) {
		r.fail("want the end, have more")
	}
}

// at reports whether the next value starts with c; if not, it notes what was
// wanted and skips the value.
func (r *reader) at(c byte, want string) bool {
	if r.peek() == c {
		return true
	}
	r.mismatch(want)
	return false
}

// mismatch notes that a value has another type and skips it.
func (r *reader) mismatch(want string) {
	have := kindOf(r.peek())
	if r.skip() {
		r.note(SeverityError, codeType, "want "+want+", have "+have)
	}
}

func kindOf(c byte) string {
	switch c {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// object opens an object and returns the name of its first member.
func (r *reader) object() (name string, more bool) {
	if !r.at('{', "object") || !r.down() {
		return "", false
	}
	if r.peek() == '}' {
		r.up()
		return "", false
	}
	return r.key()
}

// member returns the name of the next member, or closes the object.
func (r *reader) member() (name string, more bool) {
	switch r.peek() {
	case ',':
		r.i++
		return r.key()
	case '}':
		r.up()
	default:
		r.fail("want , or } in object")
	}
	return "", false
}

func (r *reader) down() bool {
	r.i++
	if r.depth++; r.depth > maxDepth {
		r.fail("want at most " + strconv.Itoa(maxDepth) + " levels")
		return false
	}
	return true
}

func (r *reader) up() {
	r.i++
	r.depth--
}

// key returns the name of a member and stands behind its colon.
func (r *reader) key() (string, bool) {
	if r.peek() != '"' {
		r.fail("want the name of a member")
		return "", false
	}
	name, ok := r.quoted()
	if !ok {
		return "", false
	}
	if r.peek() != ':' {
		r.fail("want : behind the name of a member")
		return "", false
	}
	r.i++
	return name, true
}

// element reports whether the array has an element of this index; it opens and
// closes the array.
func (r *reader) element(index int) bool {
	if index == 0 {
		if !r.at('[', "array") || !r.down() {
			return false
		}
		if r.peek() == ']' {
			r.up()
			return false
		}
		return true
	}
	switch r.peek() {
	case ',':
		r.i++
		return true
	case ']':
		r.up()
	default:
		r.fail("want , or ] in array")
	}
	return false
}

// quoted reads the string that starts here.
func (r *reader) quoted() (string, bool) {
	start := r.i + 1
	j := plain(r.s, start)
	if j < len(r.s) && r.s[j] == '"' {
		r.i = j + 1
		return r.s[start:j], true
	}
	return r.escaped(start, j)
}

// plain returns the index of the first byte from i on that ends a string or
// needs care: a quote, a backslash, a control character.
func plain(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		w := s[i : i+8]
		v := uint64(w[0]) | uint64(w[1])<<8 | uint64(w[2])<<16 | uint64(w[3])<<24 |
			uint64(w[4])<<32 | uint64(w[5])<<40 | uint64(w[6])<<48 | uint64(w[7])<<56
		const ones, tops = 0x0101010101010101, 0x8080808080808080
		quote, slash := v^ones*'"', v^ones*'\\'
		if ((v-ones*0x20)&^v|(quote-ones)&^quote|(slash-ones)&^slash)&tops != 0 {
			break
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c == '"' || c == '\\' || c < ' ' {
			break
		}
	}
	return i
}

// escaped reads a string from start on whose first byte that needs care is at j.
func (r *reader) escaped(start, j int) (string, bool) {
	var b []byte
	for from := start; ; j = plain(r.s, from) {
		b = append(b, r.s[from:j]...)
		r.i = j
		switch {
		case j >= len(r.s):
			r.fail("want the end of a string")
			return "", false
		case r.s[j] == '"':
			r.i++
			return string(b), true
		case r.s[j] != '\\':
			r.fail("want no control character in a string")
			return "", false
		}
		var ok bool
		if b, ok = r.escape(b); !ok {
			r.fail("want an escape that JSON has")
			return "", false
		}
		from = r.i
	}
}

// escape reads the escape that starts here and appends what it stands for.
func (r *reader) escape(b []byte) ([]byte, bool) {
	if r.i+1 >= len(r.s) {
		r.i = len(r.s)
		return b, false
	}
	c := r.s[r.i+1]
	if c != 'u' {
		k := strings.IndexByte(`"\/bfnrt`, c)
		if k < 0 {
			return b, false
		}
		r.i += 2
		return append(b, "\"\\/\b\f\n\r\t"[k]), true
	}
	u, ok := r.hex4()
	if !ok {
		return b, false
	}
	if utf16.IsSurrogate(u) {
		// A half without its other half is U+FFFD, as encoding/json has it.
		first := u
		u = utf8.RuneError
		if at := r.i; strings.HasPrefix(r.s[at:], `\u`) {
			second, ok := r.hex4()
			if !ok {
				return b, false
			}
			if u = utf16.DecodeRune(first, second); u == utf8.RuneError {
				r.i = at
			}
		}
	}
	return utf8.AppendRune(b, u), true
}

// hex4 reads the escape of four hexadecimal digits that starts here.
func (r *reader) hex4() (rune, bool) {
	if r.i+6 > len(r.s) {
		return 0, false
	}
	var u rune
	for _, c := range []byte(r.s[r.i+2 : r.i+6]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		u = u<<4 | rune(c)
	}
	r.i += 6
	return u, true
}

// digits returns the text of the number that starts here, as JSON writes it.
func (r *reader) digits() (string, bool) {
	s, i := r.s, r.i
	start := i
	if i < len(s) && s[i] == '-' {
		i++
	}
	switch {
	case i < len(s) && s[i] == '0':
		i++
	case i < len(s) && '1' <= s[i] && s[i] <= '9':
		i = run(s, i)
	default:
		r.i = i
		return "", false
	}
	if i < len(s) && s[i] == '.' {
		if r.i = i + 1; run(s, r.i) == r.i {
			return "", false
		}
		i = run(s, r.i)
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		if i++; i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if r.i = i; run(s, i) == i {
			return "", false
		}
		i = run(s, i)
	}
	r.i = i
	return s[start:i], true
}

// run returns the end of the decimal digits from i on.
func run(s string, i int) int {
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return i
}

// skip passes the next value and reports whether its syntax is right.
func (r *reader) skip() bool {
	switch c := r.peek(); c {
	case '{':
		for _, more := r.object(); more; _, more = r.member() {
			r.skip()
		}
		return !r.stopped
	case '[':
		for i := 0; r.element(i); i++ {
			r.skip()
		}
		return !r.stopped
	case '"':
		_, ok := r.quoted()
		return ok
	case 't':
		return r.word("true")
	case 'f':
		return r.word("false")
	case 'n':
		return r.word("null")
	}
	if _, ok := r.digits(); !ok {
		r.fail("want a value")
		return false
	}
	return true
}

func (r *reader) word(w string) bool {
	if !strings.HasPrefix(r.s[r.i:], w) {
		r.fail("want a value")
		return false
	}
	r.i += len(w)
	return true
}

// raw returns the text of the next value without white space between tokens.
func (r *reader) raw() (Raw, bool) {
	r.space()
	start := r.i
	r.spaced = false
	if !r.skip() {
		return "", false
	}
	if r.spaced {
		return compact(r.s[start:r.i]), true
	}
	return Raw(r.s[start:r.i]), true
}

// compact returns a value whose syntax is right without white space.
func compact(s string) Raw {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case ' ', '\t', '\n', '\r':
		case '"':
			start := i
			for i++; s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
			}
			b = append(b, s[start:i+1]...)
		default:
			b = append(b, c)
		}
	}
	return Raw(b)
}

// null passes a null and reports whether there was one.
func (r *reader) null() bool { return r.peek() == 'n' && r.word("null") }

// find goes into the object that starts here and stands before the value of the
// member of that name; if it reports false, it stands anywhere.
func (r *reader) find(name string) bool {
	for n, more := r.object(); more; n, more = r.member() {
		if n == name {
			r.depth--
			return true
		}
		r.skip()
	}
	return false
}

// look returns the next value and where it ends, and stays before it. What is
// decided by the value can then be read; pass goes behind it.
func (r *reader) look() (v Raw, end int, ok bool) {
	r.space()
	start := r.i
	v, ok = r.raw()
	if end = r.i; ok {
		r.i = start
	}
	return v, end, ok
}

// pass goes behind the value that look has seen.
func (r *reader) pass(end int) {
	if !r.stopped {
		r.i = end
	}
}
