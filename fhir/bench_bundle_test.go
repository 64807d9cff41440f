package fhir

import (
	"bytes"
	"fmt"
	"testing"
)

// bundleOf returns a Bundle of one Patient and n Observations that refer to it by
// its fullUrl.
func bundleOf(n int) []byte {
	const patient = "urn:uuid:00000000-0000-4000-8000-000000000000"
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":%q,"resource":{"resourceType":"Patient","active":true}}`, patient)
	for i := range n {
		fmt.Fprintf(&b, `,{"fullUrl":"urn:uuid:00000000-0000-4000-8000-%012x","resource":{"resourceType":"Observation","status":"final",`+
			`"code":{"text":"length"},"subject":{"reference":%q},"valueQuantity":{"value":%d,"unit":"cm","system":"http://unitsofmeasure.org","code":"cm"}}}`, i+1, patient, i)
	}
	b.WriteString("]}")
	return b.Bytes()
}

// BenchmarkValidateBundle validates Bundles of many entries; entries/s are to be
// the same for both.
func BenchmarkValidateBundle(b *testing.B) {
	v, err := NewValidator(nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{5_000, 50_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			text := bundleOf(n)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				r, err := Parse(text)
				if err != nil {
					b.Fatal(err)
				}
				if list := v.Validate(r); list.HasErrors() {
					b.Fatal(list[0])
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
