package yamldoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/google/go-cmp/cmp"
)

// outline writes a tree with the place of every key and value.
func outline(b *strings.Builder, n *Node, indent string) {
	fmt.Fprintf(b, "%d:%d %s", n.Line, n.Column, n.Kind)
	if n.Kind < List {
		fmt.Fprintf(b, " %q", n.Text)
	}
	b.WriteByte('\n')
	for _, m := range n.Members {
		fmt.Fprintf(b, "%s  %q %d:%d = ", indent, m.Name, m.Line, m.Column)
		outline(b, m.Value, indent+"  ")
	}
	for _, item := range n.Items {
		fmt.Fprintf(b, "%s  - ", indent)
		outline(b, item, indent+"  ")
	}
}

func TestParseKeepsDigitsOrderAndPlaces(t *testing.T) {
	src := `# a comment
a: 1.50   # a number
"b c": {x: [1, -0.0, 1e3], y: }
åä: &who
  - text # ö
  - "two\tparts"
  - 'it''s'
"öö": {é: *who, deep: [{k: v}]}
block: |
  one
  two
list:
- name: n
  value: 0x10
- - 007
  - +5
  - .5
t: 2024-01-01
v: 1.2.0
off: yes
on: True
long: one
  two
`
	want := `2:1 map
  "a" 2:1 = 2:4 number "1.50"
  "b c" 3:1 = 3:8 map
    "x" 3:9 = 3:12 list
      - 3:13 number "1"
      - 3:16 number "-0.0"
      - 3:22 number "1e3"
    "y" 3:28 = 3:30 null ""
  "åä" 4:1 = 5:3 list
    - 5:5 text "text"
    - 6:5 text "two\tparts"
    - 7:5 text "it's"
  "öö" 8:1 = 8:9 map
    "é" 8:10 = 5:3 list
      - 5:5 text "text"
      - 6:5 text "two\tparts"
      - 7:5 text "it's"
    "deep" 8:20 = 8:26 list
      - 8:27 map
        "k" 8:28 = 8:31 text "v"
  "block" 9:1 = 9:8 text "one\ntwo\n"
  "list" 12:1 = 13:1 list
    - 13:3 map
      "name" 13:3 = 13:9 text "n"
      "value" 14:3 = 14:10 number "16"
    - 15:3 list
      - 15:5 number "7"
      - 16:5 number "5"
      - 17:5 number "0.5"
  "t" 18:1 = 18:4 text "2024-01-01"
  "v" 19:1 = 19:4 text "1.2.0"
  "off" 20:1 = 20:6 text "yes"
  "on" 21:1 = 21:5 bool "true"
  "long" 22:1 = 22:7 text "one two"
`
	n, err := Parse([]byte(src), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	outline(&b, n, "")
	if diff := cmp.Diff(strings.ReplaceAll(want, " bool ", " boolean "), b.String()); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
}

func TestParseReadsJSONWithPlaces(t *testing.T) {
	n, err := Parse([]byte("{\n\t\"a\": [1.00, {\"b\": \"\\u00e5\"}],\n\t\"c\": null}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	outline(&b, n, "")
	want := `1:1 map
  "a" 2:2 = 2:7 list
    - 2:8 number "1.00"
    - 2:14 map
      "b" 2:15 = 2:20 text "å"
  "c" 3:2 = 3:7 null ""
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
	if got := n.At("/a/1/b"); got == nil || got.Text != "å" {
		t.Errorf("want the value at a pointer, have %v", got)
	}
	for _, p := range []string{"/x", "/a/9", "/a/-1", "/a/0/z", "/c/d"} {
		if n.At(p) != nil {
			t.Errorf("%s: want nothing, have a value", p)
		}
	}
}

func TestParseMergesMapsUnderOwnKeys(t *testing.T) {
	n, err := Parse([]byte("base: &b {x: 1, y: 2}\nown:\n  <<: *b\n  y: 3\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(n.Get("own").JSON(nil)); got != `{"y":3,"x":1}` {
		t.Errorf("want y of its own and x of the base, have %s", got)
	}
}

func TestParseRefuses(t *testing.T) {
	deep := strings.Repeat("[", 200) + strings.Repeat("]", 200)
	laughs := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'j'; c++ {
		laughs += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 10), ","))
	}
	for name, c := range map[string]struct{ src, want string }{
		"a repeated key":         {"a: 1\nb: 2\na: 3\n", `[3:1] want each key once, have "a" again`},
		"a repeated key in JSON": {"{\"a\":1,\n\"a\":2}", `[2:1] want each key once, have one again`},
		"depth":                  {deep, "nested too deeply"},
		"depth in YAML":          {"a: " + strings.ReplaceAll(deep, "[", "[ "), "nested too deeply"},
		"depth by dashes":        {strings.Repeat("- ", 200) + "x", "nested too deeply"},
		"a bomb":                 {laughs, "want fewer values"},
		"an unknown alias":       {"a: *b\n", `[1:5] want the name of an anchor further up, have "b"`},
		"an alias in itself":     {"a: &a [*a]\n", `want the name of an anchor`},
		"two documents":          {"a: 1\n---\nb: 2\n", "want one document"},
		"a map as key":           {"? [a]\n: 2\n", "invalid key"},
		"broken YAML":            {"a: [1\n", "[1:4]"},
		"broken JSON":            {"{\"a\": 1,,}", "[1:9] want"},
		"other bytes":            {"a: 1\nb: \xff\n", "[2:4] want UTF-8"},
		"infinity":               {"a: .inf\n", "[1:4] want a finite number"},
		"a strange tag":          {"a: !secret x\n", "want no tag"},
		"too many bytes":         {strings.Repeat("#", 9<<20), "want at most 8388608 bytes"},
	} {
		n, err := Parse([]byte(c.src), nil)
		var e *Error
		if n != nil || !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, have %v", name, c.want, err)
		}
	}
}

// A YAML reading of JSON is equal to encoding/json's, for the documents at hand.
func TestParseAgreesWithJSON(t *testing.T) {
	src, err := os.ReadFile(golden.Shared(t, "data/metadata/profiles/sketch/profile.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := parseYAML(src, &Options{MaxBytes: MaxBytes, MaxDepth: 100, MaxNodes: 1e6})
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Compact(&want, src); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(n.JSON(nil))); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

func FuzzParseSurvivesAnything(f *testing.F) {
	for _, s := range []string{"a: 1\n", "a: &x [*x]\n", "{\"a\": [1e5]}", "a: |\n  b\n", "- - ? a\n  : !!str b\n", "<<: {a: b}\n", "--- \n...\n", "{a: b, 'c': \"d\\n\"}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4096 {
			return
		}
		n, err := Parse(b, &Options{MaxNodes: 10_000})
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Line < 1 || e.Column < 1 {
				t.Fatalf("want an error with a place, have %v", err)
			}
			return
		}
		text := n.JSON(nil)
		if !json.Valid(text) {
			t.Fatalf("want JSON, have %q", text)
		}
		again, err := Parse(text, nil)
		if err != nil {
			t.Fatalf("want the JSON of a tree to be read, have %v", err)
		}
		if got := again.JSON(nil); !bytes.Equal(text, got) {
			t.Fatalf("want the same tree again, have %q, %q", text, got)
		}
	})
}
