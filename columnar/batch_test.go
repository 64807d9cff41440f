package columnar

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
)

type batchRow struct {
	B *bool      `parquet:"b"`
	I *int32     `parquet:"i"`
	L *int64     `parquet:"l"`
	F *float64   `parquet:"f"`
	S *string    `parquet:"s"`
	D *Date      `parquet:"d"`
	T *Timestamp `parquet:"t"`
}

var batchSpecs = []ColumnSpec{{"b", BoolColumn}, {"i", Int32Column}, {"l", Int64Column}, {"f", Float64Column}, {"s", TextColumn}, {"d", DateColumn}, {"t", TimestampColumn}}

// batchRows returns rows with NULLs in all places, typed and as one batch.
func batchRows(n int) ([]batchRow, *Batch) {
	rows, b := make([]batchRow, n), NewBatch(batchSpecs)
	for i := range rows {
		for k := range batchSpecs {
			if (i+k)%(k+2) == 0 {
				b.Column(k).Null()
				continue
			}
			r, v := &rows[i], b.Column(k)
			switch k {
			case 0:
				x := i%3 == 0
				r.B = &x
				v.Number(map[bool]int64{true: 1}[x])
			case 1:
				x := int32(i * 7)
				r.I = &x
				v.Number(int64(x))
			case 2:
				x := -int64(i) << 33
				r.L = &x
				v.Number(x)
			case 3:
				x := float64(i) / 7
				r.F = &x
				v.Number(int64(math.Float64bits(x)))
			case 4:
				x := strings.Repeat("x", i%5) + fmt.Sprint(i%100)
				r.S = &x
				v.Text([]byte(x))
			case 5:
				x := Date(i)
				r.D = &x
				v.Number(int64(x))
			case 6:
				x := Timestamp(int64(i) * 1e6)
				r.T = &x
				v.Number(int64(x))
			}
		}
	}
	return rows, b
}

func TestBatchesWriteTheBytesThatStructsWrite(t *testing.T) {
	for _, n := range []int{0, 1, 700, 40_000} {
		rows, batch := batchRows(n)
		opts := &Options{RowsPerGroup: 15_000}
		var typed, dynamic bytes.Buffer
		w, err := NewWriter[batchRow](&typed, opts)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		d, err := NewBatchWriter(&dynamic, batchSpecs, opts)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Write(batch); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(typed.Bytes(), dynamic.Bytes()) {
			t.Errorf("%d rows: want the same bytes, have %d and %d that differ", n, typed.Len(), dynamic.Len())
		}
		if d.Rows() != int64(n) {
			t.Errorf("want %d rows, have %d", n, d.Rows())
		}
	}
}

func TestAnInstantIsATimestampInUTC(t *testing.T) {
	specs := []ColumnSpec{{"at", InstantColumn}}
	var file bytes.Buffer
	w, err := NewBatchWriter(&file, specs, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := NewBatch(specs)
	b.Column(0).Number(1_500_000)
	b.Column(0).Null()
	if err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := Inspect(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if have := info.Columns[0].Type; have != "timestamp(micros, utc)" {
		t.Errorf("want a timestamp in UTC, have %s", have)
	}
	type row struct {
		At *Timestamp `parquet:"at"`
	}
	for r, err := range Read[row](bytes.NewReader(file.Bytes()), int64(file.Len())) {
		if err != nil {
			t.Fatal(err)
		}
		if r.At != nil && *r.At != 1_500_000 {
			t.Errorf("want 1500000, have %d", *r.At)
		}
	}
}

func TestTruncateDropsRowsOfAllColumns(t *testing.T) {
	_, long := batchRows(700)
	_, short := batchRows(300)
	long.Truncate(300)
	var a, b bytes.Buffer
	for _, x := range []struct {
		to *bytes.Buffer
		b  *Batch
	}{{&a, long}, {&b, short}} {
		w, err := NewBatchWriter(x.to, batchSpecs, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(x.b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("want the bytes of a batch that never held the rows")
	}
}

func TestBatchWriterRefusesWhatDoesNotFit(t *testing.T) {
	for name, specs := range map[string][]ColumnSpec{
		"no column": nil, "twice": {{"a", TextColumn}, {"a", TextColumn}}, "no name": {{"", TextColumn}}, "kind": {{"a", 99}},
	} {
		if _, err := NewBatchWriter(&bytes.Buffer{}, specs, nil); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
	w, err := NewBatchWriter(&bytes.Buffer{}, batchSpecs, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(NewBatch(batchSpecs[:1])); err == nil {
		t.Error("want an error for other columns")
	}
	ragged := NewBatch(batchSpecs)
	ragged.Column(0).Null()
	if err := w.Write(ragged); err == nil {
		t.Error("want an error for columns of different length")
	}
}
