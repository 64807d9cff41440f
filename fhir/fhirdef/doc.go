// Package fhirdef holds FHIR's definitions as data.
package fhirdef
