package omop

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

// ReadOptions say how files are read. nil is the default.
type ReadOptions struct {
	// Reporter receives the findings. A row with an Error is left out; with a
	// nil Reporter the first one ends the reading with an *issue.ListError.
	Reporter issue.Reporter
	// MaxRecordBytes bounds one CSV record, 0 for DefaultMaxRecordBytes.
	MaxRecordBytes int
}

func (o *ReadOptions) reporter() issue.Reporter {
	if o == nil || o.Reporter == nil {
		return issue.FailFast
	}
	return o.Reporter
}

func (o *ReadOptions) maxRecord() int {
	if o == nil {
		return 0
	}
	return o.MaxRecordBytes
}

// ReadCSV returns the rows of a CSV file of the table of T. name is the file's
// name in findings.
//
// The first line names the columns, in any order and in any case. Cells are
// separated by commas (RFC 4180) or by tabs (Athena's dialect: no quotes, no
// escapes); the first line shows which. An empty cell is NULL; only where the
// CDM wants a text, a quoted empty cell is the empty text. Dates are YYYY-MM-DD
// or YYYYMMDD, datetimes have no zone. Column names of CDM 5.3 are taken for
// those of 5.4; a required column that the file lacks altogether is reported
// as a Warning and stays zero. A row with a value of the wrong type, too many
// or too few cells or a NULL where the CDM wants a value is reported and left
// out. Lengths, keys and references are the Validator's business.
func ReadCSV[T Row](r io.Reader, name string, opts *ReadOptions) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var row T
		l, err := layoutOf[T]()
		if err == nil {
			rep := opts.reporter()
			c := &csvReader{layout: l, source: name, report: rep.Report, limit: opts.maxRecord()}
			err = c.read(r, func(_ issue.Pos, cells []cell, bad bool) error {
				if bad {
					return nil
				}
				row = *new(T)
				l.store(reflect.ValueOf(&row).Elem(), cells)
				if !yield(row, nil) {
					return errStop
				}
				return nil
			})
		}
		if err != nil && err != errStop {
			yield(*new(T), err)
		}
	}
}

// errStop ends a visit whose caller wants no more.
var errStop = errors.New("stop")

// csvReader reads one CSV file as cells.
type csvReader struct {
	layout *layout
	source string
	report func(issue.Issue) error
	limit  int
	// validate keeps rows with findings and leaves the required columns to the
	// caller.
	validate bool

	columns []int  // for each cell of a record its column, -1 for none
	present []bool // for each column whether the file has it
	cells   []cell
}

func (c *csvReader) read(r io.Reader, visit func(pos issue.Pos, cells []cell, bad bool) error) error {
	br := bufio.NewReader(r)
	if err := c.checkStart(br); err != nil {
		return err
	}
	s := newScanner(br, 0, c.limit)
	header, err := s.next()
	if err == io.EOF {
		return c.report(issue.Issue{Severity: issue.Error, Code: CodeSyntax, Pos: issue.Pos{Source: c.source},
			Path: c.layout.Name, Message: "want a line of column names, have an empty file"})
	}
	var broken *recordError
	if errors.As(err, &broken) {
		return c.report(broken.issue(issue.Pos{Source: c.source}, c.layout.Name))
	}
	if err != nil {
		return fmt.Errorf("omop: read %s: %w", c.source, err)
	}
	if err := c.header(header); err != nil {
		return err
	}
	c.cells = make([]cell, len(c.layout.columns))
	for record := int64(1); ; record++ {
		cells, err := s.next()
		if err == io.EOF {
			return nil
		}
		pos := issue.Pos{Source: c.source, Record: record, Line: s.first}
		if errors.As(err, &broken) {
			if err := c.report(broken.issue(pos, c.layout.Name)); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("omop: read %s: %w", c.source, err)
		}
		bad, whole, err := c.record(pos, cells)
		if err != nil {
			return err
		}
		if whole {
			if err := visit(pos, c.cells, bad); err != nil {
				return err
			}
		}
	}
}

// checkStart passes over a byte order mark of UTF-8 and refuses one of UTF-16.
func (c *csvReader) checkStart(br *bufio.Reader) error {
	b, err := br.Peek(3)
	if err != nil && err != io.EOF {
		return fmt.Errorf("omop: read %s: %w", c.source, err)
	}
	switch {
	case bytes.Equal(b, []byte("\uFEFF")):
		_, err = br.Discard(3)
		return err
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}), bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		if err := c.report(issue.Issue{Severity: issue.Fatal, Code: CodeEncoding, Pos: issue.Pos{Source: c.source},
			Path: c.layout.Name, Message: "want UTF-8, have UTF-16"}); err != nil {
			return err
		}
		return errStop
	}
	return nil
}

// header finds the column of every cell and reports the names that do not fit.
func (c *csvReader) header(names []text) error {
	c.columns = c.columns[:0]
	c.present = make([]bool, len(c.layout.columns))
	for _, t := range names {
		at, former := c.layout.find(strings.ToLower(strings.TrimSpace(string(t.b))))
		f := issue.Issue{Pos: issue.Pos{Source: c.source, Line: t.line, Column: t.column}}
		switch {
		case at < 0:
			f.Severity, f.Code, f.Path = issue.Warning, CodeColumnUnknown, c.layout.Name
			f.Message = unknownColumn(len(c.columns))
		case c.present[at]:
			f.Severity, f.Code, f.Path = issue.Error, CodeColumnRepeated, c.layout.columns[at].path
			f.Message = "want the column once, have it again"
			at = -1
		case former:
			f.Severity, f.Code, f.Path = issue.Information, CodeColumnFormer, c.layout.columns[at].path
			f.Message, f.Rule = "want the name of CDM 5.4, have that of CDM 5.3", c.layout.columns[at].clause
		}
		if at >= 0 {
			c.present[at] = true
		}
		c.columns = append(c.columns, at)
		if f.Code != "" {
			if err := c.report(f); err != nil {
				return err
			}
		}
	}
	for i := range c.present {
		col := &c.layout.columns[i]
		if !c.present[i] && col.Field != nil && (col.Required || c.validate) {
			if err := c.report(missingColumn(col, c.source, c.validate)); err != nil {
				return err
			}
		}
	}
	return nil
}

