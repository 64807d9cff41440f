package vocab

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestNumbersAreSortedAsByTheLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{0, 1, 100, 1<<12 - 1, 1 << 12, 50_000} {
		for _, mask := range []uint64{0, 0xff, 0xfff<<32 | 0xfff, 1<<63 | 7, 1<<64 - 1} {
			list := make([]uint64, n)
			for i := range list {
				list[i] = r.Uint64() & mask
			}
			want := slices.Sorted(slices.Values(list))
			if err := sortNumbers(t.Context(), list); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(want, list) {
				t.Fatalf("%d numbers of the bits %x: want them in order", n, mask)
			}
		}
	}
}

// Hundreds of concepts of one code fill the lines of others, and hundreds
// without a code must not.
func TestCrowdedSlotsHideNoConcept(t *testing.T) {
	var concepts strings.Builder
	concepts.WriteString(conceptHeader)
	const n = 3000
	for i := range n {
		code := fmt.Sprintf("a code that does not fit %d", i)
		switch i % 4 {
		case 0:
			code = "same"
		case 1:
			code = ""
		case 2:
			code = fmt.Sprint(i)
		}
		fmt.Fprintf(&concepts, "%d\tN%d\tD\tV\tC\tS\t%s\t1\t2\t\n", i+1, i, code)
	}
	s, _ := openToy(t, fstest.MapFS{"CONCEPT.csv": file(concepts.String()), "CONCEPT_RELATIONSHIP.csv": file(relHeader)}, nil)
	for c := range s.All() {
		i := c.ID - 1
		if c.Name != fmt.Sprint("N", i) {
			t.Fatalf("concept %d: want its own name", c.ID)
		}
		got, ok := s.Lookup("V", c.Code)
		switch {
		case i%4 == 0 && (!ok || got.ID != 1), i%4 == 1 && ok, i%4 > 1 && (!ok || got.ID != c.ID):
			t.Fatalf("concept %d: found %v, %d", c.ID, ok, got.ID)
		}
		if _, ok := s.Lookup("V", c.Code+"x"); ok {
			t.Fatalf("concept %d: want no concept of another code", c.ID)
		}
	}
	same := ids(s.LookupAll("V", "same", nil))
	if len(same) != n/4 || !slices.IsSorted(same) {
		t.Errorf("want %d concepts of one code by id, have %d", n/4, len(same))
	}
}
