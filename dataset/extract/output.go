package extract

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// output is the file of a table and the account of it.
type output struct {
	plan    *plan
	file    io.WriteCloser
	w       *columnar.BatchWriter
	account *TableAccount
	fields  []fieldCount
	others  map[string]int64 // members that were left out
	keys    hashes
	refs    []hashes
	isAimed bool // another table refers to it
}

// open makes the files.
func (r *run) open() error {
	hash := modelHash(r.model)
	for _, p := range r.plans {
		o := &output{plan: p, account: &r.report.Tables[p.at], fields: make([]fieldCount, len(p.columns)), others: map[string]int64{}, refs: make([]hashes, len(p.refs))}
		o.keys.dir = r.opts.TempDir
		for k := range o.refs {
			o.refs[k].dir = r.opts.TempDir
		}
		r.tables = append(r.tables, o)
		f, err := r.dir.Create(o.account.File)
		if err != nil {
			return fmt.Errorf("extract: %w", err)
		}
		o.file = f
		if o.w, err = columnar.NewBatchWriter(f, p.specs, &columnar.Options{Compression: r.opts.Compression, Metadata: r.metadata(p, hash)}); err != nil {
			return fmt.Errorf("extract: table %q: %w", p.Name, err)
		}
	}
	for _, p := range r.plans {
		for k, columns := range p.refs {
			if columns != nil {
				r.tables[p.target(r.plans, k).at].isAimed = true
			}
		}
	}
	f, err := r.dir.Create("quarantine.ndjson")
	if err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	r.bad = f
	return nil
}

