package check

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/internal/decimal"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// Extensions that limit what a question takes.
const (
	extMinValue         = "http://hl7.org/fhir/StructureDefinition/minValue"
	extMaxValue         = "http://hl7.org/fhir/StructureDefinition/maxValue"
	extMinQuantity      = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-minQuantity"
	extMaxQuantity      = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-maxQuantity"
	extMaxDecimalPlaces = "http://hl7.org/fhir/StructureDefinition/maxDecimalPlaces"
	extMinLength        = "http://hl7.org/fhir/StructureDefinition/minLength"
	extRegex            = "http://hl7.org/fhir/StructureDefinition/regex"
	extMimeType         = "http://hl7.org/fhir/StructureDefinition/mimeType"
	extMaxSize          = "http://hl7.org/fhir/StructureDefinition/maxSize"
	extReferenceType    = "http://hl7.org/fhir/StructureDefinition/questionnaire-referenceResource"
	extUnitOption       = "http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption"
	extUnitValueSet     = "http://hl7.org/fhir/StructureDefinition/questionnaire-unitValueSet"
)

// answer checks the value of one answer by its question; a is the frame of the
// answer, count the number of answers that the item has.
func (s *response) answer(a at, q *question, count int) {
	allowed := answerTypes(q.typ)
	v, typ := choiceOf(s.f(a).value, "value")
	if allowed == nil || !canAnswer(typ) {
		return // no value, or one that no answer has, which is found elsewhere
	}
	value := s.push(a, frame{name: "value", choice: typ, typ: typ, value: v, index: -1})
	defer s.pop(value)
	if !oneOf(allowed, typ) {
		s.fault(value, issue.Error, "type", "want an answer of type "+orList(allowed)+" to "+quoteID(q.linkID)+", have "+typ)
		return
	}
	if v.Kind() == jsontree.Invalid {
		return // an extension says why there is none
	}
	switch typ {
	case "integer", "decimal", "date", "dateTime", "time":
		s.bounds(value, q, v, typ)
		s.places(value, q, v)
	case "string", "uri":
		s.stringRules(value, q, v)
	case "Quantity":
		s.quantity(value, q, v)
	case "Attachment":
		s.attachmentRules(a, q, v)
	case "Reference":
		s.referenceRules(value, q, v)
	}
	s.options(a, value, q, v, typ, count)
}

// canAnswer tells whether answers can have a type at all.
// (QuestionnaireResponse.item.answer.value[x])
func canAnswer(typ string) bool {
	switch typ {
	case "boolean", "decimal", "integer", "date", "dateTime", "time", "string", "uri", "Attachment", "Coding", "Quantity", "Reference":
		return true
	}
	return false
}

// bounds checks the extensions minValue and maxValue.
func (s *response) bounds(value at, q *question, v jsontree.Value, typ string) {
	if least, t := extensionValue(q.value, extMinValue); sameKind(t, typ) {
		if c, ok := comparePrimitives(typ, v, least); ok && c < 0 {
			s.fault(value, issue.Error, extMinValue, "want a value of at least the minimum of "+quoteID(q.linkID)+", have a lesser one")
		}
	}
	if most, t := extensionValue(q.value, extMaxValue); sameKind(t, typ) {
		if c, ok := comparePrimitives(typ, v, most); ok && c > 0 {
			s.fault(value, issue.Error, extMaxValue, "want a value of at most the maximum of "+quoteID(q.linkID)+", have a greater one")
		}
	}
}

// places checks the extension maxDecimalPlaces.
func (s *response) places(value at, q *question, v jsontree.Value) {
	most, ok := extensionInt(q.value, extMaxDecimalPlaces)
	if !ok {
		return
	}
	if d, ok := decimal.Parse(v.Number()); ok && int64(d.Scale()) > most {
		s.fault(value, issue.Error, extMaxDecimalPlaces, fmt.Sprintf("want at most %d decimal places for %s, have %d", most, quoteID(q.linkID), d.Scale()))
	}
}

