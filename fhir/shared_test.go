package fhir

import (
	"archive/tar"
	"bytes"
	"errors"
	"hash/maphash"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// heavy leaves out a test of much data, all of it read by code that smaller
// tests run under the race detector.
func heavy(t *testing.T) {
	t.Helper()
	if raceDetector || testing.Short() {
		t.Skip("much data: left out with -race and -short")
	}
}

// sharedSources lists a shared folder.
func sharedSources(t testing.TB, name string) []Source {
	t.Helper()
	srcs, err := FSSources(os.DirFS(golden.Shared(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	return srcs
}

func TestTheBulkExportIsReadWhole(t *testing.T) {
	heavy(t)
	srcs := sharedSources(t, "data/fhir/synthea/bulk-300")
	want := map[string]int64{
		"Observation": 42351, "Claim": 11413, "Encounter": 8913, "ExplanationOfBenefit": 8913, "Procedure": 6624,
		"Immunization": 3598, "DiagnosticReport": 2941, "MedicationRequest": 2500, "Condition": 2144, "CarePlan": 832,
		"Goal": 494, "Patient": 300, "AllergyIntolerance": 184, "ImagingStudy": 124, "Organization": 102, "Practitioner": 102,
	}
	for _, workers := range []int{1, 2, 5} {
		var mu sync.Mutex
		got := map[string]int64{}
		stats, err := Each(t.Context(), srcs, &ReadOptions{Workers: workers}, func(_ int, r *Resource) error {
			mu.Lock()
			defer mu.Unlock()
			got[r.Type()]++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d workers (-want +got)\n%s", workers, diff)
		}
		if stats.Records() != 91535 || stats.Bytes() != 126141187 || stats.Rejected() != 0 {
			t.Errorf("want 91535 records in 126141187 bytes, have %d in %d", stats.Records(), stats.Bytes())
		}
	}
}

// withoutURN writes a reference as a bulk export does.
func withoutURN(r *Resource, text []byte) []byte {
	return replaceReferences(text, func(ref []byte) []byte {
		if to := r.Resolve(ref); to.Kind == RefBundle {
			return append([]byte(to.Type+"/"), to.ID...)
		}
		return ref
	})
}

// replaceReferences changes the texts of all Reference.reference members.
func replaceReferences(text []byte, f func([]byte) []byte) []byte {
	const mark = `"reference":"`
	var out []byte
	for {
		i := bytes.Index(text, []byte(mark))
		if i < 0 {
			return append(out, text...)
		}
		i += len(mark)
		out = append(out, text[:i]...)
		text = text[i:]
		end := bytes.IndexByte(text, '"')
		out = append(out, f(text[:end])...)
		text = text[end:]
	}
}

// TestBundlesHoldTheResourcesOfTheBulkExport reads 100 patients from their
// bundles and from the bulk export: after the references are written alike and
// the white space is gone, both must be the same bytes.
func TestBundlesHoldTheResourcesOfTheBulkExport(t *testing.T) {
	heavy(t)
	bulk := sharedSources(t, "data/fhir/synthea/bulk-300")
	seed := maphash.MakeSeed()
	in := map[string]uint64{} // Type/id: the text
	var mu sync.Mutex
	_, err := Each(t.Context(), bulk, nil, func(_ int, r *Resource) error {
		mu.Lock()
		defer mu.Unlock()
		in[r.Type()+"/"+r.ID()] = maphash.Bytes(seed, r.Raw())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var read int64
	different, unresolved := 0, 0
	check := func(_ int, r *Resource) error {
		mu.Lock()
		defer mu.Unlock()
		read++
		if r.Type() == "Organization" || r.Type() == "Practitioner" {
			return nil // the bundles hold less of them
		}
		key := r.Type() + "/" + r.ID()
		seen[key] = true
		text := withoutURN(r, jsontree.Compact(nil, r.Raw()))
		if bytes.Contains(text, []byte(`"reference":"urn:`)) {
			unresolved++
		}
		if want, ok := in[key]; !ok || want != maphash.Bytes(seed, text) {
			different++
		}
		return nil
	}
	stats, err := Each(t.Context(), sharedSources(t, "data/fhir/synthea/bundles-100"), &ReadOptions{Workers: 2}, check)
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(28041 + 102 + 102); read != want || stats.Records() != want || stats.Rejected() != 0 {
		t.Errorf("want %d resources, have %d, %d in the account, %d rejected", want, read, stats.Records(), stats.Rejected())
	}
	if want := 28041 - 320; len(seen) != want || different > 0 || unresolved > 0 {
		t.Errorf("want %d resources as in the bulk export, have %d, %d of them different, %d unresolved", want, len(seen), different, unresolved)
	}
}

// TestTheSplitterReadsBundlesAsTheWindowDoes reads a bundle through both ways.
func TestTheSplitterReadsBundlesAsTheWindowDoes(t *testing.T) {
	srcs := sharedSources(t, "data/fhir/synthea/bundles-100")[:6]
	read := func(document int) []string {
		e := newEngine(t.Context(), srcs, nil)
		e.docBound = document
		var out []string
		err := e.each(1, func(_ int, r *Resource) error {
			ref := r.Resolve(r.Get("subject").Get("reference").Bytes(nil))
			out = append(out, r.Pos().String()+r.Type()+r.ID()+string(r.FullURL())+string(ref.ID)+string(r.Raw()))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	want, got := read(documentBytes), read(1000)
	if len(want) == 0 || len(got) != len(want) {
		t.Fatalf("want %d resources, have %d", len(want), len(got))
	}
	for i := range want {
		if want[i] != got[i] {
			t.Fatalf("resource %d differs", i)
		}
	}
}

// examples calls f with every file of HL7's R4 examples.
func examples(t *testing.T, f func(name string, text []byte)) {
	t.Helper()
	file, err := os.Open(golden.Shared(t, "data/fhir/r4-examples.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(z); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || !strings.HasSuffix(h.Name, ".json") {
			continue
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		f(h.Name, text)
	}
}

func TestOfficialExamplesAreWrittenBackByteForByte(t *testing.T) {
	heavy(t)
	files, entries := 0, 0
	examples(t, func(name string, text []byte) {
		files++
		var verbatim, lines bytes.Buffer
		w := NewWriter(&verbatim, &WriteOptions{Verbatim: true})
		nd := NewWriter(&lines, nil)
		for r, err := range Read(t.Context(), bytes.NewReader(text), &ReadOptions{WholeBundles: true}) {
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			if err := errors.Join(w.Write(r), nd.Write(r)); err != nil {
				t.Fatal(err)
			}
		}
		want := bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
		if !bytes.Equal(verbatim.Bytes(), want) {
			t.Errorf("%s: what is written differs from what was read", name)
		}
		if got := lines.Bytes(); bytes.Count(got, []byte{'\n'}) != 1 || !bytes.Equal(got[:len(got)-1], jsontree.Compact(nil, want)) && bytes.IndexByte(want, '\n') >= 0 {
			t.Errorf("%s: want one line with the same tokens", name)
		}
		for _, err := range Read(t.Context(), bytes.NewReader(text), nil) {
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			entries++
		}
	})
	if files != 5298 || entries < files {
		t.Errorf("want 5298 files, have %d with %d resources", files, entries)
	}
}

// TestTheFormOfPublishedResourcesIsGood looks at resources whose form is known to be good.
func TestTheFormOfPublishedResourcesIsGood(t *testing.T) {
	heavy(t)
	bad := map[string]issue.List{}
	examples(t, func(name string, text []byte) {
		r, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		list := formFindings(r, fhirdef.R4(), 100)
		if len(list) > 0 {
			bad[name] = list
		}
	})
	for name, list := range bad {
		t.Errorf("%s: %v", name, list[0])
	}
	var mu sync.Mutex
	_, err := Each(t.Context(), sharedSources(t, "data/fhir/synthea/bulk-300"), nil, func(_ int, r *Resource) error {
		if list := formFindings(r, fhirdef.R4(), 100); len(list) > 0 {
			mu.Lock()
			defer mu.Unlock()
			t.Errorf("%v", list[0])
			return errors.New("enough")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestAMissingByteCostsFewEntries takes single bytes out of a published
// bundle: all but the entries around the damage must still be read, and every
// reference to them must resolve.
func TestAMissingByteCostsFewEntries(t *testing.T) {
	srcs := sharedSources(t, "data/fhir/synthea/bundles-100")
	in, err := openInput(&srcs[2], 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(in)
	in.close()
	if err != nil {
		t.Fatal(err)
	}
	_, stats := readEvents(t, bytes.NewReader(text), knobs{})
	rng := rand.New(rand.NewPCG(3, 4))
	rounds := 60
	if raceDetector || testing.Short() {
		rounds = 3
	}
	for range rounds {
		at := rng.IntN(len(text))
		damaged := slices.Delete(bytes.Clone(text), at, at+1)
		_, got := readEvents(t, bytes.NewReader(damaged), knobs{})
		if got.Records < stats.Records-1 || got.Records+got.Rejected < stats.Records {
			t.Errorf("without byte %d: want at least %d of %d resources and the rest rejected, have %d and %d", at, stats.Records-1, stats.Records, got.Records, got.Rejected)
		}
	}
}
