package xhtml

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// write gives a tree back as text, to be looked at.
func write(n *Node) string {
	var b strings.Builder
	switch n.Kind {
	case Text:
		b.WriteString(n.Text)
	case Element:
		b.WriteString("(" + n.Name)
		for _, a := range n.Attrs {
			b.WriteString(" " + a.Name + "=" + a.Value)
		}
		b.WriteString(":")
		for _, c := range n.Children {
			b.WriteString(write(c))
		}
		b.WriteString(")")
	default:
		b.WriteString("!")
	}
	return b.String()
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`<div>a</div>`, "(div:a)"},
		{` <?xml version="1.0"?><!-- c --><div xmlns='x' lang="en">a<br/>b</div> `, "(div xmlns=x lang=en:a(br:)b)"},
		{`<div>&lt;&amp;&#233;&#xE9;&nbsp;&euro;</div>`, "(div:<&éé\u00a0€)"},
		{`<div title="&quot;'">x</div >`, `(div title="':x)`},
		{`<div><![CDATA[<&]]><!--c--></div>`, "(div:<&!)"},
		{`<p:div p:a="1"></p:div>`, "(p:div p:a=1:)"},
	} {
		n, err := Parse([]byte(c.in))
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if got := write(n); got != c.want {
			t.Errorf("%s: want %s, have %s", c.in, c.want, got)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{
		"", "text", "<div>", "<div></p>", "<div></div><div/>", "<div a></div>", "<div a=b></div>", `<div a="1" a="2"/>`, "<div>&nothing;</div>",
		"<div>&amp</div>", "<div>&#0;</div>", "<div>&#xD800;</div>", `<div a="1"b="2"/>`, `<div a="<"/>`, "<div><!-- </div>", "a<div/>", "<div/>a",
		"< div/>", "<div / >", "<div>\xff</div>", strings.Repeat("<p>", 513) + strings.Repeat("</p>", 513), "<![CDATA[a]]><div/>", "</div>",
	} {
		_, err := Parse([]byte(in))
		var e *Error
		if !errors.As(err, &e) || e.Offset > len(in) {
			t.Errorf("%q: want an error with a place, have %v", in, err)
		}
	}
}

func TestContent(t *testing.T) {
	for in, want := range map[string]bool{
		"<div/>": false, "<div> \n\t</div>": false, "<div><p> </p><!-- a --></div>": false, "<div><p>a</p></div>": true, "<div><img/></div>": true,
		"<div>&nbsp;</div>": true,
	} {
		n, err := Parse([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		if got := n.HasContent(); got != want {
			t.Errorf("%s: want %v, have %v", in, want, got)
		}
	}
}

// FuzzParse holds the reader to encoding/xml: it never panics, and what it takes
// encoding/xml takes too, but for what that reader is stricter about.
func FuzzParse(f *testing.F) {
	f.Add(`<div xmlns="http://www.w3.org/1999/xhtml"><p class="a">b &amp; c<br/></p></div>`)
	f.Add(`<div>&nbsp;<a href='#x'>y</a><!-- z --></div>`)
	f.Fuzz(func(t *testing.T, src string) {
		n, err := Parse([]byte(src))
		if err != nil || strings.ContainsAny(src, ":-!?]\x00") || !ascii(src) {
			return
		}
		d := xml.NewDecoder(strings.NewReader(src))
		d.Entity = xml.HTMLEntity
		elements := 0
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("encoding/xml refuses it: %v", err)
			}
			if _, ok := token.(xml.StartElement); ok {
				elements++
			}
		}
		have := 0
		for c := range n.All() {
			if c.Kind == Element {
				have++
			}
		}
		if have != elements {
			t.Errorf("want %d elements, have %d", elements, have)
		}
	})
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 || s[i] < ' ' && s[i] != '\n' && s[i] != '\t' && s[i] != '\r' {
			return false
		}
	}
	return true
}
