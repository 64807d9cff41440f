package columnar

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/format"
)

// The bounds of a batch that is read: rows, and the memory at which one ends early.
const (
	maxBatchRows  = 4096
	stepRows      = 64
	maxBatchBytes = 32 << 20
	stepText      = 256 << 20 // text that one column may add in a step
)

var errStepText = errors.New("want less text in a few rows")

// Columns returns the columns of a Parquet file that ReadBatch reads, in the order
// of the file, each in the kind that is nearest to its own: whole numbers of up to
// 32 bits Int32, other whole numbers Int64, floats Float64, dates Date, timestamps
// Instant in UTC and Timestamp otherwise, bytes without a meaning Bytes, and all
// else Text, decimals too. Structs, maps and lists of them are left out.
func Columns(r io.ReaderAt, size int64) (specs []ColumnSpec, err error) {
	defer recoverAs(&err)
	d, err := readFooter(r, size)
	if err != nil {
		return nil, fmt.Errorf("columnar: %w", err)
	}
	for i := range d.columns {
		c := &d.columns[i]
		k, ok := c.kind()
		if !ok {
			continue
		}
		if _, err := converterFor(vectorField(ColumnSpec{c.name, k}), c); err == nil {
			specs = append(specs, ColumnSpec{c.name, k})
		}
	}
	return specs, nil
}

// kind returns the kind that is nearest to the column's type.
func (c *columnDesc) kind() (ColumnKind, bool) {
	if c.element != nil {
		k, _ := c.element.kind()
		lists := map[ColumnKind]ColumnKind{BoolColumn: BoolListColumn, Int32Column: Int32ListColumn, Int64Column: Int64ListColumn, Float64Column: Float64ListColumn,
			TextColumn: TextListColumn, DateColumn: DateListColumn, TimestampColumn: TimestampListColumn, InstantColumn: InstantListColumn}
		k, ok := lists[k]
		return k, ok
	}
	if c.nested || c.repeated {
		return 0, false
	}
	l := &c.logical
	switch {
	case l.meaning == meansDate:
		return DateColumn, true
	case l.meaning == meansTimestamp && l.utc:
		return InstantColumn, true
	case l.meaning == meansTimestamp || c.physical == format.Int96:
		return TimestampColumn, true
	case l.meaning == meansInteger && (l.bits > 32 || l.bits == 32 && l.unsigned):
		return Int64Column, true
	case l.meaning == meansInteger:
		return Int32Column, true
	case l.meaning != meansItself:
		return TextColumn, true
	}
	switch c.physical {
	case format.Boolean:
		return BoolColumn, true
	case format.Int32:
		return Int32Column, true
	case format.Int64:
		return Int64Column, true
	case format.Float, format.Double:
		return Float64Column, true
	}
	return BytesColumn, true
}

// vectorField returns the field that stands for a column of a batch.
func vectorField(s ColumnSpec) *field {
	return &field{name: s.Name, kind: columnKinds[s.Kind], list: s.Kind.isList(), optional: true,
		lenient: s.Kind == TextColumn || s.Kind == TextListColumn}
}

// ReadBatch returns the rows of a Parquet file whose columns are named at run
// time, in batches of at most 4,096 rows and about 32 MiB that end with their row
// group. Nil columns stand for those of Columns. They are found and converted as
// Read does; Text takes scalars of every type as Read's types with text methods do;
// a column that the file lacks is NULL in every row.
//
// A non-nil error comes at most once, last. The batch is good until the iterator
// moves on. r is used until the iterator ends.
func ReadBatch(r io.ReaderAt, size int64, columns []ColumnSpec) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		f, b, err := openVectors(r, size, columns)
		if err != nil {
			yield(nil, fmt.Errorf("columnar: %w", err))
			return
		}
		for i := range f.desc.groups {
			left := f.desc.groups[i].rows
			err := f.openGroup(i)
			for err == nil && left > 0 {
				n := int(min(left, stepRows))
				if err = f.fillVectors(b, n); err != nil {
					break
				}
				left -= int64(n)
				if left == 0 || b.Rows() >= maxBatchRows || b.Bytes() >= maxBatchBytes {
					if !yield(b, nil) {
						return
					}
					b.Reset()
				}
			}
			if err != nil {
				yield(nil, fmt.Errorf("columnar: row group %d: %w", i, err))
				return
			}
		}
	}
}

