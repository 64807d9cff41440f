package main

import (
	"bytes"
	"testing"
	"testing/fstest"
)

func TestTheExampleCountsUnits(t *testing.T) {
	csv := "measurement_id,person_id,measurement_concept_id,measurement_date,measurement_type_concept_id,unit_source_value\n" +
		"1,1,0,2024-05-01,32817,mg\n2,1,0,2024-05-01,32817,\n3,1,0,2024-05-02,32817,mg\n"
	var out bytes.Buffer
	if err := run(fstest.MapFS{"measurement.csv": {Data: []byte(csv)}}, &out); err != nil {
		t.Fatal(err)
	}
	if want := "     1 (none)\n     2 mg\n"; out.String() != want {
		t.Errorf("want %q, have %q", want, out.String())
	}
}
