package issue

import (
	"bytes"
	"strings"
)

// Extensions that HL7 defines on OperationOutcome.issue (extension pack 5.2.0).
const (
	extensionFile    = "http://hl7.org/fhir/StructureDefinition/operationoutcome-file"
	extensionLine    = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-line"
	extensionColumn  = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-col"
	extensionMessage = "http://hl7.org/fhir/StructureDefinition/operationoutcome-message-id"
)

// outcomeForm writes FHIR R4 OperationOutcome. Position and code travel in
// HL7's own extensions, because the resource has no element for them; the
// clause is in diagnostics. R4, OperationOutcome.issue is 1..*: a run without
// a finding says so in one informational issue.
type outcomeForm struct{}

// outcomeIssue is OperationOutcome.issue.
type outcomeIssue struct {
	Extension   []outcomeExtension `json:"extension,omitempty"`
	Severity    Severity           `json:"severity"`
	Code        string             `json:"code"`
	Details     *outcomeDetails    `json:"details,omitempty"`
	Diagnostics string             `json:"diagnostics,omitempty"`
	Expression  []string           `json:"expression,omitempty"`
}

type outcomeDetails struct {
	Text string `json:"text"`
}

type outcomeExtension struct {
	URL          string `json:"url"`
	ValueString  string `json:"valueString,omitempty"`
	ValueInteger int    `json:"valueInteger,omitempty"`
}

func (outcomeForm) head(b *bytes.Buffer) {
	b.WriteString("{\n  \"resourceType\": \"OperationOutcome\",\n  \"issue\": [\n")
}

func (outcomeForm) finding(b *bytes.Buffer, i Issue, first bool) error {
	out := outcomeIssue{Severity: i.Severity, Code: issueType(i)}
	add := func(url, text string, number int) {
		if text != "" || number > 0 {
			out.Extension = append(out.Extension, outcomeExtension{url, text, number})
		}
	}
	add(extensionFile, i.Pos.Source, 0)
	add(extensionLine, "", i.Pos.Line)
	if i.Pos.Column > 0 {
		add(extensionColumn, itoa(int64(i.Pos.Column)), 0)
	}
	add(extensionMessage, string(i.Code), 0)
	if i.Message != "" {
		out.Details = &outcomeDetails{Text: i.Message}
	}
	var notes []string
	if i.Rule != "" {
		notes = append(notes, "rule "+i.Rule)
	}
	if i.Pos.Record > 0 {
		notes = append(notes, "record "+itoa(i.Pos.Record))
	}
	out.Diagnostics = strings.Join(notes, ", ")
	if i.Path != "" {
		out.Expression = []string{i.Path}
	}
	return appendElement(b, out, first)
}

func (outcomeForm) tail(b *bytes.Buffer, empty bool) {
	if empty {
		b.WriteString(`    {"severity":"information","code":"informational","details":{"text":"no findings"}}`)
	}
	b.WriteString("\n  ]\n}\n")
}

// issueTypes gives FHIR's issue type (R4, value set issue-type, required
// binding) by the words at the end of a code.
var issueTypes = map[string]string{
	"binding":          "code-invalid",
	"birth-year":       "required",
	"bundle":           "business-rule",
	"cardinality":      "structure",
	"choice":           "structure",
	"code":             "code-invalid",
	"compression":      "structure",
	"control":          "structure",
	"contained":        "business-rule",
	"count":            "structure",
	"dangling":         "not-found",
	"date":             "value",
	"datetime":         "value",
	"definition":       "business-rule",
	"depth":            "too-costly",
	"display":          "code-invalid",
	"divided":          "incomplete",
	"duplicate":        "duplicate",
	"duplicate-id":     "duplicate",
	"duplicate-member": "duplicate",
	"element-id":       "duplicate",
	"empty":            "structure",
	"encoding":         "structure",
	"extension":        "extension",
	"fixed":            "value",
	"foreign-key":      "not-found",
	"format":           "structure",
	"id":               "value",
	"invariant":        "invariant",
	"kind":             "structure",
	"length":           "too-long",
	"long-line":        "too-long",
	"measure":          "business-rule",
	"member":           "structure",
	"missing":          "required",
	"narrative":        "invalid",
	"not-checked":      "not-supported",
	"null":             "structure",
	"object":           "structure",
	"order":            "invariant",
	"patient-missing":  "not-found",
	"pattern":          "value",
	"primary-key":      "duplicate",
	"primitive":        "value",
	"profile":          "structure",
	"profile-unknown":  "not-found",
	"questionnaire":    "business-rule",
	"range":            "value",
	"reference":        "not-found",
	"repeated":         "duplicate",
	"required":         "required",
	"run":              "exception",
	"security":         "security",
	"size":             "too-costly",
	"slice":            "structure",
	"structure":        "structure",
	"subject":          "required",
	"syntax":           "structure",
	"truncated":        "incomplete",
	"type":             "structure",
	"unknown-element":  "structure",
	"unmapped":         "not-found",
	"unsupported":      "not-supported",
	"value":            "value",
}

// issueType returns FHIR's issue type of a finding: informational for mere
// information, else by the longest end of its code that the table knows, else
// invalid.
func issueType(i Issue) string {
	if i.Severity == Information {
		return "informational"
	}
	for rest, more := string(i.Code), true; more; {
		if t, ok := issueTypes[rest]; ok {
			return t
		}
		_, rest, more = strings.Cut(rest, "-")
	}
	return "invalid"
}
