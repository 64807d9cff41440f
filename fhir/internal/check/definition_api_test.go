package check

import (
	"encoding/base64"
	"slices"
	"testing"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/issue"
)

const (
	wholeSearch = `{"resourceType":"SearchParameter","url":"http://example.com/sp","name":"S","status":"active","description":"x","code":"name","base":["Organization"],"type":"string",
"derivedFrom":"http://hl7.org/fhir/SearchParameter/Organization-name","expression":"Organization.name | Organization.alias"}`
	wholeOperation = `{"resourceType":"OperationDefinition","url":"http://example.com/op","name":"O","status":"active","kind":"operation","code":"op","system":true,"type":false,"instance":false,
"inputProfile":"http://example.com/in","parameter":[{"name":"a","use":"in","min":1,"max":"1","type":"string"},{"name":"p","use":"in","min":0,"max":"*","type":"Patient"},
{"name":"r","use":"in","min":0,"max":"1","type":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Patient"]},{"name":"x","use":"out","min":1,"max":"1","type":"code"}]}`
)

func TestSearchParameter(t *testing.T) {
	const expression = "error SearchParameter.expression"
	checkEdits(t, wholeSearch, []edit{
		{"as it is", "", "", ""},
		{"branches the other way round", "Organization.name | Organization.alias", "Organization.alias | Organization.name", ""},
		{"another type", `"string"`, `"token"`, "error SearchParameter"},
		{"another base", `["Organization"]`, `["Patient"]`, expression + "\nerror SearchParameter"},
		{"one base more", `["Organization"]`, `["Organization","Patient"]`, "error SearchParameter"},
		{"another expression", "Organization.name |", "", "warning SearchParameter"},
		{"an element that is not there", "Organization.alias", "Organization.shoes", expression + "\nwarning SearchParameter"},
		{"no FHIRPath", "Organization.alias", "Organization.alias(", expression + "\nwarning SearchParameter"},
		{"from what is not known", "SearchParameter/Organization-name", "SearchParameter/nothing", "warning SearchParameter"},
	}, CodeDefinition)
}

func TestBranches(t *testing.T) {
	for text, want := range map[string]int{"a": 1, "a | b": 2, "(a | b).c": 1, "a.where(x = '|') | b": 2, "`|` | 'it\\'s |'": 2, "": 1, "a[0|1]|b": 2} {
		if have := len(branches(text)); have != want {
			t.Errorf("%s: want %d branches, have %d", text, want, have)
		}
	}
}

// parametersProfile says of the parameters what wholeOperation does.
func parametersProfile() string {
	const slicing = `,"slicing":{"discriminator":[{"type":"value","path":"name"}],"rules":"open"}`
	const no = `,"max":"0"`
	slice := func(name, bounds, value, resource string) string {
		id := "Parameters.parameter:" + name
		return "," + element(id, bounds) + "," + element(id+".name", `,"fixedString":"`+name+`"`) + "," + element(id+".value[x]", value) + "," + element(id+".resource", resource)
	}
	return changedOnce(profileOf("Parameters", element("Parameters.parameter", slicing)+
		slice("a", `,"min":1,"max":"1"`, `,"type":[{"code":"string"}]`, no)+
		slice("p", `,"min":0,"max":"*"`, no, `,"type":[{"code":"Patient"}]`)+
		slice("r", `,"min":0,"max":"1"`, `,"type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Patient"]}]`, no)))
}

func changedOnce(src string) string {
	return src[:len(`{"resourceType":"StructureDefinition","url":"http://example.com/`)] + "in" + src[len(`{"resourceType":"StructureDefinition","url":"http://example.com/StructureDefinition/p`):]
}

// TestOperationDefinition: the parameters are those of the profiles. What differs
// is found at the parameter below the profile.
func TestOperationDefinition(t *testing.T) {
	defs := withResources(t, parametersProfile())
	const at = "OperationDefinition.inputProfile.parameter"
	for _, e := range []edit{
		{"as it is", "", "", ""},
		{"another minimum", `"min":1,"max":"1","type":"string"`, `"min":0,"max":"1","type":"string"`, "error " + at + "[0]"},
		{"another maximum", `"max":"*"`, `"max":"1"`, "error " + at + "[1]"},
		{"another type", `"string"`, `"integer"`, "error " + at + "[0]\nerror " + at + "[0]"},
		{"no target", `,"targetProfile":["http://hl7.org/fhir/StructureDefinition/Patient"]`, "", "error " + at + "[2]"},
		{"a parameter left out of the profile", `"name":"p"`, `"name":"q"`, "warning " + at + "[1]\nwarning OperationDefinition.inputProfile"},
		{"a profile that is not known", "http://example.com/in", "http://other.com/in", "warning OperationDefinition.inputProfile"},
		{"a profile of another type", "http://example.com/in", "http://hl7.org/fhir/StructureDefinition/vitalsigns", "error OperationDefinition.inputProfile"},
		{"a target that is no resource", "http://hl7.org/fhir/StructureDefinition/Patient", "http://hl7.org/fhir/StructureDefinition/Period",
			"error OperationDefinition.parameter[2].targetProfile[0]\nerror " + at + "[2]\nerror " + at + "[2]"},
	} {
		t.Run(e.name, func(t *testing.T) {
			wantFindings(t, findingsWith(t, defs, CodeDefinition, changed(t, wholeOperation, e.from, e.to)), e.want)
		})
	}
}

