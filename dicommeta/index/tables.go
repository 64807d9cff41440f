package index

import (
	"github.com/carabiner-health/carabiner/columnar"
)

// The storage classes of which IDC has tables (PS3.4 table B.5-1).
const (
	ctImage      = "1.2.840.10008.5.1.4.1.1.2"
	mrImage      = "1.2.840.10008.5.1.4.1.1.4"
	ptImage      = "1.2.840.10008.5.1.4.1.1.128"
	segmentation = "1.2.840.10008.5.1.4.1.1.66.4"
	labelMap     = "1.2.840.10008.5.1.4.1.1.66.7"
	structureSet = "1.2.840.10008.5.1.4.1.1.481.3"
)

func text(name, attribute, description string) *column {
	return &column{name: name, kind: columnar.TextColumn, attribute: attribute, description: description}
}

func list(name, attribute, description string) *column {
	return &column{name: name, kind: columnar.TextListColumn, attribute: attribute, description: description}
}

func float(name, attribute, description string) *column {
	return &column{name: name, kind: columnar.Float64Column, attribute: attribute, description: description}
}

func integer(name, attribute, description string) *column {
	return &column{name: name, kind: columnar.Int64Column, attribute: attribute, description: description}
}

func floats(name, attribute, description string) *column {
	return (&column{name: name, kind: columnar.Float64ListColumn, attribute: attribute, description: description}).by(aggDistinct)
}

func boolean(name, description string, derive func(*seriesRow) (cell, bool)) *column {
	return (&column{name: name, kind: columnar.BoolColumn, description: description}).derived(derive)
}

func (c *column) by(a aggregation) *column { c.agg = a; return c }
func (c *column) in(f form) *column        { c.form = f; return c }
func (c *column) at(value int) *column     { c.value = value; return c }

func (c *column) derived(f func(*seriesRow) (cell, bool)) *column {
	c.agg, c.derive = aggDerived, f
	return c
}

func (c *column) numeric() bool {
	return c.kind == columnar.Float64Column || c.kind == columnar.Int64Column
}

func (c *column) lists() bool { return c.kind == columnar.TextListColumn }

func (c *column) floats() bool { return c.kind == columnar.Float64ListColumn }

// unknown is a column of the repository, which files do not fill.
func unknown(name string, kind columnar.ColumnKind, description string) *column {
	return &column{name: name, kind: kind, description: description, agg: aggUnknown}
}

func seriesKey() *column {
	return text("SeriesInstanceUID", "SeriesInstanceUID", "UID of the series; joins the tables").by(aggKey)
}

func ofClass(classes ...string) func(string, string) bool {
	return func(class, _ string) bool {
		for _, c := range classes {
			if class == c {
				return true
			}
		}
		return false
	}
}

func ofModality(modality string) func(string, string) bool {
	return func(_, m string) bool { return m == modality }
}

func indexTable() *seriesTable {
	const s, i, f = columnar.TextColumn, columnar.Int64Column, columnar.Float64Column
	return &seriesTable{name: "index", row: rowSeries, description: "All series, with the columns of IDC's main index.", where: func(string, string) bool { return true },
		columns: []*column{
			unknown("collection_id", s, "collection of the repository"),
			unknown("analysis_result_id", s, "analysis result of the repository"),
			text("PatientID", "PatientID", "id of the patient"),
			seriesKey(),
			text("StudyInstanceUID", "StudyInstanceUID", "UID of the study"),
			unknown("source_DOI", s, "DOI of the data set in the repository"),
			text("PatientAge", "PatientAge", "age at the study, as DICOM writes it: 064Y"),
			text("PatientSex", "PatientSex", "sex"),
			text("StudyDate", "StudyDate", "date of the study, YYYY-MM-DD").in(asDate),
			text("StudyDescription", "StudyDescription", "what the study is, in words"),
			text("BodyPartExamined", "BodyPartExamined", "body part; of segmentations and structure sets without one that of the images they belong to").derived((*seriesRow).bodyPart),
			text("Modality", "Modality", "modality"),
			text("SOPClassUID", "SOPClassUID", "kind of object; of several in a series that of its first instance"),
			text("sop_class_name", "SOPClassUID", "name of SOPClassUID").derived((*seriesRow).className),
			text("TransferSyntaxUID", "TransferSyntaxUID", "transfer syntaxes in the series").by(aggComma),
			text("transfer_syntax_name", "TransferSyntaxUID", "names of the transfer syntaxes").derived((*seriesRow).syntaxNames),
			text("PhotometricInterpretation", "PhotometricInterpretation", "colour models in the series").by(aggComma),
			text("PixelRepresentation", "PixelRepresentation", "0 for unsigned, 1 for signed pixels").by(aggComma),
			text("Manufacturer", "Manufacturer", "maker of the equipment"),
			text("ManufacturerModelName", "ManufacturerModelName", "model of the equipment"),
			text("SeriesDate", "SeriesDate", "date of the series, YYYY-MM-DD").in(asDate),
			text("SeriesDescription", "SeriesDescription", "what the series is, in words"),
			text("SeriesNumber", "SeriesNumber", "number of the series, as text"),
			integer("instanceCount", "SOPInstanceUID", "number of instances, copies included").by(aggCount),
			unknown("license_short_name", s, "licence in the repository"),
			unknown("series_init_idc_version", i, "release of the repository in which the series appeared"),
			unknown("series_revised_idc_version", i, "release of the repository that revised the series"),
			unknown("aws_bucket", s, "bucket of the repository"),
			unknown("crdc_series_uuid", s, "id of the series in the repository"),
			unknown("series_aws_url", s, "address of the files in the repository"),
			(&column{name: "series_size_MB", kind: f, description: "sum of the sizes of the files in 1,000,000 bytes, two decimals"}).derived((*seriesRow).megabytes),
		}}
}

