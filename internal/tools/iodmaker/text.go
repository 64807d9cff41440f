package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// text writes the facts as lines of tab-separated fields; package iod reads them. unused
// has the lines of texts that are not needed.
func (s *source) text() (text []byte, unused []string, err error) {
	texts, err := readTexts(textLines)
	if err != nil {
		return nil, nil, err
	}
	w := writer{source: s, texts: texts, used: map[string]bool{}}
	w.lists = map[string]bool{}
	for _, all := range []map[string]module{s.rules.Modules, s.rules.Macros} {
		for _, m := range all {
			w.needLists(m.Nodes)
		}
	}
	w.values('s', s.rules.Strings)
	w.values('n', s.rules.Numbers)
	w.values('t', s.rules.Tags)
	for _, n := range sorted(s.rules.Conditions) {
		fields := []string{"C", n}
		w.terms(&fields, s.rules.Conditions[n])
		w.line(fields...)
	}
	for _, n := range sorted(s.rules.Modules) {
		title, table := "", ""
		for _, x := range s.names {
			if x.module == n {
				title, table = x.title, x.table
			}
		}
		w.line("M", n, title, table, "")
		w.nodes(0, s.rules.Modules[n].Nodes)
	}
	for _, n := range sorted(s.rules.Macros) {
		w.line("X", n, "", "", s.rules.Macros[n].Entity)
		w.nodes(0, s.rules.Macros[n].Nodes)
	}
	w.objects()
	w.newObjects()
	return w.b.Bytes(), w.unused(), w.err
}

