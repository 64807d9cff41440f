package survey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

// maxLevels bounds how deep elements become columns, maxNodes how many
// different elements of one resource type are counted.
const maxLevels, maxNodes = 6, 5_000

// node is an element of a resource type as it occurs.
type node struct {
	name  string // as FHIRPath says it: value.ofType(Quantity), name
	typ   string
	kids  []*node
	count int // records and elements in which it occurs
	most  int // the most elements under one parent
	leaf  bool
	known bool            // whether the definitions have it
	about map[string]bool // of references: the types that they lead to
}

func (n *node) kid(name string) *node {
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	k := &node{name: name}
	n.kids = append(n.kids, k)
	return k
}

// census counts the elements of resources.
type census struct {
	defs  *fhirdef.Definitions
	types map[string]*node
	nodes map[string]int
}

// fhir drafts a table for each resource type.
func (d *drafter) fhir(ctx context.Context, in *inputs) (err error) {
	if len(in.fhir) == 0 {
		return nil
	}
	srcs, err := fhir.NewSources(in.fhir)
	if err != nil {
		return fmt.Errorf("survey: %w", err)
	}
	defer func() { err = errors.Join(err, fhir.CloseSources(srcs)) }()
	c := &census{defs: fhirdef.R4(), types: map[string]*node{}, nodes: map[string]int{}}
	// One reader: which records are looked at must not depend on the number of workers.
	for _, src := range srcs {
		if err := c.read(ctx, src, d.opts); err != nil {
			return err
		}
	}
	var types []string
	for t := range c.types {
		types = append(types, t)
	}
	slices.Sort(types)
	tables := make(map[string]string)
	for _, t := range types {
		tables[t] = d.name(t)
	}
	for _, t := range types {
		d.fhirTable(c.types[t], t, tables)
	}
	return nil
}

// read counts the resources of one source.
func (c *census) read(ctx context.Context, src fhir.Source, o InferOptions) error {
	opts := &fhir.ReadOptions{Workers: 1, Reporter: o.Reporter, Quarantine: func(fhir.Rejected) error { return nil }}
	_, err := fhir.Each(ctx, []fhir.Source{src}, opts, func(_ int, r *fhir.Resource) error {
		n := c.types[r.Type()]
		if n == nil {
			n = &node{name: r.Type()}
			c.types[r.Type()] = n
		}
		if o.Records > 0 && n.count >= o.Records {
			return nil
		}
		n.count++
		c.add(n, r.Type(), r.Root(), r.Type(), 0)
		return nil
	})
	if err != nil {
		return fmt.Errorf("survey: %w", err)
	}
	return nil
}

// passedOver are members that make no column: narrative, what has resources of
// its own, and what changes meaning and has to be looked at by people.
var passedOver = []string{"resourceType", "text", "contained", "implicitRules", "modifierExtension", "meta"}

// add counts the members of an object.
func (c *census) add(n *node, typ string, e fhir.Element, root string, level int) {
	shape := c.defs.Shape(typ)
	if shape == nil || level > maxLevels {
		return
	}
	for m := e.First(); m.Exists(); m = m.Next() {
		name := m.Name()
		if strings.HasPrefix(name, "_") || slices.Contains(passedOver, name) || level > 0 && name == "id" {
			continue
		}
		if name == "extension" {
			c.extensions(n, m, root, level)
			continue
		}
		member, t := shape.JSON([]byte(name))
		if member == nil || c.nodes[root] > maxNodes {
			continue
		}
		c.nodes[root]++
		step := member.Name
		if member.Choice {
			step += ".ofType(" + strings.TrimPrefix(t, "System.") + ")"
		}
		c.member(n.kid(step), t, m, root, level)
	}
}

// member counts the value or the values of a member.
func (c *census) member(k *node, t string, m fhir.Element, root string, level int) {
	k.typ, k.known = t, true
	values := 1
	each := func(v fhir.Element) {
		k.count++
		switch {
		case t == "Reference":
			k.leaf = true
			k.lead(v.Get("reference").Text())
		case v.IsObject():
			c.add(k, t, v, root, level+1)
		default:
			k.leaf = true
		}
	}
	if m.IsArray() {
		values = m.Len()
		for v := m.First(); v.Exists(); v = v.Next() {
			each(v)
		}
	} else {
		each(m)
	}
	k.most = max(k.most, values)
}

// extensions counts extensions with a value by their URL; those that hold others are
// left to people.
func (c *census) extensions(n *node, list fhir.Element, root string, level int) {
	for x := list.First(); x.Exists(); x = x.Next() {
		url := x.Get("url").Text()
		for m := x.First(); m.Exists(); m = m.Next() {
			t, ok := strings.CutPrefix(m.Name(), "value")
			if !ok || url == "" || strings.ContainsAny(url, "'\\ \n") {
				continue
			}
			member, typ := c.defs.Shape("Extension").JSON(m.NameBytes())
			if member == nil || t == "" || c.nodes[root] > maxNodes {
				continue
			}
			c.nodes[root]++
			c.member(n.kid("extension('"+url+"').value.ofType("+strings.TrimPrefix(typ, "System.")+")"), typ, m, root, level+1)
		}
	}
}

