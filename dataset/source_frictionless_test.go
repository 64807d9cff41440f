package dataset

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

func TestSamplesOfTableSchemasAreJudged(t *testing.T) {
	dir := golden.Shared(t, "data/metadata/frictionless/data")
	files, _ := filepath.Glob(filepath.Join(dir, "schema-*.json"))
	valid, invalid := 0, 0
	for _, f := range files {
		name := filepath.Base(f)
		_, findings := importFile(t, TableSchema, f)
		for _, x := range findings {
			if x.Pos.Line < 1 || x.Pos.Column < 1 || x.Pos.Source == "" {
				t.Errorf("%s: want a position, have %s", name, x)
			}
		}
		switch {
		case strings.HasPrefix(name, "schema-invalid"):
			invalid++
			if !findings.HasErrors() {
				t.Errorf("%s: want an error, have %v", name, findings)
			}
		case strings.HasPrefix(name, "schema-valid"):
			valid++
			if len(findings) > 0 {
				t.Errorf("%s: want no finding, have %v", name, findings)
			}
		}
	}
	if valid < 6 || invalid < 12 {
		t.Errorf("have %d valid and %d invalid samples", valid, invalid)
	}
	for _, f := range []string{"storage/types.json", "storage/constraints.json", "storage/integrity.json", "number/datapackage.json"} {
		tables, findings := importFile(t, DataPackage, filepath.Join(dir, f))
		if findings.HasErrors() || len(tables) == 0 {
			t.Errorf("%s: %v", f, findings)
		}
		t.Log("\n" + outline(tables))
	}
	_ = issue.Error
}
