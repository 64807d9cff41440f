package check

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

// profileOf is a profile of a type with a differential.
func profileOf(typ, elements string) string {
	return `{"resourceType":"StructureDefinition","url":"http://example.com/StructureDefinition/p","name":"P","status":"active","kind":"resource","abstract":false,"type":"` + typ +
		`","baseDefinition":"http://hl7.org/fhir/StructureDefinition/` + typ + `","derivation":"constraint","differential":{"element":[` + elements + `]}}`
}

// element is an element of a differential whose id is its path, but for a slice.
func element(id, more string) string {
	path := id
	if at := strings.IndexByte(id, ':'); at >= 0 {
		slice, rest, _ := strings.Cut(id[at+1:], ".")
		path = id[:at]
		if rest == "" {
			more = `,"sliceName":"` + slice + `"` + more
		} else {
			path += "." + rest
		}
	}
	return `{"id":"` + id + `","path":"` + path + `"` + more + `}`
}

// TestProfile: what a profile may not say of the elements of its base.
func TestProfile(t *testing.T) {
	const sliced = `,"slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"}`
	const whole, first = "error StructureDefinition", "StructureDefinition.differential.element[0]"
	for _, c := range []struct{ name, typ, elements, want string }{
		{"narrower", "Patient", element("Patient.name", `,"min":1,"max":"2"`), ""},
		{"an element that is not there", "Patient", element("Patient.shoes", ""), whole},
		{"a path of another type", "Patient", element("Person.name", ""), whole + "\nerror " + first},
		{"less than the minimum", "Observation", element("Observation.status", `,"min":0`), whole},
		{"more than the maximum", "Observation", element("Observation.code", `,"max":"2"`), whole},
		{"another type", "Patient", element("Patient.birthDate", `,"type":[{"code":"string"}]`), whole},
		{"one type of a choice", "Patient", element("Patient.deceased[x]", `,"type":[{"code":"boolean"}]`), ""},
		{"a target of the base", "Observation", element("Observation.subject", `,"type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Patient"]}]`), ""},
		{"another target", "Observation", element("Observation.subject", `,"type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Account"]}]`), whole},
		{"a target of a data type", "Observation", element("Observation.subject", `,"type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Period"]}]`),
			whole + "\nerror " + first + ".type[0].targetProfile[0]"},
		{"targets of what leads nowhere", "Patient", element("Patient.birthDate", `,"type":[{"code":"date","targetProfile":["http://hl7.org/fhir/StructureDefinition/Patient"]}]`),
			"error " + first + ".type[0].targetProfile[0]"},
		{"a profile of another type", "Observation", element("Observation.valueQuantity", `,"type":[{"code":"Quantity","profile":["http://hl7.org/fhir/StructureDefinition/Count"]}]`),
			"error " + first + ".type[0].profile[0]"},
		{"a profile of the type", "Observation", element("Observation.valueQuantity", `,"type":[{"code":"Quantity","profile":["http://hl7.org/fhir/StructureDefinition/SimpleQuantity"]}]`), ""},
		{"a profile that is not known", "Patient", element("Patient.name", `,"type":[{"code":"HumanName","profile":["http://other.com/StructureDefinition/x"]}]`),
			"warning " + first + ".type[0].profile[0]"},
		{"a weaker binding", "Patient", element("Patient.gender", `,"binding":{"strength":"extensible","valueSet":"http://hl7.org/fhir/ValueSet/administrative-gender"}`), whole},
		{"a binding with other codes", "Patient", element("Patient.gender", `,"binding":{"strength":"required","valueSet":"http://hl7.org/fhir/ValueSet/observation-status"}`), whole},
		{"a binding to a code system", "Patient", element("Patient.maritalStatus", `,"binding":{"strength":"example","valueSet":"http://hl7.org/fhir/administrative-gender"}`),
			"error " + first + ".binding"},
		{"a binding that is not known", "Patient", element("Patient.maritalStatus", `,"binding":{"strength":"example","valueSet":"http://other.com/ValueSet/x"}`), "warning " + first + ".binding"},
		{"a binding of a date", "Patient", element("Patient.birthDate", `,"type":[{"code":"date"}],"binding":{"strength":"example","valueSet":"http://hl7.org/fhir/ValueSet/administrative-gender"}`),
			"error " + first},
		{"a length of a date", "Patient", element("Patient.birthDate", `,"type":[{"code":"date"}],"maxLength":4`), "error " + first},
		{"a range of text", "Patient", element("Patient.name.family", `,"type":[{"code":"string"}],"minValueInteger":4`), "error " + first},
		{"slicing at the root", "Patient", element("Patient", strings.Replace(sliced, "system", "id", 1)), whole + "\nerror " + first},
		{"a discriminator", "Patient", element("Patient.identifier", sliced), ""},
		{"a discriminator that is not there", "Patient", element("Patient.identifier", strings.Replace(sliced, "system", "sistem", 1)), "error " + first + ".slicing.discriminator[0]"},
		{"a discriminator through a reference", "Observation", element("Observation.subject", strings.Replace(sliced, "system", "resolve().gender", 1)), ""},
		{"a discriminator in a choice", "Observation", element("Observation.component", strings.Replace(sliced, "system", "value.ofType(Quantity).code", 1)), ""},
		{"slicing again", "Patient", element("Patient.identifier", sliced) + "," + element("Patient.identifier:a", strings.Replace(sliced, "system", "use", 1)), whole},
		{"a slice that need not be supported", "Patient", element("Patient.identifier", sliced+`,"mustSupport":true`) + "," + element("Patient.identifier:a", ""), "warning StructureDefinition.differential"},
		{"a code that is none", "Patient", element("Patient.identifier", strings.Replace(sliced, `"value"`, `"worth"`, 1)), whole},
		{"a constraint", "Patient", element("Patient", `,"constraint":[{"key":"a","severity":"error","human":"a","expression":"name.exists()"}]`), ""},
		{"a constraint that does not compile", "Patient", element("Patient", `,"constraint":[{"key":"a","severity":"error","human":"a","expression":"name.exists("}]`), "error " + first + ".constraint[0]"},
		{"one key twice", "Patient", element("Patient.name", `,"constraint":[{"key":"a","severity":"error","human":"a","expression":"true"},{"key":"a","severity":"error","human":"a","expression":"false"}]`),
			"error " + first + ".constraint[1]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			have := findings(t, Options{}, CodeDefinition, profileOf(c.typ, c.elements))
			wantFindings(t, withoutInformation(have), c.want)
		})
	}
}

