package dicommeta

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// everyElement checks what holds for elements of any object: their order, their VR and
// VM, their values, private blocks and group lengths.
func (c *validation) everyElement() {
	for i := range c.levels {
		at := int32(i)
		all := c.levels[i].d.Elements
		if !c.levels[i].sorted {
			c.order(at, all)
		}
		for j := range all {
			e := &all[j]
			switch {
			case e.Tag.IsGroupLength():
				c.groupLength(at, all, j)
			case e.Tag.IsPrivate():
				if j == 0 || e.Tag.Element() < 0x1000 || all[j-1].Tag>>8 != e.Tag>>8 {
					c.private(at, e) // the first of its block
				}
			default:
				c.standard(at, e)
			}
			c.form(at, e)
		}
	}
}

// order checks the order of elements that were made; the reader checks those it reads.
func (c *validation) order(at int32, all []Element) {
	for j := 1; j < len(all); j++ {
		switch e := &all[j]; {
		case e.End != 0 && all[j-1].End != 0:
		case e.Tag == all[j-1].Tag:
			c.report(issue.Error, CodeTagRepeated, at, e.Tag, e, "want an element once, have it twice")
		case e.Tag < all[j-1].Tag:
			c.report(issue.Error, CodeTagOrder, at, e.Tag, e, "want ascending tags, have a lower one")
		}
	}
}

// form checks the value by its VR.
func (c *validation) form(at int32, e *Element) {
	c.problems = c.levels[at].d.Charset.checkValue(e, c.problems[:0])
	for _, p := range c.problems {
		c.report(p.Severity, p.Code, at, e.Tag, e, p.Message)
	}
	switch e.VR {
	case dict.UI:
		c.uidRoots(at, e)
	case dict.PN:
		c.personNames(at, e)
	case dict.DA, dict.DT:
		if len(e.Value) >= 4 && e.Value[0] == '0' {
			c.report(issue.Warning, CodeValueRange, at, e.Tag, e, "want a year from 1000 on, have an earlier one")
		}
	}
}

// uidRoots checks that UIDs begin with 1 or 2, under which organizations are registered
// (PS3.5 §9, annex B).
func (c *validation) uidRoots(at int32, e *Element) {
	for one, i := range eachValue(e) {
		v, _ := textAt(one, i)
		first, rest, _ := bytes.Cut(v, []byte{'.'})
		if len(v) > 0 && len(bytes.Trim(v, "0.")) == 0 {
			c.report(issue.Error, CodeValueForm, at, e.Tag, e, "want a UID, have only zeros")
		}
		if len(rest) > 0 || len(bytes.Trim(v, "0123456789")) > 0 {
			if len(first) != 1 || first[0] != '1' && first[0] != '2' {
				c.report(issue.Error, CodeUIDRoot, at, e.Tag, e, "want a UID with a registered root, have another")
				return
			}
		}
	}
}

// personNames reports names that are not divided into family name, given name and so on
// (PS3.5 §6.2.1).
func (c *validation) personNames(at int32, e *Element) {
	for one, i := range eachValue(e) {
		v, _ := textAt(one, i)
		if len(v) > 0 && bytes.IndexByte(v, '^') < 0 {
			c.report(issue.Information, CodePersonName, at, e.Tag, e, "want a name in parts that ^ divides, have one part")
			return
		}
	}
}

// standard checks an element of an even group by the dictionary.
func (c *validation) standard(at int32, e *Element) {
	entry := dict.Find(e.Tag)
	if entry == nil {
		c.report(issue.Warning, CodeUnknownTag, at, e.Tag, e, "want an attribute of the standard, have another")
		return
	}
	if entry.Retired {
		c.report(issue.Information, CodeRetired, at, e.Tag, e, "want an attribute in use, have a retired one")
	}
	if w := e.Written; w != 0 && w != dict.UN && !possible(entry, w) {
		c.report(issue.Error, CodeVRMismatch, at, e.Tag, e, "want VR "+vrNames(entry)+", have another")
	}
	if e.VR == dict.SQ || isEmpty(e) || e.Skipped() {
		return
	}
	low, high, step := parseVM(entry.VM)
	n := countValues(c.levels[at].d.Charset, e)
	if low > 0 && (n < low || high > 0 && n > high || step > 1 && n%step != 0) {
		c.report(issue.Error, CodeVM, at, e.Tag, e, "want VM "+entry.VM+", have "+strconv.Itoa(n)+" values")
	}
}

func possible(entry *dict.Entry, vr dict.VR) bool { return slices.Contains(entry.VRs[:], vr) }

func vrNames(entry *dict.Entry) string {
	s := entry.VR().String()
	for _, v := range entry.VRs[1:] {
		if v != 0 {
			s += " or " + v.String()
		}
	}
	return s
}

// parseVM reads a multiplicity of the dictionary: 1, 1-3, 1-n or 2-2n. high is 0 for no
// bound, step the number that values come in. low is 0 where the text is another.
func parseVM(s string) (low, high, step int) {
	a, b, two := strings.Cut(s, "-")
	low, err := strconv.Atoi(a)
	if err != nil {
		return 0, 0, 0
	}
	if !two {
		return low, low, 1
	}
	if m, open := strings.CutSuffix(b, "n"); open {
		step = 1
		if m != "" {
			step, _ = strconv.Atoi(m)
		}
		return low, 0, step
	}
	if high, err = strconv.Atoi(b); err != nil {
		return 0, 0, 0
	}
	return low, high, 1
}

