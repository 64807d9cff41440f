// Package ucum reads codes of the Unified Code for Units of Measure and
// compares and converts what they measure, exactly.
//
//	ratio, ok := ucum.Ratio("[in_i]", "cm") // 127/50
//
// # Terms
//
// A code is a case-sensitive unit expression such as mg/dL. Its canonical form is
// a factor times powers of the base units: metre, second, gram, radian, kelvin,
// coulomb, candela. An arbitrary unit such as [IU] is a dimension by itself. A
// special unit such as Cel is no multiple of a base unit: it has an origin or a
// scale of its own.
//
// # Standards
//
// UCUM 2.1, case-sensitive codes (§§2-5), annotations and parentheses included.
//
// # Limits
//
// 255 bytes, 32 levels, exponents up to 99. Of the special units Cel, [degF] and
// [degRe] convert; the others, which have logarithms or tangents, compare only with
// themselves. pi has 33 digits, as in the specification.
package ucum

import (
	"errors"
	"math/big"
	"slices"
	"strings"
	"sync"
)

// Base units, by their place in a dimension.
const (
	metre = iota
	second
	gram
	radian
	kelvin
	coulomb
	candela
	bases
)

// Unit is what a code stands for. It is immutable.
type Unit struct {
	factor *big.Rat
	dim    [bases]int8
	// arbitrary holds the arbitrary and special units with their exponents, sorted.
	arbitrary []power
	// offset is what is added to a value, before the factor, for the base unit.
	offset *big.Rat
}

type power struct {
	code     string
	exponent int
}

// ErrUnit is wrapped by every error of Parse.
var ErrUnit = errors.New("ucum: no valid unit")

// Valid reports whether code is a unit of UCUM.
func Valid(code string) bool {
	_, err := Parse(code)
	return err == nil
}

// Comparable reports whether two units measure the same thing.
func (u *Unit) Comparable(v *Unit) bool {
	return u.dim == v.dim && slices.Equal(u.arbitrary, v.arbitrary)
}

// Special reports whether the unit has an origin of its own, as Cel does.
func (u *Unit) Special() bool { return u.offset != nil }

// Canonical returns a value in u as one in the base units.
func (u *Unit) Canonical(value *big.Rat) *big.Rat {
	out := new(big.Rat).Set(value)
	if u.offset != nil {
		out.Add(out, u.offset)
	}
	return out.Mul(out, u.factor)
}

// from returns a value in the base units as one in u.
func (u *Unit) from(value *big.Rat) *big.Rat {
	out := new(big.Rat).Quo(value, u.factor)
	if u.offset != nil {
		out.Sub(out, u.offset)
	}
	return out
}

// Comparable reports whether two codes are units that measure the same thing.
func Comparable(a, b string) bool {
	u, err := Parse(a)
	v, err2 := Parse(b)
	return err == nil && err2 == nil && u.Comparable(v)
}

// Convert returns a value in unit from as one in unit to; false if the codes are
// no units or measure different things.
func Convert(value *big.Rat, from, to string) (*big.Rat, bool) {
	u, err := Parse(from)
	v, err2 := Parse(to)
	if err != nil || err2 != nil || !u.Comparable(v) {
		return nil, false
	}
	return v.from(u.Canonical(value)), true
}

// Ratio returns how many of unit to one unit from is; false if they measure
// different things or have origins of their own.
func Ratio(from, to string) (*big.Rat, bool) {
	u, err := Parse(from)
	v, err2 := Parse(to)
	if err != nil || err2 != nil || u.Special() || v.Special() || !u.Comparable(v) {
		return nil, false
	}
	return new(big.Rat).Quo(u.factor, v.factor), true
}

// Compare compares a value in unit a with one in unit b: -1, 0 or 1; false if
// they measure different things.
func Compare(x *big.Rat, a string, y *big.Rat, b string) (int, bool) {
	u, err := Parse(a)
	v, err2 := Parse(b)
	if err != nil || err2 != nil || !u.Comparable(v) {
		return 0, false
	}
	return u.Canonical(x).Cmp(v.Canonical(y)), true
}

// Mul returns the code of the product of two units.
func Mul(a, b string) string {
	switch {
	case a == "1":
		return b
	case b == "1":
		return a
	}
	return simplify(group(a, false) + "." + group(b, true))
}

// Div returns the code of the quotient of two units.
func Div(a, b string) string {
	switch {
	case b == "1":
		return a
	case a == b:
		return "1"
	}
	return simplify(group(a, false) + "/" + group(b, true))
}

func group(code string, right bool) string {
	if right && strings.ContainsAny(code, "./") || strings.HasPrefix(code, "/") {
		return "(" + code + ")"
	}
	return code
}

// simplify returns a shorter code where everything cancels out.
func simplify(code string) string {
	u, err := Parse(code)
	if err == nil && !u.Special() && u.dim == [bases]int8{} && len(u.arbitrary) == 0 && u.factor.Cmp(one()) == 0 {
		return "1"
	}
	return code
}

func one() *big.Rat { return big.NewRat(1, 1) }

// index finds an atom by its code.
var index = sync.OnceValue(func() map[string]*atom {
	m := make(map[string]*atom, len(atoms))
	for i := range atoms {
		m[atoms[i].code] = &atoms[i]
	}
	return m
})

// prefixes are the metric prefixes and the binary ones, UCUM §27 and §28.
var prefixes = [...]struct{ code, factor string }{
	{"da", "1e1"}, {"Ki", "1024"}, {"Mi", "1048576"}, {"Gi", "1073741824"}, {"Ti", "1099511627776"},
	{"Q", "1e30"}, {"R", "1e27"}, {"Y", "1e24"}, {"Z", "1e21"}, {"E", "1e18"}, {"P", "1e15"}, {"T", "1e12"}, {"G", "1e9"}, {"M", "1e6"}, {"k", "1e3"}, {"h", "1e2"},
	{"d", "1e-1"}, {"c", "1e-2"}, {"m", "1e-3"}, {"u", "1e-6"}, {"n", "1e-9"}, {"p", "1e-12"}, {"f", "1e-15"}, {"a", "1e-18"},
	{"z", "1e-21"}, {"y", "1e-24"}, {"r", "1e-27"}, {"q", "1e-30"},
}
