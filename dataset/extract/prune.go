package extract

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// shapes holds what is compiled of the types of a table, each once: types may
// lead back to themselves. It is for one goroutine at a time.
type shapes struct {
	objects map[*dataset.Object]*objectShape
	types   map[*dataset.Type]*typeShape
	fields  map[*dataset.Field][]*sliceShape
	err     error
}

func newShapes() *shapes {
	return &shapes{objects: map[*dataset.Object]*objectShape{}, types: map[*dataset.Type]*typeShape{}, fields: map[*dataset.Field][]*sliceShape{}}
}

// objectShape is an object type by the names of its members.
type objectShape struct {
	*dataset.Object
	members  map[string]*member
	required []*dataset.Field // of no choice
	sliced   []*dataset.Field // of which elements must be there
}

// member is what an object type says of a member; of a companion, the primitive's
// name with an underscore, the field is nil.
type member struct {
	*dataset.Field
	choice int // number of the choice, -1 = none
}

type typeShape struct {
	check   *checker // of a scalar
	column  column   // to try the form of a scalar with
	fixed   jsontree.Value
	pattern jsontree.Value
	good    map[string]bool // texts that were found good: codes and addresses come again and again
}

// The bounds of the texts that are remembered.
const (
	maxGood     = 1000
	maxGoodText = 100
)

type sliceShape struct {
	*dataset.Slice
	*matcher
	elem  *dataset.Type // of an element, nil where the model has the type of its value alone
	value *dataset.Type // of that value
	least int
	most  int // -1 = any
}

func (s *shapes) object(o *dataset.Object) *objectShape {
	k := s.objects[o]
	if k != nil {
		return k
	}
	k = &objectShape{Object: o, members: map[string]*member{}}
	s.objects[o] = k
	chosen := map[string]int{}
	for i, c := range o.Choices {
		for _, name := range c.Fields {
			chosen[name] = i
		}
	}
	for _, f := range o.Fields {
		choice, in := chosen[f.Name]
		if !in {
			choice = -1
		}
		if k.members["_"+f.Name] == nil && o.FHIR {
			k.members["_"+f.Name] = &member{choice: choice}
		}
		k.members[f.Name] = &member{f, choice}
		if f.Required && !in {
			k.required = append(k.required, f)
		}
		for _, x := range s.slices(f) {
			if x.least > 0 {
				k.sliced = append(k.sliced, f)
				break
			}
		}
	}
	return k
}

func (s *shapes) typ(t *dataset.Type) *typeShape {
	k := s.types[t]
	if k == nil {
		k = &typeShape{fixed: parseLiteral(t.Const), pattern: parseLiteral(t.Pattern), good: map[string]bool{}}
		k.column.Type, k.column.scalar = *t, t
		k.column.Bits, k.column.strict = 64, true
		if t.Bits == 32 && !t.Unsigned {
			k.column.Bits = 32
		}
		if t.Kind == dataset.Date && !t.Partial {
			k.column.Kind = dataset.Date
		}
		check, err := newChecker(t)
		if err != nil && s.err == nil {
			s.err = err
		}
		k.check = check
		s.types[t] = k
	}
	return k
}

func (s *shapes) slices(f *dataset.Field) []*sliceShape {
	k, ok := s.fields[f]
	if ok {
		return k
	}
	for _, one := range f.Slices {
		if one.Field == nil {
			continue
		}
		x := &sliceShape{Slice: one, matcher: newMatcher(one.Match), elem: &one.Field.Type, most: 1}
		if one.Field.Required {
			x.least = 1
		}
		if x.elem.Kind == dataset.List && x.elem.Elem != nil {
			x.least, x.most = max(x.least, x.elem.MinItems), x.elem.MaxItems
			x.elem = x.elem.Elem
		}
		if one.Value != "" && (x.elem.Kind != dataset.ObjectKind || x.elem.Object == nil || x.elem.Object.Field(one.Value) == nil) {
			x.elem, x.value = nil, x.elem
		}
		k = append(k, x)
	}
	s.fields[f] = k
	return k
}

