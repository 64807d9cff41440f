package check

import (
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// vitalSigns names the profile that an Observation of a vital sign must conform
// to, whether or not it says so itself: the specification asks it of every
// Observation with the sign's LOINC code. (R4 Observation, Vital Signs Profile)
func vitalSigns(loinc string) string {
	switch loinc {
	case "85353-1":
		return "vitalspanel"
	case "9279-1":
		return "resprate"
	case "8867-4":
		return "heartrate"
	case "2708-6", "59408-5":
		return "oxygensat"
	case "8310-5":
		return "bodytemp"
	case "8302-2":
		return "bodyheight"
	case "9843-4":
		return "headcircum"
	case "29463-7":
		return "bodyweight"
	case "39156-5":
		return "bmi"
	case "85354-9":
		return "bp"
	}
	return ""
}

// vitalSign checks an Observation against the profile of the first vital sign
// that its codes name.
func (r *run) vitalSign(a at) {
	codings := r.f(a).value.Get("code").Get("coding")
	if codings.Kind() != jsontree.Array {
		return
	}
	for _, c := range codings.All() {
		if !c.Get("system").EqualText("http://loinc.org") {
			continue
		}
		if name := vitalSigns(c.Get("code").Text()); name != "" {
			if st := r.defs.Structure("http://hl7.org/fhir/StructureDefinition/" + name); st != nil {
				r.profile(a, st)
			}
			return
		}
	}
}

// loosen makes an extensible binding of the required one that R4's profiles of
// vital signs put on the values of components: with it no component could hold
// what is no vital sign itself, as the oxygen flow of an oxygen saturation. Later
// editions say extensible. (R5 Observation, Vital Signs Profile)
func loosen(n *node) {
	b := n.el.Binding
	if n.el.Path != "Observation.component.value[x]" || b == nil || b.Strength != "required" || !strings.HasPrefix(b.ValueSet, "http://hl7.org/fhir/ValueSet/ucum-vitals-common") ||
		!strings.HasPrefix(n.p.st.URL, "http://hl7.org/fhir/StructureDefinition/") {
		return
	}
	el, binding := *n.el, *b
	binding.Strength = "extensible"
	el.Binding = &binding
	n.el = &el
}
