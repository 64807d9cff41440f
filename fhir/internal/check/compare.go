package check

import (
	"math/big"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/internal/ucum"
)

// lessThan tells whether x is less than y, two values of a type that has an
// order; ok is false where that cannot be told: the type has none, units do not
// convert, or dates of different precision agree as far as they go.
// (ElementDefinition.minValue[x], .maxValue[x])
func lessThan(typ string, x, y jsontree.Value) (less, ok bool) {
	switch typ {
	case "integer", "positiveInt", "unsignedInt", "decimal", "integer64":
		a, okA := rational(x)
		b, okB := rational(y)
		return okA && okB && a.Cmp(b) < 0, okA && okB
	case "date", "dateTime", "instant", "time":
		if x.Kind() != jsontree.String || y.Kind() != jsontree.String {
			return false, false
		}
		return earlier(x.Text(), y.Text())
	case "Quantity", "Age", "Count", "Distance", "Duration", "Money":
		return lessQuantity(x, y)
	}
	return false, false
}

func rational(v jsontree.Value) (*big.Rat, bool) {
	if v.Kind() != jsontree.Number || len(v.Number()) > 64 {
		return nil, false
	}
	return new(big.Rat).SetString(string(v.Number()))
}

// earlier compares dates and times as far as both are precise, without zones
// but for those that both write the same way.
func earlier(a, b string) (less, ok bool) {
	n := min(len(a), len(b))
	if a[:n] == b[:n] {
		return false, false
	}
	if za, zb := zone(a), zone(b); za != zb && a[:min(n, 10)] == b[:min(n, 10)] {
		return false, false
	}
	return a[:n] < b[:n], true
}

func zone(s string) string {
	if i := strings.IndexByte(s, 'T'); i >= 0 {
		if j := strings.IndexAny(s[i:], "Z+-"); j >= 0 {
			return s[i+j:]
		}
	}
	return ""
}

func lessQuantity(x, y jsontree.Value) (less, ok bool) {
	a, okA := rational(x.Get("value"))
	b, okB := rational(y.Get("value"))
	if !okA || !okB {
		return false, false
	}
	ux, uy := x.Get("code").Text(), y.Get("code").Text()
	const system = "http://unitsofmeasure.org"
	if ux == uy && x.Get("system").Text() == y.Get("system").Text() {
		return a.Cmp(b) < 0, true
	}
	if !x.Get("system").EqualText(system) || !y.Get("system").EqualText(system) {
		return false, false
	}
	c, ok := ucum.Compare(a, ux, b, uy)
	return c < 0, ok
}
