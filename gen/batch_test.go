package gen_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/gen"
	"github.com/carabiner-health/carabiner/internal/gentest"
	"github.com/carabiner-health/carabiner/internal/golden"
)

// batchSource is a definition out of which everything is made.
type batchSource struct {
	path  string // of Load
	opts  *dataset.LoadOptions
	long  bool // only with CARABINER_LONG=1
	loads bool // must load; else findings that are errors are no failure
}

// batch is a list of sources.
type batch []batchSource

// add adds sources, all after the first few for a long run alone.
func (b *batch) add(short int, loads bool, kind dataset.SourceKind, paths ...string) {
	for i, p := range paths {
		*b = append(*b, batchSource{path: p, opts: &dataset.LoadOptions{Kind: kind}, long: i >= short, loads: loads})
	}
}

// ownSources returns the tabular definitions that ship, and our own.
func ownSources(t *testing.T) batch {
	t.Helper()
	var list batch
	add := list.add
	own := glob(t, "testdata/tabular/*")
	add(len(own), true, "", own...)
	add(1, true, dataset.FHIRView, glob(t, "../fhir/view/library/*.json")...)
	add(0, true, "", "omop-cdm:5.4", "omop-cdm:5.3", "omop-cdm:5.4#person")
	for _, name := range []string{"CTImage", "MRImage", "ComprehensiveSR", "EnhancedMRImage", "PETImage", "CRImage", "USImage", "RTStructureSet", "Segmentation", "EnhancedCTImage"} {
		add(0, true, "", "dicom-iod:"+name)
	}
	return list
}

// sharedSources returns those of the shared data.
func sharedSources(t *testing.T) batch {
	t.Helper()
	shared := golden.Shared(t, "data")
	var list batch
	add := list.add
	add(1, true, dataset.FHIRView, glob(t, shared+"/metadata/profiles/views/*.json")...)
	add(1, true, "", glob(t, shared+"/dicom/idc/*.csv")...)
	add(2, false, dataset.Croissant, glob(t, shared+"/metadata/croissant/examples/*/metadata.json")...)
	add(1, true, "", glob(t, shared+"/metadata/profiles/crtdl/CRTDL*.json")...)
	for _, pattern := range []string{"*schema*.json", "*schema*.yaml", "countries*.json", "unique-field.json"} {
		add(1, false, dataset.TableSchema, glob(t, shared+"/metadata/frictionless/data/"+pattern)...)
	}
	for _, pattern := range []string{"*package*.json", "*package*.yaml", "package/*.json", "*resource*.json", "*resource*.y*ml"} {
		add(1, false, dataset.DataPackage, glob(t, shared+"/metadata/frictionless/data/"+pattern)...)
	}
	return list
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(pattern)
	if err != nil || len(list) == 0 {
		t.Fatalf("%s: want files, have %d (%v)", pattern, len(list), err)
	}
	return list
}

func TestTabularSourcesGenerate(t *testing.T) { generateAll(t, ownSources(t), 3) }

func TestSharedTabularSourcesGenerate(t *testing.T) { generateAll(t, sharedSources(t), 5) }

// generateAll makes all outputs of each source, twice, and compiles, vets and runs
// the code with its tests. At least some of the sources give code.
func generateAll(t *testing.T, sources batch, least int) {
	t.Helper()
	long := os.Getenv("CARABINER_LONG") != ""
	run := gentest.Run{Carabiner: true, Files: map[string][]byte{}}
	n := 0
	for i, s := range sources {
		if s.long && !long {
			continue
		}
		m, findings, err := dataset.Load(context.Background(), s.path, s.opts)
		if err != nil || m == nil {
			if s.loads {
				t.Errorf("%s: want a model, have %v %v", s.path, err, findings)
			}
			continue
		}
		name := fmt.Sprintf("p%03d", i)
		t.Log(name, s.path)
		opts := &gen.GoOptions{Package: name, Extract: i%2 == 0, Tests: true}
		files, _, err := gen.Generate(m, gen.Outputs(), opts)
		if err != nil {
			t.Errorf("%s: %v", s.path, err)
			continue
		}
		again, _, _ := gen.Generate(m, gen.Outputs(), opts)
		for k, f := range files {
			if !bytes.Equal(f.Content, again[k].Content) {
				t.Errorf("%s: %s has other bytes the second time", s.path, f.Name)
			}
			if strings.HasSuffix(f.Name, ".go") {
				run.Files[name+"/"+f.Name] = f.Content
			}
		}
		n++
	}
	if n < least {
		t.Errorf("want code of %d sources at least, have %d", least, n)
	}
	run.Do(t)
}
