package dict

import (
	"slices"
	"sync"
)

// Find returns the dictionary's entry of a tag, also of one in a repeating
// group such as 60xx; nil where the standard has none.
func Find(t Tag) *Entry {
	if i, ok := slices.BinarySearch(tags[:], t); ok {
		return &entries[i]
	}
	for i := range repeating {
		if e := &repeating[i]; t&e.Mask == e.Tag {
			return e
		}
	}
	return nil
}

var keywords = sync.OnceValue(func() map[string]Tag {
	m := make(map[string]Tag, len(entries)+len(repeating))
	for i := range repeating {
		m[repeating[i].Keyword] = repeating[i].Tag
	}
	for i := range entries {
		m[entries[i].Keyword] = entries[i].Tag
	}
	delete(m, "")
	return m
})

// ByKeyword returns the tag of a keyword.
func ByKeyword(keyword string) (Tag, bool) {
	t, ok := keywords()[keyword]
	return t, ok
}
