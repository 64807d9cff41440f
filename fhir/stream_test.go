package fhir

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/carabiner-health/carabiner/issue"
)

// longBundle is a Bundle of n entries of about 1,000 bytes, one a line.
func longBundle(n int) string {
	var b strings.Builder
	b.WriteString("{\"resourceType\":\"Bundle\",\"entry\":[\n")
	for i := range n {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, `{"fullUrl":"urn:uuid:%d","resource":{"resourceType":"Observation","x":"%s"}}`, i, strings.Repeat("x", 1000))
	}
	b.WriteString("\n]}")
	return b.String()
}

func TestABundleBeyondTheWindowKeepsTheAccountWhenDamaged(t *testing.T) {
	whole := longBundle(300)
	half := strings.Index(whole, `{"fullUrl":"urn:uuid:150"`)
	tests := []struct {
		name, text string
		read       int64
		rejected   int64
		last       string // type of the last resource
	}{
		{"sound", whole, 300, 0, "Observation"},
		{"cut in an entry", whole[:half+500], 150, 1, "Observation"},
		{"cut between entries", whole[:half-2], 150, 1, "Observation"},
		{"closed too early, a resource behind", whole[:half] + "]]}\n{\n\"resourceType\":\"Patient\"}", 151, 1, "Patient"},
		{"an entry that does not parse", whole[:half] + "{\"resource\":{\"x\":}},\n" + whole[half:], 300, 1, "Observation"},
		{"two Bundles and a resource", whole + "\n" + whole + "\n" + patient, 601, 0, "Patient"},
		{"no Bundle after all", `{"entry":[` + strings.Repeat(`{"item":{"reference":"Patient/1"}},`, 5000) + `{}],"resourceType":"List"}` + "\n" + whole, 301, 0, "Observation"},
	}
	for _, tt := range tests {
		for _, pack := range []func(string) string{func(s string) string { return s }, gz} {
			events, stats := readEvents(t, strings.NewReader(pack(tt.text)), knobs{document: 20_000, format: FormatBundle})
			var last, end int64
			typ := ""
			for _, e := range events {
				if e.Kind == "finding" {
					t.Errorf("%s: want no further finding, have %s", tt.name, e.Code)
				}
				if e.Record != last+1 || e.Offset < end {
					t.Errorf("%s: want record %d behind offset %d, have %d at %d", tt.name, last+1, end, e.Record, e.Offset)
				}
				last, end = e.Record, e.Offset
				if e.Kind == "resource" {
					typ = e.Type
					if tt.text[e.Offset:][:len(e.Raw)] != e.Raw || strings.Count(tt.text[:e.Offset], "\n")+1 != e.Line {
						t.Errorf("%s: record %d is not at its place", tt.name, e.Record)
					}
				}
			}
			if stats.Records != tt.read || stats.Rejected != tt.rejected || typ != tt.last || stats.Bytes != int64(len(tt.text)) {
				t.Errorf("%s: want %d resources and %d rejected, the last a %s, in %d bytes, have %d, %d, %s, %d",
					tt.name, tt.read, tt.rejected, tt.last, len(tt.text), stats.Records, stats.Rejected, typ, stats.Bytes)
			}
		}
	}
}

func TestACutGzipBundleBeyondTheWindowIsReadUpToTheCut(t *testing.T) {
	packed := gz(longBundle(3000))
	for _, document := range []int{20_000, documentBytes} {
		events, stats := readEvents(t, strings.NewReader(packed[:len(packed)/2]), knobs{document: document})
		if stats.Records < 500 || stats.Records > 2900 || stats.Rejected != 1 || stats.Damaged == "" {
			t.Errorf("want some resources, 1 rejected and the damage in the account, have %+v", stats)
		}
		codes := ""
		for _, e := range events[len(events)-2:] {
			codes += " " + e.Kind + " " + string(e.Code)
		}
		if codes != " rejected fhir-truncated finding fhir-truncated" {
			t.Errorf("want the record and the file reported at the end, have%s", codes)
		}
	}
}

func TestErrorsOfTheWorldEndABundle(t *testing.T) {
	boom := errors.New("boom")
	text := longBundle(300)
	for _, document := range []int{20_000, documentBytes} {
		r := io.MultiReader(strings.NewReader(text[:200_000]), iotest.ErrReader(boom))
		e := newEngine(t.Context(), []Source{ReaderSource("x", r)}, &ReadOptions{Reporter: issue.Discard})
		e.docBound = document
		if err := e.each(1, func(int, *Resource) error { return nil }); !errors.Is(err, boom) {
			t.Errorf("window %d: want the reader's error, have %v", document, err)
		}
	}
}

func TestLeavingABundleBeyondTheWindowEndsIt(t *testing.T) {
	stop := errors.New("stop")
	for _, text := range []string{longBundle(300), longBundle(300)[:100_000]} {
		n := 0
		e := newEngine(t.Context(), []Source{ReaderSource("x", strings.NewReader(text))}, nil)
		e.docBound = 20_000
		err := e.each(1, func(int, *Resource) error { n++; return stop })
		if !errors.Is(err, stop) || n != 1 || len(e.open) != 0 {
			t.Errorf("want the error of visit after 1 resource and nothing open, have %v after %d", err, n)
		}
	}
}

func TestReadDoesNotKeepAStreamOfLines(t *testing.T) {
	src := ReaderSource("", io.MultiReader(strings.NewReader(strings.Repeat(patient+"\n", 10_000))))
	e := newEngine(t.Context(), []Source{src}, nil)
	e.once = true
	n := 0
	if err := e.each(1, func(int, *Resource) error { n++; return nil }); err != nil || n != 10_000 {
		t.Fatalf("want 10000 resources, have %d, %v", n, err)
	}
	r, err := src.Open()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := io.ReadAll(r)
	if err != nil || len(kept) > 4*headBytes {
		t.Errorf("want little more than the head kept, have %d bytes, %v", len(kept), err)
	}
}
