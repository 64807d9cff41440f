package gen

import (
	"cmp"
	"fmt"
	"go/token"
	"path"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/gen/internal/runtime"
	"github.com/carabiner-health/carabiner/issue"
)

// newPlan settles what the package holds and how everything in it is called. The
// error says what is wrong with the options.
func newPlan(m *dataset.Model, opts *GoOptions) (*plan, error) {
	p := &plan{
		model: m, byObject: map[*dataset.Object]*objectPlan{}, byCodes: map[*dataset.CodeSet]*enumPlan{},
		names: newScope(),
	}
	if opts != nil {
		p.opts = *opts
	}
	p.pkg = packageName(m, p.opts.Package)
	if !token.IsIdentifier(p.pkg) || p.pkg == "_" {
		return nil, fmt.Errorf("gen: package %q: want a Go identifier", p.pkg)
	}
	tables := m.Tables
	if p.opts.Tables != nil {
		tables = nil
		for _, name := range p.opts.Tables {
			t := m.Table(name)
			if t == nil {
				return nil, fmt.Errorf("gen: table %q: want a table of the profile", name)
			}
			tables = append(tables, t)
		}
	}
	for name := range runtime.Names() {
		p.names.reserve(name)
	}
	p.addTables(tables)
	p.nameObjects()
	p.nameEnums()
	for _, o := range p.objects {
		p.planFields(o)
	}
	p.breakCircles()
	p.addSystems()
	p.tellNotHeld()
	return p, nil
}

func packageName(m *dataset.Model, asked string) string {
	if asked == "" {
		asked = m.Outputs.GoPackage
	}
	if asked != "" {
		return asked
	}
	base := path.Base(strings.TrimRight(m.ID, "/"))
	name := strings.ToLower(strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') {
			return r
		}
		return -1
	}, base))
	switch {
	case name == "":
		return "profile"
	case name[0] <= '9', token.IsKeyword(name):
		return "p" + name
	}
	return name
}

// addTables collects the tables and all objects and code sets that they reach.
func (p *plan) addTables(tables []*dataset.Table) {
	for _, t := range tables {
		o := &objectPlan{Object: t.Object, table: t}
		p.byObject[t.Object] = o
		p.objects = append(p.objects, o)
		p.tables = append(p.tables, &tablePlan{Table: t, object: o})
	}
	for _, t := range tables {
		p.reachFields(t.Object)
	}
}

func (p *plan) reachFields(o *dataset.Object) {
	for _, f := range o.Fields {
		p.reach(&f.Type)
		for _, s := range f.Slices {
			p.reach(&s.Field.Type)
			for i := range s.Match {
				p.reachCodes(s.Match[i].Codes)
			}
		}
	}
	if o.Extra != nil {
		p.reach(o.Extra)
	}
}

func (p *plan) reach(t *dataset.Type) {
	if t.Codes != nil && !t.CodesOpen {
		p.reachCodes(t.Codes)
	}
	switch t.Kind {
	case dataset.ObjectKind:
		if p.byObject[t.Object] != nil || opaque(t.Object) {
			return
		}
		o := &objectPlan{Object: t.Object}
		p.byObject[t.Object] = o
		p.objects = append(p.objects, o)
		p.reachFields(t.Object)
	case dataset.List, dataset.Map:
		p.reach(t.Elem)
	case dataset.Union:
		for i := range t.Union {
			p.reach(&t.Union[i])
		}
	}
}

func (p *plan) reachCodes(c *dataset.CodeSet) {
	if c == nil || !c.Complete || len(c.Codes) == 0 || p.byCodes[c] != nil {
		return
	}
	e := &enumPlan{CodeSet: c}
	p.byCodes[c] = e
	p.enums = append(p.enums, e)
}

// opaque says that an object is FHIR's Extension as such. Its value may have any
// of FHIR's types, all of which a struct would drag in.
func opaque(o *dataset.Object) bool {
	if !o.FHIR || o.Name != "Extension" {
		return false
	}
	for _, f := range o.Fields {
		if len(f.Slices) > 0 {
			return false
		}
	}
	return true
}

