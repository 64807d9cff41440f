package dataset

import (
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

// pathText writes a text as FHIRPath does.
func pathText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\f", `\f`).Replace(s) + "'"
}

func (b *fhirBuilder) identity(st *fhirdef.Structure) []Condition { return nil }
