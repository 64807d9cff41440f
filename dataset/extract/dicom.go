package extract

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// instanceType is under which files of DICOM are counted.
const instanceType = "instance"

// dicomPlan is what a table of DICOM needs besides.
type dicomPlan struct {
	paths     [][]dicomStep // of the columns
	objects   []*dicomObject
	grain     dict.Tag // the attribute that tells rows apart, where the table has no key; 0 = each file is a row
	classes   map[string]bool
	where     []dicomCondition
	differing []int64 // rows for which files differ, by column
}

// dicomStep is a step of a path; item counts from 1, 0 = all.
type dicomStep struct {
	tag  dict.Tag
	item int
}

type dicomCondition struct {
	path   []dicomStep
	values []string
}

// dicomObject is what a column of JSON takes of the items of a sequence.
type dicomObject struct {
	fields []dicomField
}

type dicomField struct {
	name  string
	tag   dict.Tag
	typ   *dataset.Type
	below *dicomObject
	list  bool
}

// compileFiles compiles the paths of a table of DICOM.
func (p *plan) compileFiles() error {
	d := &dicomPlan{differing: make([]int64, len(p.columns)), grain: grainTag(p.Grain)}
	p.dicom = d
	objects := map[*dataset.Object]*dicomObject{}
	for _, c := range p.columns {
		path, err := dicomPath(c.Field.Path)
		if err != nil {
			return fmt.Errorf("extract: table %q, field %q: %w", p.Name, c.Field.Name, err)
		}
		d.paths = append(d.paths, path)
		d.objects = append(d.objects, objectOf(&c.Type, objects))
		// PS3.5 has rules on the form of values that many files break; they are
		// told, and what the profile itself asks for is an error.
		c.soft = true
		if c.check != nil {
			c.check.soft = !slices.ContainsFunc(c.Field.Origins, func(o dataset.Origin) bool {
				return o.Source == "profile" && (o.What == "pattern" || o.What == "max-length" || o.What == "min-length")
			})
		}
	}
	if len(p.From.SOPClasses) > 0 {
		d.classes = map[string]bool{}
		for _, uid := range p.From.SOPClasses {
			d.classes[uid] = true
		}
		p.rules = append(p.rules, rule{p.From.IOD, "SOPClassUID"})
	}
	for _, c := range p.Where {
		path, err := dicomPath(c.Path)
		if err != nil || len(c.Values) == 0 {
			return fmt.Errorf("extract: table %q: want conditions of a tag and values, have %q", p.Name, c.Path)
		}
		d.where = append(d.where, dicomCondition{path, c.Values})
		p.rules = append(p.rules, rule{c.Origin, ruleText(c)})
	}
	return nil
}

// grainTag returns the attribute that tells the rows of a grain apart.
func grainTag(g dataset.Grain) dict.Tag {
	switch g {
	case dataset.PerPatient:
		return dict.PatientID
	case dataset.PerStudy:
		return dict.StudyInstanceUID
	case dataset.PerSeries:
		return dict.SeriesInstanceUID
	case dataset.PerInstance:
		return dict.SOPInstanceUID
	}
	return 0
}

// dicomPath reads a path of tags or keywords with points between them, each perhaps
// with the number of an item: 00400275[1].00400009.
func dicomPath(s string) ([]dicomStep, error) {
	var steps []dicomStep
	for _, part := range strings.Split(strings.ReplaceAll(s, ">", "."), ".") {
		part = strings.TrimSpace(part)
		step := dicomStep{}
		if name, item, ok := strings.Cut(part, "["); ok {
			if _, err := fmt.Sscanf(item, "%d]", &step.item); err != nil || step.item < 1 {
				return nil, fmt.Errorf("want an item such as [1], have %q", part)
			}
			part = name
		}
		tag, err := dict.ParseTag(part)
		if err != nil {
			return nil, fmt.Errorf("want a path of tags or keywords, have %q", s)
		}
		step.tag = tag
		steps = append(steps, step)
	}
	return steps, nil
}

// objectOf compiles the object type of a sequence, nil for other types.
func objectOf(t *dataset.Type, known map[*dataset.Object]*dicomObject) *dicomObject {
	if t.Kind == dataset.List && t.Elem != nil {
		t = t.Elem
	}
	if t.Kind != dataset.ObjectKind || t.Object == nil {
		return nil
	}
	o := known[t.Object]
	if o != nil {
		return o
	}
	o = &dicomObject{}
	known[t.Object] = o
	for _, f := range t.Object.Fields {
		path, err := dicomPath(f.Path)
		if err != nil {
			continue
		}
		o.fields = append(o.fields, dicomField{name: f.Name, tag: path[len(path)-1].tag, typ: &f.Type, below: objectOf(&f.Type, known), list: f.Type.Kind == dataset.List})
	}
	return o
}

