package check

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// primitive checks a primitive value by its type: that there is one, its JSON
// kind, and its text.
func (r *run) primitive(n *node, a at) {
	f := *r.f(a)
	typ := f.typ
	if f.value.Kind() == jsontree.Invalid {
		if f.companion.First().Kind() == jsontree.Invalid {
			r.err(a, CodePrimitive, typ, "want a value or extensions, have neither")
		}
		r.noCode(n, a)
		return
	}
	if f.name == "id" && f.parent != none && r.f(f.parent).isResource() {
		typ = "id"
	}
	if !r.in.XML {
		r.jsonKind(a, typ)
	}
	text := primitiveText(f.value)
	if len(text) == 0 {
		r.err(a, CodePrimitive, typ, "want a value, have an empty one")
		return
	}
	if fault := textFault(typ, text); fault != "" {
		r.err(a, CodePrimitive, typ, fault)
	} else if f.name == "url" && f.parent != none && isCanonicalURL(r.f(f.parent)) && !isAbsolute(text) {
		r.err(a, CodePrimitive, typ, "want an absolute address as canonical URL, have another")
	}
	r.doubtful(a, typ, text)
	if len(text) != len(f.value.Raw())-2 && hasControl(text) { // JSON has control characters as escapes alone
		r.warn(a, CodePrimitive, typ, "want no control characters but tab, line feed and carriage return, have others")
	}
	r.markup(a, typ, text)
}

// noCode reports an element without a value that is bound to codes it must come
// from. An extension that stands for the element of another version of FHIR says
// what the code would be there. (R4 §4.1.4.1)
func (r *run) noCode(n *node, a at) {
	b := n.el.Binding
	if b == nil || b.Strength != "required" {
		return
	}
	severity := issue.Error
	for e := r.f(a).companion.Get("extension").First(); e.Kind() != jsontree.Invalid; e = e.Next() {
		if url := e.Get("url").Text(); strings.HasPrefix(url, "http://hl7.org/fhir/") && strings.Contains(url, "/StructureDefinition/extension-") {
			severity = issue.Warning
		}
	}
	r.report(finding{severity: severity, code: CodeBinding, rule: n.p.label, at: a,
		message: "want a code of value set " + b.ValueSet + " (required), have none"})
}

// isCanonicalURL tells a resource whose url is its canonical one.
func isCanonicalURL(resource *frame) bool {
	return resource.isResource() && resource.typ != "Device" && resource.typ != "Contract"
}

// primitiveText returns the text of a value: of a string decoded, of others as
// written.
func primitiveText(v jsontree.Value) []byte {
	if v.Kind() == jsontree.String {
		return v.Bytes(nil)
	}
	return v.Raw()
}

// jsonKind checks the JSON kind that a type is written in. (R4 §2.6.2.2)
func (r *run) jsonKind(a at, typ string) {
	want := jsontree.String
	switch typ {
	case "boolean":
		want = jsontree.True
	case "integer", "unsignedInt", "positiveInt", "decimal":
		want = jsontree.Number
	}
	have := r.f(a).value.Kind()
	if have == jsontree.False {
		have = jsontree.True
	}
	if have != want {
		name := want.String()
		if want == jsontree.True {
			name = "boolean"
		}
		r.err(a, CodeForm, typ, "want "+typ+" as a JSON "+name+", have "+describe(r.f(a).value))
	}
}

// doubtful tells of texts that are allowed and yet mostly mistakes.
func (r *run) doubtful(a at, typ string, text []byte) {
	switch typ {
	case "date", "dateTime", "instant":
		if !r.likelyYear(text) {
			r.warn(a, CodePrimitive, typ, "want a year from 1800 to 80 years from now, have another")
		}
	case "base64Binary":
		if bytes.ContainsAny(text, " \t\r\n") {
			r.warn(a, CodePrimitive, typ, "want base64 without white space, have some")
		}
	case "string":
		if ends := isPlainSpace(text[0]) || isPlainSpace(text[len(text)-1]); !ends {
			break
		}
		if len(bytes.Trim(text, " \t\r\n")) == 0 {
			r.warn(a, CodePrimitive, typ, "want text that is not only white space, have nothing else")
		} else {
			r.warn(a, CodePrimitive, typ, "want text without white space at its ends, have some")
		}
	}
	if hasOpenDirection(text) {
		r.warn(a, CodePrimitive, typ, "want every change of the direction of text ended, have one that is not")
	}
}

// likelyYear tells whether the year that a text begins with is likely.
func (r *run) likelyYear(text []byte) bool {
	if len(text) < 4 || !isDigits(text[:4]) {
		return true // told of as a fault
	}
	if r.lastYear == 0 {
		r.lastYear = r.now().Year() + 80
	}
	year := 100*two(text) + two(text[2:])
	return year >= 1800 && year <= r.lastYear
}

// isPlainSpace tells the white space of ASCII that text may have.
func isPlainSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// hasControl tells a control character that XML cannot carry.
func hasControl(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return true
		}
	}
	return false
}

// hasOpenDirection tells a text whose controls of direction (Unicode, annex 9)
// do not end each other: what follows it may be shown in another order.
func hasOpenDirection(b []byte) bool {
	if bytes.IndexByte(b, 0xE2) < 0 || !bytes.ContainsAny(b, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") {
		return false
	}
	var open []rune // what ends the controls that are open
	for _, c := range string(b) {
		switch c {
		case '\u202a', '\u202b', '\u202d', '\u202e':
			open = append(open, '\u202c')
		case '\u2066', '\u2067', '\u2068':
			open = append(open, '\u2069')
		case '\u202c', '\u2069':
			if len(open) == 0 || open[len(open)-1] != c {
				return true
			}
			open = open[:len(open)-1]
		}
	}
	return len(open) > 0
}

