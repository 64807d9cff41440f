package duck

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/google/go-cmp/cmp"
)

// kinds has every type that columnar writes, by value and by pointer.
type kinds struct {
	ID      int32               `parquet:"id" columnar:"delta"`
	Big     int64               `parquet:"big"`
	Number  float64             `parquet:"number"`
	Text    string              `parquet:"text"`
	Flag    bool                `parquet:"flag"`
	Day     columnar.Date       `parquet:"day"`
	At      columnar.Timestamp  `parquet:"at"`
	NID     *int32              `parquet:"n_id" columnar:"delta"`
	NBig    *int64              `parquet:"n_big" columnar:"dict"`
	NNumber *float64            `parquet:"n_number"`
	NText   *string             `parquet:"n_text"`
	NFlag   *bool               `parquet:"n_flag"`
	NDay    *columnar.Date      `parquet:"n_day"`
	NAt     *columnar.Timestamp `parquet:"n_at"`
	Never   *string             `parquet:"never"`
}

func kindRows(n int) []kinds {
	rows := make([]kinds, n)
	for i := range rows {
		k := &rows[i]
		*k = kinds{ID: int32(i), Big: int64(i) << 32, Number: float64(i) / 4, Text: fmt.Sprintf("t%d", i%97), Flag: i%2 == 0,
			Day: columnar.Date(i % 20_000), At: columnar.Timestamp(i) * 1_000_001}
		if i%3 > 0 { // zero, empty and false among them
			k.NID, k.NBig, k.NNumber = ptr(int32(i%5)), ptr(int64(i%5)), ptr(float64(i%5))
			k.NText, k.NFlag = ptr(strings.Repeat("ö", i%5)), ptr(i%5 == 0)
			k.NDay, k.NAt = ptr(columnar.Date(i%5)), ptr(columnar.Timestamp(i%5))
		}
	}
	return rows
}

func ptr[V any](v V) *V { return &v }

func TestDuckDBSeesTheRightTypes(t *testing.T) {
	db := openDuck(t)
	path := writeFile(t, "kinds.parquet", kindRows(10), &columnar.Options{Metadata: []columnar.Metadata{{Key: "cdm", Value: "5.4"}}})
	got := [][]string{}
	for _, r := range texts(t, db, "DESCRIBE SELECT * FROM '%s'", path) {
		got = append(got, r[:2])
	}
	want := [][]string{{"id", "INTEGER"}, {"big", "BIGINT"}, {"number", "DOUBLE"}, {"text", "VARCHAR"}, {"flag", "BOOLEAN"}, {"day", "DATE"}, {"at", "TIMESTAMP"},
		{"n_id", "INTEGER"}, {"n_big", "BIGINT"}, {"n_number", "DOUBLE"}, {"n_text", "VARCHAR"}, {"n_flag", "BOOLEAN"}, {"n_day", "DATE"}, {"n_at", "TIMESTAMP"}, {"never", "VARCHAR"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("types (-want +got)\n%s", diff)
	}
	required := texts(t, db, "SELECT count(*) FROM parquet_schema('%s') WHERE repetition_type = 'REQUIRED' AND name <> 'schema'", path)
	if required[0][0] != "7" {
		t.Errorf("want 7 required columns, have %s", required[0][0])
	}
	if diff := cmp.Diff([][]string{{"cdm", "5.4"}}, texts(t, db, "SELECT decode(key), decode(value) FROM parquet_kv_metadata('%s')", path)); diff != "" {
		t.Errorf("metadata (-want +got)\n%s", diff)
	}
}

func TestDuckDBSeesTheSameValues(t *testing.T) {
	db := openDuck(t)
	for _, c := range []columnar.Compression{columnar.Zstd, columnar.Snappy, columnar.None} {
		rows := kindRows(200_000)
		path := writeFile(t, "kinds.parquet", rows, &columnar.Options{Compression: c, RowsPerGroup: 130_000})
		var nulls, zeros, sum int
		for i := range rows {
			if rows[i].NID == nil {
				nulls++
			} else if sum += int(*rows[i].NID); *rows[i].NID == 0 {
				zeros++
			}
		}
		got := texts(t, db, `SELECT count(*), sum(id), count(n_id), sum(n_id), count(never),
			count(*) FILTER (n_id = 0), count(*) FILTER (n_number = 0), count(*) FILTER (n_text = ''), count(*) FILTER (n_flag),
			count(*) FILTER (n_day = DATE '1970-01-01'), count(*) FILTER (n_at = TIMESTAMP '1970-01-01'), count(*) FILTER (n_text IS NULL)
			FROM '%s'`, path)
		z := fmt.Sprint(zeros)
		want := [][]string{{"200000", "19999900000", fmt.Sprint(200_000 - nulls), fmt.Sprint(sum), "0", z, z, z, z, z, z, fmt.Sprint(nulls)}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c, diff)
		}
		exact := texts(t, db, `SELECT count(*) FROM '%s' WHERE big = id::BIGINT << 32 AND number = id / 4.0 AND text = 't' || (id %% 97) AND flag = (id %% 2 = 0)
			AND day = DATE '1970-01-01' + (id %% 20000) AND "at" = make_timestamp(id::BIGINT * 1000001)
			AND (id %% 3 = 0 OR (n_big = id %% 5 AND n_text = repeat('ö', id %% 5) AND n_at = make_timestamp((id %% 5)::BIGINT)))`, path)
		if exact[0][0] != "200000" {
			t.Errorf("%s: want 200000 exact rows, have %s", c, exact[0][0])
		}
		// The bounds in the footer must not hide rows.
		for _, where := range []string{"id = 199999", "n_text = 'öööö' AND id = 199999", "day = DATE '2000-01-01' AND id = 10957", "number = 0"} {
			if n := texts(t, db, "SELECT count(*) FROM '%s' WHERE %s", path, where); n[0][0] != "1" {
				t.Errorf("%s: want 1 row where %s, have %s", c, where, n[0][0])
			}
		}
	}
}

