package dicommeta

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// What files written here say of their writer, if WriteOptions do not.
const (
	implementationClassUID    = "2.25.294938547000458571083020695997230214806"
	implementationVersionName = "CARABINER"
)

// The transfer syntaxes whose encoding is not explicit little endian (PS3.5 annex A).
const (
	implicitLittleEndian = "1.2.840.10008.1.2"
	explicitLittleEndian = "1.2.840.10008.1.2.1"
	deflatedLittleEndian = "1.2.840.10008.1.2.1.99"
	explicitBigEndian    = "1.2.840.10008.1.2.2"
)

// EncodingOf returns how the data set of a transfer syntax is encoded. Of one that is not
// known it is explicit little endian, as of all for compressed pixels (PS3.5 §A.4).
func EncodingOf(transferSyntax string) Encoding {
	switch transferSyntax {
	case implicitLittleEndian:
		return Encoding{Implicit: true}
	case deflatedLittleEndian:
		return Encoding{Deflated: true}
	case explicitBigEndian:
		return Encoding{BigEndian: true}
	}
	return Encoding{}
}

// WriteOptions are the options of Write; nil and zero fields mean the defaults.
type WriteOptions struct {
	// TransferSyntax is the UID to write with; "" = Instance.TransferSyntax, or explicit
	// little endian if that is "" too.
	TransferSyntax string
	// Undefined writes sequences and items with undefined length and delimiters.
	Undefined bool
	// ImplementationClassUID and ImplementationVersionName tell who writes; "" =
	// this package.
	ImplementationClassUID, ImplementationVersionName string
	// Source is what the instance was read from, for the values that stayed in it and
	// for its pixel data with all that follows. nil refuses such values and
	// leaves the pixel data out.
	Source io.ReaderAt
}

// Write writes x as a file (PS3.10 §7): preamble, file meta information and data set.
// The meta information is made anew: its UIDs are those of the data set or else of x.Meta,
// its version, length and implementation as they must be; other elements of x.Meta
// stay, but private ones. The same x and options give the same bytes.
//
// The pixel data at which reading stopped is copied from the Source, if there is one and
// the encoding is the one it was read in. The error wraps ErrSkipped where a value is
// not at hand. x is not changed. Write is safe for concurrent use with different writers.
func Write(w io.Writer, x *Instance, opts *WriteOptions) error {
	var o WriteOptions
	if opts != nil {
		o = *opts
	}
	if o.TransferSyntax == "" {
		o.TransferSyntax = x.TransferSyntax
	}
	if o.TransferSyntax == "" {
		o.TransferSyntax = explicitLittleEndian
	}
	e := elementWriter{enc: EncodingOf(o.TransferSyntax), undefined: o.Undefined, out: make([]byte, 0, sizeHint(&x.Dataset))}
	deflate := e.enc.Deflated
	if o.Source != nil {
		e.skipped = skippedFrom(x, o.Source)
	}
	meta, err := fileMeta(x, &o)
	if err != nil {
		return err
	}
	if err := e.dataset(nil, &x.Dataset, nil); err != nil {
		return err
	}
	if x.Stop.Tag != 0 && o.Source != nil {
		if !sameBytes(x.Encoding, e.enc) {
			return fmt.Errorf("%w: %s: want the encoding %s that it was read in, have %s", ErrSkipped, Path{{Tag: x.Stop.Tag}}, x.Encoding, e.enc)
		}
		e.copyFrom(x.Stop.Offset, x.Size-x.Stop.Offset)
	}
	if _, err := w.Write(meta); err != nil {
		return fmt.Errorf("dicommeta: %w", err)
	}
	if deflate {
		return writeDeflated(w, func(w io.Writer) error { return e.writeTo(w, o.Source) })
	}
	return e.writeTo(w, o.Source)
}

// sameBytes reports whether what is read in one encoding can be copied into the other.
func sameBytes(a, b Encoding) bool {
	return a.Implicit == b.Implicit && a.BigEndian == b.BigEndian && !a.Deflated
}

// skippedFrom copies values that were left in the source.
func skippedFrom(x *Instance, src io.ReaderAt) func(e *elementWriter, path Path, el *Element) error {
	return func(e *elementWriter, path Path, el *Element) error {
		if x.Encoding.Deflated || el.Head == 0 {
			return fmt.Errorf("%w: %s", ErrSkipped, path)
		}
		start := el.Offset + int64(el.Head)
		if el.Length == Undefined {
			if !sameBytes(x.Encoding, e.enc) {
				return fmt.Errorf("%w: %s", ErrSkipped, path)
			}
			e.head(el.Tag, el.VR, Undefined)
			e.copyFrom(start, el.End-start)
			return nil
		}
		n := int64(el.Length)
		if x.Encoding.BigEndian == e.enc.BigEndian || swapUnit(el.VR) <= 1 {
			e.head(el.Tag, writtenVR(el.VR, n), uint32(n+n&1))
			e.copyFrom(start, n)
			if n%2 == 1 {
				e.out = append(e.out, padding(el.VR))
			}
			return nil
		}
		value := make([]byte, n)
		if _, err := src.ReadAt(value, start); err != nil {
			return fmt.Errorf("dicommeta: %w", err)
		}
		if x.Encoding.BigEndian {
			reverseNumbers(value, swapUnit(el.VR))
		}
		held := *el
		held.Value, held.Length = value, uint32(n)
		return e.value(path, &held)
	}
}

