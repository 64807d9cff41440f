package gen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// ruleWriter writes Go functions for rules in JSON Schema, one a subschema: code
// in a straight line over the jsonValue of the support code. The schemas are those
// of dataset.Rule: the keywords of 2020-12, references only to $defs of their own.
type ruleWriter struct {
	// claim returns a free name of the package.
	claim func(name string) string
	// funcs are the functions by the text of their schema; definitions have names
	// that mean the same in all rules.
	funcs map[string]string
	defs  map[string]string
	// patterns are the names of compiled expressions.
	patterns map[string]string
	// patternList has the expressions in the order of their names.
	patternList []string
	text        *strings.Builder
	todo        []func()
}

func newRuleWriter(claim func(string) string) *ruleWriter {
	return &ruleWriter{claim: claim, funcs: map[string]string{}, defs: map[string]string{}, patterns: map[string]string{}, text: new(strings.Builder)}
}

// rule returns the name of the function for the schema text; "true" and "false"
// are names of the like.
func (w *ruleWriter) rule(text, name, source string) (string, error) {
	tree := new(jsontree.Tree)
	if err := tree.Parse([]byte(text), nil); err != nil {
		return "", fmt.Errorf("gen: rule of %s: %w", source, err)
	}
	root := tree.Root()
	for def, v := range root.Get("$defs").Members() {
		if w.defs[def] == "" {
			base, _, _ := strings.Cut(def, "-")
			w.defs[def] = w.claim("rule" + GoName(base))
			w.later(w.defs[def], base, v)
		}
	}
	fn := w.schema(root, name)
	for len(w.todo) > 0 {
		next := w.todo[0]
		w.todo = w.todo[1:]
		next()
	}
	return fn, nil
}

func (w *ruleWriter) later(fn, what string, v jsontree.Value) {
	w.todo = append(w.todo, func() { w.function(fn, what, v) })
}

// schema returns the function of a subschema; "true" or "false" where it decides
// by itself.
func (w *ruleWriter) schema(v jsontree.Value, name string) string {
	switch v.Kind() {
	case jsontree.True:
		return "true"
	case jsontree.False:
		return "false"
	}
	n, ref := 0, ""
	for k, m := range v.Members() {
		switch k {
		case "$defs":
		case "$ref":
			ref = m.Text()
			n++
		default:
			n++
		}
	}
	if n == 0 {
		return "true"
	}
	if n == 1 && ref != "" {
		return w.ref(ref)
	}
	key := string(v.Raw())
	if fn := w.funcs[key]; fn != "" {
		return fn
	}
	fn := w.claim("rule" + GoName(name))
	w.funcs[key] = fn
	w.later(fn, name, v)
	return fn
}

func (w *ruleWriter) ref(ref string) string { return w.defs[strings.TrimPrefix(ref, "#/$defs/")] }

// call is the expression that applies a function to a value.
func call(fn, v, seen string) string { return fmt.Sprintf("%s(%s, r, %s)", fn, v, seen) }

// applyRule is the statement that a value has to follow a rule.
func applyRule(fn, v, seen string) string {
	switch fn {
	case "true":
		return ""
	case "false":
		return fmt.Sprintf("ok = r.deny(%s, \"closed\", \"want no value here\")\n", v)
	}
	return fmt.Sprintf("ok = %s && ok\n", call(fn, v, seen))
}

// triedRule is the expression that a value follows a rule, without noting that it does
// not.
func triedRule(fn, v, seen string) string {
	if fn == "true" || fn == "false" {
		return fn
	}
	return fmt.Sprintf("r.try(%s, %s, %s)", fn, v, seen)
}

func (w *ruleWriter) line(format string, args ...any) { fmt.Fprintf(w.text, format+"\n", args...) }

// function writes the function of a schema that is neither true nor false.
func (w *ruleWriter) function(fn, what string, v jsontree.Value) {
	if v.Kind() != jsontree.Object {
		w.line("\nfunc %s(v *jsonValue, r *ruling, _ *seenParts) bool {", fn)
		if v.Kind() == jsontree.False {
			w.line("return r.deny(v, \"closed\", \"want no value here\")\n}")
		} else {
			w.line("return true\n}")
		}
		return
	}
	body := w.capture(func() { w.body(v, what) })
	seen := "_"
	if strings.Contains(body, "seen") {
		seen = "seen"
	}
	w.line("\n// %s holds a value against the schema of %s.", fn, ruleSubject(what))
	w.line("func %s(v *jsonValue, r *ruling, %s *seenParts) bool {", fn, seen)
	w.text.WriteString(body + "}\n")
}

