package dicommeta

import (
	"math"
	"strconv"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// beyondTables makes the checks that no table of rules can state.
func (c *validation) beyondTables() {
	c.directoryKeys()
	c.reusedUIDs()
	c.functionalGroups()
	c.segments()
	c.pixels()
	c.framePointer()
	for i := range c.levels {
		c.geometry(int32(i))
		if l := &c.levels[i]; !l.free {
			c.lookupTable(int32(i))
		}
		if c.levels[i].tag == dict.MeasurementUnitsCodeSequence {
			c.units(int32(i))
		}
	}
	c.magnification()
	c.patientOrientation()
	c.tiles()
	c.contentTree()
}

// directoryKeys reports the keys that a DICOMDIR needs and that are absent or empty
// (PS3.3 §F.5).
func (c *validation) directoryKeys() {
	if !c.study {
		return
	}
	for _, t := range [...]dict.Tag{dict.PatientID, dict.StudyDate, dict.StudyTime, dict.StudyID, dict.Modality, dict.SeriesNumber, dict.InstanceNumber} {
		if t >= c.end {
			return
		}
		if t == dict.InstanceNumber && c.has(c.root, dict.PixelData) == nil {
			continue
		}
		if e := c.has(c.root, t); e == nil || isEmpty(e) {
			c.report(issue.Information, CodeDirectoryKey, c.root, t, e, "want a value, as a DICOMDIR needs it, have none")
		}
	}
}

// reusedUIDs reports different things that have one UID.
func (c *validation) reusedUIDs() {
	all := [...]dict.Tag{dict.StudyInstanceUID, dict.SeriesInstanceUID, dict.SOPInstanceUID, dict.FrameOfReferenceUID}
	for i, t := range all {
		a := c.has(c.root, t)
		if a == nil || isEmpty(a) {
			continue
		}
		for _, u := range all[i+1:] {
			if b := c.has(c.root, u); b != nil && sameText(a, b) {
				c.report(issue.Error, CodeUIDReused, c.root, t, a, "want a UID of its own, have that of "+u.Keyword())
			}
		}
	}
}

// number returns the first number of an attribute.
func (c *validation) number(at int32, t dict.Tag) (float64, bool) {
	e := c.has(at, t)
	if e == nil {
		return 0, false
	}
	return numberAt(e, 0)
}

// functionalGroups checks that there is one item a frame, that no group is both
// shared and per frame, and that index values fit the dimensions (PS3.3 C.7.6.16, C.7.6.17).
func (c *validation) functionalGroups() {
	perFrame := dict.PerFrameFunctionalGroupsSequence
	first, n := c.items(c.root, perFrame)
	frames, ok := c.number(c.root, dict.NumberOfFrames)
	if !ok {
		frames = 1
	}
	if n > 0 && int(frames) != n {
		c.report(issue.Error, CodeFunctionalGroup, c.root, perFrame, c.has(c.root, perFrame),
			"want an item for each of "+strconv.Itoa(int(frames))+" frames, have "+strconv.Itoa(n))
	}
	shared, m := c.items(c.root, dict.SharedFunctionalGroupsSequence)
	_, dimensions := c.items(c.root, dict.DimensionIndexSequence)
	for i := range n {
		at := first + int32(i)
		all := c.levels[at].d.Elements
		for j := range all {
			if t := all[j].Tag; m > 0 && !t.IsPrivate() && !t.IsGroupLength() && c.has(shared, t) != nil {
				c.report(issue.Error, CodeFunctionalGroup, at, t, &all[j], "want a functional group that is shared or per frame, have it as both")
			}
		}
		content, k := c.items(at, dict.FrameContentSequence)
		if k == 0 || dimensions == 0 {
			continue
		}
		if e := c.has(content, dict.DimensionIndexValues); e != nil && !isEmpty(e) && countValues(nil, e) != dimensions {
			c.report(issue.Error, CodeFunctionalGroup, content, e.Tag, e,
				"want a value for each of "+strconv.Itoa(dimensions)+" dimensions, have "+strconv.Itoa(countValues(nil, e)))
		}
	}
}

// segments checks that segments are numbered from 1 by 1, but for label maps
// (PS3.3 C.8.20.4), and that frames refer to segments that exist.
func (c *validation) segments() {
	if c.has(c.root, dict.SegmentationType) == nil {
		return
	}
	inOrder := !isTextOf(c, c.root, dict.SegmentationType, "LABELMAP")
	first, n := c.items(c.root, dict.SegmentSequence)
	known := map[float64]bool{}
	for i := range n {
		at := first + int32(i)
		number, ok := c.number(at, dict.SegmentNumber)
		if !ok {
			continue
		}
		known[number] = true
		if inOrder && int(number) != i+1 {
			c.report(issue.Error, CodeFunctionalGroup, at, dict.SegmentNumber, c.has(at, dict.SegmentNumber), "want segments numbered from 1 by 1, have another order")
		}
	}
	for i := range c.levels {
		if c.levels[i].tag != dict.SegmentIdentificationSequence {
			continue
		}
		if e := c.has(int32(i), dict.ReferencedSegmentNumber); e != nil {
			if number, ok := numberAt(e, 0); ok && !known[number] {
				c.report(issue.Error, CodeReference, int32(i), e.Tag, e, "want the number of a segment, have another")
			}
		}
	}
}

func isTextOf(c *validation, at int32, t dict.Tag, s string) bool {
	e := c.has(at, t)
	return e != nil && isText(e, 0, s)
}

// framePointer checks that the attributes that Frame Increment Pointer names are there.
func (c *validation) framePointer() {
	e := c.has(c.root, dict.FrameIncrementPointer)
	if e == nil {
		return
	}
	for i := 0; ; i++ {
		t, ok := pointerAt(e, i)
		if !ok {
			return
		}
		if t < c.end && c.has(c.root, t) == nil {
			c.report(issue.Error, CodeReference, c.root, e.Tag, e, "want a pointer to an attribute of the instance, have one to another")
		}
	}
}

// geometry checks that direction cosines are of length 1 and at right angles, and that an
// aspect ratio says something (PS3.3 C.7.6.2.1.1, C.7.6.3.1.7).
func (c *validation) geometry(at int32) {
	if e := c.has(at, dict.ImageOrientationPatient); e != nil {
		c.orientation(at, e)
	}
	if e := c.has(at, dict.ImageOrientationSlide); e != nil {
		c.orientation(at, e)
	}
	if e := c.has(at, dict.VelocityEncodingDirection); e != nil {
		var n float64
		for i := range 3 {
			x, _ := numberAt(e, i)
			n += x * x
		}
		if offUnit(n) && !isEmpty(e) {
			c.report(issue.Error, CodeGeometry, at, e.Tag, e, "want a vector of length 1, have another")
		}
	}
	if e := c.has(at, dict.PixelAspectRatio); e != nil && at == c.root {
		a, ok := numberAt(e, 0)
		if b, ok2 := numberAt(e, 1); ok && ok2 && a == b {
			c.report(issue.Error, CodeGeometry, at, e.Tag, e, "want no aspect ratio where it is 1:1, have one")
		}
	}
}

// offUnit reports whether a vector with this square is longer or shorter than 1, but for
// the rounding of four digits.
func offUnit(square float64) bool { return math.Abs(math.Sqrt(square)-1) > 0.0001 }

func (c *validation) orientation(at int32, e *Element) {
	var v [6]float64
	for i := range v {
		n, ok := numberAt(e, i)
		if !ok {
			return
		}
		v[i] = n
	}
	row := v[0]*v[0] + v[1]*v[1] + v[2]*v[2]
	column := v[3]*v[3] + v[4]*v[4] + v[5]*v[5]
	dot := v[0]*v[3] + v[1]*v[4] + v[2]*v[5]
	switch {
	case offUnit(row) || offUnit(column):
		c.report(issue.Error, CodeGeometry, at, e.Tag, e, "want direction cosines of length 1, have others")
	case math.Abs(dot) > 0.0002:
		c.report(issue.Error, CodeGeometry, at, e.Tag, e, "want directions at right angles, have others")
	}
}

// lookupTable checks that a lookup table has as many entries as its descriptor says
// (PS3.3 C.11.1.1).
func (c *validation) lookupTable(at int32) {
	for _, p := range [...]struct{ descriptor, data dict.Tag }{
		{dict.LUTDescriptor, dict.LUTData},
		{dict.RedPaletteColorLookupTableDescriptor, dict.RedPaletteColorLookupTableData},
		{dict.GreenPaletteColorLookupTableDescriptor, dict.GreenPaletteColorLookupTableData},
		{dict.BluePaletteColorLookupTableDescriptor, dict.BluePaletteColorLookupTableData},
	} {
		d, e := c.has(at, p.descriptor), c.has(at, p.data)
		if d == nil || e == nil || e.Skipped() {
			continue
		}
		n, ok := numberAt(d, 0)
		bits, ok2 := numberAt(d, 2)
		if !ok || !ok2 {
			continue
		}
		if n == 0 {
			n = 1 << 16
		} else if n < 0 {
			n += 1 << 16
		}
		have := len(e.Value)
		if have != int(n)*2 && !(bits == 8 && (have == int(n) || have == int(n)+1)) {
			c.report(issue.Error, CodeLookupTable, at, e.Tag, e, "want "+strconv.Itoa(int(n))+" entries, have "+strconv.Itoa(have)+" bytes")
		}
	}
}
