package gen

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// onObjects writes the checks on members.
func (w *ruleWriter) onObjects(v jsontree.Value, what string) {
	w.block("v.kind == jsonObject", func() {
		if n, ok := keywordNumber(v, "minProperties"); ok && n > 0 {
			w.deny(fmt.Sprintf("len(v.parts) < %d", n), "v", "count", fmt.Sprintf("want at least %d members, have fewer", n))
		}
		if n, ok := keywordNumber(v, "maxProperties"); ok {
			w.deny(fmt.Sprintf("len(v.parts) > %d", n), "v", "count", fmt.Sprintf("want at most %d members, have more", n))
		}
		for name := range jsonElements(v.Get("required")) {
			w.missing(name.Text())
		}
		for name, list := range v.Get("dependentRequired").Members() {
			w.block(fmt.Sprintf("v.at(%q) != nil", name), func() {
				for other := range jsonElements(list) {
					w.missing(other.Text())
				}
			})
		}
		w.members(v, what)
		if names := v.Get("propertyNames"); names.Kind() != jsontree.Invalid {
			if fn := w.schema(names, what+".name"); fn != "true" {
				w.line("for _, p := range v.parts {\nname := &jsonValue{kind: jsonString, str: p.name, name: p.name, up: v}\n%s}", applyRule(fn, "name", "nil"))
			}
		}
		for name, s := range v.Get("dependentSchemas").Members() {
			if code := applyRule(w.schema(s, what+"."+name), "v", "seen"); code != "" {
				w.line("if v.at(%q) != nil {\n%s}", name, code)
			}
		}
	})
}

func (w *ruleWriter) missing(name string) {
	w.deny(fmt.Sprintf("v.at(%q) == nil", name), "v", "required", "want the member "+strconv.Quote(name)+", have none")
}

// members writes the loop over the members of an object.
func (w *ruleWriter) members(v jsontree.Value, what string) {
	extra := v.Get("additionalProperties")
	var cases, patterns strings.Builder
	var plain []string // names whose members may be anything
	for name, s := range lastMembers(v.Get("properties")) {
		if code := applyRule(w.schema(s, what+"."+name), "p", "nil"); code != "" {
			fmt.Fprintf(&cases, "case %q:\nseen.mark(i)\n%s", name, code)
		} else {
			plain = append(plain, strconv.Quote(name))
		}
	}
	if len(plain) > 0 {
		fmt.Fprintf(&cases, "case %s:\nseen.mark(i)\n", strings.Join(plain, ", "))
	}
	for pattern, s := range lastMembers(v.Get("patternProperties")) {
		code := applyRule(w.schema(s, what+".pattern"), "p", "nil")
		if extra.Kind() != jsontree.Invalid {
			code = "named = true\n" + code
		}
		fmt.Fprintf(&patterns, "if %s().MatchString(p.name) {\nseen.mark(i)\n%s}\n", w.pattern(pattern), code)
	}
	if cases.Len() == 0 && patterns.Len() == 0 && extra.Kind() == jsontree.Invalid {
		return
	}
	rest := ""
	if extra.Kind() != jsontree.Invalid {
		if extra.Kind() == jsontree.False {
			rest = "ok = r.deny(p, \"closed\", \"want no member of this name\")\n"
		} else {
			rest = applyRule(w.schema(extra, what+".extra"), "p", "nil")
		}
		rest = "seen.mark(i)\n" + rest
	}
	w.loop(func() { w.memberCases(cases.String(), patterns.String(), rest) })
}

// loop writes a loop over the parts of a value: p of index i.
func (w *ruleWriter) loop(body func()) {
	text := w.capture(body)
	p := "_"
	if partInCode.MatchString(text) {
		p = "p"
	}
	i := "_"
	if indexInCode.MatchString(text) {
		i = "i"
	}
	if p == "_" && i == "_" {
		return
	}
	w.line("for %s, %s := range v.parts {\n%s}", i, p, text)
}

