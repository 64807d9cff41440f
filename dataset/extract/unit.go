package extract

import (
	"math/big"

	"github.com/carabiner-health/carabiner/internal/decimal"
	"github.com/carabiner-health/carabiner/internal/ucum"
)

// unitRule holds the values of a column against its unit.
type unitRule struct {
	unit string
	from int // column of the view that has the unit of each value
}

// wanted is the message about a value that apply refuses.
func (u *unitRule) wanted() string {
	return "want the unit " + u.unit + ", or one that can be converted exactly, have another"
}

// apply returns the value in the column's unit. It is not ok if the units are not
// comparable or the result has no end as a decimal.
func (u *unitRule) apply(v *value, unit []byte) (out value, converted, ok bool) {
	if string(unit) == u.unit {
		return *v, false, true
	}
	if len(unit) == 0 || len(unit) > maxUnit || !ucum.Comparable(string(unit), u.unit) {
		return *v, false, false
	}
	var scratch [20]byte
	d, ok := decimal.Parse(v.digits(scratch[:]))
	if !ok {
		return *v, false, false
	}
	r, ok := ucum.Convert(d.Rat(), string(unit), u.unit)
	if !ok {
		return *v, false, false
	}
	b, ok := exactText(r)
	return value{kind: number, b: b}, true, ok
}

// maxUnit bounds the length of a unit.
const maxUnit = 200

// exactText writes a number whose decimals end, at most 30 of them.
func exactText(r *big.Rat) ([]byte, bool) {
	const most = 30
	prec, exact := r.FloatPrec()
	if !exact || prec > most {
		return nil, false
	}
	return []byte(r.FloatString(prec)), true
}
