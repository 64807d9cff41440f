package view

import (
	"strings"
	"unicode/utf8"
)

// exprKind is what an expression of the simple part of FHIRPath is.
type exprKind uint8

const (
	exprText    exprKind = iota // 'text'
	exprInteger                 // 12
	exprBool                    // true, false
	exprVar                     // %name
	exprThis                    // $this
	exprMember                  // kids[0].name, or name alone
	exprIndex                   // kids[0][kids[1]]
	exprCall                    // kids[0].name(kids[1]...), kids[0] may be nil
	exprBinary                  // kids[0] name kids[1]: and, or, =, !=
)

// expr is an expression of the simple part of FHIRPath.
type expr struct {
	kind exprKind
	name string
	kids []*expr
}

// exprParser reads the part of FHIRPath that can be compiled to a scan. What
// it does not know, it leaves to package fhirpath, which also judges errors.
type exprParser struct {
	src   string
	at    int
	token string // current token; strings begin with a quote and are unescaped
	kind  byte   // 'i' identifier, 's' string, 'n' integer, 'v' variable, 'p' punctuation, 0 end
	ok    bool
}

// parseSimple returns the expression that src writes, nil if it is not simple.
func parseSimple(src string) *expr {
	p := &exprParser{src: src, ok: true}
	p.next()
	e := p.binary(0)
	if !p.ok || p.kind != 0 {
		return nil
	}
	return e
}

// next moves to the next token.
func (p *exprParser) next() {
	for p.at < len(p.src) && strings.IndexByte(" \t\r\n", p.src[p.at]) >= 0 {
		p.at++
	}
	p.kind, p.token = 0, ""
	if p.at >= len(p.src) {
		return
	}
	start := p.at
	switch c := p.src[p.at]; {
	case isLetter(c):
		p.at = wordEnd(p.src, p.at)
		p.kind = 'i'
	case c-'0' <= 9:
		for p.at < len(p.src) && p.src[p.at]-'0' <= 9 {
			p.at++
		}
		p.kind = 'n'
		if p.at-start > 9 || p.at+1 < len(p.src) && p.src[p.at] == '.' && p.src[p.at+1]-'0' <= 9 {
			p.ok = false // a long or a decimal
		}
	case (c == '%' || c == '$') && p.at+1 < len(p.src) && isLetter(p.src[p.at+1]):
		p.at = wordEnd(p.src, p.at+1)
		p.kind = 'v'
	case c == '\'':
		p.text()
		return
	case strings.HasPrefix(p.src[p.at:], "!="):
		p.at += 2
		p.kind = 'p'
	case strings.IndexByte(".()[],=", c) >= 0:
		p.at++
		p.kind = 'p'
	default:
		p.ok = false
		p.at = len(p.src)
		return
	}
	p.token = p.src[start:p.at]
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }

func wordEnd(s string, i int) int {
	for i < len(s) && (isLetter(s[i]) || s[i]-'0' <= 9) {
		i++
	}
	return i
}

// text reads a string; of escapes it knows the plain ones.
func (p *exprParser) text() {
	var b strings.Builder
	for p.at++; p.at < len(p.src) && p.src[p.at] != '\''; p.at++ {
		c := p.src[p.at]
		if c == '\\' {
			p.at++
			if p.at == len(p.src) {
				break
			}
			switch c = p.src[p.at]; c {
			case '\'', '"', '\\', '/', '`':
			default:
				p.ok = false
			}
		}
		b.WriteByte(c)
	}
	if p.at >= len(p.src) || !utf8.ValidString(b.String()) {
		p.ok = false
		return
	}
	p.at++
	p.kind, p.token = 's', b.String()
}

// is reports whether the token is a punctuation or a word.
func (p *exprParser) is(token string) bool {
	return (p.kind == 'p' || p.kind == 'i') && p.token == token
}

// levels are the operators by precedence, the loosest first.
var levels = [...][]string{{"or"}, {"and"}, {"=", "!="}}

// binary reads operators of a level and those that bind tighter.
func (p *exprParser) binary(level int) *expr {
	if level == len(levels) {
		return p.chain()
	}
	left := p.binary(level + 1)
	for p.ok {
		op := ""
		for _, name := range levels[level] {
			if p.is(name) {
				op = name
			}
		}
		if op == "" {
			break
		}
		p.next()
		left = &expr{kind: exprBinary, name: op, kids: []*expr{left, p.binary(level + 1)}}
	}
	return left
}

// chain reads a term and what follows its dots and brackets.
func (p *exprParser) chain() *expr {
	e := p.term()
	for p.ok {
		switch {
		case p.is("."):
			p.next()
			if p.kind != 'i' {
				p.ok = false
				return e
			}
			name := p.token
			p.next()
			e = p.invocation(e, name)
		case p.is("["):
			p.next()
			e = &expr{kind: exprIndex, kids: []*expr{e, p.binary(0)}}
			p.want("]")
		default:
			return e
		}
	}
	return e
}

func (p *exprParser) want(token string) {
	if !p.is(token) {
		p.ok = false
		return
	}
	p.next()
}

// invocation is a member or a call on the expression before a dot.
func (p *exprParser) invocation(on *expr, name string) *expr {
	if !p.is("(") {
		return &expr{kind: exprMember, name: name, kids: []*expr{on}}
	}
	p.next()
	call := &expr{kind: exprCall, name: name, kids: []*expr{on}}
	for !p.is(")") && p.ok {
		call.kids = append(call.kids, p.binary(0))
		if p.is(",") {
			p.next()
			continue
		}
		break
	}
	p.want(")")
	return call
}

// term reads a literal, a variable, a name, a call or a group.
func (p *exprParser) term() *expr {
	token := p.token
	switch {
	case p.kind == 's':
		p.next()
		return &expr{kind: exprText, name: token}
	case p.kind == 'n':
		p.next()
		return &expr{kind: exprInteger, name: token}
	case p.kind == 'v' && token == "$this":
		p.next()
		return &expr{kind: exprThis}
	case p.kind == 'v' && token[0] == '%':
		p.next()
		return &expr{kind: exprVar, name: token[1:]}
	case p.kind == 'i' && (token == "true" || token == "false"):
		p.next()
		return &expr{kind: exprBool, name: token}
	case p.kind == 'i':
		p.next()
		return p.invocation(nil, token)
	case p.is("("):
		p.next()
		e := p.binary(0)
		p.want(")")
		return e
	}
	p.ok = false
	return &expr{}
}
