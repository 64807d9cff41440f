package issue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/carabiner-health/carabiner/internal/golden"
)

var formats = map[string]Format{"text.txt": Text, "ndjson.ndjson": NDJSON, "outcome.json": OperationOutcome, "sarif.json": SARIF}

// sample holds every field, every severity, and text that each format must escape.
var sample = List{
	{Error, "fhir-syntax", Pos{"clinic/Patient.000.ndjson", 3, 3, 17, 2041}, "", "want a value, have end of line", "RFC 8259 §3"},
	{Warning, "map-unmapped", Pos{"clinic/Condition.000.ndjson", 7, 7, 1, 0}, "Condition.code.coding[0]", "want a standard concept, have none", ""},
	{Information, "fhir-skipped", Pos{Source: "clinic/a log & more.txt"}, "", "not FHIR: <no resourceType>", ""},
	{Fatal, "omop-type", Pos{Source: "/data/omop/person.parquet", Record: 12}, "person.year_of_birth", "want integer,\nhave text", "CDM 5.4, person.year_of_birth"},
	{Error, "fhir-syntax", Pos{}, "", "want \"resourceType\", have none", ""},
}

func write(t *testing.T, f Format, l List) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b, f)
	for _, i := range l {
		if err := w.Report(i); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWriterWritesEachFormat(t *testing.T) {
	for name, f := range formats {
		golden.Compare(t, filepath.Join("testdata", "sample."+name), write(t, f, sample))
		golden.Compare(t, filepath.Join("testdata", "empty."+name), write(t, f, nil))
	}
}

func TestNDJSONReadsBackEqual(t *testing.T) {
	dec := json.NewDecoder(bytes.NewReader(write(t, NDJSON, sample)))
	for n, want := range sample {
		var got Issue
		if err := dec.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("finding %d: want %+v, have %+v", n, want, got)
		}
	}
	if _, err := dec.Token(); err != io.EOF {
		t.Errorf("want the end after %d findings, have %v", len(sample), err)
	}
}

// FHIR R4, value set issue-type, the leaves and parents that a writer may use.
var r4IssueTypes = strings.Fields(`invalid structure required value invariant processing not-supported duplicate
	not-found too-long code-invalid business-rule too-costly exception incomplete informational extension security`)

func TestOperationOutcomeHasTheShapeOfR4(t *testing.T) {
	for _, l := range []List{sample, nil} {
		var oo struct {
			ResourceType string `json:"resourceType"`
			Issue        []struct {
				Extension   []map[string]any `json:"extension"`
				Severity    string           `json:"severity"`
				Code        string           `json:"code"`
				Details     map[string]any   `json:"details"`
				Diagnostics *string          `json:"diagnostics"`
				Expression  []string         `json:"expression"`
			} `json:"issue"`
		}
		decodeStrictly(t, write(t, OperationOutcome, l), &oo)
		if oo.ResourceType != "OperationOutcome" {
			t.Errorf("resourceType: have %q", oo.ResourceType)
		}
		if want := max(1, len(l)); len(oo.Issue) != want { // issue is 1..*
			t.Fatalf("want %d issues, have %d", want, len(oo.Issue))
		}
		for n, i := range oo.Issue {
			if _, err := ParseSeverity(i.Severity); err != nil {
				t.Errorf("issue %d: %v", n, err)
			}
			if !contains(r4IssueTypes, i.Code) {
				t.Errorf("issue %d: code %q is not in the required value set", n, i.Code)
			}
			if i.Diagnostics != nil && *i.Diagnostics == "" {
				t.Errorf("issue %d: empty diagnostics; FHIR strings are not empty", n)
			}
			for _, e := range i.Extension {
				if len(e) != 2 || e["url"] == nil {
					t.Errorf("issue %d: want url and one value in an extension, have %v", n, e)
				}
			}
		}
	}
	for word, typ := range issueTypes {
		if !contains(r4IssueTypes, typ) {
			t.Errorf("code word %s: %q is not in the required value set", word, typ)
		}
	}
}

func TestIssueTypeFollowsTheLongestEndOfTheCode(t *testing.T) {
	for code, want := range map[Code]string{
		"omop-foreign-key": "not-found", "fhir-json-duplicate-member": "duplicate", "fhir-json-member": "structure",
		"mapping-patient-missing": "not-found", "omop-column-missing": "required", "x-never-heard-of": "invalid", "": "invalid", "-": "invalid",
	} {
		if got := issueType(Issue{Severity: Error, Code: code}); got != want {
			t.Errorf("%s: want %s, have %s", code, want, got)
		}
	}
	if got := issueType(Issue{Severity: Information, Code: "omop-type"}); got != "informational" {
		t.Errorf("information: want informational, have %s", got)
	}
}

