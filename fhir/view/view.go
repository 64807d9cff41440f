package view

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/fhirpath"
	"github.com/carabiner-health/carabiner/issue"
)

// Options are the options of New; nil and zero fields mean the defaults.
type Options struct {
	// Definitions are the types that paths speak of; nil = R4's.
	Definitions *fhirdef.Definitions
	// Source is the name that positions in the definition show.
	Source string
	// PathsOnly leaves every path to FHIRPath: slower, and the rows are the same.
	PathsOnly bool
}

// View is a compiled ViewDefinition. It is immutable and safe to share.
type View struct {
	def      *Definition
	name     string
	defs     *fhirdef.Definitions
	columns  []Column
	where    []path
	root     *part
	parts    int
	scans    bool // iterations, and so contexts, are those of a scan
	pure     bool // nothing is left to FHIRPath
	warnings issue.List
	program  *program
	left     []path // paths left to FHIRPath, by number
	vars     map[string]fhirpath.Collection
	runners  sync.Pool
}

// New compiles the ViewDefinition that src holds in JSON. The error is an
// *issue.ListError with the place of everything that is wrong with it: its
// form, its columns, and its paths.
func New(src []byte, opts *Options) (*View, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Definitions == nil {
		o.Definitions = fhirdef.R4()
	}
	d, err := Parse(o.Source, src)
	if err != nil {
		return nil, err
	}
	b := &builder{
		view:   &View{def: d, name: d.Name, defs: o.Definitions, scans: !o.PathsOnly, pure: !o.PathsOnly},
		reader: reader{src: src, name: o.Source},
	}
	return b.build()
}

// Name returns the name of the view, "" if it has none.
func (v *View) Name() string { return v.name }

// Definition returns what the view was made from.
func (v *View) Definition() *Definition { return v.def }

// Resource returns the type of the resources that have rows.
func (v *View) Resource() string { return v.def.Resource }

// Columns returns the columns in the order of the rows' values. Type is set
// also where the definition leaves it open and the path tells.
func (v *View) Columns() []Column { return slices.Clone(v.columns) }

// Warnings returns what is odd about the definition and does not keep it from
// working, such as a path that names an element that does not exist.
func (v *View) Warnings() issue.List { return slices.Clone(v.warnings) }

// Explain tells for every path whether it is compiled to the scan of the text
// or left to FHIRPath, and why.
func (v *View) Explain() string {
	var b strings.Builder
	how := "scan of the text"
	switch {
	case !v.scans:
		how = "FHIRPath on the tree"
	case !v.pure:
		how = "scan of the text, some paths by FHIRPath on the tree"
	}
	fmt.Fprintf(&b, "%s of %s: %s\n", orUnnamed(v.name), v.def.Resource, how)
	line := func(what string, p *path) {
		way := "scan"
		if p.op == nil {
			way = "FHIRPath"
			if p.reason != "" {
				way += ": the path " + p.reason
			}
		}
		fmt.Fprintf(&b, "  %-24s %-48s %s\n", what, p.src, way)
	}
	for i := range v.where {
		line("where", &v.where[i])
	}
	v.eachPart(func(p *part) {
		for i := range p.paths {
			line([]string{"", "forEach", "forEachOrNull", "repeat"}[p.way], &p.paths[i])
		}
		for i := range p.columns {
			line(v.columns[p.columns[i].at].Name, &p.columns[i].path)
		}
	})
	return b.String()
}

func orUnnamed(name string) string {
	if name == "" {
		return "a view"
	}
	return name
}

// eachPart calls f for all parts, outer ones first.
func (v *View) eachPart(f func(*part)) {
	var down func(*part)
	down = func(p *part) {
		f(p)
		for _, q := range p.selects {
			down(q)
		}
		for _, q := range p.unions {
			down(q)
		}
	}
	down(v.root)
}

// builder compiles a definition.
type builder struct {
	reader
	view     *View
	compiler compiler
}

func (b *builder) build() (*View, error) {
	v, d := b.view, b.view.def
	if !slices.Contains(v.defs.ResourceTypes(), d.Resource) && !fhir.IsResourceType(d.Resource) {
		b.wrong(place{path: "resource"}, "want a resource type that is defined")
		return nil, b.issues.Err()
	}
	b.restart()
	if !b.issues.HasErrors() && v.scans && b.lacksIteration() {
		v.scans, v.pure = false, false // contexts must be FHIRPath's everywhere
		b.restart()
	}
	if err := b.issues.Err(); err != nil {
		return nil, err
	}
	v.warnings = b.issues
	v.pure = v.scans
	for i := range v.where {
		v.pure = v.pure && v.where[i].op != nil
	}
	v.eachPart(func(p *part) {
		for i := range p.columns {
			v.pure = v.pure && p.columns[i].path.op != nil
		}
	})
	return v, nil
}

// restart compiles everything, from the start.
func (b *builder) restart() {
	v := b.view
	b.issues = nil
	v.program = newProgram(v.defs)
	b.compiler = compiler{program: v.program, constants: map[string]Constant{}}
	for _, c := range v.def.Constants {
		b.compiler.constants[c.Name] = c
	}
	v.columns, v.where, v.parts, v.left = nil, nil, 0, nil
	v.vars = constants(v.def.Constants)
	resource := scope{at: []*shape{v.program.root}, typ: v.def.Resource, root: true}
	for _, w := range v.def.Where {
		p := b.path(w.Path, resource, place{w.place.path + ".path", w.place.offset})
		if p.known != "" && classOf(p.known) != classBool {
			b.wrong(p.place, "want a path that leads to a boolean, have %s", p.known)
		}
		v.where = append(v.where, p)
	}
	v.root = &part{nth: noWay}
	b.inner(v.root, nil, v.def.Select, nil, resource)
}

