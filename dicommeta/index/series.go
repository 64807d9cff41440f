package index

import (
	"math"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// seriesRow gathers the instances of one series, in order.
type seriesRow struct {
	tables     []*seriesTable
	cells      [][]cell // of each table its columns
	active     []bool   // whether an instance belongs to the table
	kind       [2]string
	match      []bool // whether instances of this class and modality belong to the table
	instances  int64
	bytes      int64
	class      string
	body       string // Body Part Examined
	series     string // that a segmentation or structure set refers to
	syntaxes   []string
	spacing    float64 // smallest
	treatments map[string][]treatment
	volume     volume
	known      *references
	locator    *locator
}

// treatment is a substance that a specimen was treated with.
type treatment struct{ meaning, code string }

func newSeriesRow(tables []*seriesTable, known *references, l *locator) *seriesRow {
	r := &seriesRow{tables: tables, known: known, locator: l, cells: make([][]cell, len(tables)), active: make([]bool, len(tables))}
	for i, t := range tables {
		r.cells[i] = make([]cell, len(t.columns))
	}
	return r
}

// add takes an instance.
func (r *seriesRow) add(d *dicommeta.Dataset, size int64) {
	if c, m := rawText(d, dict.SOPClassUID), rawText(d, dict.Modality); r.match == nil || string(c) != r.kind[0] || string(m) != r.kind[1] {
		r.kind = [2]string{string(c), string(m)}
		r.match = make([]bool, len(r.tables))
		for i, t := range r.tables {
			r.match[i] = t.where(r.kind[0], r.kind[1])
			r.active[i] = r.active[i] || r.match[i]
		}
	}
	class, modality := r.kind[0], r.kind[1]
	r.instances++
	r.bytes += size
	if r.class == "" {
		r.class = class
	}
	if r.body == "" {
		r.body = string(rawText(d, dict.BodyPartExamined))
	}
	if r.series == "" && refers(class) {
		r.series = r.known.of(d)
	}
	if uid := rawText(d, dict.TransferSyntaxUID); len(uid) > 0 && (len(r.syntaxes) != 1 || r.syntaxes[0] != string(uid)) {
		if i, found := slices.BinarySearch(r.syntaxes, string(uid)); !found {
			r.syntaxes = slices.Insert(r.syntaxes, i, string(uid))
		}
	}
	if modality == "SM" {
		r.slide(d)
	}
	if class == ctImage || class == mrImage || class == ptImage {
		r.volume.add(d)
	}
	at := r.locator.locate(d)
	for i, t := range r.tables {
		if !r.match[i] {
			continue
		}
		for j, c := range t.columns {
			r.cells[i][j].add(c, d, at)
		}
	}
}

// slide takes what only slides have.
func (r *seriesRow) slide(d *dicommeta.Dataset) {
	spacing, ok := d.Floats(dict.PixelSpacing)
	if len(spacing) == 0 {
		if groups := d.Item(dict.SharedFunctionalGroupsSequence); groups != nil {
			if measures := groups.Item(dict.PixelMeasuresSequence); measures != nil {
				spacing, ok = measures.Floats(dict.PixelSpacing)
			}
		}
	}
	if ok && len(spacing) > 0 && spacing[0] > 0 && (r.spacing == 0 || spacing[0] < r.spacing) {
		r.spacing = spacing[0]
	}
	specimen := d.Item(dict.SpecimenDescriptionSequence)
	if specimen == nil {
		return
	}
	for _, step := range specimen.Items(dict.SpecimenPreparationSequence) {
		for _, item := range step.Items(dict.SpecimenPreparationStepContentItemSequence) {
			concept := codeOf(item.Items(dict.ConceptNameCodeSequence))
			value := item.Item(dict.ConceptCodeSequence)
			if concept == "" || value == nil {
				continue
			}
			t := treatment{value.Text(dict.CodeMeaning), codeOf(item.Items(dict.ConceptCodeSequence))}
			if r.treatments == nil {
				r.treatments = map[string][]treatment{}
			}
			if !slices.Contains(r.treatments[concept], t) {
				r.treatments[concept] = append(r.treatments[concept], t)
			}
		}
	}
}

// write adds the rows of the series to the tables that it belongs to.
func (r *seriesRow) write(to []*columnar.Batch) {
	for i, t := range r.tables {
		if r.active[i] && (t.name != "contrast_index" || r.anySet(i)) && (t.name != "volume_geometry_index" || !r.volume.projected) {
			r.writeTable(i, to[i])
		}
	}
}

// anySet reports whether a column but the key has a value.
func (r *seriesRow) anySet(table int) bool {
	return slices.ContainsFunc(r.cells[table][1:], func(c cell) bool { return c.set })
}

func (r *seriesRow) writeTable(table int, to *columnar.Batch) {
	for j, c := range r.tables[table].columns {
		v := r.cells[table][j]
		switch c.agg {
		case aggDerived:
			var ok bool
			v, ok = c.derive(r)
			v.set = ok
		case aggCount:
			v = cell{set: true, number: float64(r.instances)}
		case aggComma:
			v.text = strings.Join(v.texts, ",")
		case aggCountDistinct:
			v.set, v.number = true, float64(len(v.texts))
		}
		v.write(c.kind, to.Column(j))
	}
}

func (c *cell) write(kind columnar.ColumnKind, to *columnar.Vector) {
	switch {
	case kind == columnar.TextListColumn:
		to.Texts(c.texts)
	case kind == columnar.Float64ListColumn:
		to.Floats(c.floats)
	case !c.set:
		to.Null()
	case kind == columnar.TextColumn:
		to.Text([]byte(c.text))
	case kind == columnar.Float64Column:
		to.Number(int64(math.Float64bits(c.number)))
	case kind == columnar.Int64Column && (c.number != math.Trunc(c.number) || math.Abs(c.number) > 1<<53):
		to.Null()
	default:
		to.Number(int64(c.number))
	}
}

func textCell(s string) (cell, bool) { return cell{text: s}, s != "" }

func boolCell(b bool) cell {
	if b {
		return cell{number: 1}
	}
	return cell{}
}

func (r *seriesRow) bodyPart() (cell, bool) {
	if r.body == "" && r.series != "" {
		return textCell(r.known.bodies[r.series])
	}
	return textCell(r.body)
}

func (r *seriesRow) className() (cell, bool) {
	if e := dict.FindUID(r.class); e != nil {
		return textCell(e.Name)
	}
	return cell{}, false
}

func (r *seriesRow) syntaxNames() (cell, bool) {
	var names []string
	for _, uid := range r.syntaxes {
		if e := dict.FindUID(uid); e != nil {
			names = append(names, e.Name)
		}
	}
	slices.Sort(names)
	return textCell(strings.Join(names, ","))
}

func (r *seriesRow) megabytes() (cell, bool) {
	return cell{number: math.Round(float64(r.bytes)/10_000) / 100}, true
}

func (r *seriesRow) instanceSize() (cell, bool) { return cell{number: float64(r.bytes)}, true }

func (r *seriesRow) referenced() (cell, bool) { return textCell(r.series) }

func (r *seriesRow) finestSpacing() (cell, bool) {
	if r.spacing == 0 {
		return cell{}, false
	}
	unit := math.Pow(10, 1-math.Floor(math.Log10(r.spacing)))
	return cell{number: math.Round(r.spacing*unit) / unit}, true
}

func (r *seriesRow) treatment(concept string, code bool) (cell, bool) {
	var all []string
	for _, t := range r.treatments[concept] {
		s := t.meaning
		if code {
			s = t.code
		}
		if s != "" && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	slices.Sort(all)
	return cell{texts: all}, len(all) > 0
}

// refers reports whether instances of a class belong to the images of another series.
func refers(class string) bool {
	return class == segmentation || class == labelMap || class == structureSet
}

// references resolve what segmentations and structure sets refer to.
type references struct {
	instances map[string]string // series of an instance
	bodies    map[string]string // Body Part Examined of a series
}

// referencePath leads to the series in a structure set.
var referencePath = []step{{dict.ReferencedFrameOfReferenceSequence, true}, {dict.RTReferencedStudySequence, true}, {dict.RTReferencedSeriesSequence, true}, {dict.SeriesInstanceUID, false}}

// seriesOf returns the series that a data set names as the one it belongs to, or else an
// instance of it.
func seriesOf(d *dicommeta.Dataset) (series, instance string) {
	visit(d, referencePath, func(d *dicommeta.Dataset, e *dicommeta.Element) {
		if series == "" {
			series = d.Text(e.Tag)
		}
	})
	if item := d.Item(dict.ReferencedSeriesSequence); item != nil && series == "" {
		series = item.Text(dict.SeriesInstanceUID)
		if of := item.Item(dict.ReferencedInstanceSequence); of != nil {
			instance = of.Text(dict.ReferencedSOPInstanceUID)
		}
	}
	for _, t := range []dict.Tag{dict.ReferencedImageSequence, dict.SourceImageSequence} {
		if item := d.Item(t); item != nil && instance == "" {
			instance = item.Text(dict.ReferencedSOPInstanceUID)
		}
	}
	return series, instance
}

func (k *references) of(d *dicommeta.Dataset) string {
	series, instance := seriesOf(d)
	if series == "" && instance != "" {
		series = k.instances[instance]
	}
	return series
}

// want notes that d needs to know of others.
func (k *references) want(d *dicommeta.Dataset) {
	series, instance := seriesOf(d)
	if series != "" {
		k.bodies[series] = ""
	} else if instance != "" {
		k.instances[instance] = ""
	}
}

func newReferences() *references {
	return &references{instances: map[string]string{}, bodies: map[string]string{}}
}
