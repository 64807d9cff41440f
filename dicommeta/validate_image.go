package dicommeta

import (
	"math"
	"strconv"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// units reports codes of units that are not of UCUM (PS3.16, context group 82).
func (c *validation) units(at int32) {
	if e := c.has(at, dict.CodingSchemeDesignator); e != nil && !isEmpty(e) && !isText(e, 0, "UCUM") {
		c.report(issue.Warning, CodeCheck, at, e.Tag, e, "want a code of UCUM for a unit, have another")
	}
}

// magnification compares the magnification of a projection with the distances that it
// comes from (PS3.3 C.8.11.5).
func (c *validation) magnification() {
	e := c.has(c.root, dict.EstimatedRadiographicMagnificationFactor)
	if e == nil {
		return
	}
	factor, ok := numberAt(e, 0)
	detector, ok2 := c.number(c.root, dict.DistanceSourceToDetector)
	patient, ok3 := c.number(c.root, dict.DistanceSourceToPatient)
	if ok && ok2 && ok3 && patient != 0 && math.Abs(factor-detector/patient) > 0.001 {
		c.report(issue.Warning, CodeCheck, c.root, e.Tag, e, "want the ratio of the distances to detector and patient, have another number")
	}
}

// patientOrientation checks that directions are made of their letters (PS3.3 C.7.6.1.1.1).
func (c *validation) patientOrientation() {
	e := c.has(c.root, dict.PatientOrientation)
	if e == nil || isTextOf(c, c.root, dict.AnatomicalOrientationType, "QUADRUPED") {
		return
	}
	for one, i := range eachValue(e) {
		v, _ := textAt(one, i)
		for _, b := range v {
			switch b {
			case 'L', 'R', 'A', 'P', 'H', 'F':
			default:
				c.report(issue.Error, CodeCheck, c.root, e.Tag, e, "want the letters L, R, A, P, H and F, have others")
				return
			}
		}
	}
}

// tiles checks that a whole slide image of the organization TILED_FULL has a frame for each
// tile of its matrix (PS3.3 C.7.6.17.3).
func (c *validation) tiles() {
	e := c.has(c.root, dict.NumberOfFrames)
	if e == nil || !isTextOf(c, c.root, dict.DimensionOrganizationType, "TILED_FULL") || c.has(c.root, dict.TotalPixelMatrixRows) == nil || c.has(c.root, dict.SegmentSequence) != nil {
		return
	}
	frames, ok := numberAt(e, 0)
	rows, ok2 := c.tilesAlong(dict.TotalPixelMatrixRows, dict.Rows)
	columns, ok3 := c.tilesAlong(dict.TotalPixelMatrixColumns, dict.Columns)
	if !ok || !ok2 || !ok3 {
		return
	}
	_, paths := c.items(c.root, dict.OpticalPathSequence)
	if n, ok := c.number(c.root, dict.NumberOfOpticalPaths); ok {
		paths = int(n)
	}
	planes, ok := c.number(c.root, dict.TotalPixelMatrixFocalPlanes)
	if !ok {
		planes = 1
	}
	if want := rows * columns * float64(max(paths, 1)) * planes; frames != want && want < 1<<52 {
		c.report(issue.Error, CodeFunctionalGroup, c.root, e.Tag, e, "want "+strconv.FormatInt(int64(want), 10)+" frames for the tiles of the matrix, have another number")
	}
}

func (c *validation) tilesAlong(total, tile dict.Tag) (n float64, ok bool) {
	all, ok := c.number(c.root, total)
	one, ok2 := c.number(c.root, tile)
	if !ok || !ok2 || one <= 0 {
		return 0, false
	}
	return math.Ceil(all / one), true
}
