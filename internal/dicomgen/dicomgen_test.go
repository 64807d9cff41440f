package dicomgen

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/issue"
)

var study = Study{
	Patient: Patient{ID: "N01", Name: "Testcase^Sample", BirthDate: "19580412", Sex: "F"},
	UID:     "2.25.3293847561.77", ID: "S77", Date: "20240901", Time: "100000", Accession: "A0077", Description: "Test",
}

// objects returns one study of each kind.
func objects() map[string][]Object {
	ct := CT(&study, &Siemens, 1, 3)
	return map[string][]Object{
		"ct":       ct,
		"ct-ge":    CT(&study, &GE, 2, 2),
		"mr":       MR(&study, &Philips, 3, 2),
		"rtstruct": {StructureSet(&study, &Plain, 4, ct)},
		"pr":       {PresentationState(&study, &Plain, 5, ct)},
		"sr":       {Report(&study, &Plain, 6, &ct[0], "12.5")},
		"mg":       Mammography(&study, &Plain, 7),
		"dx":       {DigitalXRay(&study, &Plain, 8)},
		"sm":       Slide(&study, &Plain, 9, 4, 2, 64),
	}
}

// TestObjectsAreCleanForDciodvfy holds every kind of object to a validator that
// is not ours.
func TestObjectsAreCleanForDciodvfy(t *testing.T) {
	program, err := exec.LookPath("dciodvfy")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("want dciodvfy, of Debian's package dicom3tools")
		}
		t.Skip("dciodvfy, of Debian's package dicom3tools, is not here")
	}
	for kind, list := range objects() {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			for _, o := range list {
				if err := o.WriteFile(dir); err != nil {
					t.Fatal(err)
				}
				// It exits with 1 where it finds an error, and writes all to standard error.
				out, _ := exec.Command(program, "-new", filepath.Join(dir, o.Name)).CombinedOutput()
				for line := range strings.Lines(string(out)) {
					if strings.HasPrefix(line, "Error") {
						t.Errorf("%s: %s", o.Name, line)
					}
				}
				if !strings.Contains(string(out), "Image") && !strings.Contains(string(out), "SR") && !strings.Contains(string(out), "RT") && !strings.Contains(string(out), "Presentation") {
					t.Errorf("%s: dciodvfy names no kind of object: %s", o.Name, out)
				}
			}
		})
	}
}

// TestObjectsAreCleanForTheValidator holds our validator to the objects that dciodvfy finds
// no error in.
func TestObjectsAreCleanForTheValidator(t *testing.T) {
	v, err := dicommeta.NewValidator(&dicommeta.ValidateOptions{AtLeast: issue.Error})
	if err != nil {
		t.Fatal(err)
	}
	for kind, list := range objects() {
		t.Run(kind, func(t *testing.T) {
			for _, o := range list {
				b, err := o.Bytes()
				if err != nil {
					t.Fatal(err)
				}
				x, err := dicommeta.Parse(bytes.NewReader(b), int64(len(b)), nil)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range append(v.Validate(x), x.Issues...) {
					if f.Severity >= issue.Error {
						t.Errorf("%s: %v", o.Name, f)
					}
				}
			}
		})
	}
}
