package dataset

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

// TestSchemasThatTheProfileRefusesAreRefused compares with the JSON Schema of Table
// Schema 2.0: what it refuses is an error here too.
func TestSchemasThatTheProfileRefusesAreRefused(t *testing.T) {
	b, err := os.ReadFile(golden.Shared(t, "data/metadata/frictionless/profiles/2.0/tableschema.json"))
	if err != nil {
		t.Fatal(err)
	}
	b = regexp.MustCompile(`"pattern": "[^"]*\(\?[=!][^"]*",?`).ReplaceAll(b, nil)
	profile, err := jsonschema.CompileString("tableschema.json", string(b))
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(golden.Shared(t, "data/metadata/frictionless/data"), "*schema*.json"))
	texts := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(f)] = string(b)
	}
	for _, field := range []string{
		`{"type": "string"}`, `{"name": 1}`, `{"name": "a", "type": "strin"}`, `{"name": "a", "type": 3}`, `{"name": "a", "title": 3}`,
		`{"name": "a", "type": "string", "constraints": 3}`, `{"name": "a", "type": "string", "constraints": {"required": 1}}`,
		`{"name": "a", "type": "string", "constraints": {"minLength": -1}}`, `{"name": "a", "type": "string", "constraints": {"minLength": "x"}}`,
		`{"name": "a", "type": "integer", "constraints": {"minimum": "x"}}`, `{"name": "a", "type": "number", "constraints": {"maximum": true}}`,
		`{"name": "a", "type": "string", "constraints": {"enum": []}}`, `{"name": "a", "type": "string", "constraints": {"enum": {}}}`,
		`{"name": "a", "type": "boolean", "trueValues": 3}`, `{"name": "a", "type": "list", "itemType": "object"}`,
		`{"name": "a", "type": "string", "constraints": {"pattern": 3}}`, `{"name": "a", "missingValues": 3}`,
	} {
		texts[field] = `{"fields": [` + field + `]}`
	}
	for _, s := range []string{`{"fields": []}`, `{"fields": {}}`, `{"fields": [{"name": "a"}], "primaryKey": {}}`, `{"fields": [{"name": "a"}], "foreignKeys": {}}`,
		`{"fields": [{"name": "a"}], "uniqueKeys": "a"}`, `{"fields": [{"name": "a"}], "missingValues": ""}`, `{"fields": [{"name": "a"}], "foreignKeys": [{"fields": "a"}]}`} {
		texts[s] = s
	}
	refused := 0
	for name, text := range texts {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if profile.Validate(v) == nil {
			continue
		}
		refused++
		if _, findings := importText(t, TableSchema, "x.json", text); !findings.HasErrors() {
			t.Errorf("%s: the profile refuses it, we say %v", name, findings)
		}
	}
	if refused < 20 {
		t.Errorf("the profile refuses %d, want more", refused)
	}
}

func TestFieldsOfTableSchemaKeepWhatTheySay(t *testing.T) {
	tables, findings := importText(t, TableSchema, "labs.schema.yaml", `
missingValues: ["", NA]
fieldsMatch: [subset]
fields:
  - {name: id, type: string, format: uuid, constraints: {unique: true}}
  - {name: age, type: integer, groupChar: ",", bareNumber: false, constraints: {minimum: "0", exclusiveMaximum: 130}}
  - {name: value, type: number, decimalChar: ",", constraints: {enum: ["0.5", 1e3]}}
  - {name: ok, type: boolean, trueValues: [ja], falseValues: [nej]}
  - {name: day, type: date, format: "%d/%m/%Y", constraints: {minimum: "2000-01-01"}}
  - {name: kinds, type: list, itemType: integer, delimiter: "|", constraints: {maxLength: 3}}
  - {name: sex, type: string, categories: [{value: m, label: man}, {value: f, label: woman}], categoriesOrdered: true}
  - {name: grade, type: integer, categories: [1, 2]}
  - {name: doc, type: object, constraints: {jsonSchema: {required: [a]}}}
  - {name: code, type: string, constraints: {pattern: "[A-Z]{2}", minLength: 2}, missingValues: ["?"]}
  - {name: parent, type: string}
primaryKey: id
uniqueKeys: [[age, day]]
foreignKeys:
  - {fields: parent, reference: {resource: "", fields: id}}
`)
	if len(findings) > 0 || len(tables) != 1 {
		t.Fatal(findings)
	}
	table := tables[0]
	if table.Name != "labs" || !table.Unlisted || table.Text.Match != "subset" || len(table.Text.Missing) != 2 || len(table.Unique) != 1 || len(table.Refs) != 1 {
		t.Errorf("table: %+v", table)
	}
	get := func(name string) *Field { return table.Object.Field(name) }
	for name, have := range map[string]bool{
		"id is a key with a form": get("id").Required && get("id").Type.Regex != "" && get("id").Unique(),
		"age has bounds":          get("age").Type.Min == "0" && get("age").Type.Max == "130" && get("age").Type.MaxExclusive && get("age").Text.Loose && get("age").Text.Group == ",",
		"value has a list":        cmp.Equal(get("value").Type.Enum, []Literal{"0.5", "1e3"}) && get("value").Text.Decimal == ",",
		"ok has words":            get("ok").Text.True[0] == "ja" && get("ok").Text.False[0] == "nej",
		"day has a layout":        get("day").Text.Layout == "%d/%m/%Y" && get("day").Type.Min == `"2000-01-01"`,
		"kinds is a list":         get("kinds").Type.Kind == List && get("kinds").Type.Elem.Kind == Integer && get("kinds").Type.MaxItems == 3 && get("kinds").Text.Delimiter == "|",
		"sex has codes":           get("sex").Type.Codes.Codes[1].Display == "woman",
		"grade has values":        cmp.Equal(get("grade").Type.Enum, []Literal{"1", "2"}),
		"doc has a rule":          len(get("doc").Type.Rules) == 2 && get("doc").Type.Rules[1].Expression == `{"required":["a"]}`,
		"code has a pattern":      get("code").Type.Regex == "[A-Z]{2}" && get("code").Type.MinLength == 2 && get("code").Text.Missing[0] == "?",
		"positions are there":     get("code").Pos.Line == 14 && get("code").Pos.Source == "labs.schema.yaml",
	} {
		if !have {
			t.Errorf("want: %s", name)
		}
	}
}