func ctTable() *seriesTable {
	return &seriesTable{name: "ct_index", row: rowSeries, description: "Series of CT Image Storage: acquisition and reconstruction.", where: ofClass(ctImage),
		columns: append([]*column{seriesKey(), list("ImageType", "ImageType", "values of Image Type")}, append(planeColumns(),
			float("KVP", "KVP", "peak voltage of the tube in kV"),
			list("ScanOptions", "ScanOptions", "parameters of the scanning sequence"),
			list("ConvolutionKernel", "ConvolutionKernel", "reconstruction kernel, in the maker's words"),
			float("GantryDetectorTilt", "GantryDetectorTilt", "tilt of the gantry in degrees"),
			float("XRayTubeCurrent_min", "XRayTubeCurrent", "lowest tube current in mA").by(aggMin),
			float("XRayTubeCurrent_max", "XRayTubeCurrent", "highest tube current in mA").by(aggMax),
			text("FilterType", "FilterType", "type of the filter in the beam"),
			float("Exposure_min", "Exposure", "lowest exposure in mAs").by(aggMin),
			float("Exposure_max", "Exposure", "highest exposure in mAs").by(aggMax),
			float("ExposureTime_min", "ExposureTime", "shortest exposure in ms").by(aggMin),
			float("ExposureTime_max", "ExposureTime", "longest exposure in ms").by(aggMax),
			float("DataCollectionDiameter", "DataCollectionDiameter", "diameter of the region of data in mm"),
			float("ReconstructionDiameter", "ReconstructionDiameter", "diameter of the reconstructed field in mm"),
			float("SpiralPitchFactor", "SpiralPitchFactor", "table feed a rotation by collimation, of spiral scans"),
		)...)}
}

// planeColumns are the size of pixels and images, which CT, MR and PT share.
func planeColumns() []*column {
	return []*column{
		float("PixelSpacing_row_mm", "PixelSpacing", "distance of rows in mm"),
		float("PixelSpacing_col_mm", "PixelSpacing", "distance of columns in mm").at(1),
		integer("Rows", "Rows", "rows of an image"),
		integer("Columns", "Columns", "columns of an image"),
		float("SliceThickness", "SliceThickness", "nominal thickness of a slice in mm"),
	}
}

func mrTable() *seriesTable {
	return &seriesTable{name: "mr_index", row: rowSeries, description: "Series of MR Image Storage: sequence and acquisition.", where: ofClass(mrImage),
		columns: append(append([]*column{seriesKey(),
			float("MagneticFieldStrength", "MagneticFieldStrength", "field strength in T"),
			list("ScanningSequence", "ScanningSequence", "kind of sequence: SE, GR, IR, EP, RM"),
			list("SequenceVariant", "SequenceVariant", "variant of the sequence"),
			text("MRAcquisitionType", "MRAcquisitionType", "2D or 3D"),
			floats("EchoTime", "EchoTime", "echo times in ms"),
			float("RepetitionTime", "RepetitionTime", "repetition time in ms"),
			integer("EchoTrainLength", "EchoTrainLength", "lines acquired an excitation"),
			float("FlipAngle", "FlipAngle", "flip angle in degrees"),
			float("PixelBandwidth", "PixelBandwidth", "bandwidth a pixel in Hz"),
			float("ImagingFrequency", "ImagingFrequency", "frequency of precession in MHz"),
			text("ImagedNucleus", "ImagedNucleus", "nucleus that is resonant"),
		}, planeColumns()...),
			float("InversionTime", "InversionTime", "inversion time in ms"),
			text("ReceiveCoilName", "ReceiveCoilName", "receive coil"),
			text("SequenceName", "SequenceName", "name of the sequence, in the maker's words"),
			floats("DiffusionBValue", "DiffusionBValue", "b-values in s/mm2"),
			integer("NumberOfTemporalPositions", "NumberOfTemporalPositions", "positions in time"),
		)}
}

