package columnar

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

// opt is an optional scalar as generated packages have it.
type opt[T any] struct {
	Value T
	Valid bool
}

func of[T any](v T) opt[T] { return opt[T]{v, true} }

// exact is a decimal that keeps its digits, day a date that may be a month.
type (
	exact struct{ s string }
	day   struct{ s string }
	sex   string
	part  struct {
		N int    `json:"n"`
		S string `json:"s,omitempty"`
	}
)

func (e exact) AppendText(b []byte) ([]byte, error) { return append(b, e.s...), nil }
func (e *exact) UnmarshalText(b []byte) error       { e.s = string(b); return nil }

func (d day) MarshalText() ([]byte, error) { return []byte(d.s), nil }
func (d *day) UnmarshalText(b []byte) error {
	if len(b) > 10 {
		return errors.New("secret")
	}
	d.s = string(b)
	return nil
}
func (d day) Days() (int32, bool) {
	x, err := ParseDate(d.s)
	return int32(x), err == nil
}
func (d *day) SetDays(n int32) { d.s = Date(n).String() }

func (p part) AppendJSON(b []byte) ([]byte, error) {
	return fmt.Appendf(b, `{"n":%d,"s":%q}`, p.N, p.S), nil
}

// kept is JSON as text, three an optional value whose NULL differs from none.
type (
	kept         string
	three[T any] struct {
		Value       T
		Valid, Null bool
	}
)

func (k kept) AppendJSON(b []byte) []byte    { return append(b, k...) }
func (k *kept) UnmarshalJSON(b []byte) error { *k = kept(b); return nil }

type shapes struct {
	Bool    opt[bool]            `parquet:"bool"`
	Int     opt[int32]           `parquet:"int"`
	Long    opt[int64]           `parquet:"long"`
	Float   opt[float64]         `parquet:"float"`
	Text    opt[string]          `parquet:"text"`
	Date    opt[Date]            `parquet:"date"`
	At      opt[Timestamp]       `parquet:"at"`
	Null    sql.NullInt16        `parquet:"null"`
	Small   uint8                `parquet:"small"`
	Wide    *uint64              `parquet:"wide"`
	Single  float32              `parquet:"single"`
	Named   sex                  `parquet:"named"`
	Exact   exact                `parquet:"exact"`
	OptEx   opt[exact]           `parquet:"opt_exact"`
	PtrEx   *exact               `parquet:"ptr_exact"`
	Money   exact                `parquet:"money,decimal(2:9)"`
	Large   opt[exact]           `parquet:"large,decimal(4:18)"`
	Huge    opt[exact]           `parquet:"huge,decimal(10:38)"`
	Cents   int64                `parquet:"cents,decimal(2:18)"`
	Partial day                  `parquet:"partial"`
	Whole   opt[day]             `parquet:"whole,date"`
	Raw     int32                `parquet:"raw,date"`
	Nanos   int64                `parquet:"nanos,timestamp(nanosecond)"`
	Millis  opt[int64]           `parquet:"millis,timestamp(millisecond:local)"`
	Bytes   []byte               `parquet:"bytes"`
	OptB    opt[[]byte]          `parquet:"opt_bytes"`
	Texts   []string             `parquet:"texts"`
	Ints    []int32              `parquet:"ints,list"`
	Floats  []float64            `parquet:"floats"`
	Bools   []bool               `parquet:"bools"`
	Exacts  []exact              `parquet:"exacts"`
	Days    []day                `parquet:"days,date"`
	Gaps    []opt[string]        `parquet:"gaps"`
	Ptrs    []*int64             `parquet:"ptrs"`
	Part    part                 `parquet:"part,json"`
	PtrPart *part                `parquet:"ptr_part,json"`
	Parts   []part               `parquet:"parts,json"`
	Any     json.RawMessage      `parquet:"any,json"`
	Map     map[string][]float64 `parquet:"map,json"`
	Kept    kept                 `parquet:"kept,json"`
	Three   three[float64]       `parquet:"three"`
}

