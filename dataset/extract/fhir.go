package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unsafe"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/view"
	"github.com/carabiner-health/carabiner/issue"
)

// pieceBytes is about how much a piece holds before it is handed on.
const pieceBytes = 4 << 20

// piece is what a worker made of a run of records.
type piece struct {
	batches    []*batch // one a table of FHIR
	accounts   []TableAccount
	types      map[string]*TypeAccount
	issues     issue.List
	quarantine []byte
}

// fhirRun reads the resources of all FHIR sources.
type fhirRun struct {
	*run
	plans  []*plan
	byType map[string][]int // tables by resource type
	types  map[string]*TypeAccount

	mu      sync.Mutex
	spare   []*piece
	refused []fhir.Rejected // sources that cannot be read as a whole
}

// readFHIR makes the rows of the tables of FHIR.
func (r *run) readFHIR(ctx context.Context, in *inputs) error {
	c := &fhirRun{run: r, plans: r.of(byView, byRecord), byType: map[string][]int{}, types: map[string]*TypeAccount{}}
	if len(c.plans) == 0 {
		return nil
	}
	for i, p := range c.plans {
		c.byType[p.From.Resource] = append(c.byType[p.From.Resource], i)
	}
	var total int64
	for _, s := range in.fhir {
		total += max(s.Size(), 0)
	}
	read := &fhir.ReadOptions{Workers: r.opts.Workers, Reporter: r.fhirFindings(in), Quarantine: func(x fhir.Rejected) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		x.Raw = bytes.Clone(x.Raw)
		c.refused = append(c.refused, x)
		return nil
	}}
	if r.opts.Progress != nil {
		read.Progress = func(done int64) { r.opts.Progress(done, total) }
	}
	var first error
	stats, err := fhir.Gather(ctx, in.fhir, read, func(int) fhir.Gatherer[*piece] {
		w, err := c.newWorker()
		if err != nil {
			first = err // of preparing again what was prepared once: it does not happen
		}
		return fhir.Gatherer[*piece]{Quick: w.quick, Visit: w.visit, Reject: w.reject, Full: w.full, Take: w.take}
	}, c.put)
	if err = errors.Join(err, first); err != nil {
		return err
	}
	for i := range c.refused {
		x := &c.refused[i]
		c.account(x.Type).add(&TypeAccount{Read: 1, Unreadable: 1})
		if err := r.quarantine(record{typ: x.Type, at: x.Pos, raw: x.Raw, truncated: x.Truncated}, x.Reason); err != nil {
			return err
		}
	}
	r.report.resources(c.types)
	r.report.fhirSources(stats, r.skipsFormats(in))
	return nil
}

func (c *fhirRun) account(typ string) *TypeAccount { return accountOf(c.types, typeOf(typ)) }

func accountOf(m map[string]*TypeAccount, typ string) *TypeAccount {
	a := m[typ]
	if a == nil {
		a = &TypeAccount{Kind: "fhir", Type: typ}
		m[typ] = a
	}
	return a
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

// put writes what a worker made of a piece of the input; pieces come in order.
func (c *fhirRun) put(p *piece) error {
	for i, b := range p.batches {
		o := c.tables[c.plans[i].at]
		o.account.add(&p.accounts[i])
		if err := o.write(b); err != nil {
			return err
		}
	}
	for typ, n := range p.types {
		accountOf(c.types, typ).add(n)
	}
	for _, i := range p.issues {
		if err := c.findings.Report(i); err != nil {
			return err
		}
	}
	if _, err := c.bad.Write(p.quarantine); err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	p.reset()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spare = append(c.spare, p)
	return nil
}

func (p *piece) reset() {
	for i := range p.batches {
		p.batches[i].reset()
		p.accounts[i] = TableAccount{Filtered: p.accounts[i].Filtered}
		for k := range p.accounts[i].Filtered {
			p.accounts[i].Filtered[k].Records = 0
		}
	}
	for typ, a := range p.types {
		*a = TypeAccount{Kind: "fhir", Type: typ}
	}
	p.issues, p.quarantine = p.issues[:0], p.quarantine[:0]
}

func (c *fhirRun) newPiece() *piece {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.spare); n > 0 {
		p := c.spare[n-1]
		c.spare = c.spare[:n-1]
		return p
	}
	p := &piece{types: map[string]*TypeAccount{}}
	for _, q := range c.plans {
		p.batches = append(p.batches, newBatch(q))
		p.accounts = append(p.accounts, TableAccount{Filtered: q.filters()})
	}
	return p
}