// pruner writes the JSON of records with the members alone that the model has, and
// notes what is wrong with them.
type pruner struct {
	*shapes
	tally *tally
	path  []byte // of the value at hand, in the words of the findings
	depth int
}

// maxNesting bounds how deep a value is followed; below it everything is as it was.
const maxNesting = 512

// wrong notes a finding at the path at hand.
func (p *pruner) wrong(s issue.Severity, code issue.Code, message string) {
	p.tally.wrong(s, code, string(p.path), message)
}

// into goes on to a member or element; call the result to come back.
func (p *pruner) into(step string) int {
	n := len(p.path)
	p.path = append(append(p.path, '.'), step...)
	return n
}

// write appends a value of a type to dst.
func (p *pruner) write(dst []byte, v jsontree.Value, t *dataset.Type) []byte {
	if p.depth++; p.depth > maxNesting {
		p.depth--
		return jsontree.Compact(dst, v.Raw())
	}
	defer func() { p.depth-- }()
	switch t.Kind {
	case dataset.ObjectKind:
		if t.Object == nil {
			break
		}
		p.whole(v, t)
		return p.object(dst, v, t.Object)
	case dataset.List:
		if t.Elem == nil {
			break
		}
		return p.array(dst, v, t, nil)
	case dataset.Map:
		if t.Elem == nil || v.Kind() != jsontree.Object {
			break
		}
		dst = append(dst, '{')
		for name, m := range v.Members() {
			dst = key(dst, name)
			n := p.into(name)
			dst = p.write(dst, m, t.Elem)
			p.path = p.path[:n]
		}
		return append(dst, '}')
	case dataset.Any, dataset.Union:
	default:
		p.scalar(v, t)
	}
	return jsontree.Compact(dst, v.Raw())
}

// whole holds a value that is no scalar against a fixed value or pattern.
func (p *pruner) whole(v jsontree.Value, t *dataset.Type) {
	if t.Const == "" && t.Pattern == "" {
		return
	}
	k := p.typ(t)
	if k.fixed.Kind() != jsontree.Invalid && !sameJSON(v, k.fixed) {
		p.wrong(issue.Error, CodeValue, "want the fixed value, have another")
	}
	if k.pattern.Kind() != jsontree.Invalid && !holdsPattern(v, k.pattern) {
		p.wrong(issue.Error, CodeValue, "want a value that holds the pattern, have another")
	}
}

// scalar checks a scalar.
func (p *pruner) scalar(v jsontree.Value, t *dataset.Type) {
	k := p.typ(t)
	x := jsonValue(v)
	var to stored
	if x.kind == raw || x.kind == null {
		p.wrong(issue.Error, CodeType, "want "+t.Kind.String()+", have "+v.Kind().String())
		return
	}
	if k.good[string(x.b)] && x.kind == text {
		return
	}
	if ok, _ := k.column.form(&x, &to); !ok {
		p.wrong(issue.Error, CodeType, "want "+t.Kind.String()+", have other "+kindWords[x.kind])
		return
	}
	if code, severity, message := k.check.check(&x); code != "" {
		p.wrong(severity, code, message)
	} else if x.kind == text && len(x.b) <= maxGoodText && len(k.good) < maxGood {
		k.good[string(x.b)] = true
	}
}

// jsonValue is a scalar of JSON as a value, anything else raw.
func jsonValue(v jsontree.Value) value {
	switch v.Kind() {
	case jsontree.String:
		return value{kind: text, b: v.Bytes(nil)}
	case jsontree.Number:
		return value{kind: number, b: v.Number()}
	case jsontree.True:
		return value{kind: truth, n: 1}
	case jsontree.False:
		return value{kind: truth}
	case jsontree.Null, jsontree.Invalid:
		return value{}
	}
	return value{kind: raw, b: v.Raw()}
}

func key(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(quote(dst, []byte(name)), ':')
}

