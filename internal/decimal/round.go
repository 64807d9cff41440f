package decimal

import "math/big"

// Rounding says what becomes of the digits that are cut.
type Rounding uint8

// The ways of rounding.
const (
	HalfUp  Rounding = iota // to the nearest, halves away from zero
	Down                    // towards zero
	Floor                   // towards minus infinity
	Ceiling                 // towards plus infinity
)

// Round returns d with exactly scale digits after the point.
func (d Decimal) Round(scale int, how Rounding) Decimal {
	scale = max(scale, 0)
	if scale >= int(d.scale) {
		return d.multiply(pow10(scale-int(d.scale)), int32(scale))
	}
	unit := pow10(int(d.scale) - scale)
	if d.wide == nil && unit.wide == nil {
		q, r := d.coef/unit.coef, d.coef%unit.coef
		if up(how, d.coef < 0, r != 0, magnitude(r) >= magnitude(unit.coef)-magnitude(r)) {
			q += int64(d.Sign())
		}
		return Decimal{coef: q, scale: int32(scale)}
	}
	q, r := new(big.Int).QuoRem(d.big(), unit.big(), new(big.Int))
	twice := new(big.Int).Lsh(new(big.Int).Abs(r), 1)
	if up(how, d.Sign() < 0, r.Sign() != 0, twice.Cmp(unit.big()) >= 0) {
		q.Add(q, big.NewInt(int64(d.Sign())))
	}
	return fromBig(q, int32(scale))
}

// up reports whether a cut value grows by one unit away from zero.
func up(how Rounding, negative, rest, half bool) bool {
	switch how {
	case HalfUp:
		return half
	case Floor:
		return rest && negative
	case Ceiling:
		return rest && !negative
	}
	return false
}

// Trim returns d without trailing zeros after the point, but keeps scale digits.
func (d Decimal) Trim(scale int) Decimal {
	for int(d.scale) > scale {
		if d.wide == nil {
			if d.coef%10 != 0 {
				break
			}
			d.coef /= 10
			d.scale--
			continue
		}
		q, r := new(big.Int).QuoRem(d.wide, big.NewInt(10), new(big.Int))
		if r.Sign() != 0 {
			break
		}
		d = fromBig(q, d.scale-1)
	}
	return d
}

// Quo returns d ÷ o rounded to scale digits, without trailing zeros; false if o
// is zero or the result out of bounds.
func (d Decimal) Quo(o Decimal, scale int) (Decimal, bool) {
	if o.Sign() == 0 {
		return Decimal{}, false
	}
	x, y := align(d, o)
	n := x.multiply(pow10(scale+1), 0)
	if n.wide == nil && y.wide == nil {
		// One digit too many is computed; a rest behind it cannot turn a half.
		out := Decimal{coef: n.coef / y.coef, scale: int32(scale + 1)}
		return out.Round(scale, HalfUp).Trim(0), true
	}
	out := fromBig(new(big.Int).Quo(n.big(), y.big()), int32(scale+1)).Round(scale, HalfUp).Trim(0)
	return out, out.fits()
}

// Div returns the whole part of d ÷ o, cut towards zero; false if o is zero.
func (d Decimal) Div(o Decimal) (Decimal, bool) {
	if o.Sign() == 0 {
		return Decimal{}, false
	}
	x, y := align(d, o)
	if x.wide == nil && y.wide == nil && y.coef != -1 {
		return Decimal{coef: x.coef / y.coef}, true
	}
	return fromBig(new(big.Int).Quo(x.big(), y.big()), 0), true
}

// Mod returns d − o × Div(d, o); false if o is zero.
func (d Decimal) Mod(o Decimal) (Decimal, bool) {
	if o.Sign() == 0 {
		return Decimal{}, false
	}
	x, y := align(d, o)
	if x.wide == nil && y.wide == nil {
		return Decimal{coef: x.coef % y.coef, scale: x.scale}, true
	}
	return fromBig(new(big.Int).Rem(x.big(), y.big()), x.scale), true
}

// Pow returns d to the power of n ≥ 0; false if it is out of bounds.
func (d Decimal) Pow(n int) (Decimal, bool) {
	out, ok := New(1, 0), true
	for i := 0; i < n; i++ {
		if out, ok = out.Mul(d); !ok || i > MaxDigits*4 {
			return Decimal{}, false
		}
	}
	return out, true
}

// Sqrt returns the square root of d cut to scale digits, without trailing
// zeros; false if d is negative.
func (d Decimal) Sqrt(scale int) (Decimal, bool) {
	if d.Sign() < 0 {
		return Decimal{}, false
	}
	n := d.Round(2*scale, Down)
	return fromBig(new(big.Int).Sqrt(n.big()), int32(scale)).Trim(0), true
}
