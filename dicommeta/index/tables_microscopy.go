package index

import (
	"math"

	"github.com/carabiner-health/carabiner/columnar"
)

func annTable() *seriesTable {
	const group = "AnnotationGroupSequence[]."
	return &seriesTable{name: "ann_index", row: rowSeries, description: "Series of Microscopy Bulk Simple Annotations.", where: ofModality("ANN"),
		columns: []*column{seriesKey(),
			unknown("collection_id", columnar.TextColumn, "collection of the repository"),
			text("AnnotationCoordinateType", "AnnotationCoordinateType", "2D or 3D"),
			integer("total_annotation_groups", group+"AnnotationGroupNumber", "number of different group numbers").by(aggCountDistinct),
			integer("total_annotations", group+"NumberOfAnnotations", "annotations of all groups").by(aggSum),
			text("GraphicTypes", group+"GraphicType", "kinds of graphics").by(aggComma),
			text("AnnotationGenerationTypes", group+"AnnotationGroupGenerationType", "MANUAL, SEMIAUTOMATIC, AUTOMATIC").by(aggComma),
			list("AnnotationGroupLabels", group+"AnnotationGroupLabel", "labels of the groups").by(aggDistinct),
			list("AnnotationPropertyCategories", group+"AnnotationPropertyCategoryCodeSequence.CodeMeaning", "categories of the groups").by(aggDistinct),
			list("AnnotationPropertyTypes", group+"AnnotationPropertyTypeCodeSequence.CodeMeaning", "types of the groups").by(aggDistinct),
			text("AlgorithmNames", group+"AnnotationGroupAlgorithmIdentificationSequence.AlgorithmName", "algorithms").by(aggComma),
			text("ContentLabel", "ContentLabel", "label of the content"),
			text("ContentDescription", "ContentDescription", "description of the content"),
			text("ReferencedSOPClassUIDs", "ReferencedSeriesSequence[].ReferencedInstanceSequence[].ReferencedSOPClassUID", "kinds of the images").by(aggComma),
			text("referenced_SeriesInstanceUID", "ReferencedSeriesSequence.SeriesInstanceUID", "series that is annotated"),
			unknown("viewer_url", columnar.TextColumn, "address of the repository's viewer"),
		}}
}

func annGroupTable() *seriesTable {
	const categories, types = "AnnotationPropertyCategoryCodeSequence", "AnnotationPropertyTypeCodeSequence"
	return &seriesTable{name: "ann_group_index", row: rowGroup, description: "Groups of Microscopy Bulk Simple Annotations. Attributes are those of the item of Annotation Group Sequence, or else of the instance.", where: ofModality("ANN"),
		columns: []*column{
			text("SOPInstanceUID", "SOPInstanceUID", "UID of the instance"),
			seriesKey(),
			unknown("collection_id", columnar.TextColumn, "collection of the repository"),
			integer("AnnotationGroupNumber", "AnnotationGroupNumber", "number of the group"),
			text("AnnotationGroupUID", "AnnotationGroupUID", "UID of the group"),
			text("AnnotationGroupLabel", "AnnotationGroupLabel", "label of the group"),
			text("AnnotationGroupGenerationType", "AnnotationGroupGenerationType", "MANUAL, SEMIAUTOMATIC or AUTOMATIC"),
			integer("NumberOfAnnotations", "NumberOfAnnotations", "annotations of the group"),
			text("GraphicType", "GraphicType", "kind of graphics"),
			text("AnnotationCoordinateType", "AnnotationCoordinateType", "2D or 3D"),
			text("AnnotationPropertyCategory_code", categories, "category as designator:value").in(asCode),
			text("AnnotationPropertyCategory_CodeMeaning", categories+".CodeMeaning", "category in words"),
			text("AnnotationPropertyType_code", types, "type as designator:value").in(asCode),
			text("AnnotationPropertyType_CodeMeaning", types+".CodeMeaning", "type in words"),
			text("AlgorithmName", "AnnotationGroupAlgorithmIdentificationSequence.AlgorithmName", "algorithm"),
			text("ReferencedSOPInstanceUID", "ReferencedSeriesSequence.ReferencedInstanceSequence.ReferencedSOPInstanceUID", "one of the images"),
			(&column{name: "instance_size", kind: columnar.Int64Column, description: "size of the file in bytes"}).derived((*seriesRow).instanceSize),
			unknown("crdc_instance_uuid", columnar.TextColumn, "id of the instance in the repository"),
		}}
}

// preparation returns two columns: what a specimen was treated with, by the concept of
// the step (TID 8001 and following).
func preparation(name, concept, words string) []*column {
	const path = "SpecimenDescriptionSequence.SpecimenPreparationSequence[].SpecimenPreparationStepContentItemSequence[].ConceptCodeSequence"
	return []*column{
		list(name+"_CodeMeaning", path, words+" in words").derived(func(r *seriesRow) (cell, bool) { return r.treatment(concept, false) }),
		list(name+"_code_designator_value_str", path, words+" as designator:value").derived(func(r *seriesRow) (cell, bool) { return r.treatment(concept, true) }),
	}
}

// The concepts of the steps of preparation that IDC's index asks for.
const (
	embeddingMedium = "SCT:430863003"
	tissueFixative  = "SCT:430864009"
	usingSubstance  = "SCT:424361007"
)

