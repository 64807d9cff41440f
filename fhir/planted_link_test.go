package fhir_test

import (
	"strings"

	"github.com/carabiner-health/carabiner/fhir/internal/check"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// linkPlanters break references, Bundles and extensions.
func linkPlanters() []planter {
	return []planter{
		{"reference to a wrong type", plantWrongTarget},
		{"address of a wrong type", plantWrongAddress},
		{"contained of a wrong type", plantContainedOfWrongType},
		{"entry of a wrong type", plantWrongEntry},
		{"profile of another type", plantOtherProfile},
		{"extension without url", plantNamelessExtension},
		{"extension with a relative url", plantRelativeExtension},
		{"reference of no form", plantBadReference},
		{"dangling contained reference", plantDanglingContained},
		{"Reference.type of another type", plantReferenceType},
		{"contained id twice", plantContainedIDTwice},
		{"dangling urn:uuid in a Bundle", plantDanglingURN},
		{"fullUrl twice", plantFullURLTwice},
		{"fullUrl missing", plantFullURLMissing},
		{"fullUrl relative", plantFullURLRelative},
		{"fullUrl of another resource", plantFullURLOther},
		{"unknown extension", plantUnknownExtension},
		{"extension in the wrong place", plantMisplacedExtension},
		{"extension as a modifier", plantModifier},
		{"unknown modifier extension", plantUnknownModifier},
		{"extension without its required part", plantIncompleteExtension},
		{"extension with an unknown part", plantUnknownPart},
		{"extension value of a wrong type", plantExtensionValue},
	}
}

// wrongType returns a type that a reference may not lead to; "" if it may lead to
// any.
func (s *subject) wrongType(x *spot) string {
	targets := []string{}
	for _, t := range x.el.Types {
		targets = append(targets, t.TargetProfiles...)
	}
	all := strings.Join(targets, " ") + " "
	if len(targets) == 0 || strings.Contains(all, "/Resource ") {
		return ""
	}
	for _, typ := range []string{"Linkage", "Bundle"} {
		if !strings.Contains(all, "/"+typ+" ") {
			return typ
		}
	}
	return ""
}

// mislead plants references that lead to a wrong type, written by form.
func (s *subject) mislead(form func(typ string) string, emit func(planted)) {
	s.references(func(x *spot, to jsontree.Value) {
		if typ := s.wrongType(x); typ != "" {
			e := replaced(s.text, to, `"`+form(typ)+`"`)
			emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeReference}, path: x.path, spreads: to.Text()[0] == '#' || strings.HasPrefix(x.path, "Bundle")})
		}
	})
}

func plantWrongTarget(s *subject, emit func(planted)) {
	s.mislead(func(typ string) string { return typ + "/" + strings.ToLower(mark) }, emit)
}

func plantWrongAddress(s *subject, emit func(planted)) {
	s.mislead(func(typ string) string { return "https://hospital.test/fhir/" + typ + "/" + strings.ToLower(mark) }, emit)
}

func plantContainedOfWrongType(s *subject, emit func(planted)) {
	s.references(func(x *spot, to jsontree.Value) {
		owner := x.scope
		if s.wrongType(x) == "" || owner.name == "contained" || owner.shape.Member("contained") == nil || owner.value.Get("contained").Kind() != jsontree.Invalid {
			return
		}
		e := replaced(s.text, to, `"#inner"`)
		var tree jsontree.Tree
		if tree.Parse(e.text, nil) != nil {
			return
		}
		e = inserted(e.text, tree.Root().At(owner.value.Offset()), "contained", `[{"resourceType": "Linkage", "id": "inner", "item": [{"type": "source", "resource": {"display": "a"}}, {"type": "alternate", "resource": {"display": "b"}}]}]`)
		emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeReference}, path: x.path, spreads: strings.HasPrefix(x.path, "Bundle")})
	})
}

// plantWrongEntry makes references of a Bundle lead to the entry that they stand
// in.
func plantWrongEntry(s *subject, emit func(planted)) {
	s.references(func(x *spot, to jsontree.Value) {
		typ := x.scope.value.Get("resourceType").Text()
		full := x.scope.owner
		if full == nil || full.value.Get("fullUrl").Kind() != jsontree.String || s.wrongType(x) == "" {
			return
		}
		for _, t := range x.el.Types {
			for _, url := range t.TargetProfiles {
				if strings.HasSuffix(url, "/"+typ) {
					return
				}
			}
		}
		e := replaced(s.text, to, string(full.value.Get("fullUrl").Raw()))
		emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeReference}, path: x.path, spreads: true})
	})
}

