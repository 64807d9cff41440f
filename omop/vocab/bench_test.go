package vocab

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/omop"
)

// synthetic is a folder in the form and with the proportions of a download
// from Athena. Its ids, codes and names are made up.
type synthetic struct {
	concepts, relationships int
}

// A full download has about this many lines.
var full = synthetic{concepts: 6_000_000, relationships: 40_000_000}

var syntheticVocabularies = []struct {
	id, domain, class, code string
	standard                bool
}{
	{"SNOMED", "Condition", "Clinical Finding", "", true},
	{"LOINC", "Measurement", "Lab Test", "-7", true},
	{"RxNorm", "Drug", "Clinical Drug", "", true},
	{"RxNorm Extension", "Drug", "Marketed Product", "OMOP", true},
	{"NDC", "Drug", "11-digit NDC", "0000", false},
	{"ICD10CM", "Condition", "5-char billing code", "S", false},
	{"ICD10PCS", "Procedure", "ICD10PCS", "0X", true},
	{"SPL", "Drug", "Prescription Drug", "e2c0-4b1f-9d51-", false},
	{"UCUM", "Unit", "Unit", "{u}", true},
	{"RxNorm", "Drug", "Ingredient", "i", true},
}

// id gives the id of concept i; ids are spread and not in the order of lines.
func (g synthetic) id(i int) int { return 1000 + i*7 }

// line gives the concept on line i: a permutation of the concepts.
func (g synthetic) line(i int) int { return int(uint64(i) * 1_000_003 % uint64(g.concepts)) }

func (g synthetic) code(i int) string {
	return syntheticVocabularies[i%10].code + strconv.Itoa(100_000+i*13)
}

