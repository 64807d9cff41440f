package check

import (
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// form is a Questionnaire made ready to check answers against. It is shared and
// must not be changed.
type form struct {
	value     jsontree.Value
	questions []*question          // of the top level
	byLinkID  map[string]*question // the first of each
	count     int
}

// question is one item of a Questionnaire: a question, a group or a display.
type question struct {
	value             jsontree.Value
	linkID, typ       string
	required, repeats bool
	parent            *question // nil at the top
	items             []*question
	index             int // among its siblings
	order             int // in the whole form, parents before their items
	last              int // the order of the last item within
	conditions        []condition
	anyCondition      bool   // enableBehavior
	allConditions     bool   // enableBehavior
	expression        string // FHIRPath that stands for the conditions
	otherLanguage     bool   // the expression is in another language
}

// condition is one enableWhen.
type condition struct {
	question, operator string
	value              jsontree.Value
	typ                string
}

// Extensions that tell by an expression whether an item is enabled.
const (
	extEnableExpression      = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression"
	extEnableExpressionPlain = "http://phr.kanta.fi/StructureDefinition/fiphr-ext-questionnaire-enablewhen"
)

// form returns the form of a Questionnaire of the definitions; each is read once.
func (c *Checker) form(v jsontree.Value) *form {
	return c.forms.get(v, func() *form { return readForm(v) })
}

// readForm reads a Questionnaire. What is malformed is left out.
func readForm(v jsontree.Value) *form {
	f := &form{value: v, byLinkID: make(map[string]*question)}
	f.questions = f.read(v, nil)
	return f
}

func (f *form) read(v jsontree.Value, parent *question) []*question {
	items := listOf(v, "item")
	n := items.Len()
	if n == 0 {
		return nil
	}
	all := make([]question, n)
	out := make([]*question, n)
	for i, item := range items.All() {
		q := &all[i]
		out[i] = q
		*q = question{value: item, parent: parent, index: i, order: f.count, linkID: item.Get("linkId").Text(), typ: item.Get("type").Text()}
		f.count++
		q.required, _ = item.Get("required").Bool()
		q.repeats, _ = item.Get("repeats").Bool()
		q.readConditions()
		if _, ok := f.byLinkID[q.linkID]; !ok && q.linkID != "" {
			f.byLinkID[q.linkID] = q
		}
		q.items = f.read(item, q)
		q.last = f.count - 1
	}
	return out
}

func (q *question) readConditions() {
	switch q.value.Get("enableBehavior").Text() {
	case "any":
		q.anyCondition = true
	case "all":
		q.allConditions = true
	}
	for _, w := range listOf(q.value, "enableWhen").All() {
		c := condition{question: w.Get("question").Text(), operator: w.Get("operator").Text()}
		c.value, c.typ = choiceOf(w, "answer")
		q.conditions = append(q.conditions, c)
	}
	if ext := extensionOf(q.value, extEnableExpressionPlain); ext.Kind() != jsontree.Invalid {
		q.expression = ext.Get("valueString").Text()
	} else if ext := extensionOf(q.value, extEnableExpression); ext.Kind() != jsontree.Invalid {
		expr := ext.Get("valueExpression")
		q.expression = expr.Get("expression").Text()
		q.otherLanguage = expr.Get("language").Text() != "text/fhirpath"
	}
}

// find returns the first question with a linkId; nil if there is none.
func (f *form) find(linkID string) *question { return f.byLinkID[linkID] }

// inside tells whether a question with a linkId stands inside of q.
func (f *form) inside(q *question, linkID string) bool {
	if t := f.find(linkID); t == nil || t.order > q.order {
		return t != nil && t.order <= q.last
	}
	for _, item := range q.items { // a linkId that comes twice
		if item.linkID == linkID || f.inside(item, linkID) {
			return true
		}
	}
	return false
}

// holds tells whether q is inside of p or p itself.
func (p *question) holds(q *question) bool { return p.order <= q.order && q.order <= p.last }

// isGroup tells an item that takes no answers but holds items. The abstract type
// question is one.
func (q *question) isGroup() bool { return q.typ == "group" || q.typ == "question" }

// open tells a choice that may be answered with free text.
func (q *question) open() bool { return q.typ == "open-choice" }

// isChoice tells a question that is answered by choosing.
func (q *question) isChoice() bool { return q.typ == "choice" || q.typ == "open-choice" }

// answerTypes returns the types that answers to a type of question may have; nil
// for what takes none or is not known. (R4 §15.19, item-type)
func answerTypes(question string) []string {
	switch question {
	case "boolean", "decimal", "integer", "date", "dateTime", "time", "string":
		return []string{question}
	case "text":
		return []string{"string"}
	case "url":
		return []string{"uri"}
	case "attachment":
		return []string{"Attachment"}
	case "reference":
		return []string{"Reference"}
	case "quantity":
		return []string{"Quantity"}
	case "choice", "open-choice":
		return []string{"Coding", "date", "time", "integer", "string", "Reference"}
	}
	return nil
}

func oneOf(allowed []string, typ string) bool {
	for _, t := range allowed {
		if t == typ {
			return true
		}
	}
	return false
}

// orList lists types for a message.
func orList(types []string) string { return strings.Join(types, " or ") }

// quoteID is a linkId, url or code of a definition in a message; a long one is
// cut.
func quoteID(id string) string {
	const most = 80
	if len(id) > most {
		id = strings.ToValidUTF8(id[:most], "") + "…"
	}
	return "'" + id + "'"
}

// listOf returns the member that should be a list; the zero Value if it is none.
func listOf(v jsontree.Value, name string) jsontree.Value {
	if l := v.Get(name); l.Kind() == jsontree.Array {
		return l
	}
	return jsontree.Value{}
}

// extensionOf returns the first extension of an element with a URL.
func extensionOf(v jsontree.Value, url string) jsontree.Value {
	for _, ext := range listOf(v, "extension").All() {
		if ext.Get("url").EqualText(url) {
			return ext
		}
	}
	return jsontree.Value{}
}

// extensionValue returns the value of the first extension with a URL and its type.
func extensionValue(v jsontree.Value, url string) (jsontree.Value, string) {
	return choiceOf(extensionOf(v, url), "value")
}

// extensionInt returns the whole number of an extension.
func extensionInt(v jsontree.Value, url string) (int64, bool) {
	val, _ := extensionValue(v, url)
	if n, ok := val.Int64(); ok {
		return n, true
	}
	if x, ok := val.Float64(); ok && x == float64(int64(x)) {
		return int64(x), true
	}
	return 0, false
}

// choiceOf returns the value of a choice element such as value[x] and its type; ""
// if there is none. A primitive without a value but with a companion has a type
// and no value.
func choiceOf(v jsontree.Value, name string) (jsontree.Value, string) {
	var typ string
	for m := v.First(); v.Kind() == jsontree.Object && m.Kind() != jsontree.Invalid; m = m.Next() {
		key := m.KeyBytes()
		companion := len(key) > 0 && key[0] == '_'
		if companion {
			key = key[1:]
		}
		if len(key) <= len(name) || string(key[:len(name)]) != name {
			continue
		}
		t := choiceType(key[len(name):])
		if t == "" {
			continue
		}
		if !companion {
			return nonNull(m), t
		}
		typ = t
	}
	return jsontree.Value{}, typ
}

// choiceType returns the type that stands in the name of a choice element: string
// for String; "" for none that a Questionnaire or an answer may have.
func choiceType(suffix []byte) string {
	switch string(suffix) {
	case "Boolean":
		return "boolean"
	case "Decimal":
		return "decimal"
	case "Integer":
		return "integer"
	case "Date":
		return "date"
	case "DateTime":
		return "dateTime"
	case "Instant":
		return "instant"
	case "Time":
		return "time"
	case "String":
		return "string"
	case "Code":
		return "code"
	case "Id":
		return "id"
	case "Uri":
		return "uri"
	case "Canonical":
		return "canonical"
	case "Attachment", "Coding", "Quantity", "Reference", "CodeableConcept", "Expression":
		return string(suffix)
	}
	return ""
}
