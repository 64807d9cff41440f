package check

import (
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// questionnaire checks what the invariants of a Questionnaire cannot say: that
// the conditions of its items lead to questions that were asked before and that
// can be answered so, that options and initial values fit the questions, and
// that a derived Questionnaire keeps to what it is derived from.
// (R4 §15.19, Questionnaire.item.enableWhen)
func (r *run) questionnaire(a at) {
	v := r.f(a).value
	f := readForm(v)
	r.questions(a, f, f.questions, r.derivations(a))
}

// questions checks the items of one level; a is the frame that has them.
func (r *run) questions(a at, f *form, questions []*question, bases []derivation) {
	for _, q := range questions {
		item := r.child(a, "item", q.index, q.value, "Questionnaire.item")
		r.enableBehavior(item, q)
		for i := range q.conditions {
			r.enableWhen(item, f, q, &q.conditions[i])
		}
		r.answerOptions(item, q)
		r.initials(item, q)
		for _, base := range bases {
			r.derived(item, q, base)
		}
		r.questions(item, f, q.items, bases)
		r.pop(item)
	}
}

// enableBehavior checks that two conditions are told how they belong together.
// The invariant que-12 means that too, but as published it begins with three.
func (r *run) enableBehavior(item at, q *question) {
	if len(q.conditions) == 2 && !hasMember(q.value, "enableBehavior") {
		r.err(item, CodeQuestionnaire, "que-12", "want enableBehavior for several enableWhen, have none")
	}
}

// enableWhen checks one condition of a question: it must name another question
// that stands before. (Questionnaire.item.enableWhen.question)
func (r *run) enableWhen(item at, f *form, q *question, c *condition) {
	if c.question == "" {
		r.err(item, CodeQuestionnaire, "enableWhen", "want the linkId of a question in enableWhen, have none")
		return
	}
	target := f.find(c.question)
	switch {
	case f.inside(q, c.question):
		r.err(item, CodeQuestionnaire, "enableWhen", "want enableWhen on a question outside of the item, have "+quoteID(c.question)+" inside it")
	case target == nil:
		r.err(item, CodeQuestionnaire, "enableWhen", "want enableWhen on a question of the Questionnaire, have "+quoteID(c.question)+" that is none")
	case target == q:
		r.err(item, CodeQuestionnaire, "enableWhen", "want enableWhen on another question, have the item itself")
	default:
		if !target.holds(q) && target.order > q.order {
			r.warn(item, CodeQuestionnaire, "enableWhen", "want enableWhen on a question before the item, have "+quoteID(c.question)+" after it")
		}
		r.enableWhenAnswer(item, target, c)
	}
}

// enableWhenAnswer warns of a condition that no answer can meet, because the
// question asks for another type.
func (r *run) enableWhenAnswer(item at, target *question, c *condition) {
	if c.operator == "exists" || c.typ == "" {
		return
	}
	allowed := answerTypes(target.typ)
	if allowed == nil && !target.isGroup() && target.typ != "display" {
		return // a type that is not known is found elsewhere
	}
	for _, typ := range allowed {
		if sameKind(typ, c.typ) {
			return
		}
	}
	r.warn(item, CodeQuestionnaire, "enableWhen", "want enableWhen with an answer as "+quoteID(c.question)+" takes it, have one of type "+c.typ)
}

// answerOptions warns of options that cannot be answers to the question.
// (Questionnaire.item.answerOption)
func (r *run) answerOptions(item at, q *question) {
	allowed := answerTypes(q.typ)
	if allowed == nil {
		return
	}
	for i, option := range q.value.Get("answerOption").All() {
		v, typ := choiceOf(option, "value")
		if typ == "" || oneOf(allowed, typ) {
			continue
		}
		a := r.child(item, "answerOption", i, option, "Questionnaire.item.answerOption")
		r.report(finding{severity: issue.Warning, code: CodeQuestionnaire, rule: "answerOption", at: a, value: v,
			message: "want an option of type " + orList(allowed) + " for a question of type " + q.typ + ", have " + typ})
		r.pop(a)
	}
}

// initials warns of initial values that could not be answered.
// (Questionnaire.item.initial)
func (r *run) initials(item at, q *question) {
	allowed := answerTypes(q.typ)
	if allowed == nil {
		return
	}
	for i, initial := range q.value.Get("initial").All() {
		v, typ := choiceOf(initial, "value")
		if typ == "" {
			continue
		}
		a := r.child(item, "initial", i, initial, "Questionnaire.item.initial")
		switch {
		case !oneOf(allowed, typ):
			r.report(finding{severity: issue.Warning, code: CodeQuestionnaire, rule: "initial", at: a, value: v,
				message: "want an initial value of type " + orList(allowed) + " for a question of type " + q.typ + ", have " + typ})
		case !q.open() && v.Kind() != jsontree.Invalid && !q.offers(v, typ):
			r.report(finding{severity: issue.Warning, code: CodeQuestionnaire, rule: "initial", at: a, value: v,
				message: "want an initial value that is one of the options, have another"})
		}
		r.pop(a)
	}
}
