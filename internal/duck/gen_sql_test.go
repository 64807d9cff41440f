package duck

import (
	"regexp"
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/gen"
)

// TestStatementsOfAModelRun holds that DuckDB takes every statement that is made of
// the CDM and of an information object, and has every table and column afterwards.
func TestStatementsOfAModelRun(t *testing.T) {
	for _, path := range []string{"omop-cdm:5.4", "omop-cdm:5.3", "dicom-iod:CTImage", "dicom-iod:ComprehensiveSR"} {
		m, findings, err := dataset.Load(t.Context(), path, nil)
		if err != nil || m == nil {
			t.Fatal(path, findings, err)
		}
		files, _, err := gen.SQL(m, "duckdb")
		if err != nil {
			t.Fatal(err)
		}
		db := openDuck(t)
		if _, err := db.Exec(string(files[0].Content)); err != nil {
			t.Errorf("%s: %v", path, regexp.MustCompile(`\s+`).ReplaceAllString(err.Error(), " "))
			continue
		}
		columns := 0
		for _, table := range m.Tables {
			columns += len(dataset.Columns(table))
		}
		var tables, have, keys int
		for query, into := range map[string]*int{"SELECT count(*) FROM duckdb_tables()": &tables, "SELECT count(*) FROM duckdb_columns() WHERE NOT internal": &have,
			"SELECT count(*) FROM duckdb_constraints() WHERE constraint_type = 'FOREIGN KEY'": &keys} {
			if err := db.QueryRow(query).Scan(into); err != nil {
				t.Fatal(err)
			}
		}
		if tables != len(m.Tables) || have != columns {
			t.Errorf("%s: want %d tables and %d columns, have %d and %d", path, len(m.Tables), columns, tables, have)
		}
		t.Logf("%s: %d tables, %d columns, %d foreign keys", path, tables, have, keys)
	}
}
