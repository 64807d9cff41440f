package check

import (
	"math/big"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// lessThan tells whether x is less than y, two values of a type that has an
// order; ok is false where that cannot be told: the type has none, or units do not
// convert. Dates compare by where they begin. (ElementDefinition.minValue[x],
// .maxValue[x])
func lessThan(typ string, x, y jsontree.Value) (less, ok bool) {
	var c int
	if isQuantity(typ) {
		c, ok = compareQuantities(x, y, false)
	} else {
		c, ok = comparePrimitives(typ, x, y)
	}
	return ok && c < 0, ok
}

func rational(v jsontree.Value) (*big.Rat, bool) {
	if v.Kind() != jsontree.Number || len(v.Number()) > 64 {
		return nil, false
	}
	return new(big.Rat).SetString(string(v.Number()))
}
