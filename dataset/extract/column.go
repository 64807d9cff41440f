package extract

import (
	"fmt"
	"slices"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// column is a column of a table with all that its values are held against.
type column struct {
	dataset.Column
	path   string        // table.column
	scalar *dataset.Type // of one value; nil where the column holds JSON
	check  *checker
	unit   *unitRule // nil without
	lists  dataset.Type
	soft   bool // form, lengths and numbers of values are warnings
	needed bool // NULL is an error
	strict bool // numbers and booleans are those of JSON, and text is a string
	asIs   bool // text is stored unseen: the reader has made sure that it is UTF-8
}

// newColumn compiles a column.
func newColumn(table string, c dataset.Column) (*column, error) {
	k := &column{Column: c, path: table + "." + c.Name}
	k.scalar = &k.Type
	if c.List {
		k.lists = c.Type
		k.scalar = c.Type.Elem
	}
	if c.JSON {
		k.scalar = nil
		return k, nil
	}
	var err error
	k.check, err = newChecker(k.scalar)
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, k.path)
	}
	return k, nil
}

// isText reports whether the values are kept as text.
func (c *column) isText() bool { return c.Kind == dataset.Text || c.Kind == dataset.Binary }

// spec returns the column of the file.
func (c *column) spec() columnar.ColumnSpec {
	s := columnar.ColumnSpec{Name: c.Name, Kind: columnar.TextColumn}
	switch {
	case c.JSON:
		s.Kind = columnar.JSONColumn
	case c.Kind == dataset.Binary:
		s.Kind = columnar.BytesColumn
	case c.Kind == dataset.Boolean:
		s.Kind = columnar.BoolColumn
	case c.Kind == dataset.Integer && c.Bits == 32:
		s.Kind = columnar.Int32Column
	case c.Kind == dataset.Integer:
		s.Kind = columnar.Int64Column
	case c.Kind == dataset.Float:
		s.Kind = columnar.Float64Column
	case c.Kind == dataset.Date:
		s.Kind = columnar.DateColumn
	case c.Kind == dataset.DateTime && c.UTC:
		s.Kind = columnar.InstantColumn
	case c.Kind == dataset.DateTime:
		s.Kind = columnar.TimestampColumn
	}
	if c.List {
		s.Kind = listKinds[s.Kind]
	}
	return s
}

var listKinds = map[columnar.ColumnKind]columnar.ColumnKind{
	columnar.TextColumn: columnar.TextListColumn, columnar.BoolColumn: columnar.BoolListColumn, columnar.Int32Column: columnar.Int32ListColumn,
	columnar.Int64Column: columnar.Int64ListColumn, columnar.Float64Column: columnar.Float64ListColumn, columnar.DateColumn: columnar.DateListColumn,
	columnar.TimestampColumn: columnar.TimestampListColumn, columnar.InstantColumn: columnar.InstantListColumn,
}

// fieldCount counts what became of the values of a column.
type fieldCount struct {
	nulls, inexact, cut, gaps, converted int64
}

func (f *fieldCount) add(g *fieldCount) {
	f.nulls += g.nulls
	f.inexact += g.inexact
	f.cut += g.cut
	f.gaps += g.gaps
	f.converted += g.converted
}

// tally collects what is found in the record at hand, and counts what was found in
// all before.
type tally struct {
	columns  []*column
	issues   issue.List // without place
	bad      bool       // one is an error
	now      []fieldCount
	fields   []fieldCount
	unlisted map[string]int64 // members that are left out, by path
	skipped  []string         // those of the record at hand
}

func newTally(columns []*column) *tally {
	return &tally{columns: columns, now: make([]fieldCount, len(columns)), fields: make([]fieldCount, len(columns)), unlisted: map[string]int64{}}
}

// begin starts a record.
func (t *tally) begin() {
	t.issues, t.bad, t.skipped = t.issues[:0], false, t.skipped[:0]
	clear(t.now)
}

// end counts the record in.
func (t *tally) end() {
	for i := range t.now {
		t.fields[i].add(&t.now[i])
	}
	for _, path := range t.skipped {
		if len(t.unlisted) < maxUnlisted || t.unlisted[path] > 0 {
			t.unlisted[path]++
		}
	}
}

// maxUnlisted bounds the different members that are counted by name.
const maxUnlisted = 1000

