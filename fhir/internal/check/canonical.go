package check

import (
	"bytes"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// canonicalTypes are the types of resources that a canonical can lead to besides
// structures, value sets and code systems.
var canonicalTypes = [...]string{
	"ActivityDefinition", "CapabilityStatement", "ChargeItemDefinition", "CompartmentDefinition", "ConceptMap", "EventDefinition",
	"Evidence", "EvidenceVariable", "ExampleScenario", "GraphDefinition", "ImplementationGuide", "Library", "Measure",
	"MessageDefinition", "NamingSystem", "OperationDefinition", "PlanDefinition", "Questionnaire", "ResearchDefinition",
	"ResearchElementDefinition", "SearchParameter", "StructureMap", "TerminologyCapabilities", "TestScript",
}

// canonical checks that a canonical leads to a type that the element allows,
// where references are to be followed that far. (R4 §2.24.0.17)
func (r *run) canonical(n *node, a at) {
	f := r.f(a)
	if r.opts.References == ReferencesInside || f.value.Kind() != jsontree.String {
		return
	}
	url := f.value.Text()
	t := n.typeNamed(f.choice)
	if f.choice == "" && len(n.types) > 0 {
		t = &n.types[0]
	}
	if t == nil || len(t.TargetProfiles) == 0 || url == "" || url[0] == '#' || strings.HasSuffix(n.el.Path, ".meta.profile") {
		return
	}
	typ := r.definedType(url)
	if typ == "" {
		if !isExample(url) {
			r.info(a, CodeReference, "canonical", "want the definition at the canonical URL, have none")
		}
		return
	}
	var names []string
	for _, target := range t.TargetProfiles {
		name := lastSegment(target)
		if r.defs.IsSubtype(typ, name) || r.defs.Type(name) == nil {
			return
		}
		names = append(names, name)
	}
	if r.opts.References == ReferencesMustBeType {
		r.err(a, CodeReference, "canonical", "want a canonical URL of "+strings.Join(names, " or ")+", have one of "+typ)
	}
}

// definedType returns the type of the resource that a canonical URL leads to; ""
// if there is none.
func (r *run) definedType(url string) string {
	switch {
	case r.defs.Structure(url) != nil:
		return "StructureDefinition"
	case r.defs.ValueSet(url) != nil:
		return "ValueSet"
	case r.defs.CodeSystem(url) != nil:
		return "CodeSystem"
	case r.defs.SearchParameter(url) != nil:
		return "SearchParameter"
	}
	for _, typ := range canonicalTypes {
		if r.defs.Resource(typ, url).Kind() == jsontree.Object {
			return typ
		}
	}
	return ""
}

// identifier checks the system of an Identifier, and that what is said to be an
// address is one. (R4 §2.24.0.9)
func (r *run) identifier(a at) {
	v := r.f(a).value
	system := v.Get("system").Bytes(nil)
	value := v.Get("value")
	switch {
	case len(system) == 0:
	case !isAbsolute(system):
		r.err(a, CodePrimitive, "Identifier.system", "want an absolute address as system of an identifier, have a relative one")
	case string(system) == "urn:ietf:rfc:3986" && value.Kind() == jsontree.String && !isAbsolute(value.Bytes(r.ids)):
		r.err(a, CodePrimitive, "Identifier.value", "want an address as value, as the system urn:ietf:rfc:3986 says, have other text")
	case string(system) == rfc4122 && value.Kind() == jsontree.String:
		r.uuidIdentifier(a, value.Bytes(r.ids))
	}
}

// rfc4122 is the address of UUIDs, which some take for a system of identifiers.
const rfc4122 = "https://tools.ietf.org/html/rfc4122"

// uuidIdentifier checks an identifier that is said to be a UUID by the address of
// what defines them: as urn:uuid: of system urn:ietf:rfc:3986 everyone knows it.
func (r *run) uuidIdentifier(a at, value []byte) {
	bare, _ := bytes.CutPrefix(value, []byte("urn:uuid:"))
	const instead = "want urn:ietf:rfc:3986 as system of a UUID and urn:uuid: before its value, have "
	if len(bare) == len(value) && uuidFault("uri", bare) != "" {
		r.err(a, CodePrimitive, "Identifier.value", instead+"the address of UUIDs with a value that is none")
		return
	}
	r.warn(a, CodePrimitive, "Identifier.system", instead+"the address of UUIDs")
}
