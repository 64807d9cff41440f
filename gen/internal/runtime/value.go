package runtime

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonValue is a JSON value of any kind with its place, as rules on whole values
// see it.
type jsonValue struct {
	kind jsonKind
	// str is the decoded text of a string, the digits of a number, the name of a
	// word.
	str string
	// parts are the elements of an array or the values of an object's members, the
	// last one of those with the same name.
	parts []*jsonValue
	// name is that of the member, index that of the element; up is what it is in.
	name  string
	index int
	up    *jsonValue
	rat   *big.Rat
}

type jsonKind uint8

const (
	jsonNull jsonKind = 1 << iota
	jsonBoolean
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

var jsonKindNames = map[jsonKind]string{jsonNull: "null", jsonBoolean: "boolean", jsonNumber: "number",
	jsonString: "string", jsonArray: "array", jsonObject: "object"}

// parseValue reads a JSON text; nil where it is none.
func parseValue(b []byte) *jsonValue {
	r := newReader(b)
	v := readValue(r)
	r.end()
	if len(r.list) > 0 {
		return nil
	}
	return v
}

func readValue(r *reader) *jsonValue {
	v := &jsonValue{}
	switch c := r.peek(); c {
	case '{':
		v.kind = jsonObject
		var byName map[string]int
		for name, more := r.object(); more; name, more = r.member() {
			part := readValue(r)
			part.name, part.up = name, v
			if byName == nil {
				byName = make(map[string]int)
			}
			if at, again := byName[name]; again {
				v.parts[at] = part
				continue
			}
			byName[name] = len(v.parts)
			v.parts = append(v.parts, part)
		}
	case '[':
		v.kind = jsonArray
		for i := 0; r.element(i); i++ {
			part := readValue(r)
			part.index, part.up = i, v
			v.parts = append(v.parts, part)
		}
	case '"':
		v.kind = jsonString
		v.str, _ = r.text()
	case 't', 'f':
		v.kind, v.str = jsonBoolean, "true"
		if c == 'f' {
			v.str = "false"
		}
		r.word(v.str)
	case 'n':
		v.kind, v.str = jsonNull, "null"
		r.word(v.str)
	default:
		v.kind = jsonNumber
		v.str, _ = r.number("value")
	}
	return v
}

// at returns the member of that name, nil if there is none.
func (v *jsonValue) at(name string) *jsonValue {
	if v.kind == jsonObject {
		for _, p := range v.parts {
			if p.name == name {
				return p
			}
		}
	}
	return nil
}

// place is the path of the value from the record.
func (v *jsonValue) place() string {
	path := ""
	for ; v.up != nil; v = v.up {
		step := v.name
		if v.up.kind == jsonArray {
			step = "[" + strconv.Itoa(v.index) + "]"
		}
		path = join(step, path)
	}
	return path
}

// maxExponent bounds the exponent of numbers that are calculated with.
const maxExponent = 5000

// number returns the value of a number, nil where its exponent is out of bounds.
func (v *jsonValue) number() *big.Rat {
	if v.rat == nil {
		v.rat = ratOf(v.str)
	}
	return v.rat
}

func ratOf(text string) *big.Rat {
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		if e, err := strconv.Atoi(text[i+1:]); err != nil || e > maxExponent || e < -maxExponent {
			return nil
		}
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil
	}
	return r
}

// whole says that a number has no fraction.
func (v *jsonValue) whole() bool {
	if !strings.ContainsAny(v.str, ".eE") {
		return true
	}
	n := v.number()
	return n != nil && n.IsInt()
}

// compare returns the order of a number and a bound; ok is false where the number
// cannot be calculated with.
func (v *jsonValue) compare(bound string) (order int, ok bool) {
	a, b := v.number(), ratOf(bound)
	if a == nil || b == nil {
		return 0, false
	}
	return a.Cmp(b), true
}

func (v *jsonValue) multipleOf(divisor string) bool {
	a, b := v.number(), ratOf(divisor)
	return a != nil && b != nil && b.Sign() != 0 && new(big.Rat).Quo(a, b).IsInt()
}

// sameValue says that two values are equal as JSON Schema has it: numbers by their
// value, members in any order.
func sameValue(a, b *jsonValue) bool {
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case jsonNumber:
		if a.str == b.str {
			return true
		}
		x, y := a.number(), b.number()
		return x != nil && y != nil && x.Cmp(y) == 0
	case jsonArray:
		return slices.EqualFunc(a.parts, b.parts, sameValue)
	case jsonObject:
		if len(a.parts) != len(b.parts) {
			return false
		}
		for _, p := range a.parts {
			if q := b.at(p.name); q == nil || !sameValue(p, q) {
				return false
			}
		}
		return true
	}
	return a.str == b.str
}

// oneOfValues says that v equals one of the values, each a JSON text.
func oneOfValues(v *jsonValue, values ...string) bool {
	return slices.ContainsFunc(values, func(text string) bool {
		want := parseValue([]byte(text))
		return want != nil && sameValue(v, want)
	})
}

// differentValues says that no two elements are equal.
func differentValues(list []*jsonValue) bool {
	if len(list) < 2 {
		return true
	}
	same := make(map[string][]*jsonValue, len(list))
	for _, v := range list {
		key := valueKey(v)
		if slices.ContainsFunc(same[key], func(w *jsonValue) bool { return sameValue(v, w) }) {
			return false
		}
		same[key] = append(same[key], v)
	}
	return true
}

