package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// convert runs Convert over a text and returns the report and the folder.
func convert(t *testing.T, text string, opts ConvertOptions, views ...string) (*Report, string) {
	t.Helper()
	for _, src := range views {
		v, err := New([]byte(src), nil)
		if err != nil {
			t.Fatal(err)
		}
		opts.Views = append(opts.Views, v)
	}
	opts.Out = filepath.Join(t.TempDir(), "out")
	r, err := Convert(t.Context(), []fhir.Source{fhir.ReaderSource("x", strings.NewReader(text))}, &opts)
	if err != nil {
		t.Fatal(err)
	}
	return r, opts.Out
}

// files returns what a folder holds.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, dir)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// mixedLines are records of all fates.
func mixedLines() string {
	var b strings.Builder
	for i := range 9000 {
		switch i % 9 {
		case 0:
			b.WriteString("{\"resourceType\":\"Patient\",\n")
		case 1:
			fmt.Fprintf(&b, `{"resourceType":"Organization","id":"o%d"}`+"\n", i)
		case 2:
			fmt.Fprintf(&b, `{"id":"late%d","resourceType":"Patient","active":true}`+"\n", i)
		case 3:
			fmt.Fprintf(&b, `{"resourceType":"Patient","id":"n%d","name":[null],"active":true}`+"\n", i)
		case 4:
			fmt.Fprintf(&b, `{"resourceType":"Patient","id":"m%d","name":[{"family":"a"},{"family":"b"}],"active":true}`+"\n", i)
		default:
			fmt.Fprintf(&b, `{"resourceType":"Patient","id":"p%d","name":[{"family":"f%d","given":["g"]}],"active":%v}`+"\n", i, i%100, i%2 == 0)
		}
	}
	return b.String()
}

func TestTheSameBytesAtAnyNumberOfWorkers(t *testing.T) {
	text := mixedLines()
	var want map[string]string
	var issues issue.List
	for _, workers := range []int{1, 2, 5} {
		c := &issue.Collector{}
		r, out := convert(t, text, ConvertOptions{Workers: workers, Reporter: c}, lawViews...)
		got := files(t, out)
		if want == nil {
			want, issues = got, c.List()
			checkReport(t, r)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%d workers: (-want +got)\n%.2000s", workers, d)
		}
		if len(c.List()) != len(issues) {
			t.Errorf("%d workers: want %d findings, have %d", workers, len(issues), len(c.List()))
		}
	}
	if n := strings.Count(want["/quarantine.ndjson"], "\n"); n != 2000 {
		t.Errorf("want 2000 lines in quarantine, have %d", n)
	}
}

// checkReport checks that every count adds up.
func checkReport(t *testing.T, r *Report) {
	t.Helper()
	viewed := map[string]int64{}
	var sum TypeAccount
	for i := range r.Resources {
		a := &r.Resources[i]
		if a.Read != a.Viewed+a.WithoutView+a.Unreadable {
			t.Errorf("%+v: want counts that add up", *a)
		}
		viewed[a.Type] = a.Viewed
		sum.add(a)
	}
	if sum != r.Total {
		t.Errorf("want the total %+v, have %+v", sum, r.Total)
	}
	for _, v := range r.Views {
		if v.Resources != v.WithRows+v.WithoutRows+v.Filtered+v.Failed || v.Resources != viewed[v.Resource] || v.Rows < v.WithRows {
			t.Errorf("%+v: want counts that add up", v)
		}
	}
	var read int64
	for _, s := range r.Sources {
		read += s.Records + s.Rejected
	}
	if read != r.Total.Read || read == 0 {
		t.Errorf("want %d records, have %d", read, r.Total.Read)
	}
}

const typedView = `{"resource": "Observation", "name": "o", "select": [{"column": [{"name": "d", "path": "value.ofType(Quantity).value", "type": "decimal"},
	{"name": "at", "path": "effective.ofType(dateTime)", "type": "dateTime"}, {"name": "i", "path": "value.ofType(integer)", "type": "integer"}, {"name": "b", "path": "value.ofType(boolean)", "type": "boolean"},
	{"name": "wrong", "path": "status", "type": "integer"}, {"name": "d_text", "path": "id"}]}]}`

