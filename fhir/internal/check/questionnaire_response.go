package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirpath"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// response is the checking of one QuestionnaireResponse.
//
// The items of the response and of the Questionnaire are gone through side by
// side, level by level: what stands in the response must be asked, in that order
// and no oftener than allowed; what is asked and required must stand there if its
// conditions hold. Then each answer is checked by its question (answer.go).
type response struct {
	*run
	form    *form
	root    at                             // of the response
	value   jsontree.Value                 // of the response
	inside  jsontree.Value                 // the resource that contains the Questionnaire, if one does
	missing issue.Severity                 // of what is not answered yet
	path    []asked                        // from the top to the item that is checked
	items   map[string][]jsontree.Value    // by linkId, in the order of the document
	vars    map[string]fhirpath.Collection // for expressions of the Questionnaire
}

// asked is an item of the response and its question.
type asked struct {
	question *question
	value    jsontree.Value
}

// questionnaireResponse checks answers against the Questionnaire they are given
// to. (R4 §15.20)
func (r *run) questionnaireResponse(a at) {
	v := r.f(a).value
	ref := v.Get("questionnaire")
	canonical := ref.Text()
	if canonical == "" {
		r.info(a, CodeQuestionnaire, "questionnaire", "want the Questionnaire that is answered, have none: answers not checked")
		return
	}
	s := response{run: r, root: a, value: v, missing: issue.Warning}
	if !s.open(canonical) {
		severity := issue.Warning
		if strings.HasPrefix(canonical, "http://example.org") || strings.HasPrefix(canonical, "https://example.org") {
			severity = issue.Information
		}
		r.report(finding{severity: severity, code: CodeQuestionnaire, rule: "questionnaire", at: a, value: ref,
			message: "want the Questionnaire that is answered, have no definition of it: answers not checked"})
		return
	}
	switch v.Get("status").Text() {
	case "completed", "amended":
		s.missing = issue.Error
	}
	s.authored()
	s.vars = map[string]fhirpath.Collection{"questionnaire": {fhirpath.NodeItem(fhirpath.ResourceNode(s.form.value))}}
	s.level(a, v, s.form.questions)
	s.constraints(a, s.form.value)
}

// open finds the Questionnaire: in the response if the canonical is a fragment,
// among the definitions otherwise.
func (s *response) open(canonical string) bool {
	if id, ok := strings.CutPrefix(canonical, "#"); ok {
		q := containedResource(s.value, id)
		if !q.Get("resourceType").EqualText("Questionnaire") {
			return false
		}
		s.form, s.inside = readForm(q), s.value
		return true
	}
	q := s.defs.Resource("Questionnaire", canonical)
	if q.Kind() == jsontree.Invalid {
		return false
	}
	s.form = s.run.form(q)
	return true
}

// containedResource returns the contained resource with an id.
func containedResource(v jsontree.Value, id string) jsontree.Value {
	for _, c := range listOf(v, "contained").All() {
		if id != "" && c.Get("id").EqualText(id) {
			return c
		}
	}
	return jsontree.Value{}
}

// authored warns of answers given outside of the time that the Questionnaire is
// meant for. (Questionnaire.effectivePeriod)
func (s *response) authored() {
	authored := s.value.Get("authored")
	when, ok := startOf(authored.Text())
	if !ok {
		return
	}
	period := s.form.value.Get("effectivePeriod")
	a := s.child(s.root, "authored", -1, authored, "dateTime")
	defer s.pop(a)
	if end, ok := startOf(period.Get("end").Text()); ok && when.After(end) {
		s.warn(a, CodeQuestionnaire, "effectivePeriod", "want authored before the Questionnaire's effectivePeriod ends, have a later time")
	}
	if start, ok := startOf(period.Get("start").Text()); ok && when.Before(start) {
		s.warn(a, CodeQuestionnaire, "effectivePeriod", "want authored after the Questionnaire's effectivePeriod begins, have an earlier time")
	}
}

// entry is an item of the response on one level.
type entry struct {
	question *question
	value    jsontree.Value
	index    int
	enabled  truth
}

