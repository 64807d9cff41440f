package dataset

import (
	"context"
	"errors"

	"github.com/carabiner-health/carabiner/issue"
)

func importOMOP(ctx context.Context, in *input) ([]*Table, issue.List, error) {
	return nil, nil, errors.New("dataset: not yet")
}
