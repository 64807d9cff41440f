package runtime

import (
	"cmp"
	"encoding/json"
	"slices"
)

// ExtraMember is a member of an object that has no field of its own.
type ExtraMember[T any] struct {
	Name  string
	Value T
}

// ExtraMembers are members of an object that have no field of their own, in the order
// in which they stand in JSON; each name once.
type ExtraMembers[T any] []ExtraMember[T]

// Of returns the value of a member; ok is false if there is none of that name.
func (m ExtraMembers[T]) Of(name string) (value T, ok bool) {
	if i := m.index(name); i >= 0 {
		return m[i].Value, true
	}
	return value, false
}

// Set gives a member a value; a new one comes last.
func (m *ExtraMembers[T]) Set(name string, value T) {
	if i := m.index(name); i >= 0 {
		(*m)[i].Value = value
		return
	}
	*m = append(*m, ExtraMember[T]{name, value})
}

// Delete removes a member, if there is one of that name.
func (m *ExtraMembers[T]) Delete(name string) {
	if i := m.index(name); i >= 0 {
		*m = slices.Delete(*m, i, i+1)
	}
}

func (m ExtraMembers[T]) index(name string) int {
	return slices.IndexFunc(m, func(e ExtraMember[T]) bool { return e.Name == name })
}

// MarshalJSON returns an object of the members.
func (m ExtraMembers[T]) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i := range m {
		value, err := json.Marshal(m[i].Value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(appendText(b, m[i].Name), ':'), value...)
	}
	return append(b, '}'), nil
}

// UnmarshalJSON reads an object.
func (m *ExtraMembers[T]) UnmarshalJSON(b []byte) error {
	in := newReader(b)
	var all ExtraMembers[T]
	for name, more := in.object(); more; name, more = in.member() {
		var v T
		text, ok := in.raw()
		if ok {
			if err := json.Unmarshal([]byte(text), &v); err != nil {
				return err
			}
			all = append(all, ExtraMember[T]{name, v})
		}
	}
	in.end()
	*m = lastOfEach(in, all)
	return in.list.Err()
}

// putMember reads the value of a member that has no field. What stands twice is
// found at the end of the object, by lastOfEach.
func putMember[T any](r *reader, all *ExtraMembers[T], name string, read func(*reader) (T, bool)) {
	if v, ok := read(r); ok {
		*all = append(*all, ExtraMember[T]{name, v})
	}
}

// lastOfEach leaves one member of each name: with the last value, in the first place.
func lastOfEach[T any](r *reader, all ExtraMembers[T]) ExtraMembers[T] {
	if len(all) < 2 {
		return all
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(all[a].Name, all[b].Name) })
	again := make([]bool, len(all))
	for first, k := 0, 1; k < len(order); k++ {
		if all[order[k]].Name != all[order[first]].Name {
			first = k
			continue
		}
		before := len(r.list)
		r.note(SeverityWarning, codeDuplicate, "want member once, have it again")
		r.within(before, all[order[k]].Name)
		all[order[first]].Value, again[order[k]] = all[order[k]].Value, true
	}
	kept := all[:0]
	for i := range all {
		if !again[i] {
			kept = append(kept, all[i])
		}
	}
	return kept
}

// appendExtra appends members after others.
func appendExtra[T any](dst []byte, all ExtraMembers[T], each func([]byte, T) []byte) []byte {
	for i := range all {
		dst = append(appendText(append(dst, ','), all[i].Name), ':')
		dst = each(dst, all[i].Value)
	}
	return dst
}