// stringRules checks the length and the form of text. (Questionnaire.item.maxLength,
// extensions minLength and regex)
func (s *response) stringRules(value at, q *question, v jsontree.Value) {
	text := v.Text()
	length := int64(utf8.RuneCountInString(text))
	if least, ok := extensionInt(q.value, extMinLength); ok && length < least {
		s.fault(value, issue.Error, extMinLength, fmt.Sprintf("want at least %d characters for %s, have %d", least, quoteID(q.linkID), length))
	}
	if most, ok := q.value.Get("maxLength").Int64(); ok && length > most {
		s.fault(value, issue.Error, "maxLength", fmt.Sprintf("want at most %d characters for %s, have %d", most, quoteID(q.linkID), length))
	}
	if pattern, _ := extensionValue(q.value, extRegex); pattern.Text() != "" {
		switch x := s.pattern(pattern.Text()); {
		case x == nil:
			s.fault(value, issue.Information, extRegex, "want a pattern for "+quoteID(q.linkID)+" that can be tried, have another: not checked")
		case !x.MatchString(text):
			s.fault(value, issue.Error, extRegex, "want text of the form that "+quoteID(q.linkID)+" asks for, have another")
		}
	}
	if q.typ == "string" && strings.ContainsAny(text, "\r\n") {
		s.fault(value, issue.Warning, "type", "want one line of text for "+quoteID(q.linkID)+", have several")
	}
}

// pattern compiles a pattern that a whole text must match; nil if it has parts
// that Go's patterns lack. Each is compiled once.
func (c *Checker) pattern(text string) *regexp.Regexp {
	return c.patterns.get(text, func() *regexp.Regexp {
		x, err := regexp.Compile(`\A(?s:` + text + `)\z`)
		if err != nil {
			return nil
		}
		return x
	})
}

// quantity checks the bounds, the unit and the places of a Quantity.
func (s *response) quantity(value at, q *question, v jsontree.Value) {
	s.places(value, q, v.Get("value"))
	for _, b := range [...]struct {
		url, what string
		sign      int
	}{{extMinQuantity, "minimum", -1}, {extMinValue, "minimum", -1}, {extMaxQuantity, "maximum", 1}, {extMaxValue, "maximum", 1}} {
		limit, typ := extensionValue(q.value, b.url)
		if typ == "Quantity" {
			s.quantityBound(value, q, v, limit, b.url, b.what, b.sign)
		}
	}
	s.unit(value, q, v)
}

// quantityBound compares a Quantity with a bound; sign says on which side of it
// values are wrong.
func (s *response) quantityBound(value at, q *question, v, limit jsontree.Value, url, what string, sign int) {
	c, ok := compareQuantities(v, limit, false)
	switch {
	case ok && c == sign:
		have := "a greater one"
		if sign < 0 {
			have = "a lesser one"
		}
		s.fault(value, issue.Error, url, "want a quantity within the "+what+" of "+quoteID(q.linkID)+", have "+have)
	case ok:
	case unitsOf(v, limit) == unitsMissing:
		s.fault(value, issue.Error, url, "want units with a system and a code, to compare with the "+what+" of "+quoteID(q.linkID)+", have none")
	case v.Get("value").Kind() == jsontree.Number:
		s.fault(value, issue.Error, url, "want a unit that compares with that of the "+what+" of "+quoteID(q.linkID)+", have another")
	}
}

