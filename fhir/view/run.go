package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/fhirpath"
	"github.com/carabiner-health/carabiner/issue"
)

// runner makes the rows of one view. It is for one goroutine at a time.
type runner struct {
	view     *View
	scan     *scanning
	scanWalk *walker[int32]
	tree     *treeExec // every path by FHIRPath
	treeWalk *walker[fhirpath.Node]
	plain    *View // the view with all paths left to FHIRPath
	filter   int   // the first that the resource at hand does not pass
}

// outcome is what became of a resource.
type outcome uint8

const (
	madeRows outcome = iota
	filtered         // a filter is not true
	noRows           // a forEach found nothing
	failed
)

// sink receives the rows of a resource.
type sink interface {
	row(cells []cell) error
	// rollback drops the rows of the resource at hand.
	rollback()
}

// counting counts the rows on their way to a sink.
type counting struct {
	sink
	rows int
}

// emit passes on a row.
func (c *counting) emit(cells []cell) error {
	c.rows++
	return c.row(cells)
}

// newRunner prepares a view for a worker.
func newRunner(v *View) (*runner, error) {
	r := &runner{view: v, plain: v}
	if v.scans {
		r.scan = &scanning{columns: v.columns}
		if !v.pure {
			t, err := newTreeExec(v, v.left)
			if err != nil {
				return nil, err
			}
			r.scan.tree = t
		}
		r.scanWalk = newWalker(v.root, v.parts, len(v.columns), executor[int32](r.scan))
	}
	return r, nil
}

// careful prepares the runner for resources that are left to FHIRPath.
func (r *runner) careful() error {
	if r.tree != nil {
		return nil
	}
	if r.view.scans {
		p := &builder{view: &View{def: r.view.def, name: r.view.name, defs: r.view.defs}}
		p.restart()
		if err := p.issues.Err(); err != nil {
			return err
		}
		r.plain = p.view
	}
	t, err := newTreeExec(r.plain, r.plain.left)
	if err != nil {
		return err
	}
	r.tree = t
	r.treeWalk = newWalker(r.plain.root, r.plain.parts, len(r.plain.columns), executor[fhirpath.Node](t))
	return nil
}

// text makes the rows of a resource out of its text alone. It is not ok if the
// resource must be parsed for that.
func (r *runner) text(raw []byte, to *counting) (what outcome, ok bool, err error) {
	if !r.view.pure || !r.scan.begin(raw, r.view.program.root, r.view.def.Resource, nil) {
		return 0, false, nil
	}
	what, err = r.scanned(to)
	if errors.Is(err, errUnusual) {
		to.rollback()
		return 0, false, nil
	}
	return what, true, err
}

// scanned makes the rows of the resource that was scanned.
func (r *runner) scanned(to *counting) (outcome, error) {
	to.rows = 0
	r.scanWalk.to = to
	var pass bool
	var err error
	if r.scan.tree != nil && r.leavesFilter() {
		pass, err = r.mixed()
	} else {
		pass, r.filter, err = r.scan.passes(r.view.where)
	}
	if err != nil {
		return failed, err
	}
	if !pass {
		return filtered, nil
	}
	if err := r.scanWalk.rows(0); err != nil {
		return failed, err
	}
	if to.rows == 0 {
		return noRows, nil
	}
	return madeRows, nil
}

func (r *runner) leavesFilter() bool {
	for i := range r.view.where {
		if r.view.where[i].op == nil {
			return true
		}
	}
	return false
}

// mixed tests filters of both kinds.
func (r *runner) mixed() (bool, error) {
	for i := range r.view.where {
		one := r.view.where[i : i+1]
		pass, err := false, error(nil)
		if one[0].op != nil {
			pass, _, err = r.scan.passes(one)
		} else {
			pass, _, err = r.scan.tree.passes(one)
		}
		if err != nil || !pass {
			r.filter = i
			return pass, err
		}
	}
	return true, nil
}

// resource makes the rows of a parsed resource.
func (r *runner) resource(res *fhir.Resource, to *counting) (outcome, error) {
	if r.view.scans {
		if r.scan.begin(res.Raw(), r.view.program.root, r.view.def.Resource, res.IDBytes()) {
			if r.scan.tree != nil {
				r.scan.tree.begin(res)
			}
			what, err := r.scanned(to)
			if !errors.Is(err, errUnusual) {
				return what, err
			}
			to.rollback()
		}
	}
	if err := r.careful(); err != nil {
		return failed, err
	}
	to.rows = 0
	r.treeWalk.to = to
	r.tree.begin(res)
	pass, filter, err := r.tree.passes(r.plain.where)
	r.filter = filter
	if err != nil {
		return failed, err
	}
	if !pass {
		return filtered, nil
	}
	if err := r.treeWalk.rows(fhirpath.NodeOf(res.Root())); err != nil {
		return failed, err
	}
	if to.rows == 0 {
		return noRows, nil
	}
	return madeRows, nil
}

// Row is the values of one row in the order of the columns: nil, bool, int64,
// json.Number with the digits as written, string, or []any of them.
type Row []any

// rowList is a sink that keeps rows.
type rowList struct{ rows []Row }

func (l *rowList) rollback() { l.rows = nil }

func (l *rowList) row(cells []cell) error {
	row := make(Row, len(cells))
	for i := range cells {
		row[i] = cells[i].value()
	}
	l.rows = append(l.rows, row)
	return nil
}

func (c *cell) value() any {
	switch c.kind {
	case cellText:
		return string(c.b)
	case cellNumber:
		return json.Number(c.b)
	case cellInteger:
		return c.n
	case cellBool:
		return c.n != 0
	case cellList:
		var list []any
		d := json.NewDecoder(bytes.NewReader(c.b))
		d.UseNumber()
		if err := d.Decode(&list); err != nil {
			return nil // never: the list was made here
		}
		return list
	}
	return nil
}

// Rows returns the rows of a resource, none for one of another type. The
// findings say why there are none although there should be: a column has more
// than one value, a path cannot be evaluated. Rows may be called from several
// goroutines.
func (v *View) Rows(r *fhir.Resource) ([]Row, issue.List) {
	if r.Type() != v.def.Resource {
		return nil, nil
	}
	run, ok := v.runners.Get().(*runner)
	if !ok {
		var err error
		if run, err = newRunner(v); err != nil {
			return nil, issue.List{{Severity: issue.Fatal, Code: CodePath, Pos: r.Pos(), Message: err.Error()}}
		}
	}
	defer v.runners.Put(run)
	var list rowList
	if _, err := run.resource(r, &counting{sink: &list}); err != nil {
		return nil, issue.List{v.finding(err, r.Pos())}
	}
	return list.rows, nil
}

// finding makes the finding of a resource that failed.
func (v *View) finding(err error, at issue.Pos) issue.Issue {
	i := issue.Issue{Severity: issue.Error, Code: CodeEvaluate, Pos: at, Path: v.name, Message: err.Error()}
	var f *failure
	if errors.As(err, &f) {
		i.Code = f.code
		i.Path = strings.TrimPrefix(v.name+"."+f.path, ".")
	}
	return i
}
