package columnar_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/carabiner-health/carabiner/columnar"
)

// Visit is a row: required columns by value, nullable ones by pointer.
type Visit struct {
	ID    int32         `parquet:"visit_id" columnar:"delta"`
	Kind  string        `parquet:"kind" columnar:"dict"`
	Start columnar.Date `parquet:"start"`
	Cost  *float64      `parquet:"cost"`
}

func Example() {
	free := 0.0
	visits := []Visit{
		{ID: 1, Kind: "ambulatory", Start: columnar.DateOf(2024, 2, 29), Cost: &free},
		{ID: 2, Kind: "inpatient", Start: columnar.DateOf(2024, 3, 1)},
	}
	var file bytes.Buffer
	w, err := columnar.NewWriter[Visit](&file, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Write(visits); err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}
	for visit, err := range columnar.Read[Visit](bytes.NewReader(file.Bytes()), int64(file.Len())) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(visit.ID, visit.Kind, visit.Start, visit.Cost != nil)
	}
	// Output:
	// 1 ambulatory 2024-02-29 true
	// 2 inpatient 2024-03-01 false
}

func ExampleInspect() {
	var file bytes.Buffer
	w, err := columnar.NewWriter[Visit](&file, &columnar.Options{Metadata: []columnar.Metadata{{Key: "model", Value: "visits 1"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}
	info, err := columnar.Inspect(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(info.Rows, info.CreatedBy, info.Metadata)
	for _, c := range info.Columns {
		fmt.Println(c.Name, c.Type, c.Nullable)
	}
	// Output:
	// 0 carabiner [{model visits 1}]
	// visit_id int32 false
	// kind string false
	// start date false
	// cost float64 true
}

// A group is encoded apart from its file, by any goroutine.
func ExampleGroup() {
	var file bytes.Buffer
	w, err := columnar.NewWriter[Visit](&file, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	first, second := w.NewGroup(), w.NewGroup()
	for id, g := range []*columnar.Group[Visit]{first, second} {
		if err := g.Write([]Visit{{ID: int32(id)}}); err != nil {
			fmt.Println(err)
			return
		}
		if err := g.Finish(); err != nil {
			fmt.Println(err)
			return
		}
	}
	for _, g := range []*columnar.Group[Visit]{first, second} { // in order
		if err := w.Append(g); err != nil {
			fmt.Println(err)
			return
		}
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(w.Rows())
	// Output: 2
}

func ExampleDir() {
	base, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(base)
	target := filepath.Join(base, "out")

	dir, err := columnar.NewDir(target)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer dir.Close() // removes everything unless Commit was reached
	file, err := dir.Create("omop/visit.parquet")
	if err != nil {
		fmt.Println(err)
		return
	}
	w, err := columnar.NewWriter[Visit](file, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}
	if err := file.Close(); err != nil {
		fmt.Println(err)
		return
	}
	_, err = os.Stat(target)
	fmt.Println("before:", err == nil)
	if err := dir.Commit(); err != nil {
		fmt.Println(err)
		return
	}
	_, err = os.Stat(filepath.Join(target, "omop", "visit.parquet"))
	fmt.Println("after:", err == nil)
	// Output:
	// before: false
	// after: true
}
