// Package fhirpath compiles and evaluates FHIRPath.
package fhirpath