func shapeRows(n int) []shapes {
	rows := make([]shapes, n)
	for i := range rows {
		r := &rows[i]
		r.Small, r.Single, r.Named, r.Exact, r.Money = uint8(i), float32(i)/4, sex(fmt.Sprint("s", i%3)), exact{fmt.Sprintf("1e%d", i%9)}, exact{fmt.Sprintf("-%d.05", i)}
		r.Cents, r.Partial, r.Raw, r.Nanos = int64(i), day{"2020-02"}, int32(i)-9, int64(i)*1_000_000_007
		r.Part = part{i, "<ä>"}
		if i%3 == 0 {
			continue
		}
		r.Kept, r.Three = `{"a":1.50}`, three[float64]{Value: 1, Valid: true}
		r.Bool, r.Int, r.Long, r.Float, r.Text = of(i%2 == 0), of(int32(-i)), of(int64(i)<<40), of(float64(i)/8), of(strings.Repeat("é", i%4))
		r.Date, r.At, r.Null, r.Wide = of(Date(i)), of(Timestamp(-i)), sql.NullInt16{Int16: int16(i), Valid: true}, to(uint64(i))
		r.OptEx, r.PtrEx = of(exact{"0.10"}), &exact{""}
		r.Large, r.Huge = of(exact{"-12345678901234.5678"}), of(exact{"-1234567890123456789012345678.0000000001"})
		r.Whole, r.Millis = of(day{"1969-12-31"}), of(int64(i)*7)
		r.Bytes, r.OptB = []byte{0xff, byte(i)}, of([]byte{1, 2})
		r.Texts, r.Ints, r.Floats, r.Bools = []string{"a", ""}, make([]int32, i%5), []float64{float64(i)}, []bool{true, i%2 == 0, false}
		r.Exacts, r.Days, r.Gaps, r.Ptrs = []exact{{"1.50"}, {"2"}}, []day{{"2000-02-29"}}, []opt[string]{{}, of("x"), {}}, []*int64{nil, to(int64(i))}
		r.PtrPart, r.Parts, r.Any, r.Map = &part{1, "x"}, []part{{1, "a"}, {2, "&"}}, json.RawMessage(`{"a":[1.0]}`), map[string][]float64{"k": {1.5}}
	}
	return rows
}

var asIs = cmp.AllowUnexported(exact{}, day{})

func TestEveryShapeOfFieldRoundTrips(t *testing.T) {
	for _, n := range []int{1, 2, 5000} {
		want := shapeRows(n)
		one := encode(t, want, n, &Options{RowsPerGroup: 3000})
		if !bytes.Equal(one, encode(t, want, 7, &Options{RowsPerGroup: 3000})) {
			t.Error("want bytes that do not depend on the batches")
		}
		if diff := cmp.Diff(want, decode[shapes](t, one), asIs); diff != "" {
			t.Fatalf("%d rows (-want +got)\n%.2000s", n, diff)
		}
	}
}

