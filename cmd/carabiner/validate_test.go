package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/internal/golden"
)

// faultyExport makes a folder of NDJSON with faults here and there, rejected
// lines, Bundles, and files that are left aside.
func faultyExport(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 3 {
		var b strings.Builder
		for i := range 1500 {
			switch {
			case i%97 == 0:
				b.WriteString("{\"resourceType\":\n")
			case i%31 == 0:
				fmt.Fprintf(&b, `{"resourceType":"Patient","id":"p%d-%d","birthDate":"20-01-01"}`+"\n", n, i)
			case i%2 == 0:
				fmt.Fprintf(&b, `{"resourceType":"Patient","id":"p%d-%d","gender":"male"}`+"\n", n, i)
			default:
				fmt.Fprintf(&b, `{"resourceType":"Observation","id":"o%d-%d","status":"final","code":{"text":"t"},"subject":{"reference":"Patient/p%d-%d"}}`+"\n", n, i, n, i*7%1500)
			}
		}
		write(fmt.Sprintf("lines%d.ndjson", n), b.String())
		entry := fmt.Sprintf(`{"fullUrl":"http://example.org/fhir/Patient/b%d","resource":{"resourceType":"Patient","id":"b%d","gender":"none"}}`, n, n)
		write(fmt.Sprintf("m-bundle%d.json", n), `{"resourceType":"Bundle","type":"collection","entry":[`+entry+`]}`)
		write(fmt.Sprintf("n-long%d.json", n), `{"resourceType":"Bundle","type":"collection","entry":[`+strings.Repeat(entry+",", 99)+`{}]}`)
		write(fmt.Sprintf("z-log%d.txt", n), "no FHIR")
	}
	write("README.md", "no FHIR")
	return dir
}

// TestValidateGivesTheSameBytesAtAnyNumberOfWorkers holds for all formats.
func TestValidateGivesTheSameBytesAtAnyNumberOfWorkers(t *testing.T) {
	dir := faultyExport(t)
	for _, format := range []string{"text", "json", "sarif", "operationoutcome"} {
		var want, wantErr string
		for _, workers := range []string{"1", "2", "4"} {
			var stdout, stderr bytes.Buffer
			code := run(context.Background(), []string{"validate", dir, "--workers", workers, "--format", format, "--max-findings", "0",
				"--show", "information", "--max-record", "4KiB"}, nil, &stdout, &stderr)
			if code != exitFindings {
				t.Fatalf("%s, %s workers: want exit code %d, have %d: %s", format, workers, exitFindings, code, stderr.String())
			}
			if want == "" {
				want, wantErr = stdout.String(), stderr.String()
				continue
			}
			if stdout.String() != want {
				t.Errorf("%s: the report with %s workers differs from that with one", format, workers)
			}
			if stderr.String() != wantErr {
				t.Errorf("%s: the findings with %s workers differ from those with one", format, workers)
			}
		}
		if n := strings.Count(wantErr, "fhir-primitive"); n < 120 {
			t.Errorf("%s: want at least 120 findings about dates, have %d", format, n)
		}
		if format == "text" {
			inOrder(t, wantErr)
		}
	}
}

// inOrder checks that the findings stand in the order of the sources, and of the
// lines in each where findings are about lines.
func inOrder(t *testing.T, text string) {
	t.Helper()
	var last string
	var lastLine int
	seen := make(map[string]bool)
	for line := range strings.Lines(text) {
		name, rest, ok := strings.Cut(filepath.Base(line), ":")
		var n int
		if _, err := fmt.Sscanf(rest, "%d:", &n); !ok || err != nil || !strings.HasPrefix(name, "lines") {
			continue
		}
		if name != last {
			if seen[name] {
				t.Errorf("%s: want its findings together, have them apart", name)
			}
			seen[name], last, lastLine = true, name, 0
		}
		if n < lastLine {
			t.Errorf("%s: want a line from %d on, have %d", name, lastLine, n)
		}
		lastLine = n
	}
	if len(seen) != 3 {
		t.Errorf("want findings of 3 files of lines, have %d", len(seen))
	}
}

func TestValidateShowsOneFindingOfEveryKind(t *testing.T) {
	dir := faultyExport(t)
	var stdout, stderr bytes.Buffer
	run(context.Background(), []string{"validate", dir, "--max-findings", "1", "-q"}, nil, &stdout, &stderr)
	for _, want := range []string{"Patient.birthDate: ", "Observation.subject.reference: ", "entry[0].resource.gender: ", "Patient: want dom-6", "Observation: want dom-6"} {
		if n := strings.Count(stderr.String(), want); n < 1 || n > 3 {
			t.Errorf("want one to three findings with %q, have %d", want, n)
		}
	}
	if stdout.Len() > 0 {
		t.Error("want no report with --quiet, have one")
	}
}

func TestWithoutIndexes(t *testing.T) {
	for path, want := range map[string]string{
		"":                               "",
		"Patient":                        "Patient",
		"Patient.name[0].given[12]":      "Patient.name.given",
		"Patient.x[y].z[1":               "Patient.x[y].z[1",
		"A.value[3].ofType(Reference).b": "A.value.ofType(Reference).b",
		"A.b[]":                          "A.b[]",
	} {
		if have := withoutIndexes(path); have != want {
			t.Errorf("%s: want %s, have %s", path, want, have)
		}
	}
}

// TestValidateUSCore loads a published package, and checks its own examples.
func TestValidateUSCore(t *testing.T) {
	ig := golden.Shared(t, "data/fhir/us-core-6.1.0.tgz")
	patient := filepath.Join(t.TempDir(), "patient.json")
	text := `{"resourceType":"Patient","id":"a","meta":{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"]},` +
		`"identifier":[{"system":"http://example.org","value":"secret"}],"name":[{"family":"secret"}]}`
	if err := os.WriteFile(patient, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), []string{"validate", patient, "--ig", ig}, nil, &stdout, &stderr)
	if code != exitFindings {
		t.Errorf("want exit code %d, have %d", exitFindings, code)
	}
	for _, want := range []string{"hl7.fhir.us.core#6.1.0 depends on ", "patient.json:1:1: error: Patient: want at least 1 of Patient.gender"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("want %q among the findings, have\n%s", want, stderr.String())
		}
	}
	if strings.Contains(stderr.String(), "secret") {
		t.Error("want no value in the findings, have one")
	}
}
