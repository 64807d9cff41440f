package view

import (
	"errors"
	"fmt"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// Scanner makes the rows of one view without a Row of values for each: for
// programs that store them in columns. It is for one goroutine at a time.
type Scanner struct {
	run   *runner
	count counting
}

// NewScanner returns a Scanner of the view.
func (v *View) NewScanner() (*Scanner, error) {
	r, err := newRunner(v)
	if err != nil {
		return nil, fmt.Errorf("view: %w", err)
	}
	return &Scanner{run: r}, nil
}

// Sink receives the rows of a resource as they are made.
type Sink interface {
	// Row is given the values of a row, which are good until it returns.
	Row(Cells) error
	// Rollback says that the rows given since the call of Text or Resource do
	// not count.
	Rollback()
}

// Outcome says what became of a resource.
type Outcome uint8

// The outcomes.
const (
	MadeRows Outcome = iota
	Filtered         // a filter is not true
	NoRows           // forEach found nothing
	Failed           // a value or path is wrong; the finding says which
)

// sinkOf makes a Sink one of this package.
type sinkOf struct{ Sink }

func (s sinkOf) row(cells []cell) error { return s.Row(Cells{cells}) }
func (s sinkOf) rollback()              { s.Rollback() }

// Text makes the rows of the resource that raw holds in JSON out of its text
// alone. It is not ok where the resource must be parsed for that, and of raw that is
// no resource of the view's type. The error is that of the sink.
func (s *Scanner) Text(raw []byte, to Sink) (what Outcome, ok bool, err error) {
	s.count.sink = sinkOf{to}
	o, ok, err := s.run.text(raw, &s.count)
	if !ok || err == nil {
		return Outcome(o), ok, nil
	}
	if finding(err) {
		to.Rollback()
		return Failed, false, nil // parsing tells the place
	}
	return Failed, false, err
}

// Resource makes the rows of a resource of the view's type. The finding says why
// one Failed. The error is that of the sink.
func (s *Scanner) Resource(r *fhir.Resource, to Sink) (Outcome, issue.Issue, error) {
	s.count.sink = sinkOf{to}
	o, err := s.run.resource(r, &s.count)
	if err == nil {
		return Outcome(o), issue.Issue{}, nil
	}
	if !finding(err) {
		return Failed, issue.Issue{}, err
	}
	to.Rollback()
	return Failed, s.run.view.finding(err, r.Pos()), nil
}

// finding says that an error is about the resource.
func finding(err error) bool {
	var f *failure
	return errors.As(err, &f) || errors.Is(err, errTooDeep)
}

// Filter returns the number of the filter that the last Filtered resource did not
// pass, in the order of the definition.
func (s *Scanner) Filter() int { return s.run.filter }

// Cells are the values of a row in the order of the columns.
type Cells struct{ list []cell }

// CellKind is what a cell holds.
type CellKind uint8

// The kinds of cells.
const (
	NullCell    CellKind = iota
	TextCell             // Bytes is the text
	NumberCell           // Bytes are the digits as written
	IntegerCell          // Int
	BoolCell             // Int is 0 or 1
	ListCell             // Bytes is a JSON array
)

// Kind returns the kind of value i.
func (c Cells) Kind(i int) CellKind { return CellKind(c.list[i].kind) }

// Bytes returns the text of value i, which must not be changed.
func (c Cells) Bytes(i int) []byte { return c.list[i].b }

// Int returns the integer of value i.
func (c Cells) Int(i int) int64 { return c.list[i].n }
