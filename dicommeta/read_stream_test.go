package dicommeta

import (
	"bytes"
	"io"
	"reflect"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// told returns what was read, without what only a source of known size tells.
func told(x *Instance) *Instance {
	if x == nil {
		return nil
	}
	y := *x
	y.Size, y.Issues = 0, nil
	for _, i := range x.Issues {
		if i.Code != CodePixelsTruncated {
			y.Issues = append(y.Issues, i)
		}
	}
	return &y
}

// sameFromStream asserts that a stream of data, in one piece or in many, gives what
// Parse gave: x or err.
func sameFromStream(t testing.TB, data []byte, opts *ReadOptions, x *Instance, err error) {
	t.Helper()
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(data), "chunks": iotest.HalfReader(bytes.NewReader(data)), "late end": iotest.DataErrReader(bytes.NewReader(data)),
	} {
		y, errStream := ParseStream(r, opts)
		if (err == nil) != (errStream == nil) || err != nil && err.Error() != errStream.Error() {
			t.Fatalf("%s: want the error %v, have %v", name, err, errStream)
		}
		if want, have := told(x), told(y); !reflect.DeepEqual(want, have) {
			t.Fatalf("%s: (-parse +stream):\n%s", name, cmp.Diff(want, have, cmp.AllowUnexported(Charset{})))
		}
	}
}
