package fhir

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

func TestParseGivesWhatIsThere(t *testing.T) {
	text := ` {"id":"e","resourceType":"Observation","a":{"b":[1.50,"x\u00e9",true,null]},"a":2} `
	r, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	b := r.Get("a").Get("b")
	if string(r.Raw()) != strings.TrimSpace(text) || r.Type() != "Observation" || r.ID() != "e" {
		t.Errorf("want the resource without the space around it, have %s", r.Raw())
	}
	if string(b.Index(0).Number()) != "1.50" || b.Index(1).Text() != "xé" || !b.Index(1).Equal("xé") || b.Len() != 4 {
		t.Error("want numbers as written and decoded text")
	}
	if v, ok := b.Index(0).Float64(); !ok || v != 1.5 {
		t.Errorf("want 1.5, have %v", v)
	}
	if v, ok := b.Index(2).Bool(); !ok || !v || !b.Index(3).IsNull() || !b.IsArray() || !r.Root().IsObject() || !b.Index(0).IsNumber() || !b.Index(1).IsString() {
		t.Error("want the kinds of the values")
	}
	if v, ok := r.Root().First().Next().Next().Next().Int64(); !ok || v != 2 {
		t.Error("want members in order, also one that occurs twice")
	}
	if got := r.Duplicates(); len(got) != 1 || got[0].Offset != int64(strings.LastIndex(text, `"a"`)) {
		t.Errorf("want the place of the second a, have %v", got)
	}
	if r.Root().First().Name() != "id" || !r.Root().First().NameIs("id") || string(r.Root().First().NameBytes()) != "id" {
		t.Error("want the name of a member")
	}
}

func TestAbsentElementsAreSafe(t *testing.T) {
	var e Element
	if e.Exists() || e.Get("a").Index(3).First().Next().Exists() || e.Len() != 0 || e.Text() != "" || e.Raw() != nil ||
		e.Number() != nil || e.Bytes(nil) != nil || e.Equal("") || e.Name() != "" || e.Value().Kind() != jsontree.Invalid {
		t.Error("want nothing from an absent element")
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for text, code := range map[string]issue.Code{
		"": CodeSyntax, "{": CodeSyntax, "[]": CodeNotObject, "{}": CodeTypeMissing, `{"resourceType":"Patient"} x`: CodeSyntax,
	} {
		_, err := Parse([]byte(text))
		var list *issue.ListError
		if !errors.As(err, &list) || list.List[0].Code != code {
			t.Errorf("%q: want %s, have %v", text, code, err)
		}
	}
}

func TestCloneOutlivesTheReader(t *testing.T) {
	text := `{"resourceType":"Bundle","entry":[{"fullUrl":"urn:uuid:1","resource":` + weight + `},{"fullUrl":"urn:uuid:2","resource":` + patient + `}]}`
	var kept []*Resource
	for r, err := range Read(t.Context(), strings.NewReader(text), nil) {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, r.Clone())
	}
	first := kept[0]
	if string(first.Raw()) != weight || first.ID() != "o1" || string(first.FullURL()) != "urn:uuid:1" || first.Record() != 1 {
		t.Errorf("want the first resource, have %s", first.Raw())
	}
	if ref := first.Resolve([]byte("urn:uuid:2")); ref.Kind != RefBundle || string(ref.ID) != "p1" {
		t.Errorf("want the second resource, have %v", ref)
	}
	if got, want := first.PosOf(first.Get("id")).Offset, int64(strings.Index(text, `"o1"`)); got != want {
		t.Errorf("want offset %d, have %d", want, got)
	}
}

