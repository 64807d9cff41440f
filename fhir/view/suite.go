package view

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

// SuiteReport is the result of a suite in the form that the SQL-on-FHIR
// community collects: by the name of the file.
type SuiteReport map[string]SuiteFile

// SuiteFile is the result of one file of a suite.
type SuiteFile struct {
	Tests []SuiteTest `json:"tests"`
}

// SuiteTest is the result of one test.
type SuiteTest struct {
	Name   string      `json:"name"`
	Result SuiteResult `json:"result"`
}

// SuiteResult says whether a test passed, and if not, why: never with a value
// of its resources.
type SuiteResult struct {
	Passed bool   `json:"passed"`
	Error  string `json:"error,omitempty"`
}

// Count returns the number of tests and of those that passed.
func (r SuiteReport) Count() (tests, passed int) {
	for _, f := range r {
		for _, t := range f.Tests {
			tests++
			if t.Result.Passed {
				passed++
			}
		}
	}
	return tests, passed
}

// suiteFile is a file of the shared tests (tests.schema.json).
type suiteFile struct {
	SchemaID  string            `json:"$id"` // of a JSON schema, not of tests
	Title     string            `json:"title"`
	Resources []json.RawMessage `json:"resources"`
	Tests     []suiteTest       `json:"tests"`
}

type suiteTest struct {
	Title         string            `json:"title"`
	View          json.RawMessage   `json:"view"`
	Expect        []json.RawMessage `json:"expect"`
	ExpectCount   *int              `json:"expectCount"`
	ExpectError   bool              `json:"expectError"`
	ExpectColumns []string          `json:"expectColumns"`
}

// SuiteOptions are the options of RunSuite; nil and zero fields mean the defaults.
type SuiteOptions struct {
	Definitions *fhirdef.Definitions // nil = R4's
	PathsOnly   bool                 // leave all paths to FHIRPath
}

// RunSuite runs the shared tests of SQL on FHIR: all files *.json of a folder but
// JSON schemas.
// The error is about files that cannot be read or are no tests.
func RunSuite(fsys fs.FS, opts *SuiteOptions) (SuiteReport, error) {
	var o SuiteOptions
	if opts != nil {
		o = *opts
	}
	files, err := fs.Glob(fsys, "*.json")
	if err != nil {
		return nil, err
	}
	report := SuiteReport{}
	for _, name := range files {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("view: %w", err)
		}
		var f suiteFile
		if err := json.Unmarshal(b, &f); err != nil {
			return nil, fmt.Errorf("view: %s: want a file of tests: %w", name, err)
		}
		if len(f.Tests) == 0 && f.SchemaID != "" {
			continue // the schema of such files, which lies beside them
		}
		if len(f.Tests) == 0 {
			return nil, fmt.Errorf("view: %s: want tests, have none", name)
		}
		var resources []*fhir.Resource
		for i, raw := range f.Resources {
			r, err := fhir.Parse(raw)
			if err != nil {
				return nil, fmt.Errorf("view: %s: resource %d: %w", name, i, err)
			}
			resources = append(resources, r)
		}
		out := SuiteFile{Tests: []SuiteTest{}}
		for i := range f.Tests {
			t := SuiteTest{Name: f.Tests[i].Title, Result: SuiteResult{Passed: true}}
			if err := f.Tests[i].run(resources, &o); err != nil {
				t.Result = SuiteResult{Error: err.Error()}
			}
			out.Tests = append(out.Tests, t)
		}
		report[name] = out
	}
	if len(report) == 0 {
		return nil, errors.New("view: want files of tests (*.json), have none")
	}
	return report, nil
}

// run returns why a test failed.
func (t *suiteTest) run(resources []*fhir.Resource, o *SuiteOptions) error {
	columns, rows, err := t.rows(resources, o)
	if t.ExpectError {
		if err == nil {
			return errors.New("want an error, have none")
		}
		return nil
	}
	if err != nil {
		return err
	}
	if t.ExpectColumns != nil && !slices.Equal(columns, t.ExpectColumns) {
		return fmt.Errorf("want columns %s, have %s", strings.Join(t.ExpectColumns, ", "), strings.Join(columns, ", "))
	}
	if t.ExpectCount != nil {
		if *t.ExpectCount != len(rows) {
			return fmt.Errorf("want %d rows, have %d", *t.ExpectCount, len(rows))
		}
		return nil
	}
	var want []string
	for _, raw := range t.Expect {
		var m map[string]any
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if err := d.Decode(&m); err != nil {
			return fmt.Errorf("expectation: %w", err)
		}
		want = append(want, canonical(m))
	}
	var have []string
	for _, r := range rows {
		m := make(map[string]any, len(columns))
		for i, name := range columns {
			m[name] = r[i]
		}
		have = append(have, canonical(m))
	}
	slices.Sort(want)
	slices.Sort(have)
	if len(want) != len(have) {
		return fmt.Errorf("want %d rows, have %d", len(want), len(have))
	}
	for i := range want {
		if want[i] != have[i] {
			return errors.New("want the expected rows, have others")
		}
	}
	return nil
}

// rows runs the view of a test over the resources.
func (t *suiteTest) rows(resources []*fhir.Resource, o *SuiteOptions) (columns []string, rows []Row, err error) {
	v, err := New(t.View, &Options{Definitions: o.Definitions, PathsOnly: o.PathsOnly})
	if err != nil {
		return nil, nil, err
	}
	for _, c := range v.columns {
		columns = append(columns, c.Name)
	}
	for _, r := range resources {
		some, issues := v.Rows(r)
		if err := issues.Err(); err != nil {
			return nil, nil, err
		}
		rows = append(rows, some...)
	}
	return columns, rows, nil
}

// canonical writes a value so that equal ones have equal text: members sorted,
// numbers by value.
func canonical(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for _, k := range slices.SortedFunc(maps.Keys(v), cmp.Compare) {
			parts = append(parts, fmt.Sprintf("%q:%s", k, canonical(v[k])))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, canonical(e))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case json.Number:
		if r, ok := new(big.Rat).SetString(v.String()); ok && len(v) < 50 {
			return r.RatString()
		}
		return v.String()
	case string:
		return fmt.Sprintf("%q", v)
	}
	return fmt.Sprint(v) // int64, bool, nil
}
