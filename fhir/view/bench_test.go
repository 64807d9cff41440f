package view

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/fhir"
)

// BenchmarkConvert makes seven columns of Parquet out of the shared
// observations, unpacked and four times over.
func BenchmarkConvert(b *testing.B) {
	text := bytes.Repeat(append(bytes.Join(bulkLines(b, "Observation"), []byte("\n")), '\n'), 4)
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Observation.ndjson"), text, 0o600); err != nil {
		b.Fatal(err)
	}
	v, err := New([]byte(sevenColumns), nil)
	if err != nil {
		b.Fatal(err)
	}
	srcs, err := fhir.NewSources([]string{dir})
	if err != nil {
		b.Fatal(err)
	}
	for name, f := range map[string]Format{"parquet": Parquet, "csv": CSV, "ndjson": NDJSON} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Convert(b.Context(), srcs, &ConvertOptions{Out: filepath.Join(b.TempDir(), "out"), Overwrite: true, Views: []*View{v}, Types: Native, Format: f, Workers: 1}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

const sevenColumns = `{"resource": "Observation", "name": "observation", "select": [{"column": [
	{"name": "id", "path": "id", "type": "id"},
	{"name": "subject", "path": "subject.reference", "type": "string"},
	{"name": "effective", "path": "effective.ofType(dateTime)", "type": "dateTime"},
	{"name": "system", "path": "code.coding.first().system", "type": "uri"},
	{"name": "code", "path": "code.coding.first().code", "type": "code"},
	{"name": "value", "path": "value.ofType(Quantity).value", "type": "decimal"},
	{"name": "unit", "path": "value.ofType(Quantity).unit", "type": "string"}]}]}`
