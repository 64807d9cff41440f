package columnar

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dump returns the rows of a batch as text.
func dump(b *Batch) []string {
	rows := make([]string, b.Rows())
	for c, s := range b.Specs() {
		v := b.Column(c)
		for i := range rows {
			text := "NULL"
			switch {
			case s.Kind.isList() && s.Kind.isText():
				if list, ok := v.TextsAt(i); ok {
					text = fmt.Sprintf("%q", list)
				}
			case s.Kind.isList():
				if list, ok := v.NumbersAt(i); ok {
					text = fmt.Sprint(list)
				}
			case s.Kind.isText():
				if b, ok := v.TextAt(i); ok {
					text = fmt.Sprintf("%q", b)
				}
			default:
				if n, ok := v.NumberAt(i); ok {
					text = fmt.Sprint(n)
				}
			}
			rows[i] += s.Name + "=" + text + " "
		}
	}
	return rows
}

// readAll reads the chosen columns of a file.
func readAll(b []byte, specs []ColumnSpec) (rows []string, sizes []int, err error) {
	for batch, err := range ReadBatch(bytes.NewReader(b), int64(len(b)), specs) {
		if err != nil {
			return nil, nil, err
		}
		rows, sizes = append(rows, dump(batch)...), append(sizes, batch.Rows())
	}
	return rows, sizes, nil
}

func TestReadBatchReadsWhatTheFileHas(t *testing.T) {
	b := encode(t, shapeRows(3), 3, nil)
	specs, err := Columns(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := readAll(b, nil); err == nil || !strings.Contains(err.Error(), "gaps: want no NULL in a list") {
		t.Errorf("want an error for NULL in a list, have %v", err)
	}
	rows, _, err := readAll(encode(t, everies(3, 2), 3, nil), nil)
	if len(specs) != 41 || err != nil || len(rows) != 3 {
		t.Errorf("want 41 columns and 3 rows, have %d and %d (%v)", len(specs), len(rows), err)
	}
	chosen := []ColumnSpec{{"none", DateColumn}, {"money", TextColumn}, {"money", Float64Column}, {"whole", TextColumn}, {"ints", TextListColumn}, {"bools", BoolListColumn},
		{"exacts", TextListColumn}, {"days", DateListColumn}, {"bytes", BytesColumn}, {"parts", JSONColumn}, {"nanos", InstantColumn}, {"none", Int32ListColumn}}
	rows, _, err = readAll(b, chosen)
	want := []string{
		fmt.Sprintf(`none=NULL money="-0.05" money=%d whole=NULL ints=NULL bools=NULL exacts=NULL days=NULL bytes=NULL parts=NULL nanos=0 none=NULL `, int64(math.Float64bits(-0.05))),
		fmt.Sprintf(`none=NULL money="-1.05" money=%d whole="1969-12-31" ints=["0"] bools=[1 0 0] exacts=["1.50" "2"] days=[11016] bytes="\xff\x01" parts="[{\"n\":1,\"s\":\"a\"},{\"n\":2,\"s\":\"&\"}]" nanos=1000000 none=NULL `, int64(math.Float64bits(-1.05))),
		fmt.Sprintf(`none=NULL money="-2.05" money=%d whole="1969-12-31" ints=["0" "0"] bools=[1 1 0] exacts=["1.50" "2"] days=[11016] bytes="\xff\x02" parts="[{\"n\":1,\"s\":\"a\"},{\"n\":2,\"s\":\"&\"}]" nanos=2000000 none=NULL `, int64(math.Float64bits(-2.05))),
	}
	if diff := cmp.Diff(want, rows); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

// Batches that are read may be written as they are and read equal.
func TestBatchesAreReadAndWritten(t *testing.T) {
	b := encode(t, shapeRows(10_000), 1000, &Options{RowsPerGroup: 6000})
	specs, err := Columns(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	specs = specs[:len(specs)-11] // lists with NULL have no place in a batch
	var out bytes.Buffer
	w, err := NewBatchWriter(&out, specs, nil)
	if err != nil {
		t.Fatal(err)
	}
	for batch, err := range ReadBatch(bytes.NewReader(b), int64(len(b)), specs) {
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want, sizes, err := readAll(b, specs)
	if diff := cmp.Diff([]int{4096, 1904, 4000}, sizes); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	got, _, err := readAll(out.Bytes(), specs)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%.1000s", err, diff)
	}
}

// FuzzReadBatch changes bytes of a file with columns of every shape.
func FuzzReadBatch(f *testing.F) {
	file := encode(f, shapeRows(2), 2, &Options{Compression: None})
	f.Add(uint16(0), []byte{0})
	f.Add(uint16(len(file)-300), []byte{0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, at uint16, change []byte) {
		b := bytes.Clone(file)
		copy(b[int(at)%len(b):], change)
		rows := 0
		for batch, err := range ReadBatch(bytes.NewReader(b), int64(len(b)), nil) {
			if err == nil && batch.Bytes() > 1<<30 {
				t.Error("want memory that is bounded")
			}
			if err == nil {
				rows += batch.Rows()
			}
			if rows > 5000 {
				break
			}
		}
		rows = 0
		for range Read[shapes](bytes.NewReader(b), int64(len(b))) {
			if rows++; rows > 5000 {
				break
			}
		}
	})
}
