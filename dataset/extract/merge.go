package extract

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// fileRow is a row that a file of DICOM makes, to be merged with others of its key.
type fileRow struct {
	key, uid, source string
	cells            []byte // see appendCell
	differs          []byte // a bit a column: files of the key have different values
	files            int64  // that were merged into it, less one
}

// before reports whether a row wins over another of its key: that of the smallest SOP
// Instance UID, then of the first name of its file.
func (r *fileRow) before(o *fileRow) bool {
	if c := strings.Compare(r.uid, o.uid); c != 0 {
		return c < 0
	}
	return r.source < o.source
}

// merge takes in another row of the same key.
func (r *fileRow) merge(o *fileRow) {
	a, b := r.cells, o.cells
	for i := 0; len(a) > 0 && len(b) > 0; i++ {
		var x, y []byte
		x, a = nextCell(a)
		y, b = nextCell(b)
		if !bytes.Equal(x, y) {
			r.differs[i/8] |= 1 << (i % 8)
		}
	}
	for i := range r.differs {
		r.differs[i] |= o.differs[i]
	}
	r.files += o.files + 1
	if o.before(r) {
		r.uid, r.source, r.cells = o.uid, o.source, o.cells
	}
}

// appendCell adds the form of a stored value: its length, then its kind and what it
// holds.
func appendCell(dst []byte, s *stored, c *column) []byte {
	var b []byte
	switch {
	case !s.set:
	case !c.List && c.isText():
		b = append(append(b, 1), s.b...)
	case !c.List:
		b = binary.LittleEndian.AppendUint64(append(b, 2), uint64(s.n))
	default:
		b = append(b, 3)
		for _, n := range s.nums {
			b = binary.LittleEndian.AppendUint64(b, uint64(n))
		}
		for _, t := range s.texts {
			b = append(binary.AppendUvarint(b, uint64(len(t))), t...)
		}
	}
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// nextCell cuts off the first cell.
func nextCell(b []byte) (cell, rest []byte) {
	n, k := binary.Uvarint(b)
	return b[k : k+int(n)], b[k+int(n):]
}

// readCell is the inverse of appendCell, without the length.
func readCell(b []byte, c *column) (s stored) {
	if len(b) == 0 {
		return s
	}
	s.set, b = true, b[1:]
	switch {
	case !c.List && c.isText():
		s.b = b
	case !c.List:
		s.n = int64(binary.LittleEndian.Uint64(b))
	case c.isText():
		for len(b) > 0 {
			var t []byte
			t, b = nextCell(b)
			s.texts = append(s.texts, string(t))
		}
	default:
		for len(b) > 0 {
			s.nums = append(s.nums, int64(binary.LittleEndian.Uint64(b)))
			b = b[8:]
		}
	}
	return s
}

// plainNumber returns a number of a column as text.
func plainNumber(n int64, c *column) []byte {
	switch c.Kind {
	case dataset.Float:
		return strconv.AppendFloat(nil, math.Float64frombits(uint64(n)), 'f', -1, 64)
	case dataset.Date:
		return []byte(columnar.Date(n).String())
	case dataset.DateTime:
		return []byte(columnar.Timestamp(n).String())
	case dataset.Boolean:
		return strconv.AppendBool(nil, n != 0)
	}
	return strconv.AppendInt(nil, n, 10)
}

// merger merges rows by key, in memory up to a budget and beyond it in a temporary
// file, in runs that are sorted by key.
type merger struct {
	dir     string
	budget  int64
	columns int
	rows    map[string]*fileRow
	held    int64
	file    *os.File
	ends    []int64
}

// rowOverhead is about what a row takes in memory besides its texts.
const rowOverhead = 200

func (m *merger) add(r *fileRow) error {
	if have := m.rows[r.key]; have != nil {
		m.held -= int64(len(have.cells))
		have.merge(r)
		m.held += int64(len(have.cells))
		return nil
	}
	mine := *r
	m.rows[r.key] = &mine
	m.held += int64(len(r.key)+len(r.uid)+len(r.source)+len(r.cells)) + rowOverhead
	if m.held < m.budget {
		return nil
	}
	return m.spill()
}

func (m *merger) spill() error {
	if m.file == nil {
		f, err := tempFile(m.dir)
		if err != nil {
			return err
		}
		m.file = f
	}
	w := bufio.NewWriterSize(m.file, 64<<10)
	n := int64(0)
	var head []byte
	for _, key := range slices.Sorted(maps.Keys(m.rows)) {
		r := m.rows[key]
		head = head[:0]
		for _, part := range []string{r.key, r.uid, r.source, string(r.cells), string(r.differs)} {
			head = append(binary.AppendUvarint(head, uint64(len(part))), part...)
		}
		head = binary.AppendUvarint(head, uint64(r.files))
		if _, err := w.Write(head); err != nil {
			return fmt.Errorf("extract: %w", err)
		}
		n += int64(len(head))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	if k := len(m.ends); k > 0 {
		n += m.ends[k-1]
	}
	m.ends = append(m.ends, n)
	m.held = 0
	clear(m.rows)
	return nil
}

func (m *merger) close() {
	if m.file != nil {
		dropFile(m.file)
		m.file = nil
	}
}

// rowRun is one sorted run of rows.
type rowRun struct {
	held []*fileRow
	r    *bufio.Reader
	top  *fileRow
}

func (r *rowRun) advance() error {
	r.top = nil
	if r.r == nil {
		if len(r.held) > 0 {
			r.top, r.held = r.held[0], r.held[1:]
		}
		return nil
	}
	var parts [5][]byte
	for i := range parts {
		n, err := binary.ReadUvarint(r.r)
		if err == io.EOF && i == 0 {
			return nil
		}
		if err == nil {
			parts[i] = make([]byte, n)
			_, err = io.ReadFull(r.r, parts[i])
		}
		if err != nil {
			return fmt.Errorf("extract: %w", err)
		}
	}
	files, err := binary.ReadUvarint(r.r)
	if err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	r.top = &fileRow{key: string(parts[0]), uid: string(parts[1]), source: string(parts[2]), cells: parts[3], differs: parts[4], files: int64(files)}
	return nil
}

// each calls f for all rows, merged, in the order of their keys.
func (m *merger) each(f func(*fileRow) error) error {
	held := &rowRun{}
	for _, key := range slices.Sorted(maps.Keys(m.rows)) {
		held.held = append(held.held, m.rows[key])
	}
	runs := []*rowRun{held}
	start := int64(0)
	for _, end := range m.ends {
		runs = append(runs, &rowRun{r: bufio.NewReaderSize(io.NewSectionReader(m.file, start, end-start), 32<<10)})
		start = end
	}
	var err error
	for _, r := range runs {
		err = errors.Join(err, r.advance())
	}
	for err == nil {
		var least *fileRow
		for _, r := range runs {
			if r.top != nil && (least == nil || r.top.key < least.key) {
				least = r.top
			}
		}
		if least == nil {
			return nil
		}
		var row *fileRow
		for _, r := range runs {
			if r.top == nil || r.top.key != least.key {
				continue
			}
			if row == nil {
				row = r.top
			} else {
				row.merge(r.top)
			}
			if err = r.advance(); err != nil {
				return err
			}
		}
		err = f(row)
	}
	return err
}

// mergeFiles writes the rows of a table of DICOM.
func (r *run) mergeFiles(ctx context.Context, p *plan, m *merger) error {
	o := r.tables[p.at]
	b := newBatch(p)
	b.begin()
	n := 0
	err := m.each(func(row *fileRow) error {
		cells := row.cells
		for i, c := range p.columns {
			var cell []byte
			cell, cells = nextCell(cells)
			s := readCell(cell, c)
			if !s.set {
				o.fields[i].nulls++
			}
			s.put(b.rows.Column(i), c)
			b.values[i] = s.value(c)
			if row.differs[i/8]>>(i%8)&1 == 1 {
				p.dicom.differing[i]++
			}
		}
		b.hash(func(i int) *value { return &b.values[i] })
		o.account.Rows++
		o.account.Merged += row.files
		if n++; n&255 != 0 || b.bytes() < pieceBytes {
			return nil
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		err := o.write(b)
		b.reset()
		return err
	})
	if err == nil {
		err = o.write(b)
	}
	if err != nil {
		return err
	}
	for i, n := range p.dicom.differing {
		if n == 0 {
			continue
		}
		if err := r.findings.Report(issue.Issue{Severity: issue.Warning, Code: CodeDiffers, Pos: p.Pos, Path: p.columns[i].path,
			Message: fmt.Sprintf("want one value in all files of a row, have several for %d rows: that of the smallest SOP Instance UID counts", n)}); err != nil {
			return err
		}
	}
	return nil
}

// value returns a stored value as one of a source.
func (s *stored) value(c *column) value {
	switch {
	case !s.set:
		return value{}
	case c.List:
		return value{kind: list, items: s.listed(c)}
	case c.isText():
		return value{kind: text, b: s.b}
	}
	return value{kind: text, b: plainNumber(s.n, c)}
}

func (s *stored) listed(c *column) []value {
	var list []value
	for _, t := range s.texts {
		list = append(list, value{kind: text, b: []byte(t)})
	}
	for _, n := range s.nums {
		list = append(list, value{kind: number, b: plainNumber(n, c)})
	}
	return list
}
