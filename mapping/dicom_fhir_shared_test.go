package mapping

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

// sharedStudies rolls the shared DICOM files of a folder up.
func sharedStudies(t testing.TB, folder string) []*dicommeta.Study {
	t.Helper()
	var r dicommeta.Rollup
	root := golden.Shared(t, "data/dicom/files/"+folder)
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if x, err := dicommeta.Parse(f, info.Size(), nil); err == nil {
			x.Source = name
			r.Add(x)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	studies, _ := r.Studies()
	return studies
}

func TestSharedStudiesBecomeValidFHIR(t *testing.T) {
	m, err := NewDICOMToFHIR(nil)
	if err != nil {
		t.Fatal(err)
	}
	studies := sharedStudies(t, "")
	counts, findings := map[string]int{}, map[issue.Code]int{}
	for _, s := range studies {
		resources, issues := m.Map(s)
		checkResources(t, resources)
		for _, r := range resources {
			counts[r.Type()]++
		}
		for _, i := range issues {
			findings[i.Code]++
		}
	}
	t.Logf("%d studies, %v, %v", len(studies), counts, findings)
	if len(studies) < 90 || counts["ImagingStudy"] < len(studies)*9/10 {
		t.Errorf("want nine of ten of more than 90 studies mapped, have %d of %d", counts["ImagingStudy"], len(studies))
	}
}
