// Package mapping turns health data of one standard into another: FHIR R4
// resources and DICOM headers into the OMOP Common Data Model 5.4, DICOM into
// FHIR and back.
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
// With DICOM files of the same patients, here in the same folder:
//
//	images := mapping.DICOMFiles(ctx, dicommeta.Sources("export/"), nil, nil)
//	images.Root = "export/"
//	report, err := mapping.Convert(ctx, srcs, &mapping.ConvertOptions{Out: "out", Concepts: store, DICOM: images})
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
// # DICOM and FHIR together
//
// A DICOM study becomes a procedure, each of its series an image_occurrence, the
// attributes that the policy chooses and the measurements of structured reports
// (TID 1500) become measurements or observations with an image_feature beside
// them ([DICOMToOMOP.Map], a pure function too). Studies are mapped when all
// resources were read. Identifiers lead from a study to its Patient: PatientID and
// other patient IDs to identifiers of the Patient, the study UID and the accession
// number to resources about it. All that lead somewhere must have one Patient in
// common; a study is never guessed to be somebody's but quarantined. Identifiers
// or the day lead to the visit. A study and the ImagingStudy of the same UID are
// one: procedure code, date and encounter of FHIR, series of DICOM, and those that
// FHIR alone knows. A study that nothing links has a person of its own, known
// by Patient ID and issuer, or is quarantined, as the policy says.
//
// Concepts of attributes, modalities and terms are looked up in the vocabulary
// DICOM by their codes. To a vocabulary without any the list that members of
// OHDSI's imaging working group published is added, with its local ids.
//
// Every file ends once too, see [DICOMAccount]: mapped, filtered (a copy, a
// modality that the policy skips, a file that FHIR was read of), quarantined, or
// unsupported as it is not DICOM or a directory of media.
//
// # Ids
//
// Keys are dense 32-bit numbers: persons in the order of the Patient ids, other
// rows in the order of person, day, resource type and id, so that the same
// input gives the same bytes whatever the order of files and the number of
// workers. The way back to the resource stands in idmap/, outside the CDM; no
// row holds an identifier or a name of a patient, encounter or practitioner,
// but for the public NPI of staff, which the policy can drop. Notes and
// addresses are what the source says, and so are UIDs of studies and series and
// the folders that series are in; the policy can leave the folders out. Persons
// known from DICOM alone stand behind the others, in the order of issuer and
// Patient ID.
// Of several copies of one resource the latest by meta.lastUpdated counts, else
// the one that says most.
//
// # Standards
//
// FHIR R4 (4.0.1); OMOP CDM 5.4 with the medical imaging extension's
// image_occurrence and image_feature (field list of 2026-04-07), of whose links
// image_feature_event_field_concept_id names the key of a table as those of the
// CDM do; DICOM PS3.3 and PS3.16 of 2025 for headers and reports; conventions of OHDSI's Themis group where they are stated;
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
// while a conversion runs, and so does one person at a time a worker; with DICOM
// also the identifiers of resources while resources and studies are read, some 100
// bytes each. Of DICOM, the issuer of accession numbers, attributes within
// per-frame functional groups, laterality, texts in reports and codes of the
// retired scheme SRT are not used; times without an offset have the policy's.
package mapping
