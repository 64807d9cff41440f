package view

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/golden"
)

// pair is a view in both forms.
type pair struct {
	name        string
	scan, paths *runner
	scanned     int // resources of which the scan made all rows
	left        int // resources that were left to FHIRPath
}

// pairOf compiles a view in both forms.
func pairOf(t testing.TB, src []byte) *pair {
	t.Helper()
	p := &pair{}
	for i, to := range []**runner{&p.scan, &p.paths} {
		v, err := New(src, &Options{PathsOnly: i == 1})
		if err != nil {
			t.Fatal(err)
		}
		r, err := newRunner(v)
		if err != nil {
			t.Fatal(err)
		}
		p.name = v.name
		*to = r
	}
	return p
}

// written is a sink that writes rows as text.
type written struct{ b []byte }

func (w *written) rollback() { w.b = w.b[:0] }

func (w *written) row(cells []cell) error {
	for i := range cells {
		w.b = append(cells[i].appendJSON(w.b), ' ')
	}
	w.b = append(w.b, '\n')
	return nil
}

// compare makes the rows of a resource in all ways and compares them.
func (p *pair) compare(t testing.TB, r *fhir.Resource) {
	t.Helper()
	var want, have, quick written
	a, errA := p.paths.resource(r, &counting{sink: &want})
	b, errB := p.scan.resource(r, &counting{sink: &have})
	var f *failure
	if errA != nil || errB != nil {
		if (errA == nil) != (errB == nil) || !errors.As(errA, &f) || !errors.As(errB, &f) || errA.(*failure).code != errB.(*failure).code {
			t.Fatalf("%s: %s: want the error %v, have %v", p.name, r.ID(), errA, errB)
		}
		return
	}
	if a != b || !bytes.Equal(want.b, have.b) {
		t.Fatalf("%s: %s: want (%d)\n%s\nhave (%d)\n%s", p.name, r.ID(), a, want.b, b, have.b)
	}
	c, ok, err := p.scan.text(r.Raw(), &counting{sink: &quick})
	if !ok || err != nil {
		p.left++
		return
	}
	p.scanned++
	if a != c || !bytes.Equal(want.b, quick.b) {
		t.Fatalf("%s: %s: want (%d)\n%s\nhave of the text alone (%d)\n%s", p.name, r.ID(), a, want.b, c, quick.b)
	}
}

// libraryPairs are the views that ship, by resource type.
func libraryPairs(t testing.TB) map[string][]*pair {
	pairs := map[string][]*pair{}
	for _, name := range LibraryNames() {
		src, err := LibrarySource(name)
		if err != nil {
			t.Fatal(err)
		}
		p := pairOf(t, src)
		pairs[p.scan.view.def.Resource] = append(pairs[p.scan.view.def.Resource], p)
	}
	return pairs
}

func TestScanAndFHIRPathMakeTheSameRowsOfTheBulkExport(t *testing.T) {
	pairs := libraryPairs(t)
	dir := golden.Shared(t, "data/fhir/synthea/bulk-300")
	n := 0
	for r, err := range fhir.ReadFS(t.Context(), os.DirFS(dir), nil) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if testing.Short() && n%50 != 0 {
			continue
		}
		for _, p := range pairs[r.Type()] {
			p.compare(t, r)
		}
	}
	seen := 0
	for _, list := range pairs {
		for _, p := range list {
			if p.scanned+p.left == 0 {
				continue
			}
			seen++
			if p.scan.view.pure && p.left > 0 {
				t.Errorf("%s: want a scan of every resource, have %d left to FHIRPath of %d", p.name, p.left, p.left+p.scanned)
			}
		}
	}
	if seen < 20 {
		t.Errorf("want resources of 20 views, have %d", seen)
	}
}

func TestScanAndFHIRPathMakeTheSameRowsOfTheExamples(t *testing.T) {
	pairs := libraryPairs(t)
	f, err := os.Open(golden.Shared(t, "data/fhir/r4-examples.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(z); ; {
		h, err := files.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, ".json") {
			continue
		}
		b, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		r, err := fhir.Parse(b)
		if err != nil {
			continue // some are no resources
		}
		for _, p := range pairs[r.Type()] {
			p.compare(t, r)
		}
	}
	scanned, left := 0, 0
	for _, list := range pairs {
		for _, p := range list {
			scanned += p.scanned
			left += p.left
		}
	}
	if scanned < 390 {
		t.Errorf("want at least 390 tables of examples by a scan, have %d (%d by FHIRPath)", scanned, left)
	}
	t.Logf("%d by a scan, %d by FHIRPath", scanned, left)
}
