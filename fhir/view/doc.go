// Package view turns FHIR resources into rows, as SQL-on-FHIR ViewDefinitions say.
package view
