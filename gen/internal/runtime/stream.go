package runtime

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"strconv"
)

// maxRecord is how many bytes one record of a stream has at most.
const maxRecord = 64 << 20

// RecordError says what is wrong with one record of a stream.
type RecordError struct {
	// Line is where the record starts, the first line being 1.
	Line   int
	Issues Issues
}

// Error returns the line and the first issue that is an error.
func (e *RecordError) Error() string {
	text := "line " + strconv.Itoa(e.Line)
	if err := e.Issues.Err(); err != nil {
		return text + ": " + err.Error()
	}
	if len(e.Issues) > 0 {
		return text + ": " + e.Issues[0].Error()
	}
	return text
}

// Unwrap returns the issues that are errors as one error, nil if there is none.
func (e *RecordError) Unwrap() error { return e.Issues.Err() }

// readLines reads one record a line. A record with errors comes with a
// *RecordError, and reading goes on behind it; any other error is the last.
//
//go:noinline
func readLines[T any](r io.Reader, parse func([]byte) (T, Issues)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		eachLine(r, recordOf(parse, yield))
	}
}

// recordOf hands what parse makes of a text to yield, nothing where an error
// comes instead of a text.
func recordOf[T any](parse func([]byte) (T, Issues), yield func(T, error) bool) func([]byte, int, error) bool {
	return func(text []byte, line int, err error) bool {
		var v T
		if err == nil {
			var issues Issues
			if v, issues = parse(text); issues.Err() != nil {
				err = &RecordError{line, issues}
			}
		}
		return yield(v, err)
	}
}

// eachLine calls record for each line that is not blank, and for an error that
// ends the stream.
func eachLine(r io.Reader, record func(text []byte, line int, err error) bool) {
	in := bufio.NewReaderSize(r, 64<<10)
	for number := 1; ; number++ {
		line, err := readLine(in)
		if err != nil && err != io.EOF {
			record(nil, number, err)
			return
		}
		if !blank(line) && !record(line, number, nil) || err == io.EOF {
			return
		}
	}
}

var errLongRecord = errors.New("want a record of at most " + strconv.Itoa(maxRecord) + " bytes, have more")

// readLine returns the next line, good until the next call.
func readLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err
	}
	whole := append([]byte(nil), line...)
	for err == bufio.ErrBufferFull {
		if len(whole) > maxRecord {
			return nil, errLongRecord
		}
		line, err = in.ReadSlice('\n')
		whole = append(whole, line...)
	}
	return whole, err
}

func blank(line []byte) bool {
	for _, c := range line {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}

// lineWriter writes one record a line.
type lineWriter struct {
	w      io.Writer
	buffer []byte
	err    error
}

// maxUnwritten is how many bytes wait for more before they are written.
const maxUnwritten = 64 << 10

// end ends the record at the end of the buffer.
func (w *lineWriter) end() error {
	w.buffer = append(w.buffer, '\n')
	if len(w.buffer) < maxUnwritten {
		return w.err
	}
	return w.flush()
}

func (w *lineWriter) flush() error {
	if w.err == nil && len(w.buffer) > 0 {
		_, w.err = w.w.Write(w.buffer)
	}
	w.buffer = w.buffer[:0]
	return w.err
}
