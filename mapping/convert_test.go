package mapping

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/omop"
	"github.com/google/go-cmp/cmp"
)

func convertFolder(t testing.TB, dir string, opts ConvertOptions) (string, *Report) {
	t.Helper()
	opts.Out = filepath.Join(t.TempDir(), "out")
	opts.Concepts = subset(t)
	srcs, err := fhir.NewSources([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Convert(context.Background(), srcs, &opts)
	if err != nil {
		t.Fatal(err)
	}
	return opts.Out, r
}

// long leaves a test on whole extracts out of short runs, such as the race
// detector's; TestConvertBytesDependOnTheInputAlone stays in.
func long(t *testing.T) {
	if testing.Short() {
		t.Skip("a whole extract takes long")
	}
}

// TestConvertAccountsForEveryResource counts the resources of the real extract
// apart, by encoding/json, and adds up the account, the tables and the id map.
func TestConvertAccountsForEveryResource(t *testing.T) {
	long(t)
	dir := golden.Shared(t, "data/fhir/synthea/bulk-300")
	want := map[string]int64{}
	linesOf(t, dir, func(_ string, line []byte) {
		var r struct{ ResourceType string }
		mustJSON(t, line, &r)
		want[r.ResourceType]++
	})
	out, r := convertFolder(t, dir, ConvertOptions{})
	have := map[string]int64{}
	for _, a := range r.Resources {
		if a.Read != a.Mapped+a.Filtered+a.Quarantined+a.Unsupported {
			t.Errorf("%s: the account does not add up: %+v", a.Type, a)
		}
		have[a.Type] = a.Read
	}
	if d := cmp.Diff(want, have); d != "" {
		t.Errorf("resources read (-want +got):\n%s", d)
	}
	if r.Total.Quarantined != 0 {
		t.Errorf("want nothing quarantined of this extract, have %d", r.Total.Quarantined)
	}
	ids := map[string]int64{}
	for _, tb := range mappedTables {
		rows := readIDs(t, out, tb)
		if n := r.Rows[tb.String()]; tb != TableLocation && int64(len(rows)) != n {
			t.Errorf("%s: want an id for each of %d rows, have %d", tb, n, len(rows))
		}
		for _, row := range rows {
			ids[row.ResourceType+"/"+row.ResourceID]++
		}
	}
	if int64(len(ids)) != r.Total.Mapped {
		t.Errorf("want every one of %d mapped resources in the id map, have %d", r.Total.Mapped, len(ids))
	}
}

func readIDs(t testing.TB, out string, tb Table) (rows []IDRow) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(out, "idmap", tb.String()+".parquet"))
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range columnar.Read[IDRow](bytes.NewReader(b), int64(len(b))) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// TestConvertCoversTheExtract holds the share of coded clinical events that
// reach a standard concept: the six types that the shared data's own count uses.
func TestConvertCoversTheExtract(t *testing.T) {
	long(t)
	_, r := convertFolder(t, golden.Shared(t, "data/fhir/synthea/bulk-300"), ConvertOptions{})
	var all Coverage
	for _, c := range r.Coverage {
		switch c.Type {
		case "AllergyIntolerance", "Condition", "Immunization", "MedicationRequest", "Observation", "Procedure":
			all.Coded += c.Coded
			all.Standard += c.Standard
		}
	}
	if all.Coded != 60102 {
		t.Errorf("want 60102 coded events, have %d", all.Coded)
	}
	if all.Standard < 58690 {
		t.Errorf("want at least 58690 events with a standard concept, have %d", all.Standard)
	}
}

// TestConvertBytesDependOnTheInputAlone: workers, memory and the order and
// cutting of files leave no trace.
func TestConvertBytesDependOnTheInputAlone(t *testing.T) {
	dir := golden.Shared(t, "data/fhir/synthea/bulk-300")
	one, _ := convertFolder(t, dir, ConvertOptions{Workers: 1})
	want, all := hashes(t, one, "omop", "idmap"), hashes(t, one, ".")
	for name, opts := range map[string]ConvertOptions{
		"four workers":  {Workers: 4},
		"little memory": {Workers: 2, MemoryBudget: 1 << 20},
	} {
		out, _ := convertFolder(t, dir, opts)
		if d := cmp.Diff(all, hashes(t, out, ".")); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	mixed := t.TempDir()
	shuffled(t, dir, mixed, func([]byte) bool { return true })
	out, _ := convertFolder(t, mixed, ConvertOptions{Workers: 2})
	if d := cmp.Diff(want, hashes(t, out, "omop", "idmap")); d != "" {
		t.Errorf("shuffled (-want +got):\n%s", d)
	}
}

// shuffled writes the kept lines of an extract to mixed files in random order.
func shuffled(t testing.TB, from, to string, keep func(line []byte) bool) {
	t.Helper()
	var lines [][]byte
	linesOf(t, from, func(_ string, line []byte) {
		if keep(line) {
			lines = append(lines, bytes.Clone(line))
		}
	})
	rng := rand.New(rand.NewPCG(1, 2))
	rng.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	for i := range 7 {
		part := lines[i*len(lines)/7 : (i+1)*len(lines)/7]
		if err := os.WriteFile(filepath.Join(to, string(rune('a'+i))+".ndjson"), bytes.Join(part, []byte("\r\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestConvertGivesTheSameFromBundlesAndBulk: the first 100 patients come as
// transaction bundles with urn:uuid references and as bulk lines.
func TestConvertGivesTheSameFromBundlesAndBulk(t *testing.T) {
	long(t)
	root := golden.Shared(t, "data/fhir/synthea")
	first := map[string]bool{}
	b, err := os.ReadFile(filepath.Join(root, "patients.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(b), "\n") {
		if f := strings.Split(line, "\t"); i > 0 && i <= 100 && len(f) > 1 {
			first[f[1]] = true
		}
	}
	if len(first) != 100 {
		t.Fatalf("want 100 patients, have %d", len(first))
	}
	bulk := t.TempDir()
	shuffled(t, filepath.Join(root, "bulk-300"), bulk, func(line []byte) bool {
		var r struct {
			ResourceType, ID string
			Subject, Patient struct{ Reference string }
		}
		mustJSON(t, line, &r)
		switch r.ResourceType {
		case "Organization", "Practitioner":
			return true
		case "Patient":
			return first[r.ID]
		}
		return first[strings.TrimPrefix(r.Subject.Reference+r.Patient.Reference, "Patient/")]
	})
	a, ra := convertFolder(t, bulk, ConvertOptions{})
	c, rc := convertFolder(t, filepath.Join(root, "bundles-100"), ConvertOptions{})
	if d := cmp.Diff(hashes(t, a, "omop", "idmap"), hashes(t, c, "omop", "idmap")); d != "" {
		t.Errorf("bulk and bundles (-bulk +bundles):\n%s", d)
	}
	if ra.Total.Mapped != rc.Total.Mapped || rc.Total.Read <= ra.Total.Read {
		t.Errorf("want the same resources mapped and more read from bundles, have %+v and %+v", ra.Total, rc.Total)
	}
}

const smallPatient = `{"resourceType":"Patient","id":"p","birthDate":"1970-02-03","gender":"female"}` + "\n"

func TestConvertQuarantinesWhatCanNotBeUsed(t *testing.T) {
	in := smallPatient +
		`{"resourceType":"Patient","id":"q","gender":"male"}` + "\n" +
		`{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/q"},"recordedDate":"2020-01-01","code":{"coding":[{"system":"http://snomed.info/sct","code":"c-1"}]}}` + "\n" +
		`{"resourceType":"Condition","id":"c2","subject":{"reference":"Patient/p"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"c-1"}]}}` + "\n" +
		`{"resourceType":"Condition","id":"c3","code":{"coding":[{"system":"http://snomed.info/sct","code":"c-1"}]}}` + "\n" +
		`{"resourceType":"Condition","subject":{"reference":"Patient/p"}}` + "\n" +
		`{"resourceType":"Condition","id":` + "\n" +
		`{"resourceType":"CarePlan","id":"x"}` + "\n"
	out, r, found := convert(t, in, ConvertOptions{})
	want := TypeAccount{Read: 8, Mapped: 1, Quarantined: 6, Unsupported: 1, Rules: map[string]int64{
		"birth-year-missing": 1, "date-missing": 1, "id-missing": 1, "patient-not-in-input": 1, "subject-missing": 1, "unreadable": 1,
	}}
	if d := cmp.Diff(want, r.Total); d != "" {
		t.Errorf("account (-want +got):\n%s", d)
	}
	b, err := fs.ReadFile(out, "quarantine.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	records := strings.Split(strings.TrimSpace(in), "\n")
	for line := range strings.Lines(string(b)) {
		var q quarantined
		mustJSON(t, []byte(line), &q)
		reasons = append(reasons, q.Reason)
		if have := string(q.Resource) + q.Text; have != records[q.Record-1] {
			t.Errorf("record %d: want its own text kept, have another", q.Record)
		}
	}
	if d := cmp.Diff([]string{"birth-year-missing", "patient-not-in-input", "date-missing", "subject-missing", "id-missing", "unreadable"}, reasons); d != "" {
		t.Errorf("quarantine (-want +got):\n%s", d)
	}
	if len(found) != 6 {
		t.Errorf("want a finding for each, have %d", len(found))
	}
	for _, i := range found {
		for _, secret := range []string{"c-1", "c1", "c2", "1970"} {
			if strings.Contains(i.Message, secret) {
				t.Errorf("%s: the message holds a value", i.Code)
			}
		}
	}
}

func TestConvertKeepsOneOfSeveralCopies(t *testing.T) {
	early := `{"resourceType":"Observation","id":"o","meta":{"lastUpdated":"2020-01-01T00:00:00Z"},"subject":{"reference":"Patient/p"},"effectiveDateTime":"2020-01-01","code":{"coding":[{"system":"http://loinc.org","code":"m-1"}]},"valueInteger":1}` + "\n"
	late := strings.Replace(strings.Replace(early, "2020-01-01T00", "2021-01-01T00", 1), `"valueInteger":1`, `"valueInteger":2`, 1)
	for _, in := range []string{early + smallPatient + late, late + early + smallPatient + early} {
		out, r, _ := convert(t, in, ConvertOptions{})
		m := table[omop.Measurement](t, out)
		if len(m) != 1 || *m[0].ValueAsNumber != 2 {
			t.Errorf("want the later copy alone, have %d rows", len(m))
		}
		if r.Total.Filtered != r.Total.Read-2 || r.Total.Quarantined != 0 {
			t.Errorf("want the other copies filtered, have %+v", r.Total)
		}
	}
}

func TestConvertStoppedLeavesNothing(t *testing.T) {
	parent := t.TempDir()
	out := filepath.Join(parent, "out")
	temp := t.TempDir()
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("enough")
	src := fhir.ReaderSource("in.ndjson", strings.NewReader(strings.Repeat(smallPatient, 50_000)))
	defer src.Close()
	_, err := Convert(ctx, []fhir.Source{src}, &ConvertOptions{
		Out: out, Concepts: few{}, TempDir: temp, MemoryBudget: 1 << 16,
		Progress: func(int64, int64) { cancel(stop) },
	})
	if !errors.Is(err, stop) {
		t.Fatalf("want the cause of the end, have %v", err)
	}
	for _, dir := range []string{parent, temp} {
		left, err := os.ReadDir(dir)
		if err != nil || len(left) != 0 {
			t.Errorf("want nothing left behind, have %d entries, %v", len(left), err)
		}
	}
}

func TestConvertRefusesAFolderThatHoldsFiles(t *testing.T) {
	out := t.TempDir()
	if err := os.WriteFile(filepath.Join(out, "mine"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Convert(context.Background(), nil, &ConvertOptions{Out: out, Concepts: few{}})
	if err == nil {
		t.Fatal("want an error, have none")
	}
	if b, err := os.ReadFile(filepath.Join(out, "mine")); err != nil || string(b) != "x" {
		t.Fatal("the file that was there was touched")
	}
}

func TestConvertOfNothingIsAnEmptyDatabase(t *testing.T) {
	out, r, _ := convert(t, "", ConvertOptions{})
	if r.Total.Read != 0 || r.Rows["cdm_source"] != 1 {
		t.Errorf("want nothing read and one cdm_source row, have %+v", r)
	}
	for _, name := range []string{"person", "measurement", "image_occurrence", "concept"} {
		if _, err := fs.Stat(out, "omop/"+name+".parquet"); err != nil {
			t.Errorf("want an empty table: %v", err)
		}
	}
	var saved Report
	b, err := fs.ReadFile(out, "report.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &saved); err != nil || saved.PolicyHash != DefaultPolicy().Hash() {
		t.Errorf("want the policy's hash in the report, have %v", err)
	}
}
