package index

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/zstd"
)

// resumeFile is what lets a later run carry over the files that did not change: of each
// file what it was, how many rows it has in the tables, and its record.
const resumeFile = "resume.bin"

const resumeMagic = "carabiner dicom-index resume 1\n"

// maxBlock bounds a block of the resume file.
const maxBlock = 1 << 30

// prior is what an earlier run knows of a file.
type prior struct {
	path           string
	size, modified int64
	status         status
	partial        bool
	elementRows    int64
	findingRows    int64
	key, payload   []byte

	instance instanceRow
	elements []elementRow
	findings []findingRow
}

func (e *prior) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(e.path)))
	dst = append(dst, e.path...)
	dst = binary.AppendVarint(dst, e.size)
	dst = binary.AppendVarint(dst, e.modified)
	flags := byte(e.status)
	if e.partial {
		flags |= 0x80
	}
	dst = append(dst, flags)
	dst = binary.AppendUvarint(dst, uint64(e.elementRows))
	dst = binary.AppendUvarint(dst, uint64(e.findingRows))
	return appendEntry(dst, entry{e.key, e.payload})
}

// decodePrior reads what append wrote; bytes are shared with r.
func decodePrior(r *decoder) (*prior, error) {
	e := &prior{}
	e.path = string(r.bytes(r.uvarint()))
	e.size, e.modified = r.varint(), r.varint()
	flags := r.bytes(1)
	if r.bad {
		return nil, errResume
	}
	e.status, e.partial = status(flags[0]&0x7f), flags[0]&0x80 != 0
	e.elementRows, e.findingRows = int64(r.uvarintLong()), int64(r.uvarintLong())
	e.key = r.bytes(r.uvarint())
	e.payload = r.bytes(r.uvarint())
	if r.bad || e.status > isFailed || e.elementRows < 0 || e.findingRows < 0 {
		return nil, errResume
	}
	return e, nil
}

func (r *decoder) varint() int64 {
	n, k := binary.Varint(r.b)
	if k <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[k:]
	return n
}

var errResume = errors.New("index: " + resumeFile + ": want what an earlier run wrote")

// fingerprint names what must be the same for rows to be carried over.
func (o *Options) fingerprint() string {
	tags := xxhash.New()
	for _, t := range kept() {
		fmt.Fprint(tags, t.Hex())
	}
	read := dicommeta.ReadOptions{}
	if o.Read != nil {
		read = *o.Read
	}
	return fmt.Sprintf("kept=%x elements=%t until=%s keep=%d depth=%d max=%d bytes=%d tool=%s\n",
		tags.Sum64(), !o.SkipElements, read.Until.Hex(), read.KeepBytes, read.MaxDepth, read.MaxElements, read.MaxBytes, o.ToolVersion)
}

// stateWriter writes the resume file.
type stateWriter struct {
	w   *bufio.Writer
	c   io.Closer
	enc *zstd.Encoder
	buf []byte
}

func newStateWriter(w io.WriteCloser, fingerprint string) (*stateWriter, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	s := &stateWriter{w: bufio.NewWriterSize(w, 1<<16), c: w, enc: enc}
	_, err = s.w.WriteString(resumeMagic + fingerprint)
	return s, err
}

// block writes the state of a piece.
func (s *stateWriter) block(state []byte) error {
	if len(state) == 0 {
		return nil
	}
	s.buf = s.enc.EncodeAll(state, s.buf[:0])
	var head [2 * binary.MaxVarintLen64]byte
	n := binary.PutUvarint(head[:], uint64(len(s.buf)))
	n += binary.PutUvarint(head[n:], uint64(len(state)))
	if _, err := s.w.Write(head[:n]); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	if _, err := s.w.Write(s.buf); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	return nil
}

func (s *stateWriter) close() error {
	return errors.Join(s.w.Flush(), s.c.Close())
}

// previous reads an earlier run, once from start to end.
type previous struct {
	at      []located // by hash
	state   func() (*prior, error, bool)
	stop    []func()
	closers []io.Closer
	number  int // of the file that state yields next

	instances *table[instanceRow]
	elements  *table[elementRow]
	findings  *table[findingRow]
}

// located says which file of the earlier run has a path of this hash.
type located struct {
	hash   uint64
	number int
}

// openPrevious opens the folder of an earlier run. It returns nil without an error where
// there is none or it was made in another way.
func openPrevious(dir string, o *Options) (p *previous, err error) {
	f, err := os.Open(filepath.Join(dir, resumeFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	p = &previous{closers: []io.Closer{f}}
	defer func() {
		if err != nil || p == nil || p.at == nil {
			p.close()
			p = nil
		}
	}()
	head := make([]byte, len(resumeMagic)+len(o.fingerprint()))
	if _, err := io.ReadFull(f, head); err != nil || string(head) != resumeMagic+o.fingerprint() {
		return p, nil
	}
	start := int64(len(head))
	number := 0
	at := []located{}
	for e, err := range readState(io.NewSectionReader(f, start, 1<<62)) {
		if err != nil {
			return p, err
		}
		at = append(at, located{xxhash.Sum64String(e.path), number})
		number++
	}
	slices.SortFunc(at, func(a, b located) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.number, b.number))
	})
	p.state = p.pull(readState(io.NewSectionReader(f, start, 1<<62)))
	if p.instances, err = openTable[instanceRow](p, dir, "instance"); err != nil {
		return p, err
	}
	if p.findings, err = openTable[findingRow](p, dir, "findings"); err != nil {
		return p, err
	}
	if !o.SkipElements {
		if p.elements, err = openTable[elementRow](p, dir, "elements"); err != nil {
			return p, err
		}
	}
	p.at = at
	return p, nil
}

