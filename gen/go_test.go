package gen

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/gentest"
)

var refresh = flag.Bool("refresh", false, "rewrite testdata/go")

func scalar(name string, k dataset.Kind, required bool) *dataset.Field {
	return &dataset.Field{Name: name, ID: "Patient." + name, Type: dataset.NewType(k), Required: required}
}

func objectOf(o *dataset.Object) dataset.Type {
	t := dataset.NewType(dataset.ObjectKind)
	t.Object = o
	return t
}

// patientModel is a small profile on Patient, made by hand.
func patientModel() *dataset.Model {
	gender := &dataset.CodeSet{Name: "AdministrativeGender", URL: "http://hl7.org/fhir/ValueSet/administrative-gender", Complete: true, Codes: []dataset.Code{
		{System: "http://hl7.org/fhir/administrative-gender", Code: "male", Display: "Male"},
		{System: "http://hl7.org/fhir/administrative-gender", Code: "female", Display: "Female"},
	}}
	name := &dataset.Object{Name: "HumanName", FHIR: true, ID: "HumanName"}
	given := dataset.NewType(dataset.Text)
	name.Fields = []*dataset.Field{
		scalar("use", dataset.Text, false), scalar("family", dataset.Text, true),
		{Name: "given", Type: dataset.ListOf(given), ID: "HumanName.given"},
	}
	extension := &dataset.Object{Name: "Extension", FHIR: true, ID: "Extension"}
	url := scalar("url", dataset.Text, true)
	url.Type.Const = `"http://example.org/race"`
	race := &dataset.Object{Name: "example-race", FHIR: true, Base: "Extension", ID: "Extension", Fields: []*dataset.Field{
		{Name: "extension", Type: dataset.ListOf(objectOf(extension)), ID: "Extension.extension", Slices: []*dataset.Slice{{
			Name:  "text",
			Field: scalar("text", dataset.Text, true),
			Match: []dataset.Match{{Path: []string{"url"}, Kind: dataset.MatchValue, Value: `"text"`}},
			Value: "valueString",
		}}},
		url,
	}}
	sex := dataset.NewType(dataset.Text)
	sex.Codes = gender
	extensions := &dataset.Field{Name: "extension", Type: dataset.ListOf(objectOf(extension)), ID: "Patient.extension", Slices: []*dataset.Slice{
		{
			Name:  "race",
			Field: &dataset.Field{Name: "race", Type: objectOf(race), ID: "Patient.extension:race"},
			Match: []dataset.Match{{Path: []string{"url"}, Kind: dataset.MatchValue, Value: `"http://example.org/race"`}},
		},
		{
			Name:  "birthsex",
			Field: &dataset.Field{Name: "birthsex", Type: sex, ID: "Patient.extension:birthsex"},
			Match: []dataset.Match{{Path: []string{"url"}, Kind: dataset.MatchValue, Value: `"http://example.org/birthsex"`}},
			Value: "valueCode",
		},
	}}
	born := scalar("birthDate", dataset.Date, false)
	born.Role, born.Type.Partial = dataset.QuasiID, true
	gendered := scalar("gender", dataset.Text, true)
	gendered.Type.Codes = gender
	contact := &dataset.Object{Name: "Patient.contact", FHIR: true, ID: "Patient.contact", Fields: []*dataset.Field{
		{Name: "name", Type: objectOf(name), ID: "Patient.contact.name"},
		scalar("gender", dataset.Text, false),
	}}
	patient := &dataset.Object{Name: "patient", FHIR: true, ResourceType: "Patient", ID: "Patient", Fields: []*dataset.Field{
		scalar("id", dataset.Text, false), extensions, scalar("active", dataset.Boolean, false),
		{Name: "name", Type: dataset.ListOf(objectOf(name)), ID: "Patient.name", Required: true},
		gendered, born, scalar("deceasedDateTime", dataset.DateTime, false), scalar("multipleBirthInteger", dataset.Integer, false),
		{Name: "contact", Type: dataset.ListOf(objectOf(contact)), ID: "Patient.contact"},
		scalar("type", dataset.Any, false), scalar("score", dataset.Decimal, false), scalar("_odd name`\"", dataset.Text, false),
	}}
	return &dataset.Model{ID: "https://example.org/profiles/small-patient", Version: "1.0", Tables: []*dataset.Table{{
		Name: "patients", Form: dataset.Record, Object: patient, Grain: dataset.PerPatient,
	}}, Objects: []*dataset.Object{patient, name, extension, race, contact}, CodeSets: []*dataset.CodeSet{gender},
		Sources: []dataset.Source{{Name: "p", Kind: dataset.FHIRStructure, Ref: "patient.json", SHA256: "00"}}}
}

