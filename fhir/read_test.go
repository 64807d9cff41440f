package fhir

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/internal/golden"
)

func TestEachReadsTheBulkExport(t *testing.T) {
	dir := golden.Shared(t, "data/fhir/synthea/bulk-300")
	srcs, err := FSSources(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	stats, err := Each(context.Background(), srcs, nil, func(int, *Resource) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if stats.Records() != 91535 || stats.Bytes() != 126141187 || stats.Rejected() != 0 {
		t.Errorf("want 91535 records in 126141187 bytes, have %d in %d, %d rejected", stats.Records(), stats.Bytes(), stats.Rejected())
	}
}

func TestReadTakesALine(t *testing.T) {
	for r, err := range Read(context.Background(), strings.NewReader(`{"resourceType":"Patient","id":"a"}`), nil) {
		if err != nil || r.Type() != "Patient" || r.ID() != "a" {
			t.Fatal(err, r)
		}
	}
}