func TestNativeTypesLoseNothingInSilence(t *testing.T) {
	text := `{"resourceType":"Observation","valueQuantity":{"value":1.50},"effectiveDateTime":"2020-01-02T03:04:05.5+02:00"}
{"resourceType":"Observation","valueQuantity":{"value":0.12345678901234567891},"effectiveDateTime":"2020-01"}
{"resourceType":"Observation","valueQuantity":{"value":1e3},"effectiveDateTime":"2020-01-02T03:04:05.1234567Z"}
{"resourceType":"Observation","valueInteger":7,"valueBoolean":true}
{"resourceType":"Observation","status":"final"}
`
	c := &issue.Collector{}
	r, out := convert(t, text, ConvertOptions{Types: Native, Reporter: c}, typedView)
	type row struct {
		D     *float64            `parquet:"d"`
		Text  *string             `parquet:"d_text_"`
		At    *columnar.Timestamp `parquet:"at"`
		AtT   *string             `parquet:"at_text"`
		I     *int32              `parquet:"i"`
		B     *bool               `parquet:"b"`
		Wrong *int32              `parquet:"wrong"`
	}
	b, err := os.ReadFile(filepath.Join(out, "views", "o.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for x, err := range columnar.Read[row](bytes.NewReader(b), int64(len(b))) {
		if err != nil {
			t.Fatal(err)
		}
		line, err := json.Marshal([]any{x.D, x.Text, x.At, x.AtT, x.I, x.B, x.Wrong})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(line))
	}
	want := []string{
		`[1.5,null,1577927045500000,null,null,null,null]`,
		`[null,"0.12345678901234567891",null,"2020-01",null,null,null]`,
		`[null,"1e3",null,"2020-01-02T03:04:05.1234567Z",null,null,null]`,
		`[null,null,null,null,7,true,null]`,
		`[null,null,null,null,null,null,null]`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if v := r.Views[0]; v.KeptAsText != 4 || v.ZonesDropped != 1 || v.ValuesLost != 1 {
		t.Errorf("want 4 values kept as text, 1 zone and 1 value lost, have %+v", v)
	}
	if l := c.List(); len(l) != 1 || l[0].Code != CodeValue || l[0].Pos.Line != 5 {
		t.Errorf("want one finding in line 5, have %v", l)
	}
}

func TestABundleResolvesItsReferences(t *testing.T) {
	text := `{"resourceType":"Bundle","type":"collection","entry":[
		{"fullUrl":"urn:uuid:11111111-1111-1111-1111-111111111111","resource":{"resourceType":"Patient","name":[{"family":"a"}]}},
		{"fullUrl":"urn:uuid:22222222-2222-2222-2222-222222222222","resource":{"resourceType":"Condition","id":"c","subject":{"reference":"urn:uuid:11111111-1111-1111-1111-111111111111"}}}]}`
	_, out := convert(t, text, ConvertOptions{Format: NDJSON},
		`{"resource": "Patient", "name": "p", "select": [{"column": [{"name": "k", "path": "getResourceKey()"}]}]}`,
		`{"resource": "Condition", "name": "c", "select": [{"column": [{"name": "s", "path": "subject.getReferenceKey()"}]}]}`)
	got := files(t, out)
	if got["/views/p.ndjson"] != `{"k":"Patient/11111111-1111-1111-1111-111111111111"}`+"\n" || got["/views/c.ndjson"] != `{"s":"Patient/11111111-1111-1111-1111-111111111111"}`+"\n" {
		t.Errorf("want the same key in both tables, have %s and %s", got["/views/p.ndjson"], got["/views/c.ndjson"])
	}
}

func TestNothingAppearsAfterAFailure(t *testing.T) {
	v, err := New([]byte(lawViews[0]), nil)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	src := []fhir.Source{fhir.ReaderSource("x", strings.NewReader("{\"resourceType\":\"Patient\"\n"))}
	if _, err := Convert(t.Context(), src, &ConvertOptions{Out: out, Views: []*View{v}, Reporter: issue.FailFast}); err == nil {
		t.Error("want the reporter's error")
	}
	if _, err := Convert(t.Context(), src, &ConvertOptions{Out: out, Views: []*View{v, v}}); err == nil {
		t.Error("want an error for two views of one name")
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("want no folder")
	}
}
