package fhirdef

import (
	"bytes"
	"fmt"
	"iter"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// Error tells where a definition is not what FHIR says it should be. It never
// holds a value of the definition.
type Error struct {
	File         string // as given to the loader; "" if unknown
	Line, Column int    // from 1; 0 if unknown
	Path         string // of the member, such as StructureDefinition.snapshot.element.min
	Want, Have   string
	Err          error // the cause, if another package found it
}

// Error returns the place, what was wanted and what is there.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("fhirdef: ")
	if e.File != "" {
		b.WriteString(e.File)
		b.WriteByte(':')
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", e.Line, e.Column)
	}
	if e.File != "" || e.Line > 0 {
		b.WriteByte(' ')
	}
	if e.Path != "" {
		b.WriteString(e.Path)
		b.WriteString(": ")
	}
	if e.Want != "" {
		fmt.Fprintf(&b, "want %s, have %s", e.Want, e.Have)
	} else if e.Err != nil {
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// A decoder turns the JSON of one resource into Go values. It keeps the first
// error and goes on, so that callers check once.
type decoder struct {
	src  []byte
	file string
	path []string
	err  error
	// names holds every short text once: types, codes and paths repeat a lot.
	names map[string]string
}

// maxShared is the length above which a text is not looked for among the names.
const maxShared = 80

func (d *decoder) fail(v jsontree.Value, want, have string) {
	if d.err != nil {
		return
	}
	e := &Error{File: d.file, Path: strings.Join(d.path, "."), Want: want, Have: have}
	if v.Kind() != jsontree.Invalid {
		e.Line, e.Column = jsontree.Position(d.src, v.Offset())
		if k := string(v.KeyBytes()); k != "" {
			e.Path += "." + k
		}
	}
	d.err = e
}

func (d *decoder) failKind(v jsontree.Value, want string) { d.fail(v, want, v.Kind().String()) }

func (d *decoder) share(b []byte) string {
	if len(b) > maxShared {
		return string(b)
	}
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	s := string(b)
	if d.names == nil {
		d.names = make(map[string]string, 256)
	}
	d.names[s] = s
	return s
}

// text returns the text of a string; null counts as absent.
func (d *decoder) text(v jsontree.Value) string {
	switch v.Kind() {
	case jsontree.String:
		return d.share(v.Bytes(nil))
	case jsontree.Null, jsontree.Invalid:
		return ""
	}
	d.failKind(v, "string")
	return ""
}

// scalar returns the text of any primitive as written.
func (d *decoder) scalar(v jsontree.Value) string {
	switch v.Kind() {
	case jsontree.String:
		return d.share(v.Bytes(nil))
	case jsontree.Number, jsontree.True, jsontree.False:
		return d.share(v.Raw())
	case jsontree.Null, jsontree.Invalid:
		return ""
	}
	d.failKind(v, "primitive")
	return ""
}

func (d *decoder) bool(v jsontree.Value) bool {
	b, ok := v.Bool()
	if !ok && v.Kind() != jsontree.Null && v.Kind() != jsontree.Invalid {
		d.failKind(v, "boolean")
	}
	return b
}

// count returns a number from 0 up; absent is what v means when it is not there.
func (d *decoder) count(v jsontree.Value, absent int) int {
	if v.Kind() == jsontree.Null || v.Kind() == jsontree.Invalid {
		return absent
	}
	n, ok := v.Int64()
	if !ok || n < 0 || n > int64(Unbounded>>1) {
		if v.Kind() == jsontree.Number {
			d.fail(v, "whole number from 0", "another number")
		} else {
			d.failKind(v, "number")
		}
		return absent
	}
	return int(n)
}

// length returns the number of elements of an array.
func (d *decoder) length(v jsontree.Value) int {
	switch v.Kind() {
	case jsontree.Array:
		return v.Len()
	case jsontree.Null, jsontree.Invalid:
		return 0
	}
	d.failKind(v, "array")
	return 0
}

// each returns the elements of an array; the path of errors inside it is that
// of the array's member.
func (d *decoder) each(v jsontree.Value) iter.Seq[jsontree.Value] {
	return func(yield func(jsontree.Value) bool) {
		switch v.Kind() {
		case jsontree.Array:
		case jsontree.Null, jsontree.Invalid:
			return
		default:
			d.failKind(v, "array")
			return
		}
		d.path = append(d.path, string(v.KeyBytes()))
		defer func() { d.path = d.path[:len(d.path)-1] }()
		for _, e := range v.All() {
			if !yield(e) {
				return
			}
		}
	}
}

// objects returns the elements of an array that must all be objects.
func (d *decoder) objects(v jsontree.Value) iter.Seq[jsontree.Value] {
	return func(yield func(jsontree.Value) bool) {
		for e := range d.each(v) {
			if e.Kind() != jsontree.Object {
				d.failKind(e, "object")
				continue
			}
			if !yield(e) {
				return
			}
		}
	}
}

// members returns the members of an object; inside, paths go through it.
func (d *decoder) members(v jsontree.Value) iter.Seq2[string, jsontree.Value] {
	return func(yield func(string, jsontree.Value) bool) {
		switch v.Kind() {
		case jsontree.Object:
		case jsontree.Null, jsontree.Invalid:
			return
		default:
			d.failKind(v, "object")
			return
		}
		if k := v.KeyBytes(); k != nil {
			d.path = append(d.path, string(k))
			defer func() { d.path = d.path[:len(d.path)-1] }()
		}
		for _, m := range v.All() {
			if !yield(d.share(m.KeyBytes()), m) {
				return
			}
		}
	}
}

// texts returns the texts of an array of strings.
func (d *decoder) texts(v jsontree.Value) []string {
	var out []string
	for e := range d.each(v) {
		if s := d.text(e); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// literal returns a value of its own, which does not hold on to the text and
// the tape of the whole resource.
func (d *decoder) literal(v jsontree.Value) jsontree.Value {
	if v.Kind() == jsontree.Invalid {
		return jsontree.Value{}
	}
	var t jsontree.Tree
	if err := t.Parse(bytes.Clone(v.Raw()), nil); err != nil {
		d.fail(v, "JSON", "something else")
		return jsontree.Value{}
	}
	return t.Root()
}

// primitives maps the ending of a choice's name to the primitive type.
var primitives = [...]string{
	"base64Binary", "boolean", "canonical", "code", "date", "dateTime", "decimal", "id", "instant", "integer",
	"integer64", "markdown", "oid", "positiveInt", "string", "time", "unsignedInt", "uri", "url", "uuid",
}

// choiceType returns the type that a choice's name ends in: uri of Uri,
// CodeableConcept of CodeableConcept.
func choiceType(suffix string) string {
	for _, p := range primitives {
		if len(p) == len(suffix) && p[1:] == suffix[1:] && p[0]-'a'+'A' == suffix[0] {
			return p
		}
	}
	return suffix
}

// addLiteral puts a member such as fixedUri or _fixedUri into *l; suffix is
// what follows "fixed".
func (d *decoder) addLiteral(l **Literal, suffix string, companion bool, v jsontree.Value) {
	if suffix == "" {
		return
	}
	if *l == nil {
		*l = &Literal{Type: choiceType(suffix)}
	}
	if companion {
		(*l).Companion = d.literal(v)
	} else {
		(*l).Value = d.literal(v)
	}
}

// extensionValue returns the value of an extension and the type its member
// names; the zero Value if it has none.
func extensionValue(ext jsontree.Value) (jsontree.Value, string) {
	for _, m := range ext.All() {
		if name := string(m.KeyBytes()); len(name) > 5 && name[:5] == "value" {
			return m, choiceType(name[5:])
		}
	}
	return jsontree.Value{}, ""
}

// process are extensions that tell how a definition was made, not what it says.
var process = map[string]bool{
	hl7Extension + "structuredefinition-fmm":               true,
	hl7Extension + "structuredefinition-wg":                true,
	hl7Extension + "structuredefinition-category":          true,
	hl7Extension + "structuredefinition-summary":           true,
	hl7Extension + "structuredefinition-normative-version": true,
	hl7Extension + "structuredefinition-security-category": true,
	hl7Extension + "structuredefinition-display-hint":      true,
	hl7Extension + "valueset-special-status":               true,
	hl7Extension + "valueset-warning":                      true,
	hl7Extension + "codesystem-concept-comments":           true,
	hl7Extension + "valueset-concept-comments":             true,
	hl7Extension + "valueset-concept-definition":           true,
}

const hl7Extension = "http://hl7.org/fhir/StructureDefinition/"

// extensions returns the extensions that say something about the definition.
func (d *decoder) extensions(v jsontree.Value) []Extension {
	var out []Extension
	for e := range d.objects(v) {
		url := d.text(e.Get("url"))
		if url == "" || process[url] {
			continue
		}
		val, typ := extensionValue(e)
		ext := Extension{URL: url}
		if val.Kind() != jsontree.Invalid {
			ext.Value = &Literal{Type: typ, Value: d.literal(val)}
		}
		out = append(out, ext)
	}
	return out
}
