package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/carabiner-health/carabiner/examples/psa/psa"
)

// sortRows puts the rows of a patient in the order of time.
func sortRows(rows []psa.Measurement) {
	slices.SortFunc(rows, func(a, b psa.Measurement) int {
		return cmp.Or(cmp.Compare(a.PatientID, b.PatientID), a.Collected.Time(nil).Compare(b.Collected.Time(nil)), cmp.Compare(a.ObservationID, b.ObservationID))
	})
}

// amount writes a value as the laboratory did: <0.1.
func amount(m psa.Measurement) string {
	return string(m.Comparator.Value) + m.Value.String()
}

// doubling returns the months in which the values doubled, by the line that fits their
// logarithms best; "-" where they are fewer than three, fell, or are not exact.
func doubling(series []psa.Measurement) string {
	const month = 365.25 / 12 * 24 // hours
	var n, sumT, sumL, sumTT, sumTL float64
	for i, m := range series {
		known := !m.Comparator.Valid && m.Collected.Precision() >= psa.PrecisionDay && m.Value.Float64() > 0
		if !known || i > 0 && m.Value.Cmp(series[i-1].Value) < 0 {
			return "-"
		}
		t, l := m.Collected.Time(nil).Sub(series[0].Collected.Time(nil)).Hours()/month, math.Log2(m.Value.Float64())
		n, sumT, sumL, sumTT, sumTL = n+1, sumT+t, sumL+l, sumTT+t*t, sumTL+t*l
	}
	slope := (n*sumTL - sumT*sumL) / (n*sumTT - sumT*sumT) // doublings a month
	if n < 3 || !(slope > 0) {
		return "-"
	}
	return fmt.Sprintf("%.1f months", 1/slope)
}
