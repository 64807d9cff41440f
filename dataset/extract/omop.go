package extract

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

// omopPlan is what a table of OMOP needs besides.
type omopPlan struct {
	names []string // of the columns of the source, in lower case
	where []int    // of the conditions: number of the name
}

// compileOMOP finds the columns of the source.
func (p *plan) compileOMOP() error {
	o := &omopPlan{}
	p.omop = o
	for _, c := range p.columns {
		o.names = append(o.names, omopName(c.Field))
	}
	for _, c := range p.Where {
		if len(c.Values) == 0 || c.Path == "" {
			return fmt.Errorf("extract: table %q: want conditions of a column and values, have %q", p.Name, c.Path)
		}
		name := strings.ToLower(c.Path[strings.LastIndexByte(c.Path, '.')+1:])
		at := slices.Index(o.names, name)
		if at < 0 {
			at = len(o.names)
			o.names = append(o.names, name)
		}
		o.where = append(o.where, at)
		p.rules = append(p.rules, rule{c.Origin, ruleText(c)})
	}
	return nil
}

// omopName is the column of the source that has a field.
func omopName(f *dataset.Field) string {
	if f.Path == "" {
		return strings.ToLower(f.Name)
	}
	return strings.ToLower(f.Path[strings.LastIndexByte(f.Path, '.')+1:])
}

// readOMOP makes the rows of the tables of OMOP. A table of the CDM is read once for
// all tables that are made of it.
func (r *run) readOMOP(ctx context.Context, in *inputs) error {
	plans := map[string][]*plan{}
	var order []string
	for _, p := range r.of(byTable) {
		name := strings.ToLower(p.From.OMOPTable)
		if plans[name] == nil {
			order = append(order, name)
		}
		plans[name] = append(plans[name], p)
	}
	for _, name := range order {
		t := &omopTable{run: r, plans: plans[name], account: TypeAccount{Kind: "omop", Type: name}}
		t.prepare(name)
		for _, dir := range in.omop {
			if err := t.folder(ctx, dir, name); err != nil {
				return err
			}
		}
		if err := t.flush(); err != nil {
			return err
		}
		if t.account.Read > 0 {
			r.report.Types = append(r.report.Types, t.account)
		}
	}
	return nil
}

// omopTable makes rows of one table of the CDM.
type omopTable struct {
	*run
	plans   []*plan
	batches []*batch
	account TypeAccount
	names   []string // all columns that are wanted
	from    [][]int  // for each plan the number of each of its names among them
	cells   []value  // of the row at hand, one a name
	renamed map[string]string
	rows    int
}

func (t *omopTable) prepare(table string) {
	for _, p := range t.plans {
		t.batches = append(t.batches, newBatch(p))
		var from []int
		for _, name := range p.omop.names {
			at := slices.Index(t.names, name)
			if at < 0 {
				at = len(t.names)
				t.names = append(t.names, name)
			}
			from = append(from, at)
		}
		t.from = append(t.from, from)
	}
	t.cells = make([]value, len(t.names))
	t.renamed = map[string]string{}
	for _, n := range cdm.Renames() {
		if n.Table == table {
			t.renamed[n.From], t.renamed[n.To] = n.To, n.From
		}
	}
}

// folder reads the files of the table in a folder, if there are any.
func (t *omopTable) folder(ctx context.Context, dir, table string) error {
	names, err := omop.TableFiles(os.DirFS(dir), table)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return t.findings.Report(issue.Issue{Severity: issue.Warning, Code: CodeNoSource, Pos: issue.Pos{Source: dir}, Path: table, Message: "want a file of the table, have none"})
	case err != nil:
		return fmt.Errorf("extract: %s: %w", dir, err)
	}
	for _, name := range names {
		file := filepath.Join(dir, filepath.FromSlash(name))
		read := t.account.Read
		account := SourceAccount{Kind: "omop", Name: file, Files: 1, Format: "csv"}
		if strings.EqualFold(filepath.Ext(name), ".parquet") {
			account.Format = "parquet"
		}
		size, err := t.file(ctx, file, account.Format, table)
		if err != nil {
			return err
		}
		account.Bytes, account.Records = size, t.account.Read-read
		t.report.Sources = append(t.report.Sources, account)
		t.passed += size
		if t.opts.Progress != nil {
			t.opts.Progress(t.passed, 0)
		}
	}
	return nil
}

