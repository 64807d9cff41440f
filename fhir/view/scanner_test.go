package view

import (
	"fmt"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/fhir"
)

// rowTexts is a Sink that keeps rows as text.
type rowTexts struct{ rows []string }

func (t *rowTexts) Rollback() { t.rows = nil }

func (t *rowTexts) Row(c Cells) error {
	var row []string
	for i := range c.list {
		switch c.Kind(i) {
		case NullCell:
			row = append(row, "NULL")
		case IntegerCell, BoolCell:
			row = append(row, fmt.Sprint(c.Int(i)))
		default:
			row = append(row, string(c.Bytes(i)))
		}
	}
	t.rows = append(t.rows, strings.Join(row, "|"))
	return nil
}

func TestScannerMakesRowsOfTextAndOfResources(t *testing.T) {
	v, err := New([]byte(`{"resource": "Patient", "where": [{"path": "active"}, {"path": "gender = 'male'"}], "select": [
		{"column": [{"name": "id", "path": "id"}, {"name": "active", "path": "active"}, {"name": "all", "path": "name.given", "collection": true}]},
		{"forEach": "name", "column": [{"name": "family", "path": "family"}]}]}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := v.NewScanner()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text, rows string
		what       Outcome
		filter     int
	}{
		{`{"resourceType":"Patient","id":"1","active":true,"gender":"male","name":[{"family":"A","given":["B","C"]},{}]}`, `1|1|["B","C"]|A 1|1|["B","C"]|NULL`, MadeRows, 0},
		{`{"resourceType":"Patient","id":"1","active":true,"gender":"male"}`, ``, NoRows, 0},
		{`{"resourceType":"Patient","id":"1","gender":"male","name":[{}]}`, ``, Filtered, 0},
		{`{"resourceType":"Patient","id":"1","active":true,"name":[{}]}`, ``, Filtered, 1},
		{`{"resourceType":"Patient","id":"1","active":true,"gender":"male","name":[{"family":["A","B"]}]}`, ``, Failed, 0},
	} {
		var have rowTexts
		what, ok, err := s.Text([]byte(c.text), &have)
		if err != nil || ok && (what != c.what || what == Filtered && s.Filter() != c.filter || strings.Join(have.rows, " ") != c.rows) || !ok && c.what != Failed || !ok && have.rows != nil {
			t.Errorf("%s: want %v %s, have %v %v %v", c.text, c.what, c.rows, what, have.rows, err)
		}
		r, err := fhir.Parse([]byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		have = rowTexts{}
		what, why, err := s.Resource(r, &have)
		if err != nil || what != c.what || what == Filtered && s.Filter() != c.filter || strings.Join(have.rows, " ") != c.rows || (why.Code == CodeMany) != (c.what == Failed) {
			t.Errorf("%s: want %v %s, have %v %v %v %v", c.text, c.what, c.rows, what, have.rows, why, err)
		}
	}
}
