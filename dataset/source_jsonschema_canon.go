package dataset

import (
	"math/big"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// schemaGraph are the subschemas that a schema reaches. It writes them in one
// dialect, whatever their draft: the keywords of 2020-12, references only as
// #/$defs/NAME, and none of the keywords that are annotations.
type schemaGraph struct {
	docs *schemaDocs
	// names are those that a definition gets: what a reference leads to.
	names map[*jsonschema.Schema]string
	nodes map[*jsonschema.Schema]*schemaNode
	order []*jsonschema.Schema
	// recursive are the schemas with $recursiveAnchor, dynamic those with a
	// $dynamicAnchor, by its name.
	recursive []*jsonschema.Schema
	dynamic   map[string][]*jsonschema.Schema
	big       bool
}

// schemaEdge leads from a schema to one that it applies, to the same value or to
// a part of it.
type schemaEdge struct {
	to      *jsonschema.Schema
	inPlace bool
	ref     bool
}

func newSchemaGraph(d *schemaDocs, root *jsonschema.Schema) *schemaGraph {
	g := &schemaGraph{docs: d, names: map[*jsonschema.Schema]string{}, nodes: map[*jsonschema.Schema]*schemaNode{},
		dynamic: map[string][]*jsonschema.Schema{}}
	g.visit(root)
	return g
}

// visit collects what s reaches. It keeps its own stack, so that no schema is too
// deep.
func (g *schemaGraph) visit(root *jsonschema.Schema) {
	stack := []*jsonschema.Schema{root}
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if _, ok := g.nodes[s]; ok {
			continue
		}
		if len(g.order) >= maxSchemaNodes {
			g.big = true
			return
		}
		g.nodes[s] = g.docs.node(s)
		g.order = append(g.order, s)
		if s.RecursiveAnchor {
			g.recursive = append(g.recursive, s)
		}
		if s.DynamicAnchor != "" {
			g.dynamic[s.DynamicAnchor] = append(g.dynamic[s.DynamicAnchor], s)
		}
		edges := g.edges(s)
		for _, e := range slices.Backward(edges) {
			if e.ref && g.names[e.to] == "" {
				g.names[e.to] = "?"
			}
			stack = append(stack, e.to)
		}
	}
	if g.names[root] == "" {
		g.names[root] = "?"
	}
	salt, names := g.docs.salt(), unique{}
	for _, s := range g.order {
		if g.names[s] != "" {
			g.names[s] = names.name(schemaWord(s)) + salt
		}
	}
}

// schemaWord is a word for the place of a schema: the name of the definition.
func schemaWord(s *jsonschema.Schema) string {
	word := schemaDefinition(s)
	if word == "" {
		word = path.Base(pointerOf(s))
	}
	if word = tableWord(word); word == "" || len(word) > 60 {
		return "schema"
	}
	return word
}

// node returns the place of a schema in its document.
func (d *schemaDocs) node(s *jsonschema.Schema) *schemaNode {
	address, pointer, _ := strings.Cut(s.Location, "#")
	pointer, err := url.PathUnescape(pointer)
	if n := d.byURL[address]; n != nil && err == nil {
		if at := n.at(pointer); at != nil {
			return at
		}
	}
	return &schemaNode{kind: jsontree.Object, pos: issue.Pos{Source: d.in.file}}
}

