package mapping

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop"
)

// FHIRToOMOP maps FHIR R4 resources to facts for the OMOP CDM 5.4 by a policy
// and a vocabulary. It is immutable and safe for concurrent use.
type FHIRToOMOP struct {
	concepts Concepts
	policy   *Policy
	dicom    Concepts // for modalities beside DICOM studies, nil without them
}

// NewFHIRToOMOP returns a mapper. A nil policy is the default one; concepts
// must not be nil.
func NewFHIRToOMOP(concepts Concepts, policy *Policy) (*FHIRToOMOP, error) {
	if concepts == nil {
		return nil, fmt.Errorf("mapping: want a vocabulary, have none")
	}
	if policy == nil {
		policy = DefaultPolicy()
	}
	return &FHIRToOMOP{concepts: concepts, policy: policy}, nil
}

// Facts is what one resource says. A worker keeps one Facts and hands it to
// Map again and again: it also holds that worker's cache of resolved codes and
// its counts. It is not for concurrent use, and what it holds is valid until
// the next Map and as long as the resource is.
type Facts struct {
	person  []byte // id of the Patient; empty for a resource about no person
	typ     resourceType
	id      []byte
	source  int
	record  int64
	updated omop.Timestamp
	items   []fact

	outcome Outcome
	rule    rule
	issues  issue.List

	owner   *FHIRToOMOP
	res     *resolver
	account account
	codings []coding
	arena   []byte
	links   studyLinks // of a DICOM study
}

// Len returns the number of facts of the last resource.
func (f *Facts) Len() int { return len(f.items) }

// Table returns the table of fact i as far as the resource alone decides it.
func (f *Facts) Table(i int) Table { return f.items[i].Table }

// Outcome says how the last resource ended, as far as the resource alone
// decides it, and by which rule when it is not mapped.
func (f *Facts) Outcome() (Outcome, string) { return f.outcome, ruleNames[f.rule] }

// coding is one Coding of the CodeableConcept at hand.
type coding struct {
	system, code, display []byte
	res                   *resolved
}

// Map turns one resource into facts, which replace those that out held. The
// list names what is wrong with the resource; an Error in it means that the
// resource is quarantined. Map looks at nothing but the resource.
func (m *FHIRToOMOP) Map(r *fhir.Resource, out *Facts) issue.List {
	if out.owner != m {
		*out = Facts{owner: m, res: newResolver(m)}
	}
	out.person, out.id, out.items, out.issues, out.arena = nil, nil, out.items[:0], nil, out.arena[:0]
	out.outcome, out.rule, out.updated = Mapped, ruleNone, 0
	out.source, out.record = r.Source(), r.Record()
	out.typ = typeByName[r.Type()]
	if out.typ == typeOther {
		out.outcome = Unsupported
		return nil
	}
	x := mapper{Facts: out, r: r, p: m.policy, root: r.Root()}
	if out.id = r.IDBytes(); len(out.id) == 0 || len(out.id) > 255 {
		x.quarantine(ruleID, "id", "want an id, have none that can be used")
		return out.issues
	}
	if w, ok := dateOf(x.root.Get("meta").Get("lastUpdated").Bytes(nil), true, false); ok {
		out.updated = w.Instant
	}
	x.resource()
	if out.outcome == Mapped && len(out.items) == 0 {
		x.filter(ruleNoCode)
	}
	if out.outcome != Mapped {
		out.items = out.items[:0]
	}
	return out.issues
}

// mapper maps one resource.
type mapper struct {
	*Facts
	r    *fhir.Resource
	p    *Policy
	root fhir.Element
}

func (x *mapper) resource() {
	switch x.typ {
	case typePatient:
		x.patient()
		return
	case typePractitioner:
		x.practitioner()
		return
	case typeOrganization:
		x.organization()
		return
	case typeLocation:
		x.location()
		return
	case typeMedication:
		x.medication()
		return
	}
	if !x.statusCounts() || !x.subject() {
		return
	}
	switch x.typ {
	case typeEncounter:
		x.encounter()
	case typeCondition:
		x.condition()
	case typeObservation:
		x.observation()
	case typeProcedure:
		x.procedure()
	case typeMedicationRequest:
		x.medicationRequest()
	case typeImmunization:
		x.immunization()
	case typeAllergyIntolerance:
		x.allergy()
	case typeDiagnosticReport:
		x.diagnosticReport()
	case typeImagingStudy:
		x.imagingStudy()
	case typeClaim:
		x.claim()
	}
}

func (x *mapper) filter(r rule) { x.outcome, x.rule = Filtered, r }

func (x *mapper) quarantine(r rule, path, message string) {
	x.outcome, x.rule = Quarantined, r
	x.report(issue.Error, quarantineCode(r), path, message)
}

func (x *mapper) report(s issue.Severity, code issue.Code, path, message string) {
	p := typeNames[x.typ]
	if path != "" {
		p += "." + path
	}
	x.issues = append(x.issues, issue.Issue{Severity: s, Code: code, Pos: x.r.Pos(), Path: p, Message: message})
}

