package yamldoc

import (
	"errors"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

func parseYAML(src []byte, o *Options) (n *Node, err error) {
	b := &yamlBuilder{src: string(src), ascii: isASCII(src), lines: newLines(src), max: *o, anchors: map[string]anchored{}}
	defer func() {
		if r := recover(); r != nil {
			n, err = nil, &Error{Line: 1, Column: 1, Message: "the YAML reader gave up on this document"}
		}
	}()
	tokens := lexer.Tokenize(b.src)
	if err := b.checkDepth(tokens); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, b.syntax(err)
	}
	var body ast.Node
	for _, d := range file.Docs {
		if d.Body == nil {
			continue
		}
		if _, ok := d.Body.(*ast.DirectiveNode); ok {
			continue
		}
		if body != nil {
			return nil, b.fail(d.Body.GetToken(), "want one document, have more")
		}
		body = d.Body
	}
	if body == nil {
		return &Node{Line: 1, Column: 1}, nil
	}
	if n, _, err = b.node(body, 1); err != nil {
		return nil, err
	}
	return n, nil
}

// maxKeys bounds the keys of one map in YAML: the library's time grows with their
// square.
const maxKeys = 20_000

// checkDepth bounds what the parser will do before it is let loose: brackets
// within each other, marks on one line that nest without any, keys of one map.
func (b *yamlBuilder) checkDepth(tokens token.Tokens) error {
	brackets, marks := 0, 0
	keys := map[int]int{} // by column, of the maps that are open
	var last *token.Token
	for _, t := range tokens {
		if last != nil && t.Position.Line != last.Position.Line {
			marks = 0
		}
		last = t
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets--
			marks = 0
		case token.CollectEntryType:
			marks = 0
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType, token.TagType, token.AnchorType:
			marks++
		}
		if t.Type == token.MappingValueType && brackets == 0 && t.Prev != nil {
			column := t.Prev.Position.Column
			for c := range keys {
				if c > column {
					delete(keys, c)
				}
			}
			if keys[column]++; keys[column] > maxKeys {
				return b.fail(t, "want at most "+strconv.Itoa(maxKeys)+" keys in one map, have more")
			}
		}
		if brackets > b.max.MaxDepth || marks > b.max.MaxDepth {
			return b.fail(t, "nested too deeply")
		}
	}
	return nil
}

type anchored struct {
	node *Node
	size int // nodes in it, aliases counted as what they stand for
	high int // levels
}

type yamlBuilder struct {
	src     string
	ascii   bool
	lines   lines
	max     Options
	anchors map[string]anchored
	nodes   int
}

// place returns where a token is; the library counts columns in characters.
func (b *yamlBuilder) place(t *token.Token) (line, column int) {
	if t == nil || t.Position == nil {
		return 1, 1
	}
	line, column = t.Position.Line, max(t.Position.Column, 1)
	if line < 1 || line > len(b.lines) {
		return max(line, 1), column
	}
	if b.ascii {
		return line, column
	}
	text := b.src[b.lines[line-1]:]
	bytes := 0
	for i := 1; i < column && bytes < len(text) && text[bytes] != '\n'; i++ {
		_, n := utf8.DecodeRuneInString(text[bytes:])
		bytes += n
	}
	return line, bytes + 1
}

