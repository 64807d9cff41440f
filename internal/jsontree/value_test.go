package jsontree

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// parse returns the root of src, which must be valid.
func parse(t *testing.T, src string) Value {
	t.Helper()
	var tree Tree
	if err := tree.Parse([]byte(src), nil); err != nil {
		t.Fatalf("%.200q: %v", src, err)
	}
	return tree.Root()
}

func TestZeroValueIsSafe(t *testing.T) {
	var v Value
	if v.Kind() != Invalid || v.Raw() != nil || v.Offset() != 0 || v.Len() != 0 || v.KeyOffset() != 0 {
		t.Error("want nothing from the zero Value")
	}
	if v.Get("a") != v || v.Index(0) != v || v.Index(-1) != v || v.First() != v || v.Next() != v {
		t.Error("want the zero Value from the zero Value")
	}
	if v.Key() != "" || v.KeyBytes() != nil || v.KeyIs("") || v.Text() != "" || v.Bytes(nil) != nil || v.EqualText("") || v.Number() != nil {
		t.Error("want no text from the zero Value")
	}
	if _, ok := v.Int64(); ok {
		t.Error("want no integer")
	}
	if _, ok := v.Float64(); ok {
		t.Error("want no float")
	}
	if _, ok := v.Bool(); ok {
		t.Error("want no boolean")
	}
	for range v.All() {
		t.Error("want no children")
	}
	for range v.Members() {
		t.Error("want no members")
	}
	var tree Tree
	if tree.Root() != v || tree.Duplicates() != nil {
		t.Error("want nothing from the zero Tree")
	}
}

func TestMethodsOfAnotherKindGiveNothing(t *testing.T) {
	root := parse(t, `{"text":"12","number":12,"true":true,"array":["a"],"object":{"a":"b"},"null":null}`)
	for name, v := range root.Members() {
		if _, ok := v.Int64(); ok != (name == "number") {
			t.Errorf("%s: integer: %v", name, ok)
		}
		if _, ok := v.Bool(); ok != (name == "true") {
			t.Errorf("%s: boolean: %v", name, ok)
		}
		if got := v.Text() != ""; got != (name == "text") {
			t.Errorf("%s: text: %v", name, got)
		}
		if got := v.Get("a").Kind() != Invalid; got != (name == "object") {
			t.Errorf("%s: member a: %v", name, got)
		}
		if got := v.Len() > 0; got != (name == "object" || name == "array") {
			t.Errorf("%s: children: %v", name, got)
		}
		if v.Kind().String() != name && name != "text" {
			t.Errorf("%s: kind is %v", name, v.Kind())
		}
	}
	if got := Kind(99).String() + " " + Invalid.String(); got != "invalid invalid" {
		t.Errorf("names of no kind: %s", got)
	}
}

func TestGetFindsTheFirstOfRepeatedMembers(t *testing.T) {
	root := parse(t, `{"b":0,"a":1,"a":2,"\u0062":3}`)
	for name, want := range map[string]string{"a": "1", "b": "0", "c": ""} {
		if got := string(root.Get(name).Raw()); got != want {
			t.Errorf("%s: want %q, have %q", name, want, got)
		}
	}
}

// TestGetFindsNamesOfEveryLength covers each way a name's tag is made, written
// plainly and with an escape, compact and with white space.
func TestGetFindsNamesOfEveryLength(t *testing.T) {
	for n := range 300 {
		name := strings.Repeat("abcdefghijklmnopqrstuvwxyz", 12)[:n]
		for _, form := range []string{`{"` + name + `":1}`, `{"other":{"` + name + `":0},"` + name + "\" \n:\n 1}"} {
			for _, pad := range []string{"", strings.Repeat(" ", 400)} {
				root := parse(t, form+pad)
				v := root.Get(name)
				if string(v.Raw()) != "1" || v.Key() != name || !v.KeyIs(name) || root.Get(name+"z").Kind() != Invalid {
					t.Fatalf("name of %d bytes is not found in %.40q", n, form)
				}
			}
		}
		if n > 0 {
			root := parse(t, `{"\u0061`+name[1:]+`":1}`+strings.Repeat(" ", 40))
			if root.Get(name).Kind() != Number || root.First().Key() != name {
				t.Fatalf("name of %d bytes is not found when written with an escape", n)
			}
		}
	}
}

