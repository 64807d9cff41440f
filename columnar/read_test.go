package columnar

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
)

// written returns a file that parquet-go wrote.
func written[T any](t *testing.T, rows ...T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestColumnsAreFoundByName(t *testing.T) {
	type file struct {
		B    string `parquet:"b"`
		More int32  `parquet:"more"`
		A    int32  `parquet:"A"`
	}
	type want struct {
		A     int32   `parquet:"a"`
		Never *string `parquet:"never"`
		B     *string `parquet:"b"`
	}
	wantRows(t, []want{{A: 1, B: to("x")}}, decode[want](t, encode(t, []file{{"x", 9, 1}}, 1, nil)))

	type both struct {
		Lower int32 `parquet:"a"`
		Upper int32 `parquet:"A"`
	}
	b := encode(t, []both{{1, 2}}, 1, nil)
	wantRows(t, []both{{1, 2}}, decode[both](t, b))
	type mixed struct {
		A int32 `parquet:"a"`
	}
	wantRows(t, []mixed{{1}}, decode[mixed](t, b))
}

func TestAMissingOrUnfitColumnIsAnError(t *testing.T) {
	type file struct {
		Text  string    `parquet:"text"`
		Null  *int32    `parquet:"null"`
		Big   int64     `parquet:"big"`
		Half  float64   `parquet:"half"`
		At    Timestamp `parquet:"at"`
		Upper int32     `parquet:"UP"`
		Other int32     `parquet:"Up"`
	}
	b := encode(t, []file{{Text: "secret", Big: 1 << 40, Half: 0.5, At: 1}}, 1, nil)
	check := func(want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "columnar: ") || strings.Contains(err.Error(), "secret") {
			t.Errorf("want an error about %q, have %v", want, err)
		}
	}
	check("none: want the column", readError[struct {
		A int32 `parquet:"none"`
	}](b))
	check("text: want a column that can be read as int32, have string", readError[struct {
		A *int32 `parquet:"text"`
	}](b))
	check("null: want no NULL", readError[struct {
		A int32 `parquet:"null"`
	}](b))
	check("big: want a value in the range", readError[struct {
		A int32 `parquet:"big"`
	}](b))
	check("half: want a whole number", readError[struct {
		A *int64 `parquet:"half"`
	}](b))
	check("at: want a timestamp at midnight", readError[struct {
		A Date `parquet:"at"`
	}](b))
	check("up: want one column of that name", readError[struct {
		A int32 `parquet:"up"`
	}](b))
	check("rows of a struct type", readError[int](b))
	check("want a Parquet file", readError[file](nil))
	check("want a Parquet file", readError[file](bytes.Repeat([]byte("x"), 100)))
	check("not encrypted", readError[file](append(bytes.Clone(b[:len(b)-4]), "PARE"...)))
	check("footer inside the file", readError[file](append(bytes.Clone(b[:len(b)-8]), "\xff\xff\xff\x7fPAR1"...)))
}

func TestNumbersOfEveryWidthAreRead(t *testing.T) {
	type file struct {
		A int8    `parquet:"a"`
		B uint16  `parquet:"b"`
		C uint32  `parquet:"c"`
		D uint64  `parquet:"d"`
		E float32 `parquet:"e"`
		F int32   `parquet:"f,decimal(2:9)"`
		G int64   `parquet:"g,decimal(4:18)"`
		H int64   `parquet:"h"`
		I float64 `parquet:"i"`
	}
	b := written(t, file{-1, 65_535, math.MaxUint32, 1 << 40, 0.1, -12345, 15_000, 1 << 53, -7})
	type floats struct{ A, B, C, D, E, F, G, H, I float64 }
	wantRows(t, []floats{{-1, 65_535, math.MaxUint32, 1 << 40, float64(float32(0.1)), -123.45, 1.5, 1 << 53, -7}}, decode[floats](t, b))
	type ints struct {
		A, B, C, D, H, I int64
	}
	wantRows(t, []ints{{-1, 65_535, math.MaxUint32, 1 << 40, 1 << 53, -7}}, decode[ints](t, b))
	type narrow struct{ A, B, I int32 }
	wantRows(t, []narrow{{-1, 65_535, -7}}, decode[narrow](t, b))
	if err := readError[struct{ C int32 }](b); err == nil {
		t.Error("want an error for an unsigned value out of range")
	}
}

func TestClocksOfEveryUnitAreRead(t *testing.T) {
	type file struct {
		Milli int64            `parquet:"milli,timestamp(millisecond)"`
		Micro int64            `parquet:"micro,timestamp(microsecond:utc)"`
		Nano  int64            `parquet:"nano,timestamp(nanosecond)"`
		Old   deprecated.Int96 `parquet:"old"`
		Day   int32            `parquet:"day,date"`
		Start int64            `parquet:"start,timestamp(millisecond)"`
	}
	at := time.Date(1969, 12, 31, 23, 59, 58, 123_456_789, time.UTC)
	midnight := time.Date(1950, 2, 3, 0, 0, 0, 0, time.UTC)
	var old deprecated.Int96
	nanos := uint64(at.Sub(at.Truncate(24 * time.Hour)))
	old[0], old[1], old[2] = uint32(nanos), uint32(nanos>>32), julianEpoch-1
	b := written(t, file{at.UnixMilli(), at.UnixMicro(), at.UnixNano(), old, int32(midnight.Unix() / 86_400), midnight.UnixMilli()})
	type clocks struct{ Milli, Micro, Nano, Old, Day, Start Timestamp }
	micro := TimestampOf(at)
	want := clocks{micro - 456, micro, micro, micro, TimestampOf(midnight), TimestampOf(midnight)}
	wantRows(t, []clocks{want}, decode[clocks](t, b))
	type days struct{ Day, Start Date }
	wantRows(t, []days{{DateOf(1950, 2, 3), DateOf(1950, 2, 3)}}, decode[days](t, b))
}

