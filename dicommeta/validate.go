package dicommeta

import (
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/dicommeta/iod"
	"github.com/carabiner-health/carabiner/issue"
)

// ValidateOptions are the options of a Validator; nil and zero fields mean the defaults.
type ValidateOptions struct {
	// AtLeast is the mildest severity that is reported; 0 = all.
	AtLeast issue.Severity
	// Only reports findings of these codes alone; nil = all.
	Only []issue.Code
	// Except leaves findings of these codes out.
	Except []issue.Code
	// Profile validates against a profile, such as IHEMammo, where one of that name
	// exists for the SOP class. "" = the standard alone.
	Profile string
	// PerCode bounds the findings of one code that an instance is given; what is beyond
	// is counted in one finding more. 0 = 100; -1 = no bound.
	PerCode int
}

// Validator checks instances by the standard's rules for their SOP class. It is
// immutable and safe for concurrent use.
type Validator struct {
	atLeast issue.Severity
	skip    map[issue.Code]bool
	only    map[issue.Code]bool
	profile string
	perCode int
	memory  *sync.Pool // of *validation
}

// NewValidator returns a Validator. The error names an option that cannot be met.
func NewValidator(opts *ValidateOptions) (*Validator, error) {
	var o ValidateOptions
	if opts != nil {
		o = *opts
	}
	if o.AtLeast > issue.Fatal {
		return nil, fmt.Errorf("dicommeta: validate: want a severity in AtLeast")
	}
	if o.PerCode < -1 {
		return nil, fmt.Errorf("dicommeta: validate: want a positive number, 0 or -1 in PerCode")
	}
	v := &Validator{atLeast: o.AtLeast, profile: o.Profile, perCode: o.PerCode,
		memory: &sync.Pool{New: func() any { return new(validation) }}}
	if v.perCode == 0 {
		v.perCode = 100
	}
	if o.Profile != "" && !slices.ContainsFunc(iod.All(""), func(x *iod.Object) bool { return x.Profile == o.Profile }) {
		return nil, fmt.Errorf("dicommeta: validate: want a known profile")
	}
	if o.Only != nil {
		v.only = codeSet(o.Only)
	}
	v.skip = codeSet(o.Except)
	return v, nil
}

func codeSet(codes []issue.Code) map[issue.Code]bool {
	m := make(map[issue.Code]bool, len(codes))
	for _, c := range codes {
		m[c] = true
	}
	return m
}

// Validate returns what is wrong with x, or worth knowing, in the order of the rules:
// those of every data set first, then those of the object's modules. It does not
// change x and keeps nothing of it. Findings of reading are in x.Issues, not here.
//
// An Error breaks a rule of the standard. A Warning is likely wrong, or leads to trouble;
// Information is allowed but worth knowing. Real files seldom validate without errors.
//
// Of an instance that is partial or was read up to a tag, nothing is said about attributes
// behind that.
func (v *Validator) Validate(x *Instance) issue.List {
	c := v.memory.Get().(*validation)
	defer v.memory.Put(c)
	c.start(v, x)
	defer c.stop()
	c.everyElement()
	c.metaInformation()
	if o := v.object(c); o != nil {
		c.study = slices.ContainsFunc(o.Modules, func(u iod.Use) bool { return u.Entity == "Study" })
		c.object(o)
		c.beyondTables()
		if !o.Partial {
			c.notInObject()
		}
	} else {
		c.report(issue.Error, CodeUnknownSOPClass, 0, dict.SOPClassUID, nil, "want a SOP class with known rules, have another")
	}
	c.countMore()
	return c.found
}

// object returns the definition to validate against.
func (v *Validator) object(c *validation) *iod.Object {
	uid := c.x.SOPClassUID()
	if uid == "" && c.x.Has(dict.DirectoryRecordSequence) {
		uid = "1.2.840.10008.1.3.10"
	}
	if v.profile != "" {
		for _, o := range iod.All(uid) {
			if o.Profile == v.profile {
				return o
			}
		}
	}
	return iod.Find(uid)
}

