package matchetype

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// Addresses of the extensions that steer a comparison.
const (
	extensions        = "http://hl7.org/fhir/tools/StructureDefinition/matchetype"
	extensionMode     = extensions
	extensionOptional = extensions + "-optional"
	extensionCount    = extensions + "-count"
	extensionSort     = extensions + "-sort"
)

// Options are the options of Compare; nil and zero fields mean the defaults.
type Options struct {
	// Modes are the conditions that hold. An item whose optional extension is
	// "x" may be absent when x is among them, one with "!x" when it is not.
	Modes []string
	// Position returns the place of the byte at an offset of the resource.
	Position func(offset int) issue.Pos
}

// Compare returns the differences between a resource and a pattern, nil if the
// resource fits. Paths begin with $, the root. The error is about the pattern.
// It is safe for concurrent use.
func Compare(pattern, resource jsontree.Value, opts *Options) (issue.List, error) {
	c := comparison{}
	if opts != nil {
		c.opts = *opts
	}
	c.partial = extension(pattern, extensionMode).Text() == "partial"
	c.object("$", pattern, resource)
	return c.list, c.err
}

type comparison struct {
	opts    Options
	partial bool
	list    issue.List
	err     error
}

func (c *comparison) differ(path string, at jsontree.Value, message string) {
	i := issue.Issue{Severity: issue.Error, Code: CodeDiffers, Path: path, Message: message}
	if c.opts.Position != nil {
		i.Pos = c.opts.Position(at.Offset())
	}
	c.list = append(c.list, i)
}

// object compares two objects member by member.
func (c *comparison) object(path string, want, have jsontree.Value) {
	if want.Kind() != jsontree.Object || have.Kind() != jsontree.Object {
		return
	}
	if find(want, extensionSort).Kind() != jsontree.Invalid && c.err == nil {
		c.err = fmt.Errorf("matchetype: %s: want a pattern without matchetype-sort, have it", path)
	}
	optional := names(want, extensionOptional)
	counted := names(want, extensionCount)
	for name, member := range have.Members() {
		switch expected := want.Get(name); {
		case expected.Kind() != jsontree.Invalid && !steering(expected):
			c.member(path+"."+name, have, expected, member, slices.Contains(counted, name))
		case !c.partial:
			c.differ(path, have, "want no element beyond the pattern's, have "+elementName(name))
		}
	}
	for name, expected := range want.Members() {
		if have.Get(name).Kind() != jsontree.Invalid || steering(expected) || slices.Contains(optional, name) || c.allOptional(expected) {
			continue
		}
		c.differ(path, have, "want element "+name+", have none")
	}
}

// member compares what two objects hold under one name.
func (c *comparison) member(path string, parent, want, have jsontree.Value, counted bool) {
	wants, haves := items(want), items(have)
	switch {
	case counted:
		if len(wants) != len(haves) {
			c.differ(path, parent, fmt.Sprintf("want %d items, have %d", len(wants), len(haves)))
		}
	case len(wants) == 1 && len(haves) == 1:
		c.value(path, wants[0], haves[0])
	case c.partial:
		c.within(path, parent, wants, haves)
	default:
		c.lists(path, parent, wants, haves)
	}
}

// within looks for every item of a pattern's list in the order of the list.
func (c *comparison) within(path string, parent jsontree.Value, wants, haves []jsontree.Value) {
	next := 0
	for i, want := range wants {
		found := false
		for next < len(haves) && !found {
			found = c.fits(want, haves[next])
			next++
		}
		if !found {
			c.differ(path, parent, fmt.Sprintf("want an item that fits number %d of the pattern, have none", i))
		}
	}
}

