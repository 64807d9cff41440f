package runtime

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"time"
)

// csvTable says how the records of a type stand in CSV: a field a column, read and
// written by way of the record's JSON.
type csvTable struct {
	csvFile
	columns []csvColumn
	// prefix is the JSON of members that have no column, each after a comma.
	prefix   string
	noHeader bool
	skip     int // lines before the header
	// heads is how many rows the header has, 0 = 1, joined by a space.
	heads int
	more  bool // the file may have columns that are not named here
	// exact says that another column, a missing one and a row without values are
	// errors.
	exact bool
}

type csvColumn struct {
	name   string
	titles []string // in the header, nil = the name; the first is written
	member string   // the name in JSON with a comma before and a colon after it
	kind   csvKind
	// list is the delimiter of a list's values, "" where they are a JSON array.
	list string
	// null says that a missing value is a null, required that it may not be missing.
	null, required bool
	// listed says that the column may not be missing.
	listed  bool
	missing []string // nil = the empty text
	form    *csvForm
}

// csvKind is the kind of the JSON that a text stands for.
type csvKind uint8

const (
	csvText    csvKind = iota // a string
	csvNumber                 // a number
	csvBoolean                // true or false
	csvJSON                   // the JSON itself
)

// csvForm says how values are written where it is not the ordinary way.
type csvForm struct {
	yes, no        []string // the first is written
	decimal, group string
	loose          bool   // text around a number does not count
	layout, iso    string // of a date or time, here and in JSON
	byDefault      string // of an empty text
}

var (
	csvYes = []string{"true", "True", "TRUE", "1"}
	csvNo  = []string{"false", "False", "FALSE", "0"}
)

// readCSV reads the rows of a table. A row with errors comes with a *RecordError,
// and reading goes on behind it; any other error is the last.
func readCSV[T any](r io.Reader, t csvTable, parse func([]byte) (T, Issues)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		in := newCSVRows(r, t.csvFile)
		at, issues, err := t.header(in)
		if err != nil {
			yield(none, err)
			return
		}
		if len(issues) > 0 && !yield(none, &RecordError{in.line, issues}) || t.lacks(at) {
			return
		}
		var text []byte
		for {
			row, err := in.read()
			if err == io.EOF {
				return
			}
			if err != nil && err != errQuote {
				yield(none, err)
				return
			}
			if err == nil && len(row) == 0 && !t.exact {
				continue
			}
			if message := t.wrongRow(row, at, err); message != "" {
				if !yield(none, &RecordError{in.line, Issues{{Severity: SeverityError, Code: codeSyntax, Message: message}}}) {
					return
				}
				continue
			}
			text = t.appendRecord(text[:0], at, row)
			v, issues := parse(text)
			var wrong error
			if issues.Err() != nil {
				wrong = &RecordError{in.line, issues}
			}
			if !yield(v, wrong) {
				return
			}
		}
	}
}

// wrongRow returns what is wrong with a row, "" for nothing.
func (t *csvTable) wrongRow(row []string, at []int, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case len(row) == 0 || t.exact && blankRow(row) && len(t.columns) > 1:
		return errBlank.Error()
	case len(row) != len(at):
		return "want as many values as columns"
	}
	return ""
}

var errBlank = errors.New("want a row with values, have a blank one")

// skipMark leaves out a byte order mark.
func skipMark(r io.Reader) *bufio.Reader {
	in := bufio.NewReaderSize(r, 64<<10)
	if mark, _ := in.Peek(3); string(mark) == "\xef\xbb\xbf" {
		_, _ = in.Discard(len(mark))
	}
	return in
}

// header returns for each value of a row the number of its column, -1 for none.
func (t *csvTable) header(in *csvRows) (at []int, issues Issues, err error) {
	for range t.skip {
		if _, err := in.readLine(); err != nil {
			return nil, nil, eofIs(err, "want a header, have no row")
		}
	}
	if t.noHeader {
		for i := range t.columns {
			at = append(at, i)
		}
		return at, nil, nil
	}
	names, err := t.names(in)
	if err != nil {
		return nil, nil, eofIs(err, "want a header, have no row")
	}
	other := SeverityInformation
	if t.exact {
		other = SeverityError
	}
	seen := make([]bool, len(t.columns))
	for _, name := range names {
		i := slices.IndexFunc(t.columns, func(c csvColumn) bool { return c.name == name && c.titles == nil || slices.Contains(c.titles, name) })
		at = append(at, i)
		switch {
		case i >= 0 && seen[i]:
			at[len(at)-1] = -1
			twice := SeverityError
			if t.more {
				twice = SeverityInformation
			}
			issues = append(issues, Issue{Severity: twice, Code: codeDuplicate, Path: t.columns[i].name, Message: "want a column of each name, have two: the first is read"})
		case i >= 0:
			seen[i] = true
		case !t.more:
			issues = append(issues, Issue{Severity: other, Code: codeUnlisted, Message: "want the columns of the profile, have another"})
		}
	}
	for i, c := range t.columns {
		if !seen[i] && (c.required || c.listed) {
			issues = append(issues, Issue{Severity: SeverityError, Code: codeRequired, Path: c.name, Message: "want the column, have none"})
		}
	}
	return at, issues, nil
}

