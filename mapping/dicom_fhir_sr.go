package mapping

import (
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/ucum"
	"github.com/carabiner-health/carabiner/issue"
)

// reports maps the structured reports of the study: an Observation for the report, one for
// each group of measurements as its member, and one for each measurement or evaluation as
// a member of its group (HL7 dicom-sr, with R4's means: what that guide says as an
// ImagingSelection is a reference to a Media, or to a DocumentReference of what is no image, by
// the UID of the instance).
func (x *studyMapper) reports() {
	if x.policy.Observations != "keep" {
		return
	}
	for i := range x.series {
		for _, n := range x.series[i].instances {
			if !n.Has(dict.ContentSequence) {
				continue
			}
			r := readReport(&n.Dataset)
			for _, found := range r.issues {
				found.Pos.Source = n.Source
				x.add(found)
			}
			if len(r.measurements) > 0 || slices.ContainsFunc(r.groups, func(g *MeasurementGroup) bool { return !g.Finding.IsZero() }) {
				(&reportMapper{studyMapper: x, r: r, n: n, d: &n.Dataset, uid: n.Text(dict.SOPInstanceUID)}).report()
			}
		}
	}
}

// reportMapper maps one report.
type reportMapper struct {
	*studyMapper
	r   *report
	n   *dicommeta.Member
	d   *dicommeta.Dataset
	uid string

	performers []string
	device     string
	issued     string
}

func (m *reportMapper) report() {
	m.issued, _ = m.times.dateTime(m.d.Text(dict.ContentDate), m.d.Text(dict.ContentTime))
	if m.policy.People == "keep" {
		for _, name := range m.r.observers {
			if ref := m.practitioner(name, nil); ref != "" && !slices.Contains(m.performers, ref) {
				m.performers = append(m.performers, ref)
			}
		}
	}
	if isUID(m.r.deviceUID) {
		m.device = m.resource("Device", m.hash("Device", "uid", m.r.deviceUID), func(w *jsonBuilder) {
			w.array("identifier", func() { w.uidIdentifier(m.r.deviceUID) })
			w.array("deviceName", func() {
				if cleanText(m.r.deviceName) != "" {
					w.object("", func() {
						w.text("name", m.r.deviceName)
						w.text("type", "user-friendly-name")
					})
				}
			})
		})
	}
	members := map[*MeasurementGroup][]string{}
	var refs []string
	for i := range m.r.measurements {
		s := &m.r.measurements[i]
		members[s.Group] = append(members[s.Group], m.statement(s))
	}
	for _, g := range m.r.groups {
		if len(members[g]) > 0 || !g.Finding.IsZero() {
			refs = append(refs, m.group(g, members[g]))
		}
	}
	refs = append(refs, members[nil]...)
	m.resource("Observation", m.hash("Observation", m.studyMapper.uid, m.uid), func(w *jsonBuilder) {
		w.array("identifier", func() { w.uidIdentifier(m.uid) })
		w.array("basedOn", func() {
			for _, ref := range m.orders() {
				w.reference("", ref)
			}
		})
		w.array("partOf", func() { w.reference("", "ImagingStudy/"+m.id) })
		title := m.r.title
		if title.IsZero() {
			title = CodedEntry{Scheme: "DCM", Value: "126000"}
		}
		m.common(w, title, "", "", m.device)
		m.members(w, refs)
	})
}

// vitalSign reports whether R4 holds a LOINC code to a profile of vital signs, and whether
// a number of that unit conforms to it.
func vitalSign(code, unit string) (vital, holds bool) {
	switch code {
	case "8867-4", "9279-1":
		return true, unit == "/min"
	case "8310-5":
		return true, unit == "Cel" || unit == "[degF]"
	case "8302-2", "9843-4":
		return true, unit == "cm" || unit == "[in_i]"
	case "29463-7":
		return true, unit == "g" || unit == "kg" || unit == "[lb_av]"
	case "39156-5":
		return true, unit == "kg/m2"
	case "8480-6", "8462-4":
		return true, unit == "mm[Hg]"
	case "2708-6":
		return true, unit == "%"
	case "85353-1", "85354-9":
		return true, false
	}
	return false, false
}

const systemLOINC = "http://loinc.org"

// common writes what all Observations of a report have up to the value; unit is of UCUM.
func (m *reportMapper) common(w *jsonBuilder, code CodedEntry, unit, observed, device string) {
	w.text("status", m.status())
	categories := []string{"imaging"}
	if m.systemOf(code) == systemLOINC {
		switch vital, holds := vitalSign(code.Value, unit); {
		case holds && m.effective(observed) != "":
			categories = append(categories, "vital-signs")
		case vital:
			m.tell(issue.Warning, CodeMapCode, dict.ConceptNameCodeSequence, "want a vital sign as R4's profile has it, have another unit or value: its code stands without a system")
			code.Scheme = ""
		}
	}
	w.array("category", func() {
		for _, c := range categories {
			w.object("", func() {
				w.array("coding", func() {
					w.object("", func() {
						w.text("system", "http://terminology.hl7.org/CodeSystem/observation-category")
						w.text("code", c)
					})
				})
			})
		}
	})
	m.concept(w, "code", code)
	w.reference("subject", m.patient)
	w.text("effectiveDateTime", m.effective(observed))
	if strings.Contains(m.issued, "T") {
		w.text("issued", m.issued)
	}
	w.array("performer", func() {
		for _, ref := range m.performers {
			w.reference("", ref)
		}
	})
	w.reference("device", device)
}

