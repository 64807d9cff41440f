package check

import (
	"bytes"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// binding checks the codes of an element against the value set it is bound to.
// (R4 §4.1.4, Binding Strengths) A profile's walk leaves what its base says.
func (r *run) binding(n *node, a at, m mode) {
	b := n.el.Binding
	if m == profile && !n.ownBinding || b.Strength == "example" && b.MaxSet == "" {
		return
	}
	if b.ValueSet != "" && b.Strength != "example" {
		r.boundTo(n, a, b.ValueSet, b.Strength)
	}
	if b.MaxSet != "" {
		r.boundTo(n, a, b.MaxSet, "maximum")
	}
	for _, extra := range b.Extra {
		if len(extra.Usage) == 0 && (extra.Purpose == "required" || extra.Purpose == "maximum" || extra.Purpose == "extensible") {
			r.boundTo(n, a, extra.ValueSet, extra.Purpose)
		}
	}
}

// boundTo checks the codes of an element against one value set.
func (r *run) boundTo(n *node, a at, valueSet, strength string) {
	set := r.defs.CompiledSet(valueSet)
	f := r.f(a)
	switch {
	case isPrimitive(f.typ):
		r.boundText(n, a, set, strength)
	case f.typ == "Coding" || f.typ == "Quantity" || isQuantity(f.typ):
		r.boundCoding(n, a, set, strength)
	case f.typ == "CodeableConcept":
		r.boundConcept(n, a, set, strength)
	}
}

func isQuantity(typ string) bool {
	switch typ {
	case "Age", "Count", "Distance", "Duration", "Money", "SimpleQuantity", "MoneyQuantity":
		return true
	}
	return false
}

// severityOf is how grave it is that a code is not in a value set.
func severityOf(strength string) issue.Severity {
	switch strength {
	case "required", "maximum":
		return issue.Error
	case "extensible":
		return issue.Warning
	}
	return issue.Information
}

func (r *run) boundText(n *node, a at, set *fhirdef.Set, strength string) {
	f := r.f(a)
	if f.value.Kind() != jsontree.String {
		return
	}
	switch set.Contains(nil, f.value.Bytes(r.ids)) {
	case fhirdef.In:
	case fhirdef.Out:
		if set.URL() == mimeTypes && isFormat(f.value) {
			return
		}
		if strength == "required" && f.typ == "code" {
			r.report(finding{severity: issue.Error, code: CodeCode, rule: n.p.label, at: a, message: "want a code of the systems of value set " + set.URL() + ", have one that is in none"})
		}
		r.report(finding{severity: severityOf(strength), code: CodeBinding, rule: n.p.label, at: a,
			message: "want a code of value set " + set.URL() + " (" + strength + "), have another"})
	default:
		r.notChecked(a, set, strength)
	}
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
	if strength != "required" && strength != "maximum" && strength != "extensible" {
		return
	}
	r.report(finding{severity: severity, code: CodeNotChecked, at: a, rule: set.URL(),
		message: "want a code of value set " + set.URL() + " (" + strength + "): not checked, " + why})
}

// codeOf returns system and code of a Coding or Quantity.
func codeOf(v jsontree.Value) (system, code []byte) {
	return v.Get("system").Bytes(nil), v.Get("code").Bytes(nil)
}

func (r *run) boundCoding(n *node, a at, set *fhirdef.Set, strength string) {
	f := r.f(a)
	system, code := codeOf(f.value)
	if len(code) == 0 {
		if (strength == "required" || strength == "extensible") && f.typ == "Coding" && n.el.Min > 0 {
			r.report(finding{severity: severityOf(strength), code: CodeBinding, rule: n.p.label, at: a,
				message: "want a code of value set " + set.URL() + " (" + strength + "), have none"})
		}
		return
	}
	if len(system) == 0 {
		if r.memberWithoutSystem(set, code) != fhirdef.Unknown {
			r.report(finding{severity: severityOf(strength), code: CodeBinding, rule: n.p.label, at: a,
				message: "want a code with a system of value set " + set.URL() + " (" + strength + "), have no system"})
		}
		return
	}
	switch set.Contains(system, code) {
	case fhirdef.In:
	case fhirdef.Out:
		r.report(finding{severity: severityOf(strength), code: CodeBinding, rule: n.p.label, at: a,
			message: "want a code of value set " + set.URL() + " (" + strength + "), have another"})
	default:
		r.notChecked(a, set, strength)
	}
}

func (r *run) memberWithoutSystem(set *fhirdef.Set, code []byte) fhirdef.Membership {
	return set.Contains(nil, code)
}

// concept tells how the codings of a CodeableConcept stand to a value set.
func conceptIn(set *fhirdef.Set, v jsontree.Value) (m fhirdef.Membership, coded bool) {
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
		switch set.Contains(system, code) {
		case fhirdef.In:
			return fhirdef.In, true
		case fhirdef.Unknown:
			m = fhirdef.Unknown
		}
	}
	return m, coded
}

