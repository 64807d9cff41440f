package survey

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

// write puts a draft into a folder and returns the path of the profile.
func write(t *testing.T, d *Draft) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "draft.profile.yaml")
	if err := os.WriteFile(file, d.Profile, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, b := range d.Files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

func infer(t *testing.T, opts *InferOptions, paths ...string) *Draft {
	t.Helper()
	d, err := Infer(t.Context(), paths, opts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDraftOfAMixedFolderIsAProfileWithoutErrors(t *testing.T) {
	d := infer(t, nil, filepath.Join(golden.Root(t), "testdata", "clinic"))
	for _, want := range []string{"patient", "observation", "series", "instances"} {
		if !slices.Contains(d.Tables, want) {
			t.Errorf("want a table %s, have %v", want, d.Tables)
		}
	}
	golden.Compare(t, "testdata/clinic.profile.yaml", d.Profile)
	m, findings, err := dataset.Load(t.Context(), write(t, d), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range findings {
		if i.Severity >= issue.Warning {
			t.Error(i)
		}
	}
	if m == nil {
		t.Fatal("want a model")
	}
	for _, table := range m.Tables {
		for _, f := range table.Object.Fields {
			if f.Role == "" {
				t.Errorf("%s.%s: want a role", table.Name, f.Name)
			}
		}
	}
}

func TestDraftIsTheSameTwice(t *testing.T) {
	clinic := filepath.Join(golden.Root(t), "testdata", "clinic")
	a, b := infer(t, nil, clinic), infer(t, nil, clinic)
	if !bytes.Equal(a.Profile, b.Profile) {
		t.Error("want the same draft of the same data")
	}
}

func csvFile(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestColumnsHaveTheNarrowestTypeThatHoldsAll(t *testing.T) {
	d := infer(t, nil, csvFile(t, "labs.csv", "\ufeffid;day;at;value;n;ok;code;note\n"+
		"1;2024-01-02;2024-01-02T10:00:00;1.5;1;true;007;a b\n"+
		"2;2024-01-03;2024-01-02T10:00:01;2;2;false;12;\n"))
	schema := strings.Join(strings.Fields(string(d.Files["labs.resource.json"])), " ")
	for name, kind := range map[string]string{
		"id": "integer", "day": "date", "at": "datetime", "value": "number", "n": "integer", "ok": "boolean", "code": "string", "note": "string",
	} {
		if want := fmt.Sprintf(`"name": %q, "type": %q`, name, kind); !strings.Contains(schema, want) {
			t.Errorf("want %s in\n%s", want, schema)
		}
	}
	if strings.Count(schema, `"required": true`) != 7 {
		t.Errorf("want every column required but note, have\n%s", schema)
	}
	if _, findings, err := dataset.Load(t.Context(), write(t, d), nil); err != nil || findings.HasErrors() {
		t.Error(findings, err)
	}
}

func TestDraftHoldsNoRareValue(t *testing.T) {
	var b strings.Builder
	b.WriteString("sex,diagnosis,city\n")
	for i := range 30 {
		city := "Lund"
		if i == 0 {
			city = "Rarestad"
		}
		fmt.Fprintf(&b, "%s,Text number %d,%s\n", []string{"F", "M"}[i%2], i, city)
	}
	d := infer(t, nil, csvFile(t, "people.csv", b.String()))
	all := string(d.Profile) + string(d.Files["people.schema.json"])
	if !strings.Contains(all, `"F",`) {
		t.Errorf("want the codes of sex, which occur often, have\n%s", all)
	}
	for _, rare := range []string{"Rarestad", "Lund", "Text number"} {
		if strings.Contains(all, rare) {
			t.Errorf("want no value of a column that has rare ones, have %s", rare)
		}
	}
}

func TestRolesAreNeverSafeByAGuess(t *testing.T) {
	for _, name := range []string{"x", "patient_name", "Personnummer", "birthDate", "dob", "StudyDate", "comment", "zip", "psa"} {
		for k := booleanColumn; k <= arrayColumn; k++ {
			if r := roleOfColumn(name, k); r == dataset.Safe || r == "" {
				t.Errorf("%s: want a role that is not safe, have %q", name, r)
			}
		}
	}
	for name, want := range map[string]dataset.Role{
		"Personnummer": dataset.DirectID, "birthDate": dataset.QuasiID, "StudyDate": dataset.EventDate, "comment": dataset.FreeText, "psa": dataset.Sensitive,
	} {
		if r := roleOfColumn(name, integerColumn); r != want {
			t.Errorf("%s: want %s, have %s", name, want, r)
		}
	}
}

func TestIdentifiersSplitWordsAsPeopleDo(t *testing.T) {
	for text, want := range map[string]string{
		"birthDate": "birth_date", "SOPInstanceUID": "sop_instance_uid", "LOINC-code": "loinc_code", "KVP": "kvp", "value2Max": "value2_max", "2nd": "t_2nd", "": "t", "Größe": "gr_e",
	} {
		if got := identifier(text); got != want {
			t.Errorf("%q: want %s, have %s", text, want, got)
		}
	}
}

func TestInferSaysThatThereIsNothing(t *testing.T) {
	if d, err := Infer(t.Context(), []string{t.TempDir()}, nil); err == nil {
		t.Errorf("want an error, have %v", d.Tables)
	}
}

func FuzzInferSurvivesAnything(f *testing.F) {
	f.Add("a.csv", []byte("a,b\n1,2\n"))
	f.Add("a.ndjson", []byte("{\"a\": [1]}\n{\"a\": null}\n"))
	f.Add("a.json", []byte(`{"resourceType": "Patient", "extension": [{"url": "x", "valueCode": "y"}]}`))
	f.Add("a.parquet", []byte("PAR1"))
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		if len(name) > 40 || strings.ContainsAny(name, "/\\\x00*?[") || strings.Trim(name, ".") == "" {
			return
		}
		dir := t.TempDir()
		if os.WriteFile(filepath.Join(dir, name), b, 0o644) != nil {
			return
		}
		d, err := Infer(context.Background(), []string{dir}, nil)
		if err != nil {
			return
		}
		if _, findings := dataset.Parse("draft", d.Profile); findings.HasErrors() {
			t.Errorf("want a draft that is a profile, have %v of\n%s", findings, d.Profile)
		}
	})
}
