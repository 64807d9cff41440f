package extract

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// make makes the rows of a file. Nothing of it is shared with x.
func (w *dicomWorker) make(x *dicommeta.Instance) instance {
	out := instance{at: issue.Pos{Source: x.Source}, tables: make([]made, len(w.plans))}
	for i, p := range w.plans {
		m := &out.tables[i]
		if m.filter = p.dicom.filter(x); m.filter >= 0 {
			continue
		}
		w.row(m, p, w.tallies[i], x)
	}
	return out
}

// filter returns the number of the rule that an instance does not pass, -1 if it
// passes all.
func (d *dicomPlan) filter(x *dicommeta.Instance) int {
	n := 0
	if d.classes != nil {
		if !d.classes[x.SOPClassUID()] {
			return n
		}
		n++
	}
	text := dataset.NewType(dataset.Text)
	for _, c := range d.where {
		pass := false
		for _, v := range values(nil, x, c.path, &text, nil) {
			pass = pass || slices.Contains(c.values, string(v.plain(nil)))
		}
		if !pass {
			return n
		}
		n++
	}
	return -1
}

// row makes the row of a file in one table.
func (w *dicomWorker) row(m *made, p *plan, t *tally, x *dicommeta.Instance) {
	t.begin()
	var cells []byte
	var key [][]byte
	keyed := true
	for i, c := range p.columns {
		typ := c.scalar
		if typ == nil {
			typ = &c.Type
		}
		all := values(w.items[:0], x, p.dicom.paths[i], typ, p.dicom.objects[i])
		v := together(all, c, p.dicom.paths[i])
		if len(all) == 0 && tooLarge(x, p.dicom.paths[i]) {
			t.wrong(issue.Warning, CodeTooLarge, c.path, wantSmaller)
		}
		s := t.convert(i, &v)
		if slices.Contains(p.key, i) {
			keyed = keyed && s.set
			key = append(key, plainStored(&s, c))
		}
		cells = appendCell(cells, &s, c)
		w.items = all[:0]
	}
	m.row = fileRow{uid: x.Text(dict.SOPInstanceUID), source: x.Source, cells: cells, differs: make([]byte, (len(p.columns)+7)/8)}
	switch {
	case len(p.key) > 0:
		m.row.key = string(joinKey(key))
	case p.dicom.grain != 0:
		m.row.key = x.Text(p.dicom.grain)
		keyed = m.row.key != ""
	default:
		m.row.key = m.row.uid + "\x00" + x.Source
	}
	if !keyed {
		t.wrong(issue.Error, CodeNoKey, p.Name, "want a value for what tells rows apart, have none")
	}
	m.bad, m.issues, m.fields = t.bad, slices.Clone(t.issues), slices.Clone(t.now)
}

// joinKey writes the values of a key so that they sort by the first, then the second.
func joinKey(parts [][]byte) []byte {
	var b []byte
	for i, p := range parts {
		if i > 0 {
			b = append(b, 0)
		}
		b = append(b, p...)
	}
	return b
}

// together makes one value of those that a path leads to.
func together(all []value, c *column, path []dicomStep) value {
	if c.JSON && len(path) == 1 && len(all) == 1 {
		return all[0]
	}
	switch {
	case len(all) == 0:
		return value{}
	case len(all) == 1 && !c.List:
		return all[0]
	}
	return value{kind: list, items: all}
}

// values appends the values that a path leads to.
func values(to []value, x *dicommeta.Instance, path []dicomStep, t *dataset.Type, o *dicomObject) []value {
	d := &x.Dataset
	if path[0].tag.Group() == 2 {
		d = &x.Meta
	}
	return below(to, d, path, t, o)
}

// tooLarge reports whether a value was left in its file.
func tooLarge(x *dicommeta.Instance, path []dicomStep) bool {
	in := []dicommeta.Dataset{x.Dataset}
	if path[0].tag.Group() == 2 {
		in[0] = x.Meta
	}
	for k, step := range path {
		var items []dicommeta.Dataset
		for i := range in {
			e := in[i].Find(step.tag)
			switch {
			case e == nil:
			case e.Skipped():
				return true
			case k < len(path)-1:
				items = append(items, e.Items...)
			}
		}
		in = items
	}
	return false
}

const wantSmaller = "want a value that is read, have one of more than 64 KiB, or of pixels: it is NULL"

func below(to []value, d *dicommeta.Dataset, path []dicomStep, t *dataset.Type, o *dicomObject) []value {
	if len(path) == 1 {
		if e := d.Find(path[0].tag); e != nil {
			return elementValues(to, d, e, t, o)
		}
		return to
	}
	items := d.Items(path[0].tag)
	if n := path[0].item; n > 0 {
		if n > len(items) {
			return to
		}
		items = items[n-1 : n]
	}
	for i := range items {
		to = below(to, &items[i], path[1:], t, o)
	}
	return to
}

