package main

import (
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// A rule says which members of an object are facts. A member without a rule is
// dropped; a nil rule keeps the value whole.
type rule map[string]rule

var (
	header = rule{
		"resourceType": nil, "url": nil, "version": nil, "name": nil, "title": nil, "status": nil, "experimental": nil,
		"extension": extension,
	}
	// Extensions are reduced by keepExtension, and then kept whole.
	extension = rule{}

	element = rule{
		"id": nil, "path": nil, "sliceName": nil, "sliceIsConstraining": nil, "min": nil, "max": nil, "base": nil,
		"contentReference": nil, "maxLength": nil, "condition": nil, "mustSupport": nil, "isModifier": nil,
		"isSummary": nil, "representation": nil, "orderMeaning": nil, "extension": extension,
		"type": rule{
			"code": nil, "_code": rule{"extension": extension}, "profile": nil, "_profile": nil, "targetProfile": nil, "aggregation": nil,
			"versioning": nil, "extension": extension,
		},
		"binding": rule{"strength": nil, "valueSet": nil, "extension": extension},
		"constraint": rule{
			"key": nil, "severity": nil, "expression": nil, "source": nil, "extension": extension,
		},
		"slicing": rule{"discriminator": nil, "ordered": nil, "rules": nil},
	}
	structure = with(header, rule{
		"kind": nil, "derivation": nil, "abstract": nil, "type": nil, "baseDefinition": nil, "fhirVersion": nil,
		"context": rule{"type": nil, "expression": nil}, "contextInvariant": nil,
		"snapshot": rule{"element": element}, "differential": rule{"element": element},
	})

	designation = rule{"language": nil, "use": rule{"system": nil, "code": nil}, "value": nil}
	concept     = rule{
		"code": nil, "display": nil, "extension": extension, "designation": designation,
		"property": rule{
			"code": nil, "valueCode": nil, "valueCoding": rule{"system": nil, "code": nil}, "valueString": nil,
			"valueInteger": nil, "valueBoolean": nil, "valueDateTime": nil, "valueDecimal": nil,
		},
	}
	codeSystem = with(header, rule{
		"content": nil, "caseSensitive": nil, "hierarchyMeaning": nil, "compositional": nil, "versionNeeded": nil,
		"valueSet": nil, "supplements": nil, "count": nil, "concept": concept,
		"property": rule{"code": nil, "uri": nil, "type": nil},
		"filter":   rule{"code": nil, "operator": nil, "value": nil},
	})

	include = rule{
		"system": nil, "version": nil, "valueSet": nil, "filter": rule{"property": nil, "op": nil, "value": nil},
		"concept": rule{"code": nil, "display": nil, "extension": extension, "designation": designation},
	}
	contains = rule{
		"system": nil, "version": nil, "code": nil, "display": nil, "abstract": nil, "inactive": nil,
		"designation": designation,
	}
	valueSet = with(header, rule{
		"immutable": nil,
		"compose":   rule{"lockedDate": nil, "inactive": nil, "include": include, "exclude": include},
		"expansion": rule{
			"identifier": nil, "timestamp": nil, "total": nil, "offset": nil, "parameter": nil, "contains": contains,
		},
	})
)

func with(a, b rule) rule {
	out := rule{}
	for k, v := range a {
		out[k] = v
	}
	for k, v := range b {
		out[k] = v
	}
	return out
}

// links closes the two rules that hold themselves.
func links() {
	concept["concept"] = concept
	contains["contains"] = contains
}

// extensions names those that say something; every other one is about how a
// definition was made.
var extensions = map[string]bool{
	"structuredefinition-type-characteristics": true,
	"structuredefinition-imposeProfile":        true,
	"structuredefinition-compliesWithProfile":  true,
	"structuredefinition-standards-status":     true,
	"structuredefinition-explicit-type-name":   true,
	"structuredefinition-hierarchy":            true,
	"structuredefinition-fhir-type":            true,
	"regex":                                    true,
	"elementdefinition-maxValueSet":            true,
	"elementdefinition-minValueSet":            true,
	"elementdefinition-bestpractice":           true,
	"elementdefinition-translatable":           true,
	"additional-binding":                       true,
	"codesystem-replacedby":                    true,
	"valueset-extensible":                      true,
}

func keepExtension(v jsontree.Value) bool {
	url := v.Get("url").Text()
	return extensions[url[strings.LastIndexByte(url, '/')+1:]]
}

// A reducer writes the facts of one resource as compact JSON.
type reducer struct {
	out []byte
	// withheld tells that an entry of the present expansion was left out.
	withheld bool
}

// value writes v as far as r allows; it reports whether it wrote anything.
func (w *reducer) value(v jsontree.Value, r rule) bool {
	switch v.Kind() {
	case jsontree.Array:
		return w.array(v, r)
	case jsontree.Object:
		if r == nil {
			w.out = jsontree.Compact(w.out, v.Raw())
			return true
		}
		return w.object(v, r)
	case jsontree.False:
		// FHIR's defaults: a flag that is not there is not set. The members for
		// which that is not so are written by object.
		return false
	}
	w.out = append(w.out, v.Raw()...)
	return true
}

func (w *reducer) array(v jsontree.Value, r rule) bool {
	start := len(w.out)
	w.out = append(w.out, '[')
	empty := true
	for _, e := range v.All() {
		mark := len(w.out)
		if !empty {
			w.out = append(w.out, ',')
		}
		if w.value(e, r) {
			empty = false
		} else {
			w.out = w.out[:mark]
		}
	}
	w.out = append(w.out, ']')
	if empty {
		w.out = w.out[:start]
	}
	return !empty
}

// object writes the members that r names; an object of which nothing is left is
// dropped, unless its absence would say something else.
func (w *reducer) object(v jsontree.Value, r rule) bool {
	start := len(w.out)
	r, withheld := w.licence(v, r)
	if r == nil {
		return false
	}
	w.out = append(w.out, '{')
	empty := true
	for _, m := range v.All() {
		name := m.Key()
		next, ok := r[name]
		if !ok && isElement(r) && isLiteral(name) {
			next, ok = nil, true
		}
		if !ok || w.redundant(v, name, m, r) {
			continue
		}
		mark := len(w.out)
		if !empty {
			w.out = append(w.out, ',')
		}
		w.out = append(w.out, '"')
		w.out = append(w.out, name...)
		w.out = append(w.out, '"', ':')
		if withheld && name == "content" {
			w.out = append(w.out, `"not-present"`...)
			empty = false
		} else if w.member(name, m, next) {
			empty = false
		} else {
			w.out = w.out[:mark]
		}
	}
	if isExpansion(r) {
		withheld, w.withheld = w.withheld, false
	}
	if withheld {
		if !empty {
			w.out = append(w.out, ',')
		}
		w.out = append(w.out, withheldMember...)
		empty = false
	}
	w.out = append(w.out, '}')
	if empty {
		w.out = w.out[:start]
	}
	return !empty
}

func (w *reducer) member(name string, m jsontree.Value, r rule) bool {
	switch {
	case name == "extension" && r != nil:
		return w.extensions(m)
	case name == "orderMeaning":
		w.out = append(w.out, `"-"`...)
		return true
	case m.Kind() == jsontree.False && (name == "inactive" || strings.HasPrefix(name, "value") ||
		strings.HasPrefix(name, "fixed") || strings.HasPrefix(name, "pattern")):
		w.out = append(w.out, "false"...)
		return true
	}
	return w.value(m, r)
}

func (w *reducer) extensions(list jsontree.Value) bool {
	start := len(w.out)
	w.out = append(w.out, '[')
	for _, e := range list.All() {
		if !keepExtension(e) {
			continue
		}
		if len(w.out) > start+1 {
			w.out = append(w.out, ',')
		}
		w.out = jsontree.Compact(w.out, e.Raw())
	}
	if len(w.out) == start+1 {
		w.out = w.out[:start]
		return false
	}
	w.out = append(w.out, ']')
	return true
}

// redundant tells whether a member says what its absence says too.
func (w *reducer) redundant(parent jsontree.Value, name string, m jsontree.Value, r rule) bool {
	switch {
	case !isElement(r):
		// The differential is a shorter form of the snapshot.
		return name == "differential" && parent.Get("snapshot").Get("element").Len() > 0
	case name == "id":
		return string(m.Raw()) == string(parent.Get("path").Raw())
	}
	return false
}

// The places where more is to be done than to choose members are known by the
// members that only they have.
func isElement(r rule) bool   { return has(r, "sliceName") }
func isSystem(r rule) bool    { return has(r, "content") }
func isInclude(r rule) bool   { return has(r, "filter") && has(r, "system") }
func isExpansion(r rule) bool { return has(r, "timestamp") }
func isEntry(r rule) bool     { return has(r, "abstract") && has(r, "inactive") }

func has(r rule, name string) bool {
	_, ok := r[name]
	return ok
}

func isLiteral(name string) bool {
	name = strings.TrimPrefix(name, "_")
	for _, p := range []string{"fixed", "pattern", "minValue", "maxValue"} {
		if strings.HasPrefix(name, p) && len(name) > len(p) {
			return true
		}
	}
	return false
}