// ruleSubject is a name as a comment may hold it.
func ruleSubject(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
}

func (w *ruleWriter) body(v jsontree.Value, what string) {
	w.line("if !r.enter(v) {\nreturn false\n}")
	unevaluated := v.Get("unevaluatedProperties").Kind() != jsontree.Invalid || v.Get("unevaluatedItems").Kind() != jsontree.Invalid
	if unevaluated {
		w.line("outer := seen\nseen = newSeenParts(v)")
	}
	w.kinds(v.Get("type"))
	w.line("ok := true")
	w.values(v)
	w.onStrings(v, what)
	w.onNumbers(v)
	w.onObjects(v, what)
	w.onArrays(v, what)
	w.combined(v, what)
	if unevaluated {
		w.unevaluated(v, what)
	}
	w.line("return ok")
}

var goKinds = map[string]string{"null": "jsonNull", "boolean": "jsonBoolean", "number": "jsonNumber",
	"string": "jsonString", "array": "jsonArray", "object": "jsonObject"}

// kinds writes the check of the type.
func (w *ruleWriter) kinds(types jsontree.Value) {
	var want, masks []string
	integer, number := false, false
	for _, t := range types.All() {
		word := t.Text()
		want = append(want, word)
		number = number || word == "number"
		if word == "integer" {
			integer = true
			continue
		}
		masks = append(masks, goKinds[word])
	}
	if len(want) == 0 {
		return
	}
	var tests []string
	switch {
	case len(masks) == 1:
		tests = append(tests, "v.kind != "+masks[0])
	case len(masks) > 1:
		tests = append(tests, "v.kind&("+strings.Join(masks, "|")+") == 0")
	}
	if integer && !number {
		tests = append(tests, "(v.kind != jsonNumber || !v.whole())")
	}
	w.line("if %s {\nreturn r.denyKind(v, %q)\n}", strings.Join(tests, " && "), strings.Join(want, " or "))
}

// values writes the checks of enum and const.
func (w *ruleWriter) values(v jsontree.Value) {
	if e := v.Get("enum"); e.Kind() == jsontree.Array {
		w.oneOf(slices.Collect(jsonElements(e)), "enum", "want one of the values that the schema lists, have another")
	}
	if c := v.Get("const"); c.Kind() != jsontree.Invalid {
		w.oneOf([]jsontree.Value{c}, "const", "want the one value that the schema has, have another")
	}
}

func jsonElements(v jsontree.Value) func(func(jsontree.Value) bool) {
	return func(yield func(jsontree.Value) bool) {
		for _, e := range v.All() {
			if !yield(e) {
				return
			}
		}
	}
}

func (w *ruleWriter) oneOf(values []jsontree.Value, code, message string) {
	var texts, others []string
	seen := map[string]bool{}
	for _, e := range values {
		switch {
		case e.Kind() != jsontree.String:
			others = append(others, strconv.Quote(string(e.Raw())))
		case !seen[e.Text()]:
			seen[e.Text()] = true
			texts = append(texts, strconv.Quote(e.Text()))
		}
	}
	deny := fmt.Sprintf("ok = r.deny(v, %q, %q)", code, message)
	if len(others) > 0 {
		deny = fmt.Sprintf("if !oneOfValues(v, %s) {\n%s\n}", strings.Join(others, ", "), deny)
	}
	switch {
	case len(texts) == 0:
		w.line("%s", deny)
		return
	case len(texts) == 1 && len(others) == 0:
		w.deny("v.kind != jsonString || v.str != "+texts[0], "v", code, message)
		return
	}
	w.line("switch {\ncase v.kind != jsonString:\n%s\ndefault:\nswitch v.str {\ncase %s:\ndefault:\nok = r.deny(v, %q, %q)\n}\n}",
		deny, strings.Join(texts, ",\n"), code, message)
}

// deny writes a check: where the condition is true the value is denied.
func (w *ruleWriter) deny(condition, on, code, message string) {
	w.line("if %s {\nok = r.deny(%s, %q, %q)\n}", condition, on, code, message)
}

// keywordNumber returns the whole number of a keyword.
func keywordNumber(v jsontree.Value, keyword string) (int64, bool) { return v.Get(keyword).Int64() }