// fhirWorker makes the rows of all tables for the records that it is given.
type fhirWorker struct {
	c        *fhirRun
	piece    *piece
	scanners []*view.Scanner // of the tables; nil for records without conditions
	records  int
	last     string // type of the last record
	tables   []int  // of that type
	account  *TypeAccount
	results  []outcome
}

// outcome is what became of a record in a table.
type outcome struct {
	view.Outcome
	filter int
}

func (c *fhirRun) newWorker() (*fhirWorker, error) {
	w := &fhirWorker{c: c, piece: c.newPiece(), results: make([]outcome, len(c.plans))}
	for _, p := range c.plans {
		var s *view.Scanner
		if p.view != nil {
			var err error
			if s, err = p.view.NewScanner(); err != nil {
				return w, fmt.Errorf("extract: table %q: %w", p.Name, err)
			}
		}
		w.scanners = append(w.scanners, s)
	}
	return w, nil
}

// enter finds the tables of a type. Records of a type mostly come together.
func (w *fhirWorker) enter(typ string) {
	if w.account == nil || typ != w.last {
		w.last = strings.Clone(typ)
		w.tables = w.c.byType[w.last]
		w.account = accountOf(w.piece.types, typeOf(w.last))
	}
}

var typeFirst = []byte(`{"resourceType":"`)

// quick takes records whose type comes first in their text: those that no table asks
// for at once, others if a scan suffices for all their tables.
func (w *fhirWorker) quick(text []byte, at issue.Pos) (bool, error) {
	if !bytes.HasPrefix(text, typeFirst) {
		return false, nil
	}
	end := bytes.IndexByte(text[len(typeFirst):min(len(text), len(typeFirst)+80)], '"')
	if end <= 0 {
		return false, nil
	}
	typ := text[len(typeFirst) : len(typeFirst)+end]
	w.enter(unsafe.String(unsafe.SliceData(typ), len(typ)))
	if len(w.tables) == 0 {
		if !fhir.IsResourceType(string(typ)) || text[len(bytes.TrimRight(text, " \t\r\n"))-1] != '}' {
			return false, nil
		}
		w.account.Read++
		w.account.NotAsked++
		w.records++
		return true, nil
	}
	if taken, err := w.scan(text); !taken || err != nil {
		return false, err
	}
	for k, i := range w.tables {
		if err := w.done(i, w.results[k], record{typ: w.last, at: at, raw: text}, issue.Issue{}); err != nil {
			return false, err
		}
	}
	w.account.Read++
	w.account.Used++
	w.records++
	return true, nil
}

// nothing is a sink that rows do not matter to.
type nothing struct{}

func (nothing) Row(view.Cells) error { return nil }
func (nothing) Rollback()            {}

// scan makes the rows of a text without parsing it, if that can be done for all
// tables of its type. Records that pass their conditions are parsed.
func (w *fhirWorker) scan(text []byte) (bool, error) {
	for k, i := range w.tables {
		if w.c.plans[i].way != byRecord {
			continue
		}
		if w.scanners[i] == nil {
			return false, nil
		}
		what, ok, err := w.scanners[i].Text(text, nothing{})
		if !ok || err != nil || what != view.Filtered {
			return false, err
		}
		w.results[k] = outcome{what, w.scanners[i].Filter()}
		w.piece.batches[i].begin()
	}
	for k, i := range w.tables {
		if w.c.plans[i].way == byRecord {
			continue
		}
		b := w.piece.batches[i]
		b.begin()
		what, ok, err := w.scanners[i].Text(text, b)
		if !ok || err != nil {
			for _, j := range w.tables[:k+1] { // the tree tells, for all tables
				w.piece.batches[j].Rollback()
			}
			return false, err
		}
		w.results[k] = outcome{what, w.scanners[i].Filter()}
	}
	return true, nil
}

