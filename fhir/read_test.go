package fhir

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/carabiner-health/carabiner/issue"
)

// event is what a test notes of a reading: a resource, a rejection or a finding.
type event struct {
	Kind   string // "resource", "rejected", "finding"
	Record int64
	Line   int
	Column int
	Offset int64
	Type   string
	ID     string
	Raw    string
	Code   issue.Code
	Fault  string // line:column@offset of the fault
}

// knobs are the sizes that tests make small.
type knobs struct {
	format   Format
	max      int
	depth    int
	block    int
	document int
	whole    bool
	found    bool
	name     string
}

// readEvents reads text in order and notes everything.
func readEvents(t testing.TB, r io.Reader, k knobs) ([]event, SourceStats) {
	t.Helper()
	name := k.name
	if name == "" {
		name = "test"
	}
	src := ReaderSource(name, r)
	src.found = k.found
	t.Cleanup(func() {
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	})
	var out []event
	opts := &ReadOptions{
		Format: k.format, MaxRecordBytes: k.max, MaxDepth: k.depth, WholeBundles: k.whole,
		Reporter: issue.ReporterFunc(func(i issue.Issue) error {
			if n := len(out) - 1; n >= 0 && out[n].Kind == "rejected" && out[n].Code == "" {
				out[n].Code = i.Code
				out[n].Fault = fmt.Sprintf("%d:%d@%d", i.Pos.Line, i.Pos.Column, i.Pos.Offset)
				return nil
			}
			out = append(out, event{Kind: "finding", Record: i.Pos.Record, Line: i.Pos.Line, Column: i.Pos.Column, Offset: i.Pos.Offset, Code: i.Code})
			return nil
		}),
		Quarantine: func(r Rejected) error {
			out = append(out, event{
				Kind: "rejected", Record: r.Pos.Record, Line: r.Pos.Line, Column: r.Pos.Column, Offset: r.Pos.Offset,
				Type: r.Type, Raw: string(r.Raw),
			})
			return nil
		},
	}
	e := newEngine(context.Background(), []Source{src}, opts)
	if k.block > 0 {
		e.cutBytes = k.block
	}
	if k.document > 0 {
		e.docBound = k.document
	}
	err := e.each(1, func(_ int, r *Resource) error {
		p := r.Pos()
		out = append(out, event{
			Kind: "resource", Record: p.Record, Line: p.Line, Column: p.Column, Offset: p.Offset,
			Type: r.Type(), ID: r.ID(), Raw: string(r.Raw()),
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, e.snapshot().Sources[0]
}

func gz(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.String()
}

func zst(t testing.TB, text string) string {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	return string(z.EncodeAll([]byte(text), nil))
}

const (
	patient = `{"resourceType":"Patient","id":"p1"}`
	weight  = `{"resourceType":"Observation","id":"o1","subject":{"reference":"Patient/p1"}}`
)

// ids lists what was handed out as Type/id, and what was rejected as !code.
func ids(events []event) string {
	var b strings.Builder
	for _, e := range events {
		switch e.Kind {
		case "resource":
			fmt.Fprintf(&b, "%d:%s/%s ", e.Record, e.Type, e.ID)
		case "rejected":
			fmt.Fprintf(&b, "%d:!%s ", e.Record, e.Code)
		case "finding":
			fmt.Fprintf(&b, "?%s ", e.Code)
		}
	}
	return strings.TrimSpace(b.String())
}

func TestReadFindsOutTheFormat(t *testing.T) {
	bundle := "{\n  \"resourceType\": \"Bundle\",\n  \"type\": \"collection\",\n  \"entry\": [\n    {\"resource\": " + patient + "},\n    {\"resource\": " + weight + "}\n  ]\n}\n"
	flat := strings.ReplaceAll(bundle, "\n", "")
	tests := []struct {
		name, file, text, want string
		format                 Format
	}{
		{"ndjson", "", patient + "\n" + weight + "\n", "1:Patient/p1 2:Observation/o1", FormatNDJSON},
		{"no final line feed", "", patient + "\n" + weight, "1:Patient/p1 2:Observation/o1", FormatNDJSON},
		{"crlf", "", patient + "\r\n" + weight + "\r\n", "1:Patient/p1 2:Observation/o1", FormatNDJSON},
		{"blank lines", "", "\n\n" + patient + "\n \t\n\r\n" + weight + "\n\n", "3:Patient/p1 6:Observation/o1", FormatNDJSON},
		{"byte order mark", "", "\xef\xbb\xbf" + patient + "\n" + weight, "1:Patient/p1 2:Observation/o1", FormatNDJSON},
		{"spaces around", "", "  " + patient + "  \n\t" + weight + "\t\n", "1:Patient/p1 2:Observation/o1", FormatNDJSON},
		{"one line named ndjson", "a.ndjson", patient + "\n", "1:Patient/p1", FormatNDJSON},
		{"one resource", "a.json", patient, "1:Patient/p1", FormatResource},
		{"resource over lines", "a.json", "{\n \"resourceType\":\"Patient\",\n \"id\":\"p1\"\n}\n", "1:Patient/p1", FormatResource},
		{"resources over lines", "a.json", "{\n \"resourceType\":\"Patient\",\n \"id\":\"p1\"\n}\n{\n \"resourceType\":\"Patient\",\n \"id\":\"p2\"\n}", "1:Patient/p1 2:Patient/p2", FormatResource},
		{"bundle over lines", "", bundle, "1:Patient/p1 2:Observation/o1", FormatBundle},
		{"bundle on a line", "", flat, "1:Patient/p1 2:Observation/o1", FormatBundle},
		{"bundle with byte order mark", "", "\xef\xbb\xbf" + bundle, "1:Patient/p1 2:Observation/o1", FormatBundle},
		{"bundles, one a line", "a.ndjson", flat + "\n" + flat + "\n", "1:Patient/p1 2:Observation/o1 3:Patient/p1 4:Observation/o1", FormatBundle},
		{"bundle whose type comes last", "", `{"entry":[{"resource":` + patient + `}],"type":"batch","resourceType":"Bundle"}`, "1:Patient/p1", FormatBundle},
		{"bundle with an entry a line", "", "{\"resourceType\":\"Bundle\",\"entry\":[\n{\"resource\":" + patient + "},\n{\"resource\":" + weight + "}\n]}", "1:Patient/p1 2:Observation/o1", FormatBundle},
		{"bundle without entries", "", `{"resourceType":"Bundle","type":"searchset","total":0}`, "", FormatBundle},
		{"entry without resource", "", `{"resourceType":"Bundle","entry":[{"request":{"method":"DELETE","url":"Patient/1"}},{"resource":` + patient + `}]}`, "?fhir-bundle-entry-empty 2:Patient/p1", FormatBundle},
		{"bundle in ndjson of others", "", patient + "\n" + flat, "1:Patient/p1 2:Bundle/", FormatNDJSON},
		{"empty", "", "", "", FormatNDJSON},
		{"blank", "", " \n\n ", "", FormatNDJSON},
	}
	for _, tt := range tests {
		for _, pack := range []struct {
			name string
			f    func(string) string
		}{
			{"", func(s string) string { return s }},
			{"gzip", gz},
			{"zstd", func(s string) string { return zst(t, s) }},
		} {
			t.Run(tt.name+" "+pack.name, func(t *testing.T) {
				events, stats := readEvents(t, strings.NewReader(pack.f(tt.text)), knobs{name: tt.file})
				if got := ids(events); got != tt.want {
					t.Errorf("want %s, have %s", tt.want, got)
				}
				if stats.Format != tt.format || stats.Compression != pack.name {
					t.Errorf("want %v %q, have %v %q", tt.format, pack.name, stats.Format, stats.Compression)
				}
			})
		}
	}
}

func TestReadKeepsBytesAndPlaces(t *testing.T) {
	odd := `{ "resourceType" : "Observation", "id":"x","valueQuantity":{"value":1.50,"_value":{"id":"v"}},"note":"\u00e9" }`
	events, _ := readEvents(t, strings.NewReader("\xef\xbb\xbf\n  "+odd+" \r\n"+patient), knobs{})
	want := []event{
		{Kind: "resource", Record: 2, Line: 2, Column: 3, Offset: 6, Type: "Observation", ID: "x", Raw: odd},
		{Kind: "resource", Record: 3, Line: 3, Column: 1, Offset: int64(9 + len(odd)), Type: "Patient", ID: "p1", Raw: patient},
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPlacesOfEntriesAndElements(t *testing.T) {
	text := "{\n \"resourceType\":\"Bundle\",\n \"entry\":[\n  {\"fullUrl\":\"urn:uuid:1\", \"resource\":{\n    \"resourceType\":\"Patient\",\n    \"gender\": \"male\"}}]}"
	resource, gender := int64(strings.Index(text, "{\n    ")), int64(strings.Index(text, `"male"`))
	for _, document := range []int{0, 16} { // in the window, and through the splitter
		src := ReaderSource("b.json", strings.NewReader(text))
		e := newEngine(t.Context(), []Source{src}, nil)
		if document > 0 {
			e.docBound = document
		}
		n := 0
		err := e.each(1, func(_ int, r *Resource) error {
			n++
			if got, want := r.Pos(), (issue.Pos{Source: "b.json", Record: 1, Line: 4, Column: 39, Offset: resource}); got != want {
				t.Errorf("want %+v, have %+v", want, got)
			}
			if got, want := r.PosOf(r.Get("gender")), (issue.Pos{Source: "b.json", Record: 1, Line: 6, Column: 15, Offset: gender}); got != want {
				t.Errorf("want %+v, have %+v", want, got)
			}
			if r.PosOf(Element{}) != r.Pos() {
				t.Error("want the place of the resource for an absent element")
			}
			return nil
		})
		if err != nil || n != 1 {
			t.Fatalf("want 1 resource, have %d, %v", n, err)
		}
	}
}

func TestReadFSGoesByNameAndSaysWhatItSkips(t *testing.T) {
	fsys := fstest.MapFS{
		"Patient.000.ndjson":          {Data: []byte(patient)},
		"Observation.000.ndjson.gz":   {Data: []byte(gz(weight))},
		"sub/Condition.ndjson.zst":    {Data: []byte(zst(t, `{"resourceType":"Condition","id":"c"}`))},
		"manifest.json":               {Data: []byte(`{"transactionTime":"2020-01-01T00:00:00Z","output":[]}`)},
		"export.json":                 {Data: []byte(`{"output":[],"transactionTime":"2020-01-01T00:00:00Z"}`)},
		"log.ndjson":                  {Data: []byte(`{"exportId":"1","eventId":"kickoff"}`)},
		"run.ndjson":                  {Data: []byte(`{"exportId":"1","eventId":"kickoff"}`)},
		"README.md":                   {Data: []byte(`# Notes`)},
		".hidden.json":                {Data: []byte(patient)},
		".git/x.json":                 {Data: []byte(patient)},
		"package.json":                {Data: []byte(`{"name":"x"}`)},
		"notes":                       {Data: []byte(`some text`)},
		"patients.csv":                {Data: []byte(`id`)},
		"Patient.xml":                 {Data: []byte(`<Patient/>`)},
		"OperationOutcome.000.ndjson": {Data: []byte(`{"resourceType":"OperationOutcome","id":"e"}`)},
	}
	var got []string
	var found issue.Collector
	for r, err := range ReadFS(t.Context(), fsys, &ReadOptions{Reporter: &found}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Pos().Source+" "+r.ID())
	}
	want := []string{"Observation.000.ndjson.gz o1", "OperationOutcome.000.ndjson e", "Patient.000.ndjson p1", "sub/Condition.ndjson.zst c"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var skipped []string
	for _, i := range found.List() {
		if i.Code != CodeSkipped || i.Severity != issue.Information {
			t.Errorf("want only %s as information, have %s", CodeSkipped, i)
		}
		skipped = append(skipped, i.Pos.Source+": "+i.Message)
	}
	wantSkipped := []string{
		".hidden.json: not read: hidden file",
		"Patient.xml: not read: not FHIR by its content",
		"README.md: not read: documentation",
		"export.json: not read: bulk data manifest",
		"log.ndjson: not read: export log",
		"manifest.json: not read: bulk data manifest",
		"notes: not read: not FHIR by its content",
		"package.json: not read: no resourceType in its first 64 KiB",
		"patients.csv: not read: not JSON by its name",
		"run.ndjson: not read: export log",
	}
	if diff := cmp.Diff(wantSkipped, skipped); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReadWithoutReporterEndsAtTheFirstRejection(t *testing.T) {
	n := 0
	var last error
	for r, err := range Read(t.Context(), strings.NewReader(patient+"\n{bad}\n"+weight), nil) {
		if err != nil {
			last = err
			continue
		}
		n++
		_ = r
	}
	var list *issue.ListError
	if n != 1 || !errors.As(last, &list) || list.List[0].Code != CodeSyntax {
		t.Errorf("want an error of %s after 1 resource, have %v after %d", CodeSyntax, last, n)
	}
}

func TestReadReturnsErrorsOfTheWorldLast(t *testing.T) {
	boom := errors.New("boom")
	r := io.MultiReader(strings.NewReader(patient+"\n"+weight+"\n"), iotest.ErrReader(boom))
	var err error
	for _, err = range Read(t.Context(), r, &ReadOptions{Reporter: issue.Discard}) {
	}
	if !errors.Is(err, boom) {
		t.Errorf("want the reader's error, have %v", err)
	}
	if _, err := Each(t.Context(), []Source{{name: "x", open: func() (io.ReadCloser, error) { return nil, fs.ErrPermission }}}, nil, nil); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("want the error of opening, have %v", err)
	}
}

// closeCounter counts openings that are still open.
func closeCounter(text string, open *atomic.Int32) Source {
	return Source{name: "x", size: -1, open: func() (io.ReadCloser, error) {
		open.Add(1)
		return closer{strings.NewReader(text), func() { open.Add(-1) }}, nil
	}}
}

type closer struct {
	io.Reader
	f func()
}

func (c closer) Close() error { c.f(); return nil }

func TestLeavingTheLoopReleasesEverything(t *testing.T) {
	for _, text := range []string{
		strings.Repeat(patient+"\n", 100),
		`{"resourceType":"Bundle","entry":[{"resource":` + patient + `},{"resource":` + weight + `}]}`,
	} {
		var open atomic.Int32
		stop := errors.New("stop")
		for _, workers := range []int{1, 3} {
			srcs := []Source{closeCounter(text, &open), closeCounter(text, &open), closeCounter(text, &open)}
			_, err := Each(t.Context(), srcs, &ReadOptions{Workers: workers}, func(int, *Resource) error { return stop })
			if !errors.Is(err, stop) || open.Load() != 0 {
				t.Errorf("want the error of visit and nothing open, have %v and %d", err, open.Load())
			}
		}
		n := 0
		for range Read(t.Context(), strings.NewReader(text), nil) {
			n++
			break
		}
		if n != 1 {
			t.Errorf("want 1 resource, have %d", n)
		}
	}
}

func TestReadEndsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	cause := errors.New("enough")
	var last error
	n := 0
	for _, err := range Read(ctx, strings.NewReader(strings.Repeat(patient+"\n", 100)), nil) {
		if err != nil {
			last = err
			break
		}
		n++
		cancel(cause)
	}
	if n != 1 || !errors.Is(last, cause) {
		t.Errorf("want the cause after 1 resource, have %v after %d", last, n)
	}
}

func TestProgressCountsBytesAsStored(t *testing.T) {
	packed := gz(strings.Repeat(patient+"\n", 1000))
	var last int64
	_, err := Each(t.Context(), []Source{ReaderSource("x", strings.NewReader(packed))},
		&ReadOptions{Progress: func(n int64) {
			if n < last {
				t.Errorf("want a growing count, have %d after %d", n, last)
			}
			last = n
		}}, func(int, *Resource) error { return nil })
	if err != nil || last != int64(len(packed)) {
		t.Errorf("want %d bytes, have %d, %v", len(packed), last, err)
	}
}

func TestLinesBetweenLongOnesAreKept(t *testing.T) {
	long := `{"resourceType":"Binary","data":"` + strings.Repeat("Q", 1500) + `"}` + "\n"
	short := patient + "\n{\"resourceType\":\"Patient\",\"x\":\"\xff\"}\n" + weight + "\n"
	text := long + short + strings.Repeat(long, 2) + short + long + patient
	want, wantStats := readEvents(t, strings.NewReader(text), knobs{format: FormatNDJSON, max: 100, block: 1 << 20})
	if len(want) != 11 {
		t.Fatalf("want 11 records, have %d", len(want))
	}
	for size := 1; size < 2500; size += 7 {
		got, stats := readEvents(t, strings.NewReader(text), knobs{format: FormatNDJSON, max: 100, block: size})
		if !slices.Equal(got, want) || stats != wantStats {
			t.Fatalf("blocks of %d: want what one block gives: %d records, have %d", size, len(want), len(got))
		}
	}
}

func TestDamageBehindALongLineIsToldOnce(t *testing.T) {
	var text strings.Builder // does not compress well, so that the cut lies where it is wanted
	text.WriteString(`{"resourceType":"Binary","data":"` + strings.Repeat("Q", 1500) + `"}` + "\n")
	for i := range 200 {
		fmt.Fprintf(&text, "{\"resourceType\":\"Patient\",\"id\":\"%x\"}\n", i*i*i*7919)
	}
	packed := gz(text.String())
	for cut := 100; cut < len(packed); cut += 37 {
		want, wantStats := readEvents(t, strings.NewReader(packed[:cut]), knobs{format: FormatNDJSON, max: 100, block: 1 << 20})
		for _, size := range []int{1, 100, 1000, 1600, 2000, 4000} {
			got, stats := readEvents(t, strings.NewReader(packed[:cut]), knobs{format: FormatNDJSON, max: 100, block: size})
			if !slices.Equal(got, want) || stats != wantStats {
				t.Fatalf("cut at %d, blocks of %d: want what one block gives: %d events, have %d", cut, size, len(want), len(got))
			}
		}
	}
}
