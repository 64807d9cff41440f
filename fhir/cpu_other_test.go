//go:build !unix

package fhir

import "time"

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }
