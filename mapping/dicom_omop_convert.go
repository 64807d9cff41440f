package mapping

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/issue"
)

// DICOMInput is the DICOM part of an extract.
type DICOMInput struct {
	// Studies hands out every study once and whole, in any order, with the
	// attributes that Policy.Attributes names; several are worked on at once, so
	// that a study must stay as it is. DICOMFiles makes such a sequence of files,
	// dicommeta/web of a server, and dicommeta.Rollup of instances at hand.
	Studies iter.Seq2[*dicommeta.Study, error]
	// Stats says what has been read. It is asked when Studies has ended, and
	// Convert refuses to finish when its files and those accounted for differ.
	// nil: the account is that of the instances handed out.
	Stats func() dicommeta.ReadStats
	// Root is the folder that local_path is relative to; "" leaves the names of
	// files as they are. Files below no Root keep their names.
	Root string

	files func(issue.Reporter) iter.Seq2[*dicommeta.Study, error] // see DICOMFiles
}

// dicomRun is the DICOM part of one conversion.
type dicomRun struct {
	m     *DICOMToOMOP
	links linkIndex
	mixed bool // FHIR resources were read
	// studies are those of the input; findings are what is said of its files,
	// nil where it is no files.
	studies  iter.Seq2[*dicommeta.Study, error]
	findings *fileFindings
	person   []int
	visit    []int
}

// startDICOM makes what the DICOM part needs, before FHIR is read.
func (c *conversion) startDICOM() error {
	if c.opts.DICOM == nil {
		return nil
	}
	if c.opts.DICOM.Studies == nil {
		return fmt.Errorf("mapping: want studies of DICOM, have none")
	}
	m, err := NewDICOMToOMOP(c.m.concepts, c.m.policy)
	if err != nil {
		return err
	}
	c.m.dicom = m.m.concepts
	p := &c.m.policy.DICOM
	c.dicom = &dicomRun{m: m, person: links(p.PatientLinks), visit: links(p.VisitLinks), studies: c.opts.DICOM.Studies}
	c.dicom.mixed = len(c.srcs) > 0
	c.openFiles()
	return nil
}

// mapStudies maps the studies, after all resources were read, so that the
// identifiers of all of them are known.
func (c *conversion) mapStudies(ctx context.Context) error {
	if c.dicom == nil {
		return nil
	}
	var parts []*linkIndex
	for _, w := range c.workers {
		parts = append(parts, &w.links)
	}
	c.dicom.links.merge(parts...)
	c.noteFHIR()
	err := flow.Each(ctx, len(c.workers), c.dicom.studies, func(_ context.Context, k int, s *dicommeta.Study) error {
		return c.mapStudy(c.workers[k], s)
	})
	c.dicom.links = linkIndex{}
	if err != nil {
		return fmt.Errorf("mapping: studies: %w", err)
	}
	return nil
}

// mapStudy maps one study, links it to its patient and visit and keeps its facts.
func (c *conversion) mapStudy(w *worker, s *dicommeta.Study) error {
	f := &w.study
	issues := c.dicom.m.Map(s, f)
	a := &f.account.dicom
	a.studies++
	a.series += int64(len(f.links.images))
	a.end(copies, Filtered, ruleDuplicate, f.links.copies)
	if f.outcome == Mapped {
		if why := c.link(f); why != ruleNone {
			f.outcome, f.rule = Quarantined, why
			issues = append(issues, issue.Issue{
				Severity: issue.Error, Code: quarantineCode(why), Pos: issue.Pos{Source: f.links.source()}, Path: linkPaths[why].String(),
				Message: studyMessages[why],
			})
		}
	}
	for _, i := range issues {
		if err := c.opts.Reporter.Report(i); err != nil {
			return err
		}
	}
	if f.outcome == Quarantined {
		for _, i := range f.links.images {
			if err := c.quarantineSeries(a, f.rule, issues[len(issues)-1], f.links.study, i); err != nil {
				return err
			}
		}
		return nil
	}
	for i, image := range f.links.images {
		switch {
		case c.dicom.m.modalities[image.modality]:
			a.end(image.modality, Filtered, ruleModality, image.n)
		case !isUID(image.uid):
			why := issue.Issue{Code: CodeUID, Path: dict.SeriesInstanceUID.String(), Message: studyMessages[ruleUID]}
			if err := c.quarantineSeries(a, ruleUID, why, f.links.study, f.links.images[i]); err != nil {
				return err
			}
		}
	}
	c.places(f)
	for i := range f.items {
		if s := &f.items[i]; s.Table >= TableVisitOccurrence && s.Start.Set && (!w.dated || s.Start.Day > w.lastDay) {
			w.lastDay, w.dated = s.Start.Day, true
		}
	}
	return w.persons.add(f)
}

func (l *studyLinks) source() string {
	if len(l.images) == 0 {
		return ""
	}
	return l.images[0].source
}

var studyMessages = map[rule]string{
	ruleUID:           "want a UID, have none",
	rulePatientID:     "want a Patient ID or another link to a Patient, have none",
	ruleUnlinked:      "want identifiers of a Patient of the input, have others",
	ruleAmbiguous:     "want one patient, have identifiers of several",
	ruleContradicts:   "want identifiers and a birth date of one Patient, have some of another",
	rulePersonMissing: "want the Patient that the study is linked to in the input, have none that can be used",
	ruleBirthYear:     "want a birth date or an age at the study, have none",
	ruleDateMissing:   "want a date of the study, a series or an image, have none",
}

