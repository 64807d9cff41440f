package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// Limits of one schema.
const (
	maxSchemaFiles = 100
	maxSchemaNodes = 50_000 // subschemas, each counted once
)

// schemaBase is the address that a schema file without an $id gets; its steps
// leave room for references upwards.
const schemaBase = "schema:///d/d/d/d/d/d/d/d/"

// schemaDocs are the documents of a schema: the file itself and those that it
// refers to.
type schemaDocs struct {
	in       *input
	base     string // address of the folder of the first file
	byURL    map[string]*schemaNode
	files    int
	findings issue.List
	world    error // the file system failed
}

// schemaDrafts are the metaschemas by their address without scheme and fragment.
var schemaDrafts = map[string]*jsonschema.Draft{
	"json-schema.org/draft-04/schema":      jsonschema.Draft4,
	"json-schema.org/draft-06/schema":      jsonschema.Draft6,
	"json-schema.org/draft-07/schema":      jsonschema.Draft7,
	"json-schema.org/draft/2019-09/schema": jsonschema.Draft2019,
	"json-schema.org/draft/2020-12/schema": jsonschema.Draft2020,
	"json-schema.org/schema":               jsonschema.Draft2020,
}

// compileSchema reads the schema of in and all that it refers to. The schema is
// nil where a finding is an error.
func compileSchema(in *input) (*schemaDocs, *jsonschema.Schema, error) {
	d := &schemaDocs{in: in, byURL: map[string]*schemaNode{}}
	address := schemaBase + (&url.URL{Path: path.Base(strings.ReplaceAll(in.file, "\\", "/"))}).EscapedPath()
	d.base = schemaBase
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat = true
	compiler.LoadURL = d.load
	src, err := d.add(address, in.file, in.data)
	if err != nil {
		return d, nil, d.world
	}
	if root := d.byURL[address]; root != nil {
		if id := schemaID(root); id != "" {
			if u, err := url.Parse(id); err == nil && u.IsAbs() {
				u.Path, u.RawPath = path.Dir(u.Path+"x")+"/", ""
				u.Fragment, u.RawQuery = "", ""
				d.base = u.String()
			}
		}
	}
	s, err := d.compile(compiler, address, src)
	if d.world != nil {
		return d, nil, d.world
	}
	if err != nil {
		d.explain(address, err)
		return d, nil, nil
	}
	return d, s, nil
}

// compile holds a panic of the library, which compiles expressions with
// MustCompile, to an error.
func (d *schemaDocs) compile(c *jsonschema.Compiler, address string, src []byte) (s *jsonschema.Schema, err error) {
	defer func() {
		if p := recover(); p != nil {
			s, err = nil, errors.New("want a schema that can be compiled")
		}
	}()
	if err := c.AddResource(address, bytes.NewReader(src)); err != nil {
		return nil, err
	}
	return c.Compile(address)
}

// salt tells the definitions of one schema from those of another.
func (d *schemaDocs) salt() string {
	h := sha256.New()
	for _, address := range slices.Sorted(maps.Keys(d.byURL)) {
		h.Write(d.byURL[address].append([]byte(address)))
	}
	return "-" + hex.EncodeToString(h.Sum(nil)[:4])
}

func schemaID(n *schemaNode) string {
	if id := n.str("$id"); id != "" {
		return id
	}
	return n.str("id")
}

// load opens a document that a schema refers to: a file beside it.
func (d *schemaDocs) load(address string) (io.ReadCloser, error) {
	ref, ok := schemaRelative(d.base, address)
	if !ok {
		ref, ok = schemaRelative(schemaBase, address)
	}
	if !ok {
		return nil, &schemaRefError{address, "want a file beside the schema, have an address: nothing is fetched"}
	}
	if d.files++; d.files > maxSchemaFiles {
		return nil, &schemaRefError{address, fmt.Sprintf("want at most %d files, have more", maxSchemaFiles)}
	}
	if d.in.open == nil {
		return nil, &schemaRefError{address, "want no other file"}
	}
	file, data, err := d.in.open(ref)
	if err != nil {
		return nil, &schemaRefError{address, "want a file of the name " + quote(ref) + ", have none that can be read"}
	}
	src, err := d.add(address, file, data)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(src)), nil
}

// schemaRefError says why a reference leads nowhere.
type schemaRefError struct{ address, message string }

func (e *schemaRefError) Error() string { return e.message }

// errSchemaDoc says that findings tell what is wrong with a document.
var errSchemaDoc = errors.New("dataset: a schema document is wrong")