// names returns the names in the header, of all its rows.
func (t *csvTable) names(in *csvRows) (names []string, err error) {
	for n := range max(t.heads, 1) {
		row, err := in.read()
		for err == nil && len(row) == 0 {
			row, err = in.read()
		}
		if err != nil {
			return nil, err
		}
		for i, name := range row {
			switch {
			case i == len(names):
				names = append(names, name)
			case n > 0 && name != "":
				names[i] = strings.TrimSpace(names[i] + " " + name)
			}
		}
	}
	return names, nil
}

// lacks reports whether a column is missing that each record needs.
func (t *csvTable) lacks(at []int) bool {
	for i, c := range t.columns {
		if c.required && !slices.Contains(at, i) {
			return true
		}
	}
	return false
}

func eofIs(err error, message string) error {
	if err == io.EOF {
		return errors.New(message)
	}
	return err
}

// appendRecord adds the row as a JSON object.
func (t *csvTable) appendRecord(dst []byte, at []int, row []string) []byte {
	start := len(dst)
	dst = append(dst, t.prefix...)
	for i, text := range row {
		if at[i] < 0 {
			continue
		}
		c := &t.columns[at[i]]
		if c.form != nil && c.form.byDefault != "" && text == "" {
			text = c.form.byDefault
		} else if c.isMissing(text) {
			if c.null {
				dst = append(append(dst, c.member...), "null"...)
			}
			continue
		}
		dst = append(dst, c.member...)
		if c.list == "" {
			dst = c.appendValue(dst, text)
			continue
		}
		list := len(dst)
		for part := range strings.SplitSeq(text, c.list) {
			dst = c.appendValue(append(dst, ','), part)
		}
		dst = finishList(dst, list)
	}
	return finish(dst, start)
}

func (c *csvColumn) isMissing(text string) bool {
	if c.missing == nil {
		return text == ""
	}
	return slices.Contains(c.missing, text)
}

// appendValue adds a text as JSON of the column's kind, or as a string where it is
// none, whose type is then wrong.
func (c *csvColumn) appendValue(dst []byte, text string) []byte {
	switch f := c.form; c.kind {
	case csvNumber:
		if f != nil {
			text = f.number(text)
		}
		if isNumber(text) {
			return append(dst, text...)
		}
		if plain := plainNumber(text); isNumber(plain) {
			return append(dst, plain...)
		}
	case csvBoolean:
		yes, no := csvYes, csvNo
		if f != nil && f.yes != nil {
			yes = f.yes
		}
		if f != nil && f.no != nil {
			no = f.no
		}
		if slices.Contains(yes, text) {
			return append(dst, "true"...)
		}
		if slices.Contains(no, text) {
			return append(dst, "false"...)
		}
	case csvJSON:
		in := newReader([]byte(text))
		v, ok := in.raw()
		if in.end(); ok && len(in.list) == 0 {
			return append(dst, v...)
		}
	default:
		if f != nil && f.layout != "" {
			if v, err := time.Parse(f.layout, text); err == nil {
				text = v.Format(f.iso)
			} else if !strings.Contains(f.iso, "T") { // a moment with a zone is written as it is
				text = "?" + text // no date
			}
		}
	}
	return appendText(dst, text)
}

func isNumber(text string) bool {
	in := reader{s: text}
	v, ok := in.digits()
	return ok && v == text
}

// plainNumber returns a number without what JSON does not have: a plus, zeros in
// front, a point without digits on both sides.
func plainNumber(text string) string {
	digits, minus := strings.CutPrefix(text, "-")
	if !minus {
		digits = strings.TrimPrefix(text, "+")
	}
	if digits == "" || digits[0] != '.' && (digits[0] < '0' || digits[0] > '9') {
		return text
	}
	whole, rest := digits, ""
	if i := strings.IndexAny(digits, ".eE"); i >= 0 {
		whole, rest = digits[:i], digits[i:]
	}
	if after, ok := strings.CutPrefix(rest, "."); ok && whole != "" && (after == "" || after[0] < '0' || after[0] > '9') {
		rest = after
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if minus {
		return "-" + whole + rest
	}
	return whole + rest
}

// number returns the text of a number in the form of JSON.
func (f *csvForm) number(text string) string {
	if f.loose {
		text = strings.TrimFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '-' && r != '+' })
	}
	if f.group != "" {
		text = strings.ReplaceAll(text, f.group, "")
	}
	if f.decimal != "" {
		text = strings.Replace(text, f.decimal, ".", 1)
	}
	return text
}

