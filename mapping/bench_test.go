package mapping

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/golden"
)

// unpacked writes the shared bulk export without compression and returns the
// folder and its lines.
func unpacked(b testing.TB) (dir string, lines [][]byte) {
	dir = b.TempDir()
	files := map[string][]byte{}
	linesOf(b, golden.Shared(b, "data/fhir/synthea/bulk-300"), func(file string, line []byte) {
		files[file] = append(append(files[file], line...), '\n')
	})
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			b.Fatal(err)
		}
		lines = append(lines, bytes.Split(bytes.TrimSpace(text), []byte("\n"))...)
	}
	return dir, lines
}

// BenchmarkConvertBesideValid converts the whole extract, reading from and
// writing to disk, and in turn lets encoding/json check the same lines in
// memory on one core. x-valid is the ratio of the best times: below 1 the
// conversion is the faster one.
func BenchmarkConvertBesideValid(b *testing.B) {
	dir, lines := unpacked(b)
	store := subset(b)
	var size int64
	for _, l := range lines {
		size += int64(len(l)) + 1
	}
	for _, cores := range []int{1, 2} {
		b.Run(map[int]string{1: "cores=1", 2: "cores=2"}[cores], func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
			b.SetBytes(size)
			b.ReportAllocs()
			ours, theirs := time.Hour, time.Hour
			for b.Loop() {
				b.StopTimer()
				start := time.Now()
				for _, l := range lines {
					if !json.Valid(l) {
						b.Fatal("a line of the extract is not JSON")
					}
				}
				theirs = min(theirs, time.Since(start))
				out := filepath.Join(b.TempDir(), "out")
				srcs, err := fhir.NewSources([]string{dir})
				if err != nil {
					b.Fatal(err)
				}
				runtime.GC()
				b.StartTimer()
				start = time.Now()
				if _, err := Convert(context.Background(), srcs, &ConvertOptions{Out: out, Concepts: store}); err != nil {
					b.Fatal(err)
				}
				ours = min(ours, time.Since(start))
			}
			b.ReportMetric(ours.Seconds()/theirs.Seconds(), "x-valid")
			b.ReportMetric(float64(size)/ours.Seconds()/1e6, "best-MB/s")
		})
	}
}

// BenchmarkConvertStudies maps studies that are in memory and writes the
// database: 500 studies of 4 series of 50 images, half of them with a Patient.
func BenchmarkConvertStudies(b *testing.B) {
	var all []*dicommeta.Study
	var patients strings.Builder
	for i := range 500 {
		id := "N" + itoa(int32(i))
		if i%2 == 0 {
			patients.WriteString(strings.ReplaceAll(strings.ReplaceAll(linkedPatient, `"p"`, `"p`+id+`"`), "N1", id))
		}
		s := study("1.2."+itoa(int32(i+1)), text(dict.PatientID, id), text(dict.Manufacturer, "maker"))
		for k := range 4 {
			addSeries(s, s.Text(dict.StudyInstanceUID)+"."+itoa(int32(k+1)), "CT", 50, text(dict.KVP, "120"), text(dict.SliceThickness, "1.25"),
				text(dict.PixelSpacing, "0.5", "0.5"), text(dict.PatientPosition, "HFS"), text(dict.BodyPartExamined, "CHEST"))
			for n := range s.Series[k].Instances {
				s.Series[k].Instances[n].Set(text(dict.XRayTubeCurrent, itoa(int32(100+n%3))))
			}
		}
		all = append(all, s)
	}
	store := subset(b)
	b.ReportAllocs()
	files := 0
	for b.Loop() {
		src := fhir.ReaderSource("in.ndjson", strings.NewReader(patients.String()))
		r, err := Convert(context.Background(), []fhir.Source{src}, &ConvertOptions{
			Out: filepath.Join(b.TempDir(), "out"), Concepts: store, DICOM: &DICOMInput{Studies: studies(all...)},
		})
		if err != nil {
			b.Fatal(err)
		}
		files += int(r.DICOM.Total.Mapped)
	}
	b.ReportMetric(float64(files)/b.Elapsed().Seconds(), "files/s")
}
