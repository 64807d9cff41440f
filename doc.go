// Package carabiner is the root of a software development kit, a command and
// a code generator that connect three standards of health data: FHIR, the
// OMOP Common Data Model and DICOM metadata. It holds no code; the packages
// below it do.
//
// The formats, which do not know each other:
//
//   - [github.com/carabiner-health/carabiner/fhir] reads FHIR R4 in JSON and XML,
//     checks it by definitions and profiles, and writes it in JSON.
//   - [github.com/carabiner-health/carabiner/omop] holds the OMOP tables as Go
//     types; reads, writes and checks them as CSV and Parquet.
//   - [github.com/carabiner-health/carabiner/dicommeta] reads DICOM headers, checks
//     them by their SOP class, changes them, and speaks DICOM JSON.
//
// What they stand on:
//
//   - [github.com/carabiner-health/carabiner/issue] is the one type of a finding.
//   - [github.com/carabiner-health/carabiner/fhir/fhirdef] holds FHIR's definitions
//     as data, and [github.com/carabiner-health/carabiner/fhir/fhirpath] evaluates
//     FHIRPath on resources.
//   - [github.com/carabiner-health/carabiner/omop/cdm] is the model's own specification as data.
//   - [github.com/carabiner-health/carabiner/dicommeta/dict] is DICOM's data dictionary,
//     [github.com/carabiner-health/carabiner/dicommeta/iod] what its objects must carry.
//   - [github.com/carabiner-health/carabiner/columnar] turns typed rows into Parquet and back.
//
// What stands on them:
//
//   - [github.com/carabiner-health/carabiner/omop/vocab] turns vocabulary files
//     into one memory-mapped index.
//   - [github.com/carabiner-health/carabiner/dicommeta/index] turns folders of DICOM
//     into tables and studies, [github.com/carabiner-health/carabiner/dicommeta/web] asks
//     DICOMweb servers, [github.com/carabiner-health/carabiner/dicommeta/suyash] is the
//     door to suyashkumar/dicom.
//   - [github.com/carabiner-health/carabiner/mapping] turns FHIR and DICOM into OMOP, and
//     DICOM into FHIR and back.
//   - [github.com/carabiner-health/carabiner/fhir/view] makes the tables of
//     SQL-on-FHIR views, [github.com/carabiner-health/carabiner/fhir/fhirproto]
//     google/fhir's messages.
//   - [github.com/carabiner-health/carabiner/dataset] resolves dataset profiles, which say
//     what an extract holds; [github.com/carabiner-health/carabiner/dataset/extract] makes
//     their tables, [github.com/carabiner-health/carabiner/dataset/survey] drafts them.
//   - [github.com/carabiner-health/carabiner/gen] turns profiles into Go source, schemas and
//     data dictionaries.
//
// The command is [github.com/carabiner-health/carabiner/cmd/carabiner].
//
// Nothing here opens a network connection, but package web to the server that it is
// given, and nothing writes a value of a record into a message.
//
//go:generate go run -C internal/tools ./clinicmaker
package carabiner