func TestResolveKnowsTheKindsOfReferences(t *testing.T) {
	text := `{"resourceType":"Bundle","entry":[
 {"fullUrl":"urn:uuid:aa","resource":{"resourceType":"Observation","id":"x","contained":[{"resourceType":"Medication","id":"m"},{"resourceType":"Device","id":"#d"}]}},
 {"fullUrl":"urn:uuid:bb","resource":{"resourceType":"Patient"}},
 {"fullUrl":"urn:oid:1.2","resource":{"resourceType":"Device","id":"dev"}},
 {"fullUrl":"http://x.org/odd","resource":{"resourceType":"Encounter","id":"e"}},
 {"fullUrl":"http://x.org/Patient/9","resource":{"resourceType":"Patient","id":"9"}},
 {"fullUrl":"urn:uuid:bb","resource":{"resourceType":"Group","id":"late"}}]}`
	tests := map[string]string{
		"":                                   "none  ",
		"Patient/1":                          "local Patient 1",
		"Patient/1/_history/3":               "local Patient 1",
		"https://x.org/fhir/Patient/a.b-c_d": "local Patient a.b-c_d",
		"https://x.org/fhir/Patient/1/_history/2": "local Patient 1",
		"#m":                                "contained Medication m",
		"#d":                                "contained Device d",
		"#":                                 "contained Observation x",
		"#nope":                             "unresolved  nope",
		"urn:uuid:aa":                       "bundle Observation x",
		"urn:uuid:bb":                       "bundle Patient bb",
		"urn:oid:1.2":                       "bundle Device dev",
		"urn:uuid:cc":                       "unresolved  cc",
		"http://x.org/odd":                  "bundle Encounter e",
		"http://x.org/Patient/9":            "bundle Patient 9",
		"http://x.org/Patient/9/_history/4": "bundle Patient 9",
		"Practitioner?identifier=s|1":       "conditional Practitioner identifier=s|1",
		"Nothing?identifier=s|1":            "external  Nothing?identifier=s|1",
		"Nothing/1":                         "external  Nothing/1",
		"Patient/":                          "external  Patient/",
		"Patient":                           "external  Patient",
		"/_history/1":                       "external  /_history/1",
		"mailto:a":                          "external  mailto:a",
	}
	for _, document := range []int{documentBytes, 16} {
		e := newEngine(t.Context(), []Source{ReaderSource("b", strings.NewReader(text))}, nil)
		e.docBound = document
		n := 0
		err := e.each(1, func(_ int, r *Resource) error {
			if n++; n > 1 {
				return nil
			}
			got := map[string]string{}
			for ref := range tests {
				x := r.Resolve([]byte(ref))
				got[ref] = fmt.Sprintf("%s %s %s", x.Kind, x.Type, x.ID)
				if x.Kind == RefContained && !x.Element.Exists() {
					t.Errorf("%s: want the contained resource", ref)
				}
			}
			if diff := cmp.Diff(tests, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			return nil
		})
		if err != nil || n != 6 {
			t.Errorf("want 6 resources, have %d, %v", n, err)
		}
	}
}

func TestResourcesWithoutIDAreNamedByTheirFullURL(t *testing.T) {
	text := `{"resourceType":"Bundle","entry":[{"fullUrl":"urn:uuid:bb","resource":{"resourceType":"Patient"}},{"resource":{"resourceType":"Patient"}}]}`
	var got []string
	for r, err := range Read(t.Context(), strings.NewReader(text), nil) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.ID())
	}
	if diff := cmp.Diff([]string{"bb", ""}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTypesAreShared(t *testing.T) {
	var p parser
	if p.intern([]byte("Patient")) != "Patient" || !IsResourceType("Patient") || IsResourceType("Patients") {
		t.Error("want R4's names known")
	}
	name := []byte("Foreign")
	p.intern(name)
	if n := testing.AllocsPerRun(10, func() { p.intern(name) }); n != 0 {
		t.Errorf("want foreign names made once, have %v allocations", n)
	}
	for i := range 2 * maxForeignTypes {
		p.intern(fmt.Appendf(nil, "T%d", i))
	}
	if len(p.types) > maxForeignTypes {
		t.Errorf("want at most %d names kept, have %d", maxForeignTypes, len(p.types))
	}
	if len(resourceTypes()) != 146 {
		t.Errorf("want R4's 146 resource types, have %d", len(resourceTypes()))
	}
}
