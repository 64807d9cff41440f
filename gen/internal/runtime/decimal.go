package runtime

import (
	"errors"
	"math/big"
	"strconv"
)

// Decimal is an exact decimal number that keeps the text in which it was written:
// 1.50 is not 1.5. The zero Decimal has no text and counts as 0.
type Decimal struct{ text string }

// ParseDecimal returns the decimal of a text in the form of JSON's numbers.
func ParseDecimal(s string) (Decimal, error) {
	r := reader{s: s}
	if v, ok := r.digits(); !ok || v != s {
		return Decimal{}, errors.New("want decimal, have other text")
	}
	return Decimal{s}, nil
}

// DecimalOf returns the decimal of a whole number.
func DecimalOf(n int64) Decimal { return Decimal{strconv.FormatInt(n, 10)} }

// DecimalOfFloat returns the decimal with the fewest digits that reads back as f,
// 0 if f is not finite.
func DecimalOfFloat(f float64) Decimal {
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if d, err := ParseDecimal(text); err == nil {
		return d
	}
	return Decimal{"0"}
}

// String returns the number as it was written.
func (d Decimal) String() string {
	if d.text == "" {
		return "0"
	}
	return d.text
}

// IsZero reports whether d is the zero Decimal, which has no text; it is false for
// one that was read as 0.
func (d Decimal) IsZero() bool { return d.text == "" }

// Float64 returns the nearest binary number, an infinity beyond its range.
func (d Decimal) Float64() float64 {
	f, _ := strconv.ParseFloat(d.String(), 64)
	return f
}

// Cmp returns -1, 0 or 1 as d is less than, equal to or greater than e in value:
// 1.50 equals 1.5. Exponents beyond ±5000 are compared as binary numbers.
func (d Decimal) Cmp(e Decimal) int {
	if d.text == e.text {
		return 0
	}
	a, b := d.rat(), e.rat()
	if a == nil || b == nil {
		switch x, y := d.Float64(), e.Float64(); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return a.Cmp(b)
}

// rat returns the exact value, nil where its digits would fill the memory.
func (d Decimal) rat() *big.Rat {
	s := d.String()
	for i := range len(s) {
		if s[i]|0x20 == 'e' {
			if n, err := strconv.Atoi(s[i+1:]); err != nil || n > 5000 || n < -5000 {
				return nil
			}
		}
	}
	v, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil
	}
	return v
}

// MarshalJSON returns the number.
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalJSON reads a number.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	v, err := ParseDecimal(string(b))
	if err == nil {
		*d = v
	}
	return err
}

// MarshalText returns the number as text.
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a number.
func (d *Decimal) UnmarshalText(b []byte) error { return d.UnmarshalJSON(b) }
