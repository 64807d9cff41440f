package fhir

import (
	"bytes"
	"slices"
)

// repair is a mistake that was taken out of a text.
type repair struct {
	kind repairKind
	at   int    // the comment, the comma, or what lacks one before it
	path []step // of the element behind a comment, of the object or list of a comma
}

type repairKind uint8

const (
	repairComment repairKind = iota
	repairMissing
	repairExtra
)

// repairer goes through a text once, token by token.
type repairer struct {
	text   []byte // a copy
	i      int
	faults []repair
	levels []repairLevel // the objects and lists that are open
	last   tokenKind
	comma  int   // where the last comma is, if last is tokenComma
	end    int   // behind the last value
	unsaid []int // faults that wait for the path of what follows
}

// repairLevel is an open object or list, and where in it we are.
type repairLevel struct {
	list  bool
	named bool // in an object: the name has been read
	step  step
}

type tokenKind uint8

const (
	tokenOpen  tokenKind = iota // or the begin of the text
	tokenValue                  // or the close of an object or list
	tokenComma
	tokenName
	tokenColon
)

// repaired returns a copy of a text without comments and without commas too few or
// too many, every byte else in its place, and what was repaired. It stops at
// anything else that is wrong, which is left for the parser to tell.
func repaired(text []byte) ([]byte, []repair) {
	r := repairer{text: bytes.Clone(text)}
	for r.i < len(r.text) && r.token() {
	}
	slices.SortStableFunc(r.faults, func(a, b repair) int { return a.at - b.at })
	return r.text, r.faults
}

// token passes over one token; it returns false at what it can't repair.
func (r *repairer) token() bool {
	switch c := r.text[r.i]; c {
	case ' ', '\t', '\r', '\n':
		r.i++
		return true
	case '/':
		return r.comment()
	case ',':
		return r.commaToken()
	case ':':
		ok := r.last == tokenName
		r.last = tokenColon
		r.i++
		return ok
	case '}', ']':
		return r.close(c == ']')
	case '"':
		return r.quoted()
	case '{', '[':
		if !r.before() {
			return false
		}
		r.levels = append(r.levels, repairLevel{list: c == '[', step: step{index: -1}})
		r.last = tokenOpen
		r.i++
		return true
	default:
		return r.scalar()
	}
}

// comment turns a comment into spaces.
func (r *repairer) comment() bool {
	rest := r.text[r.i:]
	n := 0
	switch {
	case bytes.HasPrefix(rest, []byte("//")):
		if n = bytes.IndexByte(rest, '\n'); n < 0 {
			n = len(rest)
		}
	case bytes.HasPrefix(rest, []byte("/*")):
		if n = bytes.Index(rest[2:], []byte("*/")); n < 0 {
			return false
		}
		n += 4
	default:
		return false
	}
	for i, c := range rest[:n] {
		if c != '\n' && c != '\r' {
			rest[i] = ' '
		}
	}
	r.unsaid = append(r.unsaid, len(r.faults))
	r.faults = append(r.faults, repair{repairComment, r.i, []step{{index: -1}}})
	r.i += n
	return true
}

// path is that of the innermost open object or list, or with inner of what
// follows in it.
func (r *repairer) path(inner bool) []step {
	path := []step{{index: -1}}
	n := len(r.levels)
	if !inner {
		n--
	}
	for _, l := range r.levels[:max(0, n)] {
		path = append(path, l.step)
	}
	return path
}

// fault notes a comma too few or too many.
func (r *repairer) fault(kind repairKind, at int) {
	r.faults = append(r.faults, repair{kind, at, r.path(false)})
}

// say gives the comments before an element its path.
func (r *repairer) say() {
	if len(r.unsaid) == 0 {
		return
	}
	path := r.path(true)
	for _, i := range r.unsaid {
		r.faults[i].path = path
	}
	r.unsaid = r.unsaid[:0]
}

func (r *repairer) commaToken() bool {
	if len(r.levels) == 0 {
		return false
	}
	switch r.last {
	case tokenComma, tokenOpen:
		r.fault(repairExtra, r.i)
		r.text[r.i] = ' '
	case tokenValue:
		r.last, r.comma = tokenComma, r.i
	default:
		return false
	}
	r.i++
	return true
}

// close ends an object or list; a comma before it goes.
func (r *repairer) close(list bool) bool {
	n := len(r.levels)
	if n == 0 || r.levels[n-1].list != list {
		return false
	}
	switch r.last {
	case tokenName, tokenColon:
		return false
	case tokenComma:
		r.fault(repairExtra, r.comma)
		r.text[r.comma] = ' '
	}
	r.levels = r.levels[:n-1]
	r.i++
	r.ended()
	return true
}

// ended notes that a value has ended here.
func (r *repairer) ended() {
	r.last, r.end = tokenValue, r.i
	if n := len(r.levels); n > 0 {
		r.levels[n-1].named = false
	}
}

// before sees to what must stand before a value or name: it writes a comma that
// is missing over a white space that ends no line.
func (r *repairer) before() bool {
	n := len(r.levels)
	if r.last == tokenValue {
		if n == 0 {
			return false
		}
		at := r.end
		for at < r.i && r.text[at] == '\n' { // lines stay lines
			at++
		}
		if at == r.i {
			return false
		}
		r.fault(repairMissing, r.i)
		r.text[at] = ','
		r.last = tokenComma
	}
	if n == 0 {
		r.say()
		return true
	}
	l := &r.levels[n-1]
	if l.list {
		if l.step.index++; r.last == tokenName || r.last == tokenColon {
			return false
		}
		r.say()
		return true
	}
	if l.named {
		return r.last == tokenColon
	}
	return r.text[r.i] == '"' // a name
}

// quoted passes over a string: a name or a value.
func (r *repairer) quoted() bool {
	if !r.before() {
		return false
	}
	start := r.i + 1
	for i := start; i < len(r.text); i++ {
		switch r.text[i] {
		case '\\':
			i++
		case '"':
			r.i = i + 1
			if n := len(r.levels); n > 0 && !r.levels[n-1].list && !r.levels[n-1].named {
				l := &r.levels[n-1]
				l.named, l.step = true, step{name: slices.Clone(r.text[start:i]), index: -1}
				r.last = tokenName
				r.say()
			} else {
				r.ended()
			}
			return true
		}
	}
	return false
}

// scalar passes over a number or a word; whether it is one the parser tells.
func (r *repairer) scalar() bool {
	if !r.before() {
		return false
	}
	start := r.i
	for r.i < len(r.text) && bytes.IndexByte([]byte(" \t\r\n,:{}[]\"/"), r.text[r.i]) < 0 {
		r.i++
	}
	r.ended()
	return r.i > start
}
