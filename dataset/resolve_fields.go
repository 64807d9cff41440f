package dataset

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/issue"
)

// row lets the fields of a flat table be those that the profile lists, in its
// order; the rest of the source follows if it is kept.
func (r *resolver) row(t *Table, spec *TableSpec, keep bool) {
	var fields []*Field
	taken, renamed := map[*Field]bool{}, map[string]string{}
	for i := range spec.Fields {
		s := &spec.Fields[i]
		f := rowField(t.Object, s)
		if f == nil {
			f = r.attribute(t, s)
		}
		if f == nil {
			r.missing(t, s)
			continue
		}
		if taken[f] {
			r.fail(CodeConflict, s.Pos, "tables."+t.Name+".fields."+s.Name, "want a field once, have it under another name too", f)
			continue
		}
		taken[f] = true
		if s.Drop {
			continue
		}
		r.narrow(t, f, s)
		if f.Name != s.Name {
			renamed[f.Name] = s.Name
			f.Name = s.Name
		}
		fields = append(fields, f)
	}
	if keep {
		names := map[string]bool{}
		for _, f := range fields {
			names[f.Name] = true
		}
		for _, f := range t.Object.Fields {
			if !taken[f] && !names[f.Name] {
				fields = append(fields, f)
			}
		}
	}
	t.Object.Fields = fields
	if len(renamed) > 0 && len(t.From.View) > 0 {
		t.From.View = renameColumns(t.From.View, renamed)
	}
	if len(fields) == 0 && !r.findings.HasErrors() {
		r.fail(CodeConflict, spec.Pos, "tables."+t.Name+".fields", "want a table with at least one field, have none", nil)
	}
}

// rowField finds the field that a profile speaks of: by its path if one is
// given, else by its name.
func rowField(o *Object, s *FieldSpec) *Field {
	if s.Path != "" {
		for _, f := range o.Fields {
			if f.Path == s.Path || f.ID == s.Path || sameTag(f.Path, s.Path) {
				return f
			}
		}
		if f := o.Field(s.Path); f != nil {
			return f
		}
		// An importer of FHIR paths makes the field with the name and, of a Quantity,
		// with another path.
	}
	if f := o.Field(s.Name); f != nil && (s.Path == "" || f.Pos == s.Pos && f.Pos.Line > 0) {
		return f
	}
	return nil
}

// attribute makes the field of a DICOM attribute that a profile names by its path
// and its source does not list; nil where there is no such attribute.
func (r *resolver) attribute(t *Table, s *FieldSpec) *Field {
	if t.Kind != DICOMList && t.Kind != DICOMObject || s.Path == "" || strings.ContainsAny(s.Path, "\n\r") {
		return nil
	}
	in := &input{spec: SourceSpec{Name: t.Source, Kind: DICOMList, Ref: "profile", Pos: s.Pos}, file: s.Pos.Source, data: []byte(s.Path + "\n"),
		note: func(Source) {}}
	tables, findings, err := importDICOMList(r.ctx, in)
	if err != nil || findings.HasErrors() || len(tables) != 1 || len(tables[0].Object.Fields) != 1 {
		return nil
	}
	f := tables[0].Object.Fields[0]
	f.Pos = s.At["path"]
	for i := range f.Origins {
		f.Origins[i].Pos = f.Pos
	}
	return f
}

// sameTag compares paths of tags as written: (0008,0060) and 00080060.
func sameTag(a, b string) bool {
	plain := func(s string) string {
		return strings.ToLower(strings.NewReplacer("(", "", ")", "", ",", "").Replace(s))
	}
	return plain(a) == plain(b)
}

// missing tells of a field that the source does not have.
func (r *resolver) missing(t *Table, s *FieldSpec) {
	for _, f := range r.findings {
		if f.Pos == s.Pos || f.Pos == s.At["path"] && f.Pos.Line > 0 {
			return // the importer told why
		}
	}
	if s.Path == "" {
		r.unknownField(t, s.Name, s.Pos, "tables."+t.Name+".fields."+s.Name)
		return
	}
	var paths []string
	for _, f := range t.Object.Fields {
		paths = append(paths, f.Path, f.Name)
	}
	r.report(issue.Issue{Severity: issue.Error, Code: CodeUnknownName, Pos: s.At["path"], Path: "tables." + t.Name + ".fields." + s.Name,
		Message: "want a path or a name that the source has, have " + quote(s.Path) + meant(s.Path, paths)})
}