// schemaOrder returns the names of a map of schemas as they stand in the document.
func schemaOrder[V any](n *schemaNode, m map[string]V) []string {
	var names []string
	seen := map[string]bool{}
	if n != nil {
		for _, member := range n.members {
			if _, ok := m[member.name]; ok && !seen[member.name] {
				seen[member.name] = true
				names = append(names, member.name)
			}
		}
	}
	rest := len(names)
	for name := range m {
		if !seen[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names[rest:])
	return names
}

func schemaPatterns(s *jsonschema.Schema) map[string]*jsonschema.Schema {
	m := make(map[string]*jsonschema.Schema, len(s.PatternProperties))
	for re, sub := range s.PatternProperties {
		m[re.String()] = sub
	}
	return m
}

// edges returns what s applies, in the order of the document.
func (g *schemaGraph) edges(s *jsonschema.Schema) []schemaEdge {
	n := g.nodes[s]
	var all []schemaEdge
	add := func(inPlace, ref bool, list ...*jsonschema.Schema) {
		for _, to := range list {
			if to != nil {
				all = append(all, schemaEdge{to, inPlace, ref})
			}
		}
	}
	add(true, true, s.Ref, s.RecursiveRef, s.DynamicRef)
	for _, name := range schemaOrder(n.get("properties"), s.Properties) {
		add(false, false, s.Properties[name])
	}
	patterns := schemaPatterns(s)
	for _, name := range schemaOrder(n.get("patternProperties"), patterns) {
		add(false, false, patterns[name])
	}
	if sub, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
		add(false, false, sub)
	}
	add(false, false, s.PropertyNames, s.UnevaluatedProperties)
	add(false, false, itemSchemas(s)...)
	add(false, false, restSchema(s), s.Contains, s.UnevaluatedItems, s.ContentSchema)
	add(true, false, s.Not)
	add(true, false, s.AllOf...)
	add(true, false, s.AnyOf...)
	add(true, false, s.OneOf...)
	add(true, false, s.If, s.Then, s.Else)
	for _, name := range schemaOrder(n.get("dependencies"), s.Dependencies) {
		if sub, ok := s.Dependencies[name].(*jsonschema.Schema); ok {
			add(true, false, sub)
		}
	}
	for _, name := range schemaOrder(n.get("dependentSchemas"), s.DependentSchemas) {
		add(true, false, s.DependentSchemas[name])
	}
	return all
}

// itemSchemas are those of the first items; restSchema is that of the others, nil
// if any. A false additionalItems is none of them.
func itemSchemas(s *jsonschema.Schema) []*jsonschema.Schema {
	if list, ok := s.Items.([]*jsonschema.Schema); ok {
		return list
	}
	return s.PrefixItems
}

func restSchema(s *jsonschema.Schema) *jsonschema.Schema {
	switch {
	case s.Items2020 != nil:
		return s.Items2020
	case s.AdditionalItems != nil:
		sub, _ := s.AdditionalItems.(*jsonschema.Schema)
		return sub
	}
	sub, _ := s.Items.(*jsonschema.Schema)
	return sub
}

// maxSchemaWork bounds how many subschemas are applied to one value.
const maxSchemaWork = 100_000

// check finds schemas that no value can be held against in reasonable time: a
// circle on the same value, or subschemas that fan out.
func (g *schemaGraph) check() {
	d := g.docs
	if g.big {
		d.finding(CodeSchemaSize, issue.Pos{Source: d.in.file, Line: 1, Column: 1}, "",
			"want at most "+strconv.Itoa(maxSchemaNodes)+" subschemas, have more")
		return
	}
	const onStack = -1
	work := map[*jsonschema.Schema]int{}
	var visit func(*jsonschema.Schema) bool
	visit = func(s *jsonschema.Schema) bool {
		switch w := work[s]; {
		case w == onStack:
			d.finding(CodeSchemaLoop, g.nodes[s].pos, pointerOf(s), "want a schema that leads on to members or items, have a reference in a circle")
			return false
		case w > 0:
			return true
		}
		work[s] = onStack
		sum := 1
		for _, e := range g.edges(s) {
			if !e.inPlace {
				continue
			}
			if !visit(e.to) {
				return false
			}
			if sum += work[e.to]; sum > maxSchemaWork {
				d.finding(CodeSchemaSize, g.nodes[s].pos, pointerOf(s),
					"want at most "+strconv.Itoa(maxSchemaWork)+" subschemas for one value, have more")
				return false
			}
		}
		work[s] = sum
		return true
	}
	for _, s := range g.order {
		if !visit(s) {
			return
		}
	}
	for _, s := range g.order {
		if r := s.RecursiveRef; r != nil && r.RecursiveAnchor && len(g.recursive) > 1 {
			g.notHeld(s, "$recursiveRef", "a reference whose end depends on the way to it: it is taken as it stands")
		}
		if r := s.DynamicRef; r != nil && r.DynamicAnchor != "" && len(g.dynamic[r.DynamicAnchor]) > 1 {
			g.notHeld(s, "$dynamicRef", "a reference whose end depends on the way to it: it is taken as it stands")
		}
	}
}

