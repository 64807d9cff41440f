package fhirpath

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError tells where a text stops being FHIRPath, or names what the types
// do not have.
type SyntaxError struct {
	Offset       int // of the first byte that does not fit, from 0
	Line, Column int // of that byte, from 1, the column in bytes
	Message      string
}

// Error returns place and message.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("fhirpath: line %d, column %d: %s", e.Line, e.Column, e.Message)
}

func syntaxError(src string, offset int, format string, args ...any) *SyntaxError {
	offset = min(offset, len(src))
	before := src[:offset]
	return &SyntaxError{
		Offset: offset, Line: 1 + strings.Count(before, "\n"), Column: offset - strings.LastIndexByte(before, '\n'),
		Message: fmt.Sprintf(format, args...),
	}
}

type tokenKind uint8

const (
	tokEnd       tokenKind = iota
	tokName                // a word: identifier, keyword or unit
	tokDelimited           // `word`
	tokString
	tokNumber
	tokLong
	tokDate // without @
	tokDateTime
	tokTime
	tokVariable // %name
	tokDollar   // $this
	tokSymbol
)

type token struct {
	kind   tokenKind
	text   string // decoded
	offset int
}

// lexer cuts a source into tokens.
type lexer struct {
	src string
	at  int
}

func (l *lexer) fail(offset int, format string, args ...any) error {
	return syntaxError(l.src, offset, format, args...)
}

func (l *lexer) peek(ahead int) byte {
	if l.at+ahead < len(l.src) {
		return l.src[l.at+ahead]
	}
	return 0
}

// blanks skips white space and comments.
func (l *lexer) blanks() error {
	for l.at < len(l.src) {
		switch c := l.src[l.at]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			l.at++
		case strings.HasPrefix(l.src[l.at:], "//"):
			if n := strings.IndexByte(l.src[l.at:], '\n'); n >= 0 {
				l.at += n
			} else {
				l.at = len(l.src)
			}
		case strings.HasPrefix(l.src[l.at:], "/*"):
			n := strings.Index(l.src[l.at+2:], "*/")
			if n < 0 {
				return l.fail(l.at, "want the end of a comment, have the end of the text")
			}
			l.at += n + 4
		default:
			return nil
		}
	}
	return nil
}

