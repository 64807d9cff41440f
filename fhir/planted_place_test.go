package fhir_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// TestPlantedMistakesKeepTheirPlaceInSources reads resources with mistakes out of
// NDJSON and out of a Bundle: the findings are those of the resource by itself, at
// the places of the source.
func TestPlantedMistakesKeepTheirPlaceInSources(t *testing.T) {
	if testing.Short() {
		t.Skip("much data: left out with -short")
	}
	v, subjects := plantedSubjects(t)
	var texts [][]byte
	for _, c := range planters() {
		for _, x := range trialsOf(c, subjects, 3) {
			var tree jsontree.Tree
			if err := tree.Parse(x.mistake.text, nil); err != nil {
				t.Fatal(err)
			}
			if typ := tree.Root().Get("resourceType").Text(); fhir.IsResourceType(typ) && typ != "Bundle" {
				texts = append(texts, x.mistake.text)
			}
		}
	}
	if len(texts) < 200 {
		t.Fatalf("want 200 or more mistakes, have %d", len(texts))
	}
	var lines, bundle bytes.Buffer
	bundle.WriteString("{\"resourceType\": \"Bundle\", \"type\": \"batch\",\n \"entry\": [")
	for i, text := range texts {
		lines.Write(jsontree.Compact(nil, text))
		lines.WriteByte('\n')
		if i > 0 {
			bundle.WriteString(",\n ")
		}
		fmt.Fprintf(&bundle, `{"resource": %s}`, text)
	}
	bundle.WriteString("]}")
	for _, source := range []struct {
		name string
		text []byte
	}{{"NDJSON", lines.Bytes()}, {"Bundle", bundle.Bytes()}} {
		t.Run(source.name, func(t *testing.T) { comparePlaces(t, v, source.text, texts) })
	}
}

// comparePlaces reads a source and compares the findings about its resources with
// those about the texts.
func comparePlaces(t *testing.T, v *fhir.Validator, source []byte, texts [][]byte) {
	t.Helper()
	n, findings := 0, 0
	for r, err := range fhir.Read(t.Context(), bytes.NewReader(source), nil) {
		if err != nil {
			t.Fatal(err)
		}
		alone, err := fhir.Parse(bytes.Clone(r.Raw()))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(jsontree.Compact(nil, texts[n]), jsontree.Compact(nil, r.Raw())) {
			t.Fatalf("want resource %d as written, have another", n+1)
		}
		want, have := v.Validate(alone), v.Validate(r)
		for i, x := range have {
			findings++
			line, column := jsontree.Position(source, int(x.Pos.Offset))
			if x.Pos.Line != line || x.Pos.Column != column {
				t.Errorf("resource %d: want a finding at line %d, column %d, have it at %d, %d", n+1, line, column, x.Pos.Line, x.Pos.Column)
			}
			have[i].Pos = issue.Pos{Offset: x.Pos.Offset - r.Pos().Offset}
		}
		for i, x := range want {
			want[i].Pos = issue.Pos{Offset: x.Pos.Offset}
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Fatalf("resource %d (-alone +in the source)\n%s", n+1, diff)
		}
		n++
	}
	if n != len(texts) || findings < n {
		t.Errorf("want %d resources with findings, have %d with %d", len(texts), n, findings)
	}
}
