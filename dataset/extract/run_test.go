package extract

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

func TestHashesAreCountedTheSameWhenSpilled(t *testing.T) {
	for _, most := range []int{0, 2} {
		a, b := &hashes{most: most, dir: t.TempDir()}, &hashes{most: most, dir: t.TempDir()}
		defer a.close()
		defer b.close()
		for _, list := range [][]uint64{{5, 1, 9, 0}, {1, 7}, {0, 9, 9}} {
			if err := a.add(list); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.add([]uint64{9, 1, 2, 1 << 63}); err != nil {
			t.Fatal(err)
		}
		twice, err := a.twice()
		if err != nil || twice != 3 {
			t.Errorf("want 3 that occur before, have %d, %v", twice, err)
		}
		missing, err := b.missing(a)
		if err != nil || missing != 2 {
			t.Errorf("want 2 that are not there, have %d, %v", missing, err)
		}
	}
}

func TestNothingIsLeftOfARunThatEnds(t *testing.T) {
	series := seriesTable()
	m := &dataset.Model{Tables: []*dataset.Table{patients(), series}}
	stop := errors.New("stop")
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	for name, run := range map[string]func(out string) error{
		"context": func(out string) error {
			_, err := Run(ended, m, []string{clinic}, &Options{Out: out})
			return err
		},
		"reporter": func(out string) error {
			_, err := Run(t.Context(), m, []string{clinic}, &Options{Out: out, Reporter: issue.ReporterFunc(func(issue.Issue) error { return stop })})
			return err
		},
	} {
		dir := t.TempDir()
		if err := run(filepath.Join(dir, "out")); !errors.Is(err, stop) {
			t.Errorf("%s: want the error that ended it, have %v", name, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: want nothing left, have %v, %v", name, left, err)
		}
	}
}

func TestTablesOfOtherSourcesAreNamedAndLeftOut(t *testing.T) {
	m := &dataset.Model{Tables: []*dataset.Table{patients(), {Name: "lab", Kind: dataset.TableSchema, Object: object("lab", field("id", dataset.Text))}}}
	report, _ := extracted(t, m, clinic, nil)
	if len(report.NotExtracted) != 1 || report.Findings[CodeNotExtracted] != 1 || len(report.Tables) != 1 {
		t.Errorf("want one table left out, have %+v", report)
	}
	m.Tables = m.Tables[1:]
	if _, err := Run(t.Context(), m, []string{clinic}, &Options{Out: filepath.Join(t.TempDir(), "out")}); err == nil {
		t.Error("want an error for a profile of which no table can be extracted")
	}
}