func (t *omopTable) file(ctx context.Context, name, format, table string) (size int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, fmt.Errorf("extract: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("extract: %w", err)
	}
	if format == "parquet" {
		err = t.parquet(ctx, f, info.Size(), name, table)
	} else {
		err = t.csv(ctx, f, name, table)
	}
	return info.Size(), err
}

// unreadable tells of a file or record that cannot be read.
func (t *omopTable) unreadable(why issue.Issue) error {
	t.account.Read++
	t.account.Unreadable++
	if err := t.quarantine(record{typ: t.account.Type, at: why.Pos}, why); err != nil {
		return err
	}
	return t.findings.Report(why)
}

// find returns for each wanted column its place among those that a file has, -1 if it
// has none. A column may have its name of CDM 5.3.
func (t *omopTable) find(have []string, name, table string) ([]int, error) {
	at := make([]int, len(t.names))
	for i, want := range t.names {
		at[i] = slices.Index(have, want)
		if at[i] < 0 && t.renamed[want] != "" {
			at[i] = slices.Index(have, t.renamed[want])
		}
		if at[i] < 0 {
			if err := t.findings.Report(issue.Issue{Severity: issue.Warning, Code: omop.CodeColumnMissing, Pos: issue.Pos{Source: name}, Path: table + "." + want, Message: "want the column, have none"}); err != nil {
				return nil, err
			}
		}
	}
	return at, nil
}

