package dataset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

func TestExamplesOfCroissantLoad(t *testing.T) {
	root := golden.Shared(t, "data/metadata/croissant/examples")
	files, _ := filepath.Glob(filepath.Join(root, "*", "metadata.json"))
	recipes, _ := filepath.Glob(filepath.Join(root, "recipes", "*.json"))
	tables, fields := 0, 0
	for _, f := range append(files, recipes...) {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var tree jsontree.Tree
		if err := tree.Parse(b, nil); err != nil {
			t.Fatal(err)
		}
		all, findings := importFile(t, Croissant, f)
		for _, x := range findings {
			if x.Pos.Line < 1 {
				t.Errorf("want a position, have %s", x)
			}
		}
		if findings.HasErrors() {
			t.Errorf("%s: %v", strings.TrimPrefix(f, root), findings)
		}
		tables += len(all)
		for _, x := range all {
			fields += len(x.Object.Fields)
		}
	}
	if len(files)+len(recipes) < 40 || tables < 60 || fields < 300 {
		t.Errorf("have %d files, %d tables, %d fields", len(files)+len(recipes), tables, fields)
	}
}

func TestBrokenGraphsOfCroissantAreFound(t *testing.T) {
	root := golden.Shared(t, "data/metadata/croissant/error-graphs")
	files, _ := filepath.Glob(filepath.Join(root, "*", "metadata.json"))
	found := 0
	var silent []string
	for _, f := range files {
		_, findings := importFile(t, Croissant, f)
		if len(findings) > 0 {
			found++
		} else {
			silent = append(silent, filepath.Base(filepath.Dir(f)))
		}
	}
	// A context that lacks dataType and a join of two files are no matter of tables.
	if found < 10 {
		t.Errorf("want findings for 10 of %d graphs, have %d; none for %v", len(files), found, silent)
	}
}

func TestRecordSetsOfTitanicReferToEachOther(t *testing.T) {
	tables, findings := importFile(t, Croissant, golden.Shared(t, "data/metadata/croissant/examples/titanic/metadata.json"))
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	text := outline(tables)
	for _, want := range []string{"genders grain= key=label", "[gender] -> genders[label]", "[embarked] -> embarkation_ports[key]", "  survived integer survived"} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
}
