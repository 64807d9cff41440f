package dataset

import (
	"bytes"
	"path/filepath"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/internal/yamldoc"
)

// profileKind is what tellKind says of a profile, which is no source.
const profileKind SourceKind = "profile"

// tellKind tells from its content what a file is; "" = cannot be told.
func tellKind(name string, data []byte) SourceKind {
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return FHIRPackage
	}
	text := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	text = bytes.TrimSpace(text)
	if len(text) > 0 && (text[0] == '{' || text[0] == '[') {
		var tree jsontree.Tree
		if tree.Parse(text, nil) == nil {
			return tellJSON(tree.Root())
		}
		if text[0] == '{' && bytes.Contains(text, []byte("profile")) {
			return profileKind // broken JSON, or YAML in its flow style
		}
		return ""
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml":
		return tellYAML(data)
	case ".csv", ".txt", ".tsv", ".attrs":
		if looksLikeAttributes(text) {
			return DICOMList
		}
		return ""
	}
	for _, line := range bytes.Split(text, []byte("\n")) {
		if bytes.HasPrefix(line, []byte("profile:")) || bytes.HasPrefix(line, []byte("tables:")) {
			return profileKind
		}
	}
	if looksLikeAttributes(text) {
		return DICOMList
	}
	return ""
}

// tellYAML tells what a YAML document is: a profile, unless it looks like one of
// the others.
func tellYAML(data []byte) SourceKind {
	doc, err := yamldoc.Parse(data, &yamldoc.Options{MaxBytes: maxProfileBytes, MaxDepth: maxProfileDepth, MaxNodes: maxProfileNodes})
	if err != nil || doc.Get("profile") != nil && doc.Get("resources") == nil || doc.Get("tables") != nil {
		return profileKind
	}
	var tree jsontree.Tree
	if tree.Parse(doc.JSON(nil), nil) != nil {
		return profileKind
	}
	root := tree.Root()
	switch kind := tellJSON(root); kind {
	case TableSchema, DataPackage:
		return kind // the others are JSON by their standards
	case JSONSchema:
		for _, own := range []string{"profile", "sources", "tables"} {
			if root.Get(own).Kind() != jsontree.Invalid {
				return profileKind
			}
		}
		return kind // which people write as YAML
	}
	return profileKind
}

func tellJSON(v jsontree.Value) SourceKind {
	has := func(names ...string) bool {
		for _, n := range names {
			if v.Get(n).Kind() == jsontree.Invalid {
				return false
			}
		}
		return true
	}
	if has("resourceType") {
		switch v.Get("resourceType").Text() {
		case "StructureDefinition":
			return FHIRStructure
		case "ViewDefinition":
			return FHIRView
		case "Parameters":
			return CRTDL
		}
		return ""
	}
	context := string(v.Get("@context").Raw())
	switch {
	case v.Get("resources").Kind() == jsontree.Array && !has("tables"):
		return DataPackage // of 1.0, where profile is a property
	case has("profile") && (has("tables") || has("sources")):
		return profileKind
	case has("dataExtraction"), has("cohortDefinition"):
		return CRTDL
	case strings.Contains(context, "ns/csvw"):
		return CSVW
	case has("recordSet"), has("distribution"), strings.Contains(context, "croissant"),
		strings.Contains(string(v.Get("conformsTo").Raw()), "croissant"):
		return Croissant
	case has("resource", "select"):
		return FHIRView
	case strings.Contains(v.Get("$schema").Text(), "json-schema.org"):
		return JSONSchema
	case has("name", "path"), has("name", "data"), has("schema", "path"), has("schema", "data"):
		return DataPackage // one resource of it
	case has("fields"), has("primaryKey"), has("foreignKeys"):
		return TableSchema
	case has("tableSchema"), has("tables"):
		return CSVW
	case has("properties"), has("$defs"), has("definitions"), has("$ref"), has("allOf"), has("oneOf"), has("anyOf"), has("type"):
		return JSONSchema
	}
	return ""
}

// looksLikeAttributes says whether the first lines that are no comments begin
// with a tag or a keyword of DICOM, or the header of a table names one.
func looksLikeAttributes(text []byte) bool {
	seen := 0
	for _, line := range strings.Split(string(text[:min(len(text), 8<<10)]), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || strings.HasPrefix(line, "//") {
			continue
		}
		head := strings.ToLower(line)
		if seen == 0 && strings.ContainsAny(line, ",\t;") && (strings.Contains(head, "tag") || strings.Contains(head, "keyword")) {
			return true
		}
		if isTag(line) || isKeyword(line) {
			return true
		}
		if seen++; seen > 5 {
			return false
		}
	}
	return false
}

// isTag says whether a line begins with a tag: 00080060 or (0008,0060).
func isTag(line string) bool {
	line = strings.TrimPrefix(line, "(")
	if len(line) > 4 && line[4] == ',' {
		line = line[:4] + line[5:]
	}
	if len(line) < 8 {
		return false
	}
	for _, c := range []byte(line[:8]) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

// isKeyword says whether a line is a word such as PatientID and nothing more
// but a separator and what stands after it.
func isKeyword(line string) bool {
	word := line
	if i := strings.IndexAny(line, " \t,;."); i >= 0 {
		word = line[:i]
	}
	if len(word) < 4 || word[0] < 'A' || word[0] > 'Z' {
		return false
	}
	lower := false
	for _, c := range []byte(word) {
		switch {
		case c >= 'a' && c <= 'z':
			lower = true
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		default:
			return false
		}
	}
	return lower
}
