package dataset

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

// TestStructuresWithFaultsAreReadOrRefused changes one element of a profile after
// the other, as a careless author would: nothing panics, and what is read fulfils
// the laws of tables.
func TestStructuresWithFaultsAreReadOrRefused(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("testdata", "fhir", "observation-sliced.json"))
	if err != nil {
		t.Fatal(err)
	}
	changes := []func(e map[string]any){
		func(e map[string]any) { e["max"] = "0" },
		func(e map[string]any) { e["min"], e["max"] = 7, "*" },
		func(e map[string]any) { delete(e, "slicing") },
		func(e map[string]any) { delete(e, "sliceName") },
		func(e map[string]any) { e["type"] = []any{} },
		func(e map[string]any) { e["type"] = []any{map[string]any{"code": "Nothing"}} },
		func(e map[string]any) { e["contentReference"] = "#Observation.component" },
		func(e map[string]any) { e["path"], e["id"] = "Observation.odd.place", "Observation.odd.place" },
		func(e map[string]any) {
			e["slicing"] = map[string]any{"rules": "closed", "ordered": true, "discriminator": []any{
				map[string]any{"type": "value", "path": "extension('http://x').value"}, map[string]any{"type": "position", "path": "$this"}}}
		},
		func(e map[string]any) { e["fixedString"], e["patternQuantity"] = "x", map[string]any{"value": 1.50} },
	}
	count := elementsOf(t, src)
	read, refused, tried := 0, 0, 0
	for i := range count {
		for j, change := range changes {
			if (i+j)%3 != 0 {
				continue
			}
			tried++
			var doc map[string]any
			if err := json.Unmarshal(src, &doc); err != nil {
				t.Fatal(err)
			}
			change(doc["differential"].(map[string]any)["element"].([]any)[i].(map[string]any))
			changed, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			in := &input{spec: SourceSpec{Name: "sd", Kind: FHIRStructure}, file: "sd.json", data: changed, defs: fhirdef.R4()}
			tables, found, err := importStructure(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			if len(tables) == 0 && !found.HasErrors() {
				t.Fatalf("element %d: want a table or an error, have neither", i)
			}
			refused++
			for _, table := range tables {
				checkFHIRTable(t, table)
				read++
				refused--
			}
		}
	}
	if read < 60 || read+refused != tried {
		t.Errorf("want most to be read, have %d read and %d refused", read, refused)
	}
}

func elementsOf(t *testing.T, src []byte) int {
	t.Helper()
	var doc struct {
		Differential struct{ Element []json.RawMessage }
	}
	if err := json.Unmarshal(src, &doc); err != nil {
		t.Fatal(err)
	}
	return len(doc.Differential.Element)
}
