package jsontree

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// pieces hands out at most n bytes a read.
type pieces struct {
	r io.Reader
	n int
}

func (p pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(p.n, len(b))]) }

type splitResult struct {
	Parts []Part
	Err   string
}

// splitAll collects copies of all parts and the final error.
func splitAll(r io.Reader, opts *SplitOptions) (res splitResult) {
	s := NewSplitter(r, opts)
	for {
		p, err := s.Next()
		if err == nil || p.Raw != nil {
			p.Raw = bytes.Clone(p.Raw)
			res.Parts = append(res.Parts, p)
		}
		if err != nil {
			res.Err = err.Error()
			return res
		}
	}
}

var splitCases = []string{
	`{"resourceType":"Bundle","entry":[{"a":1},{"b":[2,"]"]}],"type":"x"}`,
	"{\n  \"entry\" : [\n    {\n      \"a\" : \"\\\"}\"\n    } ,\n    7, null , \"s\\\\\"\n  ]\n}\n",
	`{}`, ` [ ] `, `[1,[2],{"a":{}}]`, `{"entry":{}}`, `{"entry":[]}`, `{"entry":[1],"entry":[2]}`,
	`{"\u0065ntry":[1]}`, `{"a":1}x`, `{"a":1`, `{"entry":[{"a":"` + strings.Repeat("long ", 50) + `"}]}`,
	`{"entry":[{"a":"` + strings.Repeat(`\\\"`, 50) + `"}]}`, `{"entry":[{"a":1]]}`, `{"a" 1}`, `{"a":}`, `[,]`, `[1,]`, `[1 2]`, `5`, ``, `{"a":"x`, `[{"a`,
	`{"` + strings.Repeat("k", 100) + `":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24]}`,
	"{\"a\x01\":1}", `{"a\x":1}`, `[{"a":[[[[]]]]},"` + strings.Repeat("s", 80) + `",` + strings.Repeat("9", 80) + `]`,
}

func TestSplitterYieldsMembersAndElementsInOrder(t *testing.T) {
	src := "{\n \"type\": \"batch\",\n \"entry\": [\n  {\"a\": 1},\n  [2] ],\n \"total\": 2\n}"
	got := splitAll(strings.NewReader(src), &SplitOptions{Element: "entry"})
	want := splitResult{Err: "EOF", Parts: []Part{
		{Name: "type", Raw: []byte(`"batch"`), Size: 7, Offset: 11, Line: 2, Column: 10},
		{Element: true, Name: "entry", Raw: []byte(`{"a": 1}`), Size: 8, Offset: 34, Line: 4, Column: 3},
		{Element: true, Name: "entry", Index: 1, Raw: []byte(`[2]`), Size: 3, Offset: 46, Line: 5, Column: 3},
		{Name: "total", Index: 2, Raw: []byte(`2`), Size: 1, Offset: 63, Line: 6, Column: 11},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}

func TestSplitterHoldsNoMoreThanTheLimit(t *testing.T) {
	big := `{"x":"` + strings.Repeat("abcdefgh", 100_000) + `"}`
	src := `{"link":` + big + `,"entry":[{"a":1},` + big + `,3],"z":"` + strings.Repeat("z", 5000) + `"}`
	s := NewSplitter(strings.NewReader(src), &SplitOptions{Element: "entry", MaxElement: 1000, MaxMember: 100, BufferSize: 512})
	var have []string
	for {
		p, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if string(p.Raw) != src[p.Offset:int(p.Offset)+len(p.Raw)] {
			t.Errorf("part %s: raw is not what stands at offset %d", p.Name, p.Offset)
		}
		have = append(have, fmt.Sprint(p.Name, " ", p.Index, " ", len(p.Raw), " ", p.Size, " ", p.Truncated))
	}
	n := len(big)
	want := []string{
		fmt.Sprint("link 0 100 ", n, " true"), "entry 0 7 7 false", fmt.Sprint("entry 1 1000 ", n, " true"), "entry 2 1 1 false", "z 2 100 5002 true",
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if len(s.buf) > 8<<10 {
		t.Errorf("buffer: want at most 8 KiB, have %d", len(s.buf))
	}
}

func TestSplitterErrorsSayWhere(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"{\n \"a\" 1}", `json: line 2, column 6 (offset 7): want colon, have digit`},
		{"{\n \"a\": 1,\n}", `json: line 3, column 1 (offset 11): want member name, have closing bracket`},
		{"[\n{}\n{}]", `json: line 3, column 1 (offset 5): want comma or closing bracket, have object`},
		{"7", `json: line 1, column 1 (offset 0): want object or array, have digit`},
		{"[{\n", `json: line 2, column 1 (offset 3): want closing bracket, have end of input`},
		{"{\"a\n\":1}", `json: line 1, column 4 (offset 3): want member name, have text outside RFC 8259 §7`},
		{"[] 1", `json: line 1, column 4 (offset 3): want end of input, have digit`},
	} {
		if got := splitAll(strings.NewReader(c.src), nil).Err; got != c.want {
			t.Errorf("%.200q: want %s, have %s", c.src, c.want, got)
		}
	}
}

func TestSplitterGivesTheBeginningOfAPartCutShort(t *testing.T) {
	s := NewSplitter(strings.NewReader(`{"entry":[{"a":1},{"b":`), &SplitOptions{Element: "entry"})
	if _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	p, err := s.Next()
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || syntax.Offset != 23 || string(p.Raw) != `{"b":` {
		t.Errorf("want the cut part and an error at 23, have %.200q and %v", p.Raw, err)
	}
	if _, again := s.Next(); again != err {
		t.Errorf("want the same error again, have %v", again)
	}
}

func TestSplitterPassesOnTheReadersError(t *testing.T) {
	boom := errors.New("boom")
	for n := range 20 {
		r := io.MultiReader(strings.NewReader(`{"a":[1,2],"b":{}}  `[:n]), iotest.ErrReader(boom))
		s := NewSplitter(r, nil)
		var err error
		for err == nil {
			_, err = s.Next()
		}
		if !errors.Is(err, boom) {
			t.Errorf("after %d bytes: want the reader's error, have %v", n, err)
		}
	}
}

func TestSplitterResetReadsAnotherDocument(t *testing.T) {
	s := NewSplitter(strings.NewReader(`[1`), nil)
	for _, err := s.Next(); err == nil; _, err = s.Next() {
	}
	s.Reset(strings.NewReader("\n[2]"))
	p, err := s.Next()
	if err != nil || string(p.Raw) != "2" || p.Line != 2 || p.Offset != 2 {
		t.Errorf("want element 2 on line 2, have %+v, %v", p, err)
	}
}

func TestWarmSplitterAllocatesOnlyNames(t *testing.T) {
	src := []byte(`{"resourceType":"Bundle","entry":[` + strings.Repeat(`{"resource":{"resourceType":"Patient"}},`, 1000) + `{}]}`)
	r := bytes.NewReader(src)
	s := NewSplitter(r, &SplitOptions{Element: "entry", BufferSize: 4096})
	allocs := testing.AllocsPerRun(20, func() {
		r.Reset(src)
		s.Reset(r)
		n := 0
		for _, err := s.Next(); err == nil; _, err = s.Next() {
			n++
		}
		if n != 1002 {
			t.Fatalf("want 1002 parts, have %d", n)
		}
	})
	if allocs > 1 {
		t.Errorf("want an allocation for the one name, have %v", allocs)
	}
}

func TestSplitterRefusesANameWithoutEnd(t *testing.T) {
	src := `{"` + strings.Repeat("n", 1<<20) + `":1}`
	s := NewSplitter(strings.NewReader(src), &SplitOptions{MaxMember: 1000})
	if p, err := s.Next(); !errors.Is(err, ErrSize) || p.Raw != nil {
		t.Errorf("want ErrSize and no part, have %d bytes, %v", len(p.Raw), err)
	}
	if len(s.buf) > 1<<20 {
		t.Errorf("want a buffer smaller than the name, have %d", len(s.buf))
	}
}

func TestSplitterGivesUpOnAReaderThatGivesNothing(t *testing.T) {
	s := NewSplitter(stuck{}, nil)
	if _, err := s.Next(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("want io.ErrNoProgress, have %v", err)
	}
}

func TestSplitterRefusesAnImpossibleCount(t *testing.T) {
	if _, err := NewSplitter(liar{}, nil).Next(); !errors.Is(err, errCount) {
		t.Errorf("want an error of the reader, have %v", err)
	}
}

// liar says that it read more than there is room for.
type liar struct{}

func (liar) Read(b []byte) (int, error) { return len(b) + 1, nil }

// stuck reads nothing, for ever.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestPartPositionContinuesTheStream(t *testing.T) {
	src := "{\"entry\": [\n  {\"a\": 1,\n   \"b\": 2}]}"
	s := NewSplitter(strings.NewReader(src), &SplitOptions{Element: "entry"})
	p, err := s.Next()
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Raw {
		line, column := p.Position(i)
		if l, c := Position([]byte(src), int(p.Offset)+i); l != line || c != column {
			t.Errorf("offset %d of the part: want %d:%d, have %d:%d", i, l, c, line, column)
		}
	}
}

