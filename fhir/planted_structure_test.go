package fhir_test

import (
	"strings"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/internal/check"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

type codes = []issue.Code

// structurePlanters break the form: which elements there are, how often, and in
// which JSON.
func structurePlanters() []planter {
	return []planter{
		{"required child removed", plantMissing},
		{"single element written as a list", plantListForSingle},
		{"list written as a single element", plantSingleForList},
		{"unknown element", plantUnknown},
		{"misspelt element", plantMisspelt},
		{"choice of two types", plantSecondChoice},
		{"object for a primitive", plantObjectForPrimitive},
		{"text for an object", plantTextForObject},
		{"text for a number or boolean", plantTextForNumber},
		{"number for text", plantNumberForText},
		{"empty object", plantEmptyObject},
		{"empty list", plantEmptyList},
		{"empty text", plantEmptyText},
		{"null", plantNull},
		{"null in a list", plantNullInList},
		{"member twice", plantTwice},
		{"unknown resource type", plantUnknownType},
		{"control character", plantControl},
		{"text as a _ member", plantCompanion(`"`+mark+`"`, fhir.CodeMember)},
		{"list as the _ member of one value", plantCompanion(`[{"id": "a"}]`, fhir.CodeMember)},
		{"unknown element in a _ member", plantCompanion(`{"id": "a", "colour": "`+mark+`"}`, check.CodeUnknownElement)},
		{"_ member beside an object", plantCompanionOfObject},
	}
}

// plain tells spots in which any mistake is the only one: not the parts of an
// extension or coding, nor a narrative, whose own rules speak first.
func (s *spot) plain() bool {
	return s.owner != nil && s.typ != "xhtml" && s.value.Kind() != jsontree.Null
}

func plantMissing(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.shape == nil || x.value.Kind() != jsontree.Object {
			continue
		}
		for i := range x.shape.Members {
			if m := &x.shape.Members[i]; m.Element.Min > 0 {
				s.removeAll(x, m.Name, m.Element.ID, emit)
			}
		}
	}
	for _, p := range s.profiles {
		for i := range p.Elements {
			el := &p.Elements[i]
			dot := strings.LastIndexByte(el.Path, '.')
			if el.Min == 0 || dot < 0 || strings.ContainsRune(el.ID, ':') {
				continue
			}
			for _, x := range s.spots {
				if x.full == el.Path[:dot] && x.value.Kind() == jsontree.Object && x.scope == s.spots[0] {
					s.removeAll(x, strings.TrimSuffix(el.Path[dot+1:], "[x]"), p.Name+" "+el.ID, emit)
				}
			}
		}
	}
}

// removeAll plants the lack of a child element.
func (s *subject) removeAll(x *spot, name, what string, emit func(planted)) {
	for _, kid := range s.spots {
		if kid.owner != x || kid.name != name || kid.index > 0 {
			continue
		}
		e, ok := withoutMember(s.text, kid)
		if !ok {
			return
		}
		p := planted{what: what, text: e.text, codes: codes{check.CodeCardinality, check.CodeSlice}, path: x.path, spreads: name == "fullUrl"}
		if x.typ == "Extension" && name == "url" {
			p.codes = append(p.codes, check.CodeExtension)
		}
		emit(p)
		return
	}
}

func plantListForSingle(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.plain() && x.index < 0 {
			raw := string(x.value.Raw())
			e := replaced(s.text, x.value, "["+raw+", "+raw+"]")
			emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeForm}, path: x.owner.path, at: e.at, spreads: x.name == "fullUrl"})
		}
	}
}

func plantSingleForList(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.plain() && x.index == 0 && x.member.Len() == 1 && x.beside.Kind() == jsontree.Invalid {
			e := replaced(s.text, x.member, string(x.value.Raw()))
			emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeForm}, path: x.owner.path, at: e.at, spreads: x.name == "contained"})
		}
	}
}

func plantUnknown(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.value.Kind() == jsontree.Object && x.shape != nil {
			e := inserted(s.text, x.value, "colour", `"`+mark+`"`)
			emit(planted{what: x.full, text: e.text, codes: codes{check.CodeUnknownElement}, path: x.path, at: e.at})
		}
	}
}

func plantMisspelt(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if !x.plain() || x.index > 0 || x.beside.Kind() != jsontree.Invalid {
			continue
		}
		key := x.member.Key()
		wrong := key + key[len(key)-1:]
		if m, _ := x.owner.shape.JSON([]byte(wrong)); m == nil {
			e := renamed(s.text, x.member, wrong)
			spreads := x.name == "fullUrl" || x.name == "id" || x.name == "contained" || x.name == "link"
			emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeUnknownElement}, path: x.owner.path, at: e.at, spreads: spreads})
		}
	}
}

// sampleOf returns JSON of a type, "" where none is known.
func sampleOf(typ string) string {
	switch typ {
	case "string", "markdown":
		return `"` + mark + ` words"`
	case "boolean":
		return "true"
	case "dateTime", "date":
		return `"2011-05-07"`
	case "integer", "decimal", "positiveInt", "unsignedInt":
		return "7"
	case "Period":
		return `{"start": "2011-05-07"}`
	case "CodeableConcept":
		return `{"text": "` + mark + `"}`
	case "Reference":
		return `{"display": "` + mark + `"}`
	case "Quantity", "Age":
		return `{"value": 7}`
	}
	return ""
}

func plantSecondChoice(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.owner == nil || len(x.choices) < 2 {
			continue
		}
		for _, c := range x.choices {
			if sample := sampleOf(c.Type); sample != "" && c.Type != x.typ {
				// behind the first, so that this one is the one too many
				e := splice(s.text, end(x.member), end(x.member), ",\n\""+c.JSON+"\": "+sample)
				emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeChoice}, path: x.owner.path, at: e.at + len(c.JSON) + 6})
				break
			}
		}
	}
}