func wordStart(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func digit(c byte) bool     { return c >= '0' && c <= '9' }

func (l *lexer) word() string {
	start := l.at
	for l.at < len(l.src) && (wordStart(l.src[l.at]) || digit(l.src[l.at])) {
		l.at++
	}
	return l.src[start:l.at]
}

// next returns the next token.
func (l *lexer) next() (token, error) {
	if err := l.blanks(); err != nil {
		return token{}, err
	}
	start := l.at
	if start == len(l.src) {
		return token{tokEnd, "", start}, nil
	}
	switch c := l.src[start]; {
	case wordStart(c):
		return token{tokName, l.word(), start}, nil
	case digit(c):
		return l.number(), nil
	case c == '\'' || c == '`' || c == '"':
		text, err := l.quoted(c)
		if c == '\'' {
			return token{tokString, text, start}, err
		}
		return token{tokDelimited, text, start}, err
	case c == '@':
		return l.moment()
	case c == '%':
		return l.variable()
	case c == '$':
		l.at++
		name := l.word()
		if name != "this" && name != "index" && name != "total" {
			return token{}, l.fail(start, "want $this, $index or $total")
		}
		return token{tokDollar, name, start}, nil
	}
	for _, s := range [...]string{"<=", ">=", "!=", "!~"} {
		if strings.HasPrefix(l.src[start:], s) {
			l.at += 2
			return token{tokSymbol, s, start}, nil
		}
	}
	if strings.IndexByte("()[]{}.,+-*/&|=~<>", l.src[start]) >= 0 {
		l.at++
		return token{tokSymbol, l.src[start:l.at], start}, nil
	}
	return token{}, l.fail(start, "want a term or an operator")
}

func (l *lexer) number() token {
	start := l.at
	for digit(l.peek(0)) {
		l.at++
	}
	if l.peek(0) == '.' && digit(l.peek(1)) {
		l.at++
		for digit(l.peek(0)) {
			l.at++
		}
		return token{tokNumber, l.src[start:l.at], start}
	}
	if l.peek(0) == 'L' && !wordStart(l.peek(1)) && !digit(l.peek(1)) {
		l.at++
		return token{tokLong, l.src[start : l.at-1], start}
	}
	return token{tokNumber, l.src[start:l.at], start}
}

func (l *lexer) variable() (token, error) {
	start := l.at
	l.at++
	switch c := l.peek(0); {
	case c == '`' || c == '\'' || c == '"':
		text, err := l.quoted(c)
		return token{tokVariable, text, start}, err
	case wordStart(c):
		return token{tokVariable, l.word(), start}, nil
	}
	return token{}, l.fail(start, "want a name after %%")
}

// moment reads @date, @dateTtime and @Ttime, with the longest text that fits.
func (l *lexer) moment() (token, error) {
	start := l.at
	l.at++
	text := l.src[l.at:]
	if text != "" && text[0] == 'T' {
		n := 1 + timeLength(text[1:])
		if n == 1 {
			return token{}, l.fail(start, "want a time after @T")
		}
		l.at += n
		return token{tokTime, text[1:n], start}, nil
	}
	n := dateLength(text)
	if n == 0 {
		return token{}, l.fail(start, "want a date after @")
	}
	if n == len(text) || text[n] != 'T' {
		l.at += n
		return token{tokDate, text[:n], start}, nil
	}
	n++
	if t := timeLength(text[n:]); t > 0 {
		n += t
		n += zoneLength(text[n:])
	}
	l.at += n
	return token{tokDateTime, text[:n], start}, nil
}

func digits(s string, n int) bool {
	if len(s) < n {
		return false
	}
	for i := range n {
		if !digit(s[i]) {
			return false
		}
	}
	return true
}

func dateLength(s string) int {
	if !digits(s, 4) {
		return 0
	}
	n := 4
	for n < 10 && len(s) > n && s[n] == '-' && digits(s[n+1:], 2) {
		n += 3
	}
	return n
}

func timeLength(s string) int {
	if !digits(s, 2) {
		return 0
	}
	n := 2
	for n < 8 && len(s) > n && s[n] == ':' && digits(s[n+1:], 2) {
		n += 3
	}
	if n == 8 && len(s) > 9 && s[8] == '.' && digit(s[9]) {
		for n = 10; n < len(s) && digit(s[n]); n++ {
		}
	}
	return n
}

func zoneLength(s string) int {
	if s != "" && s[0] == 'Z' {
		return 1
	}
	if len(s) >= 6 && (s[0] == '+' || s[0] == '-') && digits(s[1:], 2) && s[3] == ':' && digits(s[4:], 2) {
		return 6
	}
	return 0
}

// quoted reads a text between quotes and replaces its escapes. An unknown
// escape stands for its letter, as HL7's own definitions need it.
func (l *lexer) quoted(quote byte) (string, error) {
	start := l.at
	l.at++
	body := l.src[l.at:]
	if n := strings.IndexByte(body, quote); n >= 0 && strings.IndexByte(body[:n], '\\') < 0 {
		l.at += n + 1
		return body[:n], nil
	}
	var b strings.Builder
	for l.at < len(l.src) {
		c := l.src[l.at]
		l.at++
		if c == quote {
			return b.String(), nil
		}
		if c != '\\' {
			b.WriteByte(c)
			continue
		}
		if l.at == len(l.src) {
			break
		}
		if err := l.escape(&b); err != nil {
			return "", err
		}
	}
	return "", l.fail(start, "want a closing quote, have the end of the text")
}

func (l *lexer) escape(b *strings.Builder) error {
	c := l.src[l.at]
	l.at++
	switch c {
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'f':
		b.WriteByte('\f')
	case 'u':
		r, ok := hex4(l.src[l.at:])
		if !ok {
			return l.fail(l.at, "want four hexadecimal digits")
		}
		l.at += 4
		if low, ok := hex4(strings.TrimPrefix(l.src[l.at:], `\u`)); ok && r >= 0xD800 && r < 0xDC00 &&
			strings.HasPrefix(l.src[l.at:], `\u`) && low >= 0xDC00 && low < 0xE000 {
			l.at += 6
			r = 0x10000 + (r-0xD800)<<10 + (low - 0xDC00)
		}
		if r >= 0xD800 && r < 0xE000 {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	default:
		b.WriteByte(c)
	}
	return nil
}

func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for i := range 4 {
		c := s[i] | 0x20
		switch {
		case digit(s[i]):
			r = r<<4 | rune(s[i]-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
