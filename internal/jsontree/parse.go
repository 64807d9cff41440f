package jsontree

// parse fills the tape from t.src and returns the offset one past the value.
func (t *Tree) parse(maxDepth int) (int, error) {
	src := t.src
	tape := t.tape
	var (
		i     = skipSpace(src, 0)
		open  uint32 // entry of the innermost open array or object
		prev  uint32 // entry of the latest finished child there
		seen  uint64 // key tags that occurred there
		depth int
		key   uint32 // meta bits of the key before the value
	)
	for {
		// A value starts at i.
		k := uint32(len(tape))
		if i >= len(src) {
			return 0, t.wrong(i, "value")
		}
		e := entry{off: uint32(i), next: k + 1, meta: key}
		switch c := src[i]; c {
		case '"':
			end, dec := scanString(src, i+1)
			if end < 0 {
				return 0, t.wrongString(i+1, ^end)
			}
			e.meta |= uint32(String)
			if dec {
				e.meta |= flagDecode
			}
			i = end
		case '{', '[':
			if depth == maxDepth {
				return 0, t.tooDeep(i)
			}
			if depth == len(t.seen) {
				t.seen = append(t.seen, 0)
			}
			t.seen[depth] = seen
			seen = 0
			depth++
			e.meta |= uint32(Array)
			if c == '{' {
				e.meta = e.meta&^kindMask | uint32(Object)
			}
			e.next = open
			open = k
			tape = append(tape, e)
			i = skipSpace(src, i+1)
			if i < len(src) && src[i] == c+2 {
				goto closing
			}
			tape[k].meta |= flagChild
			key = 0
			if c == '{' {
				goto member
			}
			continue
		case 't':
			if !isLiteral(src, i, "true") {
				return 0, t.wrong(i, "value")
			}
			e.meta |= uint32(True)
			i += 4
		case 'f':
			if !isLiteral(src, i, "false") {
				return 0, t.wrong(i, "value")
			}
			e.meta |= uint32(False)
			i += 5
		case 'n':
			if !isLiteral(src, i, "null") {
				return 0, t.wrong(i, "value")
			}
			e.meta |= uint32(Null)
			i += 4
		default:
			end := scanNumber(src, i)
			if end < 0 {
				if ^end == i {
					return 0, t.wrong(i, "value")
				}
				return 0, t.wrong(^end, "digit")
			}
			e.meta |= uint32(Number)
			i = end
		}
		e.end = uint32(i)
		tape = append(tape, e)
		prev = k
	after:
		// A value ended at i.
		if depth == 0 {
			tape[0].next = 0
			t.tape = tape
			t.tidyDuplicates()
			return i, nil
		}
		i = skipSpace(src, i)
		if i < len(src) && src[i] == ',' {
			i = skipSpace(src, i+1)
			if tape[open].meta&kindMask == uint32(Array) {
				key = 0
				continue
			}
			goto member
		}
		if i >= len(src) || src[i] != '}' && src[i] != ']' {
			return 0, t.wrong(i, "comma or closing bracket")
		}
	closing:
		{
			o := &tape[open]
			if isObject := o.meta&kindMask == uint32(Object); isObject != (src[i] == '}') {
				return 0, t.wrong(i, "bracket that closes the open one")
			}
			if o.meta&flagLarge != 0 {
				t.tape = tape
				t.checkLarge(open)
			}
			i++
			o.end = uint32(i)
			if o.meta&flagChild != 0 {
				tape[prev].next = 0
			}
			prev = open
			open = o.next
			o.next = uint32(len(tape))
			depth--
			seen = t.seen[depth]
			goto after
		}
	member:
		if i >= len(src) || src[i] != '"' {
			return 0, t.wrong(i, "member name")
		}
		{
			start := i + 1
			end, dec := scanString(src, start)
			if end < 0 {
				return 0, t.wrongString(start, ^end)
			}
			raw := src[start : end-1]
			var tag uint16
			key = flagKey
			if dec {
				key |= flagKeyDec
				t.buf = decode(t.buf[:0], raw)
				tag = keyTag(viewString(t.buf))
			} else {
				tag = keyTag(viewString(raw))
			}
			key |= uint32(tag)<<tagBits | uint32(min(len(raw), keyLenMax))<<keyLenBits
			if len(raw) >= keyLenMax {
				t.long = append(t.long, longKey{uint32(len(tape)), uint32(i)})
			}
			bit := uint64(1) << (tag & 63)
			if seen&bit != 0 {
				t.tape = tape
				t.checkKey(open, i, raw, key)
			}
			seen |= bit
			i = skipSpace(src, end)
			if i >= len(src) || src[i] != ':' {
				return 0, t.wrong(i, "colon")
			}
			i = skipSpace(src, i+1)
		}
	}
}

func (t *Tree) wrong(i int, want string) error {
	return &SyntaxError{Offset: i, Want: want, Have: have(t.src, i)}
}

func (t *Tree) tooDeep(i int) error {
	return &SyntaxError{Offset: i, Want: "at most the allowed levels", Have: "deeper nesting", Err: ErrDepth}
}

// wrongString tells what is wrong at offset i inside a string.
func (t *Tree) wrongString(start, i int) error {
	switch {
	case i >= len(t.src):
		return t.wrong(i, "closing quote")
	case t.src[i] == '\\':
		return &SyntaxError{Offset: i, Want: "escape of RFC 8259 §7", Have: "other escape"}
	}
	return t.wrong(i, "text without control characters")
}
