package dicommeta_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing/fstest"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// dataset is a data set in explicit VR little endian as a file without preamble has it.
const dataset = "\x08\x00\x16\x00UI\x1a\x001.2.840.10008.5.1.4.1.1.4\x00" +
	"\x08\x00\x18\x00UI\x06\x001.2.3\x00" +
	"\x08\x00\x60\x00CS\x02\x00MR" +
	"\x10\x00\x20\x00LO\x04\x00A-1 " +
	"\x20\x00\x13\x00IS\x02\x007 "

func ExampleParse() {
	file := strings.NewReader(dataset)
	x, err := dicommeta.Parse(file, file.Size(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	number, _ := x.Int(dict.InstanceNumber)
	fmt.Println(x.Encoding, x.Text(dict.Modality), number)
	for _, i := range x.Issues {
		fmt.Println(i.Severity, i.Code)
	}
	// Output:
	// Explicit VR Little Endian MR 7
	// warning dicom-preamble
	// warning dicom-meta-missing
}

func ExampleParse_notDICOM() {
	file := strings.NewReader("This is text, and longer than a header is.")
	_, err := dicommeta.Parse(file, file.Size(), nil)
	fmt.Println(errors.Is(err, dicommeta.ErrNotDICOM))
	// Output: true
}

func ExampleRead() {
	files := fstest.MapFS{
		"one.dcm":   {Data: []byte(dataset)},
		"notes.txt": {Data: []byte("text")},
	}
	found := new(issue.Collector)
	opts := &dicommeta.ReadOptions{Reporter: found}
	for x, err := range dicommeta.Read(context.Background(), dicommeta.FSSources(files), opts) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(x.Source, x.Text(dict.PatientID))
	}
	fmt.Println(found.List()[0].Pos.Source, found.List()[0].Code)
	// Output:
	// one.dcm A-1
	// notes.txt dicom-not-dicom
}

func ExampleSniff() {
	fmt.Println(dicommeta.Sniff([]byte(dataset)), dicommeta.Sniff([]byte("<html>")))
	// Output: true false
}
