package omop

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

// ValidateOptions say what a Validator wants. nil is the default.
type ValidateOptions struct {
	// Version is the edition to which the folder is held, V54 by default.
	Version cdm.Version
	// FirstDate and LastDate are the plausible dates; by default the years 1850
	// to 2100.
	FirstDate, LastDate Date
	// MaxPerRule is how many findings of the same kind at the same column are
	// reported; further ones are only counted in the Summary. 0 means 100, a
	// negative number no bound.
	MaxPerRule int
	// MaxRecordBytes bounds one CSV record, 0 for DefaultMaxRecordBytes.
	MaxRecordBytes int
}

// Validator checks whether a folder of files is an OMOP database by the rules
// of the CDM. It holds no state of a run and is safe for concurrent use.
type Validator struct {
	opts    ValidateOptions
	layouts []*layout // parents before children
}

// NewValidator returns a Validator, or an error for options that contradict
// themselves.
func NewValidator(opts *ValidateOptions) (*Validator, error) {
	v := &Validator{}
	if opts != nil {
		v.opts = *opts
	}
	v.opts.Version = cmp.Or(v.opts.Version, cdm.V54)
	if v.opts.Version.Model() == nil {
		return nil, fmt.Errorf("omop: want CDM version 5.4 or 5.3, have %q", string(v.opts.Version))
	}
	if v.opts.FirstDate == 0 {
		v.opts.FirstDate = columnar.DateOf(1850, 1, 1)
	}
	if v.opts.LastDate == 0 {
		v.opts.LastDate = columnar.DateOf(2100, 12, 31)
	}
	if v.opts.FirstDate > v.opts.LastDate {
		return nil, errors.New("omop: want FirstDate before LastDate")
	}
	v.opts.MaxPerRule = cmp.Or(v.opts.MaxPerRule, 100)
	for _, l := range tablesInLoadOrder() {
		if l = l.edition(v.opts.Version); l != nil {
			v.layouts = append(v.layouts, l)
		}
	}
	return v, nil
}

// edition returns the layout with the facts of another edition, nil if that
// has no such table. Columns that it lacks have a nil Field.
func (l *layout) edition(v cdm.Version) *layout {
	if v == cdm.V54 || cdm.Imaging().Table(l.Name) != nil {
		return l
	}
	spec := v.Model().Table(l.Name)
	if spec == nil {
		return nil
	}
	e := &layout{Table: spec, table: l.table, columns: slices.Clone(l.columns)}
	for i := range e.columns {
		col := &e.columns[i]
		name := cmp.Or(col.formerly, col.Name)
		path := spec.Name + "." + name
		*col = column{Field: spec.Field(name), path: path, clause: v.Model().Name + ", " + path}
	}
	return e
}

// Summary is what a validation saw.
type Summary struct {
	// Tables are the tables that were read, in the order of reading.
	Tables []TableSummary
	// Rules are the kinds of finding, the gravest first.
	Rules []RuleSummary
}

// TableSummary counts one table.
type TableSummary struct {
	Name  string
	Files []string
	Rows  int64
}

// RuleSummary counts the findings of one kind at one table or column.
type RuleSummary struct {
	Severity issue.Severity
	Code     issue.Code
	Path     string
	Count    int64
}

// Count returns how many findings had the severity s or a higher one.
func (s *Summary) Count(sev issue.Severity) int64 {
	var n int64
	for _, r := range s.Rules {
		if r.Severity >= sev {
			n += r.Count
		}
	}
	return n
}

// Rows returns the number of rows of a table.
func (s *Summary) Rows(table string) int64 {
	for _, t := range s.Tables {
		if t.Name == table {
			return t.Rows
		}
	}
	return 0
}

