package runtime

import "encoding/json"

// Opt is a value that may be absent.
type Opt[T any] struct {
	Value T
	// Valid says that there is a value.
	Valid bool
}

// Some returns v as a value that is there.
func Some[T any](v T) Opt[T] { return Opt[T]{v, true} }

// Get returns the value and whether there is one.
func (o Opt[T]) Get() (T, bool) { return o.Value, o.Valid }

// Or returns the value, or v if there is none.
func (o Opt[T]) Or(v T) T {
	if o.Valid {
		return o.Value
	}
	return v
}

// IsZero reports whether there is no value.
func (o Opt[T]) IsZero() bool { return !o.Valid }

// Nullable is a value that may be absent and may be null, where the two differ.
type Nullable[T any] struct {
	Value T
	// Valid says that there is a value, Null that there is a null. Both false:
	// absent.
	Valid, Null bool
}

// SomeOrNull returns v as a value that is there.
func SomeOrNull[T any](v T) Nullable[T] { return Nullable[T]{Value: v, Valid: true} }

// Null returns a null.
func Null[T any]() Nullable[T] { return Nullable[T]{Null: true} }

// Get returns the value and whether there is one.
func (n Nullable[T]) Get() (T, bool) { return n.Value, n.Valid }

// IsZero reports whether there is neither a value nor a null.
func (n Nullable[T]) IsZero() bool { return !n.Valid && !n.Null }

// MarshalJSON returns the value, null if there is none.
func (o Opt[T]) MarshalJSON() ([]byte, error) {
	if !o.Valid {
		return []byte("null"), nil
	}
	return json.Marshal(o.Value)
}

// UnmarshalJSON reads a value; null means that there is none.
func (o *Opt[T]) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*o = Opt[T]{}
		return nil
	}
	o.Valid = true
	return json.Unmarshal(b, &o.Value)
}

// MarshalJSON returns the value, null if there is none.
func (n Nullable[T]) MarshalJSON() ([]byte, error) {
	return Opt[T]{n.Value, n.Valid}.MarshalJSON()
}

// UnmarshalJSON reads a value or null.
func (n *Nullable[T]) UnmarshalJSON(b []byte) error {
	var o Opt[T]
	err := o.UnmarshalJSON(b)
	*n = Nullable[T]{o.Value, o.Valid, !o.Valid}
	return err
}
