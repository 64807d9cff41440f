package fhirproto

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/golden"
)

// heavy leaves out a test of much data.
func heavy(t *testing.T) {
	t.Helper()
	if raceDetector || testing.Short() {
		t.Skip("much data: left out with -race and -short")
	}
}

// decoded returns JSON as encoding/json sees it, the text of numbers kept: a
// judge who knows nothing of this package.
func decoded(t testing.TB, text []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// thereAndBack converts a resource to a message and back, and fails the test if
// anything changed without a finding. It returns the codes of the findings.
func thereAndBack(t testing.TB, name string, r *fhir.Resource) (codes []string) {
	t.Helper()
	m, list, err := ToProto(r, nil)
	for _, i := range list {
		codes = append(codes, string(i.Code))
	}
	if err != nil {
		return codes
	}
	back, list, err := FromProto(m, nil)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return codes
	}
	for _, i := range list {
		t.Errorf("%s: from its own message: %v", name, i)
	}
	if len(codes) == 0 && !reflect.DeepEqual(decoded(t, r.Raw()), decoded(t, back.Raw())) {
		t.Errorf("%s: differs after the conversion, and there is no finding", name)
	}
	return codes
}

// knownDifferences are the official examples that do not come back as they were,
// with the reason. The list may only shrink.
var knownDifferences = map[string]string{}

func TestOfficialExamplesComeBackAsTheyWere(t *testing.T) {
	heavy(t)
	files := 0
	examples(t, func(name string, text []byte) {
		files++
		r, err := fhir.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		codes := thereAndBack(t, name, r)
		switch reason, known := knownDifferences[name]; {
		case known && len(codes) == 0:
			t.Errorf("%s comes back as it was; want it out of the list (%s)", name, reason)
		case !known && len(codes) > 0:
			t.Errorf("%s: %v", name, codes)
		}
	})
	if files != 5298 {
		t.Errorf("want 5298 files, have %d", files)
	}
}

func TestSyntheticExportComesBackAsItWas(t *testing.T) {
	heavy(t)
	n, records := 0, 0
	for r, err := range fhir.ReadFS(t.Context(), os.DirFS(golden.Shared(t, "data/fhir/synthea/bulk-300")), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if records++; records%97 != 1 {
			continue
		}
		n++
		if codes := thereAndBack(t, r.Type()+"/"+r.ID(), r); len(codes) > 0 {
			t.Errorf("%s, record %d: %v", r.Type(), r.Record(), codes)
		}
	}
	if n < 900 {
		t.Errorf("want a sample of 900 resources or more, have %d", n)
	}
}