// unit checks the extensions unitOption and unitValueSet.
func (s *response) unit(value at, q *question, v jsontree.Value) {
	options, found := 0, false
	for _, ext := range listOf(q.value, "extension").All() {
		if !ext.Get("url").EqualText(extUnitOption) {
			continue
		}
		options++
		coding := ext.Get("valueCoding")
		if coding.Get("code").Text() == "" {
			found = found || coding.Get("display").Text() == v.Get("unit").Text()
			continue
		}
		found = found || sameText(coding.Get("code"), v.Get("code")) && (coding.Get("system").Text() == "" || sameText(coding.Get("system"), v.Get("system")))
	}
	if options > 0 && !found {
		s.fault(value, issue.Error, extUnitOption, fmt.Sprintf("want one of the %d units of %s, have another", options, quoteID(q.linkID)))
	}
	if set, _ := extensionValue(q.value, extUnitValueSet); set.Text() != "" {
		s.member(value, q, v, set.Text(), extUnitValueSet)
	}
}

// attachmentRules checks the extensions mimeType and maxSize.
func (s *response) attachmentRules(answer at, q *question, v jsontree.Value) {
	types, found := 0, false
	have := v.Get("contentType").Text()
	for _, ext := range listOf(q.value, "extension").All() {
		if ext.Get("url").EqualText(extMimeType) {
			want, _ := choiceOf(ext, "value")
			types++
			found = found || have != "" && strings.HasPrefix(have, strings.TrimSuffix(want.Text(), "*"))
		}
	}
	switch {
	case types > 0 && have == "":
		s.fault(answer, issue.Error, extMimeType, "want a contentType, as "+quoteID(q.linkID)+" limits it, have none")
	case types > 0 && !found:
		s.fault(answer, issue.Error, extMimeType, fmt.Sprintf("want one of the %d contentTypes of %s, have another", types, quoteID(q.linkID)))
	}
	most, ok := extensionInt(q.value, extMaxSize)
	if data := v.Get("data"); ok && data.Kind() == jsontree.String {
		if size := base64Size(data.Text()); size > most {
			s.fault(answer, issue.Error, extMaxSize, fmt.Sprintf("want an attachment of at most %d bytes for %s, have %d", most, quoteID(q.linkID), size))
		}
	}
}

// base64Size returns the number of bytes that base64 text stands for.
func base64Size(text string) int64 {
	digits := int64(0)
	for i := range len(text) {
		switch text[i] {
		case '=', ' ', '\t', '\r', '\n':
		default:
			digits++
		}
	}
	return digits * 3 / 4
}

// referenceRules checks the type of what a Reference leads to, as far as the text
// of the reference tells it. (extension questionnaire-referenceResource)
func (s *response) referenceRules(value at, q *question, v jsontree.Value) {
	typ := s.referenceType(v)
	if typ == "" {
		return
	}
	types, found := 0, false
	for _, ext := range listOf(q.value, "extension").All() {
		if ext.Get("url").EqualText(extReferenceType) {
			types++
			want, _ := choiceOf(ext, "value")
			found = found || want.EqualText(typ)
		}
	}
	switch st := s.defs.Type(typ); {
	case types > 0 && !found:
		s.fault(value, issue.Error, extReferenceType, fmt.Sprintf("want a reference to one of the %d types of %s, have another type", types, quoteID(q.linkID)))
	case types == 0 && (st == nil || st.Kind != "resource"):
		s.fault(value, issue.Error, "type", "want a reference to a type of resource, have another name")
	}
}

// referenceType returns the type of resource that a Reference names; "" if it
// names none. An absolute URL names one only where the caller takes such URLs for
// those of a REST interface.
func (s *response) referenceType(v jsontree.Value) string {
	ref := v.Get("reference").Text()
	if id, ok := strings.CutPrefix(ref, "#"); ok {
		return containedResource(s.value, id).Get("resourceType").Text()
	}
	if ref == "" {
		return v.Get("type").Text()
	}
	parts := strings.Split(ref, "/")
	if n := len(parts); n > 3 && parts[n-2] == "_history" {
		parts = parts[:n-2]
	}
	n := len(parts)
	if n < 2 || n > 2 && !s.opts.AssumeValidRestReferences {
		return ""
	}
	return parts[n-2]
}