// private checks that a private creator is one and that a private block has a creator (PS3.5 §7.8.1).
func (c *validation) private(at int32, e *Element) {
	n := e.Tag.Element()
	switch {
	case e.Tag.Group() < 9 || e.Tag.Group() == 0xffff:
		c.report(issue.Error, CodePrivate, at, e.Tag, e, "want a group that is open to private elements, have another")
	case n < 0x10:
		c.report(issue.Error, CodePrivate, at, e.Tag, e, "want element numbers from 0010 on, have a lower one")
	case n <= 0xff:
		switch {
		case e.Written != 0 && e.Written != dict.LO && e.Written != dict.UN:
			c.report(issue.Error, CodePrivate, at, e.Tag, e, "want a private creator of VR LO, have another VR")
		case isEmpty(e):
			c.report(issue.Error, CodePrivate, at, e.Tag, e, "want the name of a private creator, have none")
		}
	case n < 0x1000:
		c.report(issue.Warning, CodePrivate, at, e.Tag, e, "want an element of a private block, have one outside")
	default:
		creator := dict.NewTag(e.Tag.Group(), n>>8)
		if x := c.has(at, creator); x == nil || isEmpty(x) {
			c.report(issue.Warning, CodePrivate, at, e.Tag, e, "want a private creator for the block, have none")
		}
	}
}

// groupLength checks a group length, which is retired but for group 0002 (PS3.5 §7.2).
func (c *validation) groupLength(at int32, all []Element, j int) {
	e := &all[j]
	if e.Tag.Group() == 2 {
		return // the reader's matter
	}
	c.report(issue.Information, CodeRetired, at, e.Tag, e, "want no group length, have one")
	if len(e.Value) != 4 || e.End == 0 || c.x.Partial || j > 0 && all[j-1].Tag.Group() == e.Tag.Group() {
		return
	}
	end := e.End
	for _, x := range all[j+1:] {
		if x.Tag.Group() != e.Tag.Group() {
			break
		}
		end = x.End
	}
	if last := all[len(all)-1].Tag.Group(); last == e.Tag.Group() && at == c.root && c.x.Stop.Tag.Group() == last {
		return // the group goes on behind what was read
	}
	if end != 0 && int64(binary.LittleEndian.Uint32(e.Value)) != end-e.End {
		c.report(issue.Warning, CodeGroupLength, at, e.Tag, e, "want the length of the group, have another number")
	}
}

// metaInformation checks that group 0002 and the data set say the same (PS3.10 §7.1).
func (c *validation) metaInformation() {
	if len(c.x.Meta.Elements) == 0 {
		return
	}
	for _, p := range [...]struct{ meta, data dict.Tag }{
		{dict.MediaStorageSOPClassUID, dict.SOPClassUID},
		{dict.MediaStorageSOPInstanceUID, dict.SOPInstanceUID},
	} {
		a, b := c.has(c.meta, p.meta), c.has(c.root, p.data)
		switch {
		case a == nil:
		case b == nil:
			if !c.x.Has(dict.DirectoryRecordSequence) && !isText(a, 0, "1.2.840.10008.1.3.10") && p.data < c.end {
				c.report(issue.Error, CodeMeta, c.meta, p.meta, a, "want the UID in the data set too, have it in the meta information alone")
			}
		case !sameText(a, b):
			c.report(issue.Error, CodeMeta, c.meta, p.meta, a, "want the UID of the data set, have another")
		}
	}
	if e := c.has(c.meta, dict.FileMetaInformationVersion); e != nil && !bytes.Equal(e.Value, []byte{0, 1}) {
		c.report(issue.Warning, CodeMeta, c.meta, e.Tag, e, "want the two bytes 0, 1, have others")
	}
}

func sameText(a, b *Element) bool {
	x, _ := textAt(a, 0)
	y, _ := textAt(b, 0)
	return bytes.Equal(x, y)
}

// notInObject reports elements that no rule of the object speaks of. That is allowed: the
// instance is then one of a standard extended SOP class (PS3.2 §3.11).
func (c *validation) notInObject() {
	unknown := make([]bool, len(c.levels)) // items below what is reported
	for i := range c.levels {
		at, l := int32(i), &c.levels[i]
		if at == c.meta || l.free {
			continue
		}
		for j := range l.d.Elements {
			e := &l.d.Elements[j]
			if c.used[int(l.base)+j] && !unknown[i] {
				continue
			}
			if e.Tag.IsPrivate() || e.Tag.IsGroupLength() || j+1 < len(l.d.Elements) && l.d.Elements[j+1].Tag == e.Tag {
				continue
			}
			if first := c.kids[int(l.base)+j]; first >= 0 {
				for k := range e.Items {
					unknown[int(first)+k] = true
				}
			}
			if !unknown[i] {
				c.report(issue.Information, CodeNotInIOD, at, e.Tag, e, "want an attribute of the object, have another")
			}
		}
	}
}
