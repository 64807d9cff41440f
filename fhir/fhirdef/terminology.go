package fhirdef

import (
	"strings"
	"sync"
	"sync/atomic"
)

// Membership is what can be said of a code without a terminology server. The
// zero value is Unknown: silence is never taken for a yes or a no.
type Membership uint8

// The answers.
const (
	Unknown Membership = iota // the definitions at hand cannot tell
	Out                       // the code certainly does not belong
	In                        // the code belongs
)

// String returns the lower-case name of the answer.
func (m Membership) String() string {
	switch m {
	case In:
		return "in"
	case Out:
		return "out"
	}
	return "unknown"
}

// ReasonKind is why an answer is Unknown.
type ReasonKind uint8

// The reasons.
const (
	NoReason            ReasonKind = iota
	ValueSetNotKnown               // the value set is not among the definitions
	ValueSetEmpty                  // it has neither a compose nor an expansion
	ValueSetCycle                  // it imports itself, by whatever way
	SystemNotHeld                  // the code system is not among the definitions
	SystemNotComplete              // only a part of its codes is
	VersionNotHeld                 // the version asked for is not; another one is
	FilterNotComputable            // a filter needs what is not known of the system
	CodesWithheld                  // the codes have a licence of their own and are not shipped
	ExpansionPartial               // the expansion shows a part of the codes
	SetTooLarge                    // more codes than are listed
)

// Reason says why an answer is Unknown, in terms of definitions only.
type Reason struct {
	Kind    ReasonKind
	Subject string // canonical of the value set or code system
	Detail  string // the version, or the filter
}

// String returns the reason as a clause for a message; "" without a reason.
func (r Reason) String() string {
	switch r.Kind {
	case ValueSetNotKnown:
		return "value set " + r.Subject + " is not known"
	case ValueSetEmpty:
		return "value set " + r.Subject + " has no content"
	case ValueSetCycle:
		return "value set " + r.Subject + " imports itself"
	case SystemNotHeld:
		return "code system " + r.Subject + " is not held"
	case SystemNotComplete:
		return "code system " + r.Subject + " is held in part only"
	case VersionNotHeld:
		return "version " + r.Detail + " of code system " + r.Subject + " is not held"
	case FilterNotComputable:
		return "filter " + r.Detail + " on code system " + r.Subject + " needs a terminology server"
	case CodesWithheld:
		return "codes of " + r.Subject + " are not shipped"
	case ExpansionPartial:
		return "expansion of value set " + r.Subject + " is not whole"
	case SetTooLarge:
		return "value set " + r.Subject + " has too many codes to list"
	}
	return ""
}

// CodeResult is the answer to whether a code belongs to a value set.
type CodeResult struct {
	Membership Membership
	System     string // the system that the code was found in
	Reason     Reason // of Unknown
}

// CodeInfo is what a code system says about one code.
type CodeInfo struct {
	Code         string // as the system writes it
	Display      string // "" where the system or the program has none
	Designations []Designation
	Inactive     bool // retired or inactive
	Deprecated   bool
	Abstract     bool   // not for selection, only for grouping
	CaseMismatch bool   // the code was asked for in another case than the system writes
	Version      string // of the code system that was consulted
}

// terminologySource is what terminology is computed from.
type terminologySource interface {
	ValueSet(canonical string) *ValueSet
	CodeSystem(canonical string) *CodeSystem
	// Supplements returns the supplements of the code system with a URL.
	Supplements(url string) []*CodeSystem
}

// terminology remembers what was computed from a source. Its zero value is
// ready; it is safe for concurrent use.
type terminology struct {
	mu       sync.Mutex   // held while a set is computed
	sets     sync.Map     // canonical → *Set
	composed int          // how many sets
	systems  sync.Map     // canonical → *system
	known    atomic.Int64 // how many systems
}

// CompiledSet returns the value set with a canonical URL, ready for many
// questions. It is never nil: a value set that is not known answers Unknown.
// Safe for concurrent use, as the Set is.
func (d *Definitions) CompiledSet(valueSet string) *Set {
	return d.terms.set(d, valueSet)
}

// ValidateCode reports whether a code of a system belongs to a value set. With
// system "" it asks for the code in any of the value set's systems, as for an
// element of type code, and tells the system it found. Safe for concurrent use.
func (d *Definitions) ValidateCode(valueSet, system, code string) CodeResult {
	return d.CompiledSet(valueSet).Find(system, code)
}

// LookupCode returns what a code system says about a code: In with the facts,
// Out if the system is held whole and lacks the code, otherwise Unknown with the
// reason. version "" means the newest held. Safe for concurrent use.
func (d *Definitions) LookupCode(system, version, code string) (CodeInfo, Membership, Reason) {
	return d.terms.system(d, system, version).lookup(code)
}

// Subsumes reports whether code b is a or below it in the hierarchy of a
// system. Unknown if either is not a code of the system as held.
func (d *Definitions) Subsumes(system, a, b string) Membership {
	s := d.terms.system(d, system, "")
	i, okA := s.find(a)
	j, okB := s.find(b)
	switch {
	case !okA || !okB:
		return Unknown
	case s.below(i)[j]:
		return In
	case s.complete:
		return Out
	}
	return Unknown
}

func (t *terminology) set(src terminologySource, canonical string) *Set {
	if s, ok := t.sets.Load(canonical); ok {
		return s.(*Set)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c := composer{t: t, src: src}
	return c.set(canonical)
}

// system returns a code system, also while t.mu is held. Two callers may
// compute the same one at once; they get equal results and one is kept.
func (t *terminology) system(src terminologySource, url, version string) *system {
	if at := strings.IndexByte(url, '|'); at >= 0 {
		if version == "" {
			version = url[at+1:]
		}
		url = url[:at]
	}
	key := url
	if version != "" {
		key += "|" + version
	}
	if s, ok := t.systems.Load(key); ok {
		return s.(*system)
	}
	s := newSystem(src, url, version)
	if t.known.Load() < maxSystems { // data may name any number of systems
		if kept, there := t.systems.LoadOrStore(key, s); there {
			return kept.(*system)
		}
		t.known.Add(1)
	}
	return s
}

// maxSystems bounds the code systems and versions that are remembered, and the value
// sets: data may name any number without their being held.
const maxSystems = 20_000
