package mapping

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// srItem returns a content item.
func srItem(relation, kind string, name *dicommeta.Dataset, more ...dicommeta.Element) dicommeta.Dataset {
	d := dicommeta.NewDataset(more...)
	if relation != "" {
		d.Set(dicommeta.TextElement(dict.RelationshipType, relation))
	}
	d.Set(dicommeta.TextElement(dict.ValueType, kind))
	if name != nil {
		d.Set(dicommeta.SequenceElement(dict.ConceptNameCodeSequence, *name))
	}
	return d
}

func dcmCode(scheme, value, meaning string) *dicommeta.Dataset {
	d := dicommeta.NewDataset(
		dicommeta.TextElement(dict.CodeValue, value),
		dicommeta.TextElement(dict.CodingSchemeDesignator, scheme),
		dicommeta.TextElement(dict.CodeMeaning, meaning))
	return &d
}

func srContent(items ...dicommeta.Dataset) dicommeta.Element {
	return dicommeta.SequenceElement(dict.ContentSequence, items...)
}

func dcmValue(c *dicommeta.Dataset) dicommeta.Element {
	return dicommeta.SequenceElement(dict.ConceptCodeSequence, *c)
}

func srNumber(name *dicommeta.Dataset, value string, unit *dicommeta.Dataset, more ...dicommeta.Element) dicommeta.Dataset {
	measured := dicommeta.NewDataset(
		dicommeta.TextElement(dict.NumericValue, value),
		dicommeta.SequenceElement(dict.MeasurementUnitsCodeSequence, *unit))
	more = append(more, dicommeta.SequenceElement(dict.MeasuredValueSequence, measured))
	return srItem("CONTAINS", "NUM", name, more...)
}

func srImage(name *dicommeta.Dataset, class, uid string, more ...dicommeta.Element) dicommeta.Dataset {
	sop := dicommeta.NewDataset(append(more,
		dicommeta.TextElement(dict.ReferencedSOPClassUID, class),
		dicommeta.TextElement(dict.ReferencedSOPInstanceUID, uid))...)
	return srItem("CONTAINS", "IMAGE", name, dicommeta.SequenceElement(dict.ReferencedSOPSequence, sop))
}

// measurementReport returns a made TID 1500 report with one group.
func measurementReport() dicommeta.Dataset {
	group := srItem("CONTAINS", "CONTAINER", dcmCode("DCM", "125007", "Measurement Group"),
		dicommeta.TextElement(dict.ContinuityOfContent, "SEPARATE"),
		srContent(
			srItem("HAS OBS CONTEXT", "TEXT", dcmCode("DCM", "112039", "Tracking Identifier"), dicommeta.TextElement(dict.TextValue, "Nodule 1")),
			srItem("HAS OBS CONTEXT", "UIDREF", dcmCode("DCM", "112040", "Tracking Unique Identifier"), dicommeta.TextElement(dict.UID, "1.2.3.9")),
			srItem("CONTAINS", "CODE", dcmCode("DCM", "121071", "Finding"), dcmValue(dcmCode("99MADE", "N", "a nodule"))),
			srImage(dcmCode("DCM", "121191", "Referenced Segment"), "1.2.840.10008.5.1.4.1.1.66.4", "1.2.3.12",
				dicommeta.NumberElement(dict.ReferencedSegmentNumber, dict.US, 2)),
			srItem("HAS CONCEPT MOD", "CODE", dcmCode("SCT", "363698007", "site"), dcmValue(dcmCode("99MADE", "LUNG", "lung")),
				srContent(srItem("HAS CONCEPT MOD", "CODE", dcmCode("SCT", "272741003", "side"), dcmValue(dcmCode("99MADE", "R", "right"))))),
			srNumber(dcmCode("99MADE", "LONG", "long axis"), "+7.20", dcmCode("UCUM", "mm", "millimeter"),
				srContent(
					srItem("HAS CONCEPT MOD", "CODE", dcmCode("DCM", "121401", "Derivation"), dcmValue(dcmCode("99MADE", "MAX", "maximum"))),
					srItem("HAS PROPERTIES", "CODE", dcmCode("DCM", "121402", "Normality"), dcmValue(dcmCode("99MADE", "HIGH", "high"))))),
			srItem("CONTAINS", "CODE", dcmCode("99MADE", "MARGIN", "margin"), dcmValue(dcmCode("99MADE", "SPIKY", "spiky"))),
			srItem("CONTAINS", "TEXT", dcmCode("99MADE", "NOTE", "note"), dicommeta.TextElement(dict.TextValue, "seen before")),
		))
	evidence := dicommeta.NewDataset(
		dicommeta.TextElement(dict.StudyInstanceUID, "1.2.3"),
		dicommeta.SequenceElement(dict.ReferencedSeriesSequence, dicommeta.NewDataset(
			dicommeta.TextElement(dict.SeriesInstanceUID, "1.2.3.4"),
			dicommeta.SequenceElement(dict.ReferencedSOPSequence, dicommeta.NewDataset(
				dicommeta.TextElement(dict.ReferencedSOPInstanceUID, "1.2.3.12"))))))
	return srItem("", "CONTAINER", dcmCode("DCM", "126000", "Imaging Measurement Report"),
		dicommeta.TextElement(dict.SOPClassUID, "1.2.840.10008.5.1.4.1.1.88.33"),
		dicommeta.TextElement(dict.SOPInstanceUID, "1.2.3.20"),
		dicommeta.TextElement(dict.ContentDate, "20240229"),
		dicommeta.TextElement(dict.ContentTime, "101500"),
		dicommeta.TextElement(dict.PreliminaryFlag, "FINAL"),
		dicommeta.TextElement(dict.CompletionFlag, "COMPLETE"),
		dicommeta.SequenceElement(dict.CurrentRequestedProcedureEvidenceSequence, evidence),
		srContent(
			srItem("HAS OBS CONTEXT", "PNAME", dcmCode("DCM", "121008", "Person Observer Name"), dicommeta.TextElement(dict.PersonName, "Made^Reader")),
			srItem("CONTAINS", "CONTAINER", dcmCode("DCM", "111028", "Image Library"), srContent(
				srNumber(dcmCode("DCM", "110910", "Rows"), "512", dcmCode("UCUM", "{pixels}", "pixels")))),
			srItem("CONTAINS", "CONTAINER", dcmCode("DCM", "126010", "Imaging Measurements"), srContent(group))))
}