// level checks the items that an element of the response has: the response
// itself, an item that is a group, or an answer.
func (s *response) level(a at, v jsontree.Value, questions []*question) {
	var entries []entry
	last := -1
	for i, item := range listOf(v, "item").All() {
		e := s.entry(a, i, item, questions)
		if e.question == nil {
			continue
		}
		if e.question.index < last {
			s.report(finding{severity: issue.Error, code: CodeQuestionnaire, rule: "order", at: a, value: item,
				message: "want items in the order of the Questionnaire, have " + quoteID(e.question.linkID) + " too late"})
		}
		last = e.question.index
		entries = append(entries, e)
	}
	slices.SortStableFunc(entries, func(x, y entry) int { return x.question.index - y.question.index })
	for _, q := range questions {
		if len(s.list) > s.opts.MaxIssues {
			return // nothing more is listed
		}
		n := 0
		for n < len(entries) && entries[n].question == q {
			n++
		}
		s.entries(a, q, entries[:n])
		entries = entries[n:]
	}
}

// entry finds the question of an item; nil if it is none of this level, which is
// reported. (QuestionnaireResponse.item.linkId)
func (s *response) entry(a at, index int, item jsontree.Value, questions []*question) entry {
	fault := func(message string) {
		s.report(finding{severity: issue.Error, code: CodeQuestionnaire, rule: "linkId", at: a, value: item, message: message})
	}
	linkID := item.Get("linkId").Text()
	if linkID == "" {
		fault(fmt.Sprintf("want a linkId in every item, have none in item %d", index))
		return entry{}
	}
	if q := s.form.find(linkID); q != nil {
		if q.index < len(questions) && questions[q.index] == q {
			return entry{question: q, value: item, index: index}
		}
		for _, twin := range questions { // a linkId that comes twice
			if twin.linkID == linkID {
				return entry{question: twin, value: item, index: index}
			}
		}
		fault("want item " + quoteID(linkID) + " where the Questionnaire has it, have it elsewhere")
		s.item(a, entry{q, item, index, s.enabled(q)})
		return entry{}
	}
	fault(fmt.Sprintf("want linkIds of the Questionnaire, have another in item %d", index))
	return entry{}
}

// entries checks the items of one level that belong to one question.
func (s *response) entries(a at, q *question, entries []entry) {
	enabled := s.enabled(q)
	if len(entries) == 0 {
		if enabled == yes && q.required {
			s.fault(a, s.missing, "required", "want an answer to the required item "+quoteID(q.linkID)+", have none")
		}
		return
	}
	for _, e := range entries {
		if enabled == no && (hasItems(e.value, "answer") || hasItems(e.value, "item")) {
			item := s.push(a, itemFrame(e))
			s.fault(item, issue.Error, "enableWhen", "want no answer to "+quoteID(q.linkID)+", which is not enabled, have one")
			s.pop(item)
		}
	}
	if len(entries) > 1 && !q.repeats {
		s.report(finding{severity: issue.Error, code: CodeQuestionnaire, rule: "repeats", at: a, value: entries[1].value,
			message: fmt.Sprintf("want one item %s, have %d", quoteID(q.linkID), len(entries))})
	}
	if q.isGroup() {
		s.occurs(a, q, len(entries), "items", enabled)
	}
	for _, e := range entries {
		e.enabled = enabled
		s.item(a, e)
	}
}

func itemFrame(e entry) frame {
	return frame{name: "item", index: e.index, value: e.value, typ: "QuestionnaireResponse.item"}
}

func hasItems(v jsontree.Value, name string) bool {
	return listOf(v, name).First().Kind() != jsontree.Invalid
}

// fault reports at a frame.
func (s *response) fault(a at, severity issue.Severity, rule, message string) {
	s.report(finding{severity: severity, code: CodeQuestionnaire, rule: rule, at: a, message: message})
}

