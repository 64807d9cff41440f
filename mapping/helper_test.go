package mapping

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop"
	"github.com/carabiner-health/carabiner/omop/vocab"
)

// subset opens the shared vocabulary once for all tests.
func subset(t testing.TB) *vocab.Store {
	t.Helper()
	dir := golden.Shared(t, "data/vocabulary/athena-subset")
	subsetOnce.Do(func() { subsetStore, _, subsetErr = vocab.OpenDir(context.Background(), dir, nil) })
	if subsetErr != nil {
		t.Fatal(subsetErr)
	}
	return subsetStore
}

var (
	subsetOnce  sync.Once
	subsetStore *vocab.Store
	subsetErr   error
)

// few is a vocabulary of a few made-up codes for tests without shared data.
type few struct{}

var fewConcepts = []omop.ConceptInfo{
	{ID: 1, Code: "c-1", Vocabulary: "SNOMED", Domain: "Condition", Class: "Disorder", Standard: 'S'},
	{ID: 2, Code: "m-1", Vocabulary: "LOINC", Domain: "Measurement", Class: "Lab Test", Standard: 'S'},
	{ID: 3, Code: "o-1", Vocabulary: "SNOMED", Domain: "Observation", Class: "Clinical Finding", Standard: 'S'},
	{ID: 4, Code: "d-1", Vocabulary: "RxNorm", Domain: "Drug", Class: "Clinical Drug", Standard: 'S'},
	{ID: 5, Code: "p-1", Vocabulary: "SNOMED", Domain: "Procedure", Class: "Procedure", Standard: 'S'},
	{ID: 6, Code: "mg", Vocabulary: "UCUM", Domain: "Unit", Class: "Unit", Standard: 'S'},
	{ID: 7, Code: "two", Vocabulary: "ICD10CM", Domain: "Condition", Class: "ICD10 code"},
	{ID: 8, Code: "n-1", Vocabulary: "LOINC", Domain: "Note", Class: "Doc", Standard: 'S'},
	{ID: 9, Code: "s-1", Vocabulary: "SNOMED", Domain: "Observation", Class: "Substance", Standard: 'S'},
	{ID: 10, Code: "8", Vocabulary: "CVX", Domain: "Drug", Class: "CVX", Standard: 'S'},
	{ID: 11, Code: "12345-5", Vocabulary: "LOINC", Domain: "Measurement", Class: "Lab Test", Standard: 'S'},
	{ID: 12, Code: "v-1", Vocabulary: "ICD10CM", Domain: "Condition", Class: "ICD10 code"},
	{ID: 13, Code: "416098002", Vocabulary: "SNOMED", Domain: "Observation", Class: "Clinical Finding", Standard: 'S'},
}

func (few) Lookup(vocabulary, code string) (omop.ConceptInfo, bool) {
	for _, c := range fewConcepts {
		if c.Vocabulary == vocabulary && c.Code == code {
			return c, true
		}
	}
	return omop.ConceptInfo{}, false
}

func (few) Concept(id int32) (omop.ConceptInfo, bool) {
	if id < 1 || int(id) > len(fewConcepts) {
		return omop.ConceptInfo{}, false
	}
	return fewConcepts[id-1], true
}

func (f few) MapsTo(id int32, dst []omop.ConceptInfo) []omop.ConceptInfo {
	switch c, _ := f.Concept(id); {
	case c.Standard == 'S':
		return append(dst, c)
	case c.Code == "two":
		return append(dst, fewConcepts[0], fewConcepts[2])
	case c.Code == "v-1":
		return append(dst, fewConcepts[1])
	}
	return dst
}

func (few) MapsToValue(id int32, dst []omop.ConceptInfo) []omop.ConceptInfo {
	if id == 12 {
		return append(dst, fewConcepts[2])
	}
	return dst
}

// convert runs Convert over NDJSON text and returns the folder and the report.
func convert(t testing.TB, ndjson string, opts ConvertOptions) (fs.FS, *Report, issue.List) {
	t.Helper()
	var found issue.Collector
	opts.Out = filepath.Join(t.TempDir(), "out")
	opts.Reporter = &found
	if opts.Concepts == nil {
		opts.Concepts = few{}
	}
	src := fhir.ReaderSource("in.ndjson", strings.NewReader(ndjson))
	defer src.Close()
	r, err := Convert(context.Background(), []fhir.Source{src}, &opts)
	if err != nil {
		t.Fatal(err)
	}
	return os.DirFS(opts.Out), r, found.List()
}

