package mapping_test

import (
	"fmt"
	"log"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/mapping"
)

// exampleStudy is a study as a dicommeta.Rollup gives it, of one image.
func exampleStudy() *dicommeta.Study {
	text := dicommeta.TextElement
	return &dicommeta.Study{
		Dataset: dicommeta.NewDataset(text(dict.StudyInstanceUID, "1.2.3"), text(dict.PatientID, "P1"), text(dict.StudyDate, "20240229")),
		Series: []dicommeta.Series{{
			Dataset: dicommeta.NewDataset(text(dict.SeriesInstanceUID, "1.2.3.1"), text(dict.Modality, "CT")),
			Instances: []dicommeta.Member{{
				Dataset: dicommeta.NewDataset(text(dict.SOPInstanceUID, "1.2.3.1.1"), text(dict.SOPClassUID, "1.2.840.10008.5.1.4.1.1.2")),
			}},
		}},
	}
}

func ExampleDICOMToFHIR_Map() {
	m, err := mapping.NewDICOMToFHIR(nil)
	if err != nil {
		log.Fatal(err)
	}
	resources, issues := m.Map(exampleStudy())
	for _, r := range resources {
		fmt.Println(r.Type())
	}
	fmt.Println(len(issues), "findings,", resources[1].Get("started").Text())
	// Output:
	// Patient
	// ImagingStudy
	// Procedure
	// 0 findings, 2024-02-29
}

func ExampleFHIRToDICOM_Map() {
	r, err := fhir.Parse([]byte(`{"resourceType": "ImagingStudy", "status": "available",
		"identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}],
		"subject": {"identifier": {"value": "P1"}}, "started": "2024-02-29T10:15:00+01:00"}`))
	if err != nil {
		log.Fatal(err)
	}
	m, err := mapping.NewFHIRToDICOM(nil)
	if err != nil {
		log.Fatal(err)
	}
	study, _ := m.Map(r, nil)
	fmt.Println(string(dicommeta.AppendJSON(nil, &study.Dataset, nil)))
	// Output:
	// {"00080020":{"vr":"DA","Value":["20240229"]},"00080030":{"vr":"TM","Value":["101500"]},"00080201":{"vr":"SH","Value":["+0100"]},"00100020":{"vr":"LO","Value":["P1"]},"0020000D":{"vr":"UI","Value":["1.2.3"]}}
}

func ExampleMeasurements() {
	text := dicommeta.TextElement
	code := func(t dict.Tag, scheme, value string) dicommeta.Element {
		return dicommeta.SequenceElement(t, dicommeta.NewDataset(text(dict.CodeValue, value), text(dict.CodingSchemeDesignator, scheme)))
	}
	report := dicommeta.NewDataset(
		text(dict.ValueType, "CONTAINER"), code(dict.ConceptNameCodeSequence, "DCM", "126000"),
		dicommeta.SequenceElement(dict.ContentSequence, dicommeta.NewDataset(
			text(dict.RelationshipType, "CONTAINS"), text(dict.ValueType, "NUM"), code(dict.ConceptNameCodeSequence, "99MADE", "AREA"),
			dicommeta.SequenceElement(dict.MeasuredValueSequence, dicommeta.NewDataset(
				text(dict.NumericValue, "1.70"), code(dict.MeasurementUnitsCodeSequence, "UCUM", "cm2"))))))
	all, _ := mapping.Measurements(&report)
	for _, m := range all {
		fmt.Println(m.Concept.Value, m.Number, m.Unit.Value, m.Path)
	}
	// Output:
	// AREA 1.70 cm2 (0040,A730)[1]
}
