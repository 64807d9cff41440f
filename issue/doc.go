// Package issue holds the one type in which every package of Carabiner
// reports what is wrong, or worth knowing, about data.
//
// Data flows forward through iterators; findings go sideways to a Reporter;
// an error ends the flow. Whoever finds a problem makes an Issue and hands it
// on; whether to go on is decided by the Reporter alone:
//
//	w := issue.NewWriter(os.Stderr, issue.Text)
//	defer w.Close()
//	opts := &fhir.ReadOptions{Reporter: issue.Tee(w, &counter)}
//
// # Terms
//
// A finding is one Issue. Its Code names the kind of finding and is permanent
// once released; its Pos is the place in the input; its Path is the place in
// the record, in the notation of the format; its Rule is the clause or
// constraint that was broken.
//
// A Message says what was wanted and then what was there, by kind: "want
// integer, have text". It never holds a value of the record, because a value
// may identify a patient.
//
// # Standards
//
// Severities are those of FHIR R4 (value set issue-severity). A Writer writes
// plain text, NDJSON, a FHIR R4 OperationOutcome or a SARIF 2.1.0 log.
//
// # Limits
//
// Columns count bytes from 1. SARIF viewers take them as UTF-16 units, so that
// their mark stands too far right on a line with other than ASCII text before
// it. Offset 0 and an unknown offset are told apart only by Line.
//
// # Not here
//
// The codes themselves live in codes.go of the package that uses them. Errors
// of the world (a disk, a cancelled context) and of the caller (wrong options)
// are plain Go errors, not findings.
package issue
