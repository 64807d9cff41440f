//go:build race

package suyash

const raceDetector = true
