package dicommeta

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// mediaDirectory is the SOP class of DICOMDIR (PS3.4 annex I.4).
const mediaDirectory = "1.2.840.10008.1.3.10"

// Rollup gathers instances into studies, in memory; package index does so for folders
// of any size. The result does not depend on the order of the instances. The zero
// Rollup is ready for use. It is safe for concurrent use.
type Rollup struct {
	// Keep are further attributes that each Member is to have.
	Keep []dict.Tag
	// SharedOnly leaves the instances out: a Series has none, memory does not grow with
	// them, and what is given to AddExtract is not kept. Instances and series that are in several
	// places are then not found.
	SharedOnly bool

	mu      sync.Mutex
	studies map[string]*studyRoll
	seen    *differences
	issues  issue.List
}

// Add takes what a Study keeps of x, and nothing that belongs to x. An instance that
// lacks one of the three UIDs that place it is left out and reported by Studies.
func (r *Rollup) Add(x *Instance) {
	r.AddExtract(Extract(x, r.Keep...), x.TransferSyntax, x.Source, x.Size)
}

// AddExtract is Add for what Extract returned, which it keeps.
func (r *Rollup) AddExtract(d Dataset, transferSyntax, source string, size int64) {
	at := place{series: d.Text(dict.SeriesInstanceUID), instance: d.Text(dict.SOPInstanceUID), source: source}
	study := d.Text(dict.StudyInstanceUID)
	number, ok := d.Int(dict.InstanceNumber)
	at.number, at.unnumbered = number, !ok
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, want := range []struct {
		tag dict.Tag
		uid string
	}{{dict.StudyInstanceUID, study}, {dict.SeriesInstanceUID, at.series}, {dict.SOPInstanceUID, at.instance}} {
		if want.uid == "" {
			if d.Text(dict.SOPClassUID) != mediaDirectory {
				r.issues = append(r.issues, rollupIssue(issue.Warning, CodeRollupNoUID, want.tag, source, "want a UID, have none: left out of the studies"))
			}
			return
		}
	}
	if r.studies == nil {
		r.studies, r.seen = map[string]*studyRoll{}, newDifferences()
	}
	s := r.studies[study]
	if s == nil {
		s = &studyRoll{series: map[string]*seriesRoll{}}
		r.studies[study] = s
	}
	if !r.SharedOnly { // what is not held in memory is not compared across studies
		r.seen.instance(&d, study, &at)
	}
	s.add(d, &at, Member{TransferSyntax: transferSyntax, Source: source, Size: size}, !r.SharedOnly)
}

func rollupIssue(s issue.Severity, c issue.Code, t dict.Tag, source, message string) issue.Issue {
	return issue.Issue{Severity: s, Code: c, Pos: issue.Pos{Source: source}, Path: t.String(), Message: message}
}

// Studies returns what has been added: studies by Study Instance UID, and the findings
// on instances that belong to none. The studies share memory with each other and the
// Rollup.
func (r *Rollup) Studies() ([]*Study, issue.List) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*Study, 0, len(r.studies))
	for _, uid := range sortedKeys(r.studies) {
		s := r.studies[uid].study()
		s.Issues = append(s.Issues, r.seen.issues(s)...)
		all = append(all, s)
	}
	slices.SortFunc(r.issues, func(a, b issue.Issue) int { return strings.Compare(a.Pos.Source, b.Pos.Source) })
	return all, slices.Clone(r.issues)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// studyRoll is a study in the making.
type studyRoll struct {
	shared attributes
	series map[string]*seriesRoll
}

type seriesRoll struct {
	shared  attributes
	members []rolled
}

type rolled struct {
	Member
	place
}

func (s *studyRoll) add(d Dataset, at *place, m Member, whole bool) {
	se := s.series[at.series]
	if se == nil {
		se = &seriesRoll{}
		s.series[at.series] = se
	}
	m.Dataset = Dataset{Charset: UTF8}
	var level levelCursor
	var ofStudy, ofSeries int // where the attributes are that come next
	for i := range d.Elements {
		e := &d.Elements[i]
		switch level.of(e.Tag) {
		case PatientLevel, StudyLevel:
			ofStudy = s.shared.add(e, at, ofStudy)
		case SeriesLevel:
			ofSeries = se.shared.add(e, at, ofSeries)
		default:
			if whole {
				m.Elements = append(m.Elements, *e)
			}
		}
	}
	if whole {
		se.members = append(se.members, rolled{m, *at})
	}
}

func (s *studyRoll) study() *Study {
	out := &Study{Dataset: s.shared.dataset()}
	out.Issues = s.shared.issues(out.Issues, "study")
	for _, uid := range sortedKeys(s.series) {
		se := s.series[uid]
		series := Series{Dataset: se.shared.dataset()}
		out.Issues = se.shared.issues(out.Issues, "series")
		slices.SortFunc(se.members, func(a, b rolled) int { return comparePlaces(&a.place, &b.place) })
		series.Instances, out.Issues = distinct(se.members, out.Issues)
		out.Series = append(out.Series, series)
	}
	out.Issues = twice(out, out.Issues)
	return out
}

// twice reports instances that are in several series of a study.
func twice(s *Study, found issue.List) issue.List {
	in := map[string]int{}
	for i := range s.Series {
		for j := range s.Series[i].Instances {
			in[s.Series[i].Instances[j].Text(dict.SOPInstanceUID)]++
		}
	}
	for i := range s.Series {
		for j := range s.Series[i].Instances {
			m := &s.Series[i].Instances[j]
			if n := in[m.Text(dict.SOPInstanceUID)]; n > 1 {
				found = append(found, rollupIssue(issue.Error, CodeRollupInstance, dict.SOPInstanceUID, m.Source, fmt.Sprintf("want an instance in one series, have it in %d", n)))
			}
		}
	}
	return found
}