// object appends an object with the members that the model has.
func (p *pruner) object(dst []byte, v jsontree.Value, o *dataset.Object) []byte {
	if v.Kind() != jsontree.Object {
		p.wrong(issue.Error, CodeType, "want an object, have "+v.Kind().String())
		return jsontree.Compact(dst, v.Raw())
	}
	k := p.shapes.object(o)
	dst = append(dst, '{')
	for m := v.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		name := m.KeyBytes()
		f := k.members[string(name)]
		switch {
		case f != nil && f.Field != nil:
			n, before := p.into(f.Name), len(dst)
			dst = p.field(memberKey(dst, name), m, f.Field)
			if f.SlicesOnly && bytes.HasSuffix(dst, []byte(":[]")) {
				dst = dst[:before] // all elements were left out
			}
			p.path = p.path[:n]
		case f != nil || o.ResourceType != "" && string(name) == "resourceType":
			dst = jsontree.Compact(memberKey(dst, name), m.Raw())
		case o.Extra != nil:
			n := p.into(string(name))
			dst = p.write(memberKey(dst, name), m, o.Extra)
			p.path = p.path[:n]
		default:
			p.unlisted(o, string(name))
		}
	}
	p.complete(v, k)
	return append(dst, '}')
}

// memberKey appends the name of a member.
func memberKey(dst, name []byte) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(quote(dst, name), ':')
}

// unlisted notes a member that is left out.
func (p *pruner) unlisted(o *dataset.Object, name string) {
	if o.Closed {
		p.tally.wrong(issue.Error, CodeUnlisted, string(p.path), "want the members of "+o.Name+" alone, have another")
		return
	}
	p.tally.skipped = append(p.tally.skipped, withoutIndexes(p.path)+"."+name)
}

// withoutIndexes returns a path without the places in lists.
func withoutIndexes(path []byte) string {
	out := make([]byte, 0, len(path))
	inside := false
	for _, c := range path {
		inside = inside || c == '['
		if !inside {
			out = append(out, c)
		}
		inside = inside && c != ']'
	}
	return string(out)
}

// complete checks that what must be there is. A companion stands for its primitive
// (FHIR R4 §2.6.2).
func (p *pruner) complete(v jsontree.Value, k *objectShape) {
	has := func(name string) bool {
		return v.Get(name).Kind() != jsontree.Invalid || k.FHIR && v.Get("_"+name).Kind() != jsontree.Invalid
	}
	for _, f := range k.required {
		if !has(f.Name) {
			n := p.into(f.Name)
			p.wrong(issue.Error, CodeRequired, "want a value, have none")
			p.path = p.path[:n]
		}
	}
	for _, f := range k.sliced {
		if v.Get(f.Name).Kind() == jsontree.Invalid {
			n := p.into(f.Name)
			p.sliceCounts(f, make([]int, len(p.slices(f))))
			p.path = p.path[:n]
		}
	}
	if len(k.Choices) > 0 {
		p.choices(v, k)
	}
}

// choices checks that of each choice there is at most one, and one where it is required.
func (p *pruner) choices(v jsontree.Value, k *objectShape) {
	var space [8]string
	first := space[:]
	if len(k.Choices) > len(space) {
		first = make([]string, len(k.Choices))
	}
	for m := v.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		f := k.members[string(m.KeyBytes())]
		if f == nil || f.choice < 0 {
			continue
		}
		name := strings.TrimPrefix(m.Key(), "_")
		if first[f.choice] == "" {
			first[f.choice] = name
		} else if first[f.choice] != name {
			n := p.into(k.Choices[f.choice].Name)
			p.wrong(issue.Error, CodeCount, "want a value of one type, have several")
			p.path = p.path[:n]
		}
	}
	for i, c := range k.Choices {
		if c.Required && first[i] == "" {
			n := p.into(c.Name)
			p.wrong(issue.Error, CodeRequired, "want a value, have none")
			p.path = p.path[:n]
		}
	}
}