func TestInspectNamesTheTypes(t *testing.T) {
	type inner struct {
		X int32 `parquet:"x"`
		Y int32 `parquet:"y"`
	}
	type file struct {
		A []inner          `parquet:"a,list"`
		B inner            `parquet:"b"`
		C map[string]int32 `parquet:"c"`
		D []byte           `parquet:"d"`
		E [16]byte         `parquet:"e,uuid"`
		F int64            `parquet:"f,decimal(4:18)"`
		G uint32           `parquet:"g"`
		H int64            `parquet:"h,timestamp(millisecond)"`
		I int32            `parquet:"i,time(millisecond)"`
		J []int32          `parquet:"j"`
		K string           `parquet:"k,json"`
		L float32          `parquet:"l,optional"`
		M int64            `parquet:"m"`
	}
	b := written(t, file{M: 5})
	want := []Column{{"a", "list", false}, {"b", "struct", false}, {"c", "map", false}, {"d", "bytes", false}, {"e", "uuid", false}, {"f", "decimal(18,4)", false},
		{"g", "uint32", false}, {"h", "timestamp(millis, utc)", false}, {"i", "time(millis, utc)", false}, {"j", "list", false}, {"k", "string", false}, {"l", "float32", true}, {"m", "int64", false}}
	if diff := cmp.Diff(want, inspect(t, b).Columns); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// A column behind nested ones is still found.
	type last struct {
		M int64 `parquet:"m"`
	}
	wantRows(t, []last{{5}}, decode[last](t, b))
	for _, err := range []error{readError[struct{ A *int32 }](b), readError[struct{ B *int32 }](b), readError[struct{ J *int32 }](b), readError[struct{ I *int32 }](b)} {
		if err == nil {
			t.Error("want nested columns and times refused")
		}
	}
}

func TestBreakingOutStopsReading(t *testing.T) {
	b := encode(t, everies(5000, 10), 1000, &Options{RowsPerGroup: 1000})
	r := &counting{r: bytes.NewReader(b)}
	n := 0
	for _, err := range Read[every](r, int64(len(b))) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 10 {
			break
		}
	}
	if n != 10 || r.n > len(b)/2 {
		t.Errorf("want 10 rows and less than half of the file, have %d and %d of %d bytes", n, r.n, len(b))
	}
}

type counting struct {
	r io.ReaderAt
	n int
}

func (c *counting) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.r.ReadAt(p, at)
	c.n += n
	return n, err
}

func TestBatchesStayValidWhenTheBufferIsFilledAgain(t *testing.T) {
	want := everies(3000, 100)
	b := encode(t, want, 1000, &Options{RowsPerGroup: 1100})
	var got []every
	buf, sizes := make([]every, 700), []int{}
	for rows, err := range ReadBatches(bytes.NewReader(b), int64(len(b)), buf) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, rows...)
		sizes = append(sizes, len(rows))
	}
	wantRows(t, want, got)
	wantRows(t, []int{700, 400, 700, 400, 700, 100}, sizes)
}

func TestAReadErrorIsPassedOn(t *testing.T) {
	b := encode(t, everies(500, 10), 1000, nil)
	for _, err := range Read[every](broken{bytes.NewReader(b)}, int64(len(b))) {
		if !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("want the reader's error, have %v", err)
		}
	}
}

// broken reads the footer but no page.
type broken struct{ *bytes.Reader }

func (b broken) ReadAt(p []byte, at int64) (int, error) {
	if at < 1000 {
		return 0, io.ErrClosedPipe
	}
	return b.Reader.ReadAt(p, at)
}

// A column that the schema calls optional but that has no levels, and other
// lies of a footer, are errors.
func TestAFooterThatDoesNotFitIsAnError(t *testing.T) {
	b := encode(t, everies(500, 10), 1000, nil)
	d, err := readFooter(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	footer := b[d.dataEnd : len(b)-8]
	lie := func(old, new []byte) []byte {
		changed := bytes.Replace(footer, old, new, 1)
		if bytes.Equal(changed, footer) {
			t.Fatal("want the footer changed")
		}
		out := append(bytes.Clone(b[:d.dataEnd]), changed...)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(changed)))
		return append(out, magic...)
	}
	rows := binary.AppendUvarint(nil, 2*500)
	fewer := binary.AppendUvarint(nil, 2*499)
	if err := readError[every](lie(rows, fewer)); err == nil || !strings.Contains(err.Error(), "rows in all groups") {
		t.Errorf("want an error about the rows, have %v", err)
	}
}

func TestPagesOfNullsAreRead(t *testing.T) {
	type nulls struct {
		A *int64   `parquet:"a"`
		B *string  `parquet:"b"`
		C *float64 `parquet:"c"`
		D *int32   `parquet:"d"`
		E *bool    `parquet:"e"`
	}
	for _, version := range []int{1, 2} {
		for _, codec := range []parquet.WriterOption{parquet.Compression(&parquet.Zstd), parquet.Compression(&parquet.Snappy),
			parquet.Compression(&parquet.Gzip), parquet.Compression(&parquet.Lz4Raw)} {
			var b bytes.Buffer
			w := parquet.NewGenericWriter[nulls](&b, codec, parquet.DataPageVersion(version))
			if _, err := w.Write(make([]nulls, 1500)); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			wantRows(t, make([]nulls, 1500), decode[nulls](t, b.Bytes()))
		}
	}
	own := encode(t, make([]nulls, 1500), 100, nil)
	wantRows(t, make([]nulls, 1500), decode[nulls](t, own))
}
