package fhir

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

const xmlPatient = `<?xml version="1.0" encoding="UTF-8"?>
<Patient xmlns="http://hl7.org/fhir">
  <id value="p1"/>
  <active value="true" since="x"/>
  <name>
    <given value="A"/>
    <given value="B"/>
  </name>
</Patient>
`

const xmlBundle = `<Bundle xmlns="http://hl7.org/fhir">
  <type value="collection"/>
  <entry>
    <fullUrl value="urn:uuid:1"/>
    <resource>
      <Patient>
        <birthDate value="1950-01-02"/>
      </Patient>
    </resource>
  </entry>
  <entry>
    <fullUrl value="urn:uuid:2"/>
  </entry>
  <entry>
    <resource>
      <Observation>
        <id value="o1"/>
        <subject><reference value="urn:uuid:1"/></subject>
        <mood value="low"/>
      </Observation>
    </resource>
  </entry>
</Bundle>
`

func TestParseReadsXML(t *testing.T) {
	for _, text := range []string{xmlPatient, "\xef\xbb\xbf" + xmlPatient} {
		r, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(r.Raw()), `{"resourceType":"Patient","id":"p1","active":true,"_active":{"since":"x"},"name":[{"given":["A","B"]}]}`; got != want {
			t.Errorf("want %s, have %s", want, got)
		}
		c := r.Clone()
		for _, r := range []*Resource{r, c} {
			for _, tt := range []struct {
				e    Element
				want string
			}{
				{r.Root(), `<Patient`}, {r.Get("active"), `<active`}, {r.Get("_active"), `<active`}, {r.Get("name"), `<name>`},
				{r.Get("name").Index(0), `<name>`}, {r.Get("name").Index(0).Get("given").Index(1), `<given value="B"`}, {Element{}, `<Patient`},
			} {
				p := r.PosOf(tt.e)
				want := placeBehind(text, text[:strings.Index(text, tt.want)])
				if got := fmt.Sprintf("%d:%d@%d", p.Line, p.Column, p.Offset); got != want {
					t.Errorf("%s: want %s, have %s", tt.want, want, got)
				}
			}
			list := r.formFindings()
			if len(list) != 1 || list[0].Code != CodeXMLAttribute || list[0].Path != "Patient.active" || list[0].xpath != "/f:Patient/f:active" || list[0].Pos.Line != 4 || list[0].Pos.Column != 24 {
				t.Errorf("want the unknown attribute, have %+v", list)
			}
		}
	}
}

func TestXMLBundlesAreReadEntryByEntry(t *testing.T) {
	for _, text := range []string{xmlBundle, gz(xmlBundle), zst(t, xmlBundle)} {
		events, stats := readEvents(t, strings.NewReader(text), knobs{})
		if got, want := ids(events), "1:Patient/1 ?fhir-bundle-entry-empty 3:Observation/o1"; got != want {
			t.Errorf("want %s, have %s", want, got)
		}
		if stats.Format != FormatXML || stats.Bytes != int64(len(xmlBundle)) || stats.Records != 2 {
			t.Errorf("want the account of the XML, have %+v", stats)
		}
		for _, e := range events {
			if e.Kind == "resource" && !strings.HasPrefix(xmlBundle[e.Offset:], "<"+e.Type) {
				t.Errorf("want the place of %s, have %d", e.Type, e.Offset)
			}
		}
	}
	events, _ := readEvents(t, strings.NewReader(xmlBundle), knobs{whole: true})
	if got, want := ids(events), "1:Bundle/"; got != want {
		t.Errorf("want %s, have %s", want, got)
	}
	var kept []*Resource
	for r, err := range Read(t.Context(), strings.NewReader(xmlBundle), &ReadOptions{Reporter: issue.Discard}) {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, r.Clone())
		if r.Type() != "Observation" {
			continue
		}
		for _, r := range []*Resource{r, r.Clone()} {
			if ref := r.Resolve([]byte(r.Get("subject").Get("reference").Text())); ref.Kind != RefBundle || ref.Type != "Patient" || string(ref.ID) != "1" {
				t.Errorf("want the entry of the Bundle, have %+v", ref)
			}
			list := r.formFindings()
			if len(list) != 1 || list[0].Path != "Observation" || list[0].Pos.Line != 19 || list[0].Pos.Column != 9 {
				t.Errorf("want the unknown element at 19:9, have %+v", list)
			}
			if p := r.PosOf(r.Get("subject")); p.Line != 18 || p.Column != 9 {
				t.Errorf("want the subject at 18:9, have %s", p)
			}
		}
	}
	if len(kept) != 2 || len(kept[0].formFindings()) != 0 || kept[0].PosOf(kept[0].Get("birthDate")).Line != 7 {
		t.Errorf("want both resources with their places, have %d", len(kept))
	}
}

