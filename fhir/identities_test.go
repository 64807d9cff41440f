package fhir

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/issue"
)

// followAll identifies the resources of texts and follows the references of all.
func followAll(t *testing.T, opts *FollowOptions, bound int, texts ...string) (found []string, sum Followed) {
	t.Helper()
	var srcs []Source
	for i, text := range texts {
		srcs = append(srcs, ReaderSource(fmt.Sprintf("s%d", i), strings.NewReader(text)))
	}
	t.Cleanup(func() {
		if err := CloseSources(srcs); err != nil {
			t.Error(err)
		}
	})
	x, err := identify(t.Context(), srcs, &ReadOptions{Workers: 1}, bound)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Each(t.Context(), srcs, &ReadOptions{Workers: 1, WholeBundles: true}, func(_ int, r *Resource) error {
		list, counts := x.Follow(r, opts)
		sum.Add(counts)
		for _, i := range list {
			text := texts[r.Source()]
			there, _, _ := strings.Cut(text[i.Pos.Offset+1:], `"`)
			if column := int(i.Pos.Offset) - strings.LastIndexByte(text[:i.Pos.Offset], '\n'); column != i.Pos.Column {
				t.Errorf("%s: want column %d, have %d", i.Path, column, i.Pos.Column)
			}
			found = append(found, fmt.Sprintf("%d:%d %s %s %s", r.Source(), i.Pos.Line, i.Severity, there, i.Path))
			if strings.Contains(i.Message, "secret") {
				t.Errorf("the message holds a value: %s", i.Message)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, sum
}

const (
	somePatients = `{"resourceType":"Patient","id":"a"}
{"resourceType":"Patient","id":"b","link":[{"other":{"reference":"Patient/a"}},{"other":{"reference":"Patient/secret"}}]}
`
	someObservations = `{"resourceType":"Observation","id":"o","subject":{"reference":"Patient/a/_history/3"},"performer":[{"reference":"Practitioner/secret"}]}
{"resourceType":"Observation","id":"p","valueReference":{"reference":"x"},"component":[{"extension":[{"url":"u","valueReference":{"reference":"Patient/secret"}}]}],"focus":[{"reference":"#c"},{"reference":"urn:uuid:secret"},{"reference":"Patient?identifier=secret"},{"reference":"http://elsewhere.org/Patient/secret"}]}
`
	someBundle = `{"resourceType":"Bundle","type":"collection","entry":[
 {"fullUrl":"http://here.org/fhir/Encounter/e","resource":{"resourceType":"Encounter","id":"e",
   "subject":{"reference":"http://here.org/fhir/Patient/secret"},
   "partOf":{"reference":"http://here.org/fhir/Encounter/e"}}},
 {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Observation","encounter":{"reference":"Encounter/secret"},"subject":{"reference":"urn:uuid:2"}}}]}
`
)

func TestFollowFindsReferencesThatLeadNowhere(t *testing.T) {
	found, sum := followAll(t, nil, 1000, somePatients, someObservations, someBundle)
	want := []string{
		"0:2 warning Patient/secret Patient.link[1].other.reference",
		"1:2 warning Patient/secret Observation.component[0].extension[0].value.ofType(Reference).reference",
		"1:2 warning urn:uuid:secret Observation.focus[1].reference",
		"2:3 warning http://here.org/fhir/Patient/secret Bundle.entry[0].resource.subject.reference",
		"2:5 warning Encounter/secret Bundle.entry[1].resource.encounter.reference",
	}
	if d := cmp.Diff(want, found); d != "" {
		t.Error(d)
	}
	// Not followed: the Practitioner, a type that is not held; "x"; a search; elsewhere; a urn in a Bundle.
	if want := (Followed{Inside: 1, Found: 3, Missing: 5, NotFollowed: 5}); sum != want {
		t.Errorf("want %+v, have %+v", want, sum)
	}
}

func TestFollowOfAllTypesMissesWhatNoSourceHolds(t *testing.T) {
	found, sum := followAll(t, &FollowOptions{AllTypes: true, Severity: issue.Error}, 1000, someObservations)
	want := []string{
		"0:1 error Patient/a/_history/3 Observation.subject.reference",
		"0:1 error Practitioner/secret Observation.performer[0].reference",
		"0:2 error Patient/secret Observation.component[0].extension[0].value.ofType(Reference).reference",
		"0:2 error urn:uuid:secret Observation.focus[1].reference",
	}
	if d := cmp.Diff(want, found); d != "" {
		t.Error(d)
	}
	if sum.Missing != 4 {
		t.Errorf("want 4 missing, have %+v", sum)
	}
}

func TestFollowCallsNothingMissingBeyondItsBound(t *testing.T) {
	found, sum := followAll(t, &FollowOptions{AllTypes: true}, 1, somePatients, someObservations)
	if len(found) > 0 || sum.Missing > 0 {
		t.Errorf("want nothing called missing, have %v and %+v", found, sum)
	}
}

func TestWholeBundleBeyondTheBoundComesEntryByEntry(t *testing.T) {
	entry := `{"resource":{"resourceType":"Patient","id":"a","text":{"div":"` + strings.Repeat("x", 400) + `"}}}`
	text := `{"resourceType":"Bundle","type":"collection","entry":[` + strings.Repeat(entry+",", 9) + entry + `]}`
	xml := `<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/>` +
		strings.Repeat(`<entry><resource><Patient><id value="a"/></Patient></resource></entry>`, 10) + `</Bundle>`
	for name, text := range map[string]string{"fits the window": text, "beyond the window": strings.Repeat(" ", 300) + text, "XML": xml} {
		var found issue.Collector
		src := ReaderSource("b.json", strings.NewReader(text))
		opts := &ReadOptions{WholeBundles: true, MaxRecordBytes: 600, Reporter: &found, Workers: 1}
		e := newEngine(t.Context(), []Source{src}, opts)
		if name == "beyond the window" {
			e.docBound = 512
		}
		types := make(map[string]int)
		if err := e.each(1, func(_ int, r *Resource) error { types[r.Type()]++; return nil }); err != nil {
			t.Fatal(err)
		}
		if types["Patient"] != 10 || len(types) != 1 {
			t.Errorf("%s: want 10 Patients, have %v", name, types)
		}
		if list := found.List(); len(list) != 1 || list[0].Code != CodeBundleDivided || list[0].Severity != issue.Warning {
			t.Errorf("%s: want one finding that the Bundle was divided, have %v", name, list)
		}
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	}
}
