package mapping

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/decimal"
	"github.com/carabiner-health/carabiner/issue"
)

// CodedEntry is a code with its scheme as DICOM writes it (PS3.3 §8).
type CodedEntry struct {
	Value   string // Code Value, Long Code Value or URN Code Value
	Scheme  string // Coding Scheme Designator, such as DCM, SCT, SRT, LN or UCUM; "" of a URN
	Version string
	Meaning string
	// SchemeUID is the Coding Scheme UID, mostly not there.
	SchemeUID string
}

// Is reports whether the code is value in scheme.
func (c CodedEntry) Is(scheme, value string) bool { return c.Value == value && c.Scheme == scheme }

// IsZero reports whether there is no code.
func (c CodedEntry) IsZero() bool { return c.Value == "" }

// ImageReference is an instance, or a whole series, that a statement of a report was made on.
type ImageReference struct {
	Purpose CodedEntry // the concept of the reference, such as Referenced Segment; often none
	// ValueType is IMAGE, COMPOSITE, WAVEFORM, SCOORD or SCOORD3D of a region drawn on it, or
	// UIDREF of a series, which has no SOPClassUID and no InstanceUID.
	ValueType                string
	StudyUID, SeriesUID      string // by the evidence that the report lists; "" if it does not
	SOPClassUID, InstanceUID string
	Frames, Segments         []int
}

// MeasurementGroup is what the statements of one container of a report share: one
// lesion, organ or region (PS3.16 TID 1410, 1411 and 1501).
type MeasurementGroup struct {
	Number      int        // from 1, in the order of the report
	Concept     CodedEntry // of the container, such as Measurement Group
	Category    CodedEntry // Finding category
	Finding     CodedEntry
	Sites       []CodedEntry
	Laterality  CodedEntry
	Modifiers   []CodedEntry // of the site
	Method      CodedEntry
	TrackingID  string
	TrackingUID string
	Algorithm   string
	Version     string // of the algorithm
	Observed    string // Observation DateTime (DT), "" if not said
	References  []ImageReference
	// Path is where the container stands in the data set.
	Path string
}

// Property is a statement about a measurement, such as its normality.
type Property struct{ Name, Value CodedEntry }

// Measurement is one statement of a report: a number, a code or a text under a concept.
// What it does not say itself about site, method and images is taken from its group.
type Measurement struct {
	ValueType string // NUM, CODE or TEXT
	Concept   CodedEntry
	// Number is the value of NUM in decimal digits, "" where the report gives none;
	// Qualifier then says why, if it is said.
	Number    string
	Unit      CodedEntry
	Qualifier CodedEntry
	Value     CodedEntry // of CODE
	Text      string     // of TEXT

	Sites       []CodedEntry
	Laterality  CodedEntry
	Modifiers   []CodedEntry // of the site
	Method      CodedEntry
	Derivation  CodedEntry
	Algorithm   string
	Version     string // of the algorithm
	TrackingID  string
	TrackingUID string
	Properties  []Property
	References  []ImageReference
	// Observed is the Observation DateTime (DT) of the item or of what contains it, ""
	// where none is said: the images tell then. Content is the report's own date and time.
	Observed, Content string
	// Group is nil for a statement outside of all groups.
	Group *MeasurementGroup
	// Path is where the content item stands in the data set.
	Path string
}

// Measurements returns what a structured report measures and evaluates, in the order of
// the report: the items of a TID 1500 Measurement Report, and of any other report the
// numbers, codes and texts that stand in plain containers. What is not whole, and what a
// narrative (a continuous container of another template) says, is left out and
// reported. A data set that is no report has none. Nothing of d is kept; it is safe for
// concurrent use.
func Measurements(d *dicommeta.Dataset) ([]Measurement, issue.List) {
	r := readReport(d)
	return r.measurements, r.issues
}

// maxContentDepth bounds how deep content items are followed.
const maxContentDepth = 64

// report is a structured report as read (PS3.3 §A.35, PS3.16 TID 1500).
type report struct {
	root         *dicommeta.Dataset
	title        CodedEntry
	template     bool // TID 1500 or one of its kind
	content      string
	observers    []string // person names as in DICOM, see PersonObserverName
	deviceUID    string
	deviceName   string
	procedures   []CodedEntry
	groups       []*MeasurementGroup
	measurements []Measurement
	issues       issue.List
	evidence     map[string][2]string // instance -> study, series
	studies      map[string]string    // series -> study
}

