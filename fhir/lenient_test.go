package fhir

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/issue"
)

// seen writes findings as path code line:column.
func seen(list issue.List) (out []string) {
	for _, i := range list {
		out = append(out, fmt.Sprintf("%s %s %d:%d", i.Path, i.Code, i.Pos.Line, i.Pos.Column))
	}
	return out
}

func TestParseLenientGoesOnAfterCommentsAndCommas(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string // path code line:column
		raw        string   // "" for the text itself
	}{
		{"good", `{"resourceType":"Patient","active":true}`, nil, ""},
		{"good with white space around", " {\"resourceType\":\"Patient\"}\n", nil, `{"resourceType":"Patient"}`},
		{"comment before all", "// a\n{\"resourceType\":\"Patient\"}", []string{"Patient fhir-json-comment 1:1"}, `{"resourceType":"Patient"}`},
		{"comment behind all", `{"resourceType":"Patient"} /* a */`, []string{"Patient fhir-json-comment 1:28"}, `{"resourceType":"Patient"}`},
		{"comment before a member", "{\"resourceType\":\"Patient\",// \"\n\"id\":\"a\"}", []string{"Patient.id fhir-json-comment 1:27"}, "{\"resourceType\":\"Patient\",    \n\"id\":\"a\"}"},
		{"comment before an element", `{"resourceType":"Patient","name":[{"family":"a"},/**/{"family":"b"}]}`, []string{"Patient.name[1] fhir-json-comment 1:50"},
			`{"resourceType":"Patient","name":[{"family":"a"},    {"family":"b"}]}`},
		{"comment at the end of an object", `{"resourceType":"Patient","name":[{"family":"a"/* } */}],"id":"a"}`, []string{"Patient.id fhir-json-comment 1:48"},
			`{"resourceType":"Patient","name":[{"family":"a"       }],"id":"a"}`},
		{"comment before a choice", `{"resourceType":"Observation",/**/"valueString":"a"}`, []string{"Observation.value.ofType(string) fhir-json-comment 1:31"},
			`{"resourceType":"Observation",    "valueString":"a"}`},
		{"what looks like a comment in text", `{"resourceType":"Patient","implicitRules":"http://a/*b*/",}`, []string{"Patient fhir-json-comma 1:58"},
			`{"resourceType":"Patient","implicitRules":"http://a/*b*/" }`},
		{"comma missing between members", "{\"resourceType\":\"Patient\"\n  \"id\":\"a\"}", []string{"Patient fhir-json-comma 2:3"}, "{\"resourceType\":\"Patient\"\n, \"id\":\"a\"}"},
		{"comma missing at a line's end", "{\"resourceType\":\"Patient\"\r\n\"id\":\"a\"}", []string{"Patient fhir-json-comma 2:1"}, "{\"resourceType\":\"Patient\",\n\"id\":\"a\"}"},
		{"comma missing between elements", `{"resourceType":"Patient","name":[{"given":["a" "b"]}]}`, []string{"Patient.name[0].given fhir-json-comma 1:49"},
			`{"resourceType":"Patient","name":[{"given":["a","b"]}]}`},
		{"comma missing behind a number", `{"resourceType":"Patient","multipleBirthInteger":1 "id":"a"}`, []string{"Patient fhir-json-comma 1:52"},
			`{"resourceType":"Patient","multipleBirthInteger":1,"id":"a"}`},
		{"comma missing before a comment", `{"resourceType":"Patient"/**/"id":"a"}`, []string{"Patient.id fhir-json-comment 1:26", "Patient fhir-json-comma 1:30"},
			`{"resourceType":"Patient",   "id":"a"}`},
		{"comma before the end of a list", `{"resourceType":"Patient","name":[{"given":["a",]}]}`, []string{"Patient.name[0].given fhir-json-comma 1:48"},
			`{"resourceType":"Patient","name":[{"given":["a" ]}]}`},
		{"two commas", `{"resourceType":"Patient",,"id":"a",,}`, []string{"Patient fhir-json-comma 1:27", "Patient fhir-json-comma 1:36", "Patient fhir-json-comma 1:37"},
			`{"resourceType":"Patient", "id":"a"  }`},
		{"comma at the begin", `{,"resourceType":"Patient"}`, []string{"Patient fhir-json-comma 1:2"}, `{ "resourceType":"Patient"}`},
		{"byte order mark", "\xef\xbb\xbf{\"resourceType\":\"Patient\",}", []string{"Patient fhir-json-comma 1:29"}, `{"resourceType":"Patient" }`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			given := []byte(tt.text)
			r, list, err := ParseLenient(given, nil)
			if err != nil {
				t.Fatal(err)
			}
			if tt.raw == "" {
				tt.raw = tt.text
			}
			if diff := cmp.Diff(tt.raw, string(r.Raw())); diff != "" {
				t.Errorf("raw (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, seen(list)); diff != "" {
				t.Errorf("findings (-want +got)\n%s", diff)
			}
			if string(given) != tt.text {
				t.Error("want the text left as it is, have it changed")
			}
		})
	}
}

