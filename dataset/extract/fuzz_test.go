package extract

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// FuzzRun holds the account of damaged resources against what it says of itself, and the
// rows of the scan against those of the tree.
func FuzzRun(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Patient","id":"1","gender":"male","birthDate":"1950-02-28","name":[{"given":["A",null]}]}`), 10, byte('['))
	f.Add([]byte(`{"resourceType":"Patient","name":[{"family":"x","_family":{}}],"extension":[{"url":"http://sex","valueCode":1}]}`), 60, byte('"'))
	f.Add([]byte(" {\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\",\"id\":\"\\ud800\"}"), 0, byte(' '))
	name := object("HumanName", field("family", dataset.Text, required), field("given", dataset.List, typed(dataset.ListOf(dataset.NewType(dataset.Text)))))
	record := &dataset.Table{Name: "record", Form: dataset.Record, Kind: dataset.FHIRStructure, From: dataset.From{Resource: "Patient"}, Key: []string{"id"},
		Object: object("Patient", field("id", dataset.Text), field("name", dataset.List, typed(dataset.ListOf(objectType(name)))), field("birthDate", dataset.Date), field("active", dataset.Boolean))}
	m := &dataset.Model{Tables: []*dataset.Table{patients(), record}}
	out := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte, at int, with byte) {
		damaged := append([]byte(nil), text...)
		if at >= 0 && at < len(damaged) {
			damaged[at] = with
		}
		file := filepath.Join(out, "x.ndjson")
		if err := os.WriteFile(file, append(append(text, '\n'), damaged...), 0o600); err != nil {
			t.Fatal(err)
		}
		report, err := Run(t.Context(), m, []string{file}, &Options{Out: filepath.Join(out, "out"), Overwrite: true, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		addsUp(t, report)
		for _, a := range report.Tables {
			if a.Rows != a.WithRows {
				t.Errorf("%s: want a row a resource, have %d of %d", a.Name, a.Rows, a.WithRows)
			}
		}
	})
}

// FuzzMatch holds that equal values match and that the pattern of a value is in it.
func FuzzMatch(f *testing.F) {
	f.Add(`{"a":[1,{"b":"x"}],"c":null}`)
	f.Add(`[[],{},"",1e2]`)
	f.Add(`[0e700]`) // beyond the exact decimals
	f.Fuzz(func(t *testing.T, s string) {
		var tree jsontree.Tree
		if tree.Parse([]byte(s), nil) != nil || tree.Duplicates() != nil {
			return
		}
		v := parseLiteral(dataset.Literal(s))
		if !sameJSON(v, v) || !holdsPattern(v, v) {
			t.Errorf("%s: want a value to match itself", s)
		}
	})
}
