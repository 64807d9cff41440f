package jsontree

// growTape returns a longer tape with the entries of the old one.
func growTape(tape []entry) []entry {
	tape = append(tape, make([]entry, max(len(tape), 64))...)
	return tape[:cap(tape)]
}

// literal returns the kind and length of the literal at i; length 0 if there
// is none.
func literal(src []byte, i int) (Kind, int) {
	rest := src[i:]
	switch {
	case len(rest) >= 4 && string(rest[:4]) == "true":
		return True, 4
	case len(rest) >= 5 && string(rest[:5]) == "false":
		return False, 5
	case len(rest) >= 4 && string(rest[:4]) == "null":
		return Null, 4
	}
	return Invalid, 0
}

// slowKey reads the name at i, of any length and form, for the member that will be entry k.
// It returns the offset one past the closing quote and the meta bits, or the
// complement of the offending offset.
func (t *Tree) slowKey(i, k int) (end int, key uint32) {
	if i >= len(t.src) || t.src[i] != '"' {
		return ^i, 0
	}
	end, dec := scanString(t.src, i+1)
	if end < 0 {
		return end, 0
	}
	raw := t.src[i+1 : end-1]
	key = flagKey
	var tag uint16
	if dec {
		key |= flagKeyDec
		t.buf = decode(t.buf[:0], raw)
		tag = keyTag(viewString(t.buf))
	} else {
		tag = keyTag(viewString(raw))
	}
	if len(raw) >= keyLenMax {
		t.long = append(t.long, longKey{uint32(k), uint32(i)})
	}
	return end, key | uint32(tag)<<tagBits | uint32(min(len(raw), keyLenMax))<<keyLenBits
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

// wrongKey tells what is wrong at offset i in the name that starts at start.
func (t *Tree) wrongKey(start, i int) error {
	if i == start {
		return t.wrong(i, "member name")
	}
	return t.wrongString(i)
}
