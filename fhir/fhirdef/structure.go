package fhirdef

import (
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// parseStructure reads a StructureDefinition. Members that Structure has no
// place for are skipped, wherever they stand.
func parseStructure(src []byte, file string, keepDifferential bool) (*Structure, error) {
	d := &decoder{src: src, file: file, path: []string{"StructureDefinition"}}
	root, err := d.root()
	if err != nil {
		return nil, err
	}
	s := &Structure{}
	var snapshot, differential jsontree.Value
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
		case "kind":
			s.Kind = d.text(v)
		case "derivation":
			s.Derivation = d.text(v)
		case "abstract":
			s.Abstract = d.bool(v)
		case "type":
			s.Type = d.text(v)
		case "baseDefinition":
			s.Base = d.text(v)
		case "fhirVersion":
			s.FHIRVersion = d.text(v)
		case "context":
			s.Context = d.contexts(v)
		case "contextInvariant":
			s.ContextInvariant = d.texts(v)
		case "extension":
			d.structureExtensions(s, v)
		case "snapshot":
			snapshot = v
		case "differential":
			differential = v
		}
	}
	s.Elements = d.elements(snapshot, s.URL)
	if len(s.Elements) == 0 || keepDifferential {
		s.Differential = d.elements(differential, s.URL)
	}
	if d.err != nil {
		return nil, d.err
	}
	return s, nil
}

// root parses the text, which must be an object.
func (d *decoder) root() (jsontree.Value, error) {
	var t jsontree.Tree
	if err := t.Parse(d.src, nil); err != nil {
		return jsontree.Value{}, syntaxError(d.src, d.file, err)
	}
	if t.Root().Kind() != jsontree.Object {
		d.failKind(t.Root(), "object")
		return jsontree.Value{}, d.err
	}
	return t.Root(), nil
}

func (d *decoder) contexts(v jsontree.Value) []Context {
	var out []Context
	for c := range d.objects(v) {
		out = append(out, Context{Type: d.text(c.Get("type")), Expression: d.text(c.Get("expression"))})
	}
	return out
}

func (d *decoder) structureExtensions(s *Structure, v jsontree.Value) {
	for _, e := range d.extensions(v) {
		if e.Value == nil {
			continue
		}
		switch strings.TrimPrefix(e.URL, hl7Extension) {
		case "structuredefinition-type-characteristics":
			s.Characteristics = append(s.Characteristics, e.Value.Value.Text())
		case "structuredefinition-imposeProfile", "structuredefinition-compliesWithProfile":
			s.Impose = append(s.Impose, e.Value.Value.Text())
		default:
			s.Extensions = append(s.Extensions, e)
		}
	}
}

func (d *decoder) elements(v jsontree.Value, url string) []Element {
	if v.Kind() == jsontree.Invalid {
		return nil
	}
	if v.Kind() != jsontree.Object {
		d.failKind(v, "object")
		return nil
	}
	d.path = append(d.path, string(v.KeyBytes()))
	defer func() { d.path = d.path[:len(d.path)-1] }()
	list := v.Get("element")
	n := d.length(list)
	if n == 0 {
		return nil
	}
	out := make([]Element, 0, n)
	for e := range d.objects(list) {
		out = append(out, Element{})
		d.element(e, &out[len(out)-1], url)
	}
	return out
}

