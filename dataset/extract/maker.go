package extract

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/view"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// Definition says how a Maker makes the records of one table. Generated code
// writes it.
type Definition struct {
	// Resource is the FHIR type, View the ViewDefinition that makes rows of it, ""
	// where the record is the resource itself. Where are filters in FHIRPath, besides
	// those of the view.
	Resource, View string
	Where          []string
	// SOPClasses are those of the instances that count; none = all.
	SOPClasses []string
	// Conditions are those on attributes of DICOM and columns of OMOP: the member Path
	// has one of Values.
	Conditions []dataset.Condition
	Members    []Member
}

// Member is a member of a record.
type Member struct {
	Name string
	// Path is a path of tags, or a column.
	Path string
	// Kind is that of the value, of a list that of its elements, in the words of
	// dataset.Kind.
	Kind string
	List bool
	// Unit is the unit of the value, and UnitPath where the record has one, in
	// FHIRPath beside the column of a view: a value in another unit is converted, if
	// that is exact, and else an error.
	Unit, UnitPath string
	// Members are those of the items of a sequence.
	Members []Member
}

// Maker makes records of one table, as JSON, out of one resource, instance or row
// at a time. It converts values as Run does: texts lose the padding of DICOM, its
// dates and times take the form of ISO 8601, several values in a member that is no
// list are an error of type when the record is read, and an empty value is none. It
// is immutable and safe to share.
type Maker struct {
	def   Definition
	view  *view.View // nil where there is nothing to filter
	types []*dataset.Type
	dicom dicomPlan
	cells []makerCell // of each member of a view
}

// makerCell says where a row of a view has the value of a member.
type makerCell struct {
	at   int // -1 where the view has no such column
	unit *unitRule
}

// NewMaker compiles a definition. The error says what is wrong with it.
func NewMaker(d *Definition) (*Maker, error) {
	m := &Maker{def: *d}
	if d.Resource != "" {
		return m, m.compileView()
	}
	for _, f := range d.Members {
		t := f.typ()
		m.types = append(m.types, t)
		if len(d.SOPClasses) == 0 && !isTagPath(f.Path) {
			continue // a column
		}
		path, err := dicomPath(f.Path)
		if err != nil {
			return nil, fmt.Errorf("extract: member %q: %w", f.Name, err)
		}
		m.dicom.paths = append(m.dicom.paths, path)
		m.dicom.objects = append(m.dicom.objects, f.object())
	}
	if len(d.SOPClasses) > 0 {
		m.dicom.classes = map[string]bool{}
		for _, uid := range d.SOPClasses {
			m.dicom.classes[uid] = true
		}
	}
	for _, c := range d.Conditions {
		if path, err := dicomPath(c.Path); err == nil {
			m.dicom.where = append(m.dicom.where, dicomCondition{path, c.Values})
		}
	}
	return m, nil
}

func isTagPath(s string) bool {
	_, err := dicomPath(s)
	return err == nil
}

func (m *Maker) compileView() (err error) {
	src := []byte(m.def.View)
	if m.def.View == "" && len(m.def.Where) == 0 {
		return nil
	}
	if m.def.View == "" {
		src = []byte(`{"select":[{"column":[{"name":"id","path":"id"}]}]}`)
	}
	var def map[string]any
	if err := json.Unmarshal(src, &def); err != nil {
		return fmt.Errorf("extract: view: %w", err)
	}
	if _, ok := def["resource"]; !ok {
		def["resource"] = m.def.Resource
	}
	own, _ := def["where"].([]any)
	for _, path := range m.def.Where {
		own = append(own, map[string]any{"path": path})
	}
	if len(own) > 0 {
		def["where"] = own
	}
	for i, f := range m.def.Members {
		if f.checksUnit() {
			addUnits(def, f.Name, unitColumn(i), f.UnitPath)
		}
	}
	if src, err = json.Marshal(def); err == nil {
		m.view, err = view.New(src, nil)
	}
	if err != nil {
		return fmt.Errorf("extract: view: %w", err)
	}
	columns := m.view.Columns()
	find := func(name string) int {
		return slices.IndexFunc(columns, func(c view.Column) bool { return c.Name == name })
	}
	for i, f := range m.def.Members {
		c := makerCell{at: find(f.Name)}
		if from := find(unitColumn(i)); from >= 0 {
			c.unit = &unitRule{unit: f.Unit, from: from}
		}
		m.cells = append(m.cells, c)
	}
	return nil
}

// unitColumn names the column that has the units of column i of a table.
func unitColumn(i int) string { return "unit_of_column_" + strconv.Itoa(i) }

