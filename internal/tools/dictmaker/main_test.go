package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/carabiner-health/carabiner/internal/golden"
)

func TestCommittedFactsAreWhatTheMakerMakes(t *testing.T) {
	shared := golden.Shared(t, ".")
	files, err := build(os.DirFS(shared))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 4 {
		t.Errorf("want 4 files, have %d", len(files))
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(golden.Root(t), "dicommeta", "dict", f.name))
		if err != nil {
			t.Fatal(err)
		}
		if string(b) != string(f.content) {
			t.Errorf("%s: run go generate ./dicommeta/dict", f.name)
		}
	}
}

func TestMakerLeavesFactsAloneWhereSourcesAreAbsent(t *testing.T) {
	dir := t.TempDir()
	if err := run(fstest.MapFS{}, dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want fs.ErrNotExist, have %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("want no file, have %d, %v", len(entries), err)
	}
}

func TestMakerRefusesFactsThatItDoesNotUnderstand(t *testing.T) {
	for _, r := range []elementRow{{Tag: "0010001", VR: "LO"}, {Tag: "00100010", VR: "LONG"}, {Tag: "00100010", VR: ""}} {
		if _, err := tagTables([]elementRow{r}); err == nil || !strings.Contains(err.Error(), "want") {
			t.Errorf("%+v: want an error, have %v", r, err)
		}
	}
	header := []string{"uid", "name", "keyword", "retired", "vr_encoding", "byte_order", "encapsulated_pixels", "deflated_dataset"}
	for _, c := range []struct {
		rows     []uidRow
		syntaxes [][]string
	}{
		{[]uidRow{{UID: "1.2", Type: "SOP Class", Keyword: "A"}, {UID: "1.3", Type: "SOP Class", Keyword: "A"}}, [][]string{header}},
		{[]uidRow{{UID: "1.2", Type: ""}}, [][]string{header}},
		{[]uidRow{{UID: "1.2", Type: "SOP Class"}}, nil},
		{[]uidRow{{UID: "1.2", Type: "SOP Class"}}, [][]string{header, {"1.3", "", "", "", "", "", "", ""}}},
	} {
		if _, err := uidTables(c.rows, c.syntaxes); err == nil || !strings.Contains(err.Error(), "want") {
			t.Errorf("%+v: want an error, have %v", c.rows, err)
		}
	}
	for _, r := range []privateRow{{"A", "0009xxzz", "LO", "1", ""}, {"A", "0009xx01", "", "1", ""}, {"A\n", "0009xx01", "LO", "1", ""}} {
		if _, err := privateTable([]privateRow{r}); err == nil || !strings.Contains(err.Error(), "want") {
			t.Errorf("%+v: want an error, have %v", r, err)
		}
	}
}