func TestConstraintsThatDoNotFitAreFound(t *testing.T) {
	for _, c := range []struct {
		field string
		code  issue.Code
	}{
		{`{"name": "a", "type": "boolean", "constraints": {"minimum": 1}}`, CodeTableConstraint},
		{`{"name": "a", "type": "integer", "constraints": {"pattern": "x"}}`, CodeTableConstraint},
		{`{"name": "a", "type": "date", "constraints": {"minLength": 1}}`, CodeTableConstraint},
		{`{"name": "a", "type": "string", "constraints": {"minLength": 3, "maxLength": 2}}`, CodeTableConstraint},
		{`{"name": "a", "type": "integer", "constraints": {"enum": ["x"]}}`, CodeTableConstraint},
		{`{"name": "a", "type": "boolean", "categories": ["x"]}`, CodeTableConstraint},
		{`{"name": "a", "type": "string", "constraints": {"jsonSchema": {}}}`, CodeTableConstraint},
		{`{"name": "a", "required": true}`, CodeTableConstraint},
		{`{"name": "a"}, {"name": "a"}`, CodeTableName},
		{`{"name": ""}`, CodeTableName},
		{`{"name": "a", "type": "text"}`, CodeTableType},
	} {
		_, findings := importText(t, TableSchema, "x.json", "{\n\"fields\": ["+c.field+"]}")
		if len(findings) == 0 || findings[0].Code != c.code || findings[0].Pos.Line != 2 || findings[0].Severity != issue.Error {
			t.Errorf("%s: want %s in line 2, have %v", c.field, c.code, findings)
		}
	}
	_, findings := importText(t, TableSchema, "x.json", `{"fields": [{"name": "a", "descripton": "x"}]}`)
	if len(findings) != 1 || findings[0].Severity != issue.Warning || !strings.Contains(findings[0].Message, `"description"`) {
		t.Errorf("want a hint, have %v", findings)
	}
}

func TestRolesOfNamesAreCareful(t *testing.T) {
	for name, want := range map[string]Role{"patient_id": DirectID, "PatientName": DirectID, "email": DirectID, "birthDate": QuasiID, "zip code": QuasiID, "order_id": QuasiID, "note": FreeText} {
		if have := namedRole(&Field{Name: name, Type: NewType(Text)}); have != want {
			t.Errorf("%s: want %s, have %s", name, want, have)
		}
	}
	if have := namedRole(&Field{Name: "collected", Type: NewType(Date)}); have != EventDate {
		t.Errorf("have %s", have)
	}
	if have := namedRole(&Field{Name: "psa", Type: NewType(Decimal)}); have != Sensitive {
		t.Errorf("have %s", have)
	}
}

func FuzzTableSourcesSurviveAnything(f *testing.F) {
	f.Add(uint8(0), `{"fields":[{"name":"a","type":"list","constraints":{"enum":[1]}}],"primaryKey":["a"],"foreignKeys":[{"fields":"a","reference":{"resource":"","fields":"a"}}]}`)
	f.Add(uint8(1), `{"resources":[{"name":"r","data":[],"schema":{"fields":[{"name":"a"}]}}]}`)
	f.Add(uint8(2), `{"tables":[{"url":"a.csv","tableSchema":{"columns":[{"titles":{"en":["a"]},"datatype":{"base":"date","format":"dd"}}]}}]}`)
	f.Add(uint8(3), `{"@type":"sc:Dataset","recordSet":[{"@type":"cr:RecordSet","@id":"a","field":[{"@type":"cr:Field","@id":"a/b","subField":{"@type":"cr:Field","@id":"c"}}]}]}`)
	f.Add(uint8(4), "PatientID = x 1\n00400275[1].00400009\n")
	f.Add(uint8(4), "tag,type\n00100020,1\n")
	f.Add(uint8(0), "fields: &a\n- {name: x}\n")
	kinds := []SourceKind{TableSchema, DataPackage, CSVW, Croissant, DICOMList}
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		k := kinds[int(kind)%len(kinds)]
		tables, findings := importText(t, k, "x.json", text)
		for _, x := range findings {
			if x.Severity == 0 || x.Code == "" || x.Message == "" || x.Pos.Line < 1 {
				t.Errorf("want a whole finding, have %+v", x)
			}
		}
		if findings.HasErrors() && k != DICOMList && tables != nil {
			t.Error("want no tables beside errors")
		}
		for _, table := range tables {
			seen := map[string]bool{}
			for _, field := range table.Object.Fields {
				if seen[field.Name] || field.Name == "" {
					t.Errorf("%s: want each name once and not empty", table.Name)
				}
				seen[field.Name] = true
			}
			for _, key := range table.Key {
				if !seen[key] {
					t.Errorf("%s: a key names no field", table.Name)
				}
			}
			for _, r := range table.Refs {
				if len(r.Fields) != len(r.Target) {
					t.Errorf("%s: a reference of unequal sides", table.Name)
				}
			}
		}
	})
}