func (g *schemaGraph) notHeld(s *jsonschema.Schema, keyword, message string) {
	pos := g.nodes[s].pos
	if n := g.nodes[s].get(keyword); n != nil {
		pos = n.pos
	}
	where := strings.TrimSuffix(pointerOf(s)+"/"+keyword, "/")
	g.docs.findings = append(g.docs.findings, issue.Issue{Severity: issue.Warning, Code: CodeNotHeld, Pos: pos, Path: where,
		Message: "not held: " + message})
}

// pointerOf is the place of a schema in its document.
func pointerOf(s *jsonschema.Schema) string {
	_, pointer, _ := strings.Cut(s.Location, "#")
	if p, err := url.PathUnescape(pointer); err == nil {
		return p
	}
	return pointer
}

// expression returns the keywords of s that keep takes, as a schema by itself
// with all definitions that it needs. A nil keep takes all.
func (g *schemaGraph) expression(s *jsonschema.Schema, keep func(keyword string) bool) string {
	w := schemaWriter{g: g, done: map[*jsonschema.Schema]bool{}}
	w.object(s, keep)
	w.definitions()
	return string(w.b)
}

// schemaWriter writes schemas in the one dialect.
type schemaWriter struct {
	g    *schemaGraph
	b    []byte
	todo []*jsonschema.Schema
	done map[*jsonschema.Schema]bool
}

// definitions adds $defs to the object that was written.
func (w *schemaWriter) definitions() {
	if len(w.todo) == 0 {
		return
	}
	if w.b[0] != '{' { // true or false refers to nothing
		return
	}
	w.b = w.b[:len(w.b)-1]
	w.key("$defs")
	w.b = append(w.b, '{')
	for i := 0; i < len(w.todo); i++ {
		w.key(w.g.names[w.todo[i]])
		w.object(w.todo[i], nil)
	}
	w.b = append(w.b, "}}"...)
}

// key writes the name of a member, with a comma where one is needed.
func (w *schemaWriter) key(name string) {
	if w.b[len(w.b)-1] != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(appendJSONText(w.b, name), ':')
}

// schema writes a subschema: a reference where it has a name.
func (w *schemaWriter) schema(s *jsonschema.Schema) {
	if w.g.names[s] == "" {
		w.object(s, nil)
		return
	}
	w.b = append(w.b, '{')
	w.ref(s)
	w.b = append(w.b, '}')
}

func (w *schemaWriter) ref(s *jsonschema.Schema) {
	if !w.done[s] {
		w.done[s] = true
		w.todo = append(w.todo, s)
	}
	w.key("$ref")
	w.b = appendJSONText(w.b, "#/$defs/"+w.g.names[s])
}

func (w *schemaWriter) object(s *jsonschema.Schema, keep func(string) bool) {
	if s.Always != nil {
		w.b = strconv.AppendBool(w.b, *s.Always)
		return
	}
	if keep == nil {
		keep = func(string) bool { return true }
	}
	n := w.g.nodes[s]
	w.b = append(w.b, '{')
	w.values(s, n, keep)
	w.members(s, n, keep)
	w.elements(s, n, keep)
	w.combined(s, n, keep)
	w.b = append(w.b, '}')
}

