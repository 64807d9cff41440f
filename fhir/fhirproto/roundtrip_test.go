package fhirproto

import (
	"testing"

	"github.com/carabiner-health/carabiner/fhir"
)

func TestExamples(t *testing.T) {
	n, bad := 0, 0
	examples(t, func(name string, text []byte) {
		n++
		r, err := fhir.Parse(text)
		if err != nil {
			t.Log(name, err)
			return
		}
		m, list, err := ToProto(r, nil)
		if err != nil || len(list) > 0 {
			bad++
			if bad < 40 {
				t.Log(name, err, len(list))
				for i, x := range list {
					if i < 4 {
						t.Log("   ", x)
					}
				}
			}
		}
		if err != nil {
			return
		}
		back, list2, err := FromProto(m, nil)
		if err != nil || len(list2) > len(list) {
			t.Log("FROM", name, err, list2)
		}
		_ = back
	})
	t.Log(n, bad)
}