func isASCII(src []byte) bool {
	for _, c := range src {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (b *yamlBuilder) fail(t *token.Token, message string) error {
	line, column := b.place(t)
	return &Error{Line: line, Column: column, Message: message}
}

func (b *yamlBuilder) syntax(err error) error {
	var e yaml.Error
	if errors.As(err, &e) {
		message, _, _ := strings.Cut(e.GetMessage(), "\n")
		return b.fail(e.GetToken(), "want YAML: "+message)
	}
	return &Error{Line: 1, Column: 1, Message: "want YAML"}
}

// node builds the tree of a node and returns how many levels it has. Each node
// that is made, or that an alias stands for, counts.
func (b *yamlBuilder) node(a ast.Node, depth int) (*Node, int, error) {
	t := a.GetToken()
	if depth > b.max.MaxDepth {
		return nil, 0, b.fail(t, "nested too deeply")
	}
	switch a := a.(type) {
	case *ast.AnchorNode:
		return b.anchor(a, depth)
	case *ast.AliasNode:
		return b.alias(a, depth)
	case *ast.TagNode:
		return b.tagged(a, depth)
	case *ast.MappingKeyNode:
		return b.node(a.Value, depth)
	}
	if err := b.count(t, 1); err != nil {
		return nil, 0, err
	}
	n := &Node{}
	n.Line, n.Column = b.place(t)
	switch a := a.(type) {
	case *ast.MappingNode:
		n.Line, n.Column = b.place(mappingStart(a))
		high, err := b.members(n, a.Values, depth)
		return n, high, err
	case *ast.MappingValueNode:
		n.Line, n.Column = b.place(a.Key.GetToken())
		high, err := b.members(n, []*ast.MappingValueNode{a}, depth)
		return n, high, err
	case *ast.SequenceNode:
		n.Kind = List
		high := 0
		for _, item := range a.Values {
			child, h, err := b.node(item, depth+1)
			if err != nil {
				return nil, 0, err
			}
			high = max(high, h)
			n.Items = append(n.Items, child)
		}
		return n, high + 1, nil
	}
	return n, 1, b.scalar(n, a)
}

// mappingStart returns the token at which a map begins: its brace or first key.
func mappingStart(a *ast.MappingNode) *token.Token {
	if !a.IsFlowStyle && len(a.Values) > 0 {
		return a.Values[0].Key.GetToken()
	}
	return a.Start
}

func (b *yamlBuilder) count(t *token.Token, n int) error {
	if b.nodes += n; b.nodes > b.max.MaxNodes {
		return b.fail(t, "want fewer values")
	}
	return nil
}

func (b *yamlBuilder) anchor(a *ast.AnchorNode, depth int) (*Node, int, error) {
	before := b.nodes
	n, high, err := b.node(a.Value, depth)
	if err == nil {
		b.anchors[a.Name.GetToken().Value] = anchored{n, b.nodes - before, high}
	}
	return n, high, err
}

func (b *yamlBuilder) alias(a *ast.AliasNode, depth int) (*Node, int, error) {
	t := a.Value.GetToken()
	found, ok := b.anchors[t.Value]
	if !ok {
		return nil, 0, b.fail(t, "want the name of an anchor further up, have "+strconv.Quote(t.Value))
	}
	if depth+found.high-1 > b.max.MaxDepth {
		return nil, 0, b.fail(t, "nested too deeply")
	}
	return found.node, found.high, b.count(t, found.size)
}

func (b *yamlBuilder) tagged(a *ast.TagNode, depth int) (*Node, int, error) {
	if a.Value == nil {
		return nil, 0, b.fail(a.Start, "want a value after the tag")
	}
	n, high, err := b.node(a.Value, depth)
	if err != nil {
		return nil, 0, err
	}
	switch a.Start.Value {
	case "!!str", "!":
		if n.Kind > Text {
			return nil, 0, b.fail(a.Start, "want text after !!str")
		}
		text := *n
		text.Kind = Text
		if v := a.Value.GetToken(); v != nil && n.Kind != Text {
			text.Text = v.Value
		}
		return &text, high, nil
	case "!!map", "!!seq", "!!int", "!!float", "!!bool", "!!null":
		return n, high, nil
	}
	return nil, 0, b.fail(a.Start, "want no tag but those of YAML's core schema")
}

func (b *yamlBuilder) members(n *Node, values []*ast.MappingValueNode, depth int) (int, error) {
	n.Kind = Map
	high := 0
	names := map[string]bool{}
	var merged []*Node
	for _, v := range values {
		t := v.Key.GetToken()
		if v.Key.IsMergeKey() {
			from, h, err := b.node(v.Value, depth+1)
			if err != nil {
				return 0, err
			}
			high = max(high, h)
			if merged, err = b.merge(merged, from, t); err != nil {
				return 0, err
			}
			continue
		}
		key, _, err := b.node(ast.Node(v.Key), depth+1)
		if err != nil {
			return 0, err
		}
		if key.Kind > Text {
			return 0, b.fail(t, "want a scalar as key, have a "+key.Kind.String())
		}
		name := key.Text
		if key.Kind != Text {
			name = t.Value
		}
		if names[name] {
			return 0, b.fail(t, "want each key once, have "+strconv.Quote(name)+" again")
		}
		names[name] = true
		value, h, err := b.node(v.Value, depth+1)
		if err != nil {
			return 0, err
		}
		high = max(high, h)
		m := Member{Name: name, Value: value}
		m.Line, m.Column = b.place(t)
		n.Members = append(n.Members, m)
	}
	for _, from := range merged {
		for _, m := range from.Members {
			if !names[m.Name] {
				names[m.Name] = true
				n.Members = append(n.Members, m)
			}
		}
	}
	return high + 1, nil
}

// merge adds what a merge key (<<) names: a map, or a list of them.
func (b *yamlBuilder) merge(merged []*Node, from *Node, t *token.Token) ([]*Node, error) {
	maps := []*Node{from}
	if from.Kind == List {
		maps = from.Items
	}
	for _, m := range maps {
		if m.Kind != Map {
			return nil, b.fail(t, "want a map, or a list of maps, after <<")
		}
		merged = append(merged, m)
	}
	return merged, nil
}

var (
	integer = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[-+]?[0-9]+$`) })
	radix   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^0o[0-7]+$|^0x[0-9a-fA-F]+$`) })
	decimal = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^([-+]?)(\.[0-9]+|[0-9]+(?:\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	})
)

