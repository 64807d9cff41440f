package check

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

func TestTextFaults(t *testing.T) {
	for typ, texts := range map[string]struct{ good, bad []string }{
		"date": {
			[]string{"2024", "2024-02", "2024-02-29", "0001-01-01", "9999-12-31", "2000-02-29"},
			[]string{"24", "2024-2", "2024-13", "2024-00", "2023-02-29", "1900-02-29", "2024-04-31", "2024-01-32", "2024-01-00", "0000", "2024-01-01T00:00:00Z",
				"20240101", "2024-", "2024-01-", " 2024", "2024 ", "-2024", "2024-01-0a", "2024/01/01"},
		},
		"dateTime": {
			[]string{"2024", "2024-02", "2024-02-29", "2024-02-29T23:59:59Z", "2024-02-29T23:59:60.123456789+14:00", "2024-01-01T00:00:00-13:59"},
			[]string{"2024-02-29T23:59:59", "2024-02-29T23:59Z", "2024-02-29T24:00:00Z", "2024-02-29T23:60:00Z", "2024-02-29T23:59:61Z", "2024-02-29T23:59:59.Z",
				"2024-02-29T23:59:59+14:01", "2024-02-29T23:59:59+15:00", "2024-02-29T23:59:59z", "2024-02-29 23:59:59Z", "2024-02T10:00:00Z", "2023-02-29T10:00:00Z",
				"2024-02-29T", "2024-02-29T23:59:59ZZ", "2024-02-29T23:59:59+0100"},
		},
		"instant": {
			[]string{"2024-02-29T23:59:59Z", "2024-02-29T23:59:59.1+01:00"},
			[]string{"2024-02-29", "2024", "2024-02-29T23:59:59", "2024-02-30T23:59:59Z"},
		},
		"time":         {[]string{"00:00:00", "23:59:60", "10:00:00.5"}, []string{"24:00:00", "10:00", "10:00:00Z", "10:00:00.", "1:00:00", "10-00-00"}},
		"boolean":      {[]string{"true", "false"}, []string{"TRUE", "1", "yes", " true"}},
		"integer":      {[]string{"0", "-0", "-1", "2147483647", "-2147483648"}, []string{"2147483648", "-2147483649", "01", "+1", "1.0", "1e3", "-", "99999999999999999999"}},
		"unsignedInt":  {[]string{"0", "7"}, []string{"-1", "-0", "1.5", "2147483648"}},
		"positiveInt":  {[]string{"1", "2147483647"}, []string{"0", "-1"}},
		"decimal":      {[]string{"0", "-1.50", "1e10", "1.0E-7", "123456789012345678901234567890"}, []string{".5", "1.", "01", "1e", "+1", "NaN", "1,5", "-", "1e+"}},
		"id":           {[]string{"a", "A-1.b", strings.Repeat("a", 64)}, []string{"a_b", "a b", strings.Repeat("a", 65), "é"}},
		"code":         {[]string{"a", "a b", "é"}, []string{" a", "a ", "a  b", "a\tb"}},
		"string":       {[]string{" a ", "a\nb", "é", strings.Repeat("é", maxString)}, []string{"a\fb", "a\vb", strings.Repeat("a", maxString+1)}},
		"markdown":     {[]string{"# a\n"}, []string{strings.Repeat("a", maxString+1)}},
		"base64Binary": {[]string{"QUJD", "QUI=", "QQ==", "QUJD\nQUJD"}, []string{"QUJ", "QU=D", "Q===", "QU!D", "=", " "}},
		"uri": {
			[]string{"a", "http://a.b/c?d#e", "urn:oid:2.16.840.1.113883", "urn:oid:1.3.6", "urn:uuid:00000000-0000-0000-0000-00000000000A", "é"},
			[]string{"a b", " a", "a\n", "oid:1.2.3", "uuid:1", "urn:oid:1.2.3", "urn:oid:3.1.2", "urn:oid:1.3.06", "urn:oid:1.3.", "urn:oid:", "urn:uuid:x",
				"urn:uuid:00000000-0000-0000-0000-0000000000000"},
		},
		"canonical": {[]string{"http://a.b/c|1.0", "#a", "urn:uuid:00000000-0000-0000-0000-000000000000|1"}, []string{"Questionnaire/a", "a|1"}},
		"oid":       {[]string{"urn:oid:1.2.840.1"}, []string{"1.2.840.1", "http://a"}},
		"uuid":      {[]string{"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}, []string{"urn:uuid:C757873D-EC9A-4326-A141-556F43239520", "c757873d-ec9a-4326-a141-556f43239520"}},
		"unknown":   {[]string{"", "anything"}, nil},
	} {
		for _, s := range texts.good {
			if fault := textFault(typ, []byte(s)); fault != "" {
				t.Errorf("%s %.40q: want no fault, have: %s", typ, s, fault)
			}
		}
		for _, s := range texts.bad {
			if textFault(typ, []byte(s)) == "" {
				t.Errorf("%s %.40q: want a fault, have none", typ, s)
			}
		}
	}
}

// definedPatterns returns the regular expressions that R4 gives for primitive
// types.
func definedPatterns(t testing.TB) map[string]*regexp.Regexp {
	t.Helper()
	patterns := map[string]*regexp.Regexp{}
	for st := range fhirdef.R4().Structures() {
		if st.Kind != "primitive-type" {
			continue
		}
		for _, el := range st.Elements {
			for _, typ := range el.Types {
				if strings.HasSuffix(el.Path, ".value") && typ.Regex != "" {
					patterns[st.Type] = regexp.MustCompile(`^(?:` + typ.Regex + `)$`)
				}
			}
		}
	}
	if len(patterns) < 15 {
		t.Fatalf("want the patterns of 15 or more types, have %d", len(patterns))
	}
	return patterns
}

// excused tells the texts on which a pattern and the rules differ on purpose.
func excused(typ, s string) bool {
	switch typ {
	case "base64Binary":
		return true // the pattern allows = anywhere, and white space only between groups
	case "code":
		return strings.ContainsAny(s, "\t\n\f\r\v") // the pattern allows any white space between words
	case "markdown", "string":
		return len(s) == 0
	}
	return false
}

// FuzzTextFault holds the rules to the patterns of the definitions: what a
// pattern refuses is a fault, and what it allows is one only for a reason that
// patterns cannot tell.
func FuzzTextFault(f *testing.F) {
	for _, s := range []string{"2024-02-29", "2023-02-29", "2024-02-29T23:59:60.5+14:00", "10:00:00.5", "-0", "1.50e-7", "a b", "urn:oid:1.2.840.1", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "QUI="} {
		f.Add(s)
	}
	patterns := definedPatterns(f)
	f.Fuzz(func(t *testing.T, s string) {
		for typ, pattern := range patterns {
			if excused(typ, s) || strings.ContainsAny(s, "\f\v") && typ == "string" {
				continue
			}
			fault := textFault(typ, []byte(s))
			if !pattern.MatchString(s) && fault == "" && typ != "markdown" {
				t.Errorf("%s %q: want a fault as the definition does, have none", typ, s)
			}
			if pattern.MatchString(s) && fault != "" && !beyondPattern(typ, s) {
				t.Errorf("%s %q: want no fault as the definition does, have: %s", typ, s, fault)
			}
		}
	})
}

// beyondPattern tells a text that a pattern allows and a rule beyond it does not.
func beyondPattern(typ, s string) bool {
	switch typ {
	case "date", "dateTime", "instant":
		if len(s) < 10 {
			return false
		}
		_, err := time.Parse(time.DateOnly, s[:10])
		return err != nil // a day that does not exist
	case "integer", "unsignedInt", "positiveInt":
		return len(s) > 9 // more than 32 bits
	case "uri", "url", "canonical", "oid":
		return true // the patterns want no white space, or any OID, alone
	}
	return false
}

func TestPatternsAgreeOnTexts(t *testing.T) {
	patterns := definedPatterns(t)
	digits := []string{"0", "1", "9", "00", "10", "-", "+", ".", ":", "T", "Z", "e"}
	for typ, pattern := range patterns {
		for _, a := range digits {
			for _, b := range digits {
				for _, c := range digits {
					s := a + b + c
					fault := textFault(typ, []byte(s)) != ""
					if !excused(typ, s) && fault == pattern.MatchString(s) && !(fault && beyondPattern(typ, s)) {
						t.Errorf("%s %q: want fault %v, have %v", typ, s, !fault, fault)
					}
				}
			}
		}
	}
}

func TestMarkupIsFound(t *testing.T) {
	for s, want := range map[string]bool{
		"Standard <script>somescript</script>": true, "a < b > c": false, "<b>": false, "<b>x</b>": true, "<1>x<": false, "<b class=x>y<": true,
		"<a-b>x<": false, "no tags": false, "<": false, "a<b": false,
	} {
		if got := hasTag([]byte(s)); got != want {
			t.Errorf("%q: want %v, have %v", s, want, got)
		}
	}
	for s, want := range map[string]bool{
		"<resource type>\\<id>": true, "`<b>`": false, "\\<b>": false, "<https://a.b/c>": false, "<a@b.c>": false, "1 < 2": false, "</b>": true, "<!-- a -->": true, "a <b": true,
		"<a href='http://x'>": true,
	} {
		if got := markdownTag([]byte(s)); got != want {
			t.Errorf("%q: want %v, have %v", s, want, got)
		}
	}
}

func TestDirectionsMustEnd(t *testing.T) {
	for s, want := range map[string]bool{
		"plain": false, "\u202eabc\u202c": false, "\u202eabc": true, "\u2066a\u2069": false, "\u2066\u202ea\u2069": true, "\u202c": true, "\u20ac": false,
	} {
		if got := hasOpenDirection([]byte(s)); got != want {
			t.Errorf("%q: want %v, have %v", s, want, got)
		}
	}
}

func BenchmarkTextFault(b *testing.B) {
	for typ, s := range map[string]string{
		"date": "2024-02-29", "dateTime": "2024-02-29T23:59:59+01:00", "id": "c757873d-ec9a-4326-a141-556f43239520", "code": "final",
		"uri": "http://loinc.org", "string": "Body Mass Index", "decimal": "22.184",
	} {
		text := []byte(s)
		b.Run(typ, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if textFault(typ, text) != "" {
					b.Fatal("want no fault, have one")
				}
			}
		})
	}
}

// TestDatesAtOnce: the eight bytes that are read at once hold to what the same
// text says byte by byte.
func TestDatesAtOnce(t *testing.T) {
	for _, good := range []string{"2024-02-29", "2024-02-29T23:59:59Z"} {
		for i := range len(good) {
			for c := range 256 {
				b := []byte(good)
				b[i] = byte(c)
				digit := good[i] >= '0' && good[i] <= '9'
				isDigit := c >= '0' && c <= '9'
				if fault := dateTimeFault(b); fault == "" && digit != isDigit && b[i] != good[i] {
					t.Fatalf("%q: want a fault, have none", b)
				}
			}
		}
	}
	for s, want := range map[string]int{"24:00:00": 0, "23:60:00": 0, "23:59:61": 0, "23:59:60": 8, "00:00:00": 8, "00:00:00.5": 10, "0a:00:00": 0, "00:00:0": 0} {
		if have := timeLength([]byte(s)); have != want {
			t.Errorf("%s: want length %d, have %d", s, want, have)
		}
	}
}
