package omop

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestRecordsAreTextInBothDialects(t *testing.T) {
	for src, want := range map[string][]string{
		"\uFEFFa,b\n1,\"x\"\"y\"\n\n,\"\"\n1\n\"2\n\",3\n": {"0 1 a|b", "1 2 1|x\"y", "2 4 NULL|", "3 5 omop-cell-count", "4 6 2\n|3"},
		"a\tb\n\"\t\n": {"0 1 a|b", "1 2 \"|NULL"},
		"a,b\n\"1,2":   {"0 1 a|b", "1 2 omop-csv-syntax"},
		"":             nil,
	} {
		var have []string
		for r, err := range ReadRecords(strings.NewReader(src), "x", nil) {
			if err != nil {
				t.Fatal(err)
			}
			line := ""
			if r.Why != nil {
				line = string(r.Why.Code)
			}
			for i, c := range r.Cells {
				if i > 0 {
					line += "|"
				}
				if c == nil {
					line += "NULL"
				}
				line += string(c)
			}
			have = append(have, fmt.Sprintf("%d %d %s", r.Pos.Record, r.Pos.Line, line))
		}
		if d := cmp.Diff(want, have); d != "" {
			t.Errorf("%q (-want +got)\n%s", src, d)
		}
	}
	for _, err := range ReadRecords(strings.NewReader("\xff\xfea\x00"), "x", nil) {
		if err == nil {
			t.Error("want an error for UTF-16")
		}
	}
}

func TestFilesOfATableAreThoseThatReadTableReads(t *testing.T) {
	folder := fstest.MapFS{"PERSON.csv": {}, "death/2.parquet": {}, "death/1.parquet": {}, "death.csv": {}}
	for table, want := range map[string][]string{"person": {"PERSON.csv"}, "death": {"death/1.parquet", "death/2.parquet"}} {
		have, err := TableFiles(folder, table)
		if d := cmp.Diff(want, have); d != "" || err != nil {
			t.Errorf("%v (-want +got)\n%s", err, d)
		}
	}
	if _, err := TableFiles(folder, "location"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want no file, have %v", err)
	}
}