// scalar fills a node by the core schema of YAML 1.2 (§10.3.2).
func (b *yamlBuilder) scalar(n *Node, a ast.Node) error {
	t := a.GetToken()
	n.Text = t.Value
	switch a := a.(type) {
	case *ast.NullNode:
		n.Text = ""
	case *ast.BoolNode:
		n.Kind, n.Text = Bool, strings.ToLower(t.Value)
	case *ast.LiteralNode:
		n.Kind, n.Text = Text, a.Value.Value
	case *ast.StringNode:
		n.Kind, n.Text = Text, a.Value
		if t.Type == token.StringType {
			return b.number(n, t)
		}
	case *ast.IntegerNode, *ast.FloatNode:
		n.Kind = Text
		return b.number(n, t)
	case *ast.InfinityNode, *ast.NanNode:
		return b.fail(t, "want a finite number")
	case *ast.MergeKeyNode:
		n.Kind = Text
	default:
		return b.fail(t, "want a value")
	}
	return nil
}

// number makes a Number of a plain scalar that is one; JSON has no leading zeros,
// plus signs, bare points and radixes.
func (b *yamlBuilder) number(n *Node, t *token.Token) error {
	const longest = 1000 // characters of a number
	text := n.Text
	switch {
	case len(text) == 0 || text[0] > '9' || !decimal().MatchString(text) && !radix().MatchString(text):
		return nil
	case len(text) > longest:
		return b.fail(t, "want a number of at most "+strconv.Itoa(longest)+" characters")
	case radix().MatchString(text):
		i, ok := new(big.Int).SetString(text, 0)
		if !ok {
			return nil
		}
		text = i.String()
	case integer().MatchString(text):
		sign := strings.HasPrefix(text, "-")
		text = strings.TrimLeft(strings.TrimLeft(text, "+-"), "0")
		if text == "" {
			text = "0"
		}
		if sign {
			text = "-" + text
		}
	default:
		text = plainDecimal(decimal().FindStringSubmatch(text))
	}
	n.Kind, n.Text = Number, text
	return nil
}

func plainDecimal(parts []string) string {
	whole, fraction, _ := strings.Cut(parts[2], ".")
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	text := whole
	if fraction != "" {
		text += "." + fraction
	}
	if parts[1] == "-" {
		text = "-" + text
	}
	return text + parts[3]
}