// nameObjects gives the tables' structs their names first, and then the others in
// the order of their names in the source, so that the name of one does not depend
// on where others are used.
func (p *plan) nameObjects() {
	for _, t := range p.tables {
		name := GoName(singular(t.Name))
		if t.Source == string(t.Kind) && (t.Kind == dataset.FHIRStructure || t.Kind == dataset.FHIRPackage) {
			name = GoName(t.Object.Name) // what the source calls it; no profile names the table
		}
		t.object.goName = p.names.claim(name, name+"Row")
		p.names.reserve("Parse"+t.object.goName, readerName(t.object.goName), "Read"+t.object.goName+"CSV",
			t.object.goName+"Writer", "New"+t.object.goName+"Writer", t.object.goName+"CSVWriter",
			"New"+t.object.goName+"CSVWriter", "Extract"+t.object.goName)
	}
	for _, o := range sortedBy(p.objects, func(o *objectPlan) string { return o.Name }) {
		if o.goName == "" {
			name := GoName(o.Name)
			o.goName = p.names.claim(name, name+"Type")
		}
	}
}

func sortedBy[T any](list []T, key func(T) string) []T {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	return list
}

// planFields names the fields of a struct and settles their shapes. What the
// profile asks for comes first, then the fields, then the slices.
func (p *plan) planFields(o *objectPlan) {
	inside := newScope()
	inside.reserve("UnmarshalJSON", "AppendJSON", "MarshalJSON", "Validate", "Redact", "Companions", "Extra",
		"AppendCSV", "UnmarshalCSV", "MarshalCSV", "CSVHeader", "TableName")
	names := make(map[*dataset.Field]string)
	for _, f := range o.Object.Fields {
		if f.GoName != "" {
			names[f] = inside.claim(GoName(f.GoName), GoName(f.GoName)+"Field")
		}
	}
	for _, f := range sortedBy(o.Object.Fields, func(f *dataset.Field) string { return f.Name }) {
		if names[f] == "" {
			names[f] = inside.claim(GoName(f.Name), GoName(f.Name)+"Field")
		}
	}
	for _, f := range o.Object.Fields {
		fp := &fieldPlan{Field: f, goName: names[f]}
		fp.shape, fp.typ = p.shape(&f.Type, f.Required, f.Nullable, o.row())
		if o.FHIR && primitive(&f.Type) && f.Name != "id" && f.Name != "resourceType" && !(f.Name == "url" && (o.Name == "Extension" || o.Base == "Extension")) {
			fp.companion, o.companions = true, true
			if fp.shape == plain && zeroIsValue(fp.typ) { // 0 and nothing but a companion differ
				fp.shape = optional
			}
		}
		if f.Required {
			fp.fill = fillOf(&f.Type)
		}
		p.planSlices(o, fp, inside)
		o.fields = append(o.fields, fp)
	}
	if o.Extra != nil {
		o.extra, o.extraName = p.typeOf(o.Extra), inside.claim("Extra", "ExtraMembers")
	}
	o.recv = strings.ToLower(o.goName[:1])
	if o.recv[0] < 'a' || o.recv[0] > 'z' || o.recv == "b" || o.recv == "i" || o.recv == "n" { // parameters and counters of methods
		o.recv = "x"
	}
}

func (p *plan) planSlices(o *objectPlan, fp *fieldPlan, inside *scope) {
	if len(fp.Slices) == 0 || fp.Type.Kind != dataset.List || o.row() {
		return
	}
	kept := fp.Slices[:min(len(fp.Slices), mostSlices)]
	names := make(map[*dataset.Slice]string)
	for _, s := range sortedBy(kept, func(s *dataset.Slice) string { return s.Name }) {
		name := GoName(s.Name)
		if s.Field.GoName != "" {
			name = GoName(s.Field.GoName)
		}
		names[s] = inside.claim(name, fp.goName+name)
	}
	for _, s := range kept {
		sp := &slicePlan{Slice: s, goName: names[s]}
		sp.shape, sp.typ = p.shape(&s.Field.Type, s.Field.Required, false, false)
		if sp.shape == plain {
			// A slice that must be there may still be missing in what is read.
			sp.shape = optional
			if sp.typ.Kind == dataset.ObjectKind && !sp.typ.opaque {
				sp.shape = pointer
			}
		}
		sp.match = p.names.claim("is"+o.goName+sp.goName, "is"+o.goName+fp.goName+sp.goName)
		fp.slices = append(fp.slices, sp)
	}
	fp.order = inside.claim("orderOf"+fp.goName, "orderOf"+fp.goName)
}