func (r *run) boundConcept(n *node, a at, set *fhirdef.Set, strength string) {
	m, coded := conceptIn(set, r.f(a).value)
	switch {
	case !coded:
		if known, _ := set.Known(); known && strength != "preferred" {
			severity := severityOf(strength)
			if strength == "maximum" {
				severity = issue.Warning
			}
			r.report(finding{severity: severity, code: CodeBinding, rule: n.p.label, at: a,
				message: "want a code of value set " + set.URL() + " (" + strength + "), have none"})
		}
	case m == fhirdef.Out:
		r.report(finding{severity: severityOf(strength), code: CodeBinding, rule: n.p.label, at: a,
			message: "want a code of value set " + set.URL() + " (" + strength + ") among the codings, have others"})
	case m == fhirdef.Unknown:
		r.notChecked(a, set, strength)
	}
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
		m, _ := conceptIn(set, f.value)
		return m == fhirdef.In
	default:
		system, code := codeOf(f.value)
		return set.Contains(system, code) == fhirdef.In
	}
}

// coding checks one Coding by itself: its system and whether the system has the
// code and the display. (R4 §2.24.0.5)
func (r *run) coding(a at) {
	v := r.f(a).value
	system, code := codeOf(v)
	switch {
	case len(system) == 0:
		if len(code) > 0 {
			r.warn(a, CodeCode, "Coding", "want a system beside the code, have none: the code has no defined meaning and is not checked")
		}
		return
	case !isAbsolute(system):
		s := r.child(a, "system", -1, v.Get("system"), "uri")
		r.err(s, CodeCode, "Coding", "want an absolute address as system, have a relative one")
		r.pop(s)
		return
	case r.isValueSet(system):
		s := r.child(a, "system", -1, v.Get("system"), "uri")
		r.err(s, CodeCode, "Coding", "want the address of a code system as system, have one of a value set")
		r.pop(s)
		return
	case len(code) == 0:
		return
	}
	known := r.lookup(system, v.Get("version").Bytes(nil), code)
	switch known.membership {
	case fhirdef.In:
		r.codeFacts(a, v, &known.info)
	case fhirdef.Out:
		r.err(a, CodeCode, "Coding", "want a code of code system "+string(system)+", have one it does not hold")
	default:
		r.codeNotChecked(a, v, string(system), known.reason)
	}
}

// knownCode is what the definitions say of one code.
type knownCode struct {
	info       fhirdef.CodeInfo
	membership fhirdef.Membership
	reason     fhirdef.Reason
}

// maxKnownCodes bounds the codes that a run remembers for the inputs to come.
const maxKnownCodes = 20_000

// lookup is LookupCode of the definitions, which a run asks once for each code.
func (r *run) lookup(system, version, code []byte) *knownCode {
	r.ids = append(append(append(append(append(r.ids[:0], system...), 0), version...), 0), code...)
	if k, ok := r.codes[string(r.ids)]; ok {
		return k
	}
	k := new(knownCode)
	k.info, k.membership, k.reason = r.defs.LookupCode(string(system), string(version), string(code))
	if r.codes == nil || len(r.codes) >= maxKnownCodes {
		r.codes = make(map[string]*knownCode)
	}
	r.codes[string(r.ids)] = k
	return k
}

// isValueSet tells an address that is known as a value set's and not as a code
// system's.
func (r *run) isValueSet(system []byte) bool {
	return bytes.Contains(system, []byte("/ValueSet/")) && r.defs.ValueSet(string(system)) != nil
}

// codeFacts checks what is told of a code that is known.
func (r *run) codeFacts(a at, v jsontree.Value, info *fhirdef.CodeInfo) {
	if info.CaseMismatch {
		r.warn(a, CodeCode, "Coding", "want the code in the case of its code system, have another case")
	}
	if info.Inactive {
		r.warn(a, CodeCode, "Coding", "want an active code, have one that its code system calls inactive")
	}
	display := v.Get("display")
	if display.Kind() != jsontree.String || info.Display == "" || sameDisplay(display.Text(), info.Display) {
		return
	}
	for _, d := range info.Designations {
		if sameDisplay(display.Text(), d.Value) {
			return
		}
	}
	d := r.child(a, "display", -1, display, "string")
	r.warn(d, CodeDisplay, "Coding", "want a display of the code as its code system gives it, have another")
	r.pop(d)
}

// sameDisplay compares displays without regard to case and runs of white space.
func sameDisplay(a, b string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}

// codeNotChecked says that a code cannot be looked up.
func (r *run) codeNotChecked(a at, v jsontree.Value, system string, reason fhirdef.Reason) {
	if r.trial > 0 {
		return
	}
	severity := issue.Warning
	if isLicensed(system) {
		severity = issue.Information
	}
	s := r.child(a, "system", -1, v.Get("system"), "uri")
	r.report(finding{severity: severity, code: CodeNotChecked, at: s, rule: safeRule(system),
		message: "want the code looked up in its code system: not checked, " + because(reason)})
	r.pop(s)
}

// isLicensed tells the large code systems that are never at hand offline.
func isLicensed(system string) bool {
	switch system {
	case "http://snomed.info/sct", "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm", "http://unitsofmeasure.org",
		"http://www.ama-assn.org/go/cpt", "http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-9-cm",
		"http://hl7.org/fhir/sid/cvx", "http://hl7.org/fhir/sid/ndc", "http://www.whocc.no/atc", "urn:iso:std:iso:11073:10101", "http://dicom.nema.org/resources/ontology/DCM":
		return true
	}
	return false
}

// isAbsolute tells an absolute address or URN. (RFC 3986 §3.1)
func isAbsolute[T string | []byte](uri T) bool {
	i := 0
	for i < len(uri) && uri[i] != ':' {
		i++
	}
	if i < 1 || i == len(uri) {
		return false
	}
	for _, c := range []byte(uri[:i]) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}
