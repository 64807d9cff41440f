package runtime

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The codes of issues that checking finds.
const (
	codeCardinality = "cardinality"
	codeCode        = "code"
	codeValue       = "value"
	codePattern     = "pattern"
	codeLength      = "length"
	codeRange       = "range"
	codeUnique      = "unique"
	codeFormat      = "format"
	codeSlice       = "slice"
	codeChoice      = "choice"
	codeReference   = "reference"
	codeEmpty       = "empty"
	codeRule        = "rule"
)

// fault adds an error.
//
//go:noinline
func (list Issues) fault(code, path, message string) Issues {
	return append(list, Issue{Severity: SeverityError, Code: code, Path: path, Message: message})
}

// missing adds that a required member is not there.
//
//go:noinline
func (list Issues) missing(path string) Issues {
	return list.fault(codeRequired, path, "want a value, have none")
}

// count checks how many elements a list has; most is -1 for any number.
//
//go:noinline
func (list Issues) count(path string, have, least, most int) Issues {
	if have >= least && (most < 0 || have <= most) {
		return list
	}
	return list.fault(codeCardinality, path, "want "+amount(least, most)+" elements, have "+strconv.Itoa(have))
}

// beside checks that a list of primitives and its companion, where both are there,
// are of the same length (FHIR R4 §2.6.2).
//
//go:noinline
func (list Issues) beside(path string, have int, companion Raw) Issues {
	if have == 0 || companion == "" || companion[0] != '[' {
		return list
	}
	if n := len(elements(companion)); n != have {
		return list.fault(codeCardinality, path, "want "+strconv.Itoa(n)+" elements as beside it, have "+strconv.Itoa(have))
	}
	return list
}

func amount(least, most int) string {
	switch {
	case most < 0:
		return "at least " + strconv.Itoa(least)
	case least == most:
		return strconv.Itoa(least)
	}
	return strconv.Itoa(least) + ".." + strconv.Itoa(most)
}

// length checks the number of characters of a text.
func (list Issues) length(path, text string, least, most int) Issues {
	if len(text) >= least && (most < 0 || len(text) <= most) && least <= 1 {
		return list // there are no more characters than bytes
	}
	n := utf8.RuneCountInString(text)
	if n >= least && (most < 0 || n <= most) {
		return list
	}
	return list.fault(codeLength, path, "want "+amount(least, most)+" characters, have "+strconv.Itoa(n))
}

// rule adds that a rule of the profile does not hold.
//
//go:noinline
func (list Issues) rule(severity Severity, path, key, human string) Issues {
	return append(list, Issue{Severity: severity, Code: codeRule, Path: path, Message: "want " + key + " to hold: " + human})
}

// indexed is the step to an element of a list.
func indexed(name string, i int) string { return name + "[" + strconv.Itoa(i) + "]" }

// anyOf reports whether f holds for an element.
//
//go:noinline
func anyOf[T any](list []T, f func(*T) bool) bool {
	for i := range list {
		if f(&list[i]) {
			return true
		}
	}
	return false
}

// sumOf is the sum of f over the elements.
//
//go:noinline
func sumOf[T any](list []T, f func(*T) int) int {
	n := 0
	for i := range list {
		n += f(&list[i])
	}
	return n
}

// oneIf is 1 if there is something.
func oneIf(there bool) int {
	if there {
		return 1
	}
	return 0
}

// sumIf is f if there is something.
func sumIf(there bool, f func() int) int {
	if there {
		return f()
	}
	return 0
}

// with reports whether there is a number for which f holds.
func with(n Opt[int64], f func(int64) bool) bool { return n.Valid && f(n.Value) }

// then is f of a number, nothing of nothing.
func then(n Opt[int64], f func(int64) Opt[int64]) Opt[int64] {
	if !n.Valid {
		return n
	}
	return f(n.Value)
}

// pick is a or b.
func pick(first bool, a, b Opt[int64]) Opt[int64] {
	if first {
		return a
	}
	return b
}

// given is n if it is there.
func given(there bool, n int64) Opt[int64] { return Opt[int64]{n, there} }

// total is the sum, nothing if one is missing.
func total(list ...Opt[int64]) Opt[int64] {
	sum := Opt[int64]{Valid: true}
	for _, n := range list {
		sum.Value += n.Value
		sum.Valid = sum.Valid && n.Valid
	}
	return sum
}

func difference(a, b Opt[int64]) Opt[int64] { return Opt[int64]{a.Value - b.Value, a.Valid && b.Valid} }

func product(a, b Opt[int64]) Opt[int64] { return Opt[int64]{a.Value * b.Value, a.Valid && b.Valid} }

func quotient(a, b Opt[int64]) Opt[int64] {
	if !a.Valid || !b.Valid || b.Value == 0 {
		return Opt[int64]{}
	}
	return Some(a.Value / b.Value)
}

func remainder(a, b Opt[int64]) Opt[int64] {
	if !a.Valid || !b.Valid || b.Value == 0 {
		return Opt[int64]{}
	}
	return Some(a.Value % b.Value)
}

// toInteger is the whole number of 32 bits that a text writes.
func toInteger(s string) Opt[int64] {
	n, err := strconv.ParseInt(s, 10, 32)
	return Opt[int64]{n, err == nil}
}

// substring returns the characters of s from start on, length of them if it is not
// negative; "" if there are none.
func substring(s string, start, length int) string {
	for range start {
		if s == "" {
			return ""
		}
		_, n := utf8.DecodeRuneInString(s)
		s = s[n:]
	}
	if length < 0 {
		return s
	}
	end := 0
	for range length {
		_, n := utf8.DecodeRuneInString(s[end:])
		end += n
	}
	return s[:end]
}

