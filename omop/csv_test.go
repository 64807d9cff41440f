package omop

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/issue"
)

func ptr[T any](v T) *T { return &v }

// readCSV returns the rows and the findings as short lines.
func readCSV[T Row](t *testing.T, text string, opts *ReadOptions) (rows []T, findings []string) {
	t.Helper()
	var c issue.Collector
	o := ReadOptions{Reporter: &c}
	if opts != nil {
		o.MaxRecordBytes = opts.MaxRecordBytes
	}
	for row, err := range ReadCSV[T](strings.NewReader(text), "t.csv", &o) {
		if err != nil {
			t.Fatalf("want no error, have %v", err)
		}
		rows = append(rows, row)
	}
	for _, f := range c.List() {
		findings = append(findings, f.Pos.String()+" "+f.Severity.String()+" "+string(f.Code)+" "+f.Path)
	}
	return rows, findings
}

func TestReadCSVTakesColumnsInAnyOrderAndCase(t *testing.T) {
	want := []Cohort{
		{CohortDefinitionID: 1, SubjectID: 7, CohortStartDate: columnar.DateOf(2020, 2, 29), CohortEndDate: columnar.DateOf(2020, 3, 1)},
		{CohortDefinitionID: -2, SubjectID: 8, CohortStartDate: columnar.DateOf(1969, 12, 31), CohortEndDate: columnar.DateOf(1970, 1, 1)},
	}
	for name, text := range map[string]string{
		"commas":          "cohort_definition_id,subject_id,cohort_start_date,cohort_end_date\n1,7,2020-02-29,2020-03-01\n-2,8,1969-12-31,1970-01-01\n",
		"upper case":      "SUBJECT_ID,COHORT_END_DATE,COHORT_DEFINITION_ID,COHORT_START_DATE\n7,2020-03-01,1,2020-02-29\n8,1970-01-01,-2,1969-12-31",
		"tabs":            "cohort_definition_id\tsubject_id\tcohort_start_date\tcohort_end_date\n1\t7\t20200229\t20200301\n-2\t8\t19691231\t19700101\n",
		"quotes, CRLF":    "\"cohort_definition_id\",subject_id,cohort_start_date,cohort_end_date\r\n\"1\",7,\"2020-02-29\",2020-03-01 00:00:00\r\n\r\n-2,8,1969-12-31,\"1970-01-01\"\r\n",
		"byte order mark": "\uFEFFcohort_definition_id,subject_id,cohort_start_date,cohort_end_date\n+1,7,2020-02-29,2020-03-01T00:00:00\n-2,8,1969-12-31,1970-01-01\n",
	} {
		rows, findings := readCSV[Cohort](t, text, nil)
		if diff := cmp.Diff(want, rows); diff != "" || len(findings) > 0 {
			t.Errorf("%s (-want +got):\n%s%v", name, diff, findings)
		}
	}
}

func TestReadCSVTakesEmptyCellsForNullUnlessTextIsRequired(t *testing.T) {
	head := "vocabulary_id,vocabulary_name,vocabulary_reference,vocabulary_version,vocabulary_concept_id\n"
	rows, findings := readCSV[Vocabulary](t, head+"A,\"\",,\"\",1\nB,\"x \"\"y\"\",\nz\",\"\",,\"2\"\n", nil)
	want := []Vocabulary{
		{VocabularyID: "A", VocabularyConceptID: 1},
		{VocabularyID: "B", VocabularyName: "x \"y\",\nz", VocabularyConceptID: 2},
	}
	if diff := cmp.Diff(want, rows); diff != "" || len(findings) > 0 {
		t.Errorf("(-want +got):\n%s%v", diff, findings)
	}
}

