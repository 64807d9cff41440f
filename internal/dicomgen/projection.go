package dicomgen

import (
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// Mammography returns the four views of a screening: both breasts, craniocaudal
// and mediolateral oblique.
func Mammography(st *Study, v *Vendor, number int) []Object {
	s := &series{study: st, vendor: v, number: number, modality: "MG", class: classMG, about: "Screening"}
	var all []Object
	for _, side := range []string{"R", "L"} {
		for _, view := range []string{"CC", "MLO"} {
			n := len(all) + 1
			b := s.instance(n)
			b.projection(side, 3328, 2560, "BREAST")
			b.text(dict.ImagerPixelSpacing, "0.07", "0.07")
			b.text(dict.PositionerType, "MAMMOGRAPHIC")
			b.text(dict.OrganExposed, "BREAST")
			b.text(dict.BreastImplantPresent, "NO")
			angle := "0"
			viewCode := code("399162004", "SCT", "craniocaudal")
			if view == "MLO" {
				angle, viewCode = "45", code("399368009", "SCT", "mediolateral oblique")
			}
			viewCode.Set(seq(dict.ViewModifierCodeSequence))
			b.text(dict.ViewPosition, view)
			b.text(dict.PositionerPrimaryAngle, angle)
			b.items(dict.ViewCodeSequence, viewCode)
			b.items(dict.AnatomicRegionSequence, code("76752008", "SCT", "Breast"))
			b.text(dict.PatientOrientation, map[string][]string{"RCC": {"P", "L"}, "LCC": {"A", "R"}, "RMLO": {"P", "FL"}, "LMLO": {"A", "FR"}}[side+view]...)
			all = append(all, s.object(b, n, Pixels{Bytes: 3328 * 2560 * 2, Bits: 16}))
		}
	}
	return all
}

// DigitalXRay returns one image of a hand.
func DigitalXRay(st *Study, v *Vendor, number int) Object {
	s := &series{study: st, vendor: v, number: number, modality: "DX", class: classDX, about: "Hand"}
	b := s.instance(1)
	b.projection("L", 2048, 1536, "HAND")
	b.text(dict.ImagerPixelSpacing, "0.139", "0.139")
	b.text(dict.ViewPosition, "PA")
	b.text(dict.PositionerType)
	b.items(dict.ViewCodeSequence, code("272479007", "SCT", "posteroanterior"))
	b.items(dict.AnatomicRegionSequence, code("85562004", "SCT", "Hand"))
	b.text(dict.PatientOrientation, "R", "F")
	return s.object(b, 1, Pixels{Bytes: 2048 * 1536 * 2, Bits: 16})
}

// projection writes the modules that digital X-ray images share.
func (b *builder) projection(side string, rows, columns int, part string) {
	b.text(dict.PresentationIntentType, "FOR PRESENTATION")
	b.text(dict.BodyPartExamined, part)
	b.text(dict.ImageType, "ORIGINAL", "PRIMARY", "")
	b.text(dict.AcquisitionDate, b.Text(dict.StudyDate))
	b.text(dict.AcquisitionTime, b.Text(dict.StudyTime))
	b.text(dict.ImageLaterality, side)
	b.text(dict.DetectorType, "DIRECT")
	b.text(dict.PixelIntensityRelationship, "LOG")
	b.numbers(dict.PixelIntensityRelationshipSign, -1)
	b.text(dict.KVP, "29")
	b.text(dict.Exposure, "80")
	b.matrix(rows, columns, 16, 12, false)
	b.text(dict.RescaleIntercept, "0")
	b.text(dict.RescaleSlope, "1")
	b.text(dict.RescaleType, "US")
	b.text(dict.WindowCenter, "2048")
	b.text(dict.WindowWidth, "4096")
	b.text(dict.PresentationLUTShape, "IDENTITY")
	b.text(dict.LossyImageCompression, "00")
	b.text(dict.BurnedInAnnotation, "NO")
	b.items(dict.AcquisitionContextSequence)
}

// Report returns a measurement report (TID 1500) with one measured lesion on an
// image: its longest diameter and its mean, tracked by a UID.
func Report(st *Study, v *Vendor, number int, on *Object, millimetres string) Object {
	s := &series{study: st, vendor: v, number: number, modality: "SR", class: classSR, about: "Measurements"}
	b := s.instance(1)
	b.items(dict.ReferencedPerformedProcedureStepSequence)
	b.text(dict.CompletionFlag, "COMPLETE")
	b.text(dict.VerificationFlag, "UNVERIFIED")
	b.items(dict.PerformedProcedureCodeSequence)
	b.text(dict.ValueType, "CONTAINER")
	b.items(dict.ConceptNameCodeSequence, code("126000", "DCM", "Imaging Measurement Report"))
	b.text(dict.ContinuityOfContent, "SEPARATE")
	b.items(dict.ContentTemplateSequence, item(text(dict.MappingResource, "DCMR"), text(dict.TemplateIdentifier, "1500")))
	b.items(dict.CurrentRequestedProcedureEvidenceSequence, item(
		seq(dict.ReferencedSeriesSequence, item(
			seq(dict.ReferencedSOPSequence, reference(on)), text(dict.SeriesInstanceUID, on.Data.Text(dict.SeriesInstanceUID)),
		)),
		text(dict.StudyInstanceUID, st.UID),
	))
	language := content("HAS CONCEPT MOD", "CODE", code("121049", "DCM", "Language of Content Item and Descendants"), seq(dict.ConceptCodeSequence, code("en", "RFC5646", "English")))
	role := content("HAS OBS CONTEXT", "CODE", code("121005", "DCM", "Observer Type"), seq(dict.ConceptCodeSequence, code("121007", "DCM", "Device")))
	device := content("HAS OBS CONTEXT", "UIDREF", code("121012", "DCM", "Device Observer UID"), text(dict.UID, under(st.UID, 0, 1)))
	procedure := content("HAS CONCEPT MOD", "CODE", code("121058", "DCM", "Procedure reported"), seq(dict.ConceptCodeSequence, code("25045-6", "LN", "CT unspecified body region")))
	image := content("CONTAINS", "IMAGE", dicommeta.Dataset{}, seq(dict.ReferencedSOPSequence, reference(on)))
	library := content("CONTAINS", "CONTAINER", code("111028", "DCM", "Image Library"), text(dict.ContinuityOfContent, "SEPARATE"),
		seq(dict.ContentSequence, content("CONTAINS", "CONTAINER", code("126200", "DCM", "Image Library Group"), text(dict.ContinuityOfContent, "SEPARATE"), seq(dict.ContentSequence, image))))
	measure := func(value string, name dicommeta.Dataset) dicommeta.Dataset {
		return content("CONTAINS", "NUM", name, seq(dict.MeasuredValueSequence, item(
			seq(dict.MeasurementUnitsCodeSequence, code("mm", "UCUM", "millimeter")), text(dict.NumericValue, value),
		)), seq(dict.ContentSequence, content("INFERRED FROM", "SCOORD", dicommeta.Dataset{},
			floats(dict.GraphicData, 100, 100, 130, 140), text(dict.GraphicType, "POLYLINE"),
			seq(dict.ContentSequence, content("SELECTED FROM", "IMAGE", dicommeta.Dataset{}, seq(dict.ReferencedSOPSequence, reference(on)))))))
	}
	group := content("CONTAINS", "CONTAINER", code("125007", "DCM", "Measurement Group"), text(dict.ContinuityOfContent, "SEPARATE"), seq(dict.ContentSequence,
		content("HAS OBS CONTEXT", "TEXT", code("112039", "DCM", "Tracking Identifier"), text(dict.TextValue, "Lesion 1")),
		content("HAS OBS CONTEXT", "UIDREF", code("112040", "DCM", "Tracking Unique Identifier"), text(dict.UID, under(st.UID, 0, 2))),
		content("CONTAINS", "CODE", code("121071", "DCM", "Finding"), seq(dict.ConceptCodeSequence, code("108369006", "SCT", "Tumor"))),
		content("HAS CONCEPT MOD", "CODE", code("363698007", "SCT", "Finding Site"), seq(dict.ConceptCodeSequence, code("39607008", "SCT", "Lung"))),
		measure(millimetres, code("103339001", "SCT", "Long Axis")),
	))
	measurements := content("CONTAINS", "CONTAINER", code("126010", "DCM", "Imaging Measurements"), text(dict.ContinuityOfContent, "SEPARATE"), seq(dict.ContentSequence, group))
	b.items(dict.ContentSequence, language, role, device, procedure, library, measurements)
	return s.object(b, 1, Pixels{})
}

// content returns a content item: how it stands to its parent, its type, its
// concept name (none where empty) and what belongs to the type.
func content(relationship, valueType string, name dicommeta.Dataset, more ...dicommeta.Element) dicommeta.Dataset {
	d := item(text(dict.RelationshipType, relationship), text(dict.ValueType, valueType))
	if len(name.Elements) > 0 {
		d.Set(seq(dict.ConceptNameCodeSequence, name))
	}
	for _, e := range more {
		d.Set(e)
	}
	return d
}
