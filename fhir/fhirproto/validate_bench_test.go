package fhirproto

import (
	"bytes"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/google/fhir/go/fhirversion"
	"github.com/google/fhir/go/jsonformat"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/golden"
)

// BenchmarkValidateBesideGoogle reads and checks the same lines with fhir.Validator
// (all rules of R4, findings made) and with google/fhir's reader (primitives,
// required fields, reference types). Both use one worker; resources/s counts the
// processor's time by the wall, so run it on a quiet machine.
func BenchmarkValidateBesideGoogle(b *testing.B) {
	for _, only := range [...]string{"Observation", ""} {
		name := only
		if name == "" {
			name = "mix"
		}
		b.Run(name, func(b *testing.B) { validateBeside(b, exported(b, only)) })
	}
}

// exported returns 5,000 lines of the synthetic export: of one type, or spread
// over all.
func exported(b *testing.B, only string) []byte {
	b.Helper()
	const want = 5000
	var text []byte
	n, kept := 0, 0
	for r, err := range fhir.ReadFS(b.Context(), os.DirFS(golden.Shared(b, "data/fhir/synthea/bulk-300")), nil) {
		if err != nil {
			b.Fatal(err)
		}
		if n++; only == r.Type() && kept < want || only == "" && n%18 == 0 {
			kept++
			text = append(append(text, r.Raw()...), '\n')
		}
	}
	return text
}

func validateBeside(b *testing.B, text []byte) {
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	b.Run("carabiner", func(b *testing.B) {
		v, err := fhir.NewValidator(nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		start := time.Now()
		findings := 0
		for b.Loop() {
			for r, err := range fhir.Read(b.Context(), bytes.NewReader(text), nil) {
				if err != nil {
					b.Fatal(err)
				}
				findings += len(v.Validate(r))
			}
		}
		b.ReportMetric(float64(b.N*len(lines))/time.Since(start).Seconds(), "resources/s")
		b.ReportMetric(float64(findings)/float64(b.N*len(lines)), "findings/resource")
	})
	b.Run("google", func(b *testing.B) {
		u, err := jsonformat.NewUnmarshaller("UTC", fhirversion.R4)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		start := time.Now()
		for b.Loop() {
			for _, line := range lines {
				m, err := u.UnmarshalR4(line)
				if err != nil {
					b.Fatal("google/fhir refuses a line of the data")
				}
				runtime.KeepAlive(m)
			}
		}
		b.ReportMetric(float64(b.N*len(lines))/time.Since(start).Seconds(), "resources/s")
	})
}
