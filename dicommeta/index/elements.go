package index

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// maxValues is how many values of an element become rows; those of lookup tables and
// contours behind them do not, the length tells.
const maxValues = 256

// elementRow is a row of the table elements: one value of one element.
type elementRow struct {
	Path           string   `parquet:"path" columnar:"dict"`
	SOPInstanceUID *string  `parquet:"SOPInstanceUID" columnar:"dict"`
	TagPath        string   `parquet:"tag_path" columnar:"dict"`
	Tag            string   `parquet:"tag" columnar:"dict"`
	Keyword        *string  `parquet:"keyword" columnar:"dict"`
	Creator        *string  `parquet:"private_creator" columnar:"dict"`
	VR             string   `parquet:"vr" columnar:"dict"`
	Length         int64    `parquet:"length" columnar:"dict"`
	Index          *int32   `parquet:"value_index" columnar:"dict"`
	Value          *string  `parquet:"value" columnar:"dict"`
	Number         *float64 `parquet:"number"`
}

func elementColumns() []Column {
	return []Column{
		{Name: "path", Type: "STRING", Description: "name of the file; joins instance"},
		{Name: "SOPInstanceUID", Type: "STRING", Description: "UID of the instance", Attribute: "SOPInstanceUID", Tag: "00080018"},
		{Name: "tag_path", Type: "STRING", Description: "tags and, from 1, items that lead to the element: (0040,A730)[1].(0008,0104)"},
		{Name: "tag", Type: "STRING", Description: "tag in eight hexadecimal digits"},
		{Name: "keyword", Type: "STRING", Description: "keyword of the standard; NULL for private elements"},
		{Name: "private_creator", Type: "STRING", Description: "creator of the block of a private element"},
		{Name: "vr", Type: "STRING", Description: "value representation by which the value is read"},
		{Name: "length", Type: "INTEGER", Description: "bytes of the value as read; of a value left in the file as declared; of a sequence the number of its items"},
		{Name: "value_index", Type: "INTEGER", Description: "which value, from 1; NULL for sequences, empty and binary values and those left in the file. At most 256 values have rows"},
		{Name: "value", Type: "STRING", Description: "the value as text in UTF-8, numbers in digits; NULL where value_index is"},
		{Name: "number", Type: "FLOAT", Description: "the value where it is a number: binary ones, DS and IS"},
	}
}

// tagName is what the table says of a tag.
type tagName struct {
	path, hex string
	keyword   *string
}

// flattener makes rows of elements. It is for one goroutine.
type flattener struct {
	names   map[dict.Tag]*tagName
	vrs     map[dict.VR]string
	index   [maxValues]int32
	group   *columnar.Group[elementRow]
	done    []*columnar.Group[elementRow]
	next    func() *columnar.Group[elementRow]
	row     elementRow // of the element at hand
	rows    []elementRow
	text    []byte
	numbers []float64
	found   []value // of rows
	values  []string
	decoded []byte
	n       int64
}

// value is what the last columns of a row hold: a part of the text, and a place in the
// numbers; both below 0 where there is none.
type value struct{ start, end, number int }

var noValue = value{-1, -1, -1}

func newFlattener(next func() *columnar.Group[elementRow]) *flattener {
	f := &flattener{names: map[dict.Tag]*tagName{}, vrs: map[dict.VR]string{}, next: next}
	for i := range f.index {
		f.index[i] = int32(i + 1)
	}
	return f
}

func (f *flattener) name(t dict.Tag) *tagName {
	n := f.names[t]
	if n != nil {
		return n
	}
	n = &tagName{path: t.String(), hex: t.Hex()}
	if keyword := t.Keyword(); keyword != "" {
		n.keyword = &keyword
	}
	if len(f.names) < 1<<16 { // a file may name any tag
		f.names[t] = n
	}
	return n
}

func (f *flattener) vr(v dict.VR) string {
	s, ok := f.vrs[v]
	if !ok {
		s = v.String()
		if !v.Known() {
			s = dict.UN.String()
		}
		f.vrs[v] = s
	}
	return s
}

// flushRows is how many rows gather before they are encoded.
const flushRows = 512