// wrong notes a finding.
func (t *tally) wrong(s issue.Severity, code issue.Code, path, message string) {
	t.bad = t.bad || s >= issue.Error
	if len(t.issues) < maxIssues || s >= issue.Error && !t.issues.HasErrors() {
		t.issues = append(t.issues, issue.Issue{Severity: s, Code: code, Path: path, Message: message})
	}
}

// maxIssues bounds the findings of one record.
const maxIssues = 100

// convert turns the value of column i into the form of the file, and notes what is
// wrong with it. What is wrong is NULL.
func (t *tally) convert(i int, v *value) (s stored) {
	c := t.columns[i]
	if v.kind == null || v.kind == list && len(v.items) == 0 {
		t.now[i].nulls++
		if c.needed {
			t.wrong(issue.Error, CodeRequired, c.path, "want a value, have none")
		}
		return stored{}
	}
	switch {
	case c.JSON:
		s.set = true
		s.b = v.json(nil)
	case c.List:
		s = t.list(i, v)
	case v.kind == list && len(v.items) == 1:
		s = t.one(i, &v.items[0])
	case v.kind == list:
		severity := issue.Error
		if c.soft && c.scalar.Kind == dataset.Text {
			severity = issue.Warning
		}
		t.wrong(severity, CodeCount, c.path, "want at most one value, have more")
		if severity == issue.Warning { // as DICOM writes them
			s.set, s.b = true, joined(v.items)
		}
	default:
		s = t.one(i, v)
	}
	if !s.set {
		t.now[i].nulls++
	}
	return s
}

// joined writes values with backslashes between them.
func joined(items []value) []byte {
	var b []byte
	for k := range items {
		if k > 0 {
			b = append(b, '\\')
		}
		b = items[k].plain(b)
	}
	return b
}

// one converts and checks a scalar.
func (t *tally) one(i int, v *value) (s stored) {
	c := t.columns[i]
	if v.kind == raw || v.kind == list {
		t.wrong(issue.Error, CodeType, c.path, "want "+c.scalar.Kind.String()+", have "+kindWords[v.kind])
		return stored{}
	}
	ok, inexact := c.form(v, &s)
	if !ok {
		severity := issue.Error
		if c.soft && c.Nullable {
			severity = issue.Warning
		}
		t.wrong(severity, CodeType, c.path, "want "+c.scalar.Kind.String()+", have other "+kindWords[v.kind])
		return stored{}
	}
	if inexact && c.Kind == dataset.Float {
		t.now[i].inexact++
		t.wrong(issue.Warning, CodeInexact, c.path, "want a decimal that a double holds exactly, have one of more digits")
	} else if inexact {
		t.now[i].cut++
	}
	if code, severity, message := c.check.check(v); code != "" {
		t.wrong(severity, code, c.path, message)
	}
	return s
}

// list converts a list of scalars; gaps are left out.
func (t *tally) list(i int, v *value) (s stored) {
	c := t.columns[i]
	items := []value{*v}
	if v.kind == list {
		items = v.items
	}
	s.set = true
	for k := range items {
		if items[k].kind == null {
			t.now[i].gaps++
			continue
		}
		one := t.one(i, &items[k])
		switch {
		case !one.set:
		case c.isText():
			s.texts = append(s.texts, string(one.b))
		default:
			s.nums = append(s.nums, one.n)
		}
	}
	n := len(items)
	if n < c.lists.MinItems || c.lists.MaxItems >= 0 && n > c.lists.MaxItems {
		severity := issue.Error
		if c.soft {
			severity = issue.Warning
		}
		t.wrong(severity, CodeCount, c.path, fmt.Sprintf("want %s values, have %d", lengths(c.lists.MinItems, c.lists.MaxItems), n))
	}
	if c.lists.UniqueItems && repeats(&s) {
		t.wrong(issue.Error, CodeCount, c.path, "want values that are all different, have one twice")
	}
	return s
}

func repeats(s *stored) bool {
	texts, nums := slices.Clone(s.texts), slices.Clone(s.nums)
	slices.Sort(texts)
	slices.Sort(nums)
	return len(slices.Compact(texts)) < len(s.texts) || len(slices.Compact(nums)) < len(s.nums)
}

// json writes a value as compact JSON.
func (v *value) json(dst []byte) []byte {
	switch v.kind {
	case text:
		return quote(dst, v.b)
	case list:
		dst = append(dst, '[')
		for i := range v.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = v.items[i].json(dst)
		}
		return append(dst, ']')
	case raw:
		return jsontree.Compact(dst, v.b)
	case null:
		return append(dst, "null"...)
	}
	return v.plain(dst)
}