func TestGetTellsNamesWithTheSameTagApart(t *testing.T) {
	root := parse(t, `{"averyverylongnameA":1,"averyverylongnameB":2,"averyverylongnameCC":3}`+strings.Repeat(" ", 40))
	for name, want := range map[string]string{"averyverylongnameA": "1", "averyverylongnameB": "2", "averyverylongnameCC": "3", "averyverylongnameD": "", "averyverylongname": ""} {
		if got := string(root.Get(name).Raw()); got != want {
			t.Errorf("%s: want %q, have %q", name, want, got)
		}
	}
}

func TestAnEscapedNameIsNotItsOwnSpelling(t *testing.T) {
	root := parse(t, `{"\u0061":1}`)
	if root.First().KeyIs(`\u0061`) || root.Get(`\u0061`).Kind() != Invalid {
		t.Error("want the name to be a alone")
	}
}

func TestIterationStopsWhenAsked(t *testing.T) {
	n := 0
	for range parse(t, `[1,2,3]`).All() {
		n++
		break
	}
	for range parse(t, `{"a":1,"b":2}`).Members() {
		n++
		break
	}
	if n != 2 {
		t.Errorf("want one step of each, have %d", n)
	}
}

func TestNumbers(t *testing.T) {
	const none = math.MinInt64 + 1
	for _, c := range []struct {
		src   string
		i     int64
		f     float64
		float bool
	}{
		{`0`, 0, 0, true}, {`-0`, 0, math.Copysign(0, -1), true}, {`42`, 42, 42, true}, {`-17`, -17, -17, true},
		{`1.0`, none, 1, true}, {`1e2`, none, 100, true}, {`176.35499866729558`, none, 176.35499866729558, true},
		{`999999999999999999`, 999999999999999999, 1e18, true}, {`9223372036854775807`, math.MaxInt64, math.MaxInt64, true},
		{`-9223372036854775808`, math.MinInt64, math.MinInt64, true}, {`9223372036854775808`, none, 9223372036854775808, true},
		{`1e400`, none, 0, false},
	} {
		v := parse(t, c.src)
		i, ok := v.Int64()
		if ok != (c.i != none) || ok && i != c.i {
			t.Errorf("%s: integer: have %d, %v", c.src, i, ok)
		}
		f, ok := v.Float64()
		if ok != c.float || ok && math.Float64bits(f) != math.Float64bits(c.f) {
			t.Errorf("%s: float: have %v, %v", c.src, f, ok)
		}
		if string(v.Number()) != c.src {
			t.Errorf("%s: text is %s", c.src, v.Number())
		}
	}
}

func TestTextAliasesTheDocumentWhenItCan(t *testing.T) {
	src := []byte(`["plain","Åsa","esc\naped"]`)
	var tree Tree
	if err := tree.Parse(src, nil); err != nil {
		t.Fatal(err)
	}
	scratch := make([]byte, 0, 32)
	for i, alias := range []bool{true, true, false} {
		v := tree.Root().Index(i)
		b := v.Bytes(scratch)
		if got := &b[0] == &src[v.Offset()+1]; got != alias {
			t.Errorf("element %d: aliases the document: want %v, have %v", i, alias, got)
		}
		if !alias && &b[0] != &scratch[:1][0] {
			t.Errorf("element %d: want the text in the scratch memory", i)
		}
	}
}

