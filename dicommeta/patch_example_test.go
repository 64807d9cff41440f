package dicommeta_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

func ExampleWrite() {
	x := &dicommeta.Instance{Dataset: dicommeta.NewDataset(
		dicommeta.TextElement(dict.SOPClassUID, "1.2.840.10008.5.1.4.1.1.7"),
		dicommeta.TextElement(dict.SOPInstanceUID, "1.2.3"),
		dicommeta.TextElement(dict.PatientName, "Åberg^Örjan"),
	)}
	var b bytes.Buffer
	if err := dicommeta.Write(&b, x, nil); err != nil {
		log.Fatal(err)
	}
	y, err := dicommeta.Parse(bytes.NewReader(b.Bytes()), int64(b.Len()), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(y.Text(dict.PatientName), y.Text(dict.SpecificCharacterSet), y.Encoding)
	// Output: Åberg^Örjan ISO_IR 192 Explicit VR Little Endian
}

func ExamplePatch() {
	x := &dicommeta.Instance{Dataset: dicommeta.NewDataset(
		dicommeta.TextElement(dict.SOPInstanceUID, "1.2.3"),
		dicommeta.TextElement(dict.PatientName, "Ek^Eva"),
		dicommeta.SequenceElement(dict.RequestAttributesSequence, dicommeta.NewDataset(
			dicommeta.TextElement(dict.ScheduledProcedureStepDescription, "head"),
		)),
	)}
	var file bytes.Buffer
	if err := dicommeta.Write(&file, x, nil); err != nil {
		log.Fatal(err)
	}
	changes := []dicommeta.Change{
		{Path: dicommeta.Path{{Tag: dict.PatientName}}, Action: dicommeta.ActionRemove},
		{
			Path:    dicommeta.Path{{Tag: dict.RequestAttributesSequence, Item: 1}, {Tag: dict.ScheduledProcedureStepDescription}},
			Element: dicommeta.TextElement(dict.ScheduledProcedureStepDescription, "head and neck"),
		},
	}
	var out bytes.Buffer
	done, err := dicommeta.Patch(&out, bytes.NewReader(file.Bytes()), int64(file.Len()), changes, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(done.Removed, done.Replaced, done.Bytes-int64(file.Len()))
	// Output: 1 1 -4
}
