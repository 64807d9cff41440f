package view

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/fhir"
)

func parsed(t testing.TB, text string) *fhir.Resource {
	t.Helper()
	r, err := fhir.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// madePatient writes a Patient with all that is usual and unusual in places
// that the views below name.
func madePatient(r *rand.Rand) string {
	var b strings.Builder
	members := 0
	add := func(odds int, format string, args ...any) {
		if r.IntN(odds) > 0 {
			return
		}
		if members++; members > 1 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, format, args...)
	}
	text := func() string {
		return []string{`"a"`, `"official"`, `"b c"`, `"\u00e5\n\"q\""`, `"ø"`, `""`, `"a\/b"`}[r.IntN(7)]
	}
	list := func(n int, one func() string) string {
		var parts []string
		for range r.IntN(n + 1) {
			parts = append(parts, one())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	name := func() string {
		inner := []string{`"use": ` + text(), `"family": ` + text(), `"given": ` + list(3, text)}
		if r.IntN(12) == 0 {
			inner = append(inner, []string{`"_family": {"extension": [{"url": "x", "valueCode": "y"}]}`, `"text": null`, `"suffix": [null, "x"]`, `"period": {"start": "2020"}`}[r.IntN(4)])
		}
		r.Shuffle(len(inner), func(i, k int) { inner[i], inner[k] = inner[k], inner[i] })
		return "{" + strings.Join(inner[r.IntN(2):], ",") + "}"
	}
	ext := func() string {
		return []string{`{"url":"x","valueCode":"c"}`, `{"url":"y","extension":[{"url":"x","valueString":"s"}]}`, `{"url":"x","valueCoding":{"code":"k"}}`, `{"url":"x"}`}[r.IntN(4)]
	}
	add(1, `"resourceType": "Patient"`)
	add(2, `"id": "p%d"`, r.IntN(9))
	add(2, `"active": %v`, r.IntN(2) == 0)
	add(2, `"name": %s`, list(3, name))
	add(3, `"gender": %s`, text())
	add(3, `"deceasedBoolean": %v`, r.IntN(2) == 0)
	add(4, `"deceasedDateTime": "2020"`)
	add(2, `"multipleBirthInteger": %d`, r.IntN(4))
	add(2, `"extension": %s`, list(3, ext))
	add(3, `"managingOrganization": {"reference": "%s"}`, []string{"Organization/o", "#c", "urn:uuid:1", "http://x.org/Organization/o2/_history/1", "Patient/p", "x"}[r.IntN(6)])
	add(3, `"contact": %s`, list(2, func() string { return `{"name": ` + name() + `, "gender": ` + text() + `}` }))
	add(14, `"birthDate": null`)
	add(14, `"active": true`)
	add(14, `"_gender": {"id": "g"}`)
	add(14, `"x": [[{"y": -1.5e3}], {}]`)
	return "{" + b.String() + "}"
}

var lawViews = []string{
	`{"resource": "Patient", "name": "flat", "select": [{"column": [{"name": "id", "path": "id"}, {"name": "k", "path": "getResourceKey()"}, {"name": "active", "path": "active"}, {"name": "family", "path": "name.first().family"},
		{"name": "g", "path": "name.given.join('-')"}, {"name": "d", "path": "deceased.exists()"}, {"name": "db", "path": "deceased.ofType(boolean)"}, {"name": "n", "path": "multipleBirth.ofType(integer) = 2"},
		{"name": "x", "path": "extension('x').value.ofType(code).first()"}, {"name": "y", "path": "extension('y').extension('x').value.ofType(string).first()"}, {"name": "o", "path": "managingOrganization.getReferenceKey(Organization)"}, {"name": "g0", "path": "name[1].given[0]"}]}]}`,
	`{"resource": "Patient", "name": "many", "select": [{"column": [{"name": "families", "path": "name.family", "collection": true}, {"name": "official", "path": "name.where(use = 'official').family", "collection": true},
		{"name": "one", "path": "name.family"}, {"name": "empty", "path": "contact.name.given.empty()"}]}]}`,
	`{"resource": "Patient", "name": "each", "where": [{"path": "active = true or name.where(use = 'a').exists()"}], "select": [{"column": [{"name": "id", "path": "id"}]}, {"forEach": "name", "column": [{"name": "i", "path": "%rowIndex"}, {"name": "f", "path": "family"}, {"name": "lit", "path": "'x'"}],
		"select": [{"forEachOrNull": "given", "column": [{"name": "g", "path": "$this"}, {"name": "k", "path": "%rowIndex"}]}]}, {"unionAll": [{"forEach": "contact", "column": [{"name": "c", "path": "gender"}]}, {"forEachOrNull": "contact.name.where(family.exists())", "column": [{"name": "c", "path": "use"}]}]}]}`,
	`{"resource": "Patient", "name": "mixed", "where": [{"path": "name.count() < 3"}], "select": [{"column": [{"name": "id", "path": "id"}, {"name": "c", "path": "name.given.count()"}], "select": [{"forEachOrNull": "name", "column": [{"name": "u", "path": "family.upper()"}, {"name": "l", "path": "use.length() + %rowIndex"}, {"name": "f", "path": "family"}]}]}]}`,
	`{"resource": "Patient", "name": "not", "where": [{"path": "(gender = 'a').not()"}], "select": [{"column": [{"name": "same", "path": "name.family = name.use"}, {"name": "un", "path": "gender != 'official' and active"}, {"name": "th", "path": "$this.id"}, {"name": "p", "path": "Patient.id"}]}]}`,
}

func TestScanAndFHIRPathMakeTheSameRowsOfMadeResources(t *testing.T) {
	var pairs []*pair
	for _, src := range lawViews {
		pairs = append(pairs, pairOf(t, []byte(src)))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 4000 {
		text := madePatient(r)
		res, err := fhir.Parse([]byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for _, p := range pairs {
			p.compare(t, res)
			if t.Failed() {
				t.Fatal(text)
			}
		}
	}
	for _, p := range pairs[:3] {
		if p.scanned == 0 || p.left == 0 {
			t.Errorf("%s: want resources that are scanned and some that are not, have %d and %d", p.name, p.scanned, p.left)
		}
	}
}

func FuzzRows(f *testing.F) {
	for i := range 20 {
		f.Add([]byte(madePatient(rand.New(rand.NewPCG(uint64(i), 1)))))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := fhir.Parse(text)
		if err != nil || r.Type() != "Patient" {
			return
		}
		for _, src := range lawViews {
			pairOf(t, []byte(src)).compare(t, r)
		}
	})
}

func FuzzDefinition(f *testing.F) {
	for _, src := range lawViews {
		f.Add([]byte(src))
	}
	for _, name := range LibraryNames()[:5] {
		b, err := LibrarySource(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	r := parsed(f, `{"resourceType": "Patient", "id": "a", "name": [{"family": "x", "given": ["y", "z"]}], "active": true}`)
	f.Fuzz(func(t *testing.T, src []byte) {
		v, err := New(src, nil)
		if err != nil {
			if v != nil {
				t.Error("want no view beside an error")
			}
			return
		}
		if v.Explain() == "" {
			t.Error("want an explanation")
		}
		for _, row := range first(v.Rows(r)) {
			if len(row) != len(v.Columns()) {
				t.Errorf("want %d values, have %d", len(v.Columns()), len(row))
			}
		}
	})
}

func first[A, B any](a A, _ B) A { return a }