func withoutInformation(list []string) []string {
	var out []string
	for _, s := range list {
		if !strings.HasPrefix(s, "information") {
			out = append(out, s)
		}
	}
	return out
}

// TestDefinitionHead: what a definition may not say of itself and its base.
func TestDefinitionHead(t *testing.T) {
	model := strings.NewReplacer(`"Patient"`, `"http://example.com/StructureDefinition/T"`, `"constraint"`, `"specialization"`, `"resource"`, `"logical"`, "StructureDefinition/Patient", "StructureDefinition/Element")
	extension := strings.Replace(profileOf("Extension", element("Extension.url", `,"fixedUri":"http://example.com/StructureDefinition/p"`)), `"kind":"resource"`, `"kind":"complex-type","context":[{"type":"element","expression":"Patient"}]`, 1)
	for _, c := range []struct{ name, src, want string }{
		{"a logical model", model.Replace(profileOf("Patient", element("T.a", ""))), ""},
		{"with a name for a type", strings.ReplaceAll(model.Replace(profileOf("Patient", element("T.a", ""))), `"http://example.com/StructureDefinition/T"`, `"T"`), "error StructureDefinition.type"},
		{"in another namespace", strings.ReplaceAll(model.Replace(profileOf("Patient", element("T.a", ""))), `"http://example.com/StructureDefinition/T"`, `"http://example.com/T"`), "warning StructureDefinition.type"},
		{"with another root", model.Replace(profileOf("Patient", element("U.a", ""))), "error StructureDefinition.differential.element[0]"},
		{"specializing its own type", strings.Replace(profileOf("Patient", ""), `"constraint"`, `"specialization"`, 1),
			"error StructureDefinition"},
		{"of another type than its base", strings.Replace(profileOf("Patient", ""), `"type":"Patient"`, `"type":"Person"`, 1), "error StructureDefinition"},
		{"of another kind than its base", strings.Replace(profileOf("Patient", ""), `"kind":"resource"`, `"kind":"logical"`, 1), "error StructureDefinition"},
		{"without derivation", strings.Replace(profileOf("Patient", ""), `"derivation":"constraint",`, "", 1), "error StructureDefinition"},
		{"on an unknown base", strings.Replace(profileOf("Patient", ""), "StructureDefinition/Patient", "StructureDefinition/Nothing", 1), "warning StructureDefinition"},
		{"an extension", extension, ""},
		{"with another url", strings.Replace(extension, `"fixedUri":"http://example.com/StructureDefinition/p"`, `"fixedUri":"http://example.com/StructureDefinition/q"`, 1), "error StructureDefinition"},
		{"for anything", strings.Replace(extension, `"expression":"Patient"`, `"expression":"Element"`, 1), "warning StructureDefinition.context[0]"},
		{"by an expression that does not compile", strings.Replace(extension, `"element","expression":"Patient"`, `"fhirpath","expression":"Patient.("`, 1), "error StructureDefinition.context[0]"},
		{"for an extension without address", strings.Replace(extension, `"element","expression":"Patient"`, `"extension","expression":"x"`, 1), "error StructureDefinition.context[0]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantFindings(t, withoutInformation(findings(t, Options{}, CodeDefinition, c.src)), c.want)
		})
	}
}

