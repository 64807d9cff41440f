package columnar

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// foreign is a file in encodings that this package reads but does not write.
func foreign(t testing.TB, version int, codec parquet.WriterOption) []byte {
	type row struct {
		ID      int32    `parquet:"id,delta"`
		Person  int64    `parquet:"person,delta"`
		Code    int32    `parquet:"code,dict"`
		Number  float64  `parquet:"number,split"`
		Raw     float32  `parquet:"raw,split"`
		Text    string   `parquet:"text,delta"`
		Flag    bool     `parquet:"flag"`
		Day     int32    `parquet:"day,date"`
		At      int64    `parquet:"At,timestamp(nanosecond:utc)"`
		NID     *int32   `parquet:"n_id"`
		NNumber *float64 `parquet:"n_number,dict"`
		NText   *string  `parquet:"n_text,dict"`
		Free    [4]byte  `parquet:"free"`
		Decimal int64    `parquet:"n_person,decimal(2:18)"`
		List    []int32  `parquet:"list"`
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, codec, parquet.DataPageVersion(version), parquet.PageBufferSize(700))
	for _, e := range everies(300, 20) {
		r := row{e.ID, e.Person, e.Code, e.Number, float32(e.Number), e.Text, e.Flag, int32(e.Day), int64(e.At) >> 8, e.NID, e.NNumber, e.NText, [4]byte{'a'}, 1200, []int32{e.ID}}
		if _, err := w.Write([]row{r}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// corpus holds small whole files.
func corpus(t testing.TB) [][]byte {
	return [][]byte{
		encode(t, everies(300, 20), 100, &Options{RowsPerGroup: 200, Metadata: []Metadata{{"k", "v"}}}),
		encode(t, everies(40, 40), 100, &Options{Compression: None}),
		encode(t, everies(700, 1), 100, &Options{Compression: Snappy}),
		encode(t, []every{}, 1, nil),
		foreign(t, 1, parquet.Compression(&parquet.Gzip)),
		foreign(t, 2, parquet.Compression(&parquet.Uncompressed)),
		foreign(t, 2, parquet.Compression(&parquet.Lz4Raw)),
		foreign(t, 1, parquet.Compression(&parquet.Snappy)),
	}
}

// survive reads b in every way and stops after a bounded number of rows: a few
// bytes may stand for many equal values.
func survive(b []byte) {
	Inspect(bytes.NewReader(b), int64(len(b)))
	rows := 0
	for batch := range ReadBatches[every](bytes.NewReader(b), int64(len(b)), nil) {
		if rows += len(batch); rows > 5000 {
			break
		}
	}
	type loose struct {
		ID     *int64     `parquet:"id"`
		Person *Timestamp `parquet:"person"`
		Number *float64   `parquet:"n_person"`
		Text   *string    `parquet:"free"`
		At     *Timestamp `parquet:"At"`
		Day    *Timestamp `parquet:"day"`
		Raw    *float64   `parquet:"raw"`
		Code   *float64   `parquet:"code"`
		Flag   *bool      `parquet:"flag"`
		NText  *string    `parquet:"n_text"`
		S      *string    `parquet:"text"`
	}
	rows = 0
	for batch := range ReadBatches[loose](bytes.NewReader(b), int64(len(b)), nil) {
		if rows += len(batch); rows > 5000 {
			break
		}
	}
}

func FuzzReadSurvivesAnything(f *testing.F) {
	type row struct {
		ID   int32   `parquet:"id"`
		Text *string `parquet:"text"`
	}
	f.Add(encode(f, []row{{1, to("a")}, {2, nil}, {3, to("a")}}, 2, &Options{Compression: None}))
	f.Add(encode(f, []row{{1, to("a")}}, 2, nil))
	f.Add(encode(f, everies(5, 2), 5, &Options{Compression: Snappy}))
	f.Add([]byte("PAR1PAR1"))
	f.Fuzz(func(t *testing.T, b []byte) { survive(b) })
}

// FuzzDecodersSurviveAnything feeds the decoders of pages directly, behind
// compression and checksums.
func FuzzDecodersSurviveAnything(f *testing.F) {
	f.Add([]byte{128, 1, 4, 10, 0, 2, 1, 1, 1, 1, 0, 0, 0, 0, 'a', 'b'}, uint8(5), uint8(6))
	f.Add([]byte{3, 0x12, 1, 0x81, 2, 7}, uint8(8), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, encoding, physical uint8) {
		p := &pages{column: &columnDesc{physical: format.Type(physical % 8), length: 5}, dict: &dictionary{
			ints: []int64{1}, floats: []float64{1}, texts: []string{"x"}}}
		h := &pageHeader{encoding: format.Encoding(encoding % 10), values: math.MaxInt32}
		if p.openValues(h, b) != nil {
			return
		}
		for range 20 {
			var err error
			switch formOf(p.column.physical) {
			case formInts:
				err = p.values.ints(make([]int64, 100))
			case formFloats:
				err = p.values.floats(make([]float64, 100))
			default:
				err = p.values.texts(make([]string, 100))
			}
			if err != nil {
				return
			}
		}
	})
}

// FuzzRoundTrip asks for the same rows back, whatever the values.
func FuzzRoundTrip(f *testing.F) {
	f.Add(uint64(1), 10, 3, "text")
	f.Add(uint64(2), 2000, 500, "\x00")
	f.Fuzz(func(t *testing.T, seed uint64, n, spread int, text string) {
		n, spread = n&1023, spread&255+1
		text = strings.ToValidUTF8(text, "?")
		r := rand.New(rand.NewPCG(seed, 0))
		rows := make([]every, n)
		for i := range rows {
			k := r.IntN(spread)
			rows[i] = every{ID: r.Int32() - 1<<30, Person: int64(r.Uint64()), Code: int32(k), Number: r.NormFloat64(), Text: text[:0] + fmt.Sprint(k), Free: text,
				Day: Date(r.Int32()), At: Timestamp(r.Uint64()), NID: some(r, r.Int32()), NPerson: some(r, int64(k)), NCode: some(r, int32(-k)), NNumber: some(r, float64(k)),
				NText: some(r, strings.Repeat(text, k%4)), NFlag: some(r, k&1 == 0), NDay: some(r, Date(k)), NAt: some(r, Timestamp(-k))}
		}
		b := encode(t, rows, 1+spread, &Options{RowsPerGroup: 1 + spread*2, Compression: Compression(seed % 3)})
		wantRows(t, rows, decode[every](t, b))
	})
}

// A quick form of the fuzz test that runs every time: cut and changed files.
func TestDamagedFilesNeverPanic(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, b := range corpus(t) {
		for range 150 {
			c := bytes.Clone(b)
			for range 1 + r.IntN(4) {
				switch at := r.IntN(len(c)); r.IntN(3) {
				case 0:
					c[at] = byte(r.Uint32())
				case 1:
					c[at] ^= 1 << r.IntN(8)
				case 2:
					copy(c[at:], c[r.IntN(len(c)):])
				}
			}
			survive(c)
		}
		for range 50 {
			survive(b[:r.IntN(len(b))])
			survive(b[r.IntN(len(b)):])
		}
	}
}

func TestACutFileIsAnError(t *testing.T) {
	b := encode(t, everies(500, 20), 100, nil)
	for n := 0; n < len(b); n += 97 {
		if err := readError[every](b[:n]); err == nil {
			t.Errorf("%d of %d bytes: want an error", n, len(b))
		}
		if _, err := Inspect(bytes.NewReader(b[:n]), int64(n)); err == nil {
			t.Errorf("%d of %d bytes: want Inspect to fail", n, len(b))
		}
	}
}

// Every byte of a page is under its checksum.
func TestAChangedPageIsAnError(t *testing.T) {
	b := encode(t, everies(500, 20), 100, nil)
	d, err := readFooter(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for at := len(magic); at < int(d.dataEnd); at += 13 {
		c := bytes.Clone(b)
		c[at] ^= 0x10
		if err := readError[every](c); err == nil {
			same := cmp.Equal(decode[every](t, b), decode[every](t, c)) // such as a count in a header
			if !same {
				t.Errorf("byte %d: want an error or the same rows", at)
			}
		}
	}
}

// Declared lengths are claims: memory follows the bytes that are there.
func TestAClaimOfManyBytesTakesNoMemory(t *testing.T) {
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0x07} // 2^31-1 as a varint
	list := append([]byte{0x15, 2, 0x19, 0xfc}, huge...)
	text := append([]byte{0x15, 2, 0x68}, huge...)
	for _, footer := range [][]byte{list, text, bytes.Repeat([]byte{0x1c}, 10_000)} {
		b := append([]byte(magic), footer...)
		b = append(b, byte(len(footer)), byte(len(footer)>>8), 0, 0)
		b = append(b, magic...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := Inspect(bytes.NewReader(b), int64(len(b))); err == nil {
			t.Error("want an error")
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
			t.Errorf("want little memory, have %d bytes", took)
		}
	}
}
