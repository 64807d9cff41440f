package dicommeta

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	suyash "github.com/suyashkumar/dicom"

	"github.com/carabiner-health/carabiner/internal/golden"
)

// benchFiles returns the shared files below a folder, in memory; those that one of the readers
// refuses are left out.
func benchFiles(b *testing.B, folder string) (files [][]byte, size int64) {
	err := filepath.WalkDir(golden.Shared(b, "data/dicom/files/"+folder), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".md") || strings.HasSuffix(path, ".txt") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, refused := Parse(bytes.NewReader(data), int64(len(data)), &ReadOptions{KeepBytes: -1})
		if refused == nil && readBySuyash(data) == nil {
			files = append(files, data)
			size += int64(len(data))
		}
		return nil
	})
	if err != nil || len(files) == 0 {
		b.Fatal("want files, have none", err)
	}
	return files, size
}

func readBySuyash(data []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	_, err = suyash.Parse(bytes.NewReader(data), int64(len(data)), nil, suyash.SkipPixelData(), suyash.AllowMissingMetaElementGroupLength())
	return err
}

// BenchmarkHeaders compares reading headers with suyashkumar/dicom in one run: of one operation all
// files of a set are read. values is with all values in memory, texts with all of them decoded too.
func BenchmarkHeaders(b *testing.B) {
	for _, folder := range []string{"dcm_qa_nih", "."} {
		files, size := benchFiles(b, folder)
		run := func(name string, all func() error) {
			b.Run(folder+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(size)
				n := 0
				for b.Loop() {
					if err := all(); err != nil {
						b.Fatal(err)
					}
					n += len(files)
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "files/s")
			})
		}
		parser := func(opts *ReadOptions, then func(x *Instance)) func() error {
			var p Parser
			return func() error {
				for _, data := range files {
					x, err := p.Parse(bytes.NewReader(data), int64(len(data)), opts)
					if err != nil {
						return err
					}
					then(x)
				}
				return nil
			}
		}
		each := func(workers int) func() error {
			return func() error {
				_, err := Each(context.Background(), memorySources(files), &ReadOptions{KeepBytes: -1, Workers: workers}, func(int, *Instance) error { return nil })
				return err
			}
		}
		run("suyashkumar", func() error {
			for _, data := range files {
				if err := readBySuyash(data); err != nil {
					return err
				}
			}
			return nil
		})
		run("parser", parser(nil, func(*Instance) {}))
		run("values", parser(&ReadOptions{KeepBytes: -1}, func(*Instance) {}))
		run("texts", parser(&ReadOptions{KeepBytes: -1}, allTexts))
		run("once", func() error {
			for _, data := range files {
				if _, err := Parse(bytes.NewReader(data), int64(len(data)), &ReadOptions{KeepBytes: -1}); err != nil {
					return err
				}
			}
			return nil
		})
		run("workers=1", each(1))
		run("workers=2", each(2))
	}
}

// allTexts decodes every text and number of x.
func allTexts(x *Instance) {
	x.Walk(func(_ Path, d *Dataset, e *Element) bool {
		if e.VR.IsText() {
			d.Charset.Texts(e)
		} else if e.VR.Size() > 1 && len(e.Value) <= 64 {
			d.Floats(e.Tag)
		}
		return true
	})
}

// memoryFile is a File in memory.
type memoryFile struct{ *bytes.Reader }

func (memoryFile) Close() error { return nil }

// memorySources are the sources of files in memory.
func memorySources(files [][]byte) func(yield func(Source, error) bool) {
	return func(yield func(Source, error) bool) {
		for _, data := range files {
			src := Source{Size: int64(len(data)), Open: func() (File, error) { return memoryFile{bytes.NewReader(data)}, nil }}
			if !yield(src, nil) {
				return
			}
		}
	}
}