// write makes the files.
func (g synthetic) write(t testing.TB, dir string) {
	t.Helper()
	file := func(name, header string, line func(w []byte, i int) []byte, n int) {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		w := bufio.NewWriterSize(f, 1<<20)
		w.WriteString(header + "\n")
		var b []byte
		for i := range n {
			b = append(line(b[:0], i), '\n')
			w.Write(b)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	num := func(b []byte, n int) []byte { return append(strconv.AppendInt(b, int64(n), 10), '\t') }
	file("VOCABULARY.csv", "vocabulary_id\tvocabulary_name\tvocabulary_reference\tvocabulary_version\tvocabulary_concept_id",
		func(b []byte, _ int) []byte { return append(b, "None\tAll\tnowhere\tsynthetic\t1"...) }, 1)
	file("CONCEPT.csv", strings.Join(strings.Fields(`concept_id concept_name domain_id vocabulary_id concept_class_id
		standard_concept concept_code valid_start_date valid_end_date invalid_reason`), "\t"),
		func(b []byte, i int) []byte {
			i = g.line(i)
			v := &syntheticVocabularies[i%10]
			b = num(b, g.id(i))
			b = append(b, "Substance "...)
			b = strconv.AppendInt(b, int64(i), 10)
			b = append(b, " MG / Other substance 12 MG Oral Tablet [Brand] by Maker\t"...)
			b = append(b, v.domain+"\t"+v.id+"\t"+v.class+"\t"...)
			if v.standard {
				b = append(b, 'S')
			}
			b = append(b, '\t')
			b = append(b, v.code...)
			b = strconv.AppendInt(b, int64(100_000+i*13), 10)
			return append(b, "\t19700101\t20991231\t"...)
		}, g.concepts)
	kinds := []string{"Maps to", "Mapped from", "Is a", "Subsumes", "RxNorm has dose form", "Has finding site"}
	r := rand.New(rand.NewPCG(1, 2))
	file("CONCEPT_RELATIONSHIP.csv",
		"concept_id_1\tconcept_id_2\trelationship_id\tvalid_start_date\tvalid_end_date\tinvalid_reason",
		func(b []byte, i int) []byte {
			from, kind := r.IntN(g.concepts), kinds[i%len(kinds)]
			to := r.IntN(g.concepts/10)*10 + i%3
			switch {
			case i < 2*g.concepts && i%2 == 0:
				// Every concept has one mapping, a standard one to itself.
				from, kind = i/2, "Maps to"
				if syntheticVocabularies[from%10].standard {
					to = from
				}
			case i%1000 == 1:
				kind = "Maps to value"
			}
			b = num(num(b, g.id(from)), g.id(to))
			b = append(b, kind...)
			return append(b, "\t19700101\t20991231\t"...)
		}, g.relationships)
	file("CONCEPT_ANCESTOR.csv",
		"ancestor_concept_id\tdescendant_concept_id\tmin_levels_of_separation\tmax_levels_of_separation",
		func(b []byte, i int) []byte {
			b = num(num(b, g.id(r.IntN(g.concepts))), g.id(r.IntN(g.concepts)))
			return append(b, "1\t2"...)
		}, g.relationships/10)
}

// bytes returns the size of the files of a folder.
func folderSize(t testing.TB, dir string) int64 {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var n int64
	for _, e := range entries {
		if st, err := e.Info(); err == nil {
			n += st.Size()
		}
	}
	return n
}

// heapPeak returns the most memory that the program held while f ran.
func heapPeak(b *testing.B, f func() error) uint64 {
	b.Helper()
	runtime.GC()
	var peak uint64
	done := make(chan struct{})
	err := flow.Do(context.Background(), 2, func(context.Context) error {
		defer close(done)
		return f()
	}, func(context.Context) error {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			peak = max(peak, m.Sys-m.HeapReleased)
			select {
			case <-tick.C:
			case <-done:
				return nil
			}
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	return peak
}

func benchmarkBuild(b *testing.B, g synthetic, names Names) {
	dir := b.TempDir()
	g.write(b, dir)
	out := filepath.Join(dir, "vocab.idx")
	b.SetBytes(folderSize(b, dir))
	b.ReportAllocs()
	var peak uint64
	for b.Loop() {
		peak = max(peak, heapPeak(b, func() error {
			_, err := Build(context.Background(), dir, out, &BuildOptions{Names: names})
			return err
		}))
	}
	st, err := os.Stat(out)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(peak)/(1<<20), "MiB-peak")
	b.ReportMetric(float64(st.Size())/1e6, "MB-index")
}

// BenchmarkBuild is a tenth of a full download.
func BenchmarkBuild(b *testing.B) {
	benchmarkBuild(b, synthetic{concepts: full.concepts / 10, relationships: full.relationships / 10}, NamesNever)
}

// BenchmarkBuildFull needs about 4 GB of disk. The bar, on two cores: 20
// seconds, 400 MB of index.
func BenchmarkBuildFull(b *testing.B) {
	if testing.Short() {
		b.Skip("writes 3 GB of files")
	}
	benchmarkBuild(b, full, NamesNever)
}

// fullIndex builds the index of a full download, for the benchmarks of what
// comes after. With -short it is a tenth.
func fullIndex(b *testing.B) (synthetic, string) {
	b.Helper()
	g := full
	if testing.Short() {
		g = synthetic{concepts: full.concepts / 10, relationships: full.relationships / 10}
	}
	dir := b.TempDir()
	g.write(b, dir)
	out := filepath.Join(dir, "vocab.idx")
	if _, err := Build(context.Background(), dir, out, nil); err != nil {
		b.Fatal(err)
	}
	return g, out
}

// BenchmarkStore measures on a full index. The bars: open in 5 ms, lookup in
// 500 ns without an allocation.
func BenchmarkStore(b *testing.B) {
	g, path := fullIndex(b)
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s, err := Open(path)
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	s, err := Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	b.Run("verify", func(b *testing.B) {
		b.SetBytes(s.Info().Bytes)
		for b.Loop() {
			if err := s.Verify(); err != nil {
				b.Fatal(err)
			}
		}
	})
	// Codes at random from the whole index: every lookup leaves the caches.
	r := rand.New(rand.NewPCG(3, 4))
	type query struct {
		vocabulary, code string
		id               int32
	}
	queries := make([]query, 1<<20)
	for i := range queries {
		c := r.IntN(g.concepts)
		queries[i] = query{syntheticVocabularies[c%10].id, g.code(c), int32(g.id(c))}
	}
	targets := make([]omop.ConceptInfo, 0, 64)
	ids := make([]int32, 0, 64)
	for _, x := range []struct {
		name string
		f    func(q *query) bool
	}{
		{"lookup", func(q *query) bool { c, ok := s.Lookup(q.vocabulary, q.code); return ok && c.ID == q.id }},
		{"lookup-miss", func(q *query) bool { _, ok := s.Lookup("SNOMED", q.code+"x"); return !ok }},
		{"concept", func(q *query) bool { c, ok := s.Concept(q.id); return ok && c.ID == q.id }},
		{"maps-to", func(q *query) bool { return len(s.MapsTo(q.id, targets[:0])) > 0 }},
		{"lookup+maps-to", func(q *query) bool {
			c, ok := s.Lookup(q.vocabulary, q.code)
			return ok && len(s.MapsTo(c.ID, targets[:0])) > 0
		}},
		{"ingredients", func(q *query) bool { return len(s.Ingredients(q.id, ids[:0])) >= 0 }},
	} {
		b.Run(x.name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if !x.f(&queries[i&(len(queries)-1)]) {
					b.Fatal("wrong answer")
				}
				i++
			}
		})
	}
}

func BenchmarkOpenDir(b *testing.B) {
	dir := b.TempDir()
	synthetic{concepts: 13_000, relationships: 54_000}.write(b, dir)
	b.SetBytes(folderSize(b, dir))
	for b.Loop() {
		s, _, err := OpenDir(context.Background(), dir, nil)
		if err != nil {
			b.Fatal(err)
		}
		if n := s.Info().Concepts; n != 13_000 {
			b.Fatal(fmt.Sprint(n, " concepts"))
		}
	}
}
