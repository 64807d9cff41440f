package jsontree

// state says what stands at the cursor, white space aside.
type state uint8

const (
	atValue  state = iota // a value
	atMember              // the name of a member, then colon and value
	atAfter               // a value ended: comma or closing bracket
	atEnd                 // the document's value is complete
)

// cursor is where the parser stands. Between two steps it is kept in the Tree;
// quick holds it in registers.
type cursor struct {
	i     int    // next byte
	k     int    // entries on the tape
	open  int    // entry of the innermost open array or object
	prev  int    // entry of the latest finished child there
	depth int    // open arrays and objects
	key   uint32 // meta bits of the name before the value
	seen  uint64 // name tags that occurred in the innermost open object
}

// parse fills the tape from t.src and returns the offset one past the value.
//
// Two parsers share the work and the cursor: quick knows the common forms and
// stops at anything else, which one careful step then handles. The careful
// steps alone would do, and they alone report errors.
func (t *Tree) parse(maxDepth int) (int, error) {
	t.at = cursor{}
	t.maxDepth = maxDepth
	t.tape = t.tape[:cap(t.tape)]
	st, err := t.value()
	for err == nil && st != atEnd {
		if !t.careful {
			st = t.quick(st)
		}
		switch st {
		case atValue:
			st, err = t.value()
		case atMember:
			st, err = t.name()
		case atAfter:
			st, err = t.after()
		}
	}
	if err != nil {
		return 0, err
	}
	t.tape = t.tape[:t.at.k]
	t.tape[0].next = 0
	t.tidyDuplicates()
	return t.at.i, nil
}

// value reads a scalar, an empty array or object, or the opening bracket of
// another one.
func (t *Tree) value() (state, error) {
	at := &t.at
	src := t.src
	i := skipSpace(src, at.i)
	if i >= len(src) {
		return 0, t.wrong(i, "value")
	}
	if at.k == len(t.tape) {
		t.growTape()
	}
	e := &t.tape[at.k]
	*e = entry{off: uint32(i), next: uint32(at.k + 1), meta: at.key}
	switch c := src[i]; {
	case c == '"':
		end, dec := scanString(src, i+1)
		if end < 0 {
			return 0, t.wrongString(^end)
		}
		i = end
		e.meta |= uint32(String)
		if dec {
			e.meta |= flagDecode
		}
	case c == '{' || c == '[':
		if at.depth == t.maxDepth {
			return 0, t.tooDeep(i)
		}
		return t.openBracket(i)
	case c == '-' || c-'0' < 10:
		if i = scanNumber(src, i); i < 0 {
			return 0, t.wrong(^i, "digit")
		}
		e.meta |= uint32(Number)
	default:
		kind, n := literal(src, i)
		if n == 0 {
			return 0, t.wrong(i, "value")
		}
		i += n
		e.meta |= uint32(kind)
	}
	e.end = uint32(i)
	return t.finished(at.k, i, at.k+1), nil
}

// finished moves the cursor to i, behind the value of entry e, and to entry k.
func (t *Tree) finished(e, i, k int) state {
	t.at.prev, t.at.i, t.at.k = e, i, k
	if t.at.depth == 0 {
		return atEnd
	}
	return atAfter
}

// openBracket reads the opening bracket at i, and the closing one if it is next.
func (t *Tree) openBracket(i int) (state, error) {
	at := &t.at
	e := &t.tape[at.k]
	kind, next := Array, atValue
	if t.src[i] == '{' {
		kind, next = Object, atMember
	}
	e.meta |= uint32(kind)
	j := skipSpace(t.src, i+1)
	if j < len(t.src) && t.src[j] == t.src[i]+2 {
		e.end = uint32(j + 1)
		return t.finished(at.k, j+1, at.k+1), nil
	}
	e.meta |= flagChild
	e.next = uint32(at.open)
	at.open = at.k
	if at.depth == len(t.seen) {
		t.seen = append(t.seen, 0)
		t.seen = t.seen[:cap(t.seen)]
	}
	t.seen[at.depth] = at.seen
	at.depth++
	at.seen, at.key = 0, 0
	at.i = j
	at.k++
	return next, nil
}

// after reads the comma or closing bracket behind a value.
func (t *Tree) after() (state, error) {
	at := &t.at
	src := t.src
	i := skipSpace(src, at.i)
	if i >= len(src) {
		return 0, t.wrong(i, "comma or closing bracket")
	}
	o := &t.tape[at.open]
	isObject := o.meta&kindMask == uint32(Object)
	c := src[i]
	switch {
	case c == ',':
		at.i, at.key = i+1, 0
		if isObject {
			return atMember, nil
		}
		return atValue, nil
	case c != ']' && c != '}':
		return 0, t.wrong(i, "comma or closing bracket")
	case isObject != (c == '}'):
		return 0, t.wrong(i, "bracket that closes the open one")
	}
	if o.meta&flagLarge != 0 {
		t.checkLarge(at.open)
	}
	o.end = uint32(i + 1)
	t.tape[at.prev].next = 0
	closed := at.open
	at.open = int(o.next)
	o.next = uint32(at.k)
	at.depth--
	at.seen = t.seen[at.depth]
	return t.finished(closed, i+1, at.k), nil
}

// name reads the name of a member and the colon.
func (t *Tree) name() (state, error) {
	at := &t.at
	src := t.src
	start := skipSpace(src, at.i)
	if start >= len(src) || src[start] != '"' {
		return 0, t.wrong(start, "member name")
	}
	end, dec := scanString(src, start+1)
	if end < 0 {
		return 0, t.wrongString(^end)
	}
	i := skipSpace(src, end)
	if i >= len(src) || src[i] != ':' {
		return 0, t.wrong(i, "colon")
	}
	at.i = i + 1
	raw := src[start+1 : end-1]
	at.key = flagKey | uint32(min(len(raw), keyLenMax))<<keyLenBits
	if len(raw) >= keyLenMax {
		t.long = append(t.long, longKey{uint32(at.k), uint32(start)})
	}
	if dec {
		at.key |= flagKeyDec
		t.buf = decode(t.buf[:0], raw)
		raw = t.buf
	}
	tag := keyTag(viewString(raw))
	at.key |= uint32(tag) << tagBits
	bit := uint64(1) << (tag & 63)
	if at.seen&bit != 0 {
		t.checkKey(start, raw)
	}
	at.seen |= bit
	return atValue, nil
}

// growTape makes room for more entries.
func (t *Tree) growTape() {
	t.tape = append(t.tape, make([]entry, max(len(t.tape), 64))...)
	t.tape = t.tape[:cap(t.tape)]
}

func (t *Tree) wrong(i int, want string) error {
	return &SyntaxError{Offset: i, Want: want, Have: have(t.src, i)}
}

func (t *Tree) tooDeep(i int) error {
	return &SyntaxError{Offset: i, Want: "at most the allowed levels", Have: "deeper nesting", Err: ErrDepth}
}

// wrongString tells what is wrong at offset i inside a string.
func (t *Tree) wrongString(i int) error {
	switch {
	case i >= len(t.src):
		return t.wrong(i, "closing quote")
	case t.src[i] == '\\':
		return &SyntaxError{Offset: i, Want: "escape of RFC 8259 §7", Have: "other escape"}
	}
	return t.wrong(i, "text without control characters")
}