// missingColumn is the finding for a column that a file lacks. A reader goes on
// without it, so that it is graver where a folder is held to the standard.
func missingColumn(col *column, source string, validate bool) issue.Issue {
	f := issue.Issue{Severity: issue.Information, Code: CodeColumnMissing, Pos: issue.Pos{Source: source},
		Path: col.path, Message: "want the column, have none", Rule: col.clause}
	if col.Required {
		f.Message = "want the required column, have none"
		f.Severity++
	}
	if validate {
		f.Severity++
	}
	return f
}

// unknownColumn is the message for a column that the CDM does not know. Its
// name is not repeated: it comes from the file.
func unknownColumn(at int) string {
	return "column " + strconv.Itoa(at+1) + ": want a column of the CDM, have another name"
}

// find returns the column of that lower-case name and whether the name is that
// of CDM 5.3; -1 if there is none.
func (l *layout) find(name string) (at int, former bool) {
	for i := range l.columns {
		switch col := &l.columns[i]; {
		case col.Field == nil:
		case name == col.Name:
			return i, false
		case name == col.formerly && name != "":
			return i, true
		}
	}
	return -1, false
}

// record reads the cells of one record. whole is false where they cannot be
// told apart, bad is true where one of them does not fit.
func (c *csvReader) record(pos issue.Pos, cells []text) (bad, whole bool, err error) {
	if len(cells) != len(c.columns) {
		return true, false, c.report(issue.Issue{Severity: issue.Error, Code: CodeCellCount, Pos: pos, Path: c.layout.Name,
			Message: fmt.Sprintf("want %d cells as in the first line, have %d", len(c.columns), len(cells)), Rule: "RFC 4180"})
	}
	for i, at := range c.columns {
		if at < 0 {
			continue
		}
		col := &c.layout.columns[at]
		f := issue.Issue{Severity: issue.Error, Pos: pos, Path: col.path, Rule: col.clause}
		f.Message, f.Code = c.cells[at].parse(cells[i], col.Field)
		if f.Code == "" && !c.validate && col.Required && c.cells[at].state == cellNull {
			f.Message, f.Code = "want a value, have none", CodeRequired
		}
		if f.Code == "" {
			continue
		}
		bad = true
		f.Pos.Line, f.Pos.Column = cells[i].line, cells[i].column
		if err := c.report(f); err != nil {
			return true, false, err
		}
	}
	return bad, true, nil
}

// CSVOptions say how CSV is written. nil is the default.
type CSVOptions struct {
	// Tab writes Athena's dialect: cells separated by tabs, no quotes. It
	// cannot hold tabs, line breaks and empty texts.
	Tab bool
}

// CSVWriter writes rows of one table as CSV, which ReadCSV reads back as they
// were, but for an empty text in an optional column, which comes back as NULL.
// It is not safe for concurrent use.
type CSVWriter[T Row] struct {
	w      *bufio.Writer
	layout *layout
	comma  byte
	line   []byte
	rows   int64
}

// NewCSVWriter returns a writer into w, with the line of column names written.
func NewCSVWriter[T Row](w io.Writer, opts *CSVOptions) (*CSVWriter[T], error) {
	l, err := layoutOf[T]()
	if err != nil {
		return nil, err
	}
	c := &CSVWriter[T]{w: bufio.NewWriterSize(w, 64<<10), layout: l, comma: ','}
	if opts != nil && opts.Tab {
		c.comma = '\t'
	}
	for i := range l.columns {
		if i > 0 {
			c.line = append(c.line, c.comma)
		}
		c.line = append(c.line, l.columns[i].Name...)
	}
	c.line = append(c.line, '\n')
	_, err = c.w.Write(c.line)
	return c, err
}

// Write writes rows and keeps nothing of them. A value that the dialect cannot
// hold is an error that names the column; the rows before it are written.
func (c *CSVWriter[T]) Write(rows []T) error {
	for i := range rows {
		row := reflect.ValueOf(&rows[i]).Elem()
		c.line = c.line[:0]
		for at := range c.layout.columns {
			col := &c.layout.columns[at]
			if at > 0 {
				c.line = append(c.line, c.comma)
			}
			var v cell
			ok := true
			v.loadField(row.Field(at), col.Type)
			if c.line, ok = v.append(c.line, col.Field, c.comma); !ok {
				return fmt.Errorf("omop: write %s, row %d: want a value that this dialect can hold", col.path, c.rows+1)
			}
		}
		c.line = append(c.line, '\n')
		if _, err := c.w.Write(c.line); err != nil {
			return fmt.Errorf("omop: write %s: %w", c.layout.Name, err)
		}
		c.rows++
	}
	return nil
}

// Close writes what is buffered. The underlying writer stays open.
func (c *CSVWriter[T]) Close() error {
	if err := c.w.Flush(); err != nil {
		return fmt.Errorf("omop: write %s: %w", c.layout.Name, err)
	}
	return nil
}

// loadField takes the value of a field of a row struct.
func (c *cell) loadField(v reflect.Value, d cdm.Datatype) {
	if v.Kind() == reflect.Pointer {
		c.load(v, d)
		return
	}
	c.set(v, d)
}