// field appends the value of a field.
func (p *pruner) field(dst []byte, v jsontree.Value, f *dataset.Field) []byte {
	if v.Kind() == jsontree.Null {
		if !f.Nullable {
			p.wrong(issue.Error, CodeType, "want a value, have null")
		}
		return append(dst, "null"...)
	}
	if f.Type.Kind == dataset.List && f.Type.Elem != nil {
		return p.array(dst, v, &f.Type, f)
	}
	return p.write(dst, v, &f.Type)
}

// array appends a list; f is its field, nil for a list in a list.
func (p *pruner) array(dst []byte, v jsontree.Value, t *dataset.Type, f *dataset.Field) []byte {
	if v.Kind() != jsontree.Array {
		p.wrong(issue.Error, CodeType, "want an array, have "+v.Kind().String())
		return jsontree.Compact(dst, v.Raw())
	}
	p.whole(v, t)
	p.items(v, t)
	var known []*sliceShape
	var counts []int
	if f != nil && len(f.Slices) > 0 {
		known = p.slices(f)
		counts = make([]int, len(known))
	}
	dst = append(dst, '[')
	for i, e := range v.All() {
		if f != nil && f.SlicesOnly && sliceOf(known, e) < 0 {
			continue
		}
		if dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		n := len(p.path)
		p.path = fmt.Appendf(p.path, "[%d]", i)
		dst = p.element(dst, e, t, f, known, counts)
		p.path = p.path[:n]
	}
	if known != nil {
		p.sliceCounts(f, counts)
	}
	return append(dst, ']')
}

func (p *pruner) items(v jsontree.Value, t *dataset.Type) {
	if t.MinItems == 0 && t.MaxItems < 0 {
		return
	}
	if n := v.Len(); n < t.MinItems || t.MaxItems >= 0 && n > t.MaxItems {
		p.wrong(issue.Error, CodeCount, fmt.Sprintf("want %s values, have %d", lengths(t.MinItems, t.MaxItems), n))
	}
}

// element appends an element of a list, of a slice where it is in one.
func (p *pruner) element(dst []byte, e jsontree.Value, t *dataset.Type, f *dataset.Field, known []*sliceShape, counts []int) []byte {
	if e.Kind() == jsontree.Null { // a gap in a list of primitives
		return append(dst, "null"...)
	}
	if i := sliceOf(known, e); i >= 0 {
		counts[i]++
		if known[i].elem != nil {
			return p.write(dst, e, known[i].elem)
		}
		return p.valued(dst, e, known[i], f.SlicesOnly)
	}
	if f != nil && f.SlicesClosed {
		p.wrong(issue.Error, CodeSlice, "want an element of a slice, have one of none")
	}
	return p.write(dst, e, t.Elem)
}

// valued appends an element of a slice that is known by its value: what its matches
// fix, the value and, unless the profile lists slices alone, what else it has.
func (p *pruner) valued(dst []byte, e jsontree.Value, s *sliceShape, bare bool) []byte {
	dst = append(dst, '{')
	for m := e.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		name := m.Key()
		fixes := func(m dataset.Match) bool { return len(m.Path) == 1 && m.Path[0] == name }
		switch {
		case name == s.Value && s.value != nil:
			n := p.into(name)
			dst = p.write(memberKey(dst, m.KeyBytes()), m, s.value)
			p.path = p.path[:n]
		case !bare || name == s.Value || slices.ContainsFunc(s.Match, fixes):
			dst = jsontree.Compact(memberKey(dst, m.KeyBytes()), m.Raw())
		}
	}
	return append(dst, '}')
}

// sliceOf returns the number of the slice of an element, -1 if it is in none.
func sliceOf(known []*sliceShape, e jsontree.Value) int {
	for i, s := range known {
		if s.matches(e) {
			return i
		}
	}
	return -1
}

func (p *pruner) sliceCounts(f *dataset.Field, counts []int) {
	for i, s := range p.slices(f) {
		if n := counts[i]; n < s.least || s.most >= 0 && n > s.most {
			p.wrong(issue.Error, CodeSlice, fmt.Sprintf("want %s elements of the slice %s, have %d", lengths(s.least, s.most), s.Name, n))
		}
	}
}
