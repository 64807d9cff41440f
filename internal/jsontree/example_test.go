package jsontree_test

import (
	"fmt"
	"io"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

func ExampleTree() {
	var tree jsontree.Tree // one for many documents
	for _, line := range []string{
		`{"code":{"coding":[{"system":"urn:s","code":"a"}]},"value":1.50}`,
		`{"code":{"text":"only text"},"value":-3,"value":4}`,
	} {
		if err := tree.Parse([]byte(line), nil); err != nil {
			fmt.Println(err)
			continue
		}
		root := tree.Root()
		code := root.Get("code").Get("coding").Index(0).Get("code")
		fmt.Printf("%s %q %s %v\n", code.Kind(), code.Text(), root.Get("value").Number(), tree.Duplicates())
	}
	// Output:
	// string "a" 1.50 []
	// invalid "" -3 [40]
}

func ExampleSplitter() {
	bundle := strings.NewReader(`{
  "resourceType": "Bundle",
  "entry": [
    {"resource": {"resourceType": "Patient"}},
    {"resource": {"resourceType": "Observation"}}
  ],
  "type": "collection"
}`)
	s := jsontree.NewSplitter(bundle, &jsontree.SplitOptions{Element: "entry"})
	for {
		p, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("line %d: %s %d %s\n", p.Line, p.Name, p.Index, p.Raw)
	}
	// Output:
	// line 2: resourceType 0 "Bundle"
	// line 4: entry 0 {"resource": {"resourceType": "Patient"}}
	// line 5: entry 1 {"resource": {"resourceType": "Observation"}}
	// line 7: type 2 "collection"
}