// The variables of a loop over parts, as code has them: text in quotes does not
// hold them in these places.
var (
	partInCode  = regexp.MustCompile(`\(p,|\bp\.name\b`)
	indexInCode = regexp.MustCompile(`\(i\)|switch i \{`)
)

// memberCases writes what holds for the member p: by name, by pattern, for the
// rest.
func (w *ruleWriter) memberCases(cases, patterns, rest string) {
	switch {
	case rest == "":
		if cases != "" {
			w.line("switch p.name {\n%s}", cases)
		}
		w.line("%s", patterns)
	case patterns == "" && cases == "":
		w.line("%s", rest)
	case patterns == "":
		w.line("switch p.name {\n%sdefault:\n%s}", cases, rest)
	case cases == "":
		w.line("named := false\n%sif !named {\n%s}", patterns, rest)
	default:
		w.line("named := true\nswitch p.name {\n%sdefault:\nnamed = false\n}", cases)
		w.line("%sif !named {\n%s}", patterns, rest)
	}
}

// lastMembers returns the members of an object, the last of those with one name.
func lastMembers(v jsontree.Value) func(func(string, jsontree.Value) bool) {
	return func(yield func(string, jsontree.Value) bool) {
		last := map[string]int{}
		n := 0
		for name := range v.Members() {
			last[name] = n
			n++
		}
		n = 0
		for name, m := range v.Members() {
			if last[name] == n && !yield(name, m) {
				return
			}
			n++
		}
	}
}

// onArrays writes the checks on elements.
func (w *ruleWriter) onArrays(v jsontree.Value, what string) {
	w.block("v.kind == jsonArray", func() {
		if n, ok := keywordNumber(v, "minItems"); ok && n > 0 {
			w.deny(fmt.Sprintf("len(v.parts) < %d", n), "v", "count", fmt.Sprintf("want at least %d elements, have fewer", n))
		}
		if n, ok := keywordNumber(v, "maxItems"); ok {
			w.deny(fmt.Sprintf("len(v.parts) > %d", n), "v", "count", fmt.Sprintf("want at most %d elements, have more", n))
		}
		if v.Get("uniqueItems").Kind() == jsontree.True {
			w.deny("!differentValues(v.parts)", "v", "unique", "want different elements, have equal ones")
		}
		w.arrayElements(v, what)
		w.contains(v, what)
	})
}

// arrayElements writes the loop over the elements of an array.
func (w *ruleWriter) arrayElements(v jsontree.Value, what string) {
	items := v.Get("items")
	var cases strings.Builder
	i := 0
	for s := range jsonElements(v.Get("prefixItems")) {
		fmt.Fprintf(&cases, "case %d:\nseen.mark(i)\n%s", i, applyRule(w.schema(s, what+"."+strconv.Itoa(i)), "p", "nil"))
		i++
	}
	rest := ""
	if items.Kind() != jsontree.Invalid {
		rest = "seen.mark(i)\n" + applyRule(w.schema(items, what+".item"), "p", "nil")
	}
	w.loop(func() {
		switch {
		case cases.Len() > 0 && rest != "":
			w.line("switch i {\n%sdefault:\n%s}", cases.String(), rest)
		case cases.Len() > 0:
			w.line("switch i {\n%s}", cases.String())
		default:
			w.line("%s", rest)
		}
	})
}

func (w *ruleWriter) contains(v jsontree.Value, what string) {
	s := v.Get("contains")
	if s.Kind() == jsontree.Invalid {
		return
	}
	least, most := int64(1), int64(-1)
	if n, ok := keywordNumber(v, "minContains"); ok {
		least = n
	}
	if n, ok := keywordNumber(v, "maxContains"); ok {
		most = n
	}
	if least <= 0 && most < 0 && v.Get("x-contains-unevaluated").Kind() == jsontree.True {
		return
	}
	mark, i := "seen.mark(i)\n", "i"
	if v.Get("x-contains-unevaluated").Kind() == jsontree.True {
		mark, i = "", "_"
	}
	p := "p"
	test := triedRule(w.schema(s, what+".contained"), "p", "nil")
	if test == "true" || test == "false" {
		p = "_"
	}
	w.line("found := 0\nfor %s, %s := range v.parts {\nif %s {\nfound++\n%s}\n}", i, p, test, mark)
	if least > 0 {
		w.deny(fmt.Sprintf("found < %d", least), "v", "count", fmt.Sprintf("want at least %d elements of the kind, have fewer", least))
	}
	if most >= 0 {
		w.deny(fmt.Sprintf("found > %d", most), "v", "count", fmt.Sprintf("want at most %d elements of the kind, have more", most))
	}
}