func (f *Member) checksUnit() bool { return f.Unit != "" && f.UnitPath != "" && !f.List }

// typ returns the type of a member as the conversion of values needs it.
func (f *Member) typ() *dataset.Type {
	t := dataset.NewType(dataset.Any)
	for k := dataset.Any; k <= dataset.Union; k++ {
		if k.String() == f.Kind {
			t.Kind = k
		}
	}
	if f.List {
		t = dataset.ListOf(t)
	}
	return &t
}

func (f *Member) object() *dicomObject {
	if len(f.Members) == 0 {
		return nil
	}
	o := &dicomObject{}
	for i := range f.Members {
		m := &f.Members[i]
		if path, err := dicomPath(m.Path); err == nil {
			o.fields = append(o.fields, dicomField{name: m.Name, tag: path[len(path)-1].tag, typ: m.typ(), below: m.object(), list: m.List})
		}
	}
	return o
}

// filtered is the only finding about a record that does not belong to the table.
func filtered(pos issue.Pos) issue.List {
	return issue.List{{Severity: issue.Information, Code: CodeFiltered, Pos: pos, Message: "want a record of the table, have another"}}
}

// Filtered reports whether findings of a Maker, or of a generated Extract function,
// say that the record does not belong to the table.
func Filtered(found issue.List) bool {
	return len(found) == 1 && found[0].Code == CodeFiltered
}

// Resource returns the records of a FHIR resource: with a view any number, else
// one. Of a resource that does not belong to the table there is none, and the
// finding has CodeFiltered.
func (m *Maker) Resource(r *fhir.Resource) ([][]byte, issue.List) {
	if r.Type() != m.def.Resource {
		return nil, filtered(r.Pos())
	}
	sink := &makerSink{maker: m, pos: r.Pos()}
	if m.view != nil {
		s, err := m.view.NewScanner()
		if err != nil {
			return nil, issue.List{{Severity: issue.Fatal, Code: CodeUnreadable, Pos: r.Pos(), Message: "want a view that compiles again"}}
		}
		switch what, found, err := s.Resource(r, sink); {
		case err != nil || what == view.Failed:
			return nil, issue.List{found}
		case what == view.Filtered:
			return nil, filtered(r.Pos())
		}
	}
	if m.def.View == "" {
		return [][]byte{r.Raw()}, nil
	}
	return sink.rows, sink.found
}

// makerSink makes records of the rows of a view.
type makerSink struct {
	maker *Maker
	pos   issue.Pos
	rows  [][]byte
	found issue.List
}

func (s *makerSink) Rollback() { s.rows, s.found = nil, nil }

func (s *makerSink) Row(cells view.Cells) error {
	b := batch{tree: jsontree.Tree{}}
	var row []byte
	for i, c := range s.maker.cells {
		if c.at < 0 {
			continue
		}
		f := &s.maker.def.Members[i]
		var v value
		b.cell(&v, cells, c.at)
		if c.unit != nil && v.kind != null {
			out, _, ok := c.unit.apply(&v, cells.Bytes(c.unit.from))
			if !ok {
				s.found = append(s.found, issue.Issue{Severity: issue.Error, Code: CodeUnit, Pos: s.pos, Path: f.Name, Message: c.unit.wanted()})
			}
			v = out
		}
		row = f.append(row, &v)
	}
	s.rows = append(s.rows, endRecord(row))
	return nil
}

func endRecord(b []byte) []byte {
	if len(b) == 0 {
		return []byte("{}")
	}
	b[0] = '{'
	return append(b, '}')
}

// append adds the member with its value, if it has one, after a comma.
func (f *Member) append(dst []byte, v *value) []byte {
	if v.kind == null {
		return dst
	}
	if f.List && v.kind != list && v.kind != raw {
		v = &value{kind: list, items: []value{*v}}
	}
	if v.kind == list { // gaps are left out, as Run does
		if v.items = slices.DeleteFunc(slices.Clone(v.items), func(x value) bool { return x.kind == null }); len(v.items) == 0 {
			return dst
		}
	}
	name, err := json.Marshal(f.Name)
	if err != nil {
		return dst // no string fails
	}
	dst = append(append(append(dst, ','), name...), ':')
	return f.appendValue(dst, v)
}

func (f *Member) appendValue(dst []byte, v *value) []byte {
	numeric := f.Kind == "integer" || f.Kind == "decimal" || f.Kind == "float" || f.Kind == "year"
	switch {
	case v.kind == list:
		dst = append(dst, '[')
		for i := range v.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = f.appendValue(dst, &v.items[i])
		}
		return append(dst, ']')
	case v.kind == text && numeric && isNumber(v.b):
		return append(dst, v.b...)
	case v.kind == text && f.Kind == "boolean" && (string(v.b) == "true" || string(v.b) == "false"):
		return append(dst, v.b...)
	case (v.kind == number || v.kind == whole || v.kind == truth) && !numeric && f.Kind != "boolean" && f.Kind != "any":
		return quote(dst, v.plain(nil))
	}
	return v.json(dst)
}

