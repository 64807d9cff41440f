package view

import (
	"strings"
	"testing"
)

func TestWrongDefinitionsAreToldWithTheirPlace(t *testing.T) {
	one := func(s string) string { return `{"resource": "Patient", "select": [` + s + `]}` }
	for want, src := range map[string]string{
		"want JSON":                      `{`,
		"want a ViewDefinition":          `[]`,
		"want ViewDefinition":            `{"resourceType": "View", "resource": "Patient", "select": [{"column": [{"name": "a", "path": "id"}]}]}`,
		"want a resource type, have":     `{"select": [{"column": [{"name": "a", "path": "id"}]}]}`,
		"want a resource type that":      `{"resource": "Pacient", "select": [{"column": [{"name": "a", "path": "id"}]}]}`,
		"want a select":                  `{"resource": "Patient"}`,
		"want each member once":          `{"resource": "Patient", "resource": "Patient", "select": [{"column": [{"name": "a", "path": "id"}]}]}`,
		"want an array, have object":     `{"resource": "Patient", "select": {"column": []}}`,
		"want text, have number":         one(`{"forEach": 1, "column": [{"name": "a", "path": "id"}]}`),
		"want a path, have none":         one(`{"forEach": "", "column": [{"name": "a", "path": "id"}]}`),
		"want at most one of forEach":    one(`{"forEach": "name", "repeat": ["link"], "column": [{"name": "a", "path": "id"}]}`),
		"have another member":            one(`{"colum": [], "column": [{"name": "a", "path": "id"}]}`),
		"want a name, have none":         one(`{"column": [{"path": "id"}]}`),
		"want a path, have none ":        one(`{"column": [{"name": "a"}]}`),
		"want a name of letters":         one(`{"column": [{"name": "_a", "path": "id"}]}`),
		"want true or false":             one(`{"column": [{"name": "a", "path": "id", "collection": "yes"}]}`),
		"want each column once":          one(`{"column": [{"name": "a", "path": "id"}]}, {"column": [{"name": "A", "path": "id"}]}`),
		"want the columns of the first":  one(`{"unionAll": [{"column": [{"name": "a", "path": "id"}]}, {"column": [{"name": "b", "path": "id"}]}]}`),
		"want type and collection":       one(`{"unionAll": [{"column": [{"name": "a", "path": "id", "type": "id"}]}, {"column": [{"name": "a", "path": "id", "type": "code"}]}]}`),
		"want at least one column":       one(`{"forEach": "name"}`),
		"want columns, a select":         one(`{}`),
		"want a path that leads to a bo": `{"resource": "Patient", "where": [{"path": "name.family"}], "select": [{"column": [{"name": "a", "path": "id"}]}]}`,
		"want one value, have 2":         `{"resource": "Patient", "constant": [{"name": "c", "valueCode": "a", "valueString": "b"}], "select": [{"column": [{"name": "a", "path": "id"}]}]}`,
		"want the JSON form of integer":  `{"resource": "Patient", "constant": [{"name": "c", "valueInteger": "1"}], "select": [{"column": [{"name": "a", "path": "id"}]}]}`,
		"want a value of a primitive":    `{"resource": "Patient", "constant": [{"name": "c", "valueCoding": {}}], "select": [{"column": [{"name": "a", "path": "id"}]}]}`,
		"want each constant once":        `{"resource": "Patient", "constant": [{"name": "c", "valueCode": "a"}, {"name": "c", "valueCode": "a"}], "select": [{"column": [{"name": "a", "path": "id"}]}]}`,
		"want a name that FHIRPath does": `{"resource": "Patient", "constant": [{"name": "resource", "valueCode": "a"}], "select": [{"column": [{"name": "a", "path": "id"}]}]}`,
		"want a constant of the view":    one(`{"column": [{"name": "a", "path": "name.where(use = %other).family"}]}`),
		"[view-path]":                    one(`{"column": [{"name": "a", "path": "name.where("}]}`),
	} {
		_, err := New([]byte(src), &Options{Source: "v.json"})
		if err == nil || !strings.Contains(err.Error(), strings.TrimSpace(want)) || !strings.HasPrefix(err.Error(), "v.json:1:") {
			t.Errorf("%s: want an error with %q and its place, have %v", src, want, err)
		}
	}
}

func TestConstantsOfAllTypesMeanTheSameInBothForms(t *testing.T) {
	for typ, value := range map[string]string{
		"String": `"x"`, "Code": `"x"`, "Uri": `"x"`, "Url": `"x"`, "Canonical": `"x"`, "Id": `"x"`, "Oid": `"x"`, "Uuid": `"x"`, "Markdown": `"x"`, "Base64Binary": `"eA=="`,
		"Boolean": `true`, "Integer": `-3`, "PositiveInt": `3`, "UnsignedInt": `0`, "Integer64": `"5"`, "Decimal": `1.50`, "Date": `"2020-01-02"`, "DateTime": `"2020"`, "Instant": `"2020-01-02T03:04:05Z"`, "Time": `"03:04:05"`,
	} {
		src := `{"resource": "Patient", "name": "v", "constant": [{"name": "c", "value` + typ + `": ` + value + `}], "select": [{"column": [{"name": "same", "path": "%c = %c"}, {"name": "c", "path": "%c"}]}]}`
		p := pairOf(t, []byte(src))
		r := parsed(t, `{"resourceType": "Patient", "id": "a"}`)
		p.compare(t, r)
		rows, issues := p.scan.view.Rows(r)
		if len(issues) > 0 || len(rows) != 1 || rows[0][0] != true || rows[0][1] == nil {
			t.Errorf("%s: want a value that is itself, have %v %v", typ, rows, issues)
		}
	}
}
