//go:build race

package fhirproto

const raceDetector = true
