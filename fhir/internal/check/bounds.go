package check

import (
	"math/big"
	"strconv"
	"time"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/internal/ucum"
)

// length counts the characters of a string.
func length(v jsontree.Value) int {
	n := 0
	for range v.Text() {
		n++
	}
	return n
}

// bounds checks maxLength and the least and greatest value.
func (r *run) bounds(n *node, a at) {
	el, f := n.el, r.f(a)
	if el.MaxLength > 0 && f.value.Kind() == jsontree.String {
		if have := length(f.value); have > el.MaxLength {
			r.err(a, CodeRange, n.p.label, "want at most "+strconv.Itoa(el.MaxLength)+" characters, have "+strconv.Itoa(have)+" ("+n.p.label+")")
		}
	}
	if isQuantity(f.typ) {
		r.quantityBounds(n, a)
		return
	}
	if el.MinValue != nil {
		r.outside(n, a, f.value, el.MinValue, true)
	}
	if el.MaxValue != nil {
		r.outside(n, a, f.value, el.MaxValue, false)
	}
}

// outside reports a value that is less than the least or more than the greatest.
func (r *run) outside(n *node, a at, v jsontree.Value, limit *fhirdef.Literal, least bool) {
	typ, x, y := r.f(a).typ, v, limit.Value
	message := "want no less than the minimum of " + elementName(n.el.ID, n.el.Path) + ", have less ("
	if !least {
		x, y = y, x
		message = "want no more than the maximum of " + elementName(n.el.ID, n.el.Path) + ", have more ("
	}
	less, ok := lessThan(typ, x, y)
	if limit.Value.Kind() == jsontree.Object && v.Kind() == jsontree.String {
		less, ok = r.beyond(v.Text(), limit.Value, least)
	}
	if ok && less {
		r.err(a, CodeRange, n.p.label, message+n.p.label+")")
	}
}

// beyond tells whether a date or time is before or after the limit that a
// Duration sets from now: into the past for the least, into the future for the
// greatest.
func (r *run) beyond(text string, duration jsontree.Value, least bool) (beyond, ok bool) {
	amount, isNumber := rational(duration.Get("value"))
	if !isNumber || !duration.Get("system").EqualText(ucumURL) {
		return false, false
	}
	if least {
		amount.Neg(amount)
	}
	limit, ok := later(r.now(), amount, duration.Get("code").Text())
	if !ok {
		return false, false
	}
	if len(text) > 10 {
		t, err := time.Parse(time.RFC3339, text)
		return err == nil && (least && t.Before(limit) || !least && t.After(limit)), err == nil
	}
	bound := limit.Format(time.DateOnly)
	bound = bound[:min(len(bound), len(text))]
	return least && text < bound || !least && text > bound, true
}

// later returns a time moved by an amount of a unit of time; whole months and
// years are those of the calendar.
func later(t time.Time, amount *big.Rat, unit string) (time.Time, bool) {
	if amount.IsInt() && amount.Num().IsInt64() {
		n := int(amount.Num().Int64())
		switch unit {
		case "a":
			return t.AddDate(n, 0, 0), n > -10_000 && n < 10_000
		case "mo":
			return t.AddDate(0, n, 0), n > -100_000 && n < 100_000
		}
	}
	seconds, ok := ucum.Convert(amount, unit, "s")
	if !ok {
		return t, false
	}
	f, _ := seconds.Float64()
	if f < -9e9 || f > 9e9 {
		return t, false
	}
	return t.Add(time.Duration(f * float64(time.Second))), true
}

func (r *run) now() time.Time {
	if r.opts.Now.IsZero() {
		return time.Now()
	}
	return r.opts.Now
}
