package dataset

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/internal/yamldoc"
	"github.com/carabiner-health/carabiner/issue"
)

// originer adds Origins of one source.
type originer struct {
	source string
	pos    issue.Pos
}

func (o originer) add(f *Field, what, value, element string) {
	f.Origins = append(f.Origins, Origin{What: what, Value: value, Source: o.source, Element: element, Pos: o.pos})
}

// docNode is a value of a descriptor in JSON or YAML, with its place. Every method is
// safe on nil, which is "not there".
type docNode struct {
	kind    jsontree.Kind
	text    string // of a string decoded, of a number as written
	raw     []byte // JSON as written
	yaml    *yamldoc.Node
	members []*docNode
	key     string
	keyPos  issue.Pos
	pos     issue.Pos
	up      *docNode
	index   int
}

// path returns the place of the value in the document: fields[0].type.
func (n *docNode) path() string {
	if n == nil || n.up == nil {
		return ""
	}
	above := n.up.path()
	if n.up.kind == jsontree.Array {
		return above + "[" + strconv.Itoa(n.index) + "]"
	}
	if above == "" {
		return n.key
	}
	return above + "." + n.key
}

func (n *docNode) is(k jsontree.Kind) bool { return n != nil && n.kind == k }

// get returns the first member of that name.
func (n *docNode) get(name string) *docNode {
	if !n.is(jsontree.Object) {
		return nil
	}
	for _, m := range n.members {
		if m.key == name {
			return m
		}
	}
	return nil
}

// str returns the text of a string, "" of anything else.
func (n *docNode) str() string {
	if n.is(jsontree.String) {
		return n.text
	}
	return ""
}

// list returns the elements of an array, or a single other value as the only one.
func (n *docNode) list() []*docNode {
	switch {
	case n == nil || n.kind == jsontree.Null:
		return nil
	case n.kind == jsontree.Array:
		return n.members
	}
	return []*docNode{n}
}

func (n *docNode) place() issue.Pos {
	if n == nil {
		return issue.Pos{}
	}
	return n.pos
}

// kindName names what the value is, for messages.
func (n *docNode) kindName() string {
	if n == nil {
		return "nothing"
	}
	switch n.kind {
	case jsontree.True, jsontree.False:
		return "boolean"
	}
	return n.kind.String()
}

// literal returns the value as JSON.
func (n *docNode) literal() Literal {
	if n == nil {
		return ""
	}
	if n.yaml != nil {
		return Literal(n.yaml.JSON(nil))
	}
	return Literal(jsontree.Compact(nil, n.raw))
}

// Limits of a descriptor.
const (
	maxDocBytes = 32 << 20
	maxDocDepth = 100
)

// readDoc reads a descriptor in JSON or YAML. A finding tells where it is neither.
func readDoc(file string, data []byte) (*docNode, issue.List) {
	wrong := func(line, column int, message string) (*docNode, issue.List) {
		return nil, issue.List{{Severity: issue.Error, Code: CodeTableForm, Message: message, Pos: issue.Pos{Source: file, Line: max(line, 1), Column: max(column, 1)}}}
	}
	if len(data) > maxDocBytes {
		return wrong(1, 1, fmt.Sprintf("want at most %d bytes, have %d", maxDocBytes, len(data)))
	}
	text := data
	if strings.HasPrefix(string(text), "\xef\xbb\xbf") {
		text = text[3:]
	}
	first := strings.TrimLeft(string(text[:min(len(text), 4096)]), " \t\r\n")
	if !strings.HasPrefix(first, "{") && !strings.HasPrefix(first, "[") {
		return readYAML(file, text)
	}
	var tree jsontree.Tree
	if err := tree.Parse(text, &jsontree.Options{MaxDepth: maxDocDepth}); err != nil {
		var s *jsontree.SyntaxError
		if errors.As(err, &s) {
			return wrong(s.Line, s.Column, "want "+s.Want+", have "+s.Have)
		}
		return wrong(1, 1, "want JSON, have something else")
	}
	d := docReader{file: file, src: text}
	root := d.node(tree.Root())
	for _, at := range tree.Duplicates() {
		line, column := jsontree.Position(text, at)
		d.issues = append(d.issues, issue.Issue{Severity: issue.Error, Code: CodeTableForm, Message: "want a name once, have it again", Pos: issue.Pos{Source: file, Line: line, Column: column, Offset: int64(at)}})
	}
	return root, d.issues
}

type docReader struct {
	file   string
	src    []byte
	issues issue.List
	// line and start are those of the last offset that was asked for.
	offset, line, start int
}

// position counts on from the last offset, for values come in order.
func (d *docReader) position(offset int) issue.Pos {
	if offset < d.offset {
		d.offset, d.line, d.start = 0, 0, 0
	}
	for ; d.offset < offset; d.offset++ {
		if d.src[d.offset] == '\n' {
			d.line++
			d.start = d.offset + 1
		}
	}
	return issue.Pos{Source: d.file, Line: d.line + 1, Column: offset - d.start + 1, Offset: int64(offset)}
}

