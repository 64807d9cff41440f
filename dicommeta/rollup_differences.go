package dicommeta

import (
	"fmt"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// clone returns a copy that shares no memory with e.
func (e *Element) clone() Element {
	d := Dataset{Elements: []Element{*e}}
	return d.Clone().Elements[0]
}

// canonicalValue appends what two values must share to be the same: text without
// padding, names also without the delimiters at their end (PS3.5 §6.2), items with
// all they hold.
func canonicalValue(dst []byte, e *Element) []byte {
	if e.Items != nil {
		for i := range e.Items {
			dst = append(dst, '[')
			dst = canonicalItem(dst, &e.Items[i])
		}
		return dst
	}
	v := e.Value
	if e.VR.IsText() {
		cut := " \x00"
		if e.VR == dict.PN {
			cut = " \x00^="
		}
		for len(v) > 0 && strings.IndexByte(cut, v[len(v)-1]) >= 0 {
			v = v[:len(v)-1]
		}
		for len(v) > 0 && v[0] == ' ' && e.VR.Multiple() {
			v = v[1:]
		}
	}
	return append(dst, v...)
}

func canonicalItem(dst []byte, d *Dataset) []byte {
	for i := range d.Elements {
		e := &d.Elements[i]
		dst = append(dst, byte(e.Tag>>24), byte(e.Tag>>16), byte(e.Tag>>8), byte(e.Tag))
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		dst = canonicalValue(dst, e)
		n := len(dst) - at - 4
		dst[at], dst[at+1], dst[at+2], dst[at+3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
	}
	return dst
}

// differences are what must lead to the same thing in all studies: a series to one study,
// an instance to one study, a patient to one name, sex and birth date.
type differences struct{ seen map[string][]string }

func newDifferences() *differences { return &differences{map[string][]string{}} }

func (d *differences) note(kind byte, from, to string) {
	if from == "" || to == "" {
		return
	}
	key := string(kind) + from
	for _, have := range d.seen[key] {
		if have == to {
			return
		}
	}
	d.seen[key] = append(d.seen[key], to)
}

func (d *differences) count(kind byte, from string) int { return len(d.seen[string(kind)+from]) }

// patientTagsAlike are what a patient has one of.
var patientTagsAlike = [...]dict.Tag{dict.PatientName, dict.PatientBirthDate, dict.PatientSex}

// patientKey tells patients apart: PatientID is unique within its issuer.
func patientKey(d *Dataset) string {
	id := d.Text(dict.PatientID)
	if id == "" {
		return ""
	}
	return id + "\x00" + d.Text(dict.IssuerOfPatientID)
}

// instance notes where an instance belongs and what it says of its patient.
func (d *differences) instance(x *Dataset, study string, at *place) {
	d.note('s', at.series, study)
	d.note('i', at.instance, study)
	patient := patientKey(x)
	d.note('p', patient, study)
	for i, t := range patientTagsAlike {
		d.note('0'+byte(i), patient, strings.TrimRight(x.Text(t), " ^="))
	}
}

func (d *differences) issues(s *Study) issue.List {
	var found issue.List
	source := ""
	for i := range s.Series {
		se := &s.Series[i]
		if len(se.Instances) > 0 && source == "" {
			source = se.Instances[0].Source
		}
		if n := d.count('s', se.Text(dict.SeriesInstanceUID)); n > 1 {
			at := ""
			if len(se.Instances) > 0 {
				at = se.Instances[0].Source
			}
			found = append(found, rollupIssue(issue.Error, CodeRollupSeriesStudies, dict.SeriesInstanceUID, at,
				fmt.Sprintf("want a series in one study, have it in %d", n)))
		}
		for j := range se.Instances {
			if n := d.count('i', se.Instances[j].Text(dict.SOPInstanceUID)); n > 1 {
				found = append(found, rollupIssue(issue.Error, CodeRollupInstance, dict.SOPInstanceUID, se.Instances[j].Source,
					fmt.Sprintf("want an instance in one study, have it in %d", n)))
			}
		}
	}
	patient := patientKey(&s.Dataset)
	if d.count('p', patient) < 2 {
		return found
	}
	for i, t := range patientTagsAlike {
		if n := d.count('0'+byte(i), patient); n > 1 {
			found = append(found, rollupIssue(issue.Warning, CodeRollupPatient, t, source, fmt.Sprintf("want one value in all studies of the patient, have %d", n)))
		}
	}
	return found
}
