package columnar

import (
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The largest precisions of decimals that are stored as integers
// (Parquet, LogicalTypes.md, "DECIMAL").
const (
	maxDecimal32 = 9
	maxDecimal64 = 18
	maxDecimal   = 38
)

func (f *field) physical() format.Type {
	switch f.kind {
	case kindBool:
		return format.Boolean
	case kindInt32, kindDate:
		return format.Int32
	case kindInt64, kindTimestamp, kindInstant:
		return format.Int64
	case kindFloat64:
		return format.Double
	case kindDecimal:
		switch {
		case f.precision <= maxDecimal32:
			return format.Int32
		case f.precision <= maxDecimal64:
			return format.Int64
		}
	}
	return format.ByteArray
}

// path leads to the column's values in the schema of the file.
func (f *field) path() thrift.Slice[string] {
	if f.list {
		return thrift.Slice[string]{f.name, "list", "element"}
	}
	return thrift.Slice[string]{f.name}
}

// elements returns the column's places in the schema of the file.
func (f *field) elements(id int32) []format.SchemaElement {
	if f.list {
		return f.listElements(id)
	}
	return []format.SchemaElement{f.element(id)}
}

// listElements returns the three nodes of the schema that make a list.
func (f *field) listElements(id int32) []format.SchemaElement {
	outer := format.SchemaElement{Name: f.name, RepetitionType: thrift.New(format.Optional), NumChildren: thrift.New(int32(1)), FieldID: id}
	outer.LogicalType.Value = &format.ListType{}
	outer.ConvertedType = thrift.New(deprecated.List)
	middle := format.SchemaElement{Name: "list", RepetitionType: thrift.New(format.Repeated), NumChildren: thrift.New(int32(1))}
	leaf := *f
	leaf.name, leaf.list, leaf.optional = "element", false, true
	return []format.SchemaElement{outer, middle, leaf.element(0)}
}

// element returns the column's place in the schema of the file.
func (f *field) element(id int32) format.SchemaElement {
	e := format.SchemaElement{
		Name:           f.name,
		Type:           thrift.New(f.physical()),
		RepetitionType: thrift.New(format.Required),
		FieldID:        id,
	}
	if f.optional {
		e.RepetitionType.V = format.Optional
	}
	switch f.kind {
	case kindString:
		e.LogicalType.Value = &format.StringType{}
		e.ConvertedType = thrift.New(deprecated.UTF8)
	case kindJSON:
		e.LogicalType.Value = &format.JsonType{}
		e.ConvertedType = thrift.New(deprecated.Json)
	case kindDate:
		e.LogicalType.Value = &format.DateType{}
		e.ConvertedType = thrift.New(deprecated.Date)
	case kindDecimal:
		e.LogicalType.Value = &format.DecimalType{Scale: int32(f.scale), Precision: int32(f.precision)}
		e.ConvertedType = thrift.New(deprecated.Decimal)
		e.Scale, e.Precision = thrift.New(int32(f.scale)), thrift.New(int32(f.precision))
	case kindTimestamp:
		// The older annotation would mean UTC, so there is none.
		e.LogicalType.Value = &format.TimestampType{Unit: f.timeUnit()}
	case kindInstant:
		e.LogicalType.Value = &format.TimestampType{IsAdjustedToUTC: true, Unit: f.timeUnit()}
		switch f.unit {
		case 0:
			e.ConvertedType = thrift.New(deprecated.TimestampMicros)
		case perMilli:
			e.ConvertedType = thrift.New(deprecated.TimestampMillis)
		}
	}
	return e
}

// The units of a timestamp as parts of a second; the unit of a field is 0 for
// microseconds.
const (
	perMilli = 1_000
	perMicro = 1_000_000
	perNano  = 1_000_000_000
)

func (f *field) timeUnit() format.TimeUnit {
	switch f.unit {
	case perMilli:
		return format.TimeUnit{Value: &format.MilliSeconds{}}
	case perNano:
		return format.TimeUnit{Value: &format.NanoSeconds{}}
	}
	return format.TimeUnit{Value: &format.MicroSeconds{}}
}
