package gen

import "strings"

// cond is a condition in Go, with how tightly it binds.
type cond struct {
	text string
	// neg is the condition's opposite, where that is no mere "!".
	neg   string
	level condLevel
	// parts are the operands of an and or an or.
	parts []cond
}

type condLevel uint8

const (
	condTerm condLevel = iota // a call, a name, a comparison with !
	condCompare
	condAnd
	condOr
)

var (
	condTrue  = cond{text: "true", neg: "false"}
	condFalse = cond{text: "false", neg: "true"}
)

func (c cond) isTrue() bool  { return c.text == "true" }
func (c cond) isFalse() bool { return c.text == "false" }

// within returns the condition's text as an operand of something that binds as
// level does.
func (c cond) within(level condLevel) string {
	if c.level > level {
		return "(" + c.text + ")"
	}
	return c.text
}

var opposites = map[string]string{"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}

func compare(a, op, b string) cond {
	return cond{text: a + " " + op + " " + b, neg: a + " " + opposites[op] + " " + b, level: condCompare}
}

func holds(text string) cond { return cond{text: text} }

func not(c cond) cond {
	switch {
	case len(c.parts) > 0:
		opposite := make([]cond, len(c.parts))
		for i, part := range c.parts {
			opposite[i] = not(part)
		}
		if c.level == condAnd {
			return or(opposite...)
		}
		return and(opposite...)
	case c.neg != "":
		return cond{text: c.neg, neg: c.text, level: c.level}
	case strings.HasPrefix(c.text, "!") && c.level == condTerm:
		return cond{text: c.text[1:]}
	case c.level == condTerm:
		return cond{text: "!" + c.text}
	}
	return cond{text: "!(" + c.text + ")"}
}

func and(list ...cond) cond { return joined(list, condAnd, " && ", condTrue, condFalse) }

func or(list ...cond) cond { return joined(list, condOr, " || ", condFalse, condTrue) }

// joined joins conditions; nothing is what an empty list gives, and one that is
// all decides the rest.
func joined(list []cond, level condLevel, op string, nothing, all cond) cond {
	var parts []string
	var conds []cond
	seen := make(map[string]bool)
	for _, c := range flattened(list, level) {
		if c.text == all.text {
			return all
		}
		if c.text == nothing.text || seen[c.text] {
			continue
		}
		seen[c.text] = true
		conds = append(conds, c)
		parts = append(parts, c.within(level))
	}
	switch len(parts) {
	case 0:
		return nothing
	case 1:
		return conds[0]
	}
	return cond{text: strings.Join(parts, op), level: level, parts: conds}
}

// implies reports whether the condition asks for another one too.
func (c cond) implies(o cond) bool {
	if c.text == o.text {
		return true
	}
	if c.level == condAnd {
		for _, part := range c.parts {
			if part.implies(o) {
				return true
			}
		}
		return false
	}
	// A text that equals something is not empty.
	value, isText := strings.CutSuffix(o.text, ` != ""`)
	rest, ok := strings.CutPrefix(c.text, value+" == ")
	return isText && ok && len(c.parts) == 0 && rest != `""`
}

// flattened takes apart those conditions that are joined in the same way.
func flattened(list []cond, level condLevel) []cond {
	var out []cond
	for _, c := range list {
		if c.level == level && len(c.parts) > 0 {
			out = append(out, flattened(c.parts, level)...)
		} else {
			out = append(out, c)
		}
	}
	return out
}
