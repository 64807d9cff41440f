package columnar

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

type listRow struct {
	ID     *int64    `parquet:"id"`
	Texts  []string  `parquet:"texts,list"`
	Floats []float64 `parquet:"floats,list"`
}

// Lists arrive in another reader as they were given, over pages, groups and batches.
func TestBatchWriterWritesLists(t *testing.T) {
	specs := []ColumnSpec{{"id", Int64Column}, {"texts", TextListColumn}, {"floats", Float64ListColumn}}
	const rows = 70_000
	var want []listRow
	file := func(batch int) []byte {
		var buf bytes.Buffer
		w, err := NewBatchWriter(&buf, specs, &Options{RowsPerGroup: 50_000})
		if err != nil {
			t.Fatal(err)
		}
		want = want[:0]
		b := NewBatch(specs)
		for i := range rows {
			id := int64(i)
			r := listRow{ID: &id}
			b.Column(0).Number(id)
			if i%5 == 4 {
				b.Column(1).Null()
				b.Column(2).Null()
			} else {
				for k := range i % 4 {
					r.Texts = append(r.Texts, fmt.Sprint("ö", i+k))
					r.Floats = append(r.Floats, float64(i)/4)
				}
				b.Column(1).Texts(r.Texts)
				b.Column(2).Floats(r.Floats)
			}
			want = append(want, r)
			if b.Rows() == batch || i == rows-1 {
				b.Column(1).Texts([]string{"dropped"})
				b.Column(2).Floats([]float64{1, 2})
				b.Truncate(b.Rows())
				if err := w.Write(b); err != nil {
					t.Fatal(err)
				}
				b.Reset()
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	data := file(rows)
	if !bytes.Equal(data, file(777)) {
		t.Error("want the same bytes however the rows are spread over batches")
	}
	got, err := parquet.Read[listRow](bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	empty := cmp.Transformer("empty", func(r listRow) string { return fmt.Sprint(*r.ID, r.Texts, r.Floats) })
	if diff := cmp.Diff(want, got, empty); diff != "" {
		t.Errorf("(-want +got)\n%.2000s", diff)
	}
	info, err := Inspect(bytes.NewReader(data), int64(len(data)))
	if err != nil || info.Columns[1].Type != "list" || info.Rows != rows {
		t.Errorf("want a list of %d rows, have %+v, %v", rows, info, err)
	}
	type plain struct {
		ID *int64 `parquet:"id"`
	}
	n := int64(0)
	for r, err := range Read[plain](bytes.NewReader(data), int64(len(data))) {
		if err != nil || *r.ID != n {
			t.Fatalf("row %d: %v", n, err)
		}
		n++
	}
}

func TestBatchWriterRefusesListsThatAreNotUTF8(t *testing.T) {
	specs := []ColumnSpec{{"texts", TextListColumn}}
	w, err := NewBatchWriter(&bytes.Buffer{}, specs, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := NewBatch(specs)
	b.Column(0).Texts([]string{"\xff"})
	if err := w.Write(b); err == nil {
		t.Error("want an error")
	}
}
