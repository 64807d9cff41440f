package dataset

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strconv"

	"github.com/carabiner-health/carabiner/internal/yamldoc"
	"github.com/carabiner-health/carabiner/issue"
)

// Limits of a profile document.
const (
	maxProfileBytes = 4 << 20
	maxProfileDepth = 32
	maxProfileNodes = 500_000
)

// Parse reads a profile document in YAML or JSON; name is the source that
// positions show. It is checked by the JSON Schema of profiles (Schema) and by
// what that cannot say; what its sources say is not looked at. There is no
// profile where a finding is an error. Parse may be called from several
// goroutines.
func Parse(name string, src []byte) (*Profile, issue.List) {
	doc, err := yamldoc.Parse(src, &yamldoc.Options{MaxBytes: maxProfileBytes, MaxDepth: maxProfileDepth, MaxNodes: maxProfileNodes})
	if err != nil {
		i := issue.Issue{Severity: issue.Error, Code: CodeForm, Pos: issue.Pos{Source: name, Line: 1, Column: 1}, Message: err.Error()}
		var at *yamldoc.Error
		if errors.As(err, &at) {
			i.Pos.Line, i.Pos.Column, i.Message = at.Line, at.Column, at.Message
		}
		return nil, issue.List{i}
	}
	form := &formChecker{name: name, doc: doc, schema: compiledSchema()}
	if err := form.check(); err != nil {
		form.add(1, 1, "", err.Error())
	}
	d := &decoder{name: name}
	p := d.profile(doc)
	c := &profileChecker{profile: p, name: name}
	c.check()
	findings := append(form.found, c.found...)
	sortFindings(findings)
	if findings.HasErrors() {
		return nil, findings
	}
	return p, findings
}

// decoder makes a Profile of a document. What does not have the right form is
// left out: the schema told of it.
type decoder struct{ name string }

func (d *decoder) at(n *yamldoc.Node) issue.Pos {
	return issue.Pos{Source: d.name, Line: n.Line, Column: n.Column}
}

func (d *decoder) key(m *yamldoc.Member) issue.Pos {
	return issue.Pos{Source: d.name, Line: m.Line, Column: m.Column}
}

// places returns the positions of the values of a map, by key; a value that
// is missing has that of its key.
func (d *decoder) places(n *yamldoc.Node) map[string]issue.Pos {
	places := map[string]issue.Pos{}
	for i := range n.Members {
		m := &n.Members[i]
		places[m.Name] = d.at(m.Value)
		if m.Value.Kind == yamldoc.Null {
			places[m.Name] = d.key(m)
		}
		for j, item := range m.Value.Items {
			places[m.Name+"/"+strconv.Itoa(j)] = d.at(item)
		}
	}
	return places
}

func text(n *yamldoc.Node) string {
	if n == nil || n.Kind != yamldoc.Text {
		return ""
	}
	return n.Text
}

func texts(n *yamldoc.Node) []string {
	if n == nil {
		return nil
	}
	var list []string
	for _, item := range n.Items {
		if item.Kind == yamldoc.Text {
			list = append(list, item.Text)
		}
	}
	return list
}

func yes(n *yamldoc.Node) bool { return n != nil && n.Kind == yamldoc.Bool && n.Text == "true" }

func maybe(n *yamldoc.Node) *bool {
	if n == nil || n.Kind != yamldoc.Bool {
		return nil
	}
	v := n.Text == "true"
	return &v
}

// whole returns a whole number, 1.0 and 1e2 included, 0 where it is none.
func whole(n *yamldoc.Node) int {
	if n == nil || n.Kind != yamldoc.Number {
		return 0
	}
	f, err := strconv.ParseFloat(n.Text, 64)
	if err != nil || math.Abs(f) > 1<<31 {
		return 0
	}
	return int(f)
}

func literal(n *yamldoc.Node) Literal {
	if n == nil || n.Kind == yamldoc.Null {
		return ""
	}
	return Literal(n.JSON(nil))
}

// members returns the members of a map, none of another node.
func members(n *yamldoc.Node) []yamldoc.Member {
	if n == nil {
		return nil
	}
	return n.Members
}

func (d *decoder) profile(n *yamldoc.Node) *Profile {
	p := &Profile{
		ID: text(n.Get("id")), Version: text(n.Get("version")), Title: text(n.Get("title")),
		Description: text(n.Get("description")), Metadata: text(n.Get("metadata")),
	}
	for _, m := range members(n.Get("sources")) {
		p.Sources = append(p.Sources, d.source(&m))
	}
	for _, m := range members(n.Get("tables")) {
		p.Tables = append(p.Tables, d.table(&m))
	}
	if v := n.Get("privacy"); v != nil {
		p.Privacy = Privacy{Unlisted: text(v.Get("unlisted")), K: whole(v.Get("k")), MinCell: whole(v.Get("min_cell"))}
		for _, m := range members(v.Get("l")) {
			p.Privacy.L = append(p.Privacy.L, Diversity{Field: m.Name, L: whole(m.Value), Pos: d.key(&m)})
		}
	}
	p.Outputs = d.outputs(n.Get("outputs"))
	return p
}