// Concepts of the templates by scheme and code, without the names. The SRT codes are
// those that SCT replaced (PS3.16 annex O).
const (
	conceptLibrary      = "111028"
	conceptMeasurements = "126010"
	conceptDerived      = "126011"
	conceptGroup        = "125007"
	conceptFinding      = "121071"
	conceptDerivation   = "121401"
	conceptTrackingID   = "112039"
	conceptTrackingUID  = "112040"
	conceptAlgorithm    = "111001"
	conceptAlgorithmVer = "111003"
	conceptProcedure    = "121058"
	conceptSeries       = "121232"
	conceptObserver     = "121008"
	conceptDeviceUID    = "121012"
	conceptDeviceName   = "121013"
	conceptNormality    = "121402"
)

// role is what a concept means to the items around it.
type role uint8

const (
	roleNone role = iota
	roleCategory
	roleFinding
	roleSite
	roleLaterality
	roleModifier
	roleMethod
	roleDerivation
	roleTrackingID
	roleTrackingUID
	roleAlgorithm
	roleVersion
	roleIgnored
)

func roleOf(c CodedEntry) role {
	switch c.Scheme {
	case "DCM":
		switch c.Value {
		case conceptFinding:
			return roleFinding
		case conceptDerivation:
			return roleDerivation
		case conceptTrackingID:
			return roleTrackingID
		case conceptTrackingUID:
			return roleTrackingUID
		case conceptAlgorithm:
			return roleAlgorithm
		case conceptAlgorithmVer:
			return roleVersion
		case "111002", "121049", "121046", "121005", conceptObserver, conceptDeviceUID, conceptDeviceName, conceptProcedure, "126100":
			return roleIgnored
		}
	case "SCT", "SRT", "SNM3", "99SDM", "SNOMED":
		switch c.Value {
		case "276214006", "R-427CE":
			return roleCategory
		case "363698007", "G-C0E3":
			return roleSite
		case "272741003", "G-C171":
			return roleLaterality
		case "106233006", "G-A1F8":
			return roleModifier
		case "370129005", "G-C036":
			return roleMethod
		}
	}
	return roleNone
}

func readReport(d *dicommeta.Dataset) *report {
	r := &report{root: d}
	if d == nil || !d.Has(dict.ContentSequence) || d.Text(dict.ValueType) != "CONTAINER" {
		return r
	}
	r.title = codeIn(d, dict.ConceptNameCodeSequence)
	r.template = d.Item(dict.ContentTemplateSequence) != nil && d.Item(dict.ContentTemplateSequence).Text(dict.TemplateIdentifier) == "1500"
	switch {
	case r.title.Scheme == "DCM" && (r.title.Value == "126000" || r.title.Value == "126001" || r.title.Value == "126002" || r.title.Value == "126003"):
		r.template = true
	}
	if day := d.Text(dict.ContentDate); day != "" {
		r.content = day + d.Text(dict.ContentTime)
	}
	r.readEvidence()
	r.readObservers(d)
	r.container(d, nil, nil, d.Text(dict.ObservationDateTime))
	return r
}

// readEvidence finds the series and study of the instances that the report refers to.
func (r *report) readEvidence() {
	r.evidence, r.studies = map[string][2]string{}, map[string]string{}
	for _, t := range []dict.Tag{dict.CurrentRequestedProcedureEvidenceSequence, dict.PertinentOtherEvidenceSequence} {
		studies := r.root.Items(t)
		for i := range studies {
			study := studies[i].Text(dict.StudyInstanceUID)
			series := studies[i].Items(dict.ReferencedSeriesSequence)
			for j := range series {
				uid := series[j].Text(dict.SeriesInstanceUID)
				r.studies[uid] = study
				sops := series[j].Items(dict.ReferencedSOPSequence)
				for k := range sops {
					r.evidence[sops[k].Text(dict.ReferencedSOPInstanceUID)] = [2]string{study, uid}
				}
			}
		}
	}
}

// readObservers reads who observed and what procedure is reported (TID 1001, 1204).
func (r *report) readObservers(d *dicommeta.Dataset) {
	items := d.Items(dict.ContentSequence)
	for i := range items {
		c := codeIn(&items[i], dict.ConceptNameCodeSequence)
		if c.Scheme != "DCM" {
			continue
		}
		switch c.Value {
		case conceptObserver:
			name := items[i].Text(dict.PersonName)
			if name == "" {
				name = items[i].Text(dict.TextValue)
			}
			if name != "" {
				r.observers = append(r.observers, name)
			}
		case conceptDeviceUID:
			r.deviceUID = items[i].Text(dict.UID)
		case conceptDeviceName:
			r.deviceName = items[i].Text(dict.TextValue)
		case conceptProcedure:
			if p := codeIn(&items[i], dict.ConceptCodeSequence); !p.IsZero() {
				r.procedures = append(r.procedures, p)
			}
		}
	}
}

