package omop

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/issue"
)

// FuzzCSVSurvivesAnything holds ReadCSV to four laws on any input: it neither
// panics nor ends with an error, reading byte by byte finds the same, findings
// have a place in the input, and rows written read back equal.
func FuzzCSVSurvivesAnything(f *testing.F) {
	head := "metadata_id,metadata_concept_id,metadata_type_concept_id,name,value_as_string,value_as_concept_id,value_as_number,metadata_date,metadata_datetime\n"
	for _, s := range []string{
		"", "\n", "\"", head, head + "1,0,0,a,,,,,\n", head + "1,0,0,\"a\"\"b\",\"\",0,1e3,2020-02-29,2020-02-29 10:00:00.5\n",
		strings.ReplaceAll(head, ",", "\t") + "1\t0\t0\ta\"\t\t\t\t20200101\t\n", "\uFEFF" + head + "1,0,0,\"a\nb\r\n\",,,,,\r\n",
		"\xFF\xFE", "name,name\n,\n", head + "1,0,0,\"open\n", head + "1,0,0,\"x\"y,,,,,\n2,0,0,z,,,,,",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		read := func(oneByOne bool) (rows []Metadata, findings issue.List) {
			var c issue.Collector
			var src = bytes.NewReader(in)
			opts := &ReadOptions{Reporter: &c, MaxRecordBytes: 1 << 12}
			seq := ReadCSV[Metadata](src, "x", opts)
			if oneByOne {
				seq = ReadCSV[Metadata](iotest.OneByteReader(src), "x", opts)
			}
			for row, err := range seq {
				if err != nil {
					t.Fatalf("want no error, have %v", err)
				}
				rows = append(rows, row)
			}
			return rows, c.List()
		}
		rows, findings := read(false)
		again, same := read(true)
		if diff := cmp.Diff(rows, again); diff != "" {
			t.Errorf("rows at once (-) and byte by byte (+):\n%s", diff)
		}
		if diff := cmp.Diff(findings, same); diff != "" {
			t.Errorf("findings at once (-) and byte by byte (+):\n%s", diff)
		}
		lines := bytes.Count(in, []byte("\n")) + 1
		for _, i := range findings {
			if i.Pos.Line > lines || i.Severity < issue.Information || i.Code == "" {
				t.Errorf("want a finding inside of %d lines, have %s", lines, i)
			}
		}
		var b bytes.Buffer
		w, err := NewCSVWriter[Metadata](&b, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		in = b.Bytes()
		back, _ := read(false)
		if diff := cmp.Diff(rows, back); diff != "" {
			t.Errorf("written (-) and read back (+):\n%s", diff)
		}
	})
}
