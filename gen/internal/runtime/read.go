package runtime

import "strconv"

// The functions below read one value each. They report false where the value has
// another type or form; that is noted then.

func (r *reader) text() (string, bool) {
	if !r.at('"', "string") {
		return "", false
	}
	return r.quoted()
}

// text reads a string.
func text[T ~string](r *reader) (T, bool) {
	v, ok := r.text()
	return T(v), ok
}

func boolean(r *reader) (v, ok bool) {
	switch r.peek() {
	case 't':
		ok = r.word("true")
		return ok, ok
	case 'f':
		return false, r.word("false")
	}
	r.mismatch("boolean")
	return false, false
}

func (r *reader) number(want string) (string, bool) {
	if c := r.peek(); c != '-' && (c < '0' || c > '9') {
		r.mismatch(want)
		return "", false
	}
	v, ok := r.digits()
	if !ok {
		r.fail("want a number")
	}
	return v, ok
}

// integer reads a whole number that is written without fraction and exponent.
func integer[T int32 | int64](r *reader) (T, bool) {
	v, ok := r.number("integer")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || int64(T(n)) != n {
		r.note(SeverityError, codeType, "want integer within range, have another number")
		return 0, false
	}
	return T(n), true
}

// unsigned reads a whole number that is not negative.
func unsigned[T uint32 | uint64](r *reader) (T, bool) {
	v, ok := r.number("integer")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil || uint64(T(n)) != n {
		r.note(SeverityError, codeType, "want integer that is not negative, have another number")
		return 0, false
	}
	return T(n), true
}

func float(r *reader) (float64, bool) {
	v, ok := r.number("number")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseFloat(v, 64)
	if err != nil {
		r.note(SeverityError, codeType, "want number of 64 bits, have a larger one")
		return 0, false
	}
	return n, true
}

func decimal(r *reader) (Decimal, bool) {
	v, ok := r.number("number")
	return Decimal{v}, ok
}

func date(r *reader) (Date, bool) {
	v, ok := r.text()
	if !ok {
		return Date{}, false
	}
	d, ok := parseDate(v)
	if !ok {
		r.note(SeverityError, codeType, "want date, have other text")
	}
	return d, ok
}

func dateTime(r *reader) (DateTime, bool) {
	v, ok := r.text()
	if !ok {
		return DateTime{}, false
	}
	if !validDateTime(v) {
		r.note(SeverityError, codeType, "want date and time, have other text")
		return DateTime{}, false
	}
	return DateTime{v}, true
}

func timeOfDay(r *reader) (Time, bool) {
	v, ok := r.text()
	if !ok {
		return Time{}, false
	}
	if !validTime(v) {
		r.note(SeverityError, codeType, "want time, have other text")
		return Time{}, false
	}
	return Time{v}, true
}

func raw(r *reader) (Raw, bool) { return r.raw() }

// extension reads an extension of FHIR.
func extension(r *reader) (Extension, bool) {
	var e Extension
	n := len(r.list)
	e.decode(r)
	return e, len(r.list) == n
}

// some makes an optional value of what a function read.
func some[T any](v T, ok bool) Opt[T] { return Opt[T]{v, ok} }

// value leaves out whether a value was read: a required one that was not is
// zero.
func value[T any](v T, _ bool) T { return v }

// orNull reads a value that may be null.
func orNull[T any](r *reader, read func(*reader) (T, bool)) Nullable[T] {
	if r.null() {
		return Nullable[T]{Null: true}
	}
	v, ok := read(r)
	return Nullable[T]{Value: v, Valid: ok}
}

// notNull reads an optional value for which null means none.
func notNull[T any](r *reader, read func(*reader) (T, bool)) Opt[T] {
	if r.null() {
		return Opt[T]{}
	}
	v, ok := read(r)
	return Opt[T]{v, ok}
}

// pointer reads an object.
//
//go:noinline
func pointer[T any](r *reader, decode func(*T, *reader)) *T {
	if !r.at('{', "object") {
		return nil
	}
	v := new(T)
	decode(v, r)
	return v
}

// list reads an array; it is not nil where there is one.
//
//go:noinline
func list[T any](r *reader, read func(*reader) (T, bool)) []T {
	var all []T
	for i := 0; r.element(i); i++ {
		n := len(r.list)
		v, _ := read(r)
		all = append(all, v)
		r.withinElement(n, i)
	}
	if all == nil && !r.stopped {
		all = []T{}
	}
	return all
}

