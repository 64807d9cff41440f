package gen

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/dataset/extract"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/gentest"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/mapping"
	"github.com/carabiner-health/carabiner/omop/vocab"
)

// The generated functions make the rows that the engine writes, leave out the records
// that it filters, and refuse those that it puts into the quarantine, for the same reason.
func TestGeneratedRowsEqualThoseOfTheEngine(t *testing.T) {
	clinic, err := filepath.Abs("../testdata/clinic")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	profile := filepath.Join(dir, "parity.yaml")
	if err := os.CopyFS(dir, os.DirFS("testdata/parity")); err != nil {
		t.Fatal(err)
	}
	m, found, err := dataset.Load(t.Context(), profile, &dataset.LoadOptions{Packages: []string{golden.Shared(t, "data/fhir/us-core-6.1.0.tgz")}})
	if err != nil || m == nil {
		t.Fatal(err, found)
	}
	cdm := filepath.Join(dir, "cdm")
	convertClinic(t, clinic, cdm)
	synthea := filepath.Join(dir, "synthea")
	for _, name := range []string{"Patient", "Observation", "Condition"} {
		sliceOf(t, golden.Shared(t, "data/fhir/synthea/bulk-300/"+name+".000.ndjson.gz"), filepath.Join(synthea, name+".ndjson"), 300)
	}
	out := filepath.Join(dir, "out")
	if _, err := extract.Run(t.Context(), m, []string{clinic, synthea, filepath.Join(dir, "odd.ndjson"), cdm}, &extract.Options{Out: out}); err != nil {
		t.Fatal(err)
	}
	files, findings, err := Go(m, &GoOptions{Package: "parity", Extract: true})
	if err != nil {
		t.Fatal(err, findings)
	}
	test, err := os.ReadFile("testdata/parity/parity.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	paths := fmt.Sprintf("package parity_test\n\nconst (\n\tout = %q\n\tclinic = %q\n\tsynthea = %q\n\todd = %q\n\tcdm = %q\n)\n", out, clinic, synthea, filepath.Join(dir, "odd.ndjson"), filepath.Join(cdm, "omop"))
	run := gentest.Run{Carabiner: true, Files: map[string][]byte{"parity/parity_test.go": test, "parity/paths_test.go": []byte(paths)}}
	for _, f := range files {
		run.Files["parity/"+f.Name] = f.Content
	}
	run.Do(t)
}

// convertClinic makes a folder of OMOP out of the clinic.
func convertClinic(t *testing.T, clinic, out string) {
	t.Helper()
	store, _, err := vocab.OpenDir(t.Context(), "../testdata/clinic-vocabulary", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	srcs, err := fhir.NewSources([]string{clinic})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mapping.Convert(t.Context(), srcs, &mapping.ConvertOptions{Out: out, Concepts: store}); err != nil {
		t.Fatal(err)
	}
}

// sliceOf writes the first lines of a compressed file.
func sliceOf(t *testing.T, from, to string, lines int) {
	t.Helper()
	f, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(io.LimitReader(z, 4<<20))
	if err != nil {
		t.Fatal(err)
	}
	all := bytes.SplitAfterN(text, []byte("\n"), lines+1)
	if len(all) > 1 {
		all = all[:len(all)-1]
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, bytes.Join(all, nil), 0o600); err != nil {
		t.Fatal(err)
	}
}
