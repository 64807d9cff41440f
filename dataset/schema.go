package dataset

import "github.com/carabiner-health/carabiner/issue"

// Parse reads a profile document in YAML or JSON; name is the source that
// positions show. It is checked by the JSON Schema of profiles (Schema) and by
// what that cannot say; what its sources say is not looked at.
func Parse(name string, src []byte) (*Profile, issue.List) {
	return nil, nil
}

// Schema returns the JSON Schema (2020-12) of profile documents.
func Schema() []byte { return nil }
