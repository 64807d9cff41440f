package mapping

import (
	"bytes"
	"math"
	"strconv"

	"github.com/carabiner-health/carabiner/fhir"
)

// observation: CDM 5.4, measurement, observation and wherever the domain
// leads; one row for the code and one for each component.
func (x *mapper) observation() {
	f := x.base()
	x.categoryType(&f)
	f.Start = x.effective()
	for p := x.root.Get("performer").First(); p.Exists() && f.texts[tProvider] == nil; p = p.Next() {
		f.texts[tProvider] = x.reference(p, "Practitioner")
	}
	components := x.root.Get("component")
	own := f
	valued := x.value(x.root, &own)
	absent := x.root.Get("dataAbsentReason").Exists()
	if !valued && components.Len() == 0 && x.root.Get("hasMember").Exists() {
		x.filter(rulePanel)
		return
	}
	if valued || components.Len() == 0 && !absent {
		x.event(&own, x.root.Get("code"), x.homeOf(&own), "code")
	}
	parent := len(x.items) > 0
	for c := components.First(); c.Exists(); c = c.Next() {
		part := f
		if !x.value(c, &part) {
			absent = true
			continue
		}
		if parent {
			part.flags |= flagComponent
		}
		x.event(&part, c.Get("code"), x.homeOf(&part), "component.code")
	}
	if len(x.items) == 0 && absent {
		x.filter(ruleDataAbsent)
	}
	if x.root.Get("bodySite").Exists() {
		x.account.losses[lossBodySite]++
	}
	if x.root.Get("method").Exists() {
		x.account.losses[lossMethod]++
	}
}

func (x *mapper) effective() moment {
	if w := x.when(x.root.Get("effectiveDateTime"), "effectiveDateTime", false); w.Set {
		return w
	}
	if w, _ := x.period(x.root.Get("effectivePeriod"), "effectivePeriod"); w.Set {
		return w
	}
	if w := x.when(x.root.Get("effectiveInstant"), "effectiveInstant", false); w.Set {
		return w
	}
	w := x.when(x.root.Get("issued"), "issued", false)
	if w.Set {
		x.account.imputed++
	}
	return w
}

func (x *mapper) homeOf(f *fact) Table {
	if f.has(nValue) {
		return x.home("Observation.quantity")
	}
	return x.home("Observation")
}

// value reads value[x], interpretation and reference range of an Observation
// or a component into f and reports whether there is a value.
func (x *mapper) value(e fhir.Element, f *fact) bool {
	found := false
	if q := e.Get("valueQuantity"); q.Exists() { // by far the most common form
		found = x.quantity(q, f)
	} else {
		for m := e.First(); m.Exists(); m = m.Next() {
			if name := m.NameBytes(); len(name) > 5 && string(name[:5]) == "value" {
				found = x.valueOf(string(name[5:]), m, f) || found
			}
		}
	}
	if r := e.Get("referenceRange").First(); r.Exists() {
		if v, ok := r.Get("low").Get("value").Float64(); ok {
			f.setNumber(nLow, v)
		}
		if v, ok := r.Get("high").Get("value").Float64(); ok {
			f.setNumber(nHigh, v)
		}
	}
	if i := e.Get("interpretation").First(); i.Exists() {
		f.texts[tQualifierSource] = i.Get("coding").First().Get("code").Bytes(nil)
	}
	return found
}

func (x *mapper) valueOf(kind string, v fhir.Element, f *fact) bool {
	switch kind {
	case "CodeableConcept":
		var code, text []byte
		if f.concepts[cValue], code, text = x.valueConcept(v, "value"); len(text) == 0 {
			text = code
		}
		f.texts[tValueSource] = text
		return len(text) > 0
	case "String", "DateTime", "Time":
		f.texts[tValueText] = v.Bytes(nil)
	case "Boolean":
		f.texts[tValueSource] = v.Raw()
		f.concepts[cValue] = x.p.Boolean[string(v.Raw())]
	case "Integer":
		n, ok := v.Float64()
		if !ok {
			return false
		}
		x.number(f, n, v.Raw())
		return true
	case "Range":
		f.texts[tValueText] = x.join(" - ", quantityText(v.Get("low")), quantityText(v.Get("high")))
	case "Ratio":
		num, den := v.Get("numerator"), v.Get("denominator")
		a, ok1 := num.Get("value").Float64()
		if b, ok2 := den.Get("value").Float64(); ok1 && ok2 && b != 0 {
			f.setNumber(nValue, a/b)
		}
		f.texts[tValueText] = x.join(" : ", quantityText(num), quantityText(den))
	case "Period":
		f.texts[tValueText] = x.join("/", v.Get("start").Bytes(nil), v.Get("end").Bytes(nil))
	case "SampledData":
		x.account.losses[lossSampledData]++
		f.texts[tValueSource] = []byte("SampledData")
	default:
		return false
	}
	return len(f.texts[tValueSource]) > 0 || len(f.texts[tValueText]) > 0
}

// number keeps a number, and its text where the column of numbers can't give
// it back digit for digit.
func (x *mapper) number(f *fact, n float64, text []byte) {
	f.setNumber(nValue, n)
	if fewDigits(text) {
		return
	}
	var buf [32]byte
	if !bytes.Equal(strconv.AppendFloat(buf[:0], n, 'f', -1, 64), text) {
		f.texts[tValueSource] = text
	}
}

func quantityText(q fhir.Element) []byte { return q.Get("value").Raw() }

// fewDigits reports whether a JSON number has at most 15 digits and is written
// the shortest way, so that a float64 gives it back (IEEE 754: 15 decimal
// digits survive).
func fewDigits(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	if len(b) > 16 || len(b) > 1 && b[0] == '0' && b[1] != '.' {
		return false
	}
	point := -1
	for i, c := range b {
		switch {
		case c == '.' && point < 0:
			point = i
		case c < '0' || c > '9':
			return false
		}
	}
	if point < 0 {
		return len(b) > 0 && len(b) <= 15
	}
	return b[len(b)-1] != '0'
}

// quantity reads a Quantity into value_as_number, operator and unit.
func (x *mapper) quantity(q fhir.Element, f *fact) bool {
	raw := q.Get("value")
	n, ok := raw.Float64()
	if !ok || math.IsInf(n, 0) || math.IsNaN(n) {
		return false
	}
	x.number(f, n, raw.Raw())
	if c := q.Get("comparator"); c.Exists() {
		f.concepts[cOperator] = x.p.Operators[string(c.Bytes(nil))]
	}
	code := q.Get("code").Bytes(nil)
	if len(code) == 0 {
		code = q.Get("unit").Bytes(nil)
	}
	f.texts[tUnitSource] = code
	if len(code) > 0 {
		u := x.res.unit(code)
		f.concepts[cUnit] = u.id
		x.account.cleaned[u.cleaning]++
		if u.id == 0 {
			x.account.unmapped(x.typ, "unit", q.Get("system").Bytes(nil), code, nil, 0)
		}
	}
	return true
}
