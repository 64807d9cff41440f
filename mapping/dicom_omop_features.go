package mapping

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// feature is an attribute that becomes rows.
type feature struct {
	tag  dict.Tag
	code []byte // as concepts name it: 00180050
	unit []byte // UCUM, of numbers
}

// value is one value of an attribute.
type value struct {
	text   string // all values of the element, as written
	number float64
	isNum  bool
	code   string // of text the same, as the code of a defined term
}

// features makes facts of the chosen attributes of a series.
func (x *imagingMapper) features(se *dicommeta.Series, image *fact) {
	for i := range x.m.features {
		a := &x.m.features[i]
		values, ok := x.values(se, a.tag)
		if !ok {
			x.account.losses[lossFeature]++
			continue
		}
		for _, v := range values {
			x.feature(a, v, image)
		}
	}
}

// values returns the distinct values of an attribute in a series, in the order
// of its instances: of the series, else of the study, else of the functional
// groups that all frames share, else of the instances. ok is false where there
// are too many.
func (x *imagingMapper) values(se *dicommeta.Series, t dict.Tag) (values []value, ok bool) {
	for _, d := range []*dicommeta.Dataset{&se.Dataset, &x.s.Dataset} {
		if values = appendValues(values, d, t); len(values) > 0 {
			return values, len(values) <= x.p.MaxValues
		}
	}
	if values = sharedValues(values, &se.Dataset, t); len(values) > 0 {
		return values, len(values) <= x.p.MaxValues
	}
	for i := range se.Instances {
		d := &se.Instances[i].Dataset
		n := len(values)
		if values = appendValues(values, d, t); len(values) == n {
			values = sharedValues(values, d, t)
		}
		if len(values) > x.p.MaxValues {
			return nil, false
		}
	}
	return values, true
}

// sharedValues looks into the shared functional groups (PS3.3 §C.7.6.16).
func sharedValues(values []value, d *dicommeta.Dataset, t dict.Tag) []value {
	groups := d.Item(dict.SharedFunctionalGroupsSequence)
	if groups == nil {
		return values
	}
	for i := range groups.Elements {
		for j := range groups.Elements[i].Items {
			values = appendValues(values, &groups.Elements[i].Items[j], t)
		}
	}
	return values
}

