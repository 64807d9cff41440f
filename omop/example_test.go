package omop_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing/fstest"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop"
)

func ExampleReadCSV() {
	text := "COHORT_DEFINITION_ID,SUBJECT_ID,COHORT_START_DATE,COHORT_END_DATE\n1,7,2020-01-01,2020-06-30\n1,x,2020-01-01,2020-06-30\n"
	var found issue.Collector
	for row, err := range omop.ReadCSV[omop.Cohort](strings.NewReader(text), "cohort.csv", &omop.ReadOptions{Reporter: &found}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(row.SubjectID, row.CohortStartDate, row.CohortEndDate)
	}
	fmt.Println(found.List()[0])
	// Output:
	// 7 2020-01-01 2020-06-30
	// cohort.csv:3:3: error: cohort.subject_id: want integer of 32 bits, have other text [omop-type]
}

func ExampleNewDatabaseWriter() {
	tmp, err := os.MkdirTemp("", "omop")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(tmp)
	dir, err := columnar.NewDir(filepath.Join(tmp, "out"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer dir.Close()
	w, err := omop.NewDatabaseWriter(dir, "omop", &omop.WriteOptions{VocabularyRelease: "v5.0 27-FEB-25"})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := omop.Write(w, []omop.Person{{PersonID: 1, YearOfBirth: 1950}}); err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}
	if err := dir.Commit(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(w.Rows()["person"], "person,", len(w.Rows()), "tables")
	// Output: 1 person, 41 tables
}

func ExampleValidator_Validate() {
	fsys := fstest.MapFS{
		"person.csv": {Data: []byte("person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id\n1,8507,1950,0,0\n1,8532,1950,0,0\n")},
		"death.csv":  {Data: []byte("person_id,death_date\n2,2020-01-01\n")},
	}
	v, err := omop.NewValidator(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	keys := issue.ReporterFunc(func(i issue.Issue) error {
		if i.Code == omop.CodePrimaryKey || i.Code == omop.CodeForeignKey {
			fmt.Println(i)
		}
		return nil
	})
	sum, err := v.Validate(context.Background(), fsys, keys)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sum.Rows("person"), "persons")
	// Output:
	// person.csv:3: error: person.person_id: want a key that no other row has, have it again [omop-primary-key]
	// death.csv:2: error: death.person_id: want a row of person, have none [omop-foreign-key]
	// 2 persons
}

func ExampleCreateTable() {
	fmt.Print(omop.CreateTable("death"))
	// Output:
	// CREATE TABLE IF NOT EXISTS death (
	//   person_id integer NOT NULL,
	//   death_date date NOT NULL,
	//   death_datetime TIMESTAMP NULL,
	//   death_type_concept_id integer NULL,
	//   cause_concept_id integer NULL,
	//   cause_source_value varchar(50) NULL,
	//   cause_source_concept_id integer NULL
	// );
}

func ExampleSummary() {
	v, err := omop.NewValidator(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fsys := fstest.MapFS{"death.csv": {Data: []byte("person_id,death_date\nx,2020-01-01\ny,2020-01-01\n")}}
	sum, err := v.Validate(context.Background(), fsys, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range sum.Rules {
		if r.Severity == issue.Error {
			fmt.Println(r.Count, r.Code, r.Path)
		}
	}
	// Output:
	// 1 omop-table-missing observation_period
	// 1 omop-table-missing person
	// 2 omop-type death.person_id
}
