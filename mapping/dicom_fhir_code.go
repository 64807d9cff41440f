package mapping

import (
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/issue"
)

// codingForm is a coded entry as a Coding; text is the meaning where it cannot be the display.
type codingForm struct{ system, version, code, display, text string }

// dcmEdition is the edition of the code system DCM that codes are taken to be of which HL7's
// terminology package does not hold: that has two thirds of them.
const dcmEdition = "2024d"

// codingOf returns the Coding of a coded entry, such that what it says of a code system that
// R4's terminology holds is true: a display other than the system's becomes a text.
func (x *studyMapper) codingOf(c CodedEntry) codingForm {
	if f, ok := x.codings[c]; ok {
		return f
	}
	f := codingForm{system: x.systemOf(c), code: cleanCode(c.Value), display: cleanText(c.Meaning)}
	if f.code == "" {
		f.system = ""
	}
	if f.system != "" {
		f.version = cleanText(c.Version)
		info, membership, _ := fhirdef.R4().LookupCode(f.system, "", f.code)
		switch {
		case membership == fhirdef.Out && f.system == systemDCM:
			f.version = dcmEdition
		case membership == fhirdef.Out:
			x.tell(issue.Warning, CodeMapCode, dict.CodeValue, "want a code that its coding scheme has, have another: it stands without a system")
			f.system, f.version = "", ""
		case membership == fhirdef.In && !displays(&info, f.display):
			f.display, f.text = "", f.display
		}
	}
	x.codings[c] = f
	return f
}

// displays reports whether a code system has display for a code.
func displays(info *fhirdef.CodeInfo, display string) bool {
	same := func(s string) bool {
		return strings.EqualFold(strings.Join(strings.Fields(s), " "), strings.Join(strings.Fields(display), " "))
	}
	if info.Display == "" || same(info.Display) {
		return true
	}
	for _, d := range info.Designations {
		if same(d.Value) {
			return true
		}
	}
	return false
}

// coding writes a Coding of a coded entry.
func (x *studyMapper) coding(w *jsonBuilder, name string, c CodedEntry) {
	f := x.codingOf(c)
	w.object(name, func() {
		w.text("system", f.system)
		w.text("version", f.version)
		w.text("code", f.code)
		w.text("display", f.display)
	})
}

// concept writes a CodeableConcept of a coded entry.
func (x *studyMapper) concept(w *jsonBuilder, name string, c CodedEntry) {
	if c.IsZero() {
		return
	}
	w.object(name, func() {
		w.array("coding", func() { x.coding(w, "", c) })
		w.text("text", x.codingOf(c).text)
	})
}

// systemOf returns the system of a code's scheme, "" where none is known.
func (x *studyMapper) systemOf(c CodedEntry) string {
	if c.Scheme == "" {
		return ""
	}
	if s, ok := x.policy.Schemes[c.Scheme]; ok {
		return s
	}
	if isOID(c.SchemeUID) {
		return "urn:oid:" + c.SchemeUID
	}
	x.tell(issue.Information, CodeMapCode, dict.CodingSchemeDesignator, "want a coding scheme of the policy, have another: its codes stand without a system")
	return ""
}
