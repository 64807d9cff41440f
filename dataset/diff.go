package dataset

import (
	"cmp"
	"strconv"
	"strings"
)

// Breaks says for whom a change of a profile breaks something: those who read
// the data, those who produce it, both or nobody.
type Breaks uint8

// The values of Breaks; readers and producers may both be set.
const (
	BreaksReaders   Breaks = 1 << iota // what they relied on does not hold any more
	BreaksProducers                    // what they made is refused now
)

// String returns readers, producers, both or none.
func (b Breaks) String() string {
	return [...]string{"none", "readers", "producers", "readers and producers"}[b&3]
}

// Change is one difference between two models.
type Change struct {
	// Path is table or table.field; a slice stands behind a colon.
	Path string
	// What is the kind of the change, in words: field removed, codes, required.
	What string
	// Old and New are what it was and is, where that is short.
	Old, New string
	Breaks   Breaks
	// Why says what the change does to those who read or produce the data.
	Why string
	// Text says that only what people read has changed.
	Text bool
}

// Breaking says whether the change breaks something for somebody.
func (c Change) Breaking() bool { return c.Breaks != 0 }

// String returns the change as one line.
func (c Change) String() string {
	var b strings.Builder
	b.WriteString(c.Path + ": " + c.What)
	switch {
	case c.Old != "" && c.New != "":
		b.WriteString(": " + c.Old + " -> " + c.New)
	case c.Old != "":
		b.WriteString(": " + c.Old + " -> none")
	case c.New != "":
		b.WriteString(": none -> " + c.New)
	}
	b.WriteString(" (breaks " + c.Breaks.String())
	if c.Why != "" {
		b.WriteString(": " + c.Why)
	}
	b.WriteByte(')')
	return b.String()
}

// Diff returns what has changed from one model to another, tables and fields in
// the order of the old one, then what is new. Equal models give nothing.
func Diff(old, new *Model) []Change {
	d := &differ{seen: map[[2]*Object]bool{}}
	for _, t := range old.Tables {
		n := new.Table(t.Name)
		if n == nil {
			d.add(Change{Path: t.Name, What: "table removed", Breaks: BreaksReaders, Why: "who reads it finds nothing"})
			continue
		}
		d.table(t, n)
	}
	for _, t := range new.Tables {
		if old.Table(t.Name) == nil {
			d.add(Change{Path: t.Name, What: "table added"})
		}
	}
	d.privacy(old, new)
	d.text("", "title", old.Title, new.Title)
	d.text("", "description", old.Description, new.Description)
	return d.changes
}

type differ struct {
	changes []Change
	seen    map[[2]*Object]bool
}

func (d *differ) add(c Change) { d.changes = append(d.changes, c) }

// text reports a change of what people read.
func (d *differ) text(path, what, old, new string) {
	if old != new {
		d.add(Change{Path: cmp.Or(path, "profile"), What: what, Text: true})
	}
}

// differs reports a change of a plain property.
func (d *differ) differs(path, what, old, new string, b Breaks, why string) {
	if old != new {
		d.add(Change{Path: path, What: what, Old: old, New: new, Breaks: b, Why: why})
	}
}

func (d *differ) privacy(old, new *Model) {
	for _, p := range []struct {
		what     string
		old, new int
	}{{"privacy.k", old.Privacy.K, new.Privacy.K}, {"privacy.min_cell", old.Privacy.MinCell, new.Privacy.MinCell}} {
		if p.old != p.new {
			d.add(Change{Path: "profile", What: p.what, Old: itoa(p.old), New: itoa(p.new)})
		}
	}
}

func (d *differ) table(old, new *Table) {
	path := old.Name
	d.text(path, "title", old.Title, new.Title)
	d.text(path, "description", old.Description, new.Description)
	d.differs(path, "grain", string(old.Grain), string(new.Grain), BreaksReaders, "a row stands for something else")
	if old.Form != new.Form {
		d.add(Change{Path: path, What: "form", Breaks: BreaksReaders | BreaksProducers, Why: "records and flat rows look different"})
	}
	d.differs(path, "key", strings.Join(old.Key, " "), strings.Join(new.Key, " "), BreaksReaders, "other fields tell rows apart")
	d.differs(path, "from", origin(old), origin(new), BreaksReaders, "the rows come from something else")
	d.where(path, old, new)
	d.refs(path, old, new)
	d.object(path, old.Object, new.Object)
}