// statusCounts filters a resource whose status the policy leaves out.
func (x *mapper) statusCounts() bool {
	keep, ok := x.p.Status[typeNames[x.typ]]
	if !ok {
		return true
	}
	s := x.root.Get("status").Bytes(nil)
	if len(s) == 0 || containsBytes(keep, s) {
		return true
	}
	x.filter(ruleStatus)
	return false
}

// subject finds the Patient that the resource is about.
func (x *mapper) subject() bool {
	e := x.root.Get("subject")
	if !e.Exists() {
		e = x.root.Get("patient")
	}
	x.person = x.reference(e, "Patient")
	if x.person == nil {
		x.quarantine(ruleNoPerson, "subject", "want a reference to a Patient, have none that can be followed")
		return false
	}
	return true
}

// reference returns the id of the resource of that type to which a Reference
// points, nil when it points elsewhere.
func (x *mapper) reference(e fhir.Element, typ string) []byte {
	text := e.Get("reference").Bytes(nil)
	if len(text) == 0 {
		return nil
	}
	if n := len(typ); len(text) > n+1 && text[n] == '/' && string(text[:n]) == typ && plainID(text[n+1:]) {
		return text[n+1:] // by far the most common form
	}
	ref := x.r.Resolve(text)
	if ref.Kind == fhir.RefUnresolved && ref.Type == "" && len(ref.ID) > 0 && text[0] != '#' {
		return ref.ID // an urn:uuid outside of a Bundle: the id itself
	}
	if (ref.Kind == fhir.RefLocal || ref.Kind == fhir.RefBundle) && ref.Type == typ {
		return ref.ID
	}
	return nil
}

// plainID reports whether b is an id and nothing more (R4, datatypes: id).
func plainID(b []byte) bool {
	for _, c := range b {
		if !idBytes[c] {
			return false
		}
	}
	return len(b) > 0
}

// idBytes are the bytes of an id.
var idBytes = func() (t [256]bool) {
	for c := '0'; c <= 'z'; c++ {
		t[c] = c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a'
	}
	t['-'], t['.'] = true, true
	return t
}()

// site returns the key of the care site to which a Reference points.
func (x *mapper) site(e fhir.Element, typ resourceType) []byte {
	id := x.reference(e, typeNames[typ])
	if id == nil {
		return nil
	}
	return x.join("", []byte{byte(typ)}, id)
}

// when reads a date of the resource. A value that is no date is reported and
// taken as absent.
func (x *mapper) when(e fhir.Element, path string, last bool) moment {
	if !e.Exists() {
		return moment{}
	}
	w, ok := dateOf(e.Bytes(nil), x.p.Dates == "utc", last)
	if !ok {
		x.report(issue.Warning, CodeDate, path, "want a FHIR date, have something else")
		return moment{}
	}
	if w.Imputed {
		x.account.imputed++
	}
	return w
}

// period reads a Period.
func (x *mapper) period(e fhir.Element, path string) (start, end moment) {
	if !e.Exists() {
		return
	}
	return x.when(e.Get("start"), path+".start", false), x.when(e.Get("end"), path+".end", true)
}

// base returns the fact that all rows of the resource start from.
func (x *mapper) base() fact {
	var f fact
	f.concepts[cType] = x.typeConcept(typeNames[x.typ])
	f.texts[tEncounter] = x.reference(x.root.Get("encounter"), "Encounter")
	return f
}

func (x *mapper) typeConcept(name string) int32 {
	if t, ok := x.p.Types[name]; ok {
		return t
	}
	return x.p.Types["default"]
}

// categoryType lets a category of the resource refine its type concept.
func (x *mapper) categoryType(f *fact) {
	types := x.p.CategoryTypes[typeNames[x.typ]]
	if len(types) == 0 {
		return
	}
	for c := x.root.Get("category").First(); c.Exists(); c = c.Next() {
		for k := c.Get("coding").First(); k.Exists(); k = k.Next() {
			if t, ok := types[string(k.Get("code").Bytes(nil))]; ok {
				f.concepts[cType] = t
				return
			}
		}
	}
}

// add appends a copy of f.
func (x *mapper) add(f *fact) *fact {
	x.items = append(x.items, *f)
	return &x.items[len(x.items)-1]
}

// read puts the codings of a CodeableConcept into x.codings.
func (x *mapper) read(concept fhir.Element) {
	x.codings = x.codings[:0]
	for c := concept.Get("coding").First(); c.Exists(); c = c.Next() {
		x.readCoding(c)
	}
	if len(x.codings) > 1 {
		first := x.p.Preferred[typeNames[x.typ]]
		rank := func(c *coding) int {
			if first != "" && c.res.vocabulary == first {
				return -1
			}
			return c.res.rank
		}
		slices.SortStableFunc(x.codings, func(a, b coding) int { return rank(&a) - rank(&b) })
	}
}