// checkSplit holds the laws of the Splitter on one document.
func checkSplit(t *testing.T, src []byte) {
	t.Helper()
	for _, opts := range []SplitOptions{{Element: "entry"}, {Element: "entry", MaxElement: 10, MaxMember: 5, BufferSize: 1}} {
		whole := splitAll(bytes.NewReader(src), &opts)
		for n := 1; n <= 8; n++ {
			got := splitAll(pieces{bytes.NewReader(src), n}, &opts)
			if diff := cmp.Diff(whole, got); diff != "" {
				t.Fatalf("pieces of %d of %.200q (-whole +pieces):\n%s", n, src, diff)
			}
		}
		sound := whole.Err == "EOF"
		cut := false
		for _, p := range whole.Parts {
			if !bytes.HasPrefix(src[p.Offset:], p.Raw) {
				t.Fatalf("%.200q: part is not what stands at offset %d", src, p.Offset)
			}
			if l, c := Position(src, int(p.Offset)); l != p.Line || c != p.Column {
				t.Fatalf("%.200q: offset %d: want %d:%d, have %d:%d", src, p.Offset, l, c, p.Line, p.Column)
			}
			cut = cut || p.Truncated
			sound = sound && (p.Truncated || json.Valid(p.Raw))
		}
		top := bytes.TrimLeft(src, " \t\r\n")
		if !cut && len(top) > 0 && (top[0] == '{' || top[0] == '[') && sound != validTop(src) {
			t.Fatalf("%.200q: every part sound: %v (%s), document valid: %v", src, sound, whole.Err, !sound)
		}
	}
}

// validTop is json.Valid without its limit of depth, which an element is one
// or two levels further from than the document.
func validTop(src []byte) bool {
	var tree Tree
	return tree.Parse(src, &Options{MaxDepth: 10002}) == nil
}

func TestSplitterInPiecesEqualsAtOnce(t *testing.T) {
	for _, src := range splitCases {
		checkSplit(t, []byte(src))
	}
}

func FuzzSplitterPieces(f *testing.F) {
	for _, src := range splitCases {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) { checkSplit(t, src) })
}