// metadata describes a table in its file.
func (r *run) metadata(p *plan, hash string) []columnar.Metadata {
	list := []columnar.Metadata{
		{Key: "carabiner.version", Value: r.opts.ToolVersion}, {Key: "dataset.profile", Value: r.model.ID}, {Key: "dataset.version", Value: r.model.Version},
		{Key: "dataset.model", Value: hash}, {Key: "dataset.table", Value: p.Name}, {Key: "dataset.grain", Value: string(p.Grain)},
	}
	for _, s := range r.model.Sources {
		if s.Name != "" && s.SHA256 != "" {
			list = append(list, columnar.Metadata{Key: "dataset.source." + s.Name, Value: s.SHA256})
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(m columnar.Metadata) bool {
		twice := seen[m.Key]
		seen[m.Key] = true
		return m.Value == "" || twice || !utf8.ValidString(m.Key+m.Value)
	})
}

// modelHash is a hash of what the tables of a model are: their columns, conditions and
// sources.
func modelHash(m *dataset.Model) string {
	h := sha256.New()
	put := func(words ...string) {
		for _, w := range words {
			fmt.Fprintf(h, "%d:%s,", len(w), w)
		}
	}
	put(m.ID, m.Version)
	for _, s := range m.Sources {
		put(s.Name, string(s.Kind), s.Ref, s.Version, s.SHA256)
	}
	for _, t := range m.Tables {
		put("table", t.Name, string(t.Grain), string(t.Kind), t.From.Resource, t.From.OMOPTable, string(t.From.View))
		put(t.Key...)
		for _, c := range t.Where {
			put("where", c.Path)
			put(c.Values...)
		}
		for _, c := range dataset.Columns(t) {
			k := &c.Type
			put("column", c.Name, c.Kind.String(), fmt.Sprint(c.Bits, c.UTC, c.List, c.JSON, c.Nullable), c.Field.Path, c.Field.Unit, string(c.Field.Role),
				k.Kind.String(), string(k.Min), string(k.Max), k.Regex, string(k.Const), string(k.Pattern))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// write adds the rows of a batch to the file.
func (o *output) write(b *batch) error {
	for i := range b.tally.fields {
		o.fields[i].add(&b.tally.fields[i])
	}
	for path, n := range b.tally.unlisted {
		if len(o.others) < maxUnlisted || o.others[path] > 0 {
			o.others[path] += n
		}
	}
	if b.rows.Rows() == 0 {
		return nil
	}
	if err := o.w.Write(b.rows); err != nil {
		return fmt.Errorf("extract: table %q: %w", o.plan.Name, err)
	}
	if err := o.keys.add(b.keys); err != nil {
		return err
	}
	for k := range b.refs {
		if err := o.refs[k].add(b.refs[k]); err != nil {
			return err
		}
	}
	return nil
}

// drop gives up what the output keeps beside its file.
func (o *output) drop() {
	o.keys.close()
	for k := range o.refs {
		o.refs[k].close()
	}
}

// closeFiles closes all files that are open; those that hold no whole table keep the
// folder from appearing.
func (r *run) closeFiles() error {
	var err error
	for _, o := range r.tables {
		if o.file != nil {
			err = errors.Join(err, o.file.Close())
			o.file = nil
		}
	}
	if r.bad != nil {
		err = errors.Join(err, r.bad.Close())
		r.bad = nil
	}
	return err
}

// finish holds keys and references against each other, closes the files, writes the
// report and commits the folder.
func (r *run) finish(ctx context.Context) error {
	if err := r.keys(ctx); err != nil {
		return err
	}
	for _, o := range r.tables {
		o.finish(&r.report)
		if err := o.w.Close(); err != nil {
			return fmt.Errorf("extract: table %q: %w", o.plan.Name, err)
		}
	}
	if err := r.tellUnlisted(); err != nil {
		return err
	}
	if err := r.closeFiles(); err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	r.report.Findings = r.findings.codes()
	f, err := r.dir.Create("report.json")
	if err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	if err := errors.Join(r.report.writeJSON(f), f.Close()); err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := r.dir.Commit(); err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	return nil
}

// keys counts the keys that occur twice and the references that lead nowhere.
func (r *run) keys(ctx context.Context) error {
	for _, o := range r.tables {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if o.plan.key == nil {
			continue
		}
		n, err := o.keys.twice()
		if err != nil {
			return err
		}
		if o.account.KeysTwice = n; n > 0 {
			if err := r.findings.Report(issue.Issue{Severity: issue.Warning, Code: CodeKeyTwice, Pos: o.plan.Pos, Path: o.plan.Name,
				Message: fmt.Sprintf("want keys that are all different, have %d rows whose key another row before has", n)}); err != nil {
				return err
			}
		}
	}
	for _, o := range r.tables {
		for k := range o.refs {
			if o.plan.refs[k] == nil {
				continue
			}
			if err := r.reference(o, k); err != nil {
				return err
			}
		}
	}
	return context.Cause(ctx)
}

func (r *run) reference(o *output, k int) error {
	to := r.tables[o.plan.target(r.plans, k).at]
	n, err := o.refs[k].missing(&to.keys)
	if err != nil {
		return err
	}
	ref := o.plan.Refs[k]
	o.account.References = append(o.account.References, RefAccount{Fields: ref.Fields, Table: ref.Table, References: o.refs[k].all, Missing: n})
	if n == 0 {
		return nil
	}
	return r.findings.Report(issue.Issue{Severity: issue.Warning, Code: CodeNoTarget, Pos: o.plan.Pos, Path: o.plan.Name,
		Message: fmt.Sprintf("want references to rows of %s, have %d that lead to none", ref.Table, n)})
}

// record is something read that goes to the quarantine.
type record struct {
	typ, table string
	at         issue.Pos
	raw        []byte
	truncated  bool
}

// quarantined is one line of quarantine.ndjson: where a record was, which table
// could not use it (none if it cannot be read), why, and the record itself, as
// resource when it is JSON, else as text, else as bytes in base64. Files of DICOM
// are named alone.
type quarantined struct {
	Source    string          `json:"source"`
	Record    int64           `json:"record,omitempty"`
	Line      int             `json:"line,omitempty"`
	Column    int             `json:"column,omitempty"`
	Offset    int64           `json:"offset"`
	Type      string          `json:"type,omitempty"`
	Table     string          `json:"table,omitempty"`
	Code      issue.Code      `json:"code"`
	Path      string          `json:"path,omitempty"`
	Message   string          `json:"message"`
	Truncated bool            `json:"truncated,omitempty"`
	Resource  json.RawMessage `json:"resource,omitempty"`
	Text      string          `json:"text,omitempty"`
	Bytes     string          `json:"bytes,omitempty"`
}

// line returns the record as a line of the quarantine.
func (r record) line(why issue.Issue) ([]byte, error) {
	q := quarantined{
		Source: r.at.Source, Record: r.at.Record, Line: why.Pos.Line, Column: why.Pos.Column, Offset: why.Pos.Offset,
		Type: r.typ, Table: r.table, Code: why.Code, Path: why.Path, Message: why.Message, Truncated: r.truncated,
	}
	switch {
	case len(r.raw) == 0:
	case !r.truncated && json.Valid(r.raw) && utf8.Valid(r.raw):
		q.Resource = jsontree.Compact(nil, r.raw)
	case utf8.Valid(r.raw):
		q.Text = string(r.raw)
	default:
		q.Bytes = base64.StdEncoding.EncodeToString(r.raw)
	}
	line, err := json.Marshal(&q)
	return append(line, '\n'), err
}

func (r *run) quarantine(x record, why issue.Issue) error {
	line, err := x.line(why)
	if err == nil {
		_, err = r.bad.Write(line)
	}
	if err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	return nil
}

// counted counts findings on their way to a reporter.
type counted struct {
	to issue.Reporter
	mu sync.Mutex
	n  map[issue.Code]int64
}

// Report may be called by several goroutines; the calls do not overlap.
func (c *counted) Report(i issue.Issue) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[issue.Code]int64{}
	}
	c.n[i.Code]++
	if c.to == nil {
		return nil
	}
	return c.to.Report(i)
}

func (c *counted) codes() map[issue.Code]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		return map[issue.Code]int64{}
	}
	return c.n
}
