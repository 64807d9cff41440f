package extract

import (
	"bytes"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/fhir/view"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// batch collects the rows of a table. It is a view.Sink.
type batch struct {
	plan  *plan
	rows  *columnar.Batch
	tally *tally
	prune *pruner // of a record table

	mark   int        // rows before the record at hand
	keys   []uint64   // hashes of the keys, one a row; 0 = none
	refs   [][]uint64 // hashes of each reference, where there is one
	marks  []int      // of refs
	items  []value    // of the record at hand
	values []value    // of the row at hand
	tree   jsontree.Tree
	text   []byte
}

func newBatch(p *plan) *batch {
	b := &batch{plan: p, rows: columnar.NewBatch(p.specs), tally: newTally(p.columns), values: make([]value, len(p.columns))}
	b.refs, b.marks = make([][]uint64, len(p.refs)), make([]int, len(p.refs))
	if p.way == byRecord {
		b.prune = &pruner{shapes: newShapes(), tally: b.tally}
	}
	return b
}

// begin starts a record.
func (b *batch) begin() {
	b.mark = b.rows.Rows()
	for k := range b.refs {
		b.marks[k] = len(b.refs[k])
	}
	b.tally.begin()
}

// Rollback drops the rows of the record at hand.
func (b *batch) Rollback() {
	b.rows.Truncate(b.mark)
	if b.plan.key != nil {
		b.keys = b.keys[:b.mark]
	}
	for k := range b.refs {
		b.refs[k] = b.refs[k][:b.marks[k]]
	}
	b.tally.begin()
}

// reset empties the batch.
func (b *batch) reset() {
	b.rows.Reset()
	b.keys = b.keys[:0]
	for k := range b.refs {
		b.refs[k] = b.refs[k][:0]
	}
	clear(b.tally.fields)
	clear(b.tally.unlisted)
}

// bytes returns about how much memory the rows take.
func (b *batch) bytes() int { return b.rows.Bytes() + 8*len(b.keys) }

// Row stores a row of a view.
func (b *batch) Row(cells view.Cells) error {
	b.items, b.text = b.items[:0], b.text[:0]
	for i, at := range b.plan.cells {
		v := &b.values[i]
		b.cell(v, cells, at)
		if u := b.plan.columns[i].unit; u != nil && v.kind != null {
			b.unit(i, v, u, cells)
		}
	}
	b.store()
	return nil
}

// cell takes a value of a view.
func (b *batch) cell(v *value, cells view.Cells, at int) {
	switch cells.Kind(at) {
	case view.NullCell:
		*v = value{}
	case view.TextCell:
		*v = value{kind: text, b: cells.Bytes(at)}
	case view.NumberCell:
		*v = value{kind: number, b: cells.Bytes(at)}
	case view.IntegerCell:
		*v = value{kind: whole, n: cells.Int(at)}
	case view.BoolCell:
		*v = value{kind: truth, n: cells.Int(at)}
	case view.ListCell:
		*v = value{kind: list}
		if b.tree.Parse(cells.Bytes(at), nil) == nil {
			v.items = b.jsonList(b.tree.Root())
		}
	}
}

// jsonList makes values of the elements of an array.
func (b *batch) jsonList(array jsontree.Value) []value {
	from := len(b.items)
	for _, e := range array.All() {
		b.items = append(b.items, jsonValue(e))
	}
	return b.items[from:len(b.items):len(b.items)]
}

// unit holds a value against the unit of its column.
func (b *batch) unit(i int, v *value, u *unitRule, cells view.Cells) {
	out, converted, ok := u.apply(v, cells.Bytes(u.from))
	if !ok {
		b.tally.wrong(issue.Error, CodeUnit, b.plan.columns[i].path, u.wanted())
		return
	}
	if converted {
		b.tally.now[i].converted++
	}
	*v = out
}

// store converts the values at hand and adds them as a row.
func (b *batch) store() {
	for i := range b.values {
		v, c := &b.values[i], b.plan.columns[i]
		switch {
		case v.kind == text && c.asIs:
			b.rows.Column(i).Text(v.b)
			continue
		case v.kind == null && !c.needed:
			b.tally.now[i].nulls++
			b.rows.Column(i).Null()
			continue
		}
		s := b.tally.convert(i, v)
		s.put(b.rows.Column(i), c)
	}
	b.hash(func(i int) *value { return &b.values[i] })
}

// hash keeps the hashes of the row's key and references.
func (b *batch) hash(at func(i int) *value) {
	if b.plan.key != nil {
		h, _ := hashOf(b.plan.key, at)
		b.keys = append(b.keys, h)
	}
	for k, columns := range b.plan.refs {
		if columns == nil {
			continue
		}
		if h, ok := hashOf(columns, at); ok {
			b.refs[k] = append(b.refs[k], h)
		}
	}
}

// record stores a resource as a row of a record table.
func (b *batch) record(root jsontree.Value) {
	p := b.prune
	b.items, b.text = b.items[:0], b.text[:0]
	o := p.shapes.object(b.plan.Object)
	p.path = append(p.path[:0], b.plan.Name...)
	clear(b.values)
	for i, c := range b.plan.columns {
		if c.Slice == nil {
			b.member(&b.values[i], root.Get(c.Field.Name), c, i)
		}
	}
	for m := root.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		if o.members[string(m.KeyBytes())] == nil && !m.KeyIs("resourceType") {
			p.unlisted(b.plan.Object, m.Key())
		}
	}
	p.complete(root, o)
	b.store()
}

