package dicommeta

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// charsetOf returns the Charset of a spelling that has no findings.
func charsetOf(tb testing.TB, terms string) *Charset {
	tb.Helper()
	c, issues := NewCharset(strings.Split(terms, `\`))
	if len(issues) > 0 {
		tb.Fatalf("%s: want no findings, have %v", terms, issues)
	}
	return c
}

func TestSetsOfOneByteAreThoseOfTheTables(t *testing.T) {
	for term, table := range map[string]*charmap.Charmap{
		"100": charmap.ISO8859_1, "101": charmap.ISO8859_2, "109": charmap.ISO8859_3, "110": charmap.ISO8859_4, "144": charmap.ISO8859_5,
		"127": charmap.ISO8859_6, "126": charmap.ISO8859_7, "138": charmap.ISO8859_8, "148": charmap.ISO8859_9, "203": charmap.ISO8859_15, "166": charmap.Windows874,
	} {
		for _, form := range []string{"ISO_IR " + term, "ISO 2022 IR " + term, `ISO 2022 IR 6\ISO 2022 IR ` + term} {
			c := charsetOf(t, form)
			for b := 0xA0; b <= 0xFF; b++ {
				value := []byte{byte(b)}
				if strings.Contains(form, `\`) {
					value = append([]byte(setByNumber(atoi(t, term)).escape), value...)
				}
				want := table.DecodeByte(byte(b))
				text, exact := c.AppendText(nil, value, dict.LO)
				if string(text) != string(want) || exact != (want != utf8.RuneError) {
					t.Fatalf("%s: %X: want %q, have %q, %v", form, b, want, text, exact)
				}
				if back, ok := c.Encode(string(want), dict.LO); ok != exact || ok && !bytes.Equal(back, value) {
					t.Fatalf("%s: %q: want the bytes %X, have %X, %v", form, want, value, back, ok)
				}
			}
		}
	}
}

func atoi(t *testing.T, s string) (n int) {
	t.Helper()
	if _, err := fmt.Sscan(s, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSetsOfTwoBytesAreThoseOfTheTables(t *testing.T) {
	// DICOM's JIS X 0208 is that of JIS; the web's has Microsoft's characters in seven places.
	mended := map[rune]rune{'＼': '＼', '～': '〜', '∥': '‖', '－': '−', '￠': '¢', '￡': '£', '￢': '¬'}
	for _, c := range []struct {
		terms, call, back string
		high              byte
		table             encoding.Encoding
		before, behind    string
		min               int
		mended            map[rune]rune
	}{
		{`\ISO 2022 IR 87`, "\x1b$B", "\x1b(B", 0, japanese.ISO2022JP, "\x1b$B", "\x1b(B", 6879, mended},
		{`\ISO 2022 IR 159`, "\x1b$(D", "\x1b(B", 0x80, japanese.EUCJP, "\x8f", "", 6067, nil},
		{`\ISO 2022 IR 149`, "\x1b$)C", "", 0x80, korean.EUCKR, "", "", 8224, nil},
		{`\ISO 2022 IR 58`, "\x1b$)A", "", 0x80, simplifiedchinese.GB18030, "", "", 7445, nil},
	} {
		set, n := charsetOf(t, c.terms), 0
		for a := byte(0x21); a <= 0x7E; a++ {
			for b := byte(0x21); b <= 0x7E; b++ {
				pair := []byte{a, b}
				if c.back == "" {
					pair = []byte{a | 0x80, b | 0x80}
				}
				value := append([]byte(c.call), pair...)
				value = append(value, c.back...)
				text, exact := set.AppendText(nil, value, dict.LO)
				if !exact {
					continue
				}
				n++
				ref, err := c.table.NewDecoder().Bytes([]byte(c.before + string([]byte{a | c.high, b | c.high}) + c.behind))
				r, _ := utf8.DecodeRune(ref)
				if m, ok := c.mended[r]; ok {
					r = m
				}
				if err != nil || string(text) != string(r) {
					t.Fatalf("%s: %X: want %q, have %q", c.terms, pair, r, text)
				}
				back, ok := set.Encode(string(text), dict.LO)
				if again, _ := set.AppendText(nil, back, dict.LO); !ok || !bytes.Equal(again, text) || len(back) != len(value) {
					t.Fatalf("%s: %q: want bytes that are read as it, have %X, %v", c.terms, text, back, ok)
				}
			}
		}
		if n < c.min {
			t.Errorf("%s: want at least %d characters, have %d", c.terms, c.min, n)
		}
	}
}

func TestTextIsReadByItsCharacterSet(t *testing.T) {
	for _, c := range []struct {
		name, terms, value string
		vr                 dict.VR
		text               string
		exact              bool
	}{
		{"plain", "", "Ek^A", dict.PN, "Ek^A", true},
		{"default that is UTF-8", "", "Åsa", dict.PN, "Åsa", false},
		{"default that is Latin 1", "", "\xc5sa", dict.PN, "Åsa", false},
		{"unknown term", "ISO_IR 999", "\xc5sa", dict.PN, "Åsa", false},
		{"code string has no character set", "ISO_IR 100", "\xc5", dict.CS, "Å", false},
		{"control character of C1", "ISO_IR 100", "a\x85", dict.LO, "a\u0085", false},
		{"no such character", "ISO_IR 166", "\xdb", dict.LO, "\ufffd", false},
		{"UTF-8", "ISO_IR 192", "Åsa\\Ö", dict.LO, `Åsa\Ö`, true},
		{"not UTF-8", "ISO_IR 192", "a\xc5b", dict.LO, "a\ufffdb", false},
		{"escape sequences mean nothing in UTF-8", "ISO_IR 192", "\x1b$B", dict.LO, "\x1b$B", true},
		{"back to value 1 behind a caret", `ISO 2022 IR 100\ISO 2022 IR 144`, "\x1b-L\xb8^\xc5", dict.PN, "И^Å", true},
		{"back to value 1 behind an equals sign", `ISO 2022 IR 100\ISO 2022 IR 144`, "\x1b-L\xb8=\xc5", dict.PN, "И=Å", true},
		{"not behind a caret of other text", `ISO 2022 IR 100\ISO 2022 IR 144`, "\x1b-L\xb8^\xb8", dict.LO, "И^И", true},
		{"back to value 1 in the next value", `ISO 2022 IR 100\ISO 2022 IR 144`, "\x1b-L\xb8\\\xc5", dict.LO, `И\Å`, true},
		{"a backslash of a text ends no value", `ISO 2022 IR 100\ISO 2022 IR 144`, "\x1b-L\xb8\\\xb8", dict.LT, `И\И`, true},
		{"back to value 1 in the next line", `ISO 2022 IR 100\ISO 2022 IR 144`, "\x1b-L\xb8\r\n\xc5", dict.LT, "И\r\nÅ", true},
		{"back to value 1 behind a tab", `ISO 2022 IR 100\ISO 2022 IR 144`, "\x1b-L\xb8\t\xc5", dict.LT, "И\tÅ", true},
		{"back to none", `\ISO 2022 IR 144`, "\x1b-L\xb8^A", dict.PN, "И^A", true},
		{"without escape sequence the only set is a guess", `\ISO 2022 IR 149`, "\xb1\xe8", dict.PN, "김", false},
		{"undeclared set", `\ISO 2022 IR 87`, "\x1b-L\xb8", dict.LO, "И", false},
		{"code extension without leave", "ISO_IR 100", "\x1b-L\xb8", dict.LO, "И", false},
		{"escape sequence to ASCII", "ISO_IR 100", "\x1b(BA", dict.LO, "A", true},
		{"no escape sequence", "ISO 2022 IR 100", "A\x1b", dict.LO, "A\x1b", false},
		{"kanji cut short", `\ISO 2022 IR 87`, "\x1b$B0", dict.LO, "\ufffd", false},
		{"katakana and romaji", "ISO_IR 13", "\xd4\xcf^A", dict.PN, "ﾔﾏ^A", true},
		{"Shift JIS by a wrong name", "ISO_IR 13", "\x8e\x52\x95\x5c\\A", dict.LO, `山表\A`, false},
		{"backslash byte in a character", "GB18030", "\x82\x5c\\\xb5\xda", dict.LO, `俓\第`, true},
		{"four bytes", "GB18030", "\x81\x39\xee\x39", dict.LO, "㐀", true},
		{"GBK", "GBK", "\xd5\xc5^\xd0\xa1", dict.PN, "张^小", true},
	} {
		cs, _ := NewCharset(strings.Split(c.terms, `\`))
		text, exact := cs.AppendText([]byte("- "), []byte(c.value), c.vr)
		if string(text) != "- "+c.text || exact != c.exact {
			t.Errorf("%s: want %q, %v, have %q, %v", c.name, c.text, c.exact, text, exact)
		}
	}
}

func TestDelimitersInKanjiDoNotDivide(t *testing.T) {
	c := charsetOf(t, `\ISO 2022 IR 87`)
	// The second bytes are those of backslash, caret and equals sign.
	value := []byte("\x1b$B\x30\x5c\x30\x5e\x30\x3d\x1b(B\\A")
	e := Element{Tag: dict.OtherPatientNames, VR: dict.PN, Value: value}
	texts := c.Texts(&e)
	if len(texts) != 2 || utf8.RuneCountInString(texts[0]) != 3 || strings.ContainsAny(texts[0], `\^=`) || texts[1] != "A" {
		t.Errorf("want two values, the first of three characters, have %q", texts)
	}
	if parts := c.split(value, dict.PN); len(parts) != 2 || string(parts[1]) != "A" {
		t.Errorf("want two values, have %q", parts)
	}
}

func TestValuesAreDividedWhereTextIs(t *testing.T) {
	for _, s := range []struct{ terms, value string }{
		{"GB18030", "\x82\x5c\\\xb5\xda\\\x81\x30\x81\x30\\"}, {"GBK", "\x82\x5c\\\x82\x5c"}, {"ISO_IR 13", "\x95\x5c\\\xb1"},
		{`\ISO 2022 IR 87`, "\x1b$B0\\\x1b(B\\B"}, {"ISO_IR 192", "Å\\Ö"}, {"", "a\\b\\"}, {"ISO_IR 100", "\xc5\\\\\xc5"},
	} {
		c, _ := NewCharset(strings.Split(s.terms, `\`))
		e := Element{VR: dict.LO, Value: []byte(s.value)}
		parts := c.split(e.Value, e.VR)
		var each []string
		for _, p := range parts {
			text, _ := c.AppendText(nil, p, e.VR)
			each = append(each, string(text))
		}
		if diff := cmp.Diff(c.Texts(&e), each); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", s.terms, diff)
		}
		if joined := bytes.Join(parts, []byte{'\\'}); !bytes.Equal(joined, e.Value) {
			t.Errorf("%s: want the value again, have %q", s.terms, joined)
		}
		if whole := c.split(e.Value, dict.LT); len(whole) != 1 {
			t.Errorf("%s: want text undivided, have %d values", s.terms, len(whole))
		}
	}
}

func TestTermsAreMended(t *testing.T) {
	for _, c := range []struct {
		terms string
		codes []issue.Code
		value string
		want  string
	}{
		{"ISO IR 100", []issue.Code{CodeCharsetMisspelt}, "\xc5", "Å"},
		{"iso_ir 144", []issue.Code{CodeCharsetMisspelt}, "\xb8", "И"},
		{"ISO-IR-101", []issue.Code{CodeCharsetMisspelt}, "\xb3", "ł"},
		{"ISO8859-1", []issue.Code{CodeCharsetMisspelt}, "\xc5", "Å"},
		{"ISO 8859-5", []issue.Code{CodeCharsetMisspelt}, "\xb8", "И"},
		{"UTF-8", []issue.Code{CodeCharsetMisspelt}, "Å", "Å"},
		{"ISO_IR 6", []issue.Code{CodeCharsetMisspelt}, "A", "A"},
		{"ISO_IR 87", []issue.Code{CodeCharsetMisspelt, CodeCharsetExtension}, "\x1b$B;3\x1b(B", "山"},
		{"ISO 2022 IR 149", []issue.Code{CodeCharsetExtension}, "\xb1\xe8", "김"},
		{"gb18030", []issue.Code{CodeCharsetMisspelt}, "\xd5\xc5", "张"},
		{"ISO_IR 999", []issue.Code{CodeCharsetUnknown}, "A", "A"},
		{"KOI8-R", []issue.Code{CodeCharsetUnknown}, "A", "A"},
		{`ISO_IR 100\`, []issue.Code{CodeCharsetExtension, CodeCharsetExtension}, "\xc5", "Å"},
		{`ISO_IR 100\ISO_IR 144`, []issue.Code{CodeCharsetExtension, CodeCharsetExtension}, "\xc5", "Å"},
		{`ISO_IR 192\ISO 2022 IR 87`, []issue.Code{CodeCharsetExtension}, "Å", "Å"},
		{`\ISO_IR 192`, []issue.Code{CodeCharsetExtension}, "A", "A"},
		{`ISO 2022 IR 100 \ISO 2022 IR 144`, nil, "\xc5\x1b-L\xb8", "ÅИ"},
	} {
		cs, issues := NewCharset(strings.Split(c.terms, `\`))
		var codes []issue.Code
		for _, i := range issues {
			codes = append(codes, i.Code)
			if strings.Contains(i.Message, "999") || strings.Contains(i.Message, "KOI") {
				t.Errorf("%s: want a message without the value", c.terms)
			}
		}
		if diff := cmp.Diff(c.codes, codes); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.terms, diff)
		}
		if text, _ := cs.AppendText(nil, []byte(c.value), dict.LO); string(text) != c.want {
			t.Errorf("%s: want %q, have %q", c.terms, c.want, text)
		}
	}
	for _, terms := range [][]string{nil, {""}, {"  \x00"}} {
		if c, issues := NewCharset(terms); c != nil || issues != nil || c.Terms() != nil {
			t.Errorf("%q: want the default repertoire", terms)
		}
	}
}

func TestSpellingsAreRememberedWithBound(t *testing.T) {
	var m charsets
	first, _ := m.of([]byte("ISO_IR 100 "))
	if again, _ := m.of([]byte("ISO_IR 100")); again != first || first == nil {
		t.Error("want the same Charset, have another")
	}
	for i := range 3 * maxCharsets {
		if _, issues := m.of(fmt.Appendf(nil, "X%d", i)); len(issues) != 1 {
			t.Fatalf("want a finding, have %d", len(issues))
		}
	}
	if len(m.known) > maxCharsets {
		t.Errorf("want at most %d, have %d", maxCharsets, len(m.known))
	}
	if c, issues := m.of([]byte("\x00 ")); c != nil || issues != nil {
		t.Error("want the default repertoire")
	}
	if c, _ := m.of(bytes.Repeat([]byte(`\`), 1<<20)); len(c.Terms()) > 1<<11 {
		t.Errorf("want few terms kept, have %d", len(c.Terms()))
	}
}

func TestTextIsWrittenInItsCharacterSet(t *testing.T) {
	for _, c := range []struct {
		name, terms, text string
		vr                dict.VR
		want              string // "" where it cannot be written
	}{
		{"plain", "", "Ek", dict.PN, "Ek"},
		{"default has ASCII alone", "", "Åsa", dict.PN, ""},
		{"Latin 1", "ISO_IR 100", "Åsa^Ö", dict.PN, "\xc5sa^\xd6"},
		{"not in Latin 1", "ISO_IR 100", "Łódź", dict.PN, ""},
		{"other set of the same data set", `ISO 2022 IR 100\ISO 2022 IR 144`, "ÅИ^Å", dict.PN, "\xc5\x1b-L\xb8\x1b-A^\xc5"},
		{"back before the end", `\ISO 2022 IR 87`, "山 A", dict.LO, "\x1b$B;3\x1b(B A"},
		{"back before a caret", `\ISO 2022 IR 87`, "Y=山^太", dict.PN, "Y=\x1b$B;3\x1b(B^\x1b$BB@\x1b(B"},
		{"again behind a caret", `\ISO 2022 IR 149`, "홍^길", dict.PN, "\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6"},
		{"back to romaji", `ISO 2022 IR 13\ISO 2022 IR 87`, "ﾔ=山", dict.PN, "\xd4=\x1b$B;3\x1b(J"},
		{"UTF-8", "ISO_IR 192", "Łódź 山", dict.LO, "Łódź 山"},
		{"backslash byte", "GB18030", `俓\第`, dict.LO, "\x82\x5c\\\xb5\xda"},
		{"not in GBK", "GBK", "㐀", dict.LO, ""},
		{"no escape in text", "ISO_IR 100", "Å\x1b", dict.LO, ""},
		{"no control characters of C1", "ISO_IR 100", "\u0085", dict.LO, ""},
		{"code strings are ASCII", "ISO_IR 192", "Å", dict.CS, ""},
		{"not UTF-8", "ISO_IR 192", "\xff", dict.LO, ""},
	} {
		cs, _ := NewCharset(strings.Split(c.terms, `\`))
		have, ok := cs.Encode(c.text, c.vr)
		if string(have) != c.want || ok != (c.want != "") {
			t.Errorf("%s: want %q, have %q, %v", c.name, c.want, have, ok)
		}
		if text, exact := cs.AppendText(nil, have, c.vr); ok && (string(text) != c.text || !exact) {
			t.Errorf("%s: want %q again, have %q", c.name, c.text, text)
		}
	}
}

func TestPlainTextCostsNothing(t *testing.T) {
	c := charsetOf(t, "ISO_IR 100")
	dst, value := make([]byte, 0, 64), []byte("Hospital of the Sea")
	latin := []byte("G\xf6teborg")
	if n := testing.AllocsPerRun(100, func() {
		dst, _ = c.AppendText(dst[:0], value, dict.LO)
		dst, _ = c.AppendText(dst[:0], latin, dict.LO)
	}); n != 0 {
		t.Errorf("want 0 allocations, have %v", n)
	}
}

// properTerms are spellings without findings.
var properTerms = []string{
	"", "ISO_IR 100", "ISO_IR 101", "ISO_IR 109", "ISO_IR 110", "ISO_IR 144", "ISO_IR 127", "ISO_IR 126", "ISO_IR 138", "ISO_IR 148",
	"ISO_IR 203", "ISO_IR 13", "ISO_IR 166", "ISO_IR 192", "GB18030", "GBK", `\ISO 2022 IR 87`, `ISO 2022 IR 13\ISO 2022 IR 87\ISO 2022 IR 159`,
	`\ISO 2022 IR 149`, `\ISO 2022 IR 58`, `ISO 2022 IR 100\ISO 2022 IR 144\ISO 2022 IR 126`, `ISO 2022 IR 6\ISO 2022 IR 166\ISO 2022 IR 87`, "ISO 2022 IR 100",
}

// Text of any bytes is valid UTF-8; what a set can hold is written in it and read again.
func FuzzCharset(f *testing.F) {
	for i, s := range []string{"\xc5sa^\xd6", "\x1b$B;3\x1b(B^A", "\x1b$)C\xb1\xe8\\\xb1", "\x82\x5c\\\x81\x39\xee\x39", "\x95\x5c", "\x1b-L\xb8\r\n\xc5", "Å=Ö", "\x1b$(D0!\x1b", "\xff\xfe\x1b(J~\\"} {
		f.Add(uint8(i*3), uint8(i), []byte(s))
	}
	vrs := []dict.VR{dict.PN, dict.LO, dict.LT, dict.CS}
	f.Fuzz(func(t *testing.T, terms, vr uint8, value []byte) {
		c := charsetOf(t, properTerms[int(terms)%len(properTerms)])
		v := vrs[int(vr)%len(vrs)]
		text, exact := c.AppendText(nil, value, v)
		if !utf8.Valid(text) {
			t.Fatalf("want UTF-8, have %q", text)
		}
		e := Element{VR: v, Value: value}
		if joined := bytes.Join(c.split(value, v), []byte{'\\'}); !bytes.Equal(joined, value) {
			t.Fatalf("want the value again, have %q", joined)
		}
		c.checkValue(&e, nil)
		if exact && len(value) > 0 && v.Multiple() && len(c.split(value, v)) != len(c.Texts(&e)) {
			t.Fatalf("want %d values, have %d", len(c.Texts(&e)), len(c.split(value, v)))
		}
		back, ok := c.Encode(string(text), v)
		if exact && !ok && !bytes.ContainsRune(text, utf8.RuneError) {
			t.Fatalf("%v: want %q written, have none", c.Terms(), text)
		}
		if again, _ := c.AppendText(nil, back, v); ok && !bytes.Equal(again, text) {
			t.Fatalf("%v: want %q again, have %q by %q", c.Terms(), text, again, back)
		}
	})
}

// What a user writes is read again or refused.
func FuzzEncode(f *testing.F) {
	f.Add(uint8(1), "Åsa^Ö")
	f.Add(uint8(17), "ﾔﾏ=山田^太郎 ¥‾")
	f.Add(uint8(20), "ÅИ\r\nΩ")
	f.Add(uint8(14), "俓\\第㐀€\U0001F600")
	f.Fuzz(func(t *testing.T, terms uint8, text string) {
		c := charsetOf(t, properTerms[int(terms)%len(properTerms)])
		b, ok := c.Encode(text, dict.PN)
		if !ok {
			return
		}
		if have, _ := c.AppendText(nil, b, dict.PN); string(have) != text && utf8.ValidString(text) && !strings.Contains(text, "\x1b") {
			t.Fatalf("%v: want %q again, have %q", c.Terms(), text, have)
		}
	})
}