// schemaRelative returns the path that leads from the folder base to address.
func schemaRelative(base, address string) (string, bool) {
	b, err1 := url.Parse(base)
	a, err2 := url.Parse(address)
	if err1 != nil || err2 != nil || a.Scheme != b.Scheme || a.Host != b.Host || a.Opaque != "" {
		return "", false
	}
	from, to := strings.Split(strings.Trim(b.Path, "/"), "/"), strings.Split(strings.TrimPrefix(a.Path, "/"), "/")
	if b.Path == "/" || b.Path == "" {
		from = nil
	}
	for len(from) > 0 && len(to) > 1 && from[0] == to[0] {
		from, to = from[1:], to[1:]
	}
	ref := strings.Repeat("../", len(from)) + strings.Join(to, "/")
	return ref, len(to) > 0 && to[len(to)-1] != ""
}

// add reads a document, checks it against its metaschema and returns it as JSON.
// Findings tell what is wrong with it.
func (d *schemaDocs) add(address, file string, data []byte) ([]byte, error) {
	root, findings := parseSchemaNode(file, data)
	d.findings = append(d.findings, findings...)
	if root == nil {
		return nil, errSchemaDoc
	}
	draft := jsonschema.Draft2020
	if at := root.get("$schema"); at != nil {
		name := strings.TrimSuffix(strings.TrimSuffix(at.text, "#"), "/")
		_, name, _ = strings.Cut(name, "://")
		if draft = schemaDrafts[name]; draft == nil {
			d.finding(CodeSchemaForm, at.pos, "$schema", "want draft 4, 6, 7, 2019-09 or 2020-12 of JSON Schema, have another")
			return nil, errSchemaDoc
		}
	}
	d.patterns(root, "", 0)
	src := root.append(nil)
	var doc any
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		return nil, err
	}
	meta, err := jsonschema.NewCompiler().Compile(draft.URL())
	if err != nil {
		return nil, err
	}
	d.byURL[address] = root
	if id := schemaID(root); id != "" {
		base, err1 := url.Parse(address)
		ref, err2 := url.Parse(id)
		if err1 == nil && err2 == nil {
			u := base.ResolveReference(ref)
			u.Fragment, u.RawFragment = "", ""
			d.byURL[u.String()] = root
		}
	}
	if err := meta.Validate(doc); err != nil {
		d.form(root, err)
		return nil, errSchemaDoc
	}
	return src, nil
}

func (d *schemaDocs) finding(code issue.Code, pos issue.Pos, where, message string) {
	d.findings = append(d.findings, issue.Issue{Severity: issue.Error, Code: code, Pos: pos, Path: where, Message: message})
}

// form reports what the metaschema says: the innermost reasons, each place once.
func (d *schemaDocs) form(root *schemaNode, err error) {
	var ve *jsonschema.ValidationError
	if !errors.As(err, &ve) {
		d.finding(CodeSchemaForm, root.pos, "", "want a JSON Schema")
		return
	}
	const most = 20
	var places []string
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		for _, c := range e.Causes {
			walk(c)
		}
		if len(e.Causes) > 0 || len(places) >= most || slices.Contains(places, e.InstanceLocation) {
			return
		}
		places = append(places, e.InstanceLocation)
		pos := root.pos
		where, _ := url.PathUnescape(e.InstanceLocation)
		if n := root.at(where); n != nil {
			pos = n.pos
		}
		d.finding(CodeSchemaForm, pos, where, wantOf(e))
	}
	walk(ve)
}

// wantOf says what a metaschema asks for, without the value that is there.
func wantOf(e *jsonschema.ValidationError) string {
	keyword := e.KeywordLocation[strings.LastIndexByte(e.KeywordLocation, '/')+1:]
	switch keyword {
	case "type":
		if want, have, ok := strings.Cut(strings.TrimPrefix(e.Message, "expected "), ", but got "); ok {
			return "want " + want + ", have " + have
		}
	case "enum":
		return "want one of the words of JSON Schema, have another"
	case "format", "pattern":
		return "want a text of the form that the keyword asks for"
	case "uniqueItems":
		return "want different elements, have equal ones"
	}
	return "want what the metaschema's " + keyword + " asks for"
}

// explain reports why a schema does not compile.
func (d *schemaDocs) explain(address string, err error) {
	for _, f := range d.findings {
		if f.Severity >= issue.Error {
			return
		}
	}
	root := d.byURL[address]
	pos := issue.Pos{Source: d.in.file}
	if root != nil {
		pos = root.pos
	}
	var ref *schemaRefError
	var loop jsonschema.InfiniteLoopError
	switch {
	case errors.As(err, &ref):
		if n := findRef(root, ref.address); n != nil {
			pos = n.pos
		}
		d.finding(CodeSchemaRef, pos, "", ref.message)
	case errors.As(err, &loop):
		d.finding(CodeSchemaLoop, pos, "", "want a schema that leads on to members or items, have a reference in a circle")
	case strings.HasSuffix(err.Error(), " not found"):
		message := "want a reference that leads somewhere"
		if n := d.deadRef(root); n != nil {
			pos, message = n.pos, "want a reference that leads somewhere, have "+quote(n.text)
		}
		d.finding(CodeSchemaRef, pos, "", message)
	default:
		d.finding(CodeSchemaForm, pos, "", "want a schema that can be compiled")
	}
}