// member takes the value of a field: a scalar, a list, or JSON; and the values of the
// field's slices, whose columns follow.
func (b *batch) member(v *value, m jsontree.Value, c *column, at int) {
	p := b.prune
	n := p.into(c.Field.Name)
	defer func() { p.path = p.path[:n] }()
	slices := p.slices(c.Field)
	switch {
	case m.Kind() == jsontree.Invalid:
		return
	case len(slices) > 0 && m.Kind() == jsontree.Array:
		b.sliced(v, m, c, at, slices)
	case c.JSON:
		*v = value{kind: raw, b: p.field(nil, m, c.Field)}
	case c.List && m.Kind() == jsontree.Array:
		*v = value{kind: list, items: b.jsonList(m)}
	default:
		*v = jsonValue(m)
	}
}

// sliced takes a list apart: the elements of slices go to the columns of those, in the
// order of the list, the others stay.
func (b *batch) sliced(v *value, m jsontree.Value, c *column, at int, slices []*sliceShape) {
	p := b.prune
	p.items(m, &c.Field.Type)
	counts := make([]int, len(slices))
	parts := make([][]byte, len(slices)+1)
	for i, e := range m.All() {
		k := sliceOf(slices, e)
		if k < 0 && c.Field.SlicesOnly {
			continue
		}
		if k < 0 {
			k = len(slices)
		}
		sep := byte(',')
		if len(parts[k]) == 0 {
			sep = '['
		}
		n := len(p.path)
		p.path = append(p.path, '[')
		p.path = appendInt(p.path, i)
		p.path = append(p.path, ']')
		from := len(parts[k])
		parts[k] = p.element(append(parts[k], sep), e, &c.Field.Type, c.Field, slices, counts)
		p.path = p.path[:n]
		if k < len(slices) && b.plan.columns[at+1+k].Value != "" { // its column has the value alone
			parts[k] = append(parts[k][:from+1], valueOf(parts[k][from+1:], slices[k].Value)...)
		}
		if k < len(slices) {
			b.sliceValue(&b.values[at+1+k], e, slices[k])
		}
	}
	p.sliceCounts(c.Field, counts)
	for k := range slices {
		if s := b.plan.columns[at+1+k]; s.JSON && counts[k] > 0 {
			b.values[at+1+k] = sliceJSON(append(parts[k], ']'), s)
		}
	}
	if rest := parts[len(slices)]; rest != nil {
		*v = value{kind: raw, b: append(rest, ']')}
	}
}

// sliceJSON is the value of a slice's column: a list, or the only element.
func sliceJSON(array []byte, c *column) value {
	if c.Type.Kind == dataset.List {
		return value{kind: raw, b: array}
	}
	return value{kind: raw, b: array[1 : len(array)-1]}
}

// sliceValue takes the value that an element of a slice carries.
func (b *batch) sliceValue(v *value, e jsontree.Value, s *sliceShape) {
	if s.Value != "" {
		e = e.Get(s.Value)
	}
	one := jsonValue(e)
	switch v.kind {
	case null:
		*v = one
	case list:
		v.items = append(v.items, one)
	default:
		*v = value{kind: list, items: []value{*v, one}}
	}
}

// valueOf returns the member of an object that is the value of its slice.
func valueOf(object []byte, name string) []byte {
	var tree jsontree.Tree
	if tree.Parse(object, nil) == nil {
		if v := tree.Root().Get(name); v.Kind() != jsontree.Invalid {
			return bytes.Clone(v.Raw())
		}
	}
	return []byte("null")
}
