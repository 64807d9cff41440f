package fhir

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

const (
	blockBytes  = 256 << 10 // of NDJSON that one worker takes at a time: it stays in the cache
	keepBlock   = 8 << 20   // a longer buffer is not used again
	sampleBytes = 64 << 10  // of a record that is too long to hold
	maxRecord   = 256 << 20 // default of ReadOptions.MaxRecordBytes
)

// block is a run of whole lines.
type block struct {
	in     *input
	buf    []byte
	line   int64 // number of the first line; of the line behind one too long
	offset int64 // of the first byte in the text
	size   int64 // bytes of text
	damage *damage
	long   *Rejected // a line too long to hold, instead of data
}

// blockReader cuts the text of an input into blocks.
type blockReader struct {
	in     *input
	max    int
	size   int    // of a block, mostly
	carry  []byte // what was read behind the last block
	line   int64
	offset int64
	ended  error
}

func newBlockReader(in *input, max, size int) *blockReader {
	b := &blockReader{in: in, max: max, size: size, line: 1}
	b.offset = int64(in.verdict.bom)
	in.head = in.head[in.verdict.bom:]
	return b
}

// next fills buf with the next lines; ok is false at the end. The error is one
// of the world.
func (b *blockReader) next(buf []byte) (bl block, ok bool, err error) {
	if b.ended != nil {
		return block{buf: buf}, false, nil
	}
	if need := len(b.carry) + b.size; cap(buf) < need {
		buf = make([]byte, 0, need)
	}
	buf = append(buf[:0], b.carry...)
	b.carry = b.carry[:0]
	searched := 0 // behind a line that was too long, the carry holds whole lines
	for {
		buf, b.ended = b.in.fill(buf)
		if b.ended != nil {
			return b.last(buf)
		}
		if i := bytes.LastIndexByte(buf[searched:], '\n'); i >= 0 {
			cut := searched + i + 1
			b.carry = append(b.carry, buf[cut:]...)
			return b.take(buf[:cut]), true, nil
		}
		searched = len(buf)
		if len(buf) > b.max+1 {
			return b.skipLong(buf)
		}
		grown := make([]byte, len(buf), min(2*cap(buf), max(b.max, len(buf))+b.size))
		copy(grown, buf)
		buf = grown
	}
}

// take makes a block of buf and moves on.
func (b *blockReader) take(buf []byte) block {
	bl := block{in: b.in, buf: buf, line: b.line, offset: b.offset, size: int64(len(buf))}
	b.line += int64(bytes.Count(buf, []byte{'\n'}))
	b.offset += int64(len(buf))
	return bl
}

// last makes the block at the end of the text.
func (b *blockReader) last(buf []byte) (block, bool, error) {
	var d *damage
	if b.ended != io.EOF && !errors.As(b.ended, &d) {
		return block{buf: buf}, false, b.ended
	}
	bl := b.take(buf)
	bl.damage = d
	return bl, true, nil
}

// skipLong passes over the rest of a line that is too long to hold. buf holds
// its begin and no line feed.
func (b *blockReader) skipLong(buf []byte) (block, bool, error) {
	at := place{name: b.in.src.name, source: b.in.number, record: b.line, line: int(b.line), column: 1, offset: b.offset}
	rej := tooLong(bytes.Clone(buf[:min(b.max, sampleBytes)]), at, b.max)
	bl := block{in: b.in, offset: b.offset, long: rej}
	b.offset += int64(len(buf))
	for b.ended == nil {
		buf, b.ended = b.in.fill(buf[:0])
		if i := bytes.IndexByte(buf, '\n'); i >= 0 {
			b.offset += int64(i + 1)
			b.line++
			b.carry = append(b.carry, buf[i+1:]...)
			break
		}
		b.offset += int64(len(buf))
	}
	var d *damage
	switch {
	case b.ended != nil && b.ended != io.EOF && !errors.As(b.ended, &d):
		return bl, false, b.ended
	case len(b.carry) > 0:
		b.ended = nil // the next call finds the end again, behind the carry
	default:
		bl.damage = d
	}
	bl.line = b.line
	bl.size = b.offset - bl.offset
	bl.buf = buf[:0]
	return bl, true, nil
}

