package fhir_test

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

// Published examples must have no errors, but for those that are really faulty:
// each of them is listed, with the number of errors and the reason.
// CARABINER_EXAMPLES=<regular expression> shows the errors of the examples whose
// names match. CARABINER_UPDATE=1 rewrites the lists and keeps the reasons.

const examplesVariable = "CARABINER_EXAMPLES"

// example is one published file.
type example struct {
	name string
	text []byte
}

// examplesOf returns the JSON resources of a packed archive below a folder.
func examplesOf(archive, folder string) iter.Seq2[example, error] {
	return func(yield func(example, error) bool) {
		f, err := os.Open(archive)
		if err != nil {
			yield(example{}, err)
			return
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			yield(example{}, err)
			return
		}
		for t := tar.NewReader(z); ; {
			h, err := t.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(example{}, err)
				return
			}
			name := path.Base(h.Name)
			if path.Dir(h.Name) != folder || path.Ext(name) != ".json" || strings.HasPrefix(name, ".") || name == "package.json" {
				continue
			}
			text, err := io.ReadAll(t)
			if !yield(example{name, text}, err) || err != nil {
				return
			}
		}
	}
}

// errorsOfExamples checks all examples and returns the errors of those that have
// some, by name, and how many were checked.
func errorsOfExamples(t *testing.T, v *fhir.Validator, seq iter.Seq2[example, error]) (map[string]issue.List, int) {
	t.Helper()
	var mu sync.Mutex
	faulty := map[string]issue.List{}
	n := 0
	err := flow.Each(t.Context(), flow.Workers(0), seq, func(_ context.Context, _ int, x example) error {
		r, err := fhir.Parse(x.text)
		if err != nil {
			return fmt.Errorf("%s: %w", x.name, err)
		}
		list := slices.DeleteFunc(v.Validate(r), func(i issue.Issue) bool { return i.Severity < issue.Error })
		mu.Lock()
		defer mu.Unlock()
		n++
		if len(list) > 0 {
			faulty[x.name] = list
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return faulty, n
}

// checkExamples compares the faulty examples with the list of them.
func checkExamples(t *testing.T, list string, faulty map[string]issue.List) {
	t.Helper()
	if chosen := os.Getenv(examplesVariable); chosen != "" {
		pattern := regexp.MustCompile(chosen)
		for _, name := range slices.Sorted(maps.Keys(faulty)) {
			if pattern.MatchString(name) {
				for _, i := range faulty[name] {
					t.Logf("%s: %s [%s]", name, i, i.Rule)
				}
			}
		}
		return
	}
	reasons := exampleReasons(t, list)
	var b strings.Builder
	b.WriteString("# Published examples that are faulty: name | errors | reason\n")
	unexplained := 0
	for _, name := range slices.Sorted(maps.Keys(faulty)) {
		if reasons[name] == "" {
			unexplained++
			if unexplained <= 20 {
				t.Logf("%s: %v", name, faulty[name][0])
			}
		}
		fmt.Fprintf(&b, "%s\n", strings.TrimRight(fmt.Sprintf("%s | %d | %s", name, len(faulty[name]), reasons[name]), " "))
	}
	if unexplained > 0 {
		t.Errorf("want no errors in published examples but those listed with a reason, have %d examples", unexplained)
	}
	golden.Compare(t, list, []byte(b.String()))
}

// exampleReasons returns the reasons in a list of faulty examples.
func exampleReasons(t *testing.T, list string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(list)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if fields := strings.SplitN(strings.TrimSpace(line), "|", 3); len(fields) == 3 {
			reasons[strings.TrimSpace(fields[0])] = strings.TrimSpace(fields[2])
		}
	}
	return reasons
}

func TestExamplesOfUSCoreHaveNoErrors(t *testing.T) {
	if testing.Short() {
		t.Skip("much data: left out with -short")
	}
	archive := golden.Shared(t, "data/fhir/us-core-6.1.0.tgz")
	p, err := fhirdef.Load(t.Context(), archive, &fhirdef.LoadOptions{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	v, err := fhir.NewValidator(fhirdef.R4().With(p), nil)
	if err != nil {
		t.Fatal(err)
	}
	faulty, n := errorsOfExamples(t, v, examplesOf(archive, "package/example"))
	if n < 150 {
		t.Fatalf("want 150 or more examples, have %d", n)
	}
	checkExamples(t, filepath.Join("testdata", "us-core-examples.txt"), faulty)
}

func TestExamplesOfR4HaveNoErrors(t *testing.T) {
	if testing.Short() {
		t.Skip("much data: left out with -short")
	}
	archive := golden.Shared(t, "data/fhir/r4-examples.tar.gz")
	v, err := fhir.NewValidator(fhirdef.R4(), nil)
	if err != nil {
		t.Fatal(err)
	}
	faulty, n := errorsOfExamples(t, v, examplesOf(archive, "r4-examples"))
	if n != 5298 {
		t.Fatalf("want 5298 examples, have %d", n)
	}
	checkExamples(t, filepath.Join("testdata", "r4-examples.txt"), faulty)
}
