package index

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// The tolerances of IDC's volume_geometry_index, the first two in mm.
const (
	sliceTolerance       = 0.2
	inPlaneTolerance     = 0.1
	orientationTolerance = 0.01
)

// volume checks whether the slices of a series make a regular volume.
type volume struct {
	n                   int
	projected           bool // a localizer or a projection is among them
	imageType           []byte
	orientation         []byte
	spacing             []byte
	axesOf              []byte // the orientation that these are of
	axes                bool
	row, column, normal [3]float64
	rows, columns       int64
	turned, respaced    bool // a second orientation or spacing
	resized             bool
	lacking             bool // a position or orientation is not there
	skew                bool
	slices              []float64 // positions along the normal
	rowMin, rowMax      float64
	columnMin, colMax   float64
	obliquity           float64
}

func (v *volume) add(d *dicommeta.Dataset) {
	if e := d.Find(dict.ImageType); e != nil && !bytes.Equal(e.Value, v.imageType) {
		v.imageType = append(v.imageType[:0], e.Value...)
		for _, s := range d.Texts(dict.ImageType) {
			if s == "LOCALIZER" || strings.Contains(s, "MIP") {
				v.projected = true
			}
		}
	}
	orientation, spacing := trimmed(d, dict.ImageOrientationPatient), trimmed(d, dict.PixelSpacing)
	rows, _ := d.Int(dict.Rows)
	columns, _ := d.Int(dict.Columns)
	v.n++
	if v.n == 1 {
		v.orientation, v.spacing, v.rows, v.columns = bytes.Clone(orientation), bytes.Clone(spacing), rows, columns
		v.obliquity = math.NaN()
	}
	v.turned = v.turned || !bytes.Equal(orientation, v.orientation) || len(orientation) == 0
	v.respaced = v.respaced || !bytes.Equal(spacing, v.spacing) || len(spacing) == 0
	v.resized = v.resized || rows != v.rows || columns != v.columns
	if v.n == 1 || !bytes.Equal(orientation, v.axesOf) {
		v.axesOf = append(v.axesOf[:0], orientation...)
		v.turn(orientation)
	}
	var at [3]float64
	if !v.axes || !numbers(at[:], trimmed(d, dict.ImagePositionPatient)) {
		v.lacking = true
		return
	}
	r, c := dot(at, v.row), dot(at, v.column)
	if len(v.slices) == 0 {
		v.rowMin, v.rowMax, v.columnMin, v.colMax = r, r, c, c
	}
	v.rowMin, v.rowMax = min(v.rowMin, r), max(v.rowMax, r)
	v.columnMin, v.colMax = min(v.columnMin, c), max(v.colMax, c)
	v.slices = append(v.slices, dot(at, v.normal))
}

// turn takes the axes of an image.
func (v *volume) turn(orientation []byte) {
	var o [6]float64
	if v.axes = numbers(o[:], orientation); !v.axes {
		return
	}
	row, column := [3]float64(o[:3]), [3]float64(o[3:])
	v.row, v.column = row, column
	v.normal = [3]float64{row[1]*column[2] - row[2]*column[1], row[2]*column[0] - row[0]*column[2], row[0]*column[1] - row[1]*column[0]}
	length := math.Sqrt(dot(v.normal, v.normal))
	v.skew = v.skew || !(math.Abs(length-1) <= orientationTolerance)
	if v.n == 1 && length > 0 {
		most := max(math.Abs(v.normal[0]), math.Abs(v.normal[1]), math.Abs(v.normal[2])) / length
		v.obliquity = math.Acos(min(most, 1)) * 180 / math.Pi
	}
}

// trimmed returns the bytes of an element of text without padding at its ends.
func trimmed(d *dicommeta.Dataset, t dict.Tag) []byte {
	e := d.Find(t)
	if e == nil || !e.VR.IsText() {
		return nil
	}
	return bytes.Trim(e.Value, " \x00")
}

// numbers reads exactly len(dst) values.
func numbers(dst []float64, v []byte) bool {
	for i := range dst {
		one, rest, more := bytes.Cut(v, []byte{'\\'})
		f, err := strconv.ParseFloat(string(bytes.Trim(one, " \x00")), 64)
		if err != nil || more != (i < len(dst)-1) {
			return false
		}
		dst[i], v = f, rest
	}
	return true
}

func dot(a, b [3]float64) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

func (v *volume) singleOrientation() bool { return !v.turned }
func (v *volume) orthogonal() bool        { return !v.skew && !v.lacking }
func (v *volume) sameSpacing() bool       { return !v.respaced }
func (v *volume) sameSize() bool          { return !v.resized }
func (v *volume) steadyRow() bool         { return !v.lacking && v.rowMax-v.rowMin < inPlaneTolerance }
func (v *volume) steadyColumn() bool      { return !v.lacking && v.colMax-v.columnMin < inPlaneTolerance }

func (v *volume) sorted() []float64 {
	slices.Sort(v.slices)
	return v.slices
}

func (v *volume) uniquePositions() bool {
	all := v.sorted()
	for i := 1; i < len(all); i++ {
		if all[i] == all[i-1] {
			return false
		}
	}
	return !v.lacking
}

// uniform reports whether neighbours keep the mean distance; of one slice there is none.
func (v *volume) uniform() bool {
	all := v.sorted()
	if v.lacking || len(all) < 2 {
		return false
	}
	mean := (all[len(all)-1] - all[0]) / float64(len(all)-1)
	for i := 1; i < len(all); i++ {
		if !(math.Abs(all[i]-all[i-1]-mean) < sliceTolerance) {
			return false
		}
	}
	return true
}

func (v *volume) regular() bool {
	return v.singleOrientation() && v.orthogonal() && v.uniquePositions() && v.steadyRow() && v.steadyColumn() && v.sameSpacing() && v.sameSize() && v.uniform()
}