func plantOtherProfile(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if !x.isResource() || x.typ == "Location" || x.value.Get("meta").Get("profile").Kind() != jsontree.Array {
			continue
		}
		e := replaced(s.text, x.value.Get("meta").Get("profile"), `["http://hl7.org/fhir/us/core/StructureDefinition/us-core-location"]`)
		emit(planted{what: x.full, text: e.text, codes: codes{check.CodeType}, path: x.path, spreads: x.owner != nil})
	}
}

func plantNamelessExtension(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.extensible() {
			e, path := s.extend(x, "extension", `{"valueString": "`+mark+`"}`)
			emit(planted{what: x.full, text: e.text, codes: codes{check.CodeExtension}, path: path, at: e.at})
		}
	}
}

func plantRelativeExtension(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.extensible() {
			e, path := s.extend(x, "extension", `{"url": "`+mark+`", "valueString": "`+mark+`"}`)
			emit(planted{what: x.full, text: e.text, codes: codes{check.CodeExtension}, path: path, at: e.at})
		}
	}
}

// references calls visit with each Reference that has a reference.
func (s *subject) references(visit func(x *spot, to jsontree.Value)) {
	for _, x := range s.spots {
		if to := x.value.Get("reference"); x.typ == "Reference" && to.Kind() == jsontree.String && x.owner != nil {
			visit(x, to)
		}
	}
}

func plantBadReference(s *subject, emit func(planted)) {
	s.references(func(x *spot, to jsontree.Value) {
		e := replaced(s.text, to, `"`+mark+`"`)
		emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeReference}, path: x.path, spreads: to.Text()[0] == '#' || strings.HasPrefix(x.path, "Bundle")})
	})
}

func plantDanglingContained(s *subject, emit func(planted)) {
	s.references(func(x *spot, to jsontree.Value) {
		e := replaced(s.text, to, `"#`+mark+`"`)
		emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeReference}, path: x.path, spreads: to.Text()[0] == '#' || strings.HasPrefix(x.path, "Bundle")})
	})
}

func plantReferenceType(s *subject, emit func(planted)) {
	s.references(func(x *spot, to jsontree.Value) {
		if typ, _, ok := strings.Cut(to.Text(), "/"); ok && s.defs.Kind(typ) == "resource" && x.value.Get("type").Kind() == jsontree.Invalid {
			e := inserted(s.text, x.value, "type", `"Linkage"`)
			emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeReference}, path: x.path})
		}
	})
}

func plantContainedIDTwice(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.name == "contained" {
			e := appended(s.text, x.member, string(x.value.Raw()))
			path := x.owner.path + ".contained[" + itoa(x.member.Len()) + "]"
			emit(planted{what: x.full, text: e.text, codes: codes{check.CodeContained}, path: path})
		}
	}
}

func plantDanglingURN(s *subject, emit func(planted)) {
	s.references(func(x *spot, to jsontree.Value) {
		if strings.HasPrefix(to.Text(), "urn:uuid:") && strings.HasPrefix(x.path, "Bundle.entry") {
			e := replaced(s.text, to, `"urn:uuid:0e3f7b52-8a0d-4a68-9d8c-5a8d7b4f1fff"`)
			emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeReference}, path: x.path, weight: issue.Warning})
		}
	})
}

// entries calls visit with each entry of a Bundle that has a fullUrl.
func (s *subject) entries(visit func(i int, x *spot, full jsontree.Value)) {
	for _, x := range s.spots {
		if full := x.value.Get("fullUrl"); x.full == "Bundle.entry" && full.Kind() == jsontree.String {
			visit(x.index, x, full)
		}
	}
}

func plantFullURLTwice(s *subject, emit func(planted)) {
	var first jsontree.Value
	s.entries(func(i int, x *spot, full jsontree.Value) {
		if i == 0 {
			first = full
			return
		}
		if first.Kind() == jsontree.String && !strings.HasPrefix(first.Text(), "http") {
			e := replaced(s.text, full, string(first.Raw()))
			emit(planted{what: "Bundle", text: e.text, codes: codes{check.CodeInvariant, check.CodeBundle}, path: x.owner.path, spreads: true, rule: "bdl-7"})
		}
	})
}

func plantFullURLMissing(s *subject, emit func(planted)) {
	s.entries(func(_ int, x *spot, full jsontree.Value) {
		if e, ok := removed(s.text, full); ok {
			emit(planted{what: "Bundle.entry", text: e.text, codes: codes{check.CodeBundle}, path: x.path, spreads: true})
		}
	})
}

