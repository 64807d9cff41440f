package fhirpath

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

func parsed(t testing.TB, text string) Node {
	t.Helper()
	var tree jsontree.Tree
	if err := tree.Parse([]byte(text), nil); err != nil {
		t.Fatal(err)
	}
	return ResourceNode(tree.Root())
}

// TestLanguage holds what the official suite leaves open. An expectation that
// begins with ! is the part of an error.
func TestLanguage(t *testing.T) {
	now := time.Date(2026, 5, 6, 7, 8, 9, 10e6, time.FixedZone("", 2*3600))
	in := &Input{Focus: parsed(t, fuzzPatient), Now: now, Vars: map[string]Collection{"limit": {Integer(2)}}}
	for _, c := range []struct{ src, want string }{
		// newer functions
		{"coalesce({}, name.suffix, name.family, 'x')", `["C"]`},
		{"(1 | 2 | 3).sum() | (1 | 2).avg() | (3 | 5).min() | ('a' | 'b').max()", `[6,1.5,3,"b"]`},
		{"(1.5 'g').combine(500 'mg').sum()", `["2.0 'g'"]`},
		{"name.repeatAll(given).count()", `[4]`},
		{"'a.b.a'.lastIndexOf('a')", `[4]`},
		{"3000000000L + 1L", `[3000000001]`},
		{"'12'.toLong() is Long", `[true]`},
		{"now() & '|' & today() & '|' & timeOfDay()", `["2026-05-06T07:08:09.010+02:00|2026-05-06|07:08:09.010"]`},
		{"now().yearOf() | now().monthOf() | now().hourOf() | now().millisecondOf() | now().timezoneOffsetOf()", `[2026,5,7,10,2.0]`},
		{"now().dateOf() = today() and now().timeOf() = timeOfDay()", `[true]`},
		{"defineVariable('n', name.given).select(%n.join('-'))", `["P-J-Q"]`},
		{"name.defineVariable('n', first()).given | %n", `!defined`},
		{"name.first().select(defineVariable('a', family).select(%a & given.first()))", `["CP"]`},
		{"name.sort(given.first() desc).given.first()", `["Q"]`},
		{"(name.given | 'x').exclude('Q').count() > %limit", `[true]`},
		// types, choices, companions
		{"multipleBirth + 1", `[3]`},
		{"multipleBirth is integer", `[true]`},
		{"birthDate.extension('u').value", `["1974-12-25T14:35:45-05:00"]`},
		{"birthDate.extension('u').value is dateTime", `[true]`},
		{"name.given.id", `["x"]`},
		{"name.given.where(hasValue().not()).count()", `[1]`},
		{"contained.value.value", `[1.50]`},
		{"contained.ofType(Observation).value.ofType(Quantity) = 1500 'ug'", `[true]`},
		{"contained.value < 2 'mg'", `[true]`},
		{"contained is DomainResource", `[true]`},
		{"managingOrganization.resolve().id", `["o"]`},
		{"managingOrganization.resolve().value.precision()", `[2]`},
		{"name.period.start < '2002'", `!order`},
		{"name.period.start < @2002-01", `[true]`},
		{"birthDate.lowBoundary()", `["1974-12-01"]`},
		// dates
		{"@2024-01-31 + 1 month", `["2024-02-29"]`},
		{"@2024-02-29 - 1 year", `["2023-02-28"]`},
		{"@2024 + 13 months", `["2025"]`},
		{"@T23:30 + 45 minutes", `["00:15"]`},
		{"@2024-01-01T00:00:00Z - 1 second", `["2023-12-31T23:59:59Z"]`},
		{"@2024-01-01T10:00:00Z > @2023-12-30T10:00:00", `[true]`},
		{"@2024-01-01T10:00:00Z > @2024-01-01T10:00:00", `[]`},
		{"@2024-05 = @2024", `[]`},
		{"@2024-05 = @2023", `[false]`},
		{"1 year = 12 months", `[true]`},
		{"1 year ~ 1 'a'", `[true]`},
		// numbers
		{"0.1 + 0.2 = 0.3", `[true]`},
		{"2147483647 + 1", `[]`},
		{"7.round(0) = 7 and 2.5.round() = 3 and (-2.5).round() = -3", `[true]`},
		{"5.power(400)", `[]`},
		{"-7 mod 3", `[-1]`},
		{"37 'Cel' = 98.6 '[degF]'", `[true]`},
		{"1 'cm' + 1 'm'", `["101 'cm'"]`},
		{"1 'cm' + 1 's'", `[]`},
		{"1 'kg' > 1 'm'", `[]`},
		{"(10 'mg').toQuantity('g')", `["0.01 'g'"]`},
		// texts
		{"'čaj'.length() | 'čaj'.indexOf('j') | 'čaj'.substring(1, 1)", `[3,2,"a"]`},
		{"'2024-05'.replaceMatches('(\\\\d+)-(\\\\d+)', '$2/$1')", `["05/2024"]`},
		{"'ab'.matches('^(?<x>a)b$')", `[true]`},
		{"'a'.matches('(')", `!RE2`},
		{"'\\u0041\\'' & {} & 1", `["A'1"]`},
		// FHIR
		{"getResourceKey()", `["a"]`},
		{"managingOrganization.getReferenceKey()", `[]`},
		{"%`vs-x` & %`ext-y`", `["http://hl7.org/fhir/ValueSet/xhttp://hl7.org/fhir/StructureDefinition/y"]`},
		{"%unknown", `!defined`},
		{"name.use.first().memberOf('http://hl7.org/fhir/ValueSet/name-use')", `[true]`},
		{"'nonsense'.memberOf('http://hl7.org/fhir/ValueSet/name-use')", `[false]`},
		{"'x'.memberOf('http://example.org/none')", `[]`},
		{"conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')", `!ConformsTo`},
		{"'<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>x</p></div>'.htmlChecks()", `[true]`},
		{"'<div><script>x</script></div>'.htmlChecks()", `[false]`},
		{"name.as(HumanName)", `!single`},
	} {
		e, err := Compile(c.src, nil)
		if err == nil {
			var out Collection
			if out, err = e.Eval(in); err == nil {
				if have := string(out.JSON(nil)); have != c.want {
					t.Errorf("%s:\nwant %s\nhave %s", c.src, c.want, have)
				}
				continue
			}
		}
		if want, ok := strings.CutPrefix(c.want, "!"); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\nwant %s\nhave %v", c.src, c.want, err)
		}
	}
}

