package gen

import (
	"errors"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// JSONSchema returns a JSON Schema (2020-12) a table, of its records as JSON:
// <table>.schema.json.
func JSONSchema(m *dataset.Model) ([]File, issue.List, error) {
	return nil, nil, errors.New("gen: not yet")
}
