package gen

import (
	"fmt"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// mostSlices is the number of slices of a list that have fields: the order of the
// elements is kept in a byte each.
const mostSlices = 255

// notHeld adds a finding about a field.
func (p *plan) notHeld(severity issue.Severity, code issue.Code, o *objectPlan, f *dataset.Field, message string) {
	pos, path := f.Pos, f.ID
	if pos == (issue.Pos{}) {
		pos = o.Pos
	}
	if path == "" {
		path = o.Name + "." + f.Name
	}
	p.findings = append(p.findings, issue.Issue{Severity: severity, Code: code, Pos: pos, Path: path, Message: message})
}

// tellNotHeld adds findings about what of the fields' slices and values the code
// does not hold or check. Rules are told where they are compiled.
func (p *plan) tellNotHeld() {
	for _, o := range p.objects {
		for _, f := range o.fields {
			p.slicesNotHeld(o, f)
			if !o.FHIR { // the rules of JSON Schema check the whole value
				continue
			}
			p.typeNotHeld(o, f.Field, &f.Type)
			for _, s := range f.slices {
				p.typeNotHeld(o, s.Field, &s.Field.Type)
			}
		}
	}
}

func (p *plan) slicesNotHeld(o *objectPlan, f *fieldPlan) {
	tell := func(about *dataset.Field, message string) {
		p.notHeld(issue.Information, CodeNotHeld, o, about, message)
	}
	if n := len(f.Slices) - len(f.slices); n > 0 && !o.row() {
		tell(f.Field, fmt.Sprintf("want slices in Go, have %d of %s that have no fields: their elements stay in the list", n, f.Name))
	}
	for _, s := range f.slices {
		if len(s.Field.Slices) > 0 {
			tell(s.Field, fmt.Sprintf("want slices in Go, have %d within the slice %s that have no fields and are not checked", len(s.Field.Slices), s.Slice.Name))
		}
		decided := len(s.Match) > 0 || s.Value != ""
		for i := range s.Match {
			decided = decided && p.matchTerm(&s.Match[i]) != "false"
		}
		if !decided {
			tell(s.Field, "want a slice that can be told from the data, have "+s.Slice.Name+", whose elements stay in the list")
		}
	}
}

// typeNotHeld tells constraints on a value that Validate does not check.
func (p *plan) typeNotHeld(o *objectPlan, f *dataset.Field, t *dataset.Type) {
	tell := func(what string) {
		p.notHeld(issue.Information, CodeNotHeld, o, f, "want a check in Go, have none of the "+what)
	}
	switch t.Kind {
	case dataset.Any, dataset.Binary, dataset.Map, dataset.Union, dataset.List:
		if t.Const != "" {
			tell("fixed value of a " + t.Kind.String())
		}
		if t.Pattern != "" {
			tell("pattern of a " + t.Kind.String())
		}
	}
	if t.UniqueItems && (len(f.Slices) > 0 || t.Kind == dataset.List && !canCompare(t.Elem)) {
		tell("difference of the elements")
	}
	if t.Kind == dataset.List {
		p.typeNotHeld(o, f, t.Elem)
	}
}

// canCompare says that Validate can tell whether two elements of a list are equal.
func canCompare(t *dataset.Type) bool {
	switch t.Kind {
	case dataset.Text, dataset.Binary, dataset.Duration, dataset.Integer, dataset.Any, dataset.Date, dataset.DateTime, dataset.Time,
		dataset.Decimal, dataset.ObjectKind:
		return true
	}
	return false
}
