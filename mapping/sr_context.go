package mapping

import (
	"slices"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// srContext is what the items below an item say about it.
type srContext struct {
	category, finding, laterality, method, derivation CodedEntry
	sites, modifiers                                  []CodedEntry
	trackingID, trackingUID, algorithm, version       string
	references                                        []ImageReference
	properties                                        []Property
}

func (r *report) context(d *dicommeta.Dataset, at dicommeta.Path) (c srContext) {
	items := d.Items(dict.ContentSequence)
	for i := range items {
		x := &items[i]
		here := append(slices.Clip(at), dicommeta.Step{Tag: dict.ContentSequence, Item: i + 1})
		if by := x.Find(dict.ReferencedContentItemIdentifier); by != nil {
			if x = r.referenced(x); x == nil {
				r.report(issue.Warning, CodeSRReference, here, "want an item of the report, have none there")
				continue
			}
		}
		name := codeIn(x, dict.ConceptNameCodeSequence)
		switch x.Text(dict.ValueType) {
		case "IMAGE", "COMPOSITE", "WAVEFORM", "SCOORD", "SCOORD3D":
			c.references = r.references(c.references, x, name, here)
		case "CODE":
			c.code(x, name, codeIn(x, dict.ConceptCodeSequence))
		case "TEXT", "UIDREF":
			if uid := x.Text(dict.UID); name.Is("DCM", conceptSeries) && isUID(uid) {
				c.references = append(c.references, ImageReference{Purpose: name, ValueType: "UIDREF", StudyUID: r.studies[uid], SeriesUID: uid})
				continue
			}
			c.text(x, name)
		}
	}
	return c
}

func (c *srContext) code(x *dicommeta.Dataset, name, value CodedEntry) {
	if value.IsZero() {
		return
	}
	switch roleOf(name) {
	case roleCategory:
		c.category = value
	case roleFinding:
		c.finding = value
	case roleSite:
		c.sites = append(c.sites, value)
		below := x.Items(dict.ContentSequence)
		for i := range below {
			c.code(&dicommeta.Dataset{}, codeIn(&below[i], dict.ConceptNameCodeSequence), codeIn(&below[i], dict.ConceptCodeSequence))
		}
	case roleLaterality:
		c.laterality = value
	case roleModifier:
		c.modifiers = append(c.modifiers, value)
	case roleMethod:
		c.method = value
	case roleDerivation:
		c.derivation = value
	case roleNone:
		if x.Text(dict.RelationshipType) == "HAS PROPERTIES" && !name.IsZero() {
			c.properties = append(c.properties, Property{Name: name, Value: value})
		}
	}
}

func (c *srContext) text(x *dicommeta.Dataset, name CodedEntry) {
	value := x.Text(dict.TextValue)
	if x.Text(dict.ValueType) == "UIDREF" {
		value = x.Text(dict.UID)
	}
	switch roleOf(name) {
	case roleTrackingID:
		c.trackingID = value
	case roleTrackingUID:
		c.trackingUID = value
	case roleAlgorithm:
		c.algorithm = value
	case roleVersion:
		c.version = value
	}
}

// referenced returns the content item that a by-reference relationship leads to: the
// first number is the root, the others count items (PS3.3 §C.17.3).
func (r *report) referenced(x *dicommeta.Dataset) *dicommeta.Dataset {
	numbers, ok := x.Floats(dict.ReferencedContentItemIdentifier)
	if !ok || len(numbers) == 0 || len(numbers) > maxContentDepth || numbers[0] != 1 {
		return nil
	}
	d := r.root
	for _, n := range numbers[1:] {
		items := d.Items(dict.ContentSequence)
		if n < 1 || n > float64(len(items)) {
			return nil
		}
		d = &items[int(n)-1]
	}
	return d
}

// references adds the instances that an item refers to, of a region those that it was selected from.
func (r *report) references(dst []ImageReference, x *dicommeta.Dataset, purpose CodedEntry, at dicommeta.Path) []ImageReference {
	kind := x.Text(dict.ValueType)
	if kind == "SCOORD" || kind == "SCOORD3D" {
		below := x.Items(dict.ContentSequence)
		for i := range below {
			y := &below[i]
			if y.Has(dict.ReferencedContentItemIdentifier) {
				y = r.referenced(y)
			}
			if y != nil {
				dst = r.instances(dst, y, kind, purpose, at)
			}
		}
		return dst
	}
	return r.instances(dst, x, kind, purpose, at)
}

func (r *report) instances(dst []ImageReference, x *dicommeta.Dataset, kind string, purpose CodedEntry, at dicommeta.Path) []ImageReference {
	sops := x.Items(dict.ReferencedSOPSequence)
	for i := range sops {
		s := &sops[i]
		ref := ImageReference{
			Purpose: purpose, ValueType: kind, SOPClassUID: s.Text(dict.ReferencedSOPClassUID), InstanceUID: s.Text(dict.ReferencedSOPInstanceUID),
			Frames: wholeNumbers(s, dict.ReferencedFrameNumber), Segments: wholeNumbers(s, dict.ReferencedSegmentNumber),
		}
		if !isUID(ref.InstanceUID) {
			r.report(issue.Warning, CodeSRReference, at, "want the UID of an instance, have none")
			continue
		}
		e, ok := r.evidence[ref.InstanceUID]
		if !ok {
			r.report(issue.Information, CodeSRReference, at, "want the instance in the evidence, have it not listed")
		}
		ref.StudyUID, ref.SeriesUID = e[0], e[1]
		dst = append(dst, ref)
	}
	return dst
}

func wholeNumbers(d *dicommeta.Dataset, t dict.Tag) (n []int) {
	all, _ := d.Floats(t)
	for _, f := range all {
		if f >= 1 && f <= 1<<31-1 && f == float64(int(f)) {
			n = append(n, int(f))
		}
	}
	return n
}
