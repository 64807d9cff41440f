package runtime

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
)

// csvFile says how rows stand in a text. Zero fields mean RFC 4180.
type csvFile struct {
	comma  string // "" = ,
	quote  string // "" = "
	escape string // "" = a quotation mark is doubled in quotation marks
	// comment begins a line that is no row, "" = none.
	comment string
	// trim leaves out spaces before a value.
	trim bool
}

// csvRows reads the rows of a text, all values as they are: line breaks in
// quotation marks keep their form.
type csvRows struct {
	csvFile
	in   *bufio.Reader
	line int // of the row that was read, the first being 1
	next int // lines that were read
	row  []string
	text []byte // the values of a row with quotation marks
	ends []int  // in text
}

func newCSVRows(r io.Reader, f csvFile) *csvRows {
	if f.comma == "" {
		f.comma = ","
	}
	if f.quote == "" {
		f.quote = `"`
	}
	if f.escape == f.quote {
		f.escape = ""
	}
	return &csvRows{csvFile: f, in: skipMark(r)}
}

var errQuote = errors.New("want quotation marks around whole values, have others")

// read returns the next row, good until the next call; a blank line is a row
// without values, comments are none. After errQuote reading may go on.
func (r *csvRows) read() ([]string, error) {
	for {
		line, err := r.readLine()
		if err != nil {
			return nil, err
		}
		r.line = r.next
		if r.comment != "" && len(line) >= len(r.comment) && string(line[:len(r.comment)]) == r.comment {
			continue
		}
		r.row = r.row[:0]
		whole := line
		line = endless(line)
		switch {
		case len(line) == 0:
		case r.trim, bytes.Contains(line, []byte(r.quote)), r.escape != "" && bytes.Contains(line, []byte(r.escape)):
			err = r.values(whole)
		default:
			r.split(string(line))
		}
		return r.row, err
	}
}

// readLine returns the next line with its end, io.EOF behind the last.
func (r *csvRows) readLine() ([]byte, error) {
	line, err := readLine(r.in)
	if err != nil && (err != io.EOF || len(line) == 0) {
		return nil, err
	}
	r.next++
	return line, nil
}

// endless returns a line without its end.
func endless(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r"))
}

// split takes a line apart that has no quotation marks.
func (r *csvRows) split(line string) {
	for {
		i := strings.Index(line, r.comma)
		if i < 0 {
			r.row = append(r.row, line)
			return
		}
		r.row = append(r.row, line[:i])
		line = line[i+len(r.comma):]
	}
}

// values takes a line apart, and those behind it where quotation marks go on.
func (r *csvRows) values(line []byte) error {
	r.text, r.ends = r.text[:0], r.ends[:0]
	more := true
	for more {
		if r.trim {
			line = bytes.TrimLeft(line, " ")
		}
		var err error
		if rest, ok := bytes.CutPrefix(line, []byte(r.quote)); ok {
			line, err = r.quoted(rest)
		} else {
			line = r.plain(line)
		}
		if err != nil {
			return err
		}
		r.ends = append(r.ends, len(r.text))
		line, more = bytes.CutPrefix(line, []byte(r.comma))
	}
	if len(endless(line)) > 0 {
		return errQuote
	}
	text, start := string(r.text), 0
	for _, end := range r.ends {
		r.row = append(r.row, text[start:end])
		start = end
	}
	return nil
}

// quoted takes a value in quotation marks and returns what is behind it.
func (r *csvRows) quoted(line []byte) ([]byte, error) {
	for {
		i := bytes.Index(line, []byte(r.quote))
		if r.escape != "" {
			if k := bytes.Index(line, []byte(r.escape)); k >= 0 && (i < 0 || k < i) {
				r.text = append(r.text, line[:k]...)
				line = r.escaped(line[k:])
				continue
			}
		}
		if i < 0 {
			r.text = append(r.text, line...)
			if len(r.text) > maxRecord {
				return nil, errLongRecord
			}
			var err error
			if line, err = r.readLine(); err == io.EOF {
				return nil, errQuote
			} else if err != nil {
				return nil, err
			}
			continue
		}
		r.text = append(r.text, line[:i]...)
		line = line[i+len(r.quote):]
		rest, twice := bytes.CutPrefix(line, []byte(r.quote))
		if !twice {
			return line, nil
		}
		r.text = append(r.text, r.quote...)
		line = rest
	}
}

// escaped takes the character behind an escape, at which line begins.
func (r *csvRows) escaped(line []byte) []byte {
	if line = line[len(r.escape):]; len(line) == 0 {
		return line
	}
	r.text = append(r.text, line[0])
	return line[1:]
}

// plain takes a value that does not begin with a quotation mark, and returns what is
// behind it.
func (r *csvRows) plain(line []byte) []byte {
	for {
		end := bytes.Index(line, []byte(r.comma))
		if end < 0 {
			end = len(endless(line))
		}
		if r.escape != "" {
			if k := bytes.Index(line[:end], []byte(r.escape)); k >= 0 {
				r.text = append(r.text, line[:k]...)
				line = r.escaped(line[k:])
				continue
			}
		}
		r.text = append(r.text, line[:end]...)
		return line[end:]
	}
}

// appendRow adds a row with the end of its line.
func (f *csvFile) appendRow(dst []byte, row []string) []byte {
	comma, quote, escape := f.comma, f.quote, f.escape
	if comma == "" {
		comma = ","
	}
	if quote == "" {
		quote = `"`
	}
	if escape == "" {
		escape = quote
	}
	for i, text := range row {
		if i > 0 {
			dst = append(dst, comma...)
		}
		plain := !strings.ContainsAny(text, "\r\n") && !strings.Contains(text, comma) && !strings.Contains(text, quote) && !strings.Contains(text, escape) &&
			!strings.HasPrefix(text, " ") && (i > 0 || f.comment == "" || !strings.HasPrefix(text, f.comment)) && (text != "" || len(row) > 1)
		if plain {
			dst = append(dst, text...)
			continue
		}
		dst = append(dst, quote...)
		if escape != quote {
			text = strings.ReplaceAll(text, escape, escape+escape)
		}
		dst = append(append(dst, strings.ReplaceAll(text, quote, escape+quote)...), quote...)
	}
	return append(dst, '\n')
}

// blankRow reports whether no value of a row has a text.
func blankRow(row []string) bool {
	return !slices.ContainsFunc(row, func(s string) bool { return s != "" })
}
