package view

import (
	"errors"

	"github.com/carabiner-health/carabiner/issue"
)

// failure is why a resource has no rows: a finding without its place.
type failure struct {
	code    issue.Code
	path    string // column, filter or iteration
	message string
}

func (f *failure) Error() string { return f.message }

// errUnusual says that a resource is left to FHIRPath.
var errUnusual = errors.New("unusual")

func manyValues(column string) error {
	return &failure{CodeMany, column, "want at most one value, or a column that is a collection, have more"}
}

// scanning evaluates paths on the nodes of a scan.
type scanning struct {
	machine
	columns []Column
	// tree evaluates what is left to FHIRPath; nil if nothing is.
	tree *treeExec
}

func (s *scanning) items(p *path, at, row int32, to []int32) ([]int32, error) {
	low := s.walk(p.op.steps, at)
	to = append(to, s.stack[low:]...)
	s.stack = s.stack[:low]
	return to, s.usual()
}

func (s *scanning) cell(k *column, at, row int32, c *cell) error {
	o := k.path.op
	switch {
	case o == nil:
		return s.tree.cellAt(k, int(s.scanner.nodes[at].off), row, c)
	case k.collection:
		s.list(o, at, row, c)
	case !s.machine.cell(o, at, row, c):
		return manyValues(s.columns[k.at].Name)
	}
	return s.usual()
}

func (s *scanning) usual() error {
	if s.unusual {
		return errUnusual
	}
	return nil
}

// passes reports whether a resource passes the filters of a view, or which not.
func (s *scanning) passes(where []path) (bool, int, error) {
	for i := range where {
		v := s.truth(where[i].op, 0, 0)
		if err := s.usual(); err != nil || v != 1 {
			return false, i, err
		}
	}
	return true, 0, nil
}
