package columnar

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// metadataOf returns the footer of a file as parquet-go sees it.
func metadataOf(t *testing.T, b []byte) *format.FileMetaData {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f.Metadata()
}

// parquet-go writes 0, "" and false of an optional value type as NULL.
func TestZeroIsAValueAndNilIsNull(t *testing.T) {
	type row struct {
		I *int32     `parquet:"i"`
		J *int64     `parquet:"j"`
		F *float64   `parquet:"f"`
		S *string    `parquet:"s"`
		B *bool      `parquet:"b"`
		D *Date      `parquet:"d"`
		T *Timestamp `parquet:"t"`
	}
	zero := row{to(int32(0)), to(int64(0)), to(0.0), to(""), to(false), to(Date(0)), to(Timestamp(0))}
	want := []row{zero, {}, zero, {}, {}}
	b := encode(t, want, 5, nil)
	if diff := cmp.Diff(want, decode[row](t, b)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, c := range metadataOf(t, b).RowGroups[0].Columns {
		if c.MetaData.Statistics.NullCount != 3 || c.MetaData.NumValues != 5 {
			t.Errorf("%s: want 3 of 5 null, have %d of %d", c.MetaData.PathInSchema, c.MetaData.Statistics.NullCount, c.MetaData.NumValues)
		}
	}
}

// parquet-go's filters lie once a dictionary is given up; here there are none,
// whatever becomes of the dictionary.
func TestNoFileHasABloomFilter(t *testing.T) {
	for _, spread := range []int{10, 100_000} {
		for _, g := range metadataOf(t, encode(t, everies(100_000, spread), 8192, nil)).RowGroups {
			for _, c := range g.Columns {
				if c.MetaData.BloomFilterOffset != 0 || c.MetaData.BloomFilterLength != 0 {
					t.Errorf("%s: want no filter", c.MetaData.PathInSchema)
				}
			}
		}
	}
}

// A dictionary that grows too large in the middle of a chunk is given up there.
func TestALateFloodOfNewValuesIsKept(t *testing.T) {
	type row struct {
		S *string  `parquet:"s" columnar:"dict"`
		I int32    `parquet:"i" columnar:"dict"`
		F *float64 `parquet:"f" columnar:"dict"`
	}
	var want []row
	for i := range 122_880 {
		k := i % 10
		if i > 32_000 {
			k = i
		}
		want = append(want, row{to(strings.Repeat("v", k%50) + string(rune('a'+k%26)) + strings.Repeat("w", k/3000)), int32(k), to(float64(k))})
	}
	b := encode(t, want, 8192, nil)
	wantRows(t, want, decode[row](t, b))
	mixed := 0
	for _, c := range metadataOf(t, b).RowGroups[0].Columns {
		if e := c.MetaData.EncodingStats; len(e) > 2 {
			mixed++
		}
	}
	if mixed == 0 {
		t.Error("want a column whose dictionary was given up half way")
	}
}

// parquet-go panics on delta with pointers.
func TestDeltaWorksOnPointers(t *testing.T) {
	m := metadataOf(t, encode(t, everies(1000, 900), 100, nil))
	for i, want := range map[int]format.Encoding{0: format.DeltaBinaryPacked, 10: format.DeltaBinaryPacked, 4: format.Plain, 17: format.Plain} {
		c := m.RowGroups[0].Columns[i].MetaData
		if got := c.EncodingStats[len(c.EncodingStats)-1].Encoding; got != want {
			t.Errorf("%s: want %s, have %s", c.PathInSchema, want, got)
		}
	}
}

func TestHintsAndDefaultsPickTheEncoding(t *testing.T) {
	m := metadataOf(t, encode(t, everies(30_000, 50), 100, nil))
	for name, want := range map[string]format.Encoding{
		"id": format.DeltaBinaryPacked, "person": format.DeltaBinaryPacked, "code": format.RLEDictionary, "number": format.RLEDictionary,
		"raw": format.Plain, "text": format.RLEDictionary, "free": format.Plain, "day": format.DeltaBinaryPacked,
		"n_code": format.RLEDictionary, "n_text": format.RLEDictionary, "never": format.Plain,
	} {
		for _, c := range m.RowGroups[0].Columns {
			if c.MetaData.PathInSchema[0] == name {
				if got := c.MetaData.Encoding[len(c.MetaData.Encoding)-1]; !contains(c.MetaData.Encoding, want) {
					t.Errorf("%s: want %s, have %s", name, want, got)
				}
			}
		}
	}
}

// parquet-go has no limit of its own.
func TestRowGroupsAreLimited(t *testing.T) {
	for _, c := range []struct {
		rows, limit int
		want        []int64
	}{
		{300_000, 0, []int64{122_880, 122_880, 54_240}},
		{1000, 250, []int64{250, 250, 250, 250}},
		{1001, 250, []int64{250, 250, 250, 250, 1}},
		{0, 0, nil},
	} {
		type row struct{ A int32 }
		info := inspect(t, encode(t, make([]row, c.rows), 777, &Options{RowsPerGroup: c.limit}))
		if diff := cmp.Diff(c.want, info.Groups); diff != "" {
			t.Errorf("%d rows: (-want +got)\n%s", c.rows, diff)
		}
	}
}

// parquet-go's Group sorts its columns by name.
func TestColumnsHaveTheOrderOfTheFields(t *testing.T) {
	type row struct {
		Z int32      `parquet:"z"`
		A *string    `parquet:"a"`
		M *Timestamp `parquet:"m"`
		B Date       `parquet:"b"`
		_ int
		Y float64 `parquet:"y"`
		C *bool
		S string `parquet:"-"`
		L *int64 `parquet:"l"`
	}
	want := []Column{{"z", "int32", false}, {"a", "string", true}, {"m", "timestamp(micros)", true}, {"b", "date", false},
		{"y", "float64", false}, {"C", "bool", true}, {"l", "int64", true}}
	if diff := cmp.Diff(want, inspect(t, encode(t, []row{{}}, 1, nil)).Columns); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTheSameRowsGiveTheSameBytes(t *testing.T) {
	rows := everies(70_000, 5000)
	opts := &Options{RowsPerGroup: 50_000, Metadata: []Metadata{{"b", "1"}, {"a", "2"}}}
	want := encode(t, rows, len(rows), opts)
	for _, batch := range []int{1, 511, 8192} {
		if !bytes.Equal(want, encode(t, rows, batch, opts)) {
			t.Errorf("batches of %d: want the same bytes", batch)
		}
	}
	var b bytes.Buffer
	w, err := NewWriter[every](&b, opts)
	if err != nil {
		t.Fatal(err)
	}
	for len(rows) > 0 {
		g := w.NewGroup()
		n := min(g.Room(), len(rows))
		if err := g.Write(rows[:n]); err != nil {
			t.Fatal(err)
		}
		if err := g.Finish(); err != nil {
			t.Fatal(err)
		}
		if err := w.Append(g); err != nil {
			t.Fatal(err)
		}
		rows = rows[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, b.Bytes()) {
		t.Error("groups apart: want the same bytes")
	}
}

func TestMetadataKeepsItsOrder(t *testing.T) {
	want := []Metadata{{"vocabulary", "v1"}, {"cdm", "5.4"}, {"cdm", ""}, {"policy", "ü"}}
	type row struct{ A int32 }
	info := inspect(t, encode(t, []row{{1}}, 1, &Options{Metadata: want}))
	if diff := cmp.Diff(want, info.Metadata); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if info.CreatedBy != "carabiner" {
		t.Errorf("want creator carabiner, have %q", info.CreatedBy)
	}
	if info := inspect(t, encode(t, []row{{1}}, 1, &Options{CreatedBy: "me"})); info.CreatedBy != "me" {
		t.Errorf("want creator me, have %q", info.CreatedBy)
	}
}

func TestNewWriterRefusesWhatItCannotWrite(t *testing.T) {
	type ok struct{ A int32 }
	check := func(name, want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "columnar: ") {
			t.Errorf("%s: want an error about %q, have %v", name, want, err)
		}
	}
	_, err := NewWriter[int](io.Discard, nil)
	check("no struct", "struct", err)
	_, err = NewWriter[struct{}](io.Discard, nil)
	check("no field", "field", err)
	_, err = NewWriter[struct{ A complex64 }](io.Discard, nil)
	check("type", "complex64", err)
	_, err = NewWriter[struct{ A **int32 }](io.Discard, nil)
	check("pointer to pointer", "pointer", err)
	_, err = NewWriter[struct{ A [][]int32 }](io.Discard, nil)
	check("slices of slices", "want bool", err)
	_, err = NewWriter[struct{ ok }](io.Discard, nil)
	check("embedded", "field", err)
	_, err = NewWriter[struct {
		A int32 `parquet:"x"`
		B int32 `parquet:"x"`
	}](io.Discard, nil)
	check("names", "twice", err)
	_, err = NewWriter[struct {
		A int32 `parquet:"x,fast"`
	}](io.Discard, nil)
	check("parquet tag", "have \"fast\"", err)
	_, err = NewWriter[struct {
		A int32 `columnar:"fast"`
	}](io.Discard, nil)
	check("columnar tag", "delta, dict or plain", err)
	_, err = NewWriter[struct {
		A *string `columnar:"delta"`
	}](io.Discard, nil)
	check("delta on text", "delta", err)
	_, err = NewWriter[struct {
		A bool `columnar:"dict"`
	}](io.Discard, nil)
	check("dict on bool", "dictionary", err)
	_, err = NewWriter[ok](nil, nil)
	check("nil", "writer", err)
	_, err = NewWriter[ok](io.Discard, &Options{Compression: 9})
	check("compression", "zstd", err)
	_, err = NewWriter[ok](io.Discard, &Options{RowsPerGroup: -1})
	check("rows", "rows per group", err)
	_, err = NewWriter[ok](io.Discard, &Options{Metadata: []Metadata{{"", "x"}}})
	check("key", "key", err)
	_, err = NewWriter[ok](io.Discard, &Options{CreatedBy: "\xff"})
	check("creator", "UTF-8", err)
}

func TestWriteRefusesTextThatIsNotUTF8(t *testing.T) {
	type row struct {
		S *string `parquet:"s"`
	}
	w, err := NewWriter[row](io.Discard, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = w.Write([]row{{to("fine")}, {nil}, {to("secret\xff")}})
	if err == nil || !strings.Contains(err.Error(), "row 2, s: want text in UTF-8") || strings.Contains(err.Error(), "secret") {
		t.Errorf("want an error that names row 2 and shows no value, have %v", err)
	}
	if again := w.Write(nil); again != err {
		t.Errorf("want the same error from then on, have %v", again)
	}
	if closed := w.Close(); closed != err {
		t.Errorf("want the same error from Close, have %v", closed)
	}
}

// full takes the given number of bytes and then has no space left.
type full struct{ space int }

func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), f.space)
	f.space -= n
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func TestAFullDiskIsAWrappedError(t *testing.T) {
	rows := everies(20_000, 100)
	size := len(encode(t, rows, 1000, &Options{RowsPerGroup: 5000}))
	for space := 0; space < size; space += size/7 + 1 {
		w, err := NewWriter[every](&full{space}, &Options{RowsPerGroup: 5000})
		if err != nil {
			t.Fatal(err)
		}
		err = w.Write(rows)
		if err == nil {
			err = w.Close()
		}
		if !errors.Is(err, syscall.ENOSPC) || !strings.HasPrefix(err.Error(), "columnar: ") {
			t.Errorf("space for %d of %d bytes: want ENOSPC, have %v", space, size, err)
		}
		if again := w.Close(); again != err {
			t.Errorf("want the same error again, have %v", again)
		}
	}
}

func TestAClosedWriterTakesNoMore(t *testing.T) {
	type row struct{ A int32 }
	w, err := NewWriter[row](io.Discard, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if w.Write([]row{{}}) == nil || w.Close() == nil || w.Append(w.NewGroup()) == nil {
		t.Error("want errors after Close")
	}
}

func TestAGroupTakesNoMoreThanItsRoom(t *testing.T) {
	type row struct{ A int32 }
	var b bytes.Buffer
	w, err := NewWriter[row](&b, &Options{RowsPerGroup: 10})
	if err != nil {
		t.Fatal(err)
	}
	g := w.NewGroup()
	if err := w.Append(g); err != nil {
		t.Errorf("an empty group: %v", err)
	}
	if err := g.Write(make([]row, 11)); err == nil {
		t.Error("want an error for more rows than fit")
	}
	if err := g.Write(make([]row, 9)); err != nil {
		t.Error(err)
	}
	if err := w.Write(make([]row, 3)); err != nil {
		t.Error(err)
	}
	if err := w.Append(g); err != nil {
		t.Error(err)
	}
	if g.Rows() != 0 || g.Room() != 10 || w.Rows() != 12 {
		t.Errorf("want an empty group and 12 rows, have %d and %d", g.Rows(), w.Rows())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int64{3, 9}, inspect(t, b.Bytes()).Groups); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWriteKeepsNothingOfTheRows(t *testing.T) {
	type row struct {
		S *string `parquet:"s"`
		N *int64  `parquet:"n"`
	}
	var b bytes.Buffer
	w, err := NewWriter[row](&b, nil)
	if err != nil {
		t.Fatal(err)
	}
	buf := []byte("alpha")
	s, n := stringOver(buf), int64(1)
	batch := []row{{&s, &n}}
	if err := w.Write(batch); err != nil {
		t.Fatal(err)
	}
	copy(buf, "omega")
	n = 2
	if err := w.Write(batch); err != nil {
		t.Fatal(err)
	}
	copy(buf, "-----")
	n = 3
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := []row{{to("alpha"), to(int64(1))}, {to("omega"), to(int64(2))}}
	if diff := cmp.Diff(want, decode[row](t, b.Bytes())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// stringOver returns a string that shares the memory of b.
func stringOver(b []byte) string { return unsafe.String(&b[0], len(b)) }

func TestBoundsOfAColumnHoldItsValues(t *testing.T) {
	le32 := func(v int32) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(v)) }
	m := metadataOf(t, encode(t, []every{{ID: 5, Text: "b", Day: -3}, {ID: -7, Text: "ab", Day: 9}}, 2, nil))
	for name, want := range map[string][2][]byte{"id": {le32(-7), le32(5)}, "text": {[]byte("ab"), []byte("b")}, "day": {le32(-3), le32(9)}, "free": {}, "never": {},
		"flag": {{0}, {0}}, "number": {{7: 0x80}, make([]byte, 8)}} {
		for _, c := range m.RowGroups[0].Columns {
			if s := c.MetaData.Statistics; c.MetaData.PathInSchema[0] == name && (!bytes.Equal(s.MinValue, want[0]) || !bytes.Equal(s.MaxValue, want[1])) {
				t.Errorf("%s: want %x, have %x and %x", name, want, s.MinValue, s.MaxValue)
			}
		}
	}
}
