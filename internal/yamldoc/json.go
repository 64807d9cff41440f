package yamldoc

import (
	"errors"
	"fmt"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// isSyntax says whether an error of parseJSON is that the text is no JSON.
func isSyntax(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.grammar
}

func parseJSON(src []byte, o *Options) (*Node, error) {
	var tree jsontree.Tree
	if err := tree.Parse(src, &jsontree.Options{MaxDepth: o.MaxDepth}); err != nil {
		return nil, jsonSyntax(src, err)
	}
	b := &jsonBuilder{src: src, lines: newLines(src), left: o.MaxNodes}
	if d := tree.Duplicates(); len(d) > 0 {
		line, column := b.lines.at(d[0])
		return nil, &Error{Line: line, Column: column, Message: "want each key once, have one again"}
	}
	return b.node(tree.Root())
}

func jsonSyntax(src []byte, err error) error {
	var e *jsontree.SyntaxError
	if !errors.As(err, &e) {
		return &Error{Line: 1, Column: 1, Message: "want JSON"}
	}
	line, column := jsontree.Position(src, e.Offset)
	switch {
	case errors.Is(err, jsontree.ErrDepth):
		return &Error{Line: line, Column: column, Message: "nested too deeply"}
	case e.Err != nil:
		return &Error{Line: line, Column: column, Message: "want less"}
	}
	return &Error{Line: line, Column: column, Message: fmt.Sprintf("want %s, have %s", e.Want, e.Have), grammar: true}
}

type jsonBuilder struct {
	src   []byte
	lines lines
	left  int
}

func (b *jsonBuilder) node(v jsontree.Value) (*Node, error) {
	n := &Node{}
	n.Line, n.Column = b.lines.at(v.Offset())
	if b.left--; b.left < 0 {
		return nil, &Error{Line: n.Line, Column: n.Column, Message: "want fewer values"}
	}
	switch v.Kind() {
	case jsontree.Object:
		n.Kind = Map
		for name, child := range v.Members() {
			value, err := b.node(child)
			if err != nil {
				return nil, err
			}
			m := Member{Name: name, Value: value}
			m.Line, m.Column = b.lines.at(child.KeyOffset())
			n.Members = append(n.Members, m)
		}
	case jsontree.Array:
		n.Kind = List
		for _, child := range v.All() {
			item, err := b.node(child)
			if err != nil {
				return nil, err
			}
			n.Items = append(n.Items, item)
		}
	case jsontree.String:
		n.Kind, n.Text = Text, v.Text()
	case jsontree.Number:
		n.Kind, n.Text = Number, string(v.Number())
	case jsontree.True, jsontree.False:
		n.Kind, n.Text = Bool, string(v.Raw())
	}
	return n, nil
}

// lines finds lines and columns from offsets.
type lines []int

func newLines(src []byte) lines {
	starts := lines{0}
	for i, c := range src {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

func (l lines) at(offset int) (line, column int) {
	low, high := 0, len(l)
	for low+1 < high {
		if mid := (low + high) / 2; l[mid] <= offset {
			low = mid
		} else {
			high = mid
		}
	}
	return low + 1, offset - l[low] + 1
}