func origin(t *Table) string {
	return strings.Trim(strings.Join([]string{string(t.Kind), t.From.Resource, t.From.Profile, t.From.OMOPTable, t.From.IOD}, " "), " ")
}

func (d *differ) where(path string, old, new *Table) {
	texts := func(t *Table) map[string]bool {
		all := map[string]bool{}
		for _, c := range t.Where {
			all[c.Path+" in "+strings.Join(c.Values, "|")] = true
		}
		return all
	}
	before, after := texts(old), texts(new)
	for k := range before {
		if !after[k] {
			d.add(Change{Path: path, What: "condition removed", Breaks: BreaksReaders, Why: "records that were left out belong to the table"})
			break
		}
	}
	for k := range after {
		if !before[k] {
			d.add(Change{Path: path, What: "condition added", Breaks: BreaksReaders, Why: "records that belonged to the table are left out"})
			break
		}
	}
}

func (d *differ) refs(path string, old, new *Table) {
	text := func(r Ref) string {
		return strings.Join(r.Fields, " ") + " to " + r.Table + " " + strings.Join(r.Target, " ")
	}
	has := func(t *Table, want string) bool {
		for _, r := range t.Refs {
			if text(r) == want {
				return true
			}
		}
		return false
	}
	for _, r := range old.Refs {
		if !has(new, text(r)) {
			d.add(Change{Path: path, What: "reference removed", Old: text(r), Breaks: BreaksReaders, Why: "the rows it leads to may be missing"})
		}
	}
	for _, r := range new.Refs {
		if !has(old, text(r)) {
			d.add(Change{Path: path, What: "reference added", New: text(r), Breaks: BreaksProducers, Why: "rows need one to lead to"})
		}
	}
}

func (d *differ) object(path string, old, new *Object) {
	if old == nil || new == nil || d.seen[[2]*Object{old, new}] {
		return
	}
	d.seen[[2]*Object{old, new}] = true
	for _, f := range old.Fields {
		p := path + "." + f.Name
		n := new.Field(f.Name)
		if n == nil {
			d.add(Change{Path: p, What: "field removed", Breaks: BreaksReaders, Why: "who reads it finds nothing"})
			continue
		}
		d.field(p, f, n)
	}
	for _, f := range new.Fields {
		if old.Field(f.Name) != nil {
			continue
		}
		c := Change{Path: path + "." + f.Name, What: "field added"}
		if f.Required {
			c.What, c.Breaks, c.Why = "required field added", BreaksProducers, "records without it are refused"
		}
		d.add(c)
	}
	if !old.Closed && new.Closed {
		d.add(Change{Path: path, What: "closed", Breaks: BreaksProducers, Why: "other members are refused"})
	}
	if old.Closed && !new.Closed {
		d.add(Change{Path: path, What: "opened", Breaks: BreaksReaders, Why: "other members may turn up"})
	}
	for _, c := range old.Choices {
		for _, n := range new.Choices {
			if c.Name == n.Name {
				d.required(path+"."+c.Name+"[x]", c.Required, n.Required)
			}
		}
	}
	d.rules(path, old.Rules, new.Rules)
}

func (d *differ) rules(path string, old, new []Rule) {
	has := func(list []Rule, r Rule) bool {
		for _, o := range list {
			if o.Key == r.Key && o.Expression == r.Expression && o.Severity == r.Severity {
				return true
			}
		}
		return false
	}
	for _, r := range old {
		if !has(new, r) {
			d.add(Change{Path: path, What: "rule removed", Old: r.Key, Breaks: BreaksReaders, Why: "records that it refused may turn up"})
		}
	}
	for _, r := range new {
		if !has(old, r) {
			d.add(Change{Path: path, What: "rule added", New: r.Key, Breaks: BreaksProducers, Why: "records that it refuses were allowed"})
		}
	}
}

func (d *differ) required(path string, old, new bool) {
	switch {
	case old && !new:
		d.add(Change{Path: path, What: "required to optional", Breaks: BreaksReaders, Why: "the value may be missing"})
	case !old && new:
		d.add(Change{Path: path, What: "optional to required", Breaks: BreaksProducers, Why: "records without it are refused"})
	}
}