// wish is what a profile lists of an object: its members by name.
type wish struct {
	names    []string // in the order of the profile
	children map[string]*wish
	spec     *FieldSpec
	// whole says that everything below is listed.
	whole bool
}

func (w *wish) child(name string) *wish {
	if w.children == nil {
		w.children = map[string]*wish{}
	}
	c := w.children[name]
	if c == nil {
		c = &wish{}
		w.children[name] = c
		w.names = append(w.names, name)
	}
	return c
}

// record prunes a table that has the form of its source to what the profile
// lists.
func (r *resolver) record(t *Table, spec *TableSpec, keep bool) {
	root := &wish{}
	for i := range spec.Fields {
		s := &spec.Fields[i]
		id := s.Path
		if id == "" {
			id = s.Name
		}
		at := root
		if t.Object.Field(id) != nil {
			at = root.child(id)
		} else {
			for _, step := range strings.Split(strings.TrimPrefix(id, t.From.Resource+"."), ".") {
				at = at.child(step)
			}
		}
		if at.spec != nil {
			r.fail(CodeConflict, s.Pos, "tables."+t.Name+".fields."+s.Name, "want a field once, have it under another name too", nil)
			continue
		}
		at.spec = s
		at.whole = !s.Drop
	}
	p := &pruner{resolver: r, table: t, keep: keep}
	t.Object = p.object(t.Object, root, t.Name)
	p.tellRules()
}

// pruner makes copies of objects that have only what a profile lists.
type pruner struct {
	*resolver
	table *Table
	keep  bool
	rules int // that speak of what is not there any more
	// lost are the names of members that went from the object at hand and from
	// those in it.
	lost map[string]bool
}

func (p *pruner) tellRules() {
	if p.rules > 0 {
		p.report(issue.Issue{Severity: issue.Information, Code: CodeNotHeld, Pos: p.spec.Pos, Path: "tables." + p.table.Name,
			Message: "rules of the source that speak of fields which are not in the table, and are not checked: " + itoa(p.rules)})
	}
}

// object returns a copy of an object with the members that w lists; all of them
// where w is whole or the profile keeps what is not listed. Name is that of the
// copy.
func (p *pruner) object(o *Object, w *wish, name string) *Object {
	outer := p.lost
	p.lost = map[string]bool{}
	c := cloneObject(o)
	if c.Base == "" && o.Name != name && p.table.Object != o {
		c.Base = o.Name
	}
	c.Name = name
	all := p.keep || w.whole
	listed := map[string][]*wish{} // by member, those that speak of it
	steps := map[*wish]string{}
	for _, step := range w.names {
		child := w.children[step]
		step = wholeStep(o, step)
		steps[child] = step
		members := p.members(o, step)
		if len(members) == 0 {
			p.unknown(o, step, child)
		}
		for _, m := range members {
			listed[m] = append(listed[m], child)
		}
	}
	removed := p.lost
	before := len(c.Fields)
	var fields []*Field
	for _, f := range c.Fields {
		wishes := listed[f.Name]
		if len(wishes) == 0 {
			if all {
				fields = append(fields, f)
			} else {
				removed[f.Name] = true
			}
			continue
		}
		if p.field(f, wishes, steps, name, all) {
			fields = append(fields, f)
		} else {
			removed[f.Name] = true
		}
	}
	c.Fields = fields
	c.Closed = c.Closed && len(fields) == before
	p.choices(c, removed)
	c.Rules = p.keptRules(c.Rules)
	for name := range removed {
		if outer != nil {
			outer[name] = true
		}
	}
	p.lost = outer
	return c
}

