package decimal

import (
	"math/big"
	"testing"
)

func parse(t testing.TB, s string) Decimal {
	t.Helper()
	d, ok := Parse([]byte(s))
	if !ok {
		t.Fatalf("Parse(%q) failed", s)
	}
	return d
}

func TestParseKeepsDigits(t *testing.T) {
	for in, want := range map[string]string{
		"1.50": "1.50", "-0.010": "-0.010", "1e3": "1000", "1.5e-3": "0.0015", "0": "0", "0.0": "0.0",
		"123456789012345678901234567890.12": "123456789012345678901234567890.12", "+7": "7", "9223372036854775808": "9223372036854775808",
		"-9223372036854775808": "-9223372036854775808", "12e0": "12",
	} {
		if have := parse(t, in).String(); have != want {
			t.Errorf("%s: want %s, have %s", in, want, have)
		}
	}
	for _, in := range []string{"", "-", ".5", "5.", "1e", "1x", "1e9999", "--1", "1.2.3"} {
		if d, ok := Parse([]byte(in)); ok {
			t.Errorf("%q: want refusal, have %s", in, d)
		}
	}
}

func TestRoundWays(t *testing.T) {
	for _, c := range []struct {
		in                         string
		scale                      int
		half, down, floor, ceiling string
	}{
		{"1.25", 1, "1.3", "1.2", "1.2", "1.3"},
		{"-1.25", 1, "-1.3", "-1.2", "-1.3", "-1.2"},
		{"1.24", 1, "1.2", "1.2", "1.2", "1.3"},
		{"7", 2, "7.00", "7.00", "7.00", "7.00"},
		{"123456789012345678901.5", 0, "123456789012345678902", "123456789012345678901", "123456789012345678901", "123456789012345678902"},
	} {
		d := parse(t, c.in)
		for how, want := range map[Rounding]string{HalfUp: c.half, Down: c.down, Floor: c.floor, Ceiling: c.ceiling} {
			if have := d.Round(c.scale, how).String(); have != want {
				t.Errorf("%s to %d, way %d: want %s, have %s", c.in, c.scale, how, want, have)
			}
		}
	}
}

func TestQuoModSqrt(t *testing.T) {
	q, _ := parse(t, "1.2").Quo(parse(t, "1.8"), 8)
	m, _ := parse(t, "2.2").Mod(parse(t, "1.8"))
	v, _ := parse(t, "2.2").Div(parse(t, "1.8"))
	r, _ := parse(t, "81").Sqrt(8)
	r2, _ := parse(t, "2").Sqrt(4)
	r3, _ := parse(t, "0.0000000004").Sqrt(3)
	have := []string{q.String(), m.String(), v.String(), r.String(), r2.String(), r3.String()}
	for i, want := range []string{"0.66666667", "0.4", "1", "9", "1.4142", "0"} {
		if have[i] != want {
			t.Errorf("%d: want %s, have %s", i, want, have[i])
		}
	}
	if _, ok := parse(t, "1").Quo(parse(t, "0.0"), 8); ok {
		t.Error("division by zero: want refusal")
	}
}

// FuzzAgainstRat holds the operations to those of math/big.
func FuzzAgainstRat(f *testing.F) {
	f.Add("1.5", "-2.25")
	f.Add("9223372036854775807", "0.1")
	f.Add("-9223372036854775808", "-1")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, ok := Parse([]byte(a))
		y, ok2 := Parse([]byte(b))
		if !ok || !ok2 {
			return
		}
		rx, ry := x.Rat(), y.Rat()
		if again, ok := Parse([]byte(x.String())); !ok || again.Cmp(x) != 0 || again.Scale() != x.Scale() {
			t.Fatal("a number does not read as it is written")
		}
		if x.Cmp(y) != rx.Cmp(ry) {
			t.Fatal("Cmp differs")
		}
		if s, ok := x.Add(y); ok && s.Rat().Cmp(new(big.Rat).Add(rx, ry)) != 0 {
			t.Fatal("Add differs")
		}
		if s, ok := x.Mul(y); ok && s.Rat().Cmp(new(big.Rat).Mul(rx, ry)) != 0 {
			t.Fatal("Mul differs")
		}
		if v, ok := x.Div(y); ok {
			m, _ := x.Mod(y)
			p, ok := v.Mul(y)
			if s, ok2 := p.Add(m); ok && ok2 && s.Cmp(x) != 0 {
				t.Fatal("Div and Mod do not add up")
			}
		}
	})
}