// status: Preliminary Flag, else Completion Flag (PS3.3 §C.17.2).
func (m *reportMapper) status() string {
	switch {
	case m.d.Text(dict.PreliminaryFlag) == "PRELIMINARY", m.d.Text(dict.PreliminaryFlag) == "" && m.d.Text(dict.CompletionFlag) == "PARTIAL":
		return "preliminary"
	}
	return "final"
}

// effective: the time of the observation, else of the images, else of the report.
func (m *reportMapper) effective(observed string) string {
	s, f := m.times.ofDT(observed)
	m.fault(f, dict.ObservationDateTime, dict.ObservationDateTime)
	if s == "" {
		s, _ = m.times.dateTime(m.study.Text(dict.StudyDate), m.study.Text(dict.StudyTime))
	}
	if s == "" {
		s = m.issued
	}
	return s
}

func (m *reportMapper) members(w *jsonBuilder, refs []string) {
	w.array("hasMember", func() {
		for _, ref := range refs {
			w.reference("", ref)
		}
	})
}

func (m *reportMapper) group(g *MeasurementGroup, members []string) string {
	return m.resource("Observation", m.hash("Observation", m.studyMapper.uid, m.uid, g.Path), func(w *jsonBuilder) {
		w.array("identifier", func() { m.tracking(w, g.TrackingID, g.TrackingUID) })
		code := g.Category
		if code.IsZero() {
			code = g.Concept
		}
		m.common(w, code, "", g.Observed, m.algorithm(g.Algorithm, g.Version))
		m.concept(w, "valueCodeableConcept", g.Finding)
		m.site(w, g.Sites, g.Laterality, g.Modifiers)
		m.concept(w, "method", g.Method)
		m.members(w, members)
		m.derivedFrom(w, g.References)
	})
}

func (m *reportMapper) statement(s *Measurement) string {
	return m.resource("Observation", m.hash("Observation", m.studyMapper.uid, m.uid, s.Path), func(w *jsonBuilder) {
		if g := s.Group; g == nil || s.TrackingUID != g.TrackingUID || s.TrackingID != g.TrackingID {
			w.array("identifier", func() { m.tracking(w, s.TrackingID, s.TrackingUID) })
		}
		unit := ""
		if s.ValueType == "NUM" && s.Number != "" && s.Unit.Scheme == "UCUM" {
			unit = s.Unit.Value
		}
		m.common(w, s.Concept, unit, s.Observed, m.algorithm(s.Algorithm, s.Version))
		m.value(w, s)
		var others []Property
		w.array("interpretation", func() {
			for _, p := range s.Properties {
				if p.Name.Is("DCM", conceptNormality) {
					m.concept(w, "", p.Value)
				} else {
					others = append(others, p)
				}
			}
		})
		m.site(w, s.Sites, s.Laterality, s.Modifiers)
		m.concept(w, "method", s.Method)
		m.derivedFrom(w, s.References)
		w.array("component", func() {
			if !s.Derivation.IsZero() {
				others = append(others, Property{Name: CodedEntry{Scheme: "DCM", Value: conceptDerivation}, Value: s.Derivation})
			}
			for _, p := range others {
				w.object("", func() {
					m.concept(w, "code", p.Name)
					m.concept(w, "valueCodeableConcept", p.Value)
				})
			}
		})
	})
}

// value writes value[x], or why there is none.
func (m *reportMapper) value(w *jsonBuilder, s *Measurement) {
	switch {
	case s.ValueType == "CODE":
		m.concept(w, "valueCodeableConcept", s.Value)
	case s.ValueType == "TEXT" && cleanText(s.Text) != "":
		w.text("valueString", s.Text)
	case s.ValueType == "NUM" && s.Number != "":
		w.object("valueQuantity", func() {
			w.literal("value", s.Number)
			m.unit(w, s.Unit)
		})
	case !s.Qualifier.IsZero():
		m.concept(w, "dataAbsentReason", s.Qualifier)
	default:
		w.object("dataAbsentReason", func() {
			w.array("coding", func() {
				w.object("", func() {
					w.text("system", "http://terminology.hl7.org/CodeSystem/data-absent-reason")
					w.text("code", "unknown")
				})
			})
		})
	}
}

const systemUCUM = "http://unitsofmeasure.org"

