package fhirdef

import "github.com/carabiner-health/carabiner/internal/jsontree"

// parseValueSet reads a ValueSet.
func parseValueSet(src []byte, file string) (*ValueSet, error) {
	d := &decoder{src: src, file: file, path: []string{"ValueSet"}}
	root, err := d.root()
	if err != nil {
		return nil, err
	}
	s := &ValueSet{}
	for name, v := range d.members(root) {
		switch name {
		case "url":
			s.URL = d.text(v)
		case "version":
			s.Version = d.text(v)
		case "name":
			s.Name = d.text(v)
		case "title":
			s.Title = d.text(v)
		case "status":
			s.Status = d.text(v)
		case "experimental":
			s.Experimental = d.bool(v)
		case "immutable":
			s.Immutable = d.bool(v)
		case "compose":
			s.Compose = d.compose(v)
		case "expansion":
			s.Expansion = d.expansion(v)
		case "extension":
			s.Extensions = d.extensions(v)
		}
	}
	if d.err != nil {
		return nil, d.err
	}
	return s, nil
}

func (d *decoder) compose(v jsontree.Value) *Compose {
	c := &Compose{}
	for name, m := range d.members(v) {
		switch name {
		case "lockedDate":
			c.LockedDate = d.text(m)
		case "inactive":
			b := d.bool(m)
			c.Inactive = &b
		case "include":
			c.Include = d.includes(m)
		case "exclude":
			c.Exclude = d.includes(m)
		}
	}
	return c
}

func (d *decoder) includes(v jsontree.Value) []Include {
	n := d.length(v)
	if n == 0 {
		return nil
	}
	out := make([]Include, 0, n)
	for i := range d.objects(v) {
		var x Include
		for name, m := range d.members(i) {
			switch name {
			case "system":
				x.System = d.text(m)
			case "version":
				x.Version = d.text(m)
			case "concept":
				x.Concepts = d.concepts(m)
			case "filter":
				for f := range d.objects(m) {
					x.Filters = append(x.Filters, Filter{
						Property: d.text(f.Get("property")),
						Op:       d.text(f.Get("op")),
						Value:    d.text(f.Get("value")),
					})
				}
			case "valueSet":
				x.ValueSets = d.texts(m)
			case withheldMember:
				x.Withheld = d.bool(m)
			}
		}
		out = append(out, x)
	}
	return out
}

// withheldMember stands in embedded definitions where concepts of a system with
// its own licence were left out. FHIR has no member of this name.
const withheldMember = "carabinerWithheld"

func (d *decoder) expansion(v jsontree.Value) *Expansion {
	x := &Expansion{Total: -1, Offset: -1}
	for name, m := range d.members(v) {
		switch name {
		case "identifier":
			x.Identifier = d.text(m)
		case "timestamp":
			x.Timestamp = d.text(m)
		case "total":
			x.Total = d.count(m, -1)
		case "offset":
			x.Offset = d.count(m, -1)
		case "parameter":
			for p := range d.objects(m) {
				val, _ := extensionValue(p)
				x.Parameters = append(x.Parameters, ExpansionParameter{Name: d.text(p.Get("name")), Value: d.scalar(val)})
			}
		case "contains":
			x.Contains = d.contains(m)
		case withheldMember:
			x.Withheld = d.bool(m)
		}
	}
	return x
}

func (d *decoder) contains(v jsontree.Value) []ExpansionEntry {
	n := d.length(v)
	if n == 0 {
		return nil
	}
	out := make([]ExpansionEntry, 0, n)
	for c := range d.objects(v) {
		var e ExpansionEntry
		for name, m := range d.members(c) {
			switch name {
			case "system":
				e.System = d.text(m)
			case "version":
				e.Version = d.text(m)
			case "code":
				e.Code = d.text(m)
			case "display":
				e.Display = d.text(m)
			case "abstract":
				e.Abstract = d.bool(m)
			case "inactive":
				e.Inactive = d.bool(m)
			case "designation":
				e.Designations = d.designations(m)
			case "contains":
				e.Contains = d.contains(m)
			}
		}
		out = append(out, e)
	}
	return out
}
