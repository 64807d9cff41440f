// Command omopcohort makes a cohort of an OMOP folder, Parquet or CSV: the people with
// one of some conditions, from the first diagnosis to the end of their observation.
//
//	go run ./examples/omopcohort out/omop out/cohort 201826
package main

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset/extract"
	"github.com/carabiner-health/carabiner/examples/omopcohort/cohort"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop"
)

//go:generate go run ../../cmd/carabiner gen cohort.profile.yaml -o cohort --extract --tests --quiet

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	if len(args) < 3 {
		return fmt.Errorf("want an OMOP folder, a folder to make and concept ids of conditions")
	}
	var concepts []int32
	for _, arg := range args[2:] {
		id, err := strconv.ParseInt(arg, 10, 32)
		if err != nil {
			return fmt.Errorf("want concept ids of conditions, have %q", arg)
		}
		concepts = append(concepts, int32(id))
	}
	in, tell := os.DirFS(args[0]), issue.NewWriter(stderr, issue.Text)
	persons, err := read(in, cohort.ExtractPerson, tell)
	if err != nil {
		return err
	}
	conditions, err := read(in, cohort.ExtractCondition, tell)
	if err != nil {
		return err
	}
	periods, err := read(in, cohort.ExtractPeriod, tell)
	if err != nil {
		return err
	}
	rows, unobserved := enter(conditions, periods, concepts)
	if err := cmp.Or(tell.Close(), write(args[1], rows)); err != nil {
		return err
	}
	return print(stdout, persons, rows, unobserved)
}

// read returns the rows of a table; one with an error is told and left out.
func read[R omop.Row, T any](in fs.FS, make func(R) (T, issue.List), tell issue.Reporter) ([]T, error) {
	var rows []T
	for r, err := range omop.ReadTable[R](in, &omop.ReadOptions{Reporter: tell}) {
		if err != nil {
			return nil, err
		}
		row, problems := make(r)
		switch {
		case extract.Filtered(problems):
			continue
		case !problems.HasErrors():
			rows = append(rows, row)
		}
		for _, p := range problems {
			if err := tell.Report(p); err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}

func write(path string, rows []cohort.Cohort) error {
	dir, err := columnar.NewDir(path) // appears whole or not at all
	if err != nil {
		return err
	}
	defer dir.Close()
	file, err := dir.Create("cohort.parquet")
	if err != nil {
		return err
	}
	w, err := columnar.NewWriter[cohort.Cohort](file, nil)
	if err != nil {
		return err
	}
	return cmp.Or(w.Write(rows), w.Close(), file.Close(), dir.Commit())
}

// print writes how many people there are by gender concept.
func print(w io.Writer, persons []cohort.Person, rows []cohort.Cohort, unobserved int) error {
	all, in := map[int32]int{}, map[int32]int{}
	for _, p := range persons {
		all[p.GenderConceptID]++
		if slices.ContainsFunc(rows, func(r cohort.Cohort) bool { return r.SubjectID == p.PersonID }) {
			in[p.GenderConceptID]++
		}
	}
	return table(w, all, in, unobserved)
}
