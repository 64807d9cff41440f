package jsontree

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// deep is the limit of encoding/json.
var deep = &Options{MaxDepth: 10000}

// documents are seeds for the tables and the fuzz targets: every form the two
// parsers treat differently, valid or not.
var documents = []string{
	`{"a":1,"b":[true,false,null],"c":{"d":"e"}}`,
	`[]`, `{}`, `[{}]`, `[[]]`, `{"a":{},"b":[]}`, ` [ 1 , 2 ] `, `"x"`, `7`, `true`, `null `, ``, ` `,
	`"\u00e9\ud83d\ude00\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"\ude00"`, `"\"\\\/\b\f\n\r\t"`, `"\x"`, `"\u12g4"`, `"\u12"`, `"\`,
	`"Åsa Öberg 日本語"`, "[\"\xff\"]", "\"\xe6\x97\"", "\"\x7f\"", "\"\x1f\"", "\"tab\tin the middle of it\"",
	`0`, `-0`, `-0.5e+10`, `1E400`, `01`, `-`, `-a`, `1.`, `1.e1`, `.5`, `1e`, `1e+`, `+1`, `12345678`, `123456789012345678901234567890`,
	`{"value":12345678,"more":1234567,"frac":0.12345678,"long":176.35499866729558}`, `{"value":1.}           `, `{"value":-}                 `,
	`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"\u0061":1,"a":2,"é":3,"é":4}`, `{"":1,"":2}`,
	`{"averyveryverylongkey":1,"averyveryverylongkez":2,"averyveryverylongkey":3}`,
	`{"` + strings.Repeat("k", 300) + `":1,"` + strings.Repeat("k", 255) + `" : 2,"` + strings.Repeat("k", 254) + `":3}`,
	`{"a":tru}                `, `{"a":truex}                  `, `{"a":falsy}                `, `{"a":false,"b":true,"c":null}               `,
	`{"a" 1}                   `, `{"a":1 "b":2}                 `, `{"a":1,}                  `, `{,}               `, `[,]                `, `[1,]                `,
	`[1}                       `, `{"a":1]                      `, `[[[[{"a":[{}]}]]]]                         `, `}`, `]`, `[`, `{`, `{"a"`, `{"a":`, `{"a":1`, `[1`, `[1,`,
	"{\r\n\t\"resourceType\" : \"Patient\" ,\r\n\t\"active\" :\ttrue\r\n}\r\n", "{\"a\":\x0b1}                       ", "{\"a\":1\x01}                          ",
	"{\n  \"entry\": [\n    {\n      \"fullUrl\": \"urn:uuid:0\",\n      \"resource\": {\n        \"resourceType\": \"Observation\"\n      }\n    }\n  ]\n}\n",
	`{"a":1} x`, `{"a":1}{}`, "\ufeff{}", `{"a":"` + strings.Repeat("0123456789", 20) + `"}`, `{"a":"` + strings.Repeat("0123456789", 20) + `\n"}`,
	strings.ReplaceAll(manyMembers(70, 60), `"name1`, `"n\u0061me1`) + " ", strings.Replace(manyMembers(120, 60), `"name7"`, `"\u006eame7"`, 1),
	manyMembers(60, 60), manyMembers(60, 30), manyMembers(47, 40), manyMembers(200, 1),
}

// manyMembers returns an object of n members with the given number of
// different names, each value an object that repeats a name too.
func manyMembers(n, names int) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"name` + strconv.Itoa(i%names*7) + `":{"x":` + strconv.Itoa(i) + `,"x":"y"}`)
	}
	b.WriteByte('}')
	return b.String()
}

// toAny decodes a value as encoding/json does with UseNumber.
func toAny(v Value) any {
	switch v.Kind() {
	case Null:
		return nil
	case True, False:
		b, _ := v.Bool()
		return b
	case Number:
		return json.Number(v.Number())
	case String:
		return v.Text()
	case Array:
		out := []any{}
		for _, c := range v.All() {
			out = append(out, toAny(c))
		}
		return out
	case Object:
		out := map[string]any{}
		for k, c := range v.Members() {
			out[k] = toAny(c)
		}
		return out
	}
	panic("invalid value on the tape")
}

// duplicates finds repeated names the plain way.
func duplicates(v Value, found []int) []int {
	names := map[string]bool{}
	for c := v.First(); c.Kind() != Invalid; c = c.Next() {
		if v.Kind() == Object {
			if names[c.Key()] {
				found = append(found, c.KeyOffset())
			}
			names[c.Key()] = true
		}
		found = duplicates(c, found)
	}
	return found
}

// checkTree holds the laws of a parsed document.
func checkTree(t *testing.T, src []byte, tree *Tree) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	var want any
	if err := dec.Decode(&want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, toAny(tree.Root())); diff != "" {
		t.Fatalf("values of %.200q (-want +got):\n%s", src, diff)
	}
	if raw := tree.Root().Raw(); !bytes.Equal(raw, bytes.Trim(src, " \t\r\n")) {
		t.Fatalf("%.200q: raw bytes of the root: have %.200q", src, raw)
	}
	repeated := duplicates(tree.Root(), nil)
	slices.Sort(repeated)
	if diff := cmp.Diff(repeated, tree.Duplicates()); diff != "" {
		t.Fatalf("duplicates of %.200q (-want +got):\n%s", src, diff)
	}
	checkValue(t, src, tree.Root())
}

// checkValue holds the laws of every value: its raw bytes are JSON that means
// the same, it is found by its name and number, its name stands before it.
func checkValue(t *testing.T, src []byte, v Value) {
	t.Helper()
	if !bytes.Equal(src[v.Offset():v.Offset()+len(v.Raw())], v.Raw()) {
		t.Fatalf("%.200q: raw bytes are not those at offset %d", src, v.Offset())
	}
	seen := map[string]bool{}
	n := 0
	for c := v.First(); c.Kind() != Invalid; c = c.Next() {
		if n < 20 && v.Index(n) != c {
			t.Fatalf("%.200q: element %d is not found by its number", src, n)
		}
		n++
		if v.Kind() == Object {
			name := c.Key()
			if found := v.Get(name); !seen[name] && found != c || !c.KeyIs(name) || c.KeyIs(name+"x") {
				t.Fatalf("%.200q: member at %d is not found by its name", src, c.Offset())
			}
			seen[name] = true
			var quoted string
			if err := json.NewDecoder(bytes.NewReader(src[c.KeyOffset():])).Decode(&quoted); err != nil || quoted != name {
				t.Fatalf("%.200q: name is not what stands at offset %d", src, c.KeyOffset())
			}
		} else if c.KeyBytes() != nil || c.KeyIs("") {
			t.Fatalf("%.200q: element %d has a name", src, n)
		}
		checkValue(t, src, c)
	}
	if v.Len() != n || v.Index(n) != (Value{}) {
		t.Fatalf("%.200q: want %d children, have %d", src, n, v.Len())
	}
	if v.Kind() == String {
		text := v.Text()
		if !v.EqualText(text) || v.EqualText(text+"x") || string(v.Bytes(nil)) != text {
			t.Fatalf("%.200q: text differs between methods at %d", src, v.Offset())
		}
	}
}

// checkParse holds the laws of Parse on any text.
func checkParse(t *testing.T, src []byte) {
	t.Helper()
	var quick, careful Tree
	careful.careful = true
	err := quick.Parse(src, deep)
	slow := careful.Parse(src, deep)
	if diff := cmp.Diff(fmt.Sprint(slow), fmt.Sprint(err)); diff != "" {
		t.Fatalf("error of %.200q (-careful +quick):\n%s", src, diff)
	}
	if want, have := json.Valid(src), err == nil; want != have {
		t.Fatalf("accepted: want %v, have %v (%v): %.200q", want, have, err, src)
	}
	if err != nil {
		if at := err.(*SyntaxError).Offset; at < 0 || at > len(src) {
			t.Fatalf("%.200q: offset %d is outside", src, at)
		}
		if quick.Root().Kind() != Invalid || quick.Duplicates() != nil {
			t.Fatalf("%.200q: the tree is not empty after an error", src)
		}
		return
	}
	if !slices.Equal(quick.tape, careful.tape) {
		t.Fatalf("tape of %.200q (-careful +quick):\n%s", src, cmp.Diff(careful.tape, quick.tape, cmp.AllowUnexported(entry{})))
	}
	checkTree(t, src, &quick)
}

// checkPadded runs the laws on src as it is and with white space behind it,
// which lets quick go up to its end.
func checkPadded(t *testing.T, src []byte) {
	t.Helper()
	checkParse(t, src)
	checkParse(t, append(bytes.Clone(src), strings.Repeat(" ", 2*margin)...))
}

func TestParseEqualsEncodingJSON(t *testing.T) {
	for _, src := range documents {
		checkPadded(t, []byte(src))
	}
}

func TestParseEqualsEncodingJSONWithOneByteChanged(t *testing.T) {
	src := `{"resourceType":"Observation","id":"a","valueQuantity":{"value":-17.50,"unit":"mm\u0048g","ok":true,"no":false,"nil":null},"component":[{"code":{}},[],[1,2]],"text":"å"}`
	for i := range len(src) {
		for _, c := range []byte("\x00\n \",:[]{}\\-.0eatu\xc3") {
			changed := []byte(src)
			changed[i] = c
			checkParse(t, changed)
		}
		checkParse(t, []byte(src[:i]))
	}
}

func FuzzParseEqualsEncodingJSON(f *testing.F) {
	for _, src := range documents {
		f.Add([]byte(src))
	}
	f.Fuzz(checkPadded)
}

func TestParseErrorsSayWhere(t *testing.T) {
	pad := strings.Repeat(" ", 40)
	for _, c := range []struct{ src, want string }{
		{``, `json: offset 0: want value, have end of input`},
		{`{"secret":}`, `json: offset 10: want value, have closing bracket`},
		{`{"secret":1,}`, `json: offset 12: want member name, have closing bracket`},
		{`{"secret" 1}`, `json: offset 10: want colon, have digit`},
		{`{"secret":"x"; "y":1}`, `json: offset 13: want comma or closing bracket, have other text`},
		{`["secret"}`, `json: offset 9: want bracket that closes the open one, have closing bracket`},
		{`["secret`, `json: offset 8: want closing quote, have end of input`},
		{`["sec\ret`, `json: offset 9: want closing quote, have end of input`},
		{`["sec\qet"]`, `json: offset 5: want escape of RFC 8259 §7, have other escape`},
		{"[\"sec\net\"]", `json: offset 5: want text without control characters, have control character`},
		{`["secret"`, `json: offset 9: want comma or closing bracket, have end of input`},
		{`["secret",`, `json: offset 10: want value, have end of input`},
		{`[1.x]`, `json: offset 3: want digit, have other text`},
		{`[-"secret"]`, `json: offset 2: want digit, have string`},
		{`[01]`, `json: offset 2: want comma or closing bracket, have digit`},
		{`[secret]`, `json: offset 1: want value, have other text`},
		{`[1] {`, `json: offset 4: want end of input, have object`},
		{`[1] [`, `json: offset 4: want end of input, have array`},
		{`[1 : 2]`, `json: offset 3: want comma or closing bracket, have colon`},
		{`[1,,2]`, `json: offset 3: want value, have comma`},
		{"\ufeff[]", `json: offset 0: want value, have non-ascii character`},
	} {
		for _, src := range []string{c.src, c.src + pad} {
			var tree Tree
			err := tree.Parse([]byte(src), nil)
			if err == nil {
				t.Errorf("%.200q: want an error", src)
			} else if src == c.src && err.Error() != c.want {
				t.Errorf("%.200q: want %s, have %v", src, c.want, err)
			} else if strings.Contains(err.Error(), "sec") {
				t.Errorf("%.200q: the message shows the text: %v", src, err)
			}
		}
	}
}

func TestParseBoundsDepth(t *testing.T) {
	nest := func(n int) []byte {
		return []byte(strings.Repeat(`{"a":[`, n/2) + strings.Repeat(`]}`, n/2))
	}
	var tree Tree
	for _, c := range []struct {
		levels, limit int
		fits          bool
	}{
		{512, 0, true}, {514, 0, false}, {100, 100, true}, {100, 99, false}, {10000, 10000, true}, {100_000, 10000, false}, {2, 1, false},
	} {
		err := tree.Parse(nest(c.levels), &Options{MaxDepth: c.limit})
		if c.fits != (err == nil) || !c.fits && !errors.Is(err, ErrDepth) {
			t.Errorf("%d levels with limit %d: want accepted %v, have %v", c.levels, c.limit, c.fits, err)
		}
	}
	var syntax *SyntaxError
	if err := tree.Parse(nest(4), &Options{MaxDepth: 3}); !errors.As(err, &syntax) || syntax.Offset != 11 {
		t.Errorf("want the error at the bracket too many, offset 11, have %v", err)
	}
}

func TestParseBoundsSize(t *testing.T) {
	var tree Tree
	if err := tree.Parse([]byte(`[1,2,3]`), &Options{MaxBytes: 7}); err != nil {
		t.Errorf("seven bytes of seven: %v", err)
	}
	if err := tree.Parse([]byte(`[1,2,34]`), &Options{MaxBytes: 7}); !errors.Is(err, ErrSize) {
		t.Errorf("want ErrSize, have %v", err)
	}
}

func TestParsePrefixStopsBehindTheValue(t *testing.T) {
	for _, c := range []struct {
		src string
		n   int
	}{
		{`{"a":1} {"b":2}`, 7}, {` [1]x`, 4}, {`12,`, 2}, {`"a"b`, 3}, {`truefalse`, 4}, {`{"resourceType":"Patient","active":true}{`, 40},
	} {
		var tree Tree
		n, err := tree.ParsePrefix([]byte(c.src), nil)
		if n != c.n || err != nil {
			t.Errorf("%.200q: want %d, have %d, %v", c.src, c.n, n, err)
		}
	}
}

func TestParseKeepsWhatIsWritten(t *testing.T) {
	src := `{"b":1.50,"a":1E2,"b":-0,"n":0.10000000000000000000001}`
	var tree Tree
	if err := tree.Parse([]byte(src), nil); err != nil {
		t.Fatal(err)
	}
	var have []string
	for k, v := range tree.Root().Members() {
		have = append(have, k+"="+string(v.Number()))
	}
	want := []string{"b=1.50", "a=1E2", "b=-0", "n=0.10000000000000000000001"}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{18}, tree.Duplicates()); diff != "" {
		t.Errorf("duplicates (-want +got):\n%s", diff)
	}
}

func TestParseForgetsTheDocumentBefore(t *testing.T) {
	var tree Tree
	for _, src := range []string{manyMembers(100, 50), `{"a":1,"a":2}`, `[1]`} {
		if err := tree.Parse([]byte(src), nil); err != nil {
			t.Fatal(err)
		}
		checkTree(t, []byte(src), &tree)
	}
	if err := tree.Parse([]byte(`[`), nil); err == nil || tree.Root().Kind() != Invalid {
		t.Errorf("want an error and no root, have %v, %v", err, tree.Root().Kind())
	}
}

func TestWarmParseAllocatesNothing(t *testing.T) {
	var tree Tree
	var all [][]byte
	for _, src := range documents {
		if tree.Parse([]byte(src), nil) == nil {
			all = append(all, []byte(src), []byte(src+strings.Repeat(" ", 40)))
		}
	}
	allocs := testing.AllocsPerRun(20, func() {
		for _, src := range all {
			if err := tree.Parse(src, nil); err != nil {
				t.Fatal(err)
			}
		}
	})
	if allocs != 0 {
		t.Errorf("want no allocation in %d documents, have %v", len(all), allocs)
	}
}
