package dicomgen

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// counted counts what is read.
type counted struct {
	r     io.ReaderAt
	reads int
	bytes int64
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.reads++
	c.bytes += int64(n)
	return n, err
}

// A slide of a gigabyte takes next to no room on the disk, and its header is
// read without its pixels.
func TestASlideOfAGigabyteIsReadByItsHeader(t *testing.T) {
	dir := t.TempDir()
	for _, o := range Slide(&study, &Plain, 1, 100, 3, 100_000) {
		if err := o.WriteFile(dir); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(filepath.Join(dir, o.Name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		frames, _ := o.Data.Int(dict.NumberOfFrames)
		if want := frames * 100_000; info.Size() < want {
			t.Errorf("%s: want %d bytes or more, have %d", o.Name, want, info.Size())
		}
		c := &counted{r: f}
		x, err := dicommeta.Parse(c, info.Size(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if x.Partial || len(x.Issues) > 0 || x.Stop.Tag != dict.PixelData || x.Stop.Length != dicommeta.Undefined {
			t.Errorf("%s: want a whole header up to encapsulated pixel data, have %v", o.Name, x.Issues)
		}
		if c.reads > 4 || c.bytes > 128<<10 {
			t.Errorf("%s: want 4 reads of 128 KiB at most, have %d of %d bytes", o.Name, c.reads, c.bytes)
		}
		t.Logf("%s: %d bytes, read %d in %d", o.Name, info.Size(), c.bytes, c.reads)
	}
}

// What is made is read again whole and without findings, whatever the encoding.
func TestObjectsAreReadAsTheyWereMade(t *testing.T) {
	for kind, list := range objects() {
		for _, enc := range []dicommeta.Encoding{{}, {Implicit: true}, {BigEndian: true}, {Deflated: true}} {
			o := list[0]
			if o.Pixels.Fragments == 0 {
				o.Encoding = enc
			}
			if o.Encoding.Deflated {
				o.Pixels = Pixels{} // would have to be deflated with the rest
			}
			o.Shrink(8)
			b, err := o.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			x, err := dicommeta.Parse(bytesAt(b), int64(len(b)), nil)
			if err != nil {
				t.Fatalf("%s %v: %v", kind, enc, err)
			}
			if x.Encoding != o.Encoding || x.Partial || len(x.Elements) < len(o.Data.Elements) {
				t.Errorf("%s: want %v and %d elements, have %v and %d: %v", kind, o.Encoding, len(o.Data.Elements), x.Encoding, len(x.Elements), x.Issues)
			}
			for i := range o.Data.Elements {
				want := &o.Data.Elements[i]
				have := x.Find(want.Tag)
				if have == nil || have.VR != want.VR && want.VR != dict.UN || string(have.Value) != string(want.Value) || len(have.Items) != len(want.Items) {
					t.Errorf("%s %v %v: differs", kind, enc, want.Tag)
				}
			}
		}
	}
}

type bytesAt []byte

func (b bytesAt) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(b)) {
		return 0, io.EOF
	}
	n := copy(p, b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
