package extract

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/decimal"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/internal/native"
	"github.com/carabiner-health/carabiner/issue"
)

// checker holds what a type says of one scalar value beyond its kind.
type checker struct {
	typ       *dataset.Type
	codes     map[string]bool // nil = any
	values    []string        // constant, enumeration: as text; nil = any
	regex     *regexp.Regexp
	low, high bound
	multiple  decimal.Decimal
	divides   bool
	none      bool // nothing to check
	soft      bool // form and length are warnings
}

// bound is a minimum or maximum.
type bound struct {
	set, beyond bool // beyond: the bound itself is excluded
	text        string
	number      decimal.Decimal
	micros      int64
	instant     bool
}

// newChecker compiles the constraints of a scalar type. The error says that a
// definition cannot be used.
func newChecker(t *dataset.Type) (*checker, error) {
	c := &checker{typ: t}
	if t.Codes != nil && !t.CodesOpen && t.Codes.Complete {
		c.codes = make(map[string]bool, len(t.Codes.Codes))
		for _, code := range t.Codes.Codes {
			c.codes[code.Code] = true
		}
	}
	for _, l := range t.Enum {
		c.values = append(c.values, literalText(l))
	}
	for _, l := range []dataset.Literal{t.Const, t.Pattern} {
		if l != "" {
			c.values = []string{literalText(l)}
		}
	}
	if t.Regex != "" {
		re, err := regexp.Compile(`\A(?:` + t.Regex + `)\z`)
		if err != nil {
			return nil, fmt.Errorf("extract: want a regular expression: %w", err)
		}
		c.regex = re
	}
	c.low, c.high = newBound(t, t.Min, t.MinExclusive), newBound(t, t.Max, t.MaxExclusive)
	if t.MultipleOf != "" {
		c.multiple, c.divides = decimal.Parse([]byte(t.MultipleOf))
		c.divides = c.divides && c.multiple.Sign() != 0
	}
	c.none = c.codes == nil && c.values == nil && c.regex == nil && !c.low.set && !c.high.set && !c.divides && t.MinLength == 0 && t.MaxLength < 0
	return c, nil
}

// literalText returns a scalar literal as text: a string without its quotes.
func literalText(l dataset.Literal) string {
	if !strings.HasPrefix(string(l), `"`) {
		return string(l)
	}
	var tree jsontree.Tree
	if tree.Parse([]byte(l), nil) != nil {
		return string(l)
	}
	return tree.Root().Text()
}

func newBound(t *dataset.Type, l dataset.Literal, beyond bool) bound {
	if l == "" {
		return bound{}
	}
	b := bound{set: true, beyond: beyond, text: literalText(l)}
	switch t.Kind {
	case dataset.Integer, dataset.Decimal, dataset.Float:
		b.number, b.set = decimal.Parse([]byte(b.text))
	case dataset.DateTime:
		b.micros, _, b.instant = native.Instant([]byte(b.text))
	}
	return b
}

// compare compares a value with a bound: dates and times by what both have of them.
// ok is false if that cannot be said.
func (b *bound) compare(t *dataset.Type, v []byte) (sign int, ok bool) {
	switch t.Kind {
	case dataset.Integer, dataset.Decimal, dataset.Float:
		d, ok := decimal.Parse(v)
		return d.Cmp(b.number), ok
	case dataset.DateTime:
		if micros, _, ok := native.Instant(v); ok && b.instant {
			switch {
			case micros < b.micros:
				return -1, true
			case micros > b.micros:
				return 1, true
			}
			return 0, true
		}
		n := min(len(v), len(b.text), len("2006-01-02"))
		sign = strings.Compare(string(v[:n]), b.text[:n])
		return sign, true
	}
	n := min(len(v), len(b.text))
	return strings.Compare(string(v[:n]), b.text[:n]), true
}

// check returns what is wrong with a scalar, "" if nothing is.
func (c *checker) check(v *value) (code issue.Code, s issue.Severity, message string) {
	if c.none {
		return "", 0, ""
	}
	var scratch [24]byte
	b := v.b
	if v.kind == whole || v.kind == truth {
		b = v.plain(scratch[:0])
	}
	if c.codes != nil && !c.codes[string(b)] {
		return CodeCode, issue.Error, "want a code of " + c.typ.Codes.Name + ", have another"
	}
	if c.values != nil && !c.allowed(v, b) {
		if len(c.values) == 1 {
			return CodeValue, issue.Error, "want the fixed value, have another"
		}
		return CodeValue, issue.Error, fmt.Sprintf("want one of %d values, have another", len(c.values))
	}
	form := issue.Error
	if c.soft {
		form = issue.Warning
	}
	if c.typ.MinLength > 0 || c.typ.MaxLength >= 0 {
		if n := utf8.RuneCount(b); n < c.typ.MinLength || c.typ.MaxLength >= 0 && n > c.typ.MaxLength {
			return CodeLength, form, "want " + lengths(c.typ.MinLength, c.typ.MaxLength) + " characters, have " + strconv.Itoa(n)
		}
	}
	if c.regex != nil && !c.regex.Match(b) {
		return CodePattern, form, "want text of the form that the field asks for, have another"
	}
	return c.bounds(b)
}

// allowed reports whether a value is one of those that are allowed.
func (c *checker) allowed(v *value, b []byte) bool {
	for _, want := range c.values {
		if want == string(b) {
			return true
		}
		if v.kind != number && v.kind != whole {
			continue
		}
		x, ok1 := decimal.Parse(b)
		y, ok2 := decimal.Parse([]byte(want))
		if ok1 && ok2 && x.Cmp(y) == 0 {
			return true
		}
	}
	return false
}

func (c *checker) bounds(b []byte) (issue.Code, issue.Severity, string) {
	if c.low.set {
		if sign, ok := c.low.compare(c.typ, b); ok && (sign < 0 || sign == 0 && c.low.beyond && len(b) >= len(c.low.text)) {
			return CodeRange, issue.Error, "want at least " + c.low.text + ", have less"
		}
	}
	if c.high.set {
		if sign, ok := c.high.compare(c.typ, b); ok && (sign > 0 || sign == 0 && c.high.beyond && len(b) >= len(c.high.text)) {
			return CodeRange, issue.Error, "want at most " + c.high.text + ", have more"
		}
	}
	if c.divides {
		d, ok := decimal.Parse(bytes.TrimSpace(b))
		if rest, ok2 := d.Mod(c.multiple); ok && ok2 && rest.Sign() != 0 {
			return CodeRange, issue.Error, "want a multiple of " + string(c.typ.MultipleOf) + ", have another number"
		}
	}
	return "", 0, ""
}

// lengths writes a range of numbers.
func lengths(least, most int) string {
	switch {
	case most < 0:
		return "at least " + strconv.Itoa(least)
	case least == 0:
		return "at most " + strconv.Itoa(most)
	case least == most:
		return strconv.Itoa(least)
	}
	return strconv.Itoa(least) + " to " + strconv.Itoa(most)
}
