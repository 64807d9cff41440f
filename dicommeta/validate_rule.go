package dicommeta

import (
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/dicommeta/iod"
	"github.com/carabiner-health/carabiner/issue"
)

// object checks the modules of an object. A conditional or optional module counts where
// its condition holds; those whose condition is not known count if they are mandatory.
func (c *validation) object(o *iod.Object) {
	for i := range o.Modules {
		u := &o.Modules[i]
		if u.Edition != "" || u.Condition == nil && o.Partial && u.Usage != iod.Mandatory || !c.holds(u.Condition, c.root) {
			continue
		}
		c.rules(u.Module, u.Module.Rules, c.root)
	}
	c.module = nil
}

// rules checks rules for the attributes of a level.
func (c *validation) rules(m *iod.Module, all []iod.Rule, at int32) {
	const maxIncludes = 32
	for i := range all {
		c.module = m
		r := &all[i]
		switch r.Kind {
		case iod.Include:
			if c.depth < maxIncludes && c.holds(r.Condition, at) {
				c.depth++
				c.rules(r.Macro, r.Macro.Rules, at)
				c.depth--
			}
		case iod.Attribute, iod.Sequence, iod.Check:
			c.rule(m, r, at)
		}
	}
}

// rule checks one rule; for a repeating group, all groups that are there.
func (c *validation) rule(m *iod.Module, r *iod.Rule, at int32) {
	if r.Mask == 0xffffffff {
		c.ruleFor(m, r, at, r.Tag)
		return
	}
	group := uint16(0)
	for i := range c.levels[at].d.Elements {
		t := c.levels[at].d.Elements[i].Tag
		if g := t.Group(); g != group && !t.IsPrivate() && t&(r.Mask|0xffff)&0xffff0000 == r.Tag&0xffff0000 {
			group = g
			c.ruleFor(m, r, at, dict.NewTag(g, r.Tag.Element()))
		}
	}
}

func (c *validation) ruleFor(m *iod.Module, r *iod.Rule, at int32, t dict.Tag) {
	e, i := c.find(at, t)
	if r.Kind == iod.Check {
		c.extra(r, at, t, e)
		return
	}
	if i >= 0 && !(at == c.root && t.Group() == 2) && !strings.HasSuffix(m.Name, "Pseudo") {
		c.used[int(c.levels[at].base)+i] = true
	}
	c.presence(r, at, t, e)
	if e == nil {
		return
	}
	if r.Kind == iod.Sequence {
		c.sequence(m, r, at, t, e)
		return
	}
	if !isEmpty(e) {
		c.multiplicity(r, at, t, e)
		c.values(r, at, t, e)
	}
}

// presence checks the type of an attribute (PS3.5 §7.4).
func (c *validation) presence(r *iod.Rule, at int32, t dict.Tag, e *Element) {
	if e == nil && at == c.root && t >= c.end {
		return
	}
	need := true
	switch r.Type {
	case iod.Type1C, iod.Type2C:
		if r.Untold || r.Condition == nil {
			need = e != nil
		} else if need = c.holds(r.Condition, at); !need && e != nil && !r.Otherwise {
			code := CodeType1CUnexpected
			if r.Type == iod.Type2C {
				code = CodeType2CUnexpected
			}
			c.report(issue.Error, code, at, t, e, "want no attribute, as its condition does not hold, have one")
		}
	case iod.Type3, 0:
		return
	}
	type1 := r.Type == iod.Type1 || r.Type == iod.Type1C
	switch {
	case e == nil && need:
		code := [...]issue.Code{iod.Type1: CodeType1Missing, iod.Type1C: CodeType1CMissing, iod.Type2: CodeType2Missing, iod.Type2C: CodeType2CMissing}[r.Type]
		c.report(issue.Error, code, at, t, nil, "want an attribute of type "+r.Type.String()+", have none")
	case e != nil && type1 && isEmpty(e):
		code := CodeType1Empty
		if r.Type == iod.Type1C {
			code = CodeType1CEmpty
		}
		c.report(issue.Error, code, at, t, e, "want a value, have none")
	}
}

// sequence checks the number of items and each item.
func (c *validation) sequence(m *iod.Module, r *iod.Rule, at int32, t dict.Tag, e *Element) {
	if e.VR != dict.SQ {
		return
	}
	n := len(e.Items)
	// That types 1 and 1C have no item is said already, and type 2 allows it.
	if r.Max != 0 && (n > 0 || r.Type == iod.Type3) && (n < r.Min || r.Max > 0 && n > r.Max) {
		c.report(issue.Error, CodeItems, at, t, e, "want "+boundsText(r.Min, r.Max, "item")+", have "+strconv.Itoa(n))
	}
	first, n := c.items(at, t)
	for i := range n {
		c.rules(m, r.Rules, first+int32(i))
		c.module = m
	}
}

