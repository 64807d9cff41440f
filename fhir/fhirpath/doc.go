// Package fhirpath compiles and evaluates FHIRPath, the whole language, directly
// on the bytes of resources: nothing is converted first.
//
//	e, err := fhirpath.Compile("name.where(use = 'official').given.first()", nil)
//	if err != nil {
//		return err
//	}
//	for r, err := range fhir.Read(ctx, file, nil) {
//		if err != nil {
//			return err
//		}
//		names, err := e.Eval(&fhirpath.Input{Focus: fhirpath.NodeOf(r.Root())})
//		...
//	}
//
// # Terms
//
// A Node is an element of a resource with its FHIR type; an Item is a Node or a
// System value (Boolean, Integer, Long, Decimal, String, Date, DateTime, Time,
// Quantity); a Collection is a result, items in order. A primitive element stays
// a Node until its value is asked for. The focus is what an expression starts
// from. A check is what Compile finds wrong without data, by the types alone.
//
// # Standards
//
// FHIRPath N1 (2.0.0), with what the 3.0 ballot adds: sort, coalesce, repeatAll,
// boundaries, precision, defineVariable, Long, parts of dates, encodings,
// aggregates. FHIR R4 §2.1.9.1: its functions and variables. UCUM for units. Where
// HL7's tests for R4 are clearer than the text, the tests count: as() and ofType()
// take a primitive of the very type alone; the part of a unit that is added to a
// date is cut; boundaries of numbers are cut on the side of zero.
//
// # Limits
//
// A source has at most 1 MiB, 20,000 terms and 250 levels. An evaluation holds at
// most 1,000,000 items and makes or compares at most 400,000,000; beyond that it
// fails with ErrLimit. Decimals are exact, up to 400 digits; quotients and roots
// have 16 digits after the point; exp, ln, log and fractional powers have those of
// a float64. Dates have the years 1 to 9999, times six digits after the second.
// Regular expressions are those of RE2: no look-around, no back references.
// memberOf and subsumes give nothing where the definitions at hand cannot tell.
// conformsTo needs Input.ConformsTo, which the validator of package fhir provides.
//
// A message never holds a value of the data.
package fhirpath