type writer struct {
	*source
	texts map[string]string // by key
	used  map[string]bool
	lists map[string]bool // of values, by name, that rules need
	b     bytes.Buffer
	err   error
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (w *writer) line(fields ...string) {
	for len(fields) > 0 && fields[len(fields)-1] == "" {
		fields = fields[:len(fields)-1]
	}
	w.b.WriteString(strings.Join(fields, "\t"))
	w.b.WriteByte('\n')
}

func (w *writer) values(kind byte, lists map[string][][]string) {
	for _, n := range sorted(lists) {
		if !w.lists[n] {
			continue
		}
		fields := []string{"V", n, string(kind)}
		for _, row := range lists[n] {
			v := row[0]
			switch {
			case v == "***EMPTYVALUE***":
				v = ""
			case kind == 'n':
				x, err := strconv.ParseInt(v, 0, 64)
				w.fail(err)
				v = strconv.FormatInt(x, 10)
			case kind == 't':
				v = w.tagValue(v)
			}
			fields = append(fields, v)
		}
		// An empty value at the end must not be lost.
		w.line(append(fields, ".")...)
	}
}

func (w *writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// tagValue turns 0x0054,0x0010 into 00540010.
func (w *writer) tagValue(v string) string {
	v = strings.ReplaceAll(strings.ReplaceAll(v, "0x", ""), ",", "")
	if len(v) != 8 {
		w.fail(fmt.Errorf("want a tag, have %s", v))
	}
	return strings.ToUpper(v)
}

// tests are the letters of the tests of conditions.
var tests = map[string]string{
	"ElementPresent": "p", "ElementPresentAbove": "a", "ElementPresentInRoot": "r", "ElementPresentWithin": "w",
	"ElementPresentInPathFromRoot": "i", "ElementPresentInPathFromRootFirstItem": "f", "GroupPresent": "g",
	"ValuePresent": "v", "StringValue": "s", "StringValueAbove": "A", "StringValueFromRootAttribute": "R", "StringValueFromRoot": "R",
	"StringConstant": "s", "StringConstantFromRootAttribute": "R", "BinaryValue": "b", "BinaryValueFromRootAttribute": "B",
	"TagValue": "t", "SequenceHasItems": "h", "SequenceHasOneItem": "1", "SequenceHasTwoItems": "2", "SequenceHasMultipleItems": "m",
	"SequencePresentInPathFromRootHasItems": "I", "SequencePresentInPathFromRootFirstItemHasItems": "F",
}

// terms writes each term as a field: its operator, ! if negated, then ( for a
// group that ends with the field ), or test, tag, index and argument.
func (w *writer) terms(fields *[]string, all []term) {
	for _, t := range all {
		f := map[string]string{"or": "|", "and": "&"}[t.Op]
		if f == "" {
			w.fail(fmt.Errorf("unknown operator %s", t.Op))
		}
		if t.Not {
			f += "!"
		}
		if t.Group != nil {
			*fields = append(*fields, f+"(")
			w.terms(fields, t.Group)
			*fields = append(*fields, ")")
			continue
		}
		*fields = append(*fields, f+w.test(t))
	}
}

func (w *writer) test(t term) string {
	letter, arg, within := "", "", ""
	for _, k := range sorted(t.Test) {
		v := t.Test[k]
		if tests[k] == "" {
			w.fail(fmt.Errorf("unknown test %s", k))
		}
		switch {
		case strings.Contains(k, "Within"), strings.Contains(k, "InPathFromRoot"):
			tag, ok := dict.ByKeyword(v)
			if !ok {
				w.fail(fmt.Errorf("unknown keyword %s", v))
			}
			letter, within = tests[k], tag.Hex()
			continue
		case strings.HasPrefix(k, "StringConstant"):
			uid := w.rules.SOPClasses[v].UID
			if uid == "" {
				w.fail(fmt.Errorf("unknown SOP class %s", v))
			}
			arg = uid
		case k == "TagValue":
			arg = w.tagValue(v)
		case strings.HasPrefix(k, "Binary"):
			arg = strings.ReplaceAll(v, " ", "")
		case strings.HasPrefix(k, "String"):
			arg = strings.ReplaceAll(v, "***EMPTYVALUE***", "")
		}
		if letter == "" {
			letter = tests[k]
		}
	}
	if len(t.Test) == 2 {
		letter = "W"
	}
	index := ""
	if t.Value != nil {
		index = strconv.Itoa(*t.Value)
	}
	return strings.Join([]string{letter + t.Tag, index, within, arg}, ":")
}

// nodes writes rules: kind and depth, tag or macro, type, multiplicity, index,
// condition, flags, values and text.
func (w *writer) nodes(depth int, all []node) {
	for _, n := range all {
		kind, what, vm := "a", n.Tag, n.VM
		switch {
		case n.Seq != "":
			kind, vm = "s", n.Items
		case n.Macro != "":
			kind, what = "i", n.Macro
		case n.Verify != "":
			kind = "k"
		}
		flags := ""
		for _, f := range []struct {
			is     bool
			letter string
		}{
			{n.Otherwise, "o"}, {n.NotCheckable, "u"}, {n.NotZero == "error", "z"}, {n.NotZero == "warning", "y"},
			{n.Error != "", "e"}, {n.Warning != "", "w"}, {n.ElseWarning != "", "l"},
		} {
			if f.is {
				flags += f.letter
			}
		}
		w.line(kind+strconv.Itoa(depth), what, n.Type, vm, n.Value, n.Condition, flags, n.values(),
			w.ours(cmp.Or(n.Error, n.Warning, n.ElseWarning)))
		w.nodes(depth+1, n.Nodes)
	}
}

// values names the list of values of a rule, after the letter of its kind. What codes mean
// is no rule: names are anybody's, and in any language.
func (n *node) values() string {
	values := ""
	for _, v := range []struct{ letter, list string }{
		{"e", n.Enum}, {"e", n.BinEnum}, {"e", n.TagEnum}, {"d", n.Defined},
		{"B", n.BaselineCID}, {"D", n.DefinedCID}, {"E", n.EnumCID},
	} {
		if v.list != "" && (n.Seq == "" || n.Defined == "") && n.Tag != codeMeaning {
			values = v.letter + v.list
		}
	}
	return values
}

const codeMeaning = "00080104"

func (w *writer) needLists(all []node) {
	for _, n := range all {
		if v := n.values(); v != "" && (v[0] == 'e' || v[0] == 'd') {
			w.lists[v[1:]] = true
		}
		w.needLists(n.Nodes)
	}
}

// objects writes the objects that have rules, with the modules that the newest
// edition adds.
func (w *writer) objects() {
	for _, o := range w.rules.IODs {
		id, title := "", ""
		for _, uid := range o.SOPClasses {
			if id = w.objectOf[uid]; id != "" {
				title = w.source.objects[id]
				break
			}
		}
		flags := ""
		if o.Retired {
			flags = "r"
		}
		w.line("I", o.Name, title, o.Profile, flags, o.Condition, strings.Join(o.SOPClasses, ","))
		has := map[string]bool{}
		for _, u := range o.Modules {
			w.line("U", u.Entity, u.Module, u.Usage, u.Condition)
			has[u.Module] = true
		}
		if o.Profile == "" {
			for _, u := range w.newest[id] {
				if n := w.module(u.Key); n != "" && !has[n] {
					w.line("U", u.Entity, n, u.Usage, "", "2026b")
				}
			}
		}
	}
}

// module returns the name of a module by its id.
func (w *writer) module(id string) string {
	for _, n := range w.names {
		if n.id == id {
			return cmp.Or(n.module, n.title)
		}
	}
	return id
}

// newObjects writes the objects of the newest edition that have no rules of
// their own. Conditions of modules are those under which other objects check them.
func (w *writer) newObjects() {
	known := map[string]bool{}
	conditions := map[string]map[string]int{}
	for _, o := range w.rules.IODs {
		for _, uid := range o.SOPClasses {
			known[uid] = true
		}
		for _, u := range o.Modules {
			if conditions[u.Module] == nil {
				conditions[u.Module] = map[string]int{}
			}
			conditions[u.Module][u.Condition]++
		}
	}
	classes := map[string][]string{}
	for _, uid := range sorted(w.objectOf) {
		if !known[uid] {
			classes[w.objectOf[uid]] = append(classes[w.objectOf[uid]], uid)
		}
	}
	for _, id := range sorted(classes) {
		w.line("I", id, w.source.objects[id], "", "p", "", strings.Join(classes[id], ","), "2026b")
		w.line("U", "File", "FileMetaInformation", "C", "NeedModuleFileMetaInformation")
		for _, u := range w.newest[id] {
			n := w.module(u.Key)
			if n == "" {
				continue
			}
			best := ""
			if u.Usage != "M" {
				for _, c := range sorted(conditions[n]) {
					if c != "" && conditions[n][c] > conditions[n][best] {
						best = c
					}
				}
			}
			w.line("U", u.Entity, n, u.Usage, best)
		}
	}
}
