package view

import (
	"strings"
	"testing"
)

func TestTheLibraryCompilesWithoutAWarning(t *testing.T) {
	views, err := Library()
	if err != nil {
		t.Fatal(err)
	}
	if len(views) < 30 {
		t.Errorf("want at least 30 views, have %d", len(views))
	}
	for i, v := range views {
		if w := v.Warnings(); len(w) > 0 {
			t.Errorf("%s: %v", v.Name(), w)
		}
		if v.Name() != LibraryNames()[i] {
			t.Errorf("want view %s named after its file %s", v.Name(), LibraryNames()[i])
		}
		if d := v.Definition(); d.Description == "" || d.Title == "" {
			t.Errorf("%s: want a title and a description", v.Name())
		}
		// Only what repeats is left to FHIRPath.
		if !v.pure && !strings.Contains(v.Explain(), "repeat") {
			t.Errorf("want a scan:\n%s", v.Explain())
		}
	}
}
