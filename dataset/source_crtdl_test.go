package dataset

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/fhirpath"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

func importCRTDLText(tb testing.TB, src []byte) ([]*Table, issue.List) {
	tb.Helper()
	in := &input{spec: SourceSpec{Name: "c", Kind: CRTDL, Ref: "c.json"}, file: "c.json", data: src, defs: fhirdef.R4()}
	tables, found, err := importCRTDL(context.Background(), in)
	if err != nil {
		tb.Fatal(err)
	}
	return tables, found
}

func TestSampleExtractionDefinitionsLoad(t *testing.T) {
	files, err := filepath.Glob(golden.Shared(t, "data/metadata/profiles/crtdl") + "/CRTDL*.json")
	if err != nil || len(files) != 16 {
		t.Fatalf("want 16 samples, have %d: %v", len(files), err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tables, found := importCRTDLText(t, src)
		if found.HasErrors() || len(tables) == 0 {
			t.Fatalf("%s: %d tables, %v", file, len(tables), found.Err())
		}
		for _, table := range tables {
			checkFHIRTable(t, table)
			for _, w := range table.Where {
				if _, err := fhirpath.Compile(w.Path, &fhirpath.Options{Type: table.From.Resource, Strict: true}); err != nil {
					t.Errorf("%s: %s: %v", file, w.Path, err)
				}
			}
		}
		if strings.HasSuffix(file, "all_fields.json") && len(tables) != 128 {
			t.Errorf("want 128 tables, have %d", len(tables))
		}
		for _, i := range found {
			t.Log(i)
		}
	}
}