// TestFixedValueOfBase: a profile of a profile may not fix another value; that is
// found at the element by its path.
func TestFixedValueOfBase(t *testing.T) {
	base := profileOf("Observation", element("Observation.status", `,"fixedCode":"final"`))
	derived := strings.NewReplacer("StructureDefinition/p", "StructureDefinition/q", "http://hl7.org/fhir/StructureDefinition/Observation", "http://example.com/StructureDefinition/p")
	defs := withResources(t, base)
	for fixed, want := range map[string]string{"final": "", "amended": "error Observation.status"} {
		src := derived.Replace(strings.Replace(base, "final", fixed, 1))
		wantFindings(t, findingsWith(t, defs, CodeFixed, src), want)
	}
}

// TestModifierExtensions: a profile puts each extension where it may stand.
func TestModifierExtensions(t *testing.T) {
	ext := strings.Replace(profileOf("Extension", element("Extension", `,"isModifier":true,"isModifierReason":"x"`)), "StructureDefinition/p", "StructureDefinition/m", 1)
	defs := withResources(t, strings.Replace(ext, `"kind":"resource"`, `"kind":"complex-type"`, 1))
	const at = "error StructureDefinition.differential.element[0].type[0].profile[0]"
	for _, c := range []struct{ name, url, want string }{
		{"modifierExtension", "http://example.com/StructureDefinition/m", ""},
		{"extension", "http://example.com/StructureDefinition/m", at},
		{"extension", "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", ""},
		{"modifierExtension", "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", at},
	} {
		src := profileOf("Patient", element("Patient."+c.name+":x", `,"type":[{"code":"Extension","profile":["`+c.url+`"]}]`))
		wantFindings(t, withoutInformation(findingsWith(t, defs, CodeDefinition, src)), c.want)
	}
}

// TestSnapshotLiterals: fixed values in a snapshot are of a type of the element.
func TestSnapshotLiterals(t *testing.T) {
	for fixed, want := range map[string]string{
		`"fixedDate":"2020-01-01"`: "", `"fixedString":"x"`: "error StructureDefinition.snapshot.element[0].fixed.ofType(String)",
		`"patternDate":"2020-01-01"`: "", `"patternBoolean":true`: "error StructureDefinition.snapshot.element[0].pattern.ofType(Boolean)",
	} {
		src := strings.Replace(profileOf("Patient", element("Patient.birthDate", `,"type":[{"code":"date"}],`+fixed)), "differential", "snapshot", 1)
		wantFindings(t, withoutInformation(findings(t, Options{}, CodeDefinition, src)), want)
	}
}

// definitionSeeds go through most of the rules of definitions.
func definitionSeeds() []string {
	return []string{
		profileOf("Patient", element("Patient.identifier", `,"slicing":{"discriminator":[{"type":"value","path":"type.coding.code"}],"rules":"open"},"mustSupport":true`)+","+
			element("Patient.identifier:a", `,"min":1,"type":[{"code":"Identifier","profile":["http://hl7.org/fhir/StructureDefinition/Identifier"]}],"constraint":[{"key":"a","expression":"system.exists()"}]`)+","+
			element("Patient.gender", `,"fixedCode":"male","binding":{"strength":"required","valueSet":"http://hl7.org/fhir/ValueSet/administrative-gender"}`)+","+
			element("Patient.extension:e", `,"type":[{"code":"Extension","profile":["http://hl7.org/fhir/StructureDefinition/patient-birthPlace"]}]`)),
		wholeSystem, wholeSet, wholeMap, wholeSearch, wholeOperation,
	}
}

// FuzzDefinitionsSurviveAnything: whatever a definition holds, the rules end.
func FuzzDefinitionsSurviveAnything(f *testing.F) {
	for _, s := range definitionSeeds() {
		f.Add([]byte(s))
	}
	c := New(fhirdef.R4(), Options{References: ReferencesMustBeType})
	f.Fuzz(func(t *testing.T, src []byte) { survive(t, c, src) })
}

// TestDefinitionsSurviveDamage does the same with values taken away, doubled and
// swapped.
func TestDefinitionsSurviveDamage(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	c := New(fhirdef.R4(), Options{MaxIssues: 1000, References: ReferencesMustBeType})
	for _, seed := range definitionSeeds() {
		for range 300 {
			var v any
			if err := json.Unmarshal([]byte(seed), &v); err != nil {
				t.Fatal(err)
			}
			for range 1 + rng.IntN(4) {
				v = damage(rng, v)
			}
			src, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			survive(t, c, src)
		}
	}
}
