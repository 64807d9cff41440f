package index

import (
	"slices"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// instanceRow is a row of the table instance: one file.
type instanceRow struct {
	Path              string             `parquet:"path"`
	Size              int64              `parquet:"size"`
	Modified          columnar.Timestamp `parquet:"modified"`
	PatientID         *string            `parquet:"PatientID" columnar:"dict"`
	StudyInstanceUID  *string            `parquet:"StudyInstanceUID" columnar:"dict"`
	SeriesInstanceUID *string            `parquet:"SeriesInstanceUID" columnar:"dict"`
	SOPInstanceUID    *string            `parquet:"SOPInstanceUID"`
	SOPClassUID       *string            `parquet:"SOPClassUID" columnar:"dict"`
	SOPClassName      *string            `parquet:"sop_class_name" columnar:"dict"`
	Modality          *string            `parquet:"Modality" columnar:"dict"`
	InstanceNumber    *int64             `parquet:"InstanceNumber"`
	TransferSyntaxUID *string            `parquet:"TransferSyntaxUID" columnar:"dict"`
	Encoding          string             `parquet:"encoding" columnar:"dict"`
	ImageType         *string            `parquet:"ImageType" columnar:"dict"`
	Rows              *int64             `parquet:"Rows" columnar:"dict"`
	Columns           *int64             `parquet:"Columns" columnar:"dict"`
	Frames            *int64             `parquet:"NumberOfFrames" columnar:"dict"`
	AcquisitionDate   *string            `parquet:"AcquisitionDate" columnar:"dict"`
	AcquisitionTime   *string            `parquet:"AcquisitionTime"`
	ContentDate       *string            `parquet:"ContentDate" columnar:"dict"`
	ContentTime       *string            `parquet:"ContentTime"`
	Charset           *string            `parquet:"SpecificCharacterSet" columnar:"dict"`
	Elements          int64              `parquet:"elements" columnar:"dict"`
	Findings          int64              `parquet:"findings" columnar:"dict"`
	Partial           bool               `parquet:"partial"`
}

func instanceColumns() []Column {
	return []Column{
		{Name: "path", Type: "STRING", Description: "name of the file; the row key"},
		{Name: "size", Type: "INTEGER", Description: "bytes of the file"},
		{Name: "modified", Type: "TIMESTAMP", Description: "when the file was changed, UTC"},
		attributeColumn("PatientID", "id of the patient"),
		attributeColumn("StudyInstanceUID", "UID of the study"),
		attributeColumn("SeriesInstanceUID", "UID of the series"),
		attributeColumn("SOPInstanceUID", "UID of the instance"),
		attributeColumn("SOPClassUID", "kind of object"),
		{Name: "sop_class_name", Type: "STRING", Description: "name of SOPClassUID", Attribute: "SOPClassUID", Tag: "00080016"},
		attributeColumn("Modality", "modality"),
		integerColumn("InstanceNumber", "number of the instance"),
		attributeColumn("TransferSyntaxUID", "transfer syntax that the file states"),
		{Name: "encoding", Type: "STRING", Description: "how the data set is written, as found in its bytes"},
		attributeColumn("ImageType", "values of Image Type with backslashes between them"),
		integerColumn("Rows", "rows of a frame"),
		integerColumn("Columns", "columns of a frame"),
		integerColumn("NumberOfFrames", "frames; NULL where the attribute is not there"),
		attributeColumn("AcquisitionDate", "date of acquisition, YYYY-MM-DD"),
		attributeColumn("AcquisitionTime", "time of acquisition, HH:MM:SS"),
		attributeColumn("ContentDate", "date of the content, YYYY-MM-DD"),
		attributeColumn("ContentTime", "time of the content, HH:MM:SS"),
		attributeColumn("SpecificCharacterSet", "character sets with backslashes between them"),
		{Name: "elements", Type: "INTEGER", Description: "elements that were read, those of items included"},
		{Name: "findings", Type: "INTEGER", Description: "findings of reading, see the table findings"},
		{Name: "partial", Type: "BOOLEAN", Description: "the file ends early, or could be followed in part only"},
	}
}

func attributeColumn(keyword, description string) Column {
	t, _ := dict.ByKeyword(keyword)
	return Column{Name: keyword, Type: "STRING", Description: description, Attribute: keyword, Tag: t.Hex()}
}

func integerColumn(keyword, description string) Column {
	c := attributeColumn(keyword, description)
	c.Type = "INTEGER"
	return c
}

func ptr[T any](v T) *T { return &v }

// textOr returns nil for no text.
func textOr(s string) *string {
	if s == "" {
		return nil
	}
	return ptr(strings.ToValidUTF8(s, "\uFFFD"))
}

func intOf(d *dicommeta.Dataset, t dict.Tag) *int64 {
	if n, ok := d.Int(t); ok {
		return &n
	}
	return nil
}

// rowTags are the attributes of an instanceRow, in order.
var rowTags = sync.OnceValue(func() []dict.Tag {
	tags := []dict.Tag{dict.PatientID, dict.StudyInstanceUID, dict.SeriesInstanceUID, dict.SOPInstanceUID, dict.SOPClassUID, dict.Modality,
		dict.InstanceNumber, dict.ImageType, dict.Rows, dict.Columns, dict.NumberOfFrames, dict.AcquisitionDate, dict.AcquisitionTime,
		dict.ContentDate, dict.ContentTime, dict.SpecificCharacterSet}
	slices.Sort(tags)
	return tags
})

// newInstanceRow returns the row of a file; d holds at least the rowTags of its data set.
func newInstanceRow(x *dicommeta.Instance, d *dicommeta.Dataset) instanceRow {
	class := d.Text(dict.SOPClassUID)
	if class == "" {
		class = x.SOPClassUID()
	}
	uid := d.Text(dict.SOPInstanceUID)
	if uid == "" {
		uid = x.Meta.Text(dict.MediaStorageSOPInstanceUID)
	}
	r := instanceRow{
		Path: strings.ToValidUTF8(x.Source, "\uFFFD"), Size: x.Size, Modified: columnar.TimestampOf(x.Modified.UTC()),
		PatientID: textOr(d.Text(dict.PatientID)), StudyInstanceUID: textOr(d.Text(dict.StudyInstanceUID)),
		SeriesInstanceUID: textOr(d.Text(dict.SeriesInstanceUID)), SOPInstanceUID: textOr(uid), SOPClassUID: textOr(class),
		Modality: textOr(d.Text(dict.Modality)), InstanceNumber: intOf(d, dict.InstanceNumber), TransferSyntaxUID: textOr(x.TransferSyntax),
		Encoding: x.Encoding.String(), ImageType: textOr(strings.Join(d.Texts(dict.ImageType), `\`)),
		Rows: intOf(d, dict.Rows), Columns: intOf(d, dict.Columns), Frames: intOf(d, dict.NumberOfFrames),
		AcquisitionDate: textOr(dateText(d.Text(dict.AcquisitionDate))), AcquisitionTime: textOr(timeText(d.Text(dict.AcquisitionTime))),
		ContentDate: textOr(dateText(d.Text(dict.ContentDate))), ContentTime: textOr(timeText(d.Text(dict.ContentTime))),
		Charset:  textOr(strings.Join(d.Texts(dict.SpecificCharacterSet), `\`)),
		Elements: countElements(&x.Meta) + countElements(&x.Dataset), Findings: int64(len(x.Issues)), Partial: x.Partial,
	}
	if e := dict.FindUID(class); e != nil {
		r.SOPClassName = &e.Name
	}
	return r
}

func countElements(d *dicommeta.Dataset) int64 {
	n := int64(len(d.Elements))
	for i := range d.Elements {
		for j := range d.Elements[i].Items {
			n += countElements(&d.Elements[i].Items[j])
		}
	}
	return n
}

// findingRow is a row of the table findings.
type findingRow struct {
	Path     string `parquet:"path" columnar:"dict"`
	Severity string `parquet:"severity" columnar:"dict"`
	Code     string `parquet:"code" columnar:"dict"`
	TagPath  string `parquet:"tag_path" columnar:"dict"`
	Offset   int64  `parquet:"offset"`
	Message  string `parquet:"message" columnar:"dict"`
	Rule     string `parquet:"rule" columnar:"dict"`
}

func findingColumns() []Column {
	return []Column{
		{Name: "path", Type: "STRING", Description: "name of the file"},
		{Name: "severity", Type: "STRING", Description: "information, warning, error or fatal"},
		{Name: "code", Type: "STRING", Description: "kind of finding"},
		{Name: "tag_path", Type: "STRING", Description: "tags and items that lead to the element"},
		{Name: "offset", Type: "INTEGER", Description: "where in the file, in bytes"},
		{Name: "message", Type: "STRING", Description: "what was wanted and what was there, by kind"},
		{Name: "rule", Type: "STRING", Description: "clause that was broken"},
	}
}

func newFindingRow(i issue.Issue) findingRow {
	valid := func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
	return findingRow{valid(i.Pos.Source), i.Severity.String(), string(i.Code), i.Path, i.Pos.Offset, valid(i.Message), i.Rule}
}

// studyRow is a row of the table study.
type studyRow struct {
	StudyInstanceUID string  `parquet:"StudyInstanceUID"`
	PatientID        *string `parquet:"PatientID"`
	StudyDate        *string `parquet:"StudyDate"`
	StudyTime        *string `parquet:"StudyTime"`
	StudyID          *string `parquet:"StudyID"`
	AccessionNumber  *string `parquet:"AccessionNumber"`
	Description      *string `parquet:"StudyDescription"`
	Referring        *string `parquet:"ReferringPhysicianName"`
	PatientAge       *string `parquet:"PatientAge"`
	Modalities       *string `parquet:"ModalitiesInStudy"`
	Series           int64   `parquet:"seriesCount"`
	Instances        int64   `parquet:"instanceCount"`
	SizeMB           float64 `parquet:"study_size_MB"`
	Conflicts        int64   `parquet:"conflicts"`
}

func studyColumns() []Column {
	return []Column{
		{Name: "StudyInstanceUID", Type: "STRING", Description: "UID of the study; the row key", Attribute: "StudyInstanceUID", Tag: "0020000D", Aggregation: "key"},
		anyColumn("PatientID", "id of the patient"),
		anyColumn("StudyDate", "date, YYYY-MM-DD"),
		anyColumn("StudyTime", "time, HH:MM:SS"),
		anyColumn("StudyID", "id of the study"),
		anyColumn("AccessionNumber", "accession number"),
		anyColumn("StudyDescription", "what the study is, in words"),
		anyColumn("ReferringPhysicianName", "referring physician"),
		anyColumn("PatientAge", "age at the study"),
		{Name: "ModalitiesInStudy", Type: "STRING", Description: "modalities of its series, with commas", Attribute: "Modality", Tag: "00080060", Aggregation: "distinct, comma"},
		{Name: "seriesCount", Type: "INTEGER", Description: "number of series", Aggregation: "count"},
		{Name: "instanceCount", Type: "INTEGER", Description: "number of instances, copies included", Aggregation: "count"},
		{Name: "study_size_MB", Type: "FLOAT", Description: "sum of the sizes of the files in 1,000,000 bytes, two decimals", Aggregation: "sum"},
		{Name: "conflicts", Type: "INTEGER", Description: "findings on instances that contradict each other", Aggregation: "derived"},
	}
}

func anyColumn(keyword, description string) Column {
	c := attributeColumn(keyword, description)
	c.Aggregation = "any"
	return c
}

// patientRow is a row of the table patient.
type patientRow struct {
	PatientID string  `parquet:"PatientID"`
	Issuer    *string `parquet:"IssuerOfPatientID"`
	Name      *string `parquet:"PatientName"`
	Sex       *string `parquet:"PatientSex"`
	BirthDate *string `parquet:"PatientBirthDate"`
	Studies   int64   `parquet:"studyCount"`
	Series    int64   `parquet:"seriesCount"`
	Instances int64   `parquet:"instanceCount"`
	First     *string `parquet:"first_StudyDate"`
	Last      *string `parquet:"last_StudyDate"`
	Names     int64   `parquet:"name_conflicts"`
	Births    int64   `parquet:"birth_date_conflicts"`
	Sexes     int64   `parquet:"sex_conflicts"`
}

func patientColumns() []Column {
	return []Column{
		{Name: "PatientID", Type: "STRING", Description: "id of the patient; with the issuer the row key", Attribute: "PatientID", Tag: "00100020", Aggregation: "key"},
		{Name: "IssuerOfPatientID", Type: "STRING", Description: "issuer of the id", Attribute: "IssuerOfPatientID", Tag: "00100021", Aggregation: "key"},
		anyColumn("PatientName", "name"),
		anyColumn("PatientSex", "sex"),
		anyColumn("PatientBirthDate", "birth date, YYYY-MM-DD"),
		{Name: "studyCount", Type: "INTEGER", Description: "number of studies", Aggregation: "count"},
		{Name: "seriesCount", Type: "INTEGER", Description: "number of series", Aggregation: "count"},
		{Name: "instanceCount", Type: "INTEGER", Description: "number of instances, copies included", Aggregation: "count"},
		{Name: "first_StudyDate", Type: "STRING", Description: "earliest study", Attribute: "StudyDate", Tag: "00080020", Aggregation: "min"},
		{Name: "last_StudyDate", Type: "STRING", Description: "latest study", Attribute: "StudyDate", Tag: "00080020", Aggregation: "max"},
		{Name: "name_conflicts", Type: "INTEGER", Description: "names beyond the first", Attribute: "PatientName", Tag: "00100010", Aggregation: "derived"},
		{Name: "birth_date_conflicts", Type: "INTEGER", Description: "birth dates beyond the first", Attribute: "PatientBirthDate", Tag: "00100030", Aggregation: "derived"},
		{Name: "sex_conflicts", Type: "INTEGER", Description: "sexes beyond the first", Attribute: "PatientSex", Tag: "00100040", Aggregation: "derived"},
	}
}

// writtenTables are the tables that are made file by file, study by study or patient by
// patient.
func writtenTables() []Table {
	return []Table{
		{Name: "instance", Row: "instance", Description: "All files that are DICOM.", Columns: instanceColumns()},
		{Name: "elements", Row: "value", Description: "All elements of all files, one row a value.", Columns: elementColumns()},
		{Name: "findings", Row: "finding", Description: "What is wrong with files, and where instances contradict each other.", Columns: findingColumns()},
		{Name: "study", Row: "study", Description: "All studies.", Columns: studyColumns()},
		{Name: "patient", Row: "patient", Description: "All patients, by id and issuer.", Columns: patientColumns()},
	}
}
