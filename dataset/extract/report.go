package extract

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// Report is the account of an extraction. For every kind and type of record,
// Read = Used + NotAsked + Unreadable. For every table, Records = WithRows +
// WithoutRows + Quarantined + the Records of Filtered, and Records is what was Used of its
// type; Rows are as many as records made, less those that were Merged.
type Report struct {
	Profile string          `json:"profile"`
	Version string          `json:"version,omitempty"`
	Model   string          `json:"model"` // hash of what the tables are
	Tool    string          `json:"tool,omitempty"`
	Sources []SourceAccount `json:"sources"`
	Types   []TypeAccount   `json:"types"`
	Tables  []TableAccount  `json:"tables"`
	// NotExtracted are the tables whose source is no health data.
	NotExtracted []string `json:"not_extracted,omitempty"`
	// NotCarriedOut are the rules of de-identification that the profile states.
	// Extraction leaves out fields and changes no value.
	NotCarriedOut []DeidAccount `json:"deid_not_carried_out,omitempty"`
	// Findings counts what was reported.
	Findings map[issue.Code]int64 `json:"findings"`
}

// SourceAccount says what an input of FHIR or OMOP was. Of DICOM, of which there may be a
// million, there is one account for all files.
type SourceAccount struct {
	Kind        string `json:"kind"`
	Name        string `json:"name,omitempty"`
	Format      string `json:"format,omitempty"`
	Compression string `json:"compression,omitempty"`
	Files       int64  `json:"files"`
	Bytes       int64  `json:"bytes"`
	Records     int64  `json:"records"`
	Rejected    int64  `json:"rejected,omitempty"`
	Other       int64  `json:"other,omitempty"` // files that are no DICOM
	Skipped     string `json:"skipped,omitempty"`
	Damaged     string `json:"damaged,omitempty"`
}

// TypeAccount says how the records of a type ended: resource types of FHIR, tables of
// OMOP, instances of DICOM.
type TypeAccount struct {
	Kind       string `json:"kind"`
	Type       string `json:"type"`
	Read       int64  `json:"read"`
	Used       int64  `json:"used"`
	NotAsked   int64  `json:"not_asked"`
	Unreadable int64  `json:"unreadable"`
}

func (a *TypeAccount) add(b *TypeAccount) {
	a.Read += b.Read
	a.Used += b.Used
	a.NotAsked += b.NotAsked
	a.Unreadable += b.Unreadable
}

// TableAccount says what became of the records of a table.
type TableAccount struct {
	Name        string       `json:"name"`
	Kind        string       `json:"kind"`
	Type        string       `json:"type,omitempty"`
	Grain       string       `json:"grain,omitempty"`
	File        string       `json:"file"`
	Records     int64        `json:"records"`
	WithRows    int64        `json:"with_rows"`
	WithoutRows int64        `json:"without_rows"`
	Filtered    []RuleCount  `json:"filtered,omitempty"`
	Quarantined int64        `json:"quarantined"`
	Merged      int64        `json:"merged,omitempty"`
	Rows        int64        `json:"rows"`
	KeysTwice   int64        `json:"keys_twice,omitempty"`
	References  []RefAccount `json:"references,omitempty"`
	// RulesNotEvaluated are conditions in languages of their own that the profile
	// states of the fields.
	RulesNotEvaluated int            `json:"rules_not_evaluated,omitempty"`
	Fields            []FieldAccount `json:"fields"`
	// Unlisted counts the records that have a member which the fields do not name.
	Unlisted map[string]int64 `json:"unlisted,omitempty"`
}

func (a *TableAccount) add(b *TableAccount) {
	a.Records += b.Records
	a.WithRows += b.WithRows
	a.WithoutRows += b.WithoutRows
	a.Quarantined += b.Quarantined
	a.Merged += b.Merged
	a.Rows += b.Rows
	for i := range b.Filtered {
		a.Filtered[i].Records += b.Filtered[i].Records
	}
}

// RuleCount counts the records that a condition filters.
type RuleCount struct {
	Origin  string `json:"origin"`
	Path    string `json:"path"`
	Records int64  `json:"records"`
}

// RefAccount says how many references of a table lead to rows of another. References
// with a NULL are not among them.
type RefAccount struct {
	Fields     []string `json:"fields"`
	Table      string   `json:"table"`
	References int64    `json:"references"`
	Missing    int64    `json:"missing"`
}

