package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// operationDefinition checks an OperationDefinition: that the profiles of its
// input and output say the same of the parameters as it does itself. (R4 §2.27)
func (r *run) operationDefinition(a at) {
	v := r.f(a).value
	r.parameterTypes(a, v.Get("parameter"), 0)
	for _, x := range [...]struct{ name, use string }{{"inputProfile", "in"}, {"outputProfile", "out"}} {
		url := v.Get(x.name)
		if url.Kind() != jsontree.String {
			continue
		}
		p := r.child(a, x.name, -1, url, "canonical")
		r.parameterProfile(p, url.Text(), x.use, v.Get("parameter"))
		r.pop(p)
	}
}

// parameterTypes checks that the types of parameters are types. (R4 §4.7.5,
// all-types, is bound as required; profiles must fit the type.)
func (r *run) parameterTypes(a at, list jsontree.Value, depth int) {
	i := 0
	for p := list.First(); p.Kind() != jsontree.Invalid && depth < 100; i, p = i+1, p.Next() {
		at := r.child(a, "parameter", i, p, "OperationDefinition.parameter")
		j := 0
		for u := p.Get("targetProfile").First(); u.Kind() != jsontree.Invalid; j, u = j+1, u.Next() {
			st := r.defs.Structure(u.Text())
			if st != nil && st.Kind != "resource" && st.Kind != "logical" {
				t := r.child(at, "targetProfile", j, u, "canonical")
				r.err(t, CodeDefinition, "OperationDefinition.parameter.targetProfile", "want a profile of a resource, have one of "+st.Type)
				r.pop(t)
			}
		}
		r.parameterTypes(at, p.Get("part"), depth+1)
		r.pop(at)
	}
}

// parameterSlice is what a profile of Parameters says of one parameter.
type parameterSlice struct {
	name     string
	min, max int
	types    []*elementType
	open     bool // the types are not narrowed
}

// parameterProfile compares the parameters of a profile with those of the
// operation.
func (r *run) parameterProfile(a at, url, use string, list jsontree.Value) {
	st := r.defs.Structure(url)
	switch {
	case st == nil:
		r.warn(a, CodeDefinition, "OperationDefinition", "want the profile "+safeURL(url)+", have none: not compared")
		return
	case st.Type != "Parameters":
		r.err(a, CodeDefinition, "OperationDefinition", "want a profile of Parameters, have one of "+st.Type)
		return
	}
	slices := r.parameterSlices(st)
	found := make([]bool, len(slices))
	i := 0
	for p := list.First(); p.Kind() != jsontree.Invalid; i, p = i+1, p.Next() {
		if !p.Get("use").EqualText(use) {
			continue
		}
		at := r.child(a, "parameter", i, p, "OperationDefinition.parameter")
		name := p.Get("name").Text()
		known := false
		for k := range slices {
			if slices[k].name == name {
				known, found[k] = true, true
				r.sameParameter(at, p, &slices[k], st)
			}
		}
		if !known {
			r.warn(at, CodeDefinition, st.URL, "want every parameter of the operation in its profile "+st.URL+", have "+name+" left out")
		}
		r.pop(at)
	}
	for k := range slices {
		if !found[k] {
			r.warn(a, CodeDefinition, st.URL, "want the parameters of profile "+st.URL+" in the operation, have "+slices[k].name+" left out")
		}
	}
}

// parameterSlices returns the slices of a profile of Parameters that fix a name.
func (r *run) parameterSlices(st *fhirdef.Structure) []parameterSlice {
	var out []parameterSlice
	for _, s := range r.program(st).root.slots {
		if s.name != "parameter" {
			continue
		}
		for _, sl := range s.slices {
			p := parameterSlice{min: sl.el.Min, max: sl.el.Max}
			for _, kid := range sl.slots {
				switch l := kid.el.Fixed; {
				case kid.name == "name" && l != nil:
					p.name = l.Value.Text()
				case kid.name == "name" && kid.el.Pattern != nil:
					p.name = kid.el.Pattern.Value.Text()
				case (kid.name == "value" || kid.name == "resource") && kid.el.Max > 0:
					for i := range kid.types {
						p.types = append(p.types, &kid.types[i])
						p.open = p.open || kid.types[i].name == "Resource"
					}
					p.open = p.open || kid.name == "value" && len(kid.types) > 1
				}
			}
			if p.name != "" {
				out = append(out, p)
			}
		}
	}
	return out
}

// sameParameter compares one parameter with its slice.
func (r *run) sameParameter(a at, p jsontree.Value, s *parameterSlice, st *fhirdef.Structure) {
	fail := func(format string, args ...any) {
		r.report(finding{severity: issue.Error, code: CodeDefinition, rule: st.URL, at: a, message: fmt.Sprintf(format, args...) + " (" + st.URL + ")"})
	}
	if n, ok := number(p.Get("min")); ok && n != s.min {
		fail("want the minimum that the profile has for %s, %d, have %d", s.name, s.min, n)
	}
	if text := p.Get("max").Text(); text != "" && text != limit(s.max) {
		fail("want the maximum that the profile has for %s, %s, have another", s.name, limit(s.max))
	}
	if s.open || len(s.types) == 0 {
		return
	}
	own := allowedTypes(p)
	var names, targets []string
	for _, t := range s.types {
		names = append(names, t.name)
		targets = append(targets, t.TargetProfiles...)
	}
	if len(own) == 0 || slices.ContainsFunc(own, r.defs.Abstract) {
		return
	}
	for _, t := range names {
		if !slices.Contains(own, t) {
			fail("want the types that the profile has for %s, have %s left out", s.name, t)
		}
	}
	for _, t := range own {
		if !slices.Contains(names, t) {
			fail("want the types that the profile has for %s, %s, have %s", s.name, strings.Join(names, " or "), t)
		}
	}
	have := texts(p.Get("targetProfile"))
	for _, u := range targets {
		if !slices.Contains(have, u) {
			fail("want the target profiles that the profile has for %s, have %s left out", s.name, safeURL(u))
		}
	}
	for _, u := range have {
		if !slices.Contains(targets, u) {
			fail("want the target profiles that the profile has for %s, have %s, which it has not", s.name, safeURL(u))
		}
	}
}

// allowedTypes returns the types of a parameter: its type, or the types that the
// extension allowed-type gives in its place.
func allowedTypes(p jsontree.Value) []string {
	var out []string
	for x := p.Get("extension").First(); x.Kind() != jsontree.Invalid; x = x.Next() {
		if x.Get("url").EqualText("http://hl7.org/fhir/StructureDefinition/operationdefinition-allowed-type") {
			out = append(out, x.Get("valueUri").Text())
		}
	}
	if t := p.Get("type").Text(); len(out) == 0 && t != "" {
		out = append(out, t)
	}
	return out
}

// limit writes an upper limit.
func limit(n int) string {
	if n == fhirdef.Unbounded {
		return "*"
	}
	return fmt.Sprint(n)
}

// number reads a whole number.
func number(v jsontree.Value) (int, bool) {
	var n int
	_, err := fmt.Sscan(string(v.Raw()), &n)
	return n, err == nil && v.Kind() == jsontree.Number
}