// Instance returns the record of a DICOM instance. Of one that does not belong to
// the table there is none, and the finding has CodeFiltered.
func (m *Maker) Instance(x *dicommeta.Instance) ([]byte, issue.List) {
	if m.dicom.filter(x) >= 0 {
		return nil, filtered(issue.Pos{Source: x.Source})
	}
	var row []byte
	var found issue.List
	for i := range m.dicom.paths {
		f, path := &m.def.Members[i], m.dicom.paths[i]
		all := values(nil, x, path, m.types[i], m.dicom.objects[i])
		if len(all) == 0 && tooLarge(x, path) {
			found = append(found, issue.Issue{Severity: issue.Warning, Code: CodeTooLarge, Pos: issue.Pos{Source: x.Source}, Path: f.Name, Message: wantSmaller})
		}
		all = slices.DeleteFunc(all, func(v value) bool { return v.kind == null && !f.List })
		v := value{}
		switch {
		case len(all) == 1 && (!f.List || all[0].kind == raw):
			v = all[0]
		case len(all) > 0:
			v = value{kind: list, items: all}
		}
		if v.kind == raw && !f.List && len(f.Members) > 0 {
			v.b = firstItem(v.b)
		}
		row = f.append(row, &v)
	}
	return endRecord(row), found
}

// firstItem returns the only item of a sequence whose field is no list; the array
// itself where there are more.
func firstItem(array []byte) []byte {
	var items []json.RawMessage
	if json.Unmarshal(array, &items) == nil && len(items) == 1 {
		return items[0]
	}
	return array
}

// Row returns the record of a row of the OMOP CDM, a struct of package omop. Of one
// that does not belong to the table there is none, and the finding has CodeFiltered.
func (m *Maker) Row(row any) ([]byte, issue.List) {
	s := reflect.ValueOf(row)
	columns := map[string]int{}
	for i := range s.NumField() {
		columns[s.Type().Field(i).Tag.Get("parquet")] = i
	}
	at := func(path string) value {
		i, ok := columns[strings.ToLower(path[strings.LastIndexByte(path, '.')+1:])]
		if !ok {
			return value{}
		}
		return goValue(s.Field(i))
	}
	for _, c := range m.def.Conditions {
		v := at(c.Path)
		if v.kind == null || !slices.Contains(c.Values, string(v.plain(nil))) {
			return nil, filtered(issue.Pos{})
		}
	}
	var b []byte
	for i := range m.def.Members {
		f := &m.def.Members[i]
		path := f.Path
		if path == "" {
			path = f.Name
		}
		v := at(path)
		b = f.append(b, &v)
	}
	return endRecord(b), nil
}

// goValue returns the value of a field of a row struct.
func goValue(v reflect.Value) value {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return value{}
		}
		v = v.Elem()
	}
	if s, ok := v.Interface().(fmt.Stringer); ok { // Date and Timestamp
		return value{kind: text, b: []byte(s.String())}
	}
	switch v.Kind() {
	case reflect.Int32, reflect.Int64:
		return value{kind: whole, n: v.Int()}
	case reflect.Float64:
		if f := v.Float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return value{kind: number, b: strconv.AppendFloat(nil, f, 'g', -1, 64)}
		}
		return value{}
	}
	return value{kind: text, b: []byte(v.String())}
}

// findingCodes are the codes of this package for those of generated code that have
// another name there.
var findingCodes = map[string]issue.Code{
	"cardinality": CodeCount, "unique": CodeCount, "choice": CodeCount, "closed": CodeUnlisted,
	"format": CodePattern, "empty": CodeType, "reference": CodeType, "duplicate": CodeUnreadable, "syntax": CodeUnreadable, "limit": CodeUnreadable,
}

// Finding returns what generated code found in a record, with the code that Run gives
// it. Invariants that do not hold (CodeRule) are at most warnings: Run does not evaluate
// them and puts no record into the quarantine for them.
func Finding(s issue.Severity, code string, pos issue.Pos, path, message string) issue.Issue {
	out := issue.Issue{Severity: s, Code: findingCodes[code], Pos: pos, Path: path, Message: message}
	if out.Code == "" {
		out.Code = issue.Code("extract-" + code)
	}
	if out.Code == CodeRule {
		out.Severity = min(s, issue.Warning)
	}
	return out
}