// unit writes unit, system and code of a Quantity; a unit that is none of UCUM stays a text.
func (m *reportMapper) unit(w *jsonBuilder, c CodedEntry) {
	if c.IsZero() {
		return
	}
	text := c.Meaning
	if cleanText(text) == "" {
		text = c.Value
	}
	w.text("unit", text)
	if code := cleanCode(c.Value); c.Scheme == "UCUM" && ucum.Valid(code) {
		w.text("system", systemUCUM)
		w.text("code", code)
	}
}

func (m *reportMapper) tracking(w *jsonBuilder, id, uid string) {
	if isUID(uid) {
		w.uidIdentifier(uid)
	}
	if cleanText(id) != "" {
		w.object("", func() {
			w.object("type", func() {
				w.array("coding", func() {
					w.object("", func() {
						w.text("system", systemDCM)
						w.text("code", conceptTrackingID)
					})
				})
			})
			w.text("value", id)
		})
	}
}

// site writes bodySite: the first site as a concept, and with its side and modifiers as a
// BodyStructure that an extension of R4 leads to.
func (m *reportMapper) site(w *jsonBuilder, sites []CodedEntry, side CodedEntry, modifiers []CodedEntry) {
	if len(sites) == 0 {
		return
	}
	site := sites[0]
	w.object("bodySite", func() {
		if !side.IsZero() || len(modifiers) > 0 {
			parts := []string{m.patient, site.Scheme, site.Value, side.Scheme, side.Value}
			for _, c := range modifiers {
				parts = append(parts, c.Scheme, c.Value)
			}
			ref := m.resource("BodyStructure", m.hash("BodyStructure", parts...), func(w *jsonBuilder) {
				m.concept(w, "location", site)
				w.array("locationQualifier", func() {
					m.concept(w, "", side)
					for _, c := range modifiers {
						m.concept(w, "", c)
					}
				})
				w.reference("patient", m.patient)
			})
			w.array("extension", func() {
				w.object("", func() {
					w.text("url", "http://hl7.org/fhir/StructureDefinition/bodySite")
					w.reference("valueReference", ref)
				})
			})
		}
		w.array("coding", func() { m.coding(w, "", site) })
	})
}

// algorithm makes the Device of an algorithm (TID 4019), else it is the report's own.
func (m *reportMapper) algorithm(name, version string) string {
	if name = cleanText(name); name == "" {
		return m.device
	}
	return m.resource("Device", m.hash("Device", "algorithm", name, version), func(w *jsonBuilder) {
		w.array("deviceName", func() {
			w.object("", func() {
				w.text("name", name)
				w.text("type", "other")
			})
		})
		w.array("version", func() { w.object("", func() { w.text("value", version) }) })
	})
}

// derivedFrom writes the studies of the images, then the images. A reference that the
// evidence does not list is of this study if it has the series or instance.
func (m *reportMapper) derivedFrom(w *jsonBuilder, refs []ImageReference) {
	w.array("derivedFrom", func() {
		studies := map[string]bool{"": true}
		for _, r := range refs {
			uid := r.StudyUID
			if uid == "" && (m.has(r.SeriesUID) || m.has(r.InstanceUID)) {
				uid = m.studyMapper.uid
			}
			if studies[uid] {
				continue
			}
			studies[uid] = true
			if uid == m.studyMapper.uid {
				w.reference("", "ImagingStudy/"+m.id)
				continue
			}
			w.object("", func() { w.logical("ImagingStudy", uid, "") })
		}
		for _, r := range refs {
			switch {
			case r.InstanceUID == "":
				w.object("", func() {
					w.text("type", "ImagingStudy")
					w.text("display", r.describe())
				})
			case r.ValueType == "COMPOSITE" || r.ValueType == "WAVEFORM":
				w.object("", func() { w.logical("DocumentReference", r.InstanceUID, r.describe()) })
			default:
				w.object("", func() { w.logical("Media", r.InstanceUID, r.describe()) })
			}
		}
	})
}

// has reports whether a series or instance is of this study.
func (x *studyMapper) has(uid string) bool {
	if x.uids == nil {
		x.uids = map[string]bool{}
		for _, s := range x.series {
			x.uids[s.uid] = true
			for _, n := range s.instances {
				x.uids[n.Text(dict.SOPInstanceUID)] = true
			}
		}
	}
	return x.uids[uid]
}

// logical writes a Reference by identifier.
func (w *jsonBuilder) logical(typ, uid, display string) {
	w.text("type", typ)
	w.object("identifier", func() {
		w.text("system", systemUID)
		w.text("value", "urn:oid:"+uid)
	})
	w.text("display", display)
}

// describe says what of an instance a reference means.
func (r *ImageReference) describe() string {
	var parts []string
	if r.Purpose.Meaning != "" {
		parts = append(parts, r.Purpose.Meaning)
	}
	if r.InstanceUID == "" {
		parts = append(parts, "series "+r.SeriesUID)
	}
	for _, n := range r.Segments {
		parts = append(parts, "segment "+strconv.Itoa(n))
	}
	for _, n := range r.Frames {
		parts = append(parts, "frame "+strconv.Itoa(n))
	}
	return strings.Join(parts, ", ")
}