// FieldAccount says what the values of a column were.
type FieldAccount struct {
	Name  string `json:"name"`
	Role  string `json:"role,omitempty"`
	Nulls int64  `json:"nulls"`
	// Inexact counts decimals that the column rounds; Cut times that are finer than
	// microseconds; Gaps the missing values of lists, which are left out; Converted
	// the values that were of another unit; Differing the rows for which files have
	// different values.
	Inexact   int64 `json:"inexact,omitempty"`
	Cut       int64 `json:"cut,omitempty"`
	Gaps      int64 `json:"gaps,omitempty"`
	Converted int64 `json:"converted,omitempty"`
	Differing int64 `json:"differing,omitempty"`
}

// DeidAccount is a rule of de-identification.
type DeidAccount struct {
	Table  string `json:"table"`
	Field  string `json:"field"`
	Method string `json:"method"`
}

// filters returns the rules of a plan with nothing counted.
func (p *plan) filters() []RuleCount {
	var list []RuleCount
	for _, r := range p.rules {
		list = append(list, RuleCount{Origin: r.origin, Path: r.path})
	}
	return list
}

// begin fills in what is known before anything is read.
func (r *run) begin() {
	r.report = Report{Profile: r.model.ID, Version: r.model.Version, Model: modelHash(r.model), Tool: r.opts.ToolVersion, Sources: []SourceAccount{}, Types: []TypeAccount{}}
	for _, p := range r.plans {
		a := TableAccount{Name: p.Name, Kind: wayNames[p.way], Grain: string(p.Grain), File: p.Name + ".parquet", Filtered: p.filters(), RulesNotEvaluated: p.rulesNotEvaluated()}
		switch p.way {
		case byTable:
			a.Type = p.From.OMOPTable
		case byFiles:
			a.Type = instanceType
		default:
			a.Type = p.From.Resource
		}
		r.report.Tables = append(r.report.Tables, a)
	}
	for _, t := range r.model.Tables {
		if !slices.ContainsFunc(r.plans, func(p *plan) bool { return p.Table == t }) {
			r.report.NotExtracted = append(r.report.NotExtracted, t.Name)
		}
	}
}

// notCarriedOut tells, once a table, of rules that extraction does not carry out.
func (r *run) notCarriedOut() issue.List {
	var issues issue.List
	for _, p := range r.plans {
		n := 0
		for _, f := range p.Object.Fields {
			if f.Deid != nil && f.Deid.Method != "keep" {
				n++
				r.report.NotCarriedOut = append(r.report.NotCarriedOut, DeidAccount{p.Name, f.Name, f.Deid.Method})
			}
		}
		if n > 0 {
			issues = append(issues, issue.Issue{Severity: issue.Warning, Code: CodeDeid, Pos: p.Pos, Path: p.Name,
				Message: fmt.Sprintf("want rules of de-identification carried out, have %d that extraction leaves undone: values are as in the source", n)})
		}
		if n := r.report.Tables[p.at].RulesNotEvaluated; n > 0 {
			issues = append(issues, issue.Issue{Severity: issue.Information, Code: CodeRule, Pos: p.Pos, Path: p.Name,
				Message: fmt.Sprintf("%d conditions of the profile are written in a language of their own and not evaluated", n)})
		}
	}
	return issues
}

// finish completes the account of a table.
func (o *output) finish(r *Report) {
	o.account.Fields = []FieldAccount{}
	for i, c := range o.plan.columns {
		f := &o.fields[i]
		a := FieldAccount{Name: c.Name, Role: string(c.Field.Role), Nulls: f.nulls, Inexact: f.inexact, Cut: f.cut, Gaps: f.gaps, Converted: f.converted}
		if o.plan.dicom != nil {
			a.Differing = o.plan.dicom.differing[i]
		}
		if c.Slice != nil && c.Slice.Field.Role != "" {
			a.Role = string(c.Slice.Field.Role)
		}
		o.account.Fields = append(o.account.Fields, a)
	}
	if len(o.others) > 0 {
		o.account.Unlisted = o.others
	}
}

// tellUnlisted reports members that were left out, once a table.
func (r *run) tellUnlisted() error {
	for _, o := range r.tables {
		if o.plan.Unlisted || len(o.others) == 0 {
			continue
		}
		if err := r.findings.Report(issue.Issue{Severity: issue.Information, Code: CodeUnlisted, Pos: o.plan.Pos, Path: o.plan.Name,
			Message: fmt.Sprintf("want the members that the fields name, have %d others, which are left out", len(o.others))}); err != nil {
			return err
		}
	}
	return nil
}

