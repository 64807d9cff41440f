package dicomgen

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// Object is one instance to be written.
type Object struct {
	Name     string // file name
	Data     dicommeta.Dataset
	Encoding dicommeta.Encoding
	Pixels   Pixels
}

// Pixels is the pixel data of an Object; the zero Pixels are none.
type Pixels struct {
	Bytes     int64 // of native pixel data
	Fragments int   // of encapsulated pixel data, of FragmentBytes each
	Fragment  uint32
	Bits      int // allocated for a sample: 8 is OB, 16 is OW
}

// transferSyntax returns the syntax that the object is written in.
func (o *Object) transferSyntax() string {
	switch {
	case o.Pixels.Fragments > 0:
		return "1.2.840.10008.1.2.4.50"
	case o.Encoding.Implicit:
		return "1.2.840.10008.1.2"
	case o.Encoding.BigEndian:
		return "1.2.840.10008.1.2.2"
	case o.Encoding.Deflated:
		return "1.2.840.10008.1.2.1.99"
	}
	return "1.2.840.10008.1.2.1"
}

// Header returns the bytes of the object's file up to its pixel data.
func (o *Object) Header() ([]byte, error) {
	x := dicommeta.Instance{Dataset: o.Data, Encoding: o.Encoding, TransferSyntax: o.transferSyntax(), Preamble: true}
	var b bytes.Buffer
	if err := dicommeta.Write(&b, &x, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	return b.Bytes(), nil
}

// Bytes returns the whole file.
func (o *Object) Bytes() ([]byte, error) {
	dir, err := os.MkdirTemp("", "dicomgen-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := o.WriteFile(dir); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, filepath.FromSlash(o.Name)))
}

// WriteFile writes the object below dir. The zeros of its pixel data are holes
// where the file system has them.
func (o *Object) WriteFile(dir string) (err error) {
	head, err := o.Header()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, filepath.FromSlash(o.Name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	if _, err := f.Write(head); err != nil {
		return err
	}
	return o.Pixels.write(f, o.Encoding)
}

// write puts the pixel data element behind the header.
func (p *Pixels) write(f *os.File, enc dicommeta.Encoding) error {
	var order binary.AppendByteOrder = binary.LittleEndian
	if enc.BigEndian {
		order = binary.BigEndian
	}
	vr := dict.OW
	if p.Bits == 8 || p.Fragments > 0 {
		vr = dict.OB
	}
	header := func(length uint32) []byte {
		b := order.AppendUint16(nil, dict.PixelData.Group())
		b = order.AppendUint16(b, dict.PixelData.Element())
		if !enc.Implicit {
			b = append(b, byte(vr>>8), byte(vr), 0, 0)
		}
		return order.AppendUint32(b, length)
	}
	switch {
	case p.Fragments > 0:
		return p.writeFragments(f, header(dicommeta.Undefined))
	case p.Bytes > 0:
		even := p.Bytes + p.Bytes&1
		if even >= int64(dicommeta.Undefined) {
			return fmt.Errorf("dicomgen: %d bytes of native pixel data have no length", even)
		}
		if _, err := f.Write(header(uint32(even))); err != nil {
			return err
		}
		at, err := f.Seek(0, 1)
		if err != nil {
			return err
		}
		return f.Truncate(at + even)
	}
	return nil
}

// writeFragments writes an empty offset table and fragments of zeros (PS3.5 annex A.4).
func (p *Pixels) writeFragments(f *os.File, header []byte) error {
	item := func(tag dict.Tag, length uint32) []byte {
		b := binary.LittleEndian.AppendUint16(nil, tag.Group())
		b = binary.LittleEndian.AppendUint16(b, tag.Element())
		return binary.LittleEndian.AppendUint32(b, length)
	}
	at, err := f.Seek(0, 1)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	w.Write(header)
	w.Write(item(dict.NewTag(0xfffe, 0xe000), 0))
	at += int64(len(header) + 8)
	for range p.Fragments {
		w.Write(item(dict.NewTag(0xfffe, 0xe000), p.Fragment))
		if err := w.Flush(); err != nil {
			return err
		}
		at += 8 + int64(p.Fragment)
		if _, err := f.Seek(at, 0); err != nil {
			return err
		}
	}
	w.Write(item(dict.NewTag(0xfffe, 0xe0dd), 0))
	return w.Flush()
}

// Shrink makes the image of an object size pixels wide and high, so that the file is
// small.
func (o *Object) Shrink(size int) {
	rows, _ := o.Data.Int(dict.Rows)
	columns, _ := o.Data.Int(dict.Columns)
	if rows == 0 || columns == 0 || o.Pixels.Fragments > 0 {
		return
	}
	o.Pixels.Bytes = o.Pixels.Bytes / (rows * columns) * int64(size*size)
	o.Data.Set(dicommeta.NumberElement(dict.Rows, 0, float64(size)))
	o.Data.Set(dicommeta.NumberElement(dict.Columns, 0, float64(size)))
}
