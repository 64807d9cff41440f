package fhirdef

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/carabiner-health/carabiner/internal/golden"
)

func TestLoadUSCore(t *testing.T) {
	dir := golden.Shared(t, "data/fhir")
	for _, c := range []struct {
		file, id string
		n        int
	}{
		{"us-core-6.1.0.tgz", "hl7.fhir.us.core#6.1.0", 0},
		{"us-core-3.1.1.tgz", "hl7.fhir.us.core#3.1.1", 0},
		{"r4-core/hl7.terminology.r4-7.0.1.tgz", "hl7.terminology.r4#7.0.1", 0},
		{"r4-core/hl7.fhir.uv.extensions.r4-5.2.0.tgz", "hl7.fhir.uv.extensions.r4#5.2.0", 0},
	} {
		start := time.Now()
		p, err := Load(context.Background(), filepath.Join(dir, c.file), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(c.file, p.ID(), p.Len(), p.Canonical, p.FHIRVersions, p.Dependencies, time.Since(start))
	}
}