// zeroIsValue says that the zero of the Go type is a value that data may have.
func zeroIsValue(g *goType) bool {
	switch g.Kind {
	case dataset.Boolean, dataset.Integer, dataset.Float, dataset.Year:
		return true
	}
	return false
}

// primitive says that a type is one of FHIR's primitives or a list of them.
func primitive(t *dataset.Type) bool {
	if t.Kind == dataset.List {
		t = t.Elem
	}
	switch t.Kind {
	case dataset.Any, dataset.ObjectKind, dataset.List, dataset.Map, dataset.Union:
		return false
	}
	return true
}

func fillOf(t *dataset.Type) dataset.Literal {
	if t.Const != "" {
		return t.Const
	}
	if t.Kind == dataset.List {
		if e := fillOf(t.Elem); e != "" {
			return "[" + e + "]"
		}
	}
	return t.Pattern
}

// shape returns how a field holds a value, and the type of the value.
func (p *plan) shape(t *dataset.Type, required, null, row bool) (shape, *goType) {
	g := p.typeOf(t)
	switch t.Kind {
	case dataset.List:
		if null && !required && !row {
			return nullList, g.elem
		}
		return list, g.elem
	case dataset.Any:
		if required {
			return plain, g
		}
		return nilable, g
	case dataset.ObjectKind:
		switch {
		case g.opaque && required:
			return plain, g
		case g.opaque:
			return optional, g
		case required && !null:
			return plain, g
		case null && !required && !row:
			return nullable, g
		}
		return pointer, g
	case dataset.Map:
		switch {
		case null && !required && !row:
			return nullable, g
		case required && !null:
			return plain, g
		}
		return nilable, g
	}
	switch {
	case required && !null:
		return plain, g
	case null && !required && !row:
		return nullable, g
	}
	return optional, g
}

func (p *plan) typeOf(t *dataset.Type) *goType {
	g := &goType{Type: t}
	switch t.Kind {
	case dataset.Text:
		g.name = "string"
		if t.Codes != nil && !t.CodesOpen {
			if e := p.byCodes[t.Codes]; e != nil {
				g.enum, g.name = e, e.goName
			}
		}
	case dataset.Boolean:
		g.name = "bool"
	case dataset.Integer:
		g.name = integerName(t)
	case dataset.Float:
		g.name = "float64"
	case dataset.Year:
		g.name = "int32"
	case dataset.Duration:
		g.name = "string"
	case dataset.ObjectKind:
		if opaque(t.Object) {
			g.opaque, g.name = true, "Extension"
			break
		}
		g.object = p.byObject[t.Object]
		g.name = g.object.goName
	case dataset.List:
		g.elem = p.typeOf(t.Elem)
		g.name = "[]" + g.elem.name
	case dataset.Map:
		g.elem = p.typeOf(t.Elem)
		g.name = "map[string]" + g.elem.name
	case dataset.Union:
		g.union = p.unionOf(t)
		g.name = g.union.goName
	default:
		g.name = typeNames[t.Kind]
	}
	return g
}

// typeNames are the types of the support code by kind.
var typeNames = map[dataset.Kind]string{
	dataset.Any: "Raw", dataset.Decimal: "Decimal", dataset.Date: "Date", dataset.DateTime: "DateTime",
	dataset.Time: "Time", dataset.YearMonth: "Date", dataset.Binary: "Base64",
}

func integerName(t *dataset.Type) string {
	name := "int64"
	if t.Bits == 32 {
		name = "int32"
	}
	if t.Unsigned {
		name = "u" + name
	}
	return name
}

// breakCircles makes pointers of required objects that would hold themselves.
func (p *plan) breakCircles() {
	const open, done = 1, 2
	state := make(map[*objectPlan]int)
	var visit func(o *objectPlan)
	visit = func(o *objectPlan) {
		state[o] = open
		for _, f := range o.fields {
			if f.shape != plain || f.typ.object == nil {
				continue
			}
			switch state[f.typ.object] {
			case open:
				f.shape = pointer
				p.notHeld(issue.Error, CodeEndless, o, f.Field, "want a record that can end, have an object that must hold itself")
			case 0:
				visit(f.typ.object)
			}
		}
		state[o] = done
	}
	for _, o := range p.objects {
		if state[o] == 0 {
			visit(o)
		}
	}
}
