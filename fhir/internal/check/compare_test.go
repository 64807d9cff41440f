package check

import (
	"testing"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

func TestLessThanComparesByMeaning(t *testing.T) {
	for _, c := range []struct {
		typ, x, y string
		less, ok  bool
	}{
		{"positiveInt", `9`, `10`, true, true},
		{"decimal", `1.50`, `1.5`, false, true},
		{"dateTime", `"2020-01-02T00:30:00+02:00"`, `"2020-01-01T23:00:00Z"`, true, true},
		{"date", `"2025"`, `"2025-01-01"`, false, true},
		{"Quantity", `{"value":900,"system":"http://unitsofmeasure.org","code":"g"}`, `{"value":1,"system":"http://unitsofmeasure.org","code":"kg"}`, true, true},
		{"Quantity", `{"value":900,"system":"http://unitsofmeasure.org","code":"g"}`, `{"value":1,"system":"http://unitsofmeasure.org","code":"m"}`, false, false},
		{"Coding", `{}`, `{}`, false, false},
	} {
		var x, y jsontree.Tree
		if err := x.Parse([]byte(c.x), nil); err != nil {
			t.Fatal(err)
		}
		if err := y.Parse([]byte(c.y), nil); err != nil {
			t.Fatal(err)
		}
		if less, ok := lessThan(c.typ, x.Root(), y.Root()); less != c.less || ok != c.ok {
			t.Errorf("%s: %s < %s: want %v, %v, have %v, %v", c.typ, c.x, c.y, c.less, c.ok, less, ok)
		}
	}
}