// element reads one ElementDefinition; url is that of its structure.
func (d *decoder) element(v jsontree.Value, e *Element, url string) {
	e.Min, e.Max, e.BaseMin, e.BaseMax = -1, -1, -1, -1
	for name, m := range d.members(v) {
		switch name {
		case "id":
			e.ID = d.text(m)
		case "path":
			e.Path = d.text(m)
		case "sliceName":
			e.SliceName = d.text(m)
		case "sliceIsConstraining":
			e.SliceIsConstraining = d.bool(m)
		case "min":
			e.Min = d.count(m, -1)
		case "max":
			e.Max = d.max(m)
		case "base":
			e.BasePath = d.text(m.Get("path"))
			e.BaseMin = d.count(m.Get("min"), -1)
			e.BaseMax = d.max(m.Get("max"))
		case "contentReference":
			ref := d.text(m)
			e.ContentReference = ref[strings.IndexByte(ref, '#')+1:]
		case "type":
			e.Types = d.types(m)
		case "maxLength":
			e.MaxLength = d.count(m, 0)
		case "binding":
			e.Binding = d.binding(m)
		case "constraint":
			e.Constraints = d.constraints(m, url)
		case "condition":
			e.Conditions = d.texts(m)
		case "slicing":
			e.Slicing = d.slicing(m)
		case "mustSupport":
			e.MustSupport = d.bool(m)
		case "isModifier":
			e.IsModifier = d.bool(m)
		case "isSummary":
			e.IsSummary = d.bool(m)
		case "representation":
			e.Representation = d.texts(m)
		case "orderMeaning":
			e.OrderMeaning = d.text(m) != ""
		case "extension":
			e.Extensions = d.extensions(m)
		default:
			d.elementLiteral(e, name, m)
		}
	}
	if e.ID == "" {
		e.ID = e.Path
	}
	if e.Path == "" {
		d.fail(v, "path", "none")
	}
}

// elementLiteral reads the members whose names end in a type.
func (d *decoder) elementLiteral(e *Element, name string, v jsontree.Value) {
	bare, companion := strings.CutPrefix(name, "_")
	if s, ok := strings.CutPrefix(bare, "fixed"); ok {
		d.addLiteral(&e.Fixed, s, companion, v)
	} else if s, ok := strings.CutPrefix(bare, "pattern"); ok {
		d.addLiteral(&e.Pattern, s, companion, v)
	} else if s, ok := strings.CutPrefix(bare, "minValue"); ok {
		d.addLiteral(&e.MinValue, s, companion, v)
	} else if s, ok := strings.CutPrefix(bare, "maxValue"); ok {
		d.addLiteral(&e.MaxValue, s, companion, v)
	}
}

// max reads an upper limit: the text of a number or *. A JSON number is not
// allowed there, but says the same.
func (d *decoder) max(v jsontree.Value) int {
	if v.Kind() == jsontree.Invalid {
		return -1
	}
	s := d.scalar(v)
	if s == "*" {
		return Unbounded
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		if v.Kind() != jsontree.Object && v.Kind() != jsontree.Array {
			d.fail(v, "a number or *", "another text")
		}
		return -1
	}
	return int(n)
}

const systemType = "http://hl7.org/fhirpath/"

func (d *decoder) types(v jsontree.Value) []Type {
	n := d.length(v)
	if n == 0 {
		return nil
	}
	out := make([]Type, 0, n)
	for t := range d.objects(v) {
		var x Type
		for name, m := range d.members(t) {
			switch name {
			case "code":
				x.Code = strings.TrimPrefix(d.text(m), systemType)
			case "profile":
				if x.Profiles == nil {
					x.Profiles = d.texts(m)
				}
			case "_profile":
				d.profileElements(&x, t.Get("profile"), m)
			case "targetProfile":
				x.TargetProfiles = d.texts(m)
			case "aggregation":
				x.Aggregation = d.texts(m)
			case "versioning":
				x.Versioning = d.text(m)
			case "extension":
				d.typeExtensions(&x, m)
			case "_code":
				d.typeExtensions(&x, m.Get("extension"))
			}
		}
		// A type that only tells how it is written elsewhere says nothing here.
		if x.Code != "" || x.FHIRType != "" || len(x.Profiles) > 0 {
			out = append(out, x)
		}
	}
	return out
}

