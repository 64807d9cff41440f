package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/carabiner-health/carabiner/examples/omopcohort/cohort"
)

// definition is the id of the cohort that this program makes.
const definition = 1

// enter returns a row for each person with one of the concepts, from its first day to
// the end of the period of observation around that day, and how many have no such
// period.
func enter(conditions []cohort.Condition, periods []cohort.Period, concepts []int32) (rows []cohort.Cohort, unobserved int) {
	first := map[int32]cohort.Date{}
	for _, c := range conditions {
		if !slices.Contains(concepts, c.ConditionConceptID) {
			continue
		}
		if day, ok := first[c.PersonID]; !ok || c.ConditionStartDate.Compare(day) < 0 {
			first[c.PersonID] = c.ConditionStartDate
		}
	}
	for _, p := range periods {
		start, ok := first[p.PersonID]
		if ok && start.Compare(p.ObservationPeriodStartDate) >= 0 && start.Compare(p.ObservationPeriodEndDate) <= 0 {
			rows = append(rows, cohort.Cohort{
				CohortDefinitionID: definition, SubjectID: p.PersonID,
				CohortStartDate: start, CohortEndDate: p.ObservationPeriodEndDate,
			})
			delete(first, p.PersonID)
		}
	}
	slices.SortFunc(rows, func(a, b cohort.Cohort) int { return cmp.Compare(a.SubjectID, b.SubjectID) })
	return rows, len(first)
}

// table writes counts by gender concept. There are no sums, because small numbers could
// be told from them.
func table(w io.Writer, all, in map[int32]int, unobserved int) error {
	text := fmt.Sprintf("%-8s %8s %8s\n", "gender", "people", "cohort")
	for _, gender := range slices.Sorted(maps.Keys(all)) {
		text += fmt.Sprintf("%-8d %8s %8s\n", gender, masked(all[gender]), masked(in[gender]))
	}
	_, err := fmt.Fprintf(w, "%sleft out, as not observed at the first diagnosis: %s\n", text, masked(unobserved))
	return err
}

// masked writes a number of people; those from 1 to 4 could identify somebody.
func masked(n int) string {
	const least = 5
	if n > 0 && n < least {
		return "<" + strconv.Itoa(least)
	}
	return strconv.Itoa(n)
}
