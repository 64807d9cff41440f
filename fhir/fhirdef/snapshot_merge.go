package fhirdef

import "slices"

// apply narrows an element by what the differential says of it. What it does
// not say stays as the base has it.
func (m *maker) apply(b *branch, diff *Element) {
	e := &b.el
	m.applyTypes(b, diff)
	if diff.Min >= 0 {
		e.Min = diff.Min
	}
	if diff.Max >= 0 {
		e.Max = diff.Max
	}
	if diff.ContentReference != "" {
		e.ContentReference = diff.ContentReference
	}
	set(&e.Fixed, diff.Fixed)
	set(&e.Pattern, diff.Pattern)
	set(&e.MinValue, diff.MinValue)
	set(&e.MaxValue, diff.MaxValue)
	if diff.MaxLength > 0 {
		e.MaxLength = diff.MaxLength
	}
	e.Binding = mergeBinding(e.Binding, diff.Binding)
	if !bindable(e.Types) {
		e.Binding = nil
	}
	e.Slicing = mergeSlicing(e.Slicing, diff.Slicing)
	e.Constraints = mergeConstraints(e.Constraints, diff.Constraints)
	e.Conditions = merged(e.Conditions, diff.Conditions, func(a, b string) bool { return a == b })
	e.Extensions = merged(e.Extensions, diff.Extensions, func(a, b Extension) bool { return a.URL == b.URL })
	e.MustSupport = e.MustSupport || diff.MustSupport
	e.IsModifier = e.IsModifier || diff.IsModifier
	e.IsSummary = e.IsSummary || diff.IsSummary
	e.OrderMeaning = e.OrderMeaning || diff.OrderMeaning
	e.SliceIsConstraining = diff.SliceIsConstraining
	if len(diff.Representation) > 0 {
		e.Representation = diff.Representation
	}
}

func set(dst **Literal, src *Literal) {
	if src != nil {
		*dst = src
	}
}

// applyTypes narrows the types. The profile of an extension brings what its root
// says, also how often it may stand.
func (m *maker) applyTypes(b *branch, diff *Element) {
	if len(diff.Types) == 0 {
		return
	}
	old := b.el.Types
	b.el.Types = make([]Type, len(diff.Types))
	for i, t := range diff.Types {
		if t.Code == "" && len(old) == 1 {
			t.Code = old[0].Code
		}
		at := slices.IndexFunc(old, func(o Type) bool { return o.Code == t.Code })
		if at >= 0 {
			if t.FHIRType == "" {
				t.FHIRType = old[at].FHIRType
			}
			if t.Regex == "" {
				t.Regex = old[at].Regex
			}
		}
		b.el.Types[i] = t
	}
	if diff.ContentReference == "" {
		b.el.ContentReference = ""
	}
	if len(b.el.Types) != 1 || b.el.Types[0].Code != "Extension" || len(b.el.Types[0].Profiles) != 1 {
		return
	}
	profile := m.g.byURL(b.el.Types[0].Profiles[0])
	if profile == nil || len(profile.Elements) == 0 {
		return
	}
	root := &profile.Elements[0]
	b.el.Min, b.el.Max = root.Min, root.Max
	b.el.Constraints = mergeConstraints(b.el.Constraints, root.Constraints)
	b.el.IsModifier = b.el.IsModifier || root.IsModifier
}

func mergeBinding(base, diff *Binding) *Binding {
	if diff == nil || base == nil {
		if diff != nil {
			return diff
		}
		return base
	}
	out := *diff
	if out.Strength == "" {
		out.Strength = base.Strength
	}
	if out.ValueSet == "" {
		out.ValueSet = base.ValueSet
	}
	out.Extra = append(slices.Clip(base.Extra), diff.Extra...)
	return &out
}

// bindable reports whether a binding can mean anything for one of the types.
func bindable(types []Type) bool {
	if len(types) == 0 {
		return true
	}
	for _, t := range types {
		switch t.Code {
		case "code", "Coding", "CodeableConcept", "CodeableReference", "Quantity", "uri", "url", "canonical",
			"string", "SimpleQuantity", "Age", "Duration", "Money", "Count", "Distance", "id", "markdown":
			return true
		}
		if len(t.Code) > 0 && (t.Code[0] < 'A' || t.Code[0] > 'Z') {
			return true
		}
	}
	return false
}

func mergeSlicing(base, diff *Slicing) *Slicing {
	if diff == nil || base == nil {
		if diff != nil {
			return diff
		}
		return base
	}
	out := *diff
	if out.Rules == "" {
		out.Rules = base.Rules
	}
	out.Ordered = base.Ordered || diff.Ordered
	out.Discriminators = merged(base.Discriminators, diff.Discriminators, func(a, b Discriminator) bool { return a == b })
	return &out
}

func mergeConstraints(base, diff []Constraint) []Constraint {
	return merged(base, diff, func(a, b Constraint) bool { return a.Key == b.Key })
}

// merged returns base and after it what is new in more. Neither changes.
func merged[T any](base, more []T, same func(a, b T) bool) []T {
	out := slices.Clip(base)
	for _, x := range more {
		if !slices.ContainsFunc(out, func(y T) bool { return same(x, y) }) {
			out = append(out, x)
		}
	}
	return out
}
