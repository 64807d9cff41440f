package mapping

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// DICOMAccount says how the files of DICOM ended and what their studies were
// linked by. For every modality, and in all, Read = Mapped + Filtered +
// Quarantined + Unsupported.
type DICOMAccount struct {
	Studies int64 `json:"studies"`
	Series  int64 `json:"series"`
	// Files are the instances by modality, and what is no instance of a study.
	Files []TypeAccount `json:"files"`
	Total TypeAccount   `json:"total"`
	// Patients are studies by the identifier that led to their Patient;
	// OwnPersons are those whose patient is known from DICOM alone.
	Patients   map[string]int64 `json:"linked_to_patient_by,omitempty"`
	OwnPersons int64            `json:"studies_of_own_persons"`
	// Visits are studies by the identifier that led to their visit;
	// SeveralVisits are those that are left without, as it would have been one of several.
	Visits        map[string]int64 `json:"linked_to_visit_by,omitempty"`
	SeveralVisits int64            `json:"studies_within_several_visits,omitempty"`
	// Merged are studies that are one with an ImagingStudy.
	Merged int64 `json:"merged_with_imaging_study"`
}

// noInstance names files that are no instance of a study.
const noInstance = "(no instance)"

// copies names instances that the study has already.
const copies = "(copies)"

// dicomReport adds up what became of studies and files. Files that gave no
// instance are those that the reader counted; instances that are in no study are
// those without UIDs and directories (DICOMDIR), which have none.
func (c *conversion) dicomReport() (*DICOMAccount, error) {
	if c.dicom == nil {
		return nil, nil
	}
	a := &c.account.dicom
	r := &DICOMAccount{
		Studies: a.studies, Series: a.series, OwnPersons: a.own, SeveralVisits: a.severalVisits, Merged: a.merged,
		Patients: linkCounts(&a.patients), Visits: linkCounts(&a.visits),
	}
	files := map[string]*tally{}
	var total tally
	for m, t := range a.files {
		name := m
		if m == "" {
			name = "(no modality)"
		}
		files[name] = t
		total.add(t)
	}
	if c.opts.DICOM.Stats != nil {
		stats := c.opts.DICOM.Stats()
		var instances int64
		for _, n := range total.outcomes {
			instances += n
		}
		t := &tally{}
		var fhir int64
		if c.dicom.findings != nil {
			fhir = c.dicom.findings.others.Load()
		}
		t.outcomes[Filtered], t.rules[ruleFHIR] = fhir, fhir
		t.outcomes[Unsupported], t.rules[ruleNotDICOM] = stats.NotDICOM-fhir, stats.NotDICOM-fhir
		t.outcomes[Quarantined], t.rules[ruleUnreadable] = stats.Failed, stats.Failed
		if left := stats.Instances - instances; left > 0 {
			unplaced := left
			if c.dicom.findings != nil {
				unplaced = min(left, c.dicom.findings.unplaced.Load())
			}
			t.outcomes[Quarantined] += unplaced
			t.rules[ruleUID] += unplaced
			t.outcomes[Unsupported] += left - unplaced
			t.rules[ruleDirectory] += left - unplaced
		}
		if *t != (tally{}) {
			files[noInstance] = t
			total.add(t)
		}
		r.Total = total.account("")
		if r.Total.Read != stats.Files {
			return nil, fmt.Errorf("mapping: %d DICOM files were read but %d are accounted for", stats.Files, r.Total.Read)
		}
	}
	r.Total = total.account("")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		r.Files = append(r.Files, files[name].account(name))
	}
	return r, nil
}

func linkCounts(counts *[numLinks]int64) map[string]int64 {
	m := map[string]int64{}
	for i, n := range counts {
		if n > 0 {
			m[linkNames[i]] = n
		}
	}
	return m
}

// writeText writes the account for people.
func (a *DICOMAccount) writeText(w io.Writer) error {
	fmt.Fprintf(w, "\n%d DICOM studies of %d series, %d of them one with an ImagingStudy\n", a.Studies, a.Series, a.Merged)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "read\tmapped\tfiltered\tquarantined\tunsupported\t  files")
	for _, f := range append(slices.Clone(a.Files), a.Total) {
		name := f.Type
		if name == "" {
			name = "in all"
		}
		fmt.Fprintf(t, "%d\t%d\t%d\t%d\t%d\t  %s\n", f.Read, f.Mapped, f.Filtered, f.Quarantined, f.Unsupported, name)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, f := range a.Files {
		for _, rule := range slices.Sorted(maps.Keys(f.Rules)) {
			fmt.Fprintf(w, "  %s: %d %s\n", f.Type, f.Rules[rule], rule)
		}
	}
	writeCounts(w, "studies linked to a Patient by", a.Patients)
	if a.OwnPersons > 0 {
		fmt.Fprintf(w, "  %d  none: a person of their own\n", a.OwnPersons)
	}
	writeCounts(w, "studies linked to a visit by", a.Visits)
	if a.SeveralVisits > 0 {
		fmt.Fprintf(w, "  %d  none: within several visits\n", a.SeveralVisits)
	}
	return nil
}