// What parquet-go reads is what was written, in the types of the tags.
func TestShapesReadElsewhere(t *testing.T) {
	type other struct {
		Int    *int32    `parquet:"int,optional"`
		Text   *string   `parquet:"text,optional"`
		Money  int32     `parquet:"money,decimal(2:9)"`
		Large  *int64    `parquet:"large,optional,decimal(4:18)"`
		Whole  *int32    `parquet:"whole,optional,date"`
		Nanos  int64     `parquet:"nanos,timestamp(nanosecond)"`
		Ints   []*int32  `parquet:"ints,optional,list"`
		Bools  []*bool   `parquet:"bools,optional,list"`
		Exacts []*string `parquet:"exacts,optional,list"`
		Parts  *string   `parquet:"parts,optional,json"`
	}
	b := encode(t, shapeRows(6), 6, nil)
	rows, err := parquet.Read[other](bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	want := other{to(int32(-4)), to(""), -405, to(int64(-123456789012345678)), to(int32(-1)), 4_000_000_028, []*int32{to(int32(0)), to(int32(0)), to(int32(0)), to(int32(0))},
		[]*bool{to(true), to(true), to(false)}, []*string{to("1.50"), to("2")}, to(`[{"n":1,"s":"a"},{"n":2,"s":"&"}]`)}
	if diff := cmp.Diff(want, rows[4]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if rows[3].Int != nil || rows[3].Ints != nil || rows[3].Parts != nil {
		t.Error("want NULL where there is no value")
	}
}

// Lists in the forms that other writers have are read, and so are their pages.
func TestListsOfOtherWritersAreRead(t *testing.T) {
	type file struct {
		Bare []int32   `parquet:"bare"`
		List []string  `parquet:"list,list"`
		Opt  []float64 `parquet:"opt,optional,list"`
		Last int64     `parquet:"last"`
	}
	var in []file
	for i := range 4000 {
		f := file{Last: int64(i)}
		for k := range i % 7 {
			f.Bare, f.List = append(f.Bare, int32(k)), append(f.List, fmt.Sprint(i%5))
		}
		if i%2 == 0 {
			f.Opt = []float64{1, 2}
		}
		in = append(in, f)
	}
	for _, version := range []int{1, 2} {
		var b bytes.Buffer
		w := parquet.NewGenericWriter[file](&b, parquet.DataPageVersion(version), parquet.PageBufferSize(1000), parquet.Compression(&parquet.Snappy))
		if _, err := w.Write(in); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got := decode[file](t, b.Bytes())
		if diff := cmp.Diff(fmt.Sprint(in), fmt.Sprint(got)); diff != "" {
			t.Fatalf("version %d (-want +got)\n%.500s", version, diff)
		}
	}
}

func TestTextTypesTakeEveryScalar(t *testing.T) {
	type file struct {
		B bool      `parquet:"b"`
		I int32     `parquet:"i"`
		U uint64    `parquet:"u"`
		F float32   `parquet:"f"`
		G float64   `parquet:"g"`
		D int64     `parquet:"d,decimal(3:18)"`
		Y int32     `parquet:"y,date"`
		N int64     `parquet:"n,timestamp(nanosecond)"`
		L int64     `parquet:"l,timestamp(millisecond:local)"`
		T int32     `parquet:"t,time(millisecond)"`
		S []float64 `parquet:"s,list"`
	}
	b := written(t, file{true, -5, 1<<64 - 1, 0.1, 0.1, -45, -1, -1, 86_400_000, 3_723_004, []float64{1.5, 2}})
	type texts struct{ B, I, U, F, G, D, Y, N, L, T exact }
	want := []texts{{exact{"true"}, exact{"-5"}, exact{"18446744073709551615"}, exact{"0.1"}, exact{"0.1"}, exact{"-0.045"}, exact{"1969-12-31"},
		exact{"1969-12-31T23:59:59.999999999Z"}, exact{"1970-01-02T00:00:00"}, exact{"01:02:03.004"}}}
	if diff := cmp.Diff(want, decode[texts](t, b), asIs); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]struct{ S []exact }{{[]exact{{"1.5"}, {"2"}}}}, decode[struct{ S []exact }](t, b), asIs); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAValueThatDoesNotFitIsAnErrorWithoutIt(t *testing.T) {
	type row struct {
		Money exact  `parquet:"money,decimal(2:5)"`
		Day   day    `parquet:"day,date"`
		Wide  uint64 `parquet:"wide"`
	}
	fine := row{exact{"999.99"}, day{"2020-01-01"}, 1}
	for _, bad := range []row{{exact{"1.001"}, fine.Day, 1}, {exact{"1000"}, fine.Day, 1}, {exact{"1e9999"}, fine.Day, 1}, {exact{"x1"}, fine.Day, 1},
		{exact{""}, fine.Day, 1}, {fine.Money, day{"2020-01"}, 1}, {fine.Money, fine.Day, 1 << 63}} {
		w, err := NewWriter[row](&bytes.Buffer{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err = w.Write([]row{fine, bad}); err == nil || strings.Contains(err.Error(), "1e9999") {
			t.Errorf("%v: want an error without the value, have %v", bad, err)
		}
	}
	for _, good := range []string{"0", "-0", "+1", "1.50000", "0.1e2", "99999E-2", "1.e0", "000000001.00"} {
		encode(t, []row{{exact{good}, fine.Day, 1}}, 1, nil)
	}
	b := encode(t, []struct{ Day string }{{"secret text that is long"}}, 1, nil)
	if err := readError[struct{ Day day }](b); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("want an error without the value, have %v", err)
	}
	gaps := encode(t, []struct{ G []opt[int32] }{{[]opt[int32]{{}}}}, 1, nil)
	if err := readError[struct{ G []int32 }](gaps); err == nil {
		t.Error("want an error for NULL in a list that has no place for it")
	}
}

// Any reader of Parquet takes the file; DuckDB and pyarrow where they are.
func TestShapesOpenElsewhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := os.WriteFile(path, encode(t, shapeRows(50), 50, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	duckdb, err := exec.LookPath("duckdb")
	if err != nil {
		t.Skip("no duckdb here")
	}
	out, err := exec.Command(duckdb, "-csv", "-noheader", "-c",
		"select count(*), sum(money), min(large), max(huge), min(whole), sum(len(ints)), max(list_extract(bools, 1)), max(parts) from '"+path+"'").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
