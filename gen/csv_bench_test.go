package gen_test

import (
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/gen"
	"github.com/carabiner-health/carabiner/internal/gentest"
)

// csvBench reads the same rows with the generated reader and with encoding/csv and
// code by hand, into the same struct.
const csvBench = `package values

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
)

const n = 5000

func table() string {
	var b strings.Builder
	b.WriteString("id,code,kind,weight,count,day,at,flag,note,unit\n")
	for i := range n {
		fmt.Fprintf(&b, "%d,A%02d,a,%d.5,%d,2020-01-%02d,2020-01-02T03:04:05Z,true,a note of some words,ng/mL\n", i, i%100, i%200, i, i%28+1)
	}
	return b.String()
}

func BenchmarkGenerated(b *testing.B) {
	text := table()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		rows := 0
		for x, err := range ReadValueCSV(strings.NewReader(text)) {
			if err != nil || x.ID != int64(rows) {
				b.Fatal(err, x.ID)
			}
			rows++
		}
		if rows != n {
			b.Fatal(rows)
		}
	}
}

func optional(s string) Opt[string] { return Opt[string]{Value: s, Valid: s != ""} }

func BenchmarkByHand(b *testing.B) {
	text := table()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		in := csv.NewReader(strings.NewReader(text))
		in.ReuseRecord = true
		if _, err := in.Read(); err != nil {
			b.Fatal(err)
		}
		rows := 0
		for {
			row, err := in.Read()
			if err == io.EOF {
				break
			}
			x, err := byHand(row, err)
			if err != nil || x.ID != int64(rows) {
				b.Fatal(err)
			}
			rows++
		}
		if rows != n {
			b.Fatal(rows)
		}
	}
}

func byHand(row []string, err error) (x Value, _ error) {
	if err != nil {
		return x, err
	}
	if x.ID, err = strconv.ParseInt(row[0], 10, 64); err != nil {
		return x, err
	}
	x.Code, x.Kind = optional(row[1]), optional(row[2])
	if row[3] != "" {
		x.Weight.Valid = true
		if x.Weight.Value, err = ParseDecimal(row[3]); err != nil {
			return x, err
		}
	}
	if row[4] != "" {
		x.Count.Valid = true
		if x.Count.Value, err = strconv.ParseInt(row[4], 10, 64); err != nil {
			return x, err
		}
	}
	if row[5] != "" {
		x.Day.Valid = true
		if x.Day.Value, err = ParseDate(row[5]); err != nil {
			return x, err
		}
	}
	if row[6] != "" {
		x.At.Valid = true
		if x.At.Value, err = ParseDateTime(row[6]); err != nil {
			return x, err
		}
	}
	if row[7] != "" {
		x.Flag.Valid = true
		if x.Flag.Value, err = strconv.ParseBool(row[7]); err != nil {
			return x, err
		}
	}
	x.Note, x.Unit = optional(row[8]), optional(row[9])
	return x, nil
}
`

// BenchmarkCSV runs BenchmarkGenerated and BenchmarkByHand over generated code and
// logs what they say.
func BenchmarkCSV(b *testing.B) {
	m := loaded(b, "testdata/tabular/value.schema.json", nil)
	files, _, err := gen.Go(m, &gen.GoOptions{Package: "values"})
	if err != nil {
		b.Fatal(err)
	}
	run := gentest.Run{Files: map[string][]byte{"values/bench_test.go": []byte(csvBench)}, Args: []string{"-run=NONE", "-bench=.", "-benchtime=200ms", "-count=3"}}
	for _, f := range files {
		run.Files["values/"+f.Name] = f.Content
	}
	for b.Loop() {
		for line := range strings.Lines(run.Do(b)) {
			if strings.HasPrefix(line, "Benchmark") {
				b.Log(strings.TrimSpace(line))
			}
		}
	}
}
