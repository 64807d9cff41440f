package cdm_test

import (
	"fmt"

	"github.com/carabiner-health/carabiner/omop/cdm"
)

func Example() {
	f := cdm.V54.Model().Table("measurement").Field("value_as_number")
	fmt.Println(f.TypeName(), f.Required, f.UnitField)
	r := cdm.V54.Model().Table("person").Field("gender_concept_id").Reference
	fmt.Println(r.Table, r.Field, r.Domain)
	// Output:
	// float false unit_concept_id
	// concept concept_id Gender
}