// instance adds the rows of an instance and returns how many there are.
func (f *flattener) instance(x *dicommeta.Instance) (int64, error) {
	start := f.n
	f.row = elementRow{Path: strings.ToValidUTF8(x.Source, "\uFFFD")}
	if s := x.Text(dict.SOPInstanceUID); s != "" {
		f.row.SOPInstanceUID = &s
	}
	if err := f.dataset(&x.Meta, ""); err != nil {
		return 0, err
	}
	return f.n - start, f.dataset(&x.Dataset, "")
}

func (f *flattener) dataset(d *dicommeta.Dataset, at string) error {
	var creators map[dict.Tag]*string
	for i := range d.Elements {
		e := &d.Elements[i]
		n, row := f.name(e.Tag), &f.row
		row.TagPath, row.Tag, row.Keyword, row.Creator, row.VR, row.Length = n.path, n.hex, n.keyword, nil, f.vr(e.VR), int64(len(e.Value))
		if at != "" {
			row.TagPath = at + n.path
		}
		path := row.TagPath
		if e.Tag.IsPrivate() {
			if e.Tag.IsPrivateCreator() {
				if all := d.Charset.Texts(e); len(all) > 0 && all[0] != "" {
					if creators == nil {
						creators = map[dict.Tag]*string{}
					}
					creators[e.Tag] = &all[0]
				}
			} else {
				row.Creator = creators[dict.NewTag(e.Tag.Group(), e.Tag.Element()>>8)]
			}
		}
		if err := f.element(d, e); err != nil {
			return err
		}
		for j := range e.Items {
			if err := f.dataset(&e.Items[j], path+"["+strconv.Itoa(j+1)+"]."); err != nil {
				return err
			}
		}
	}
	return nil
}

// element adds the rows of one element.
func (f *flattener) element(d *dicommeta.Dataset, e *dicommeta.Element) error {
	switch {
	case e.VR == dict.SQ:
		f.row.Length = int64(len(e.Items))
		return f.add(-1, noValue)
	case e.Skipped():
		f.row.Length = int64(e.Length)
		return f.add(-1, noValue)
	case len(e.Value) == 0:
		return f.add(-1, noValue)
	case e.VR.IsText():
		return f.texts(d, e)
	case e.VR == dict.AT:
		for i := 0; i < len(e.Value)/4 && i < maxValues; i++ {
			tag := binary.LittleEndian.Uint32(e.Value[4*i:])
			start := len(f.text)
			f.text = append(f.text, dict.Tag(tag).Hex()...)
			if err := f.add(i, value{start, len(f.text), -1}); err != nil {
				return err
			}
		}
		return nil
	case isBulk(e.VR):
		return f.add(-1, noValue)
	}
	return f.binaries(e)
}

func isBulk(v dict.VR) bool {
	switch v {
	case dict.OB, dict.OD, dict.OF, dict.OL, dict.OV, dict.OW, dict.UN:
		return true
	}
	return v.Size() == 0 // none that the standard has
}

// texts adds the values that Charset.Texts returns.
func (f *flattener) texts(d *dicommeta.Dataset, e *dicommeta.Element) error {
	const paddings = " \x00"
	f.decoded, _ = d.Charset.AppendText(f.decoded[:0], e.Value, e.VR)
	rest, more := f.decoded, e.VR.Multiple()
	if !more {
		return f.addText(0, bytes.TrimRight(rest, paddings), e.VR)
	}
	for i := 0; more && i < maxValues; i++ {
		var one []byte
		one, rest, more = bytes.Cut(rest, []byte{'\\'})
		if err := f.addText(i, bytes.Trim(one, paddings), e.VR); err != nil {
			return err
		}
	}
	return nil
}

func (f *flattener) addText(index int, s []byte, vr dict.VR) error {
	v := value{len(f.text), 0, -1}
	f.text = append(f.text, s...)
	v.end = len(f.text)
	if vr == dict.DS || vr == dict.IS {
		if n, err := strconv.ParseFloat(string(s), 64); err == nil {
			v.number = len(f.numbers)
			f.numbers = append(f.numbers, n)
		}
	}
	return f.add(index, v)
}

