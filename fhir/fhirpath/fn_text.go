package fhirpath

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"regexp"
	"strings"
	"unicode/utf8"
)

// textFunctions are those of N1 §5.6.
var textFunctions = [...]function{
	{name: "indexOf", least: 1, most: 1, gives: "Integer", eval: twoTexts(func(s, t string) Item { return Integer(int64(runesTo(s, strings.Index(s, t)))) })},
	{name: "lastIndexOf", least: 1, most: 1, gives: "Integer", eval: twoTexts(func(s, t string) Item { return Integer(int64(runesTo(s, strings.LastIndex(s, t)))) })},
	{name: "startsWith", least: 1, most: 1, gives: "Boolean", eval: twoTexts(func(s, t string) Item { return Bool(strings.HasPrefix(s, t)) })},
	{name: "endsWith", least: 1, most: 1, gives: "Boolean", eval: twoTexts(func(s, t string) Item { return Bool(strings.HasSuffix(s, t)) })},
	{name: "contains", least: 1, most: 1, gives: "Boolean", eval: twoTexts(func(s, t string) Item { return Bool(strings.Contains(s, t)) })},
	{name: "substring", least: 1, most: 2, gives: "String", eval: fnSubstring},
	{name: "upper", gives: "String", eval: oneText(func(s string) Item { return Text(strings.ToUpper(s)) })},
	{name: "lower", gives: "String", eval: oneText(func(s string) Item { return Text(strings.ToLower(s)) })},
	{name: "trim", gives: "String", eval: oneText(func(s string) Item { return Text(strings.TrimSpace(s)) })},
	{name: "length", gives: "Integer", eval: oneText(func(s string) Item { return Integer(int64(utf8.RuneCountInString(s))) })},
	{name: "toChars", gives: "String", eval: fnToChars},
	{name: "split", least: 1, most: 1, gives: "String", eval: fnSplit},
	{name: "join", most: 1, gives: "String", eval: fnJoin},
	{name: "replace", least: 2, most: 2, gives: "String", eval: fnReplace},
	{name: "matches", least: 1, most: 2, pattern: true, gives: "Boolean", eval: fnMatches},
	{name: "matchesFull", least: 1, most: 2, pattern: true, gives: "Boolean", eval: fnMatches},
	{name: "replaceMatches", least: 2, most: 3, pattern: true, gives: "String", eval: fnReplaceMatches},
	{name: "encode", least: 1, most: 1, gives: "String", eval: fnEncode},
	{name: "decode", least: 1, most: 1, gives: "String", eval: fnDecode},
	{name: "escape", least: 1, most: 1, gives: "String", eval: fnEscape},
	{name: "unescape", least: 1, most: 1, gives: "String", eval: fnUnescape},
}

// runesTo returns how many characters stand before a byte; -1 for -1.
func runesTo(s string, at int) int {
	if at < 0 {
		return at
	}
	return utf8.RuneCountInString(s[:at])
}

func oneText(f func(string) Item) func(*machine, *callExpr, []Item) error {
	return func(m *machine, e *callExpr, in []Item) error {
		s, ok, err := m.oneText(e, in)
		if ok {
			m.push(f(s))
		}
		return err
	}
}

func twoTexts(f func(s, t string) Item) func(*machine, *callExpr, []Item) error {
	return func(m *machine, e *callExpr, in []Item) error {
		s, ok, err := m.oneText(e, in)
		if err != nil || !ok {
			return err
		}
		t, ok, err := m.text(e, 0)
		if ok {
			m.push(f(s, t))
		}
		return err
	}
}

// fnSubstring counts characters. A start outside the text gives nothing.
func fnSubstring(m *machine, e *callExpr, in []Item) error {
	s, ok, err := m.oneText(e, in)
	if err != nil || !ok {
		return err
	}
	start, ok, err := m.integer(e, 0)
	if err != nil || !ok {
		return err
	}
	count := int64(len(s))
	if len(e.args) == 2 {
		n, has, err := m.integer(e, 1)
		if err != nil {
			return err
		}
		if has {
			count = max(n, 0)
		}
	}
	if start < 0 || start >= int64(utf8.RuneCountInString(s)) {
		return nil
	}
	from := runeOffset(s, start)
	rest := s[from:]
	m.push(Text(rest[:runeOffset(rest, count)]))
	return nil
}

