package matchetype

import "github.com/carabiner-health/carabiner/issue"

// CodeDiffers: a resource differs from the pattern.
const CodeDiffers issue.Code = "fhir-matchetype"
