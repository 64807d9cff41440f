package fhirproto

import (
	"bytes"
	"strings"

	r4pb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/bundle_and_contained_resource_go_proto"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// check converts the message back and reports how it differs from the source.
func (c *converter) check(cr *r4pb.ContainedResource) {
	w := writer{opts: c.opts, findings: findings{opts: c.opts}}
	back := w.resource(resourceOf(cr.ProtoReflect()), false)
	if back == nil {
		for _, i := range w.list {
			c.add(issue.Error, i.Code, c.r.Root(), i.Path, i.Message)
		}
		c.add(issue.Error, CodeLost, c.r.Root(), c.r.Type(), "want a message that can be converted back, have another")
		return
	}
	d := differ{findings: &c.findings, dropped: c.dropped, root: c.r.Type()}
	d.value(c.r.Root(), back.Root())
}

// differ compares a resource with what came back.
type differ struct {
	*findings
	dropped map[int]edit
	root    string
	steps   []step
}

func (d *differ) report(s issue.Severity, code issue.Code, e fhir.Element, message string) {
	d.add(s, code, e, pathText(d.root, d.steps), message)
}

// value compares two values at the same place.
func (d *differ) value(e, back fhir.Element) {
	have, came := e.Value().Kind(), back.Value().Kind()
	switch {
	case d.dropped[at(e)].drop:
	case d.dropped[at(e)].blank && (back.IsNull() || isBare(back)):
		if e.IsNull() || !e.Exists() {
			return
		}
	case have != came:
		d.report(issue.Error, CodeChanged, e, "want "+have.String()+" after the conversion, have "+came.String())
	case e.IsObject():
		d.object(e, back)
	case e.IsArray():
		d.array(e, back)
	case e.IsString():
		d.text(e, back)
	case !bytes.Equal(e.Raw(), back.Raw()):
		d.report(issue.Warning, CodeChanged, e, "want the number as it is written, have it written in another way")
	}
}

func (d *differ) object(e, back fhir.Element) {
	d.steps = append(d.steps, step{index: -1})
	top := len(d.steps) - 1
	matched := 0
	for m := e.First(); m.Exists(); m = m.Next() {
		name := m.Name()
		d.steps[top] = step{name: name, index: -1}
		if d.dropped[at(m)].drop {
			// Repeated members: the first one stays and counts below.
			if came := back.Get(name); came.Exists() && at(e.Get(name)) == at(m) {
				d.report(issue.Error, CodeAdded, m, "want nothing in place of what was left out, have a value")
				matched++
			}
			continue
		}
		came := back.Get(name)
		if !came.Exists() {
			if !d.accounted(m) {
				d.report(issue.Error, CodeLost, m, "want the value after the conversion, have none")
			}
			continue
		}
		matched++
		d.value(m, came)
	}
	if back.Len() > matched {
		for m := back.First(); m.Exists(); m = m.Next() {
			if d.steps[top] = (step{name: m.Name(), index: -1}); !e.Get(m.Name()).Exists() {
				d.report(issue.Error, CodeAdded, e, "want no such value, have one after the conversion")
			}
		}
	}
	d.steps = d.steps[:top]
}

func (d *differ) array(e, back fhir.Element) {
	top := len(d.steps) - 1
	came := back.First()
	for i, v := 0, e.First(); v.Exists(); i, v = i+1, v.Next() {
		d.steps[top].index = i
		switch {
		case d.dropped[at(v)].drop:
			continue
		case came.Exists():
			d.value(v, came)
		case !d.accounted(v):
			d.report(issue.Error, CodeLost, v, "want the value after the conversion, have none")
		}
		came = came.Next()
	}
	d.steps[top].index = -1
	for ; came.Exists(); came = came.Next() {
		if !came.IsNull() { // a null at the end fills up the list beside it
			d.report(issue.Error, CodeAdded, e, "want no such value, have one after the conversion")
		}
	}
}

// text compares strings; parts of a second get a message of their own.
func (d *differ) text(e, back fhir.Element) {
	if bytes.Equal(e.Raw(), back.Raw()) || bytes.Equal(e.Bytes(nil), back.Bytes(nil)) {
		return
	}
	was, is := cutFraction(e.Text()), cutFraction(back.Text())
	switch {
	case was.rest != is.rest || !was.ok && !is.ok:
		d.report(issue.Error, CodeChanged, e, "want the text as it is, have another")
	case strings.TrimRight(was.digits, "0") == strings.TrimRight(is.digits, "0"):
		d.report(issue.Warning, CodeChanged, e, "want the digits of a second as they are written, have another number of zeros")
	default:
		d.report(issue.Error, CodePrecision, e, "want all digits of a second, have fewer")
	}
}

// fraction is a time cut into the digits of its second's fraction and the rest.
type fraction struct {
	digits, rest string
	ok           bool
}

func cutFraction(s string) fraction {
	whole, after, found := strings.Cut(s, ".")
	if !found || strings.Count(whole, ":") != 2 {
		return fraction{rest: s}
	}
	n := 0
	for n < len(after) && after[n] >= '0' && after[n] <= '9' {
		n++
	}
	return fraction{digits: after[:n], rest: whole + after[n:], ok: true}
}

// accounted reports whether everything in e was left out on purpose, or is
// nothing.
func (d *differ) accounted(e fhir.Element) bool {
	switch change := d.dropped[at(e)]; {
	case change.drop, change.blank, e.IsNull():
		return true
	case !e.IsObject() && !e.IsArray():
		return false
	}
	for v := e.First(); v.Exists(); v = v.Next() {
		if !d.accounted(v) {
			return false
		}
	}
	return e.First().Exists()
}

func isBare(e fhir.Element) bool { return e.IsObject() && !e.First().Exists() }