func TestChecksByType(t *testing.T) {
	for _, c := range []struct {
		src, typ     string
		loose, tight bool // whether it compiles
	}{
		{"name.given.first()", "Patient", true, true},
		{"name.givn", "Patient", true, false},
		{"Patient.name.where(use = 'x' and famly.exists())", "", true, false},
		{"Observation.valueQuantity", "", false, false},
		{"value.ofType(Quantity).unit", "Observation.component", true, true},
		{"contained.anything", "Patient", true, true},
		{"entry.resource.ofType(Patient).nme", "Bundle", true, false},
		{"extension('x').value.anything", "Patient", true, false},
		{"name.where('x')", "Patient", true, false},
		{"descendants().first()", "Patient", true, false},
		{"%resource.anything", "Patient", true, true},
		{"Resource.id", "Patient", true, true},
		{"item.repeat(item).linkId", "Questionnaire", true, true},
		{"name.select(given | family).foo", "Patient", true, false},
	} {
		_, loose := Compile(c.src, &Options{Type: c.typ})
		_, tight := Compile(c.src, &Options{Type: c.typ, Strict: true})
		if (loose == nil) != c.loose || (tight == nil) != c.tight {
			t.Errorf("%s on %s: want %v and %v, have %v and %v", c.src, c.typ, c.loose, c.tight, loose, tight)
		}
	}
}

func TestFunctionsOfTheCaller(t *testing.T) {
	boom := errors.New("boom")
	opts := &Options{Functions: map[string]Function{
		"double": {MaxArgs: 1, Eval: func(_ *Input, focus Collection, args []Collection) (Collection, error) {
			if len(args) == 1 {
				return nil, boom
			}
			return append(focus, focus...), nil
		}},
	}}
	e, err := Compile("name.family.double().count()", opts)
	if err != nil {
		t.Fatal(err)
	}
	in := &Input{Focus: parsed(t, fuzzPatient)}
	if out, err := e.Eval(in); err != nil || string(out.JSON(nil)) != "[2]" {
		t.Errorf("want [2], have %s, %v", out.JSON(nil), err)
	}
	if e, err = Compile("double(1)", opts); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Eval(in); !errors.Is(err, boom) {
		t.Errorf("want the function's own error, have %v", err)
	}
}

func TestInvariantsTakeEmptyAsFalseAndAsAsAFilter(t *testing.T) {
	in := &Input{Focus: parsed(t, fuzzPatient)}
	for src, want := range map[string]bool{"{}": false, "name.suffix = 'x'": false, "name.exists()": true, "name.count() = 1": false, "descendants().as(canonical).empty()": true, "name.as(HumanName).count() = 2": true} {
		e, err := Compile(src, nil)
		if err != nil {
			t.Fatal(err)
		}
		if have, err := e.Test(in); have != want || err != nil {
			t.Errorf("%s: want %v, have %v, %v", src, want, have, err)
		}
	}
}

func TestExpressionsAreShared(t *testing.T) {
	e, err := Compile("name.where(given.exists()).select(given.first() & family).join(',')", nil)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 200 {
				node := parsed(t, fuzzPatient)
				if out, err := e.Eval(&Input{Focus: node}); err != nil || string(out.JSON(nil)) != `["PC,Q"]` {
					t.Errorf("have %s, %v", out.JSON(nil), err)
				}
			}
		})
	}
	wait.Wait()
}
