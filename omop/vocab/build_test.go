package vocab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop"
)

const (
	conceptHeader = "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason\n"
	relHeader     = "concept_id_1\tconcept_id_2\trelationship_id\tvalid_start_date\tvalid_end_date\tinvalid_reason\n"
	ancHeader     = "ancestor_concept_id\tdescendant_concept_id\tmin_levels_of_separation\tmax_levels_of_separation\n"
	vocHeader     = "vocabulary_id\tvocabulary_name\tvocabulary_reference\tvocabulary_version\tvocabulary_concept_id\n"
)

// toy is a small folder whose vocabularies are made up.
func toy() fstest.MapFS {
	return fstest.MapFS{
		"VOCABULARY.csv": file(vocHeader + "None\tAll\tnowhere\tv9.9 01-JAN-26\t1\nToy\tToy codes\tnowhere\tToy 3\t2\n"),
		"CONCEPT.csv": file(conceptHeader +
			"30\tFirst\tCondition\tToy\tFinding\tS\tA1\t19700101\t20991231\t\n" +
			"10\t\"Second, so called\tCondition\tToy\tFinding\t\tA2\t19700101\t20991231\t\n" +
			"20\tNA\tDrug\tToy\tDrug\tS\tNA\t19700101\t20991231\t\n" +
			"40\tOld\tDrug\tToy\tDrug\t\tA4\t19700101\t20101231\tU\n" +
			"50\tSalt\tDrug\tToy\tIngredient\tS\tS1\t19700101\t20991231\t\n" +
			"60\tSugar\tDrug\tToy\tIngredient\tS\tS2\t19700101\t20991231\t\n" +
			"70\tA code of more than nineteen letters\tDrug\tOther\tDrug\tC\t0123456789-0123456789\t19700101\t20991231\t\n" +
			"80\tAgain\tDrug\tToy\tDrug\t\tA1\t19700101\t20101231\tD\n"),
		"CONCEPT_RELATIONSHIP.csv": file(relHeader +
			"10\t30\tMaps to\t19700101\t20991231\t\n" +
			"10\t20\tMaps to\t19700101\t20991231\t\n" +
			"10\t60\tMaps to value\t19700101\t20991231\t\n" +
			"10\t50\tMaps to\t19700101\t20101231\tD\n" + // not current
			"40\t10\tMaps to\t19700101\t20991231\t\n" + // not standard
			"40\t99\tMaps to\t19700101\t20991231\t\n" + // dangling
			"30\t30\tMaps to\t19700101\t20991231\t\n" +
			"30\t30\tMaps to\t19700101\t20991231\t\n" + // duplicate
			"30\t30\tMapped from\t19700101\t20991231\t\n"), // other
		"CONCEPT_ANCESTOR.csv": file(ancHeader +
			"50\t50\t0\t0\n50\t20\t1\t1\n60\t20\t1\t1\n20\t20\t0\t0\n60\t99\t1\t1\n"),
	}
}

func file(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }

func openToy(t *testing.T, fsys fs.FS, opts *BuildOptions) (*Store, *BuildReport) {
	t.Helper()
	s, r, err := OpenFS(t.Context(), fsys, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

func ids(list []omop.ConceptInfo) []int32 {
	var out []int32
	for _, c := range list {
		out = append(out, c.ID)
	}
	return out
}

// answers is everything that a store says about the toy.
func answers(s *Store) string {
	var b strings.Builder
	for c := range s.All() {
		got, ok := s.Lookup(c.Vocabulary, c.Code)
		fmt.Fprintln(&b, c, ok, got.ID, ids(s.LookupAll(c.Vocabulary, c.Code, nil)), ids(s.MapsTo(c.ID, nil)),
			ids(s.MapsToValue(c.ID, nil)), s.Ingredients(c.ID, nil))
	}
	return b.String()
}

const toyAnswers = `{10 A2 Toy Condition Finding "Second, so called 0 0} true 10 [10] [20 30] [60] []
{20 NA Toy Drug Drug NA 83 0} true 20 [20] [20] [] [50 60]
{30 A1 Toy Condition Finding First 83 0} true 30 [30 80] [30] [] []
{40 A4 Toy Drug Drug Old 0 85} true 40 [40] [] [] []
{50 S1 Toy Drug Ingredient Salt 83 0} true 50 [50] [50] [] [50]
{60 S2 Toy Drug Ingredient Sugar 83 0} true 60 [60] [60] [] [60]
{70 0123456789-0123456789 Other Drug Drug A code of more than nineteen letters 67 0} true 70 [70] [] [] []
{80 A1 Toy Drug Drug Again 0 68} true 30 [30 80] [] [] []
`

func TestAthenaFilesHaveNoQuotesAndNAIsData(t *testing.T) {
	s, r := openToy(t, toy(), nil)
	if diff := cmp.Diff(toyAnswers, answers(s)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if i := s.Info(); i.Release != "v9.9 01-JAN-26" || i.Concepts != 8 || i.Standard != 4 || i.MapsTo != 3 ||
		i.MapsToValue != 1 || i.Relationships != 9 || i.RollUp != 2 || !i.Names || !i.Ancestors {
		t.Errorf("info: have %+v", i)
	}
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
	if _, ok := s.Lookup("Toy", ""); ok {
		t.Error("want no concept without a code")
	}
	if _, ok := s.Lookup("Nothing", "A1"); ok {
		t.Error("want no concept of an unknown vocabulary")
	}
	if r.Damaged() != 0 {
		t.Errorf("want no damaged line, have %d: %v", r.Damaged(), r.Issues)
	}
}

func TestEveryLineIsAccountedFor(t *testing.T) {
	fsys := toy()
	fsys["CONCEPT.csv"].Data = append(fsys["CONCEPT.csv"].Data,
		"x\tN\tDrug\tToy\tDrug\tS\tB1\t19700101\t20991231\t\n"+
			"2147483648\tN\tDrug\tToy\tDrug\tS\tB1\t19700101\t20991231\t\n"+
			"90\tN\tDrug\tToy\tDrug\tX\tB1\t19700101\t20991231\t\n"+
			"90\tN\tDrug\tToy\tDrug\tS\tB1\t19700101\t20991231\tR\n"+
			"90\tN\t\tToy\tDrug\tS\tB1\t19700101\t20991231\t\n"+
			"90\tN\ttab\tDrug\tToy\tDrug\tS\tB1\t19700101\t20991231\t\n"+
			"90\tcut off\n"+
			"\n"+
			"30\tFirst\tagain\tToy\tFinding\tS\tA9\t19700101\t20991231\t\n"+
			"91\tbad \xff\tDrug\tToy\tDrug\tS\tB2\t19700101\t20991231\t"...)
	fsys["CONCEPT_RELATIONSHIP.csv"].Data = append(fsys["CONCEPT_RELATIONSHIP.csv"].Data,
		"\t30\tMaps to\t19700101\t20991231\t\n10\t-30\tMaps to\t19700101\t20991231\t\n10\t30\tMaps to\t19700101\t20991231\tmaybe\n"...)
	var found issue.Collector
	s, r := openToy(t, fsys, &BuildOptions{Reporter: &found})
	type line struct {
		code   issue.Code
		source string
		line   int
	}
	var got []line
	for _, i := range found.List() {
		if i.Pos.Line > 0 {
			got = append(got, line{i.Code, i.Pos.Source, i.Pos.Line})
		}
		if strings.Contains(i.Message, "\xff") || strings.Contains(i.Message, "maybe") {
			t.Errorf("want no value in a message, have %q", i.Message)
		}
	}
	want := []line{
		{CodeID, "CONCEPT.csv", 10}, {CodeID, "CONCEPT.csv", 11}, {CodeFlag, "CONCEPT.csv", 12}, {CodeFlag, "CONCEPT.csv", 13},
		{CodeEmpty, "CONCEPT.csv", 14}, {CodeColumns, "CONCEPT.csv", 15}, {CodeColumns, "CONCEPT.csv", 16},
		{CodeEncoding, "CONCEPT.csv", 19}, {CodeDuplicateID, "CONCEPT.csv", 18},
		{CodeID, "CONCEPT_RELATIONSHIP.csv", 11}, {CodeID, "CONCEPT_RELATIONSHIP.csv", 12}, {CodeFlag, "CONCEPT_RELATIONSHIP.csv", 13},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(line{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	files := []FileReport{
		{Table: "VOCABULARY", Name: "VOCABULARY.csv", Read: true, Lines: 2, Used: 2},
		{Table: "CONCEPT", Name: "CONCEPT.csv", Read: true, Lines: 17, Used: 9, Damaged: 7, Duplicate: 1},
		{Table: "CONCEPT_RELATIONSHIP", Name: "CONCEPT_RELATIONSHIP.csv", Read: true, Lines: 12, Used: 4, Damaged: 3,
			Duplicate: 1, Other: 1, NotCurrent: 1, Dangling: 1, NotStandard: 1},
		{Table: "CONCEPT_ANCESTOR", Name: "CONCEPT_ANCESTOR.csv", Read: true, Lines: 5, Used: 3, Other: 1, Dangling: 1},
	}
	if diff := cmp.Diff(files, r.Files[:4]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, f := range r.Files {
		if sum := f.Used + f.Damaged + f.Duplicate + f.Other + f.NotCurrent + f.Dangling + f.NotStandard; sum != f.Lines {
			t.Errorf("%s: want %d lines accounted for, have %d", f.Table, f.Lines, sum)
		}
	}
	if c, ok := s.Concept(91); !ok || c.Name != "bad \uFFFD" {
		t.Errorf("want a name with U+FFFD, have %v %q", ok, c.Name)
	}
	if c, _ := s.Concept(30); c.Domain != "Condition" {
		t.Error("want the first of two lines of one id")
	}
}

func TestMissingFilesAreSaid(t *testing.T) {
	fsys := toy()
	delete(fsys, "CONCEPT_ANCESTOR.csv")
	delete(fsys, "VOCABULARY.csv")
	fsys["CONCEPT_CPT4.csv"] = file("")
	s, r := openToy(t, fsys, nil)
	var got []string
	for _, i := range r.Issues {
		if i.Code == CodeMissingFile || i.Code == CodeForeignFile {
			got = append(got, i.Severity.String()+" "+i.Pos.Source)
		}
	}
	want := []string{"warning VOCABULARY.csv", "warning CONCEPT_ANCESTOR.csv", "information CONCEPT_CLASS.csv",
		"information CONCEPT_SYNONYM.csv", "information DOMAIN.csv", "information DRUG_STRENGTH.csv",
		"information RELATIONSHIP.csv", "information CONCEPT_CPT4.csv"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := s.Ingredients(50, nil); len(got) != 1 {
		t.Errorf("want an ingredient to be its own, have %v", got)
	}
	if got := s.Ingredients(20, nil); got != nil || s.Info().Ancestors {
		t.Errorf("want no ingredients, have %v", got)
	}
	for _, table := range []string{"CONCEPT.csv", "CONCEPT_RELATIONSHIP.csv"} {
		fsys := toy()
		delete(fsys, table)
		if _, _, err := OpenFS(t.Context(), fsys, nil); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), table) {
			t.Errorf("without %s: have %v", table, err)
		}
	}
}

func TestOtherDialects(t *testing.T) {
	convert := func(s string, sep, eol string, quote bool) string {
		var b strings.Builder
		for line := range strings.Lines(s) {
			fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			for i, f := range fields {
				f = strings.ReplaceAll(strings.ReplaceAll(f, "19700101", "1970-01-01"), "20991231", "31/12/2099")
				if quote && (i%2 == 1 || strings.ContainsAny(f, `",`)) {
					f = `"` + strings.ReplaceAll(f, `"`, `""`) + `"`
				}
				fields[i] = f
			}
			b.WriteString(strings.Join(fields, sep) + eol)
		}
		return b.String()
	}
	for _, c := range []struct {
		name     string
		sep, eol string
		quote    bool
		prefix   string
		dialect  Dialect
	}{
		{"crlf", "\t", "\r\n", false, "", Dialect{}},
		{"byte order mark", "\t", "\n", false, "\xEF\xBB\xBF", Dialect{}},
		{"comma and quotes", ",", "\n", true, "", CSV},
		{"comma, quotes, crlf", ",", "\r\n", true, "\xEF\xBB\xBF", CSV},
		{"tab and quotes", "\t", "\n", true, "", Dialect{Quotes: true}},
		{"semicolon", ";", "\n", false, "", Dialect{Comma: ';'}},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			for name, f := range toy() {
				fsys[strings.ToLower(name)] = file(c.prefix + convert(string(f.Data), c.sep, c.eol, c.quote))
			}
			s, r := openToy(t, fsys, &BuildOptions{Dialect: c.dialect})
			if diff := cmp.Diff(toyAnswers, answers(s)); diff != "" || r.Damaged() != 0 {
				t.Errorf("%d damaged (-want +got)\n%s", r.Damaged(), diff)
			}
		})
	}
}

func TestQuotedFieldsMayHoldLineEnds(t *testing.T) {
	d := CSV
	d.Null = "NA"
	fsys := fstest.MapFS{
		"concept.csv": file("concept_id,concept_name,domain_id,vocabulary_id,concept_class_id,standard_concept,concept_code,invalid_reason\n" +
			"1,\"two\nlines, \"\"quoted\"\"\",D,V,C,S,a,NA\n" +
			"2,\"open,D,V,C,S,b,NA\n" +
			"3,\"shut\"x,D,V,C,S,c,NA\n" +
			"4,plain \" quote,D,V,C,NA,d,NA\r\n"),
		"concept_relationship.csv": file("concept_id_1,concept_id_2,relationship_id,invalid_reason\n4,1,Maps to,NA\n"),
	}
	s, r := openToy(t, fsys, &BuildOptions{Dialect: d})
	if c, ok := s.Lookup("V", "a"); !ok || c.Name != "two\nlines, \"quoted\"" || c.Invalid != 0 {
		t.Errorf("have %v %+v", ok, c)
	}
	if c, ok := s.Lookup("V", "d"); !ok || c.Name != "plain \" quote" || c.Standard != 0 {
		t.Errorf("have %v %+v", ok, c)
	}
	if got := ids(s.MapsTo(4, nil)); len(got) != 1 || got[0] != 1 {
		t.Errorf("have %v", got)
	}
	var lines []int
	for _, i := range r.Issues {
		if i.Code == CodeQuote {
			lines = append(lines, i.Pos.Line)
		}
	}
	if diff := cmp.Diff([]int{4, 5}, lines); diff != "" {
		t.Errorf("lines with a bad quote (-want +got)\n%s", diff)
	}
}

func TestWrongDialectIsSaid(t *testing.T) {
	for name, opts := range map[string]*BuildOptions{
		"want a column":   {Dialect: CSV},
		"ASCII separator": {Dialect: Dialect{Comma: '"'}},
		"want names":      {Names: 9},
	} {
		if _, _, err := OpenFS(t.Context(), toy(), opts); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: have %v", name, err)
		}
	}
	fsys := toy()
	fsys["CONCEPT.csv"] = file(conceptHeader)
	if _, _, err := OpenFS(t.Context(), fsys, nil); err == nil || !strings.Contains(err.Error(), "at least one concept") {
		t.Errorf("no concept: have %v", err)
	}
	fsys["CONCEPT.csv"] = file("")
	if _, _, err := OpenFS(t.Context(), fsys, nil); err == nil || !strings.Contains(err.Error(), "header") {
		t.Errorf("empty file: have %v", err)
	}
	fsys = toy()
	fsys["concept.tsv"] = file(conceptHeader)
	if _, _, err := OpenFS(t.Context(), fsys, nil); err == nil || !strings.Contains(err.Error(), "one file of table CONCEPT") {
		t.Errorf("two files: have %v", err)
	}
}

func TestBuildStopsWhenTheReporterOrTheContextSaysSo(t *testing.T) {
	fsys := toy()
	fsys["CONCEPT.csv"].Data = append(fsys["CONCEPT.csv"].Data, "x\n"...)
	var list *issue.ListError
	if _, _, err := OpenFS(t.Context(), fsys, &BuildOptions{Reporter: issue.FailFast}); !errors.As(err, &list) {
		t.Errorf("want the reporter's error, have %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := OpenFS(ctx, toy(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("want %v, have %v", context.Canceled, err)
	}
}

func TestLongLinesAreLeftOutAndNamed(t *testing.T) {
	for _, dialect := range []Dialect{{}, {Quotes: true}} {
		fsys := toy()
		long := "5\t" + strings.Repeat("x", 3*maxLine) + "\tDrug\tToy\tDrug\tS\tL1\t19700101\t20991231\t\n"
		fsys["CONCEPT.csv"].Data = []byte(strings.Replace(string(fsys["CONCEPT.csv"].Data), "20\tNA", long+"20\tNA", 1))
		fsys["CONCEPT.csv"].Data = bytes.ReplaceAll(fsys["CONCEPT.csv"].Data, []byte(`"Second`), []byte("Second"))
		s, r := openToy(t, fsys, &BuildOptions{Dialect: dialect})
		if s.Info().Concepts != 8 || r.Damaged() != 1 {
			t.Errorf("want 8 concepts and 1 damaged line, have %d and %d", s.Info().Concepts, r.Damaged())
		}
		for _, i := range r.Issues {
			if i.Severity >= issue.Error && (i.Code != CodeLongLine || i.Pos.Line != 4) {
				t.Errorf("want a long line 4, have %v", i)
			}
		}
	}
}

func TestAQuoteThatIsNeverClosedCostsOneLine(t *testing.T) {
	var b strings.Builder
	b.WriteString("concept_id,concept_name,domain_id,vocabulary_id,concept_class_id,standard_concept,concept_code,invalid_reason\n")
	const n = 40_000 // several blocks
	for i := range n {
		name := "\"a, name of some length, to fill the block\""
		if i == 100 {
			name = "\"open"
		}
		fmt.Fprintf(&b, "%d,%s,D,V,C,S,c%d,\n", i, name, i)
	}
	fsys := fstest.MapFS{"concept.csv": file(b.String()),
		"concept_relationship.csv": file("concept_id_1,concept_id_2,relationship_id,invalid_reason\n")}
	s, r := openToy(t, fsys, &BuildOptions{Dialect: CSV})
	if r.Damaged() != 1 || s.Info().Concepts != n-1 {
		t.Errorf("want one damaged line and %d concepts, have %d and %d", n-1, r.Damaged(), s.Info().Concepts)
	}
}

// TestBytesDoNotDependOnWorkersOrLineOrder builds one content in several ways.
func TestBytesDoNotDependOnWorkersOrLineOrder(t *testing.T) {
	dir := t.TempDir()
	synthetic{concepts: 30_000, relationships: 150_000}.write(t, dir)
	var want []byte
	build := func(name, dir string, workers int) {
		out := filepath.Join(t.TempDir(), "vocab.idx")
		if _, err := Build(t.Context(), dir, out, &BuildOptions{Workers: workers}); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if !bytes.Equal(want, got) {
			t.Errorf("%s: want the same bytes", name)
		}
	}
	build("one worker", dir, 1)
	build("two workers", dir, 2)
	build("seven workers", dir, 7)
	reversed := t.TempDir()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(string(data), "\n")
		for i, j := 1, len(lines)-2; i < j; i, j = i+1, j-1 {
			lines[i], lines[j] = lines[j], lines[i]
		}
		if err := os.WriteFile(filepath.Join(reversed, e.Name()), []byte(strings.Join(lines, "")), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	build("lines in another order", reversed, 3)
}

func TestBuildReplacesTheFileOnlyWhenComplete(t *testing.T) {
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "vocab.idx")
	for name, f := range toy() {
		if err := os.WriteFile(filepath.Join(dir, name), f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var done, total int64
	report, err := Build(t.Context(), dir, out, &BuildOptions{Progress: func(d, n int64) { done, total = d, n }})
	if err != nil {
		t.Fatal(err)
	}
	if done == 0 || done != total {
		t.Errorf("progress: want all bytes, have %d of %d", done, total)
	}
	s, err := Open(out)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(report.Info, s.Info()); diff != "" {
		t.Errorf("(-reported +opened)\n%s", diff)
	}
	if diff := cmp.Diff(toyAnswers, answers(s)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	before, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{out, dir} {
		s, r, err := Load(t.Context(), path, nil)
		if err != nil || answers(s) != toyAnswers || (r != nil) != (path == dir) {
			t.Errorf("load: want the same answers, have %v and report %v", err, r)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	// A build that fails leaves the old file, open or not, and nothing else.
	if err := os.WriteFile(filepath.Join(dir, "CONCEPT_RELATIONSHIP.csv"), []byte(relHeader+"x\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Build(t.Context(), dir, out, &BuildOptions{Reporter: issue.FailFast}); err == nil {
		t.Fatal("want an error")
	}
	after, err := os.ReadFile(out)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("want the file as it was, have %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(filepath.Dir(out))
	if err != nil || len(entries) != 1 {
		t.Errorf("want one file beside each other, have %v %v", entries, err)
	}
	if _, err := Build(t.Context(), dir, filepath.Join(out, "below", "a file"), nil); err == nil {
		t.Error("want an error for a folder that is not there")
	}
	if _, err := Build(t.Context(), dir, t.TempDir(), nil); err == nil {
		t.Error("want an error for a folder as output")
	}
}

func TestNamesAreOptional(t *testing.T) {
	with, _ := openToy(t, toy(), &BuildOptions{Names: NamesAlways})
	without, _ := openToy(t, toy(), &BuildOptions{Names: NamesNever})
	if with.Info().Names == without.Info().Names || with.Info().Bytes <= without.Info().Bytes {
		t.Errorf("have %+v and %+v", with.Info(), without.Info())
	}
	for c := range with.All() {
		got, ok := without.Concept(c.ID)
		if diff := cmp.Diff(c, got, cmpopts.IgnoreFields(omop.ConceptInfo{}, "Name")); !ok || diff != "" || got.Name != "" {
			t.Errorf("%d: found %v (-want +got)\n%s", c.ID, ok, diff)
		}
	}
}