func (d *docReader) node(v jsontree.Value) *docNode {
	n := &docNode{kind: v.Kind(), pos: d.position(v.Offset()), raw: v.Raw()}
	switch v.Kind() {
	case jsontree.String:
		n.text = v.Text()
	case jsontree.Array, jsontree.Object:
		for i, m := range v.All() {
			key, keyPos := "", issue.Pos{}
			if v.Kind() == jsontree.Object {
				key, keyPos = m.Key(), d.position(m.KeyOffset())
			}
			c := d.node(m)
			c.up, c.index, c.key, c.keyPos = n, i, key, keyPos
			n.members = append(n.members, c)
		}
	default:
		n.text = string(v.Raw())
	}
	return n
}

// readYAML reads a descriptor in YAML.
func readYAML(file string, data []byte) (*docNode, issue.List) {
	root, err := yamldoc.Parse(data, &yamldoc.Options{MaxDepth: maxDocDepth})
	if err != nil {
		wrong := issue.Issue{Severity: issue.Error, Code: CodeTableForm, Message: "want JSON or YAML, have something else", Pos: issue.Pos{Source: file, Line: 1, Column: 1}}
		var at *yamldoc.Error
		if errors.As(err, &at) {
			wrong.Message, wrong.Pos.Line, wrong.Pos.Column = at.Message, max(at.Line, 1), max(at.Column, 1)
		}
		return nil, issue.List{wrong}
	}
	return fromYAML(file, root), nil
}

func fromYAML(file string, n *yamldoc.Node) *docNode {
	kinds := map[yamldoc.Kind]jsontree.Kind{yamldoc.Null: jsontree.Null, yamldoc.Number: jsontree.Number, yamldoc.Text: jsontree.String,
		yamldoc.List: jsontree.Array, yamldoc.Map: jsontree.Object}
	d := &docNode{kind: kinds[n.Kind], text: n.Text, yaml: n, pos: issue.Pos{Source: file, Line: n.Line, Column: n.Column}}
	if n.Kind == yamldoc.Bool {
		d.kind = jsontree.False
		if n.Text == "true" {
			d.kind = jsontree.True
		}
	}
	add := func(c *docNode) {
		c.up, c.index = d, len(d.members)
		d.members = append(d.members, c)
	}
	for i := range n.Items {
		add(fromYAML(file, n.Items[i]))
	}
	for i := range n.Members {
		m := &n.Members[i]
		c := fromYAML(file, m.Value)
		c.key, c.keyPos = m.Name, issue.Pos{Source: file, Line: m.Line, Column: m.Column}
		add(c)
	}
	return d
}

// docErrors collects findings about a descriptor.
type docErrors struct{ issues issue.List }

func (d *docErrors) errorf(n *docNode, code issue.Code, format string, args ...any) {
	d.add(issue.Error, n, code, format, args...)
}

func (d *docErrors) add(s issue.Severity, n *docNode, code issue.Code, format string, args ...any) {
	d.issues = append(d.issues, issue.Issue{Severity: s, Code: code, Pos: n.place(), Path: n.path(), Message: fmt.Sprintf(format, args...)})
}

// text returns the text of a member; it is told where that is no string.
func (d *docErrors) text(n *docNode, name string) string {
	m := n.get(name)
	if m != nil && m.kind != jsontree.String {
		d.errorf(m, CodeTableForm, "want string, have %s", m.kindName())
	}
	return m.str()
}

// flag returns the boolean of a member, def where it is not there.
func (d *docErrors) flag(n *docNode, name string, def bool) bool {
	switch m := n.get(name); {
	case m == nil:
		return def
	case m.kind == jsontree.True:
		return true
	case m.kind == jsontree.False:
		return false
	default:
		d.errorf(m, CodeTableForm, "want boolean, have %s", m.kindName())
		return def
	}
}

// texts returns the strings of an array, or of a string alone.
func (d *docErrors) texts(n *docNode) []string {
	var all []string
	for _, m := range n.list() {
		if m.kind != jsontree.String {
			d.errorf(m, CodeTableForm, "want string, have %s", m.kindName())
			continue
		}
		all = append(all, m.text)
	}
	return all
}

// object reports whether n is an object, and tells where it is another thing.
func (d *docErrors) object(n *docNode) bool {
	if n.is(jsontree.Object) {
		return true
	}
	d.errorf(n, CodeTableForm, "want object, have %s", n.kindName())
	return false
}

// near warns of members whose names are nearly known ones.
func (d *docErrors) near(n *docNode, known []string) {
	for _, m := range n.members {
		found := false
		for _, k := range known {
			found = found || k == m.key
		}
		if !found {
			if hint := meant(m.key, known); hint != "" && len(m.key) > 3 {
				d.issues = append(d.issues, issue.Issue{Severity: issue.Warning, Code: CodeTableForm, Pos: m.keyPos, Path: m.path(),
					Message: "want a property of the standard, have " + quote(m.key) + hint})
			}
		}
	}
}