// vectorReader reads a column into a vector; one without pages is NULL.
type vectorReader struct {
	listReader
	vector *Vector
}

func openVectors(r io.ReaderAt, size int64, columns []ColumnSpec) (f *file[struct{}], b *Batch, err error) {
	defer recoverAs(&err)
	if columns == nil {
		if columns, err = Columns(r, size); err != nil {
			return nil, nil, errors.Unwrap(err)
		}
	}
	desc, err := readFooter(r, size)
	if err != nil {
		return nil, nil, err
	}
	for i, s := range columns {
		if s.Name == "" || !utf8.ValidString(s.Name) || int(s.Kind) >= len(columnKinds) {
			return nil, nil, fmt.Errorf("column %d: want a name in UTF-8 and a kind that is known", i)
		}
	}
	if len(columns) == 0 {
		return nil, nil, errors.New("want at least one column")
	}
	b = NewBatch(columns)
	f = &file[struct{}]{r: r, desc: desc}
	for i, s := range columns {
		column, err := desc.find(s.Name)
		if err != nil {
			return nil, nil, err
		}
		v := &vectorReader{vector: b.Column(i)}
		v.field, v.column = *vectorField(s), column
		if column != nil {
			if v.convert, err = converterFor(&v.field, column); err != nil {
				return nil, nil, fmt.Errorf("%s: %w", s.Name, err)
			}
			f.readers = append(f.readers, v)
		}
	}
	return f, b, nil
}

// fillVectors reads the next n rows of the open group into b.
func (f *file[T]) fillVectors(b *Batch, n int) (err error) {
	defer recoverAs(&err)
	rows := b.Rows()
	for _, c := range f.readers {
		v := c.(*vectorReader)
		read := v.scalars
		if v.list {
			read = v.lists
		}
		if err := read(n); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	for i := range b.vectors {
		for v := &b.vectors[i]; v.Len() < rows+n; {
			v.Null()
		}
	}
	return nil
}

// scalars reads n values or NULLs.
func (c *vectorReader) scalars(n int) error {
	text := len(c.vector.text)
	for n > 0 {
		if err := c.pages.next(); err != nil {
			return err
		}
		k := min(n, c.pages.left)
		present, err := c.decodePart(k)
		if err != nil {
			return err
		}
		for row, i := 0, 0; row < k; row++ {
			if present == 0 || len(c.levels) > 0 && c.levels[row] == 0 {
				c.vector.Null()
				continue
			}
			if err := c.add(i); err != nil {
				return err
			}
			if i++; len(c.vector.text)-text > stepText {
				return errStepText
			}
		}
		c.pages.left -= k
		n -= k
	}
	return nil
}

// add adds decoded value i to a column of scalars.
func (c *vectorReader) add(i int) error {
	if !c.isText() {
		x, err := c.bits(i)
		c.vector.Number(x)
		return err
	}
	s, err := c.textValue(i)
	c.vector.set = append(c.vector.set, true)
	c.vector.appendText(s)
	return err
}

func (v *Vector) appendText(s string) {
	v.text = append(v.text, s...)
	v.ends = append(v.ends, uint32(len(v.text)))
}

// lists reads the lists of n rows.
func (c *vectorReader) lists(n int) error {
	v := c.vector
	text := len(v.text)
	for range n {
		count, err := c.next(func(i int) error {
			switch {
			case i < 0:
				return errListNull
			case len(v.numbers)+len(v.ends) >= maxListBatch:
				return errManyValues
			case len(v.text)-text > stepText:
				return errStepText
			case !c.isText():
				x, err := c.bits(i)
				v.numbers = append(v.numbers, x)
				return err
			}
			s, err := c.textValue(i)
			v.appendText(s)
			return err
		})
		if err != nil {
			return err
		}
		v.set = append(v.set, count >= 0)
		end := len(v.numbers)
		if v.kind == TextListColumn {
			end = len(v.ends)
		}
		v.lists = append(v.lists, uint32(end))
	}
	return nil
}
