package columnar

import (
	"errors"
	"math/big"
	"strings"
	"unsafe"
)

var errDecimal = errors.New("want a decimal that fits the precision and scale of the column")

// setDecimal makes a decimal column of a type that is text: the unscaled number as
// an integer, beyond 18 digits as bytes (Parquet, LogicalTypes.md, "DECIMAL").
func (c *codec) setDecimal(tag *tagOptions) {
	text := c.appendText
	precision, scale := tag.precision, tag.scale
	unscaled := func(buf []byte, at unsafe.Pointer) ([]byte, *big.Int, error) {
		b, ok, err := text(buf, at)
		if err != nil || !ok {
			return b, nil, errDecimal
		}
		x, ok := parseDecimal(string(b[len(buf):]), precision, scale)
		if !ok {
			return b, nil, errDecimal
		}
		return b, x, nil
	}
	if precision > maxDecimal64 {
		c.appendText = func(dst []byte, at unsafe.Pointer) ([]byte, bool, error) {
			b, x, err := unscaled(dst, at)
			if err != nil {
				return dst, false, err
			}
			return append(b[:len(dst)], twosComplement(x)...), true, nil
		}
		return
	}
	c.number = func(at unsafe.Pointer) (int64, error) {
		_, x, err := unscaled(nil, at)
		if err != nil {
			return 0, err
		}
		return x.Int64(), nil
	}
	c.appendText = nil
}

// parseDecimal returns the number in units of ten to the minus scale, if it is one
// and has no more than the given digits.
func parseDecimal(s string, precision, scale int) (*big.Int, bool) {
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		var ok bool
		if exponent, ok = parseExponent(s[i+1:]); !ok {
			return nil, false
		}
		mantissa = s[:i]
	}
	sign := ""
	if strings.HasPrefix(mantissa, "-") || strings.HasPrefix(mantissa, "+") {
		sign, mantissa = strings.TrimPrefix(mantissa[:1], "+"), mantissa[1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return nil, false
	}
	// The value is digits times ten to the shift, in units of the column.
	shift := exponent - len(fraction) + scale
	digits = strings.TrimLeft(digits, "0")
	for shift < 0 && strings.HasSuffix(digits, "0") {
		digits = digits[:len(digits)-1]
		shift++
	}
	switch {
	case digits == "":
		return new(big.Int), true
	case shift < 0 || shift > maxDecimal || len(digits)+shift > precision:
		return nil, false
	}
	return new(big.Int).SetString(sign+digits+strings.Repeat("0", shift), 10)
}

// parseExponent returns an exponent of at most four digits.
func parseExponent(s string) (n int, ok bool) {
	digits := strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	if digits == "" || len(digits) > 4 || len(s)-len(digits) > 1 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	if s[0] == '-' {
		n = -n
	}
	return n, true
}

// decimalDigits returns x times ten to the minus scale, with all digits of the
// scale.
func decimalDigits(x *big.Int, scale int) string {
	s, sign := x.String(), ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	if scale == 0 {
		return sign + s
	}
	if len(s) <= scale {
		s = strings.Repeat("0", scale-len(s)+1) + s
	}
	return sign + s[:len(s)-scale] + "." + s[len(s)-scale:]
}

// twosComplement returns x in big-endian two's complement form, as short as may
// be; see bigEndian.
func twosComplement(x *big.Int) []byte {
	if x.Sign() >= 0 {
		b := x.Bytes()
		if len(b) == 0 || b[0] >= 0x80 {
			b = append([]byte{0}, b...)
		}
		return b
	}
	n := uint(new(big.Int).Not(x).BitLen()/8 + 1)
	return new(big.Int).Add(x, new(big.Int).Lsh(big.NewInt(1), 8*n)).Bytes()
}
