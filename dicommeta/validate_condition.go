package dicommeta

import (
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/dicommeta/iod"
)

// holds tells whether a condition holds for the attributes of a level.
func (c *validation) holds(cond *iod.Condition, at int32) bool {
	return cond == nil || c.terms(cond.Terms, at)
}

// terms takes the terms one after the other, from false.
func (c *validation) terms(all []iod.Term, at int32) bool {
	result := false
	for i := range all {
		t := &all[i]
		if t.And != result {
			continue // false and, true or: the term decides nothing
		}
		var is bool
		if t.Group != nil {
			is = c.terms(t.Group, at)
		} else {
			is = c.test(t, at)
		}
		result = is != t.Not
	}
	return result
}

func (c *validation) test(t *iod.Term, at int32) bool {
	switch t.Test {
	case iod.True:
		return true
	case iod.PresentAbove, iod.EqualAbove:
		if at = c.levels[at].parent; at < 0 {
			return false
		}
	case iod.PresentInRoot, iod.EqualInRoot, iod.ComparesInRoot:
		at = c.root
	case iod.PresentWithin, iod.EqualWithin:
		return c.anyItem(t, at, false)
	case iod.PresentInItems, iod.HasItemsInItems, iod.PresentInFirst, iod.HasItemsInFirst:
		// The same for all attributes of the instance: with many frames, it is asked often.
		is, ok := c.known[t]
		if !ok {
			is = c.anyItem(t, c.root, t.Test == iod.PresentInFirst || t.Test == iod.HasItemsInFirst)
			c.known[t] = is
		}
		return is
	case iod.PresentGroup:
		return c.hasGroup(t.Tag, at)
	}
	if t.Mask == 0xffffffff {
		return c.testElement(t, c.has(at, t.Tag))
	}
	for i := range c.levels[at].d.Elements {
		if e := &c.levels[at].d.Elements[i]; e.Tag&t.Mask == t.Tag && !e.Tag.IsPrivate() && c.testElement(t, e) {
			return true
		}
	}
	return false
}

// anyItem tells whether the test holds in an item of the sequence t.Within. The tests for
// items look into the sequences of these items too.
func (c *validation) anyItem(t *iod.Term, at int32, first bool) bool {
	from, n := c.items(at, t.Within)
	if first {
		n = min(n, 1)
	}
	deep := t.Test == iod.HasItemsInItems || t.Test == iod.HasItemsInFirst
	for i := range n {
		if c.inItem(t, from+int32(i), deep) {
			return true
		}
	}
	return false
}

func (c *validation) inItem(t *iod.Term, at int32, deep bool) bool {
	if c.testElement(t, c.has(at, t.Tag)) {
		return true
	}
	if !deep {
		return false
	}
	l := &c.levels[at]
	for i := range l.d.Elements {
		if first := c.kids[int(l.base)+i]; first >= 0 {
			for j := range l.d.Elements[i].Items {
				if c.inItem(t, first+int32(j), deep) {
					return true
				}
			}
		}
	}
	return false
}

func (c *validation) hasGroup(t dict.Tag, at int32) bool {
	if t.Group() == 2 && at == c.root {
		return len(c.x.Meta.Elements) > 0
	}
	for i := range c.levels[at].d.Elements {
		if c.levels[at].d.Elements[i].Tag.Group() == t.Group() {
			return true
		}
	}
	return false
}

// testElement tells whether the test holds for an element; nil = there is none.
func (c *validation) testElement(t *iod.Term, e *Element) bool {
	if e == nil {
		return false
	}
	switch t.Test {
	case iod.HasValue:
		if t.Index < 0 {
			return !isEmpty(e)
		}
		s, ok := textAt(e, t.Index)
		if !e.VR.IsText() {
			return countValues(nil, e) > t.Index
		}
		return ok && len(s) > 0
	case iod.Equal, iod.EqualAbove, iod.EqualInRoot, iod.EqualWithin:
		return isText(e, t.Index, t.Text)
	case iod.Compares, iod.ComparesInRoot:
		return compares(t, e)
	case iod.HasTag:
		for i := 0; ; i++ {
			tag, ok := pointerAt(e, i)
			if !ok {
				return false
			}
			if float64(tag) == t.Number && (t.Index < 0 || t.Index == i) {
				return true
			}
		}
	case iod.HasItems, iod.HasItemsInItems, iod.HasItemsInFirst:
		return len(e.Items) > 0
	case iod.HasOneItem:
		return len(e.Items) == 1
	case iod.HasTwoItems:
		return len(e.Items) == 2
	case iod.HasManyItems:
		return len(e.Items) > 1
	}
	return true // the tests for presence
}

func compares(t *iod.Term, e *Element) bool {
	if t.Index >= 0 {
		return comparesAt(t, e, t.Index)
	}
	for one, i := range eachValue(e) {
		if comparesAt(t, one, i) {
			return true
		}
	}
	return false
}

func comparesAt(t *iod.Term, e *Element, i int) bool {
	n, ok := numberAt(e, i)
	if !ok {
		return false
	}
	switch t.Compare {
	case "==":
		ok = n == t.Number
	case "!=":
		ok = n != t.Number
	case "<":
		ok = n < t.Number
	case "<=":
		ok = n <= t.Number
	case ">":
		ok = n > t.Number
	case ">=":
		ok = n >= t.Number
	}
	return ok
}