func (r *report) report(severity issue.Severity, code issue.Code, at dicommeta.Path, message string) {
	if len(r.issues) < maxMapIssues {
		r.issues = append(r.issues, issue.Issue{Severity: severity, Code: code, Path: at.String(), Message: message})
	}
}

// maxMapIssues bounds the findings of one study or report.
const maxMapIssues = 1000

// container reads the items of one container; group is the one around it.
func (r *report) container(d *dicommeta.Dataset, at dicommeta.Path, group *MeasurementGroup, observed string) {
	if len(at) > maxContentDepth {
		r.report(issue.Warning, CodeSRDepth, at, fmt.Sprintf("want content of at most %d levels", maxContentDepth))
		return
	}
	narrative := !r.template && d.Text(dict.ContinuityOfContent) == "CONTINUOUS"
	items := d.Items(dict.ContentSequence)
	for i := range items {
		x := &items[i]
		here := append(slices.Clip(at), dicommeta.Step{Tag: dict.ContentSequence, Item: i + 1})
		relation, kind := x.Text(dict.RelationshipType), x.Text(dict.ValueType)
		if relation != "CONTAINS" {
			continue
		}
		concept := codeIn(x, dict.ConceptNameCodeSequence)
		when := observed
		if own := x.Text(dict.ObservationDateTime); own != "" {
			when = own
		}
		switch kind {
		case "CONTAINER":
			if !concept.Is("DCM", conceptLibrary) {
				r.inner(x, here, concept, group, when)
			}
		case "NUM", "CODE", "TEXT":
			if kind != "NUM" && roleOf(concept) != roleNone {
				continue
			}
			if narrative {
				r.report(issue.Information, CodeSRUnmapped, here, "want items in separate containers, have a narrative")
				continue
			}
			r.statement(x, here, kind, concept, group, when)
		case "IMAGE", "COMPOSITE", "SCOORD", "SCOORD3D", "WAVEFORM", "TCOORD":
		case "UIDREF":
			if !concept.Is("DCM", conceptSeries) && roleOf(concept) == roleNone {
				r.report(issue.Information, CodeSRUnmapped, here, "want a number, a code or a text, have a UID")
			}
		case "":
			if !x.Has(dict.ReferencedContentItemIdentifier) {
				r.report(issue.Warning, CodeSRItem, here, "want a value type, have none")
			}
		default:
			r.report(issue.Information, CodeSRUnmapped, here, "want a number, a code or a text, have another value type")
		}
	}
}

// inner reads a container within the report, a group if it says more than where it is.
func (r *report) inner(x *dicommeta.Dataset, at dicommeta.Path, concept CodedEntry, group *MeasurementGroup, when string) {
	if concept.Scheme == "DCM" && (concept.Value == conceptMeasurements || concept.Value == conceptDerived) ||
		concept.Value == "C0034375" || concept.IsZero() {
		r.container(x, at, group, when)
		return
	}
	g := &MeasurementGroup{Number: len(r.groups) + 1, Concept: concept, Observed: when, Path: at.String()}
	c := r.context(x, at)
	g.Category, g.Finding, g.Sites, g.Laterality, g.Modifiers = c.category, c.finding, c.sites, c.laterality, c.modifiers
	g.Method, g.TrackingID, g.TrackingUID = c.method, c.trackingID, c.trackingUID
	g.Algorithm, g.Version, g.References = c.algorithm, c.version, c.references
	r.groups = append(r.groups, g)
	r.container(x, at, g, when)
}

// statement adds one measurement or evaluation.
func (r *report) statement(x *dicommeta.Dataset, at dicommeta.Path, kind string, concept CodedEntry, group *MeasurementGroup, when string) {
	if concept.IsZero() {
		r.report(issue.Warning, CodeSRItem, at, "want a concept name, have none")
		return
	}
	c := r.context(x, at)
	m := Measurement{
		ValueType: kind, Concept: concept, Sites: c.sites, Laterality: c.laterality, Modifiers: c.modifiers,
		Method: c.method, Derivation: c.derivation, Algorithm: c.algorithm, Version: c.version,
		TrackingID: c.trackingID, TrackingUID: c.trackingUID, Properties: c.properties, References: c.references,
		Observed: when, Content: r.content, Group: group, Path: at.String(),
	}
	switch kind {
	case "NUM":
		r.number(&m, x, at)
	case "CODE":
		if m.Value = codeIn(x, dict.ConceptCodeSequence); m.Value.IsZero() {
			r.report(issue.Warning, CodeSRItem, at, "want a code, have none")
			return
		}
	case "TEXT":
		if m.Text = x.Text(dict.TextValue); m.Text == "" {
			r.report(issue.Warning, CodeSRItem, at, "want a text, have none")
			return
		}
	}
	m.inherit(group)
	r.measurements = append(r.measurements, m)
}

