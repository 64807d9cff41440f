package check

import (
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// definition is a StructureDefinition that is checked. (R4 §5.3)
type definition struct {
	*run
	at                         at
	v                          jsontree.Value
	url, typ, kind, derivation string
	parsed                     *fhirdef.Structure // nil if it cannot be read as one
	base                       *fhirdef.Structure // nil if it is not known
	invariants                 map[string]string  // expressions by key
	told                       bool               // that no snapshot can be made
}

// structureDefinition checks what a StructureDefinition says against itself, its
// base and the types of FHIR. Whatever is wrong with the snapshot that its
// differential makes is found at the whole, as HL7's validator does.
func (r *run) structureDefinition(a at) {
	v := r.f(a).value
	d := &definition{run: r, at: a, v: v, invariants: make(map[string]string)}
	d.url, d.typ = v.Get("url").Text(), v.Get("type").Text()
	d.kind, d.derivation = v.Get("kind").Text(), v.Get("derivation").Text()
	if p, err := fhirdef.ParseStructure(v.Raw(), ""); err == nil {
		d.parsed = p
	}
	d.base = r.defs.Structure(v.Get("baseDefinition").Text())
	d.typeName()
	d.derive()
	d.contexts()
	for _, part := range [...]string{"differential", "snapshot"} {
		list := v.Get(part)
		if list.Kind() != jsontree.Object {
			continue
		}
		p := r.child(a, part, -1, list, "StructureDefinition."+part)
		d.elements(p, part == "snapshot")
		r.pop(p)
	}
}

func (d *definition) error(message string) {
	d.err(d.at, CodeDefinition, "StructureDefinition", message)
}

// typeName checks the name of the type: one of FHIR's, or an address.
// (StructureDefinition.type)
func (d *definition) typeName() {
	if d.typ == "" {
		return
	}
	t := d.child(d.at, "type", -1, d.v.Get("type"), "uri")
	defer d.pop(t)
	if !strings.Contains(d.typ, ":") {
		if d.defs.Type(d.typ) == nil && d.url != "http://hl7.org/fhir/StructureDefinition/"+d.typ {
			d.err(t, CodeDefinition, "StructureDefinition.type", "want a type of FHIR, or an address as the name of another type, have another name")
		}
		return
	}
	if d.derivation == "specialization" && namespace(d.typ) != namespace(d.url) {
		d.warn(t, CodeDefinition, "StructureDefinition.type", "want the type in the namespace of the url, have another namespace")
	}
}

// namespace is an address without its last part.
func namespace(url string) string { return url[:strings.LastIndexByte(url, '/')+1] }

// derive checks the structure against its base.
func (d *definition) derive() {
	baseURL := d.v.Get("baseDefinition").Text()
	if d.unreadable() {
		d.told = true
		d.error("want a definition that a snapshot can be made of, have a code that FHIR does not define in it")
	}
	if baseURL == "" {
		return
	}
	if d.base == nil {
		d.warn(d.at, CodeDefinition, "StructureDefinition.baseDefinition", "want the base definition "+safeURL(baseURL)+", have none: the differential is not checked against it")
		return
	}
	switch d.derivation {
	case "":
		d.error("want a derivation beside a base definition, have none")
	case "specialization":
		if d.base.Type == d.typ {
			d.error("want another type than that of the base definition, which is specialized, have the same: " + d.typ)
		}
	case "constraint":
		d.constrain()
	}
}

// constrain checks a profile against what it constrains.
func (d *definition) constrain() {
	if d.base.Kind != "" && d.kind != "" && d.base.Kind != d.kind {
		d.error("want the kind of the base definition, " + d.base.Kind + ", have " + d.kind)
	}
	if d.base.Type != d.typ {
		d.error("want the type of the base definition, " + d.base.Type + ", have another")
		return
	}
	if d.parsed == nil || len(d.parsed.Differential) == 0 {
		return
	}
	if _, problems := d.defs.Snapshot(d.parsed); len(problems) > 0 {
		d.noSnapshot(problems[0].Element, problems[0].Message)
	}
	d.differential()
}

// noSnapshot tells once that no snapshot can be made, and the first reason.
func (d *definition) noSnapshot(element, reason string) {
	if !d.told {
		d.told = true
		if element != "" {
			reason = element + ": " + reason
		}
		d.error("want a differential that a snapshot can be made of, have a fault in it: " + reason)
	}
}

// codes are the elements of a definition whose codes must be known to read it.
var codes = map[string][]string{
	"kind":          {"primitive-type", "complex-type", "resource", "logical"},
	"derivation":    {"specialization", "constraint"},
	"status":        {"draft", "active", "retired", "unknown"},
	"discriminator": {"value", "exists", "pattern", "type", "profile", "position"},
	"rules":         {"closed", "open", "openAtEnd"},
	"strength":      {"required", "extensible", "preferred", "example"},
	"severity":      {"error", "warning"},
	"aggregation":   {"contained", "referenced", "bundled"},
	"versioning":    {"either", "independent", "specific"},
}

// unreadable tells whether a code is in the definition that FHIR does not have.
func (d *definition) unreadable() bool {
	unknown := func(v jsontree.Value, list string) bool {
		return v.Kind() == jsontree.String && !slices.Contains(codes[list], v.Text())
	}
	for _, name := range [...]string{"kind", "derivation", "status"} {
		if unknown(d.v.Get(name), name) {
			return true
		}
	}
	for _, part := range [...]string{"differential", "snapshot"} {
		for e := d.v.Get(part).Get("element").First(); e.Kind() != jsontree.Invalid; e = e.Next() {
			slicing := e.Get("slicing")
			bad := unknown(slicing.Get("rules"), "rules") || unknown(e.Get("binding").Get("strength"), "strength")
			for x := slicing.Get("discriminator").First(); x.Kind() != jsontree.Invalid; x = x.Next() {
				bad = bad || unknown(x.Get("type"), "discriminator")
			}
			for x := e.Get("constraint").First(); x.Kind() != jsontree.Invalid; x = x.Next() {
				bad = bad || unknown(x.Get("severity"), "severity")
			}
			for x := e.Get("type").First(); x.Kind() != jsontree.Invalid; x = x.Next() {
				bad = bad || unknown(x.Get("versioning"), "versioning")
				for y := x.Get("aggregation").First(); y.Kind() != jsontree.Invalid; y = y.Next() {
					bad = bad || unknown(y, "aggregation")
				}
			}
			if bad {
				return true
			}
		}
	}
	return false
}

// contexts checks where an extension says it may stand, and that its url is
// fixed to its own. (R4 §2.4.0.2)
func (d *definition) contexts() {
	if d.typ != "Extension" {
		return
	}
	i := 0
	for c := d.v.Get("context").First(); c.Kind() != jsontree.Invalid; i, c = i+1, c.Next() {
		at := d.child(d.at, "context", i, c, "StructureDefinition.context")
		switch text := c.Get("expression").Text(); c.Get("type").Text() {
		case "element":
			if text == "Element" {
				d.warn(at, CodeDefinition, "StructureDefinition.context", "want a context narrower than Element unless the extension may stand anywhere, have Element")
			}
		case "extension":
			if text != "" && !isAbsolute([]byte(text)) {
				d.err(at, CodeDefinition, "StructureDefinition.context", "want the address of an extension as context, have none")
			}
		case "fhirpath":
			if _, err := d.expression(text); text != "" && err != nil {
				d.err(at, CodeDefinition, "StructureDefinition.context", "want FHIRPath as context, have an expression that does not compile: "+err.Error())
			}
		}
		d.pop(at)
	}
	if d.derivation != "constraint" || d.v.Get("abstract").Kind() == jsontree.True {
		return
	}
	for _, part := range [...]string{"differential", "snapshot"} {
		for e := d.v.Get(part).Get("element").First(); e.Kind() != jsontree.Invalid; e = e.Next() {
			if fixed := e.Get("fixedUri"); e.Get("path").EqualText("Extension.url") && fixed.Kind() == jsontree.String && fixed.Text() != d.url {
				d.error("want Extension.url fixed to the url of the definition, have it fixed to another")
				return
			}
		}
	}
}

// report at an element by its path alone, as what contradicts the value that the
// base fixes is found: at Extension.url, wherever the definition has it.
func (d *definition) atPath(path string, v jsontree.Value, message string) {
	parts := strings.Split(path, ".")
	a := d.push(none, frame{typ: parts[0], value: d.v, index: -1})
	top := a
	for _, name := range parts[1:] {
		a = d.push(a, frame{name: strings.TrimSuffix(name, "[x]"), value: v, index: -1})
	}
	d.report(finding{severity: issue.Error, code: CodeFixed, rule: d.base.URL, at: a, value: v, message: message})
	d.pop(top)
}
