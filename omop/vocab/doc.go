// Package vocab looks up concepts in the OMOP standardized vocabularies.
package vocab
