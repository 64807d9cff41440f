package check

import (
	"fmt"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// derivation is a Questionnaire that another is derived from.
type derivation struct {
	form    *form
	extends bool // may add items; otherwise it must comply
}

const (
	extDerivationType    = "http://hl7.org/fhir/StructureDefinition/questionnaire-derivationType"
	systemDerivationType = "http://hl7.org/fhir/questionnaire-derivationType"
)

// derivations returns what the Questionnaire of a frame is derived from, as far as
// that binds it. (Questionnaire.derivedFrom, extension questionnaire-derivationType)
func (r *run) derivations(a at) []derivation {
	v := r.f(a).value
	companions := listOf(v, "_derivedFrom")
	var out []derivation
	for i, from := range listOf(v, "derivedFrom").All() {
		url := from.Text()
		if url == "" {
			continue
		}
		e := r.child(a, "derivedFrom", i, from, "canonical")
		if d, ok := r.derivation(e, url, companions.Index(i)); ok {
			out = append(out, d)
		}
		r.pop(e)
	}
	return out
}

func (r *run) derivation(e at, url string, companion jsontree.Value) (derivation, bool) {
	base := r.defs.Resource("Questionnaire", url)
	if base.Kind() == jsontree.Invalid {
		r.warn(e, CodeQuestionnaire, "derivedFrom", "want the Questionnaire "+quoteID(url)+", have none: not checked against it")
		return derivation{}, false
	}
	ext := extensionOf(companion, extDerivationType)
	if ext.Kind() == jsontree.Invalid {
		r.warn(e, CodeQuestionnaire, "derivedFrom", "want the kind of the derivation in an extension, have none: not checked")
		return derivation{}, false
	}
	x := r.child(e, "extension", indexOfExtension(companion, extDerivationType), ext, "Extension")
	defer r.pop(x)
	value, typ := choiceOf(ext, "value")
	if typ == "" {
		r.warn(x, CodeQuestionnaire, "derivedFrom", "want the kind of the derivation, have no value")
		return derivation{}, false
	}
	c := r.push(x, frame{name: "value", choice: typ, typ: typ, value: value, index: -1})
	if value.Get("system").EqualText(systemDerivationType) {
		switch value.Get("code").Text() {
		case "extends":
			return derivation{form: r.form(base), extends: true}, true
		case "compliesWith":
			return derivation{form: r.form(base)}, true
		case "inspiredBy":
			r.info(c, CodeQuestionnaire, "derivedFrom", "want a kind of derivation that binds, have inspiredBy: not checked")
			return derivation{}, false
		}
	}
	r.warn(c, CodeQuestionnaire, "derivedFrom", "want extends, compliesWith or inspiredBy, have another kind of derivation")
	return derivation{}, false
}

func indexOfExtension(v jsontree.Value, url string) int {
	for i, ext := range listOf(v, "extension").All() {
		if ext.Get("url").EqualText(url) {
			return i
		}
	}
	return -1
}

// derived checks one item against the item with its linkId in what the
// Questionnaire is derived from: it may only narrow what that allows.
func (r *run) derived(item at, q *question, d derivation) {
	base := d.form.find(q.linkID)
	if base == nil {
		if !d.extends {
			r.err(item, CodeQuestionnaire, "derivedFrom", "want items of the Questionnaire that this one complies with, have "+quoteID(q.linkID)+" besides")
		}
		return
	}
	if base.typ != "" && q.typ != "" && base.typ != q.typ {
		r.derivedFault(item, q, "type", issue.Error, "want type "+base.typ+" as in the base, have another")
	}
	if !base.repeats && q.repeats {
		r.derivedFault(item, q, "repeats", issue.Error, "want an item that does not repeat, as in the base, have one that does")
	}
	if required := q.value.Get("required"); base.required && required.Kind() != jsontree.Invalid && !q.required {
		r.derivedFault(item, q, "required", issue.Error, "want an item that is required, as in the base, have one that is not")
	}
	r.derivedDefinition(item, q, base)
	r.derivedLength(item, q, base)
	r.derivedOptions(item, q, base)
}

// derivedFault reports at a member of the item.
func (r *run) derivedFault(item at, q *question, name string, severity issue.Severity, message string) {
	a := r.child(item, name, -1, q.value.Get(name), "")
	r.report(finding{severity: severity, code: CodeQuestionnaire, rule: "derivedFrom", at: a, message: message})
	r.pop(a)
}

func (r *run) derivedDefinition(item at, q, base *question) {
	want, have := base.value.Get("definition").Text(), q.value.Get("definition").Text()
	switch {
	case want == "" || want == have:
	case have == "":
		r.info(item, CodeQuestionnaire, "derivedFrom", "want the definition that the base has, have none")
	default:
		r.derivedFault(item, q, "definition", issue.Information, "want the definition that the base has, have another")
	}
}

func (r *run) derivedLength(item at, q, base *question) {
	most, ok := base.value.Get("maxLength").Int64()
	if !ok {
		return
	}
	have, ok := q.value.Get("maxLength").Int64()
	switch {
	case !ok:
		r.err(item, CodeQuestionnaire, "derivedFrom", fmt.Sprintf("want maxLength of at most %d as in the base, have none", most))
	case have > most:
		r.derivedFault(item, q, "maxLength", issue.Error, fmt.Sprintf("want maxLength of at most %d as in the base, have %d", most, have))
	}
}

// derivedOptions: options may be fewer than in the base, and stay options; a value
// set stays one.
func (r *run) derivedOptions(item at, q, base *question) {
	baseOptions, options := listOf(base.value, "answerOption"), listOf(q.value, "answerOption")
	if baseOptions.Len() > 0 {
		switch {
		case q.value.Get("answerValueSet").Kind() != jsontree.Invalid:
			r.err(item, CodeQuestionnaire, "derivedFrom", "want options as in the base, have a value set")
		case options.Len() == 0:
			r.err(item, CodeQuestionnaire, "derivedFrom", fmt.Sprintf("want some of the %d options of the base, have none", baseOptions.Len()))
		}
		for i, option := range options.All() {
			v, typ := choiceOf(option, "value")
			if typ == "" || base.offers(v, typ) {
				continue
			}
			a := r.child(item, "answerOption", i, option, "")
			r.err(a, CodeQuestionnaire, "derivedFrom", "want an option of the base, have another")
			r.pop(a)
		}
	}
	if base.value.Get("answerValueSet").Kind() != jsontree.Invalid && options.Len() > 0 {
		r.err(item, CodeQuestionnaire, "derivedFrom", "want a value set as in the base, have options")
	}
}
