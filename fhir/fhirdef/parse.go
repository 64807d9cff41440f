package fhirdef

// ParseStructure returns the StructureDefinition that src holds in JSON, its
// differential included; file is for errors. It belongs to no definitions until
// a Package adds it, but Definitions.Snapshot makes its snapshot.
func ParseStructure(src []byte, file string) (*Structure, error) {
	return parseStructure(src, file, true)
}
