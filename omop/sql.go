package omop

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/omop/cdm"
)

// reserved are the words among the names of the CDM that SQL reserves.
var reserved = []string{"offset"}

// sqlName returns a name of the standard as SQL takes it.
func sqlName(name string) string {
	if slices.Contains(reserved, name) {
		return `"` + name + `"`
	}
	return name
}

// sqlType returns the type that the CDM's own DuckDB scripts give a column,
// but for float: they say NUMERIC, which in DuckDB keeps three decimals and
// drops the rest.
func sqlType(f *cdm.Field) string {
	switch f.Type {
	case cdm.Float:
		return "DOUBLE"
	case cdm.Datetime:
		return "TIMESTAMP"
	case cdm.Varchar:
		if f.Length == 0 {
			return "TEXT"
		}
		return f.TypeName()
	}
	return f.Type.String()
}

// CreateTable returns the statement that creates the table of that name in
// DuckDB, "" for an unknown table. Types are those of the CDM's own scripts,
// but float is DOUBLE and so keeps every digit. A table that exists is left
// alone.
func CreateTable(table string) string {
	l := model().byName[table]
	if l == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE IF NOT EXISTS %s (\n", sqlName(l.Name))
	for i := range l.columns {
		f := l.columns[i].Field
		null := "NULL"
		if f.Required {
			null = "NOT NULL"
		}
		comma := ","
		if i == len(l.columns)-1 {
			comma = ""
		}
		fmt.Fprintf(&b, "  %s %s %s%s\n", sqlName(f.Name), sqlType(f), null, comma)
	}
	b.WriteString(");\n")
	return b.String()
}

// loadScript returns the DuckDB script that loads a folder of files. rows are
// the rows of each table.
func loadScript(rows map[string]int64) string {
	var b strings.Builder
	b.WriteString(`-- Loads this folder into DuckDB. Run it inside the folder:
--   duckdb ../cdm.duckdb < ` + LoadScript + `
-- Tables that exist already, such as those of the CDM's own scripts, are
-- filled as they are. Running it again gives the same tables. A vocabulary
-- table is filled only if this folder holds rows for it, so that a vocabulary
-- that was loaded before stays.

`)
	order := tablesInLoadOrder()
	load := func(l *layout) bool { return l.Schema != cdm.Vocabulary || rows[l.Name] > 0 }
	for _, l := range order {
		b.WriteString(CreateTable(l.Name))
	}
	b.WriteString("\n-- Children before parents.\n")
	for _, l := range slices.Backward(order) {
		if load(l) {
			fmt.Fprintf(&b, "DELETE FROM %s;\n", sqlName(l.Name))
		}
	}
	b.WriteString("\n-- Parents before children.\n")
	for _, l := range order {
		if load(l) {
			fmt.Fprintf(&b, "INSERT INTO %s BY NAME SELECT %s FROM read_parquet('%s.parquet');\n",
				sqlName(l.Name), l.columnNames(), l.Name)
		}
	}
	return b.String()
}