// Validate reads every table in a folder once, or twice where tables refer to
// each other in a circle, and reports what breaks the rules. Rows stream;
// memory holds the keys of the tables, one bit for each dense id. The Summary
// counts every finding, also those that MaxPerRule kept from rep. The error is
// nil unless the folder cannot be read, ctx ends or rep stops the flow.
func (v *Validator) Validate(ctx context.Context, fsys fs.FS, rep issue.Reporter) (*Summary, error) {
	files, err := listFiles(fsys)
	if err != nil {
		return nil, err
	}
	if rep == nil {
		rep = issue.Discard
	}
	r := &run{
		Validator: v, ctx: ctx, fsys: fsys, rep: rep, files: files,
		keys: map[string]*keySet{}, done: map[string]bool{}, counts: map[ruleKey]*RuleSummary{}, summary: &Summary{},
	}
	err = r.tables()
	for _, c := range r.counts {
		r.summary.Rules = append(r.summary.Rules, *c)
	}
	slices.SortFunc(r.summary.Rules, func(a, b RuleSummary) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Path, b.Path))
	})
	return r.summary, err
}

// run is one validation.
type run struct {
	*Validator
	ctx     context.Context
	fsys    fs.FS
	rep     issue.Reporter
	files   map[string][]dataFile
	keys    map[string]*keySet // the primary keys of tables, as far as read
	done    map[string]bool    // tables whose keys are complete
	counts  map[ruleKey]*RuleSummary
	summary *Summary
}

type ruleKey struct {
	severity issue.Severity
	code     issue.Code
	path     string
}

// report counts a finding and hands it on while there are few of its kind.
func (r *run) report(f issue.Issue) error {
	key := ruleKey{f.Severity, f.Code, f.Path}
	c := r.counts[key]
	if c == nil {
		c = &RuleSummary{Severity: f.Severity, Code: f.Code, Path: f.Path}
		r.counts[key] = c
	}
	c.Count++
	if r.opts.MaxPerRule > 0 && c.Count > int64(r.opts.MaxPerRule) {
		return nil
	}
	return r.rep.Report(f)
}

func (r *run) tables() error {
	if err := r.unknownTables(); err != nil {
		return err
	}
	if err := r.keysAhead(); err != nil {
		return err
	}
	for _, l := range r.layouts {
		files, err := r.filesOf(l)
		if err != nil {
			return err
		}
		if len(files) == 0 {
			if err := r.missingTable(l); err != nil {
				return err
			}
			continue
		}
		if err := r.table(l, files); err != nil {
			return err
		}
	}
	return nil
}

// filesOf returns the files of a table, none where they are ambiguous and no
// report is wanted for a second time.
func (r *run) filesOf(l *layout) ([]dataFile, error) {
	if len(r.files[l.Name]) == 0 {
		return nil, nil
	}
	files, err := choose(r.files[l.Name])
	if err == nil {
		return files, nil
	}
	delete(r.files, l.Name)
	return nil, r.report(issue.Issue{Severity: issue.Error, Code: CodeFile, Path: l.Name, Message: err.Error()})
}

func (r *run) unknownTables() error {
	var names []string
	for table, files := range r.files {
		if model().byName[table] == nil {
			for _, f := range files {
				names = append(names, f.name)
			}
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if err := r.report(issue.Issue{Severity: issue.Information, Code: CodeTableUnknown, Pos: issue.Pos{Source: name},
			Message: "want a file named for a table of the CDM, have another name"}); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) missingTable(l *layout) error {
	if cdm.Imaging().Table(l.Name) != nil {
		return nil
	}
	f := issue.Issue{Severity: issue.Warning, Code: CodeTableMissing, Path: l.Name,
		Message: "want a file of the table, have none", Rule: r.opts.Version.Model().Name + ", " + l.Name}
	if l.Required {
		f.Severity = issue.Error
	}
	return r.report(f)
}

// keysAhead reads the keys of the tables to which an earlier table or they
// themselves refer.
func (r *run) keysAhead() error {
	read := map[string]bool{}
	for _, l := range r.layouts {
		for i := range l.columns {
			if l.columns[i].Field == nil || !l.columns[i].Reference.Exists() {
				continue
			}
			parent := l.columns[i].Reference.Table
			at := slices.IndexFunc(r.layouts, func(l *layout) bool { return l.Name == parent })
			if read[parent] || at < 0 || r.done[parent] {
				continue
			}
			r.done[parent] = true
			files, err := r.filesOf(r.layouts[at])
			if err != nil {
				return err
			}
			if err := r.readKeys(r.layouts[at], files); err != nil {
				return err
			}
		}
		read[l.Name] = true
	}
	return nil
}
