package gen

import (
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/gentest"
)

// labModel is a flat table with every kind of column.
func labModel() *dataset.Model {
	sex := &dataset.CodeSet{Name: "Sex", Complete: true, Codes: []dataset.Code{{Code: "f"}, {Code: "m"}}}
	coded := scalar("sex", dataset.Text, false)
	coded.Type.Codes = sex
	month := scalar("month", dataset.Date, false)
	month.Type.Partial = true
	at := scalar("at", dataset.DateTime, false)
	at.Type.Zone = dataset.ZoneRequired
	number := scalar("price", dataset.Decimal, false)
	number.Text = &dataset.TextForm{Decimal: ",", Missing: []string{"", "NA"}}
	flag := scalar("flag", dataset.Boolean, false)
	flag.Text = &dataset.TextForm{True: []string{"yes"}, False: []string{"no"}}
	local := scalar("local", dataset.Date, false)
	local.Text = &dataset.TextForm{Layout: "%d/%m/%Y"}
	tags := &dataset.Field{Name: "tags", Type: dataset.ListOf(dataset.NewType(dataset.Text)), Text: &dataset.TextForm{Delimiter: ";"}}
	lab := &dataset.Object{Name: "lab", Fields: []*dataset.Field{
		scalar("id", dataset.Text, true), coded, scalar("day", dataset.Date, false), month, at, scalar("time", dataset.Time, false), scalar("count", dataset.Integer, true), number, flag, local, tags,
		scalar("ratio", dataset.Float, false), {Name: "values", Type: dataset.ListOf(dataset.NewType(dataset.Decimal))}, scalar("any", dataset.Any, false), scalar("year", dataset.Year, false),
	}}
	return &dataset.Model{ID: "https://example.org/profiles/lab", Tables: []*dataset.Table{{Name: "lab", Form: dataset.Row, Object: lab}}, Objects: []*dataset.Object{lab}, CodeSets: []*dataset.CodeSet{sex}}
}

