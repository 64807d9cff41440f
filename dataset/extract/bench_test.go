package extract

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/index"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/view"
)

const sevenColumns = `{"resource": "Observation", "name": "observation", "select": [{"column": [
	{"name": "id", "path": "id", "type": "id"},
	{"name": "subject", "path": "subject.reference", "type": "string"},
	{"name": "effective", "path": "effective.ofType(dateTime)", "type": "dateTime"},
	{"name": "system", "path": "code.coding.first().system", "type": "uri"},
	{"name": "code", "path": "code.coding.first().code", "type": "code"},
	{"name": "value", "path": "value.ofType(Quantity).value", "type": "decimal"},
	{"name": "unit", "path": "value.ofType(Quantity).unit", "type": "string"}]}]}`

// BenchmarkObservations makes the same seven columns with view.Convert and with Run,
// which checks keys and types besides.
func BenchmarkObservations(b *testing.B) {
	lines, err := os.ReadFile(filepath.Join(clinic, "Observation.000.ndjson"))
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Observation.ndjson"), bytes.Repeat(lines, 1+(16<<20)/len(lines)), 0o600); err != nil {
		b.Fatal(err)
	}
	srcs, err := fhir.NewSources([]string{dir})
	if err != nil {
		b.Fatal(err)
	}
	v, err := view.New([]byte(sevenColumns), nil)
	if err != nil {
		b.Fatal(err)
	}
	moment := dataset.NewType(dataset.DateTime)
	moment.Partial = true
	t := viewTable("observation", sevenColumns, field("id", dataset.Text, required), field("subject", dataset.Text), field("effective", dataset.DateTime, typed(moment)), field("system", dataset.Text),
		field("code", dataset.Text), field("value", dataset.Decimal), field("unit", dataset.Text))
	t.Key = []string{"id"}
	m := &dataset.Model{Tables: []*dataset.Table{t}}
	b.Run("view", func(b *testing.B) {
		b.SetBytes(srcs[0].Size())
		for b.Loop() {
			if _, err := view.Convert(b.Context(), srcs, &view.ConvertOptions{Out: filepath.Join(b.TempDir(), "out"), Views: []*view.View{v}, Types: view.Native, Workers: 1}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("extract", func(b *testing.B) {
		b.SetBytes(srcs[0].Size())
		for b.Loop() {
			if _, err := Run(b.Context(), m, []string{dir}, &Options{Out: filepath.Join(b.TempDir(), "out"), Workers: 1}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkSeries makes the rows of series with dicommeta/index, which makes other
// tables besides, and with Run.
func BenchmarkSeries(b *testing.B) {
	dir := filepath.Join(clinic, "dicom")
	m := &dataset.Model{Tables: []*dataset.Table{seriesTable()}}
	b.Run("index", func(b *testing.B) {
		for b.Loop() {
			if _, err := index.Build(b.Context(), dicommeta.Sources(dir), &index.Options{Out: filepath.Join(b.TempDir(), "out"), SkipElements: true, Workers: 1}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("extract", func(b *testing.B) {
		for b.Loop() {
			if _, err := Run(b.Context(), m, []string{dir}, &Options{Out: filepath.Join(b.TempDir(), "out"), Workers: 1}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
