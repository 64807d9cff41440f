package ucum

import (
	"errors"
	"math/big"
	"testing"
)

func rat(t testing.TB, s string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	return r
}

func TestEveryAtomOfTheTableIsAUnit(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range atoms {
		if seen[a.code] {
			t.Errorf("%s stands twice", a.code)
		}
		seen[a.code] = true
		if _, err := Parse(a.code); err != nil {
			t.Errorf("%s: %v", a.code, err)
		}
		if _, ok := new(big.Rat).SetString(a.value); a.unitOf != "" && !ok {
			t.Errorf("%s: want a number as value", a.code)
		}
	}
}

func TestValid(t *testing.T) {
	for _, code := range []string{
		"mg/dL", "10*3/uL", "10^3/uL", "mm[Hg]", "{score}", "1", "/min", "kg/m2", "mmol/L", "%", "%{vol}", "[lb_av]", "ug/kg/h", "m[IU]/L", "cm[H2O]/L/s", "10*-6",
		"(g.m)/(s2.kg)", "mL/min/{1.73_m2}", "Cel", "[degF]", "U/L", "dB[SPL]", "kg.m/s2", "{RBC}/[HPF]", "{3 times}/d", "g%", "d", "wk", "[in_i'Hg]", "2.[pi].rad", "B[10.nV]", "10.uN.s/cm5/m2", "daL",
	} {
		if !Valid(code) {
			t.Errorf("%s: want a unit", code)
		}
	}
	for _, code := range []string{"", "[s]", "foo", "mg/", "mg//dL", "(mg", "mg)", "mg dL", "{x", "kmin", "m-", "0", "10*x", "m999", "Cel2", "Cel/s", "é"} {
		if _, err := Parse(code); !errors.Is(err, ErrUnit) {
			t.Errorf("%q: want ErrUnit, have %v", code, err)
		}
	}
}

func TestConvert(t *testing.T) {
	for _, c := range []struct{ value, from, to, want string }{
		{"4", "g", "mg", "4000"}, {"1", "[in_i]", "cm", "2.54"}, {"7", "d", "wk", "1"}, {"37", "Cel", "K", "310.15"}, {"98.6", "[degF]", "Cel", "37"},
		{"1", "L", "cm3", "1000"}, {"1", "m2", "cm2", "10000"}, {"1", "mm[Hg]", "Pa", "133.322"}, {"1", "[lb_av]", "kg", "0.45359237"}, {"1", "kat", "U", "60000000"},
		{"1", "/min", "/h", "60"}, {"2", "10*3/uL", "/L", "2e9"}, {"1", "m[IU]/L", "[iU]/mL", "0.000001"}, {"1", "cm.m", "m2", "0.01"},
	} {
		have, ok := Convert(rat(t, c.value), c.from, c.to)
		if !ok || have.Cmp(rat(t, c.want)) != 0 {
			t.Errorf("%s %s: want %s %s, have %v", c.value, c.from, c.want, c.to, have)
		}
	}
	for _, c := range [][2]string{{"g", "m"}, {"[IU]", "g"}, {"[IU]", "[arb'U]"}, {"g", "nonsense"}, {"s", "Hz"}} {
		if Comparable(c[0], c[1]) {
			t.Errorf("%s and %s: want incomparable", c[0], c[1])
		}
	}
}

func TestProductsAndQuotients(t *testing.T) {
	for _, c := range []struct{ have, want string }{
		{Mul("cm", "m"), "m2"}, {Div("g", "m"), "g/m"}, {Div("m", "m"), "1"}, {Mul("g/m", "m"), "g"}, {Div("g", "g/m"), "m"}, {Mul("/s", "1"), "Hz"},
	} {
		if !Comparable(c.have, c.want) {
			t.Errorf("%s does not measure what %s does", c.have, c.want)
		}
	}
}

// FuzzParse: no text panics, and a unit's code in parentheses is the same unit.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"mg/dL", "10*3/uL", "mL/min/{1.73_m2}", "((m))", "[in_i'Hg]2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, code string) {
		u, err := Parse(code)
		if err != nil || u.Special() || len(code) > 200 {
			return
		}
		v, err := Parse("(" + code + ")")
		if err != nil {
			if u.factor == nil {
				t.Fatal("a unit without a factor")
			}
			return
		}
		if !u.Comparable(v) || u.factor.Cmp(v.factor) != 0 {
			t.Fatal("parentheses change a unit")
		}
	})
}