func plantFullURLRelative(s *subject, emit func(planted)) {
	s.entries(func(_ int, x *spot, full jsontree.Value) {
		e := replaced(s.text, full, `"Patient/`+mark+`"`)
		emit(planted{what: "Bundle.entry", text: e.text, codes: codes{check.CodeBundle}, path: x.path, spreads: true})
	})
}

func plantFullURLOther(s *subject, emit func(planted)) {
	s.entries(func(_ int, x *spot, full jsontree.Value) {
		if x.value.Get("resource").Get("id").Kind() == jsontree.String {
			e := replaced(s.text, full, `"http://example.org/fhir/Patient/`+mark+`"`)
			emit(planted{what: "Bundle.entry", text: e.text, codes: codes{check.CodeBundle}, path: x.path, spreads: true})
		}
	})
}

// extend plants an extension in an object.
func (s *subject) extend(x *spot, member, extension string) (edited, string) {
	e, n := added(s.text, x.value, member, extension)
	return e, x.path + "." + member + "[" + itoa(n) + "]"
}

// extensible tells an object that may have any extension.
func (s *spot) extensible() bool {
	return s.value.Kind() == jsontree.Object && s.shape != nil && s.shape.Member("extension") != nil && s.typ != "Extension" && s.value.Len() > 1
}

func plantUnknownExtension(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.extensible() {
			e, path := s.extend(x, "extension", `{"url": "http://hospital.test/fhir/colour", "valueString": "`+mark+`"}`)
			emit(planted{what: x.full, text: e.text, codes: codes{check.CodeExtension}, path: path, at: e.at})
		}
	}
}

func plantMisplacedExtension(s *subject, emit func(planted)) {
	const url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-sex"
	for _, x := range s.spots {
		if x.extensible() && x.typ != "Patient" {
			e, _ := s.extend(x, "extension", `{"url": "`+url+`", "valueCode": "248152002"}`)
			emit(planted{what: x.full, text: e.text, codes: codes{check.CodeExtension}, path: x.path, at: e.at, rule: url})
		}
	}
}

func plantModifier(s *subject, emit func(planted)) {
	const url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
	s.resources("Patient", func(x *spot) {
		e, path := s.extend(x, "modifierExtension", `{"url": "`+url+`", "valueCode": "F"}`)
		emit(planted{what: x.full, text: e.text, codes: codes{check.CodeExtension}, path: path, at: e.at})
	})
}

func plantUnknownModifier(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.extensible() && x.shape.Member("modifierExtension") != nil {
			e, path := s.extend(x, "modifierExtension", `{"url": "http://hospital.test/fhir/not-so", "valueBoolean": true}`)
			emit(planted{what: x.full, text: e.text, codes: codes{check.CodeExtension}, path: path, at: e.at})
		}
	}
}

// complexExtensions calls visit with each extension made of parts whose
// definition is there.
func (s *subject) complexExtensions(visit func(x *spot, parts jsontree.Value)) {
	for _, x := range s.spots {
		if parts := x.value.Get("extension"); x.typ == "Extension" && parts.Kind() == jsontree.Array && s.defs.Structure(x.value.Get("url").Text()) != nil {
			visit(x, parts)
		}
	}
}

func plantIncompleteExtension(s *subject, emit func(planted)) {
	s.complexExtensions(func(x *spot, parts jsontree.Value) {
		for _, part := range parts.All() {
			if part.Get("url").EqualText("text") {
				if e, ok := removed(s.text, part); ok {
					emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeSlice}, path: x.path})
				}
			}
		}
	})
}

func plantUnknownPart(s *subject, emit func(planted)) {
	s.complexExtensions(func(x *spot, parts jsontree.Value) {
		e := appended(s.text, parts, `{"url": "`+mark+`", "valueString": "`+mark+`"}`)
		emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeExtension}, path: x.path + ".extension[" + itoa(parts.Len()) + "]", at: e.at})
	})
}

func plantExtensionValue(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.typ != "Extension" || x.value.Get("valueTime").Kind() != jsontree.Invalid || s.defs.Structure(x.value.Get("url").Text()) == nil || x.value.Get("extension").Kind() != jsontree.Invalid {
			continue
		}
		url := x.value.Get("url")
		e := replaced(s.text, x.value, `{"url": `+string(url.Raw())+`, "valueTime": "10:00:00"}`)
		emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeType}, path: x.path + ".value.ofType(time)"})
	}
}
