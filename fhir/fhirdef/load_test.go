package fhirdef

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// packageFiles returns the JSON files of a package that hold a resource with a
// URL, by the URL.
func packageFiles(t *testing.T, name string) (files map[string][]byte, urls int) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files = map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files, urls
		}
		if err != nil {
			t.Fatal(err)
		}
		if dir, base := path.Split(h.Name); dir != "package/" || !strings.HasSuffix(base, ".json") || base[0] == '.' {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = b
		var tree jsontree.Tree
		if err := tree.Parse(b, nil); err != nil {
			t.Fatal(err)
		}
		if tree.Root().Get("resourceType").Text() != "" && tree.Root().Get("url").Text() != "" {
			urls++
		}
	}
}

func TestLoadUSCore(t *testing.T) {
	dir := golden.Shared(t, "data/fhir")
	for _, c := range []struct{ file, id string }{
		{"us-core-6.1.0.tgz", "hl7.fhir.us.core#6.1.0"},
		{"us-core-3.1.1.tgz", "hl7.fhir.us.core#3.1.1"},
	} {
		name := filepath.Join(dir, c.file)
		p, err := Load(context.Background(), name, nil)
		if err != nil {
			t.Fatal(err)
		}
		files, urls := packageFiles(t, name)
		if p.ID() != c.id || p.Len() != urls || p.Canonical != "http://hl7.org/fhir/us/core" {
			t.Errorf("%s: want %d resources of %s, have %d of %s", c.file, urls, c.id, p.Len(), p.ID())
		}
		d := R4().With(p)
		s := d.Structure("http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient|" + p.Version)
		if s == nil || s.Type != "Patient" || len(s.Elements) < 20 || s.Package != c.id {
			t.Fatalf("%s: want the profile of Patient, have %+v", c.file, s)
		}
		if R4().Structure(s.URL) != nil {
			t.Errorf("R4's own definitions changed")
		}
		if got := d.Versions(s.URL); len(got) != 1 || got[0] != p.Version {
			t.Errorf("want version %s, have %v", p.Version, got)
		}
		if v := d.Resource("SearchParameter", "http://hl7.org/fhir/us/core/SearchParameter/us-core-patient-name"); !v.Get("code").EqualText("name") {
			t.Errorf("%s: want a search parameter by its URL, have none", c.file)
		}

		// A folder with the same files is the same package.
		fsys := fstest.MapFS{}
		for name, b := range files {
			fsys[name] = &fstest.MapFile{Data: b}
		}
		fsys["package/example/Patient-x.json"] = &fstest.MapFile{Data: []byte(`{"resourceType":"Questionnaire","url":"http://x/q"}`)}
		again, err := LoadFS(context.Background(), fsys, nil)
		if err != nil {
			t.Fatal(err)
		}
		if again.ID() != p.ID() || again.Len() != p.Len() {
			t.Errorf("want %d resources from the folder too, have %d", p.Len(), again.Len())
		}
	}
}

func TestNewestOfTwoPackagesWins(t *testing.T) {
	dir := golden.Shared(t, "data/fhir")
	var pkgs []*Package
	for _, file := range []string{"us-core-6.1.0.tgz", "us-core-3.1.1.tgz"} {
		p, err := Load(context.Background(), filepath.Join(dir, file), nil)
		if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
	const url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
	for _, d := range []*Definitions{R4().With(pkgs...), R4().With(pkgs[1], pkgs[0]), R4().With(pkgs[1]).With(pkgs[0])} {
		for canonical, want := range map[string]string{url: "6.1.0", url + "|3.1": "3.1.1", url + "|6.1.0": "6.1.0"} {
			if s := d.Structure(canonical); s == nil || s.Version != want {
				t.Errorf("%s: want %s, have %+v", canonical, want, s)
			}
		}
		if got := strings.Join(d.Versions(url), " "); got != "6.1.0 3.1.1" {
			t.Errorf("want both versions, have %s", got)
		}
	}
}

const profile = `{
  "resourceType": "StructureDefinition",
  "url": "http://example.org/p", "version": "VERSION", "name": "P", "kind": "resource", "type": "Patient",
  "derivation": "constraint", "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
  "snapshot": { "element": [
    { "id": "Patient", "path": "Patient", "min": 0, "max": "*" },
    { "id": "Patient.x", "path": "Patient.x", "min": "0", "max": "1" }
  ] }
}`

func TestErrorsNameThePlace(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"kind", profile, "p.json:7:54: StructureDefinition.snapshot.element.min: want number, have string"},
		{"max", strings.Replace(profile, `"max": "*"`, `"max": "many"`, 1), "p.json:6:60: StructureDefinition.snapshot.element.max: want a number or *, have another text"},
		{"syntax", `{"resourceType": }`, "p.json:1:18: want value, have closing bracket"},
		{"nothing", `{"resourceType": "Patient"}`, "p.json:1:1: want a resource with url, have none"},
		{"array", `[]`, "p.json:1:1: want a resource with url, have none"},
		{"concept", `{"resourceType":"CodeSystem","url":"u","concept":[{"code":1}]}`, "p.json:1:59: CodeSystem.concept.code: want string, have number"},
		{"include", `{"resourceType":"ValueSet","url":"u","compose":{"include":{}}}`, "p.json:1:59: ValueSet.compose.include: want array, have object"},
		{"bundle", "{\n" + `"resourceType":"Bundle","entry":[{"resource":` + profile + `}]}`, "p.json:8:54: StructureDefinition.snapshot.element.min: want number"},
	} {
		p := NewPackage("test", "")
		err := p.Add([]byte(c.src), "p.json")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, have %v", c.name, c.want, err)
		}
		if p.Len() != 0 {
			t.Errorf("%s: want nothing added", c.name)
		}
	}
}

