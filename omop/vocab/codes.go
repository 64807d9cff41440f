package vocab

import "github.com/carabiner-health/carabiner/issue"

// The codes of the findings about Athena files. They are permanent.
const (
	CodeColumns     issue.Code = "vocab-columns"      // a line has more or fewer fields than the header
	CodeID          issue.Code = "vocab-id"           // a concept id is not an integer of 0 to 2147483647
	CodeFlag        issue.Code = "vocab-flag"         // standard_concept or invalid_reason holds another letter
	CodeEmpty       issue.Code = "vocab-empty"        // vocabulary_id, domain_id or concept_class_id is empty
	CodeQuote       issue.Code = "vocab-quote"        // a quoted field is not closed or goes on after its quote
	CodeLongLine    issue.Code = "vocab-long-line"    // a line is longer than any line may be
	CodeEncoding    issue.Code = "vocab-encoding"     // a code or name is not UTF-8; U+FFFD stands in
	CodeDuplicateID issue.Code = "vocab-duplicate-id" // a second concept of the same id
	CodeDangling    issue.Code = "vocab-dangling"     // relationships with an end that is no concept here
	CodeNotStandard issue.Code = "vocab-not-standard" // mappings to concepts that are not standard
	CodeSameCode    issue.Code = "vocab-same-code"    // several concepts of one vocabulary share a code
	CodeMissingFile issue.Code = "vocab-missing-file" // a file that may be absent is absent
	CodeForeignFile issue.Code = "vocab-foreign-file" // CONCEPT_CPT4.csv waits to be merged by Athena's own tool
)