// members returns the names of the members that a step of an element id means:
// value[x] all of a choice, value[x]:valueQuantity one, extension:race the list.
func (p *pruner) members(o *Object, step string) []string {
	if o.Field(step) != nil {
		return []string{step}
	}
	name, slice, sliced := strings.Cut(step, ":")
	if choice, ok := strings.CutSuffix(name, "[x]"); ok {
		if sliced && o.Field(slice) != nil {
			return []string{slice}
		}
		for _, c := range o.Choices {
			if c.Name == choice {
				return c.Fields
			}
		}
		return nil
	}
	if f := o.Field(name); sliced && f != nil && findSlice(f, slice) != nil {
		return []string{name}
	}
	if !sliced {
		for _, c := range o.Choices {
			if c.Name == name {
				return c.Fields
			}
		}
	}
	return nil
}

// wholeStep writes the bare name of a slice, which nothing else has, with its
// list: race is extension:race.
func wholeStep(o *Object, step string) string {
	if o.Field(step) != nil {
		return step
	}
	found := ""
	for _, f := range o.Fields {
		if findSlice(f, step) != nil {
			if found != "" {
				return step
			}
			found = f.Name + ":" + step
		}
	}
	if found == "" {
		return step
	}
	return found
}

func findSlice(f *Field, name string) *Slice {
	for _, s := range f.Slices {
		if s.Name == name {
			return s
		}
	}
	return nil
}

func (p *pruner) unknown(o *Object, step string, w *wish) {
	s := firstSpec(w)
	if s == nil {
		return
	}
	name, slice, sliced := strings.Cut(step, ":")
	var names []string
	if f := o.Field(name); sliced && f != nil {
		for _, s := range f.Slices {
			names = append(names, s.Name)
		}
		p.fail(CodeUnknownName, s.Pos, "tables."+p.table.Name+".fields."+s.Name, "want a slice of "+quote(name)+", have "+quote(slice)+meant(slice, names), f)
		return
	}
	for _, f := range o.Fields {
		names = append(names, f.Name)
	}
	for _, c := range o.Choices {
		names = append(names, c.Name+"[x]")
	}
	for _, f := range o.Fields {
		for _, s := range f.Slices {
			names = append(names, f.Name+":"+s.Name)
		}
	}
	of := o.Name
	if p.table.Object == o {
		of = "the source"
	}
	pos := s.Pos
	if at, ok := s.At["path"]; ok {
		pos = at
	}
	p.report(issue.Issue{Severity: issue.Error, Code: CodeUnknownName, Pos: pos, Path: "tables." + p.table.Name + ".fields." + s.Name,
		Message: "want a field of " + of + ", have " + quote(step) + meant(step, names)})
}

// firstSpec returns the first thing that is said at or below w.
func firstSpec(w *wish) *FieldSpec {
	if w.spec != nil {
		return w.spec
	}
	for _, n := range w.names {
		if s := firstSpec(w.children[n]); s != nil {
			return s
		}
	}
	return nil
}

// field prunes a member by all that is said of it; false = it is dropped.
func (p *pruner) field(f *Field, wishes []*wish, steps map[*wish]string, name string, all bool) bool {
	var parts []*wish
	sliced := map[*wish]bool{}
	whole := all
	var inner wish
	stays := false
	for _, w := range wishes {
		if step := steps[w]; strings.Contains(step, ":") && f.Name != step && !strings.Contains(step, "[x]:") {
			parts, sliced[w] = append(parts, w), true
			continue
		}
		if w.spec != nil && w.spec.Drop {
			return false
		}
		stays = true
		whole = whole || w.whole
		inner.whole = inner.whole || w.whole
		for _, n := range w.names {
			child := inner.child(n)
			*child = *w.children[n]
		}
	}
	if len(parts) > 0 {
		p.slices(f, parts, steps, name, whole || stays)
		if f.SlicesOnly && len(f.Slices) == 0 {
			return false
		}
	}
	if len(inner.names) > 0 {
		if o := objectOf(&f.Type); o != nil {
			*o = p.object(*o, &inner, name+"."+f.Name)
			f.Type.Rules = p.keptRules(f.Type.Rules)
			if e := f.Type.Elem; e != nil {
				e.Rules = p.keptRules(e.Rules)
			}
		} else {
			for _, n := range inner.names {
				if s := firstSpec(inner.children[n]); s != nil {
					p.fail(CodeUnknownName, s.Pos, "tables."+p.table.Name+".fields."+s.Name, "want a field with members, have "+quote(f.Name)+" of type "+f.Type.Kind.String(), f)
				}
			}
		}
	}
	for _, w := range wishes {
		if w.spec != nil && !sliced[w] {
			p.narrow(p.table, f, w.spec)
		}
	}
	return true
}

