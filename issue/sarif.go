package issue

import (
	"bytes"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// The published schema of SARIF 2.1.0 (OASIS, errata 01).
const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

const sarifTool = "carabiner"
const sarifToolURI = "https://github.com/carabiner-health/carabiner"

// sarifForm writes one SARIF 2.1.0 run. The results come first and the tool
// with its rules last, so that only the codes seen are kept in memory: the
// order of members has no meaning in JSON.
type sarifForm struct {
	rules []Code
	index map[Code]int
}

// sarifResult is a result object (SARIF 2.1.0 §3.27).
type sarifResult struct {
	RuleID     string           `json:"ruleId"`
	RuleIndex  int              `json:"ruleIndex"`
	Level      string           `json:"level"`
	Message    sarifMessage     `json:"message"`
	Locations  []sarifLocation  `json:"locations,omitempty"`
	Properties *sarifProperties `json:"properties,omitempty"`
}

type sarifMessage struct {
	Text string `json:"text"`
}

type sarifLocation struct {
	Physical *sarifPhysical `json:"physicalLocation,omitempty"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
}

type sarifLogical struct {
	Name string `json:"fullyQualifiedName"`
}

// sarifProperties holds what SARIF has no place for. Severity keeps Fatal
// apart from Error, which share the level "error".
type sarifProperties struct {
	Severity Severity `json:"severity"`
	Rule     string   `json:"rule,omitempty"`
	Record   int64    `json:"record,omitempty"`
	Offset   int64    `json:"offset,omitempty"`
}

type sarifRule struct {
	ID string `json:"id"`
}

func (*sarifForm) head(b *bytes.Buffer) {
	b.WriteString("{\n  \"$schema\": \"" + sarifSchema + "\",\n  \"version\": \"2.1.0\",\n  \"runs\": [{\n  \"results\": [\n")
}

func (f *sarifForm) finding(b *bytes.Buffer, i Issue, first bool) error {
	rule, seen := f.index[i.Code]
	if !seen {
		rule = len(f.rules)
		f.index[i.Code] = rule
		f.rules = append(f.rules, i.Code)
	}
	out := sarifResult{
		RuleID:     string(i.Code),
		RuleIndex:  rule,
		Level:      sarifLevel(i.Severity),
		Message:    sarifMessage{Text: i.Message},
		Properties: &sarifProperties{i.Severity, i.Rule, i.Pos.Record, i.Pos.Offset},
	}
	var at sarifLocation
	if i.Pos.Source != "" {
		at.Physical = &sarifPhysical{Artifact: sarifArtifact{URI: sarifURI(i.Pos.Source)}}
		if i.Pos.Line > 0 {
			at.Physical.Region = &sarifRegion{i.Pos.Line, i.Pos.Column}
		}
	}
	if i.Path != "" {
		at.Logical = []sarifLogical{{Name: i.Path}}
	}
	if at.Physical != nil || at.Logical != nil {
		out.Locations = []sarifLocation{at}
	}
	return appendElement(b, out, first)
}

func (f *sarifForm) tail(b *bytes.Buffer, empty bool) {
	if !empty {
		b.WriteByte('\n')
	}
	b.WriteString("  ],\n  \"tool\": {\"driver\": {\"name\": \"" + sarifTool + "\", \"informationUri\": \"" + sarifToolURI + "\", \"rules\": [")
	for n, code := range f.rules {
		b.WriteString("\n")
		// A sarifRule is a string in a struct: it always encodes.
		_ = appendElement(b, sarifRule{ID: string(code)}, true)
		if n < len(f.rules)-1 {
			b.WriteByte(',')
		}
	}
	b.WriteString("]}}\n  }]\n}\n")
}

// sarifLevel returns the level of a severity (SARIF 2.1.0 §3.27.10).
func sarifLevel(s Severity) string {
	switch s {
	case Information:
		return "note"
	case Warning:
		return "warning"
	}
	return "error"
}

// sarifURI returns the URI reference of a source: relative for a relative
// path, file:///... for an absolute one, percent-encoded.
func sarifURI(source string) string {
	slashed := filepath.ToSlash(source)
	u := url.URL{Path: slashed}
	switch {
	case strings.HasPrefix(slashed, "/"):
		u.Scheme = "file"
		return "file://" + u.EscapedPath()
	case len(slashed) > 2 && slashed[1] == ':' && slashed[2] == '/':
		return "file:///" + u.EscapedPath()
	}
	return u.String() // puts ./ before a first segment that holds a colon
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
