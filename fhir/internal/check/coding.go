package check

import (
	"bytes"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// coding checks one Coding by itself: its system and whether the system has the
// code and the display. (R4 §2.24.0.5)
func (r *run) coding(n *node, a at) {
	v := r.f(a).value
	system, code := codeOf(v)
	if len(system) == 0 {
		if len(code) > 0 {
			r.warn(a, CodeCode, "Coding", "want a system beside the code, have none: the code has no defined meaning and is not checked")
		}
		return
	}
	known := r.lookup(system, v.Get("version").Bytes(nil), code)
	switch {
	case known.systemFault != "":
		r.errAt(a, "system", v, CodeCode, "Coding", known.systemFault)
	case len(code) == 0:
	case known.membership == fhirdef.In:
		r.codeFacts(a, v, &known.info)
	case known.membership == fhirdef.Out:
		r.errAt(a, "code", v, CodeCode, "Coding", "want a code of code system "+string(system)+", have one it does not hold")
	case known.reason.Kind == fhirdef.SystemNotComplete:
		c := r.child(a, "code", -1, v.Get("code"), "code")
		r.warn(c, CodeCode, "Coding", "want a code of code system "+string(system)+", have one that is not in the part of it that is held")
		r.pop(c)
	default:
		r.codeNotChecked(n, a, v, known)
	}
}

// systemFault tells what is wrong with the address of a code system; "" if
// nothing is. (R4 §4.2.1, Coding.system)
func (r *run) systemFault(system []byte) string {
	switch {
	case !isAbsolute(system):
		return "want an absolute address as system, have a relative one"
	case r.isValueSet(system):
		return "want the address of a code system as system, have one of a value set"
	}
	if cs := r.defs.CodeSystem(string(system)); cs != nil && (cs.Content == "supplement" || cs.Supplements != "") {
		return "want the address of a code system as system, have one of a supplement to a code system"
	}
	return ""
}

// errAt reports an error of a member of an element.
func (r *run) errAt(a at, name string, parent jsontree.Value, code issue.Code, rule, message string) {
	c := r.child(a, name, -1, parent.Get(name), "")
	r.err(c, code, rule, message)
	r.pop(c)
}

// knownCode is what the definitions say of one code.
type knownCode struct {
	info       fhirdef.CodeInfo
	membership fhirdef.Membership
	reason     fhirdef.Reason
	// systemFault tells what is wrong with the address of its system.
	systemFault string
	// system is the system; notChecked says why nothing is known of the code.
	system, notChecked string
}

// maxKnownCodes bounds the codes that a run remembers for the inputs to come.
const maxKnownCodes = 20_000

// lookup is LookupCode of the definitions, which a run asks once for each code.
func (r *run) lookup(system, version, code []byte) *knownCode {
	r.ids = append(append(append(append(append(r.ids[:0], system...), 0), version...), 0), code...)
	if k, ok := r.codes[string(r.ids)]; ok {
		return k
	}
	k := &knownCode{systemFault: r.systemFault(system), system: string(system)}
	k.info, k.membership, k.reason = r.defs.LookupCode(string(system), string(version), string(code))
	if held := k.info.Version; k.membership == fhirdef.In && len(version) > 0 && held != "" && held != string(version) {
		k.membership, k.reason = fhirdef.Unknown, fhirdef.Reason{Kind: fhirdef.VersionNotHeld, Subject: string(system), Detail: string(version)}
	}
	if k.membership == fhirdef.Unknown {
		k.notChecked = "want the code looked up in its code system: not checked, " + because(k.reason)
	}
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
	r.report(finding{severity: r.opts.WrongDisplay, code: CodeDisplay, rule: "Coding", at: d,
		message: "want a display of the code as its code system gives it, have another"})
	r.pop(d)
}

// sameDisplay compares displays without regard to case and runs of white space.
func sameDisplay(a, b string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}

// codeNotChecked says that a code cannot be looked up. It is an error where a
// required binding needs the code and the system, or its version, is said to be
// HL7's and is not.
func (r *run) codeNotChecked(n *node, a at, v jsontree.Value, known *knownCode) {
	severity := issue.Warning
	switch unknown := known.reason.Kind == fhirdef.SystemNotHeld || known.reason.Kind == fhirdef.VersionNotHeld; {
	case isLicensed(known.system):
		severity = issue.Information
	case unknown && isOfHL7(known.system) && r.required(n, a):
		severity = issue.Error
	}
	if r.trial > 0 && severity < issue.Error {
		return
	}
	s := r.child(a, "system", -1, v.Get("system"), "uri")
	r.report(finding{severity: severity, code: CodeNotChecked, at: s, rule: safeRule(known.system), message: known.notChecked})
	r.pop(s)
}

// isOfHL7 tells the addresses of code systems that HL7 publishes with FHIR.
func isOfHL7(system string) bool {
	return strings.HasPrefix(system, "http://hl7.org/fhir/") && !strings.HasPrefix(system, "http://hl7.org/fhir/sid/") ||
		strings.HasPrefix(system, "http://terminology.hl7.org/")
}

// required tells whether FHIR binds a Coding, or the CodeableConcept it stands
// in, to a value set that it must come from.
func (r *run) required(n *node, a at) bool {
	if b := n.el.Binding; b != nil && b.Strength == "required" {
		return true
	}
	p := r.f(a).parent
	if p == none || r.f(p).typ != "CodeableConcept" || r.f(p).node == nil {
		return false
	}
	b := r.f(p).node.el.Binding
	return b != nil && b.Strength == "required"
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
