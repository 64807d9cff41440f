package issue

import (
	"encoding/json"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSeverityKeepsFHIRCodes(t *testing.T) {
	for s := Information; s <= Fatal; s++ {
		text, err := s.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back Severity
		if err := back.UnmarshalText(text); err != nil || back != s {
			t.Errorf("%s: have %v (%v) back", s, back, err)
		}
	}
	if _, err := Severity(0).MarshalText(); err == nil {
		t.Error("zero severity: want an error")
	}
	if _, err := ParseSeverity("invalid"); err == nil {
		t.Error("text of the zero severity: want an error")
	}
	if s := (Fatal + 1).String(); s != "invalid" {
		t.Errorf("unknown severity: have %s", s)
	}
}

func TestPosLeavesOutWhatIsUnknown(t *testing.T) {
	for _, c := range []struct {
		pos  Pos
		want string
	}{
		{Pos{}, ""},
		{Pos{Source: "a.ndjson"}, "a.ndjson"},
		{Pos{Source: "a.ndjson", Line: 3}, "a.ndjson:3"},
		{Pos{Source: "a.ndjson", Record: 9, Line: 3, Column: 7, Offset: 99}, "a.ndjson:3:7"},
		{Pos{Source: "a.parquet", Record: 9}, "a.parquet#9"},
		{Pos{Line: 3, Column: 7}, "3:7"},
		{Pos{Source: "a", Column: 7}, "a"},
	} {
		if got := c.pos.String(); got != c.want {
			t.Errorf("%+v: want %q, have %q", c.pos, c.want, got)
		}
	}
}

func TestIssueJSONOmitsWhatIsUnknown(t *testing.T) {
	b, err := json.Marshal(Issue{Severity: Warning, Code: "x-y", Message: "want a, have b"})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"severity":"warning","code":"x-y","message":"want a, have b"}`; string(b) != want {
		t.Errorf("want %s, have %s", want, b)
	}
	var back Issue
	full := Issue{Fatal, "a-b", Pos{"s", 1, 2, 3, 4}, "p", "m", "r"}
	b, err = json.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(full, back); diff != "" {
		t.Errorf("after JSON and back (-want +got):\n%s", diff)
	}
}

func TestListErrIsNilWithoutErrors(t *testing.T) {
	mild := List{{Severity: Information}, {Severity: Warning}}
	if err := mild.Err(); err != nil {
		t.Errorf("want nil, have %v", err)
	}
	if err := (List)(nil).Err(); err != nil {
		t.Errorf("empty: want nil, have %v", err)
	}
	if w := (List)(nil).Worst(); w != 0 {
		t.Errorf("empty: want severity 0, have %v", w)
	}
	hard := append(mild, Issue{Severity: Error, Code: "a-b", Message: "want a, have b"})
	var le *ListError
	if err := hard.Err(); !errors.As(err, &le) || len(le.List) != 3 {
		t.Fatalf("want a *ListError of 3 findings, have %v", err)
	}
	if got, want := le.Error(), "error: want a, have b [a-b]"; got != want {
		t.Errorf("want %q, have %q", want, got)
	}
	harder := append(hard, Issue{Severity: Fatal})
	if got, want := harder.Err().Error(), "error: want a, have b [a-b] (and 1 more)"; got != want {
		t.Errorf("want %q, have %q", want, got)
	}
	if got := (&ListError{List: mild}).Error(); got != "no errors" {
		t.Errorf("list without errors: have %q", got)
	}
}

func TestWithinPutsTheStepInFront(t *testing.T) {
	got := List{{Path: ""}, {Path: "code"}, {Path: "[2].code"}}.Within("Bundle.entry")
	want := List{{Path: "Bundle.entry"}, {Path: "Bundle.entry.code"}, {Path: "Bundle.entry[2].code"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFailFastEndsAtTheFirstError(t *testing.T) {
	if err := FailFast.Report(Issue{Severity: Warning}); err != nil {
		t.Errorf("warning: want nil, have %v", err)
	}
	var le *ListError
	if err := FailFast.Report(Issue{Severity: Error}); !errors.As(err, &le) {
		t.Errorf("error: want a *ListError, have %v", err)
	}
	if err := Discard.Report(Issue{Severity: Fatal}); err != nil {
		t.Errorf("discard: want nil, have %v", err)
	}
}

func TestCollectorKeepsAtMostMax(t *testing.T) {
	c := Collector{Max: 2}
	for range 5 {
		if err := c.Report(Issue{Severity: Error}); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.List()) != 2 || c.Dropped() != 3 {
		t.Errorf("want 2 kept and 3 dropped, have %d and %d", len(c.List()), c.Dropped())
	}
	c.List()[0].Severity = Warning
	if c.List()[0].Severity != Error {
		t.Error("List hands out its own memory, want a copy")
	}
}

func TestCounterCountsFromManyGoroutines(t *testing.T) {
	var c Counter
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for s := Information; s <= Fatal; s++ {
				if err := c.Report(Issue{Severity: s, Code: "a-b"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := []int64{c.AtLeast(0), c.AtLeast(Warning), c.AtLeast(Fatal)}; !cmp.Equal(got, []int64{32, 24, 8}) {
		t.Errorf("want 32, 24, 8, have %v", got)
	}
	if diff := cmp.Diff(map[Code]int64{"a-b": 32}, c.ByCode()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := c.Report(Issue{Code: "a-b"}); err == nil {
		t.Error("invalid severity: want an error")
	}
}

func TestTeeReportsToAllAndAnswersTheFirstError(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	var c Collector
	answer := func(err error) Reporter { return ReporterFunc(func(Issue) error { return err }) }
	if err := Tee(answer(nil), answer(first), answer(second), &c).Report(Issue{Severity: Error}); err != first {
		t.Errorf("want the first error, have %v", err)
	}
	if len(c.List()) != 1 {
		t.Error("the reporter after the failing ones did not get the finding")
	}
}

func TestPosTellsLineElseRecordElseOffset(t *testing.T) {
	for want, p := range map[string]Pos{
		"a:2:3": {Source: "a", Record: 4, Line: 2, Column: 3, Offset: 9},
		"a#4":   {Source: "a", Record: 4, Offset: 9},
		"a@9":   {Source: "a", Offset: 9},
		"a":     {Source: "a"},
	} {
		if have := p.String(); have != want {
			t.Errorf("want %s, have %s", want, have)
		}
	}
}
