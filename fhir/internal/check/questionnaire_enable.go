package check

import (
	"sort"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// truth is an answer that may be missing.
type truth uint8

const (
	unsure truth = iota
	no
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// enabled tells whether a question is to be answered, where the path of items
// stands now. (Questionnaire.item.enableWhen, .enableBehavior)
func (s *response) enabled(q *question) truth {
	if q.expression != "" {
		return s.enabledByExpression(q)
	}
	if len(q.conditions) == 0 {
		return yes
	}
	if len(q.conditions) > 1 && !q.anyCondition && !q.allConditions {
		return unsure // the Questionnaire doesn't say how they belong together
	}
	all, some := true, false
	for i := range q.conditions {
		met := s.met(q, &q.conditions[i])
		all, some = all && met, some || met
	}
	if q.anyCondition {
		return truthOf(some)
	}
	return truthOf(all)
}

// enabledByExpression evaluates an expression that stands for the conditions.
// What cannot be evaluated leaves the question undecided.
func (s *response) enabledByExpression(q *question) truth {
	if q.otherLanguage {
		return unsure
	}
	x, err := s.expression(q.expression)
	if err != nil {
		return unsure
	}
	in := s.input(s.root)
	in.Root, in.Vars = in.Resource, s.vars
	value, known, err := x.Truth(in)
	if err != nil {
		return unsure
	}
	return truthOf(known && value)
}

// met tells whether a condition holds: whether any answer to its question does.
// The answers that count are those in the nearest group that holds both the
// question and q, so that each repeat of a group decides for itself.
func (s *response) met(q *question, c *condition) bool {
	answers := s.answersTo(q, c)
	if c.operator == "exists" {
		want, ok := c.value.Bool()
		if !ok {
			return true // broken; que-7 tells of it
		}
		for _, answer := range answers {
			if _, typ := choiceOf(answer, "value"); typ != "" {
				return want
			}
		}
		return !want
	}
	for _, answer := range answers {
		v, typ := choiceOf(answer, "value")
		if v.Kind() != jsontree.Invalid && compareAnswer(c.operator, v, typ, c.value, c.typ) {
			return true
		}
	}
	return false
}

// answersTo returns the answers that a condition of q looks at.
func (s *response) answersTo(q *question, c *condition) []jsontree.Value {
	target := s.form.find(c.question)
	if target == nil {
		return nil
	}
	group := q.parent
	for group != nil && !group.holds(target) {
		group = group.parent
	}
	within := s.value
	if group != nil {
		within = jsontree.Value{}
		for i := len(s.path) - 1; i >= 0; i-- {
			if s.path[i].question == group {
				within = s.path[i].value
				break
			}
		}
	}
	if within.Kind() == jsontree.Invalid {
		return nil
	}
	var out []jsontree.Value
	for _, item := range s.itemsWithin(c.question, within) {
		for _, answer := range listOf(item, "answer").All() {
			out = append(out, answer)
		}
	}
	return out
}

// itemsWithin returns the items with a linkId that stand inside of an element of
// the response, or are that element.
func (s *response) itemsWithin(linkID string, within jsontree.Value) []jsontree.Value {
	if s.items == nil {
		s.items = make(map[string][]jsontree.Value)
		s.index(s.value)
	}
	from := within.Offset()
	to := from + len(within.Raw())
	all := s.items[linkID] // in the order of the document
	first := sort.Search(len(all), func(i int) bool { return all[i].Offset() >= from })
	past := sort.Search(len(all), func(i int) bool { return all[i].Offset() >= to })
	return all[first:past]
}

// index notes the items below an element.
func (s *response) index(v jsontree.Value) {
	for m := v.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		if m.Kind() != jsontree.Array {
			continue
		}
		switch {
		case m.KeyIs("item"):
			for _, item := range m.All() {
				if id := item.Get("linkId").Text(); id != "" {
					s.items[id] = append(s.items[id], item)
				}
				s.index(item)
			}
		case m.KeyIs("answer"):
			for _, answer := range m.All() {
				s.index(answer)
			}
		}
	}
}

// compareAnswer tells whether an answer stands to what a condition expects as its
// operator says.
func compareAnswer(operator string, have jsontree.Value, haveType string, want jsontree.Value, wantType string) bool {
	if want.Kind() == jsontree.Invalid || !sameKind(haveType, wantType) {
		return false
	}
	var c int
	switch wantType {
	case "Coding":
		same := (want.Get("system").Kind() == jsontree.Invalid || sameText(want.Get("system"), have.Get("system"))) && sameText(want.Get("code"), have.Get("code"))
		return operator == "=" && same || operator == "!=" && !same
	case "Reference":
		same := sameText(want.Get("reference"), have.Get("reference"))
		return operator == "=" && same || operator == "!=" && !same
	case "Quantity":
		order, ok := compareQuantities(have, want, true)
		if !ok {
			return operator == "!="
		}
		c = order
	default:
		order, ok := comparePrimitives(wantType, have, want)
		if !ok {
			return false
		}
		c = order
	}
	switch operator {
	case "=":
		return c == 0
	case "!=":
		return c != 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	}
	return false
}

// sameText tells whether two values are the same text, or both none.
func sameText(x, y jsontree.Value) bool {
	if x.Kind() != jsontree.String || y.Kind() != jsontree.String {
		return x.Kind() != jsontree.String && y.Kind() != jsontree.String
	}
	return x.EqualText(y.Text())
}

// sameKind tells whether values of two types can be compared.
func sameKind(x, y string) bool { return x == y || family(x) == family(y) }

// family is what types that compare with each other have in common.
func family(typ string) string {
	switch typ {
	case "integer", "decimal", "positiveInt", "unsignedInt", "integer64":
		return "number"
	case "date", "dateTime", "instant":
		return "date"
	case "string", "uri", "code", "id", "canonical", "markdown":
		return "text"
	}
	return typ
}

const extConstraint = "http://hl7.org/fhir/StructureDefinition/questionnaire-constraint"

// constraints evaluates the rules that the Questionnaire's author gave an item or
// the whole.
// (extension questionnaire-constraint)
func (s *response) constraints(a at, of jsontree.Value) {
	for _, ext := range listOf(of, "extension").All() {
		if ext.Get("url").EqualText(extConstraint) {
			s.authorsConstraint(a, ext)
		}
	}
}

func (s *response) authorsConstraint(a at, ext jsontree.Value) {
	key := extensionOf(ext, "key").Get("valueId").Text()
	text := extensionOf(ext, "expression").Get("valueString").Text()
	if text == "" {
		return
	}
	severity := issue.Error
	if extensionOf(ext, "severity").Get("valueCode").EqualText("warning") {
		severity = issue.Warning
	}
	x, err := s.expression(text)
	if err != nil {
		s.fault(a, issue.Warning, extConstraint, "want constraint "+quoteID(key)+" of the Questionnaire in FHIRPath, have an expression that does not compile")
		return
	}
	in := s.input(a)
	in.Vars = s.vars
	ok, err := x.Test(in)
	switch {
	case err != nil:
		s.fault(a, issue.Warning, extConstraint, "want constraint "+quoteID(key)+" of the Questionnaire evaluated, have an expression that cannot be")
	case !ok:
		s.fault(a, severity, extConstraint, "want constraint "+quoteID(key)+" of the Questionnaire to hold, have it broken")
	}
}
