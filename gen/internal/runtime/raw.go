package runtime

import (
	"encoding/base64"
	"errors"
)

// Raw is the text of a JSON value without white space between its tokens; "" is
// no value.
type Raw string

// IsZero reports whether there is no value.
func (r Raw) IsZero() bool { return r == "" }

// AppendJSON appends the value to dst, null if there is none.
func (r Raw) AppendJSON(dst []byte) []byte {
	if r == "" {
		return append(dst, "null"...)
	}
	return append(dst, r...)
}

// MarshalJSON returns the value, null if there is none.
func (r Raw) MarshalJSON() ([]byte, error) { return r.AppendJSON(nil), nil }

// UnmarshalJSON keeps the value.
func (r *Raw) UnmarshalJSON(b []byte) error {
	in := newReader(b)
	v, _ := in.raw()
	if in.end(); len(in.list) > 0 {
		return in.list.Err()
	}
	*r = v
	return nil
}

// Base64 is binary data as JSON has it, in base64.
type Base64 string

// EncodeBase64 returns b in base64.
func EncodeBase64(b []byte) Base64 { return Base64(base64.StdEncoding.EncodeToString(b)) }

// Bytes returns the data. White space between the characters is left out.
func (b Base64) Bytes() ([]byte, error) {
	text := make([]byte, 0, len(b))
	for i := range len(b) {
		if c := b[i]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			text = append(text, c)
		}
	}
	n, err := base64.StdEncoding.Decode(text, text)
	if err != nil {
		return nil, errors.New("want base64, have other text")
	}
	return text[:n], nil
}

// SetBytes makes b the base64 of data, for package columnar.
func (b *Base64) SetBytes(data []byte) { *b = EncodeBase64(data) }

// Companion is the member of a FHIR object that carries the id and the extensions
// of a primitive, or of those of a list: _birthDate.
type Companion struct {
	// Name is the member's, with the underscore.
	Name string
	JSON Raw
}

// Companions are the companion members of an object.
type Companions []Companion

// Of returns the companion of a primitive by the name of either; "" if there is
// none.
//
//go:noinline
func (c Companions) Of(name string) Raw {
	for i := range c {
		if c[i].Name == name || len(c[i].Name) == len(name)+1 && c[i].Name[1:] == name {
			return c[i].JSON
		}
	}
	return ""
}

// Set gives a primitive a companion; json "" removes it.
func (c *Companions) Set(name string, json Raw) {
	if name == "" || name[0] != '_' {
		name = "_" + name
	}
	list := *c
	for i := range list {
		if list[i].Name != name {
			continue
		}
		if json == "" {
			*c = append(list[:i:i], list[i+1:]...)
		} else {
			list[i].JSON = json
		}
		return
	}
	if json != "" {
		*c = append(list, Companion{name, json})
	}
}

// Extension is an extension of FHIR for which the profile has no field of its
// own, whole.
type Extension struct {
	URL string
	// JSON is the whole element, url and all; "" stands for one with a URL alone.
	JSON Raw
}

// AppendJSON appends the extension to dst.
func (e *Extension) AppendJSON(dst []byte) []byte {
	if e.JSON == "" {
		return append(appendText(append(dst, `{"url":`...), e.URL), '}')
	}
	return append(dst, e.JSON...)
}

// MarshalJSON returns the extension.
func (e Extension) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }

// UnmarshalJSON reads the extension.
func (e *Extension) UnmarshalJSON(b []byte) error {
	in := newReader(b)
	v := Extension{}
	v.decode(in)
	in.end()
	*e = v
	return in.list.Err()
}

func (e *Extension) decode(r *reader) {
	r.space()
	start := r.i
	if !r.at('{', "object") {
		return
	}
	e.JSON, _ = r.raw()
	end := r.i
	r.i = start
	if r.find("url") {
		e.URL, _ = r.text()
	}
	r.i = end
}
