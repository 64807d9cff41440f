package jsontree

import (
	"bytes"
	"iter"
	"sort"
	"strconv"
	"unsafe"
)

// Value is a handle on one value of a Tree. It is small and passed by value;
// the zero Value is Invalid and every method is safe on it. It is good until
// the tree's next Parse.
type Value struct {
	t *Tree
	i int32
}

func (v Value) entry() *entry { return &v.t.tape[v.i] }

// Kind returns what the value is.
func (v Value) Kind() Kind {
	if v.t == nil {
		return Invalid
	}
	return Kind(v.entry().meta & kindMask)
}

// Raw returns the bytes of the value in the document as written, quotes and
// brackets included; nil for the zero Value.
func (v Value) Raw() []byte {
	if v.t == nil {
		return nil
	}
	e := v.entry()
	return v.t.src[e.off:e.end:e.end]
}

// Offset returns the offset of the value's first byte in the document.
func (v Value) Offset() int {
	if v.t == nil {
		return 0
	}
	return int(v.entry().off)
}

// First returns the first element of an array or the first member's value of
// an object; the zero Value when there is none.
func (v Value) First() Value {
	if v.t == nil || v.entry().meta&flagChild == 0 {
		return Value{}
	}
	return Value{v.t, v.i + 1}
}

// Next returns the sibling after v; the zero Value after the last.
func (v Value) Next() Value {
	if v.t == nil {
		return Value{}
	}
	if n := v.entry().next; n != 0 {
		return Value{v.t, int32(n)}
	}
	return Value{}
}

// Len returns the number of elements of an array or members of an object, 0
// for anything else. It walks over them.
func (v Value) Len() int {
	n := 0
	for c := v.First(); c.t != nil; c = c.Next() {
		n++
	}
	return n
}

// Index returns the element or member value number i, counted from 0; the zero
// Value when there is none.
func (v Value) Index(i int) Value {
	if i < 0 {
		return Value{}
	}
	c := v.First()
	for ; i > 0 && c.t != nil; i-- {
		c = c.Next()
	}
	return c
}

// Get returns the value of the first member called name; the zero Value when v
// has none or is not an object.
func (v Value) Get(name string) Value {
	if v.t == nil {
		return Value{}
	}
	t := v.t
	if t.tape[v.i].meta&(kindMask|flagChild) != uint32(Object)|flagChild {
		return Value{}
	}
	tag := uint32(keyTag(name))
	for j := t.findTag(uint32(v.i)+1, tag); j != 0; j = t.findTag(t.tape[j].next, tag) {
		if t.keyIs(j, name) {
			return Value{t, int32(j)}
		}
	}
	return Value{}
}

// findTag returns the first of member j and its later siblings that has the
// tag of a name; 0 if there is none or j is 0.
func (t *Tree) findTag(j, tag uint32) uint32 {
	tape := unsafe.Pointer(unsafe.SliceData(t.tape))
	for j != 0 {
		e := entryAt(tape, int(j))
		if e.meta>>tagBits == tag {
			return j
		}
		if e.next == j+1 { // a prediction where following next would be a chain of loads
			j++
			continue
		}
		j = e.next
	}
	return 0
}

// keyIs reports whether the decoded name of member i is name.
func (t *Tree) keyIs(i uint32, name string) bool {
	e := &t.tape[i]
	n := int(e.meta>>keyLenBits) & keyLenMax
	if e.meta&flagKeyDec != 0 {
		return equalDecoded(t.rawKey(i), name)
	}
	if n == keyLenMax {
		return string(t.rawKey(i)) == name
	}
	if n != len(name) {
		return false
	}
	end := t.keyEnd(e)
	return string(t.src[end-n:end]) == name
}

// keyEnd returns the offset of the closing quote of a member's name.
func (t *Tree) keyEnd(e *entry) int {
	end := int(e.off) - 2
	for t.src[end] != '"' { // a colon and white space only
		end--
	}
	return end
}

// rawKey returns the bytes between the quotes of the key of entry i.
func (t *Tree) rawKey(i uint32) []byte {
	e := &t.tape[i]
	end := t.keyEnd(e)
	n := int(e.meta>>keyLenBits) & keyLenMax
	if n == keyLenMax {
		k := sort.Search(len(t.long), func(k int) bool { return t.long[k].entry >= i })
		return t.src[int(t.long[k].off)+1 : end : end]
	}
	return t.src[end-n : end : end]
}

