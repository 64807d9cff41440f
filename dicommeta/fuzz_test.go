package dicommeta

import (
	"bytes"
	"errors"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// FuzzParse holds for any bytes: no panic, an Instance of the right shape or an *Error, the same from a stream.
func FuzzParse(f *testing.F) {
	for _, data := range encodedFiles() {
		f.Add(data, uint16(0), false)
		f.Add(data[132:], uint16(0x10), true)
		f.Add(data[:200], uint16(0), true)
	}
	un := appendHead(nil, Encoding{}, dict.ProcedureCodeSequence, dict.UN, Undefined)
	un = appendHead(un, Encoding{}, tagItem, 0, Undefined)
	un = appendElement(un, Encoding{Implicit: true}, dict.CodeValue, 0, []byte("A "))
	f.Add(append(appendElement(nil, Encoding{}, dict.SOPClassUID, dict.UI, []byte("1.2\x00")), un...), uint16(0), false)
	f.Fuzz(func(t *testing.T, data []byte, until uint16, all bool) {
		opts := &ReadOptions{Until: dict.Tag(until) << 16, MaxElements: 10_000, MaxBytes: 1 << 20}
		if all {
			opts.KeepBytes = -1
		}
		x, err := Parse(bytes.NewReader(data), int64(len(data)), opts)
		var wrong *Error
		switch {
		case err != nil && (x != nil || !errors.As(err, &wrong)):
			t.Fatalf("want an *Error and no instance, have %v, %v", err, x)
		case err == nil && !x.Partial:
			checkShape(t, x, int64(len(data)))
		}
		sameFromStream(t, data, opts, x, err)
	})
}

// FuzzSniff holds that what Parse takes for DICOM Sniff does too.
func FuzzSniff(f *testing.F) {
	for _, data := range encodedFiles() {
		f.Add(data)
		f.Add(data[132:])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := Parse(bytes.NewReader(data), int64(len(data)), nil)
		if errors.Is(err, ErrNotDICOM) == Sniff(data) && len(data) < firstRead {
			t.Errorf("want Sniff to say what Parse says, which is %v", err)
		}
	})
}
