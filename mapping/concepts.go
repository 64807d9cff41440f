package mapping

import (
	"slices"

	"github.com/carabiner-health/carabiner/omop"
)

// Concepts answers what a mapping asks of a vocabulary. A *vocab.Store is one.
// Its methods must be safe for concurrent use.
type Concepts interface {
	// Lookup returns the concept of a code in an OMOP vocabulary.
	Lookup(vocabulary, code string) (omop.ConceptInfo, bool)
	// Concept returns the concept of an id.
	Concept(id int32) (omop.ConceptInfo, bool)
	// MapsTo appends the standard concepts that a concept maps to, by id.
	MapsTo(id int32, dst []omop.ConceptInfo) []omop.ConceptInfo
	// MapsToValue appends the values that belong to those concepts.
	MapsToValue(id int32, dst []omop.ConceptInfo) []omop.ConceptInfo
}

// target is a standard concept that a code leads to. value is the concept of
// "Maps to value", 0 where there is none.
type target struct {
	id, value int32
	table     Table
	ignored   bool
	class     string
}

// resolved is what the vocabulary says of one code.
type resolved struct {
	source     int32 // the code's own concept, 0 when unknown
	vocabulary string
	code       string // as looked up, after cleaning
	targets    []target
	cleaning   cleaning // what had to be mended to find it
	rank       int      // place in the policy's vocabulary order
}

// cleaning names a mending of a code, for the report.
type cleaning uint8

const (
	cleanNone cleaning = iota
	cleanLOINCShape
	cleanZeroPadding
	cleanUnit
	cleanings
)

var cleaningNames = [cleanings]string{"", "wrong-system-loinc", "zero-padding", "unit-alias"}

// resolver answers codings from a cache; one worker owns one resolver.
type resolver struct {
	m     *FHIRToOMOP
	codes map[string]*resolved
	units map[string]unit
	key   []byte
	buf   []omop.ConceptInfo
}

type unit struct {
	id       int32
	cleaning cleaning
}

// maxCached bounds the caches of a resolver; a full cache starts anew.
const maxCached = 1 << 16

func newResolver(m *FHIRToOMOP) *resolver {
	return &resolver{m: m, codes: make(map[string]*resolved), units: make(map[string]unit)}
}

// code returns what the vocabulary says of a code of a FHIR system. The
// answer is shared and must not be changed.
func (r *resolver) code(system, code []byte) *resolved {
	r.key = append(append(append(r.key[:0], system...), '|'), code...)
	if x, ok := r.codes[string(r.key)]; ok {
		return x
	}
	if len(r.codes) >= maxCached {
		clear(r.codes)
	}
	x := r.resolve(string(system), string(code))
	r.codes[string(r.key)] = x
	return x
}

func (r *resolver) resolve(system, code string) *resolved {
	x := &resolved{code: code, vocabulary: r.m.policy.Systems[system], rank: len(r.m.policy.VocabularyOrder)}
	c, ok := r.find(x)
	if !ok {
		return x
	}
	if i := slices.Index(r.m.policy.VocabularyOrder, x.vocabulary); i >= 0 {
		x.rank = i
	}
	x.source = c.ID
	r.buf = r.m.concepts.MapsTo(c.ID, r.buf[:0])
	for _, t := range r.buf {
		x.targets = append(x.targets, r.target(t))
	}
	r.buf = r.m.concepts.MapsToValue(c.ID, r.buf[:0])
	if len(r.buf) > 0 && len(x.targets) > 0 {
		// CDM: the value stands beside the concept of the same map; several
		// values beside one concept can't be told apart, the first is kept.
		for i := range x.targets {
			x.targets[i].value = r.buf[min(i, len(r.buf)-1)].ID
		}
	}
	return x
}

func (r *resolver) target(c omop.ConceptInfo) target {
	t := target{id: c.ID, class: c.Class, table: TableObservation}
	if name, ok := r.m.policy.Domains[c.Domain]; ok {
		t.table = eventTableByName[name]
	}
	t.ignored = slices.Contains(r.m.policy.IgnoredDomains, c.Domain)
	return t
}

// find looks the code up as written, then mended by the policy.
func (r *resolver) find(x *resolved) (omop.ConceptInfo, bool) {
	if x.vocabulary != "" {
		if c, ok := r.m.concepts.Lookup(x.vocabulary, x.code); ok {
			return c, true
		}
		if slices.Contains(r.m.policy.Cleaning.ZeroPadding, x.vocabulary) {
			for _, alt := range zeroVariants(x.code) {
				if c, ok := r.m.concepts.Lookup(x.vocabulary, alt); ok {
					x.code, x.cleaning = alt, cleanZeroPadding
					return c, true
				}
			}
		}
	}
	if r.m.policy.Cleaning.LOINCShape && x.vocabulary != "LOINC" && loincShaped(x.code) {
		if c, ok := r.m.concepts.Lookup("LOINC", x.code); ok {
			x.vocabulary, x.cleaning = "LOINC", cleanLOINCShape
			return c, true
		}
	}
	return omop.ConceptInfo{}, false
}

// unit returns the standard concept of a UCUM unit, 0 when there is none.
func (r *resolver) unit(code []byte) unit {
	if u, ok := r.units[string(code)]; ok {
		return u
	}
	if len(r.units) >= maxCached {
		clear(r.units)
	}
	u := unit{id: r.standardUnit(string(code))}
	if u.id == 0 {
		if alias, ok := r.m.policy.Cleaning.Units[string(code)]; ok {
			if id := r.standardUnit(alias); id != 0 {
				u = unit{id: id, cleaning: cleanUnit}
			}
		}
	}
	r.units[string(code)] = u
	return u
}

func (r *resolver) standardUnit(code string) int32 {
	c, ok := r.m.concepts.Lookup("UCUM", code)
	if !ok {
		return 0
	}
	r.buf = r.m.concepts.MapsTo(c.ID, r.buf[:0])
	if len(r.buf) == 0 {
		return 0
	}
	return r.buf[0].ID
}

// zeroVariants returns a number without its leading zeros, then with up to
// two of them in front.
func zeroVariants(code string) []string {
	i := 0
	for i < len(code)-1 && code[i] == '0' {
		i++
	}
	bare := code[i:]
	for _, c := range []byte(bare) {
		if c < '0' || c > '9' {
			return nil
		}
	}
	return []string{bare, "0" + bare, "00" + bare}
}

// loincShaped reports whether a code is written like a LOINC number: up to
// seven digits, a hyphen and a check digit that is right (mod 10).
func loincShaped(code string) bool {
	n := len(code) - 2
	if n < 1 || n > 7 || code[n] != '-' {
		return false
	}
	sum := 0
	for i := n - 1; i >= 0; i-- {
		d := int(code[i] - '0')
		if code[i] < '0' || code[i] > '9' {
			return false
		}
		if (n-1-i)%2 == 0 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return int(code[n+1]-'0') == (10-sum%10)%10
}