const patientTest = `package smallpatient

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestRecordsComeBackAsTheyWere(t *testing.T) {
	for _, text := range []string{
		` + "`" + `{"resourceType":"Patient","id":"a","extension":[{"url":"x","valueString":"1"},{"url":"http://example.org/birthsex","valueCode":"male"},{"url":"http://example.org/race","extension":[{"url":"text","valueString":"r"}]},{"url":"y"},{"url":"http://example.org/birthsex","id":"2","valueCode":"male"}],"active":true,"name":[{"family":"B\"\n","given":["a",null,"c"],"_given":[null,{"id":"1"},null]}],"gender":"male","_birthDate":{"id":"2"},"deceasedDateTime":"2020-01-02T03:04:05.600+02:00","multipleBirthInteger":2,"type":{"a":[1,2.50]},"score":1.500,"_odd name` + "\\u0060\\\"" + `":"x"}` + "`" + `,
	} {
		text = strings.ReplaceAll(text, "\\u0060", "\x60")
		p, issues := ParsePatient([]byte(text))
		if len(issues) > 0 {
			t.Error(issues)
		}
		have := string(p.AppendJSON(nil))
		var a, b any
		if json.Unmarshal([]byte(have), &a) != nil || json.Unmarshal([]byte(text), &b) != nil {
			t.Fatalf("no JSON: %s", have)
		}
		want := strings.Replace(text, ` + "`" + `{"url":"http://example.org/race","extension":[{"url":"text","valueString":"r"}]}` + "`, `" + `{"extension":[{"url":"text","valueString":"r"}],"url":"http://example.org/race"}` + "`" + `, 1)
		if have != want {
			t.Errorf("want %s\nhave %s", want, have)
		}
		if p.Race.Text.Or("") != "r" || p.Birthsex.Value != AdministrativeGenderMale {
			t.Error("slices are not typed")
		}
	}
}

func TestSlicesAreFilledWhenWritten(t *testing.T) {
	p := Patient{Gender: AdministrativeGenderMale, Race: &ExampleRace{Text: Some("r")}, Birthsex: Some(AdministrativeGenderFemale), Name: []HumanName{{Family: "F"}}}
	const want = ` + "`" + `{"resourceType":"Patient","extension":[{"extension":[{"url":"text","valueString":"r"}],"url":"http://example.org/race"},{"url":"http://example.org/birthsex","valueCode":"female"}],"name":[{"family":"F"}],"gender":"male"}` + "`" + `
	if have, err := json.Marshal(p); err != nil || string(have) != want {
		t.Errorf("want %s\nhave %s %v", want, have, err)
	}
}

func TestIssuesSayWhere(t *testing.T) {
	p, issues := ParsePatient([]byte(` + "`" + `{"resourceType":"Patient","gender":1,"name":[{"given":["a",2]},7],"secret":1,"name":[{"family":"x"}]` + "`" + `))
	var have []string
	for _, i := range issues {
		have = append(have, i.Severity.String()+" "+i.Code+" "+i.Path)
	}
	want := []string{"error type gender", "error type name[0].given[1]", "error required name[0].family", "error type name[1]", "error required name[1].family", "information unlisted secret", "warning duplicate name", "error syntax "}
	if strings.Join(have, "\n") != strings.Join(want, "\n") {
		t.Errorf("want %q\nhave %q", want, have)
	}
	if len(p.Name) != 1 || issues.Err() == nil {
		t.Error("want the last of two members and an error")
	}
}
`

func TestGeneratedPackageReadsAndWrites(t *testing.T) {
	files, _, err := Go(patientModel(), nil)
	if err != nil {
		t.Fatal(err)
	}
	run := gentest.Run{Files: map[string][]byte{"smallpatient/own_test.go": []byte(patientTest)}}
	for _, f := range files {
		run.Files["smallpatient/"+f.Name] = f.Content
		if f.Name != "runtime_gen.go" { // a copy of gen/internal/runtime
			goldenFile(t, filepath.Join("testdata", "go", "patient", f.Name), f.Content)
		}
	}
	run.Do(t)
	if found := run.Staticcheck(t); found != "" {
		t.Errorf("staticcheck:\n%s", found)
	}
}

// goldenFile compares what was generated with what is committed.
func goldenFile(t *testing.T, path string, content []byte) {
	t.Helper()
	want, err := os.ReadFile(path)
	if bytes.Equal(want, content) {
		return
	}
	if *refresh {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Errorf("%s (-committed +generated) %v:\n%s", path, err, cmp.Diff(string(want), string(content)))
}