// csvWriter writes records as rows.
type csvWriter struct {
	table  csvTable
	out    io.Writer
	buffer []byte
	row    []string
	begun  bool
	err    error
}

func newCSVWriter(w io.Writer, t csvTable) *csvWriter {
	return &csvWriter{table: t, out: w, row: make([]string, len(t.columns))}
}

// write adds a record, given as JSON.
func (w *csvWriter) write(record []byte) error {
	if err := w.begin(); err != nil {
		return err
	}
	t := &w.table
	for i := range t.columns {
		w.row[i] = t.columns[i].absent()
	}
	in, next := newReader(record), 0
	for name, more := in.object(); more; name, more = in.member() {
		i := t.find(name, next)
		if i < 0 {
			in.skip()
			continue
		}
		text, err := t.columns[i].text(in)
		if err != nil {
			return err
		}
		w.row[i], next = text, i+1
	}
	if t.exact && len(w.row) > 1 && blankRow(w.row) {
		return errBlank
	}
	return w.end()
}

// end writes the row at hand.
func (w *csvWriter) end() error {
	w.buffer = w.table.appendRow(w.buffer, w.row)
	if len(w.buffer) < maxUnwritten {
		return w.err
	}
	return w.send()
}

func (w *csvWriter) send() error {
	if w.err == nil && len(w.buffer) > 0 {
		_, w.err = w.out.Write(w.buffer)
	}
	w.buffer = w.buffer[:0]
	return w.err
}

// find returns the number of a column, -1 for none. Members come in the order of
// the columns, so it looks from next on first.
func (t *csvTable) find(name string, next int) int {
	for k := range t.columns {
		if i := (next + k) % len(t.columns); t.columns[i].name == name {
			return i
		}
	}
	return -1
}

// text returns the JSON value at hand as the text of a column.
func (c *csvColumn) text(in *reader) (string, error) {
	if in.null() {
		return c.absent(), nil
	}
	text := ""
	if c.list != "" && in.peek() == '[' {
		var parts []string
		for i := 0; in.element(i); i++ {
			part := c.scalar(in)
			if strings.Contains(part, c.list) {
				return "", errors.New(c.name + ": want values without the delimiter of the list")
			}
			parts = append(parts, part)
		}
		text = strings.Join(parts, c.list)
	} else {
		text = c.scalar(in)
	}
	if c.isMissing(text) || c.form != nil && c.form.byDefault != "" && text == "" {
		return "", errors.New(c.name + ": want a value that does not read as a missing one")
	}
	return text, nil
}

// scalar returns the JSON value at hand as a text.
func (c *csvColumn) scalar(in *reader) string {
	if c.kind == csvText && in.peek() == '"' {
		text, _ := in.text()
		if f := c.form; f != nil && f.layout != "" {
			if v, err := time.Parse(f.iso, text); err == nil {
				return v.Format(f.layout)
			}
		}
		return text
	}
	v, _ := in.raw()
	text := string(v)
	switch f := c.form; {
	case f == nil:
	case c.kind == csvBoolean && text == "true" && f.yes != nil:
		return f.yes[0]
	case c.kind == csvBoolean && text == "false" && f.no != nil:
		return f.no[0]
	case c.kind == csvNumber && f.decimal != "":
		return strings.Replace(text, ".", f.decimal, 1)
	}
	return text
}

// begin writes the lines before the header and the header, once.
func (w *csvWriter) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	for range w.table.skip {
		w.buffer = append(w.buffer, '\n')
	}
	if w.table.noHeader {
		return nil
	}
	for i, c := range w.table.columns {
		w.row[i] = c.name
		if len(c.titles) > 0 {
			w.row[i] = c.titles[0]
		}
	}
	err := w.end()
	clear(w.row)
	for range w.table.heads - 1 {
		err = w.end()
	}
	return err
}

func (w *csvWriter) flush() error {
	if err := w.begin(); err != nil {
		return err
	}
	return w.send()
}

// absent is the text of no value: where an empty one has a value, another.
func (c *csvColumn) absent() string {
	for _, text := range c.missing {
		if text != "" || c.form == nil || c.form.byDefault == "" {
			return text
		}
	}
	return ""
}