// table reads a table of a converted folder.
func table[T omop.Row](t testing.TB, out fs.FS) []T {
	t.Helper()
	sub, err := fs.Sub(out, "omop")
	if err != nil {
		t.Fatal(err)
	}
	var rows []T
	for row, err := range omop.ReadTable[T](sub, nil) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// hashes returns the hash of every file below the folders of a result.
func hashes(t testing.TB, dir string, folders ...string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range folders {
		err := filepath.WalkDir(filepath.Join(dir, f), func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			sum := sha256.Sum256(b)
			rel, err := filepath.Rel(dir, p)
			out[rel] = hex.EncodeToString(sum[:])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// linesOf calls f with every line of the gzipped NDJSON files of a folder.
func linesOf(t testing.TB, dir string, f func(file string, line []byte)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.ndjson.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("want NDJSON files in the shared folder, have %d, %v", len(files), err)
	}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReaderSize(z, 1<<20)
		for {
			line, err := r.ReadBytes('\n')
			if line = bytes.TrimSpace(line); len(line) > 0 {
				f(strings.TrimSuffix(filepath.Base(name), ".gz"), line)
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		file.Close()
	}
}

func mustJSON(t testing.TB, b []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

func itoa(n int32) string { return strconv.Itoa(int(n)) }

// reduceStudy reduces the facts of a study, with a Patient if it is linked, and
// wants every file of its valid series to end once.
func reduceStudy(t *testing.T, patients *FHIRToOMOP, m *DICOMToOMOP, facts *Facts, linked bool) {
	t.Helper()
	var of Facts
	s := shuffler{budget: 1 << 20}
	var files int64
	for i := range facts.items {
		if f := &facts.items[i]; f.Table == TableImageOccurrence {
			files += int64(f.numbers[nFiles])
		}
	}
	if linked {
		patient, err := fhir.Parse([]byte(smallPatient))
		if err != nil {
			t.Fatal(err)
		}
		patients.Map(patient, &of)
		facts.person = of.person
		if err := s.add(&of); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.add(facts); err != nil {
		t.Fatal(err)
	}
	s.sort()
	merged, err := newMerger([]*shuffler{&s})
	if err != nil {
		t.Fatal(err)
	}
	red := reducer{m: m.m, dims: &dimensions{}, rejectStudy: func(a *dicomAccount, rec *record, why rule) error {
		return eachImage(rec, func(f *fact) error {
			a.end("", Quarantined, why, int64(f.numbers[nFiles]))
			return nil
		})
	}}
	for b, err := range merged.blocks {
		if err != nil {
			t.Fatal(err)
		}
		rows := &rowBatch{}
		if err := red.block(b, rows); err != nil {
			t.Fatal(err)
		}
		base := [numTables]int32{}
		for _, tb := range eventTables {
			rows.rebase(tb, &base)
		}
		for _, f := range rows.ImageFeature {
			if int(f.ImageOccurrenceID) > len(rows.ImageOccurrence) || f.ImageOccurrenceID < 1 {
				t.Fatal("a feature of an image that is not there")
			}
		}
	}
	var ended int64
	for _, x := range red.account.dicom.files {
		for _, n := range x.outcomes {
			ended += n
		}
	}
	if ended != files {
		t.Fatalf("want %d files to end once, have %d ends", files, ended)
	}
}

// convertTo is convert to a folder that opts names.
func convertTo(t testing.TB, ndjson string, opts ConvertOptions) (string, *Report, issue.List) {
	t.Helper()
	var found issue.Collector
	opts.Reporter = &found
	src := fhir.ReaderSource("in.ndjson", strings.NewReader(ndjson))
	defer src.Close()
	r, err := Convert(context.Background(), []fhir.Source{src}, &opts)
	if err != nil {
		t.Fatal(err)
	}
	return opts.Out, r, found.List()
}