func TestParseLenientRefusesWhatItCannotRepair(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"missing comma without room", `{"resourceType":"Patient""id":"a"}`, []string{" fhir-json-syntax 1:26"}},
		{"missing comma with a line feed alone", "{\"resourceType\":\"Patient\"\n\"id\":\"a\"}", []string{" fhir-json-syntax 2:1"}},
		{"other bracket", `{"resourceType":"Patient",,"name":[}`, []string{" fhir-json-comma 1:27", " fhir-json-syntax 1:36"}},
		{"comment without end", `{"resourceType":"Patient"/* }`, []string{" fhir-json-syntax 1:26"}},
		{"missing colon", `{"resourceType" "Patient"}`, []string{" fhir-json-syntax 1:17"}},
		{"name without quotes", `{"resourceType":"Patient",id:"a"}`, []string{" fhir-json-syntax 1:27"}},
		{"two documents", `{"resourceType":"Patient"} {"resourceType":"Patient"}`, []string{" fhir-json-syntax 1:28"}},
		{"value missing", `{"resourceType":"Patient","id":,"active":true}`, []string{" fhir-json-syntax 1:32"}},
		{"no resource", `[1,]`, []string{" fhir-json-comma 1:3", " fhir-not-object 1:1"}},
		{"nothing", ``, []string{" fhir-json-syntax 1:1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, list, err := ParseLenient([]byte(tt.text), nil)
			var unread *issue.ListError
			if r != nil || list != nil || !errors.As(err, &unread) {
				t.Fatalf("want a *issue.ListError alone, have %v, %v, %v", r, list, err)
			}
			if diff := cmp.Diff(tt.want, seen(unread.List)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestParseLenientAllowsCommentsWhenTold(t *testing.T) {
	r, list, err := ParseLenient([]byte("// a\n{\"resourceType\":\"Patient\",\n/* b */}"), &LenientOptions{AllowComments: true, Pos: issue.Pos{Source: "x", Line: 7, Column: 3, Offset: 90, Record: 4}})
	if err != nil || r.Type() != "Patient" {
		t.Fatal(r, err)
	}
	if diff := cmp.Diff([]string{"Patient fhir-json-comma 8:26"}, seen(list)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if p := r.Pos(); p.Source != "x" || p.Line != 8 || p.Offset != 95 || p.Record != 4 {
		t.Errorf("want the place behind the comment, have %v", p)
	}
}

func TestParseLenientBoundsItsFindings(t *testing.T) {
	_, list, err := ParseLenient([]byte(`{"resourceType":"Patient"`+strings.Repeat(",", 1000)+`}`), nil)
	if err != nil || len(list) != maxRepairs+1 || list[maxRepairs].Code != CodeTooMany {
		t.Errorf("want %d findings, have %d, %v", maxRepairs+1, len(list), err)
	}
}

// FuzzParseLenient holds ParseLenient to its laws: it never panics, leaves JSON
// that parses as it is, changes nothing but spaces, commas and comments, and what
// it repaired once needs no repair.
func FuzzParseLenient(f *testing.F) {
	for _, seed := range []string{`{"resourceType":"Patient","id":"a"}`, `// a` + "\n" + `{"resourceType":"Patient",}`, `{"resourceType":"Patient" "name":[1 2,]/*a*/}`, `{,}`, `[[,],{}]`, `{"a":"\"`, `/`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		strict, strictErr := Parse(b)
		r, list, err := ParseLenient(b, nil)
		if strictErr == nil {
			if err != nil || list != nil || string(r.Raw()) != string(strict.Raw()) {
				t.Fatalf("want a good document as it is, have %v, %v", list, err)
			}
			return
		}
		if err != nil {
			if r != nil || list != nil {
				t.Fatal("want nothing beside an error")
			}
			return
		}
		if r.xml == nil && len(list) == 0 {
			t.Fatalf("want findings where Parse fails: %v", strictErr)
		}
		at := int(r.Pos().Offset)
		for i, c := range r.Raw() {
			if c != b[at+i] && (c != ' ' && c != ',' || b[at+i] == '\n') {
				t.Fatalf("want byte %d kept, have another", i)
			}
		}
		if _, again, err := ParseLenient(r.Raw(), nil); err != nil || again != nil {
			t.Fatalf("want nothing to repair again, have %v, %v", again, err)
		}
	})
}
