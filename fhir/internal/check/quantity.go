package check

import (
	"bytes"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/issue"
)

const ucumURL = "http://unitsofmeasure.org"

// quantity checks the coded unit of a Quantity: its system, the code in it, and
// that no meaning hides in annotations of UCUM. (R4 §2.24.0.10)
func (r *run) quantity(a at) {
	v := r.f(a).value
	system, code := codeOf(v)
	if len(system) == 0 || len(code) == 0 {
		return
	}
	switch known := r.lookup(system, nil, code); {
	case known.systemFault != "":
		r.err(a, CodeCode, "Quantity", known.systemFault)
		return
	case known.membership == fhirdef.Out:
		r.errAt(a, "code", v, CodeCode, "Quantity", "want a code of code system "+safeURL(string(system))+" as unit, have one it does not hold")
	}
	if string(system) == ucumURL {
		if open := bytes.IndexByte(code, '{'); open >= 0 && bytes.IndexByte(code[open:], '}') > 0 {
			r.report(finding{severity: r.opts.BestPractice, code: CodeCode, rule: "Quantity", at: a,
				message: "want a unit without annotations, which say nothing to a machine, have one"})
		}
	}
}

// quantityBounds compares a Quantity with the least and greatest value of its
// element, and says why where that cannot be done. (ElementDefinition.minValue[x],
// .maxValue[x])
func (r *run) quantityBounds(n *node, a at) {
	v := r.f(a).value
	for _, bound := range []struct {
		limit *fhirdef.Literal
		least bool
	}{{n.el.MinValue, true}, {n.el.MaxValue, false}} {
		if bound.limit == nil {
			continue
		}
		name := "maximum"
		if bound.least {
			name = "minimum"
		}
		want := "want a value to compare with the " + name + " of " + elementName(n.el.ID, n.el.Path) + ", have "
		system, code := codeOf(v)
		limitSystem, limitCode := codeOf(bound.limit.Value)
		severity, fault := issue.Warning, ""
		switch {
		case v.Get("value").Number() == nil:
			fault = "no value"
		case len(limitSystem) == 0 || len(limitCode) == 0:
			fault = "a " + name + " without a coded unit"
		case len(system) == 0 || len(code) == 0:
			fault = "no coded unit"
		case !bytes.Equal(system, limitSystem):
			fault = "a unit of another system"
		case !bytes.Equal(code, limitCode) && string(system) != ucumURL:
			fault = "another unit, which does not convert"
		case !bytes.Equal(code, limitCode):
			if _, ok := compareQuantities(v, bound.limit.Value, false); !ok {
				severity, fault = issue.Error, "a unit that does not convert"
			}
		}
		if fault != "" {
			r.report(finding{severity: severity, code: CodeRange, rule: n.p.label, at: a, message: want + fault + " (" + n.p.label + ")"})
			continue
		}
		r.outside(n, a, v, bound.limit, bound.least)
	}
}
