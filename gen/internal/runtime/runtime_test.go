package runtime

import (
	"bytes"
	"encoding/json"
	"go/parser"
	"go/token"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var texts = []string{
	`{}`, `[]`, `null`, `true`, `-0`, `1.50e+3`, `"a\u00e9\ud83d\ude00\ud800x\/\n"`, `{"a":{"b":[1,{"c":null}]},"a":2}`,
	" { \"a\" : [ 1 , 2 ] } ", `01`, `1.`, `.5`, `1e`, `-`, `"a`, "\"\x01\"", `"\x"`, `"\u12"`, `{"a"}`, `{"a":}`, `{,}`, `[1,]`, `{"a":1,}`,
	`[1 2]`, `tru`, `nul`, ``, ` `, `{} {}`, `[[[[`, `{"a":1}}`, "\xef\xbb\xbf{}", "\"\xff\"", `"` + strings.Repeat("x", 100) + `\""`,
}

// The syntax that is accepted is that of encoding/json, but for depth.
func accepts(t *testing.T, text []byte) {
	t.Helper()
	var have, again Raw
	err := have.UnmarshalJSON(text)
	if want := json.Valid(text); want != (err == nil) {
		if err != nil && strings.Contains(err.Error(), "levels") {
			return
		}
		t.Fatalf("want valid %v, have %v", want, err)
	}
	if err != nil {
		return
	}
	var compacted bytes.Buffer
	if err := json.Compact(&compacted, text); err != nil || compacted.String() != string(have) {
		t.Fatalf("want %s, have %s", &compacted, have)
	}
	if err := again.UnmarshalJSON([]byte(have)); err != nil || again != have {
		t.Fatalf("read again: want %s, have %s, %v", have, again, err)
	}
}

func TestSyntaxIsThatOfEncodingJSON(t *testing.T) {
	for _, text := range texts {
		accepts(t, []byte(text))
	}
	if err := new(Raw).UnmarshalJSON([]byte(strings.Repeat("[", 600) + strings.Repeat("]", 600))); err == nil {
		t.Error("want an error for 600 levels")
	}
}

func FuzzRaw(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { accepts(t, text) })
}

func FuzzText(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		written := appendText(nil, s)
		back, ok := open(Raw(written)).text()
		if !ok || back != s {
			t.Fatalf("want %q, have %q", s, back)
		}
		var want string
		if utf8.ValidString(s) && (json.Unmarshal(written, &want) != nil || want != s) {
			t.Fatalf("encoding/json reads %q", want)
		}
		// The other way round: what encoding/json writes.
		theirs, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if back, _ := open(Raw(theirs)).text(); utf8.ValidString(s) && back != s {
			t.Fatalf("want %q, have %q", s, back)
		}
	})
}

func TestDatesOfTheCalendarAlone(t *testing.T) {
	for text, want := range map[string]Precision{
		"2024": PrecisionYear, "2024-02": PrecisionMonth, "2024-02-29": PrecisionDay, "2023-02-29": 0, "1900-02-29": 0, "2000-02-29": PrecisionDay,
		"2024-13": 0, "2024-00": 0, "2024-1": 0, "0000": 0, "2024-04-31": 0, "2024/04/01": 0, "": 0, "20a4": 0, "2024-04-01T": 0,
	} {
		d, err := ParseDate(text)
		if d.Precision() != want || (err == nil) != (want != 0) {
			t.Errorf("%q: want precision %d, have %d, %v", text, want, d.Precision(), err)
		}
		if err == nil && d.String() != text {
			t.Errorf("want %s, have %s", text, d)
		}
	}
}

func TestDateTimesKeepWhatWasWritten(t *testing.T) {
	for _, c := range []struct {
		text      string
		precision Precision
		zone      string
		moment    string
	}{
		{"2024-02-29T10:11:12.100+02:00", PrecisionFraction, "+02:00", "2024-02-29T08:11:12.1Z"},
		{"2024-02-29T10:11:12Z", PrecisionSecond, "Z", "2024-02-29T10:11:12Z"},
		{"2024-02-29T10:11-00:30", PrecisionMinute, "-00:30", "2024-02-29T10:41:00Z"},
		{"2024-02-29T10:11:12", PrecisionSecond, "", "2024-02-29T10:11:12Z"},
		{"2024-02-29T10:11:12.1234567891Z", PrecisionFraction, "Z", "2024-02-29T10:11:12.123456789Z"},
		{"2024-02", PrecisionMonth, "", "2024-02-01T00:00:00Z"},
		{"2024", PrecisionYear, "", "2024-01-01T00:00:00Z"},
	} {
		d, err := ParseDateTime(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if have := d.Time(nil).UTC().Format(time.RFC3339Nano); d.String() != c.text || d.Precision() != c.precision || d.Zone() != c.zone || have != c.moment {
			t.Errorf("%s: have %s, precision %d, zone %s, moment %s", c.text, d, d.Precision(), d.Zone(), have)
		}
	}
	for _, text := range []string{"", "2024-02-30T10:11:12Z", "2024-02-01T25:00:00Z", "2024-02-01T24:00:01", "2024-02-01T10:60:00Z", "2024-02-01T10:11:12.Z", "2024-02-01T10:11:12+2:00", "2024-02-01T", "2024-02-01T10"} {
		if _, err := ParseDateTime(text); err == nil && text != "2024-02-01T24:00:01" {
			t.Errorf("%q: want an error", text)
		}
	}
}

func FuzzTimes(f *testing.F) {
	f.Add("2024-02-29T10:11:12.100+02:00")
	f.Add("23:59:60.5")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDateTime(s); err == nil {
			if d.String() != s || d.Precision() == PrecisionNone || d.Time(nil).IsZero() && d.Date().Year > 1 {
				t.Fatalf("have %s, precision %d", d, d.Precision())
			}
		}
		if v, err := ParseTime(s); err == nil && (v.String() != s || v.Duration() < 0 || v.Duration() > 25*time.Hour) {
			t.Fatalf("have %s, %s", v, v.Duration())
		}
	})
}

