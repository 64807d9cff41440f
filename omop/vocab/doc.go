// Package vocab looks up concepts in the OMOP standardized vocabularies.
//
// Athena (athena.ohdsi.org) hands the vocabularies out as large text files.
// [Build] turns a folder of them into one index file; [Open] maps that into
// memory and answers at once, in any number of processes that share the same
// memory:
//
//	if _, err := vocab.Build(ctx, "athena", "vocab.idx", nil); err != nil {
//		return err
//	}
//	store, err := vocab.Open("vocab.idx")
//	if err != nil {
//		return err
//	}
//	defer store.Close()
//	source, ok := store.Lookup("ICD10CM", code)
//	targets := store.MapsTo(source.ID, nil)
//
// [OpenDir] makes the same store in memory, without a file, and [Embedded]
// gives the small one that is built in.
//
// # Terms
//
//   - Concept: one line of CONCEPT, named by its id. Its code is unique in its
//     vocabulary with few exceptions; ids differ between concepts always.
//   - Standard: a concept that may stand in the *_concept_id fields of the CDM.
//     "Maps to" leads from other concepts to standard ones, "Maps to value" to
//     what belongs in a value field.
//   - Current: a relationship without an invalid_reason. Others are not in the
//     index, nor are mappings to concepts that are not standard.
//   - Ingredient: a standard concept of class Ingredient. CONCEPT_ANCESTOR says
//     which drugs descend from it.
//
// # Standards
//
// OMOP CDM 5.4, the tables of schema VOCAB, in the files of an Athena download:
// fields end at a tab, with no quotes and no escapes, so that a quote is a
// letter like any other; NA is data. Another [Dialect] reads files that other
// tools wrote.
//
// # Limits
//
// A line has at most 1 MiB, a header at most 64 columns, an index at most
// 1073741824 concepts with less than 4 GiB of codes, and of names. A damaged
// line becomes an issue with its place and is counted; [BuildReport] accounts
// for every line. A build of a full download (6 million concepts, 40 million
// relationships) stays under 1 GiB of memory; [OpenDir] adds the size of the
// index, some 370 MB, and names would add twice their own size.
//
// Open refuses what is not an index, an index of another format version and one
// that was cut off or whose header was changed. [Store.Verify] reads all of it.
// Damage that was not looked for gives wrong answers or none, never a panic and
// never a read outside the index. A file that is cut off by another program
// while it is open is beyond that: the operating system stops the reader.
//
// # What it does not do
//
// It knows codes as they are written: systems named by URI, aliases of units
// and the cleaning of codes are in package mapping. It keeps no synonyms, no
// drug strengths and no relationships but those above.
package vocab

//go:generate go run -C ../../internal/tools ./vocabmaker -shared ../../../shared -out ../../omop/vocab/data
