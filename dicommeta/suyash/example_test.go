package suyash_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/dicommeta/suyash"
)

func file() []byte {
	x := &dicommeta.Instance{Dataset: dicommeta.NewDataset(
		dicommeta.TextElement(dict.SOPInstanceUID, "1.2.3"),
		dicommeta.TextElement(dict.PatientName, "Åberg^Örjan"),
		dicommeta.NumberElement(dict.Rows, 0, 512),
	)}
	var b bytes.Buffer
	if err := dicommeta.Write(&b, x, &dicommeta.WriteOptions{TransferSyntax: "1.2.840.10008.1.2"}); err != nil {
		log.Fatal(err)
	}
	return b.Bytes()
}

func ExampleParse() {
	b := file()
	ds, found, err := suyash.Parse(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		log.Fatal(err)
	}
	e, err := ds.FindElementByTag(tag.PatientName)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dicom.MustGetStrings(e.Value)[0])
	for _, i := range found {
		if i.Code == suyash.CodeMended {
			fmt.Println(i)
		}
	}
	// Output:
	// Åberg^Örjan
	// information: the elements were written anew [dicom-suyash-mended]
}

func ExampleToSuyash() {
	b := file()
	x, err := dicommeta.Parse(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		log.Fatal(err)
	}
	ds, lost := suyash.ToSuyash(x)
	e, err := ds.FindElementByTag(tag.Rows)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dicom.MustGetInts(e.Value), len(lost))
	// Output: [512] 0
}

func ExampleFromSuyash() {
	e, err := dicom.NewElement(tag.PatientName, []string{"Åberg^Örjan"})
	if err != nil {
		log.Fatal(err)
	}
	x, lost, err := suyash.FromSuyash(dicom.Dataset{Elements: []*dicom.Element{e}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Text(dict.PatientName), x.Text(dict.SpecificCharacterSet), len(lost))
	// Output: Åberg^Örjan ISO_IR 192 0
}