var linkPaths = map[rule]dict.Tag{
	ruleUID: dict.StudyInstanceUID, ruleBirthYear: dict.PatientBirthDate, ruleDateMissing: dict.StudyDate,
	rulePatientID: dict.PatientID, ruleUnlinked: dict.PatientID, ruleAmbiguous: dict.PatientID,
	ruleContradicts: dict.PatientID, rulePersonMissing: dict.PatientID,
}

// link finds the person and the visit of a study.
func (c *conversion) link(f *Facts) rule {
	d, p, a := c.dicom, &c.m.policy.DICOM, &f.account.dicom
	id, by, why := d.links.patient(d.person, &f.links, p)
	switch {
	case why == ruleNone:
		a.patients[by]++
		f.person = append([]byte(nil), id...)
	case why != ruleUnlinked:
		return why
	case d.mixed && p.Unlinked == "quarantine":
		return ruleUnlinked
	case f.links.patientID == "":
		return rulePatientID
	default:
		a.own++
		return ruleNone
	}
	encounter, by, ok := d.links.encounter(d.visit, &f.links, id)
	switch {
	case ok:
		a.visits[by]++
	case by >= 0:
		a.severalVisits++
	}
	for i := range f.items {
		if ok {
			f.items[i].texts[tEncounter] = []byte(encounter)
		}
		if by >= 0 || !slices.Contains(d.visit, byDate) {
			if f.items[i].Table == TableProcedureOccurrence {
				f.items[i].concepts[cNoDate] = 1
			}
		}
	}
	return ruleNone
}

// places sets where the series are, as the policy wants it.
func (c *conversion) places(f *Facts) {
	p := &c.m.policy.DICOM
	root := strings.TrimSuffix(path.Clean(strings.ReplaceAll(c.opts.DICOM.Root, "\\", "/")), "/")
	for i := range f.items {
		x := &f.items[i]
		if x.Table != TableImageOccurrence {
			continue
		}
		if c.opts.DICOM.Root != "" && len(x.texts[tPath]) > 0 {
			if have := string(x.texts[tPath]); have == root {
				x.texts[tPath] = []byte(".")
			} else if rest, ok := strings.CutPrefix(have, root+"/"); ok {
				x.texts[tPath] = []byte(rest)
			}
		}
		switch {
		case !slices.Contains(p.Locations, "wadors_uri"):
			x.texts[tWADO] = nil
		case len(x.texts[tWADO]) == 0:
			x.texts[tWADO] = []byte(strings.TrimSuffix(p.WADORoot, "/") + "/studies/" + f.links.study + "/series/" + string(x.texts[tSeriesUID]))
		}
	}
}

// quarantineSeries keeps a line about the files of a series.
func (c *conversion) quarantineSeries(a *dicomAccount, why rule, i issue.Issue, study string, s imageFiles) error {
	a.end(s.modality, Quarantined, why, s.n)
	if s.n == 0 {
		return nil
	}
	item := quarantined{
		Source: s.source, Type: typeNames[typeDICOMSeries], Reason: ruleNames[why], Code: i.Code, Path: i.Path, Message: i.Message,
		Study: study, Series: s.uid, Files: s.n,
	}
	return c.quarantine.add(math.MaxInt, &item, nil)
}

// quarantineFile keeps a line about a file that gave no instance of a study.
func (c *conversion) quarantineFile(why rule, i issue.Issue) error {
	item := quarantined{
		Source: i.Pos.Source, Offset: i.Pos.Offset, Type: "DICOMInstance", Reason: ruleNames[why], Code: i.Code, Path: i.Path,
		Message: i.Message, Files: 1,
	}
	return c.quarantine.add(math.MaxInt, &item, nil)
}

// dicomAccount counts what became of studies and their files. Accounts add up
// in any order.
type dicomAccount struct {
	studies, series, own, merged int64
	severalVisits                int64
	patients, visits             [numLinks]int64
	files                        map[string]*tally // by modality
}

// end counts files of one modality.
func (a *dicomAccount) end(modality string, o Outcome, r rule, n int64) {
	if n == 0 {
		return
	}
	if a.files == nil {
		a.files = map[string]*tally{}
	}
	t := a.files[modality]
	if t == nil {
		t = &tally{}
		a.files[modality] = t
	}
	t.outcomes[o] += n
	if r != ruleNone {
		t.rules[r] += n
	}
}

func (a *dicomAccount) merge(o *dicomAccount) {
	a.studies += o.studies
	a.series += o.series
	a.own += o.own
	a.merged += o.merged
	a.severalVisits += o.severalVisits
	for i := range o.patients {
		a.patients[i] += o.patients[i]
		a.visits[i] += o.visits[i]
	}
	for m, t := range o.files {
		if a.files == nil {
			a.files = map[string]*tally{}
		}
		if a.files[m] == nil {
			a.files[m] = &tally{}
		}
		a.files[m].add(t)
	}
}

// rejectStudy quarantines the files of a study that the reduce step refused.
func (c *conversion) rejectStudy(a *dicomAccount, rec *record, why rule) error {
	i := issue.Issue{
		Severity: issue.Error, Code: quarantineCode(why), Path: linkPaths[why].String(), Message: studyMessages[why],
	}
	n := 0
	err := eachImage(rec, func(f *fact) error {
		s := imageFiles{
			modality: string(f.texts[tSource]), uid: string(f.texts[tSeriesUID]), source: cmp.Or(string(f.texts[tPath]), string(f.texts[tWADO])), n: int64(f.numbers[nFiles]),
		}
		if n++; n == 1 {
			i.Pos.Source = s.source
			if err := c.opts.Reporter.Report(i); err != nil {
				return err
			}
		}
		return c.quarantineSeries(a, why, i, string(rec.id), s)
	})
	return err
}
