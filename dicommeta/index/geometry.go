package index

import (
	"math"
	"slices"
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
	n                 int
	projected         bool // a localizer or a projection is among them
	orientation       string
	spacing           string
	rows, columns     int64
	turned, respaced  bool // a second orientation or spacing
	resized           bool
	lacking           bool // a position or orientation is not there
	skew              bool
	slices            []float64 // positions along the normal
	rowMin, rowMax    float64
	columnMin, colMax float64
	obliquity         float64
}

func (v *volume) add(d *dicommeta.Dataset) {
	for _, s := range d.Texts(dict.ImageType) {
		if s == "LOCALIZER" || strings.Contains(s, "MIP") {
			v.projected = true
		}
	}
	orientation := strings.Join(d.Texts(dict.ImageOrientationPatient), "/")
	spacing := strings.Join(d.Texts(dict.PixelSpacing), "/")
	rows, _ := d.Int(dict.Rows)
	columns, _ := d.Int(dict.Columns)
	v.n++
	if v.n == 1 {
		v.orientation, v.spacing, v.rows, v.columns = orientation, spacing, rows, columns
	}
	v.turned = v.turned || orientation != v.orientation || orientation == ""
	v.respaced = v.respaced || spacing != v.spacing || spacing == ""
	v.resized = v.resized || rows != v.rows || columns != v.columns
	v.place(d)
}

// place takes the position of an image.
func (v *volume) place(d *dicommeta.Dataset) {
	o, okO := d.Floats(dict.ImageOrientationPatient)
	p, okP := d.Floats(dict.ImagePositionPatient)
	if !okO || !okP || len(o) != 6 || len(p) != 3 {
		v.lacking = true
		if v.n == 1 {
			v.obliquity = math.NaN()
		}
		return
	}
	row, column := [3]float64(o[:3]), [3]float64(o[3:])
	normal := [3]float64{row[1]*column[2] - row[2]*column[1], row[2]*column[0] - row[0]*column[2], row[0]*column[1] - row[1]*column[0]}
	length := math.Sqrt(dot(normal, normal))
	v.skew = v.skew || !(math.Abs(length-1) <= orientationTolerance)
	at := [3]float64(p)
	if v.n == 1 {
		v.obliquity = math.NaN()
		if length > 0 {
			most := max(math.Abs(normal[0]), math.Abs(normal[1]), math.Abs(normal[2])) / length
			v.obliquity = math.Acos(min(most, 1)) * 180 / math.Pi
		}
	}
	r, c := dot(at, row), dot(at, column)
	if len(v.slices) == 0 {
		v.rowMin, v.rowMax, v.columnMin, v.colMax = r, r, c, c
	}
	v.rowMin, v.rowMax = min(v.rowMin, r), max(v.rowMax, r)
	v.columnMin, v.colMax = min(v.columnMin, c), max(v.colMax, c)
	v.slices = append(v.slices, dot(at, normal))
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