// slices prunes the slices of a list: without whole only those that are listed
// stay, and what is in none is left out.
func (p *pruner) slices(f *Field, wishes []*wish, steps map[*wish]string, name string, whole bool) {
	listed := map[string]*wish{}
	for _, w := range wishes {
		_, slice, _ := strings.Cut(steps[w], ":")
		listed[slice] = w
	}
	var kept []*Slice
	for _, s := range f.Slices {
		w := listed[s.Name]
		switch {
		case w == nil:
			if whole {
				kept = append(kept, s)
			}
			continue
		case w.spec != nil && w.spec.Drop:
			continue
		}
		if len(w.names) > 0 {
			if o := objectOf(&s.Field.Type); o != nil {
				inner := &wish{whole: w.whole}
				for _, n := range w.names {
					*inner.child(n) = *w.children[n]
				}
				tellingApart(inner, *o, []*Slice{s})
				*o = p.object(*o, inner, name+"."+f.Name+":"+s.Name)
			}
		}
		if w.spec != nil {
			p.narrow(p.table, s.Field, w.spec)
		}
		kept = append(kept, s)
	}
	f.Slices = kept
	if whole {
		return
	}
	f.SlicesOnly = true
	if o := objectOf(&f.Type); o != nil {
		inner := &wish{}
		tellingApart(inner, *o, kept)
		*o = p.object(*o, inner, name+"."+f.Name)
	}
}

// tellingApart wishes for the members by which slices are told apart, so that what
// is written can be read again.
func tellingApart(w *wish, o *Object, list []*Slice) {
	for _, s := range list {
		for _, m := range s.Match {
			if len(m.Path) > 0 && o.Field(m.Path[0]) != nil && w.children[m.Path[0]] == nil {
				w.child(m.Path[0]).whole = true
			}
		}
	}
}

// objectOf returns where the object of a type, or of a list's elements, stands.
func objectOf(t *Type) **Object {
	for t.Kind == List && t.Elem != nil {
		t = t.Elem
	}
	if t.Kind == ObjectKind && t.Object != nil {
		return &t.Object
	}
	return nil
}

var words = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`) })

// choices takes from an object the alternatives that it lost.
func (p *pruner) choices(o *Object, removed map[string]bool) {
	var kept []Choice
	for _, c := range o.Choices {
		fields := slices.DeleteFunc(slices.Clone(c.Fields), func(n string) bool { return o.Field(n) == nil })
		if len(fields) < len(c.Fields) {
			c.Required = false
			removed[c.Name] = true
		}
		if c.Fields = fields; len(fields) > 0 {
			kept = append(kept, c)
		}
	}
	o.Choices = kept
}

// keptRules returns the rules that speak of nothing that is gone; the others would
// fail for want of it.
func (p *pruner) keptRules(rules []Rule) []Rule {
	if len(p.lost) == 0 {
		return rules
	}
	kept := slices.DeleteFunc(slices.Clone(rules), func(r Rule) bool {
		for _, w := range words().FindAllString(r.Expression, -1) {
			if p.lost[w] || slices.Contains(wholesale, w) {
				return true
			}
		}
		return false
	})
	p.rules += len(rules) - len(kept)
	return kept
}

// wholesale are words of rules that speak of all members at once.
var wholesale = []string{"children", "descendants", "required", "properties", "minProperties", "maxProperties",
	"additionalProperties", "unevaluatedProperties", "propertyNames"}
