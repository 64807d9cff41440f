package columnar

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

func TestReadGivesBackWhatWasWritten(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 63, 64, 65, 511, 512, 513, 5000, 40_000} {
		for _, spread := range []int{1, 2, 100, 30_000} {
			for _, c := range []Compression{Zstd, Snappy, None} {
				if n > 5000 && (c != Zstd || spread < 100) {
					continue
				}
				t.Run(fmt.Sprintf("%d rows of %d codes in %s", n, spread, c), func(t *testing.T) {
					want := everies(n, spread)
					b := encode(t, want, 1000, &Options{Compression: c, RowsPerGroup: 33_000})
					wantRows(t, want, decode[every](t, b))
				})
			}
		}
	}
}

// everyTagged is every with parquet-go's own tags.
type everyTagged struct {
	ID      int32    `parquet:"id"`
	Person  int64    `parquet:"person"`
	Code    int32    `parquet:"code"`
	Number  float64  `parquet:"number"`
	Raw     float64  `parquet:"raw"`
	Text    string   `parquet:"text"`
	Free    string   `parquet:"free"`
	Flag    bool     `parquet:"flag"`
	Day     int32    `parquet:"day,date"`
	At      int64    `parquet:"At,timestamp(microsecond:local)"`
	NID     *int32   `parquet:"n_id"`
	NPerson *int64   `parquet:"n_person"`
	NCode   *int32   `parquet:"n_code"`
	NNumber *float64 `parquet:"n_number"`
	NText   *string  `parquet:"n_text"`
	NFlag   *bool    `parquet:"n_flag"`
	NDay    *int32   `parquet:"n_day,date"`
	NAt     *int64   `parquet:"n_at,timestamp(microsecond:local)"`
	Never   *int32   `parquet:"never"`
}

func untagged(r everyTagged) every {
	e := every{r.ID, r.Person, r.Code, r.Number, r.Raw, r.Text, r.Free, r.Flag, Date(r.Day), Timestamp(r.At),
		r.NID, r.NPerson, r.NCode, r.NNumber, r.NText, r.NFlag, nil, nil, r.Never}
	if r.NDay != nil {
		e.NDay = to(Date(*r.NDay))
	}
	if r.NAt != nil {
		e.NAt = to(Timestamp(*r.NAt))
	}
	return e
}

// A second opinion: parquet-go's own reader sees the same rows and schema.
func TestParquetGoReadsTheSameRows(t *testing.T) {
	for _, spread := range []int{1, 100, 30_000} {
		want := everies(25_000, spread)
		b := encode(t, want, 4096, &Options{RowsPerGroup: 15_000})
		r := parquet.NewGenericReader[everyTagged](bytes.NewReader(b))
		defer r.Close()
		rows := make([]everyTagged, len(want)+1)
		n := 0
		for {
			k, err := r.Read(rows[n:])
			if n += k; err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		got := make([]every, n)
		for i := range got {
			got[i] = untagged(rows[i])
		}
		wantRows(t, want, got)
	}
}

// The other way round: what parquet-go writes, in each of its encodings, is
// read here.
func TestReadTakesEveryEncoding(t *testing.T) {
	type row struct {
		I32   int32    `parquet:"i32,delta"`
		I64   int64    `parquet:"i64,delta"`
		Dict  *int32   `parquet:"dict,dict"`
		F     *float64 `parquet:"f,split"`
		G     float32  `parquet:"g,split"`
		S     string   `parquet:"s,delta"`
		P     string   `parquet:"p,plain"`
		D     string   `parquet:"d,dict"`
		B     bool     `parquet:"b"`
		Plain *int64   `parquet:"plain,plain"`
	}
	type want struct {
		I64   int64    `parquet:"i64"`
		I32   int32    `parquet:"i32"`
		Dict  *int32   `parquet:"dict"`
		F     *float64 `parquet:"f"`
		G     float64  `parquet:"g"`
		S     string   `parquet:"s"`
		P     string   `parquet:"p"`
		D     string   `parquet:"d"`
		B     bool     `parquet:"b"`
		Plain *int64   `parquet:"plain"`
	}
	for _, version := range []int{1, 2} {
		for _, codec := range []parquet.WriterOption{parquet.Compression(&parquet.Zstd), parquet.Compression(&parquet.Snappy),
			parquet.Compression(&parquet.Gzip), parquet.Compression(&parquet.Lz4Raw), parquet.Compression(&parquet.Uncompressed)} {
			var b bytes.Buffer
			w := parquet.NewGenericWriter[row](&b, codec, parquet.DataPageVersion(version), parquet.PageBufferSize(4000))
			var wants []want
			for i, e := range everies(3000, 50) {
				r := row{e.ID * 77_777, e.Person * int64(i), e.NCode, e.NNumber, float32(e.Number), e.Text + strings.Repeat("y", i%40), e.Free, e.Text, e.Flag, e.NPerson}
				if _, err := w.Write([]row{r}); err != nil {
					t.Fatal(err)
				}
				wants = append(wants, want{r.I64, r.I32, r.Dict, r.F, float64(r.G), r.S, r.P, r.D, r.B, r.Plain})
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			wantRows(t, wants, decode[want](t, b.Bytes()))
		}
	}
}

func TestExtremesSurvive(t *testing.T) {
	type row struct {
		I int32     `parquet:"i"`
		J int64     `parquet:"j"`
		F float64   `parquet:"f"`
		D Date      `parquet:"d"`
		T Timestamp `parquet:"t"`
	}
	want := []row{
		{math.MinInt32, math.MinInt64, math.Inf(-1), math.MinInt32, math.MinInt64},
		{math.MaxInt32, math.MaxInt64, math.Inf(1), math.MaxInt32, math.MaxInt64},
		{-1, -1, math.Copysign(0, -1), -1, -1},
		{0, 0, math.SmallestNonzeroFloat64, 0, 0},
		{1, 1, math.MaxFloat64, 1, 1},
	}
	got := decode[row](t, encode(t, want, 2, nil))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !math.Signbit(got[2].F) {
		t.Error("want the sign of a negative zero")
	}
	nan := decode[row](t, encode(t, []row{{F: math.NaN()}, {F: 1}}, 2, nil))
	if !math.IsNaN(nan[0].F) || nan[1].F != 1 {
		t.Error("want NaN back")
	}
}
