package duck

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/mapping"
	"github.com/carabiner-health/carabiner/omop/vocab"
)

// converted turns the shared bulk export into a database and returns its folder.
func converted(t testing.TB) string {
	t.Helper()
	store, _, err := vocab.OpenDir(context.Background(), golden.Shared(t, "data/vocabulary/athena-subset"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	srcs, err := fhir.NewSources([]string{golden.Shared(t, "data/fhir/synthea/bulk-300")})
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	_, err = mapping.Convert(context.Background(), srcs, &mapping.ConvertOptions{Out: out, Concepts: store, VocabularyRelease: store.Info().Release})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAConvertedExportIsADatabase(t *testing.T) {
	out := converted(t)
	db := openDuck(t)
	ddl := golden.Shared(t, "data/omop/cdm/ddl/5.4/duckdb")
	for _, name := range []string{"OMOPCDM_duckdb_5.4_ddl.sql", "OMOPCDM_duckdb_5.4_primary_keys.sql"} {
		b, err := os.ReadFile(filepath.Join(ddl, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(strings.ReplaceAll(string(b), "@cdmDatabaseSchema.", "")); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	t.Chdir(filepath.Join(out, "omop"))
	script, err := os.ReadFile("load.duckdb.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(script)); err != nil {
		t.Fatal(err)
	}
	// Persons, visits and conditions join, and nothing dangles.
	got := texts(t, db, `SELECT
		(SELECT count(*) FROM person),
		(SELECT count(*) FROM visit_occurrence v JOIN person p USING (person_id)),
		(SELECT count(*) FROM condition_occurrence c JOIN visit_occurrence v USING (visit_occurrence_id, person_id)),
		(SELECT count(*) FROM measurement WHERE visit_occurrence_id IS NOT NULL AND visit_occurrence_id NOT IN (SELECT visit_occurrence_id FROM visit_occurrence)),
		(SELECT count(*) FROM visit_occurrence WHERE provider_id NOT IN (SELECT provider_id FROM provider) OR care_site_id NOT IN (SELECT care_site_id FROM care_site)),
		(SELECT count(*) FROM person WHERE location_id NOT IN (SELECT location_id FROM location)),
		(SELECT count(*) FROM person WHERE person_id NOT IN (SELECT person_id FROM observation_period)),
		(SELECT count(*) FROM image_occurrence i ANTI JOIN procedure_occurrence p USING (procedure_occurrence_id, person_id)),
		(SELECT count(*) FROM cdm_source)`)
	want := [][]string{{"300", "8913", "1947", "0", "0", "0", "0", "0", "1"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("joins (-want +got):\n%s", d)
	}
	types := texts(t, db, `SELECT column_type FROM (DESCRIBE SELECT measurement_id, measurement_date, measurement_datetime, value_as_number, value_source_value FROM 'measurement.parquet')`)
	if d := cmp.Diff([][]string{{"INTEGER"}, {"DATE"}, {"TIMESTAMP"}, {"DOUBLE"}, {"VARCHAR"}}, types); d != "" {
		t.Errorf("types (-want +got):\n%s", d)
	}
	// Periods of a person neither overlap nor touch.
	if n := texts(t, db, `SELECT count(*) FROM observation_period a JOIN observation_period b
		ON a.person_id = b.person_id AND a.observation_period_id < b.observation_period_id
		AND a.observation_period_end_date >= b.observation_period_start_date - 1`); n[0][0] != "0" {
		t.Errorf("want no overlapping periods, have %s", n[0][0])
	}
}

// TestDuckDBReadsTheSameOutOfTheExport lets a second program read the same
// lines: every number, day, person and visit of a plain Observation must be
// what the database says of it.
func TestDuckDBReadsTheSameOutOfTheExport(t *testing.T) {
	out := converted(t)
	db := openDuck(t)
	execute(t, db, `CREATE TABLE source AS SELECT id, subject.reference AS patient, encounter.reference AS visit, effectiveDateTime AS at,
		valueQuantity.value AS number, valueQuantity.code AS unit, code.coding[1].code AS code
		FROM read_json('%s', format='newline_delimited', maximum_object_size=16777216, columns={id: 'VARCHAR', subject: 'STRUCT(reference VARCHAR)', encounter: 'STRUCT(reference VARCHAR)',
			effectiveDateTime: 'VARCHAR', valueQuantity: 'STRUCT("value" DOUBLE, code VARCHAR)', code: 'STRUCT(coding STRUCT(code VARCHAR)[])'})`,
		filepath.Join(golden.Shared(t, "data/fhir/synthea/bulk-300"), "Observation.*.ndjson.gz"))
	for _, name := range []string{"measurement", "observation", "person", "visit_occurrence"} {
		execute(t, db, "CREATE VIEW %[1]s AS FROM '%[2]s/omop/%[1]s.parquet'; CREATE VIEW id_%[1]s AS FROM '%[2]s/idmap/%[1]s.parquet'", name, out)
	}
	got := texts(t, db, `WITH rows AS (
			SELECT resource_id, person_id, visit_occurrence_id, measurement_date AS day, value_as_number AS number, measurement_source_value AS code FROM measurement JOIN id_measurement ON omop_id = measurement_id
			UNION ALL
			SELECT resource_id, person_id, visit_occurrence_id, observation_date, value_as_number, observation_source_value FROM observation JOIN id_observation ON omop_id = observation_id),
		one AS (SELECT * FROM rows QUALIFY count(*) OVER (PARTITION BY resource_id) = 1)
		SELECT count(*) > 39000,
			count(*) FILTER (WHERE s.number IS DISTINCT FROM r.number),
			count(*) FILTER (WHERE s.at[:10]::DATE <> r.day),
			count(*) FILTER (WHERE s.code <> r.code),
			count(*) FILTER (WHERE 'Patient/' || p.resource_id <> s.patient),
			count(*) FILTER (WHERE 'Encounter/' || v.resource_id <> s.visit)
		FROM source s JOIN one r ON s.id = r.resource_id
		JOIN id_person p ON p.omop_id = r.person_id
		LEFT JOIN id_visit_occurrence v ON v.omop_id = r.visit_occurrence_id`)
	if d := cmp.Diff([][]string{{"true", "0", "0", "0", "0", "0"}}, got); d != "" {
		t.Errorf("differences (-want +got):\n%s", d)
	}
}
