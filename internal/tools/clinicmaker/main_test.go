package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestCommittedFilesAreTheOnesMade(t *testing.T) {
	files, err := build()
	if err != nil {
		t.Fatal(err)
	}
	testdata := filepath.Join("..", "..", "..", "testdata")
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(testdata, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s: differs from what the maker writes; run go generate in the root", name)
		}
	}
	for _, folder := range folders {
		err := fs.WalkDir(os.DirFS(testdata), folder, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && files[name] == nil {
				t.Errorf("%s: the maker does not write it", name)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestBuildRefusesACodeWithoutConcept(t *testing.T) {
	words, err := readVocabulary()
	if err != nil {
		t.Fatal(err)
	}
	c := &clinic{words: words, lines: make(map[string][][]byte)}
	c.code(coding{snomed, "44054006"})
	if c.err != nil {
		t.Errorf("a code of the vocabulary: %v", c.err)
	}
	c.code(coding{snomed, "0"})
	if c.err == nil {
		t.Error("a code outside the vocabulary: want an error")
	}
}

func TestEveryStandardConceptMapsToItself(t *testing.T) {
	words, err := readVocabulary()
	if err != nil {
		t.Fatal(err)
	}
	links := words.files()["CONCEPT_RELATIONSHIP.csv"]
	for line := range bytes.Lines([]byte(conceptRows)) {
		f := bytes.Split(line, []byte("\t"))
		if string(f[5]) != "S" {
			continue
		}
		want := string(f[0]) + "\t" + string(f[0]) + "\tMaps to\t"
		if !bytes.Contains(links, []byte("\n"+want)) {
			t.Errorf("concept %s: want a Maps to itself", f[0])
		}
	}
}
