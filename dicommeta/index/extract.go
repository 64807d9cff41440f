package index

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// step leads to an element, and on into its first item or all of them.
type step struct {
	tag dict.Tag
	all bool
}

// form is what of an element a column holds.
type form uint8

const (
	asIs    form = iota // text or number
	asSlash             // all values with slashes between them
	asDate              // YYYY-MM-DD
	asTime              // HH:MM:SS.FFFFFF
	asCode              // of a code sequence: CodingSchemeDesignator:CodeValue
)

// visit calls found for each element that path leads to.
func visit(d *dicommeta.Dataset, path []step, found func(d *dicommeta.Dataset, e *dicommeta.Element)) {
	e := d.Find(path[0].tag)
	if e == nil {
		return
	}
	if len(path) == 1 {
		found(d, e)
		return
	}
	for i := range e.Items {
		visit(&e.Items[i], path[1:], found)
		if !path[0].all {
			return
		}
	}
}

// texts appends what c holds of an element, as text; empty values do not count.
func (c *column) texts(dst []string, d *dicommeta.Dataset, e *dicommeta.Element) []string {
	switch c.form {
	case asCode:
		return appendFull(dst, codeOf(e.Items))
	case asSlash:
		return appendFull(dst, strings.Join(d.Charset.Texts(e), "/"))
	}
	var all []string
	if e.VR.IsText() {
		all = d.Charset.Texts(e)
	} else if numbers, ok := d.Floats(e.Tag); ok {
		for _, n := range numbers {
			all = append(all, strconv.FormatFloat(n, 'f', -1, 64))
		}
	}
	switch c.form {
	case asDate:
		for i, s := range all {
			all[i] = dateText(s)
		}
	case asTime:
		for i, s := range all {
			all[i] = timeText(s)
		}
	}
	for _, s := range all {
		dst = appendFull(dst, s)
	}
	return dst
}

func appendFull(dst []string, s string) []string {
	if s == "" {
		return dst
	}
	return append(dst, s)
}

// number returns the value of an element that c holds; text that is no number is none,
// as SAFE_CAST would have it.
func (c *column) number(d *dicommeta.Dataset, e *dicommeta.Element) (float64, bool) {
	if e.VR.IsText() {
		all := d.Charset.Texts(e)
		if c.value >= len(all) {
			return 0, false
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(all[c.value]), 64)
		return f, err == nil && !isUnordered(f)
	}
	all, ok := d.Floats(e.Tag)
	if !ok || c.value >= len(all) || isUnordered(all[c.value]) {
		return 0, false
	}
	return all[c.value], true
}

// isUnordered reports whether f is not a number.
func isUnordered(f float64) bool { return f != f }

// codeOf returns the first code of a code sequence (PS3.3 table 8.8-1).
func codeOf(items []dicommeta.Dataset) string {
	if len(items) == 0 {
		return ""
	}
	scheme, value := items[0].Text(dict.CodingSchemeDesignator), items[0].Text(dict.CodeValue)
	if value == "" {
		value = items[0].Text(dict.LongCodeValue)
	}
	if scheme == "" || value == "" {
		return ""
	}
	return scheme + ":" + value
}

// dateText returns a DA value as YYYY-MM-DD, also one in the form of ACR-NEMA with dots;
// "" for what is no date.
func dateText(s string) string {
	s = strings.ReplaceAll(s, ".", "")
	if len(s) != 8 || !digits(s) || s[4:6] < "01" || s[4:6] > "12" || s[6:] < "01" || s[6:] > "31" {
		return ""
	}
	return s[:4] + "-" + s[4:6] + "-" + s[6:]
}

// timeText returns a TM value as HH:MM:SS with a fraction where there is one.
func timeText(s string) string {
	s = strings.ReplaceAll(s, ":", "")
	whole, fraction, _ := strings.Cut(s, ".")
	if len(whole) < 2 || len(whole) > 6 || len(whole)%2 == 1 || !digits(whole) || !digits(fraction) {
		return ""
	}
	whole += "000000"[len(whole):]
	s = whole[:2] + ":" + whole[2:4] + ":" + whole[4:6]
	if strings.Trim(fraction, "0") != "" {
		s += "." + fraction
	}
	return s
}

func digits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// cell is a value in the making.
type cell struct {
	set    bool
	number float64
	text   string
	texts  []string // distinct ones sorted; of aggAny as they come
	floats []float64
	last   []byte // the value that came last
	seen   bool
}

// add takes an instance into the cell; at are its elements by firstTags.
func (c *cell) add(col *column, d *dicommeta.Dataset, at []*dicommeta.Element) {
	if len(col.path) == 0 || (col.agg == aggAny || col.agg == aggKey) && c.set {
		return
	}
	e := at[col.first]
	switch {
	case e == nil:
	case len(col.path) == 1:
		c.take(col, d, e)
	case len(e.Items) > 0:
		visit(d, col.path, func(d *dicommeta.Dataset, e *dicommeta.Element) { c.take(col, d, e) })
	}
}

func (c *cell) take(col *column, d *dicommeta.Dataset, e *dicommeta.Element) {
	if col.agg != aggSum && e.Items == nil {
		if c.seen && bytes.Equal(c.last, e.Value) {
			return // what makes no difference again
		}
		c.seen, c.last = true, append(c.last[:0], e.Value...)
	}
	switch col.agg {
	case aggMin, aggMax, aggSum:
		n, ok := col.number(d, e)
		switch {
		case !ok:
		case !c.set:
			c.set, c.number = true, n
		case col.agg == aggSum:
			c.number += n
		case col.agg == aggMin:
			c.number = min(c.number, n)
		default:
			c.number = max(c.number, n)
		}
	case aggDistinct, aggComma, aggCountDistinct:
		c.takeDistinct(col, d, e)
	case aggAny, aggKey:
		if !c.set {
			c.takeOne(col, d, e)
		}
	}
}

func (c *cell) takeDistinct(col *column, d *dicommeta.Dataset, e *dicommeta.Element) {
	if col.floats() {
		if n, ok := col.number(d, e); ok {
			if i, found := slices.BinarySearch(c.floats, n); !found {
				c.floats = slices.Insert(c.floats, i, n)
			}
			c.set = true
		}
		return
	}
	var buf [4]string
	for _, s := range col.texts(buf[:0], d, e) {
		if i, found := slices.BinarySearch(c.texts, s); !found {
			c.texts = slices.Insert(c.texts, i, s)
		}
		c.set = true
	}
}

func (c *cell) takeOne(col *column, d *dicommeta.Dataset, e *dicommeta.Element) {
	if col.numeric() {
		c.number, c.set = col.number(d, e)
		return
	}
	all := col.texts(nil, d, e)
	if col.lists() {
		c.texts, c.set = all, len(all) > 0
		return
	}
	if col.value < len(all) {
		c.text, c.set = all[col.value], true
	}
}
