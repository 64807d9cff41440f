package view

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// pieceBytes is about how much a piece holds before it is handed on.
const pieceBytes = 4 << 20

// piece is what a worker made of a run of records.
type piece struct {
	tables     []*table
	accounts   []ViewAccount
	types      map[string]*TypeAccount
	issues     issue.List
	quarantine []byte
}

func (c *conversion) newPiece() *piece {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.spare); n > 0 {
		p := c.spare[n-1]
		c.spare = c.spare[:n-1]
		return p
	}
	p := &piece{accounts: make([]ViewAccount, len(c.tables)), types: map[string]*TypeAccount{}}
	for _, t := range c.tables {
		p.tables = append(p.tables, &table{view: t.view, slots: t.slots, batch: columnar.NewBatch(specs(t.slots))})
	}
	return p
}

func (p *piece) reset() {
	for i := range p.tables {
		p.tables[i].batch.Reset()
		p.accounts[i] = ViewAccount{}
	}
	for _, a := range p.types {
		*a = TypeAccount{Type: a.Type}
	}
	p.issues, p.quarantine = p.issues[:0], p.quarantine[:0]
}

func (p *piece) account(typ string) *TypeAccount {
	a := p.types[typ]
	if a == nil {
		a = &TypeAccount{Type: typ}
		p.types[typ] = a
	}
	return a
}

// worker makes the rows of all views for the records that it is given.
type worker struct {
	c       *conversion
	piece   *piece
	runners []*runner
	records int
	last    string // type of the last record
	views   []int  // of that type
	account *TypeAccount
	results []outcome
	count   counting
}

func (c *conversion) newWorker() (*worker, error) {
	w := &worker{c: c, piece: c.newPiece(), results: make([]outcome, len(c.tables))}
	for _, t := range c.tables {
		r, err := newRunner(t.view)
		if err != nil {
			return w, err
		}
		w.runners = append(w.runners, r)
	}
	return w, nil
}

// enter finds the views of a type. Records of a type mostly come together.
func (w *worker) enter(typ string) {
	if w.account == nil || typ != w.last {
		w.last = strings.Clone(typ)
		w.views = w.c.byType[w.last]
		w.account = w.piece.account(typeOf(w.last))
	}
}

// typeOf is the type under which a record is counted: names that R4 does not
// have may be data.
func typeOf(name string) string {
	switch {
	case name == "":
		return "(unknown)"
	case !fhir.IsResourceType(name):
		return "(other)"
	}
	return name
}

var typeFirst = []byte(`{"resourceType":"`)

// quick takes records whose type comes first in their text: those without a
// view at once, others if a scan suffices for all their views.
func (w *worker) quick(raw []byte, at issue.Pos) (bool, error) {
	if !bytes.HasPrefix(raw, typeFirst) {
		return false, nil
	}
	end := bytes.IndexByte(raw[len(typeFirst):min(len(raw), len(typeFirst)+80)], '"')
	if end <= 0 {
		return false, nil
	}
	typ := raw[len(typeFirst) : len(typeFirst)+end]
	w.enter(unsafe.String(unsafe.SliceData(typ), len(typ)))
	if len(w.views) == 0 {
		if !fhir.IsResourceType(string(typ)) || raw[len(bytes.TrimRight(raw, " \t\r\n"))-1] != '}' {
			return false, nil
		}
		w.account.Read++
		w.account.WithoutView++
		w.records++
		return true, nil
	}
	for k, v := range w.views {
		t := w.piece.tables[v]
		t.begin()
		w.count.sink = t
		what, ok, err := w.runners[v].text(raw, &w.count)
		if !ok || err != nil {
			for _, u := range w.views[:k+1] { // the tree tells, for all views
				w.piece.tables[u].rollback()
			}
			return false, nil
		}
		w.results[k] = what
	}
	for k, v := range w.views {
		w.done(v, w.results[k], at)
	}
	w.account.Read++
	w.account.Viewed++
	w.records++
	return true, nil
}

