package gen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/carabiner-health/carabiner/internal/gentest"
)

// slicesOnly is a profile that lists an extension and a slice of a list, and
// nothing else of either.
const slicesOnly = `profile: "1"
id: https://example.org/slices-only
version: 1.0.0
sources:
  patient: {kind: fhir-sd, ref: http://fhir.example.org/StructureDefinition/basis-patient}
tables:
  patients:
    from: patient
    fields:
      id: {role: direct-id}
      extension:vital: {role: quasi-id}
      identifier:pid: {role: direct-id}
      birthDate: {role: quasi-id}
`

// planted is a patient with a canary in everything that the profile does not list:
// an extension, a slice, what is in no slice, and inside a listed extension.
const planted = `{"resourceType":"Patient","id":"1","extension":[` +
	`{"url":"http://canary.example.org","valueString":"CANARY"},` +
	`{"url":"http://fhir.example.org/StructureDefinition/vital-status","id":"CANARY","valueCode":"L"},` +
	`{"url":"http://fhir.example.org/StructureDefinition/vital-status","valueCode":"L","_valueCode":{"id":"CANARY"}},` +
	`{"url":"http://fhir.example.org/StructureDefinition/regions","extension":[{"url":"text","valueString":"CANARY"}]}],` +
	`"identifier":[{"type":{"coding":[{"system":"http://codes.example.org/idtype","code":"GKV"}]},"value":"CANARY"},{"value":"CANARY"},` +
	`{"type":{"coding":[{"system":"http://codes.example.org/idtype","code":"MR"}]},"value":"77"}],"birthDate":"1970-01-02"}`

func TestNothingStaysOfListsWithoutTheirListedSlices(t *testing.T) {
	folder, err := filepath.Abs("testdata/guides/basis")
	if err != nil {
		t.Fatal(err)
	}
	m := loadProfile(t, slicesOnly, folder)
	for _, name := range []string{"extension", "identifier"} {
		if f := m.Tables[0].Object.Field(name); f == nil || !f.SlicesOnly {
			t.Fatalf("want a list of slices alone, have %+v", f)
		}
	}
	files, _, err := Go(m, &GoOptions{Package: "only"})
	if err != nil {
		t.Fatal(err)
	}
	run := gentest.Run{Files: map[string][]byte{"only/own_test.go": fmt.Appendf(nil, slicesOnlyTest, planted)}}
	for _, f := range files {
		run.Files["only/"+f.Name] = f.Content
	}
	run.Do(t)
}

const slicesOnlyTest = `package only

import (
	"fmt"
	"strings"
	"testing"
)

func TestCanary(t *testing.T) {
	r, _ := ParsePatient([]byte(%q))
	if text := string(r.AppendJSON(nil)) + fmt.Sprintf("%%+v", r); strings.Contains(text, "CANARY") || strings.Contains(text, "regions") {
		t.Errorf("want nothing that is not listed, have %%s", text)
	}
	if r.Vital.Value != "L" || len(r.Pid) != 1 || r.Pid[0].Value != "77" || r.BirthDate.String() != "1970-01-02" {
		t.Errorf("want what is listed, have %%+v", r)
	}
	r.Redact(RoleDirectID)
	const want = "{\"resourceType\":\"Patient\",\"id\":\"1\",\"identifier\":[{\"type\":{\"coding\":[{\"system\":\"http://codes.example.org/idtype\",\"code\":\"MR\"}]},\"value\":\"77\"}]"
	if have := string(r.AppendJSON(nil)); !strings.HasPrefix(have, want) || strings.Contains(have, "extension") {
		t.Errorf("want the identifier alone, have %%s", have)
	}
}
`

func TestSchemaHasTheListedSlicesAlone(t *testing.T) {
	folder, err := filepath.Abs("testdata/guides/basis")
	if err != nil {
		t.Fatal(err)
	}
	m := loadProfile(t, slicesOnly, folder)
	files, _, err := JSONSchema(m)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("s.json", bytes.NewReader(files[0].Content)); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("s.json")
	if err != nil {
		t.Fatal(err)
	}
	const start = `{"resourceType":"Patient","id":"1","identifier":[{"type":{"coding":[{"system":"http://codes.example.org/idtype","code":"MR"}]},"value":"77"}],"birthDate":"1970-01-02","extension":[{"url":"http://fhir.example.org/StructureDefinition/vital-status","valueCode":"L"}`
	for text, want := range map[string]bool{start + `]}`: true, start + `,{"url":"http://canary.example.org","valueString":"CANARY"}]}`: false} {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); (err == nil) != want {
			t.Errorf("want %v, have %v of %s", want, err, text)
		}
	}
}