func dicomEntry(scheme, value, meaning string) CodedEntry {
	return CodedEntry{Value: value, Scheme: scheme, Meaning: meaning}
}

func TestMeasurementsOfATID1500Report(t *testing.T) {
	d := measurementReport()
	got, issues := Measurements(&d)
	if len(issues) != 0 {
		t.Errorf("findings: %v", issues)
	}
	refs := []ImageReference{{
		Purpose: CodedEntry{Value: "121191", Scheme: "DCM", Meaning: "Referenced Segment"}, ValueType: "IMAGE", StudyUID: "1.2.3", SeriesUID: "1.2.3.4",
		SOPClassUID: "1.2.840.10008.5.1.4.1.1.66.4", InstanceUID: "1.2.3.12", Segments: []int{2},
	}}
	lung, right := []CodedEntry{dicomEntry("99MADE", "LUNG", "lung")}, dicomEntry("99MADE", "R", "right")
	path := "(0040,A730)[3].(0040,A730)[1]"
	group := &MeasurementGroup{
		Number: 1, Concept: dicomEntry("DCM", "125007", "Measurement Group"), Finding: dicomEntry("99MADE", "N", "a nodule"),
		Sites: lung, Laterality: right, TrackingID: "Nodule 1", TrackingUID: "1.2.3.9", References: refs, Path: path,
	}
	shared := Measurement{
		Sites: lung, Laterality: right, TrackingID: "Nodule 1", TrackingUID: "1.2.3.9", References: refs,
		Content: "20240229101500", Group: group,
	}
	long, margin, note := shared, shared, shared
	long.ValueType, long.Concept = "NUM", dicomEntry("99MADE", "LONG", "long axis")
	long.Number, long.Unit, long.Path = "7.20", dicomEntry("UCUM", "mm", "millimeter"), path+".(0040,A730)[6]"
	long.Derivation = dicomEntry("99MADE", "MAX", "maximum")
	long.Properties = []Property{{dicomEntry("DCM", "121402", "Normality"), dicomEntry("99MADE", "HIGH", "high")}}
	margin.ValueType, margin.Concept = "CODE", dicomEntry("99MADE", "MARGIN", "margin")
	margin.Value, margin.Path = dicomEntry("99MADE", "SPIKY", "spiky"), path+".(0040,A730)[7]"
	note.ValueType, note.Concept = "TEXT", dicomEntry("99MADE", "NOTE", "note")
	note.Text, note.Path = "seen before", path+".(0040,A730)[8]"
	if diff := cmp.Diff([]Measurement{long, margin, note}, got); diff != "" {
		t.Errorf("measurements (-want +got):\n%s", diff)
	}
}

func TestDecimalTextKeepsDigits(t *testing.T) {
	for in, want := range map[string]string{
		"7.20": "7.20", "+1": "1", "-.5": "-0.5", "1.": "1", "1.5E3": "1500", "12e-3": "0.012",
		"": "", "x": "", "1 2": "", "--1": "", "+-1": "", "1e999999": "", "NaN": "",
	} {
		if got := decimalText(in); got != want {
			t.Errorf("decimalText(%q): want %q, have %q", in, want, got)
		}
	}
}