const labTest = `package lab

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/columnar"
)

const rows = "count,id,price,flag,local,tags,at,month,day,sex,time,ratio,values,any,year\n" +
	"1,a,\"1,50\",yes,31/12/2020,x;y,2020-01-02T03:04:05.600+02:00,2020-02,2020-02-29,f,03:04:05,0.5,\"[1.50,2]\",\"{\"\"a\"\":1.0}\",2020\n" +
	"2,\"b,\"\"c\nd\",NA,,,,,,,,,,,,\n"

func read(t *testing.T, text string) []Lab {
	t.Helper()
	var list []Lab
	for x, err := range ReadLabCSV(strings.NewReader(text)) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, x)
	}
	return list
}

func write(t *testing.T, list []Lab) string {
	t.Helper()
	var b bytes.Buffer
	w := NewLabCSVWriter(&b)
	for i := range list {
		if err := w.Write(&list[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRowsAreTyped(t *testing.T) {
	list := read(t, rows)
	if len(list) != 2 {
		t.Fatalf("want 2 rows, have %d", len(list))
	}
	a, b := list[0], list[1]
	if a.ID != "a" || a.Price.Value.String() != "1.50" || !a.Flag.Value || a.Local.Value != NewDate(2020, 12, 31) || len(a.Tags) != 2 ||
		a.At.Value.Zone() != "+02:00" || a.Month.Value.Precision() != PrecisionMonth || a.Sex.Value != SexF || len(a.Values) != 2 || a.Any == "" || a.Year.Value != 2020 {
		t.Errorf("have %+v", a)
	}
	if b.ID != "b,\"c\nd" || b.Price.Valid || b.Tags != nil || b.Any != "" {
		t.Errorf("have %+v", b)
	}
	text := write(t, list)
	if again := write(t, read(t, text)); text != again || !reflect.DeepEqual(list, read(t, text)) {
		t.Error("want the same bytes and values when rows are written again")
	}
}

func TestWrongRowsAreTold(t *testing.T) {
	const bad = "id,count,day,extra,flag\na,x,2020-13-01,secret,yes\nb\nc,1,,,\n"
	var lines []string
	good := 0
	for x, err := range ReadLabCSV(strings.NewReader(bad)) {
		var wrong *RecordError
		if errors.As(err, &wrong) {
			for _, i := range wrong.Issues {
				lines = append(lines, i.Severity.String()+" "+i.Code+" "+i.Path)
			}
			if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "2020-13") {
				t.Errorf("want no value in %q", err)
			}
			continue
		}
		if good++; x.ID != "c" {
			t.Errorf("have %+v", x)
		}
	}
	want := "information unlisted \nerror type count\nerror type day\nerror syntax "
	if have := strings.Join(lines, "\n"); have != want || good != 1 {
		t.Errorf("want %q\nhave %q and %d", want, have, good)
	}
	for _, err := range ReadLabCSV(strings.NewReader("id\na\n")) {
		if err == nil || !strings.Contains(err.Error(), "count: want the column") {
			t.Errorf("want an error for the column that is missing, have %v", err)
		}
	}
	var b bytes.Buffer
	if err := NewLabCSVWriter(&b).Write(&Lab{Count: 1}); err == nil {
		t.Error("want an error for a text that reads as missing")
	}
}

func TestLinesAreReadAndWritten(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	text := "{\"id\":\"" + long + "\",\"count\":1}\n\n{\"id\":1}\n{\"id\":\"b\",\"count\":2}"
	var ids []string
	for x, err := range ReadLabs(strings.NewReader(text)) {
		var wrong *RecordError
		if errors.As(err, &wrong) {
			ids = append(ids, "!")
			if wrong.Line != 3 || len(wrong.Issues) != 2 {
				t.Errorf("have %v", err)
			}
			continue
		}
		ids = append(ids, x.ID)
	}
	if len(ids) != 3 || ids[0] != long || ids[1] != "!" || ids[2] != "b" {
		t.Errorf("have %d records", len(ids))
	}
}

func TestParquetRoundTrips(t *testing.T) {
	want := read(t, rows)
	var b bytes.Buffer
	w, err := columnar.NewWriter[Lab](&b, nil)
	if err == nil {
		err = errors.Join(w.Write(want), w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for have, err := range columnar.Read[Lab](bytes.NewReader(b.Bytes()), int64(b.Len())) {
		if err != nil || !reflect.DeepEqual(want[i], have) {
			t.Errorf("want %+v\nhave %+v %v", want[i], have, err)
		}
		i++
	}
	info, err := columnar.Inspect(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil || info.Columns[2].Type != "date" || info.Columns[3].Type != "string" || info.Columns[10].Type != "list" {
		t.Errorf("have %+v %v", info, err)
	}
}

func BenchmarkReadCSV(b *testing.B) {
	text := rows[:strings.Index(rows, "\n")+1] + strings.Repeat("1,a,\"1,50\",yes,31/12/2020,x;y,2020-01-02T03:04:05.600+02:00,2020-02,2020-02-29,f,03:04:05,0.5,\"[1.50,2]\",\"{\"\"a\"\":1.0}\",2020\n", 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		for _, err := range ReadLabCSV(strings.NewReader(text)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
`

func TestGeneratedRowsReadAndWrite(t *testing.T) {
	run := gentest.Run{Carabiner: true, Files: map[string][]byte{"lab/own_test.go": []byte(labTest)}}
	for dir, m := range map[string]*dataset.Model{"lab": labModel(), "smallpatient": patientModel()} {
		files, findings, err := Go(m, &GoOptions{Tests: true})
		if err != nil || len(findings) > 0 {
			t.Fatal(err, findings)
		}
		for _, f := range files {
			run.Files[dir+"/"+f.Name] = f.Content
			if strings.HasSuffix(f.Name, "_test.go") && !strings.Contains(string(f.Content), "RoundTrips") {
				t.Errorf("%s: want tests", dir)
			}
		}
	}
	run.Do(t)
}