// What DuckDB writes is read back, in the types of the row struct.
func TestReadTakesWhatDuckDBWrites(t *testing.T) {
	db := openDuck(t)
	dir := t.TempDir()
	rows := kindRows(50_000)
	own := writeFile(t, "own.parquet", rows, nil)
	for i, options := range []string{"COMPRESSION zstd", "COMPRESSION snappy", "COMPRESSION gzip", "COMPRESSION lz4_raw", "COMPRESSION uncompressed",
		"PARQUET_VERSION v2", "PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1", "ROW_GROUP_SIZE 2048"} {
		path := filepath.Join(dir, fmt.Sprintf("theirs-%d.parquet", i))
		execute(t, db, "COPY (SELECT * FROM '%s') TO '%s' (FORMAT parquet, %s)", own, path, options)
		if got := readFile[kinds](t, path); !reflect.DeepEqual(rows, got) {
			t.Errorf("%s: (-want +got)\n%s", options, cmp.Diff(rows, got))
		}
	}
}

func TestReadConvertsDuckDBsTypes(t *testing.T) {
	db := openDuck(t)
	path := filepath.Join(t.TempDir(), "types.parquet")
	execute(t, db, `COPY (SELECT 7::TINYINT AS id, 8::UINTEGER AS big, 1.25::DECIMAL(9,2) AS number, 'b'::ENUM('a','b') AS text, TRUE AS flag,
		TIMESTAMP_S '2020-02-03 00:00:00' AS day, TIMESTAMP_NS '2020-02-03 04:05:06.123456789' AS at,
		9::HUGEINT::DECIMAL(38,0) AS n_id, 5::DOUBLE AS n_big, 1.5::FLOAT AS n_number, uuid '00112233-4455-6677-8899-aabbccddeeff' AS n_text,
		NULL::BOOLEAN AS n_flag, DATE '0001-01-01' AS n_day, TIMESTAMP_MS '1969-12-31 23:59:59.999' AS n_at, [1,2] AS more) TO '%s' (FORMAT parquet)`, path)
	day, err := columnar.ParseDate("0001-01-01")
	if err != nil {
		t.Fatal(err)
	}
	at, err := columnar.ParseTimestamp("2020-02-03T04:05:06.123456")
	if err != nil {
		t.Fatal(err)
	}
	want := []kinds{{ID: 7, Big: 8, Number: 1.25, Text: "b", Flag: true, Day: at.Date(), At: at, NID: ptr(int32(9)), NBig: ptr(int64(5)), NNumber: ptr(1.5),
		NText: ptr("00112233-4455-6677-8899-aabbccddeeff"), NDay: &day, NAt: ptr(columnar.Timestamp(-1000))}}
	if diff := cmp.Diff(want, readFile[kinds](t, path)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The measurement rows of the benchmark hold the same in both files, and ours
// is no larger.
func TestMeasurementsAreEqualInBothFiles(t *testing.T) {
	db := openDuck(t)
	rows := measurements(130_000)
	own := writeFile(t, "own.parquet", rows, nil)
	if diff := cmp.Diff(rows[:1000], readFile[measurement](t, own)[:1000]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	theirs := filepath.Join(t.TempDir(), "theirs.parquet")
	execute(t, db, "COPY (SELECT * FROM '%s') TO '%s' (FORMAT parquet, COMPRESSION zstd)", own, theirs)
	if got := readFile[measurement](t, theirs); !reflect.DeepEqual(rows, got) {
		t.Errorf("(-want +got)\n%s", cmp.Diff(rows, got))
	}
	if mine, other := fileSize(t, own), fileSize(t, theirs); mine > other {
		t.Errorf("want at most DuckDB's %.0f bytes, have %.0f", other, mine)
	}
	for _, query := range []string{"SELECT * FROM '%[1]s' EXCEPT ALL SELECT * FROM '%[2]s'", "SELECT * FROM '%[2]s' EXCEPT ALL SELECT * FROM '%[1]s'"} {
		if n := texts(t, db, "SELECT count(*) FROM ("+query+")", own, theirs); n[0][0] != "0" {
			t.Errorf("want equal files, have %s different rows", n[0][0])
		}
	}
}

func readFile[T any](t testing.TB, path string) []T {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	var rows []T
	for row, err := range columnar.Read[T](f, info.Size()) {
		if err != nil {
			t.Fatalf("%s: %v", filepath.Base(path), err)
		}
		rows = append(rows, row)
	}
	return rows
}