// binaries adds the values of an element of binary numbers.
func (f *flattener) binaries(e *dicommeta.Element) error {
	size := e.VR.Size()
	count := min(len(e.Value)/size, maxValues)
	if count == 0 {
		return f.add(-1, noValue)
	}
	for i := range count {
		v := value{start: len(f.text), number: len(f.numbers)}
		var n float64
		f.text, n = appendNumber(f.text, e.VR, e.Value[i*size:])
		v.end, f.numbers = len(f.text), append(f.numbers, n)
		if err := f.add(i, v); err != nil {
			return err
		}
	}
	return nil
}

// appendNumber appends the digits of the binary number that b starts with.
func appendNumber(dst []byte, vr dict.VR, b []byte) ([]byte, float64) {
	le := binary.LittleEndian
	signed := func(n int64) ([]byte, float64) { return strconv.AppendInt(dst, n, 10), float64(n) }
	unsigned := func(n uint64) ([]byte, float64) { return strconv.AppendUint(dst, n, 10), float64(n) }
	switch vr {
	case dict.US:
		return unsigned(uint64(le.Uint16(b)))
	case dict.UL:
		return unsigned(uint64(le.Uint32(b)))
	case dict.UV:
		return unsigned(le.Uint64(b))
	case dict.SS:
		return signed(int64(int16(le.Uint16(b))))
	case dict.SL:
		return signed(int64(int32(le.Uint32(b))))
	case dict.SV:
		return signed(int64(le.Uint64(b)))
	case dict.FL:
		n := float64(math.Float32frombits(le.Uint32(b)))
		return strconv.AppendFloat(dst, n, 'g', -1, 32), n
	}
	n := math.Float64frombits(le.Uint64(b))
	return strconv.AppendFloat(dst, n, 'g', -1, 64), n
}

// add adds the row at hand with one of its values, by index from 0, or below 0 with none.
func (f *flattener) add(index int, v value) error {
	f.row.Index = nil
	if index >= 0 {
		f.row.Index = &f.index[index]
	}
	f.rows, f.found = append(f.rows, f.row), append(f.found, v)
	f.n++
	if len(f.rows) < flushRows {
		return nil
	}
	return f.flush()
}

// flush encodes the rows.
func (f *flattener) flush() error {
	text := string(f.text)
	f.values = slices.Grow(f.values[:0], len(f.rows))[:len(f.rows)]
	for i, v := range f.found {
		if v.start >= 0 {
			f.values[i] = text[v.start:v.end]
			f.rows[i].Value = &f.values[i]
		}
		if v.number >= 0 {
			f.rows[i].Number = &f.numbers[v.number]
		}
	}
	err := f.encode(f.rows)
	clear(f.rows)
	clear(f.values)
	f.rows, f.found, f.text, f.numbers = f.rows[:0], f.found[:0], f.text[:0], f.numbers[:0]
	return err
}

// carry adds rows of an earlier run.
func (f *flattener) carry(rows []elementRow) error {
	f.n += int64(len(rows))
	if err := f.flush(); err != nil {
		return err
	}
	return f.encode(rows)
}

func (f *flattener) encode(rows []elementRow) error {
	for len(rows) > 0 {
		if f.group == nil {
			f.group = f.next()
		}
		n := min(len(rows), f.group.Room())
		if err := f.group.Write(rows[:n]); err != nil {
			return fmt.Errorf("index: elements: %w", err)
		}
		rows = rows[n:]
		if f.group.Room() == 0 {
			if err := f.finish(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *flattener) finish() error {
	if f.group == nil {
		return nil
	}
	if err := f.group.Finish(); err != nil {
		return fmt.Errorf("index: elements: %w", err)
	}
	f.done, f.group = append(f.done, f.group), nil
	return nil
}

// take returns the groups of what was added since the last call.
func (f *flattener) take() ([]*columnar.Group[elementRow], error) {
	if err := f.flush(); err != nil {
		return nil, err
	}
	err := f.finish()
	all := f.done
	f.done = nil
	return all, err
}