// elementValues appends the values of an element in the form that the type asks for.
func elementValues(to []value, d *dicommeta.Dataset, e *dicommeta.Element, t *dataset.Type, o *dicomObject) []value {
	if e.VR == dict.SQ {
		return append(to, value{kind: raw, b: itemsJSON(nil, e.Items, o)})
	}
	if t.Kind == dataset.List && t.Elem != nil {
		t = t.Elem
	}
	switch {
	case e.VR.IsText():
		for _, s := range d.Charset.Texts(e) {
			if s == "" {
				if len(to) > 0 || e.Length > 0 && strings.Contains(string(e.Value), `\`) {
					to = append(to, value{})
				}
				continue
			}
			to = append(to, textValue(s, t))
		}
		return to
	case e.VR == dict.AT:
		tags, _ := d.Tags(e.Tag)
		for _, tag := range tags {
			to = append(to, value{kind: text, b: []byte(tag.Hex())})
		}
		return to
	}
	if numbers, ok := d.Ints(e.Tag); ok && e.VR != dict.OB && e.VR != dict.OW && e.VR != dict.OL && e.VR != dict.OV {
		for _, n := range numbers {
			to = append(to, value{kind: whole, n: n})
		}
		return to
	}
	if numbers, ok := d.Floats(e.Tag); ok && (e.VR == dict.FL || e.VR == dict.FD) {
		bits := 64
		if e.VR == dict.FL && t.Kind != dataset.Float {
			bits = 32
		}
		for _, f := range numbers {
			to = append(to, value{kind: number, b: strconv.AppendFloat(nil, f, 'g', -1, bits)})
		}
		return to
	}
	if len(e.Value) > 0 {
		to = append(to, value{kind: text, b: []byte(base64.StdEncoding.EncodeToString(e.Value))})
	}
	return to
}

// textValue is one value of text: dates and times in the form of ISO 8601 where the
// column has such.
func textValue(s string, t *dataset.Type) value {
	v := value{kind: text, b: []byte(s)}
	switch t.Kind {
	case dataset.Date:
		if d, ok := dicommeta.ParseDate(s); ok {
			v.b = []byte(d.String())
		}
	case dataset.Time:
		if c, ok := dicommeta.ParseTime(s); ok {
			v.b = []byte(c.String())
		}
	case dataset.DateTime:
		if c, ok := dicommeta.ParseDateTime(s); ok {
			v.b = []byte(c.String())
		}
	case dataset.Decimal, dataset.Float:
		v.b = []byte(strings.TrimPrefix(s, "+"))
	case dataset.Integer:
		if _, err := strconv.ParseInt(s, 10, 64); err != nil {
			if f, err := strconv.ParseFloat(s, 64); err == nil && f == float64(int64(f)) && f < 1<<53 && f > -1<<53 && !strings.ContainsAny(s, "xXpP_") {
				return value{kind: whole, n: int64(f)}
			}
		}
	}
	return v
}

// itemsJSON writes the items of a sequence as JSON: with the names of the object's
// fields, or in the DICOM JSON model (PS3.18 annex F) where there is none.
func itemsJSON(dst []byte, items []dicommeta.Dataset, o *dicomObject) []byte {
	dst = append(dst, '[')
	for i := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if o == nil {
			dst = dicommeta.AppendJSON(dst, &items[i], nil)
			continue
		}
		dst = append(dst, '{')
		for k := range o.fields {
			f := &o.fields[k]
			e := items[i].Find(f.tag)
			if e == nil {
				continue
			}
			dst = key(dst, f.name)
			dst = f.json(dst, elementValues(nil, &items[i], e, f.typ, f.below))
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// json writes the values of a field.
func (f *dicomField) json(dst []byte, all []value) []byte {
	if len(all) == 1 && all[0].kind == raw { // a sequence
		return append(dst, all[0].b...)
	}
	t := f.typ
	if f.list && t.Elem != nil {
		t = t.Elem
	}
	for i := range all { // numbers are numbers, as the type has it
		if all[i].kind == text && (t.Kind == dataset.Decimal || t.Kind == dataset.Float || t.Kind == dataset.Integer) && isNumber(all[i].b) {
			all[i].kind = number
		}
	}
	switch {
	case f.list:
		v := value{kind: list, items: all}
		return v.json(dst)
	case len(all) == 0:
		return append(dst, "null"...)
	case len(all) == 1:
		return all[0].json(dst)
	}
	v := value{kind: text, b: joined(all)}
	return v.json(dst)
}

// isNumber reports whether b is a number as JSON has them.
func isNumber(b []byte) bool {
	return len(b) > 0 && parseLiteral(dataset.Literal(b)).Number() != nil
}

// plainStored returns a stored value as text.
func plainStored(s *stored, c *column) []byte {
	switch {
	case !s.set:
		return nil
	case c.List || c.isText():
		if c.List {
			return fmt.Append(nil, s.texts, s.nums)
		}
		return s.b
	}
	return plainNumber(s.n, c)
}
