package vocab

import (
	"context"
	"embed"
	"io/fs"
	"sync"

	"github.com/carabiner-health/carabiner/issue"
)

//go:embed data/*.tsv
var builtIn embed.FS

// embedded makes the built-in store on first use. It takes some milliseconds.
var embedded = sync.OnceValues(func() (*Store, error) {
	fsys, err := fs.Sub(builtIn, "data")
	if err != nil {
		return nil, err
	}
	s, _, err := OpenFS(context.Background(), fsys, &BuildOptions{Workers: 1, Reporter: issue.Discard})
	if err != nil {
		return nil, err
	}
	s.shared = true
	return s, nil
})

// Embedded returns the built-in vocabulary: genders, races, ethnicities,
// visits, type concepts, condition statuses, domains, tables and fields of the
// CDM, and whatever else OMOP itself generates, and the units of UCUM without
// their names. There are no clinical codes in it: SNOMED CT, LOINC, RxNorm and
// the like come from Athena. The file data/SOURCES says where it is from.
//
// All callers share one store. Closing it has no effect.
func Embedded() (*Store, error) { return embedded() }
