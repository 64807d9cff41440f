package fhirproto

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// defects are inputs at which the library alone fails, loses or changes
// something. Every case either comes back whole or says what happened.
var defects = []struct {
	name, in, out string // out is what comes back; "" if it is the input
	findings      []string
}{
	{
		name: "a resource in Parameters",
		in:   `{"resourceType":"Parameters","parameter":[{"name":"a","valueInteger":3},{"name":"b","resource":{"resourceType":"Patient","id":"p"}}]}`,
	},
	{
		name: "Parameters in Parameters in a part, between other members",
		in:   `{"resourceType":"Parameters","parameter":[{"name":"a","part":[{"extension":[{"url":"u"}],"name":"b","resource":{"resourceType":"Parameters","parameter":[{"name":"c","resource":{"resourceType":"Basic","id":"x","code":{"text":"t"}},"part":[{"name":"d"}]}]}}]}]}`,
	},
	{
		name: "a contained Parameters in a Bundle",
		in:   `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Basic","contained":[{"resourceType":"Parameters","id":"p","parameter":[{"name":"b","resource":{"resourceType":"Patient","id":"p"}}]}],"code":{"text":"t"}}}]}`,
	},
	{
		name: "a resource of no type in Parameters",
		in:   `{"resourceType":"Parameters","parameter":[{"name":"b","resource":{"id":"p"}}]}`,
		out:  `{"resourceType":"Parameters","parameter":[{"name":"b"}]}`,
		findings: []string{
			"error Parameters.parameter[0].resource [fhirproto-resource-type] 1:66",
		},
	},
	{
		name: "an extension on a typed reference",
		in:   `{"resourceType":"Patient","generalPractitioner":[{"reference":"Practitioner/1","_reference":{"id":"i","extension":[{"url":"u","valueCode":"c"}]}}]}`,
	},
	{
		name: "an extension on a reference to a version, a fragment and an address",
		in: `{"resourceType":"List","contained":[{"resourceType":"Patient","id":"a","managingOrganization":{"reference":"#b","_reference":{"extension":[{"url":"u"}]}}}],` +
			`"status":"current","mode":"working","entry":[{"item":{"reference":"Patient/1/_history/2","_reference":{"extension":[{"url":"u"}]}}},{"item":{"reference":"http://x.org/y","_reference":{"id":"z"}}}]}`,
	},
	{
		name:     "fractions of a second",
		in:       `{"resourceType":"Observation","status":"final","code":{"text":"t"},"effectiveInstant":"2015-02-07T13:28:17.123456789Z","issued":"2015-02-07T13:28:17.5Z"}`,
		out:      `{"resourceType":"Observation","status":"final","code":{"text":"t"},"effectiveInstant":"2015-02-07T13:28:17.123456Z","issued":"2015-02-07T13:28:17.500Z"}`,
		findings: []string{"error Observation.effectiveInstant [fhirproto-precision] 1:87", "warning Observation.issued [fhirproto-changed] 1:129"},
	},
	{
		name:     "a member that stands twice",
		in:       `{"resourceType":"Patient","gender":"male","gender":"female","active":true}`,
		out:      `{"resourceType":"Patient","active":true,"gender":"male"}`,
		findings: []string{"error Patient.gender [fhirproto-duplicate-member] 1:52"},
	},
	{
		name: "the order of members",
		in:   `{"active":true,"_birthDate":{"id":"b"},"id":"x","birthDate":"1970","resourceType":"Patient"}`,
		out:  `{"resourceType":"Patient","id":"x","active":true,"birthDate":"1970","_birthDate":{"id":"b"}}`,
	},
	{
		name:     "unknown members, one of them with text in its name",
		in:       `{"resourceType":"Patient","nickname":"x","name":[{"family":"f","maiden name":{"a":1},"Family":"g"}],"_name":[null]}`,
		out:      `{"resourceType":"Patient","name":[{"family":"f"}]}`,
		findings: []string{"error Patient.nickname [fhirproto-unknown-member] 1:38", "error Patient.name[0].? [fhirproto-unknown-member] 1:78", "error Patient.name[0].Family [fhirproto-unknown-member] 1:95", "error Patient._name [fhirproto-unknown-member] 1:109"},
	},
	{
		name:     "fields of messages that are no members",
		in:       `{"resourceType":"Patient","birthDate":"1970-01-01","_birthDate":{"timezone":"Z","valueUs":1},"managingOrganization":{"organizationId":"1"}}`,
		out:      `{"resourceType":"Patient","birthDate":"1970-01-01","managingOrganization":{}}`,
		findings: []string{"error Patient._birthDate.timezone [fhirproto-unknown-member] 1:77", "error Patient._birthDate.valueUs [fhirproto-unknown-member] 1:91", "error Patient.managingOrganization.organizationId [fhirproto-unknown-member] 1:135"},
	},
	{
		name:     "empty arrays and companions",
		in:       `{"resourceType":"Patient","name":[],"birthDate":"1970","_birthDate":{}}`,
		out:      `{"resourceType":"Patient","birthDate":"1970"}`,
		findings: []string{"warning Patient.name [fhirproto-empty] 1:34", "warning Patient._birthDate [fhirproto-empty] 1:69"},
	},
	{
		name: "illegal XHTML is kept as it is",
		in:   `{"resourceType":"Patient","text":{"status":"generated","div":"<div><script>1 < 2</b>"}}`,
	},
	{
		name:     "two types of one element",
		in:       `{"resourceType":"Patient","deceasedBoolean":true,"deceasedDateTime":"2020"}`,
		out:      `{"resourceType":"Patient","deceasedBoolean":true}`,
		findings: []string{"error Patient.deceasedDateTime [fhirproto-choice] 1:69"},
	},
	{
		name: "values that messages cannot hold",
		in: `{"resourceType":"Patient","active":"yes","gender":"divers","birthDate":"someday","multipleBirthInteger":1.5,` +
			`"name":[{"given":["a",7,"c"],"period":{"start":"x"}},"text"],"contact":{"gender":"male"},"telecom":[{"rank":0}],"maritalStatus":null}`,
		out: `{"resourceType":"Patient","name":[{"given":["a",null,"c"],"period":{}}],"telecom":[{}]}`,
		findings: []string{
			"error Patient.active [fhirproto-value] 1:36", "error Patient.gender [fhirproto-value] 1:51",
			"error Patient.birthDate [fhirproto-value] 1:72", "error Patient.multipleBirthInteger [fhirproto-value] 1:105",
			"error Patient.name[0].given[1] [fhirproto-value] 1:131", "error Patient.name[0].period.start [fhirproto-value] 1:156",
			"error Patient.name[1] [fhirproto-kind] 1:162", "error Patient.contact [fhirproto-kind] 1:180",
			"error Patient.telecom[0].rank [fhirproto-value] 1:217", "error Patient.maritalStatus [fhirproto-kind] 1:237",
		},
	},
	{
		name:     "a type that is no resource",
		in:       `{"resourceType":"Timing"}`,
		out:      "none",
		findings: []string{"fatal Resource [fhirproto-resource-type] 1:1"},
	},
	{
		name: "nulls in lists of dates and codes",
		in:   `{"resourceType":"PlanDefinition","status":"draft","action":[{"timingTiming":{"event":[null,"2020-01-01"],"_event":[{"extension":[{"url":"u","valueCode":"c"}]},null],"repeat":{"dayOfWeek":["mon",null],"_dayOfWeek":[null,{"id":"x"}]}}}]}`,
	},
	{
		name:     "companions shorter and longer than the list",
		in:       `{"resourceType":"Patient","name":[{"given":["a","b"],"_given":[{"id":"x"}]},{"given":["a"],"_given":[null,{"id":"y"}]}]}`,
		out:      `{"resourceType":"Patient","name":[{"given":["a","b"],"_given":[{"id":"x"},null]},{"given":["a",null],"_given":[null,{"id":"y"}]}]}`,
		findings: []string{"information Patient.name[0]._given [fhirproto-changed] 1:63", "information Patient.name[1].given [fhirproto-changed] 1:86"},
	},
	{
		name:     "an extension of the library's own",
		in:       `{"resourceType":"Patient","photo":[{"data":"AAAA","_data":{"extension":[{"url":"https://g.co/fhir/StructureDefinition/base64Binary-separatorStride"}]}}]}`,
		out:      `{"resourceType":"Patient","photo":[{"data":"AAAA"}]}`,
		findings: []string{"error Patient.photo[0]._data.extension[0] [fhirproto-reserved-extension] 1:73"},
	},
	{
		name: "the text of decimals",
		in:   `{"resourceType":"Observation","component":[{"valueQuantity":{"value":1.00}},{"valueQuantity":{"value":-1.0e+2}}]}`,
	},
	{
		name: "base64 in groups",
		in:   `{"resourceType":"Patient","extension":[{"url":"u","valueBase64Binary":"AAAA  AAAA  AA=="}],"photo":[{"data":"AA AA AA ==","_data":{"id":"x"}}]}`,
	},
}