func plantObjectForPrimitive(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.plain() && isPrimitiveType(x.typ) {
			e := replaced(s.text, x.value, `{"value": "`+mark+`"}`)
			emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeForm}, path: x.path, spreads: x.identifies()})
		}
	}
}

// identifies tells what others refer to.
func (s *spot) identifies() bool {
	return s.name == "fullUrl" || s.name == "id" || s.name == "reference" || s.name == "linkId" || s.name == "instantiatesCanonical" || s.name == "questionnaire"
}

func plantTextForObject(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.plain() && !isPrimitiveType(x.typ) && x.value.Kind() == jsontree.Object && !x.isResource() {
			e := replaced(s.text, x.value, `"`+mark+`"`)
			emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeForm}, path: x.path, spreads: x.name == "entry" || x.name == "item" || x.identifies()})
		}
	}
}

func plantTextForNumber(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		switch x.value.Kind() {
		case jsontree.Number, jsontree.True, jsontree.False:
			if x.plain() && isPrimitiveType(x.typ) {
				e := replaced(s.text, x.value, `"`+string(x.value.Raw())+`"`)
				emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeForm}, path: x.path})
			}
		}
	}
}

func plantNumberForText(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.plain() && isPrimitiveType(x.typ) && x.value.Kind() == jsontree.String {
			e := replaced(s.text, x.value, "7341")
			emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeForm}, path: x.path, spreads: x.identifies()})
		}
	}
}

func plantEmptyObject(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.plain() && !isPrimitiveType(x.typ) && !x.isResource() {
			e := replaced(s.text, x.value, "{}")
			emit(planted{what: x.el.ID, text: e.text, codes: codes{fhir.CodeEmpty}, path: x.path, at: e.at, spreads: x.name == "entry" || x.name == "item" || x.identifies()})
		}
	}
}

func plantEmptyList(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.plain() && x.index == 0 && x.beside.Kind() == jsontree.Invalid {
			e := replaced(s.text, x.member, "[]")
			path := x.path
			emit(planted{what: x.el.ID, text: e.text, codes: codes{fhir.CodeEmpty}, path: path[:len(path)-len("[0]")], at: e.at,
				spreads: x.name == "entry" || x.name == "contained" || x.name == "item" || x.identifies()})
		}
	}
}

func plantEmptyText(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.plain() && isPrimitiveType(x.typ) && x.value.Kind() == jsontree.String {
			e := replaced(s.text, x.value, `""`)
			emit(planted{what: x.el.ID, text: e.text, codes: codes{fhir.CodeEmpty}, path: x.path, at: e.at, spreads: x.identifies()})
		}
	}
}

func plantNull(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.plain() && x.index < 0 && !x.isResource() && x.beside.Kind() == jsontree.Invalid {
			e := replaced(s.text, x.value, "null")
			emit(planted{what: x.el.ID, text: e.text, codes: codes{fhir.CodeNull}, path: x.path, at: e.at, spreads: x.identifies()})
		}
	}
}

func plantNullInList(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.plain() && x.index >= 0 && x.index == x.member.Len()-1 && x.beside.Kind() == jsontree.Invalid {
			e := appended(s.text, x.member, "null")
			path := x.path
			path = path[:strings.LastIndexByte(path, '[')] + "[" + itoa(x.index+1) + "]"
			emit(planted{what: x.el.ID, text: e.text, codes: codes{fhir.CodeNull}, path: path, at: e.at})
		}
	}
}

func plantTwice(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.plain() && x.index <= 0 {
			e := splice(s.text, end(x.member), end(x.member), ",\n\""+x.member.Key()+`": `+string(x.member.Raw()))
			emit(planted{what: x.el.ID, text: e.text, codes: codes{fhir.CodeDuplicate}, path: x.owner.path, at: e.at + 2})
		}
	}
}

func plantUnknownType(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.isResource() && x.owner != nil {
			e := replaced(s.text, x.value.Get("resourceType"), `"Pateint"`)
			emit(planted{what: x.full, text: e.text, codes: codes{check.CodeType}, path: x.path, at: e.at, spreads: true})
		}
	}
}

func plantControl(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.plain() && (x.typ == "string" || x.typ == "markdown") && x.value.Kind() == jsontree.String {
			e := replaced(s.text, x.value, `"`+mark+`\u0007"`)
			emit(planted{what: x.el.ID, text: e.text, codes: codes{fhir.CodeControl}, path: x.path, spreads: x.identifies()})
		}
	}
}

// plantCompanion puts a wrong _ member beside a primitive that stands alone.
func plantCompanion(value string, code issue.Code) func(*subject, func(planted)) {
	return func(s *subject, emit func(planted)) {
		for _, x := range s.spots {
			if x.plain() && x.index < 0 && isPrimitiveType(x.typ) && x.beside.Kind() == jsontree.Invalid && x.typ != "string" && x.name != "id" && x.name != "url" {
				e := splice(s.text, end(x.value), end(x.value), ",\n\"_"+x.value.Key()+`": `+value)
				emit(planted{what: x.el.ID, text: e.text, codes: codes{code}, path: x.path, at: e.at + 2})
			}
		}
	}
}

func plantCompanionOfObject(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.plain() && x.index < 0 && x.value.Kind() == jsontree.Object && !x.isResource() && len(x.choices) == 1 {
			e := splice(s.text, end(x.value), end(x.value), ",\n\"_"+x.value.Key()+`": {"id": "a"}`)
			emit(planted{what: x.el.ID, text: e.text, codes: codes{fhir.CodeMember}, path: x.path, at: e.at + 2})
		}
	}
}
