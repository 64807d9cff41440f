package check

import (
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// binding checks the codes of an element against the value set it is bound to.
// (R4 §4.1.4, Binding Strengths) A profile's walk leaves what its base says.
func (r *run) binding(n *node, a at, m mode) {
	b := n.el.Binding
	if m == profile && !n.ownBinding || n.el.Path == "StructureDefinition.type" { // which may be an address, as its own rule says
		return
	}
	if b.ValueSet != "" && b.Strength != "example" {
		strength := b.Strength
		if b.MaxSet != "" && strength == "extensible" && r.f(a).typ != "CodeableConcept" {
			strength = limited
		}
		out := r.boundTo(n, a, b.ValueSet, strength)
		if b.Strength == "required" || b.Strength == "extensible" && !out && r.f(a).typ == "CodeableConcept" {
			r.overrule(a)
		}
		if out && b.MaxSet != "" && (b.Strength == "extensible" || r.f(a).typ != "CodeableConcept" || r.f(a).value.Get("coding").Len() > 0) {
			r.boundTo(n, a, b.MaxSet, maximum)
		}
	}
	for _, extra := range b.Extra {
		if extra.ValueSet != "" && len(extra.Usage) == 0 && (extra.Purpose == "required" || extra.Purpose == maximum || extra.Purpose == "extensible") {
			r.boundTo(n, a, extra.ValueSet, extra.Purpose)
		}
	}
}

// overrule takes back what was told of an element as to extensible bindings, for
// a profile says more strictly what its codes are: codes of its own value set are
// those that an extensible binding leaves room for. (R4 §4.1.4.2)
func (r *run) overrule(a at) {
	if r.trial > 0 || !slices.ContainsFunc(r.list, isExtensible) {
		return
	}
	path := r.path(a)
	r.list = slices.DeleteFunc(r.list, func(i issue.Issue) bool { return i.Path == path && isExtensible(i) })
}

func isExtensible(i issue.Issue) bool {
	return i.Code == CodeBinding && i.Severity == issue.Warning && strings.Contains(i.Message, "(extensible)")
}

// Strengths of bindings beside those of FHIR.
const (
	maximum = "maximum" // the value set that other codes must come from
	limited = "limited" // extensible, with a maximum that says what else may stand
)

// boundTo checks the codes of an element against one value set, and tells
// whether they are not known to be in it.
func (r *run) boundTo(n *node, a at, valueSet, strength string) (out bool) {
	if valueSet[0] == '#' { // contained in the profile
		valueSet = n.p.st.URL + valueSet
	}
	set := r.defs.CompiledSet(valueSet)
	f := r.f(a)
	switch {
	case isPrimitive(f.typ):
		return r.boundText(n, a, set, strength)
	case f.typ == "Coding" || isQuantity(f.typ):
		return r.boundCoding(n, a, set, strength)
	case f.typ == "CodeableConcept":
		return r.boundConcept(n, a, set, strength)
	}
	return false
}

func isQuantity(typ string) bool {
	switch typ {
	case "Quantity", "Age", "Count", "Distance", "Duration", "SimpleQuantity", "MoneyQuantity":
		return true
	}
	return false
}

// severityOf is how grave it is that a code is not in a value set.
func severityOf(strength string) issue.Severity {
	switch strength {
	case "required", maximum:
		return issue.Error
	case "extensible":
		return issue.Warning
	}
	return issue.Information
}

// unbound reports a code that is not in a value set.
func (r *run) unbound(n *node, a at, set *fhirdef.Set, strength, have string) {
	if strength == limited {
		return // the maximum decides
	}
	r.report(finding{severity: severityOf(strength), code: CodeBinding, rule: n.p.label, at: a,
		message: "want a code of value set " + set.URL() + " (" + strength + ")" + have})
}

func (r *run) boundText(n *node, a at, set *fhirdef.Set, strength string) (out bool) {
	f := r.f(a)
	if f.value.Kind() != jsontree.String {
		return false
	}
	switch set.Contains(nil, f.value.Bytes(r.ids)) {
	case fhirdef.In:
		return false
	case fhirdef.Out:
		if set.URL() == mimeTypes && isFormat(f.value) || isSystemType(set, f.value) {
			return false
		}
		if strength == "required" && f.typ == "code" {
			r.report(finding{severity: issue.Error, code: CodeCode, rule: n.p.label, at: a, message: "want a code of the systems of value set " + set.URL() + ", have one that is in none"})
		}
		r.unbound(n, a, set, strength, ", have another")
	default:
		r.notChecked(a, set, strength)
	}
	return true
}

// isSystemType tells the name of a type of FHIRPath, which may stand for a type
// of FHIR. (R4 §2.26.0.1, ElementDefinition.type.code)
func isSystemType(set *fhirdef.Set, v jsontree.Value) bool {
	return strings.HasPrefix(set.URL(), "http://hl7.org/fhir/ValueSet/defined-types") && strings.HasPrefix(v.Text(), "http://hl7.org/fhirpath/System.")
}

const mimeTypes = "http://hl7.org/fhir/ValueSet/mimetypes|4.0.1"

// isFormat tells the short names of FHIR's own formats, which stand for their
// MIME types. (R4 §3.1.0.1.11, _format)
func isFormat(v jsontree.Value) bool {
	return v.EqualText("json") || v.EqualText("xml") || v.EqualText("ttl")
}

// notChecked says that nothing can be said, and why.
func (r *run) notChecked(a at, set *fhirdef.Set, strength string) {
	severity := issue.Information
	why := "it needs a terminology server"
	if known, reason := set.Known(); !known {
		why = because(reason)
		if strength == "required" && reason.Kind == fhirdef.ValueSetNotKnown {
			severity = issue.Warning
		}
	}
	switch strength {
	case limited:
		strength = "extensible"
	case "required", maximum, "extensible":
	default:
		return
	}
	r.report(finding{severity: severity, code: CodeNotChecked, at: a, rule: set.URL(),
		message: "want a code of value set " + set.URL() + " (" + strength + "): not checked, " + why})
}

// codeOf returns system and code of a Coding or Quantity.
func codeOf(v jsontree.Value) (system, code []byte) {
	return v.Get("system").Bytes(nil), v.Get("code").Bytes(nil)
}

func (r *run) boundCoding(n *node, a at, set *fhirdef.Set, strength string) (out bool) {
	f := r.f(a)
	system, code := codeOf(f.value)
	switch {
	case len(code) == 0:
		if (strength == "required" || strength == "extensible") && f.typ == "Coding" && n.el.Min > 0 {
			r.unbound(n, a, set, strength, ", have none")
		}
		return false
	case len(system) == 0:
		if r.memberWithoutSystem(set, code) != fhirdef.Unknown {
			r.report(finding{severity: severityOf(strength), code: CodeBinding, rule: n.p.label, at: a,
				message: "want a code with a system of value set " + set.URL() + " (" + strength + "), have no system"})
		}
		return false
	}
	switch set.Contains(system, code) {
	case fhirdef.In:
		return false
	case fhirdef.Out:
		r.unbound(n, a, set, strength, ", have another")
	default:
		r.notChecked(a, set, strength)
	}
	return true
}

func (r *run) memberWithoutSystem(set *fhirdef.Set, code []byte) fhirdef.Membership {
	return set.Contains(nil, code)
}

// conceptIn tells how the codings of a CodeableConcept stand to a value set, and
// whether any has a code and one with a system.
func conceptIn(set *fhirdef.Set, v jsontree.Value) (m fhirdef.Membership, coded, defined bool) {
	m = fhirdef.Out
	for c := v.Get("coding").First(); c.Kind() != jsontree.Invalid; c = c.Next() {
		system, code := codeOf(c)
		if len(code) == 0 {
			continue
		}
		coded = true
		if len(system) == 0 {
			continue
		}
		defined = true
		switch set.Contains(system, code) {
		case fhirdef.In:
			return fhirdef.In, true, true
		case fhirdef.Unknown:
			m = fhirdef.Unknown
		}
	}
	return m, coded, defined
}

func (r *run) boundConcept(n *node, a at, set *fhirdef.Set, strength string) (out bool) {
	m, coded, defined := conceptIn(set, r.f(a).value)
	switch {
	case !coded:
		if isFound(set) && strength != "preferred" {
			r.unbound(n, a, set, strength, ", have none")
		}
	case !defined && severityOf(strength) < issue.Error: // codes without a system are told of by themselves
	case m == fhirdef.Out:
		r.unbound(n, a, set, strength, " among the codings, have others")
	case m == fhirdef.Unknown:
		r.notChecked(a, set, strength)
	default:
		return false
	}
	return true
}

// isFound tells whether the definition of a value set is there, even if its
// codes are not all known.
func isFound(set *fhirdef.Set) bool {
	known, reason := set.Known()
	return known || reason.Kind != fhirdef.ValueSetNotKnown || reason.Subject != set.URL()
}

// bound tells whether the code of an element is in the value set that a slice
// binds it to.
func (r *run) bound(n *node, a at) bool {
	set := r.defs.CompiledSet(n.el.Binding.ValueSet)
	f := r.f(a)
	switch {
	case isPrimitive(f.typ):
		return set.Contains(nil, f.value.Bytes(nil)) == fhirdef.In
	case f.typ == "CodeableConcept":
		m, _, _ := conceptIn(set, f.value)
		return m == fhirdef.In
	default:
		system, code := codeOf(f.value)
		return set.Contains(system, code) == fhirdef.In
	}
}
