package fhir

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNewSourcesTakesFilesFoldersAndPatterns(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.ndjson", "a.ndjson.gz", "README.md", "sub/c.json", ".hid/d.json"} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(patient), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"folder", []string{dir}, []string{"README.md (documentation)", "a.ndjson.gz", "b.ndjson", "sub/c.json"}},
		{"file", []string{at("README.md")}, []string{"README.md"}},
		{"pattern", []string{at("*.ndjson*")}, []string{"a.ndjson.gz", "b.ndjson"}},
		{"pattern with a folder", []string{at("*")}, []string{".hid/d.json", "README.md (documentation)", "a.ndjson.gz", "b.ndjson", "sub/c.json"}},
		{"twice", []string{at("b.ndjson"), dir, at("b.ndjson")}, []string{"b.ndjson", "README.md (documentation)", "a.ndjson.gz", "sub/c.json"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srcs, err := NewSources(tt.args)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range srcs {
				name, err := filepath.Rel(dir, s.Name())
				if err != nil || s.Size() != int64(len(patient)) {
					t.Errorf("want a path below the folder and the size, have %v, %d", err, s.Size())
				}
				name = filepath.ToSlash(name)
				if s.Skipped() != "" {
					name += " (" + s.Skipped() + ")"
				}
				got = append(got, name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	for _, arg := range []string{at("none"), at("none*"), at("[")} {
		if _, err := NewSources([]string{arg}); err == nil || !strings.HasPrefix(err.Error(), "fhir: ") {
			t.Errorf("want an error of this package, have %v", err)
		}
	}
	if _, err := NewSources([]string{at("none*")}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want a not-exist error, have %v", err)
	}
}

func TestAnExplicitFileIsNeverSkippedByItsName(t *testing.T) {
	file := filepath.Join(t.TempDir(), "readme.txt")
	if err := os.WriteFile(file, []byte(patient), 0o600); err != nil {
		t.Fatal(err)
	}
	srcs, err := NewSources([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	stats, err := Each(t.Context(), srcs, nil, func(int, *Resource) error { return nil })
	if err != nil || stats.Records() != 1 {
		t.Errorf("want 1 resource, have %d, %v", stats.Records(), err)
	}
}

func TestStreamsAreKeptForASecondReading(t *testing.T) {
	text := strings.Repeat("0123456789", 1000)
	for _, bound := range []int{1 << 20, 4096, 1} {
		sp := &spool{src: io.MultiReader(strings.NewReader(text)), bound: bound}
		first, err := sp.reader()
		if err != nil {
			t.Fatal(err)
		}
		begin := make([]byte, 5000)
		if _, err := io.ReadFull(first, begin); err != nil {
			t.Fatal(err)
		}
		second, err := sp.reader() // overtakes the first
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(second)
		if err != nil || string(got) != text {
			t.Errorf("bound %d: want the whole text, have %d bytes, %v", bound, len(got), err)
		}
		rest, err := io.ReadAll(first)
		if err != nil || string(begin)+string(rest) != text {
			t.Errorf("bound %d: want the rest of the text, have %d bytes, %v", bound, len(rest), err)
		}
		if (sp.file != nil) != (bound < len(text)) {
			t.Errorf("bound %d: want a file only beyond the bound", bound)
		}
		if err := sp.close(); err != nil {
			t.Error(err)
		}
		if _, err := sp.reader(); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("want a closed spool, have %v", err)
		}
		if _, err := first.Read(begin); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("want a closed reader, have %v", err)
		}
	}
}

func TestSpoolsLeaveNothingBehind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	src := ReaderSource("-", io.MultiReader(bytes.NewReader(make([]byte, spoolBound+100))))
	r, err := src.Open()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r); n != spoolBound+100 || err != nil {
		t.Fatal(n, err)
	}
	if err := src.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("want an empty folder, have %d files, %v", len(left), err)
	}
}

func TestABundleFromAStreamIsReadTwice(t *testing.T) {
	// Longer than the window, with a reference forward to its last entry.
	var b strings.Builder
	b.WriteString(`{"resourceType":"Bundle","entry":[`)
	for range 400 {
		b.WriteString(`{"resource":{"resourceType":"Observation","subject":{"reference":"urn:uuid:p"},"x":"` + strings.Repeat("x", 1000) + `"}},` + "\n")
	}
	b.WriteString(`{"fullUrl":"urn:uuid:p","resource":` + patient + `}]}` + "\n" + patient)
	for _, r := range []io.Reader{strings.NewReader(b.String()), io.MultiReader(strings.NewReader(b.String())), strings.NewReader(gz(b.String()))} {
		e := newEngine(t.Context(), []Source{ReaderSource("-", r)}, nil)
		e.docBound = 100_000
		e.once = true
		n := 0
		err := e.each(1, func(_ int, r *Resource) error {
			n++
			if ref := r.Resolve([]byte("urn:uuid:p")); n < 402 && (ref.Type != "Patient" || string(ref.ID) != "p1") {
				return errors.New("the reference forward leads nowhere")
			}
			if n == 402 && (r.Pos().Line != 402 || r.Pos().Column != 1 || r.Record() != 402) {
				t.Errorf("want the resource behind the Bundle at line 402, have %v", r.Pos())
			}
			return nil
		})
		if err != nil || n != 402 {
			t.Errorf("want 402 resources, have %d, %v", n, err)
		}
	}
}

func TestTheZeroSourceIsAnError(t *testing.T) {
	var s Source
	if _, err := s.Open(); err == nil {
		t.Error("want an error")
	}
	if err := CloseSources([]Source{s, {close: func() error { return fs.ErrClosed }}}); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("want the error of closing, have %v", err)
	}
}
