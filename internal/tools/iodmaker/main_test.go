package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The committed data is what the sources say.
func TestDataIsCurrent(t *testing.T) {
	src, err := read(os.DirFS("../../../../shared"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the sources are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	want, unused, err := src.text()
	if err != nil {
		t.Fatal(err)
	}
	if len(unused) > 0 {
		t.Errorf("texts.tsv: want lines that rules need alone, have %v too", unused)
	}
	f, err := os.Open("../../../dicommeta/iod/data/rules.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	have, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, have) {
		t.Error("want the text that the sources give; run go generate ./dicommeta/iod")
	}
}

func TestRulesBecomeLines(t *testing.T) {
	s := &source{}
	s.rules.Conditions = map[string][]term{"C1": {{Op: "or", Tag: "00080060", Test: map[string]string{"StringValue": "CT"}},
		{Op: "and", Not: true, Group: []term{{Op: "or", Tag: "60xx0010", Test: map[string]string{"ElementPresent": "0xff00"}}}}}}
	s.rules.Modules = map[string]module{"M1": {Nodes: []node{
		{Seq: "S", Tag: "00081140", Type: "1C", Items: "1-n", Condition: "C1", Otherwise: true, Nodes: []node{{Attr: "A", Tag: "00081150", Type: "1", Enum: "L"}, {Attr: "M", Tag: "00080104", Enum: "N"}}},
	}}}
	s.rules.Strings = map[string][][]string{"L": {{"A", "with a meaning"}, {"***EMPTYVALUE***"}}, "N": {{"a name"}}}
	have, _, err := s.text()
	if err != nil {
		t.Fatal(err)
	}
	want := "V\tL\ts\tA\t\t.\nC\tC1\t|s00080060:::CT\t&!(\t|p60xx0010:::\t)\nM\tM1\ns0\t00081140\t1C\t1-n\t\tC1\to\na1\t00081150\t1\t\t\t\t\teL\na1\t00080104\n"
	if string(have) != want {
		t.Errorf("want\n%shave\n%s", want, have)
	}
	s.rules.Conditions["C1"][0].Test = map[string]string{"Unknown": ""}
	if _, _, err := s.text(); err == nil || !strings.Contains(err.Error(), "unknown test") {
		t.Errorf("want an error for an unknown test, have %v", err)
	}
}

// A check that a newer edition words in another way has no sentence of ours.
func TestTextsWithoutOurSentenceAreRefused(t *testing.T) {
	s := &source{}
	s.rules.Modules = map[string]module{"M1": {Nodes: []node{{Verify: "A", Tag: "00081150", Error: "Made up for this test"}}}}
	if _, _, err := s.text(); err == nil || !strings.Contains(err.Error(), textKey("Made up for this test")) {
		t.Errorf("want an error with the key, have %v", err)
	}
	for _, lines := range []string{"0123456789ab\tBad\n", "0123\twant a, have b\n", "0123456789ab\twant a, have b\n0123456789ab\twant a, have c\n"} {
		if _, err := readTexts(lines); err == nil {
			t.Errorf("%q: want an error, have none", lines)
		}
	}
}

// None of the source's sentences is in the data.
func TestSentencesAreOurs(t *testing.T) {
	src, err := read(os.DirFS("../../../../shared"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the sources are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	text, _, err := src.text()
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]bool{}
	sentence := regexp.MustCompile(`\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b`)
	for line := range strings.Lines(string(text)) {
		for _, f := range strings.Split(strings.TrimSuffix(line, "\n"), "\t") {
			fields[f] = true
			if !strings.HasPrefix(f, "want ") && sentence.MatchString(f) {
				t.Errorf("want names, codes and our sentences alone, have a sentence in %.8s", line)
			}
		}
	}
	checks := 0
	var walk func([]node)
	walk = func(all []node) {
		for _, n := range all {
			if s := cmp.Or(n.Error, n.Warning, n.ElseWarning); s != "" {
				checks++
				if fields[s] {
					t.Errorf("%s: want our sentence, have that of the source", textKey(s))
				}
			}
			walk(n.Nodes)
		}
	}
	for _, m := range src.rules.Modules {
		walk(m.Nodes)
	}
	for _, m := range src.rules.Macros {
		walk(m.Nodes)
	}
	if checks < 150 {
		t.Errorf("want at least 150 checks, have %d", checks)
	}
}
