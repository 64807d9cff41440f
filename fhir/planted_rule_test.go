package fhir_test

import (
	"strings"

	"github.com/carabiner-health/carabiner/fhir/internal/check"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// rulePlanters break invariants and narratives.
func rulePlanters() []planter {
	return []planter{
		{"ele-1: id alone", plantOnlyID},
		{"ext-1: value and extensions, or neither", plantExtensionContent},
		{"per-1: end before start", plantPeriod},
		{"qty-3: code without system", plantQuantity},
		{"cpt-2: value without system", plantContactPoint},
		{"att-1: data without content type", plantAttachment},
		{"pat-1: contact without details", plantContact},
		{"obs-6: value and reason of absence", plantAbsentReason},
		{"obs-7: value beside component of the same code", plantComponentValue},
		{"dom-2: contained in contained", plantContainedTwice},
		{"dom-3: contained that nothing refers to", plantUnreferenced},
		{"dom-4: contained with version or time", plantContainedMeta("dom-4", `{"versionId": "1"}`)},
		{"dom-5: contained with security label", plantContainedMeta("dom-5", `{"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "N"}]}`)},
		{"us-core-6: name without parts", plantNamelessName},
		{"us-core-1: date without day", plantCoarseTime("us-core-1")},
		{"narrative with a script", plantScript(`<script>` + mark + `</script>`)},
		{"narrative with an event handler", plantScript(`<p onclick='` + mark + `'>a</p>`)},
		{"narrative with a form", plantScript(`<form>` + mark + `</form>`)},
		{"narrative that is not well-formed", plantScript(`<p>` + mark)},
		{"narrative without text", plantHollow},
	}
}

// broken is an invariant that should be found broken at a path.
func broken(key string, e edited, path string) planted {
	return planted{what: key, text: e.text, codes: codes{check.CodeInvariant}, path: path, rule: "#" + key}
}

func plantOnlyID(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.owner != nil && !isPrimitiveType(x.typ) && !x.isResource() && x.value.Kind() == jsontree.Object {
			e := replaced(s.text, x.value, `{"id": "a"}`)
			p := broken("ele-1", e, x.path)
			p.what, p.spreads = x.el.ID, x.name == "entry" || x.name == "item" || x.identifies()
			emit(p)
		}
	}
}

func plantExtensionContent(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.typ != "Extension" || x.owner == nil {
			continue
		}
		if x.value.Get("extension").Kind() == jsontree.Array {
			emit(broken("ext-1", inserted(s.text, x.value, "valueBoolean", "true"), x.path))
		} else {
			emit(broken("ext-1", replaced(s.text, x.value, `{"url": `+string(x.value.Get("url").Raw())+`}`), x.path))
		}
	}
}

func plantPeriod(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.typ == "Period" && x.value.Get("start").Kind() == jsontree.String && x.owner != nil {
			e := replaced(s.text, x.value, `{"start": "2011-05-07", "end": "2010-05-07"}`)
			emit(broken("per-1", e, x.path))
		}
	}
}

func plantQuantity(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.typ == "Quantity" && x.value.Get("code").Kind() == jsontree.String {
			if e, ok := removed(s.text, x.value.Get("system")); ok {
				emit(broken("qty-3", e, x.path))
			}
		}
	}
}

func plantContactPoint(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.typ == "ContactPoint" && x.value.Get("value").Kind() == jsontree.String && x.value.Get("system").Kind() == jsontree.String {
			if e, ok := removed(s.text, x.value.Get("system")); ok {
				emit(broken("cpt-2", e, x.path))
			}
		}
	}
}

func plantAttachment(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.typ == "Attachment" && x.value.Get("data").Kind() == jsontree.String {
			if e, ok := removed(s.text, x.value.Get("contentType")); ok {
				emit(broken("att-1", e, x.path))
			}
		}
	}
}

// resources calls visit with each resource of a type.
func (s *subject) resources(typ string, visit func(x *spot)) {
	for _, x := range s.spots {
		if x.isResource() && x.typ == typ {
			visit(x)
		}
	}
}