func TestReadCSVReportsWithLineAndColumn(t *testing.T) {
	head := "cohort_definition_id,subject_id,cohort_start_date,cohort_end_date\n"
	good := "1,7,2020-02-29,2020-03-01\n"
	for _, tc := range []struct {
		name, text string
		rows       int
		want       []string
	}{
		{"integer", head + "1,x,2020-02-29,2020-03-01\n" + good, 1, []string{"t.csv:2:3 error omop-type cohort.subject_id"}},
		{"integer over 32 bits", head + "1,2147483648,2020-02-29,2020-03-01\n", 0, []string{"t.csv:2:3 error omop-type cohort.subject_id"}},
		{"date", head + good + "1,7,2020-02-30,1.3.2020\n", 1, []string{"t.csv:3:5 error omop-type cohort.cohort_start_date", "t.csv:3:16 error omop-type cohort.cohort_end_date"}},
		{"date with a time", head + "1,7,2020-02-29 10:00:00,2020-03-01\n", 0, []string{"t.csv:2:5 error omop-type cohort.cohort_start_date"}},
		{"required", head + "1,,2020-02-29,2020-03-01\n", 0, []string{"t.csv:2:3 error omop-required cohort.subject_id"}},
		{"too few cells", head + "1,7\n" + good, 1, []string{"t.csv:2 error omop-cell-count cohort"}},
		{"too many cells", head + "1,7,2020-02-29,2020-03-01,\n", 0, []string{"t.csv:2 error omop-cell-count cohort"}},
		{"text after a quote", head + "\"1\"x,7,2020-02-29,2020-03-01\n" + good, 1, []string{"t.csv:2:4 error omop-csv-syntax cohort"}},
		{"open quote", head + good + "1,\"7,2020-02-29,2020-03-01\n" + good, 1, []string{"t.csv:3:3 error omop-csv-syntax cohort"}},
		{"unknown column", "subject_id,x,cohort_definition_id,cohort_start_date,cohort_end_date\n7,?,1,2020-02-29,2020-03-01\n", 1, []string{"t.csv:1:12 warning omop-column-unknown cohort"}},
		{"repeated column", strings.TrimSpace(head) + ",subject_id\n1,7,2020-02-29,2020-03-01,8\n", 1, []string{"t.csv:1:67 error omop-column-repeated cohort.subject_id"}},
		{"missing column", "cohort_definition_id,cohort_start_date,cohort_end_date\n1,2020-02-29,2020-03-01\n", 1, []string{"t.csv warning omop-column-missing cohort.subject_id"}},
		{"empty file", "", 0, []string{"t.csv error omop-csv-syntax cohort"}},
		{"UTF-16", "\xFF\xFEc\x00", 0, []string{"t.csv fatal omop-encoding cohort"}},
		{"line after a quoted line break", "cohort_definition_id,subject_id,cohort_start_date,cohort_end_date\n\"1\n\",7,x,2020-03-01\n", 0, []string{
			"t.csv:2:1 error omop-type cohort.cohort_definition_id", "t.csv:3:5 error omop-type cohort.cohort_start_date"}},
	} {
		rows, findings := readCSV[Cohort](t, tc.text, nil)
		if diff := cmp.Diff(tc.want, findings); diff != "" || len(rows) != tc.rows {
			t.Errorf("%s: want %d rows, have %d (-want +got):\n%s", tc.name, tc.rows, len(rows), diff)
		}
	}
}

func TestReadCSVGoesOnAfterARecordOverTheLimit(t *testing.T) {
	head := "domain_id,domain_name,domain_concept_id\n"
	long := strings.Repeat("y", 200_000)
	for name, text := range map[string]string{
		"plain":        head + "A," + long + ",1\nB,b,2\n",
		"quoted":       head + "A,\"" + long + "\",1\nB,b,2\n",
		"just over":    head + "A," + strings.Repeat("y", 1100) + ",1\nB,b,2\n",
		"over at once": head + "A,\"x\n" + long + "\nB,b,2\n",
	} {
		rows, findings := readCSV[Domain](t, text, &ReadOptions{MaxRecordBytes: 1000})
		want := []string{"t.csv:2:1 error omop-csv-syntax domain"}
		if diff := cmp.Diff(want, findings); diff != "" || len(rows) != 1 || rows[0].DomainID != "B" {
			t.Errorf("%s: want the row B, have %d rows (-want +got):\n%s", name, len(rows), diff)
		}
	}
}

