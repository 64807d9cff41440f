package yamldoc

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// Kind is what a value is, as in JSON.
type Kind uint8

// The kinds.
const (
	Null Kind = iota
	Bool
	Number
	Text
	List
	Map
)

var kindNames = [...]string{"null", "boolean", "number", "text", "list", "map"}

// String returns the name of the kind for messages.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind?"
}

// Node is a value of a document with its place. Nodes must not be changed; where
// the document has an alias, several places share one.
type Node struct {
	Kind Kind
	// Text is that of a scalar; of a Number as JSON would have it, with the digits
	// that were written.
	Text    string
	Members []Member // of a Map, in order
	Items   []*Node  // of a List
	// Line and Column count from 1, the column in bytes.
	Line, Column int
}

// Member is a key with its value.
type Member struct {
	Name         string
	Line, Column int // of the key
	Value        *Node
}

// Options bound what Parse accepts. Nil and zero fields mean the defaults.
type Options struct {
	MaxBytes int // 8 MiB
	MaxDepth int // 100
	MaxNodes int // 1,000,000, each alias counted as what it stands for
}

// Error says where a document is wrong. It holds no part of it but names of keys.
type Error struct {
	Line, Column int
	Message      string

	grammar bool // it is no JSON, but may be YAML
}

// Error returns the message with its place.
func (e *Error) Error() string { return fmt.Sprintf("[%d:%d] %s", e.Line, e.Column, e.Message) }

// Get returns the value of a key, nil where there is none.
func (n *Node) Get(name string) *Node {
	if m := n.Member(name); m != nil {
		return m.Value
	}
	return nil
}

// Member returns the member of that name, nil where there is none.
func (n *Node) Member(name string) *Member {
	if n == nil {
		return nil
	}
	for i := range n.Members {
		if n.Members[i].Name == name {
			return &n.Members[i]
		}
	}
	return nil
}

// At returns the value at a JSON pointer (RFC 6901), nil where there is none.
func (n *Node) At(pointer string) *Node {
	if pointer == "" || n == nil {
		return n
	}
	for _, step := range strings.Split(pointer[1:], "/") {
		step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
		switch n.Kind {
		case Map:
			n = n.Get(step)
		case List:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(n.Items) {
				return nil
			}
			n = n.Items[i]
		default:
			return nil
		}
		if n == nil {
			return nil
		}
	}
	return n
}

// Parse reads a document in YAML 1.2 or JSON. Numbers keep their digits; keys
// must be scalars and must not repeat; aliases and merge keys are resolved. The
// error is an *Error.
func Parse(src []byte, opts *Options) (*Node, error) {
	o := Options{MaxBytes: MaxBytes, MaxDepth: 100, MaxNodes: 1_000_000}
	if opts != nil {
		o.MaxBytes = max(opts.MaxBytes, 0)
		if o.MaxBytes == 0 {
			o.MaxBytes = MaxBytes
		}
		if opts.MaxDepth > 0 {
			o.MaxDepth = opts.MaxDepth
		}
		if opts.MaxNodes > 0 {
			o.MaxNodes = opts.MaxNodes
		}
	}
	if len(src) > o.MaxBytes {
		return nil, &Error{Line: 1, Column: 1, Message: fmt.Sprintf("want at most %d bytes, have %d", o.MaxBytes, len(src))}
	}
	mark := []byte("\xef\xbb\xbf")
	marked := bytes.HasPrefix(src, mark)
	src = bytes.TrimPrefix(src, mark)
	if !utf8.Valid(src) {
		line, column := jsontree.Position(src, firstInvalid(src))
		return nil, &Error{Line: line, Column: column, Message: "want UTF-8, have other bytes"}
	}
	n, err := parse(src, &o)
	if marked {
		shift(err)
	}
	return n, err
}

// shift accounts for a byte order mark in an error on the first line.
func shift(err error) {
	if e, ok := err.(*Error); ok && e.Line == 1 {
		e.Column += 3
	}
}

func parse(src []byte, o *Options) (*Node, error) {
	if t := bytes.TrimSpace(src); len(t) > 0 && (t[0] == '{' || t[0] == '[') {
		n, err := parseJSON(src, o)
		if err == nil || !isSyntax(err) {
			return n, err
		}
		// What is no JSON may still be YAML in its flow style. Where it is neither,
		// JSON's complaint is the better one if keys are quoted.
		n, yamlErr := parseYAML(src, o)
		if yamlErr != nil && len(bytes.TrimSpace(t[1:])) > 0 && bytes.TrimSpace(t[1:])[0] == '"' {
			return nil, err
		}
		return n, yamlErr
	}
	return parseYAML(src, o)
}

func firstInvalid(src []byte) int {
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(src)
}

// JSON appends the value as JSON in compact form, keys in their order.
func (n *Node) JSON(dst []byte) []byte {
	switch n.Kind {
	case Null:
		return append(dst, "null"...)
	case Bool, Number:
		return append(dst, n.Text...)
	case Text:
		return appendString(dst, n.Text)
	case List:
		dst = append(dst, '[')
		for i, item := range n.Items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.JSON(dst)
		}
		return append(dst, ']')
	}
	dst = append(dst, '{')
	for i, m := range n.Members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, m.Name), ':')
		dst = m.Value.JSON(dst)
	}
	return append(dst, '}')
}

func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			dst = fmt.Appendf(dst, "\\u%04x", c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
