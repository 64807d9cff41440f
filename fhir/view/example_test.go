package view_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/view"
)

const names = `{
  "resource": "Patient", "name": "patient_name",
  "select": [
    {"column": [{"name": "patient_key", "path": "getResourceKey()"}]},
    {"forEach": "name", "column": [
      {"name": "number", "path": "%rowIndex"},
      {"name": "family", "path": "family"},
      {"name": "given", "path": "given.join(' ')"}]}]}`

func ExampleNew() {
	v, err := view.New([]byte(names), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := fhir.Parse([]byte(`{"resourceType": "Patient", "id": "1", "name": [{"family": "Berg", "given": ["Kim", "A"]}, {"family": "Dahl", "given": ["Eli"]}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	rows, issues := v.Rows(r)
	for _, row := range rows {
		fmt.Println(row...)
	}
	fmt.Println(len(issues), "findings")
	// Output:
	// Patient/1 0 Berg Kim A
	// Patient/1 1 Dahl Eli
	// 0 findings
}

func ExampleView_Explain() {
	v, err := view.New([]byte(`{"resource": "Patient", "name": "p", "select": [{"column": [
		{"name": "id", "path": "id"}, {"name": "year", "path": "birthDate.toString().substring(0, 4)"}]}]}`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for line := range strings.Lines(v.Explain()) {
		fmt.Println(strings.Join(strings.Fields(line), " "))
	}
	// Output:
	// p of Patient: scan of the text, some paths by FHIRPath on the tree
	// id id scan
	// year birthDate.toString().substring(0, 4) FHIRPath: the path calls substring
}

// A definition that is wrong is told with the place of everything wrong.
func ExampleParse() {
	_, err := view.Parse("mine.json", []byte(`{
  "resource": "Patient",
  "select": [{"column": [{"name": "last name", "path": "name.family"}]}]}`))
	fmt.Println(err)
	// Output: mine.json:3:35: error: select[0].column[0].name: want a name of letters, digits and _ that starts with a letter [view-definition]
}

func ExampleConvert() {
	dir, err := os.MkdirTemp("", "view")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	v, err := view.New([]byte(names), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	srcs := []fhir.Source{fhir.ReaderSource("-", strings.NewReader(`{"resourceType":"Patient","id":"1","name":[{"family":"Berg"}]}`+"\n"))}
	report, err := view.Convert(context.Background(), srcs, &view.ConvertOptions{
		Out: filepath.Join(dir, "out"), Views: []*view.View{v}, Format: view.NDJSON,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := os.ReadFile(filepath.Join(dir, "out", report.Views[0].File))
	fmt.Print(string(b), report.Views[0].Rows, " row ", err, "\n")
	// Output:
	// {"patient_key":"Patient/1","number":0,"family":"Berg","given":""}
	// 1 row <nil>
}