func ptTable() *seriesTable {
	const drug = "RadiopharmaceuticalInformationSequence."
	return &seriesTable{name: "pt_index", row: rowSeries, description: "Series of Positron Emission Tomography Image Storage: tracer, corrections, reconstruction.", where: ofClass(ptImage),
		columns: append(append([]*column{seriesKey(),
			text("SeriesType", "SeriesType", "both values of Series Type with a slash between them").in(asSlash),
			text("Units", "Units", "units of the pixels"),
			text("DecayCorrection", "DecayCorrection", "START, ADMIN or NONE"),
			list("CorrectedImage", "CorrectedImage", "corrections that were made"),
			text("RandomsCorrectionMethod", "RandomsCorrectionMethod", "correction of random coincidences"),
			text("ReconstructionMethod", "ReconstructionMethod", "reconstruction"),
			floats("ActualFrameDuration", "ActualFrameDuration", "durations of frames in ms"),
			text("ScatterCorrectionMethod", "ScatterCorrectionMethod", "correction of scatter"),
			text("AttenuationCorrectionMethod", "AttenuationCorrectionMethod", "correction of attenuation"),
			text("RadionuclideCodeMeaning", drug+"RadionuclideCodeSequence.CodeMeaning", "radionuclide"),
			float("RadionuclideTotalDose", drug+"RadionuclideTotalDose", "dose in Bq"),
			text("RadiopharmaceuticalStartTime", drug+"RadiopharmaceuticalStartTime", "start of administration, HH:MM:SS").in(asTime),
			text("Radiopharmaceutical", drug+"Radiopharmaceutical", "radiopharmaceutical in words"),
		}, planeColumns()...),
			integer("NumberOfSlices", "NumberOfSlices", "slices of the series"),
			integer("NumberOfTimeSlices", "NumberOfTimeSlices", "frames in time"),
		)}
}

func contrastTable() *seriesTable {
	return &seriesTable{name: "contrast_index", row: rowSeries, description: "Series of CT, MR, PT, XA and RF of which an instance names a contrast agent.",
		where: func(_, m string) bool { return m == "CT" || m == "MR" || m == "PT" || m == "XA" || m == "RF" },
		columns: []*column{seriesKey(),
			list("ContrastBolusAgent", "ContrastBolusAgent", "agents").by(aggDistinct),
			list("ContrastBolusIngredient", "ContrastBolusIngredient", "active ingredients").by(aggDistinct),
			list("ContrastBolusRoute", "ContrastBolusRoute", "routes of administration").by(aggDistinct),
		}}
}

func segTable() *seriesTable {
	const segment = "SegmentSequence[]."
	return &seriesTable{name: "seg_index", row: rowSeries, description: "Series of segmentations.", where: ofClass(segmentation, labelMap),
		columns: []*column{seriesKey(),
			text("SegmentationType", "SegmentationType", "BINARY, FRACTIONAL or LABELMAP"),
			integer("total_segments", segment+"SegmentNumber", "number of different segment numbers").by(aggCountDistinct),
			text("AlgorithmType", segment+"SegmentAlgorithmType", "kinds of algorithm").by(aggComma),
			text("AlgorithmName", segment+"SegmentAlgorithmName", "algorithms").by(aggComma),
			text("segmented_SeriesInstanceUID", "ReferencedSeriesSequence.SeriesInstanceUID", "series that is segmented").derived((*seriesRow).referenced),
			list("SegmentedPropertyCategory_CodeMeanings", segment+"SegmentedPropertyCategoryCodeSequence.CodeMeaning", "categories of the segments").by(aggDistinct),
			list("SegmentedPropertyType_CodeMeanings", segment+"SegmentedPropertyTypeCodeSequence.CodeMeaning", "types of the segments").by(aggDistinct),
			list("AnatomicRegion_CodeMeanings", segment+"AnatomicRegionSequence.CodeMeaning", "regions of the segments").by(aggDistinct),
		}}
}

func rtstructTable() *seriesTable {
	return &seriesTable{name: "rtstruct_index", row: rowSeries, description: "Series of RT Structure Set Storage. Lists are sorted each for itself.", where: ofClass(structureSet),
		columns: []*column{seriesKey(),
			integer("total_rois", "StructureSetROISequence[].ROINumber", "number of different ROI numbers").by(aggCountDistinct),
			list("ROINames", "StructureSetROISequence[].ROIName", "names of the ROIs").by(aggDistinct),
			list("ROIGenerationAlgorithms", "StructureSetROISequence[].ROIGenerationAlgorithm", "AUTOMATIC, SEMIAUTOMATIC, MANUAL").by(aggDistinct),
			list("RTROIInterpretedTypes", "RTROIObservationsSequence[].RTROIInterpretedType", "types of the ROIs").by(aggDistinct),
			text("referenced_SeriesInstanceUID", "ReferencedFrameOfReferenceSequence[].RTReferencedStudySequence[].RTReferencedSeriesSequence[].SeriesInstanceUID", "series that the set belongs to").derived((*seriesRow).referenced),
		}}
}
