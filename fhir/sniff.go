package fhir

import (
	"bytes"
	"path"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/internal/xmlform"
)

// Format is how resources lie in a source.
type Format uint8

// The formats. The zero Format stands for "to be found out" in options and for
// "not known" in results.
const (
	FormatUnknown  Format = iota
	FormatNDJSON          // one JSON value a line
	FormatBundle          // a Bundle, or several one after another
	FormatResource        // one resource, or several one after another or in an array
	FormatXML             // one resource or Bundle in XML
)

// String returns the name of the format.
func (f Format) String() string {
	switch f {
	case FormatNDJSON:
		return "ndjson"
	case FormatBundle:
		return "bundle"
	case FormatResource:
		return "resource"
	case FormatXML:
		return "xml"
	}
	return "unknown"
}

// skipByName returns why a file found in a folder is no data, "" if it may be.
func skipByName(base string) string {
	low := strings.ToLower(base)
	for _, end := range []string{".gz", ".zst"} {
		low = strings.TrimSuffix(low, end)
	}
	stem := strings.TrimSuffix(low, path.Ext(low))
	switch {
	case strings.HasPrefix(low, "."):
		return "hidden file"
	case low == "log.ndjson" || low == "export.log":
		return "export log"
	case low == "manifest.json":
		return "bulk data manifest"
	case stem == "readme" || stem == "license" || stem == "notice" || stem == "changelog" || strings.HasPrefix(low, "license"):
		return "documentation"
	}
	switch path.Ext(low) {
	case ".json", ".ndjson", ".jsonl", ".fhir", ".xml", "":
		return ""
	case ".log":
		return "log"
	case ".md", ".txt", ".html", ".htm", ".pdf":
		return "documentation"
	case ".csv", ".tsv", ".parquet", ".sql", ".duckdb", ".yaml", ".yml", ".png", ".dcm",
		".zip", ".tar", ".tgz", ".sha256", ".md5", ".sh", ".py", ".r", ".crc", ".tmp", ".part":
		return "not JSON by its name"
	}
	return ""
}

// namedNDJSON reports whether the name says that the file is NDJSON.
func namedNDJSON(name string) bool {
	low := strings.ToLower(name)
	for _, end := range []string{".gz", ".zst"} {
		low = strings.TrimSuffix(low, end)
	}
	return strings.HasSuffix(low, ".ndjson") || strings.HasSuffix(low, ".jsonl")
}

// verdict is what the head of a source tells.
type verdict struct {
	format Format
	bom    int    // bytes of the byte order mark
	skip   string // no data: why
	bad    string // cannot be read: want-then-have
	coding bool   // bad because of the encoding
}

// sniff judges a source by its first bytes; whole says that head is all of it.
func sniff(name string, head []byte, whole, found bool, forced Format) verdict {
	v := verdict{bad: wrongEncoding(head), coding: true}
	if v.bad != "" {
		return v
	}
	v.coding = false
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		v.bom = 3
		head = head[3:]
	}
	if forced != FormatUnknown {
		v.format = forced
		return v
	}
	text := bytes.TrimLeft(head, " \t\r\n")
	if len(text) == 0 {
		v.format = FormatNDJSON // nothing but blank lines so far
		return v
	}
	if text[0] != '{' {
		v.foreign(name, text, found)
		return v
	}
	top := peek(text)
	switch {
	case top.typ == "" && top.time && top.output:
		v.skip = "bulk data manifest"
	case top.typ == "" && top.event && top.export:
		v.skip = "export log"
	case found && top.typ == "" && !bytes.Contains(text, []byte(`"resourceType"`)):
		v.skip = "no resourceType in its first 64 KiB"
	default:
		v.format = layout(name, text, whole, top)
	}
	return v
}

// foreign judges a source whose first byte begins no object.
func (v *verdict) foreign(name string, text []byte, found bool) {
	if text[0] == '<' && !namedNDJSON(name) && isFHIRXML(text, found) {
		v.format = FormatXML
		return
	}
	if isArray(text) && !namedNDJSON(name) {
		v.format = FormatResource
		if found && !bytes.Contains(text, []byte(`"resourceType"`)) {
			v.format, v.skip = FormatUnknown, "no resourceType in its first 64 KiB"
		}
		return
	}
	switch {
	case namedNDJSON(name) || bytes.Contains(text, []byte("\n{")):
		v.format = FormatNDJSON // its first line is damaged
	case text[0] == '<':
		v.bad = "want FHIR, have other XML or HTML"
	case text[0] == '[':
		v.bad = "want NDJSON, a Bundle or resources, have another JSON array"
	default:
		v.bad = "want JSON, have something else"
	}
	if v.bad != "" && found {
		v.skip, v.bad = "not FHIR by its content", ""
	}
}