// resources adds the account of resource types.
func (r *Report) resources(types map[string]*TypeAccount) {
	for _, name := range slices.Sorted(maps.Keys(types)) {
		if a := types[name]; a.Read > 0 {
			r.Types = append(r.Types, *a)
		}
	}
}

// fhirSources adds the account of FHIR's sources; those that were passed by for what
// they are only if it is not the other kinds' business.
func (r *Report) fhirSources(stats *fhir.ReadStats, others bool) {
	for _, s := range stats.Sources {
		if others && otherFormat(s.Skipped) {
			continue
		}
		a := SourceAccount{Kind: "fhir", Name: s.Name, Files: 1, Compression: s.Compression, Bytes: s.Bytes, Records: s.Records, Rejected: s.Rejected, Skipped: s.Skipped, Damaged: s.Damaged}
		if s.Skipped == "" {
			a.Format = s.Format.String()
		}
		r.Sources = append(r.Sources, a)
	}
}

// otherFormat reports whether FHIR passed a file by for what it is.
func otherFormat(skipped string) bool {
	return strings.Contains(skipped, "by its name") || strings.Contains(skipped, "by its content")
}

func (r *Report) dicomSource(s dicommeta.ReadStats) {
	r.Sources = append(r.Sources, SourceAccount{Kind: "dicom", Files: s.Files, Bytes: s.Bytes, Records: s.Instances, Rejected: s.Failed, Other: s.NotDICOM})
}

func (r *Report) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// WriteText writes the account for people.
func (r *Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "read\tused\tnot asked for\tunreadable\t  type\n")
	for i := range r.Types {
		a := &r.Types[i]
		fmt.Fprintf(t, "%d\t%d\t%d\t%d\t  %s %s\n", a.Read, a.Used, a.NotAsked, a.Unreadable, a.Kind, a.Type)
	}
	fmt.Fprintf(t, "\nrows\trecords\twith rows\twithout\tfiltered\tquarantined\tmerged\t  table\n")
	for i := range r.Tables {
		a := &r.Tables[i]
		fmt.Fprintf(t, "%d\t%d\t%d\t%d\t%d\t%d\t%d\t  %s\n", a.Rows, a.Records, a.WithRows, a.WithoutRows, a.filtered(), a.Quarantined, a.Merged, a.Name)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	var notes []string
	for i := range r.Tables {
		notes = append(notes, r.Tables[i].notes()...)
	}
	for _, name := range r.NotExtracted {
		notes = append(notes, name+": not extracted, its source is not FHIR, OMOP or DICOM")
	}
	if n := len(r.NotCarriedOut); n > 0 {
		notes = append(notes, fmt.Sprintf("%d rules of de-identification are not carried out: values are as in the source", n))
	}
	if len(notes) == 0 {
		return nil
	}
	_, err := io.WriteString(w, "\n"+strings.Join(notes, "\n")+"\n")
	return err
}

func (a *TableAccount) filtered() (n int64) {
	for i := range a.Filtered {
		n += a.Filtered[i].Records
	}
	return n
}

// notes are the sentences about a table, of what is not as one would expect.
func (a *TableAccount) notes() []string {
	var list []string
	add := func(n int64, format string, args ...any) {
		if n > 0 {
			list = append(list, a.Name+": "+fmt.Sprintf(format, append([]any{n}, args...)...))
		}
	}
	for _, f := range a.Filtered {
		add(f.Records, "%d records filtered by %s (%s)", f.Path, f.Origin)
	}
	add(a.KeysTwice, "%d rows have the key of another row")
	for _, r := range a.References {
		add(r.Missing, "%d of %d references to %s lead to no row", r.References, r.Table)
	}
	for _, f := range a.Fields {
		add(f.Inexact, "%d values of %s are rounded to a double", f.Name)
		add(f.Cut, "%d values of %s are cut to microseconds", f.Name)
		add(f.Gaps, "%d missing values in lists of %s are left out", f.Name)
		add(f.Converted, "%d values of %s are converted to its unit", f.Name)
		add(f.Differing, "%d rows for which files differ in %s", f.Name)
	}
	for _, path := range slices.Sorted(maps.Keys(a.Unlisted)) {
		add(a.Unlisted[path], "%d records have %s, which no field names", path)
	}
	return list
}
