package fhirpath

import (
	"bufio"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// typical are the expressions that engines are compared on.
var typical = [...]string{
	"code.coding.code",
	"subject.reference",
	"value.ofType(Quantity).value > 5",
	"category.coding.where(system = 'http://terminology.hl7.org/CodeSystem/observation-category').code",
	"component.exists() or value.exists()",
}

const benchObservations = 5000

// observations returns lines of Synthea's Observations.
func observations(b *testing.B, n int) [][]byte {
	b.Helper()
	files, err := filepath.Glob(filepath.Join(golden.Shared(b, "data/fhir/synthea/bulk-300"), "Observation.*.ndjson.gz"))
	if err != nil || len(files) == 0 {
		b.Skip("no Observations")
	}
	f, err := os.Open(files[0])
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		b.Fatal(err)
	}
	var lines [][]byte
	for s := bufio.NewScanner(z); len(lines) < n && s.Scan(); {
		lines = append(lines, append([]byte(nil), s.Bytes()...))
	}
	return lines
}

func compileAll(b *testing.B, sources ...string) []*Expression {
	b.Helper()
	var all []*Expression
	for _, src := range sources {
		e, err := Compile(src, nil)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// BenchmarkTypical evaluates five expressions on every Observation, parsing each
// once.
func BenchmarkTypical(b *testing.B) {
	lines := observations(b, benchObservations)
	all := compileAll(b, typical[:]...)
	b.ReportAllocs()
	var tree jsontree.Tree
	items, n := 0, 0
	for b.Loop() {
		for _, line := range lines {
			if err := tree.Parse(line, nil); err != nil {
				b.Fatal(err)
			}
			in := Input{Focus: ResourceNode(tree.Root())}
			for _, e := range all {
				out, err := e.Eval(&in)
				if err != nil {
					b.Fatal(err)
				}
				items += len(out)
				n++
			}
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "evals/s")
	b.ReportMetric(float64(items)/float64(n), "items/eval")
}

// BenchmarkInvariants tests constraints that stand on every resource.
func BenchmarkInvariants(b *testing.B) {
	lines := observations(b, 500)
	structure := fhirdef.R4().Type("Observation")
	var sources []string
	for _, c := range structure.Elements[0].Constraints {
		if c.Key != "dom-6" {
			sources = append(sources, c.Expression)
		}
	}
	for i, e := range compileAll(b, sources...) {
		b.Run(structure.Elements[0].Constraints[i].Key, func(b *testing.B) {
			b.ReportAllocs()
			trees := make([]jsontree.Tree, len(lines))
			for i, line := range lines {
				if err := trees[i].Parse(line, nil); err != nil {
					b.Fatal(err)
				}
			}
			n := 0
			for b.Loop() {
				in := Input{Focus: ResourceNode(trees[n%len(trees)].Root())}
				if ok, err := e.Test(&in); !ok || err != nil {
					b.Fatal(ok, err)
				}
				n++
			}
		})
	}
}
