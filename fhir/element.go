package fhir

import "github.com/carabiner-health/carabiner/internal/jsontree"

// Element is one value inside a resource: an object, an array or a primitive.
// It is a small handle, passed by value; the zero Element is an absent one, and
// every method is safe on it, so chains such as r.Get("code").Get("coding") need
// no checks between. It is good as long as its Resource, and safe for
// concurrent reading.
type Element struct{ v jsontree.Value }

// Exists reports whether the element is there. A null is there.
func (e Element) Exists() bool { return e.v.Kind() != jsontree.Invalid }

// Get returns the first member called name; absent when e is not an object or
// has none.
func (e Element) Get(name string) Element { return Element{e.v.Get(name)} }

// First returns the first element of an array or the first member's value of
// an object.
func (e Element) First() Element { return Element{e.v.First()} }

// Next returns the sibling after e; absent after the last.
func (e Element) Next() Element { return Element{e.v.Next()} }

// Index returns the element or member value number i, counted from 0.
func (e Element) Index(i int) Element { return Element{e.v.Index(i)} }

// Len returns the number of elements of an array or members of an object, 0
// for anything else. It walks over them.
func (e Element) Len() int { return e.v.Len() }

// IsObject reports whether e is a JSON object.
func (e Element) IsObject() bool { return e.v.Kind() == jsontree.Object }

// IsArray reports whether e is a JSON array.
func (e Element) IsArray() bool { return e.v.Kind() == jsontree.Array }

// IsString reports whether e is a JSON string.
func (e Element) IsString() bool { return e.v.Kind() == jsontree.String }

// IsNumber reports whether e is a JSON number.
func (e Element) IsNumber() bool { return e.v.Kind() == jsontree.Number }

// IsNull reports whether e is a JSON null.
func (e Element) IsNull() bool { return e.v.Kind() == jsontree.Null }

// Name returns the name of the member that e is the value of, "" for others.
func (e Element) Name() string { return e.v.Key() }

// NameBytes is Name without allocating; it may alias the resource.
func (e Element) NameBytes() []byte { return e.v.KeyBytes() }

// NameIs reports whether e is the value of a member called name.
func (e Element) NameIs(name string) bool { return e.v.KeyIs(name) }

// Text returns the decoded text of a string, "" for anything else.
func (e Element) Text() string { return e.v.Text() }

// Bytes returns the decoded text of a string, nil for anything else. It aliases
// the resource where the text stands there as it is, and is otherwise appended
// to scratch[:0].
func (e Element) Bytes(scratch []byte) []byte { return e.v.Bytes(scratch) }

// Equal reports whether e is a string with the text s. It does not allocate.
func (e Element) Equal(s string) bool { return e.v.EqualText(s) }

// Number returns the text of a number as written, nil for anything else.
func (e Element) Number() []byte { return e.v.Number() }

// Float64 returns the nearest float64 of a number.
func (e Element) Float64() (float64, bool) { return e.v.Float64() }

// Int64 returns the value of a number written as an integer that fits.
func (e Element) Int64() (int64, bool) { return e.v.Int64() }

// Bool returns the value of true or false.
func (e Element) Bool() (value, ok bool) { return e.v.Bool() }

// Raw returns the bytes of the element as read; they alias the resource.
func (e Element) Raw() []byte { return e.v.Raw() }

// Value returns the element as a value of the JSON tree.
func (e Element) Value() jsontree.Value { return e.v }
