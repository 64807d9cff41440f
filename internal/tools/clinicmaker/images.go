package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/carabiner-health/carabiner/internal/dicomgen"
)

// uidRoot is the root of the studies; what is under 2.25 belongs to nobody.
const uidRoot = "2.25.3293847561."

// accession is the number under which the order of a study stands, in FHIR and in
// DICOM.
func accession(number string) string { return "A" + fmt.Sprintf("%04s", number) }

// imagesOf returns the DICOM files of the clinic by name: the two studies that the export tells
// of, with more objects than it names, and three that it does not know.
func (c *clinic) imagesOf() (map[string][]byte, error) {
	pictures := map[string][]byte{}
	put := func(st dicomgen.Study, objects ...dicomgen.Object) error {
		for _, o := range objects {
			o.Shrink(8)
			b, err := o.Bytes()
			if err != nil {
				return err
			}
			pictures["dicom/"+st.ID+"/"+o.Name] = b
		}
		return nil
	}
	stay := c.imagingStudy("2", "02", "20231105", "Chest after a fall")
	ct := dicomgen.CT(&stay, &dicomgen.GE, 2, 3)
	emergency := c.imagingStudy("9", "09", "20240901", "Hand")
	screening := c.imagingStudy("21", "01", "20230822", "Screening")
	head := c.imagingStudy("23", "03", "20240506", "Spine")
	slide := c.imagingStudy("25", "05", "20230612", "Slide")
	for _, x := range []struct {
		study   dicomgen.Study
		objects []dicomgen.Object
	}{
		{stay, append(ct, dicomgen.DigitalXRay(&stay, &dicomgen.Plain, 1), dicomgen.Report(&stay, &dicomgen.Plain, 3, &ct[0], "12.5"),
			dicomgen.PresentationState(&stay, &dicomgen.Plain, 4, ct))},
		{emergency, []dicomgen.Object{dicomgen.DigitalXRay(&emergency, &dicomgen.Plain, 1)}},
		{screening, dicomgen.Mammography(&screening, &dicomgen.Plain, 1)},
		{head, dicomgen.MR(&head, &dicomgen.Siemens, 1, 2)},
		{slide, dicomgen.Slide(&slide, &dicomgen.Plain, 1, 2, 2, 64)},
	} {
		if err := put(x.study, x.objects...); err != nil {
			return nil, err
		}
	}
	return pictures, c.err
}

// strangerOf returns the files of a patient whom the export does not know.
func (c *clinic) strangerOf() (map[string][]byte, error) {
	st := dicomgen.Study{Patient: dicomgen.Patient{ID: "N77", Name: "Testcase-77^Sample", BirthDate: "19600101", Sex: "O"},
		UID: uidRoot + "77", ID: "study-77", Date: "20240115", Time: "100000", Accession: accession("77"), Description: "Chest"}
	pictures := map[string][]byte{}
	for _, o := range dicomgen.CT(&st, &dicomgen.Siemens, 1, 1) {
		o.Shrink(8)
		b, err := o.Bytes()
		if err != nil {
			return nil, err
		}
		pictures["dicom/"+st.ID+"/"+o.Name] = b
		// The second file breaks off within its header.
		pictures["dicom/"+st.ID+"/cut.dcm"] = b[:705]
	}
	return pictures, nil
}

// imagingStudy returns a study of a patient of the export, as the export knows him.
func (c *clinic) imagingStudy(number, patient, day, about string) dicomgen.Study {
	st := dicomgen.Study{UID: uidRoot + number, ID: "study-" + number, Date: day, Time: "100000", Accession: accession(number), Description: about}
	for _, line := range c.lines["Patient"] {
		var p struct {
			ID, Gender, BirthDate string
			Identifier            []struct{ Value string }
			Name                  []struct {
				Family string
				Given  []string
			}
		}
		if err := json.Unmarshal(line, &p); err != nil || p.ID != "pat-"+patient {
			continue
		}
		birth := strings.ReplaceAll(p.BirthDate, "-", "")
		if len(birth) != 8 {
			birth = "" // DICOM has whole days alone
		}
		st.Patient = dicomgen.Patient{ID: p.Identifier[0].Value, Name: p.Name[0].Family + "^" + p.Name[0].Given[0], BirthDate: birth,
			Sex: map[string]string{"male": "M", "female": "F", "other": "O"}[p.Gender]}
		return st
	}
	if c.err == nil {
		c.err = fmt.Errorf("patient %s: not in the export", patient)
	}
	return st
}