// A validation is one run over one instance. Its memory is used again.
type validation struct {
	v        *Validator
	x        *Instance
	found    issue.List
	counts   map[issue.Code]int
	seen     map[findingKey]struct{}
	known    map[*iod.Term]bool // what tests of the whole instance say
	levels   []level
	used     []bool  // of all elements of all levels
	kids     []int32 // of all elements of all levels: the level of the first item
	root     int32
	meta     int32
	module   *iod.Module // of the rule at hand
	depth    int         // of includes
	study    bool        // whether the object belongs to a study
	end      dict.Tag    // nothing is known of tags from here on
	beyond   Element     // the pixel data, unread
	problems []valueProblem
}

type findingKey struct {
	code  issue.Code
	level int32
	tag   dict.Tag
}

// A level is a data set or item with its place in the instance.
type level struct {
	d      *Dataset
	parent int32
	tag    dict.Tag // of the sequence that it is an item of
	item   int32    // from 1
	base   int32    // of its elements in used and kids
	sorted bool
	order  []int32 // if not sorted: the elements' numbers by tag, those of one tag in their order
	// free is whether the item, below a private sequence or in one that holds attributes
	// of other instances, may have any attributes.
	free bool
}

// What is deeper, or more than so many items, is not looked at: the reader refuses it.
const (
	maxValidateDepth = 256
	maxValidateItems = 2_000_000
)

func (c *validation) start(v *Validator, x *Instance) {
	c.v, c.x = v, x
	if c.counts == nil {
		c.counts, c.seen, c.known = map[issue.Code]int{}, map[findingKey]struct{}{}, map[*iod.Term]bool{}
	}
	c.found, c.module, c.depth = nil, nil, 0
	c.beyond = Element{}
	c.end = dict.NewTag(0xffff, 0xffff)
	switch {
	case x.Stop.Tag != 0:
		c.end = x.Stop.Tag
		if x.Stop.Tag.Group() == 0x7fe0 {
			c.beyond = x.Stop
			c.end++
		}
	case x.Partial && len(x.Elements) > 0:
		c.end = x.Elements[len(x.Elements)-1].Tag
	}
	c.meta = c.open(&x.Meta, -1, 0, 0)
	c.root = c.open(&x.Dataset, -1, 0, 0)
	for i := 0; i < len(c.levels); i++ {
		c.openItems(int32(i))
	}
}

// stop lets go of the instance and of its findings.
func (c *validation) stop() {
	clear(c.levels)
	clear(c.counts)
	clear(c.seen)
	clear(c.known)
	c.levels, c.used, c.kids = c.levels[:0], c.used[:0], c.kids[:0]
	c.v, c.x, c.found, c.beyond = nil, nil, nil, Element{}
}

// open adds the level of d.
func (c *validation) open(d *Dataset, parent int32, tag dict.Tag, item int32) int32 {
	l := level{d: d, parent: parent, tag: tag, item: item, base: int32(len(c.used)), sorted: true}
	l.free = tag.IsPrivate() || parent >= 0 && c.levels[parent].free
	switch tag {
	case dict.UnassignedSharedConvertedAttributesSequence, dict.UnassignedPerFrameConvertedAttributesSequence, dict.ModifiedAttributesSequence:
		l.free = true
	}
	for i := range d.Elements {
		if i > 0 && d.Elements[i].Tag <= d.Elements[i-1].Tag {
			l.sorted = false
		}
	}
	if !l.sorted {
		l.order = make([]int32, len(d.Elements))
		for i := range l.order {
			l.order[i] = int32(i)
		}
		slices.SortStableFunc(l.order, func(a, b int32) int { return compareTags(d.Elements[a].Tag, d.Elements[b].Tag) })
	}
	n := len(d.Elements)
	c.used = append(c.used, make([]bool, n)...)
	c.kids = append(c.kids, make([]int32, n)...)
	c.levels = append(c.levels, l)
	return int32(len(c.levels) - 1)
}

