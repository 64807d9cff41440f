package fhirpath

import (
	"errors"
	"strings"
	"testing"
)

func TestEvaluationIsBounded(t *testing.T) {
	wide := "(" + strings.Repeat("1.combine(", 11) + "2" + strings.Repeat(")", 11) + ")"
	for _, src := range []string{
		"1.repeat($this + 1)", "1.repeatAll($this)", wide + strings.Repeat(".select("+wide+")", 6) + ".count()", "'x'.replace('', " + quote(strings.Repeat("y", 1<<16), '\'') + ").select($this & $this)" + strings.Repeat(".select(replace('y', $this))", 3),
	} {
		e, err := Compile(src, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Eval(&Input{}); !errors.Is(err, ErrLimit) {
			t.Errorf("%.40s: want ErrLimit, have %v", src, err)
		}
	}
}

func TestSourcesAreBounded(t *testing.T) {
	for _, src := range []string{
		strings.Repeat("(", 300) + "1" + strings.Repeat(")", 300), strings.Repeat("-", 300) + "1", "1" + strings.Repeat("+1", maxNodes), "'" + strings.Repeat("x", maxSource) + "'",
		strings.Repeat("a.where(", 300) + "b" + strings.Repeat(")", 300),
	} {
		var s *SyntaxError
		if _, err := Compile(src, nil); !errors.As(err, &s) {
			t.Errorf("%.20s…: want a *SyntaxError, have %v", src, err)
		}
	}
	if _, err := Compile("1"+strings.Repeat("+1", 9000), nil); err != nil {
		t.Error(err)
	}
}

func TestErrorsTellThePlaceAndNoValue(t *testing.T) {
	for src, want := range map[string]string{
		"name.\n given.": "fhirpath: line 2, column 8: want a name",
		"1 +":            "fhirpath: line 1, column 4: want a term",
		"foo(1)":         "fhirpath: line 1, column 1: want a function that is known, have foo()",
		"'abc":           "fhirpath: line 1, column 1: want a closing quote, have the end of the text",
		"x is nothing":   "fhirpath: line 1, column 3: want a type that is known, have nothing",
		"@2015-02-30":    "fhirpath: line 1, column 1: want a date and time that the calendar has",
		"substring()":    "fhirpath: line 1, column 1: want 1..2 arguments of substring(), have 0",
	} {
		if _, err := Compile(src, nil); err == nil || err.Error() != want {
			t.Errorf("%q:\nwant %s\nhave %v", src, want, err)
		}
	}
	for src, want := range map[string]string{
		"'secret' > 1":           "fhirpath: at 9: want two values with an order, have System.String and System.Integer",
		"('a' | 'b').single()":   "fhirpath: at 12: single(): want one item, have 2",
		"1.startsWith('secret')": "fhirpath: at 2: startsWith(): want a text, have System.Integer",
	} {
		e, err := Compile(src, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Eval(&Input{}); err == nil || err.Error() != want {
			t.Errorf("%q:\nwant %s\nhave %v", src, want, err)
		}
	}
}