// boundsText returns bounds in words: 1 value, 2 to 4 items, 1 or more items.
func boundsText(low, high int, noun string) string {
	s := strconv.Itoa(low)
	switch {
	case high < 0:
		s += " or more"
	case high > low:
		s += " to " + strconv.Itoa(high)
	case low == 1:
		return s + " " + noun
	}
	return s + " " + noun + "s"
}

// multiplicity checks the number of values where the rule is stricter than the dictionary.
func (c *validation) multiplicity(r *iod.Rule, at int32, t dict.Tag, e *Element) {
	if r.Max == 0 || e.Skipped() {
		return
	}
	if n := countValues(c.levels[at].d.Charset, e); n < r.Min || r.Max > 0 && n > r.Max {
		c.report(issue.Error, CodeVM, at, t, e, "want "+boundsText(r.Min, r.Max, "value")+", have "+strconv.Itoa(n))
	}
}

// extra makes a further check of an attribute.
func (c *validation) extra(r *iod.Rule, at int32, t dict.Tag, e *Element) {
	holds := c.holds(r.Condition, at)
	if r.Message != "" {
		if holds == r.Else {
			return
		}
		sev := issue.Error
		if r.Warning {
			sev = issue.Warning
		}
		c.report(sev, CodeCheck, at, t, e, r.Message)
		return
	}
	if !holds || e == nil {
		return
	}
	c.multiplicity(r, at, t, e)
	c.values(r, at, t, e)
}

// values checks enumerated values, defined terms and zeros.
func (c *validation) values(r *iod.Rule, at int32, t dict.Tag, e *Element) {
	if e.Skipped() {
		return
	}
	if r.Index >= 0 {
		c.value(r, at, t, e, e, r.Index)
		return
	}
	if isEmpty(e) {
		return
	}
	for one, i := range eachValue(e) {
		c.value(r, at, t, e, one, i)
	}
}

// value checks the value i of one, which is e or one value of it.
func (c *validation) value(r *iod.Rule, at int32, t dict.Tag, e, one *Element, i int) {
	if r.NotZero || r.ZeroOdd {
		if n, ok := numberAt(one, i); ok && n == 0 {
			sev := issue.Warning
			if r.NotZero {
				sev = issue.Error
			}
			c.report(sev, CodeZero, at, t, e, "want a number other than 0, have 0")
		}
	}
	if r.Values == nil || listed(r.Values, one, i) {
		return
	}
	if r.Values.Enumerated {
		c.report(issue.Error, CodeEnumeratedValue, at, t, e, "want one of "+enough(r.Values, e.VR)+", have another value")
	} else {
		c.report(issue.Warning, CodeDefinedTerm, at, t, e, "want a defined term, have another value")
	}
}

// listed reports whether the value i of e is in the list. What is no value of the
// list's kind is the matter of another check.
func listed(v *iod.Values, e *Element, i int) bool {
	switch {
	case v.Strings != nil:
		s, ok := textAt(e, i)
		if !ok || slices.Contains(v.Strings, string(s)) {
			return true
		}
		return (e.VR == dict.DS || e.VR == dict.IS) && slices.ContainsFunc(v.Strings, func(x string) bool { return equalText(e.VR, s, x) })
	case v.Numbers != nil:
		return slices.ContainsFunc(v.Numbers, func(x int64) bool {
			same, ok := equalNumber(e, i, x)
			return same || !ok
		})
	}
	t, ok := pointerAt(e, i)
	return !ok || slices.Contains(v.Tags, t)
}

// enough returns the values of a list for a message: at most 8 of them.
func enough(v *iod.Values, vr dict.VR) string {
	var all []string
	for _, x := range v.Strings {
		if x == "" {
			x = "none"
		}
		all = append(all, x)
	}
	for _, x := range v.Numbers {
		all = append(all, strconv.FormatInt(signed(x, vr), 10))
	}
	for _, x := range v.Tags {
		all = append(all, x.String())
	}
	const most = 8
	switch more := len(all) - most; {
	case more == 1:
		return strings.Join(all[:most], ", ") + " or 1 other"
	case more > 1:
		return strings.Join(all[:most], ", ") + " or " + strconv.Itoa(more) + " others"
	}
	return strings.Join(all, ", ")
}
