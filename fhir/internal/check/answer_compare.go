package check

import (
	"math/big"
	"strings"
	"time"

	"github.com/carabiner-health/carabiner/internal/decimal"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/internal/ucum"
)

const systemUCUM = "http://unitsofmeasure.org"

// comparePrimitives compares two primitive values of a type: -1, 0 or 1; false if
// they have no order. Dates compare by where they begin.
func comparePrimitives(typ string, x, y jsontree.Value) (int, bool) {
	switch family(typ) {
	case "number":
		a, okA := decimal.Parse(x.Number())
		b, okB := decimal.Parse(y.Number())
		if !okA || !okB {
			return 0, false
		}
		return a.Cmp(b), true
	case "date":
		a, okA := startOf(x.Text())
		b, okB := startOf(y.Text())
		if !okA || !okB {
			return 0, false
		}
		return a.Compare(b), true
	case "boolean":
		a, okA := x.Bool()
		b, okB := y.Bool()
		switch {
		case !okA || !okB:
			return 0, false
		case a == b:
			return 0, true
		case b:
			return -1, true
		}
		return 1, true
	case "time", "text":
		if x.Kind() != jsontree.String || y.Kind() != jsontree.String {
			return 0, false
		}
		return strings.Compare(x.Text(), y.Text()), true
	}
	return 0, false
}

// startOf returns when a date, dateTime or instant begins; without a time zone, in
// UTC.
func startOf(text string) (time.Time, bool) {
	layout := ""
	switch n := len(text); {
	case n == 4:
		layout = "2006"
	case n == 7:
		layout = "2006-01"
	case n == 10:
		layout = time.DateOnly
	case n < 16 || text[10] != 'T':
		return time.Time{}, false
	case strings.HasSuffix(text, "Z") || strings.ContainsAny(text[11:], "+-"):
		layout = time.RFC3339
	default:
		layout = "2006-01-02T15:04:05"
	}
	t, err := time.Parse(layout, text)
	return t, err == nil
}

// compareQuantities compares two Quantities of the same unit, or of units of UCUM
// that measure the same thing; false if they cannot be compared. With loose, one
// without a unit compares by its number alone.
func compareQuantities(x, y jsontree.Value, loose bool) (int, bool) {
	a, okA := decimal.Parse(x.Get("value").Number())
	b, okB := decimal.Parse(y.Get("value").Number())
	if !okA || !okB {
		return 0, false
	}
	switch unitsOf(x, y) {
	case unitsSame:
		return a.Cmp(b), true
	case unitsUCUM:
		return ucum.Compare(rat(a), x.Get("code").Text(), rat(b), y.Get("code").Text())
	case unitsMissing:
		if loose && (!hasUnit(x) || !hasUnit(y) || sameText(x.Get("unit"), y.Get("unit"))) {
			return a.Cmp(b), true
		}
	}
	return 0, false
}

func rat(d decimal.Decimal) *big.Rat { return d.Rat() }

// hasUnit tells whether a Quantity has a unit of any form.
func hasUnit(q jsontree.Value) bool { return q.Get("code").Text() != "" || q.Get("unit").Text() != "" }

// units is how the units of two Quantities stand to each other.
type units uint8

const (
	unitsOther   units = iota // of different systems
	unitsMissing              // one has no coded unit
	unitsSame
	unitsUCUM // both are of UCUM
)

func unitsOf(x, y jsontree.Value) units {
	systemX, codeX := x.Get("system").Text(), x.Get("code").Text()
	systemY, codeY := y.Get("system").Text(), y.Get("code").Text()
	switch {
	case systemX == "" || systemY == "" || codeX == "" || codeY == "":
		return unitsMissing
	case systemX == systemY && codeX == codeY:
		return unitsSame
	case systemX == systemUCUM && systemY == systemUCUM:
		return unitsUCUM
	}
	return unitsOther
}
