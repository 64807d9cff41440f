// Package dicommeta reads the metadata of DICOM: everything but the pixels.
package dicommeta