// inherit takes from the group what the statement does not say itself.
func (m *Measurement) inherit(g *MeasurementGroup) {
	if g == nil {
		return
	}
	if len(m.Sites) == 0 {
		m.Sites, m.Laterality, m.Modifiers = g.Sites, g.Laterality, g.Modifiers
	}
	if m.Method.IsZero() {
		m.Method = g.Method
	}
	if m.Algorithm == "" {
		m.Algorithm, m.Version = g.Algorithm, g.Version
	}
	if m.TrackingUID == "" && m.TrackingID == "" {
		m.TrackingID, m.TrackingUID = g.TrackingID, g.TrackingUID
	}
	if len(m.References) == 0 {
		m.References = g.References
	}
}

// number reads a NUM item (PS3.3 §C.18.1): the floating point value where it is there, as
// it is when digits alone do not suffice.
func (r *report) number(m *Measurement, x *dicommeta.Dataset, at dicommeta.Path) {
	m.Qualifier = codeIn(x, dict.NumericValueQualifierCodeSequence)
	v := x.Item(dict.MeasuredValueSequence)
	if v == nil {
		if m.Qualifier.IsZero() {
			r.report(issue.Information, CodeSRItem, at, "want a measured value, have none")
		}
		return
	}
	m.Unit = codeIn(v, dict.MeasurementUnitsCodeSequence)
	if f, ok := v.Floats(dict.FloatingPointValue); ok && len(f) > 0 && f[0]-f[0] == 0 {
		m.Number = strconv.FormatFloat(f[0], 'f', -1, 64)
		return
	}
	text := v.Text(dict.NumericValue)
	if text == "" {
		return
	}
	if m.Number = decimalText(text); m.Number == "" {
		r.report(issue.Warning, CodeSRItem, at, "want a decimal string, have other text")
	}
}

// decimalText returns a decimal string (VR DS) as JSON writes numbers, "" if it is none.
func decimalText(s string) string {
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if strings.HasPrefix(s, ".") {
		s = "0" + s
	}
	mantissa, exponent, has := strings.Cut(strings.ToLower(s), "e")
	mantissa = strings.TrimSuffix(mantissa, ".")
	if has {
		mantissa += "e" + exponent
	}
	d, ok := decimal.Parse([]byte(mantissa))
	if !ok || strings.HasPrefix(mantissa, "+") || strings.HasPrefix(mantissa, "-") || d.Digits() > 60 || d.Scale() > 60 {
		return ""
	}
	if negative {
		d = d.Neg()
	}
	return d.String()
}

// codeIn returns the code in the first item of a code sequence, none if there is no item.
func codeIn(d *dicommeta.Dataset, t dict.Tag) CodedEntry { return codeOf(d.Item(t)) }

// codesIn returns the codes in all items of a code sequence.
func codesIn(d *dicommeta.Dataset, t dict.Tag) (codes []CodedEntry) {
	items := d.Items(t)
	for i := range items {
		if c := codeOf(&items[i]); !c.IsZero() {
			codes = append(codes, c)
		}
	}
	return codes
}

func codeOf(x *dicommeta.Dataset) CodedEntry {
	if x == nil {
		return CodedEntry{}
	}
	c := CodedEntry{
		Value: x.Text(dict.CodeValue), Scheme: x.Text(dict.CodingSchemeDesignator),
		Version: x.Text(dict.CodingSchemeVersion), Meaning: x.Text(dict.CodeMeaning), SchemeUID: x.Text(dict.CodingSchemeUID),
	}
	if c.Value == "" {
		c.Value = x.Text(dict.LongCodeValue)
	}
	if c.Value == "" {
		c.Value, c.Scheme = x.Text(dict.URNCodeValue), ""
	}
	return c
}

// isUID reports whether s is a UID (PS3.5 §9.1): digits and dots, at most 64.
func isUID(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	return strings.Trim(s, "0123456789.") == ""
}
