package dataset

import (
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/internal/golden"
)

// Each profile of the corpus gives the findings beside it, in the order of the
// document, each with a line and a column.
func TestLoadTellsWhatIsWrongWithProfiles(t *testing.T) {
	golden.Corpus{Dir: "testdata/profiles", Input: ".yaml", Outputs: []string{".issues.txt"},
		Run: func(t *testing.T, name string, _ []byte) [][]byte {
			file := "testdata/profiles/" + name + ".yaml"
			m, findings, err := Load(t.Context(), file, nil)
			if err != nil {
				t.Fatal(err)
			}
			if (m == nil) != findings.HasErrors() {
				t.Errorf("want a model exactly if no finding is an error, have %v", m != nil)
			}
			var b strings.Builder
			for _, f := range findings {
				if f.Pos.Source == file && (f.Pos.Line < 1 || f.Pos.Column < 1) {
					t.Errorf("want a line and a column, have %s", f)
				}
				b.WriteString(strings.ReplaceAll(f.String(), "testdata/profiles/", "") + "\n")
			}
			return [][]byte{[]byte(b.String())}
		}}.Test(t)
}
