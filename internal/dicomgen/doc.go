// Package dicomgen makes DICOM objects with realistic headers for tests and
// demonstrations: CT and MR series as several manufacturers write them, a
// screening mammography, whole slides of gigabytes that take no room on the
// disk, structure sets, presentation states, segmentations and measurement
// reports. Nobody stands behind them, and they hold no picture: pixel data has the
// length that belongs to it and is zero.
//
// The objects are those of PS3.3; a test holds them to dciodvfy.
package dicomgen
