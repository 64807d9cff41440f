package fhir_test

import (
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/internal/check"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

func itoa(n int) string { return strconv.Itoa(n) }

// badTexts are JSON texts that a type does not allow.
var badTexts = map[string][]string{
	"date":         {`"2012-13-01"`, `"2012-02-30"`, `"12/05/2012"`, `"2012-2-3"`, `"20120203"`, `"2012-02-03T10:00:00Z"`, `"` + mark + `"`},
	"dateTime":     {`"2012-02-30T10:00:00Z"`, `"2012-02-03T10:00:00"`, `"2012-02-03T25:00:00Z"`, `"2012-02-03 10:00:00Z"`, `"2012-02-03T10:00Z"`, `"2012-02-03T10:00:00+15:00"`},
	"instant":      {`"2012-02-03"`, `"2012-02-03T10:00:00"`, `"2012-02-03T10:61:00Z"`, `"2012-02"`},
	"time":         {`"10:00"`, `"25:00:00"`, `"10:00:00Z"`, `"10.00"`},
	"id":           {`"` + mark + `_a"`, `"` + mark + ` a"`, `"` + strings.Repeat(mark, 17) + `"`},
	"code":         {`" ` + mark + `"`, `"` + mark + `  a"`, `"` + mark + `\t"`},
	"uri":          {`"http://example.org/` + mark + ` a"`, `"urn:uuid:` + mark + `"`, `"urn:oid:` + mark + `"`},
	"url":          {`"http://example.org/` + mark + ` a"`},
	"canonical":    {`"http://example.org/` + mark + ` a"`},
	"decimal":      {`"` + mark + `"`, `true`},
	"integer":      {`7.5`, `3000000000`, `1e2`},
	"positiveInt":  {`0`, `-1`, `1.5`},
	"unsignedInt":  {`-1`, `0.5`},
	"boolean":      {`"yes` + mark + `"`, `1`},
	"base64Binary": {`"` + mark + `="`, `"` + mark + `!!!!"`},
	"string":       {`"` + mark + `\u0000"`},
	"oid":          {`"urn:oid:` + mark + `"`},
	"uuid":         {`"urn:uuid:` + mark + `"`},
}

// valuePlanters break values: primitives, codes and fixed values.
func valuePlanters() []planter {
	var out []planter
	for _, typ := range []string{"date", "dateTime", "instant", "id", "code", "uri", "canonical", "decimal", "integer", "positiveInt", "unsignedInt", "boolean", "base64Binary"} {
		out = append(out, planter{"bad " + typ, func(s *subject, emit func(planted)) { plantBadText(s, typ, emit) }})
	}
	return append(out,
		planter{"code outside a required binding", plantUnboundCode},
		planter{"concept outside a required binding", plantUnboundConcept},
		planter{"code that its system lacks", plantForeignCode},
		planter{"relative system", plantRelativeSystem})
}

func plantBadText(s *subject, typ string, emit func(planted)) {
	for _, x := range s.spots {
		if !x.plain() || x.typ != typ && (typ != "id" || x.name != "id" || !x.owner.isResource()) {
			continue
		}
		for i, text := range badTexts[typ] {
			e := replaced(s.text, x.value, text)
			emit(planted{what: x.el.ID + " #" + itoa(i+1), text: e.text, codes: codes{check.CodePrimitive, check.CodeForm}, path: x.path, spreads: x.identifies()})
		}
	}
}

// bindings calls visit with each element that has a required binding which the
// definitions can decide.
func (s *subject) bindings(visit func(x *spot, el *fhirdef.Element)) {
	known := func(el *fhirdef.Element) bool {
		if el == nil || el.Binding == nil || el.Binding.Strength != "required" {
			return false
		}
		ok, _ := s.defs.CompiledSet(el.Binding.ValueSet).Known()
		return ok
	}
	for _, x := range s.spots {
		if !x.plain() {
			continue
		}
		if known(x.el) {
			visit(x, x.el)
		}
		for _, p := range s.profiles {
			for i := range p.Elements {
				el := &p.Elements[i]
				if el.Path == x.full && x.scope == s.spots[0] && !strings.ContainsRune(el.ID, ':') && known(el) {
					visit(x, el)
				}
			}
		}
	}
}

func plantUnboundCode(s *subject, emit func(planted)) {
	s.bindings(func(x *spot, el *fhirdef.Element) {
		if x.typ == "code" && s.defs.CompiledSet(el.Binding.ValueSet).Contains(nil, []byte(mark)) == fhirdef.Out {
			e := replaced(s.text, x.value, `"`+mark+`"`)
			emit(planted{what: el.ID, text: e.text, codes: codes{check.CodeBinding}, path: x.path, spreads: x.name == "type" || x.name == "linkId"})
		}
	})
}

func plantUnboundConcept(s *subject, emit func(planted)) {
	s.bindings(func(x *spot, el *fhirdef.Element) {
		const system = "http://terminology.hl7.org/CodeSystem/v2-0136"
		if x.typ == "CodeableConcept" && s.defs.CompiledSet(el.Binding.ValueSet).Contains([]byte(system), []byte("Y")) == fhirdef.Out {
			e := replaced(s.text, x.value, `{"coding": [{"system": "`+system+`", "code": "Y"}]}`)
			emit(planted{what: el.ID, text: e.text, codes: codes{check.CodeBinding, check.CodeSlice}, path: x.path})
		}
	})
}

func plantForeignCode(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.typ != "Coding" || x.value.Get("code").Kind() != jsontree.String || x.value.Get("version").Kind() != jsontree.Invalid || x.owner == nil {
			continue
		}
		system := x.value.Get("system").Text()
		if _, m, _ := s.defs.LookupCode(system, "", mark); m == fhirdef.Out {
			e := replaced(s.text, x.value.Get("code"), `"`+mark+`"`)
			emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeCode}, path: x.path + ".code"})
		}
		const other = "http://terminology.hl7.org/CodeSystem/v2-0136"
		if _, m, _ := s.defs.LookupCode(other, "", x.value.Get("code").Text()); m == fhirdef.Out && x.value.Get("system").Kind() == jsontree.String {
			e := replaced(s.text, x.value.Get("system"), `"`+other+`"`)
			emit(planted{what: x.el.ID + " system", text: e.text, codes: codes{check.CodeCode}, path: x.path + ".code"})
		}
	}
}

func plantRelativeSystem(s *subject, emit func(planted)) {
	for _, x := range s.spots {
		if x.typ == "Coding" && x.value.Get("code").Kind() == jsontree.String && x.value.Get("system").Kind() == jsontree.String {
			e := replaced(s.text, x.value.Get("system"), `"`+mark+`"`)
			emit(planted{what: x.el.ID, text: e.text, codes: codes{check.CodeCode}, path: x.path + ".system"})
		}
	}
}