// openItems adds the levels of all items in a level, those of one sequence side by side.
func (c *validation) openItems(at int32) {
	l := c.levels[at]
	deep := 0
	for p := at; p >= 0; p = c.levels[p].parent {
		deep++
	}
	for i := range l.d.Elements {
		e := &l.d.Elements[i]
		c.kids[int(l.base)+i] = -1
		if len(e.Items) == 0 || deep > maxValidateDepth || len(c.levels)+len(e.Items) > maxValidateItems {
			continue
		}
		c.kids[int(l.base)+i] = int32(len(c.levels))
		for j := range e.Items {
			c.open(&e.Items[j], at, e.Tag, int32(j+1))
		}
	}
}

// find returns an element of a level and its number there; nil if there is none.
func (c *validation) find(at int32, t dict.Tag) (*Element, int) {
	if at == c.root {
		if t.Group() == 2 {
			at = c.meta
		} else if t == c.beyond.Tag && t != 0 {
			return &c.beyond, -1
		}
	}
	l := &c.levels[at]
	all := l.d.Elements
	if !l.sorted {
		i, _ := slices.BinarySearchFunc(l.order, t, func(i int32, t dict.Tag) int { // behind the last of the tag
			if all[i].Tag <= t {
				return -1
			}
			return 1
		})
		if i == 0 || all[l.order[i-1]].Tag != t {
			return nil, -1
		}
		i = int(l.order[i-1])
		return &all[i], i
	}
	low, high := 0, len(all)
	for low < high {
		mid := int(uint(low+high) >> 1)
		if all[mid].Tag < t {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low < len(all) && all[low].Tag == t {
		return &all[low], low
	}
	return nil, -1
}

// has returns the element of a tag at a level, nil if there is none.
func (c *validation) has(at int32, t dict.Tag) *Element {
	e, _ := c.find(at, t)
	return e
}

// items returns the first level and the number of the items of a sequence.
func (c *validation) items(at int32, t dict.Tag) (first int32, n int) {
	e, i := c.find(at, t)
	if e == nil || i < 0 || len(e.Items) == 0 {
		return 0, 0
	}
	if at == c.root && t.Group() == 2 {
		at = c.meta
	}
	if first = c.kids[int(c.levels[at].base)+i]; first < 0 {
		return 0, 0
	}
	return first, len(e.Items)
}

// report adds a finding about the tag at a level, once for each code. The attribute's
// keyword is put before the message; private ones have none.
func (c *validation) report(sev issue.Severity, code issue.Code, at int32, t dict.Tag, e *Element, message string) {
	v := c.v
	if sev < v.atLeast || v.skip[code] || v.only != nil && !v.only[code] {
		return
	}
	key := findingKey{code, at, t}
	if _, ok := c.seen[key]; ok {
		return
	}
	c.counts[code]++
	if v.perCode > 0 && c.counts[code] > v.perCode {
		return
	}
	c.seen[key] = struct{}{}
	if k := t.Keyword(); k != "" {
		message = k + ": " + message
	}
	f := issue.Issue{Severity: sev, Code: code, Message: message, Path: c.path(at, t)}
	f.Pos.Source = c.x.Source
	if e != nil {
		f.Pos.Offset = e.Offset
	}
	if m := c.module; m != nil {
		f.Rule = m.Name
		if m.Table != "" {
			f.Rule = "PS3.3 table " + m.Table
		}
	}
	c.found = append(c.found, f)
}

func (c *validation) path(at int32, t dict.Tag) string {
	var p Path
	if t != 0 {
		p = append(p, Step{Tag: t})
	}
	for at >= 0 {
		l := &c.levels[at]
		if l.item > 0 {
			p = append(p, Step{Tag: l.tag, Item: int(l.item)})
		}
		at = l.parent
	}
	slices.Reverse(p)
	return p.String()
}

// countMore says of which codes there were more findings than are listed.
func (c *validation) countMore() {
	c.module = nil
	for i := 0; i < len(c.found); i++ {
		code := c.found[i].Code
		n := c.counts[code]
		if c.v.perCode < 0 || n <= c.v.perCode {
			continue
		}
		c.counts[code] = 0
		c.found = append(c.found, issue.Issue{Severity: c.found[i].Severity, Code: CodeMore, Rule: string(code),
			Pos:     issue.Pos{Source: c.x.Source},
			Message: "want at most " + strconv.Itoa(c.v.perCode) + " findings of " + string(code) + ", have " + strconv.Itoa(n)})
	}
}