func TestDefectsOfTheLibraryAreMendedOrReported(t *testing.T) {
	for _, d := range defects {
		t.Run(d.name, func(t *testing.T) {
			source := []byte(d.in)
			r := parse(t, d.in)
			m, list, err := ToProto(r, nil)
			var findings []string
			for _, i := range list {
				findings = append(findings, i.Severity.String()+" "+i.Path+" ["+string(i.Code)+"] "+i.Pos.String())
			}
			if diff := cmp.Diff(d.findings, findings); diff != "" {
				t.Errorf("findings (-want +got)\n%s", diff)
			}
			if !bytes.Equal(source, r.Raw()) {
				t.Error("the source was changed")
			}
			if err != nil {
				if d.out != "none" {
					t.Error(err)
				}
				return
			}
			back, list, err := FromProto(m, nil)
			if err != nil || len(list) > 0 {
				t.Fatal(err, list)
			}
			want := d.out
			if want == "" {
				want = d.in
			}
			if diff := cmp.Diff(want, string(back.Raw())); diff != "" {
				t.Errorf("what came back (-want +got)\n%s", diff)
			}
		})
	}
}

func TestFindingsHoldNoValues(t *testing.T) {
	const secret = "Xanthippe"
	in := strings.ReplaceAll(`{"resourceType":"Patient","id":"$","of $":"$","active":"$","gender":"$","birthDate":"$","name":[{"family":{"a $":1},"given":["$",5]}],"contained":[{"resourceType":"$"},"$"],"generalPractitioner":[{"reference":"$","_reference":"$"}],"contact":"$","photo":[{"data":"$","size":"$","creation":"$","url":"$ %zz"}]}`, "$", secret)
	_, list, err := ToProto(parse(t, in), &Options{Validate: true})
	if err != nil || len(list) < 8 {
		t.Fatalf("want a message and 8 findings or more, have %d and %v", len(list), err)
	}
	for _, i := range list {
		if strings.Contains(i.String(), secret) {
			t.Errorf("want no value in %s at %v", i.Code, i.Pos)
		}
	}
}