func (d *decoder) outputs(n *yamldoc.Node) Outputs {
	var o Outputs
	for _, m := range members(n) {
		o.Names = append(o.Names, m.Name)
	}
	o.GoPackage = text(n.Get("go").Get("package"))
	o.GoExtract, o.GoTests = yes(n.Get("go").Get("extract")), yes(n.Get("go").Get("tests"))
	o.SQLDialects = texts(n.Get("sql").Get("dialects"))
	if p := n.Get("go").Get("package"); p != nil {
		o.Pos = d.at(p)
	}
	return o
}

func (d *decoder) source(m *yamldoc.Member) SourceSpec {
	v := m.Value
	return SourceSpec{
		Name: m.Name, Kind: SourceKind(text(v.Get("kind"))), Ref: text(v.Get("ref")), SHA256: text(v.Get("sha256")),
		Table: text(v.Get("table")), FHIR: text(v.Get("fhir")), IG: texts(v.Get("ig")), Pos: d.key(m), At: d.places(v),
	}
}

func (d *decoder) table(m *yamldoc.Member) TableSpec {
	v := m.Value
	t := TableSpec{
		Name: m.Name, Title: text(v.Get("title")), Description: text(v.Get("description")), From: text(v.Get("from")),
		Grain: Grain(text(v.Get("grain"))), Key: texts(v.Get("key")), Unlisted: text(v.Get("unlisted")),
		Pos: d.key(m), At: d.places(v),
	}
	if refs := v.Get("refs"); refs != nil {
		for _, r := range refs.Items {
			t.Refs = append(t.Refs, Ref{Fields: texts(r.Get("fields")), Table: text(r.Get("table")), Target: texts(r.Get("target"))})
		}
	}
	if where := v.Get("where"); where != nil {
		if where.Kind == yamldoc.List {
			for _, w := range where.Items {
				t.Where = append(t.Where, d.condition(w))
			}
		} else {
			t.Where = append(t.Where, d.condition(where))
		}
	}
	for _, f := range members(v.Get("fields")) {
		t.Fields = append(t.Fields, d.field(&f))
	}
	return t
}

func (d *decoder) condition(n *yamldoc.Node) Condition {
	c := Condition{Origin: "profile", Pos: d.at(n)}
	if n.Kind == yamldoc.Text {
		c.Path = n.Text
		return c
	}
	c.Path, c.Values = text(n.Get("path")), texts(n.Get("in"))
	return c
}

func (d *decoder) field(m *yamldoc.Member) FieldSpec {
	v := m.Value
	f := FieldSpec{
		Name: m.Name, Path: text(v.Get("path")), Type: text(v.Get("type")), Title: text(v.Get("title")),
		Description: text(v.Get("description")), Required: maybe(v.Get("required")), Const: literal(v.Get("const")),
		Unit: text(v.Get("unit")), Min: literal(v.Get("min")), Max: literal(v.Get("max")), Pattern: text(v.Get("pattern")),
		List: maybe(v.Get("list")), Drop: yes(v.Get("drop")), GoName: text(v.Get("go")), Role: Role(text(v.Get("role"))),
		Pos: d.key(m), At: d.places(v),
	}
	if n := v.Get("max_length"); n != nil && n.Kind == yamldoc.Number {
		length := whole(n)
		f.MaxLength = &length
	}
	if c := v.Get("codes"); c != nil {
		f.Codes = text(c)
		list, system := c, ""
		if c.Kind == yamldoc.Map {
			list, system = c.Get("codes"), text(c.Get("system"))
		}
		for _, code := range texts(list) {
			f.CodeList = append(f.CodeList, Code{System: system, Code: code})
		}
	}
	if r := v.Get("deid"); r != nil {
		f.Deid = &Deid{Method: text(r.Get("method")), Domain: text(r.Get("domain")), Step: literal(r.Get("step")),
			Per: text(r.Get("per")), With: text(r.Get("with")), Pos: d.at(r)}
		for name, pos := range d.places(r) {
			f.At["deid."+name] = pos
		}
	}
	return f
}

// sortFindings puts findings in the order of the document.
func sortFindings(l issue.List) {
	slices.SortStableFunc(l, func(a, b issue.Issue) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column), cmp.Compare(a.Message, b.Message))
	})
}
