package fhirpath

import (
	"strings"

	"github.com/carabiner-health/carabiner/internal/decimal"
)

// Bounds of a source.
const (
	maxSource = 1 << 20 // bytes
	maxNodes  = 20_000
	maxNested = 250
)

// parser is a Pratt parser with one token ahead.
type parser struct {
	lexer
	tok   token
	prev  int // end of the token before
	nodes int
	depth int
}

func parse(src string) (*ast, error) {
	if len(src) > maxSource {
		return nil, syntaxError(src, maxSource, "want at most %d bytes", maxSource)
	}
	p := &parser{lexer: lexer{src: src}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	a, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokEnd {
		return nil, p.fail(p.tok.offset, "want an operator or the end")
	}
	return a, nil
}

func (p *parser) advance() (err error) {
	p.prev = p.at
	p.tok, err = p.next()
	return err
}

func (p *parser) symbol(s string) bool { return p.tok.kind == tokSymbol && p.tok.text == s }

func (p *parser) expect(s string) error {
	if !p.symbol(s) {
		return p.fail(p.tok.offset, "want %s", s)
	}
	return p.advance()
}

func (p *parser) node(a ast) (*ast, error) {
	if p.nodes++; p.nodes > maxNodes {
		return nil, p.fail(a.offset, "want at most %d terms", maxNodes)
	}
	return &a, nil
}

// expression reads terms with the operators that bind more than least.
func (p *parser) expression(least int) (*ast, error) {
	if p.depth++; p.depth > maxNested {
		return nil, p.fail(p.tok.offset, "want at most %d levels", maxNested)
	}
	defer func() { p.depth-- }()
	left, err := p.signed()
	for err == nil {
		if p.tok.kind != tokSymbol && p.tok.kind != tokName {
			return left, nil
		}
		op := p.tok.text
		power := powerOf(op)
		if power == 0 || power <= least {
			return left, nil
		}
		offset := p.tok.offset
		if err = p.advance(); err != nil {
			break
		}
		if power == powerType {
			var name string
			if name, err = p.typeName(); err != nil {
				break
			}
			left, err = p.node(ast{kind: astType, offset: offset, op: op, text: name, kids: []*ast{left}})
			continue
		}
		var right *ast
		if right, err = p.expression(power); err != nil {
			break
		}
		left, err = p.node(ast{kind: astBinary, offset: offset, text: op, kids: []*ast{left, right}})
	}
	return nil, err
}

// typeName reads a type, such as Quantity or System.String.
func (p *parser) typeName() (string, error) {
	name, err := p.identifier()
	if err != nil || !p.symbol(".") {
		return name, err
	}
	// A member step may follow a type only in parentheses, so this is a namespace.
	if err := p.advance(); err != nil {
		return "", err
	}
	rest, err := p.identifier()
	return name + "." + rest, err
}

func (p *parser) identifier() (string, error) {
	if p.tok.kind != tokName && p.tok.kind != tokDelimited {
		return "", p.fail(p.tok.offset, "want a name")
	}
	name := p.tok.text
	if name == "" {
		return "", p.fail(p.tok.offset, "want a name that is not empty")
	}
	return name, p.advance()
}

// signed reads a term with a sign before it, which binds less than a path.
func (p *parser) signed() (*ast, error) {
	if !p.symbol("+") && !p.symbol("-") {
		return p.path()
	}
	sign, offset := p.tok.text, p.tok.offset
	if p.depth++; p.depth > maxNested {
		return nil, p.fail(offset, "want at most %d levels", maxNested)
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	operand, err := p.signed()
	if err != nil {
		return nil, err
	}
	return p.node(ast{kind: astSign, offset: offset, text: sign, kids: []*ast{operand}})
}

// path reads a term with its members, calls and indexes.
func (p *parser) path() (*ast, error) {
	left, err := p.term()
	for err == nil {
		switch {
		case p.symbol("."):
			if err = p.advance(); err == nil {
				left, err = p.invocation(left)
			}
		case p.symbol("["):
			offset := p.tok.offset
			if err = p.advance(); err != nil {
				break
			}
			var at *ast
			if at, err = p.expression(0); err != nil {
				break
			}
			if err = p.expect("]"); err == nil {
				left, err = p.node(ast{kind: astItem, offset: offset, kids: []*ast{left, at}})
			}
		default:
			return left, nil
		}
	}
	return nil, err
}

func (p *parser) term() (*ast, error) {
	t := p.tok
	switch t.kind {
	case tokString:
		return p.literal(Text(t.text))
	case tokNumber:
		return p.number()
	case tokLong:
		d, ok := decimal.Parse([]byte(t.text))
		n, fits := d.Int64()
		if !ok || !fits {
			return nil, p.fail(t.offset, "want a number of 64 bits")
		}
		return p.literal(Item{kind: kindLong, n: n})
	case tokDate, tokDateTime, tokTime:
		m, ok := parseLiteralMoment(t)
		if !ok {
			return nil, p.fail(t.offset, "want a date and time that the calendar has")
		}
		return p.literal(m)
	case tokVariable:
		if err := p.advance(); err != nil {
			return nil, err
		}
		return p.node(ast{kind: astVariable, offset: t.offset, text: t.text})
	case tokSymbol:
		return p.bracketed()
	case tokDollar:
		if err := p.advance(); err != nil {
			return nil, err
		}
		kinds := map[string]astKind{"this": astThis, "index": astIndex, "total": astTotal}
		return p.node(ast{kind: kinds[t.text], offset: t.offset})
	case tokName:
		if t.text == "true" || t.text == "false" {
			return p.literal(Bool(t.text == "true"))
		}
		return p.invocation(nil)
	case tokDelimited:
		return p.invocation(nil)
	}
	return nil, p.fail(t.offset, "want a term")
}

func (p *parser) literal(v Item) (*ast, error) {
	a, err := p.node(ast{kind: astLiteral, offset: p.tok.offset, value: v})
	if err != nil {
		return nil, err
	}
	return a, p.advance()
}

// number reads a number, or a quantity if a unit follows.
func (p *parser) number() (*ast, error) {
	t := p.tok
	d, ok := decimal.Parse([]byte(t.text))
	if !ok {
		return nil, p.fail(t.offset, "want fewer digits")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokString {
		return p.literalAt(t.offset, quantityItem(d, p.tok.text))
	}
	if p.tok.kind == tokName {
		if unit := calendarUnit(p.tok.text); unit != "" {
			return p.literalAt(t.offset, calendarQuantity(d, unit))
		}
	}
	value := decimalItem(d)
	if n, whole := d.Int64(); d.Scale() == 0 {
		if !whole || n > maxInteger {
			return nil, p.fail(t.offset, "want an integer of 32 bits")
		}
		value = Integer(n)
	}
	return p.node(ast{kind: astLiteral, offset: t.offset, value: value})
}

func (p *parser) literalAt(offset int, v Item) (*ast, error) {
	a, err := p.literal(v)
	if a != nil {
		a.offset = offset
	}
	return a, err
}

// bracketed reads (expression) and {}.
func (p *parser) bracketed() (*ast, error) {
	offset := p.tok.offset
	switch {
	case p.symbol("("):
		if err := p.advance(); err != nil {
			return nil, err
		}
		a, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		return a, p.expect(")")
	case p.symbol("{"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		if err := p.expect("}"); err != nil {
			return nil, err
		}
		return p.node(ast{kind: astEmpty, offset: offset})
	}
	return nil, p.fail(offset, "want a term")
}

// invocation reads a member or a call on left, which may be nil.
func (p *parser) invocation(left *ast) (*ast, error) {
	offset := p.tok.offset
	if p.tok.kind == tokDollar && left != nil {
		// $this after a point is allowed by the grammar and means the same.
		return nil, p.fail(offset, "want a name")
	}
	if left == nil && p.tok.kind == tokName && powerOf(p.tok.text) > 0 && !plain(p.tok.text) {
		return nil, p.fail(offset, "want a term, have the operator %s", p.tok.text)
	}
	name, err := p.identifier()
	if err != nil {
		return nil, err
	}
	if !p.symbol("(") {
		return p.node(ast{kind: astMember, offset: offset, text: name, kids: []*ast{left}})
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	kids := []*ast{left}
	for !p.symbol(")") {
		if len(kids) > 1 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		arg, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		if order := p.tok.text; name == "sort" && p.tok.kind == tokName && (order == "asc" || order == "desc") {
			if arg, err = p.node(ast{kind: astSort, offset: p.tok.offset, text: order, kids: []*ast{arg}}); err != nil {
				return nil, err
			}
			if err := p.advance(); err != nil {
				return nil, err
			}
		}
		kids = append(kids, arg)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	return p.node(ast{kind: astCall, offset: offset, text: name, kids: kids})
}

// calendarUnit returns the singular of a calendar duration, "" for other words.
func calendarUnit(word string) string {
	unit := strings.TrimSuffix(word, "s")
	switch unit {
	case "year", "month", "week", "day", "hour", "minute", "second", "millisecond":
		return unit
	}
	return ""
}
