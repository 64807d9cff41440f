package view

import (
	"bufio"
	"fmt"
	"io"

	"github.com/carabiner-health/carabiner/columnar"
)

// fileWriter writes the rows of one view into one file.
type fileWriter interface {
	Write(b *columnar.Batch) error
	Close() error
}

// newFileWriter returns the writer of a format. Closing it does not close w.
func newFileWriter(w io.Writer, f Format, slots []slot, opts *columnar.Options) (fileWriter, error) {
	if f == Parquet {
		return columnar.NewBatchWriter(w, specs(slots), opts)
	}
	t := &textWriter{w: bufio.NewWriterSize(w, 64<<10), slots: slots, csv: f == CSV}
	if t.csv {
		return t, t.header()
	}
	for i, s := range slots {
		start := byte('{')
		if i > 0 {
			start = ','
		}
		t.names = append(t.names, append(quote([]byte{start}, []byte(s.spec.Name)), ':'))
	}
	return t, nil
}

// textWriter writes CSV (RFC 4180) or NDJSON.
type textWriter struct {
	w     *bufio.Writer
	slots []slot
	names [][]byte // {"name": or ,"name":
	csv   bool
}

func (t *textWriter) header() error {
	for i, s := range t.slots {
		t.field(i, []byte(s.spec.Name), true)
	}
	return t.endLine("\r\n")
}

func (t *textWriter) endLine(end string) error {
	if _, err := t.w.WriteString(end); err != nil {
		return fmt.Errorf("view: %w", err)
	}
	return nil
}

// field writes a field of CSV: NULL is empty, and the empty text is "". The
// writer keeps its first error.
func (t *textWriter) field(i int, b []byte, set bool) {
	if i > 0 {
		_ = t.w.WriteByte(',')
	}
	if !set {
		return
	}
	plain := len(b) > 0
	for _, c := range b {
		plain = plain && c != '"' && c != ',' && c != '\n' && c != '\r'
	}
	if plain {
		_, _ = t.w.Write(b)
		return
	}
	_ = t.w.WriteByte('"')
	for _, c := range b {
		if c == '"' {
			_ = t.w.WriteByte('"')
		}
		_ = t.w.WriteByte(c)
	}
	_ = t.w.WriteByte('"')
}

func (t *textWriter) Write(b *columnar.Batch) error {
	for row := range b.Rows() {
		for i := range t.slots {
			v, ok := b.Column(i).TextAt(row)
			if t.csv {
				t.field(i, v, ok)
				continue
			}
			_, _ = t.w.Write(t.names[i])
			if !ok {
				v = []byte("null")
			}
			_, _ = t.w.Write(v)
		}
		end := "}\n"
		if t.csv {
			end = "\r\n"
		}
		if err := t.endLine(end); err != nil {
			return err
		}
	}
	return nil
}

func (t *textWriter) Close() error {
	if err := t.w.Flush(); err != nil {
		return fmt.Errorf("view: %w", err)
	}
	return nil
}
