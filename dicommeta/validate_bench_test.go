package dicommeta

import (
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

func BenchmarkValidate(b *testing.B) {
	for _, name := range []string{"ct-study/ct-1.dcm", "ct-study/seg.dcm", "sm-study/level-0.dcm", "ct-study/sr-tid1500.dcm"} {
		x := cleanObject(b, name)
		v := validatorOf(b, nil)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v.Validate(x)
			}
		})
	}
}

// The time for a frame must not grow with the number of frames.
func BenchmarkValidateFrames(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		x := cleanObject(b, "ct-study/seg.dcm")
		items := make([]Dataset, n)
		for i := range items {
			items[i] = *x.Item(dict.PerFrameFunctionalGroupsSequence)
		}
		x.Set(SequenceElement(dict.PerFrameFunctionalGroupsSequence, items...))
		v := validatorOf(b, nil)
		b.Run(map[int]string{100: "100", 10_000: "10000"}[n], func(b *testing.B) {
			for b.Loop() {
				v.Validate(x)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/frame")
		})
	}
}
