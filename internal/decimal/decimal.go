// Package decimal holds exact decimal numbers that keep the digits they were
// written with: 1.50 and 1.5 are equal and have different scales.
//
// A Decimal is a small value. One that fits into 63 bits never allocates, which
// is why the package exists: numbers in health data have few digits, and a
// general package spends an allocation on each. Numbers are bounded to
// MaxDigits digits; an operation that would pass that reports so.
package decimal

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
)

// MaxDigits bounds the digits of a number, before and after the point together.
const MaxDigits = 400

// Decimal is a decimal number. The zero Decimal is 0. It is immutable.
type Decimal struct {
	coef  int64
	scale int32    // digits after the point, never negative
	wide  *big.Int // the coefficient where it does not fit into coef
}

// New returns coef × 10^-scale; a negative scale counts as 0.
func New(coef int64, scale int) Decimal {
	return Decimal{coef: coef, scale: int32(max(scale, 0))}
}

func fromBig(z *big.Int, scale int32) Decimal {
	if z.IsInt64() {
		return Decimal{coef: z.Int64(), scale: scale}
	}
	return Decimal{wide: z, scale: scale}
}

func (d Decimal) big() *big.Int {
	if d.wide != nil {
		return d.wide
	}
	return big.NewInt(d.coef)
}

// Parse returns the number that text writes: digits with an optional sign,
// point and exponent, as in JSON. It keeps trailing zeros.
func Parse(text []byte) (Decimal, bool) {
	i, negative := 0, false
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		negative = text[i] == '-'
		i++
	}
	start, coef, digits, scale, small := i, int64(0), 0, 0, true
	point := -1
	for ; i < len(text); i++ {
		c := text[i]
		if c == '.' && point < 0 && digits > 0 {
			point = i
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		digits++
		if coef > (math.MaxInt64-9)/10 {
			small = false
		}
		if small {
			coef = coef*10 + int64(c-'0')
		}
		if point >= 0 {
			scale++
		}
	}
	if digits == 0 || digits > MaxDigits || point >= 0 && scale == 0 {
		return Decimal{}, false
	}
	mantissa := text[start:i]
	exponent := 0
	if i < len(text) {
		if text[i] != 'e' && text[i] != 'E' {
			return Decimal{}, false
		}
		e, err := strconv.Atoi(string(text[i+1:]))
		if err != nil || e > MaxDigits || e < -MaxDigits {
			return Decimal{}, false
		}
		exponent = e
	}
	d := Decimal{coef: coef, scale: int32(scale)}
	if !small {
		d = parseWide(mantissa, scale)
	}
	if negative {
		d = d.Neg()
	}
	return d.shift(exponent)
}

func parseWide(mantissa []byte, scale int) Decimal {
	plain := make([]byte, 0, len(mantissa))
	for _, c := range mantissa {
		if c != '.' {
			plain = append(plain, c)
		}
	}
	z, _ := new(big.Int).SetString(string(plain), 10)
	return fromBig(z, int32(scale))
}

// shift returns d × 10^e.
func (d Decimal) shift(e int) (Decimal, bool) {
	if e == 0 {
		return d, true
	}
	scale := int(d.scale) - e
	if scale >= 0 {
		return d.withScale(scale)
	}
	out := d.multiply(pow10(-scale), 0)
	return out, out.fits()
}

func (d Decimal) withScale(scale int) (Decimal, bool) {
	if scale > MaxDigits {
		return Decimal{}, false
	}
	d.scale = int32(scale)
	return d, true
}

// fits reports whether the number keeps to MaxDigits.
func (d Decimal) fits() bool {
	return d.scale <= MaxDigits && (d.wide == nil || d.wide.BitLen() < MaxDigits*10/3)
}

var powers = [19]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// pow10 returns 10^n as a whole number.
func pow10(n int) Decimal {
	if n < len(powers) {
		return Decimal{coef: powers[n]}
	}
	return fromBig(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil), 0)
}

// multiply returns the product of the coefficients with a scale.
func (d Decimal) multiply(o Decimal, scale int32) Decimal {
	if d.wide == nil && o.wide == nil {
		if p, ok := mul64(d.coef, o.coef); ok {
			return Decimal{coef: p, scale: scale}
		}
	}
	return fromBig(new(big.Int).Mul(d.big(), o.big()), scale)
}

