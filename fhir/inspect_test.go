package fhir

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestInspectCountsWhatIsThere(t *testing.T) {
	fsys := fstest.MapFS{
		"Observation.ndjson": {Data: []byte(strings.Join([]string{
			`{"resourceType":"Observation","id":"1","code":{"coding":[{"system":"urn:a","code":"x"},{"code":"y"}]},"subject":{"reference":"Patient/p1"},"effectiveDateTime":"2020-03-04T05:06:07Z"}`,
			`{"resourceType":"Observation","id":"2","code":{"coding":[{"system":"urn:a","code":"x"}]},"subject":{"reference":"Patient/p2"},"effectivePeriod":{"start":"2019","end":"2019-12"},"valueQuantity":{"value":1,"system":"urn:units","code":"kg"}}`,
			`{"resourceType":"Observation","id":"3","valueCoding":{"system":"urn:b","code":"z"},"subject":{"reference":"#s"},"focus":[{"reference":"urn:uuid:1"},{"reference":"http://x/y"}],"identifier":[{"system":"urn:ids","value":"1"}]}`,
			`{broken`,
		}, "\n"))},
		"bundle.json":   {Data: []byte(`{"resourceType":"Bundle","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"p1","birthDate":"1950-01-02"}},{"resource":{"resourceType":"Observation","id":"4","meta":{"tag":[{"system":"urn:b","code":"t"}]},"subject":{"reference":"urn:uuid:1"}}}]}`)},
		"manifest.json": {Data: []byte(`{}`)},
	}
	srcs, err := FSSources(fsys)
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{1, 3} {
		got, err := Inspect(t.Context(), srcs, &ReadOptions{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		want := &Inspection{
			Sources: []SourceStats{
				{Name: "Observation.ndjson", Format: FormatNDJSON, Bytes: int64(len(fsys["Observation.ndjson"].Data)), Records: 3, Rejected: 1},
				{Name: "bundle.json", Format: FormatBundle, Bytes: int64(len(fsys["bundle.json"].Data)), Records: 2},
				{Name: "manifest.json", Skipped: "bulk data manifest"},
			},
			Types: []TypeFacts{
				{Type: "Observation", Count: 4, First: "2019", Last: "2020-03-04"},
				{Type: "Patient", Count: 1, First: "1950-01-02", Last: "1950-01-02"},
			},
			Systems: []SystemFacts{{"urn:a", 2}, {"urn:b", 2}, {"", 1}},
			Links:   ReferenceFacts{Total: 6, Inside: 1, Local: 2, Elsewhere: 1, Broken: 2, Missing: 1},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d workers (-want +got)\n%s", workers, diff)
		}
	}
}
