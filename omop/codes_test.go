package omop

import (
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/issue"
)

func TestCodesAreDistinctAndNamedForThePackage(t *testing.T) {
	// Two equal codes would be one key twice, which does not compile.
	codes := map[issue.Code]bool{
		CodeFile:           true,
		CodeSyntax:         true,
		CodeEncoding:       true,
		CodeTableMissing:   true,
		CodeTableEmpty:     true,
		CodeTableUnknown:   true,
		CodeColumnMissing:  true,
		CodeColumnUnknown:  true,
		CodeColumnRepeated: true,
		CodeColumnFormer:   true,
		CodeCellCount:      true,
		CodeType:           true,
		CodeRequired:       true,
		CodeLength:         true,
		CodePrimaryKey:     true,
		CodeForeignKey:     true,
		CodeNotChecked:     true,
		CodeDateOrder:      true,
		CodeDateRange:      true,
		CodeDatetime:       true,
	}
	for c := range codes {
		if !strings.HasPrefix(string(c), "omop-") || strings.ToLower(string(c)) != string(c) {
			t.Errorf("%s: want a lower-case code of this package", c)
		}
	}
}