// done counts what became of a record in a table. What has an error has no rows and
// goes to the quarantine.
func (w *fhirWorker) done(i int, what outcome, r record, why issue.Issue) error {
	b, a := w.piece.batches[i], &w.piece.accounts[i]
	a.Records++
	for _, found := range b.tally.issues {
		found.Pos = r.at
		w.piece.issues = append(w.piece.issues, found)
		if why.Code == "" && found.Severity >= issue.Error {
			why = found
		}
	}
	switch {
	case what.Outcome == view.Failed || b.tally.bad:
		a.Quarantined++
		b.Rollback()
		r.table = w.c.plans[i].Name
		line, err := r.line(why)
		w.piece.quarantine = append(w.piece.quarantine, line...)
		return err
	case what.Outcome == view.Filtered:
		a.Filtered[what.filter].Records++
	case what.Outcome == view.NoRows:
		a.WithoutRows++
	default:
		a.WithRows++
	}
	b.tally.end()
	a.Rows += int64(b.rows.Rows() - b.mark)
	return nil
}

// visit makes the rows of a parsed resource.
func (w *fhirWorker) visit(r *fhir.Resource) error {
	w.enter(r.Type())
	w.records++
	w.account.Read++
	if len(w.tables) == 0 {
		w.account.NotAsked++
		return nil
	}
	w.account.Used++
	for _, i := range w.tables {
		p, b := w.c.plans[i], w.piece.batches[i]
		b.begin()
		what, why := view.MadeRows, issue.Issue{}
		var to view.Sink = b
		if p.way == byRecord {
			to = nothing{}
		}
		filter := 0
		if w.scanners[i] != nil {
			var err error
			if what, why, err = w.scanners[i].Resource(r, to); err != nil {
				return err
			}
			filter = w.scanners[i].Filter()
		}
		if what == view.Failed {
			why.Path = strings.TrimPrefix(p.Name+"."+why.Path, ".")
			b.tally.wrong(issue.Error, why.Code, why.Path, why.Message)
		}
		if p.way == byRecord && what != view.Filtered && what != view.Failed {
			what = view.MadeRows
			b.record(r.Root().Value())
		}
		if err := w.done(i, outcome{what, filter}, record{typ: r.Type(), at: r.Pos(), raw: r.Raw()}, why); err != nil {
			return err
		}
	}
	return nil
}

// reject takes a record that cannot be read.
func (w *fhirWorker) reject(r *fhir.Rejected) error {
	w.records++
	a := accountOf(w.piece.types, typeOf(r.Type))
	a.Read++
	a.Unreadable++
	line, err := record{typ: r.Type, at: r.Pos, raw: r.Raw, truncated: r.Truncated}.line(r.Reason)
	w.piece.quarantine = append(w.piece.quarantine, line...)
	return err
}

// full says that the piece is large enough. Looking takes longer than a small
// record, so it is done now and then.
func (w *fhirWorker) full() bool {
	if w.records&255 != 0 && len(w.piece.quarantine) < pieceBytes {
		return false
	}
	n := len(w.piece.quarantine)
	for _, b := range w.piece.batches {
		n += b.bytes()
	}
	return n >= pieceBytes
}

// take hands on the piece and begins another.
func (w *fhirWorker) take() *piece {
	p := w.piece
	w.piece, w.account = w.c.newPiece(), nil
	return p
}
