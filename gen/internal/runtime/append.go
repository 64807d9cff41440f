package runtime

import (
	"maps"
	"slices"
	"strconv"
)

// A member is appended with a comma in front; finish turns the first comma of an
// object into its brace. Functions that generated code calls for each member are
// not inlined: the compiler takes half as long, and reading and writing no longer.

// finish closes the object whose members were appended from start on.
//
//go:noinline
func finish(dst []byte, start int) []byte {
	if len(dst) == start {
		return append(dst, '{', '}')
	}
	dst[start] = '{'
	return append(dst, '}')
}

// finishList closes the array whose elements were appended from start on.
func finishList(dst []byte, start int) []byte {
	if len(dst) == start {
		return append(dst, '[', ']')
	}
	dst[start] = '['
	return append(dst, ']')
}

// appendText appends a string; only what JSON cannot hold is escaped.
func appendText[T ~string](dst []byte, v T) []byte {
	s := string(v)
	dst = append(dst, '"')
	for {
		i := plain(s, 0)
		dst = append(dst, s[:i]...)
		if i == len(s) {
			return append(dst, '"')
		}
		dst = appendEscape(dst, s[i])
		s = s[i+1:]
	}
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}

func appendBoolean(dst []byte, v bool) []byte { return strconv.AppendBool(dst, v) }

func appendInteger[T int32 | int64](dst []byte, v T) []byte {
	return strconv.AppendInt(dst, int64(v), 10)
}

func appendUnsigned[T uint32 | uint64](dst []byte, v T) []byte {
	return strconv.AppendUint(dst, uint64(v), 10)
}

func appendFloat(dst []byte, v float64) []byte { return strconv.AppendFloat(dst, v, 'g', -1, 64) }

func appendDecimal(dst []byte, v Decimal) []byte { return append(dst, v.String()...) }

func appendDate(dst []byte, v Date) []byte { return append(v.append(append(dst, '"')), '"') }

func appendDateTime(dst []byte, v DateTime) []byte {
	return append(append(append(dst, '"'), v.text...), '"')
}

func appendTime(dst []byte, v Time) []byte {
	return append(append(append(dst, '"'), v.text...), '"')
}

func appendRaw(dst []byte, v Raw) []byte { return v.AppendJSON(dst) }

func appendExtension(dst []byte, v Extension) []byte { return v.AppendJSON(dst) }

// appendOpt appends a member if it has a value.
//
//go:noinline
func appendOpt[T any](dst []byte, name string, v Opt[T], each func([]byte, T) []byte) []byte {
	if !v.Valid {
		return dst
	}
	return each(append(dst, name...), v.Value)
}

// appendOptNull appends a member, null if it has no value.
func appendOptNull[T any](dst []byte, name string, v Opt[T], each func([]byte, T) []byte) []byte {
	dst = append(dst, name...)
	if !v.Valid {
		return append(dst, "null"...)
	}
	return each(dst, v.Value)
}

// appendNullable appends a member if it has a value or is null.
func appendNullable[T any](dst []byte, name string, v Nullable[T], each func([]byte, T) []byte) []byte {
	switch {
	case v.Valid:
		return each(append(dst, name...), v.Value)
	case v.Null:
		return append(append(dst, name...), "null"...)
	}
	return dst
}

// appendPresent appends a member unless it is zero.
//
//go:noinline
func appendPresent[T comparable](dst []byte, name string, v T, each func([]byte, T) []byte) []byte {
	var zero T
	if v == zero {
		return dst
	}
	return each(append(dst, name...), v)
}

// appendList appends an array.
//
//go:noinline
func appendList[T any](dst []byte, list []T, each func([]byte, T) []byte) []byte {
	start := len(dst)
	for _, v := range list {
		dst = each(append(dst, ','), v)
	}
	return finishList(dst, start)
}

// appendGapped appends an array of FHIR's primitives, in which those that have
// only a companion are null.
//
//go:noinline
func appendGapped[T comparable](dst []byte, list []T, companion Raw, each func([]byte, T) []byte) []byte {
	start := len(dst)
	var zero T
	for _, v := range list {
		dst = append(dst, ',')
		if v == zero && companion != "" {
			dst = append(dst, "null"...)
			continue
		}
		dst = each(dst, v)
	}
	return finishList(dst, start)
}