func TestReadCSVRefusesTextThatIsNotUTF8(t *testing.T) {
	_, findings := readCSV[Domain](t, "domain_id,domain_name,domain_concept_id\nA,\xE9,1\n", nil)
	if diff := cmp.Diff([]string{"t.csv:2:3 error omop-encoding domain.domain_name"}, findings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadCSVWithoutReporterEndsAtTheFirstError(t *testing.T) {
	var failed *issue.ListError
	n := 0
	for _, err := range ReadCSV[Domain](strings.NewReader("domain_id,domain_name,domain_concept_id\nA,a,x\nB,b,1\n"), "t.csv", nil) {
		n++
		if !errors.As(err, &failed) {
			t.Errorf("want a ListError, have %v", err)
		}
	}
	if n != 1 {
		t.Errorf("want one step, have %d", n)
	}
}

func TestReadCSVStopsWhenTheCallerDoes(t *testing.T) {
	n := 0
	for range ReadCSV[Domain](strings.NewReader("domain_id,domain_name,domain_concept_id\nA,a,1\nB,b,1\nC,c,1\n"), "t.csv", nil) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("want 2 rows, have %d", n)
	}
}

func TestReadCSVPassesOnErrorsOfTheReader(t *testing.T) {
	boom := errors.New("boom")
	in := io.MultiReader(strings.NewReader("domain_id,domain_name,domain_concept_id\nA,a,1\nB,b"), iotest.ErrReader(boom))
	var last error
	for _, err := range ReadCSV[Domain](in, "t.csv", nil) {
		last = err
	}
	if !errors.Is(last, boom) {
		t.Errorf("want the reader's error, have %v", last)
	}
}

func TestMessagesHoldNoValue(t *testing.T) {
	var c issue.Collector
	secret := "Jane-Doe-1950"
	text := "domain_id,domain_name,domain_concept_id," + secret + "\nA,a," + secret + ",\nA,\"a\"" + secret + ",1,\n"
	for _, err := range ReadCSV[Domain](strings.NewReader(text), "t.csv", &ReadOptions{Reporter: &c}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(c.List()) != 3 {
		t.Errorf("want 3 findings, have %d", len(c.List()))
	}
	for _, f := range c.List() {
		if strings.Contains(f.String(), secret) {
			t.Errorf("want no value in a message: %s", f)
		}
	}
}

func TestScannerReadsAsEncodingCSVDoes(t *testing.T) {
	for _, text := range []string{
		"a,b\n1,2\n", "a,b\r\n1,2\r\n", "a,b\n\n\n1,2", "a,b\n\"x,y\",\"\"\"\"\n", "a,b\n\"x\r\ny\",\"\n\n\"\n", "a,b\n,\n", "a,b\n,\"\"",
	} {
		want, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		// Unlike encoding/csv, the scanner keeps CRLF inside quotes as it is.
		for i := range want {
			for j := range want[i] {
				want[i][j] = strings.ReplaceAll(want[i][j], "\r\n", "\n")
			}
		}
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
			var got [][]string
			s := newScanner(r, ',', 0)
			for {
				cells, err := s.next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("%q: %v", text, err)
				}
				var row []string
				for _, c := range cells {
					row = append(row, strings.ReplaceAll(string(c.b), "\r\n", "\n"))
				}
				got = append(got, row)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%q (-want +got):\n%s", text, diff)
			}
		}
	}
}

