package extract

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/fhir/view"
	"github.com/carabiner-health/carabiner/issue"
)

// way is where the records of a table come from, and how rows are made of them.
type way uint8

const (
	byView   way = iota // FHIR, a row table: a ViewDefinition
	byRecord            // FHIR, a record table: the members of the resource
	byFiles             // DICOM
	byTable             // OMOP
)

var wayNames = [...]string{"fhir", "fhir", "dicom", "omop"}

// plan is a table with all that makes its rows.
type plan struct {
	*dataset.Table
	way     way
	at      int // number among the tables that are extracted
	columns []*column
	specs   []columnar.ColumnSpec
	key     []int   // columns
	refs    [][]int // columns of each of Refs; nil where the other table is not extracted
	rules   []rule  // why records are filtered, in the order of the view's filters

	view  *view.View // of a row table; of a record table its filter, nil if all pass
	cells []int      // column of the view for each column
	dicom *dicomPlan
	omop  *omopPlan
}

// rule is a condition on records, in words for the report.
type rule struct{ origin, path string }

// newPlans compiles the tables of a model that can be extracted. The findings name
// those that cannot.
func newPlans(m *dataset.Model) ([]*plan, issue.List, error) {
	var plans []*plan
	var issues issue.List
	seen := map[string]bool{}
	for _, t := range m.Tables {
		w, ok := wayOf(t)
		if !ok {
			issues = append(issues, issue.Issue{Severity: issue.Warning, Code: CodeNotExtracted, Pos: t.Pos, Path: t.Name,
				Message: "want a table of FHIR, OMOP or DICOM, have one of " + string(t.Kind)})
			continue
		}
		if lower := strings.ToLower(t.Name); seen[lower] || !fileName(t.Name) {
			return nil, nil, fmt.Errorf("extract: want tables of different names that a file can have, have %q", t.Name)
		} else {
			seen[lower] = true
		}
		p := &plan{Table: t, way: w, at: len(plans)}
		if err := p.compile(); err != nil {
			return nil, nil, err
		}
		plans = append(plans, p)
	}
	if len(plans) == 0 {
		return nil, nil, errors.New("extract: want a profile with tables of FHIR, OMOP or DICOM, have none")
	}
	for _, p := range plans {
		p.link(plans)
	}
	return plans, issues, nil
}

// fileName reports whether a name can be that of a file in the folder.
func fileName(name string) bool {
	return name != "" && name[0] != '.' && len(name) <= 200 && !strings.ContainsAny(name, "/\\:*?\"<>|\x00")
}

// wayOf tells where the records of a table come from.
func wayOf(t *dataset.Table) (way, bool) {
	if t.Object == nil || len(t.Object.Fields) == 0 {
		return 0, false
	}
	switch t.Kind {
	case dataset.FHIRStructure, dataset.FHIRPackage, dataset.FHIRView, dataset.CRTDL:
		if t.Form == dataset.Row {
			return byView, len(t.From.View) > 0
		}
		return byRecord, t.From.Resource != ""
	case dataset.DICOMList, dataset.DICOMObject:
		return byFiles, true
	case dataset.OMOP:
		return byTable, t.From.OMOPTable != ""
	}
	return 0, false
}

func (p *plan) compile() error {
	for _, c := range dataset.Columns(p.Table) {
		k, err := newColumn(p.Name, c)
		if err != nil {
			return err
		}
		// Of a record, what it must have is checked in its JSON: a companion will do.
		k.needed, k.strict = !c.Nullable && p.way != byRecord, p.way == byRecord
		k.asIs = k.check != nil && k.check.none && !k.List && k.scalar.Kind == dataset.Text && p.way <= byRecord
		p.columns = append(p.columns, k)
		p.specs = append(p.specs, k.spec())
	}
	for _, name := range p.Key {
		i := p.column(name)
		if i < 0 {
			return fmt.Errorf("extract: table %q: want keys that are fields, have %q", p.Name, name)
		}
		p.key = append(p.key, i)
	}
	switch p.way {
	case byView:
		return p.compileView()
	case byRecord:
		return p.compileFilter()
	case byFiles:
		return p.compileFiles()
	}
	return p.compileOMOP()
}

// column returns the number of the column of that name, -1 if there is none.
func (p *plan) column(name string) int {
	return slices.IndexFunc(p.columns, func(c *column) bool { return c.Name == name })
}

// link finds the columns of references to other tables that are extracted.
func (p *plan) link(plans []*plan) {
	p.refs = make([][]int, len(p.Refs))
	for k, r := range p.Refs {
		at := slices.IndexFunc(plans, func(q *plan) bool { return q.Name == r.Table })
		if at < 0 || len(plans[at].Key) == 0 {
			continue
		}
		if len(r.Target) > 0 && !slices.Equal(r.Target, plans[at].Key) {
			continue
		}
		var columns []int
		for _, name := range r.Fields {
			if i := p.column(name); i >= 0 {
				columns = append(columns, i)
			}
		}
		if len(columns) == len(r.Fields) && len(columns) == len(plans[at].Key) {
			p.refs[k] = columns
		}
	}
}

// target returns the plan that reference k leads to.
func (p *plan) target(plans []*plan, k int) *plan {
	at := slices.IndexFunc(plans, func(q *plan) bool { return q.Name == p.Refs[k].Table })
	return plans[at]
}

// rulesNotEvaluated counts the conditions that are written in a language of their own:
// a Validator of package fhir evaluates invariants.
func (p *plan) rulesNotEvaluated() int {
	seen := map[*dataset.Object]bool{}
	var ofType func(t *dataset.Type) int
	var ofObject func(o *dataset.Object) int
	ofType = func(t *dataset.Type) int {
		if t == nil {
			return 0
		}
		n := len(t.Rules) + ofType(t.Elem) + ofObject(t.Object)
		for i := range t.Union {
			n += ofType(&t.Union[i])
		}
		return n
	}
	ofObject = func(o *dataset.Object) int {
		if o == nil || seen[o] {
			return 0
		}
		seen[o] = true
		n := len(o.Rules)
		for _, f := range o.Fields {
			n += ofType(&f.Type)
			for _, s := range f.Slices {
				if s.Field != nil {
					n += ofType(&s.Field.Type)
				}
			}
		}
		return n
	}
	return ofObject(p.Object)
}