// findRef returns the first reference whose last step is that of address.
func findRef(n *schemaNode, address string) *schemaNode {
	return firstRef(n, func(ref string) bool {
		ref, _, _ = strings.Cut(ref, "#")
		return ref != "" && strings.HasSuffix(address, path.Base(ref))
	})
}

// deadRef returns the first reference within the document that leads nowhere.
func (d *schemaDocs) deadRef(root *schemaNode) *schemaNode {
	return firstRef(root, func(ref string) bool {
		if !strings.HasPrefix(ref, "#/") {
			return false
		}
		pointer, err := url.PathUnescape(ref[1:])
		return err == nil && root.at(pointer) == nil
	})
}

func firstRef(n *schemaNode, ok func(string) bool) *schemaNode {
	if n == nil {
		return nil
	}
	for _, m := range n.members {
		if m.name == "$ref" && m.value.kind == jsontree.String && ok(m.value.text) {
			return m.value
		}
		if found := firstRef(m.value, ok); found != nil {
			return found
		}
	}
	for _, e := range n.items {
		if found := firstRef(e, ok); found != nil {
			return found
		}
	}
	return nil
}

// Keywords by what they hold.
var (
	schemaKeywords = []string{"not", "if", "then", "else", "items", "additionalItems", "contains", "propertyNames",
		"additionalProperties", "unevaluatedItems", "unevaluatedProperties", "contentSchema"}
	schemaListKeywords = []string{"allOf", "anyOf", "oneOf", "prefixItems", "items"}
	schemaMapKeywords  = []string{"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"}
)

// patterns puts the regular expressions of a document into the syntax of package
// regexp, and takes those out, with a finding, that it cannot express.
func (d *schemaDocs) patterns(n *schemaNode, where string, depth int) {
	if n == nil || n.kind != jsontree.Object || depth > maxSchemaDepth {
		return
	}
	if p := n.get("pattern"); p != nil && p.kind == jsontree.String {
		if text, ok := goPattern(p.text); ok {
			p.text = text
		} else {
			d.noPattern(p.pos, where+"/pattern")
			n.drop("pattern")
		}
	}
	for _, m := range n.members {
		switch {
		case slices.Contains(schemaMapKeywords, m.name):
			for _, s := range m.value.members {
				d.patterns(s.value, where+"/"+m.name+"/"+s.name, depth+1)
			}
		case slices.Contains(schemaListKeywords, m.name) && m.value.kind == jsontree.Array:
			for i, s := range m.value.items {
				d.patterns(s, where+"/"+m.name+"/"+strconv.Itoa(i), depth+1)
			}
		case slices.Contains(schemaKeywords, m.name):
			d.patterns(m.value, where+"/"+m.name, depth+1)
		}
	}
	if p := n.get("patternProperties"); p != nil {
		for i := range p.members {
			m := &p.members[i]
			if text, ok := goPattern(m.name); ok {
				m.name = text
			} else {
				d.noPattern(m.value.pos, where+"/patternProperties")
				// What the expression would have allowed cannot be told from the rest.
				m.name, m.value = "", &schemaNode{kind: jsontree.Object, pos: m.value.pos}
			}
		}
	}
}

func (d *schemaDocs) noPattern(pos issue.Pos, where string) {
	d.findings = append(d.findings, issue.Issue{Severity: issue.Warning, Code: CodeSchemaPattern, Pos: pos, Path: where,
		Message: "want an expression in the syntax of RE2, have one beyond it: it is not checked"})
}

// drop takes out the members of that name.
func (n *schemaNode) drop(name string) {
	n.members = slices.DeleteFunc(n.members, func(m schemaMember) bool { return m.name == name })
}

var unicodeEscape = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\\u\{?([0-9a-fA-F]{1,6})\}?`) })

// goPattern returns an expression of ECMA 262 in the syntax of package regexp,
// false where it has no like.
func goPattern(p string) (string, bool) {
	if _, err := regexp.Compile(p); err == nil {
		return p, true
	}
	q := unicodeEscape().ReplaceAllString(p, `\x{$1}`)
	q = strings.NewReplacer(`[^]`, `[\x{0}-\x{10FFFF}]`, `\cJ`, `\n`, `\cM`, `\r`, `\cI`, `\t`).Replace(q)
	_, err := regexp.Compile(q)
	return q, err == nil
}
