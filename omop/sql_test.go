package omop

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

var (
	createPattern = regexp.MustCompile(`(?s)CREATE TABLE (?:IF NOT EXISTS |@cdmDatabaseSchema\.)(\w+) \((.*?)\n?\s*\);`)
	columnPattern = regexp.MustCompile(`(?m)^\s*("?\w+"?) +(\w+(?:\(\w+\))?) +(NOT NULL|NULL)`)
)

func columnsOfScript(script string) map[string][]string {
	tables := map[string][]string{}
	for _, m := range createPattern.FindAllStringSubmatch(script, -1) {
		for _, c := range columnPattern.FindAllStringSubmatch(m[2]+"\n", -1) {
			tables[m[1]] = append(tables[m[1]], c[1]+" "+strings.ToLower(c[2])+" "+c[3])
		}
	}
	return tables
}

func TestCreateTableAgreesWithTheScriptOfTheStandard(t *testing.T) {
	dir := golden.Shared(t, "data/omop/cdm/ddl/5.4/duckdb")
	b, err := os.ReadFile(dir + "/OMOPCDM_duckdb_5.4_ddl.sql")
	if err != nil {
		t.Fatal(err)
	}
	// The one difference: numeric drops the digits after the third decimal.
	want := columnsOfScript(strings.ReplaceAll(string(b), " NUMERIC ", " DOUBLE "))
	if len(want) != 39 {
		t.Fatalf("want 39 tables in the script of the standard, have %d", len(want))
	}
	var script strings.Builder
	for _, name := range Tables()[:39] {
		script.WriteString(CreateTable(name))
	}
	if diff := cmp.Diff(want, columnsOfScript(script.String())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLoadOrderPutsParentsFirst(t *testing.T) {
	var at = map[string]int{}
	for i, l := range tablesInLoadOrder() {
		if _, twice := at[l.Name]; twice {
			t.Errorf("%s: want it once", l.Name)
		}
		at[l.Name] = i
	}
	if len(at) != 41 {
		t.Errorf("want 41 tables, have %d", len(at))
	}
	for _, l := range model().order {
		for _, col := range l.columns {
			parent := model().byName[col.Reference.Table]
			if parent == nil || parent == l {
				continue
			}
			// The vocabulary tables refer to each other in a circle.
			if l.Schema == cdm.Vocabulary && parent.Schema == cdm.Vocabulary {
				continue
			}
			if at[parent.Name] > at[l.Name] {
				t.Errorf("%s: want it after %s", l.Name, parent.Name)
			}
		}
	}
}

func TestLoadScriptFillsAVocabularyOnlyFromRows(t *testing.T) {
	script := loadScript(map[string]int64{"person": 2, "concept": 0, "domain": 5})
	for _, want := range []string{"INSERT INTO person BY NAME", "DELETE FROM person;", "INSERT INTO domain BY NAME", "CREATE TABLE IF NOT EXISTS concept (", `"offset" varchar(50) NULL`, "INSERT INTO cost BY NAME"} {
		if !strings.Contains(script, want) {
			t.Errorf("want %q in the script", want)
		}
	}
	for _, reject := range []string{"DELETE FROM concept;", "INSERT INTO concept BY NAME"} {
		if strings.Contains(script, reject) {
			t.Errorf("want no %q in the script", reject)
		}
	}
	if CreateTable("no_such") != "" {
		t.Error("want nothing for an unknown table")
	}
}

func TestReservedWordsAreQuoted(t *testing.T) {
	// The words of SQL:2016 and DuckDB that a column or table of the CDM could bear.
	words := []string{"all", "and", "any", "as", "between", "by", "case", "cast", "check", "column", "create", "default", "desc", "end", "for", "from", "group", "having", "in", "into", "limit", "not", "null", "offset", "on", "or", "order", "primary", "references", "select", "table", "then", "to", "union", "unique", "user", "using", "when", "where", "with"}
	for _, l := range model().order {
		for _, col := range l.columns {
			if quoted := strings.HasPrefix(sqlName(col.Name), `"`); quoted != slices.Contains(words, col.Name) {
				t.Errorf("%s: want quotes exactly around reserved words", col.path)
			}
		}
	}
}
