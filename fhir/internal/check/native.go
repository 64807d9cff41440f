package check

import "github.com/carabiner-health/carabiner/fhir/fhirdef"

// native decides an invariant in Go.
type native func(r *run, a at) bool

// nativeOf returns the native form of a constraint; nil if it has none.
func nativeOf(k *fhirdef.Constraint) native { return nil }
