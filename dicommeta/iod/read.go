package iod

import (
	"bufio"
	"compress/gzip"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

//go:embed data/rules.txt.gz
var packed string

// The data is part of the program; a test reads all of it, so that errors of
// parsing cannot come later.
var read = sync.OnceValue(func() *tables {
	t, err := parse(packed)
	if err != nil {
		return &tables{}
	}
	return t
})

type tables struct {
	objects    []*Object
	byClass    map[string][]*Object
	modules    map[string]*Module
	conditions map[string]*Condition
	values     map[string]*Values
	known      map[string]*Values // the same as defined terms
}

// parse reads the lines that internal/tools/iodmaker writes.
func parse(packed string) (*tables, error) {
	z, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		return nil, err
	}
	t := &tables{
		byClass: map[string][]*Object{}, modules: map[string]*Module{},
		conditions: map[string]*Condition{
			"Never":  {Name: "Never"},
			"Always": {Name: "Always", Terms: []Term{{Test: True}}},
		},
		values: map[string]*Values{}, known: map[string]*Values{},
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	var open []*[]Rule // where rules of each depth go
	for n := 1; lines.Scan(); n++ {
		f := strings.Split(lines.Text(), "\t")
		switch f[0] {
		case "V":
			err = t.addValues(f)
		case "C":
			_, c, e := terms(f[2:])
			t.conditions[f[1]], err = &Condition{Name: f[1], Terms: c}, e
		case "M", "X":
			m := t.module(f[1])
			m.Title, m.Table, m.Entity, m.Macro = at(f, 2), at(f, 3), at(f, 4), f[0] == "X"
			open = append(open[:0], &m.Rules)
		case "I":
			t.addObject(f)
		case "U":
			o := t.objects[len(t.objects)-1]
			o.Modules = append(o.Modules, Use{Entity: f[1], Module: t.module(f[2]), Usage: Usage(at(f, 3)[0]),
				Condition: t.conditions[at(f, 4)], Edition: at(f, 5)})
		default:
			err = t.addRule(f, &open)
		}
		if err != nil {
			return nil, fmt.Errorf("iod: line %d: %w", n, err)
		}
	}
	return t, lines.Err()
}

func at(f []string, i int) string {
	if i < len(f) {
		return f[i]
	}
	return ""
}

// module returns the module of a name, which may come later in the data.
func (t *tables) module(name string) *Module {
	m := t.modules[name]
	if m == nil {
		m = &Module{Name: name, Title: name}
		t.modules[name] = m
	}
	return m
}

func (t *tables) addObject(f []string) {
	o := &Object{Name: f[1], Title: at(f, 2), Profile: at(f, 3), Retired: at(f, 4) == "r", Partial: at(f, 4) == "p",
		Condition: t.conditions[at(f, 5)], SOPClasses: strings.Split(at(f, 6), ","), Edition: at(f, 7)}
	t.objects = append(t.objects, o)
	for _, uid := range o.SOPClasses {
		t.byClass[uid] = append(t.byClass[uid], o)
	}
}

func (t *tables) addValues(f []string) error {
	v := &Values{Name: f[1]}
	for _, s := range f[3 : len(f)-1] {
		switch f[2] {
		case "s":
			v.Strings = append(v.Strings, s)
		case "n":
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				return err
			}
			v.Numbers = append(v.Numbers, n)
		default:
			tag, _, err := tagOf(s)
			if err != nil {
				return err
			}
			v.Tags = append(v.Tags, tag)
		}
	}
	enum := *v
	enum.Enumerated = true
	t.values[f[1]], t.known[f[1]] = &enum, v
	return nil
}

// addRule reads kind and depth, tag or macro, type, multiplicity, index,
// condition, flags, values and text.
func (t *tables) addRule(f []string, open *[]*[]Rule) error {
	depth, err := strconv.Atoi(f[0][1:])
	if err != nil || depth >= len(*open) {
		return fmt.Errorf("want a depth up to %d", len(*open)-1)
	}
	kind := map[byte]Kind{'a': Attribute, 's': Sequence, 'i': Include, 'k': Check}[f[0][0]]
	r := Rule{Kind: kind, Index: -1, Message: at(f, 8)}
	if kind == Include {
		r.Macro = t.module(f[1])
	} else if r.Tag, r.Mask, err = tagOf(f[1]); err != nil {
		return err
	}
	r.Type = map[string]Type{"1": Type1, "1C": Type1C, "2": Type2, "2C": Type2C, "3": Type3, "3C": Type3}[at(f, 2)]
	if r.Min, r.Max, err = bounds(at(f, 3)); err != nil {
		return err
	}
	if i := at(f, 4); i != "" {
		if r.Index, err = strconv.Atoi(i); err != nil {
			return err
		}
	}
	if c := at(f, 5); c != "" {
		if r.Condition = t.conditions[c]; r.Condition == nil {
			return fmt.Errorf("want a known condition")
		}
	}
	for _, c := range at(f, 6) {
		switch c {
		case 'o':
			r.Otherwise = true
		case 'u':
			r.Untold = true
		case 'z':
			r.NotZero = true
		case 'y':
			r.ZeroOdd = true
		case 'w':
			r.Warning = true
		case 'l':
			r.Warning, r.Else = true, true
		}
	}
	if v := at(f, 7); v != "" {
		switch v[0] {
		case 'e':
			r.Values = t.values[v[1:]]
		case 'd':
			r.Values = t.known[v[1:]]
		default:
			r.GroupKind, r.Group = v[0], v[1:]
		}
	}
	to := (*open)[depth]
	*to = append(*to, r)
	*open = append((*open)[:depth+1], &(*to)[len(*to)-1].Rules)
	return nil
}

// bounds reads 1, 1-n or 2-4.
func bounds(s string) (low, high int, err error) {
	if s == "" {
		return 0, 0, nil
	}
	a, b, two := strings.Cut(s, "-")
	if low, err = strconv.Atoi(a); err != nil {
		return 0, 0, err
	}
	switch {
	case !two:
		return low, low, nil
	case b == "n":
		return low, -1, nil
	}
	high, err = strconv.Atoi(b)
	return low, high, err
}

// tagOf reads a tag of 8 hex digits, of which some may be x.
func tagOf(s string) (tag, mask dict.Tag, err error) {
	n, err := strconv.ParseUint(strings.ReplaceAll(s, "x", "0"), 16, 32)
	if err != nil || len(s) != 8 {
		return 0, 0, fmt.Errorf("want a tag")
	}
	mask = 0xffffffff
	for i := range s {
		if s[i] == 'x' {
			mask &^= 0xf << (28 - 4*i)
		}
	}
	return dict.Tag(n), mask, nil
}

// terms reads the fields of a condition up to its end or to a closing bracket.
func terms(f []string) (rest []string, all []Term, err error) {
	for len(f) > 0 {
		s := f[0]
		f = f[1:]
		if s == ")" {
			return f, all, nil
		}
		t := Term{And: s[0] == '&', Index: -1}
		s = s[1:]
		if t.Not = strings.HasPrefix(s, "!"); t.Not {
			s = s[1:]
		}
		if s == "(" {
			f, t.Group, err = terms(f)
		} else {
			err = t.read(s)
		}
		if err != nil {
			return nil, nil, err
		}
		all = append(all, t)
	}
	return nil, all, nil
}

// read reads test and tag, index, sequence and argument.
func (t *Term) read(s string) (err error) {
	f := strings.SplitN(s, ":", 4)
	if len(f) != 4 || len(f[0]) != 9 {
		return fmt.Errorf("want a test of four parts")
	}
	t.Test = Test(f[0][0])
	if t.Tag, t.Mask, err = tagOf(f[0][1:]); err != nil {
		return err
	}
	if f[1] != "" {
		if t.Index, err = strconv.Atoi(f[1]); err != nil {
			return err
		}
	}
	if f[2] != "" {
		if t.Within, _, err = tagOf(f[2]); err != nil {
			return err
		}
	}
	switch t.Test {
	case Compares, ComparesInRoot:
		n := strings.TrimLeft(f[3], "=!<>")
		t.Compare = f[3][:len(f[3])-len(n)]
		t.Number, err = strconv.ParseFloat(n, 64)
	case HasTag:
		var tag dict.Tag
		tag, _, err = tagOf(f[3])
		t.Number = float64(tag)
	default:
		t.Text = f[3]
	}
	return err
}
