package xmlform_test

import (
	"bytes"
	"encoding/xml"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/internal/xmlform"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

var r4Model = sync.OnceValue(func() *xmlform.Model { return xmlform.NewModel(fhirdef.R4()) })

// writeXML writes a resource in JSON as XML, by the shape of the JSON alone.
func writeXML(resource jsontree.Value) []byte {
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	writeResource(&b, resource, ` xmlns="http://hl7.org/fhir"`)
	return b.Bytes()
}

func writeResource(b *bytes.Buffer, v jsontree.Value, space string) {
	name := v.Get("resourceType").Text()
	b.WriteString("<" + name + space + ">")
	writeMembers(b, v, true, false)
	b.WriteString("</" + name + ">")
}

// writeMembers writes the members of an object as elements, but for those that
// are attributes.
func writeMembers(b *bytes.Buffer, v jsontree.Value, resource, extension bool) {
	for m := v.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		name := string(m.KeyBytes())
		switch {
		case name == "resourceType" && resource, isAttribute(name, resource, extension):
		case strings.HasPrefix(name, "_"):
			if v.Get(name[1:]).Kind() == jsontree.Invalid {
				writeMember(b, name[1:], jsontree.Value{}, m)
			}
		default:
			writeMember(b, name, m, v.Get("_"+name))
		}
	}
}

func isAttribute(name string, resource, extension bool) bool {
	return name == "id" && !resource || name == "url" && extension
}

// writeMember writes the elements of a member and its companion.
func writeMember(b *bytes.Buffer, name string, v, companion jsontree.Value) {
	if v.Kind() != jsontree.Array && companion.Kind() != jsontree.Array {
		writeElement(b, name, v, companion)
		return
	}
	e, c := v.First(), companion.First()
	for e.Kind() != jsontree.Invalid || c.Kind() != jsontree.Invalid {
		writeElement(b, name, e, c)
		if e.Kind() != jsontree.Invalid {
			e = e.Next()
		}
		if c.Kind() != jsontree.Invalid {
			c = c.Next()
		}
	}
}

// writeElement writes one element with its attributes.
func writeElement(b *bytes.Buffer, name string, v, companion jsontree.Value) {
	if name == "div" {
		b.WriteString(v.Text())
		return
	}
	body := companion
	if v.Kind() == jsontree.Object {
		body = v
	}
	if (name == "contained" || name == "resource" || name == "outcome") && body.Get("resourceType").Kind() == jsontree.String {
		b.WriteString("<" + name + ">")
		writeResource(b, body, "")
		b.WriteString("</" + name + ">")
		return
	}
	extension := name == "extension" || name == "modifierExtension"
	b.WriteString("<" + name)
	for m := body.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		if key := string(m.KeyBytes()); isAttribute(key, false, extension) {
			writeAttribute(b, key, []byte(m.Text()))
		}
	}
	switch v.Kind() {
	case jsontree.String:
		writeAttribute(b, "value", []byte(v.Text()))
	case jsontree.Number, jsontree.True, jsontree.False:
		writeAttribute(b, "value", v.Raw())
	}
	b.WriteString(">")
	writeMembers(b, body, false, extension)
	b.WriteString("</" + name + ">")
}

func writeAttribute(b *bytes.Buffer, name string, value []byte) {
	b.WriteString(" " + name + `="`)
	_ = xml.EscapeText(b, value) // a bytes.Buffer takes all
	b.WriteString(`"`)
}
