package dataset

import "github.com/carabiner-health/carabiner/fhir/fhirdef"

func isRowTable(spec *TableSpec) bool { return false }

func (b *fhirBuilder) rowTable(t *Table, st *fhirdef.Structure, spec *TableSpec) *Table { return nil }
