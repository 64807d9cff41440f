package main

import (
	"compress/gzip"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/carabiner-health/carabiner/issue"
)

// compressFile: gzip FROM TO.
func compressFile(ts *testscript.TestScript, _ bool, args []string) {
	out, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	w := gzip.NewWriter(out)
	_, err = w.Write([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(w.Close())
	ts.Check(out.Close())
}

func TestSizeFlagReadsWhatItWrites(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "17": 17, "17B": 17, "4KiB": 4096, "512MiB": 512 << 20, "2GiB": 2 << 30} {
		var f, back sizeFlag
		if err := f.Set(text); err != nil || int64(f) != want {
			t.Errorf("%s: want %d, have %d (%v)", text, want, f, err)
		}
		if err := back.Set(f.String()); err != nil || back != f {
			t.Errorf("%s: written as %s, read as %d (%v)", text, f.String(), back, err)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1.5GiB", "1 GiB", "10MB", "1x", "99999999999999999999", "9223372036854775807GiB"} {
		var f sizeFlag
		if err := f.Set(text); err == nil {
			t.Errorf("%q: want an error, have %d", text, f)
		}
	}
}

func TestCountsAreGroupedByThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1000: "-1,000", -100: "-100", 1234567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("%d: want %s, have %s", n, want, got)
		}
	}
	for n, want := range map[int64]string{-1: "unknown size", 0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 3 << 30: "3.0 GiB"} {
		if got := bytesText(n); got != want {
			t.Errorf("%d: want %s, have %s", n, want, got)
		}
	}
}

func TestTextFindingsAreBoundedByCodeAndCounted(t *testing.T) {
	var stderr strings.Builder
	a := &app{stderr: &stderr, format: text, failOn: severityFlag(issue.Error), maxFindings: 5, quiet: true}
	s, err := a.open("test")
	if err != nil {
		t.Fatal(err)
	}
	for range 8 {
		for v, code := range map[issue.Severity]issue.Code{issue.Information: "t-info", issue.Warning: "t-warning"} {
			if err := s.Report(issue.Issue{Severity: v, Code: code, Message: "m"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if s.failing() {
		t.Error("no error was reported: want no failure")
	}
	if err := s.close(nil); err != nil {
		t.Fatal(err)
	}
	out := stderr.String()
	if n := strings.Count(out, "[t-info]"); n != 3 {
		t.Errorf("information: want 3 lines, have %d", n)
	}
	if n := strings.Count(out, "[t-warning]"); n != 5 {
		t.Errorf("warnings: want 5 lines, have %d", n)
	}
	if want := "findings: warning 8, information 8 (not shown: t-info 5, t-warning 3)\n"; !strings.HasSuffix(out, want) {
		t.Errorf("want the end %q, have\n%s", want, out)
	}
}

// TestCellsHoldNoControlCharacters keeps values of data from moving the cursor, colouring the
// screen or making columns and lines.
func TestCellsHoldNoControlCharacters(t *testing.T) {
	got := cells("\x1b[31mRED\x1b]0;title\a\r\nLINE\tTAB\u202eright\x7f\xff", int64(1000))
	if want := " [31mRED ]0;title   LINE TAB right  \t1,000"; got != want {
		t.Errorf("want %q, have %q", want, got)
	}
	if n := utf8.RuneCountInString(cells(strings.Repeat("1.", 5000))); n != 200 {
		t.Errorf("want long values cut, have %d characters", n)
	}
}
