package dicommeta_test

import (
	"fmt"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// A Validator is made once and holds an instance to the rules of its SOP class.
func ExampleNewValidator() {
	v, err := dicommeta.NewValidator(&dicommeta.ValidateOptions{
		AtLeast: issue.Error,
		Only:    []issue.Code{dicommeta.CodeType1Missing, dicommeta.CodeEnumeratedValue, dicommeta.CodeVM},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	x := &dicommeta.Instance{Dataset: dicommeta.NewDataset(
		dicommeta.TextElement(dict.SOPClassUID, "1.2.840.10008.5.1.4.1.1.104.1"), // Encapsulated PDF
		dicommeta.TextElement(dict.SOPInstanceUID, "1.2.3.4"),
		dicommeta.TextElement(dict.Modality, "DOC", "OT"),
		dicommeta.TextElement(dict.PatientSex, "unknown"),
		dicommeta.TextElement(dict.ConversionType, "WSD"),
		dicommeta.TextElement(dict.StudyInstanceUID, "1.2.3"),
		dicommeta.TextElement(dict.SeriesInstanceUID, "1.2.3.1"),
		dicommeta.TextElement(dict.SeriesNumber, "1"),
		dicommeta.TextElement(dict.InstanceNumber, "1"),
		dicommeta.TextElement(dict.BurnedInAnnotation, "YES"),
		dicommeta.TextElement(dict.MIMETypeOfEncapsulatedDocument, "application/pdf"),
	)}
	for _, f := range v.Validate(x) {
		fmt.Println(f.Severity, f.Code, f.Path, f.Message)
	}
	// Output:
	// error dicom-vm (0008,0060) Modality: want VM 1, have 2 values
	// error dicom-enumerated-value (0010,0040) PatientSex: want one of M, F, O, none, have another value
	// error dicom-type1-missing (0042,0011) EncapsulatedDocument: want an attribute of type 1, have none
}
