package fhir

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/carabiner-health/carabiner/issue"
)

const (
	headBytes    = 64 << 10  // what a source is judged by
	maxZstdBytes = 128 << 20 // window of a zstd frame, beyond which it is refused
)

// damage is a fault of the compressed data, as opposed to one of the world.
type damage struct {
	code    issue.Code
	message string
}

func (d *damage) Error() string { return d.message }

// meter counts the bytes that are read of a source as stored, and keeps the
// error of the world, so that a decompressor's own errors can be told apart.
type meter struct {
	r        io.Reader
	err      error
	progress func(int)
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if n > 0 && m.progress != nil {
		m.progress(n)
	}
	if err != nil && err != io.EOF {
		m.err = err
	}
	return n, err
}

// buffers are what an input reads with; they are used again.
type buffers struct {
	reader *bufio.Reader
	head   []byte
}

var bufferPool = sync.Pool{New: func() any {
	return &buffers{reader: bufio.NewReaderSize(nil, headBytes), head: make([]byte, headBytes)}
}}

// input is an opened source: its text, decompressed.
type input struct {
	src     *Source
	number  int
	raw     io.Closer
	meter   *meter
	text    io.Reader
	release func()
	buffers *buffers
	packed  string // "gzip", "zstd" or ""
	head    []byte // read ahead, not yet handed out
	ended   error  // what came after head: nil if there may be more
	verdict verdict
}

// openInput opens a source and reads its head. The error is one of the world,
// or a *damage.
func openInput(src *Source, number int, progress func(int)) (*input, error) {
	raw, err := src.Open()
	if err != nil {
		return nil, err
	}
	in := &input{src: src, number: number, raw: raw, release: func() {}, buffers: bufferPool.Get().(*buffers)}
	in.meter = &meter{r: raw, progress: progress}
	in.buffers.reader.Reset(in.meter)
	if err := in.unpack(in.buffers.reader); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF // within the decompressor's header
		}
		err = in.judge(err)
		in.close()
		return nil, err
	}
	in.head = in.buffers.head
	n, err := io.ReadFull(in.text, in.head)
	in.head = in.head[:n]
	switch err {
	case nil:
	case io.EOF:
		in.ended = io.EOF
	case io.ErrUnexpectedEOF:
		// Either the text is short, or the decompressor says that it is cut:
		// the next read tells.
		_, err = in.text.Read(make([]byte, 1))
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		in.ended = in.judge(err)
	default:
		in.ended = in.judge(err)
	}
	var d *damage
	if in.ended != nil && in.ended != io.EOF && !errors.As(in.ended, &d) {
		in.close()
		return nil, in.ended
	}
	return in, nil
}

// unpack chooses the decompressor by the first bytes.
func (in *input) unpack(b *bufio.Reader) error {
	in.text = b
	magic, err := b.Peek(4)
	if err != nil && in.meter.err != nil {
		return err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		in.packed = "gzip"
		z, err := gzip.NewReader(b)
		if err != nil {
			return err
		}
		in.text, in.release = z, func() { _ = z.Close() }
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		in.packed = "zstd"
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxZstdBytes))
		if err != nil {
			return err
		}
		in.text, in.release = z, z.Close
	}
	return nil
}

// judge tells an error of the world from damaged data.
func (in *input) judge(err error) error {
	switch {
	case err == nil || err == io.EOF:
		return err
	case in.meter.err != nil:
		return fmt.Errorf("fhir: reading %s: %w", in.src.name, in.meter.err)
	case errors.Is(err, io.ErrUnexpectedEOF) || in.packed != "" && errors.Is(err, io.EOF):
		return &damage{CodeTruncated, "want a complete " + in.packed + " stream, have one that ends early"}
	case in.packed != "":
		return &damage{CodeCompression, "want a sound " + in.packed + " stream, have a damaged one"}
	}
	return fmt.Errorf("fhir: reading %s: %w", in.src.name, err)
}

// Read hands out the text. Its error is io.EOF, a *damage or one of the world.
func (in *input) Read(p []byte) (int, error) {
	if len(in.head) > 0 {
		n := copy(p, in.head)
		in.head = in.head[n:]
		return n, nil
	}
	if in.ended != nil {
		return 0, in.ended
	}
	n, err := in.text.Read(p)
	if err != nil {
		in.ended = in.judge(err)
	}
	if n > 0 {
		return n, nil
	}
	return 0, in.ended
}

// fill reads until buf is full to its capacity or the text ends, and returns
// it longer. The error is nil while there may be more.
func (in *input) fill(buf []byte) ([]byte, error) {
	for len(buf) < cap(buf) {
		n, err := in.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err != nil {
			return buf, err
		}
	}
	return buf, nil
}

// close gives up the source and the head.
func (in *input) close() {
	in.release()
	_ = in.raw.Close() // only read from
	in.buffers.reader.Reset(nil)
	bufferPool.Put(in.buffers)
	in.buffers, in.head, in.text = nil, nil, nil
}
