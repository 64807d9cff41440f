package dataset

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/view"
)

// fuzzSource runs an importer on any bytes: it returns tables that fulfil the laws
// of tables, or findings.
func fuzzSource(f *testing.F, kind SourceKind) {
	defs := fhirdef.R4()
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 20_000 {
			return
		}
		in := &input{spec: SourceSpec{Name: "fuzz", Kind: kind, Ref: "fuzz.json"}, file: "fuzz.json", data: src, defs: defs}
		tables, found, err := importers[kind](context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		if len(tables) == 0 && !found.HasErrors() {
			t.Fatal("want tables or an error, have neither")
		}
		for _, table := range tables {
			checkFHIRTable(t, table)
			if kind != FHIRView {
				continue
			}
			// What package view compiles has the same columns.
			if v, err := view.New(src, nil); err == nil && len(v.Columns()) != len(table.Object.Fields) {
				t.Fatalf("want %d columns, have %d", len(v.Columns()), len(table.Object.Fields))
			}
		}
	})
}

func addFiles(f *testing.F, pattern string) {
	files, err := filepath.Glob(pattern)
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
}

func FuzzImportStructure(f *testing.F) {
	addFiles(f, filepath.Join("testdata", "fhir", "*.json"))
	f.Add([]byte(`{"resourceType":"StructureDefinition","url":"http://x/y","name":"Y","status":"draft","kind":"complex-type","abstract":false,"type":"Extension","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Extension","derivation":"constraint","differential":{"element":[{"id":"Extension","path":"Extension"},{"id":"Extension.extension","path":"Extension.extension"},{"id":"Extension.extension:y","path":"Extension.extension","sliceName":"y","type":[{"code":"Extension","profile":["http://x/y"]}]}]}}`))
	f.Add([]byte(`{"resourceType":"StructureDefinition","snapshot":{"element":[{"path":"A"},{"path":"A.b[x]","type":[{"code":"string"}],"max":"*"},{"path":"A.b[x]","sliceName":"b"},{"path":"A.c.d"}]}}`))
	fuzzSource(f, FHIRStructure)
}

func FuzzImportView(f *testing.F) {
	f.Add([]byte(`{"resourceType":"ViewDefinition","resource":"Patient","constant":[{"name":"use","valueCode":"official"}],"where":[{"path":"active"}],"select":[{"column":[{"name":"id","path":"getResourceKey()"}],"select":[{"forEachOrNull":"name.where(use = %use)","column":[{"name":"given","path":"given","collection":true}]}],"unionAll":[{"forEach":"telecom","column":[{"name":"v","path":"value"}]},{"column":[{"name":"v","path":"birthDate"}]}]}]}`))
	f.Add([]byte(`{"resource":"QuestionnaireResponse","select":[{"repeat":["item","answer.item"],"column":[{"name":"l","path":"linkId"},{"name":"n","path":"%rowIndex + 1"}]}]}`))
	fuzzSource(f, FHIRView)
}

func FuzzImportCRTDL(f *testing.F) {
	f.Add([]byte(`{"cohortDefinition":{"version":"1"},"dataExtraction":{"attributeGroups":[{"id":"o","groupReference":"http://x/ObservationLab","attributes":[{"attributeRef":"Observation.value[x]:valueQuantity.code","mustHave":true},{"attributeRef":"Observation.component:a.code"},{"attributeRef":"Observation.encounter","linkedGroups":["e"]}],"filter":[{"type":"date","name":"date","start":"2020-01-01","end":"2021-01-01"},{"type":"token","name":"code","codes":[{"system":"s","code":"c"}]}]},{"id":"e","name":"Encounter","groupReference":"http://x/y","attributes":[],"includeReferenceOnly":true},{"id":"Patient","groupReference":"http://x/p","attributes":[]}]}}`))
	f.Add([]byte(`{"resourceType":"Parameters","parameter":[{"name":"crtdl","valueBase64Binary":"e30="}]}`))
	fuzzSource(f, CRTDL)
}
