package duck

import (
	"database/sql"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/columnar"
	_ "github.com/duckdb/duckdb-go/v2"
)

// openDuck returns an in-memory DuckDB with one connection, so that settings
// hold, and closes it with the test.
func openDuck(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

// execute runs a statement; %s takes quoted texts, such as paths.
func execute(t testing.TB, db *sql.DB, query string, texts ...any) {
	t.Helper()
	if _, err := db.Exec(fmt.Sprintf(query, texts...)); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// texts runs a query and returns its rows, every value as text.
func texts(t testing.TB, db *sql.DB, query string, args ...any) [][]string {
	t.Helper()
	rows, err := db.Query(fmt.Sprintf(query, args...))
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]string
	for rows.Next() {
		values, targets := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(names))
		for i, v := range values {
			row[i] = fmt.Sprint(v)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// writeFile writes rows with columnar into a file and returns its path.
func writeFile[T any](t testing.TB, name string, rows []T, opts *columnar.Options) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeTo(f, rows, opts); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func writeTo[T any](w io.Writer, rows []T, opts *columnar.Options) error {
	cw, err := columnar.NewWriter[T](w, opts)
	if err != nil {
		return err
	}
	const batch = 8192
	for len(rows) > 0 {
		n := min(batch, len(rows))
		if err := cw.Write(rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return cw.Close()
}