// lead notes the type that a reference leads to.
func (n *node) lead(ref string) {
	if n.about == nil {
		n.about = map[string]bool{}
	}
	typ := ""
	if parts := strings.Split(ref, "/"); len(parts) >= 2 && fhir.IsResourceType(parts[len(parts)-2]) {
		typ = parts[len(parts)-2]
	}
	n.about[typ] = true
}

var fhirGrains = map[string]dataset.Grain{
	"Patient": dataset.PerPatient, "Encounter": dataset.PerEncounter, "ImagingStudy": dataset.PerStudy, "Specimen": dataset.PerSpecimen,
}

// fhirTable drafts the table of a resource type.
func (d *drafter) fhirTable(n *node, typ string, tables map[string]string) {
	name := tables[typ]
	d.sources = append(d.sources, source{name: name, kind: string(dataset.FHIRStructure), ref: typ, comment: fmt.Sprintf("R4's own; name a profile where the data follow one (%d records)", n.count)})
	t := table{name: name, from: name, grain: string(dataset.PerEvent), key: []string{"id"}}
	if g, ok := fhirGrains[typ]; ok {
		t.grain = string(g)
	}
	taken := map[string]bool{"id": true}
	t.fields = append(t.fields, field{name: "id", path: "getResourceKey()", required: true, role: dataset.DirectID})
	var walk func(n *node, path, column string, several bool)
	walk = func(n *node, path, column string, several bool) {
		for _, k := range n.kids {
			p, c := k.name, column
			if path != "" {
				p = path + "." + k.name
			}
			for _, word := range strings.FieldsFunc(columnOf(k.name), func(r rune) bool { return r == '.' }) {
				if word != "coding" {
					c = strings.TrimPrefix(c+"_"+identifier(word), "_")
				}
			}
			many := several || k.most > 1
			if k.leaf && c != "id" {
				f := fhirField(k, typ, p, c, many, taken)
				t.fields = append(t.fields, f)
				if target := onlyTarget(k, tables); target != "" && !many {
					t.refs = append(t.refs, dataset.Ref{Fields: []string{f.name}, Table: target})
				}
			}
			walk(k, p, c, many)
		}
	}
	walk(n, "", "", false)
	d.tables = append(d.tables, t)
}

// columnOf is the part of a step that names a column: value.ofType(Quantity) is
// value, an extension the last word of its URL.
func columnOf(step string) string {
	if url, ok := strings.CutPrefix(step, "extension('"); ok {
		url, _, _ = strings.Cut(url, "'")
		return strings.NewReplacer(".", "-", "#", "-").Replace(url[strings.LastIndexByte(url, '/')+1:])
	}
	name, typ, ok := strings.Cut(step, ".ofType(")
	if ok {
		return name + "." + strings.TrimSuffix(typ, ")")
	}
	return name
}

func fhirField(k *node, typ, path, column string, many bool, taken map[string]bool) field {
	name := column
	for i := 2; taken[name]; i++ {
		name = fmt.Sprintf("%s_%d", column, i)
	}
	taken[name] = true
	f := field{name: name, path: path, list: many, role: roleOfFHIR(typ, path, k.typ)}
	if k.typ == "Reference" {
		f.path += ".getReferenceKey()"
	}
	if !many && listOnTheWay(typ, path) {
		f.path = first(f.path)
		f.comment = "the first; no record looked at has more"
	}
	return f
}

// first takes the first element at every step that may have several.
func first(path string) string { return path + ".first()" }

// listOnTheWay reports whether a path of a type leads through a list.
func listOnTheWay(typ, path string) bool {
	defs := fhirdef.R4()
	shape := defs.Shape(typ)
	for step := range strings.SplitSeq(path, ".") {
		if strings.HasPrefix(step, "extension(") {
			return true
		}
		if typ, ok := strings.CutPrefix(step, "ofType("); ok {
			shape = defs.Shape(strings.TrimSuffix(typ, ")"))
			continue
		}
		if shape == nil {
			return false
		}
		m := shape.Member(step)
		if m == nil {
			return false
		}
		if m.List {
			return true
		}
		if len(m.Choices) > 0 {
			shape = defs.Shape(m.Choices[0].Type)
		}
	}
	return false
}

// onlyTarget returns the table to which all references of an element lead.
func onlyTarget(k *node, tables map[string]string) string {
	if len(k.about) != 1 {
		return ""
	}
	for t := range k.about {
		return tables[t]
	}
	return ""
}