func (d *differ) field(path string, old, new *Field) {
	d.required(path, old.Required, new.Required)
	if old.Nullable != new.Nullable {
		c := Change{Path: path, What: "may not be null", Breaks: BreaksProducers, Why: "null is refused"}
		if new.Nullable {
			c = Change{Path: path, What: "may be null", Breaks: BreaksReaders, Why: "the value may be null"}
		}
		d.add(c)
	}
	d.differs(path, "unit", old.Unit, new.Unit, BreaksReaders|BreaksProducers, "the same number means something else")
	d.differs(path, "role", string(old.Role), string(new.Role), 0, "")
	d.differs(path, "deid", deidText(old.Deid), deidText(new.Deid), BreaksReaders, "values are changed in another way")
	d.differs(path, "go", old.GoName, new.GoName, BreaksReaders, "programs that use the generated name do not compile")
	d.differs(path, "path", old.Path, new.Path, BreaksReaders, "the value comes from another place")
	d.text(path, "title", old.Title, new.Title)
	d.text(path, "description", old.Description, new.Description)
	d.typ(path, &old.Type, &new.Type)
	d.slices(path, old, new)
}

func deidText(r *Deid) string {
	if r == nil {
		return ""
	}
	return strings.TrimSpace(strings.Join([]string{r.Method, r.Domain, string(r.Step), r.Per, r.With}, " "))
}

func (d *differ) slices(path string, old, new *Field) {
	for _, s := range old.Slices {
		p := path + ":" + s.Name
		n := findSlice(new, s.Name)
		if n == nil {
			d.add(Change{Path: p, What: "slice removed", Breaks: BreaksReaders, Why: "who reads it finds nothing"})
			continue
		}
		d.field(p, s.Field, n.Field)
	}
	for _, s := range new.Slices {
		if findSlice(old, s.Name) == nil {
			c := Change{Path: path + ":" + s.Name, What: "slice added"}
			if s.Field.Required {
				c.Breaks, c.Why = BreaksProducers, "records without it are refused"
			}
			d.add(c)
		}
	}
	if old.SlicesClosed != new.SlicesClosed || old.SlicesOnly != new.SlicesOnly {
		c := Change{Path: path, What: "other elements", Breaks: BreaksReaders, Why: "elements that are in no slice may turn up"}
		if new.SlicesClosed && !old.SlicesClosed {
			c.Breaks, c.Why = BreaksProducers, "elements that are in no slice are refused"
		} else if new.SlicesOnly {
			c.Why = "elements that are in no slice are left out"
		}
		d.add(c)
	}
}

// SuggestVersion returns the least version that the new model may have, by what
// changed: the next major where something breaks, the next minor where something
// was added or loosened without that, the next patch where only texts changed or
// nothing a reader sees, the old one where nothing did. Below 1.0.0 what
// breaks asks for the next minor. Enough says that the new model's own version is
// at least that; versions are compared as major.minor.patch.
func SuggestVersion(old, new *Model) (version string, enough bool) {
	major, minor, patch, ok := parseVersion(old.Version)
	if !ok {
		return "", true
	}
	level := 0
	for _, c := range Diff(old, new) {
		switch {
		case c.Breaking():
			level = max(level, 3)
		case c.Text:
			level = max(level, 1)
		default:
			level = max(level, 2)
		}
	}
	if level == 3 && major == 0 {
		level = 2
	}
	switch level {
	case 3:
		major, minor, patch = major+1, 0, 0
	case 2:
		minor, patch = minor+1, 0
	case 1:
		patch++
	}
	version = itoa(major) + "." + itoa(minor) + "." + itoa(patch)
	a, b, c, ok := parseVersion(new.Version)
	return version, ok && cmp.Or(cmp.Compare(a, major), cmp.Compare(b, minor), cmp.Compare(c, patch)) >= 0
}

func parseVersion(s string) (major, minor, patch int, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return 0, 0, 0, false
	}
	var v [3]int
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 || n > 1e9 {
			return 0, 0, 0, false
		}
		v[i] = n
	}
	return v[0], v[1], v[2], true
}
