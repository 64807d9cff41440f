package dicomgen

import (
	"strconv"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// Classes of the objects (PS3.4 table B.5-1).
const (
	classCT       = "1.2.840.10008.5.1.4.1.1.2"
	classMR       = "1.2.840.10008.5.1.4.1.1.4"
	classMG       = "1.2.840.10008.5.1.4.1.1.1.2"
	classDX       = "1.2.840.10008.5.1.4.1.1.1.1"
	classSM       = "1.2.840.10008.5.1.4.1.1.77.1.6"
	classRTStruct = "1.2.840.10008.5.1.4.1.1.481.3"
	classPR       = "1.2.840.10008.5.1.4.1.1.11.1"
	classSR       = "1.2.840.10008.5.1.4.1.1.88.22"
)

// CT returns a series of axial slices of 512 x 512 pixels, 5 mm apart.
func CT(st *Study, v *Vendor, number, slices int) []Object {
	s := &series{study: st, vendor: v, number: number, modality: "CT", class: classCT, about: "Chest 5.0 B31f"}
	all := make([]Object, slices)
	for i := range all {
		b := s.instance(i + 1)
		b.slice(s, i, 512, 0.78125, 5)
		b.text(dict.ImageType, "ORIGINAL", "PRIMARY", "AXIAL")
		b.text(dict.KVP, "120")
		b.text(dict.DataCollectionDiameter, "500")
		b.text(dict.ReconstructionDiameter, "400")
		b.text(dict.DistanceSourceToDetector, "1085.6")
		b.text(dict.DistanceSourceToPatient, "595")
		b.text(dict.GantryDetectorTilt, "0")
		b.text(dict.TableHeight, "151")
		b.text(dict.ExposureTime, "500")
		b.text(dict.XRayTubeCurrent, "180")
		b.text(dict.Exposure, "90")
		b.text(dict.ConvolutionKernel, "B31f")
		b.matrix(512, 512, 16, 12, false)
		b.text(dict.RescaleIntercept, "-1024")
		b.text(dict.RescaleSlope, "1")
		b.text(dict.WindowCenter, "40", "-600")
		b.text(dict.WindowWidth, "400", "1500")
		all[i] = s.object(b, i+1, Pixels{Bytes: 512 * 512 * 2, Bits: 16})
	}
	return all
}

// MR returns a series of sagittal T1-weighted slices of 256 x 256 pixels, 4 mm apart.
func MR(st *Study, v *Vendor, number, slices int) []Object {
	s := &series{study: st, vendor: v, number: number, modality: "MR", class: classMR, about: "t1_se_sag"}
	all := make([]Object, slices)
	for i := range all {
		b := s.instance(i + 1)
		b.slice(s, i, 256, 0.9375, 4)
		b.text(dict.ImageType, "ORIGINAL", "PRIMARY", "M", "ND")
		b.text(dict.ScanningSequence, "SE")
		b.text(dict.SequenceVariant, "SP")
		b.text(dict.ScanOptions)
		b.text(dict.MRAcquisitionType, "2D")
		b.text(dict.SequenceName, "se2d1")
		b.text(dict.RepetitionTime, "550")
		b.text(dict.EchoTime, "12")
		b.text(dict.EchoTrainLength, "1")
		b.text(dict.NumberOfAverages, "2")
		b.text(dict.ImagingFrequency, "63.68")
		b.text(dict.ImagedNucleus, "1H")
		b.text(dict.EchoNumbers, "1")
		b.text(dict.MagneticFieldStrength, "1.5")
		b.text(dict.FlipAngle, "90")
		b.matrix(256, 256, 16, 12, false)
		b.text(dict.WindowCenter, "400")
		b.text(dict.WindowWidth, "900")
		all[i] = s.object(b, i+1, Pixels{Bytes: 256 * 256 * 2, Bits: 16})
	}
	return all
}

// slice writes the place of slice i and the modules that CT and MR share.
func (b *builder) slice(s *series, i, size int, spacing, thickness float64) {
	b.text(dict.AcquisitionDate, s.study.Date)
	b.text(dict.AcquisitionTime, s.study.Time)
	b.text(dict.BodyPartExamined, "CHEST")
	b.text(dict.ProtocolName, s.about)
	b.text(dict.PatientPosition, "HFS")
	b.text(dict.AcquisitionNumber, "1")
	b.text(dict.SliceThickness, number(thickness))
	b.text(dict.SpacingBetweenSlices, number(thickness))
	z := float64(i) * thickness
	corner := -spacing * float64(size) / 2
	b.text(dict.ImagePositionPatient, number(corner), number(corner), number(z))
	b.text(dict.ImageOrientationPatient, "1", "0", "0", "0", "1", "0")
	b.text(dict.FrameOfReferenceUID, under(s.study.UID, 0))
	b.text(dict.PositionReferenceIndicator)
	b.text(dict.SliceLocation, number(z))
	b.text(dict.PixelSpacing, number(spacing), number(spacing))
}

// reference returns an item that names an object.
func reference(o *Object) dicommeta.Dataset {
	return item(text(dict.ReferencedSOPClassUID, o.Data.Text(dict.SOPClassUID)), text(dict.ReferencedSOPInstanceUID, o.Data.Text(dict.SOPInstanceUID)))
}

func references(objects []Object) []dicommeta.Dataset {
	all := make([]dicommeta.Dataset, len(objects))
	for i := range objects {
		all[i] = reference(&objects[i])
	}
	return all
}

// StructureSet returns contours of regions of interest on a CT series.
func StructureSet(st *Study, v *Vendor, number int, on []Object) Object {
	s := &series{study: st, vendor: v, number: number, modality: "RTSTRUCT", class: classRTStruct, about: "Contours"}
	b := s.instance(1)
	b.text(dict.OperatorsName)
	b.text(dict.StructureSetLabel, "PLAN")
	b.text(dict.StructureSetDate, st.Date)
	b.text(dict.StructureSetTime, st.Time)
	b.text(dict.ApprovalStatus, "UNAPPROVED")
	frame := on[0].Data.Text(dict.FrameOfReferenceUID)
	b.text(dict.FrameOfReferenceUID, frame)
	b.text(dict.PositionReferenceIndicator)
	b.items(dict.ReferencedFrameOfReferenceSequence, item(
		text(dict.FrameOfReferenceUID, frame),
		seq(dict.RTReferencedStudySequence, item(
			text(dict.ReferencedSOPClassUID, "1.2.840.10008.3.1.2.3.1"), text(dict.ReferencedSOPInstanceUID, st.UID),
			seq(dict.RTReferencedSeriesSequence, item(
				text(dict.SeriesInstanceUID, on[0].Data.Text(dict.SeriesInstanceUID)),
				seq(dict.ContourImageSequence, references(on)...),
			)),
		)),
	))
	var regions, contours, observations []dicommeta.Dataset
	for i, name := range []string{"BODY", "LUNG_L", "LUNG_R", "GTV"} {
		n := strconv.Itoa(i + 1)
		regions = append(regions, item(text(dict.ROINumber, n), text(dict.ReferencedFrameOfReferenceUID, frame), text(dict.ROIName, name), text(dict.ROIGenerationAlgorithm, "MANUAL")))
		var planes []dicommeta.Dataset
		for j := range on {
			planes = append(planes, item(
				seq(dict.ContourImageSequence, reference(&on[j])),
				text(dict.ContourGeometricType, "CLOSED_PLANAR"), text(dict.NumberOfContourPoints, "4"),
				text(dict.ContourData, square(float64(10*(i+1)), float64(j)*5)...),
			))
		}
		contours = append(contours, item(text(dict.ROIDisplayColor, "255", "0", n), seq(dict.ContourSequence, planes...), text(dict.ReferencedROINumber, n)))
		observations = append(observations, item(text(dict.ObservationNumber, n), text(dict.ReferencedROINumber, n),
			text(dict.RTROIInterpretedType, []string{"EXTERNAL", "ORGAN", "ORGAN", "GTV"}[i]), text(dict.ROIInterpreter)))
	}
	b.items(dict.StructureSetROISequence, regions...)
	b.items(dict.ROIContourSequence, contours...)
	b.items(dict.RTROIObservationsSequence, observations...)
	return s.object(b, 1, Pixels{})
}

// square returns the corners of a square around the origin at height z.
func square(half, z float64) []string {
	var all []string
	for _, p := range [][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
		all = append(all, number(p[0]*half), number(p[1]*half), number(z))
	}
	return all
}

// PresentationState returns a grayscale softcopy presentation state for the first
// images of a series: a window and a zoom.
func PresentationState(st *Study, v *Vendor, number int, on []Object) Object {
	s := &series{study: st, vendor: v, number: number, modality: "PR", class: classPR, about: "Lung window"}
	b := s.instance(1)
	b.text(dict.Laterality)
	b.text(dict.ContentLabel, "LUNG")
	b.text(dict.ContentDescription, "Lung window")
	b.text(dict.PresentationCreationDate, st.Date)
	b.text(dict.PresentationCreationTime, st.Time)
	b.text(dict.ContentCreatorName)
	b.items(dict.ReferencedSeriesSequence, item(
		seq(dict.ReferencedImageSequence, references(on)...),
		text(dict.SeriesInstanceUID, on[0].Data.Text(dict.SeriesInstanceUID)),
	))
	b.items(dict.SoftcopyVOILUTSequence, item(text(dict.WindowCenter, "-600"), text(dict.WindowWidth, "1500")))
	b.items(dict.DisplayedAreaSelectionSequence, item(
		floats(dict.DisplayedAreaTopLeftHandCorner, 1, 1), floats(dict.DisplayedAreaBottomRightHandCorner, 512, 512),
		text(dict.PresentationSizeMode, "SCALE TO FIT"), text(dict.PresentationPixelSpacing, "0.78125", "0.78125"),
	))
	b.text(dict.PresentationLUTShape, "IDENTITY")
	return s.object(b, 1, Pixels{})
}