// appendGappedNumbers is appendGapped for types whose zero is a value: an element
// is null only where its own companion is there.
func appendGappedNumbers[T comparable](dst []byte, list []T, companion Raw, each func([]byte, T) []byte) []byte {
	start := len(dst)
	var gaps []Raw
	if companion != "" {
		gaps = elements(companion)
	}
	var zero T
	for i, v := range list {
		dst = append(dst, ',')
		if v == zero && i < len(gaps) && gaps[i] != "null" {
			dst = append(dst, "null"...)
			continue
		}
		dst = each(dst, v)
	}
	return finishList(dst, start)
}

// appendObjects appends an array of objects.
//
//go:noinline
func appendObjects[T any](dst []byte, list []T, each func(*T, []byte) []byte) []byte {
	start := len(dst)
	for i := range list {
		dst = each(&list[i], append(dst, ','))
	}
	return finishList(dst, start)
}

// appendFilled appends a member whose value is an object, or fill where the object
// is empty.
//
//go:noinline
func appendFilled[T any](dst []byte, name, fill string, v *T, each func(*T, []byte) []byte) []byte {
	start := len(dst)
	dst = append(dst, name...)
	value := len(dst)
	dst = each(v, dst)
	if len(dst) > value+len("{}") {
		return dst
	}
	if fill == "" {
		return dst[:start]
	}
	return append(dst[:value], fill...)
}

// appendNullableObject appends a member if it has a value or is null.
func appendNullableObject[T any](dst []byte, name string, v Nullable[*T], each func(*T, []byte) []byte) []byte {
	switch {
	case v.Valid && v.Value != nil:
		return each(v.Value, append(dst, name...))
	case v.Null:
		return append(append(dst, name...), "null"...)
	}
	return dst
}

// appendOrFill appends a member, with fill where it is zero.
//
//go:noinline
func appendOrFill[T comparable](dst []byte, name, fill string, v T, each func([]byte, T) []byte) []byte {
	var zero T
	dst = append(dst, name...)
	if v == zero {
		return append(dst, fill...)
	}
	return each(dst, v)
}

// appendMembers appends the members of a map in the order of their names.
func appendMembers[T any](dst []byte, all map[string]T, each func([]byte, T) []byte) []byte {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		dst = append(appendText(append(dst, ','), name), ':')
		dst = each(dst, all[name])
	}
	return dst
}

// appenderOf makes of a method that appends a function of the value.
func appenderOf[T any](each func(*T, []byte) []byte) func([]byte, T) []byte {
	return func(dst []byte, v T) []byte { return each(&v, dst) }
}

// appenderOfList returns a function that appends a list.
func appenderOfList[T any](each func([]byte, T) []byte) func([]byte, []T) []byte {
	return func(dst []byte, list []T) []byte { return appendList(dst, list, each) }
}

// appenderOfMap returns a function that appends a map as an object.
func appenderOfMap[T any](each func([]byte, T) []byte) func([]byte, map[string]T) []byte {
	return func(dst []byte, all map[string]T) []byte {
		start := len(dst)
		return finish(appendMembers(dst, all, each), start)
	}
}

// appendCompanion appends the companion of a primitive, if it has one. Name is
// the member with its punctuation: ,"_birthDate":
//
//go:noinline
func appendCompanion(dst []byte, name string, all Companions) []byte {
	if len(all) == 0 {
		return dst
	}
	if v := all.Of(name[len(`,"`) : len(name)-len(`":`)]); v != "" {
		dst = append(append(dst, name...), v...)
	}
	return dst
}

// slots returns the order in which the elements of a sliced list are written: for
// each its slice, 0 for the rest. It is the order in which they were read as far
// as they are still there; new ones follow, the rest last. Counts has the number
// of elements of the rest and of each slice.
func slots(order []uint8, counts ...int) []uint8 {
	left := 0
	for _, n := range counts {
		left += n
	}
	var used [256]int
	exact := len(order) == left
	for _, s := range order {
		if int(s) < len(counts) {
			used[s]++
		}
	}
	for s, n := range counts {
		exact = exact && used[s] == n
	}
	if exact {
		return order
	}
	all := make([]uint8, 0, left)
	used = [256]int{}
	for _, s := range order {
		if int(s) < len(counts) && used[s] < counts[s] {
			used[s]++
			all = append(all, s)
		}
	}
	for k := range counts {
		s := (k + 1) % len(counts)
		for ; used[s] < counts[s]; used[s]++ {
			all = append(all, uint8(s))
		}
	}
	return all
}

// one returns 1 for a slice that is there.
func one(there bool) int {
	if there {
		return 1
	}
	return 0
}