// markup looks for HTML in plain text and in markdown, where none should be.
func (r *run) markup(a at, typ string, text []byte) {
	if bytes.IndexByte(text, '<') < 0 {
		return
	}
	if hasTag(text) {
		switch {
		case r.opts.SecurityChecks:
			r.err(a, CodeSecurity, typ, "want text without tags of HTML, have some")
		case typ != "markdown":
			r.info(a, CodeSecurity, typ, "want text without tags of HTML, have some: they are dangerous where text is shown as HTML")
		}
	}
	if typ == "markdown" && markdownTag(text) {
		severity := issue.Warning
		if r.opts.NoHTMLInMarkdown {
			severity = issue.Error
		}
		r.report(finding{severity: severity, code: CodeSecurity, rule: typ, at: a, message: "want markdown without tags of HTML, have some: they will be shown as text"})
	}
}

// hasTag tells text between < and > that reads like a tag, with another < behind.
func hasTag(b []byte) bool {
	for {
		i := bytes.IndexByte(b, '<')
		if i < 0 {
			return false
		}
		b = b[i+1:]
		next, end := bytes.IndexByte(b, '<'), bytes.IndexByte(b, '>')
		if next < 0 || end < 0 || end > next {
			continue
		}
		name := b[:end]
		n := 0
		for n < len(name) && (isAlphanumeric(name[n]) || name[n] == '_') {
			n++
		}
		if n > 0 && (name[0] < '0' || name[0] > '9') && name[0] != '_' && (n == len(name) || isSpace(name[n])) {
			return true
		}
	}
}

// markdownTag tells a < that begins a tag in markdown: before a letter, / or !,
// not escaped, not in code, and not of an address in angle brackets.
func markdownTag(b []byte) bool {
	code := false
	for i := 0; i+1 < len(b); i++ {
		switch c := b[i]; {
		case c == '\\':
			i++
		case c == '`':
			code = !code
		case c == '<' && !code:
			next := b[i+1]
			letter := next|0x20 >= 'a' && next|0x20 <= 'z'
			if (letter || next == '/' || next == '!') && !isAutolink(b[i+1:]) {
				return true
			}
		}
	}
	return false
}

// isAutolink tells an address before >.
func isAutolink(b []byte) bool {
	end := bytes.IndexByte(b, '>')
	return end > 0 && (bytes.Contains(b[:end], []byte("://")) || bytes.IndexByte(b[:end], '@') > 0 || bytes.HasPrefix(b, []byte("mailto:"))) &&
		!bytes.ContainsAny(b[:end], " \t\r\n<")
}

// Extensions by which a definition says more of a value.
const (
	extensionRegex       = "http://hl7.org/fhir/StructureDefinition/regex"
	extensionMinLength   = "http://hl7.org/fhir/StructureDefinition/minLength"
	extensionMaxDecimals = "http://hl7.org/fhir/StructureDefinition/maxDecimalPlaces"
)

// extended checks a value against what extensions of the element say of it.
func (r *run) extended(n *node, a at) {
	switch typ := r.f(a).typ; {
	case typ == "Narrative":
		r.narrativeControl(n, a)
	case typ == "Attachment" || typ == "base64Binary":
		r.maxSize(n, a)
	case isPrimitive(typ):
		r.extendedBounds(n, a)
	}
}

// extendedBounds checks a primitive value against the extensions of the element.
func (r *run) extendedBounds(n *node, a at) {
	f := r.f(a)
	if f.value.Kind() == jsontree.Invalid {
		return
	}
	for _, e := range n.el.Extensions {
		if e.Value == nil {
			continue
		}
		text := primitiveText(f.value)
		name := elementName(n.el.ID, n.el.Path)
		limit, isNumber := e.Value.Value.Int64()
		switch e.URL {
		case extensionRegex:
			r.matchesRegex(n, a, e.Value.Value.Text(), text)
		case extensionMinLength:
			if have := utf8.RuneCount(text); isNumber && int64(have) < limit {
				r.err(a, CodeRange, n.p.label, "want at least "+strconv.FormatInt(limit, 10)+" characters in "+name+", have "+strconv.Itoa(have)+" ("+n.p.label+")")
			}
		case extensionMaxDecimals:
			_, fraction, _ := bytes.Cut(text, []byte{'.'})
			if isNumber && int64(len(fraction)) > limit {
				r.err(a, CodeRange, n.p.label, "want at most "+strconv.FormatInt(limit, 10)+" decimal places in "+name+", have "+strconv.Itoa(len(fraction))+" ("+n.p.label+")")
			}
		}
	}
}

// matchesRegex checks a text against the regular expression of an element.
func (r *run) matchesRegex(n *node, a at, pattern string, text []byte) {
	switch re := r.pattern(pattern); {
	case re == nil:
		r.warn(a, CodeNotChecked, n.p.label, "want a regular expression that can be read, have another on "+elementName(n.el.ID, n.el.Path)+": not checked")
	case !re.Match(text):
		r.err(a, CodeRange, n.p.label, "want text that matches "+strings.TrimSpace(pattern)+", have other text ("+n.p.label+")")
	}
}
