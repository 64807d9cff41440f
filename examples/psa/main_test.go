package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/dataset/extract"
	"github.com/carabiner-health/carabiner/examples/psa/psa"
	"github.com/carabiner-health/carabiner/internal/gentest"
)

func readTable(t *testing.T, path string) []psa.Measurement {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var rows []psa.Measurement
	for m, err := range columnar.Read[psa.Measurement](bytes.NewReader(b), int64(len(b))) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, m)
	}
	return rows
}

func TestTheExampleTellsHowValuesWent(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), "data", out, &stdout, &stderr); err != nil {
		t.Fatal(err)
	}
	want := `patient     values  first    last     doubles in
Patient/p1       4  4.10     7.8      22.1 months
Patient/p2       3  0.9      0.95     -
Patient/p3       4  12.4     0.4      -
Patient/p4       1  3.2      3.2      -
`
	if stdout.String() != want {
		t.Errorf("want\n%s\nhave\n%s", want, stdout.String())
	}
	for _, reason := range []string{
		"Observation.ndjson:14:1: error: value: want a value, have none",
		"Observation.ndjson:16:1: error: value: want the unit ng/mL, or one that can be converted exactly, have another",
		"Observation.ndjson:17:1: error: value: want at least 0, have less",
	} {
		if !strings.Contains(stderr.String(), reason) {
			t.Errorf("want the reason %q, have\n%s", reason, stderr.String())
		}
	}
	kept, err := os.ReadFile(filepath.Join(out, "quarantine.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("data/Observation.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(string(data)))
	if want := lines[13] + lines[15] + lines[16]; string(kept) != want {
		t.Errorf("want the three lines with errors in quarantine as they were, have %d bytes", len(kept))
	}
}

func TestRowsKeepTheDigitsAndAreThoseOfTheEngine(t *testing.T) {
	dir := t.TempDir()
	var ignored bytes.Buffer
	if err := run(t.Context(), "data", filepath.Join(dir, "own"), &ignored, &ignored); err != nil {
		t.Fatal(err)
	}
	have := readTable(t, filepath.Join(dir, "own", "measurements.parquet"))
	values := map[string]string{}
	for i := range have {
		m := &have[i]
		values[m.ObservationID] = string(m.Comparator.Value) + m.Value.String() + " " + m.Collected.String()
		if problems := m.Validate(); len(problems) > 0 {
			t.Errorf("%s: %v", m.ObservationID, problems)
		}
	}
	for id, want := range map[string]string{
		"Observation/psa-1":  "4.10 2019-02-11T08:30:00+01:00",
		"Observation/psa-7":  "0.95 2023-01-09T08:30:00+01:00", // in ug/L
		"Observation/psa-9":  "<0.1 2020-07-01T08:30:00+02:00",
		"Observation/psa-12": "3.2 2023",
	} {
		if values[id] != want {
			t.Errorf("%s: want %s, have %s", id, want, values[id])
		}
	}
	model, findings, err := dataset.Load(t.Context(), "psa.profile.yaml", nil)
	if err != nil || findings.HasErrors() {
		t.Fatal(err, findings)
	}
	if _, err := extract.Run(t.Context(), model, []string{"data"}, &extract.Options{Out: filepath.Join(dir, "engine")}); err != nil {
		t.Fatal(err)
	}
	want := readTable(t, filepath.Join(dir, "engine", "measurements.parquet"))
	sortRows(want)
	for i := range have { // the engine's column is DOUBLE, which keeps no zeros at the end
		have[i].Value = psa.DecimalOfFloat(have[i].Value.Float64())
	}
	if len(have) != 12 || !reflect.DeepEqual(want, have) {
		t.Errorf("want the 12 rows of the engine\n%+v\nhave\n%+v", want, have)
	}
}

func TestTheGeneratedCodeIsUpToDate(t *testing.T) {
	gentest.UpToDate(t, "main.go")
}