func (x *mapper) readCoding(c fhir.Element) {
	code := c.Get("code").Bytes(nil)
	if len(code) == 0 {
		return
	}
	k := coding{system: c.Get("system").Bytes(nil), code: code, display: c.Get("display").Bytes(nil)}
	k.res = x.res.code(k.system, k.code)
	x.codings = append(x.codings, k)
}

// event appends one fact for every distinct standard concept that a
// CodeableConcept leads to, each a copy of f in the table of its domain. A
// concept without any goes to the home table as concept 0, with its source
// value. It returns false when the CodeableConcept names nothing, or only
// concepts of a domain that makes no event. field stands in the list of
// unmapped codes.
func (x *mapper) event(f *fact, concept fhir.Element, home Table, field string) bool {
	x.read(concept)
	text := concept.Get("text").Bytes(nil)
	if len(x.codings) == 0 && len(text) == 0 {
		return false
	}
	x.account.coded(x.typ)
	first := len(x.items)
	ignored := false
	for i := range x.codings {
		k := &x.codings[i]
		for _, t := range k.res.targets {
			if t.ignored {
				ignored = true
				continue
			}
			if !x.fits(first, t) {
				continue
			}
			n := x.add(f)
			n.Table = t.table
			n.concepts[cConcept], n.concepts[cSource] = t.id, k.res.source
			if t.value != 0 && n.concepts[cValue] == 0 {
				n.concepts[cValue] = t.value
			}
			n.texts[tSource] = k.code
		}
		if len(x.items) > first && k.res.cleaning != cleanNone {
			x.account.cleaned[k.res.cleaning]++
		}
		if x.p.Codings == "first" && len(x.items) > first {
			break
		}
	}
	if len(x.items) > first {
		x.account.standard(x.typ)
		return true
	}
	if ignored {
		x.account.standard(x.typ)
		return false
	}
	n := x.add(f)
	n.Table = home
	n.texts[tSource] = text
	for i := len(x.codings) - 1; i >= 0; i-- {
		k := &x.codings[i]
		n.texts[tSource] = k.code
		if k.res.source != 0 {
			n.concepts[cSource] = k.res.source
		}
	}
	x.unmapped(text, field)
	return true
}

// fits reports whether a target makes a row beside those from first on: it is
// not there yet, and its table takes another concept of the same resource.
func (x *mapper) fits(first int, t target) bool {
	for i := first; i < len(x.items); i++ {
		have := &x.items[i]
		if have.concepts[cConcept] == t.id {
			return false
		}
		if have.Table == t.table && slices.Contains(x.p.SingleConcept, tableNames[t.table]) {
			x.account.losses[lossTarget]++
			return false
		}
	}
	return true
}

// unmapped lists the codings at hand, or the text where there are none.
func (x *mapper) unmapped(text []byte, field string) {
	if len(x.codings) == 0 {
		x.account.unmapped(x.typ, field, nil, nil, text, 0)
	}
	for i := range x.codings {
		k := &x.codings[i]
		name := k.display
		if len(name) == 0 {
			name = text
		}
		x.account.unmapped(x.typ, field, k.system, k.code, name, k.res.source)
	}
}

// valueConcept returns the standard concept of a CodeableConcept that is a
// value, in whatever domain, its code and its text.
func (x *mapper) valueConcept(concept fhir.Element, field string) (id int32, source, text []byte) {
	x.read(concept)
	text = concept.Get("text").Bytes(nil)
	for i := range x.codings {
		k := &x.codings[i]
		if source == nil {
			source = k.code
		}
		if len(text) == 0 {
			text = k.display
		}
		if len(k.res.targets) > 0 {
			return k.res.targets[0].id, k.code, text
		}
	}
	if source == nil {
		source = text
	}
	if source != nil {
		x.unmapped(text, field)
	}
	return 0, source, text
}

// home returns the table for codes of the resource without standard concept.
func (x *mapper) home(name string) Table {
	if t, ok := eventTableByName[x.p.HomeTables[name]]; ok {
		return t
	}
	return TableObservation
}

func containsBytes(list []string, b []byte) bool {
	for _, s := range list {
		if s == string(b) {
			return true
		}
	}
	return false
}

// join copies parts into the arena with a separator between them and returns
// the copy, which stays until the next resource.
func (x *mapper) join(sep string, parts ...[]byte) []byte {
	x.arena = slices.Grow(x.arena, len(sep)*len(parts)+lenAll(parts))
	at := len(x.arena)
	for i, p := range parts {
		if i > 0 {
			x.arena = append(x.arena, sep...)
		}
		x.arena = append(x.arena, p...)
	}
	return x.arena[at:len(x.arena):len(x.arena)]
}

func lenAll(parts [][]byte) (n int) {
	for _, p := range parts {
		n += len(p)
	}
	return n
}

// clean replaces what must not stand in a key or a separated list.
func clean(b []byte) []byte {
	if bytes.IndexByte(b, addressSep[0]) < 0 {
		return b
	}
	return bytes.ReplaceAll(b, []byte(addressSep), []byte(" "))
}