func mul64(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

func magnitude(a int64) uint64 {
	if a < 0 {
		return -uint64(a)
	}
	return uint64(a)
}

// align returns both coefficients at the larger of the two scales.
func align(a, b Decimal) (x, y Decimal) {
	switch {
	case a.scale < b.scale:
		return a.multiply(pow10(int(b.scale-a.scale)), b.scale), b
	case a.scale > b.scale:
		return a, b.multiply(pow10(int(a.scale-b.scale)), a.scale)
	}
	return a, b
}

// Add returns d + o; false if it is out of bounds.
func (d Decimal) Add(o Decimal) (Decimal, bool) {
	x, y := align(d, o)
	if x.wide == nil && y.wide == nil {
		sum := x.coef + y.coef
		if (sum > x.coef) == (y.coef > 0) {
			return Decimal{coef: sum, scale: x.scale}, true
		}
	}
	out := fromBig(new(big.Int).Add(x.big(), y.big()), x.scale)
	return out, out.fits()
}

// Sub returns d − o; false if it is out of bounds.
func (d Decimal) Sub(o Decimal) (Decimal, bool) { return d.Add(o.Neg()) }

// Mul returns d × o; false if it is out of bounds.
func (d Decimal) Mul(o Decimal) (Decimal, bool) {
	out := d.multiply(o, d.scale+o.scale)
	return out, out.fits()
}

// Neg returns −d.
func (d Decimal) Neg() Decimal {
	if d.wide == nil && d.coef != math.MinInt64 {
		d.coef = -d.coef
		return d
	}
	return fromBig(new(big.Int).Neg(d.big()), d.scale)
}

// Abs returns the magnitude of d.
func (d Decimal) Abs() Decimal {
	if d.Sign() < 0 {
		return d.Neg()
	}
	return d
}

// Sign returns -1, 0 or 1.
func (d Decimal) Sign() int {
	switch {
	case d.wide != nil:
		return d.wide.Sign()
	case d.coef < 0:
		return -1
	case d.coef > 0:
		return 1
	}
	return 0
}

// Cmp returns -1, 0 or 1 as d is less than, equal to or greater than o.
func (d Decimal) Cmp(o Decimal) int {
	if s, t := d.Sign(), o.Sign(); s != t {
		if s < t {
			return -1
		}
		return 1
	}
	x, y := align(d, o)
	if x.wide == nil && y.wide == nil {
		switch {
		case x.coef < y.coef:
			return -1
		case x.coef > y.coef:
			return 1
		}
		return 0
	}
	return x.big().Cmp(y.big())
}

// Scale returns the number of digits after the point.
func (d Decimal) Scale() int { return int(d.scale) }

// Digits returns the number of digits of the coefficient, at least 1.
func (d Decimal) Digits() int {
	if d.wide != nil {
		return len(new(big.Int).Abs(d.wide).String())
	}
	n := 1
	for u := magnitude(d.coef); u >= 10; u /= 10 {
		n++
	}
	return n
}

// Int64 returns the value of a whole number that fits.
func (d Decimal) Int64() (int64, bool) {
	t := d.Round(0, Down)
	if t.wide != nil || t.Cmp(d) != 0 {
		return 0, false
	}
	return t.coef, true
}

// Float64 returns the nearest float64.
func (d Decimal) Float64() float64 {
	if d.wide == nil && magnitude(d.coef) < 1<<53 && int(d.scale) < len(powers) {
		return float64(d.coef) / float64(powers[d.scale]) // both are exact, so one rounding
	}
	f, _ := strconv.ParseFloat(d.String(), 64)
	return f
}

// FromFloat returns f with its shortest digits, at most scale of them after the
// point; false for an infinity and for what is no number.
func FromFloat(f float64, scale int) (Decimal, bool) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return Decimal{}, false
	}
	d, ok := Parse(strconv.AppendFloat(nil, f, 'f', -1, 64))
	if !ok {
		return Decimal{}, false
	}
	if d.Scale() > scale {
		d = d.Round(scale, HalfUp).Trim(0)
	}
	return d, true
}

// Rat returns d as a fraction.
func (d Decimal) Rat() *big.Rat {
	return new(big.Rat).SetFrac(d.big(), pow10(int(d.scale)).big())
}

// FromRat returns r rounded to scale digits, without trailing zeros.
func FromRat(r *big.Rat, scale int) (Decimal, bool) {
	n := new(big.Int).Mul(r.Num(), pow10(scale+1).big())
	d := fromBig(n.Quo(n, r.Denom()), int32(scale+1)).Round(scale, HalfUp).Trim(0)
	return d, d.fits()
}

// String returns d in plain digits, all that it has after the point.
func (d Decimal) String() string { return string(d.Append(nil)) }

// Append appends String to dst.
func (d Decimal) Append(dst []byte) []byte {
	var scratch [24]byte
	var digits []byte
	if d.wide != nil {
		digits = new(big.Int).Abs(d.wide).Append(nil, 10)
	} else {
		digits = strconv.AppendUint(scratch[:0], magnitude(d.coef), 10)
	}
	if d.Sign() < 0 {
		dst = append(dst, '-')
	}
	point := len(digits) - int(d.scale)
	if point <= 0 {
		dst = append(dst, '0')
	} else {
		dst = append(dst, digits[:point]...)
	}
	if d.scale == 0 {
		return dst
	}
	dst = append(dst, '.')
	for ; point < 0; point++ {
		dst = append(dst, '0')
	}
	return append(dst, digits[point:]...)
}
