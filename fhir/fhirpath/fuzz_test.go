package fhirpath

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

const fuzzPatient = `{"resourceType":"Patient","id":"a","active":true,"birthDate":"1974-12","_birthDate":{"extension":[{"url":"u","valueDateTime":"1974-12-25T14:35:45-05:00"}]},
"name":[{"use":"official","family":"C","given":["P",null,"J"],"_given":[null,{"id":"x"}],"period":{"start":"2001"}},{"given":["Q"]}],
"multipleBirthInteger":2,"contained":[{"resourceType":"Observation","id":"o","valueQuantity":{"value":1.50,"code":"mg","system":"http://unitsofmeasure.org"}}],
"managingOrganization":{"reference":"#o"}}`

func seeds(f *testing.F) {
	for _, s := range []string{
		"name.where(use = 'official').given | {}", "-1.abs() + 2 * 3 div 4 mod 5 & 'x'", "(1 | 2).aggregate($this + $total, 0)", "%`ext-x`.length() >= 4 'mg'",
		"@2015-02-04T14:34:28.123+10:00 is System.DateTime", "@T14:34 < @T14:35", "iif($this is Patient, 1 week, 1 'wk') ~ 7 days", "name[0].given.sort($this desc, -$this)",
		"contained.value.ofType(Quantity).value.lowBoundary(3)", "descendants().repeat(children())", "a.`b c`.contains('\\u0041\\n') implies true xor false", "x as FHIR.`y`", "10L div 3",
		"defineVariable('n', name.given).select(%n.join('-'))", "managingOrganization.resolve().value", "today() - 3 months", "'a,b'.split(',').combine('c')", "5.power(400)",
		"multipleBirth + 1", "birthDate.extension('u').value.toString()", "'%'.matches('(a+)+$')", "name.trace('t', given).count() > 1.5 'cm2'", "{}.exists().not()", "--1", "/* c */ 1 // d",
	} {
		f.Add(s)
	}
}

// FuzzCompile: no source panics, and what an expression writes compiles to the
// same expression.
func FuzzCompile(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		e, err := Compile(src, nil)
		if err != nil {
			var s *SyntaxError
			if !errors.As(err, &s) || s.Offset < 0 || s.Offset > len(src) || s.Line < 1 || s.Column < 1 {
				t.Fatalf("want a *SyntaxError with a place, have %#v", err)
			}
			return
		}
		text := e.String()
		again, err := Compile(text, nil)
		if err != nil {
			t.Fatalf("%q is written as %q: %v", src, text, err)
		}
		if again.String() != text {
			t.Fatalf("%q is written as %q, which is written as %q", src, text, again)
		}
	})
}

// FuzzEval: no expression panics or runs without end, its written form gives the
// same, and a second run gives the same.
func FuzzEval(f *testing.F) {
	seeds(f)
	var tree jsontree.Tree
	if err := tree.Parse([]byte(fuzzPatient), nil); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src string) {
		e, err := Compile(src, nil)
		if err != nil || len(src) > 300 {
			return
		}
		in := &Input{Focus: ResourceNode(tree.Root()), Now: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)}
		out, err := e.Eval(in)
		for _, it := range out {
			if it.Type() == "" && it.kind != kindNode {
				t.Fatalf("%q gives an item without a type", src)
			}
		}
		again, wrong := Compile(e.String(), nil)
		if wrong != nil {
			t.Fatal(wrong)
		}
		out2, err2 := again.Eval(in)
		if string(out.JSON(nil)) != string(out2.JSON(nil)) || (err == nil) != (err2 == nil) {
			t.Fatalf("%q and %q differ: %v, %v", src, again, err, err2)
		}
	})
}

// FuzzDocument: no resource makes an evaluation panic.
func FuzzDocument(f *testing.F) {
	f.Add([]byte(fuzzPatient))
	f.Add([]byte(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Nothing","value":[1,null]}}],"_type":[{}]}`))
	f.Add([]byte(`{"resourceType":"Observation","valueQuantity":[{"value":"x"}],"_valueString":{},"component":7,"effectiveDateTime":"2015-99"}`))
	if text, err := os.ReadFile(filepath.Join("testdata", "odd.json")); err == nil {
		f.Add(text)
	}
	var all []*Expression
	for _, src := range []string{
		"descendants().select($this ~ $this)", "descendants().ofType(Quantity).select($this + $this)", "descendants().select(toString().length())", "descendants().distinct().count()",
		"descendants().type().name", "descendants().where(hasValue()).select(getValue())", "children().extension('u')", "value | effective | component.value", "entry.resource.resolve()",
		"descendants().where($this is dateTime).select(lowBoundary(17) & highBoundary())", "getResourceKey()", "descendants().getReferenceKey()",
	} {
		e, err := Compile(src, nil)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, e)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var tree jsontree.Tree
		if tree.Parse(text, nil) != nil || len(text) > 1<<14 {
			return
		}
		for _, e := range all {
			if out, err := e.Eval(&Input{Focus: ResourceNode(tree.Root())}); err != nil && len(out) > 0 {
				t.Fatalf("%s: both a result and an error", e)
			}
		}
	})
}
