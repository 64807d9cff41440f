package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/carabiner-health/carabiner/internal/golden"
)

func TestCommittedFactsAreWhatTheMakerMakes(t *testing.T) {
	shared := golden.Shared(t, ".")
	files, err := build(os.DirFS(shared))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 4 {
		t.Errorf("want 4 files, have %d", len(files))
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(golden.Root(t), "fhir", "fhirdef", "data", f.name))
		if err != nil {
			t.Fatal(err)
		}
		if string(b) != string(f.content) {
			t.Errorf("%s: run go generate ./fhir/fhirdef", f.name)
		}
	}
}

func TestMakerLeavesFactsAloneWhereSourcesAreAbsent(t *testing.T) {
	dir := t.TempDir()
	if err := run(fstest.MapFS{}, dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want fs.ErrNotExist, have %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("want no file, have %d, %v", len(entries), err)
	}
}

func TestReduceKeepsFactsAlone(t *testing.T) {
	links()
	for _, c := range []struct{ name, src, want string }{
		{
			"structure",
			`{"resourceType":"StructureDefinition","id":"x","text":{"div":"prose"},"url":"u","description":"prose","abstract":false,
			 "snapshot":{"element":[{"id":"T","path":"T","short":"prose","min":0,"max":"*","isModifier":false,
			 "constraint":[{"key":"k","severity":"error","human":"prose","expression":"true","xpath":"x"}]},
			 {"id":"T.a:s","path":"T.a","fixedBoolean":false,"_fixedBoolean":{"id":"i"},"patternQuantity":{"value":1.00}}]},
			 "differential":{"element":[{"path":"T"}]}}`,
			`{"resourceType":"StructureDefinition","url":"u","snapshot":{"element":[{"path":"T","min":0,"max":"*",` +
				`"constraint":[{"key":"k","severity":"error","expression":"true"}]},` +
				`{"id":"T.a:s","path":"T.a","fixedBoolean":false,"_fixedBoolean":{"id":"i"},"patternQuantity":{"value":1.00}}]}}`,
		},
		{
			"differential alone",
			`{"resourceType":"StructureDefinition","url":"u","differential":{"element":[{"path":"T"}]}}`,
			`{"resourceType":"StructureDefinition","url":"u","differential":{"element":[{"path":"T"}]}}`,
		},
		{
			"value set",
			`{"resourceType":"ValueSet","url":"u","copyright":"prose","compose":{"inactive":false,"include":[
			 {"system":"http://snomed.info/sct","concept":[{"code":"1","display":"a"}]},
			 {"system":"http://loinc.org","filter":[{"property":"p","op":"=","value":"v"}]},
			 {"system":"http://unitsofmeasure.org","concept":[{"code":"mg","display":"milligram"}]},
			 {"system":"http://hl7.org/fhir/x","concept":[{"code":"1","display":"a"}]}]},
			 "expansion":{"contains":[{"system":"http://loinc.org","code":"1"},{"system":"http://hl7.org/fhir/x","code":"1"}]}}`,
			`{"resourceType":"ValueSet","url":"u","compose":{"inactive":false,"include":[` +
				`{"system":"http://snomed.info/sct","carabinerWithheld":true},` +
				`{"system":"http://loinc.org","filter":[{"property":"p","op":"=","value":"v"}]},` +
				`{"system":"http://unitsofmeasure.org","concept":[{"code":"mg"}]},` +
				`{"system":"http://hl7.org/fhir/x","concept":[{"code":"1","display":"a"}]}]},` +
				`"expansion":{"contains":[{"system":"http://hl7.org/fhir/x","code":"1"}],"carabinerWithheld":true}}`,
		},
		{
			"code system",
			`{"resourceType":"CodeSystem","url":"http://www.ada.org/snodent","content":"fragment","concept":[{"code":"1","definition":"prose"}]}`,
			`{"resourceType":"CodeSystem","url":"http://www.ada.org/snodent","content":"not-present","carabinerWithheld":true}`,
		},
		{
			"tree",
			`{"resourceType":"CodeSystem","url":"http://hl7.org/fhir/x","concept":[{"code":"1","definition":"prose","concept":[
			 {"code":"2","property":[{"code":"p","valueBoolean":false}]}]}]}`,
			`{"resourceType":"CodeSystem","url":"http://hl7.org/fhir/x","concept":[{"code":"1","concept":[` +
				`{"code":"2","property":[{"code":"p","valueBoolean":false}]}]}]}`,
		},
	} {
		r, err := reduce([]byte(c.src), 0)
		if err != nil {
			t.Fatal(err)
		}
		if string(r.facts) != c.want {
			t.Errorf("%s:\nwant %s\nhave %s", c.name, c.want, r.facts)
		}
	}
}