// characters is the length of a text.
func characters(s string) int { return utf8.RuneCountInString(s) }

func startsWith(s, prefix string) bool { return strings.HasPrefix(s, prefix) }

func endsWith(s, suffix string) bool { return strings.HasSuffix(s, suffix) }

func containsText(s, part string) bool { return strings.Contains(s, part) }

// distinct reports whether no text comes twice: each calls add, which is false for
// one that it has had.
func distinct(each func(add func(string) bool) bool) bool {
	var few [8]string
	var many map[string]bool
	n := 0
	return each(func(s string) bool {
		if many != nil {
			if many[s] {
				return false
			}
			many[s] = true
			return true
		}
		for _, t := range few[:n] {
			if s == t {
				return false
			}
		}
		if n < len(few) {
			few[n] = s
			n++
			return true
		}
		many = map[string]bool{s: true}
		for _, t := range few {
			many[t] = true
		}
		return true
	})
}

// textOf is the text of a JSON string, "" for another value.
func textOf(r Raw) string {
	if r == "" || r[0] != '"' {
		return ""
	}
	s, _ := open(r).text()
	return s
}

// extensionHasValue reports whether an extension has a value[x].
func extensionHasValue(e Raw) bool {
	if e == "" {
		return false
	}
	r := open(e)
	for name, more := r.object(); more; name, more = r.member() {
		if strings.HasPrefix(strings.TrimPrefix(name, "_"), "value") {
			return true
		}
		r.skip()
	}
	return false
}

// sameJSON reports whether two values are the same JSON, whatever the order of
// members.
func sameJSON[T interface{ AppendJSON([]byte) []byte }](a, b T) bool {
	return equal(Raw(a.AppendJSON(nil)), Raw(b.AppendJSON(nil)))
}

// referenceTo reports whether a reference leads to one of the types, as far as its
// text and its type say: Patient/1 and http://example.org/fhir/Patient/1 lead to a
// Patient, a fragment and a urn may lead anywhere.
func referenceTo(reference, typ string, types ...string) bool {
	if typ == "" {
		typ = referenceType(reference)
	}
	if typ == "" {
		return true
	}
	for _, t := range types {
		if t == typ {
			return true
		}
	}
	return false
}

// referenceType is the type in the text of a literal reference, "" if it has none.
func referenceType(reference string) string {
	reference, _, _ = strings.Cut(reference, "/_history/")
	i := strings.LastIndexByte(reference, '/')
	if i < 1 || strings.HasPrefix(reference, "#") || strings.HasPrefix(reference, "urn:") {
		return ""
	}
	typ := reference[:i]
	typ = typ[strings.LastIndexByte(typ, '/')+1:]
	if typ == "" || typ[0] < 'A' || typ[0] > 'Z' {
		return ""
	}
	for j := range len(typ) {
		if c := typ[j] | 0x20; c < 'a' || c > 'z' {
			return ""
		}
	}
	return typ
}

// slice checks how many elements of a slice there are; most is -1 for any number.
//
//go:noinline
func (list Issues) slice(path string, have, least, most int) Issues {
	if have >= least && (most < 0 || have <= most) {
		return list
	}
	return list.fault(codeSlice, path, "want "+amount(least, most)+" elements of the slice, have "+strconv.Itoa(have))
}

// member is the step to an entry of a map.
func member(path, name string) string { return path + "[" + strconv.Quote(name) + "]" }

// sortedNames are the names of a map in ascending order.
func sortedNames[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// The forms of FHIR's primitives (R4 §2.24.0.1).

// isString reports whether a text has a character, and no control characters but
// tab, line feed and carriage return.
//
//go:noinline
func isString(s string) bool {
	for i := range len(s) {
		if c := s[i]; c == '\v' || c == '\f' {
			return false
		}
	}
	return s != ""
}

func isMarkdown(s string) bool { return isString(s) }

// isCode reports whether a text has no white space at its ends and single spaces
// inside.
//
//go:noinline
func isCode(s string) bool {
	space := true
	for i := range len(s) {
		c := s[i]
		blank := c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'
		if blank && space {
			return false
		}
		space = blank
	}
	return !space
}

//go:noinline
func isURI(s string) bool { return !strings.ContainsAny(s, " \t\n\f\r") }

func isURL(s string) bool { return isURI(s) }

func isCanonical(s string) bool { return isURI(s) }

// isID reports whether a text is 1 to 64 letters, digits, points and hyphens.
//
//go:noinline
func isID(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// normal is the text of a number without zeros at its ends, the same for equal
// numbers of the usual forms.
func normal(s string) string {
	f := figuresOf(s)
	return strconv.Itoa(f.sign) + strings.Replace(f.text, ".", "", 1) + "e" + strconv.Itoa(f.point)
}

func floatText(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func digitsOfUnsigned(v uint64) string { return strconv.FormatUint(v, 10) }

// clockOf reads a time of day; the zero moment where it is none.
func clockOf(s string) moment {
	if clock(s) != len(s) {
		return moment{}
	}
	return Time{s}.moment()
}

// under puts a step before the paths of the issues from n on.
//
//go:noinline
func (list Issues) under(n int, step string) Issues {
	list.within(n, step)
	return list
}

// underElement is under for an element of a list.
//
//go:noinline
func (list Issues) underElement(n int, name string, i int) Issues {
	if n < len(list) {
		list.within(n, indexed(name, i))
	}
	return list
}