func TestSARIFHasTheShapeOf210(t *testing.T) {
	for _, l := range []List{sample, nil} {
		var log struct {
			Schema  string `json:"$schema"`
			Version string `json:"version"`
			Runs    []struct {
				Tool struct {
					Driver struct {
						Name           string      `json:"name"`
						InformationURI string      `json:"informationUri"`
						Rules          []sarifRule `json:"rules"`
					} `json:"driver"`
				} `json:"tool"`
				Results []sarifResult `json:"results"`
			} `json:"runs"`
		}
		decodeStrictly(t, write(t, SARIF, l), &log)
		if log.Version != "2.1.0" || log.Schema == "" || len(log.Runs) != 1 || log.Runs[0].Tool.Driver.Name == "" {
			t.Fatalf("want version 2.1.0, a schema, one run and a named tool, have %+v", log)
		}
		run := log.Runs[0]
		if run.Results == nil || len(run.Results) != len(l) { // null would mean "did not run"
			t.Errorf("want %d results, have %v", len(l), run.Results)
		}
		for n, r := range run.Results {
			if r.RuleIndex >= len(run.Tool.Driver.Rules) || run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
				t.Errorf("result %d: ruleIndex does not lead to its rule", n)
			}
			if r.Message.Text == "" || !contains([]string{"none", "note", "warning", "error"}, r.Level) {
				t.Errorf("result %d: want a message and a level, have %+v", n, r)
			}
			for _, at := range r.Locations {
				if at.Physical != nil && strings.ContainsAny(at.Physical.Artifact.URI, " <>\"") {
					t.Errorf("result %d: %q is not a URI reference", n, at.Physical.Artifact.URI)
				}
			}
		}
	}
}

func TestSARIFURIs(t *testing.T) {
	for source, want := range map[string]string{
		"a/b.ndjson":        "a/b.ndjson",
		"a b%1.json":        "a%20b%251.json",
		"/data/x y.json":    "file:///data/x%20y.json",
		"C:/data/x.json":    "file:///C:/data/x.json",
		"urn:x.json":        "./urn:x.json",
		"../up/Größe.json":  "../up/Gr%C3%B6%C3%9Fe.json",
		"archive.zip#a?b.c": "archive.zip%23a%3Fb.c",
	} {
		if got := sarifURI(source); got != want {
			t.Errorf("%s: want %s, have %s", source, want, got)
		}
	}
}

func decodeStrictly(t *testing.T, b []byte, v any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		t.Fatalf("%v in\n%s", err, b)
	}
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

func TestWriterIsSafeForConcurrentUse(t *testing.T) {
	for name, f := range formats {
		var b bytes.Buffer
		w := NewWriter(&b, f)
		var wg sync.WaitGroup
		for n := range 8 {
			wg.Go(func() {
				for range 50 {
					if err := w.Report(Issue{Severity: Error, Code: Code(fmt.Sprintf("a-%d", n)), Message: "m"}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := bytes.Count(b.Bytes(), []byte(`"m"`)) + bytes.Count(b.Bytes(), []byte(": m [")); got != 400 {
			t.Errorf("%s: want 400 findings, have %d", name, got)
		}
		if f == OperationOutcome || f == SARIF {
			if !json.Valid(b.Bytes()) {
				t.Errorf("%s: not JSON", name)
			}
		}
	}
}

type failing struct{ after int }

var errFull = errors.New("disk full")

func (f *failing) Write(p []byte) (int, error) {
	if f.after == 0 {
		return 0, errFull
	}
	f.after--
	return len(p), nil
}

func TestWriterAnswersItsFirstFailureEverAfter(t *testing.T) {
	out := &failing{after: 1}
	w := NewWriter(out, NDJSON)
	good := Issue{Severity: Error, Code: "a-b"}
	if err := w.Report(good); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.Report(good); !errors.Is(err, errFull) {
			t.Errorf("want the failure, have %v", err)
		}
	}
	out.after = 9
	if err := w.Report(good); !errors.Is(err, errFull) {
		t.Errorf("want the first failure still, have %v", err)
	}
	if err := w.Close(); !errors.Is(err, errFull) {
		t.Errorf("close: want the failure, have %v", err)
	}
}

func TestWriterRefusesMisuse(t *testing.T) {
	w := NewWriter(io.Discard, SARIF)
	if err := w.Report(Issue{Code: "a-b"}); err == nil {
		t.Error("no severity: want an error")
	}
	if err := w.Close(); err != nil {
		t.Errorf("a refused finding must not spoil the document: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	if err := w.Report(Issue{Severity: Error}); err == nil {
		t.Error("after close: want an error")
	}
	if err := NewWriter(io.Discard, SARIF+1).Close(); err == nil {
		t.Error("unknown format: want an error")
	}
}
