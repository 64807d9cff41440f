package jsontree

import (
	"math"
)

// Kind says what a JSON value is. The zero Kind is Invalid: no value.
type Kind uint8

// The kinds of JSON values (RFC 8259 §3).
const (
	Invalid Kind = iota
	Null
	False
	True
	Number
	String
	Array
	Object
)

// String returns the lower-case name of the kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "invalid"
}

var kindNames = [...]string{"invalid", "null", "false", "true", "number", "string", "array", "object"}

// Limits that hold when an option is zero.
const (
	DefaultMaxDepth = 512
	maxBytes        = math.MaxInt32 - 64 // offsets are kept in 32 bits
)

// Options bounds what Parse accepts. Nil and zero fields mean the defaults.
type Options struct {
	MaxDepth int // levels of arrays and objects within each other; 0 = DefaultMaxDepth
	MaxBytes int // length of one document; 0 = 2 GiB less 65 bytes, which is also the most
}

func (o *Options) limits() (depth, size int) {
	depth, size = DefaultMaxDepth, maxBytes
	if o != nil && o.MaxDepth > 0 {
		depth = o.MaxDepth
	}
	if o != nil && o.MaxBytes > 0 && o.MaxBytes < size {
		size = o.MaxBytes
	}
	return depth, size
}

// entry is one value on the tape. Entries stand in document order, so the
// first child of entry i, if it has one, is entry i+1.
type entry struct {
	off  uint32 // first byte of the value
	end  uint32 // one past its last byte
	next uint32 // entry of the next sibling, 0 for the last; while open: the parent
	meta uint32 // bits 0-2 kind, 3-7 flags, 8-15 key length as written, 16-31 key tag
}

const (
	kindMask   = 7
	flagDecode = 1 << 3 // string with an escape or bytes beyond ASCII
	flagKey    = 1 << 4 // member of an object
	flagKeyDec = 1 << 5 // key with an escape or bytes beyond ASCII
	flagLarge  = 1 << 6 // object too large for the quick duplicate check
	flagChild  = 1 << 7 // array or object that is not empty
	keyLenBits = 8
	keyLenMax  = 255 // this length or more: the key's start is in Tree.long
	tagBits    = 16
)

// Tree is one parsed document: a tape of small entries over the caller's bytes.
// The zero Tree is ready. Parse reuses its memory, so a warm Tree allocates
// nothing. A Tree and its Values are not for concurrent use while parsing;
// reading from several goroutines is safe.
type Tree struct {
	src  []byte
	tape []entry
	seen []uint64  // per open level: which key tags occurred
	long []longKey // keys of keyLenMax bytes or more, in tape order
	dups []int
	ord  []uint32 // scratch of the duplicate check in large objects
	buf  []byte   // scratch for decoded keys

	at       cursor
	maxDepth int
	careful  bool // without quick, to compare
}

type longKey struct{ entry, off uint32 }

// Parse reads the one document in src; white space around it is allowed.
// The tree keeps src, so it must not change while the tree is used. An error
// is a *SyntaxError and leaves the tree empty.
func (t *Tree) Parse(src []byte, opts *Options) error {
	n, err := t.ParsePrefix(src, opts)
	if err != nil {
		return err
	}
	if n = skipSpace(src, n); n < len(src) {
		t.reset(nil)
		return &SyntaxError{Offset: n, Want: "end of input", Have: have(src, n)}
	}
	return nil
}

// ParsePrefix reads the value at the start of src, after white space, and
// returns the number of bytes up to its end. What follows is not looked at, but
// for a number, which ends at the first byte that cannot continue it.
func (t *Tree) ParsePrefix(src []byte, opts *Options) (n int, err error) {
	depth, size := opts.limits()
	t.reset(src)
	if len(src) > size {
		t.reset(nil)
		return 0, &SyntaxError{Offset: size, Want: "at most the allowed bytes", Have: "more", Err: ErrSize}
	}
	n, err = t.parse(depth)
	if err != nil {
		t.reset(nil)
		return 0, err
	}
	return n, nil
}

func (t *Tree) reset(src []byte) {
	t.src, t.tape = src, t.tape[:0]
	t.long, t.dups = t.long[:0], t.dups[:0]
}

// Root returns the document's value; the zero Value when nothing was parsed.
func (t *Tree) Root() Value {
	if t == nil || len(t.tape) == 0 {
		return Value{}
	}
	return Value{t: t}
}

// Duplicates returns the offsets of the keys, at their opening quote, that repeat an earlier key of the
// same object, in ascending order; nil when there is none. Keys are compared
// decoded. The slice is valid until the next Parse.
func (t *Tree) Duplicates() []int {
	if len(t.dups) == 0 {
		return nil
	}
	return t.dups
}
