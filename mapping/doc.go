// Package mapping turns health data of one standard into another: FHIR R4
// resources into the OMOP Common Data Model 5.4.
//
// The shortest whole program:
//
//	store, err := vocab.Open("vocabulary.idx")
//	if err != nil { ... }
//	defer store.Close()
//	srcs, err := fhir.NewSources([]string{"export/"})
//	if err != nil { ... }
//	report, err := mapping.Convert(ctx, srcs, &mapping.ConvertOptions{Out: "out", Concepts: store})
//	if err != nil { ... }
//	report.WriteText(os.Stdout)
//
// # Terms
//
// A resource becomes facts ([FHIRToOMOP.Map], a pure function of the resource,
// the policy and the vocabulary). A fact is one statement that will be one row:
// person, encounter and staff by reference, dates, concepts, values. The
// domain of the resolved standard concept picks the table; a code without one
// keeps its row with concept 0 and its source value. The facts of a person are
// brought together (in memory, on disk beyond a bound) and reduced to rows:
// references resolved, ids given, observation periods derived.
//
// A [Policy] says what counts. It is a YAML file; "ohdsi" ships with the package.
//
// Every resource ends once: mapped, filtered by a rule, quarantined with the
// reason and the record, or unsupported because its type is not mapped yet.
// [Report] holds the account, and Convert refuses to finish when it does not
// add up to what the reader handed out.
//
// # Ids
//
// Keys are dense 32-bit numbers: persons in the order of the Patient ids, other
// rows in the order of person, day, resource type and id, so that the same
// input gives the same bytes whatever the order of files and the number of
// workers. The way back to the resource stands in idmap/, outside the CDM; no
// row holds an identifier or a name of a patient, encounter or practitioner,
// but for the public NPI of staff, which the policy can drop. Notes and
// addresses are what the source says.
// Of several copies of one resource the latest by meta.lastUpdated counts, else
// the one that says most.
//
// # Standards
//
// FHIR R4 (4.0.1); OMOP CDM 5.4 with the medical imaging extension's
// image_occurrence; conventions of OHDSI's Themis group where they are stated;
// requirements of the HL7 FHIR-to-OMOP guide 2.0.0-ballot, with the policy's
// departures: prescriptions of any order intent count as exposures, and
// transaction Bundles are read.
//
// # Limits
//
// Patient, Practitioner, Organization, Location, Encounter, Condition,
// Observation, Procedure, MedicationRequest, Medication, Immunization,
// AllergyIntolerance, DiagnosticReport, ImagingStudy and Claim are mapped. Of
// a Claim only diagnoses and procedures that it codes itself make rows. What a
// resource says and no row holds (body site, severity, stage, reactions, ...)
// is counted in the report as a loss. Resources about no person stay in memory
// while a conversion runs, and so does one person at a time a worker.
package mapping