// combined writes the rules that hold for the same value.
func (w *ruleWriter) combined(v jsontree.Value, what string) {
	if ref := v.Get("$ref"); ref.Kind() == jsontree.String {
		w.text.WriteString(applyRule(w.ref(ref.Text()), "v", "seen"))
	}
	for s := range jsonElements(v.Get("allOf")) {
		w.text.WriteString(applyRule(w.schema(s, what+".all"), "v", "seen"))
	}
	if list := v.Get("anyOf"); list.Len() > 0 {
		w.count(list, what+".any")
		w.line("if n == 0 {\nok = r.deny(v, \"any-of\", \"want a value of one of the kinds that the schema has, have another\")\n}\n}")
	}
	if list := v.Get("oneOf"); list.Len() > 0 {
		w.count(list, what+".one")
		w.line("if n != 1 {\nok = r.deny(v, \"one-of\", \"want a value of exactly one of the kinds that the schema has\")\n}\n}")
	}
	if s := v.Get("not"); s.Kind() != jsontree.Invalid {
		if test := triedRule(w.schema(s, what+".not"), "v", "nil"); test != "false" {
			w.deny(test, "v", "not", "want a value that is not of the kind that the schema excludes")
		}
	}
	s := v.Get("if")
	if s.Kind() == jsontree.Invalid {
		return
	}
	then, other := "", ""
	if t := v.Get("then"); t.Kind() != jsontree.Invalid {
		then = applyRule(w.schema(t, what+".then"), "v", "seen")
	}
	if e := v.Get("else"); e.Kind() != jsontree.Invalid {
		other = applyRule(w.schema(e, what+".else"), "v", "seen")
	}
	test := triedRule(w.schema(s, what+".if"), "v", "seen")
	if then == "" && other == "" {
		if strings.Contains(test, "(") { // what it looked at may count
			w.line("_ = %s", test)
		}
		return
	}
	w.line("if %s {\n%s} else {\n%s}", test, then, other)
}

// count writes how many of the alternatives hold, into n, in a block left open.
func (w *ruleWriter) count(list jsontree.Value, what string) {
	w.line("{\nn := 0")
	i := 0
	for s := range jsonElements(list) {
		name := what + "." + strconv.Itoa(i+1)
		if title := s.Get("title").Text(); title != "" {
			name = what + "." + title
		}
		switch test := triedRule(w.schema(s, name), "v", "seen"); test {
		case "true":
			w.line("n++")
		case "false":
		default:
			w.line("if %s {\nn++\n}", test)
		}
		i++
	}
}

// unevaluated writes the checks of the parts that no rule looked at.
func (w *ruleWriter) unevaluated(v jsontree.Value, what string) {
	w.line("switch v.kind {")
	for _, k := range []struct{ keyword, kind, name string }{
		{"unevaluatedProperties", "jsonObject", "rest"}, {"unevaluatedItems", "jsonArray", "others"}} {
		s := v.Get(k.keyword)
		if s.Kind() == jsontree.Invalid {
			continue
		}
		w.line("case %s:", k.kind)
		if code := applyRule(w.schema(s, what+"."+k.name), "p", "nil"); code != "" {
			w.line("for i, p := range v.parts {\nif !seen.has(i) {\n%s}\n}", code)
		}
		w.line("outer.markAll()")
	}
	w.line("default:\nouter.join(seen)\n}")
}
