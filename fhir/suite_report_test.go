package fhir_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/internal/golden"
)

// tally counts runs by how far they agree.
type tally struct{ runs, valid, count, places, warnings, invalid, caught int }

func (y *tally) add(c *compared) {
	y.runs++
	have, want := c.errors()
	if c.level >= agreesValid {
		y.valid++
	}
	if c.level >= agreesCount {
		y.count++
	}
	if c.level >= agreesPlaces {
		y.places++
	}
	if c.warnings {
		y.warnings++
	}
	if want > 0 {
		y.invalid++
		if have > 0 {
			y.caught++
		}
	}
}

func (y *tally) row(name string) string {
	share := func(n int) string { return fmt.Sprintf("%4d %5.1f%%", n, 100*float64(n)/float64(max(y.runs, 1))) }
	return fmt.Sprintf("%-22s %5d  %s  %s  %s  %s  %5d/%d\n",
		name, y.runs, share(y.valid), share(y.count), share(y.places), share(y.warnings), y.caught, y.invalid)
}

// suiteTotals returns the totals of all runs, and of those that are not nearly
// free.
func suiteTotals(results []*compared) (all, hard tally) {
	for _, c := range results {
		all.add(c)
		if !c.run.nearlyFree() {
			hard.add(c)
		}
	}
	return all, hard
}

// suiteTable shows the agreement by module.
func suiteTable(results []*compared) string {
	modules := map[string]*tally{}
	for _, c := range results {
		if modules[c.run.Module] == nil {
			modules[c.run.Module] = &tally{}
		}
		modules[c.run.Module].add(c)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-22s %5s  %11s  %11s  %11s  %11s  %s\n", "module", "runs", "valid", "count", "places", "warnings", "invalid caught")
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		b.WriteString(modules[name].row(name))
	}
	all, hard := suiteTotals(results)
	b.WriteString(all.row("all"))
	b.WriteString(hard.row("without nearly free"))
	return b.String()
}

// least is what the suite has reached; it may only rise. The first line is of
// all runs, the second of those that are not nearly free.
var least = [2]tally{
	{valid: 333, count: 328, places: 322},
	{valid: 271, count: 266, places: 260},
}

// mostUnexplained is how many disagreements may lack a reason; it may only fall.
const mostUnexplained = 0

// checkTotals compares the totals with what was reached before.
func checkTotals(t *testing.T, results []*compared) {
	t.Helper()
	all, hard := suiteTotals(results)
	for i, have := range []tally{all, hard} {
		want := least[i]
		if have.valid < want.valid || have.count < want.count || have.places < want.places {
			t.Errorf("want at least %d valid, %d count, %d places, have %d, %d, %d",
				want.valid, want.count, want.places, have.valid, have.count, have.places)
		}
	}
}

const disagreementsFile = "testdata/validator-disagreements.txt"

const disagreementsHead = `# Runs of HL7's validator cases (R4) on which this validator differs from the
# outcome that HL7's validator recorded. A run stands here once, with what
# differs first: valid (one says valid, the other invalid), count (the number of
# errors) or places (where the errors are). A run that agrees must not stand here.
#
# run | differs in | errors here | errors recorded | reason
`

// checkDisagreements compares the runs that disagree with the list of them.
func checkDisagreements(t *testing.T, results []*compared) {
	t.Helper()
	reasons := readReasons(t)
	var b strings.Builder
	b.WriteString(disagreementsHead)
	unexplained := 0
	for _, c := range results {
		if c.level == agreesPlaces {
			continue
		}
		have, want := c.errors()
		reason := reasons[c.run.ID]
		if reason == "" {
			unexplained++
		}
		b.WriteString(strings.TrimRight(fmt.Sprintf("%s | %s | %d | %d | %s", c.run.ID, c.level, have, want, reason), " ") + "\n")
	}
	if unexplained > mostUnexplained {
		t.Errorf("want a reason beside every disagreement but %d, have %d without one", mostUnexplained, unexplained)
	}
	golden.Compare(t, disagreementsFile, []byte(b.String()))
}

// readReasons returns the reasons in the list of disagreements, by run.
func readReasons(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile(disagreementsFile)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	for n, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.SplitN(line, "|", 5)
		if len(fields) != 5 {
			t.Fatalf("%s:%d: want five fields, have %d", disagreementsFile, n+1, len(fields))
		}
		for _, number := range fields[2:4] {
			if _, err := strconv.Atoi(strings.TrimSpace(number)); err != nil {
				t.Fatalf("%s:%d: %v", disagreementsFile, n+1, err)
			}
		}
		reasons[strings.TrimSpace(fields[0])] = strings.TrimSpace(fields[4])
	}
	return reasons
}
