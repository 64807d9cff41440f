package gen_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dataset/survey"
	"github.com/carabiner-health/carabiner/gen"
	"github.com/carabiner-health/carabiner/internal/gentest"
)

// inferred are files of others, and how many records each has.
var inferred = map[string]struct {
	text    string
	records int
}{
	"visit.csv":  {"\ufeffid,day,at,weight,note,,note\r\n1,2020-01-02,2020-01-02T03:04:05Z,70.50,\"a\r\nb\",x,y\r\n2,,,,,,\r\n3,2020-02-03,2020-01-02T03:04:06Z,.5,5\" long,,\r\n", 3},
	"lab.csv":    {"id;code;value;ok\n1;007;1,5;true\n2;008;2,25;FALSE\n3;;;\n", 3},
	"stay.tsv":   {"a b\ttype\tfunc\n+1\tx\t1e5\n-2\ty\t-0.0\n", 2},
	"bar.csv":    {"Größe|x,y|z\n1|a,b|\n2|\"c|d\"|\n", 2},
	"one.csv":    {"x\n1\n2\n", 2},
	"dose.jsonl": {"{\"id\":1,\"value\":1.5,\"list\":[1],\"o\":{\"a\":1}}\n{\"id\":2,\"value\":null}\n{\"id\":3}\n", 3},
}

const inferredTest = `package drafts

import (
	"errors"
	"io"
	"iter"
	"os"
	"testing"
)

func records[T any](t *testing.T, name string, read func(io.Reader) iter.Seq2[T, error], validate func(*T) Issues) (n int) {
	t.Helper()
	f, err := os.Open(folder + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for x, err := range read(f) {
		var told *RecordError
		if errors.As(err, &told) && told.Issues.Err() == nil {
			continue // another column
		}
		if err = errors.Join(err, validate(&x).Err()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		n++
	}
	return n
}

func TestEveryRecordIsRead(t *testing.T) {
	for name, n := range map[string]int{
		"visit.csv":  records(t, "visit.csv", ReadVisitCSV, (*Visit).Validate),
		"lab.csv":    records(t, "lab.csv", ReadLabCSV, (*Lab).Validate),
		"stay.tsv":   records(t, "stay.tsv", ReadStayCSV, (*Stay).Validate),
		"bar.csv":    records(t, "bar.csv", ReadBarCSV, (*Bar).Validate),
		"one.csv":    records(t, "one.csv", ReadOneCSV, (*One).Validate),
		"dose.jsonl": records(t, "dose.jsonl", ReadDoses, (*Dose).Validate),
	} {
		if n != want[name] {
			t.Errorf("%s: want %d records, have %d", name, want[name], n)
		}
	}
}
`

// TestDraftsReadWhatTheyAreMadeOf infers a profile of files, makes code of it and
// reads every record of the files with that.
func TestDraftsReadWhatTheyAreMadeOf(t *testing.T) {
	data, draft := t.TempDir(), t.TempDir()
	var consts strings.Builder
	consts.WriteString("const folder = " + strconv.Quote(data+"/") + "\n\nvar want = map[string]int{\n")
	for name, f := range inferred {
		if err := os.WriteFile(filepath.Join(data, name), []byte(f.text), 0o644); err != nil {
			t.Fatal(err)
		}
		consts.WriteString(strconv.Quote(name) + ": " + strconv.Itoa(f.records) + ",\n")
	}
	d, err := survey.Infer(t.Context(), []string{data}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d.Files["draft.profile.yaml"] = d.Profile
	for name, text := range d.Files {
		if err := os.WriteFile(filepath.Join(draft, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m := loaded(t, filepath.Join(draft, "draft.profile.yaml"), nil)
	files, _, err := gen.Go(m, &gen.GoOptions{Package: "drafts", Tests: true})
	if err != nil {
		t.Fatal(err)
	}
	run := gentest.Run{Files: map[string][]byte{"drafts/inferred_test.go": []byte(inferredTest + consts.String() + "}\n")}}
	for _, f := range files {
		run.Files["drafts/"+f.Name] = f.Content
	}
	run.Do(t)
}
