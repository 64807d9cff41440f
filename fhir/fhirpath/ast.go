package fhirpath

import (
	"strings"
)

type astKind uint8

const (
	astEmpty    astKind = iota // {}
	astLiteral                 // value
	astThis                    // $this
	astIndex                   // $index
	astTotal                   // $total
	astVariable                // %text
	astMember                  // kids[0].text, or text alone
	astCall                    // kids[0].text(args…): kids[0] may be nil
	astItem                    // kids[0][kids[1]]
	astSign                    // text kids[0]
	astBinary                  // kids[0] text kids[1]
	astType                    // kids[0] is/as type
	astSort                    // kids[0] asc/desc, in the arguments of sort
)

// ast is a node of the syntax tree.
type ast struct {
	kind   astKind
	offset int
	text   string // name or operator; of a type the specifier
	value  Item   // of a literal
	op     string // of astType: is or as
	kids   []*ast
}

// Powers of the operators, N1 §6.8, the weakest first.
const (
	powerImplies = 1 + iota
	powerOr
	powerAnd
	powerMember
	powerEqual
	powerOrder
	powerUnion
	powerType
	powerAdd
	powerMultiply
	powerSign
	powerPath
)

func powerOf(op string) int {
	switch op {
	case "implies":
		return powerImplies
	case "or", "xor":
		return powerOr
	case "and":
		return powerAnd
	case "in", "contains":
		return powerMember
	case "=", "~", "!=", "!~":
		return powerEqual
	case "<", "<=", ">", ">=":
		return powerOrder
	case "|":
		return powerUnion
	case "is", "as":
		return powerType
	case "+", "-", "&":
		return powerAdd
	case "*", "/", "div", "mod":
		return powerMultiply
	}
	return 0
}

// String writes the tree so that it reads as the same tree.
func (a *ast) String() string {
	var b strings.Builder
	a.write(&b, 0)
	return b.String()
}

func (a *ast) power() int {
	switch a.kind {
	case astBinary:
		return powerOf(a.text)
	case astType:
		return powerType
	case astSign:
		return powerSign
	}
	return powerPath
}

// write adds the node, in parentheses if it binds less than least.
func (a *ast) write(b *strings.Builder, least int) {
	power := a.power()
	if power < least {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	switch a.kind {
	case astEmpty:
		b.WriteString("{}")
	case astLiteral:
		b.WriteString(a.value.literal())
	case astThis:
		b.WriteString("$this")
	case astIndex:
		b.WriteString("$index")
	case astTotal:
		b.WriteString("$total")
	case astVariable:
		b.WriteByte('%')
		writeName(b, a.text)
	case astMember, astCall:
		a.writePath(b)
	case astItem:
		a.kids[0].write(b, powerPath)
		b.WriteByte('[')
		a.kids[1].write(b, 0)
		b.WriteByte(']')
	case astSign:
		b.WriteString(a.text)
		a.kids[0].write(b, powerSign)
	case astBinary:
		a.kids[0].write(b, power)
		b.WriteString(" " + a.text + " ")
		a.kids[1].write(b, power+1)
	case astType:
		a.kids[0].write(b, power)
		b.WriteString(" " + a.op + " ")
		writeType(b, a.text)
	case astSort:
		a.kids[0].write(b, 0)
		b.WriteString(" " + a.text)
	}
}

func (a *ast) writePath(b *strings.Builder) {
	if a.kids[0] != nil {
		a.kids[0].write(b, powerPath)
		b.WriteByte('.')
	}
	writeName(b, a.text)
	if a.kind == astMember {
		return
	}
	b.WriteByte('(')
	for i, k := range a.kids[1:] {
		if i > 0 {
			b.WriteString(", ")
		}
		k.write(b, 0)
	}
	b.WriteByte(')')
}

// plain reports whether a name needs no quotes anywhere.
func plain(name string) bool {
	if name == "" || !wordStart(name[0]) {
		return false
	}
	for i := range len(name) {
		if !wordStart(name[i]) && !digit(name[i]) {
			return false
		}
	}
	switch name {
	case "true", "false", "asc", "desc":
		return false
	}
	return calendarUnit(name) == "" && (powerOf(name) == 0 || name == "contains" || name == "as" || name == "is")
}

func writeName(b *strings.Builder, name string) {
	if plain(name) {
		b.WriteString(name)
		return
	}
	b.WriteString(quote(name, '`'))
}

func writeType(b *strings.Builder, name string) {
	if space, rest, ok := strings.Cut(name, "."); ok && plain(space) {
		writeName(b, space)
		b.WriteByte('.')
		name = rest
	}
	writeName(b, name)
}

// quote writes a text between quotes with the escapes it needs.
func quote(s string, q byte) string {
	var b strings.Builder
	b.WriteByte(q)
	for i := range len(s) {
		switch c := s[i]; c {
		case q, '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '\f':
			b.WriteString(`\f`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte(q)
	return b.String()
}
