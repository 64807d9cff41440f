package columnar

import (
	"fmt"

	"github.com/parquet-go/parquet-go/format"
)

// readLogical reads parquet.thrift's union LogicalType.
func readLogical(t *thriftReader) (l logicalType) {
	t.structure(func(id int, typ byte) {
		if typ != thriftStruct {
			t.skip(typ)
			return
		}
		l = logicalType{meaning: meansOther, name: logicalNames[id]}
		switch id {
		case 1, 4, 12: // STRING, ENUM, JSON
			l.meaning = meansText
		case 5:
			l.meaning = meansDecimal
		case 6:
			l.meaning = meansDate
		case 7:
			l.meaning = meansTime
		case 8:
			l.meaning = meansTimestamp
		case 10:
			l.meaning = meansInteger
		case 14:
			l.meaning = meansUUID
		}
		t.structure(func(id int, typ byte) { l.readPart(t, id, typ) })
	})
	return l
}

var logicalNames = map[int]string{2: "map", 3: "list", 11: "null", 13: "bson", 15: "float16", 16: "variant", 17: "geometry", 18: "geography"}

// readPart reads a field of one of the logical types; which one is known by
// its meaning.
func (l *logicalType) readPart(t *thriftReader, id int, typ byte) {
	switch {
	case l.meaning == meansDecimal && id == 1 && typ == thriftI32:
		l.scale = int(t.int32())
	case l.meaning == meansDecimal && id == 2 && typ == thriftI32:
		l.precision = int(t.int32())
	case (l.meaning == meansTime || l.meaning == meansTimestamp) && id == 1:
		l.utc = typ == thriftTrue
		t.skip(typ)
	case (l.meaning == meansTime || l.meaning == meansTimestamp) && id == 2 && typ == thriftStruct:
		t.structure(func(id int, typ byte) {
			l.unit = map[int]int64{1: 1e3, 2: 1e6, 3: 1e9}[id]
			t.skip(typ)
		})
	case l.meaning == meansInteger && id == 1 && typ == thriftByte:
		l.bits = int(t.byte())
	case l.meaning == meansInteger && id == 2:
		l.unsigned = typ == thriftFalse
		t.skip(typ)
	default:
		t.skip(typ)
	}
}

// convertedType returns what the older annotation of a column means
// (parquet.thrift, ConvertedType).
func convertedType(c int32, scale, precision int) logicalType {
	switch {
	case c == 0 || c == 4 || c == 19:
		return logicalType{meaning: meansText}
	case c == 5:
		return logicalType{meaning: meansDecimal, scale: scale, precision: precision}
	case c == 6:
		return logicalType{meaning: meansDate}
	case c == 7 || c == 8:
		return logicalType{meaning: meansTime, utc: true, unit: map[int32]int64{7: 1e3, 8: 1e6}[c]}
	case c == 9 || c == 10:
		return logicalType{meaning: meansTimestamp, utc: true, unit: map[int32]int64{9: 1e3, 10: 1e6}[c]}
	case c >= 11 && c <= 18:
		return logicalType{meaning: meansInteger, bits: 8 << ((c - 11) & 3), unsigned: c < 15}
	}
	return logicalType{meaning: meansOther, name: map[int32]string{1: "map", 2: "map", 3: "list", 20: "bson", 21: "interval"}[c]}
}

// typeName returns the type of a column in words.
func (c *columnDesc) typeName() string {
	l := &c.logical
	switch {
	case c.nested && l.name != "":
		return l.name
	case c.nested:
		return "struct"
	case c.repeated:
		return "list"
	}
	switch l.meaning {
	case meansText:
		return "string"
	case meansDecimal:
		return fmt.Sprintf("decimal(%d,%d)", l.precision, l.scale)
	case meansDate:
		return "date"
	case meansTime, meansTimestamp:
		return l.timeName()
	case meansUUID:
		return "uuid"
	case meansInteger:
		if l.unsigned {
			return fmt.Sprintf("uint%d", l.bits)
		}
		return fmt.Sprintf("int%d", l.bits)
	case meansOther:
		if l.name != "" {
			return l.name
		}
	}
	switch c.physical {
	case format.Boolean:
		return "bool"
	case format.Int32:
		return "int32"
	case format.Int64:
		return "int64"
	case format.Int96:
		return "timestamp(nanos)"
	case format.Float:
		return "float32"
	case format.Double:
		return "float64"
	}
	return "bytes"
}

func (l *logicalType) timeName() string {
	name := "timestamp"
	if l.meaning == meansTime {
		name = "time"
	}
	unit := map[int64]string{1e3: "millis", 1e6: "micros", 1e9: "nanos"}[l.unit]
	if l.utc {
		unit += ", utc"
	}
	return name + "(" + unit + ")"
}