func preparations() []*column {
	all := preparation("embeddingMedium", embeddingMedium, "embedding medium")
	all = append(all, preparation("tissueFixative", tissueFixative, "fixative")...)
	return append(all, preparation("staining_usingSubstance", usingSubstance, "stain")...)
}

func coded(name, attribute, words string) []*column {
	return []*column{
		text(name+"_code_designator_value_str", attribute, words+" as designator:value").in(asCode),
		text(name+"_CodeMeaning", attribute+".CodeMeaning", words+" in words"),
	}
}

func smTable() *seriesTable {
	const structure = "SpecimenDescriptionSequence.PrimaryAnatomicStructureSequence"
	columns := append([]*column{seriesKey()}, preparations()...)
	columns = append(columns,
		text("ContainerIdentifier", "ContainerIdentifier", "id of the slide"),
		(&column{name: "min_PixelSpacing_2sf", kind: columnar.Float64Column, attribute: "SharedFunctionalGroupsSequence.PixelMeasuresSequence.PixelSpacing",
			description: "smallest pixel spacing in mm, to two significant digits"}).derived((*seriesRow).finestSpacing),
		integer("max_TotalPixelMatrixColumns", "TotalPixelMatrixColumns", "width of the largest image").by(aggMax),
		integer("max_TotalPixelMatrixRows", "TotalPixelMatrixRows", "height of the largest image").by(aggMax),
		integer("ObjectiveLensPower", "OpticalPathSequence.ObjectiveLensPower", "power of the objective lens"),
	)
	columns = append(columns, coded("primaryAnatomicStructure", structure, "where the specimen is from")...)
	columns = append(columns, coded("primaryAnatomicStructureModifier", structure+".PrimaryAnatomicStructureModifierSequence", "more on where the specimen is from")...)
	columns = append(columns, coded("illuminationType", "OpticalPathSequence.IlluminationTypeCodeSequence", "illumination")...)
	columns = append(columns, coded("admittingDiagnosis", "AdmittingDiagnosesCodeSequence", "admitting diagnosis")...)
	return &seriesTable{name: "sm_index", row: rowSeries, description: "Series of slide microscopy.", where: ofModality("SM"), columns: columns}
}

func smInstanceTable() *seriesTable {
	columns := append([]*column{text("SOPInstanceUID", "SOPInstanceUID", "UID of the instance"), seriesKey()}, preparations()...)
	return &seriesTable{name: "sm_instance_index", row: rowInstance, description: "Instances of slide microscopy.", where: ofModality("SM"),
		columns: append(columns,
			float("PixelSpacing_0", "SharedFunctionalGroupsSequence.PixelMeasuresSequence.PixelSpacing", "distance of rows in mm"),
			list("ImageType", "ImageType", "values of Image Type"),
			text("TransferSyntaxUID", "TransferSyntaxUID", "transfer syntax"),
			(&column{name: "instance_size", kind: columnar.Int64Column, description: "size of the file in bytes"}).derived((*seriesRow).instanceSize),
			integer("TotalPixelMatrixColumns", "TotalPixelMatrixColumns", "width of the whole image"),
			integer("TotalPixelMatrixRows", "TotalPixelMatrixRows", "height of the whole image"),
			unknown("crdc_instance_uuid", columnar.TextColumn, "id of the instance in the repository"),
		)}
}

func geometryTable() *seriesTable {
	check := func(f func(*volume) bool) func(*seriesRow) (cell, bool) {
		return func(r *seriesRow) (cell, bool) { return boolCell(f(&r.volume)), r.volume.n > 0 }
	}
	return &seriesTable{name: "volume_geometry_index", row: rowSeries, where: ofClass(ctImage, mrImage, ptImage),
		description: "Series of single-frame CT, MR and PT without localizers and MIPs: whether their slices make a regular volume.",
		columns: []*column{seriesKey(),
			boolean("single_orientation", "all instances have the same Image Orientation (Patient)", check((*volume).singleOrientation)),
			boolean("orthogonal_orientation", "rows and columns are unit vectors at a right angle, to 0.01", check((*volume).orthogonal)),
			boolean("unique_slice_positions", "no two instances have the same position along the normal", check((*volume).uniquePositions)),
			boolean("consistent_in_plane_row", "positions move less than 0.1 mm along the rows", check((*volume).steadyRow)),
			boolean("consistent_in_plane_col", "positions move less than 0.1 mm along the columns", check((*volume).steadyColumn)),
			boolean("consistent_pixel_spacing", "all instances have the same Pixel Spacing", check((*volume).sameSpacing)),
			boolean("consistent_image_dimensions", "all instances have the same Rows and Columns", check((*volume).sameSize)),
			boolean("uniform_slice_spacing", "distances of neighbours differ less than 0.2 mm from the mean", check((*volume).uniform)),
			(&column{name: "obliquity_degrees", kind: columnar.Float64Column, description: "angle between the normal and the nearest axis of the patient, of the first instance"}).derived(
				func(r *seriesRow) (cell, bool) {
					o := r.volume.obliquity
					return cell{number: o}, r.volume.n > 0 && !math.IsNaN(o)
				}),
			boolean("regularly_spaced_3d_volume", "all of the above hold but the angle", check((*volume).regular)),
		}}
}
