// Package fhirproto is the door to google/fhir: resources in, messages out, and
// back.
package fhirproto