var goFormats = map[string]string{
	"date-time": "formatDateTime", "date": "formatDate", "time": "formatTime", "duration": "formatDuration", "period": "formatPeriod",
	"hostname": "formatHostname", "email": "formatEmail", "ip-address": "formatIPv4", "ipv4": "formatIPv4", "ipv6": "formatIPv6",
	"uri": "formatURI", "iri": "formatURI", "uri-reference": "formatURIReference", "uriref": "formatURIReference",
	"iri-reference": "formatURIReference", "uri-template": "formatURITemplate", "regex": "formatRegex",
	"json-pointer": "formatJSONPointer", "relative-json-pointer": "formatRelativeJSONPointer", "uuid": "formatUUID",
}

func (w *ruleWriter) onStrings(v jsontree.Value, what string) {
	w.block("v.kind == jsonString", func() {
		if n, ok := keywordNumber(v, "minLength"); ok && n > 0 {
			w.deny(fmt.Sprintf("v.characters() < %d", n), "v", "length", fmt.Sprintf("want at least %d characters, have fewer", n))
		}
		if n, ok := keywordNumber(v, "maxLength"); ok {
			w.deny(fmt.Sprintf("v.characters() > %d", n), "v", "length", fmt.Sprintf("want at most %d characters, have more", n))
		}
		if p := v.Get("pattern"); p.Kind() == jsontree.String {
			w.deny(fmt.Sprintf("!%s().MatchString(v.str)", w.pattern(p.Text())), "v", "pattern", "want a text of the pattern, have another")
		}
		if f := v.Get("format"); goFormats[f.Text()] != "" {
			w.deny(fmt.Sprintf("!%s(v.str)", goFormats[f.Text()]), "v", "format", "want a text of the format "+f.Text()+", have another")
		}
		w.content(v, what)
	})
}

// block writes what body writes within a condition, nothing if it is nothing.
func (w *ruleWriter) block(condition string, body func()) {
	if inner := w.capture(body); inner != "" {
		w.line("if %s {\n%s}", condition, inner)
	}
}

// capture returns what body writes.
func (w *ruleWriter) capture(body func()) string {
	outer := w.text
	w.text = new(strings.Builder)
	body()
	inner := w.text.String()
	w.text = outer
	return inner
}

func (w *ruleWriter) content(v jsontree.Value, what string) {
	encoding, media := v.Get("contentEncoding").Text(), v.Get("contentMediaType").Text()
	if encoding != "base64" && (encoding != "" || media != "application/json") {
		return
	}
	w.line("data, decoded := decodeContent(v.str, %t)", encoding == "base64")
	w.deny("!decoded", "v", "content", "want base64, have other text")
	schema := "true"
	if s := v.Get("contentSchema"); s.Kind() != jsontree.Invalid {
		schema = w.schema(s, what+".content")
	}
	if media == "application/json" {
		w.deny("decoded && !isJSON(data)", "v", "content", "want JSON, have other text")
	}
	if schema != "true" {
		w.line("if inner := parseValue(data); decoded && inner == nil {\nok = r.deny(v, \"content\", \"want JSON, have other text\")")
		w.line("} else if decoded {\n%s}", applyRule(schema, "inner", "nil"))
	} else if media != "application/json" {
		w.line("_ = data")
	}
}

// pattern returns the name of the function of a compiled expression.
func (w *ruleWriter) pattern(p string) string {
	if w.patterns[p] == "" {
		w.patternList = append(w.patternList, p)
		w.patterns[p] = w.claim("rulePattern" + strconv.Itoa(len(w.patterns)+1))
	}
	return w.patterns[p]
}

func (w *ruleWriter) onNumbers(v jsontree.Value) {
	w.block("v.kind == jsonNumber", func() {
		for _, b := range []struct{ keyword, wrong, want string }{
			{"minimum", "< 0", "a number of at least "}, {"exclusiveMinimum", "<= 0", "a number above "},
			{"maximum", "> 0", "a number of at most "}, {"exclusiveMaximum", ">= 0", "a number below "}} {
			if n := v.Get(b.keyword); n.Kind() == jsontree.Number {
				w.line("if order, known := v.compare(%q); !known || order %s {", n.Number(), b.wrong)
				w.line("ok = r.deny(v, \"range\", %q)\n}", "want "+b.want+string(n.Number())+", have another")
			}
		}
		if n := v.Get("multipleOf"); n.Kind() == jsontree.Number {
			w.deny(fmt.Sprintf("!v.multipleOf(%q)", n.Number()), "v", "range", "want a multiple of "+string(n.Number())+", have another number")
		}
	})
}
