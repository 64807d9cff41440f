package gen

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/gentest"
)

// TestGuidesAgreeWithTheValidator makes a package of the guides in testdata/guides,
// which are invented, and compares what generated code and the Validator say of
// examples that are written for the guide and of what comes of them when a member
// is taken out or put there twice.
func TestGuidesAgreeWithTheValidator(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles generated packages")
	}
	folders, err := filepath.Glob("testdata/guides/*")
	if err != nil || len(folders) == 0 {
		t.Fatal("want guides, have none: ", err)
	}
	all, err := filepath.Abs("testdata/guides")
	if err != nil {
		t.Fatal(err)
	}
	m, list, err := dataset.Load(context.Background(), "fhir-ig:"+all, &dataset.LoadOptions{Packages: []string{all}})
	if err != nil || m == nil || list.Err() != nil {
		t.Fatal(err, list.Err())
	}
	files, _, err := Go(m, &GoOptions{Package: "guides"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPlan(m, &GoOptions{Package: "guides"})
	if err != nil {
		t.Fatal(err)
	}
	run := gentest.Run{Carabiner: true, Files: map[string][]byte{}, Args: []string{"-v"}}
	for _, f := range files {
		run.Files["guides/"+f.Name] = f.Content
	}
	var folderList, calls strings.Builder
	for _, x := range p.tables {
		fmt.Fprintf(&calls, "%q: func(b []byte) ([]byte, error) { r, list := guides.Parse%s(b); list = append(list, r.Validate()...); return r.AppendJSON(nil), list.Err() },\n",
			x.From.Profile, x.object.goName)
	}
	for _, folder := range folders {
		fmt.Fprintf(&folderList, "%q,\n", filepath.Join(all, filepath.Base(folder)))
	}
	harness, err := os.ReadFile("testdata/guides.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	run.Files["check/check_test.go"] = []byte(strings.NewReplacer("/*folders*/", folderList.String(), "/*calls*/", calls.String()).Replace(string(harness)))
	t.Log(run.Do(t))
}