// appendValues adds the values of an element that are not there yet. Equal
// numbers of one element, such as a square pixel's sides, are one value.
func appendValues(values []value, d *dicommeta.Dataset, t dict.Tag) []value {
	e := d.Find(t)
	if e == nil || len(e.Value) == 0 {
		return values
	}
	have := func(v value) bool {
		return slices.ContainsFunc(values, func(o value) bool { return o.code == v.code && o.number == v.number && o.isNum == v.isNum })
	}
	texts := d.Texts(t)
	if isNumber(e.VR) {
		numbers, ok := d.Floats(t)
		if !ok {
			return values
		}
		if texts == nil {
			for _, n := range numbers {
				texts = append(texts, strconv.FormatFloat(n, 'g', -1, 64))
			}
		}
		all := strings.Join(texts, `\`)
		for _, n := range numbers {
			if v := (value{text: all, number: n, isNum: true}); !math.IsNaN(n) && !math.IsInf(n, 0) && !have(v) {
				values = append(values, v)
			}
		}
		return values
	}
	v := value{text: strings.Join(texts, `\`)}
	if v.code = v.text; v.code != "" && !have(v) { // several terms are one statement, without a concept
		values = append(values, v)
	}
	return values
}

func isNumber(vr dict.VR) bool {
	switch vr {
	case dict.DS, dict.IS, dict.FD, dict.FL, dict.SL, dict.SS, dict.SV, dict.UL, dict.US, dict.UV:
		return true
	}
	return false
}

// feature makes one fact of one value.
func (x *imagingMapper) feature(a *feature, v value, image *fact) {
	f := fact{Table: TableMeasurement, Start: image.Start, flags: flagComponent | flagFeature}
	f.concepts[cType] = x.typeConcept()
	f.concepts[cSite] = image.concepts[cSite]
	f.texts[tSeriesUID], f.texts[tStudyUID] = image.texts[tSeriesUID], x.id
	r := x.attribute(a.code)
	f.texts[tSource] = a.code
	f.concepts[cSource], f.concepts[cConcept] = r.source, r.source
	if len(r.targets) > 0 {
		f.Table, f.concepts[cConcept] = r.targets[0].table, r.targets[0].id
	}
	f.concepts[cFeature] = f.concepts[cConcept]
	f.texts[tValueSource] = x.text(v.text)
	if v.isNum {
		f.setNumber(nValue, v.number)
		if len(a.unit) > 0 {
			f.texts[tUnitSource], f.concepts[cUnit] = a.unit, x.res.unit(a.unit).id
		}
	} else {
		f.concepts[cValue] = x.codedValue(r.source, v.code)
		if f.Table == TableObservation {
			f.texts[tValueText] = f.texts[tValueSource]
		}
	}
	if f.Table != TableMeasurement && f.Table != TableObservation {
		f.Table = TableObservation
	}
	x.add(&f)
}

// attribute returns what the vocabulary says of an attribute by its tag.
func (x *imagingMapper) attribute(code []byte) *resolved {
	return x.resolve(CodedEntry{Value: string(code), Scheme: "DCM"})
}

// codedValue returns the concept of a defined term: one that the vocabulary
// lists as a value of the attribute ("Maps to value"), or of any where it lists
// none; and what it "Maps to" before it.
func (x *imagingMapper) codedValue(attribute int32, term string) int32 {
	if attribute == 0 {
		return 0
	}
	r := x.resolve(CodedEntry{Value: term, Scheme: "DCM"})
	if r.source == 0 {
		return 0
	}
	x.res.buf = x.m.m.concepts.MapsToValue(attribute, x.res.buf[:0])
	listed := len(x.res.buf) == 0
	for _, c := range x.res.buf {
		listed = listed || c.ID == r.source
	}
	if !listed {
		return 0
	}
	if len(r.targets) > 0 {
		return r.targets[0].id
	}
	return r.source
}

// measurements makes facts of what the reports of a series measure.
func (x *imagingMapper) measurements(se *dicommeta.Series) {
	if m := modalityOf(se); x.m.modalities[m] {
		return
	}
	for i := range se.Instances {
		if !se.Instances[i].Has(dict.ContentSequence) && !se.Has(dict.ContentSequence) {
			continue
		}
		d := whole(&se.Instances[i].Dataset, &se.Dataset, &x.s.Dataset)
		list, issues := Measurements(d)
		for _, is := range issues {
			if len(x.issues) < maxMapIssues {
				is.Pos.Source = se.Instances[i].Source
				x.issues = append(x.issues, is)
			}
		}
		for k := range list {
			x.measurement(&list[k], se, d.Text(dict.SOPInstanceUID))
		}
	}
}

// whole puts the attributes of an instance together again.
func whole(levels ...*dicommeta.Dataset) *dicommeta.Dataset {
	all := dicommeta.Dataset{Charset: dicommeta.UTF8}
	for _, d := range levels {
		for _, e := range d.Elements {
			if !all.Has(e.Tag) {
				all.Set(e)
			}
		}
	}
	return &all
}

// measurement makes a fact of one statement of a report: CDM 5.4, measurement or
// what the domain of its concept says; imaging extension, image_feature for each
// series that it was measured on.
func (x *imagingMapper) measurement(m *Measurement, se *dicommeta.Series, instance string) {
	if m.ValueType == "TEXT" || m.ValueType == "NUM" && m.Number == "" {
		x.account.losses[lossReportItem]++
		return
	}
	p := x.m.m.policy
	f := fact{Table: homeTable(p, "DICOMReport"), flags: flagComponent | flagFeature}
	if m.ValueType == "NUM" {
		f.Table = homeTable(p, "DICOMReport.quantity")
	}
	f.concepts[cType] = typeConceptOf(p, "DICOMReport")
	f.texts[tStudyUID], f.texts[tInstance] = x.id, x.text(instance)
	f.texts[tSource] = x.text(m.Concept.Value)
	x.account.coded(x.typ)
	r := x.resolve(m.Concept)
	f.concepts[cSource] = r.source
	switch {
	case len(r.targets) > 0:
		x.account.standard(x.typ)
		f.concepts[cConcept] = r.targets[0].id
		if t := r.targets[0].table; t == TableMeasurement || t == TableObservation {
			f.Table = t
		}
	case r.vocabulary == "DICOM" && r.source != 0:
		x.account.standard(x.typ)
		f.concepts[cConcept] = r.source
	default:
		x.unmapped(m.Concept, "ContentSequence")
	}
	f.concepts[cFeature] = f.concepts[cConcept]
	x.measured(m, &f)
	x.context(m, &f)
	f.Start = x.observed(m, se)
	f.texts[tSeriesUID] = x.text(strings.Join(measuredSeries(m, se), seriesSep))
	x.add(&f)
}

func homeTable(p *Policy, name string) Table {
	if t, ok := eventTableByName[p.HomeTables[name]]; ok {
		return t
	}
	return TableObservation
}

// measured fills the value.
func (x *imagingMapper) measured(m *Measurement, f *fact) {
	if m.ValueType == "CODE" {
		f.concepts[cValue] = x.concept(m.Value, "ConceptCodeSequence")
		f.texts[tValueSource] = x.text(m.Value.Value)
		return
	}
	f.texts[tValueSource] = x.text(m.Number)
	if n, err := strconv.ParseFloat(m.Number, 64); err == nil && !math.IsInf(n, 0) {
		f.setNumber(nValue, n)
	}
	if m.Unit.IsZero() {
		return
	}
	f.texts[tUnitSource] = x.text(m.Unit.Value)
	if x.p.Schemes[m.Unit.Scheme] != "" && x.m.m.policy.Systems[x.p.Schemes[m.Unit.Scheme]] == "UCUM" {
		u := x.res.unit(f.texts[tUnitSource])
		f.concepts[cUnit] = u.id
		if u.cleaning != cleanNone {
			x.account.cleaned[u.cleaning]++
		}
	}
	if f.concepts[cUnit] == 0 {
		x.unmapped(m.Unit, "MeasurementUnitsCodeSequence")
	}
}

// context fills what the feature says of its place, its finding and its origin.
func (x *imagingMapper) context(m *Measurement, f *fact) {
	if len(m.Sites) > 0 {
		f.concepts[cSite] = x.concept(m.Sites[0], "FindingSite")
		if f.Table == TableObservation {
			f.texts[tQualifierSource] = x.text(m.Sites[0].Value)
		}
	}
	if len(m.Sites) > 1 || !m.Laterality.IsZero() || len(m.Modifiers) > 0 {
		x.account.losses[lossBodySite]++
	}
	if m.Group != nil && !m.Group.Finding.IsZero() {
		f.concepts[cFinding] = x.concept(m.Group.Finding, "Finding")
	}
	if !m.Method.IsZero() || !m.Derivation.IsZero() {
		x.account.losses[lossMethod]++
	}
	if m.Algorithm != "" {
		f.texts[tAlgorithm] = x.text(strings.TrimSpace(m.Algorithm + " " + m.Version))
	}
}

// observed returns when a statement was made.
func (x *imagingMapper) observed(m *Measurement, se *dicommeta.Series) moment {
	for _, s := range []string{m.Observed, m.Content} {
		if w, ok := instantOf(s, x.offset); ok {
			return w
		}
	}
	return x.seriesStart(se)
}

// measuredSeries returns the series on whose images a statement was made,
// behind them that of the report.
func measuredSeries(m *Measurement, se *dicommeta.Series) (uids []string) {
	for _, r := range m.References {
		if isUID(r.SeriesUID) && !slices.Contains(uids, r.SeriesUID) {
			uids = append(uids, r.SeriesUID)
		}
	}
	slices.Sort(uids)
	return append(uids, se.Text(dict.SeriesInstanceUID))
}
