package dicomgen

import (
	"strconv"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// Slide returns a whole slide: a pyramid whose base has the given number of
// tiles of 256 x 256 pixels in a row and in a column, each further level a
// quarter of them. bytesPerTile is the size of a compressed tile; 100 x 100 tiles of 100,000 bytes
// are a gigabyte.
func Slide(st *Study, v *Vendor, number, tiles, levels int, bytesPerTile uint32) []Object {
	s := &series{study: st, vendor: v, number: number, modality: "SM", class: classSM, about: "Slide"}
	var all []Object
	for level := range levels {
		n := max(tiles>>level, 1)
		b := s.instance(level + 1)
		b.slide(s, level, n)
		all = append(all, s.object(b, level+1, Pixels{Fragments: n * n, Fragment: bytesPerTile &^ 1}))
	}
	return all
}

func (b *builder) slide(s *series, level, tiles int) {
	kind := "RESAMPLED"
	imageType := []string{"DERIVED", "PRIMARY", "VOLUME", kind}
	if level == 0 {
		imageType = []string{"ORIGINAL", "PRIMARY", "VOLUME", "NONE"}
	}
	st := s.study
	b.text(dict.ImageType, imageType...)
	b.text(dict.AcquisitionDateTime, st.Date+st.Time)
	b.text(dict.FrameOfReferenceUID, under(st.UID, 0))
	b.text(dict.PositionReferenceIndicator, "SLIDE_CORNER")
	b.text(dict.ContainerIdentifier, "SLIDE-1")
	b.items(dict.IssuerOfTheContainerIdentifierSequence)
	b.items(dict.ContainerTypeCodeSequence, code("433466003", "SCT", "Microscope slide"))
	b.items(dict.SpecimenDescriptionSequence, item(
		text(dict.SpecimenIdentifier, "S1-A-1"), text(dict.SpecimenUID, under(st.UID, 0, 3)), seq(dict.IssuerOfTheSpecimenIdentifierSequence), seq(dict.SpecimenPreparationSequence),
	))
	b.items(dict.AcquisitionContextSequence)
	size := tiles * 256
	b.numbers(dict.SamplesPerPixel, 3)
	b.text(dict.PhotometricInterpretation, "YBR_FULL_422")
	b.numbers(dict.PlanarConfiguration, 0)
	b.text(dict.NumberOfFrames, strconv.Itoa(tiles*tiles))
	b.numbers(dict.Rows, 256)
	b.numbers(dict.Columns, 256)
	b.numbers(dict.BitsAllocated, 8)
	b.numbers(dict.BitsStored, 8)
	b.numbers(dict.HighBit, 7)
	b.numbers(dict.PixelRepresentation, 0)
	b.text(dict.BurnedInAnnotation, "NO")
	b.text(dict.LossyImageCompression, "01")
	b.text(dict.LossyImageCompressionRatio, "20")
	b.text(dict.LossyImageCompressionMethod, "ISO_10918_1")
	spacing := number(0.0005 * float64(int(1)<<level))
	width := 0.0005 * float64(size<<level)
	b.numbers(dict.ImagedVolumeWidth, width)
	b.numbers(dict.ImagedVolumeHeight, width)
	b.numbers(dict.ImagedVolumeDepth, 1)
	b.numbers(dict.TotalPixelMatrixColumns, float64(size))
	b.numbers(dict.TotalPixelMatrixRows, float64(size))
	b.numbers(dict.TotalPixelMatrixFocalPlanes, 1)
	b.items(dict.TotalPixelMatrixOriginSequence, item(text(dict.XOffsetInSlideCoordinateSystem, "20"), text(dict.YOffsetInSlideCoordinateSystem, "40")))
	b.text(dict.ImageOrientationSlide, "0", "-1", "0", "-1", "0", "0")
	b.text(dict.SpecimenLabelInImage, "NO")
	b.text(dict.FocusMethod, "AUTO")
	b.text(dict.ExtendedDepthOfField, "NO")
	b.text(dict.VolumetricProperties, "VOLUME")
	b.items(dict.OpticalPathSequence, item(
		text(dict.OpticalPathIdentifier, "1"),
		seq(dict.IlluminationColorCodeSequence, code("371251000", "SCT", "White")),
		seq(dict.IlluminationTypeCodeSequence, code("111744", "DCM", "Brightfield illumination")),
		text(dict.ObjectiveLensPower, "20"),
		dicommeta.Element{Tag: dict.ICCProfile, VR: dict.OB, Value: make([]byte, 128)},
	))
	b.items(dict.SharedFunctionalGroupsSequence, item(
		seq(dict.PixelMeasuresSequence, item(text(dict.PixelSpacing, spacing, spacing), text(dict.SliceThickness, "1"))),
		seq(dict.WholeSlideMicroscopyImageFrameTypeSequence, item(text(dict.FrameType, imageType...))),
		seq(dict.OpticalPathIdentificationSequence, item(text(dict.OpticalPathIdentifier, "1"))),
	))
	b.text(dict.DimensionOrganizationType, "TILED_FULL")
	b.items(dict.DimensionOrganizationSequence, item(text(dict.DimensionOrganizationUID, under(st.UID, 0, 4))))
	b.numbers(dict.NumberOfOpticalPaths, 1)
}