func TestCSVWriterWritesWhatReadCSVReads(t *testing.T) {
	rows := []Metadata{
		{MetadataID: 1, Name: "plain", ValueAsNumber: ptr(0.1), MetadataDate: ptr(columnar.DateOf(2000, 1, 2))},
		{MetadataID: 2, Name: "", ValueAsString: ptr("0"), ValueAsNumber: ptr(math.Copysign(0, -1))},
		{MetadataID: 3, Name: " a, \"b\"\r\nc\t", ValueAsString: ptr("ü"), ValueAsNumber: ptr(1e300), ValueAsConceptID: ptr(int32(0))},
		{MetadataID: -4, Name: "x", MetadataDatetime: ptr(columnar.Timestamp(-1))},
	}
	var b bytes.Buffer
	w, err := NewCSVWriter[Metadata](&b, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, findings := readCSV[Metadata](t, b.String(), nil)
	if diff := cmp.Diff(rows, got); diff != "" || len(findings) > 0 {
		t.Errorf("(-want +got):\n%s%v\n%s", diff, findings, b.String())
	}
}

func TestTabDialectRefusesWhatItCannotHold(t *testing.T) {
	for _, name := range []string{"a\tb", "a\nb", ""} {
		w, err := NewCSVWriter[Domain](io.Discard, &CSVOptions{Tab: true})
		if err != nil {
			t.Fatal(err)
		}
		err = w.Write([]Domain{{DomainID: "A", DomainName: name, DomainConceptID: 1}})
		if err == nil || !strings.Contains(err.Error(), "domain.domain_name") {
			t.Errorf("%q: want an error that names the column, have %v", name, err)
		}
	}
	var b strings.Builder
	w, err := NewCSVWriter[Domain](&b, &CSVOptions{Tab: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write([]Domain{{DomainID: "A", DomainName: `5" "x",`, DomainConceptID: 1}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rows, findings := readCSV[Domain](t, b.String(), nil)
	if len(rows) != 1 || rows[0].DomainName != `5" "x",` || len(findings) > 0 {
		t.Errorf("want the row back, have %v %v", rows, findings)
	}
}

type stranger struct{}

func (stranger) TableName() string { return "person" }

func TestRowsOfOtherPackagesAreRefused(t *testing.T) {
	if _, err := NewCSVWriter[stranger](io.Discard, nil); err == nil {
		t.Error("want an error from NewCSVWriter")
	}
	for _, err := range ReadCSV[stranger](strings.NewReader(""), "t.csv", nil) {
		if err == nil {
			t.Error("want an error from ReadCSV")
		}
	}
}

func TestDatesAndTimesParseAsColumnarDoes(t *testing.T) {
	for _, s := range []string{"2020-02-29", "2021-02-29", "1900-02-29", "2000-02-29", "0001-01-01", "9999-12-31", "2020-13-01", "2020-00-01", "2020-04-31",
		"2020-01-00", "2020/01/01", "2020-1-01", "0000-01-01", "-200-01-01", "２020-01-1", "1969-12-31", "1600-01-01"} {
		want, err := columnar.ParseDate(s)
		got, ok := parseDay([]byte(s))
		if ok != (err == nil) || ok && got != int64(want) {
			t.Errorf("%q: want %d, %v, have %d, %t", s, want, err, got, ok)
		}
	}
	for _, s := range []string{"2020-02-29 00:00:00", "2020-02-29T23:59:59", "2020-02-29 24:00:00", "2020-02-29 23:60:00", "2020-02-29 23:59:60", "2020-02-30 00:00:00",
		"1969-12-31 23:59:59.999999", "2020-02-29 00:00:00.", "2020-02-29 00:00:00.5", "2020-02-29 00:00:00.1234567", "2020-02-29 00:00:00Z", "2020-02-29 00:00:00+01:00",
		"2020-02-29 00:00", "2020-02-29x00:00:00", "2020-02-29 0a:00:00", "2020-02-29 00:00:00,5", "2020-02-29 0:00:00.00", "20200229 00:00:00.00"} {
		want, err := columnar.ParseTimestamp(s)
		got, ok := parseClock([]byte(s))
		if ok != (err == nil) || ok && got != int64(want) {
			t.Errorf("%q: want %d, %v, have %d, %t", s, want, err, got, ok)
		}
	}
}