func TestDecimalsCompareByValueAndKeepTheirText(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"1.50", "1.5", 0}, {"-1", "1", -1}, {"1e3", "1000", 0}, {"0.1", "0.10000000000000000000001", -1}, {"1e9999999", "1e9999998", 0}, {"2", "10", -1},
	} {
		a, err := ParseDecimal(c.a)
		if err != nil {
			t.Fatal(err)
		}
		b, err := ParseDecimal(c.b)
		if err != nil {
			t.Fatal(err)
		}
		if a.Cmp(b) != c.want || b.Cmp(a) != -c.want || a.String() != c.a {
			t.Errorf("%s and %s: want %d, have %d", c.a, c.b, c.want, a.Cmp(b))
		}
	}
	for _, text := range []string{"", "1.", "+1", "0x1", "1e", "NaN", " 1", "01"} {
		if _, err := ParseDecimal(text); err == nil {
			t.Errorf("%q: want an error", text)
		}
	}
	if have := DecimalOfFloat(0.1).String() + " " + DecimalOf(-7).String(); have != "0.1 -7" {
		t.Errorf("have %s", have)
	}
}

func TestSlotsKeepTheOrderAndAddWhatIsNew(t *testing.T) {
	for _, c := range []struct {
		order  []uint8
		counts []int
		want   []uint8
	}{
		{[]uint8{1, 0, 2}, []int{1, 1, 1}, []uint8{1, 0, 2}},
		{nil, []int{1, 1, 2}, []uint8{1, 2, 2, 0}},
		{[]uint8{2, 0, 1, 0}, []int{3, 0, 1}, []uint8{2, 0, 0, 0}},
		{[]uint8{9}, []int{0, 1}, []uint8{1}},
	} {
		if have := slots(c.order, c.counts...); !bytes.Equal(have, c.want) {
			t.Errorf("%v of %v: want %v, have %v", c.order, c.counts, c.want, have)
		}
	}
}

func TestMatchesFollowFHIR(t *testing.T) {
	const e = Raw(`{"url":"u","code":{"coding":[{"system":"s","code":"a","display":"x"},{"system":"t","code":"b"}]},"valueQuantity":{"value":1.0},"resource":{"resourceType":"Patient"}}`)
	valid := func(code string) bool { return code == "b" }
	for name, have := range map[string]bool{
		"value":            matchValue(e, `"u"`, "url"),
		"escaped value":    matchValue(e, `"\u0075"`, "url"),
		"through lists":    matchValue(e, `"b"`, "code", "coding", "code"),
		"pattern":          matchPattern(e, `{"coding":[{"code":"a","system":"s"}]}`, "code"),
		"codes":            matchCodes(e, valid, "code"),
		"exists":           matchExists(e, "valueQuantity", "value"),
		"type of a choice": matchType(e, "Quantity", "value"),
		"type of resource": matchType(e, "Patient", "resource"),
		"not value":        !matchValue(e, `{"coding":[{"code":"a","system":"s"}]}`, "code"),
		"not pattern":      !matchPattern(e, `{"coding":[{"code":"a","system":"t"}]}`, "code"),
		"not there":        !matchExists(e, "valueString"),
		"not only":         !only(e, "url", "code"),
		"only":             only(`{"url":"u","valueCode":"c"}`, "url", "valueCode"),
		"no object":        !matchValue(`1`, `"u"`, "url"),
	} {
		if !have {
			t.Errorf("%s: want true", name)
		}
	}
}

func TestCompanionsAreFoundByEitherName(t *testing.T) {
	var c Companions
	c.Set("a", `{"id":"1"}`)
	c.Set("_b", `{"id":"2"}`)
	c.Set("a", `{"id":"3"}`)
	if c.Of("_a") != `{"id":"3"}` || c.Of("b") != `{"id":"2"}` || c.Of("c") != "" || len(c) != 2 {
		t.Errorf("have %v", c)
	}
	if c.Set("a", ""); len(c) != 1 || c.Of("a") != "" {
		t.Errorf("have %v", c)
	}
}

func TestIssuesAreAnErrorOnlyWithAnErrorAmongThem(t *testing.T) {
	list := Issues{{Severity: SeverityInformation, Code: codeUnlisted}}
	if err := list.Err(); err != nil {
		t.Error(err)
	}
	list = append(list, Issue{Severity: SeverityError, Code: codeType, Message: "want string, have number"})
	list.within(1, "[2]")
	list.within(1, "name")
	if err := list.Err(); err == nil || err.Error() != "name[2]: want string, have number" {
		t.Error(err)
	}
}

// A file of the support code that is not embedded would be missing where it is
// needed.
func TestSelectTakesWhatIsNamedAndNoMore(t *testing.T) {
	text, err := Select("// H\n", "p", [][]byte{[]byte("package p\n\nvar d Opt[Date]\n")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.ParseFile(token.NewFileSet(), "", text, 0); err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]bool{"type Opt[": true, "func Some[": true, "func ParseDate(": true, "type reader": false, "type Decimal": false} {
		if strings.Contains(string(text), word) != want {
			t.Errorf("%s: want %v", word, want)
		}
	}
	if text, err := Select("", "p", [][]byte{[]byte("package p\n")}); text != nil || err != nil {
		t.Errorf("want nothing, have %d bytes, %v", len(text), err)
	}
}
