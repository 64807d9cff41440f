package dataset

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/issue"
)

// profile reads a profile and resolves it against its sources.
func (l *loader) profile(path string, data []byte) (*Model, error) {
	p, findings := Parse(path, data)
	l.findings = append(l.findings, findings...)
	if p == nil {
		return nil, nil
	}
	l.dir = filepath.Dir(path)
	defer l.tidy(path)
	r := &resolver{loader: l, profile: p, imported: map[string][]*Table{}}
	m := &Model{ID: p.ID, Version: p.Version, Title: p.Title, Description: p.Description, Metadata: p.Metadata,
		Privacy: p.Privacy, Outputs: p.Outputs}
	for i := range p.Tables {
		t, err := r.table(&p.Tables[i])
		if err != nil {
			return nil, err
		}
		if t != nil {
			m.Tables = append(m.Tables, t)
		}
	}
	if err := r.unused(); err != nil {
		return nil, err
	}
	r.checkHashes()
	if len(m.Tables) == len(p.Tables) {
		r.refs(m)
		r.privacy(m)
	}
	if l.findings.HasErrors() {
		return nil, nil
	}
	l.order(p)
	l.finish(m)
	l.relevant(m)
	return m, nil
}

// tidy puts the findings in order, those of the profile first, each once: a source
// that several tables come from says the same each time.
func (l *loader) tidy(profile string) {
	slices.SortStableFunc(l.findings, func(a, b issue.Issue) int {
		first := func(i issue.Issue) int {
			if i.Pos.Source == profile {
				return 0
			}
			return 1
		}
		return cmp.Or(first(a)-first(b), cmp.Compare(a.Pos.Source, b.Pos.Source), cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Column, b.Pos.Column), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
	l.findings = slices.Compact(l.findings)
	if l.findings.HasErrors() { // what is not held matters once there is a model
		l.findings = slices.DeleteFunc(l.findings, func(i issue.Issue) bool {
			return i.Severity == issue.Information && i.Code == CodeNotHeld
		})
	}
}

// relevant leaves out what a source says of types that the tables do not have but
// in extensions that no profile defines: their values may have all types of FHIR.
func (l *loader) relevant(m *Model) {
	types := map[string]bool{}
	seen := map[*Object]bool{}
	var reach func(o *Object)
	var reachType func(t *Type)
	reach = func(o *Object) {
		if o == nil || seen[o] || o.isExtension() {
			return
		}
		seen[o] = true
		for _, name := range []string{o.Name, o.Base, o.ID, o.ResourceType} {
			name, _, _ = strings.Cut(name, ".")
			types[name] = true
		}
		for _, f := range o.Fields {
			reachType(&f.Type)
			for _, s := range f.Slices {
				reachType(&s.Field.Type)
			}
		}
		if o.Extra != nil {
			reachType(o.Extra)
		}
	}
	reachType = func(t *Type) {
		reach(t.Object)
		if t.Elem != nil {
			reachType(t.Elem)
		}
		for i := range t.Union {
			reachType(&t.Union[i])
		}
	}
	for _, t := range m.Tables {
		reach(t.Object)
		types[t.From.Resource] = true
	}
	l.findings = slices.DeleteFunc(l.findings, func(i issue.Issue) bool {
		typ, _, ok := strings.Cut(i.Path, ".")
		return ok && i.Severity == issue.Information && i.Code == CodeNotHeld && typ != "tables" && isTypeName(typ) && !types[typ]
	})
}

// isExtension says that an object is FHIR's Extension as such.
func (o *Object) isExtension() bool {
	return o.FHIR && o.Name == "Extension" && !slices.ContainsFunc(o.Fields, func(f *Field) bool { return len(f.Slices) > 0 })
}

// isTypeName says whether a name looks like that of a FHIR type.
func isTypeName(s string) bool { return isName(s, false) && s[0] >= 'A' && s[0] <= 'Z' }

// resolver makes tables of what a profile says and what its sources say.
type resolver struct {
	*loader
	profile *Profile
	// imported are the tables of sources that refer to each other, read once.
	imported map[string][]*Table
	// sourceTable is the name that a table has in its source, by its own.
	sourceTable map[string]string

	spec *TableSpec // of the table at hand
}

func (r *resolver) source(name string) *SourceSpec {
	for i := range r.profile.Sources {
		if r.profile.Sources[i].Name == name {
			return &r.profile.Sources[i]
		}
	}
	return nil
}

// unused reads the sources that no table comes from, so that they are pinned.
func (r *resolver) unused() error {
	for _, s := range r.profile.Sources {
		if slices.ContainsFunc(r.named, func(n Source) bool { return n.Name == s.Name }) {
			continue
		}
		if _, err := r.locate(&input{spec: s}); err != nil {
			return err
		}
	}
	return nil
}

// checkHashes holds the sources against the hashes in the profile itself.
func (r *resolver) checkHashes() {
	for _, s := range r.named {
		spec := r.source(s.Name)
		if spec == nil || spec.SHA256 == "" || spec.SHA256 == s.SHA256 {
			continue
		}
		message := "want the file with the SHA-256 that the profile names, have another"
		if s.SHA256 == "" {
			message = "want no SHA-256 for a source that is no file, have one"
		}
		r.report(issue.Issue{Severity: issue.Error, Code: CodeLock, Pos: spec.At["sha256"], Path: "sources." + s.Name, Message: message})
	}
}

// table resolves one table; nil where it cannot be, which then is told.
func (r *resolver) table(spec *TableSpec) (*Table, error) {
	name, part, _ := strings.Cut(spec.From, "/")
	source := *r.source(name)
	if part == "" {
		part = source.Table
	}
	full := withKeys(spec)
	tables, err := r.tablesOf(source, part, full)
	if err != nil || len(tables) == 0 {
		return nil, err
	}
	var t *Table
	switch {
	case part != "":
		t = r.pick(tables, part, spec.At["from"])
	case len(tables) == 1:
		t = tables[0]
	default:
		t = r.same(tables, spec)
	}
	if t == nil {
		return nil, nil
	}
	if r.sourceTable == nil {
		r.sourceTable = map[string]string{}
	}
	r.sourceTable[spec.Name] = t.Name
	t = cloneTable(t)
	r.spec = full
	r.apply(t, full)
	return t, nil
}

// tablesOf imports the tables of a source; those of kinds whose tables refer to
// each other once and whole.
func (r *resolver) tablesOf(source SourceSpec, part string, spec *TableSpec) ([]*Table, error) {
	switch source.Kind {
	case OMOP, DataPackage, CSVW, Croissant:
		if tables, ok := r.imported[source.Name]; ok {
			return tables, nil
		}
		source.Table = ""
		tables, err := r.tables(source, nil)
		r.imported[source.Name] = tables
		return tables, err
	}
	source.Table = part
	return r.tables(source, spec)
}

// same picks the table of a source that has the name of the profile's.
func (r *resolver) same(tables []*Table, spec *TableSpec) *Table {
	var names []string
	for _, t := range tables {
		if t.Name == spec.Name {
			return t
		}
		names = append(names, t.Name)
	}
	const most = 12
	hint := strings.Join(names[:min(len(names), most)], ", ")
	if len(names) > most {
		hint += " and others"
	}
	r.report(issue.Issue{Severity: issue.Error, Code: CodeUnknownName, Pos: spec.At["from"], Path: "tables." + spec.Name + ".from",
		Message: "want one table, have a source of " + itoa(len(tables)) + ": name it as from: " + spec.From + "/TABLE, one of " + hint})
	return nil
}

// withKeys returns the spec with the fields of key and refs among its fields, if
// it lists any.
func withKeys(spec *TableSpec) *TableSpec {
	if len(spec.Fields) == 0 {
		return spec
	}
	full := *spec
	full.Fields = slices.Clone(spec.Fields)
	add := func(name string, pos issue.Pos) {
		if !slices.ContainsFunc(full.Fields, func(f FieldSpec) bool { return f.Name == name }) {
			full.Fields = append(full.Fields, FieldSpec{Name: name, Pos: pos, At: map[string]issue.Pos{}})
		}
	}
	for i, k := range spec.Key {
		add(k, spec.At["key/"+itoa(i)])
	}
	for i, ref := range spec.Refs {
		for _, f := range ref.Fields {
			add(f, spec.At["refs/"+itoa(i)])
		}
	}
	return &full
}

// apply puts what the profile says over a table of its source.
func (r *resolver) apply(t *Table, spec *TableSpec) {
	t.Name, t.Pos = spec.Name, spec.Pos
	if spec.Title != "" {
		t.Title = spec.Title
	}
	if spec.Description != "" {
		t.Description = spec.Description
	}
	if spec.Grain != "" {
		t.Grain = spec.Grain
	}
	t.Object.Name = spec.Name
	t.Where = append(t.Where, spec.Where...)
	keep := spec.Unlisted == "keep" || spec.Unlisted == "" && r.profile.Privacy.Unlisted == "keep"
	if len(spec.Fields) > 0 {
		if t.Form == Record {
			r.record(t, spec, keep)
		} else {
			r.row(t, spec, keep)
		}
		t.Unlisted = !keep
	}
	if len(spec.Fields) == 0 && spec.Unlisted != "" {
		t.Unlisted = spec.Unlisted == "drop"
	}
	r.key(t, spec)
}

// key gives the table its key, whose fields every record must have.
func (r *resolver) key(t *Table, spec *TableSpec) {
	if len(spec.Key) == 0 {
		for _, k := range t.Key {
			if t.Object.Field(k) == nil {
				t.Key = nil
				break
			}
		}
	} else {
		t.Key = spec.Key
	}
	for i, k := range spec.Key {
		pos := spec.At["key/"+itoa(i)]
		f := t.Object.Field(k)
		if f == nil {
			if !r.findings.HasErrors() {
				r.unknownField(t, k, pos, "tables."+t.Name+".key")
			}
			continue
		}
		switch kind := f.Type.Kind; {
		case kind == List || kind == ObjectKind || kind == Map || kind == Union:
			r.fail(CodeConflict, pos, "tables."+t.Name+".key", "want a field with one plain value in a key, have "+quote(k)+" of type "+kind.String(), f)
		case !f.Required && isIdentity(t, f):
			f.Required = true
			f.Origins = append(f.Origins, Origin{What: "required", Value: "true", Source: "profile", Element: t.Name + ".key", Pos: pos})
		case !f.Required:
			r.fail(CodeConflict, pos, "tables."+t.Name+".key",
				"want a field that every row has in a key, have "+quote(k)+", which its source may leave out: say required: true of it", f)
		}
	}
}

// isIdentity says whether a field is the id of a FHIR resource, which a key makes
// required without further words.
func isIdentity(t *Table, f *Field) bool {
	return isFHIR(t.Kind) && (f.Name == "id" || f.Path == "id" || f.Path == "getResourceKey()" || f.Path == t.From.Resource+".id")
}

// fail reports a mistake with the place in the source that it meets.
func (r *resolver) fail(code issue.Code, pos issue.Pos, path, message string, f *Field) {
	if f != nil {
		message += whereInSource(f)
	}
	r.report(issue.Issue{Severity: issue.Error, Code: code, Pos: pos, Path: path, Message: message})
}

// whereInSource names the place of a field in its source.
func whereInSource(f *Field) string {
	for _, o := range f.Origins {
		if o.Source != "profile" {
			return " (" + originText(o) + ")"
		}
	}
	if f.Pos.Line > 0 {
		return " (" + f.Pos.String() + ")"
	}
	if f.ID != "" {
		return " (" + f.ID + ")"
	}
	return ""
}

func originText(o Origin) string {
	parts := []string{o.Source}
	if o.Element != "" {
		parts = append(parts, o.Element)
	}
	if o.Pos.Source != "" && o.Pos.Line > 0 {
		parts = append(parts, o.Pos.String())
	}
	return strings.Join(parts, ", ")
}

func (r *resolver) unknownField(t *Table, name string, pos issue.Pos, path string) {
	var names []string
	for _, f := range t.Object.Fields {
		names = append(names, f.Name)
	}
	r.report(issue.Issue{Severity: issue.Error, Code: CodeUnknownName, Pos: pos, Path: path,
		Message: "want a field of the table, have " + quote(name) + meant(name, names)})
}

// refs finds what the references of all tables lead to.
func (r *resolver) refs(m *Model) {
	for i, t := range m.Tables {
		spec := &r.profile.Tables[i]
		if len(spec.Refs) == 0 {
			t.Refs = r.sourceRefs(m, t)
			continue
		}
		t.Refs = spec.Refs
		for j, ref := range spec.Refs {
			r.ref(m, t, ref, spec.At["refs/"+itoa(j)])
		}
	}
}

// sourceRefs keeps the references of a source whose two ends are in the model.
func (r *resolver) sourceRefs(m *Model, t *Table) []Ref {
	var kept []Ref
	for _, ref := range t.Refs {
		var target *Table
		for _, other := range m.Tables {
			if other.Source == t.Source && r.sourceTable[other.Name] == ref.Table {
				target = other
				break
			}
		}
		if target == nil || !hasFields(t, ref.Fields) || !hasFields(target, ref.Target) {
			continue
		}
		ref.Table = target.Name
		kept = append(kept, ref)
	}
	return kept
}

func hasFields(t *Table, names []string) bool {
	for _, n := range names {
		if t.Object.Field(n) == nil {
			return false
		}
	}
	return true
}

// ref holds a reference of the profile against its target.
func (r *resolver) ref(m *Model, t *Table, ref Ref, pos issue.Pos) {
	path := "tables." + t.Name + ".refs"
	target := m.Table(ref.Table)
	if target == nil {
		return
	}
	to := ref.Target
	if len(to) == 0 {
		to = target.Key
	}
	if len(to) == 0 {
		r.fail(CodeConflict, pos, path, "want a table with a key, or a target, have none of "+quote(ref.Table), nil)
		return
	}
	if len(to) != len(ref.Fields) {
		r.fail(CodeConflict, pos, path, "want as many fields as the target has, "+itoa(len(to))+", have "+itoa(len(ref.Fields)), nil)
		return
	}
	for i, name := range ref.Fields {
		from, f := t.Object.Field(name), target.Object.Field(to[i])
		if from == nil {
			r.unknownField(t, name, pos, path)
			continue
		}
		if f == nil {
			r.unknownField(target, to[i], pos, path)
			continue
		}
		a, b := scalarKind(from.Type), scalarKind(f.Type)
		if a != b && a != Any && b != Any && a != ObjectKind && b != ObjectKind {
			r.fail(CodeConflict, pos, path, "want "+quote(name)+" of the type that "+quote(to[i])+" of "+quote(ref.Table)+" has, "+
				b.String()+", have "+a.String(), from)
		}
	}
}

// scalarKind is the kind of a value, or of the elements of a list.
func scalarKind(t Type) Kind {
	for t.Kind == List && t.Elem != nil {
		t = *t.Elem
	}
	return t.Kind
}

// privacy finds the fields that the rules for the whole dataset name.
func (r *resolver) privacy(m *Model) {
	for _, d := range r.profile.Privacy.L {
		var names []string
		found := false
		for _, t := range m.Tables {
			for _, f := range t.Object.Fields {
				found = found || f.Name == d.Field || t.Name+"."+f.Name == d.Field
				names = append(names, f.Name)
			}
		}
		if !found {
			r.report(issue.Issue{Severity: issue.Error, Code: CodeUnknownName, Pos: d.Pos, Path: "privacy.l",
				Message: "want a field of a table, have " + quote(d.Field) + meant(d.Field, names)})
		}
	}
	for i, t := range m.Tables {
		for _, f := range r.profile.Tables[i].Fields {
			if f.Deid == nil || f.Deid.Per == "" || t.Object.Field(f.Deid.Per) != nil {
				continue
			}
			r.unknownField(t, f.Deid.Per, f.At["deid.per"], "tables."+t.Name+".fields."+f.Name+".deid.per")
		}
	}
}

// order puts the sources in the order of the profile.
func (l *loader) order(p *Profile) {
	at := map[string]int{}
	for i, s := range p.Sources {
		at[s.Name] = i
	}
	slices.SortStableFunc(l.named, func(a, b Source) int { return at[a.Name] - at[b.Name] })
}
