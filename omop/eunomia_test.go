package omop

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

const eunomia = "data/omop/eunomia-28"

// rowsOf reads a table as text lines, one a row, with every finding collected.
func rowsOf(t *testing.T, fsys fs.FS, table string) (lines []string, findings issue.List) {
	t.Helper()
	var c issue.Collector
	read := func(r reflect.Value) {
		l := model().byName[table]
		var b []byte
		for i := range l.columns {
			var v cell
			v.loadField(r.Field(i), l.columns[i].Type)
			b = append(b, '|')
			if v.state == cellSet {
				b, _ = v.append(append(b, '='), l.columns[i].Field, ',')
			}
		}
		lines = append(lines, string(b))
	}
	if err := readAny(fsys, table, &ReadOptions{Reporter: &c}, read); err != nil {
		t.Fatalf("%s: %v", table, err)
	}
	return lines, c.List()
}

// readAny reads a table whose type only its name tells.
func readAny(fsys fs.FS, table string, opts *ReadOptions, visit func(reflect.Value)) error {
	for _, r := range readers {
		if r.name == table {
			return r.read(fsys, opts, visit)
		}
	}
	return fmt.Errorf("no reader of %s", table)
}

type anyReader struct {
	name string
	read func(fsys fs.FS, opts *ReadOptions, visit func(reflect.Value)) error
	csv  func(fsys fs.FS) ([]byte, error)
	into func(fsys fs.FS, w *DatabaseWriter) error
}