// item checks one item of the response by its question.
func (s *response) item(parent at, e entry) {
	q := e.question
	a := s.push(parent, itemFrame(e))
	defer s.pop(a)
	s.path = append(s.path, asked{q, e.value})
	defer func() { s.path = s.path[:len(s.path)-1] }()

	s.text(a, q, e.value)
	answers := listOf(e.value, "answer")
	count := answers.Len()
	s.answerCount(a, e, count, answers)
	for i, answer := range answers.All() {
		x := s.push(a, frame{name: "answer", index: i, value: answer, typ: "QuestionnaireResponse.item.answer"})
		if !q.isGroup() && q.typ != "display" {
			s.answer(x, q, count)
			s.level(x, answer, q.items)
		}
		s.pop(x)
	}
	s.itemKind(a, q, e.value, count)
	s.constraints(a, q.value)
}

// text compares the text of an item with that of its question.
// (QuestionnaireResponse.item.text)
func (s *response) text(a at, q *question, v jsontree.Value) {
	if text := v.Get("text"); text.Text() != "" && text.Text() != q.value.Get("text").Text() {
		s.report(finding{severity: issue.Error, code: CodeQuestionnaire, rule: "text", at: a, value: text,
			message: "want the text that the Questionnaire has for " + quoteID(q.linkID) + ", have another"})
	}
}

const (
	extMinOccurs = "http://hl7.org/fhir/StructureDefinition/questionnaire-minOccurs"
	extMaxOccurs = "http://hl7.org/fhir/StructureDefinition/questionnaire-maxOccurs"
)

// answerCount checks how many answers an item has. (Questionnaire.item.required,
// .repeats, extensions minOccurs and maxOccurs)
func (s *response) answerCount(a at, e entry, count int, answers jsontree.Value) {
	q := e.question
	if q.isGroup() || q.typ == "display" {
		return
	}
	if count == 0 && q.required && e.enabled == yes {
		s.fault(a, s.missing, "required", "want an answer to the required item "+quoteID(q.linkID)+", have none")
		return
	}
	if count > 1 && !q.repeats {
		s.report(finding{severity: issue.Error, code: CodeQuestionnaire, rule: "repeats", at: a, value: answers.Index(1),
			message: fmt.Sprintf("want one answer to %s, have %d", quoteID(q.linkID), count)})
	}
	if count > 0 {
		s.occurs(a, q, count, "answers", e.enabled)
	}
}

// occurs checks the extensions minOccurs and maxOccurs.
func (s *response) occurs(a at, q *question, count int, what string, enabled truth) {
	if most, ok := extensionInt(q.value, extMaxOccurs); ok && int64(count) > most {
		s.fault(a, issue.Error, extMaxOccurs, fmt.Sprintf("want at most %d %s for %s, have %d", most, what, quoteID(q.linkID), count))
	}
	if least, ok := extensionInt(q.value, extMinOccurs); ok && int64(count) < least && enabled == yes {
		s.fault(a, s.missing, extMinOccurs, fmt.Sprintf("want at least %d %s for %s, have %d", least, what, quoteID(q.linkID), count))
	}
}

// itemKind checks what an item may hold by the type of its question: a group has
// items, a question answers, a display neither. (R4 §15.19, item-type)
func (s *response) itemKind(a at, q *question, v jsontree.Value, answers int) {
	items := hasItems(v, "item")
	switch {
	case q.typ == "":
		s.fault(a, issue.Error, "type", "want a type for "+quoteID(q.linkID)+" in the Questionnaire, have none: not checked")
	case q.isGroup():
		if answers > 0 {
			s.fault(a, issue.Error, "type", "want no answers to "+quoteID(q.linkID)+" of type "+q.typ+", have some")
		}
		if q.required && !items {
			s.fault(a, s.missing, "required", "want items in the required group "+quoteID(q.linkID)+", have none")
		}
		s.level(a, v, q.items)
	case q.typ == "display":
		if answers > 0 {
			s.fault(a, issue.Error, "type", "want no answers to "+quoteID(q.linkID)+" of type display, have some")
		}
		if items {
			s.fault(a, issue.Error, "type", "want no items in "+quoteID(q.linkID)+" of type display, have some")
		}
	case items:
		s.fault(a, issue.Error, "type", "want the items below question "+quoteID(q.linkID)+" in its answers, have them beside")
	}
}