// KeyBytes returns the decoded name of the member that v is the value of; nil
// when v is not a member. It aliases the document unless the name is written
// with escapes or is not valid UTF-8.
func (v Value) KeyBytes() []byte {
	if v.t == nil || v.entry().meta&flagKey == 0 {
		return nil
	}
	raw := v.t.rawKey(uint32(v.i))
	if v.entry().meta&flagKeyDec == 0 {
		return raw
	}
	return decode(nil, raw)
}

// Key returns the decoded name of the member that v is the value of.
func (v Value) Key() string { return string(v.KeyBytes()) }

// KeyIs reports whether v is the value of a member called name. It does not
// allocate.
func (v Value) KeyIs(name string) bool {
	if v.t == nil || v.entry().meta&flagKey == 0 {
		return false
	}
	return v.t.keyIs(uint32(v.i), name)
}

// KeyOffset returns the offset of the opening quote of the member's name; the
// value's own offset when v is not a member.
func (v Value) KeyOffset() int {
	if v.t == nil || v.entry().meta&flagKey == 0 {
		return v.Offset()
	}
	return v.t.keyEnd(v.entry()) - len(v.t.rawKey(uint32(v.i))) - 1
}

// All returns the elements of an array, or the member values of an object,
// with their number from 0.
func (v Value) All() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		n := 0
		for c := v.First(); c.t != nil; c = c.Next() {
			if !yield(n, c) {
				return
			}
			n++
		}
	}
}

// Members returns the members of an object in order, names decoded; repeated
// names come as often as they are written.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Object {
			return
		}
		for c := v.First(); c.t != nil; c = c.Next() {
			if !yield(c.Key(), c) {
				return
			}
		}
	}
}

// inner returns the bytes between the quotes of a string and whether they need
// decoding.
func (v Value) inner() (raw []byte, dec, ok bool) {
	if v.t == nil {
		return nil, false, false
	}
	e := v.entry()
	if e.meta&kindMask != uint32(String) {
		return nil, false, false
	}
	return v.t.src[e.off+1 : e.end-1 : e.end-1], e.meta&flagDecode != 0, true
}

// Bytes returns the decoded text of a string, nil for any other kind. It
// aliases the document when the text stands there as it is, and is otherwise
// appended to scratch[:0]. Lone surrogates and bytes that are not UTF-8 become
// U+FFFD, as in encoding/json.
func (v Value) Bytes(scratch []byte) []byte {
	raw, dec, ok := v.inner()
	if !ok {
		return nil
	}
	if !dec || plain(raw) {
		return raw
	}
	return decode(scratch[:0], raw)
}

// Text returns the decoded text of a string, "" for any other kind.
func (v Value) Text() string {
	raw, dec, _ := v.inner()
	if !dec {
		return string(raw)
	}
	return string(decode(nil, raw))
}

// EqualText reports whether v is a string whose decoded text is s. It does not
// allocate.
func (v Value) EqualText(s string) bool {
	raw, dec, ok := v.inner()
	if !ok {
		return false
	}
	if !dec {
		return string(raw) == s
	}
	return equalDecoded(raw, s)
}

// Number returns the text of a number as written; nil for any other kind.
func (v Value) Number() []byte {
	if v.Kind() != Number {
		return nil
	}
	return v.Raw()
}

// Int64 returns the value of a number written as an integer that fits.
func (v Value) Int64() (int64, bool) {
	b := v.Number()
	if len(b) == 0 {
		return 0, false
	}
	digits := bytes.TrimPrefix(b, []byte{'-'})
	if len(digits) <= 18 {
		var n int64
		for _, c := range digits {
			if c-'0' > 9 {
				return 0, false
			}
			n = n*10 + int64(c-'0')
		}
		if len(digits) < len(b) {
			n = -n
		}
		return n, true
	}
	n, err := strconv.ParseInt(viewString(b), 10, 64)
	return n, err == nil
}

// Float64 returns the nearest float64 of a number; false when v is not a
// number or its value is beyond the range.
func (v Value) Float64() (float64, bool) {
	b := v.Number()
	if b == nil {
		return 0, false
	}
	f, err := strconv.ParseFloat(viewString(b), 64)
	return f, err == nil
}

// Bool returns the value of true or false; ok is false for any other kind.
func (v Value) Bool() (val, ok bool) {
	k := v.Kind()
	return k == True, k == True || k == False
}

// At returns the value of the same tree whose first byte is at an offset of the
// document; the zero Value when none begins there.
func (v Value) At(offset int) Value {
	if v.t == nil {
		return Value{}
	}
	tape := v.t.tape
	i := sort.Search(len(tape), func(i int) bool { return int(tape[i].off) >= offset })
	if i == len(tape) || int(tape[i].off) != offset {
		return Value{}
	}
	return Value{v.t, int32(i)}
}
