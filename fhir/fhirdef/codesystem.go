package fhirdef

import "github.com/carabiner-health/carabiner/internal/jsontree"

// parseCodeSystem reads a CodeSystem.
func parseCodeSystem(src []byte, file string) (*CodeSystem, error) {
	d := &decoder{src: src, file: file, path: []string{"CodeSystem"}}
	root, err := d.root()
	if err != nil {
		return nil, err
	}
	s := &CodeSystem{Count: -1}
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
		case "content":
			s.Content = d.text(v)
		case "caseSensitive":
			s.CaseSensitive = d.bool(v)
		case "hierarchyMeaning":
			s.HierarchyMeaning = d.text(v)
		case "compositional":
			s.Compositional = d.bool(v)
		case "versionNeeded":
			s.VersionNeeded = d.bool(v)
		case "valueSet":
			s.ValueSet = d.text(v)
		case "supplements":
			s.Supplements = d.text(v)
		case "count":
			s.Count = d.count(v, -1)
		case "property":
			for p := range d.objects(v) {
				s.Properties = append(s.Properties, PropertyDefinition{
					Code: d.text(p.Get("code")), URI: d.text(p.Get("uri")), Type: d.text(p.Get("type")),
				})
			}
		case "filter":
			for f := range d.objects(v) {
				s.Filters = append(s.Filters, FilterDefinition{
					Code: d.text(f.Get("code")), Value: d.text(f.Get("value")), Operators: d.texts(f.Get("operator")),
				})
			}
		case "concept":
			s.Concepts = d.concepts(v)
		case "extension":
			s.Extensions = d.extensions(v)
		case withheldMember:
			s.Withheld = d.bool(v)
		}
	}
	if d.err != nil {
		return nil, d.err
	}
	return s, nil
}

// concepts reads the concepts of a code system or of an include.
func (d *decoder) concepts(v jsontree.Value) []Concept {
	n := d.length(v)
	if n == 0 {
		return nil
	}
	out := make([]Concept, 0, n)
	for c := range d.objects(v) {
		var x Concept
		for name, m := range d.members(c) {
			switch name {
			case "code":
				x.Code = d.text(m)
			case "display":
				x.Display = d.text(m)
			case "designation":
				x.Designations = d.designations(m)
			case "property":
				x.Properties = d.properties(m)
			case "concept":
				x.Children = d.concepts(m)
			case "extension":
				x.Extensions = d.extensions(m)
			}
		}
		out = append(out, x)
	}
	return out
}

func (d *decoder) designations(v jsontree.Value) []Designation {
	var out []Designation
	for m := range d.objects(v) {
		use := m.Get("use")
		out = append(out, Designation{
			Language:  d.text(m.Get("language")),
			UseSystem: d.text(use.Get("system")), UseCode: d.text(use.Get("code")),
			Value: d.text(m.Get("value")),
		})
	}
	return out
}

func (d *decoder) properties(v jsontree.Value) []Property {
	n := d.length(v)
	if n == 0 {
		return nil
	}
	out := make([]Property, 0, n)
	for m := range d.objects(v) {
		val, typ := extensionValue(m)
		p := Property{Code: d.text(m.Get("code")), Type: typ}
		if typ == "Coding" {
			p.System, p.Value = d.text(val.Get("system")), d.text(val.Get("code"))
		} else {
			p.Value = d.scalar(val)
		}
		out = append(out, p)
	}
	return out
}
