package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// object is a JSON object whose members keep their order: name, value, name,
// value. A member with a nil value is left out.
type object []any

// list is a JSON array.
type list []any

// decimal is a number written as its text.
type decimal = json.Number

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i := 0; i+1 < len(o); i += 2 {
		if o[i+1] == nil {
			continue
		}
		value, err := encode(o[i+1])
		if err != nil {
			return nil, err
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%s", o[i], value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// get returns the value of a member, nil where there is none.
func (o object) get(name string) any {
	for i := 0; i+1 < len(o); i += 2 {
		if o[i] == name {
			return o[i+1]
		}
	}
	return nil
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func ref(id string) object { return object{"reference", id} }
