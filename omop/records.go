package omop

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"

	"github.com/carabiner-health/carabiner/issue"
)

// TableFiles returns the names of the files in a folder that hold a table, as
// ReadTable finds them. If there is none, the error is fs.ErrNotExist.
func TableFiles(fsys fs.FS, table string) ([]string, error) {
	files, err := findTable(fsys, strings.ToLower(table))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		names = append(names, f.name)
	}
	return names, nil
}

// Record is a record of a CSV file as text.
type Record struct {
	Pos issue.Pos
	// Cells are good until the sequence goes on. nil is an empty cell without
	// quotes.
	Cells [][]byte
	// Why is the finding of a record that breaks the rules of CSV, or has another
	// number of cells than the first; it has no Cells then.
	Why *issue.Issue
}

// ReadRecords returns the records of a CSV file in the dialects of ReadCSV, for
// programs that choose columns by name: the first record is the header, without
// a byte order mark. name is the file's name in positions; records are counted
// from the one after the header. The error is that of r, or of a file in UTF-16.
func ReadRecords(r io.Reader, name string, opts *ReadOptions) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		br := bufio.NewReader(r)
		switch b, err := br.Peek(3); {
		case err != nil && err != io.EOF:
			yield(Record{}, fmt.Errorf("omop: read %s: %w", name, err))
			return
		case bytes.Equal(b, []byte("\uFEFF")):
			_, _ = br.Discard(3)
		case bytes.HasPrefix(b, []byte{0xFF, 0xFE}), bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
			yield(Record{}, fmt.Errorf("omop: read %s: want UTF-8, have UTF-16", name))
			return
		}
		s := newScanner(br, 0, opts.maxRecord())
		width := -1
		var cells [][]byte
		for record := int64(0); ; record++ {
			texts, err := s.next()
			if err == io.EOF {
				return
			}
			out := Record{Pos: issue.Pos{Source: name, Record: record, Line: s.first}}
			var broken *recordError
			switch {
			case errors.As(err, &broken):
				i := broken.issue(out.Pos, "")
				out.Why = &i
			case err != nil:
				yield(Record{}, fmt.Errorf("omop: read %s: %w", name, err))
				return
			case width >= 0 && len(texts) != width:
				out.Why = &issue.Issue{Severity: issue.Error, Code: CodeCellCount, Pos: out.Pos,
					Message: fmt.Sprintf("want %d cells as in the first line, have %d", width, len(texts)), Rule: "RFC 4180"}
			default:
				width = len(texts)
				cells = cells[:0]
				for _, t := range texts {
					if b := t.b; len(b) > 0 {
						cells = append(cells, b)
					} else if t.quoted {
						cells = append(cells, []byte{})
					} else {
						cells = append(cells, nil)
					}
				}
				out.Cells = cells
			}
			if !yield(out, nil) {
				return
			}
		}
	}
}