func (t *omopTable) csv(ctx context.Context, f *os.File, name, table string) error {
	var at []int
	for rec, err := range omop.ReadRecords(f, name, nil) {
		if err == nil {
			err = t.now(ctx)
		}
		if err != nil {
			return fmt.Errorf("extract: %w", err)
		}
		switch {
		case rec.Why != nil:
			why := *rec.Why
			why.Path = table
			err = t.unreadable(why)
		case at == nil:
			var have []string
			for _, c := range rec.Cells {
				have = append(have, strings.ToLower(strings.TrimSpace(string(c))))
			}
			at, err = t.find(have, name, table)
		default:
			for i, k := range at {
				t.cells[i] = value{}
				if k >= 0 && rec.Cells[k] != nil {
					t.cells[i] = value{kind: text, b: rec.Cells[k]}
				}
			}
			err = t.row(rec.Pos)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *omopTable) parquet(ctx context.Context, f *os.File, size int64, name, table string) error {
	specs, err := columnar.Columns(f, size)
	if err != nil {
		return t.unreadable(issue.Issue{Severity: issue.Fatal, Code: CodeUnreadable, Pos: issue.Pos{Source: name}, Path: table, Message: "want a Parquet file, have one that cannot be read"})
	}
	var have []string
	for _, s := range specs {
		have = append(have, strings.ToLower(s.Name))
	}
	at, err := t.find(have, name, table)
	if err != nil {
		return err
	}
	var wanted []columnar.ColumnSpec
	place := make([]int, len(at)) // in the batch
	for i, k := range at {
		place[i] = -1
		if k < 0 {
			continue
		}
		place[i] = slices.IndexFunc(wanted, func(s columnar.ColumnSpec) bool { return s.Name == specs[k].Name })
		if place[i] < 0 {
			place[i] = len(wanted)
			wanted = append(wanted, specs[k])
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	number := int64(0)
	for b, err := range columnar.ReadBatch(f, size, wanted) {
		if err != nil {
			return t.unreadable(issue.Issue{Severity: issue.Fatal, Code: CodeUnreadable, Pos: issue.Pos{Source: name, Record: number + 1}, Path: table, Message: "want a Parquet file, have one whose rest cannot be read"})
		}
		for k := range b.Rows() {
			number++
			for i, p := range place {
				t.cells[i] = value{}
				if p >= 0 {
					t.cells[i] = batchValue(b.Column(p), wanted[p].Kind, k)
				}
			}
			if err := t.row(issue.Pos{Source: name, Record: number}); err != nil {
				return err
			}
		}
		if err := t.now(ctx); err != nil {
			return err
		}
	}
	return nil
}

// batchValue is a value of a column of a file.
func batchValue(v *columnar.Vector, k columnar.ColumnKind, row int) value {
	switch k {
	case columnar.TextColumn, columnar.BytesColumn, columnar.JSONColumn:
		if b, ok := v.TextAt(row); ok {
			return value{kind: text, b: b}
		}
		return value{}
	case columnar.BoolColumn, columnar.Int32Column, columnar.Int64Column, columnar.Float64Column, columnar.DateColumn, columnar.TimestampColumn, columnar.InstantColumn:
	default:
		return value{}
	}
	n, ok := v.NumberAt(row)
	if !ok {
		return value{}
	}
	switch k {
	case columnar.BoolColumn:
		return value{kind: truth, n: n}
	case columnar.Float64Column:
		f := math.Float64frombits(uint64(n))
		return value{kind: number, b: strconv.AppendFloat(nil, f, 'f', -1, 64)}
	case columnar.DateColumn:
		return value{kind: text, b: []byte(columnar.Date(n).String())}
	case columnar.TimestampColumn, columnar.InstantColumn:
		return value{kind: text, b: []byte(columnar.Timestamp(n).String())}
	}
	return value{kind: whole, n: n}
}

// now ends the reading when the context does, and hands on batches that are full.
func (t *omopTable) now(ctx context.Context) error {
	if t.rows++; t.rows&1023 != 0 {
		return nil
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	for _, b := range t.batches {
		if b.bytes() > pieceBytes {
			return t.flush()
		}
	}
	return nil
}

func (t *omopTable) flush() error {
	for i, b := range t.batches {
		if err := t.tables[t.plans[i].at].write(b); err != nil {
			return err
		}
		b.reset()
	}
	return nil
}

// row makes the rows of one row of the source.
func (t *omopTable) row(at issue.Pos) error {
	t.account.Read++
	t.account.Used++
	for i, p := range t.plans {
		b, o := t.batches[i], t.tables[t.plans[i].at]
		o.account.Records++
		if n := p.omop.filter(p, t.cells, t.from[i]); n >= 0 {
			o.account.Filtered[n].Records++
			continue
		}
		b.begin()
		for k, c := range p.columns {
			b.values[k] = omopValue(t.cells[t.from[i][k]], c)
		}
		b.store()
		if err := t.done(b, o, at); err != nil {
			return err
		}
	}
	return nil
}

// done counts a row in, or puts what it was made of into the quarantine.
func (t *omopTable) done(b *batch, o *output, at issue.Pos) error {
	var why issue.Issue
	for _, found := range b.tally.issues {
		found.Pos = at
		if err := t.findings.Report(found); err != nil {
			return err
		}
		if why.Code == "" && found.Severity >= issue.Error {
			why = found
		}
	}
	if !b.tally.bad {
		b.tally.end()
		o.account.WithRows++
		o.account.Rows++
		return nil
	}
	o.account.Quarantined++
	b.Rollback()
	return t.quarantine(record{typ: t.account.Type, table: o.plan.Name, at: at, raw: t.json()}, why)
}

// json writes the columns that were read as an object.
func (t *omopTable) json() []byte {
	dst := []byte{'{'}
	for i, name := range t.names {
		if t.cells[i].kind != null {
			dst = t.cells[i].json(key(dst, name))
		}
	}
	return append(dst, '}')
}

// filter returns the number of the condition that a row does not fulfil, -1 if there is
// none.
func (o *omopPlan) filter(p *plan, cells []value, from []int) int {
	for n, c := range p.Where {
		v := &cells[from[o.where[n]]]
		if v.kind == null || !slices.Contains(c.Values, string(v.plain(nil))) {
			return n
		}
	}
	return -1
}

// omopValue brings a value into the form of its column where OMOP has several: days
// without hyphens, days for times and the reverse at midnight.
func omopValue(v value, c *column) value {
	if v.kind == number && c.scalar != nil && c.scalar.Kind == dataset.Integer {
		v.b = []byte(strings.TrimSuffix(string(v.b), ".0"))
	}
	if v.kind != text || c.scalar == nil || !utf8.Valid(v.b) {
		return v
	}
	b := v.b
	switch c.scalar.Kind {
	case dataset.Date:
		if len(b) == len("20060102") && allDigits(b) {
			v.b = slices.Concat(b[:4], []byte{'-'}, b[4:6], []byte{'-'}, b[6:])
		} else if len(b) > 10 && (string(b[11:]) == "00:00:00" || strings.Trim(string(b[11:]), "0:.") == "") {
			v.b = b[:10]
		}
	case dataset.DateTime:
		if len(b) == len("2006-01-02") && c.Kind == dataset.DateTime {
			v.b = append(slices.Clip(b), "T00:00:00"...)
		}
	}
	return v
}