// TestCanonical: where references are followed, a canonical leads to the type
// that the element wants.
func TestCanonical(t *testing.T) {
	for _, c := range []struct {
		url    string
		policy ReferencePolicy
		want   string
	}{
		{"http://hl7.org/fhir/ValueSet/administrative-gender", ReferencesMustBeType, "error QuestionnaireResponse.questionnaire"},
		{"http://hl7.org/fhir/ValueSet/administrative-gender", ReferencesMustExist, ""},
		{"http://hl7.org/fhir/ValueSet/administrative-gender", ReferencesInside, ""},
		{"http://hl7.org/fhir/SearchParameter/Organization-name", ReferencesMustBeType, "error QuestionnaireResponse.questionnaire"},
		{"http://other.com/q", ReferencesMustBeType, "information QuestionnaireResponse.questionnaire"},
		{"#q", ReferencesMustBeType, ""},
	} {
		src := `{"resourceType":"QuestionnaireResponse","status":"completed","questionnaire":"` + c.url + `"}`
		wantFindings(t, findings(t, Options{References: c.policy}, CodeReference, src), c.want)
	}
}

func TestIdentifier(t *testing.T) {
	for _, c := range []struct{ identifier, want string }{
		{`"system":"http://example.com/id","value":"1"`, ""},
		{`"system":"id","value":"1"`, "error Patient.identifier[0]"},
		{`"system":"urn:ietf:rfc:3986","value":"urn:oid:1.2.3"`, ""},
		{`"system":"urn:ietf:rfc:3986","value":"1.2.3"`, "error Patient.identifier[0]"},
		{`"value":"1"`, ""},
	} {
		src := `{"resourceType":"Patient","identifier":[{` + c.identifier + `}]}`
		wantFindings(t, findings(t, Options{}, CodePrimitive, src), c.want)
	}
}

// TestSignature: a signature is not verified, which is said; with the content
// inside it is not as it should be.
func TestSignature(t *testing.T) {
	for jws, want := range map[string]string{"e30..c2ln": "information Bundle", "e30.e30.c2ln": "information Bundle\nwarning Bundle"} {
		src := `{"resourceType":"Bundle","type":"collection","signature":{"type":[{"system":"urn:iso-astm:E1762-95:2013","code":"1.2.840.10065.1.12.1.1"}],"when":"2024-01-01T00:00:00Z",` +
			`"who":{"display":"x"},"targetFormat":"application/fhir+json;canonicalization=http://hl7.org/fhir/canonicalization/json#document","sigFormat":"application/jose","data":"` +
			base64.StdEncoding.EncodeToString([]byte(jws)) + `"}}`
		var have []string
		for _, code := range []issue.Code{CodeDefinition, CodeNotChecked, CodeBinding, CodeCode} {
			for _, f := range findingsWith(t, fhirdef.R4(), code, src) {
				if f != "warning Bundle.signature.type[0].system" { // whose codes are not shipped
					have = append(have, f)
				}
			}
		}
		slices.Sort(have)
		wantFindings(t, have, want)
	}
}

func TestCapabilityStatement(t *testing.T) {
	const whole = `{"resourceType":"CapabilityStatement","status":"active","date":"2024","kind":"requirements","fhirVersion":"4.0.1","format":["json"],"rest":[{"mode":"server",
"searchParam":[{"name":"_id","definition":"http://hl7.org/fhir/SearchParameter/Resource-id","type":"token"}],
"resource":[{"type":"Organization","searchParam":[{"name":"name","definition":"http://hl7.org/fhir/SearchParameter/Organization-name","type":"string"}]}]}]}`
	checkEdits(t, whole, []edit{
		{"as it is", "", "", ""},
		{"another type", `"string"`, `"token"`, "error CapabilityStatement.rest[0].resource[0].searchParam[0]"},
		{"another type of all resources", `"type":"token"`, `"type":"uri"`, "error CapabilityStatement.rest[0].searchParam[0]"},
		{"a definition that is not known", "SearchParameter/Organization-name\",\"type\":\"string", "SearchParameter/nothing\",\"type\":\"uri", ""},
	}, CodeDefinition)
}
