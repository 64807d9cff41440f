package view

// way is how a part of a view goes over elements.
type way uint8

const (
	once          way = iota // no forEach: its context is the one around it
	forEach                  // no element, no row
	forEachOrNull            // no element, one row without values
	repeatedly               // elements below each other, each before those below it
	noWay         = -1
)

// part is a compiled select. Parts are linked so that the rows of nested and
// neighbouring selects multiply without recursion over data: after a part is
// done with an element, follow leads to what comes next for the same row.
type part struct {
	number  int
	way     way
	paths   []path   // of forEach or repeat
	columns []column // own ones
	selects []*part
	unions  []*part
	parent  *part
	nth     int // place in the parent's selects; -1 for a branch of the union
	from    int // columns of the part and everything in it: from..to-1
	to      int
	indexes []int // of them, those that are %rowIndex of this very part
}

// column is a compiled column.
type column struct {
	at         int // in the row
	path       path
	collection bool
}

// path is a compiled expression: an operation of a scan, or an expression of
// package fhirpath.
type path struct {
	src    string
	op     *op    // nil if it is left to FHIRPath
	reason string // why
	typ    string // FHIR type of its focus; "" if unknown
	known  string // type of the result, if it is known without data
	number int    // of the expression, if it is left to FHIRPath
	place  place
}

// executor evaluates paths in contexts of type C.
type executor[C any] interface {
	// items appends the elements that p leads to.
	items(p *path, at C, row int32, to []C) ([]C, error)
	// cell makes the value of a column.
	cell(k *column, at C, row int32, c *cell) error
}

// frame is where a part stands: its context, and the number of it.
type frame[C any] struct {
	at    C
	row   int32
	items []C
}

// walker makes the rows of resources, one at a time.
type walker[C any] struct {
	root   *part
	exec   executor[C]
	frames []frame[C]
	cells  []cell
	to     *counting
}

func newWalker[C any](root *part, parts, columns int, exec executor[C]) *walker[C] {
	return &walker[C]{root: root, exec: exec, frames: make([]frame[C], parts), cells: make([]cell, columns)}
}

// rows makes the rows of a resource.
func (w *walker[C]) rows(resource C) error {
	return w.body(w.root, resource, 0)
}

// walk goes over the elements of a part in a context, each to its end.
func (w *walker[C]) walk(p *part, at C, row int32) error {
	if p.way == once {
		return w.body(p, at, row)
	}
	f := &w.frames[p.number]
	f.items = f.items[:0]
	var err error
	if p.way == repeatedly {
		f.items, err = w.below(p, at, row, f.items, 0)
	} else {
		f.items, err = w.exec.items(&p.paths[0], at, row, f.items)
	}
	if err != nil {
		return err
	}
	if len(f.items) == 0 && p.way == forEachOrNull {
		return w.blank(p)
	}
	for i := 0; i < len(f.items); i++ {
		if err := w.body(p, f.items[i], int32(i)); err != nil {
			return err
		}
	}
	return nil
}

// maxRepeat is how deep elements may stand below each other.
const maxRepeat = 1000

// below appends the elements that repeat finds, each before those below it.
func (w *walker[C]) below(p *part, at C, row int32, to []C, depth int) ([]C, error) {
	if depth == maxRepeat {
		return to, errTooDeep
	}
	for i := range p.paths {
		found, err := w.exec.items(&p.paths[i], at, row, nil)
		if err != nil {
			return to, err
		}
		for _, c := range found {
			to = append(to, c)
			if to, err = w.below(p, c, row, to, depth+1); err != nil {
				return to, err
			}
		}
	}
	return to, nil
}

// body fills the columns of a part for one element and goes on.
func (w *walker[C]) body(p *part, at C, row int32) error {
	f := &w.frames[p.number]
	f.at, f.row = at, row
	for i := range p.columns {
		k := &p.columns[i]
		if err := w.exec.cell(k, at, row, &w.cells[k.at]); err != nil {
			return err
		}
	}
	return w.inside(p, 0)
}

// inside goes on with select number n of a part, after the last one with the
// branches of its union, and then with what comes after the part.
func (w *walker[C]) inside(p *part, n int) error {
	f := &w.frames[p.number]
	if n < len(p.selects) {
		return w.walk(p.selects[n], f.at, f.row)
	}
	if len(p.unions) == 0 {
		return w.after(p)
	}
	at, row := f.at, f.row
	for _, u := range p.unions {
		if err := w.walk(u, at, row); err != nil {
			return err
		}
	}
	return nil
}

// after goes on when a part is done with an element.
func (w *walker[C]) after(p *part) error {
	switch {
	case p.parent == nil:
		return w.to.emit(w.cells)
	case p.nth < 0:
		return w.after(p.parent)
	}
	return w.inside(p.parent, p.nth+1)
}

// blank is the row of forEachOrNull without elements: all columns are null,
// but %rowIndex is 0.
func (w *walker[C]) blank(p *part) error {
	for i := p.from; i < p.to; i++ {
		w.cells[i] = cell{}
	}
	for _, i := range p.indexes {
		w.cells[i] = cell{kind: cellInteger}
	}
	return w.after(p)
}