func TestRestIsGivenWhatIsLeftOut(t *testing.T) {
	r := parse(t, `{"resourceType":"Patient","a":1,"gender":"divers","active":true}`)
	var rest []string
	_, _, err := ToProto(r, &Options{Rest: func(x Rest) { rest = append(rest, x.Path+" "+string(x.Raw)) }})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Patient.a 1", `Patient.gender "divers"`}, rest); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAByteOrderMarkIsNoObstacle(t *testing.T) {
	for r, err := range fhir.Read(t.Context(), strings.NewReader("\ufeff"+`{"resourceType":"Patient","id":"x"}`), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if _, list, err := ToProto(r, nil); err != nil || len(list) > 0 {
			t.Error(list, err)
		}
	}
}

func TestManyFindingsAreCut(t *testing.T) {
	r := parse(t, `{"resourceType":"Patient"`+strings.Repeat(`,"x":1`, 50)+`}`)
	_, list, err := ToProto(r, &Options{MaxIssues: 3})
	if err != nil || len(list) != 4 || list[3].Code != CodeTooMany {
		t.Errorf("want 3 findings and one that there are more, have %d, %v", len(list), err)
	}
}

func TestDepthIsBounded(t *testing.T) {
	deep := strings.Repeat(`{"item":[`, 40) + strings.Repeat(`]}`, 40)
	r := parse(t, `{"resourceType":"Questionnaire","item":[`+deep+`]}`)
	_, list, err := ToProto(r, &Options{MaxDepth: 50})
	if err == nil || list[0].Code != CodeDepth || list[0].Severity != issue.Fatal {
		t.Error(list, err)
	}
}

func TestLongBase64WithSpacesIsQuick(t *testing.T) {
	in := `{"resourceType":"Binary","contentType":"a/b","data":"` + strings.Repeat("AAAA ", 1<<18) + `AAAA"}`
	if codes := thereAndBack(t, "Binary", parse(t, in)); len(codes) > 0 { // minutes, if the library wrote it
		t.Error(codes)
	}
}