// until is the tag behind the last that a table needs, so that no more is read.
func (r *run) until() dict.Tag {
	last := dict.Tag(dict.SOPInstanceUID)
	for _, t := range []dict.Tag{dict.PatientID, dict.StudyInstanceUID, dict.SeriesInstanceUID} {
		last = max(last, t)
	}
	for _, p := range r.of(byFiles) {
		for _, path := range p.dicom.paths {
			last = max(last, path[0].tag)
		}
		for _, c := range p.dicom.where {
			last = max(last, c.path[0].tag)
		}
	}
	return last + 1
}

// instance is what was made of a file.
type instance struct {
	at     issue.Pos
	tables []made
}

// made is what became of a file in a table.
type made struct {
	filter int // number of the rule, -1 = none
	issues issue.List
	bad    bool
	row    fileRow
	fields []fieldCount
}

// dicomWorker makes rows of files.
type dicomWorker struct {
	plans   []*plan
	tallies []*tally
	items   []value
}

// readDICOM makes the rows of the tables of DICOM.
func (r *run) readDICOM(ctx context.Context, in *inputs) error {
	plans := r.of(byFiles)
	if len(plans) == 0 {
		return nil
	}
	workers := make([]dicomWorker, r.opts.Workers)
	for i := range workers {
		workers[i].plans = plans
		for _, p := range plans {
			workers[i].tallies = append(workers[i].tallies, newTally(p.columns))
		}
	}
	mergers := make([]*merger, len(plans))
	for i, p := range plans {
		mergers[i] = &merger{dir: r.opts.TempDir, budget: r.opts.MemoryBudget / int64(len(plans)), columns: len(p.columns), rows: map[string]*fileRow{}}
		defer mergers[i].close()
	}
	account := &TypeAccount{Kind: "dicom", Type: instanceType}
	read := &dicommeta.ReadOptions{Workers: r.opts.Workers, Until: r.until(), Reporter: r.dicomFindings(account)}
	if r.opts.Progress != nil {
		read.Progress = func(_, bytes int64) { r.opts.Progress(bytes, 0) }
	}
	stats, err := dicommeta.Gather(ctx, dicommeta.Sources(in.dicom...), read, func(worker int, x *dicommeta.Instance) (instance, error) {
		return workers[worker].make(x), nil
	}, func(i instance) error { return r.putInstance(plans, mergers, account, &i) })
	if err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	if account.Read > 0 {
		r.report.Types = append(r.report.Types, *account)
	}
	r.report.dicomSource(stats)
	for i, p := range plans {
		if err := r.mergeFiles(ctx, p, mergers[i]); err != nil {
			return err
		}
	}
	return nil
}

// dicomFindings is the reporter of reading files. Those that are not DICOM are
// counted alone; those that cannot be read go to the quarantine.
func (r *run) dicomFindings(a *TypeAccount) issue.Reporter {
	return issue.ReporterFunc(func(i issue.Issue) error {
		if i.Code == dicommeta.CodeNotDICOM {
			return nil
		}
		if i.Severity == issue.Fatal {
			a.Read++
			a.Unreadable++
			if err := r.quarantine(record{typ: instanceType, at: i.Pos}, i); err != nil {
				return err
			}
		}
		return r.findings.Report(i)
	})
}

// putInstance counts a file in and adds its rows to those that wait.
func (r *run) putInstance(plans []*plan, mergers []*merger, account *TypeAccount, x *instance) error {
	account.Read++
	account.Used++
	for i, p := range plans {
		o := r.tables[p.at]
		m := &x.tables[i]
		o.account.Records++
		for _, found := range m.issues {
			found.Pos = x.at
			if err := r.findings.Report(found); err != nil {
				return err
			}
		}
		switch {
		case m.filter >= 0:
			o.account.Filtered[m.filter].Records++
		case m.bad:
			o.account.Quarantined++
			why := m.issues[slices.IndexFunc(m.issues, func(i issue.Issue) bool { return i.Severity >= issue.Error })]
			if err := r.quarantine(record{typ: instanceType, table: p.Name, at: x.at}, why); err != nil {
				return err
			}
		default:
			o.account.WithRows++
			for k := range m.fields {
				m.fields[k].nulls = 0 // counted of rows
				o.fields[k].add(&m.fields[k])
			}
			if err := mergers[i].add(&m.row); err != nil {
				return err
			}
		}
	}
	return nil
}
