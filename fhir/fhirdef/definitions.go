package fhirdef

// Definitions is a set of structures, value sets and code systems that are
// looked up by canonical URL. It is immutable and safe for concurrent use; what
// it holds is parsed when first asked for.
type Definitions struct{}

// R4 returns the definitions of FHIR R4 (4.0.1) with HL7's terminology and
// extension pack, embedded in the program.
func R4() *Definitions { return &Definitions{} }

// Structure returns the structure with a canonical URL, which may end in
// |version; nil if there is none. Without a version, the newest wins; a version
// such as 1.2 finds 1.2.x.
func (d *Definitions) Structure(canonical string) *Structure { return nil }

// Type returns the structure that defines a type of FHIR, such as Patient,
// HumanName or string; nil if there is none.
func (d *Definitions) Type(name string) *Structure { return nil }

// ValueSet returns the value set with a canonical URL, found as Structure finds
// its own; nil if there is none.
func (d *Definitions) ValueSet(canonical string) *ValueSet { return nil }

// CodeSystem returns the code system with a canonical URL, found as Structure
// finds its own; nil if there is none.
func (d *Definitions) CodeSystem(canonical string) *CodeSystem { return nil }
