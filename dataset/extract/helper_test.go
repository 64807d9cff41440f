package extract

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// clinic is the folder of made-up patients, in FHIR and DICOM.
const clinic = "../../testdata/clinic"

func field(name string, kind dataset.Kind, more ...func(*dataset.Field)) *dataset.Field {
	f := &dataset.Field{Name: name, Path: name, Type: dataset.NewType(kind)}
	for _, m := range more {
		m(f)
	}
	return f
}

func required(f *dataset.Field) { f.Required = true }

func from(p string) func(*dataset.Field) { return func(f *dataset.Field) { f.Path = p } }

func typed(t dataset.Type) func(*dataset.Field) { return func(f *dataset.Field) { f.Type = t } }

func object(name string, fields ...*dataset.Field) *dataset.Object {
	return &dataset.Object{Name: name, FHIR: true, Fields: fields}
}

func objectType(o *dataset.Object) dataset.Type {
	t := dataset.NewType(dataset.ObjectKind)
	t.Object = o
	return t
}

// viewTable is a row table of a view.
func viewTable(name, view string, fields ...*dataset.Field) *dataset.Table {
	return &dataset.Table{Name: name, Form: dataset.Row, Kind: dataset.FHIRView, Source: "views", From: dataset.From{View: []byte(view)}, Object: object(name, fields...)}
}

// extracted runs a model over a text of FHIR, a folder or a file.
func extracted(t testing.TB, m *dataset.Model, source string, opts *Options) (*Report, string) {
	t.Helper()
	if strings.HasPrefix(strings.TrimSpace(source), "{") {
		file := filepath.Join(t.TempDir(), "x.ndjson")
		if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		source = file
	}
	if opts == nil {
		opts = &Options{}
	}
	o := *opts
	o.Out = filepath.Join(t.TempDir(), "out")
	report, err := Run(t.Context(), m, []string{source}, &o)
	if err != nil {
		t.Fatal(err)
	}
	addsUp(t, report)
	return report, o.Out
}

// addsUp holds an account against what it says of itself.
func addsUp(t testing.TB, r *Report) {
	t.Helper()
	used := map[string]int64{}
	for _, a := range r.Types {
		if a.Read != a.Used+a.NotAsked+a.Unreadable {
			t.Errorf("%s %s: want %d records to end once, have %+v", a.Kind, a.Type, a.Read, a)
		}
		used[a.Kind+" "+a.Type] = a.Used
	}
	for _, a := range r.Tables {
		if a.Records != a.WithRows+a.WithoutRows+a.filtered()+a.Quarantined {
			t.Errorf("%s: want %d records to end once, have %+v", a.Name, a.Records, a)
		}
		if n := used[a.Kind+" "+a.Type]; n != a.Records {
			t.Errorf("%s: want the %d records that were used, have %d", a.Name, n, a.Records)
		}
		if a.Kind == "dicom" && a.Rows+a.Merged != a.WithRows {
			t.Errorf("%s: want rows and merged records to be %d, have %d and %d", a.Name, a.WithRows, a.Rows, a.Merged)
		}
	}
}

// rows reads a table.
func rows[T any](t testing.TB, out, table string) []T {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(out, table+".parquet"))
	if err != nil {
		t.Fatal(err)
	}
	var all []T
	for row, err := range columnar.Read[T](bytes.NewReader(b), int64(len(b))) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	return all
}

// quarantine reads the quarantine.
func quarantine(t testing.TB, out string) []quarantined {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(out, "quarantine.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	var all []quarantined
	for _, line := range bytes.Split(bytes.TrimSpace(b), []byte{'\n'}) {
		var q quarantined
		if len(line) == 0 {
			continue
		}
		if err := json.Unmarshal(line, &q); err != nil {
			t.Fatal(err)
		}
		all = append(all, q)
	}
	return all
}

// collect returns a reporter that keeps findings.
func collect(list *issue.List) issue.Reporter {
	return issue.ReporterFunc(func(i issue.Issue) error {
		*list = append(*list, i)
		return nil
	})
}