// lists compares two lists item by item; optional items of the pattern may be
// passed over.
func (c *comparison) lists(path string, parent jsontree.Value, wants, haves []jsontree.Value) {
	least := 0
	for _, want := range wants {
		if !c.optional(want) {
			least++
		}
	}
	if len(haves) < least || len(haves) > len(wants) {
		c.differ(path, parent, fmt.Sprintf("want %d to %d items, have %d", least, len(wants), len(haves)))
	}
	next, passed := 0, false
	for i, want := range wants {
		switch {
		case next == len(haves):
			if !c.optional(want) {
				c.differ(path, parent, fmt.Sprintf("want an item that fits number %d of the pattern, have none", i))
			}
			continue
		case c.fits(want, haves[next]):
			next++
			passed = false
			continue
		case c.optional(want) || passed:
			passed = true
			continue
		}
		c.value(fmt.Sprintf("%s[%d]", path, next), want, haves[next])
		break
	}
	if next < len(haves) {
		c.differ(path, parent, fmt.Sprintf("want no item beyond the pattern's, have number %d", next))
	}
}

// fits tells whether a value fits its pattern, without noting differences.
func (c *comparison) fits(want, have jsontree.Value) bool {
	trial := comparison{opts: c.opts, partial: c.partial}
	trial.value("", want, have)
	if c.err == nil {
		c.err = trial.err
	}
	return len(trial.list) == 0
}

// value compares one value with its pattern.
func (c *comparison) value(path string, want, have jsontree.Value) {
	switch {
	case want.Kind() == jsontree.Object && have.Kind() == jsontree.Object:
		c.object(path, want, have)
	case want.Kind() == jsontree.String && strings.HasPrefix(want.Text(), "<div"):
		// Narrative is for people and may differ.
	case want.Kind() == jsontree.String && have.Kind() == jsontree.String:
		ok, err := matches(want.Text(), have.Text())
		if err != nil && c.err == nil {
			c.err = fmt.Errorf("matchetype: %s: %w", path, err)
		}
		if !ok {
			c.differ(path, have, "want a value that fits the pattern, have another")
		}
	case want.Kind() != have.Kind():
		c.differ(path, have, "want "+want.Kind().String()+", have "+have.Kind().String())
	case !bytes.Equal(want.Raw(), have.Raw()):
		c.differ(path, have, "want a value that fits the pattern, have another")
	}
}

// optional tells whether an item of a pattern's list may be absent.
func (c *comparison) optional(item jsontree.Value) bool {
	e := extension(item, extensionOptional)
	if yes, _ := e.Bool(); yes {
		return true
	}
	mode := e.Text()
	if not, ok := strings.CutPrefix(mode, "!"); ok {
		return !slices.Contains(c.opts.Modes, not)
	}
	return mode == "true" || mode != "" && slices.Contains(c.opts.Modes, mode)
}

// allOptional tells whether all items of a member may be absent.
func (c *comparison) allOptional(v jsontree.Value) bool {
	for _, item := range items(v) {
		if !c.optional(item) {
			return false
		}
	}
	return true
}

// items returns the elements of a list, or the value itself. Extensions that
// steer the comparison are no items.
func items(v jsontree.Value) []jsontree.Value {
	if v.Kind() != jsontree.Array {
		return []jsontree.Value{v}
	}
	var list []jsontree.Value
	for _, item := range v.All() {
		if !isSteering(item) {
			list = append(list, item)
		}
	}
	return list
}

// steering tells a member that holds nothing but extensions of the pattern.
func steering(v jsontree.Value) bool {
	return v.Kind() == jsontree.Array && v.Len() > 0 && len(items(v)) == 0
}

func isSteering(v jsontree.Value) bool {
	return v.Kind() == jsontree.Object && strings.HasPrefix(v.Get("url").Text(), extensions)
}

// find returns an object's extension.
func find(v jsontree.Value, url string) jsontree.Value {
	for _, e := range v.Get("extension").All() {
		if e.Get("url").EqualText(url) {
			return e
		}
	}
	return jsontree.Value{}
}

// extension returns the value of an object's extension.
func extension(v jsontree.Value, url string) jsontree.Value {
	for name, value := range find(v, url).Members() {
		if strings.HasPrefix(name, "value") {
			return value
		}
	}
	return jsontree.Value{}
}

// names returns the names that an extension lists.
func names(v jsontree.Value, url string) []string {
	list := extension(v, url).Text()
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// elementName is a member's name if it could be one of FHIR's.
func elementName(name string) string {
	if len(name) == 0 || len(name) > 64 {
		return "another"
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return "another"
		}
	}
	return name
}