// valueKey is the same text for equal values.
func valueKey(v *jsonValue) string {
	switch v.kind {
	case jsonNumber:
		if n := v.number(); n != nil {
			return "n" + n.RatString()
		}
	case jsonArray, jsonObject:
		// Members come in any order, so only their number counts.
		key := string('0'+rune(v.kind)) + strconv.Itoa(len(v.parts))
		if v.kind == jsonArray && len(v.parts) > 0 {
			return key + valueKey(v.parts[0])
		}
		names := make([]string, 0, len(v.parts))
		for _, p := range v.parts {
			if p.kind < jsonArray {
				names = append(names, p.name+"="+valueKey(p))
			} else {
				names = append(names, p.name)
			}
		}
		slices.Sort(names)
		return key + strings.Join(names, ",")
	}
	return string('0'+rune(v.kind)) + v.str
}

// characters is the length of a text.
func (v *jsonValue) characters() int { return utf8.RuneCountInString(v.str) }

// ruling holds what rules find in a record.
type ruling struct {
	list Issues
	// trying is not 0 while a condition is only tried: nothing is noted then.
	trying int
	// steps are what was done; beyond maxRulingSteps nothing more is.
	steps int
}

// maxRulingSteps bounds the work for one record: how many rules are applied to
// values.
const maxRulingSteps = 10_000_000

// enter counts a step; it is false where there were too many.
func (r *ruling) enter(v *jsonValue) bool {
	if r.steps++; r.steps < maxRulingSteps {
		return true
	}
	if r.steps == maxRulingSteps {
		r.list = append(r.list, Issue{Severity: SeverityError, Code: "limit", Path: v.place(),
			Message: "want a record that can be checked, have one that takes too many steps"})
	}
	return false
}

// deny notes what a value should be, and is false.
func (r *ruling) deny(v *jsonValue, code, message string) bool {
	if r.trying == 0 {
		r.list = append(r.list, Issue{Severity: SeverityError, Code: code, Path: v.place(), Message: message})
	}
	return false
}

// denyKind notes a value of another kind than wanted.
func (r *ruling) denyKind(v *jsonValue, want string) bool {
	return r.deny(v, "type", "want "+want+", have "+jsonKindNames[v.kind])
}

// valueRule is a rule on a value. It notes in seen which parts of the value it
// looked at.
type valueRule func(v *jsonValue, r *ruling, seen *seenParts) bool

// try applies a rule without noting anything, but for the parts it looked at if
// it holds.
func (r *ruling) try(rule valueRule, v *jsonValue, seen *seenParts) bool {
	r.trying++
	branch := seen.branch()
	ok := rule(v, r, branch)
	r.trying--
	if ok {
		seen.join(branch)
	}
	return ok
}

// seenParts are the parts of one value that rules looked at; nil where nobody
// asks.
type seenParts struct {
	all   bool
	parts []bool
}

func newSeenParts(v *jsonValue) *seenParts { return &seenParts{parts: make([]bool, len(v.parts))} }

func (s *seenParts) branch() *seenParts {
	if s == nil {
		return nil
	}
	return &seenParts{parts: make([]bool, len(s.parts))}
}

func (s *seenParts) join(o *seenParts) {
	if s == nil {
		return
	}
	s.all = s.all || o.all
	for i, yes := range o.parts {
		s.parts[i] = s.parts[i] || yes
	}
}

func (s *seenParts) mark(i int) {
	if s != nil {
		s.parts[i] = true
	}
}

func (s *seenParts) markAll() {
	if s != nil {
		s.all = true
	}
}

func (s *seenParts) has(i int) bool { return s.all || s.parts[i] }

// rulesOn applies the rules of a record to its JSON.
func rulesOn(b []byte, rules func(v *jsonValue, r *ruling)) Issues {
	v := parseValue(b)
	if v == nil {
		return Issues{{Severity: SeverityError, Code: codeSyntax, Message: "want JSON, have other text"}}
	}
	r := &ruling{}
	rules(v, r)
	return r.list
}

// whole reads a whole number, however it is written: 1.0 and 1e2 are whole.
func whole[T int32 | int64 | uint32 | uint64](r *reader) (T, bool) {
	text, ok := r.number("integer")
	if !ok {
		return 0, false
	}
	if !strings.ContainsAny(text, ".eE") {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && int64(T(n)) == n && (n >= 0) == (T(n) >= 0) {
			return T(n), true
		}
		if n, err := strconv.ParseUint(text, 10, 64); err == nil && uint64(T(n)) == n && T(n) > 0 {
			return T(n), true
		}
		r.note(SeverityError, codeType, "want integer within range, have another number")
		return 0, false
	}
	v := jsonValue{str: text}
	if !v.whole() {
		r.note(SeverityError, codeType, "want integer, have another number")
		return 0, false
	}
	n := v.number()
	if n == nil || !n.Num().IsInt64() || int64(T(n.Num().Int64())) != n.Num().Int64() || n.Sign() < 0 && T(n.Num().Int64()) > 0 {
		r.note(SeverityError, codeType, "want integer within range, have another number")
		return 0, false
	}
	return T(n.Num().Int64()), true
}

// as reads the value of a union as one of its types.
func as[T any](v Raw, read func(*reader) (T, bool)) (T, bool) {
	r := newReader([]byte(v))
	t, ok := read(r)
	return t, ok && r.list.Err() == nil
}
