package check

import (
	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// verdict is what a native form says of an invariant.
type verdict uint8

const (
	ask verdict = iota // FHIRPath must decide
	holdsTrue
	holdsFalse
)

func decided(ok bool) verdict {
	if ok {
		return holdsTrue
	}
	return holdsFalse
}

// unless is for invariants that hold as soon as something is absent, and that
// FHIRPath decides otherwise.
func unless(ok bool) verdict {
	if ok {
		return holdsTrue
	}
	return ask
}

// native decides an invariant in Go: the invariants that hold of every element
// or of the most frequent types, where an evaluation would cost more than all
// else that is checked of the element.
type native func(f *frame) verdict

// nativeOf returns the native form of a constraint; nil if it has none. Forms go
// by the text of the expression, so that a changed one is evaluated.
func nativeOf(k *fhirdef.Constraint) native { return natives[k.Expression] }

var natives = map[string]native{
	// txt-1 and txt-2, which xhtml sees to and tells apart
	"htmlChecks()": func(*frame) verdict { return holdsTrue },
	// ele-1
	"hasValue() or (children().count() > id.count())": func(f *frame) verdict {
		if isPrimitive(f.typ) && f.value.Kind() != jsontree.Invalid {
			return holdsTrue
		}
		v := f.value
		if isPrimitive(f.typ) {
			v = f.companion
		}
		return decided(hasMore(v))
	},
	// ext-1
	"extension.exists() != value.exists()": func(f *frame) verdict {
		return decided(has(f.value, "extension") != hasChoice(f.value, "value"))
	},
	// dom-2 to dom-5 speak of contained resources, dom-6 of the narrative
	"contained.contained.empty()": noContained,
	domain3:                       func(*frame) verdict { return holdsTrue }, // see contained
	"contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()": noContained,
	"contained.meta.security.empty()":                                         noContained,
	"text.`div`.exists()": func(f *frame) verdict {
		return decided(has(f.value.Get("text"), "div"))
	},
	// ref-1, as corrected
	correctedRef1: func(f *frame) verdict {
		text := f.value.Get("reference").Bytes(nil)
		return unless(len(text) == 0 || text[0] != '#' || len(text) == 1)
	},
	// qty-3
	"code.empty() or system.exists()": func(f *frame) verdict {
		return decided(!has(f.value, "code") || has(f.value, "system"))
	},
	// per-1
	"start.hasValue().not() or end.hasValue().not() or (start <= end)": func(f *frame) verdict {
		return unless(f.value.Get("start").Kind() == jsontree.Invalid || f.value.Get("end").Kind() == jsontree.Invalid)
	},
	// cpt-2
	"value.empty() or system.exists()": func(f *frame) verdict {
		return decided(!has(f.value, "value") || has(f.value, "system"))
	},
	// obs-3
	"low.exists() or high.exists() or text.exists()": func(f *frame) verdict {
		return decided(has(f.value, "low") || has(f.value, "high") || has(f.value, "text"))
	},
	// obs-6
	"dataAbsentReason.empty() or value.empty()": func(f *frame) verdict {
		return decided(!has(f.value, "dataAbsentReason") || !hasChoice(f.value, "value"))
	},
	// obs-7
	"value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()": func(f *frame) verdict {
		return unless(!has(f.value, "component") || !hasChoice(f.value, "value"))
	},
	// vs-2
	"(component.empty() and hasMember.empty()) implies (dataAbsentReason.exists() or value.exists())": func(f *frame) verdict {
		v := f.value
		return decided(has(v, "component") || has(v, "hasMember") || has(v, "dataAbsentReason") || hasChoice(v, "value"))
	},
	// vs-3
	"value.exists() or dataAbsentReason.exists()": func(f *frame) verdict {
		return decided(hasChoice(f.value, "value") || has(f.value, "dataAbsentReason"))
	},
	// pat-1
	"name.exists() or telecom.exists() or address.exists() or organization.exists()": func(f *frame) verdict {
		v := f.value
		return decided(has(v, "name") || has(v, "telecom") || has(v, "address") || has(v, "organization"))
	},
	// att-1
	"data.empty() or contentType.exists()": func(f *frame) verdict {
		return decided(!has(f.value, "data") || has(f.value, "contentType"))
	},
	// bdl-5
	"resource.exists() or request.exists() or response.exists()": func(f *frame) verdict {
		return decided(has(f.value, "resource") || has(f.value, "request") || has(f.value, "response"))
	},
	// rng-2
	"low.empty() or high.empty() or (low <= high)": func(f *frame) verdict {
		return unless(!has(f.value, "low") || !has(f.value, "high"))
	},
	// tim-1, -2, -6 to -10
	"duration.empty() or durationUnit.exists()": func(f *frame) verdict {
		return decided(!has(f.value, "duration") || has(f.value, "durationUnit"))
	},
	"period.empty() or periodUnit.exists()": func(f *frame) verdict {
		return decided(!has(f.value, "period") || has(f.value, "periodUnit"))
	},
	"periodMax.empty() or period.exists()": func(f *frame) verdict {
		return decided(!has(f.value, "periodMax") || has(f.value, "period"))
	},
	"durationMax.empty() or duration.exists()": func(f *frame) verdict {
		return decided(!has(f.value, "durationMax") || has(f.value, "duration"))
	},
	"countMax.empty() or count.exists()": func(f *frame) verdict {
		return decided(!has(f.value, "countMax") || has(f.value, "count"))
	},
	"timeOfDay.empty() or when.empty()": func(f *frame) verdict {
		return decided(!has(f.value, "timeOfDay") || !has(f.value, "when"))
	},
}

const correctedRef1 = "reference.exists() implies (reference.startsWith('#').not() or (reference = '#') or (reference.substring(1) in %rootResource.contained.id))"

const domain3 = "contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical) | %resource.descendants().as(uri) | %resource.descendants().as(url))) or descendants().where(reference = '#').exists() or descendants().where(as(canonical) = '#').exists() or descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()"

func noContained(f *frame) verdict { return unless(!has(f.value, "contained")) }

// has tells whether an object has an element, with a value or extensions.
func has(v jsontree.Value, name string) bool {
	if m := v.Get(name); m.Kind() != jsontree.Invalid {
		return holdsSomething(m) || hasCompanion(v, name)
	}
	return hasCompanion(v, name)
}

func hasCompanion(v jsontree.Value, name string) bool {
	for m := v.First(); v.Kind() == jsontree.Object && m.Kind() != jsontree.Invalid; m = m.Next() {
		if key := m.KeyBytes(); len(key) == len(name)+1 && key[0] == '_' && string(key[1:]) == name {
			return holdsSomething(m)
		}
	}
	return false
}

// holdsSomething tells a value from a null and a list of nothing.
func holdsSomething(v jsontree.Value) bool {
	switch v.Kind() {
	case jsontree.Null, jsontree.Invalid:
		return false
	case jsontree.Array:
		for e := v.First(); e.Kind() != jsontree.Invalid; e = e.Next() {
			if e.Kind() != jsontree.Null {
				return true
			}
		}
		return false
	}
	return true
}

// hasChoice tells whether an object has a choice element of any type.
func hasChoice(v jsontree.Value, name string) bool {
	for m := v.First(); v.Kind() == jsontree.Object && m.Kind() != jsontree.Invalid; m = m.Next() {
		key := m.KeyBytes()
		if len(key) > 0 && key[0] == '_' {
			key = key[1:]
		}
		if len(key) > len(name) && string(key[:len(name)]) == name && key[len(name)] >= 'A' && key[len(name)] <= 'Z' && holdsSomething(m) {
			return true
		}
	}
	return false
}

// hasMore tells whether an object has any member besides its id.
func hasMore(v jsontree.Value) bool {
	for m := v.First(); v.Kind() == jsontree.Object && m.Kind() != jsontree.Invalid; m = m.Next() {
		if !m.KeyIs("id") && !m.KeyIs("_id") && !m.KeyIs("resourceType") && holdsSomething(m) {
			return true
		}
	}
	return false
}