// done counts what became of a resource in a view.
func (w *worker) done(v int, what outcome, at issue.Pos) {
	t, a := w.piece.tables[v], &w.piece.accounts[v]
	a.Resources++
	switch what {
	case madeRows:
		a.WithRows++
	case filtered:
		a.Filtered++
	case noRows:
		a.WithoutRows++
	case failed:
		a.Failed++
	}
	a.Rows += int64(t.batch.Rows() - t.mark)
	a.KeptAsText += t.kept
	a.ZonesDropped += t.zones
	a.ValuesLost += t.lost
	for _, i := range t.issues {
		i.Pos = at
		w.piece.issues = append(w.piece.issues, i)
	}
}

// visit makes the rows of a parsed resource.
func (w *worker) visit(r *fhir.Resource) error {
	w.enter(r.Type())
	w.records++
	w.account.Read++
	if len(w.views) == 0 {
		w.account.WithoutView++
		return nil
	}
	w.account.Viewed++
	for _, v := range w.views {
		t := w.piece.tables[v]
		t.begin()
		w.count.sink = t
		what, err := w.runners[v].resource(r, &w.count)
		if err == nil {
			w.done(v, what, r.Pos())
			continue
		}
		t.rollback()
		w.done(v, failed, r.Pos())
		var f *failure
		if !errors.As(err, &f) && !errors.Is(err, errTooDeep) {
			return err
		}
		i := t.view.finding(err, r.Pos())
		w.piece.issues = append(w.piece.issues, i)
		line, err := quarantineLine(r.Type(), t.view.name, i, r.Pos(), r.Raw(), false)
		if err != nil {
			return err
		}
		w.piece.quarantine = append(w.piece.quarantine, line...)
	}
	return nil
}

// reject takes a record that cannot be read.
func (w *worker) reject(r *fhir.Rejected) error {
	w.records++
	a := w.piece.account(typeOf(r.Type))
	a.Read++
	a.Unreadable++
	line, err := quarantineLine(r.Type, "", r.Reason, r.Pos, r.Raw, r.Truncated)
	w.piece.quarantine = append(w.piece.quarantine, line...)
	return err
}

// full says that the piece is large enough. Looking takes longer than a small
// record, so it is done now and then.
func (w *worker) full() bool {
	if w.records&255 != 0 && len(w.piece.quarantine) < pieceBytes {
		return false
	}
	n := len(w.piece.quarantine)
	for _, t := range w.piece.tables {
		n += t.batch.Bytes()
	}
	return n >= pieceBytes
}

// take hands on the piece and begins another.
func (w *worker) take() *piece {
	p := w.piece
	w.piece, w.account = w.c.newPiece(), nil
	return p
}

// quarantined is one line of quarantine.ndjson: where a record was, which view
// could not use it (none if it cannot be read), why, and the record itself, as
// resource when it is JSON, else as text, else as bytes in base64.
type quarantined struct {
	Source    string          `json:"source"`
	Record    int64           `json:"record,omitempty"`
	Line      int             `json:"line,omitempty"`
	Column    int             `json:"column,omitempty"`
	Offset    int64           `json:"offset"`
	Type      string          `json:"resourceType,omitempty"`
	View      string          `json:"view,omitempty"`
	Code      issue.Code      `json:"code"`
	Path      string          `json:"path,omitempty"`
	Message   string          `json:"message"`
	Truncated bool            `json:"truncated,omitempty"`
	Resource  json.RawMessage `json:"resource,omitempty"`
	Text      string          `json:"text,omitempty"`
	Bytes     string          `json:"bytes,omitempty"`
}

func quarantineLine(typ, view string, why issue.Issue, at issue.Pos, raw []byte, truncated bool) ([]byte, error) {
	q := quarantined{
		Source: at.Source, Record: at.Record, Line: why.Pos.Line, Column: why.Pos.Column, Offset: why.Pos.Offset,
		Type: typ, View: view, Code: why.Code, Path: why.Path, Message: why.Message, Truncated: truncated,
	}
	switch {
	case !truncated && json.Valid(raw) && utf8.Valid(raw):
		q.Resource = jsontree.Compact(nil, raw)
	case utf8.Valid(raw):
		q.Text = string(raw)
	default:
		q.Bytes = base64.StdEncoding.EncodeToString(raw)
	}
	line, err := json.Marshal(&q)
	return append(line, '\n'), err
}
