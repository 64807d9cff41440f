package main

import (
	"cmp"
	"context"
	"errors"
	"hash/maphash"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// dicomFacts is what inspect tells of DICOM. It holds no value that is about a
// patient besides the first and last study date.
type dicomFacts struct {
	Files      int64         `json:"files"`
	Bytes      int64         `json:"bytes"`
	Instances  int64         `json:"instances"`
	Partial    int64         `json:"partial"`
	NotDICOM   int64         `json:"not_dicom"`
	Failed     int64         `json:"failed"`
	Patients   int           `json:"patients"`
	Studies    int           `json:"studies"`
	Series     int           `json:"series"`
	First      string        `json:"first_study_date,omitempty"`
	Last       string        `json:"last_study_date,omitempty"`
	Classes    []countedFact `json:"sop_classes"`
	Modalities []countedFact `json:"modalities"`
	Syntaxes   []countedFact `json:"transfer_syntaxes"`
	Charsets   []countedFact `json:"character_sets"`
	Devices    []countedFact `json:"devices"`
	Creators   []countedFact `json:"private_creators"`
}

// countedFact is a value and the instances that have it.
type countedFact struct {
	Value     string `json:"value"`
	Instances int64  `json:"instances"`
}

// dicomCounts gathers the facts of one worker.
type dicomCounts struct {
	patients, studies, series map[uint64]struct{}
	first, last               string
	by                        [6]map[string]int64
}

// The places in dicomCounts.by.
const (
	byClass = iota
	byModality
	bySyntax
	byCharset
	byDevice
	byCreator
)

// distinctFacts bounds how many values of one kind are told apart; the
// rest counts as one.
const distinctFacts = 10_000

func newDICOMCounts() *dicomCounts {
	c := &dicomCounts{patients: map[uint64]struct{}{}, studies: map[uint64]struct{}{}, series: map[uint64]struct{}{}}
	for i := range c.by {
		c.by[i] = make(map[string]int64)
	}
	return c
}

func (c *dicomCounts) count(kind int, value string) {
	m := c.by[kind]
	if _, ok := m[value]; !ok && len(m) >= distinctFacts {
		value = "(more)"
	}
	m[value]++
}

func (c *dicomCounts) add(x *dicommeta.Instance, seed maphash.Seed) {
	mark := func(m map[uint64]struct{}, values ...string) {
		if strings.Join(values, "") != "" {
			m[maphash.String(seed, strings.Join(values, "\x00"))] = struct{}{}
		}
	}
	mark(c.patients, x.Text(dict.PatientID), x.Text(dict.IssuerOfPatientID))
	mark(c.studies, x.Text(dict.StudyInstanceUID))
	mark(c.series, x.Text(dict.SeriesInstanceUID))
	if day := x.Text(dict.StudyDate); len(day) == 8 && isDay(day) {
		if c.first == "" || day < c.first {
			c.first = day
		}
		c.last = max(c.last, day)
	}
	c.count(byClass, uidName(x.SOPClassUID()))
	c.count(byModality, cmp.Or(x.Text(dict.Modality), "(none)"))
	c.count(bySyntax, cmp.Or(uidName(x.TransferSyntax), "(none stated)"))
	c.count(byCharset, cmp.Or(strings.Join(x.Texts(dict.SpecificCharacterSet), `\`), "(default)"))
	c.count(byDevice, cmp.Or(strings.Trim(x.Text(dict.Manufacturer)+" "+x.Text(dict.ManufacturerModelName), " "), "(none)"))
	for i := range x.Elements {
		if e := &x.Elements[i]; e.Tag.IsPrivateCreator() {
			for _, creator := range x.Charset.Texts(e) {
				c.count(byCreator, creator)
			}
		}
	}
}

func isDay(s string) bool {
	_, ok := dicommeta.ParseDate(s)
	return ok
}

func (c *dicomCounts) merge(o *dicomCounts) {
	maps.Copy(c.patients, o.patients)
	maps.Copy(c.studies, o.studies)
	maps.Copy(c.series, o.series)
	if c.first == "" || o.first != "" && o.first < c.first {
		c.first = o.first
	}
	c.last = max(c.last, o.last)
	for i := range c.by {
		for v, n := range o.by[i] {
			c.by[i][v] += n
		}
	}
}

// counted lists the values of one kind, the most frequent first.
func (c *dicomCounts) counted(kind int) []countedFact {
	list := []countedFact{}
	for v, n := range c.by[kind] {
		list = append(list, countedFact{v, n})
	}
	slices.SortFunc(list, func(a, b countedFact) int {
		return cmp.Or(cmp.Compare(b.Instances, a.Instances), cmp.Compare(a.Value, b.Value))
	})
	return list
}

// inspectDICOM counts what the headers of the sources say.
func (s *session) inspectDICOM(ctx context.Context, srcs iter.Seq2[dicommeta.Source, error]) (*dicomFacts, error) {
	var mu sync.Mutex
	workers := make(map[int]*dicomCounts)
	seed := maphash.MakeSeed()
	stats, err := dicommeta.Each(ctx, srcs, s.dicomOptions(), func(worker int, x *dicommeta.Instance) error {
		mu.Lock()
		c := workers[worker]
		if c == nil {
			c = newDICOMCounts()
			workers[worker] = c
		}
		mu.Unlock()
		c.add(x, seed)
		return nil
	})
	s.progress.close()
	if err != nil {
		return nil, err
	}
	all := newDICOMCounts()
	for _, c := range workers {
		all.merge(c)
	}
	return all.facts(stats), nil
}

// inspectServer counts what the metadata of a DICOMweb server says.
func (s *session) inspectServer(ctx context.Context, address, authorization string) (*dicomFacts, error) {
	c, q, err := s.openServer(address, authorization)
	if err != nil {
		return nil, err
	}
	all, seed := newDICOMCounts(), maphash.MakeSeed()
	var stats dicommeta.ReadStats
	for x, err := range c.ReadInstances(ctx, q) {
		if err != nil {
			return nil, err
		}
		stats.Files++
		stats.Instances++
		all.add(x, seed)
	}
	return all.facts(stats), nil
}

func (c *dicomCounts) facts(stats dicommeta.ReadStats) *dicomFacts {
	return &dicomFacts{
		Files: stats.Files, Bytes: stats.Bytes, Instances: stats.Instances, Partial: stats.Partial, NotDICOM: stats.NotDICOM, Failed: stats.Failed,
		Patients: len(c.patients), Studies: len(c.studies), Series: len(c.series), First: dicomDay(c.first), Last: dicomDay(c.last),
		Classes: c.counted(byClass), Modalities: c.counted(byModality), Syntaxes: c.counted(bySyntax),
		Charsets: c.counted(byCharset), Devices: c.counted(byDevice), Creators: c.counted(byCreator),
	}
}

// dicomDay writes YYYYMMDD with hyphens.
func dicomDay(s string) string {
	if len(s) != 8 {
		return s
	}
	return s[:4] + "-" + s[4:6] + "-" + s[6:]
}

func (x *dicomFacts) writeText(w io.Writer) error {
	list := func(title string, facts []countedFact) error {
		const most = 20
		rows := []string{"instances\t" + title}
		for i, f := range facts {
			if i == most {
				rows = append(rows, cells("", grouped(int64(len(facts)-most))+" more"))
				break
			}
			rows = append(rows, cells(f.Instances, f.Value))
		}
		if len(facts) == 0 {
			return nil
		}
		return table(w, title, rows)
	}
	return errors.Join(
		table(w, "DICOM: "+grouped(x.Instances)+" instances", []string{
			cells("patients", x.Patients), cells("studies", x.Studies), cells("series", x.Series),
			cells("study dates", x.First+" to "+x.Last),
			cells("files", x.Files), cells("of them in part readable", x.Partial), cells("not DICOM", x.NotDICOM), cells("not readable", x.Failed),
			cells("size", bytesText(x.Bytes)),
		}),
		list("SOP class", x.Classes), list("modality", x.Modalities), list("transfer syntax", x.Syntaxes),
		list("character set", x.Charsets), list("device", x.Devices), list("private creator", x.Creators))
}
