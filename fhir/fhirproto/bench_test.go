package fhirproto

import (
	"os"
	"testing"

	"github.com/google/fhir/go/fhirversion"
	"github.com/google/fhir/go/jsonformat"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/golden"
)

// sample returns every 700th resource of the synthetic export, of all types.
func sample(b *testing.B) (rs []*fhir.Resource, size int64) {
	b.Helper()
	n := 0
	for r, err := range fhir.ReadFS(b.Context(), os.DirFS(golden.Shared(b, "data/fhir/synthea/bulk-300")), nil) {
		if err != nil {
			b.Fatal(err)
		}
		if n++; n%700 == 1 {
			rs = append(rs, r.Clone())
			size += int64(len(r.Raw()))
		}
	}
	return rs, size
}

// BenchmarkToProto stands beside the library alone, which is what our care costs.
func BenchmarkToProto(b *testing.B) {
	rs, size := sample(b)
	each := func(b *testing.B, f func(r *fhir.Resource) error) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			for _, r := range rs {
				if err := f(r); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.Run("library alone", func(b *testing.B) {
		u, err := jsonformat.NewUnmarshallerWithoutValidation("UTC", fhirversion.R4)
		if err != nil {
			b.Fatal(err)
		}
		each(b, func(r *fhir.Resource) error { _, err := u.Unmarshal(r.Raw()); return err })
	})
	b.Run("unchecked", func(b *testing.B) {
		each(b, func(r *fhir.Resource) error { _, _, err := ToProto(r, &Options{Unchecked: true}); return err })
	})
	b.Run("checked", func(b *testing.B) {
		each(b, func(r *fhir.Resource) error { _, _, err := ToProto(r, nil); return err })
	})
}

func BenchmarkFromProto(b *testing.B) {
	rs, size := sample(b)
	for name, opts := range map[string]*Options{"unchecked": {Unchecked: true}, "checked": nil} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				for _, r := range rs {
					b.StopTimer()
					m, _, err := ToProto(r, &Options{Unchecked: true})
					b.StartTimer()
					if err != nil {
						b.Fatal(err)
					}
					if _, _, err := FromProto(m, opts); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