// distinct returns the members, which are in order, without those whose SOP Instance UID
// has been there before.
func distinct(sorted []rolled, found issue.List) ([]Member, issue.List) {
	members := make([]Member, 0, len(sorted))
	first := make(map[string]int, len(sorted))
	for i := range sorted {
		m := &sorted[i].Member
		at, again := first[sorted[i].instance]
		if !again {
			first[sorted[i].instance] = len(members)
			members = append(members, *m)
			continue
		}
		if kept := &members[at]; kept.Size == m.Size && string(canonicalItem(nil, &kept.Dataset)) == string(canonicalItem(nil, &m.Dataset)) {
			found = append(found, rollupIssue(issue.Information, CodeRollupCopy, dict.SOPInstanceUID, m.Source, "want an instance once, have it again: left out of the study"))
			continue
		}
		found = append(found, rollupIssue(issue.Warning, CodeRollupDuplicate, dict.SOPInstanceUID, m.Source,
			"want one instance of this UID, have another with other attributes or size: left out of the study"))
	}
	return members, found
}

// attributes are those of a study or series, with all values that instances have.
type attributes struct{ list []attribute }

type attribute struct {
	tag    dict.Tag
	values []attributeValue // different ones
}

type attributeValue struct {
	canonical string
	Element
	place // the first instance that has it
}

// add takes a value of an instance. near is where its attribute may be in the list; the
// place behind it is returned.
func (a *attributes) add(e *Element, at *place, near int) int {
	i := near
	for i < len(a.list) && a.list[i].tag < e.Tag {
		i++
	}
	if i == len(a.list) || a.list[i].tag != e.Tag {
		var ok bool
		i, ok = slices.BinarySearchFunc(a.list, e.Tag, func(x attribute, t dict.Tag) int { return compareTags(x.tag, t) })
		if !ok {
			a.list = slices.Insert(a.list, i, attribute{tag: e.Tag})
		}
	}
	a.list[i].add(e, at)
	return i + 1
}

func (x *attribute) add(e *Element, at *place) {
	if n := len(x.values); n > 0 && e.Items == nil && x.values[n-1].Items == nil && bytes.Equal(x.values[n-1].Value, e.Value) {
		if v := &x.values[n-1]; comparePlaces(at, &v.place) < 0 {
			v.place = *at
		}
		return
	}
	var buf [128]byte
	canonical := canonicalValue(buf[:0], e)
	for j := range x.values {
		v := &x.values[j]
		if v.canonical != string(canonical) {
			continue
		}
		if comparePlaces(at, &v.place) < 0 {
			v.Element, v.place = e.clone(), *at
		}
		return
	}
	x.values = append(x.values, attributeValue{string(canonical), e.clone(), *at})
}

// sort puts the values in the order of their instances, an empty one last.
func (x *attribute) sort() {
	slices.SortFunc(x.values, func(a, b attributeValue) int {
		if (a.canonical == "") != (b.canonical == "") {
			if a.canonical == "" {
				return 1
			}
			return -1
		}
		return comparePlaces(&a.place, &b.place)
	})
}

// dataset returns the first value of each.
func (a *attributes) dataset() Dataset {
	d := Dataset{Charset: UTF8, Elements: make([]Element, 0, len(a.list))}
	for i := range a.list {
		a.list[i].sort()
		d.Elements = append(d.Elements, a.list[i].values[0].Element)
	}
	return d
}

// issues reports the attributes that have several values, after dataset.
func (a *attributes) issues(found issue.List, of string) issue.List {
	for i := range a.list {
		x := &a.list[i]
		n := len(x.values)
		if n > 0 && x.values[n-1].canonical == "" {
			n--
		}
		if n < 2 || x.values[0].VR == dict.SQ {
			continue
		}
		severity, code := conflictOf(x.tag)
		if code == "" {
			continue
		}
		found = append(found, rollupIssue(severity, code, x.tag, x.values[1].source, fmt.Sprintf("want one value in the %s, have %d", of, n)))
	}
	return found
}

// conflictOf returns how to report that an attribute has several values in its study
// or series.
func conflictOf(t dict.Tag) (issue.Severity, issue.Code) {
	switch t {
	case dict.PatientID, dict.IssuerOfPatientID:
		return issue.Error, CodeRollupPatients
	case dict.PatientName, dict.PatientSex, dict.PatientBirthDate:
		return issue.Warning, CodeRollupPatient
	case dict.Modality:
		return issue.Error, CodeRollupModality
	case dict.StudyDate, dict.StudyTime, dict.AccessionNumber, dict.StudyID, dict.StudyDescription, dict.ReferringPhysicianName:
		return issue.Warning, CodeRollupStudy
	case dict.ModalitiesInStudy, dict.SOPClassesInStudy, dict.NumberOfStudyRelatedSeries, dict.NumberOfStudyRelatedInstances,
		dict.TimezoneOffsetFromUTC, dict.ReferencedPatientSequence:
		return 0, ""
	}
	switch LevelOf(t) {
	case SeriesLevel:
		return issue.Information, CodeRollupSeries
	case StudyLevel, PatientLevel:
		return issue.Information, CodeRollupStudy
	}
	return 0, ""
}
