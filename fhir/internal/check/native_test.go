package check

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/fhirpath"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// The narrative's invariants and dom-3 have rules of their own that tell more;
// what they find is compared with HL7's in the validator suite.
var withRules = []string{"htmlChecks()", domain3}

// A native form says what its expression says, of objects put together from the
// members that the expression speaks of, in every combination of presence, with
// companions, nulls and empty lists among them.
func TestNativeFormsSayWhatTheirExpressionsSay(t *testing.T) {
	types := map[string]string{} // the first element that states an expression
	structures := []*fhirdef.Structure{fhirdef.R4().Structure("http://hl7.org/fhir/StructureDefinition/vitalsigns")}
	for _, name := range append(fhirdef.R4().ResourceTypes(), dataTypes...) {
		structures = append(structures, fhirdef.R4().Type(name))
	}
	for _, st := range structures {
		for i := range st.Elements {
			for _, k := range st.Elements[i].Constraints {
				x := k.Expression
				if fixed, ok := corrections[x]; ok {
					x = fixed
				}
				if _, ok := types[x]; !ok {
					types[x] = st.Elements[i].Path
				}
			}
		}
	}
	for text, form := range natives {
		if slices.Contains(withRules, text) {
			continue
		}
		path, ok := types[text]
		if !ok {
			t.Errorf("%s: want an expression that R4 states, have none such", text)
			continue
		}
		expr, err := fhirpath.Compile(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(path, func(t *testing.T) { compareNative(t, text, form, expr, path) })
	}
}

var dataTypes = []string{"Element", "Extension", "Reference", "Quantity", "Period", "ContactPoint", "Attachment", "Range", "Timing", "string"}

func compareNative(t *testing.T, text string, form native, expr *fhirpath.Expression, path string) {
	rng := rand.New(rand.NewPCG(1, 2))
	decided, both := 0, [2]int{}
	for range 4000 {
		src := randomObject(rng, text)
		var tree jsontree.Tree
		if err := tree.Parse([]byte(src), nil); err != nil {
			t.Fatal(err)
		}
		f := frame{value: tree.Root(), typ: path, index: -1}
		switch {
		case path == "Element":
			f.typ = "Quantity"
		case strings.HasSuffix(path, "xtension"):
			f.typ = "Extension"
		}
		verdict := form(&f)
		if verdict == ask {
			continue
		}
		decided++
		node := fhirpath.ElementNode(f.value, jsontree.Value{}, f.typ)
		if f.value.Get("resourceType").Kind() == jsontree.String {
			node = fhirpath.ResourceNode(f.value)
		}
		want, _, err := expr.Truth(&fhirpath.Input{Focus: node, Resource: node, Root: node})
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		if want != (verdict == holdsTrue) {
			t.Fatalf("%s on %s: want %v as FHIRPath has it, have %v", text, src, want, !want)
		}
		if want {
			both[1]++
		} else {
			both[0]++
		}
	}
	if decided == 0 || both[1] == 0 {
		t.Errorf("want cases that the native form decides, have %d, %d of them true", decided, both[1])
	}
}

// randomObject puts together an object of the members that an expression names.
func randomObject(rng *rand.Rand, expression string) string {
	var members []string
	add := func(m string) { members = append(members, m) }
	if strings.Contains(expression, "contained") || strings.Contains(expression, "`div`") || strings.Contains(expression, "dataAbsent") {
		typ := "Patient"
		if strings.Contains(expression, "component") || strings.Contains(expression, "dataAbsent") {
			typ = "Observation"
		}
		add(`"resourceType":"` + typ + `"`)
	}
	maybe := func(choices ...string) {
		if i := rng.IntN(len(choices) + 2); i < len(choices) {
			add(choices[i])
		}
	}
	for _, name := range [...]string{"id", "use", "code", "system", "start", "end", "low", "high", "duration", "durationUnit", "durationMax", "period", "periodUnit",
		"periodMax", "count", "countMax", "when", "timeOfDay", "data", "contentType", "name", "telecom", "address", "reference", "dataAbsentReason", "component", "hasMember",
		"contained", "extension", "resource", "request", "response", "text", "organization"} {
		if name == "id" || strings.Contains(expression, name) {
			maybe(valuesOf(name, rng)...)
		}
	}
	if strings.Contains(expression, "value") || strings.Contains(expression, "children") {
		switch {
		case strings.Contains(expression, "system.exists()"):
			maybe(`"value":"a"`, `"_value":{"id":"x"}`)
		default:
			maybe(`"valueString":"a"`, `"_valueString":{"extension":[{"url":"http://x","valueString":"y"}]}`, `"valueQuantity":{"value":`+strconv.Itoa(rng.IntN(9))+`}`)
		}
	}
	rng.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	return "{" + strings.Join(members, ",") + "}"
}

func valuesOf(name string, rng *rand.Rand) []string {
	quote := func(v string) string { return `"` + name + `":` + v }
	switch name {
	case "id":
		return []string{quote(`"x"`)}
	case "extension":
		return []string{quote(`[{"url":"http://x","valueString":"y"}]`)}
	case "contained":
		return []string{quote(`[{"resourceType":"Patient","id":"p"}]`), quote(`[{"resourceType":"Patient","id":"p","meta":{"versionId":"1"}}]`)}
	case "text":
		return []string{quote(`{"status":"empty","div":"<div/>"}`), quote(`{"status":"empty"}`), quote(`{"_div":{"id":"y"}}`)}
	case "component":
		return []string{quote(`[{"code":{"coding":[{"code":"a"}]}}]`)}
	case "reference":
		return []string{quote(`"#a"`), quote(`"#"`), quote(`"Patient/1"`), `"_reference":{"id":"y"}`}
	case "start", "end":
		return []string{quote(`"2020"`), quote(`"2021-01-01"`)}
	case "low", "high":
		return []string{quote(`{"value":` + strconv.Itoa(rng.IntN(5)) + `}`)}
	case "name", "telecom", "address":
		return []string{quote(`[{"text":"a"}]`), quote(`[{"id":"b"}]`)}
	case "hasMember":
		return []string{quote(`[{"id":"a"}]`)}
	case "dataAbsentReason", "organization", "request", "response", "resource":
		return []string{quote(`{"id":"a"}`)}
	case "when", "timeOfDay":
		return []string{quote(`["08:00:00"]`), `"_` + name + `":[{"id":"x"}]`}
	case "duration", "durationMax", "period", "periodMax", "count", "countMax":
		return []string{quote("1"), `"_` + name + `":{"id":"x"}`}
	default:
		return []string{quote(`"a"`), `"_` + name + `":{"id":"x"}`}
	}
}
