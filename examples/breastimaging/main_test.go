package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/dataset/extract"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/examples/breastimaging/breast"
	"github.com/carabiner-health/carabiner/internal/gentest"
)

const clinic = "../../testdata/clinic"

func readTable[T any](t *testing.T, path string) []T {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var rows []T
	for row, err := range columnar.Read[T](bytes.NewReader(b), int64(len(b))) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func runExample(t *testing.T, in string) (dir, stdout, stderr string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "out")
	var w, problems bytes.Buffer
	if err := run(t.Context(), in, dir, &w, &problems); err != nil {
		t.Fatal(err)
	}
	return dir, w.String(), problems.String()
}

const header = "number  patient         study         age conditions  views                       missing\n"

func TestTheExampleJoinsImagesWithTheirPatients(t *testing.T) {
	dir, stdout, stderr := runExample(t, clinic)
	if want := header + "N01     Patient/pat-01  2023-08-22     65          3  R CC, R MLO, L CC, L MLO    -\n"; stdout != want || stderr != "" {
		t.Errorf("want\n%s\nhave\n%s%s", want, stdout, stderr)
	}
	images := readTable[breast.Image](t, filepath.Join(dir, "images.parquet"))
	if len(images) != 4 {
		t.Fatalf("want the 4 mammograms of 15 files, have %d", len(images))
	}
	first := images[0]
	if first.Laterality != breast.ImageLateralityR || first.ViewPosition.Value != breast.ImageViewPositionCC || first.StudyDate != breast.NewDate(2023, 8, 22) || len(first.PixelSpacing) != 2 || first.PixelSpacing[0].String() != "0.07" {
		t.Errorf("have another first image: %+v", first)
	}
}

// patch copies a file of the clinic with another text in one element; "" empties it.
func patch(t *testing.T, from, to string, tag dict.Tag, text string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	var made bytes.Buffer
	if _, err := dicommeta.Patch(&made, bytes.NewReader(b), int64(len(b)), []dicommeta.Change{{Path: dicommeta.Path{{Tag: tag}}, Action: dicommeta.ActionSet, Element: dicommeta.TextElement(tag, text)}}, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, made.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestMissingViewsUnknownPatientsAndFaultsAreTold(t *testing.T) {
	in := t.TempDir()
	patients, err := os.ReadFile(clinic + "/Patient.000.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(in, "Patient.ndjson"), patients, 0o600); err != nil {
		t.Fatal(err)
	}
	from := func(n string) string { return clinic + "/dicom/study-21/MG1-000" + n + ".dcm" }
	patch(t, from("1"), filepath.Join(in, "1.dcm"), dict.PatientID, "N05") // born in a month
	patch(t, from("2"), filepath.Join(in, "2.dcm"), dict.ImageLaterality, "X")
	patch(t, from("3"), filepath.Join(in, "3.dcm"), dict.StudyInstanceUID, "2.25.77")
	patch(t, filepath.Join(in, "3.dcm"), filepath.Join(in, "3.dcm"), dict.PatientID, "N99")
	_, stdout, stderr := runExample(t, in)
	want := header + "N05     Patient/pat-05  2023-08-22    ~22          0  R CC                        R MLO, L CC, L MLO\n" +
		"N99     unknown         2023-08-22      -          -  L CC                        R CC, R MLO, L MLO\n"
	if stdout != want {
		t.Errorf("want\n%s\nhave\n%s", want, stdout)
	}
	if !strings.Contains(stderr, "2.dcm") || !strings.Contains(stderr, "laterality: want") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("want the one fault with file and field, have\n%s", stderr)
	}
}

func TestRowsAreThoseOfTheEngine(t *testing.T) {
	model, findings, err := dataset.Load(t.Context(), "breast.profile.yaml", nil)
	if err != nil || findings.HasErrors() {
		t.Fatal(err, findings)
	}
	engine := filepath.Join(t.TempDir(), "engine")
	if _, err := extract.Run(t.Context(), model, []string{clinic}, &extract.Options{Out: engine}); err != nil {
		t.Fatal(err)
	}
	dir, _, _ := runExample(t, clinic)
	same[breast.Patient](t, engine, dir, "patients", 12)
	same[breast.Condition](t, engine, dir, "conditions", 16)
	same[breast.Image](t, engine, dir, "images", 4)
}

func same[T any](t *testing.T, engine, dir, table string, rows int) {
	t.Helper()
	want, have := readTable[T](t, filepath.Join(engine, table+".parquet")), readTable[T](t, filepath.Join(dir, table+".parquet"))
	if len(have) != rows || !reflect.DeepEqual(want, have) {
		t.Errorf("%s: want the %d rows of the engine\n%+v\nhave\n%+v", table, rows, want, have)
	}
}

func TestTheGeneratedCodeIsUpToDate(t *testing.T) {
	gentest.UpToDate(t, "main.go")
}