// values writes the keywords on values as such, on texts and numbers.
func (w *schemaWriter) values(s *jsonschema.Schema, n *schemaNode, keep func(string) bool) {
	if len(s.Types) > 0 && keep("type") {
		w.key("type")
		w.texts(s.Types)
	}
	for _, k := range []string{"enum", "const"} {
		if v := n.get(k); v != nil && keep(k) && (len(s.Enum) > 0 && k == "enum" || len(s.Constant) > 0 && k == "const") {
			w.key(k)
			w.b = v.append(w.b)
		}
	}
	if assertedFormat(s) && keep("format") {
		w.key("format")
		w.b = appendJSONText(w.b, s.Format)
	}
	w.number("minLength", s.MinLength, -1, keep)
	w.number("maxLength", s.MaxLength, -1, keep)
	if s.Pattern != nil && keep("pattern") {
		w.key("pattern")
		w.b = appendJSONText(w.b, s.Pattern.String())
	}
	if s.Draft == jsonschema.Draft7 && keep("contentEncoding") && (s.ContentEncoding == "base64" || s.ContentMediaType == "application/json") {
		if s.ContentEncoding != "" {
			w.key("contentEncoding")
			w.b = appendJSONText(w.b, s.ContentEncoding)
		}
		if s.ContentMediaType != "" {
			w.key("contentMediaType")
			w.b = appendJSONText(w.b, s.ContentMediaType)
		}
		if s.ContentSchema != nil {
			w.key("contentSchema")
			w.schema(s.ContentSchema)
		}
	}
	for _, b := range schemaBounds(s, n) {
		if keep(b.keyword) {
			w.key(b.keyword)
			w.b = append(w.b, b.text...)
		}
	}
}

// assertedFormat says that the format of s is checked: one that is known, except
// where the draft's vocabulary leaves it out.
func assertedFormat(s *jsonschema.Schema) bool {
	_, known := jsonschema.Formats[s.Format]
	return s.Format != "" && known
}

// schemaBound is a keyword on numbers with its number as written.
type schemaBound struct {
	keyword string
	text    Literal
}

// schemaBounds returns those of s, exclusive ones of draft 4 as in the later drafts.
func schemaBounds(s *jsonschema.Schema, n *schemaNode) []schemaBound {
	var all []schemaBound
	add := func(keyword string, r *big.Rat, from string) {
		if r == nil {
			return
		}
		v := n.get(keyword)
		if v == nil || v.kind != jsontree.Number {
			v = n.get(from)
		}
		if v != nil && v.kind == jsontree.Number {
			all = append(all, schemaBound{keyword, Literal(v.text)})
		}
	}
	add("minimum", s.Minimum, "minimum")
	add("exclusiveMinimum", s.ExclusiveMinimum, "minimum")
	add("maximum", s.Maximum, "maximum")
	add("exclusiveMaximum", s.ExclusiveMaximum, "maximum")
	add("multipleOf", s.MultipleOf, "multipleOf")
	return all
}

func (w *schemaWriter) number(keyword string, n, none int, keep func(string) bool) {
	if n != none && keep(keyword) {
		w.key(keyword)
		w.b = strconv.AppendInt(w.b, int64(n), 10)
	}
}

func (w *schemaWriter) texts(list []string) {
	w.b = append(w.b, '[')
	for i, s := range list {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = appendJSONText(w.b, s)
	}
	w.b = append(w.b, ']')
}

// member writes a keyword that holds one schema.
func (w *schemaWriter) member(keyword string, s *jsonschema.Schema, keep func(string) bool) {
	if s != nil && keep(keyword) {
		w.key(keyword)
		w.schema(s)
	}
}

func (w *schemaWriter) list(keyword string, list []*jsonschema.Schema, keep func(string) bool) {
	if len(list) == 0 || !keep(keyword) {
		return
	}
	w.key(keyword)
	w.b = append(w.b, '[')
	for i, s := range list {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.schema(s)
	}
	w.b = append(w.b, ']')
}

// properties writes a keyword that holds schemas by name.
func (w *schemaWriter) properties(keyword string, n *schemaNode, m map[string]*jsonschema.Schema, keep func(string) bool) {
	if len(m) == 0 || !keep(keyword) {
		return
	}
	w.key(keyword)
	w.b = append(w.b, '{')
	for _, name := range schemaOrder(n.get(keyword), m) {
		w.key(name)
		w.schema(m[name])
	}
	w.b = append(w.b, '}')
}