// profileElements puts the id of the element that a profile is meant from behind
// the profile and #. (extension elementdefinition-profile-element)
func (d *decoder) profileElements(t *Type, profiles, companions jsontree.Value) {
	t.Profiles = d.texts(profiles)
	i := 0
	for c := companions.First(); c.Kind() != jsontree.Invalid && i < len(t.Profiles); c, i = c.Next(), i+1 {
		for e := range d.objects(c.Get("extension")) {
			val, _ := extensionValue(e)
			if e.Get("url").EqualText(hl7Extension + "elementdefinition-profile-element") {
				t.Profiles[i] += "#" + d.text(val)
			}
		}
	}
}

func (d *decoder) typeExtensions(t *Type, v jsontree.Value) {
	for e := range d.objects(v) {
		val, _ := extensionValue(e)
		switch strings.TrimPrefix(e.Get("url").Text(), hl7Extension) {
		case "structuredefinition-fhir-type":
			t.FHIRType = d.text(val)
		case "regex":
			t.Regex = d.text(val)
		}
	}
}

func (d *decoder) binding(v jsontree.Value) *Binding {
	b := &Binding{}
	for name, m := range d.members(v) {
		switch name {
		case "strength":
			b.Strength = d.text(m)
		case "valueSet", "valueSetUri", "valueSetCanonical":
			b.ValueSet = d.text(m)
		case "additional":
			for a := range d.objects(m) {
				b.Extra = append(b.Extra, d.additional(a))
			}
		case "extension":
			d.bindingExtensions(b, m)
		}
	}
	return b
}

func (d *decoder) bindingExtensions(b *Binding, v jsontree.Value) {
	for e := range d.objects(v) {
		url := e.Get("url").Text()
		val, _ := extensionValue(e)
		switch url[strings.LastIndexByte(url, '/')+1:] {
		case "elementdefinition-maxValueSet":
			b.MaxSet = d.text(val)
		case "elementdefinition-minValueSet":
			b.MinSet = d.text(val)
		case "additional-binding":
			var a AdditionalBinding
			for part := range d.objects(e.Get("extension")) {
				pv, _ := extensionValue(part)
				switch part.Get("url").Text() {
				case "purpose":
					a.Purpose = d.text(pv)
				case "valueSet":
					a.ValueSet = d.text(pv)
				case "usage":
					a.Usage = append(a.Usage, d.literal(pv))
				case "any":
					a.Any = d.bool(pv)
				}
			}
			b.Extra = append(b.Extra, a)
		}
	}
}

func (d *decoder) additional(v jsontree.Value) AdditionalBinding {
	a := AdditionalBinding{
		Purpose:  d.text(v.Get("purpose")),
		ValueSet: d.text(v.Get("valueSet")),
		Any:      d.bool(v.Get("any")),
	}
	for u := range d.each(v.Get("usage")) {
		a.Usage = append(a.Usage, d.literal(u))
	}
	return a
}

func (d *decoder) constraints(v jsontree.Value, url string) []Constraint {
	n := d.length(v)
	if n == 0 {
		return nil
	}
	out := make([]Constraint, 0, n)
	for c := range d.objects(v) {
		x := Constraint{Source: url}
		for name, m := range d.members(c) {
			switch name {
			case "key":
				x.Key = d.text(m)
			case "severity":
				x.Severity = d.text(m)
			case "expression":
				x.Expression = d.text(m)
			case "human":
				x.Human = d.text(m)
			case "source":
				x.Source = d.text(m)
			case "extension":
				for e := range d.objects(m) {
					if e.Get("url").EqualText(hl7Extension + "elementdefinition-bestpractice") {
						x.BestPractice = d.bool(e.Get("valueBoolean"))
					}
				}
			}
		}
		out = append(out, x)
	}
	return out
}

func (d *decoder) slicing(v jsontree.Value) *Slicing {
	s := &Slicing{}
	for name, m := range d.members(v) {
		switch name {
		case "discriminator":
			for x := range d.objects(m) {
				s.Discriminators = append(s.Discriminators, Discriminator{
					Type: d.text(x.Get("type")), Path: d.text(x.Get("path")),
				})
			}
		case "ordered":
			s.Ordered = d.bool(m)
		case "rules":
			s.Rules = d.text(m)
		}
	}
	return s
}
