package survey_test

import (
	"context"
	"fmt"
	"log"

	"github.com/carabiner-health/carabiner/dataset/survey"
)

func ExampleInfer() {
	draft, err := survey.Infer(context.Background(), []string{"../../testdata/clinic/dicom"}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(draft.Tables)
	// Output: [series instances]
}
