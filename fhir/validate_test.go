package fhir

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/issue"
)

func TestFormFindingsKnowTheFormOfJSON(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string // path code line:column
	}{
		{"good", `{"resourceType":"Patient","id":"a-1.B","active":true,"name":[{"given":["A",null],"_given":[null,{"id":"x"}]}],"birthDate":"2000","_birthDate":{"extension":[{"url":"u"}]}}`, nil},
		{"text with line feed and tab", `{"resourceType":"Patient","x":"a\n\tb\r"}`, nil},
		{"empty object", `{"resourceType":"Patient","maritalStatus":{}}`, []string{"Patient.maritalStatus fhir-json-empty 1:43"}},
		{"empty array", `{"resourceType":"Patient","name":[]}`, []string{"Patient.name fhir-json-empty 1:34"}},
		{"empty string", `{"resourceType":"Patient","name":[{"family":""}]}`, []string{"Patient.name[0].family fhir-json-empty 1:45"}},
		{"null", `{"resourceType":"Patient","active":null}`, []string{"Patient.active fhir-json-null 1:36"}},
		{"null in an array without companion", `{"resourceType":"Patient","name":[{"given":["A",null]}]}`, []string{"Patient.name[0].given[1] fhir-json-null 1:49"}},
		{"null beside null", `{"resourceType":"Patient","x":[null,"a"],"_x":[null,{"id":"b"}]}`, []string{"Patient.x[0] fhir-json-null 1:32", "Patient._x[0] fhir-json-null 1:48"}},
		{"companion of other length", `{"resourceType":"Patient","x":["a","b"],"_x":[{"id":"b"}]}`, []string{"Patient._x fhir-json-member 1:46"}},
		{"companion without content", `{"resourceType":"Patient","x":["a"],"_x":[null]}`, []string{"Patient._x fhir-json-empty 1:42"}},
		{"companion of an object", `{"resourceType":"Patient","x":{"a":1},"_x":{"id":"b"}}`, []string{"Patient._x fhir-json-member 1:44"}},
		{"companion that is text", `{"resourceType":"Patient","x":"a","_x":"b"}`, []string{"Patient._x fhir-json-member 1:40"}},
		{"companion object beside array", `{"resourceType":"Patient","x":["a"],"_x":{"id":"b"}}`, []string{"Patient._x fhir-json-member 1:42"}},
		{"companion array beside text", `{"resourceType":"Patient","x":"a","_x":[{"id":"b"}]}`, []string{"Patient._x fhir-json-member 1:40"}},
		{"companion alone", `{"resourceType":"Patient","_x":{"id":"b"},"_y":[{"id":"c"}]}`, nil},
		{"companion with text inside", `{"resourceType":"Patient","_y":[{"id":"c"},"d"]}`, []string{"Patient._y[1] fhir-json-member 1:44"}},
		{"member twice", "{\"resourceType\":\"Patient\",\n\"active\":true,\"active\":true}", []string{"Patient fhir-json-duplicate-member 2:15"}},
		{"control character", `{"resourceType":"Patient","x":"a\u0001"}`, []string{"Patient.x fhir-string-control 1:31"}},
		{"array in an array", `{"resourceType":"Patient","x":[["a"]]}`, []string{"Patient.x[0] fhir-json-member 1:32"}},
		{"odd member name", `{"resourceType":"Patient","John Doe":{"a":""}}`, []string{"Patient.?.a fhir-json-empty 1:43"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Parse([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, i := range formFindings(r, fhirdef.R4(), 100) {
				got = append(got, fmt.Sprintf("%s %s %d:%d", i.Path, i.Code, i.Pos.Line, i.Pos.Column))
				if i.Severity != issue.Error || i.Message == "" {
					t.Errorf("want an error with a message, have %+v", i)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestValidateBoundsItsFindings(t *testing.T) {
	r, err := Parse([]byte(`{"resourceType":"Patient"` + strings.Repeat(`,"x":""`, 50) + `}`))
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewValidator(nil, &ValidateOptions{MaxIssues: 3})
	if err != nil {
		t.Fatal(err)
	}
	list := v.Validate(r)
	if len(list) != 4 || list[3].Code != CodeTooMany {
		t.Errorf("want 3 findings and %s, have %v", CodeTooMany, list)
	}
	if _, err := NewValidator(nil, &ValidateOptions{MaxIssues: -1}); err == nil {
		t.Error("want an error for a negative bound")
	}
}

func TestValidateAllocatesNothingForMoreElements(t *testing.T) {
	v, err := NewValidator(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	allocs := func(names int) float64 {
		name := `{"family":"A","given":["A","B"],"period":{"start":"2001-02-03"}}`
		r, err := Parse([]byte(`{"resourceType":"Patient","id":"a","active":true,"birthDate":"1950-03-04","name":[` + name + strings.Repeat(","+name, names-1) + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(100, func() { _ = v.Validate(r) })
	}
	if one, many := allocs(1), allocs(50); many > one+1 {
		t.Errorf("want as many allocations for 50 names as for one, %v, have %v", one, many)
	}
}
