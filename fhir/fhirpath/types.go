package fhirpath

import (
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

const kindPrimitive = "primitive-type"

// primitiveKind returns the System type of a primitive's value (FHIR R4
// §2.1.9.1.2).
func primitiveKind(name string) kind {
	switch name {
	case "boolean":
		return kindBoolean
	case "integer", "positiveInt", "unsignedInt":
		return kindInteger
	case "integer64":
		return kindLong
	case "decimal":
		return kindDecimal
	case "date":
		return kindDate
	case "dateTime", "instant":
		return kindDateTime
	case "time":
		return kindTime
	}
	return kindString
}

func isPrimitive(s *fhirdef.Shape) bool { return s != nil && s.Kind == kindPrimitive }

// isQuantity reports whether a type is Quantity or one of its specializations.
func isQuantity(s *fhirdef.Shape) bool {
	return s != nil && (s.Name == "Quantity" || s.Base == "Quantity")
}

// typeSpec is a type that an expression names.
type typeSpec struct {
	text   string
	fhir   string // name of the FHIR type, "" if none is meant
	system kind   // System type, kindNone if none is meant
}

// typeSpec resolves a name such as Quantity, FHIR.Patient or System.String. A bare
// name may mean both, as Quantity does.
func resolveType(defs *fhirdef.Definitions, name string) (typeSpec, bool) {
	space, rest, qualified := strings.Cut(name, ".")
	switch {
	case qualified && space == "System":
		return typeSpec{text: name, system: systemKind(rest)}, true
	case qualified && space == "FHIR":
		return typeSpec{text: name, fhir: rest}, defs.Kind(rest) != ""
	}
	t := typeSpec{text: name, system: systemKind(name)}
	if defs.Kind(name) != "" || qualified && defs.Shape(name) != nil {
		t.fhir = name
	}
	return t, t.fhir != "" || t.system != kindNone
}

// matches reports whether an item is of a type or of one that specializes it.
func (t *typeSpec) matches(m *machine, it *Item) bool {
	if it.kind != kindNode {
		return t.system != kindNone && it.kind == t.system
	}
	if t.fhir == "" {
		return false
	}
	name := it.node.Type()
	return name == t.fhir || m.defs.IsSubtype(name, t.fhir)
}

// selects reports whether as() and ofType() keep an item. A primitive must be of
// the very type: a code is not kept as a string.
func (t *typeSpec) selects(m *machine, it *Item) bool {
	if !t.matches(m, it) {
		return false
	}
	return it.kind != kindNode || it.node.Type() == t.fhir || !isPrimitive(it.node.shape)
}