func TestReadingAllocatesNothing(t *testing.T) {
	root := parse(t, `{"name":"plain","text":"Åsa","esc":"a\u00e5\ud83d\ude00","n":12.5,"k\u0065y":true,"deep":{"list":[1,2,{"x":"y"}]}}`)
	scratch := make([]byte, 0, 64)
	allocs := testing.AllocsPerRun(100, func() {
		ok := string(root.Get("name").Bytes(scratch)) == "plain" && root.Get("text").EqualText("Åsa") &&
			root.Get("esc").EqualText("aå😀") && string(root.Get("esc").Bytes(scratch)) == "aå😀" &&
			root.Get("key").Kind() == True && root.Index(4).KeyIs("key") &&
			root.Get("deep").Get("list").Index(2).Get("x").EqualText("y") && root.Len() == 6
		f, isNumber := root.Get("n").Float64()
		if !ok || !isNumber || f != 12.5 {
			t.Fatal("want the values of the document")
		}
	})
	if allocs != 0 {
		t.Errorf("want no allocation, have %v", allocs)
	}
}

func FuzzTextEqualsEncodingJSON(f *testing.F) {
	for _, s := range []string{`a`, `\u00e5`, `\ud83d\ude00`, `\ud83d`, `\ude00\ud83d`, `\ud83d\u0061`, "\xff", "å\xc3", `\"\\\/\b\f\n\r\t`, `日本\n`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, inner []byte) {
		src := append(append([]byte{'"'}, inner...), '"')
		var want string
		if json.Unmarshal(src, &want) != nil {
			return
		}
		v := parse(t, string(src))
		if v.Kind() != String { // white space around
			t.Fatalf("%q: want a string, have %v", src, v.Kind())
		}
		if got := v.Text(); got != want {
			t.Fatalf("%q: want %q, have %q", src, want, got)
		}
		if !v.EqualText(want) || v.EqualText(want+"x") || want != "" && v.EqualText(want[:len(want)-1]) {
			t.Fatalf("%q: comparison and text disagree", src)
		}
		b := v.Bytes(nil)
		if string(b) != want || !utf8.Valid(b) {
			t.Fatalf("%q: bytes are not the text", src)
		}
	})
}

func TestPositionCountsLinesAndBytes(t *testing.T) {
	src := []byte("ab\n\ncå\r\nd")
	for _, c := range []struct{ offset, line, column int }{
		{-1, 1, 1}, {0, 1, 1}, {2, 1, 3}, {3, 2, 1}, {4, 3, 1}, {7, 3, 4}, {9, 4, 1}, {10, 4, 2}, {99, 4, 2},
	} {
		if line, column := Position(src, c.offset); line != c.line || column != c.column {
			t.Errorf("offset %d: want %d:%d, have %d:%d", c.offset, c.line, c.column, line, column)
		}
	}
}

func FuzzCompactEqualsEncodingJSON(f *testing.F) {
	for _, src := range documents {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		got := Compact([]byte("x"), src)
		if !json.Valid(src) {
			return // any result will do, as long as there is one
		}
		var want bytes.Buffer
		if err := json.Compact(&want, src); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff("x"+want.String(), string(got)); diff != "" {
			t.Fatalf("%.200q (-want +got):\n%s", src, diff)
		}
	})
}

func TestAtFindsEveryValueByItsPlace(t *testing.T) {
	var tree Tree
	if err := tree.Parse([]byte(` {"a": [1, "x", {"b": null}], "c": true}`), nil); err != nil {
		t.Fatal(err)
	}
	n := 0
	var visit func(v Value)
	visit = func(v Value) {
		n++
		if have := tree.Root().At(v.Offset()); have != v {
			t.Errorf("offset %d: want the value there", v.Offset())
		}
		for _, c := range v.All() {
			visit(c)
		}
	}
	visit(tree.Root())
	for _, at := range []int{-1, 0, 2, 100} {
		if tree.Root().At(at).Kind() != Invalid {
			t.Errorf("offset %d: want no value", at)
		}
	}
	if n != 7 || (Value{}).At(0) != (Value{}) {
		t.Errorf("want 7 values, have %d", n)
	}
}
