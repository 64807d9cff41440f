package columnar

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// every has a column of each type, by value and by pointer.
type every struct {
	ID      int32   `parquet:"id" columnar:"delta"`
	Person  int64   `parquet:"person"`
	Code    int32   `parquet:"code" columnar:"dict"`
	Number  float64 `parquet:"number"`
	Raw     float64 `parquet:"raw" columnar:"plain"`
	Text    string  `parquet:"text"`
	Free    string  `parquet:"free" columnar:"plain"`
	Flag    bool    `parquet:"flag"`
	Day     Date    `parquet:"day"`
	At      Timestamp
	NID     *int32     `parquet:"n_id" columnar:"delta"`
	NPerson *int64     `parquet:"n_person"`
	NCode   *int32     `parquet:"n_code" columnar:"dict"`
	NNumber *float64   `parquet:"n_number"`
	NText   *string    `parquet:"n_text"`
	NFlag   *bool      `parquet:"n_flag"`
	NDay    *Date      `parquet:"n_day"`
	NAt     *Timestamp `parquet:"n_at" columnar:"plain"`
	Never   *int32     `parquet:"never"`
}

func some[V any](r *rand.Rand, v V) *V {
	if r.IntN(3) == 0 {
		return nil
	}
	return &v
}

// everies makes n rows; spread is how many different codes and texts occur.
func everies(n, spread int) []every {
	r := rand.New(rand.NewPCG(7, uint64(n)))
	rows := make([]every, n)
	for i := range rows {
		k := r.IntN(spread)
		rows[i] = every{
			ID: int32(i), Person: int64(i/7) << 20, Code: int32(k) * 1000, Number: float64(k) / 8, Raw: r.NormFloat64(),
			Text: "code " + strconv.Itoa(k), Free: strings.Repeat("ü", k%9), Flag: k%2 == 0,
			Day: Date(r.IntN(60_000) - 30_000), At: Timestamp(r.Int64N(1<<50) - 1<<49),
			NID: some(r, int32(-i)), NPerson: some(r, math.MinInt64+int64(k)), NCode: some(r, int32(k)), NNumber: some(r, float64(k)*0.1),
			NText: some(r, strings.Repeat("x", k%5)), NFlag: some(r, k%3 == 0), NDay: some(r, Date(k)), NAt: some(r, Timestamp(k)),
		}
	}
	return rows
}

// encode writes rows in batches of the given size.
func encode[T any](t testing.TB, rows []T, batch int, opts *Options) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter[T](&b, opts)
	if err != nil {
		t.Fatal(err)
	}
	for left := rows; len(left) > 0; {
		n := min(batch, len(left))
		if err := w.Write(left[:n]); err != nil {
			t.Fatal(err)
		}
		left = left[n:]
	}
	if w.Rows() != int64(len(rows)) {
		t.Fatalf("want %d rows counted, have %d", len(rows), w.Rows())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// decode reads all rows.
func decode[T any](t testing.TB, b []byte) []T {
	t.Helper()
	var rows []T
	for row, err := range Read[T](bytes.NewReader(b), int64(len(b))) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// readError returns the error that ends reading b.
func readError[T any](b []byte) error {
	for _, err := range ReadBatches[T](bytes.NewReader(b), int64(len(b)), nil) {
		if err != nil {
			return err
		}
	}
	return nil
}

// wantRows compares all rows.
func wantRows[T any](t testing.TB, want, got []T) {
	t.Helper()
	if len(want)+len(got) > 0 && !reflect.DeepEqual(want, got) {
		t.Errorf("(-want +got)\n%s", cmp.Diff(want, got))
	}
}

func inspect(t testing.TB, b []byte) *FileInfo {
	t.Helper()
	info, err := Inspect(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// to returns a pointer to v.
func to[V any](v V) *V { return &v }
