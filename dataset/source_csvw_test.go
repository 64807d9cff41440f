package dataset

import (
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/issue"
	"github.com/google/go-cmp/cmp"
)

func TestColumnsOfCSVWHaveTheirTypes(t *testing.T) {
	tables, findings := importText(t, CSVW, "meta.json", `{
  "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
  "null": "-",
  "tables": [
    {"url": "data/patients.csv", "dc:title": {"en": "Patients"},
     "tableSchema": {
      "columns": [
       {"name": "id", "titles": ["Patient", "ID"], "datatype": {"base": "string", "maxLength": 10}, "required": true},
       {"titles": "birth date", "datatype": {"base": "date", "format": "dd.MM.yyyy", "minimum": "1900-01-01"}},
       {"name": "sex", "datatype": {"format": "^(male|female|un\\.known)$"}},
       {"name": "langs", "separator": ";", "datatype": "language", "null": ["", "NA"]},
       {"name": "weight", "datatype": {"base": "decimal", "format": {"decimalChar": ",", "groupChar": "."}, "minExclusive": 0}},
       {"name": "alive", "datatype": {"base": "boolean", "format": "Y|N"}},
       {"name": "born", "datatype": "gYear", "default": "1970"},
       {"name": "stamp", "datatype": "dateTimeStamp", "propertyUrl": "http://example.org/stamp"},
       {"name": "v", "virtual": true}
      ],
      "primaryKey": "id"}},
    {"url": "visits.csv", "tableSchema": {
      "columns": [{"name": "n", "datatype": "unsignedInt"}, {"name": "patient"}],
      "primaryKey": ["n"],
      "foreignKeys": [{"columnReference": "patient", "reference": {"resource": "data/patients.csv", "columnReference": "id"}}]}}
  ]}`)
	if findings.HasErrors() || len(findings) != 1 || findings[0].Code != CodeNotHeld {
		t.Error(findings)
	}
	want := `patients grain= key=id
  id string<=10! Patient
  birth date date birth date
  sex string sex
  langs list(string) langs
  weight decimal weight
  alive boolean alive
  born year born
  stamp datetime stamp
visits grain= key=n
  n integer! n
  patient string patient
  [patient] -> patients[id]
`
	if diff := cmp.Diff(want, outline(tables)); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
	o := tables[0].Object
	if f := o.Field("birth date"); f.Text.Layout != "%d.%m.%Y" || f.Type.Min != `"1900-01-01"` || f.Text.Missing[0] != "-" {
		t.Errorf("birth date: %+v", f.Text)
	}
	if f := o.Field("sex"); f.Type.Codes == nil || len(f.Type.Codes.Codes) != 3 || f.Type.Codes.Codes[2].Code != "un.known" {
		t.Errorf("sex: %+v", f.Type)
	}
	if f := o.Field("langs"); f.Text.Delimiter != ";" || len(f.Text.Missing) != 2 {
		t.Errorf("langs: %+v", f.Text)
	}
	if f := o.Field("weight"); f.Text.Decimal != "," || f.Text.Group != "." || !f.Type.MinExclusive || f.Type.Min != "0" {
		t.Errorf("weight: %+v %+v", f.Text, f.Type)
	}
	if f := o.Field("alive"); f.Text.True[0] != "Y" || f.Text.False[0] != "N" {
		t.Errorf("alive: %+v", f.Text)
	}
}

func TestWrongMetadataOfCSVWIsFound(t *testing.T) {
	for _, c := range []struct {
		text string
		code issue.Code
		line int
	}{
		{"[]", CodeTableForm, 1},
		{"{}", CodeTableForm, 1},
		{`{"tables": []}`, CodeTableForm, 1},
		{`{"tables": [{}]}`, CodeTableForm, 1},
		{"{\"url\": \"a.csv\",\n\"tableSchema\": {\"columns\": {}}}", CodeTableForm, 2},
		{"{\"url\": \"a.csv\",\n\"tableSchema\": {\"columns\": [{\"name\": \"a\"},\n{\"name\": \"a\"}]}}", CodeTableName, 3},
		{"{\"url\": \"a.csv\",\n\"tableSchema\": {\"columns\": [{\"name\": \"a\"}],\n\"primaryKey\": \"b\"}}", CodeTableKey, 3},
		{"{\"url\": \"a.csv\",\n\"tableSchema\": {\"columns\": [{\"name\": \"_a\"}]}}", CodeTableName, 2},
		{"{\"url\": \"a.csv\",\n\"tableSchema\": {\"columns\": [{\"name\": \"a\", \"datatype\": {\"base\": \"integer\", \"minLength\": 2}}]}}", CodeTableConstraint, 2},
		{"{\"url\": \"a.csv\",\n\"tableSchema\": {\"columns\": [{\"name\": \"a\", \"datatype\": {\"base\": \"date\", \"minimum\": 2}}]}}", CodeTableConstraint, 2},
	} {
		_, findings := importText(t, CSVW, "m.json", c.text)
		found := false
		for _, f := range findings {
			found = found || f.Code == c.code && f.Pos.Line == c.line && f.Severity == issue.Error
		}
		if !found {
			t.Errorf("%s: want %s in line %d, have %v", c.text, c.code, c.line, findings)
		}
	}
	tables, findings := importText(t, CSVW, "m.json", `{"url": "a.csv", "tableSchema": {"columns": [{"name": "a", "datatype": "dateTim"}]}}`)
	if len(tables) != 1 || len(findings) != 1 || findings[0].Severity != issue.Warning || !strings.Contains(findings[0].Message, `"dateTime"`) {
		t.Errorf("want a warning and a string, have %v", findings)
	}
}
