package check

import (
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/issue"
)

// linkCase is a resource and the findings of one code about it.
type linkCase struct {
	name, src string
	code      issue.Code
	want      string // severity and path, one a line
}

func runLinkCases(t *testing.T, cases []linkCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { wantFindings(t, findings(t, Options{}, c.code, c.src), c.want) })
	}
}

// TestVitalSign: an Observation with the LOINC code of a vital sign conforms to
// its profile though it does not name it.
func TestVitalSign(t *testing.T) {
	observation := func(more string) string {
		return `{"resourceType":"Observation","status":"final","subject":{"display":"x"},"code":{"coding":[{"system":"http://loinc.org","code":"` + more + `}`
	}
	const category = `,"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],"effectiveDateTime":"2020-01-01"`
	const flow = `,"component":[{"code":{"text":"flow"},"valueQuantity":{"value":1,"system":"http://unitsofmeasure.org","code":"L/min"}}]`
	runLinkCases(t, []linkCase{
		{"whole", observation(`29463-7"}]},"valueQuantity":{"value":1,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}` + category), CodeCardinality, ""},
		{"without a time and a category", observation(`29463-7"}]},"valueQuantity":{"value":1,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}`), CodeCardinality, "error Observation\nerror Observation"},
		{"no vital sign", observation(`4548-4"}]},"valueString":"x"`), CodeCardinality, ""},
		{"another system's code", `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://example.com","code":"29463-7"}]}}`, CodeCardinality, ""},
		{"over a period", observation(`29463-7"}]},"valueQuantity":{"value":1,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}` + strings.Replace(category, `"effectiveDateTime":"2020-01-01"`, `"effectivePeriod":{"start":"2020-01-01"}`, 1)), CodeInvariant, "warning Observation"},
		{"in a year", observation(`29463-7"}]},"valueQuantity":{"value":1,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}` + strings.Replace(category, "2020-01-01", "2020", 1)), CodeInvariant,
			"warning Observation\nerror Observation.effective.ofType(dateTime)"},
		{"a component that is none", observation(`59408-5"}]},"valueQuantity":{"value":1,"unit":"%","system":"http://unitsofmeasure.org","code":"%"}` + category + flow),
			CodeBinding, "warning Observation.component[0].code\nwarning Observation.component[0].value.ofType(Quantity)"},
	})
}
