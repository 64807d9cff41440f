package dicommeta

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// TestWrittenFilesReadAsBefore writes every shared file in every encoding and reads it again.
func TestWrittenFilesReadAsBefore(t *testing.T) {
	written, skipped := 0, 0
	for name, b := range sharedFiles(t) {
		x, err := Parse(bytes.NewReader(b), int64(len(b)), &ReadOptions{KeepBytes: 1 << 10})
		if err != nil || x.Partial || len(x.Elements) == 0 {
			continue
		}
		if slices.ContainsFunc(x.Issues, func(i issue.Issue) bool { return i.Code == CodeTagOrder || i.Code == CodeTagRepeated }) {
			continue // such a data set is not surely taken for one in each encoding
		}
		// Values that were left in the file have to come from it.
		full, err := Parse(bytes.NewReader(b), int64(len(b)), &ReadOptions{KeepBytes: -1})
		if err != nil {
			t.Fatal(err)
		}
		opts := WriteOptions{Undefined: len(name)%2 == 0}
		for _, syntax := range []string{explicitLittleEndian, implicitLittleEndian, explicitBigEndian, deflatedLittleEndian} {
			y := *x
			y.Stop = Element{}
			opts.TransferSyntax, opts.Source = syntax, bytes.NewReader(b)
			var out bytes.Buffer
			if err := Write(&out, &y, &opts); err != nil {
				if !errors.Is(err, ErrSkipped) && syntax != explicitBigEndian {
					t.Errorf("%s as %s: %v", name, syntax, err)
				}
				skipped++
				continue
			}
			z, err := Parse(bytes.NewReader(out.Bytes()), int64(out.Len()), &ReadOptions{KeepBytes: -1})
			if err != nil {
				t.Errorf("%s as %s: %v", name, syntax, err)
				continue
			}
			if s := differWritten(nil, &full.Dataset, &z.Dataset); s != "" {
				t.Errorf("%s as %s: %s", name, syntax, s)
			}
			written++
		}
	}
	t.Logf("%d written, %d with values out of reach", written, skipped)
	if written < 3000 {
		t.Errorf("want at least 3,000 written, have %d", written)
	}
}

// differWritten returns where a data set differs from what was written of another, padding,
// Specific Character Set and encapsulated pixels apart.
func differWritten(path Path, want, have *Dataset) string {
	a, b := writtenElements(want), writtenElements(have)
	for i, e := range a {
		here := append(path, Step{Tag: e.Tag})
		if i >= len(b) || b[i].Tag != e.Tag {
			return here.String() + ": missing or out of place"
		}
		f := b[i]
		if e.Items != nil || f.Items != nil {
			if len(e.Items) != len(f.Items) {
				return here.String() + ": other items"
			}
			for j := range e.Items {
				here[len(here)-1].Item = j + 1
				if s := differWritten(here, &e.Items[j], &f.Items[j]); s != "" {
					return s
				}
			}
			continue
		}
		v := e.Value
		if len(v)%2 == 1 {
			v = append(bytes.Clone(v), padding(e.VR))
		}
		if !bytes.Equal(v, f.Value) {
			return here.String() + ": other value"
		}
	}
	if len(b) > len(a) {
		return append(path, Step{Tag: b[len(a)].Tag}).String() + ": new"
	}
	return ""
}

func writtenElements(d *Dataset) (all []*Element) {
	for i := range d.Elements {
		if t := d.Elements[i].Tag; !t.IsGroupLength() && t != dict.SpecificCharacterSet {
			all = append(all, &d.Elements[i])
		}
	}
	return all
}

func TestWriteCopiesPixelDataFromItsSource(t *testing.T) {
	b := madeFile(t, explicitLittleEndian, false)
	x := mustParse(t, b)
	var out bytes.Buffer
	if err := Write(&out, x, &WriteOptions{Source: bytes.NewReader(b)}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), b) {
		t.Error("want the same file")
	}
	if err := Write(&out, x, &WriteOptions{Source: bytes.NewReader(b), TransferSyntax: explicitBigEndian}); !errors.Is(err, ErrSkipped) {
		t.Errorf("want ErrSkipped in another encoding, have %v", err)
	}
	out.Reset()
	if err := Write(&out, x, nil); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), b[:x.Stop.Offset]) {
		t.Error("want the header alone without a source")
	}
}