// lacksIteration reports whether a forEach or repeat is left to FHIRPath.
func (b *builder) lacksIteration() (lacks bool) {
	b.view.eachPart(func(p *part) {
		for i := range p.paths {
			lacks = lacks || p.paths[i].op == nil || p.paths[i].op.kind != opNodes
		}
	})
	return lacks
}

// path compiles one path.
func (b *builder) path(src string, s scope, at place) path {
	p, _ := b.pathTo(src, s, at)
	return p
}

func (b *builder) pathTo(src string, s scope, at place) (path, scope) {
	p := path{src: src, place: at, typ: s.typ}
	o, to, err := b.compiler.compile(src, s)
	if err == nil {
		p.known = o.typ
		if b.view.scans {
			p.op = o
		}
	}
	if err != nil {
		p.reason = err.Error()
		to = scope{}
		var why notSimple
		if errors.As(err, &why) && why.unknown {
			b.issues = append(b.issues, at.issue(b.name, b.src, issue.Warning, CodeUnknown, "the path "+why.reason))
		}
	}
	if p.op == nil {
		b.expression(&p, s)
	}
	return p, to
}

// inner compiles the columns, selects and branches of a part.
func (b *builder) inner(p *part, columns []Column, selects, unions []Select, s scope) {
	v := b.view
	p.number = v.parts
	v.parts++
	p.from = len(v.columns)
	for i := range columns {
		p.columns = append(p.columns, b.column(&columns[i], s))
	}
	for i := range selects {
		q := b.part(&selects[i], s)
		q.parent, q.nth = p, i
		p.selects = append(p.selects, q)
	}
	start := len(v.columns)
	for i := range unions {
		mark := len(v.columns)
		q := b.part(&unions[i], s)
		q.parent, q.nth = p, noWay
		p.unions = append(p.unions, q)
		if i > 0 { // the columns of all branches are the same
			for k, c := range v.columns[mark:] {
				if to := &v.columns[start+k]; to.Type == "" {
					to.Type = c.Type
				}
			}
			shift(q, mark-start)
			v.columns = v.columns[:mark]
		}
	}
	p.to = len(v.columns)
	b.indexes(p)
}

// shift moves the columns of a part to the left.
func shift(p *part, by int) {
	p.from -= by
	p.to -= by
	for i := range p.columns {
		p.columns[i].at -= by
	}
	for i := range p.indexes {
		p.indexes[i] -= by
	}
	for _, q := range p.selects {
		shift(q, by)
	}
	for _, q := range p.unions {
		shift(q, by)
	}
}

// indexes notes the columns that are %rowIndex of the part itself.
func (b *builder) indexes(p *part) {
	for i := range p.columns {
		if strings.TrimSpace(p.columns[i].path.src) == "%rowIndex" {
			p.indexes = append(p.indexes, p.columns[i].at)
		}
	}
	for _, q := range append(slices.Clone(p.selects), p.unions...) {
		if q.way == once {
			p.indexes = append(p.indexes, q.indexes...)
		}
	}
}

// part compiles a select.
func (b *builder) part(s *Select, at scope) *part {
	p := &part{}
	inside := at
	switch {
	case s.ForEach != "":
		p.way = forEach
		inside = b.iteration(p, s.ForEach, at, place{s.place.path + ".forEach", s.place.offset})
	case s.ForEachOrNull != "":
		p.way = forEachOrNull
		inside = b.iteration(p, s.ForEachOrNull, at, place{s.place.path + ".forEachOrNull", s.place.offset})
	case len(s.Repeat) > 0:
		p.way = repeatedly
		inside = b.repeat(p, s, at)
	}
	b.inner(p, s.Columns, s.Select, s.UnionAll, inside)
	return p
}

// iteration compiles a path whose nodes are the contexts of a part.
func (b *builder) iteration(p *part, src string, at scope, where place) scope {
	compiled, to := b.pathTo(src, at, where)
	p.paths = append(p.paths, compiled)
	to.many, to.root = false, false
	return to
}

// repeat compiles the paths of repeat: from the context, and from what they
// lead to. The trie has a circle then.
func (b *builder) repeat(p *part, s *Select, at scope) scope {
	var all scope
	for i, src := range s.Repeat {
		where := place{fmt.Sprintf("%s.repeat[%d]", s.place.path, i), s.place.offset}
		known := len(b.issues)
		compiled, to := b.pathTo(src, at, where)
		b.issues = slices.DeleteFunc(b.issues, func(i issue.Issue) bool { // it may hold for what the others lead to
			known--
			return known < 0 && i.Code == CodeUnknown
		})
		if compiled.op != nil {
			compiled.op, compiled.reason = nil, "is repeated"
			b.expression(&compiled, at)
		}
		p.paths = append(p.paths, compiled)
		all = to
	}
	all.many, all.root = false, false
	if len(s.Repeat) > 1 {
		all.typ = ""
	}
	return all
}

// column compiles a column and adds it to those of the view.
func (b *builder) column(c *Column, s scope) column {
	v := b.view
	own := *c
	k := column{at: len(v.columns), collection: c.Collection}
	k.path = b.path(c.Path, s, place{c.place.path + ".path", c.place.offset})
	if o := k.path.op; o != nil {
		if o.class == classOther {
			k.path.op, k.path.reason = nil, "leads to other than a primitive"
			b.expression(&k.path, s)
		} else if own.Type == "" {
			own.Type = o.typ
			if after, ok := strings.CutPrefix(o.typ, "System."); ok {
				own.Type = strings.ToLower(after)
			}
		}
	}
	v.columns = append(v.columns, own)
	return k
}

// errTooDeep ends a repeat that does not end by itself.
var errTooDeep = errors.New("want elements at most 1000 levels below each other")
