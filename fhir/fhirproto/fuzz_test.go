package fhirproto

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// FuzzNothingIsLostInSilence holds for any JSON: no panic, no change of the
// source, and what comes back is the same by value unless a finding says no.
func FuzzNothingIsLostInSilence(f *testing.F) {
	for _, d := range defects {
		f.Add([]byte(d.in))
	}
	f.Add([]byte(`{"resourceType":"Binary","contentType":"a","data":"AAAA  AA==","meta":{"lastUpdated":"2020-01-01T00:00:00+14:00","tag":[{"display":"\ud800\u0000"}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := fhir.Parse(text)
		if err != nil {
			return
		}
		before := bytes.Clone(r.Raw())
		m, list, err := ToProto(r, &Options{Validate: true})
		if !bytes.Equal(before, r.Raw()) {
			t.Fatal("the source was changed")
		}
		if (m == nil) != (err != nil) || (m == nil) != (list.Worst() == issue.Fatal) {
			t.Fatal(list, err)
		}
		if m == nil {
			return
		}
		back, list2, err := FromProto(m, nil)
		if err != nil {
			if len(list) == 0 {
				t.Fatal(list2, err)
			}
			return
		}
		for _, i := range list {
			if i.Code != CodePrimitive && i.Code != CodeRequired && i.Code != CodeReferenceTarget {
				return
			}
		}
		if !reflect.DeepEqual(decoded(t, r.Raw()), decoded(t, back.Raw())) {
			t.Fatal("something changed, and there is no finding")
		}
	})
}
