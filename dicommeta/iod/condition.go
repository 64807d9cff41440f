package iod

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// Condition is a condition under which something is required. Its terms are taken one
// after the other, from false and without precedence: "false or A, and B".
type Condition struct {
	Name  string
	Terms []Term
}

// Term is one step of a Condition: a test, or terms in brackets.
type Term struct {
	And   bool // else or
	Not   bool
	Group []Term // in brackets; then nothing below counts
	Test  Test
	// Tag is the attribute that is tested, Mask its bits that count.
	Tag, Mask dict.Tag
	Index     int      // of the value, counted from 0; -1 = any
	Within    dict.Tag // the sequence of tests that look into one
	Text      string   // what the value is compared with
	Compare   string   // ==, !=, <, <=, > or >=, with Number
	Number    float64
}

// Test is what a Term asks.
type Test byte

// The tests. "Here" is the data set or item that holds the attribute in question.
const (
	True            Test = 'T'
	Present         Test = 'p' // the attribute is here
	PresentAbove    Test = 'a' // in the data set around this item
	PresentInRoot   Test = 'r' // in the whole data set
	PresentWithin   Test = 'w' // in an item of the sequence Within, which is here
	EqualWithin     Test = 'W' // the same, with this text
	PresentInItems  Test = 'i' // in an item of the root's sequence Within
	PresentInFirst  Test = 'f' // in the first item of the root's sequence Within
	PresentGroup    Test = 'g' // anything of the tag's group is here
	HasValue        Test = 'v' // the attribute is here with a value
	Equal           Test = 's' // a value is Text
	EqualAbove      Test = 'A'
	EqualInRoot     Test = 'R'
	Compares        Test = 'b' // a number compares so
	ComparesInRoot  Test = 'B'
	HasTag          Test = 't' // a value is the tag Number
	HasItems        Test = 'h' // the sequence is here with items
	HasOneItem      Test = '1'
	HasTwoItems     Test = '2'
	HasManyItems    Test = 'm' // more than one
	HasItemsInItems Test = 'I' // the sequence has items in an item of the root's sequence Within
	HasItemsInFirst Test = 'F'
)

// String returns the condition in a compact form, for documentation.
func (c *Condition) String() string {
	if c == nil {
		return "always"
	}
	var b strings.Builder
	writeTerms(&b, c.Terms)
	return b.String()
}

func writeTerms(b *strings.Builder, terms []Term) {
	if len(terms) == 0 {
		b.WriteString("never")
	}
	for i, t := range terms {
		if i > 0 {
			b.WriteString(map[bool]string{true: " and ", false: " or "}[t.And])
		}
		if t.Not {
			b.WriteString("not ")
		}
		if t.Group != nil {
			b.WriteByte('(')
			writeTerms(b, t.Group)
			b.WriteByte(')')
			continue
		}
		t.write(b)
	}
}

func (t *Term) write(b *strings.Builder) {
	if t.Test == True {
		b.WriteString("always")
		return
	}
	if t.Within != 0 {
		b.WriteString(label(t.Within) + ".")
	}
	b.WriteString(label(t.Tag))
	if t.Index >= 0 {
		fmt.Fprintf(b, "[%d]", t.Index+1)
	}
	switch t.Test {
	case PresentAbove, EqualAbove:
		b.WriteString(" above")
	case PresentInRoot, EqualInRoot, ComparesInRoot, PresentInItems, PresentInFirst, HasItemsInItems, HasItemsInFirst:
		b.WriteString(" of the root")
	}
	switch t.Test {
	case Equal, EqualAbove, EqualInRoot, EqualWithin:
		fmt.Fprintf(b, " = %q", t.Text)
	case Compares, ComparesInRoot:
		b.WriteString(" " + t.Compare + " " + strconv.FormatFloat(t.Number, 'g', -1, 64))
	case HasTag:
		fmt.Fprintf(b, " = %v", dict.Tag(t.Number))
	case HasValue:
		b.WriteString(" has a value")
	case HasItems, HasItemsInItems, HasItemsInFirst:
		b.WriteString(" has items")
	case HasOneItem:
		b.WriteString(" has one item")
	case HasTwoItems:
		b.WriteString(" has two items")
	case HasManyItems:
		b.WriteString(" has several items")
	case PresentGroup:
		b.WriteString(" group is present")
	default:
		b.WriteString(" is present")
	}
}

func label(t dict.Tag) string {
	if k := t.Keyword(); k != "" {
		return k
	}
	return t.String()
}