func (p *previous) pull(seq iter.Seq2[*prior, error]) func() (*prior, error, bool) {
	next, stop := iter.Pull2(seq)
	p.stop = append(p.stop, stop)
	return next
}

func (p *previous) close() {
	if p == nil {
		return
	}
	for _, stop := range p.stop {
		stop()
	}
	for _, c := range p.closers {
		c.Close()
	}
}

// readState yields the files of a resume file.
func readState(r io.Reader) iter.Seq2[*prior, error] {
	return func(yield func(*prior, error) bool) {
		dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBlock))
		if err != nil {
			yield(nil, fmt.Errorf("index: %w", err))
			return
		}
		defer dec.Close()
		in := bufio.NewReaderSize(r, 1<<16)
		for {
			packed, err := binary.ReadUvarint(in)
			if errors.Is(err, io.EOF) {
				return
			}
			size, err2 := binary.ReadUvarint(in)
			if err != nil || err2 != nil || packed > maxBlock || size > maxBlock {
				yield(nil, errResume)
				return
			}
			b, err := io.ReadAll(io.LimitReader(in, int64(packed)))
			if err != nil || len(b) != int(packed) {
				yield(nil, errResume)
				return
			}
			plain, err := dec.DecodeAll(b, nil)
			if err != nil || len(plain) != int(size) {
				yield(nil, errResume)
				return
			}
			for d := (decoder{b: plain}); len(d.b) > 0; {
				e, err := decodePrior(&d)
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}

// table reads rows of an earlier run from start to end.
type table[T any] struct {
	next func() (T, error, bool)
	skip int64 // rows that are passed before the next is taken
}

func openTable[T any](p *previous, dir, name string) (*table[T], error) {
	f, err := os.Open(filepath.Join(dir, name+".parquet"))
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	p.closers = append(p.closers, f)
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	next, stop := iter.Pull2(columnar.Read[T](f, info.Size()))
	p.stop = append(p.stop, stop)
	return &table[T]{next: next}, nil
}

// take returns the next n rows behind those to skip.
func (t *table[T]) take(n int64) ([]T, error) {
	for ; t.skip > 0; t.skip-- {
		if _, err, ok := t.next(); err != nil || !ok {
			return nil, errors.Join(errResume, err)
		}
	}
	rows := make([]T, 0, min(n, 1<<12))
	for range n {
		row, err, ok := t.next()
		if err != nil || !ok {
			return nil, errors.Join(errResume, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// find returns what the earlier run knows of a file that has not changed since, nil if
// nothing. Files that come in another order than then are not found.
func (p *previous) find(src *dicommeta.Source) (*prior, error) {
	hash := xxhash.Sum64String(src.Name)
	i, _ := slices.BinarySearchFunc(p.at, hash, func(l located, hash uint64) int { return cmp.Compare(l.hash, hash) })
	for i < len(p.at) && p.at[i].hash == hash && p.at[i].number < p.number {
		i++
	}
	if i == len(p.at) || p.at[i].hash != hash {
		return nil, nil
	}
	for {
		e, err, ok := p.state()
		if err != nil || !ok {
			return nil, errors.Join(errResume, err)
		}
		p.number++
		if p.number <= p.at[i].number {
			p.pass(e)
			continue
		}
		if e.path != src.Name || e.size != src.Size || e.modified != modifiedOf(src) || e.modified == 0 {
			p.pass(e)
			return nil, nil
		}
		return e, p.fill(e)
	}
}

// pass leaves the rows of a file behind.
func (p *previous) pass(e *prior) {
	if e.status == isInstance {
		p.instances.skip++
	}
	p.findings.skip += e.findingRows
	if p.elements != nil {
		p.elements.skip += e.elementRows
	}
}

// fill takes the rows of a file.
func (p *previous) fill(e *prior) (err error) {
	if e.status == isInstance {
		rows, err := p.instances.take(1)
		if err != nil {
			return err
		}
		if e.instance = rows[0]; e.instance.Path != strings.ToValidUTF8(e.path, "\uFFFD") {
			return errResume
		}
	}
	if e.findings, err = p.findings.take(e.findingRows); err != nil {
		return err
	}
	if p.elements != nil {
		e.elements, err = p.elements.take(e.elementRows)
	}
	return err
}