// isArray reports whether text begins an array of objects.
func isArray(text []byte) bool {
	rest, ok := bytes.CutPrefix(text, []byte("["))
	return ok && bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte("{"))
}

// isFHIRXML reports whether XML seems to hold a resource: its root is in the
// namespace of FHIR, or, in a file that the caller named, it has none and the
// name of a resource. Where the root cannot be read, naming the namespace will do.
func isFHIRXML(text []byte, found bool) bool {
	name, space, ok := xmlform.Root(text)
	switch {
	case !ok:
		return bytes.Contains(text, []byte(fhirNamespace))
	case space == "":
		return !found && IsResourceType(name)
	}
	return space == fhirNamespace
}

// layout tells NDJSON from documents, for a text that begins with a brace.
func layout(name string, text []byte, whole bool, top summary) Format {
	document := FormatResource
	if top.typ == "Bundle" || top.typ == "" && top.entry {
		document = FormatBundle
	}
	line, rest, broken := bytes.Cut(text, []byte{'\n'})
	if top.end > 0 {
		if top.end > len(line) {
			return document // spread over lines
		}
		more := len(bytes.TrimSpace(rest)) > 0 || !whole
		switch {
		case document == FormatBundle:
			return document
		case more || namedNDJSON(name):
			return FormatNDJSON
		}
		return document
	}
	// The first value doesn't end within the head.
	if !broken {
		if document == FormatBundle {
			return document
		}
		return FormatNDJSON
	}
	line = bytes.TrimSpace(line)
	if len(line) == 1 || line[len(line)-1] == '[' {
		return document
	}
	next, _, _ := bytes.Cut(bytes.TrimLeft(rest, " \t\r\n"), []byte{'\n'})
	next = bytes.TrimSpace(next)
	damaged := len(next) > 1 && next[0] == '{' && (next[len(next)-1] == '}' || namedNDJSON(name))
	if damaged || namedNDJSON(name) && bytes.Contains(line, []byte(`"resourceType"`)) && document != FormatBundle {
		return FormatNDJSON
	}
	return document
}

// wrongEncoding names the encoding of a text that is not UTF-8, by its mark or
// by the zero bytes around its first brace or bracket.
func wrongEncoding(head []byte) string {
	for _, e := range []struct{ mark, name string }{
		{"\xff\xfe\x00\x00", "UTF-32 (little endian)"},
		{"\x00\x00\xfe\xff", "UTF-32 (big endian)"},
		{"\xff\xfe", "UTF-16 (little endian)"},
		{"\xfe\xff", "UTF-16 (big endian)"},
		{"{\x00", "UTF-16 (little endian)"},
		{"\x00{", "UTF-16 (big endian)"},
		{"<\x00", "UTF-16 (little endian)"},
		{"\x00<", "UTF-16 (big endian)"},
	} {
		if bytes.HasPrefix(head, []byte(e.mark)) {
			return "want UTF-8, have " + e.name
		}
	}
	return ""
}

// summary is what the members of a text's first object tell.
type summary struct {
	typ                                string
	end                                int // just after the object's closing brace, 0 if not seen
	entry, output, time, event, export bool
}

// peek looks at the members of the object that text begins with, without
// asking whether it is good JSON.
func peek(text []byte) summary {
	var s summary
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				s.end = i + 1
				return s
			}
		case '"':
			end := stringEnd(text, i)
			if end < 0 {
				return s
			}
			if depth == 1 {
				s.note(text[i+1:end], text[end+1:])
			}
			i = end
		}
	}
	return s
}

// note takes in a string at the top level; only one that a colon follows is a name.
func (s *summary) note(name, after []byte) {
	after = bytes.TrimLeft(after, " \t\r\n")
	if len(after) == 0 || after[0] != ':' {
		return
	}
	switch string(name) {
	case "resourceType":
		after = bytes.TrimLeft(after[1:], " \t\r\n")
		if len(after) > 0 && after[0] == '"' && s.typ == "" {
			if end := stringEnd(after, 0); end > 0 {
				s.typ = string(after[1:end])
			}
		}
	case "entry":
		s.entry = true
	case "output":
		s.output = true
	case "transactionTime":
		s.time = true
	case "eventId":
		s.event = true
	case "exportId":
		s.export = true
	}
}

// stringEnd returns the place of the quote that closes the string opened at i,
// -1 if there is none.
func stringEnd(text []byte, i int) int {
	for j := i + 1; j < len(text); j++ {
		switch text[j] {
		case '\\':
			j++
		case '"':
			return j
		}
	}
	return -1
}
