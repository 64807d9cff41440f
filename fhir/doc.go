// Package fhir reads FHIR R4 resources in JSON and XML, checks them, and writes
// them in JSON.
//
// A [Resource] is the bytes that were read and a tree over them. Nothing is
// decoded that nobody asks for, and nothing is lost: member order, the text of
// numbers, the _x members of primitives and members that occur twice all stay,
// and every element knows its place in the source. A resource in XML is given its
// JSON form by R4's definitions as it is read; its places are those of the XML.
//
// The shortest program that counts resources by type:
//
//	counts := map[string]int{}
//	for r, err := range fhir.ReadFS(ctx, os.DirFS("export"), nil) {
//		if err != nil {
//			return err
//		}
//		counts[r.Type()]++
//	}
//
// [Read] and [ReadFS] go in order; [Each] does the same with several workers.
// [Extract] fetches records again, [Inspect] tells what is in a folder, a
// [Writer] gives resources back, a [Validator] checks them against definitions and
// profiles. [Identify] and [Identities] find references that lead nowhere among
// many sources, [Gather] keeps the order of records with several workers.
//
// # Terms
//
// A source is one file or stream. A record is what is either handed out as a
// resource or rejected: a line of NDJSON, a document, an entry of a Bundle. A
// rejected record is one that cannot be read; it goes to the quarantine of
// [ReadOptions], its reason to the reporter, and the reading goes on.
//
// # Standards
//
// FHIR R4 (4.0.1): XML and JSON representation (§2.6.1, §2.6.2), Validation (§2.10),
// Bundle (§2.36), References (§2.3). Bulk Data Access 2.0: NDJSON files and the manifest beside them. JSON is
// RFC 8259 in UTF-8, XML is XML 1.0 in UTF-8 without document type declarations;
// a byte order mark is passed over. Compression is gzip
// (RFC 1952) or Zstandard (RFC 8878), known by its first bytes and not by name.
//
// # Limits
//
// By default a record has at most 256 MiB and nests at most 512 levels deep.
// Memory follows the longest record, not the size of a source: a Bundle of more
// than 16 MiB is read in two passes, one entry at a time, with an index of its
// fullUrls. Streams that cannot seek are kept in a temporary file for that.
// In a Bundle whose brackets or quotes do not match, the entries behind the fault
// are searched for, if it fits the window; otherwise its rest is one rejected
// record, of which the begin is kept.
// A Bundle's own members besides its entries are not handed out, unless
// ReadOptions.WholeBundles is set; a Bundle inside an entry or among other
// resources in NDJSON or an array is a resource like any other. XML, and arrays of
// resources in JSON, are held as a whole, up to the bound of a record (XML at
// least to 256 MiB).
//
// # What it does not do
//
// XML is not written. No terminology server is asked: what would need one is told
// as not checked. Rules are in internal/check, definitions in fhirdef. Nothing here knows OMOP: package mapping does.
package fhir
