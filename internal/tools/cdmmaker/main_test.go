package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/carabiner-health/carabiner/internal/golden"
)

func TestCommittedFactsAreWhatTheMakerMakes(t *testing.T) {
	shared := golden.Shared(t, ".")
	files, err := build(os.DirFS(shared))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 8 {
		t.Errorf("want 8 files, have %d", len(files))
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(golden.Root(t), "omop", "cdm", "data", f.name))
		if err != nil {
			t.Fatal(err)
		}
		if string(b) != string(f.content) {
			t.Errorf("%s: run go generate ./omop/cdm", f.name)
		}
	}
}

func TestMakerLeavesFactsAloneWhereSourcesAreAbsent(t *testing.T) {
	dir := t.TempDir()
	if err := run(fstest.MapFS{}, dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want fs.ErrNotExist, have %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("want no file, have %d, %v", len(entries), err)
	}
}

func TestRecordsAreCleanedOfTheSourcesQuirks(t *testing.T) {
	rows, err := records([]byte("\uFEFFcdmTableName,cdmFieldName,isRequired\u00a0,cdmDatatype\u00a0,isPrimaryKey,isForeignKey,fkTableName,fkFrieldName,fkDomain,fkClass,userGuidance\r\n" +
		"NOTE_NLP,\"\"\"offset\"\"\",No\u00a0,Varchar(50),No,No,NA,NA,NA,NA,\"a \"\"b\"\"\n<br>\"\r\n" +
		"Person,Person_ID ,YES,int,Yes,Yes,CONCEPT,CONCEPT_ID,Gender,NA,\r\n" +
		"person,x,No,varchar(MAX),No,No,,,,,\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	fields, err := fieldFacts(rows)
	if err != nil {
		t.Fatal(err)
	}
	want := "table\tfield\ttype\trequired\tprimary\treference\tdomain\tclass\tunit\n" +
		"note_nlp\toffset\tvarchar(50)\tno\tno\t\t\t\t\n" +
		"person\tperson_id\tinteger\tyes\tyes\tconcept.concept_id\tGender\t\t\n" +
		"person\tx\tvarchar\tno\tno\t\t\t\t\n"
	if got := string(writeFields(fields)); got != want {
		t.Errorf("want:\n%s\nhave:\n%s", want, got)
	}
}

func TestMakerRefusesFactsThatItDoesNotUnderstand(t *testing.T) {
	head := "cdmTableName,cdmFieldName,isRequired,cdmDatatype,isPrimaryKey,isForeignKey,fkTableName,fkFieldName,fkDomain,fkClass\n"
	for _, line := range []string{"a,,No,integer,No,No,,,,", "a,b,No,blob,No,No,,,,", "a,b,No,varchar(0),No,No,,,,", "a,b,No,integer,No,Yes,,,,"} {
		rows, err := records([]byte(head + line + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fieldFacts(rows); err == nil {
			t.Errorf("%s: want an error", line)
		}
	}
	if _, err := records(nil); err == nil {
		t.Error("want an error for an empty file")
	}
	if _, err := tableFacts([]map[string]string{{"cdmtablename": "a"}}); err == nil {
		t.Error("want an error for a table without schema")
	}
}

func TestEveryVanishedColumnNeedsANewName(t *testing.T) {
	old := []field{{table: "person", name: "gone"}, {table: "person", name: "kept"}}
	if _, err := writeRenames(old, []field{{table: "person", name: "kept"}}); err == nil || !strings.Contains(err.Error(), "want") {
		t.Errorf("want an error, have %v", err)
	}
}