func plantContact(s *subject, emit func(planted)) {
	s.resources("Patient", func(x *spot) {
		e, n := added(s.text, x.value, "contact", `{"gender": "female"}`)
		emit(broken("pat-1", e, x.path+".contact["+itoa(n)+"]"))
	})
}

func plantAbsentReason(s *subject, emit func(planted)) {
	s.resources("Observation", func(x *spot) {
		for m := x.value.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
			if strings.HasPrefix(m.Key(), "value") {
				e := inserted(s.text, x.value, "dataAbsentReason", `{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}]}`)
				emit(broken("obs-6", e, x.path))
				return
			}
		}
	})
}

func plantComponentValue(s *subject, emit func(planted)) {
	s.resources("Observation", func(x *spot) {
		for m := x.value.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
			if strings.HasPrefix(m.Key(), "value") && x.value.Get("code").Get("coding").Kind() == jsontree.Array {
				e, _ := added(s.text, x.value, "component", `{"code": `+string(x.value.Get("code").Raw())+`, "valueString": "`+mark+`"}`)
				emit(broken("obs-7", e, x.path))
				return
			}
		}
	})
}

func plantContainedTwice(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.name == "contained" {
			e := inserted(s.text, x.value, "contained", `[{"resourceType": "Patient", "id": "inner", "active": true}]`)
			emit(broken("dom-2", e, x.owner.path))
		}
	}
}

func plantUnreferenced(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.isResource() && x.name != "contained" && x.shape.Member("contained") != nil {
			e, n := added(s.text, x.value, "contained", `{"resourceType": "Patient", "id": "inner", "active": true}`)
			p := broken("dom-3", e, x.path+".contained["+itoa(n)+"]")
			p.codes = codes{check.CodeContained}
			emit(p)
		}
	}
}

func plantContainedMeta(key, meta string) func(*subject, func(planted)) {
	return func(s *subject, emit func(planted)) {
		for _, x := range s.spots {
			if x.name == "contained" && x.value.Get("meta").Kind() == jsontree.Invalid {
				emit(broken(key, inserted(s.text, x.value, "meta", meta), x.owner.path))
			}
		}
	}
}

func plantNamelessName(s *subject, emit func(planted)) {
	if !s.constrains("us-core-6") {
		return
	}
	for _, x := range s.spots {
		if x.full == "Patient.name" && x.scope == s.spots[0] {
			emit(broken("us-core-6", replaced(s.text, x.value, `{"use": "official"}`), x.path))
		}
	}
}

// constrains tells whether a profile of the resource has an invariant.
func (s *subject) constrains(key string) bool {
	for _, p := range s.profiles {
		for i := range p.Elements {
			for _, k := range p.Elements[i].Constraints {
				if k.Key == key {
					return true
				}
			}
		}
	}
	return false
}

// plantCoarseTime breaks an invariant that wants a time to the day.
func plantCoarseTime(key string) func(*subject, func(planted)) {
	return func(s *subject, emit func(planted)) {
		for _, p := range s.profiles {
			for i := range p.Elements {
				for _, k := range p.Elements[i].Constraints {
					if k.Key != key {
						continue
					}
					for _, x := range s.spots {
						if x.full == p.Elements[i].Path && x.typ == "dateTime" && x.scope == s.spots[0] {
							emit(broken(key, replaced(s.text, x.value, `"2012"`), x.path))
						}
					}
				}
			}
		}
	}
}

// plantScript puts markup that a narrative may not hold into narratives.
func plantScript(markup string) func(*subject, func(planted)) {
	return func(s *subject, emit func(planted)) {
		for _, x := range s.spots {
			if x.typ != "xhtml" {
				continue
			}
			raw := string(x.value.Raw())
			if i := strings.LastIndex(raw, "</div>"); i > 0 {
				e := replaced(s.text, x.value, raw[:i]+markup+raw[i:])
				emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeNarrative}, path: x.path})
			}
		}
	}
}

func plantHollow(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.typ == "xhtml" {
			e := replaced(s.text, x.value, `"<div xmlns=\"http://www.w3.org/1999/xhtml\"> </div>"`)
			emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeNarrative, check.CodeInvariant}, path: x.path})
		}
	}
}
