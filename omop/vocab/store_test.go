package vocab

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/omop"
)

// rows reads an Athena file in the plainest way.
func rows(t testing.TB, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Scan()
	header := strings.Split(in.Text(), "\t")
	var out []map[string]string
	for in.Scan() {
		row := map[string]string{}
		for i, v := range strings.Split(in.Text(), "\t") {
			row[header[i]] = v
		}
		out = append(out, row)
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func atoi(t testing.TB, s string) int32 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return int32(n)
}

// subset builds the index of the shared subset and opens it.
func subset(t testing.TB) (dir string, s *Store, r *BuildReport) {
	t.Helper()
	dir = golden.Shared(t, "data/vocabulary/athena-subset")
	out := filepath.Join(t.TempDir(), "vocab.idx")
	r, err := Build(context.Background(), dir, out, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err = Open(out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return dir, s, r
}

func letter(s string) byte {
	if s == "" {
		return 0
	}
	return s[0]
}

func TestEveryConceptIsFoundByCodeAndID(t *testing.T) {
	dir, s, report := subset(t)
	best := map[[2]string]omop.ConceptInfo{}
	better := func(a, b omop.ConceptInfo) bool {
		if (a.Invalid == 0) != (b.Invalid == 0) {
			return a.Invalid == 0
		}
		if a.Standard != b.Standard {
			return a.Standard == 'S' || a.Standard == 'C' && b.Standard == 0
		}
		return a.ID < b.ID
	}
	concepts := rows(t, filepath.Join(dir, "CONCEPT.csv"))
	for _, r := range concepts {
		want := omop.ConceptInfo{ID: atoi(t, r["concept_id"]), Code: r["concept_code"], Vocabulary: r["vocabulary_id"],
			Domain: r["domain_id"], Class: r["concept_class_id"], Name: r["concept_name"],
			Standard: letter(r["standard_concept"]), Invalid: letter(r["invalid_reason"])}
		got, ok := s.Concept(want.ID)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Fatalf("concept %d: found %v (-want +got)\n%s", want.ID, ok, diff)
		}
		key := [2]string{want.Vocabulary, want.Code}
		if have, ok := best[key]; !ok || better(want, have) {
			best[key] = want
		}
	}
	for key, want := range best {
		got, ok := s.Lookup(key[0], key[1])
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Fatalf("code of concept %d: found %v (-want +got)\n%s", want.ID, ok, diff)
		}
	}
	n, last := 0, int32(-1)
	for c := range s.All() {
		if c.ID <= last {
			t.Fatalf("concept %d comes after %d", c.ID, last)
		}
		last = c.ID
		n++
	}
	if n != len(concepts) || report.Info.Concepts != int64(n) {
		t.Errorf("want %d concepts, have %d, reported %d", len(concepts), n, report.Info.Concepts)
	}
}

func TestMapsToIsAsInTheFile(t *testing.T) {
	dir, s, report := subset(t)
	want := map[int32]map[int32]bool{}
	for _, r := range rows(t, filepath.Join(dir, "CONCEPT_RELATIONSHIP.csv")) {
		if r["relationship_id"] == "Maps to" && r["invalid_reason"] == "" {
			id := atoi(t, r["concept_id_1"])
			if want[id] == nil {
				want[id] = map[int32]bool{}
			}
			want[id][atoi(t, r["concept_id_2"])] = true
		}
	}
	pairs := 0
	for c := range s.All() {
		got := map[int32]bool{}
		last := int32(-1)
		for _, x := range s.MapsTo(c.ID, nil) {
			if x.Standard != 'S' || x.ID <= last {
				t.Fatalf("concept %d: target %d is not standard or not in order", c.ID, x.ID)
			}
			last = x.ID
			got[x.ID] = true
		}
		pairs += len(got)
		expect := want[c.ID]
		if expect == nil {
			expect = map[int32]bool{}
			if c.Standard == 'S' {
				t.Fatalf("standard concept %d has no line that maps it to itself", c.ID)
			}
		}
		if diff := cmp.Diff(expect, got); diff != "" {
			t.Fatalf("concept %d (-want +got)\n%s", c.ID, diff)
		}
	}
	if int64(pairs) != report.Info.MapsTo {
		t.Errorf("want %d mappings, reported %d", pairs, report.Info.MapsTo)
	}
}

func TestIngredientsFollowAncestors(t *testing.T) {
	dir, s, _ := subset(t)
	want := map[int32]map[int32]bool{}
	for _, r := range rows(t, filepath.Join(dir, "CONCEPT_ANCESTOR.csv")) {
		a, d := atoi(t, r["ancestor_concept_id"]), atoi(t, r["descendant_concept_id"])
		if c, ok := s.Concept(a); ok && c.Class == "Ingredient" && c.Standard == 'S' {
			if want[d] == nil {
				want[d] = map[int32]bool{}
			}
			want[d][a] = true
		}
	}
	found := 0
	for c := range s.All() {
		got := map[int32]bool{}
		for _, id := range s.Ingredients(c.ID, nil) {
			got[id] = true
		}
		expect := want[c.ID]
		if expect == nil {
			expect = map[int32]bool{}
			if c.Class == "Ingredient" && c.Standard == 'S' {
				expect[c.ID] = true
			}
		}
		found += len(got)
		if diff := cmp.Diff(expect, got); diff != "" {
			t.Fatalf("concept %d (-want +got)\n%s", c.ID, diff)
		}
	}
	if found < 300 {
		t.Errorf("want hundreds of ingredients, have %d", found)
	}
}

func TestReadingAllocatesNothingAndIsSafeForConcurrentUse(t *testing.T) {
	s, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]omop.ConceptInfo, 0, 8)
	ids := make([]int32, 0, 8)
	n := testing.AllocsPerRun(100, func() {
		c, ok := s.Lookup("UCUM", "mm[Hg]")
		if d, same := s.Concept(c.ID); !ok || !same || d.Code != "mm[Hg]" {
			t.Error("want millimetres of mercury")
		}
		dst = s.MapsToValue(c.ID, s.MapsTo(c.ID, dst[:0]))
		ids = s.Ingredients(c.ID, ids[:0])
		dst = s.LookupAll("UCUM", "[acr_us]", dst[:0])
		if _, ok := s.Unit("kg"); !ok || len(dst) != 2 {
			t.Error("want kilograms, and two concepts of the acre")
		}
	})
	if n != 0 {
		t.Errorf("want no allocation, have %v", n)
	}
	all := func(yield func(omop.ConceptInfo, error) bool) {
		for c := range s.All() {
			if !yield(c, nil) {
				return
			}
		}
	}
	err = flow.Each(t.Context(), 4, all, func(_ context.Context, _ int, c omop.ConceptInfo) error {
		if d, ok := s.Concept(c.ID); !ok || d != c {
			return fmt.Errorf("concept %d differs", c.ID)
		}
		if d, ok := s.Lookup(c.Vocabulary, c.Code); ok != (c.Code != "") || ok && d.Vocabulary != c.Vocabulary {
			return fmt.Errorf("code of concept %d differs", c.ID)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// The ids are spread so far that no table over all of them would do.
func TestSparseAndDenseIDs(t *testing.T) {
	for _, step := range []int{1, 3, 1000, 2_000_000} {
		var concepts, relations strings.Builder
		concepts.WriteString(conceptHeader)
		relations.WriteString(relHeader)
		const n = 1000
		for i := range n {
			fmt.Fprintf(&concepts, "%d\tN\tD\tV\tC\tS\tc%d\t1\t2\t\n", 5+i*step, i)
			fmt.Fprintf(&relations, "%d\t%d\tMaps to\t1\t2\t\n", 5+i*step, 5+(n-1-i)*step)
		}
		s, _ := openToy(t, fstest.MapFS{"CONCEPT.csv": file(concepts.String()),
			"CONCEPT_RELATIONSHIP.csv": file(relations.String())}, nil)
		for i := range n {
			id := int32(5 + i*step)
			c, ok := s.Concept(id)
			if !ok || c.Code != "c"+strconv.Itoa(i) {
				t.Fatalf("step %d: concept %d: have %v", step, id, ok)
			}
			if m := s.MapsTo(id, nil); len(m) != 1 || m[0].ID != int32(5+(n-1-i)*step) {
				t.Fatalf("step %d: concept %d: have mappings %v", step, id, m)
			}
			for _, other := range []int32{id - 1, id + 1, math.MaxInt32, -id} {
				_, ok := s.Concept(other)
				if want := other >= 5 && int(other-5)%step == 0 && int(other-5)/step < n; ok != want {
					t.Fatalf("step %d: concept %d: want %v, have %v", step, other, want, ok)
				}
			}
		}
	}
}

func TestConceptsThatPoliciesNameAreThereOrSaidToBeAbsent(t *testing.T) {
	_, s, _ := subset(t)
	found := map[string]int{}
	for _, r := range rows(t, golden.Shared(t, "data/vocabulary/policy-concepts.tsv")) {
		id := atoi(t, r["concept_id"])
		c, ok := s.Concept(id)
		found[r["where"]]++
		switch r["where"] {
		case "subset":
			standard := strings.Trim(r["standard_concept"], "-")
			if !ok || c.Domain != r["domain_id"] || c.Vocabulary != r["vocabulary_id"] || c.Standard != letter(standard) {
				t.Errorf("concept %d: found %v, differs", id, ok)
			}
		case "absent":
			if ok || len(s.MapsTo(id, nil)) != 0 || len(s.Ingredients(id, nil)) != 0 {
				t.Errorf("concept %d: want nothing", id)
			}
		}
	}
	if found["subset"] < 50 || found["absent"] < 10 {
		t.Errorf("want the concepts of the list, have %v", found)
	}
}