func readerOf[T Row]() anyReader {
	var row T
	return anyReader{
		name: row.TableName(),
		read: func(fsys fs.FS, opts *ReadOptions, visit func(reflect.Value)) error {
			for row, err := range ReadTable[T](fsys, opts) {
				if err != nil {
					return err
				}
				visit(reflect.ValueOf(row))
			}
			return nil
		},
		csv: func(fsys fs.FS) ([]byte, error) {
			var b bytes.Buffer
			w, err := NewCSVWriter[T](&b, nil)
			if err != nil {
				return nil, err
			}
			for row, err := range ReadTable[T](fsys, &ReadOptions{Reporter: issue.Discard}) {
				if err != nil {
					return nil, err
				}
				if err := w.Write([]T{row}); err != nil {
					return nil, err
				}
			}
			err = w.Close()
			return b.Bytes(), err
		},
		into: func(fsys fs.FS, w *DatabaseWriter) error {
			for row, err := range ReadTable[T](fsys, &ReadOptions{Reporter: issue.Discard}) {
				if err != nil {
					return err
				}
				if err := Write(w, []T{row}); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

var readers = []anyReader{
	readerOf[Person](), readerOf[ObservationPeriod](), readerOf[VisitOccurrence](), readerOf[VisitDetail](),
	readerOf[ConditionOccurrence](), readerOf[DrugExposure](), readerOf[ProcedureOccurrence](), readerOf[DeviceExposure](),
	readerOf[Measurement](), readerOf[Observation](), readerOf[Death](), readerOf[Note](), readerOf[NoteNLP](),
	readerOf[Specimen](), readerOf[FactRelationship](), readerOf[Location](), readerOf[CareSite](), readerOf[Provider](),
	readerOf[PayerPlanPeriod](), readerOf[Cost](), readerOf[DrugEra](), readerOf[DoseEra](), readerOf[ConditionEra](),
	readerOf[Episode](), readerOf[EpisodeEvent](), readerOf[Metadata](), readerOf[CDMSource](), readerOf[Concept](),
	readerOf[Vocabulary](), readerOf[Domain](), readerOf[ConceptClass](), readerOf[ConceptRelationship](),
	readerOf[Relationship](), readerOf[ConceptSynonym](), readerOf[ConceptAncestor](), readerOf[SourceToConceptMap](),
	readerOf[DrugStrength](), readerOf[Cohort](), readerOf[CohortDefinition](), readerOf[ImageOccurrence](), readerOf[ImageFeature](),
}

// wholeNumber finds texts that are whole numbers with ".0" behind them. The
// published Parquet files hold source codes in that form, the CSV files do not.
var wholeNumber = regexp.MustCompile(`=(\d+)\.0(\||$)`)

func TestReadGivesEqualRowsFromCSVAndParquet(t *testing.T) {
	dir := golden.Shared(t, eunomia)
	text, parquet := os.DirFS(filepath.Join(dir, "csv")), os.DirFS(filepath.Join(dir, "parquet"))
	total := 0
	for _, table := range Tables()[:39] {
		a, found := rowsOf(t, text, table)
		if len(found) > 0 {
			t.Errorf("%s.csv: want no findings, have %d: %s", table, len(found), found[0])
		}
		b, found := rowsOf(t, parquet, table)
		if len(found) > 0 {
			t.Errorf("%s.parquet: want no findings, have %d: %s", table, len(found), found[0])
		}
		for _, lines := range [][]string{a, b} {
			for i := range lines {
				lines[i] = wholeNumber.ReplaceAllString(lines[i], "=$1$2")
			}
			slices.Sort(lines)
		}
		if !slices.Equal(a, b) {
			t.Errorf("%s: want equal rows, have %d in CSV and %d in Parquet", table, len(a), len(b))
			for i := range min(len(a), len(b)) {
				if a[i] != b[i] {
					t.Logf("first pair:\n%s\n%s", a[i], b[i])
					break
				}
			}
		}
		total += len(a)
	}
	if want := 294_203; total != want {
		t.Errorf("want %d rows, have %d", want, total)
	}
}

func TestWrittenCSVReadsBackEqual(t *testing.T) {
	dir := golden.Shared(t, eunomia)
	source := os.DirFS(filepath.Join(dir, "csv"))
	for _, r := range readers[:39] {
		if r.name == "concept_relationship" {
			continue // long, and its columns are those of other tables
		}
		b, err := r.csv(source)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := rowsOf(t, source, r.name)
		got, _ := rowsOf(t, fstest.MapFS{r.name + ".csv": {Data: b}}, r.name)
		if !slices.Equal(want, got) {
			t.Errorf("%s: want the %d rows as written, have %d", r.name, len(want), len(got))
		}
	}
}

func TestDatabaseOfEunomiaReadsBackEqual(t *testing.T) {
	shared := golden.Shared(t, eunomia)
	source := os.DirFS(filepath.Join(shared, "csv"))
	target := filepath.Join(t.TempDir(), "out")
	dir, err := columnar.NewDir(target)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	w, err := NewDatabaseWriter(dir, "omop", &WriteOptions{VocabularyRelease: "v5.0 09-APR-22", Policy: "test", PolicyHash: "0"})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range readers[:39] {
		if err := r.into(source, w); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := dir.Commit(); err != nil {
		t.Fatal(err)
	}
	written := os.DirFS(filepath.Join(target, "omop"))
	for _, table := range Tables()[:39] {
		want, _ := rowsOf(t, source, table)
		got, found := rowsOf(t, written, table)
		if len(found) > 0 {
			t.Errorf("%s: want no findings, have %s", table, found[0])
		}
		if !slices.Equal(want, got) {
			t.Errorf("%s: want the %d rows as written, have %d", table, len(want), len(got))
		}
		if n := w.Rows()[table]; n != int64(len(want)) {
			t.Errorf("%s: want %d rows counted, have %d", table, len(want), n)
		}
	}
}

func TestValidatorSaysThatConceptsOfEunomiaDangle(t *testing.T) {
	dir := golden.Shared(t, eunomia)
	v, err := NewValidator(&ValidateOptions{MaxPerRule: 2})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string][]RuleSummary{}
	for _, kind := range []string{"csv", "parquet"} {
		var c issue.Collector
		sum, err := v.Validate(context.Background(), os.DirFS(filepath.Join(dir, kind)), &c)
		if err != nil {
			t.Fatal(err)
		}
		for table, want := range map[string]int64{"person": 28, "measurement": 10_040, "concept": 2_294, "concept_relationship": 266_588, "death": 3} {
			if got := sum.Rows(table); got != want {
				t.Errorf("%s: %s: want %d rows, have %d", kind, table, want, got)
			}
		}
		var dangling []string
		for _, r := range sum.Rules {
			if r.Code == CodeForeignKey {
				dangling = append(dangling, r.Path)
			}
			if r.Severity >= issue.Error {
				counts[kind] = append(counts[kind], r)
			}
		}
		for _, want := range []string{"person.gender_concept_id", "person.race_concept_id", "observation_period.period_type_concept_id", "measurement.measurement_type_concept_id"} {
			if !slices.Contains(dangling, want) {
				t.Errorf("%s: want a finding that %s dangles", kind, want)
			}
		}
		for _, must := range []string{"person.person_id", "measurement.person_id", "visit_occurrence.visit_occurrence_id", "measurement.visit_occurrence_id"} {
			if slices.Contains(dangling, must) {
				t.Errorf("%s: want %s whole", kind, must)
			}
		}
		for _, f := range c.List() {
			if f.Code == CodeForeignKey && (f.Pos.Record == 0 || f.Pos.Source == "" || !strings.Contains(f.Rule, f.Path)) {
				t.Errorf("%s: want file, row and rule, have %s", kind, f)
			}
		}
	}
	if diff := cmp.Diff(counts["csv"], counts["parquet"]); diff != "" {
		t.Errorf("want equal errors from CSV (-) and Parquet (+):\n%s", diff)
	}
}
