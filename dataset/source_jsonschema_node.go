package dataset

import (
	"bytes"
	"errors"
	"sort"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/internal/yamldoc"
	"github.com/carabiner-health/carabiner/issue"
)

// schemaNode is a value of a schema document, with its members in order.
type schemaNode struct {
	kind jsontree.Kind
	// text is decoded for a string, as written for a number.
	text    string
	members []schemaMember
	items   []*schemaNode
	pos     issue.Pos
}

type schemaMember struct {
	name  string
	value *schemaNode
}

// get returns the member of that name, the last of several; nil if there is none.
func (n *schemaNode) get(name string) *schemaNode {
	if n == nil {
		return nil
	}
	for i := len(n.members) - 1; i >= 0; i-- {
		if n.members[i].name == name {
			return n.members[i].value
		}
	}
	return nil
}

// str returns the text of the member of that name if it is a string.
func (n *schemaNode) str(name string) string {
	if m := n.get(name); m != nil && m.kind == jsontree.String {
		return m.text
	}
	return ""
}

// yes says that the member of that name is true.
func (n *schemaNode) yes(name string) bool {
	m := n.get(name)
	return m != nil && m.kind == jsontree.True
}

// at returns what a JSON pointer leads to, nil if nothing.
func (n *schemaNode) at(pointer string) *schemaNode {
	if pointer == "" || pointer == "/" && n.get("") == nil {
		return n
	}
	for _, step := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
		switch {
		case n == nil:
			return nil
		case n.kind == jsontree.Array:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(n.items) {
				return nil
			}
			n = n.items[i]
		default:
			n = n.get(step)
		}
	}
	return n
}

// append writes the value as compact JSON, repeated members once.
func (n *schemaNode) append(b []byte) []byte {
	switch n.kind {
	case jsontree.String:
		return appendJSONText(b, n.text)
	case jsontree.Number:
		return append(b, n.text...)
	case jsontree.Array:
		b = append(b, '[')
		for i, e := range n.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.append(b)
		}
		return append(b, ']')
	case jsontree.Object:
		b = append(b, '{')
		first := true
		for _, m := range n.members {
			if n.get(m.name) != m.value {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(appendJSONText(b, m.name), ':')
			b = m.value.append(b)
		}
		return append(b, '}')
	case jsontree.True:
		return append(b, "true"...)
	case jsontree.False:
		return append(b, "false"...)
	}
	return append(b, "null"...)
}

func (n *schemaNode) literal() Literal { return Literal(n.append(nil)) }

// appendJSONText writes s as a JSON string.
func appendJSONText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			b = append(b, string(r)...)
		}
	}
	return append(b, '"')
}

// maxSchemaDepth bounds the levels of a schema document.
const maxSchemaDepth = 256

// parseSchemaNode reads a document in JSON or, where it does not begin as JSON
// does, in YAML. The finding says where it is neither.
func parseSchemaNode(file string, data []byte) (*schemaNode, issue.List) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if text := bytes.TrimSpace(data); len(text) > 0 && text[0] != '{' && text[0] != '[' &&
		string(text) != "true" && string(text) != "false" {
		return parseSchemaYAML(file, data)
	}
	var tree jsontree.Tree
	if err := tree.Parse(data, &jsontree.Options{MaxDepth: maxSchemaDepth}); err != nil {
		return nil, issue.List{schemaSyntax(file, data, err)}
	}
	r := schemaReader{file: file}
	for i, c := range data {
		if c == '\n' {
			r.lines = append(r.lines, i)
		}
	}
	var findings issue.List
	for _, offset := range tree.Duplicates() {
		findings = append(findings, issue.Issue{Severity: issue.Warning, Code: CodeSchemaForm, Pos: r.pos(offset),
			Message: "want a name once in an object, have it again: the last one counts"})
	}
	return r.node(tree.Root()), findings
}

func parseSchemaYAML(file string, data []byte) (*schemaNode, issue.List) {
	root, err := yamldoc.Parse(data, nil)
	if err != nil {
		finding := issue.Issue{Severity: issue.Error, Code: CodeSchemaForm, Pos: issue.Pos{Source: file}, Message: err.Error()}
		var at *yamldoc.Error
		if errors.As(err, &at) {
			finding.Pos.Line, finding.Pos.Column, finding.Message = at.Line, at.Column, at.Message
		}
		return nil, issue.List{finding}
	}
	return yamlSchemaNode(file, root), nil
}

func yamlSchemaNode(file string, y *yamldoc.Node) *schemaNode {
	n := &schemaNode{text: y.Text, pos: issue.Pos{Source: file, Line: y.Line, Column: y.Column}}
	switch y.Kind {
	case yamldoc.Null:
		n.kind = jsontree.Null
	case yamldoc.Bool:
		if n.kind = jsontree.False; y.Text == "true" {
			n.kind = jsontree.True
		}
	case yamldoc.Number:
		n.kind = jsontree.Number
	case yamldoc.Text:
		n.kind = jsontree.String
	case yamldoc.List:
		n.kind = jsontree.Array
		for _, e := range y.Items {
			n.items = append(n.items, yamlSchemaNode(file, e))
		}
	case yamldoc.Map:
		n.kind = jsontree.Object
		for _, m := range y.Members {
			n.members = append(n.members, schemaMember{m.Name, yamlSchemaNode(file, m.Value)})
		}
	}
	return n
}

// schemaSyntax is the finding on a text that is no JSON.
func schemaSyntax(file string, data []byte, err error) issue.Issue {
	finding := issue.Issue{Severity: issue.Error, Code: CodeSchemaForm, Pos: issue.Pos{Source: file}, Message: "want JSON"}
	var at *jsontree.SyntaxError
	if errors.As(err, &at) {
		finding.Pos.Line, finding.Pos.Column = jsontree.Position(data, at.Offset)
		finding.Pos.Offset = int64(at.Offset)
		finding.Message = "want " + at.Want + ", have " + at.Have
		if errors.Is(err, jsontree.ErrDepth) {
			finding.Message = "want at most " + strconv.Itoa(maxSchemaDepth) + " levels, have more"
		}
	}
	return finding
}

type schemaReader struct {
	file  string
	lines []int // offsets of line feeds
}

func (r *schemaReader) pos(offset int) issue.Pos {
	line := sort.SearchInts(r.lines, offset)
	start := 0
	if line > 0 {
		start = r.lines[line-1] + 1
	}
	return issue.Pos{Source: r.file, Line: line + 1, Column: offset - start + 1, Offset: int64(offset)}
}

func (r *schemaReader) node(v jsontree.Value) *schemaNode {
	n := &schemaNode{kind: v.Kind(), pos: r.pos(v.Offset())}
	switch n.kind {
	case jsontree.String:
		n.text = v.Text()
	case jsontree.Number:
		n.text = string(v.Number())
	case jsontree.Array:
		for _, e := range v.All() {
			n.items = append(n.items, r.node(e))
		}
	case jsontree.Object:
		for name, e := range v.Members() {
			n.members = append(n.members, schemaMember{name, r.node(e)})
		}
	}
	return n
}