// members writes the keywords on objects.
func (w *schemaWriter) members(s *jsonschema.Schema, n *schemaNode, keep func(string) bool) {
	w.number("minProperties", s.MinProperties, -1, keep)
	w.number("maxProperties", s.MaxProperties, -1, keep)
	if len(s.Required) > 0 && keep("required") {
		w.key("required")
		w.texts(s.Required)
	}
	if keep("properties") {
		w.properties("properties", n, s.Properties, keep)
	} else if len(s.Properties) > 0 && keep("property-names") {
		// Only which names are taken: additionalProperties looks at them.
		w.key("properties")
		w.b = append(w.b, '{')
		for _, name := range schemaOrder(n.get("properties"), s.Properties) {
			w.key(name)
			w.b = append(w.b, "true"...)
		}
		w.b = append(w.b, '}')
	}
	w.properties("patternProperties", n, schemaPatterns(s), keep)
	switch extra := s.AdditionalProperties.(type) {
	case bool:
		if keep("additionalProperties") {
			w.key("additionalProperties")
			w.b = strconv.AppendBool(w.b, extra)
		}
	case *jsonschema.Schema:
		w.member("additionalProperties", extra, keep)
	}
	w.member("propertyNames", s.PropertyNames, keep)
	w.dependent(s, n, keep)
}

// dependent writes what depends on a member, that of the older drafts too.
func (w *schemaWriter) dependent(s *jsonschema.Schema, n *schemaNode, keep func(string) bool) {
	required, schemas := map[string][]string{}, map[string][]*jsonschema.Schema{}
	for name, d := range s.Dependencies {
		switch d := d.(type) {
		case []string:
			required[name] = d
		case *jsonschema.Schema:
			schemas[name] = append(schemas[name], d)
		}
	}
	for name, d := range s.DependentRequired {
		required[name] = append(slices.Clip(required[name]), d...)
	}
	for name, d := range s.DependentSchemas {
		schemas[name] = append(schemas[name], d)
	}
	if len(required) > 0 && keep("dependentRequired") {
		w.key("dependentRequired")
		w.b = append(w.b, '{')
		for _, name := range schemaOrder(n.get("dependentRequired"), required) {
			w.key(name)
			w.texts(required[name])
		}
		w.b = append(w.b, '}')
	}
	if len(schemas) > 0 && keep("dependentSchemas") {
		w.key("dependentSchemas")
		w.b = append(w.b, '{')
		for _, name := range schemaOrder(n.get("dependentSchemas"), schemas) {
			w.key(name)
			if list := schemas[name]; len(list) == 1 {
				w.schema(list[0])
				continue
			}
			w.b = append(w.b, '{')
			w.list("allOf", schemas[name], func(string) bool { return true })
			w.b = append(w.b, '}')
		}
		w.b = append(w.b, '}')
	}
}

// elements writes the keywords on arrays.
func (w *schemaWriter) elements(s *jsonschema.Schema, n *schemaNode, keep func(string) bool) {
	w.number("minItems", s.MinItems, -1, keep)
	w.number("maxItems", s.MaxItems, -1, keep)
	if s.UniqueItems && keep("uniqueItems") {
		w.key("uniqueItems")
		w.b = append(w.b, "true"...)
	}
	w.list("prefixItems", itemSchemas(s), keep)
	if rest := restSchema(s); rest != nil {
		w.member("items", rest, keep)
	} else if yes, ok := s.AdditionalItems.(bool); ok && keep("items") {
		w.key("items")
		w.b = strconv.AppendBool(w.b, yes)
	}
	if s.Contains != nil && keep("contains") {
		w.member("contains", s.Contains, keep)
		w.number("minContains", s.MinContains, 1, keep)
		w.number("maxContains", s.MaxContains, -1, keep)
		if !s.ContainsEval { // before 2020-12 contains tells nothing to unevaluatedItems
			w.key("x-contains-unevaluated")
			w.b = append(w.b, "true"...)
		}
	}
}
