package vocab_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/carabiner-health/carabiner/omop/vocab"
)

// The codes of this folder are made up.
var athena = fstest.MapFS{
	"CONCEPT.csv": {Data: []byte("concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason\n" +
		"101\tA local finding\tCondition\tLocal\tFinding\t\tL-1\t19700101\t20991231\t\n" +
		"202\tThe standard finding\tCondition\tReference\tFinding\tS\tR-7\t19700101\t20991231\t\n")},
	"CONCEPT_RELATIONSHIP.csv": {Data: []byte("concept_id_1\tconcept_id_2\trelationship_id\tvalid_start_date\tvalid_end_date\tinvalid_reason\n" +
		"101\t202\tMaps to\t19700101\t20991231\t\n")},
}

func Example() {
	dir, err := os.MkdirTemp("", "vocab")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, athena); err != nil {
		log.Fatal(err)
	}
	index := filepath.Join(dir, "vocab.idx")
	if _, err := vocab.Build(context.Background(), dir, index, nil); err != nil {
		log.Fatal(err)
	}
	store, err := vocab.Open(index)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	source, _ := store.Lookup("Local", "L-1")
	for _, c := range store.MapsTo(source.ID, nil) {
		fmt.Println(source.ID, "->", c.ID, c.Vocabulary, c.Code, c.Domain)
	}
	// Output: 101 -> 202 Reference R-7 Condition
}

func ExampleEmbedded() {
	store, err := vocab.Embedded()
	if err != nil {
		log.Fatal(err)
	}
	female, _ := store.Lookup("Gender", "F")
	pressure, _ := store.Unit("mm[Hg]")
	fmt.Println(female.ID, pressure.ID)
	// Output: 8532 8876
}

func ExampleStore_Trace() {
	store, report, err := vocab.OpenFS(context.Background(), athena, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	fmt.Println(report.Info.Concepts, "concepts,", report.Damaged(), "damaged lines")
	trace, _ := store.Trace("Local", "L-1")
	fmt.Println(trace.Concept.Name, "->", trace.MapsTo[0].Name)
	// Output:
	// 2 concepts, 0 damaged lines
	// A local finding -> The standard finding
}