func fixed(version string) []byte {
	return []byte(strings.NewReplacer(`"min": "0"`, `"min": 0`, "VERSION", version).Replace(profile))
}

func TestVersions(t *testing.T) {
	add := func(name string, versions ...string) *Package {
		p := NewPackage(name, "1")
		for _, v := range versions {
			if err := p.Add(fixed(v), ""); err != nil {
				t.Fatal(err)
			}
		}
		return p
	}
	d := R4().With(add("a", "1.2.0", "1.10.1", "1.2.3"), add("b", "1.2.3", "1.10.1-ballot", "2020-05-01"))
	for canonical, want := range map[string]string{
		"http://example.org/p":        "b 2020-05-01", // neither newer nor older than a number: the later one
		"http://example.org/p|1.2":    "b 1.2.3",
		"http://example.org/p|1.2.0":  "a 1.2.0",
		"http://example.org/p|1.10":   "a 1.10.1",
		"http://example.org/p|1":      "a 1.10.1",
		"http://example.org/p|1.1":    "",
		"http://example.org/p|1.10.2": "",
		"http://example.org/q":        "",
	} {
		have := ""
		if s := d.Structure(canonical); s != nil {
			have = s.Package[:1] + " " + s.Version
		}
		if have != want {
			t.Errorf("%s: want %q, have %q", canonical, want, have)
		}
	}
}

func TestCompareVersions(t *testing.T) {
	order := []string{"", "0.9", "1.0.0-ballot", "1.0.0-snapshot", "1.0.0", "1.2", "1.10.0", "4.0.1", "2020.1"}
	for i, a := range order {
		for j, b := range order {
			if got := compareVersions(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%q and %q: want %d, have %d", a, b, i-j, got)
			}
		}
	}
	for _, same := range [][2]string{{"1.2", "1.2.0"}, {"01.2", "1.2"}, {"2020-01-01", "3.0"}} {
		if got := compareVersions(same[0], same[1]); got != 0 {
			t.Errorf("%q and %q: want neither newer, have %d", same[0], same[1], got)
		}
	}
}

// HL7's terminology numbers its versions anew, below those of R4, and yet is
// what a code system of R4 became.
func TestOwnerOutranksNumber(t *testing.T) {
	d := R4()
	const url = "http://terminology.hl7.org/CodeSystem/v2-0203"
	if s := d.CodeSystem(url); s == nil || s.Package != "hl7.terminology.r4#7.0.1" {
		t.Errorf("want the code system of HL7's terminology, have %+v", s)
	}
	if s := d.CodeSystem(url + "|2.9"); s == nil || s.Package != "hl7.fhir.r4.core#4.0.1" {
		t.Errorf("want the code system of R4 by its version, have %+v", s)
	}
}

type tarFile struct{ name, content string }

func archive(tb testing.TB, files ...tarFile) []byte {
	tb.Helper()
	b, err := pack(files...)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// pack packs files; the error is that an archive cannot hold such a file.
func pack(files ...tarFile) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Size: int64(len(f.content)), Mode: 0o600}); err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			return nil, err
		}
	}
	err := errors.Join(w.Close(), z.Close())
	return b.Bytes(), err
}

