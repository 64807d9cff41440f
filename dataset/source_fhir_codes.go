package dataset

import (
	"fmt"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

// Limits on the codes that a set lists: those of a required binding, which are
// checked, and those of others, which are for documentation.
const (
	maxRequiredCodes = 2000
	maxOpenCodes     = 100
)

// codeSetEntry is a code set as far as it has been asked for.
type codeSetEntry struct {
	set      *CodeSet
	required bool
}

// bindable are the types whose values a binding constrains.
func bindable(typ string) bool {
	switch typ {
	case "code", "Coding", "CodeableConcept", "string", "uri", "url", "canonical", "Quantity", "CodeableReference", "System.String":
		return true
	}
	return false
}

// bind puts the codes of a binding on a type.
func (b *fhirBuilder) bind(out *Type, e *fhirdef.Element, typ string) {
	bd := e.Binding
	if bd == nil || bd.ValueSet == "" || out.Kind != Text && out.Kind != ObjectKind {
		return
	}
	if !bindable(typ) && !b.specializes(typ) {
		return
	}
	required := bd.Strength == "required"
	out.Codes = b.codeSet(bd.ValueSet, required, e.ID)
	out.CodesOpen = !required
}

// specializes reports whether a type is a kind of one that can be bound: Age,
// Duration.
func (b *fhirBuilder) specializes(typ string) bool {
	return b.defs.Kind(typ) != "" && (b.defs.IsSubtype(typ, "Quantity") || b.defs.IsSubtype(typ, "uri") || b.defs.IsSubtype(typ, "string"))
}

// codeSet is the set of codes of a value set. Codes are listed where all of them
// are known and they are not too many.
func (b *fhirBuilder) codeSet(canonical string, required bool, id string) *CodeSet {
	entry := b.codeSets[canonical]
	if entry == nil {
		key := canonical
		vs := b.defs.ValueSet(canonical)
		if vs != nil { // with or without its version in the canonical, it is the same
			key = "=" + vs.URL + "|" + vs.Version
			if strings.Contains(canonical, "#") {
				key = "=" + canonical
			}
			entry = b.codeSets[key]
		}
		if entry == nil {
			entry = &codeSetEntry{set: b.newCodeSet(canonical, vs)}
			b.codeSets[key] = entry
			b.list(entry.set, canonical, maxOpenCodes)
		}
		b.codeSets[canonical] = entry
	}
	if !required || entry.required {
		return entry.set
	}
	entry.required = true
	if !entry.set.Complete {
		b.list(entry.set, canonical, maxRequiredCodes)
	}
	if !entry.set.Complete {
		b.notHeld(id, b.whyOpen(canonical))
	}
	return entry.set
}

// list gives a set its codes if all are known and no more than most.
func (b *fhirBuilder) list(s *CodeSet, canonical string, most int) {
	codes, complete, _ := b.defs.Expand(canonical)
	if !complete || len(codes) > most || len(codes) == 0 {
		return
	}
	s.Complete = true
	s.Codes = make([]Code, len(codes))
	for i, c := range codes {
		s.Codes[i] = Code{System: c.System, Code: c.Code, Display: c.Display}
	}
}

// whyOpen says why the codes of a required binding are not checked.
func (b *fhirBuilder) whyOpen(canonical string) string {
	codes, complete, reason := b.defs.Expand(canonical)
	switch {
	case b.defs.ValueSet(canonical) == nil:
		return fmt.Sprintf("the value set %q is not at hand: its codes are not checked", canonical)
	case complete && len(codes) > maxRequiredCodes:
		return fmt.Sprintf("the value set %q has %d codes, more than the %d that are listed: they are not checked", canonical, len(codes), maxRequiredCodes)
	}
	return fmt.Sprintf("not all codes of the value set %q are known (%s): they are not checked", canonical, reason)
}

func (b *fhirBuilder) newCodeSet(canonical string, vs *fhirdef.ValueSet) *CodeSet {
	url, version, _ := strings.Cut(canonical, "|")
	s := &CodeSet{URL: url, Version: version, Name: urlTail(url)}
	if i := strings.IndexByte(url, '#'); i >= 0 {
		s.Name = url[i+1:]
	}
	if vs != nil {
		s.Title, s.Version = vs.Title, vs.Version
		if vs.Name != "" {
			s.Name = vs.Name
		}
	}
	base := s.Name
	for i := 2; b.names["codes "+s.Name]; i++ {
		s.Name = fmt.Sprintf("%s-%d", base, i)
	}
	b.names["codes "+s.Name] = true
	return s
}
