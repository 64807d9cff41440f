package dicommeta

import (
	"strconv"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// pixels checks that the bits of a pixel fit each other, and that native pixel data are as
// long as they are said to be (PS3.3 C.7.6.3.1, PS3.5 §8).
func (c *validation) pixels() {
	allocated, ok := c.number(c.root, dict.BitsAllocated)
	if !ok {
		return
	}
	stored, ok := c.number(c.root, dict.BitsStored)
	if e := c.has(c.root, dict.BitsStored); ok && stored > allocated {
		c.report(issue.Error, CodePixelData, c.root, dict.BitsStored, e, "want at most as many bits as are allocated, have more")
	}
	if e := c.has(c.root, dict.HighBit); e != nil {
		if high, ok2 := numberAt(e, 0); ok && ok2 && high != stored-1 {
			c.report(issue.Error, CodePixelData, c.root, dict.HighBit, e, "want one less than the bits stored, have another number")
		}
	}
	e := c.has(c.root, dict.PixelData)
	if e == nil || e.Length == Undefined || e.Head == 0 && e.Length == 0 {
		return
	}
	if e.Written == dict.OB && allocated > 8 {
		c.report(issue.Error, CodePixelData, c.root, e.Tag, e, "want VR OW for more than 8 bits, have OB")
	}
	if ts := dict.FindTransferSyntax(c.x.TransferSyntax); ts == nil || ts.Encapsulated {
		return
	}
	c.pixelLength(e, allocated)
}

func (c *validation) pixelLength(e *Element, allocated float64) {
	rows, ok := c.number(c.root, dict.Rows)
	columns, ok2 := c.number(c.root, dict.Columns)
	samples, ok3 := c.number(c.root, dict.SamplesPerPixel)
	if !ok || !ok2 || !ok3 {
		return
	}
	frames, ok := c.number(c.root, dict.NumberOfFrames)
	if !ok {
		frames = 1
	}
	bits := rows * columns * samples * frames * allocated
	if isTextOf(c, c.root, dict.PhotometricInterpretation, "YBR_FULL_422") || isTextOf(c, c.root, dict.PhotometricInterpretation, "YBR_PARTIAL_422") {
		bits = bits * 2 / 3
	}
	if bits < 0 || bits > 1<<52 {
		return
	}
	want := (int64(bits) + 7) / 8
	want += want & 1
	if int64(e.Length) != want {
		c.report(issue.Error, CodePixelData, c.root, e.Tag, e, "want "+strconv.FormatInt(want, 10)+" bytes, have "+strconv.FormatUint(uint64(e.Length), 10))
	}
}