func TestArchiveReadsOnlyThePackageFolder(t *testing.T) {
	good := string(fixed("1"))
	b := archive(t,
		tarFile{"package/package.json", `{"name":"a.b","version":"2.0","canonical":"http://example.org/","dependencies":{"z":"1","c":"2"}}`},
		tarFile{"package/P.json", "\xef\xbb\xbf" + good},
		tarFile{"./package/Q.json", strings.Replace(good, "org/p", "org/q", 1)},
		tarFile{"package/.index.json", "no JSON"},
		tarFile{"package/._P.json", "no JSON"},
		tarFile{"package/note.txt", "no JSON"},
		tarFile{"package/example/P.json", "no JSON"},
		tarFile{"package/other.json", `{"just":"data"}`},
		tarFile{"other/P.json", "no JSON"},
	)
	p, err := LoadArchive(context.Background(), bytes.NewReader(b), "a.tgz", nil)
	if err != nil {
		t.Fatal(err)
	}
	if p.ID() != "a.b#2.0" || p.Len() != 2 || p.Canonical != "http://example.org" || strings.Join(p.Dependencies, " ") != "c#2 z#1" {
		t.Errorf("want two resources and the manifest, have %+v", p)
	}
}

func TestLoadStaysWithinLimits(t *testing.T) {
	good := string(fixed("1"))
	big := archive(t, tarFile{"package/P.json", good}, tarFile{"package/Q.json", good + strings.Repeat(" ", 1<<20)})
	for name, opts := range map[string]*LoadOptions{
		"file":  {MaxFile: 1 << 19},
		"bytes": {MaxBytes: 1 << 19},
		"files": {MaxFiles: 1},
	} {
		if _, err := LoadArchive(context.Background(), bytes.NewReader(big), "a.tgz", opts); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: want ErrLimit, have %v", name, err)
		}
		dir := fstest.MapFS{"P.json": {Data: []byte(good)}, "Q.json": {Data: []byte(good + strings.Repeat(" ", 1<<20))}}
		if _, err := LoadFS(context.Background(), dir, opts); !errors.Is(err, ErrLimit) {
			t.Errorf("%s of a folder: want ErrLimit, have %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := LoadArchive(ctx, bytes.NewReader(big), "a.tgz", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("want the end of the context, have %v", err)
	}
}

func TestLenientTellsWhatItSkipped(t *testing.T) {
	b := archive(t, tarFile{"package/P.json", string(fixed("1"))}, tarFile{"package/Q.json", profile}, tarFile{"package/R.json", "{"})
	if _, err := LoadArchive(context.Background(), bytes.NewReader(b), "a.tgz", nil); err == nil ||
		!strings.Contains(err.Error(), "Q.json:7:54") || !strings.Contains(err.Error(), "R.json:1:2") {
		t.Errorf("want both places, have %v", err)
	}
	p, err := LoadArchive(context.Background(), bytes.NewReader(b), "a.tgz", &LoadOptions{Lenient: true})
	if err != nil || p.Len() != 1 || len(p.Skipped) != 2 || p.ID() != "a.tgz" {
		t.Errorf("want one resource and two skipped, have %+v, %v", p, err)
	}
}

func TestLoadOneFileAndLooseFolder(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, "sub"), 0o700),
		os.WriteFile(filepath.Join(dir, "sub", "p.json"), fixed("1"), 0o600),
		os.WriteFile(filepath.Join(dir, "note.json"), []byte(`{}`), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{dir, filepath.Join(dir, "sub", "p.json")} {
		p, err := Load(context.Background(), name, nil)
		if err != nil || p.Len() != 1 {
			t.Errorf("want one resource, have %+v, %v", p, err)
		}
	}
	if _, err := Load(context.Background(), filepath.Join(dir, "none"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("want an error for what is not there, have %v", err)
	}
}

func TestKeepDifferential(t *testing.T) {
	src := strings.Replace(string(fixed("1")), `"snapshot"`, `"differential": {"element": [{"path": "Patient.x"}]}, "snapshot"`, 1)
	for _, keep := range []bool{false, true} {
		p := NewPackage("x", "")
		p.KeepDifferential = keep
		if err := p.Add([]byte(src), ""); err != nil {
			t.Fatal(err)
		}
		s := FromPackages(p).Structure("http://example.org/p")
		if len(s.Elements) != 2 || (len(s.Differential) == 1) != keep {
			t.Errorf("want the differential %t, have %d elements", keep, len(s.Differential))
		}
	}
}
