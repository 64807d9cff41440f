package dicommeta

import (
	"io"
	"math"
)

const (
	firstRead = 32 << 10 // bytes of the first read
	windowLen = 64 << 10 // bytes of all further ones, but for
	jumpRead  = 16 << 10 // those behind a value that is passed over
	unknown   = math.MaxInt64
)

// window gives the scanner the bytes of a source, of which it holds those around
// the place of the last look, and all windows that a kept value lies in. It goes forward only,
// over a ReaderAt or a stream.
type window struct {
	at   io.ReaderAt
	r    io.Reader // a stream, if at is nil
	next int64     // the offset of the next byte of r
	size int64     // where the source ends, unknown for a stream before its end
	err  error     // why reading ended before size, other than by the end

	buf  []byte // the bytes from off on
	off  int64
	room int  // how many bytes buf is to hold
	kept bool // a value lies in buf

	held, limit int64 // bytes of the windows with values, and their bound
	over        bool  // a look would have gone beyond limit
	passed      int64 // bytes of r that were skipped, at most maxPassed if that is set
	maxPassed   int64

	used  [][]byte // windows with values
	spare [][]byte // windows to use again
	again bool     // this is not the first source
	reads int
}

// reset makes w ready for another source; what it gave before is overwritten.
func (w *window) reset(at io.ReaderAt, r io.Reader, base, size, limit int64) {
	if w.buf != nil {
		w.used = append(w.used, w.buf)
	}
	for _, b := range w.used {
		if cap(b) >= firstRead && cap(b) <= 4*windowLen && len(w.spare) < 8 {
			w.spare = append(w.spare, b)
		}
	}
	clear(w.used)
	*w = window{at: at, r: r, next: base, off: base, size: size, limit: limit, used: w.used[:0], spare: w.spare, again: w.buf != nil || w.again}
}

// look returns the n bytes at pos, fewer where the source ends. They are good until
// the next look beyond them unless keep is called.
func (w *window) look(pos int64, n int) []byte {
	if i := pos - w.off; i >= 0 && i+int64(n) <= int64(len(w.buf)) {
		return w.buf[i : i+int64(n) : i+int64(n)]
	}
	return w.load(pos, n)
}

// keep says that the bytes of the last look become a value.
func (w *window) keep() { w.kept = true }

// load moves the window to pos.
func (w *window) load(pos int64, n int) []byte {
	var tail []byte
	if i := pos - w.off; i >= 0 && i <= int64(len(w.buf)) {
		tail = w.buf[i:]
	}
	n = int(max(0, min(int64(n), w.size-pos)))
	if len(tail) >= n || w.err != nil {
		return tail[:min(n, len(tail)):min(n, len(tail))]
	}
	if i := int(pos - w.off); w.at == nil && tail != nil && i+n <= w.room {
		w.fill(i + n) // a stream that trickles is not to take a window a read
		n = min(n, len(w.buf)-i)
		return w.buf[i : i+n : i+n]
	}
	want := windowLen
	switch {
	case w.reads == 0:
		want = firstRead
	case tail == nil && pos > w.off:
		want = jumpRead
	}
	if n > want/4 && w.reads > 0 {
		want += n // so that one look ahead after the other does not read as often
	}
	want = int(max(int64(n), min(int64(want), w.size-pos)))
	grow := min(want, max(windowLen, 2*len(tail))) // what is declared need not be there
	if !w.move(pos, tail, grow) {
		return nil
	}
	if pos > w.off {
		return nil
	}
	for {
		w.fill(n)
		if len(w.buf) >= n || len(w.buf) < w.room {
			break
		}
		w.room = min(want, 2*w.room)
		if w.held+int64(w.room) > w.limit {
			w.over = true
			break
		}
		if w.room > cap(w.buf) {
			w.buf = append(make([]byte, 0, w.room), w.buf...)
		}
	}
	n = min(n, len(w.buf))
	return w.buf[:n:n]
}

// move begins a window of length bytes at pos with those of tail in it.
func (w *window) move(pos int64, tail []byte, length int) bool {
	if w.at == nil && pos > w.off+int64(len(w.buf)) && !w.pass(pos) {
		w.buf, w.off = w.buf[:0], w.next
		return true
	}
	buf := w.buf
	if w.kept || cap(buf) < length {
		if w.kept {
			w.held += int64(cap(w.buf))
			w.used = append(w.used, w.buf)
		}
		if w.held+int64(length) > w.limit {
			w.over = true
			return false
		}
		buf = w.blank(length)
	}
	w.buf = append(buf[:0], tail...)
	w.off, w.room, w.kept = pos, max(length, len(tail)), false
	return true
}

// blank returns a buffer of length bytes or more.
func (w *window) blank(length int) []byte {
	for i, b := range w.spare {
		if cap(b) >= length {
			last := len(w.spare) - 1
			w.spare[i] = w.spare[last]
			w.spare = w.spare[:last]
			return b[:0]
		}
	}
	if w.again {
		length = max(length, firstRead)
	}
	return make([]byte, 0, length)
}

// fill reads until buf has n bytes, or as many as fit.
func (w *window) fill(n int) {
	have := len(w.buf)
	room := w.buf[have:w.room]
	n = min(n-have, len(room))
	var k int
	var err error
	w.reads++
	if w.at != nil {
		at := w.off + int64(have)
		if left := w.size - at; int64(len(room)) > left {
			room = room[:left]
		}
		k, err = w.at.ReadAt(room, at)
		if k == len(room) {
			err = nil
		}
	} else {
		k, err = io.ReadAtLeast(w.r, room, n)
		w.next += int64(k)
		if k >= n {
			err = nil
		}
	}
	w.buf = w.buf[:have+k]
	w.end(err, w.off+int64(len(w.buf)))
}

// end takes note of why no more bytes come.
func (w *window) end(err error, at int64) {
	switch err {
	case nil:
	case io.EOF, io.ErrUnexpectedEOF:
		w.size = min(w.size, at)
	default:
		w.err, w.size = err, min(w.size, at)
	}
}

// pass skips the bytes of a stream up to pos; false if it ends before.
func (w *window) pass(pos int64) bool {
	buf := w.blank(firstRead)
	buf = buf[:cap(buf)]
	for w.next < pos && w.err == nil && w.size == unknown {
		if w.maxPassed > 0 && w.passed > w.maxPassed {
			w.over = true
			break
		}
		k, err := io.ReadFull(w.r, buf[:min(int64(len(buf)), pos-w.next)])
		w.next += int64(k)
		w.passed += int64(k)
		w.end(err, w.next)
	}
	w.spare = append(w.spare, buf[:0])
	return w.next >= pos
}

// reaches reports whether the source has the bytes before pos. A stream is read for it up
// to a window ahead; beyond that it is taken at its word.
func (w *window) reaches(from, pos int64) bool {
	if w.size != unknown || w.at != nil {
		return pos <= w.size
	}
	if pos <= w.off+int64(len(w.buf)) {
		return true
	}
	w.look(from, int(min(pos-from, windowLen)))
	return pos <= w.size
}

// skip reports whether the source has the bytes before pos, and for a stream leaves
// them behind.
func (w *window) skip(pos int64) bool {
	if w.at == nil && w.size == unknown && pos > w.off+int64(len(w.buf)) {
		w.look(pos, 0)
		w.load(pos, 1)
	}
	return pos <= w.size
}
