package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/carabiner-health/carabiner/internal/golden"
)

func published() fstest.MapFS {
	return fstest.MapFS{
		folder + list: {Data: []byte("\uFEFFconcept_id,concept_name,domain_id,vocabulary_id,concept_class_id,standard_concept,concept_code\n" +
			"2128000001,An Attribute,Measurement,DICOM,DICOM Attributes,,00180015\n2128000002,A Value,Measurement,DICOM,DICOM Value Sets,,ARM\n")},
		folder + mapsTo: {Data: []byte("concept_id_1,concept_id_2,relationship_id\n2128000002,7,Maps to\n")},
		folder + values: {Data: []byte("concept_id_1,concept_id_2,relationship_id\n2128000001,2128000002,Maps to value\n")},
	}
}

func TestFactsHoldCodesAndIdsWithoutNames(t *testing.T) {
	facts, sources, err := build(published())
	if err != nil {
		t.Fatal(err)
	}
	if want := "A\t00180015\t2128000001\tARM\nV\tARM\t2128000002\t7\n"; string(facts) != want {
		t.Errorf("want %q, have %q", want, facts)
	}
	if n := strings.Count(string(sources), "Apache-2.0"); n != 3 {
		t.Errorf("want three sources, have %d", n)
	}
}

func TestAStrangeListIsRefused(t *testing.T) {
	for _, replace := range [][2]string{{"2128000002,A Value", "12,A Value"}, {",DICOM,DICOM V", ",SNOMED,DICOM V"}} {
		f := published()
		f[folder+list].Data = []byte(strings.Replace(string(f[folder+list].Data), replace[0], replace[1], 1))
		if _, _, err := build(f); err == nil {
			t.Errorf("%s: want an error", replace[1])
		}
	}
}

func TestCommittedFactsAreWhatTheMakerMakes(t *testing.T) {
	facts, sources, err := build(os.DirFS(golden.Shared(t, ".")))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{output: facts, "SOURCES": sources} {
		have, err := os.ReadFile(filepath.Join(golden.Root(t), "mapping", "data", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(have) != string(want) {
			t.Errorf("%s: run go generate ./mapping", name)
		}
	}
}
