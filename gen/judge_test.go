package gen_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/gen"
	"github.com/carabiner-health/carabiner/internal/gentest"
)

// judged holds generated readers against the rows that frictionless 5.21 rejects in
// the tables of testdata/frictionless.
const judged = `package tables

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"testing"
)

// rejected returns which rows have errors, H for the header.
func rejected[T any](t *testing.T, name string, header int, read func(io.Reader) iter.Seq2[T, error], validate func(*T) Issues) string {
	t.Helper()
	f, err := os.Open(folder + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []string
	n := 0
	for x, err := range read(f) {
		var wrong *RecordError
		if err != nil && !errors.As(err, &wrong) {
			t.Fatal(err)
		}
		if wrong != nil && wrong.Line <= header {
			rows = append(rows, "H")
			continue
		}
		n++
		if wrong != nil || validate(&x).Err() != nil {
			rows = append(rows, fmt.Sprint(n))
		}
	}
	return strings.Join(rows, " ")
}

func TestRowsAreRejectedAsByTheJudge(t *testing.T) {
	for _, c := range [][2]string{
		{rejected(t, "values.csv", 1, ReadValueCSV, (*Value).Validate), "4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20"},
		{rejected(t, "dialects.csv", 3, ReadDialectCSV, (*Dialect).Validate), "2"},
		{rejected(t, "bare.csv", 0, ReadBareCSV, (*Bare).Validate), "2 3"},
		{rejected(t, "escaped.csv", 1, ReadEscapedCSV, (*Escaped).Validate), "4"},
		{rejected(t, "extra.csv", 1, ReadExtraCSV, (*Extra).Validate), "H 2"},
	} {
		if c[0] != c[1] {
			t.Errorf("want %s, have %s", c[1], c[0])
		}
	}
}

func TestValuesAreReadByTheirForm(t *testing.T) {
	f, err := os.Open(folder + "values.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for x, err := range ReadValueCSV(f) {
		if err != nil || x.ID != 1 || x.Price.Value.String() != "1234.50" || x.Day.Value != NewDate(2020, 12, 31) || !x.Flag.Value {
			t.Errorf("have %+v, %v", x, err)
		}
		break
	}
}
`

func TestTableSchemaRejects(t *testing.T) {
	folder, err := filepath.Abs("testdata/frictionless")
	if err != nil {
		t.Fatal(err)
	}
	m := loaded(t, filepath.Join(folder, "datapackage.json"), nil)
	files, findings, err := gen.Go(m, &gen.GoOptions{Package: "tables", Tests: true})
	if err != nil || len(findings) > 0 {
		t.Fatal(err, findings)
	}
	run := gentest.Run{Files: map[string][]byte{"tables/judge_test.go": []byte(strings.Replace(judged, "// rejected", "const folder = "+strconv.Quote(folder+"/")+"\n\n// rejected", 1))}}
	for _, f := range files {
		run.Files["tables/"+f.Name] = f.Content
	}
	run.Do(t)
}