// writeTo writes out with its cuts, which it reads from src.
func (e *elementWriter) writeTo(w io.Writer, src io.ReaderAt) error {
	at := 0
	for _, c := range e.cuts {
		if _, err := w.Write(e.out[at:c.at]); err != nil {
			return fmt.Errorf("dicommeta: %w", err)
		}
		at = c.at
		if n, err := io.Copy(w, io.NewSectionReader(src, c.off, c.n)); err != nil {
			return fmt.Errorf("dicommeta: %w", err)
		} else if n != c.n {
			return fmt.Errorf("dicommeta: %w", io.ErrUnexpectedEOF)
		}
	}
	if _, err := w.Write(e.out[at:]); err != nil {
		return fmt.Errorf("dicommeta: %w", err)
	}
	return nil
}

// fileMeta returns the preamble and the file meta information of x (PS3.10 §7.1).
func fileMeta(x *Instance, o *WriteOptions) ([]byte, error) {
	class, uid := x.SOPClassUID(), x.Text(dict.SOPInstanceUID)
	if uid == "" {
		uid = x.Meta.Text(dict.MediaStorageSOPInstanceUID)
	}
	implementation, name := o.ImplementationClassUID, o.ImplementationVersionName
	if implementation == "" {
		implementation = implementationClassUID
		if name == "" {
			name = implementationVersionName
		}
	}
	if len(name) > 16 {
		return nil, errors.New("dicommeta: ImplementationVersionName: want at most 16 characters")
	}
	meta := Dataset{Elements: slices.DeleteFunc(slices.Clone(x.Meta.Elements), func(e Element) bool { return isPrivateMeta(e.Tag) })}
	meta.Elements = ascending(meta.Elements)
	meta.Remove(dict.FileMetaInformationGroupLength)
	meta.Remove(dict.ImplementationVersionName)
	meta.Set(Element{Tag: dict.FileMetaInformationVersion, VR: dict.OB, Value: []byte{0, 1}})
	meta.Set(TextElement(dict.MediaStorageSOPClassUID, class))
	meta.Set(TextElement(dict.MediaStorageSOPInstanceUID, uid))
	meta.Set(TextElement(dict.TransferSyntaxUID, o.TransferSyntax))
	meta.Set(TextElement(dict.ImplementationClassUID, implementation))
	if name != "" {
		meta.Set(TextElement(dict.ImplementationVersionName, name))
	}
	out := append(make([]byte, 128, 512), "DICM"...)
	body, err := AppendDataset(nil, &meta, Encoding{})
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > math.MaxUint32 {
		return nil, errors.New("dicommeta: want file meta information of less than 4 GiB")
	}
	e := elementWriter{out: out}
	length := NumberElement(dict.FileMetaInformationGroupLength, dict.UL, float64(len(body)))
	if err := e.value(nil, &length); err != nil {
		return nil, err
	}
	return append(e.out, body...), nil
}

// isPrivateMeta reports whether t is Private Information, which is the writer's own
// (PS3.10 §7.1), or in no way of group 2.
func isPrivateMeta(t dict.Tag) bool {
	return t.Group() != 2 || t == dict.PrivateInformation || t == dict.PrivateInformationCreatorUID
}

// writeDeflated deflates what write writes, and pads it to an even length.
func writeDeflated(w io.Writer, write func(io.Writer) error) error {
	count := &countWriter{w: w}
	buf := bufio.NewWriter(count)
	d, err := newDeflater(buf)
	if err != nil {
		return err
	}
	if err := write(d); err != nil {
		return err
	}
	if err := d.Close(); err != nil {
		return fmt.Errorf("dicommeta: %w", err)
	}
	if (count.n+int64(buf.Buffered()))%2 == 1 {
		if err := buf.WriteByte(0); err != nil {
			return fmt.Errorf("dicommeta: %w", err)
		}
	}
	if err := buf.Flush(); err != nil {
		return fmt.Errorf("dicommeta: %w", err)
	}
	return nil
}

type countWriter struct {
	w io.Writer
	n int64
}

func (c *countWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
