package extract_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/dataset/extract"
)

// A ViewDefinition is a profile by itself.
func ExampleRun() {
	dir, err := os.MkdirTemp("", "extract")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	view := filepath.Join(dir, "patients.json")
	err = os.WriteFile(view, []byte(`{"resourceType": "ViewDefinition", "name": "patients", "status": "active", "resource": "Patient",
		"select": [{"column": [{"name": "id", "path": "getResourceKey()"}, {"name": "born", "path": "birthDate", "type": "date"}]}]}`), 0o600)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	model, findings, err := dataset.Load(ctx, view, nil)
	if err != nil || findings.HasErrors() {
		fmt.Println(err, findings)
		return
	}
	report, err := extract.Run(ctx, model, []string{"../../testdata/clinic"}, &extract.Options{Out: filepath.Join(dir, "tables")})
	if err != nil {
		fmt.Println(err)
		return
	}
	t := report.Tables[0]
	fmt.Println(t.Name, t.Records, "records", t.Rows, "rows", t.Quarantined, "in quarantine")
	// Output:
	// patients 12 records 12 rows 0 in quarantine
}