// tooLong is the finding of a record above the bound, of which sample is the begin.
func tooLong(sample []byte, at place, bound int) *Rejected {
	rej := reject(sample, at, 0, CodeRecordSize, "want at most "+strconv.Itoa(bound)+" bytes, have more")
	rej.Truncated = true
	return rej
}

// run reads the records of a block.
func (w *worker) block(bl *block) error {
	defer func() { w.e.recycle(bl.buf) }()
	var read, rejected int64
	data := bl.buf
	at := place{name: bl.in.src.name, source: bl.in.number, column: 1}
	line, offset := bl.line, bl.offset
	if bl.long != nil {
		rejected++
		if err := w.reject(bl.long); err != nil {
			return err
		}
		if int64(bl.long.Pos.Line) < line {
			offset += bl.size
		}
	}
	valid := utf8.Valid(data)
	for len(data) > 0 {
		text := data
		cut := bytes.IndexByte(data, '\n')
		if cut >= 0 {
			text = data[:cut]
			data = data[cut+1:]
		} else {
			data = nil
		}
		if !isBlank(text) {
			at.record, at.line, at.offset = line, int(line), offset
			if w.e.raw != nil {
				if err := w.copyLine(text, &at); err != nil {
					return err
				}
				line, offset = behind(line, offset, cut)
				continue
			}
			rej, err := w.line(text, at, valid, cut < 0)
			if err != nil {
				return err
			}
			if rej != nil {
				rejected++
				if err := w.reject(rej); err != nil {
					return err
				}
			} else {
				read++
			}
		}
		line, offset = behind(line, offset, cut)
	}
	w.e.count(bl.in.number, read, rejected, bl.size)
	if bl.damage != nil {
		at.record, at.line, at.offset = 0, int(line), bl.offset+bl.size
		at.column = int(at.offset-offset) + 1
		return w.e.damaged(bl.in, bl.damage, at)
	}
	return nil
}

// behind moves over a line with its line feed, which is at cut; it stays at a
// line that has none.
func behind(line, offset int64, cut int) (nextLine, nextOffset int64) {
	if cut < 0 {
		return line, offset
	}
	return line + 1, offset + int64(cut) + 1
}

// line reads one line that is not blank and visits its resource; open says
// that no line feed follows.
func (w *worker) line(text []byte, at place, valid, open bool) (*Rejected, error) {
	if text[len(text)-1] == '\r' {
		text = text[:len(text)-1]
	}
	if len(text) > w.e.max {
		return tooLong(text[:w.e.sample], at, w.e.max), nil
	}
	if text[0] != '{' {
		trimmed := bytes.TrimLeft(text, " \t\r")
		at.column += len(text) - len(trimmed)
		at.offset += int64(len(text) - len(trimmed))
		text = trimmed
	}
	if !valid {
		if rej := checkUTF8(text, at); rej != nil {
			return rej, nil
		}
	}
	if w.quick != nil {
		if taken, err := w.quick(text, at); taken || err != nil {
			return nil, err
		}
	}
	if rej := w.parser.parse(&w.res, text, at); rej != nil {
		if open && rej.Reason.Code == CodeSyntax && rej.Reason.Pos.Offset-at.offset >= int64(len(bytes.TrimRight(text, " \t\r"))) {
			rej.Reason.Code = CodeTruncated
		}
		return rej, nil
	}
	return nil, w.visit(&w.res)
}

// copyLine hands out the bytes of a line.
func (w *worker) copyLine(text []byte, at *place) error {
	text = bytes.Trim(text, " \t\r")
	if len(text) > w.e.max {
		text = text[:w.e.sample]
	}
	return w.e.raw(at.source, at.record, text)
}

// isBlank reports whether a line holds nothing but white space.
func isBlank(line []byte) bool {
	for _, c := range line {
		if c != ' ' && c != '\r' && c != '\t' {
			return false
		}
	}
	return true
}

// checkUTF8 returns the finding of the first byte that is not UTF-8.
func checkUTF8(text []byte, at place) *Rejected {
	if utf8.Valid(text) {
		return nil
	}
	fault := 0
	for fault < len(text) {
		r, size := utf8.DecodeRune(text[fault:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		fault += size
	}
	return reject(text, at, fault, CodeEncoding, "want UTF-8, have a byte that is not")
}
