package check

import (
	"fmt"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

const extOptionExclusive = "http://hl7.org/fhir/StructureDefinition/questionnaire-optionExclusive"

// options checks that an answer is one of those offered. Of a choice that is found
// at the answer, of other questions at its value. (Questionnaire.item.answerOption,
// .answerValueSet)
func (s *response) options(a, value at, q *question, v jsontree.Value, typ string, count int) {
	options := listOf(q.value, "answerOption").Len()
	if !q.isChoice() {
		if options > 0 && !q.offers(v, typ) {
			s.fault(value, issue.Error, "answerOption", fmt.Sprintf("want one of the %d options of %s, have another value", options, quoteID(q.linkID)))
		}
		return
	}
	set := q.value.Get("answerValueSet").Text()
	switch {
	case options > 0 && typ == "string" && q.open():
		s.freeText(a, q, v)
	case options > 0:
		if !q.offers(v, typ) {
			s.fault(a, issue.Error, "answerOption", fmt.Sprintf("want one of the %d options of %s, have another value", options, quoteID(q.linkID)))
		} else if count > 1 && q.exclusive(v, typ) {
			s.fault(a, issue.Error, extOptionExclusive, fmt.Sprintf("want an option of %s that excludes others alone, have %d answers", quoteID(q.linkID), count))
		}
	case typ == "Coding" && set != "":
		s.member(a, q, v, set, "answerValueSet")
	default:
		s.fault(a, issue.Information, "answerOption", "want options for "+quoteID(q.linkID)+" of type "+typ+", have none: not checked")
	}
}

// offers tells whether a value is one of the options of a question; true if it
// has none.
func (q *question) offers(v jsontree.Value, typ string) bool {
	options := listOf(q.value, "answerOption")
	if options.First().Kind() == jsontree.Invalid {
		return true
	}
	for _, option := range options.All() {
		if offered, t := choiceOf(option, "value"); sameOption(v, typ, offered, t) {
			return true
		}
	}
	return false
}

// exclusive tells whether the option that a value is excludes all others.
// (extension questionnaire-optionExclusive)
func (q *question) exclusive(v jsontree.Value, typ string) bool {
	for _, option := range listOf(q.value, "answerOption").All() {
		if offered, t := choiceOf(option, "value"); sameOption(v, typ, offered, t) {
			alone, _ := extensionValue(option, extOptionExclusive)
			is, _ := alone.Bool()
			return is
		}
	}
	return false
}

// sameOption tells whether a value is the one offered.
func sameOption(v jsontree.Value, typ string, offered jsontree.Value, offeredType string) bool {
	if !sameKind(typ, offeredType) || v.Kind() == jsontree.Invalid || offered.Kind() == jsontree.Invalid {
		return false
	}
	switch typ {
	case "Coding":
		return sameText(v.Get("system"), offered.Get("system")) && sameText(v.Get("code"), offered.Get("code"))
	case "Reference":
		return sameText(v.Get("reference"), offered.Get("reference"))
	case "date", "dateTime":
		return sameText(v, offered)
	}
	c, ok := comparePrimitives(typ, v, offered)
	return ok && c == 0
}

// freeText warns of text that says what one of the options is.
func (s *response) freeText(a at, q *question, v jsontree.Value) {
	text := v.Text()
	for _, option := range listOf(q.value, "answerOption").All() {
		coding := option.Get("valueCoding")
		for _, name := range [...]string{"code", "display"} {
			if t := coding.Get(name).Text(); t != "" && strings.EqualFold(t, text) {
				s.fault(a, issue.Warning, "answerOption", "want the option of "+quoteID(q.linkID)+" that the text names, have it as text")
				return
			}
		}
	}
}

// member checks a Coding or the unit of a Quantity against a value set, as far as
// that can be told.
func (s *response) member(a at, q *question, v jsontree.Value, set, rule string) {
	system, code := v.Get("system").Text(), v.Get("code").Text()
	if id, ok := strings.CutPrefix(set, "#"); ok {
		s.containedMember(a, q, id, system, code, rule)
		return
	}
	if s.defs.ValueSet(set) == nil {
		s.fault(a, issue.Warning, rule, "want value set "+quoteID(set)+" of "+quoteID(q.linkID)+", have none: not checked")
		return
	}
	answer := s.defs.ValidateCode(set, system, code)
	s.membership(a, q, answer.Membership, quoteID(set), rule, because(answer.Reason))
}

// membership reports a code that is not in a value set, or one of which that cannot be
// told.
func (s *response) membership(a at, q *question, m fhirdef.Membership, set, rule, reason string) {
	switch m {
	case fhirdef.Out:
		s.fault(a, issue.Error, rule, "want a code of value set "+set+" for "+quoteID(q.linkID)+", have another")
	case fhirdef.Unknown:
		s.report(finding{severity: issue.Information, code: CodeNotChecked, rule: rule, at: a,
			message: "want a code of value set " + set + " for " + quoteID(q.linkID) + ": not checked, " + reason})
	}
}

// containedMember checks a code against a value set inside of the Questionnaire,
// or inside of the response that contains both.
func (s *response) containedMember(a at, q *question, id, system, code, rule string) {
	set := containedResource(s.form.value, id)
	if set.Kind() == jsontree.Invalid {
		set = containedResource(s.inside, id)
	}
	if !set.Get("resourceType").EqualText("ValueSet") {
		s.fault(a, issue.Warning, rule, "want value set "+quoteID("#"+id)+" of "+quoteID(q.linkID)+", have none: not checked")
		return
	}
	s.membership(a, q, s.inlineSet(set, system, code), quoteID("#"+id), rule, "it needs more than the codes that it lists")
}

// inlineSet tells whether a code is in a value set that is no definition of its
// own. What needs filters or versions is Unknown.
func (s *response) inlineSet(set jsontree.Value, system, code string) fhirdef.Membership {
	compose := set.Get("compose")
	includes := listOf(compose, "include")
	if includes.Len() == 0 {
		return expansionHas(listOf(set.Get("expansion"), "contains"), system, code)
	}
	found := fhirdef.Out
	for _, include := range includes.All() {
		found = either(found, s.includes(include, system, code))
	}
	for _, exclude := range listOf(compose, "exclude").All() {
		switch s.includes(exclude, system, code) {
		case fhirdef.In:
			return fhirdef.Out
		case fhirdef.Unknown:
			found = both(found, fhirdef.Unknown)
		}
	}
	return found
}

// includes tells whether a code is among those of one include or exclude.
func (s *response) includes(include jsontree.Value, system, code string) fhirdef.Membership {
	found := fhirdef.In
	if url := include.Get("system"); url.Kind() == jsontree.String {
		if system != "" && !url.EqualText(system) {
			return fhirdef.Out
		}
		concepts := listOf(include, "concept")
		switch {
		case concepts.Len() > 0:
			found = fhirdef.Out
			for _, concept := range concepts.All() {
				if concept.Get("code").EqualText(code) {
					found = fhirdef.In
					break
				}
			}
		case hasItems(include, "filter") || include.Get("version").Kind() != jsontree.Invalid:
			found = fhirdef.Unknown
		default:
			_, found, _ = s.defs.LookupCode(url.Text(), "", code)
		}
	}
	for _, set := range listOf(include, "valueSet").All() {
		found = both(found, s.defs.ValidateCode(set.Text(), system, code).Membership)
	}
	return found
}

// expansionHas tells whether an expansion lists a code. It may be a part only, so
// that what it doesn't list is Unknown.
func expansionHas(contains jsontree.Value, system, code string) fhirdef.Membership {
	for _, c := range contains.All() {
		if c.Get("code").EqualText(code) && (system == "" || c.Get("system").EqualText(system)) {
			return fhirdef.In
		}
		if expansionHas(listOf(c, "contains"), system, code) == fhirdef.In {
			return fhirdef.In
		}
	}
	return fhirdef.Unknown
}

// either is In if one is, and Out if both are.
func either(x, y fhirdef.Membership) fhirdef.Membership {
	switch {
	case x == fhirdef.In || y == fhirdef.In:
		return fhirdef.In
	case x == fhirdef.Out && y == fhirdef.Out:
		return fhirdef.Out
	}
	return fhirdef.Unknown
}

// both is In if both are, and Out if one is.
func both(x, y fhirdef.Membership) fhirdef.Membership {
	switch {
	case x == fhirdef.Out || y == fhirdef.Out:
		return fhirdef.Out
	case x == fhirdef.In && y == fhirdef.In:
		return fhirdef.In
	}
	return fhirdef.Unknown
}
