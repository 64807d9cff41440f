package dicommeta

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// sameCharset compares Charsets by their terms.
var sameCharset = cmp.Comparer(func(a, b *Charset) bool { return slices.Equal(a.Terms(), b.Terms()) })

func text(vr dict.VR, s string) Element { return Element{Tag: 0x00100020, VR: vr, Value: []byte(s)} }

func TestAppendJSONWritesEachVRAsTheStandardSays(t *testing.T) {
	num := func(vr dict.VR, n ...float64) Element { return NumberElement(0x00100020, vr, n...) }
	for _, c := range []struct {
		name string
		e    Element
		want string // behind the VR
	}{
		{"text", text(dict.LO, "A "), `,"Value":["A"]`},
		{"leading blanks stay", text(dict.LO, " A"), `,"Value":[" A"]`},
		{"several", text(dict.CS, `A\B `), `,"Value":["A","B"]`},
		{"empty among several", text(dict.CS, `A\\B`), `,"Value":["A",null,"B"]`},
		{"only delimiters", text(dict.CS, `\\`), `,"Value":[null,null,null]`},
		{"only blanks", text(dict.LO, "  "), ``},
		{"empty", Element{Tag: 0x00100020, VR: dict.LO}, ``},
		{"backslash in one value", text(dict.LT, `A\B`), `,"Value":["A\\B"]`},
		{"uid", text(dict.UI, "1.2\x00"), `,"Value":["1.2"]`},
		{"escapes", text(dict.UT, "\"\n\r\t\x01\x7f/"), `,"Value":["\"\n\r\t\u0001` + "\x7f" + `/"]`},
		{"not UTF-8", text(dict.UT, "a\xffb"), `,"Value":["a` + "\uFFFD" + `b"]`},
		{"name", text(dict.PN, "A^B "), `,"Value":[{"Alphabetic":"A^B"}]`},
		{"name groups", text(dict.PN, `A=B=C\D==E`), `,"Value":[{"Alphabetic":"A","Ideographic":"B","Phonetic":"C"},{"Alphabetic":"D","Phonetic":"E"}]`},
		{"name without the first group", text(dict.PN, `=B`), `,"Value":[{"Ideographic":"B"}]`},
		{"name of nothing", text(dict.PN, `= `), ``},
		{"decimal", text(dict.DS, `1.50\ -2e3\0.1 `), `,"Value":[1.50,-2e3,0.1]`},
		{"decimal that JSON has not", text(dict.DS, `+1\.5\1.\007\NaN`), `,"Value":["+1",".5","1.","007","NaN"]`},
		{"decimal of many digits", text(dict.DS, `1234567890.12345\0.12345678901234567`), `,"Value":[1234567890.12345,"0.12345678901234567"]`},
		{"integer", text(dict.IS, `12\-3 `), `,"Value":[12,-3]`},
		{"integer with text", text(dict.IS, `1A`), `,"Value":["1A"]`},
		{"US", num(dict.US, 0, 65535), `,"Value":[0,65535]`},
		{"SS", num(dict.SS, -1, 32767), `,"Value":[-1,32767]`},
		{"UL", num(dict.UL, 4294967295), `,"Value":[4294967295]`},
		{"SL", num(dict.SL, -2147483648), `,"Value":[-2147483648]`},
		{"SV", num(dict.SV, 1<<53, -1<<60), `,"Value":[9007199254740992,"-1152921504606846976"]`},
		{"UV", num(dict.UV, 1, 1<<60), `,"Value":[1,"1152921504606846976"]`},
		{"FL", num(dict.FL, 0.1, -1e30), `,"Value":[0.1,-1e+30]`},
		{"FD", num(dict.FD, 0.1, 1e-9, 5), `,"Value":[0.1,1e-09,5]`},
		{"no numbers", num(dict.FD, math.NaN(), math.Inf(1), math.Inf(-1)), `,"Value":["NaN","Infinity","-Infinity"]`},
		{"AT", Element{Tag: 0x00100020, VR: dict.AT, Value: []byte{0x10, 0, 0x20, 0, 0xFE, 0xFF, 0, 0xE0}}, `,"Value":["00100020","FFFEE000"]`},
		{"number cut", Element{Tag: 0x00100020, VR: dict.US, Value: []byte{1, 0, 2}}, `,"InlineBinary":"AQAC"`},
		{"binary", Element{Tag: 0x00100020, VR: dict.OB, Value: []byte{1, 2}}, `,"InlineBinary":"AQI="`},
		{"unknown", Element{Tag: 0x00100020, VR: dict.UN, Value: []byte("ab")}, `,"InlineBinary":"YWI="`},
		{"elsewhere", Element{Tag: 0x00100020, VR: dict.OW, URI: `http://h/"b"`}, `,"BulkDataURI":"http://h/\"b\""`},
		{"left in the source", Element{Tag: 0x00100020, VR: dict.OW, Offset: 100, Head: 12, Length: 70000}, `,"BulkDataURI":"?offset=112&length=70000"`},
		{"no items", Element{Tag: 0x00100020, VR: dict.SQ}, ``},
		{"items", SequenceElement(0x00100020, Dataset{}, NewDataset(TextElement(dict.PatientID, "A"))), `,"Value":[{},{"00100020":{"vr":"LO","Value":["A"]}}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Dataset{Elements: []Element{c.e}, Charset: UTF8}
			vr := c.e.VR
			if c.name == "number cut" {
				vr = dict.UN
			}
			want := `{"00100020":{"vr":"` + vr.String() + `"` + c.want + `}}`
			got := AppendJSON([]byte("x"), &d, nil)
			if diff := cmp.Diff("x"+want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if !json.Valid(got[1:]) {
				t.Error("want JSON, have other text")
			}
			back, issues, err := ParseJSON(got[1:], nil)
			if err != nil || len(issues) > 0 {
				t.Fatalf("read back: %v %v", issues, err)
			}
			if diff := cmp.Diff(want, string(AppendJSON(nil, &back, nil))); diff != "" {
				t.Errorf("written again (-want +got)\n%s", diff)
			}
		})
	}
}

func TestAppendJSONSortsAndLeavesGroupLengthsOut(t *testing.T) {
	d := Dataset{Charset: UTF8, Elements: []Element{
		TextElement(dict.PatientID, "first"),
		NumberElement(0x00100000, dict.UL, 4),
		TextElement(dict.SOPInstanceUID, "1.2"),
		TextElement(dict.PatientID, "last"),
	}}
	want := `{"00080018":{"vr":"UI","Value":["1.2"]},"00100020":{"vr":"LO","Value":["last"]}}`
	if diff := cmp.Diff(want, string(AppendJSON(nil, &d, nil))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAppendJSONSaysItsCharacterSet(t *testing.T) {
	d := NewDataset(TextElement(dict.SpecificCharacterSet, "ISO_IR 100"), TextElement(dict.PatientID, "A"))
	want := `{"00080005":{"vr":"CS","Value":["ISO_IR 192"]},"00100020":{"vr":"LO","Value":["A"]}}`
	if diff := cmp.Diff(want, string(AppendJSON(nil, &d, nil))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	back, _, err := ParseJSON([]byte(strings.Replace(want, "192", "100", 1)), nil)
	if err != nil || back.Text(dict.SpecificCharacterSet) != "ISO_IR 192" {
		t.Errorf("want ISO_IR 192, have another set (%v)", err)
	}
}

func TestInstanceAsJSONNamesItsBulkData(t *testing.T) {
	long := Element{Tag: 0x00281201, VR: dict.OW, Value: make([]byte, 6)}
	x := Instance{
		Meta:    NewDataset(TextElement(dict.TransferSyntaxUID, "1.2")),
		Dataset: NewDataset(SequenceElement(0x00081140, NewDataset(long)), long),
		Stop:    Element{Tag: dict.PixelData, VR: dict.OW, Length: 8, Head: 12, Offset: 1000},
	}
	var paths []string
	got := x.AppendJSON(nil, &JSONOptions{Meta: true, InlineBytes: 4, BulkDataURI: func(p Path, d *Dataset, e *Element) string {
		if d.Find(e.Tag) != e && e.Tag != dict.PixelData {
			t.Error("want the data set of the element, have another")
		}
		paths = append(paths, p.String())
		return "bulk/" + e.Tag.Hex()
	}})
	want := `{"00020010":{"vr":"UI","Value":["1.2"]},` +
		`"00081140":{"vr":"SQ","Value":[{"00281201":{"vr":"OW","BulkDataURI":"bulk/00281201"}}]},` +
		`"00281201":{"vr":"OW","BulkDataURI":"bulk/00281201"},"7FE00010":{"vr":"OW","BulkDataURI":"bulk/7FE00010"}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"(0008,1140)[1].(0028,1201)", "(0028,1201)", "(7FE0,0010)"}, paths); diff != "" {
		t.Errorf("paths (-want +got)\n%s", diff)
	}
	if s := string(x.AppendJSON(nil, nil)); strings.Contains(s, "00020010") || strings.Contains(s, "7FE0") || !strings.Contains(s, "InlineBinary") {
		t.Error("want neither meta information nor pixel data, and binary values inline")
	}
}

func TestParseJSONFindsWhatIsWrong(t *testing.T) {
	type finding struct {
		Code         issue.Code
		Line, Column int
		Path         string
	}
	el := func(body string) string { return `{"00100020":{` + body + `}}` }
	const p = "(0010,0020)"
	for _, c := range []struct {
		name, in, want string // want as AppendJSON writes it
		find           []finding
	}{
		{"nothing", `{}`, `{}`, nil},
		{"not a tag", "{\n \"0010002\":{\"vr\":\"LO\"}}", `{}`, []finding{{CodeJSONTag, 2, 2, ""}}},
		{"lower case tag", `{"0010002a":{"vr":"LO","Value":["A"]}}`, `{"0010002A":{"vr":"LO","Value":["A"]}}`, nil},
		{"twice", `{"00100020":{"vr":"LO","Value":["A"]},"00100020":{"vr":"LO","Value":["B"]}}`, el(`"vr":"LO","Value":["B"]`), []finding{{CodeJSONDuplicate, 1, 39, ""}}},
		{"out of order", `{"00100020":{"vr":"LO"},"00080018":{"vr":"UI"}}`, `{"00080018":{"vr":"UI"},"00100020":{"vr":"LO"}}`, nil},
		{"no VR", el(`"Value":["A"]`), el(`"vr":"LO","Value":["A"]`), []finding{{CodeJSONVR, 1, 13, p}}},
		{"other VR", el(`"vr":"XX","Value":["A"]`), el(`"vr":"LO","Value":["A"]`), []finding{{CodeJSONVR, 1, 19, p}}},
		{"element is text", `{"00100020":"A"}`, `{}`, []finding{{CodeJSONValue, 1, 13, p}}},
		{"value is text", el(`"vr":"LO","Value":"A"`), `{}`, []finding{{CodeJSONValue, 1, 32, p}}},
		{"further member", el(`"vr":"LO","keyword":"PatientID"`), el(`"vr":"LO"`), []finding{{CodeJSONMember, 1, 24, p}}},
		{"two values", el(`"vr":"OB","InlineBinary":"AQI=","BulkDataURI":"x"`), el(`"vr":"OB","InlineBinary":"AQI="`), []finding{{CodeJSONMember, 1, 13, p}}},
		{"number as text", el(`"vr":"US","Value":["7"]`), el(`"vr":"US","Value":[7]`), []finding{{CodeJSONType, 1, 33, p}}},
		{"text as number", el(`"vr":"LO","Value":[7]`), el(`"vr":"LO","Value":["7"]`), []finding{{CodeJSONType, 1, 33, p}}},
		{"name as text", el(`"vr":"PN","Value":["A^B"]`), el(`"vr":"PN","Value":[{"Alphabetic":"A^B"}]`), []finding{{CodeJSONType, 1, 33, p}}},
		{"text as bool", el(`"vr":"LO","Value":[true]`), `{}`, []finding{{CodeJSONValue, 1, 33, p}}},
		{"DS and IS as either", `{"00101030":{"vr":"DS","Value":["1.0"]},"00200013":{"vr":"IS","Value":[4.0]}}`, `{"00101030":{"vr":"DS","Value":[1.0]},"00200013":{"vr":"IS","Value":[4]}}`, nil},
		{"out of range", el(`"vr":"US","Value":[65536]`), `{}`, []finding{{CodeJSONValue, 1, 33, p}}},
		{"negative", el(`"vr":"UL","Value":[1,-1]`), `{}`, []finding{{CodeJSONValue, 1, 35, p}}},
		{"fraction", el(`"vr":"SL","Value":[1.5]`), `{}`, []finding{{CodeJSONValue, 1, 33, p}}},
		{"whole with a point", el(`"vr":"SL","Value":[-2.0]`), el(`"vr":"SL","Value":[-2]`), nil},
		{"null among numbers", el(`"vr":"US","Value":[1,null]`), `{}`, []finding{{CodeJSONValue, 1, 35, p}}},
		{"only null", el(`"vr":"US","Value":[null]`), el(`"vr":"US"`), nil},
		{"other spellings", el(`"vr":"FD","Value":["nan","inf","-inf"]`), el(`"vr":"FD","Value":["NaN","Infinity","-Infinity"]`), nil},
		{"wide numbers", el(`"vr":"UV","Value":["18446744073709551615",1]`), el(`"vr":"UV","Value":["18446744073709551615",1]`), nil},
		{"hex float", el(`"vr":"FD","Value":["0x1p1"]`), `{}`, []finding{{CodeJSONValue, 1, 33, p}}},
		{"not base64", el(`"vr":"OB","InlineBinary":"*"`), `{}`, []finding{{CodeJSONValue, 1, 39, p}}},
		{"base64 without padding", el(`"vr":"OB","InlineBinary":"AQI"`), el(`"vr":"OB","InlineBinary":"AQI="`), nil},
		{"binary as value", el(`"vr":"OB","Value":[1]`), `{}`, []finding{{CodeJSONValue, 1, 32, p}}},
		{"backslash", el(`"vr":"LO","Value":["A\\B"]`), el(`"vr":"LO","Value":["A","B"]`), []finding{{CodeJSONType, 1, 33, p}}},
		{"in an item", `{"00081140":{"vr":"SQ","Value":[{},{"00100020":{"vr":"AT","Value":["x"]}}]}}`, `{"00081140":{"vr":"SQ","Value":[{},{}]}}`, []finding{{CodeJSONValue, 1, 68, "(0008,1140)[2]." + p}}},
		{"item is null", `{"00081140":{"vr":"SQ","Value":[null]}}`, `{"00081140":{"vr":"SQ","Value":[{}]}}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, issues, err := ParseJSON([]byte(c.in), &ParseJSONOptions{Source: "x"})
			if err != nil {
				t.Fatal(err)
			}
			var find []finding
			for _, is := range issues {
				find = append(find, finding{is.Code, is.Pos.Line, is.Pos.Column, is.Path})
				if is.Pos.Source != "x" || is.Message == "" {
					t.Error("want source and message, have none")
				}
			}
			if diff := cmp.Diff(c.find, find); diff != "" {
				t.Errorf("findings (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(c.want, string(AppendJSON(nil, &d, nil))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestParseJSONRefusesWhatIsNoDataSet(t *testing.T) {
	deep := strings.Repeat(`{"00081140":{"vr":"SQ","Value":[`, 66) + "{}" + strings.Repeat("]}}", 66)
	for _, c := range []struct {
		name, in string
		opts     *ParseJSONOptions
		code     issue.Code
		limit    bool
	}{
		{"nothing", ``, nil, CodeJSONSyntax, false},
		{"array", `[]`, nil, CodeJSONSyntax, false},
		{"cut", `{"00100020":{"vr"`, nil, CodeJSONSyntax, false},
		{"two", `{}{}`, nil, CodeJSONSyntax, false},
		{"deep", deep, nil, CodeJSONLimit, true},
		{"a little deep", deep, &ParseJSONOptions{MaxDepth: 65}, CodeJSONLimit, true},
		{"very deep", strings.Repeat(`[`, 1_000_000), nil, CodeJSONLimit, true},
		{"long", `{"00100020":{"vr":"LO"}}`, &ParseJSONOptions{MaxBytes: 20}, CodeJSONLimit, true},
		{"many", `{"00100020":{"vr":"LO"},"00100021":{"vr":"LO"}}`, &ParseJSONOptions{MaxElements: 1}, CodeJSONLimit, true},
		{"many items", `{"00081140":{"vr":"SQ","Value":[{},{},{}]}}`, &ParseJSONOptions{MaxElements: 3}, CodeJSONLimit, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := ParseJSON([]byte(c.in), c.opts)
			var e *Error
			if !errors.As(err, &e) || e.Issue.Code != c.code || errors.Is(err, ErrLimit) != c.limit {
				t.Errorf("want %s, have %v", c.code, err)
			}
		})
	}
	if _, _, err := ParseJSON([]byte(deep), &ParseJSONOptions{MaxDepth: 66}); err != nil {
		t.Errorf("want no error, have %v", err)
	}
}

func TestReadJSONReadsArraysAndLines(t *testing.T) {
	const a, b = `{"00100020":{"vr":"LO","Value":["}\"{"]}}`, `{"00080018":{"vr":"UI","Value":["1.2"]}}`
	const bad = `{"00100020":{"vr":"US","Value":[-1]}}`
	for _, c := range []struct{ name, in string }{
		{"array", " [\n" + a + ",\n " + b + ",\n" + bad + "]\n"},
		{"lines", "\n" + a + "\n " + b + "\r\n" + bad + "\n"},
		{"lines without an end", "\n" + a + "\n " + b + "\n" + bad},
	} {
		t.Run(c.name, func(t *testing.T) {
			var all issue.Collector
			var got []string
			for d, err := range ReadJSON(context.Background(), iotest.OneByteReader(strings.NewReader(c.in)), &ParseJSONOptions{Reporter: &all}) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(AppendJSON(nil, d, nil)))
			}
			if diff := cmp.Diff([]string{a, b, "{}"}, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			want := issue.Pos{Record: 3, Line: 4, Column: 33, Offset: int64(strings.Index(c.in, "-1"))}
			if len(all.List()) != 1 || all.List()[0].Pos != want {
				t.Errorf("want one finding at %v, have %v", want, all.List())
			}
		})
	}
}

func TestReadJSONEndsWhereTheTextCannotBeFollowed(t *testing.T) {
	for _, c := range []struct {
		name, in string
		n        int
		limit    bool
	}{
		{"empty", "", 0, false},
		{"array cut", `[{},{"00`, 1, false},
		{"array unclosed", `[{},{}`, 2, false},
		{"lines cut", `{}{"00`, 1, false},
		{"text", `{} x`, 1, false},
		{"behind the array", `[{}] x`, 1, false},
		{"long line", `{}{"00100020":{"vr":"LO"}}`, 1, true},
		{"long element", `[{},{"00100020":{"vr":"LO"}}]`, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := 0
			var last error
			for d, err := range ReadJSON(context.Background(), strings.NewReader(c.in), &ParseJSONOptions{MaxBytes: 20}) {
				if last != nil {
					t.Fatal("want the error last")
				}
				if last = err; d != nil {
					n++
				}
			}
			var e *Error
			if n != c.n || errors.As(last, &e) == (c.in == "") || errors.Is(last, ErrLimit) != c.limit {
				t.Errorf("want %d data sets, have %d and error %v", c.n, n, last)
			}
		})
	}
}

func TestReadJSONPassesOnErrors(t *testing.T) {
	broken := errors.New("broken")
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		opts *ParseJSONOptions
		want error
	}{
		{"reader", context.Background(), nil, broken},
		{"context", cancelled, nil, context.Canceled},
		{"reporter", context.Background(), &ParseJSONOptions{Reporter: stopper{broken}}, broken},
	} {
		for _, in := range []string{`[{"x":1},{}`, `{"x":1}{}`} {
			var last error
			for _, err := range ReadJSON(c.ctx, &failing{strings.NewReader(in), broken}, c.opts) {
				last = err
			}
			if !errors.Is(last, c.want) {
				t.Errorf("%s: want %v, have %v", c.name, c.want, last)
			}
		}
	}
	for range ReadJSON(context.Background(), strings.NewReader(`[{},{}]`), nil) {
		break
	}
}

// failing reads text and then fails.
type failing struct {
	r   *strings.Reader
	err error
}

func (f *failing) Read(b []byte) (int, error) {
	if f.r.Len() == 0 {
		return 0, f.err
	}
	return f.r.Read(b)
}

type stopper struct{ err error }

func (s stopper) Report(issue.Issue) error { return s.err }

// FuzzParseJSON holds the two directions together: what was read is written in one form,
// and that form is read as the same data set without a finding.
func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"00100020":{"vr":"LO","Value":["A","",null,"B "]}}`, `{"00100010":{"vr":"PN","Value":[{"Ideographic":"=^"},{},null]}}`,
		`{"00080005":{"vr":"CS","Value":["ISO_IR 100"]},"00081140":{"vr":"SQ","Value":[{"00280106":{"vr":"SS","Value":[-2]}},{}]}}`,
		`{"00101030":{"vr":"DS","Value":[70.50,"1."," 2"]},"00200013":{"vr":"IS","Value":[1e2]}}`,
		`{"7FE00010":{"vr":"OW","BulkDataURI":"a"},"00281201":{"vr":"OW","InlineBinary":"AQI="}}`,
		`{"00720076":{"vr":"FL","Value":["NaN",-0.0,1e-40]},"00080001":{"vr":"SV","Value":["-9223372036854775808"]},"00080000":{"vr":"UL","Value":[4]}}`,
		`{"00100020":{"vr":"LT","Value":["\ud800\u0000\u001b$B\\ "]},"00100020":{}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		first, _, err := ParseJSON(b, nil)
		if err != nil {
			return
		}
		one := AppendJSON(nil, &first, nil)
		if !json.Valid(one) {
			t.Fatalf("want JSON, have other text")
		}
		second, issues, err := ParseJSON(one, nil)
		if err != nil || len(issues) > 0 {
			t.Fatalf("read back: %v %v", issues, err)
		}
		two := AppendJSON(nil, &second, nil)
		if diff := cmp.Diff(string(one), string(two)); diff != "" {
			t.Fatalf("(-first +second)\n%s", diff)
		}
		third, _, err := ParseJSON(two, nil)
		if diff := cmp.Diff(second, third, sameCharset, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Fatalf("data set: %v (-want +got)\n%s", err, diff)
		}
	})
}

func TestAppendJSONAllocatesNothingForAnElement(t *testing.T) {
	var d Dataset
	for i := range 1000 {
		tag := dict.NewTag(0x0011, uint16(0x1000+2*i))
		d.Elements = append(d.Elements, Element{Tag: tag, VR: dict.LO, Value: []byte("text")}, Element{Tag: tag + 1, VR: dict.FD, Value: make([]byte, 8)})
	}
	dst := AppendJSON(nil, &d, nil)
	if n := testing.AllocsPerRun(10, func() { dst = AppendJSON(dst[:0], &d, nil) }); n > 4 {
		t.Errorf("want at most 4 allocations for 2000 elements, have %v", n)
	}
}
