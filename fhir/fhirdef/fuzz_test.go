package fhirdef

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// Whatever a definition says, it is refused with a place or can be asked about.
func FuzzAdd(f *testing.F) {
	f.Add(fixed("1"))
	f.Add([]byte(profile))
	f.Add([]byte(`{"resourceType":"StructureDefinition","url":"u","type":"T","kind":"logical","differential":{"element":[` +
		`{"path":"T"},{"path":"T.a[x]","type":[{"code":"http://hl7.org/fhirpath/System.String"}],"fixedCode":"x","_fixedCode":{}},` +
		`{"path":"T.b","contentReference":"#T.b"},{"id":"T.b:s","path":"T.b","sliceName":"s","max":"0"}]}}`))
	f.Add([]byte(`{"resourceType":"ValueSet","url":"u","compose":{"include":[{"system":"s","concept":[{"code":"c"}]}]},"expansion":{"contains":[{"contains":[]}]}}`))
	f.Add([]byte(`{"resourceType":"CodeSystem","url":"u","content":"complete","supplements":"u|1","concept":[{"code":"a","concept":[{"code":"b","property":[{"code":"p","valueCoding":{"code":"x"}}]}]}]}`))
	f.Add([]byte(`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Library","url":"u"}}]}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		p := NewPackage("fuzz", "1")
		if err := p.Add(src, "fuzz.json"); err != nil {
			if !strings.Contains(err.Error(), "fuzz.json") {
				t.Errorf("want the file in the error, have %v", err)
			}
			return
		}
		d := FromPackages(p)
		for _, e := range p.entries {
			if d.find(e.class, e.other, e.url) == nil {
				t.Error("want what was added found by its URL")
			}
			d.Structure(e.url)
			d.Versions(e.url)
			d.Shape(e.typ)
			d.IsSubtype(e.typ, "Nothing")
			d.ValueSet(e.url)
			d.CodeSystem(e.url)
		}
		for s := range d.Structures() {
			for i := range s.Elements {
				d.Shape(s.Elements[i].Path)
			}
		}
	})
}

// An archive may be cut or bent anywhere; what is read stays within the limits.
func FuzzLoadArchive(f *testing.F) {
	f.Add("package/P.json", string(fixed("1")), 0, byte(0))
	f.Add("package/package.json", `{"name":"a","dependencies":{"b":"1"}}`, 100, byte(7))
	f.Add("/", "0", -52, byte('b'))
	f.Add("../package/../package/x.json", `{}`, 300, byte(1))
	f.Fuzz(func(t *testing.T, name, content string, at int, bend byte) {
		if len(name) > 90 || len(content) > 1<<16 {
			t.Skip()
		}
		b, err := pack(tarFile{name, content})
		if err != nil {
			t.Skip() // no archive has such a file: a name that ends in a slash is a folder's
		}
		b[max(at, -at, 0)%len(b)] ^= bend
		opts := &LoadOptions{MaxFile: 1 << 17, MaxBytes: 1 << 18, MaxFiles: 4, Lenient: true}
		p, err := LoadArchive(context.Background(), bytes.NewReader(b), "fuzz.tgz", opts)
		if (p == nil) == (err == nil) {
			t.Errorf("want a package or an error, have %v, %v", p, err)
		}
	})
}
