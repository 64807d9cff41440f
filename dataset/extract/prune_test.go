package extract

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

func TestListsOfWhichSlicesAloneAreListedKeepNothingElse(t *testing.T) {
	sex := &dataset.Slice{Name: "sex", Field: field("sex", dataset.Text), Value: "valueCode",
		Match: []dataset.Match{{Path: []string{"url"}, Kind: dataset.MatchValue, Value: `"http://sex"`}}}
	extension := field("extension", dataset.List, typed(dataset.ListOf(objectType(object("Extension", field("url", dataset.Text, required))))))
	extension.Slices, extension.SlicesOnly = []*dataset.Slice{sex}, true
	table := &dataset.Table{Name: "patient", Form: dataset.Record, Kind: dataset.FHIRStructure, From: dataset.From{Resource: "Patient"}, Key: []string{"id"},
		Object: object("Patient", field("id", dataset.Text, required), extension)}
	table.Object.ResourceType = "Patient"
	_, out := extracted(t, &dataset.Model{Tables: []*dataset.Table{table}},
		`{"resourceType":"Patient","id":"1","extension":[{"url":"http://canary","valueString":"CANARY"},{"id":"CANARY","url":"http://sex","extension":[{"url":"x","valueString":"CANARY"}],"valueCode":"M"}]}
{"resourceType":"Patient","id":"2","extension":[{"url":"http://canary","valueString":"CANARY"}]}`, nil)
	type row struct {
		ID        *string `parquet:"id"`
		Extension *string `parquet:"extension"`
		Sex       *string `parquet:"sex"`
	}
	want := []row{{ptr("1"), nil, ptr("M")}, {ID: ptr("2")}}
	if d := cmp.Diff(want, rows[row](t, out, "patient")); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	k := newShapes()
	p := &pruner{shapes: k, tally: &tally{}}
	const text = `{"resourceType":"Patient","id":"1","extension":[{"url":"http://canary","valueString":"CANARY"},{"id":"CANARY","url":"http://sex","valueCode":"M"}]}`
	if have, want := string(p.object(nil, tree(t, text), table.Object)), `{"resourceType":"Patient","id":"1","extension":[{"url":"http://sex","valueCode":"M"}]}`; have != want {
		t.Errorf("want %s, have %s", want, have)
	}
	if have, want := string(p.object(nil, tree(t, `{"resourceType":"Patient","id":"1","extension":[{"url":"http://canary"}]}`), table.Object)), `{"resourceType":"Patient","id":"1"}`; have != want {
		t.Errorf("want %s, have %s", want, have)
	}
}

func tree(t *testing.T, text string) jsontree.Value {
	t.Helper()
	var tree jsontree.Tree
	if err := tree.Parse([]byte(text), nil); err != nil {
		t.Fatal(err)
	}
	return tree.Root()
}