// runeOffset returns the offset of character n, at most the length.
func runeOffset(s string, n int64) int {
	if n >= int64(len(s)) {
		return len(s)
	}
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

func fnToChars(m *machine, e *callExpr, in []Item) error {
	s, _, err := m.oneText(e, in)
	for i, r := range s {
		m.push(Text(s[i : i+utf8.RuneLen(r)]))
		if err := m.tick(0); err != nil {
			return err
		}
	}
	return err
}

func fnSplit(m *machine, e *callExpr, in []Item) error {
	s, ok, err := m.oneText(e, in)
	if err != nil || !ok {
		return err
	}
	sep, ok, err := m.text(e, 0)
	if err != nil || !ok {
		return err
	}
	if sep == "" {
		return fnToChars(m, e, in)
	}
	for part := range strings.SplitSeq(s, sep) {
		m.push(Text(part))
		if err := m.tick(0); err != nil {
			return err
		}
	}
	return nil
}

func fnJoin(m *machine, e *callExpr, in []Item) error {
	sep := ""
	if len(e.args) == 1 {
		var err error
		if sep, _, err = m.text(e, 0); err != nil {
			return err
		}
	}
	if len(in) == 0 {
		return nil
	}
	var b strings.Builder
	first := true
	for i := range in {
		s, ok := textValue(&in[i])
		if !ok {
			if in[i].kind == kindNode && isPrimitive(in[i].node.shape) && !in[i].node.hasValue() {
				continue
			}
			return fail(e.offset, "join(): want texts, have %s", typeName(&in[i]))
		}
		if !first {
			b.WriteString(sep)
		}
		first = false
		b.WriteString(s)
		if b.Len() > maxText {
			return ErrLimit
		}
	}
	m.push(Text(b.String()))
	return nil
}

// texts evaluates the first n arguments to texts; ok is false if one is empty.
func (m *machine) texts(e *callExpr, in []Item, n int) (s string, args [2]string, ok bool, err error) {
	if s, ok, err = m.oneText(e, in); err != nil || !ok {
		return s, args, false, err
	}
	for i := range n {
		if args[i], ok, err = m.text(e, i); err != nil || !ok {
			return s, args, false, err
		}
	}
	return s, args, true, nil
}

func fnReplace(m *machine, e *callExpr, in []Item) error {
	s, args, ok, err := m.texts(e, in, 2)
	if err != nil || !ok {
		return err
	}
	if n := strings.Count(s, args[0]); n > 0 && len(args[1]) > maxText/n {
		return ErrLimit
	}
	m.push(Text(strings.ReplaceAll(s, args[0], args[1])))
	return nil
}

// pattern is a regular expression in the syntax that RE2 shares with PCRE. A dot
// matches line ends (N1 §5.6.9).
type pattern struct {
	re    *regexp.Regexp
	empty bool
}

func compilePattern(src string, full bool) (*pattern, error) {
	p := &pattern{empty: src == ""}
	src = strings.ReplaceAll(src, `(?<`, `(?P<`)
	src = strings.ReplaceAll(strings.ReplaceAll(src, `(?P<=`, `(?<=`), `(?P<!`, `(?<!`)
	if full {
		src = `\A(?:` + src + `)\z`
	}
	re, err := regexp.Compile("(?s)" + src)
	p.re = re
	return p, err
}

// patternOf returns the pattern of the first argument.
func (m *machine) patternOf(e *callExpr) (*pattern, bool, error) {
	if e.pattern != nil {
		return e.pattern, true, nil
	}
	src, ok, err := m.text(e, 0)
	if err != nil || !ok {
		return nil, false, err
	}
	p, err := compilePattern(src, e.fn.name == "matchesFull")
	if err != nil {
		return nil, false, fail(e.offset, "%s(): want a regular expression that RE2 knows", e.fn.name)
	}
	return p, true, nil
}

func fnMatches(m *machine, e *callExpr, in []Item) error {
	p, has, err := m.patternOf(e)
	if err != nil {
		return err
	}
	s, ok, err := m.oneText(e, in)
	if err != nil || !ok || !has {
		return err
	}
	m.push(Bool(p.re.MatchString(s)))
	return m.tick(len(s) / 16)
}

func fnReplaceMatches(m *machine, e *callExpr, in []Item) error {
	p, has, err := m.patternOf(e)
	if err != nil {
		return err
	}
	s, ok, err := m.oneText(e, in)
	if err != nil || !ok || !has {
		return err
	}
	with, ok, err := m.text(e, 1)
	if err != nil || !ok {
		return err
	}
	if p.empty {
		m.push(Text(s))
		return nil
	}
	if len(with) > maxText/(len(s)+1) {
		return ErrLimit
	}
	m.push(Text(p.re.ReplaceAllString(s, expansion(with))))
	return m.tick(len(s) / 16)
}

// expansion writes $1 as ${1}, so that a letter after it does not become part of
// the name.
func expansion(with string) string {
	if !strings.Contains(with, "$") {
		return with
	}
	var b strings.Builder
	for i := 0; i < len(with); {
		if with[i] != '$' {
			b.WriteByte(with[i])
			i++
			continue
		}
		end := i + 1
		for end < len(with) && digit(with[end]) {
			end++
		}
		if end > i+1 {
			b.WriteString("${" + with[i+1:end] + "}")
		} else {
			b.WriteByte('$')
		}
		i = end
	}
	return b.String()
}

func fnEncode(m *machine, e *callExpr, in []Item) error {
	s, args, ok, err := m.texts(e, in, 1)
	if err != nil || !ok {
		return err
	}
	switch args[0] {
	case "hex":
		m.push(Text(hex.EncodeToString([]byte(s))))
	case "base64":
		m.push(Text(base64.StdEncoding.EncodeToString([]byte(s))))
	case "urlbase64":
		m.push(Text(base64.URLEncoding.EncodeToString([]byte(s))))
	}
	return nil
}

func fnDecode(m *machine, e *callExpr, in []Item) error {
	s, args, ok, err := m.texts(e, in, 1)
	if err != nil || !ok {
		return err
	}
	var out []byte
	switch args[0] {
	case "hex":
		out, err = hex.DecodeString(s)
	case "base64":
		out, err = base64.StdEncoding.DecodeString(s)
	case "urlbase64":
		out, err = base64.URLEncoding.DecodeString(s)
	default:
		return nil
	}
	if err == nil && utf8.Valid(out) {
		m.push(Text(string(out)))
	}
	return nil
}

var htmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

func fnEscape(m *machine, e *callExpr, in []Item) error {
	s, args, ok, err := m.texts(e, in, 1)
	if err != nil || !ok {
		return err
	}
	switch args[0] {
	case "html":
		m.push(Text(htmlEscapes.Replace(s)))
	case "json":
		quoted := appendJSONText(nil, s)
		m.push(Text(string(quoted[1 : len(quoted)-1])))
	}
	return nil
}

func fnUnescape(m *machine, e *callExpr, in []Item) error {
	s, args, ok, err := m.texts(e, in, 1)
	if err != nil || !ok {
		return err
	}
	switch args[0] {
	case "html":
		m.push(Text(html.UnescapeString(s)))
	case "json":
		if text, ok := unescapeJSON(s); ok {
			m.push(Text(text))
		}
	}
	return nil
}

// unescapeJSON replaces the escapes of a JSON string.
func unescapeJSON(s string) (string, bool) {
	var b strings.Builder
	l := lexer{src: s}
	for l.at < len(s) {
		c := s[l.at]
		l.at++
		switch {
		case c != '\\':
			b.WriteByte(c)
		case l.at < len(s) && s[l.at] == 'b':
			l.at++
			b.WriteByte('\b')
		case l.at == len(s) || l.escape(&b) != nil:
			return "", false
		}
	}
	return b.String(), true
}
