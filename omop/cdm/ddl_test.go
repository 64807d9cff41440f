package cdm_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

var (
	createPattern = regexp.MustCompile(`(?s)CREATE TABLE @cdmDatabaseSchema\.(\w+) \((.*?)\);`)
	columnPattern = regexp.MustCompile(`(?m)^\s*"?(\w+)"? +(\w+(?:\(\w+\))?) +(NOT NULL|NULL)`)
)

// officialTables reads the CDM's own script: for each table its columns as
// "name type NULL".
func officialTables(t *testing.T, file string) map[string][]string {
	t.Helper()
	b, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string][]string{}
	for _, m := range createPattern.FindAllStringSubmatch(string(b), -1) {
		for _, c := range columnPattern.FindAllStringSubmatch(m[2], -1) {
			tables[strings.ToLower(m[1])] = append(tables[strings.ToLower(m[1])], strings.ToLower(c[1]+" "+c[2])+" "+c[3])
		}
	}
	return tables
}

func TestModelsAgreeWithTheScriptsOfTheStandard(t *testing.T) {
	for _, v := range []cdm.Version{cdm.V54, cdm.V53} {
		dir := golden.Shared(t, "data/omop/cdm/ddl/"+string(v)+"/duckdb")
		want := officialTables(t, dir+"/OMOPCDM_duckdb_"+string(v)+"_ddl.sql")
		got := map[string][]string{}
		for _, table := range v.Model().Tables {
			for _, f := range table.Fields {
				name := f.TypeName()
				switch {
				case name == "varchar(max)":
					name = "text"
				case f.Type == cdm.Datetime:
					name = "timestamp"
				case f.Type == cdm.Float:
					name = "numeric"
				}
				null := " NULL"
				if f.Required {
					null = " NOT NULL"
				}
				got[table.Name] = append(got[table.Name], f.Name+" "+name+null)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", v, diff)
		}
	}
}