// gapped reads a list of FHIR's primitives: null is a gap, whose companion has
// extensions, and is zero.
//
//go:noinline
func gapped[T any](r *reader, read func(*reader) (T, bool)) []T {
	return list(r, func(r *reader) (T, bool) {
		if r.null() {
			var zero T
			return zero, true
		}
		return read(r)
	})
}

// objects reads an array of objects; it is not nil where there is one.
//
//go:noinline
func objects[T any](r *reader, decode func(*T, *reader)) []T {
	var all []T
	for i := 0; r.element(i); i++ {
		n := len(r.list)
		var zero T
		all = append(all, zero)
		decode(&all[i], r)
		r.withinElement(n, i)
	}
	if all == nil && !r.stopped {
		all = []T{}
	}
	return all
}

// valueOf makes of a method that decodes a function that reads.
func valueOf[T any](decode func(*T, *reader)) func(*reader) (T, bool) {
	return func(r *reader) (T, bool) {
		var v T
		n := len(r.list)
		decode(&v, r)
		return v, len(r.list) == n
	}
}

// pointerOf is valueOf for a pointer.
func pointerOf[T any](decode func(*T, *reader)) func(*reader) (*T, bool) {
	return func(r *reader) (*T, bool) {
		v := pointer(r, decode)
		return v, v != nil
	}
}

// listOf returns a function that reads a list.
func listOf[T any](read func(*reader) (T, bool)) func(*reader) ([]T, bool) {
	return func(r *reader) ([]T, bool) {
		all := list(r, read)
		return all, all != nil
	}
}

// mapOf returns a function that reads an object with members of any name.
func mapOf[T any](read func(*reader) (T, bool)) func(*reader) (map[string]T, bool) {
	return func(r *reader) (map[string]T, bool) {
		if !r.at('{', "object") {
			return nil, false
		}
		all := make(map[string]T)
		for name, more := r.object(); more; name, more = r.member() {
			n := len(r.list)
			put(r, &all, name, read)
			r.within(n, name)
		}
		return all, true
	}
}

// put reads a value into a map.
func put[T any](r *reader, all *map[string]T, name string, read func(*reader) (T, bool)) {
	if *all == nil {
		*all = make(map[string]T)
	}
	if _, again := (*all)[name]; again {
		r.note(SeverityWarning, codeDuplicate, "want member once, have it again")
	}
	if v, ok := read(r); ok {
		(*all)[name] = v
	}
}

// companion reads the companion of a primitive.
func (r *reader) companion(all Companions, name string) Companions {
	if v, ok := r.raw(); ok {
		all.Set(name, v)
	}
	return all
}

// once notes a member that was there before. The last one counts.
//
//go:noinline
func (r *reader) once(seen []uint64, field int) {
	bit := uint64(1) << (field % 64)
	if seen[field/64]&bit != 0 {
		r.note(SeverityWarning, codeDuplicate, "want member once, have it again")
	}
	seen[field/64] |= bit
}

// require notes that a member is missing.
//
//go:noinline
func (r *reader) require(seen []uint64, field int, name string) {
	if seen[field/64]&(1<<(field%64)) == 0 && !r.stopped {
		r.missing(name)
	}
}

// requireEither notes that neither a primitive nor its companion is there.
//
//go:noinline
func (r *reader) requireEither(seen []uint64, field int, name string, all Companions) {
	if seen[field/64]&(1<<(field%64)) == 0 && !r.stopped && all.Of(name) == "" {
		r.missing(name)
	}
}

func (r *reader) missing(name string) {
	n := len(r.list)
	r.note(SeverityError, codeRequired, "want a value, have none")
	r.within(n, name)
}

// unlisted passes a member that the profile does not list.
func (r *reader) unlisted() {
	if r.skip() {
		r.note(SeverityInformation, codeUnlisted, "member is not listed and left out")
	}
}

// closed passes a member that must not be there.
func (r *reader) closed() {
	if r.skip() {
		r.note(SeverityError, codeClosed, "want no member of this name")
	}
}

// resourceType reads the type of a FHIR resource.
func (r *reader) resourceType(want string) {
	if v, ok := r.text(); ok && v != want {
		r.note(SeverityError, codeType, "want resourceType "+want+", have another")
	}
}
