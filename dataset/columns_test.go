package dataset

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestColumnsStoreScalarsListsAndJSON(t *testing.T) {
	date, partial := NewType(Date), NewType(Date)
	partial.Partial = true
	instant, clock := NewType(DateTime), NewType(DateTime)
	instant.Zone, clock.Zone = ZoneRequired, ZoneNone
	small, positive := NewType(Integer), NewType(Integer)
	small.Bits, positive.Bits, positive.Unsigned = 32, 32, true
	object := NewType(ObjectKind)
	object.Object = &Object{Name: "Extension", Fields: []*Field{{Name: "valueCode", Type: NewType(Text)}}}
	race := &Slice{Name: "race", Field: &Field{Name: "race", Type: object}}
	sex := &Slice{Name: "sex", Field: &Field{Name: "sex", Type: ListOf(object), Required: true}, Value: "valueCode"}
	table := &Table{Form: Record, Object: &Object{Fields: []*Field{
		{Name: "id", Type: NewType(Text), Required: true},
		{Name: "active", Type: NewType(Boolean)},
		{Name: "small", Type: small},
		{Name: "positive", Type: positive},
		{Name: "value", Type: NewType(Decimal)},
		{Name: "day", Type: date},
		{Name: "partial", Type: partial},
		{Name: "instant", Type: instant},
		{Name: "clock", Type: clock},
		{Name: "open", Type: NewType(DateTime)},
		{Name: "given", Type: ListOf(NewType(Text))},
		{Name: "days", Type: ListOf(date)},
		{Name: "photo", Type: NewType(Binary)},
		{Name: "counts", Type: ListOf(small)},
		{Name: "names", Type: ListOf(object)},
		{Name: "race", Type: NewType(Any)},
		{Name: "extension", Type: ListOf(object), Slices: []*Slice{race, sex}},
	}}}
	type column struct {
		Name                      string
		Kind                      Kind
		Bits                      int
		UTC, List, JSON, Nullable bool
		Value                     string
	}
	want := []column{
		{Name: "id", Kind: Text},
		{Name: "active", Kind: Boolean, Nullable: true},
		{Name: "small", Kind: Integer, Bits: 32, Nullable: true},
		{Name: "positive", Kind: Integer, Bits: 64, Nullable: true},
		{Name: "value", Kind: Float, Nullable: true},
		{Name: "day", Kind: Date, Nullable: true},
		{Name: "partial", Kind: Text, Nullable: true},
		{Name: "instant", Kind: DateTime, UTC: true, Nullable: true},
		{Name: "clock", Kind: DateTime, Nullable: true},
		{Name: "open", Kind: Text, Nullable: true},
		{Name: "given", Kind: Text, List: true, Nullable: true},
		{Name: "days", Kind: Date, List: true, Nullable: true},
		{Name: "photo", Kind: Binary, Nullable: true},
		{Name: "counts", Kind: Integer, Bits: 32, List: true, Nullable: true},
		{Name: "names", Kind: Text, JSON: true, Nullable: true},
		{Name: "race", Kind: Text, JSON: true, Nullable: true},
		{Name: "extension", Kind: Text, JSON: true, Nullable: true},
		{Name: "extension_race", Kind: Text, JSON: true, Nullable: true},
		{Name: "sex", Kind: Text, List: true, Value: "valueCode"},
	}
	var have []column
	for _, c := range Columns(table) {
		have = append(have, column{c.Name, c.Kind, c.Bits, c.UTC, c.List, c.JSON, c.Nullable, c.Value})
	}
	if d := cmp.Diff(want, have); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