func TestXMLInFolders(t *testing.T) {
	srcs, err := FSSources(fstest.MapFS{
		"a.xml":       {Data: []byte(xmlPatient)},
		"b.xml.gz":    {Data: []byte(gz(xmlBundle))},
		"c.json":      {Data: []byte(patient)},
		"cda.xml":     {Data: []byte(`<ClinicalDocument xmlns="urn:hl7-org:v3"/>`)},
		"Patient.xml": {Data: []byte(`<Patient><id value="x"/></Patient>`)},
		"broken.xml":  {Data: []byte(`<Patient xmlns="http://hl7.org/fhir"><id></Patient>`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{1, 3} {
		x, err := Inspect(t.Context(), srcs, &ReadOptions{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range x.Sources {
			got = append(got, fmt.Sprintf("%s %s %d %d %s", s.Name, s.Format, s.Records, s.Rejected, s.Skipped))
		}
		want := []string{
			"Patient.xml unknown 0 0 not FHIR by its content", "a.xml xml 1 0 ", "b.xml.gz xml 2 0 ", "broken.xml xml 0 1 ",
			"c.json resource 1 0 ", "cda.xml unknown 0 0 not FHIR by its content",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if diff := cmp.Diff([]TypeFacts{{Type: "Observation", Count: 1}, {Type: "Patient", Count: 3, First: "1950-01-02", Last: "1950-01-02"}}, x.Types); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	var raw []string
	err = Extract(context.Background(), srcs, nil, map[int][]int64{2: {3}, 3: {1}}, func(src int, record int64, b []byte) error {
		raw = append(raw, fmt.Sprintf("%d %d %s", src, record, b))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`2 3 {"resourceType":"Observation","id":"o1","subject":{"reference":"urn:uuid:1"},"mood":"low"}`,
		`3 1 <Patient xmlns="http://hl7.org/fhir"><id></Patient>`,
	}
	if diff := cmp.Diff(want, raw); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestParseSeesWhiteSpaceBeforeTheDeclaration(t *testing.T) {
	r, err := Parse([]byte("\n " + xmlPatient))
	if err != nil {
		t.Fatal(err)
	}
	list := r.formFindings()
	if len(list) != 2 || list[0].Code != CodeXMLDeclaration || list[0].Pos.Line != 2 || list[0].Pos.Column != 2 {
		t.Errorf("want the declaration at 2:2, have %+v", list)
	}
	if p := r.Pos(); p.Line != 3 || p.Column != 1 {
		t.Errorf("want the resource at 3:1, have %s", p)
	}
}

func TestXMLWithoutNamespaceIsReadWhereItIsNamed(t *testing.T) {
	events, _ := readEvents(t, strings.NewReader(`<Patient><id value="x"/></Patient>`), knobs{name: "Patient.xml"})
	if got, want := ids(events), "1:Patient/x"; got != want {
		t.Errorf("want %s, have %s", want, got)
	}
	r, err := Parse([]byte(`<Patient><id value="x"/></Patient>`))
	if err != nil {
		t.Fatal(err)
	}
	if list := r.formFindings(); len(list) != 1 || list[0].Code != CodeXMLNamespace {
		t.Errorf("want the namespace missing, have %+v", list)
	}
}

func TestPlacesInPublishedXMLNameTheElement(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(golden.Shared(t, "data/fhir/fhirpath"), "input", "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("want inputs in XML, have none (%v)", err)
	}
	checked := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		for e := r.Root().First(); e.Exists(); e = e.Next() {
			name := strings.TrimPrefix(e.Name(), "_")
			if name == "resourceType" {
				name = r.Type()
			}
			checked++
			p := r.PosOf(e)
			if !strings.HasPrefix(string(text[p.Offset:]), "<"+name) {
				t.Errorf("%s: want the place of %s, have %s", filepath.Base(file), name, p)
			}
			if line := strings.Count(string(text[:p.Offset]), "\n") + 1; line != p.Line {
				t.Errorf("%s: %s: want line %d, have %d", filepath.Base(file), name, line, p.Line)
			}
		}
	}
	if checked < 70 {
		t.Errorf("want 70 places or more, have %d", checked)
	}
}

func BenchmarkReadXML(b *testing.B) {
	text := `<Bundle xmlns="http://hl7.org/fhir">` + strings.Repeat(xmlEntry, 5000) + `</Bundle>`
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range Read(b.Context(), strings.NewReader(text), nil) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 5000 {
			b.Fatalf("want 5000 resources, have %d", n)
		}
	}
}

const xmlEntry = `
  <entry>
    <fullUrl value="urn:uuid:1"/>
    <resource>
      <Observation>
        <id value="o1"/>
        <status value="final"/>
        <code>
          <coding>
            <system value="http://loinc.org"/>
            <code value="29463-7"/>
            <display value="Body weight"/>
          </coding>
        </code>
        <subject>
          <reference value="urn:uuid:1"/>
        </subject>
        <effectiveDateTime value="2020-01-02T03:04:05Z"/>
        <valueQuantity>
          <value value="70.50"/>
          <unit value="kg"/>
          <system value="http://unitsofmeasure.org"/>
          <code value="kg"/>
        </valueQuantity>
      </Observation>
    </resource>
  </entry>`
