package dict

import "sync"

// slots is the size of the hash table of tags: a power of two, about three
// times their number.
const (
	slotBits = 14
	slots    = 1 << slotBits
)

// index is a hash table with open addressing: the place in tags plus one, 0 where
// a slot is free.
var index = sync.OnceValue(func() *[slots]uint16 {
	table := new([slots]uint16)
	for i, t := range tags {
		h := slot(t)
		for table[h] != 0 {
			h = (h + 1) % slots
		}
		table[h] = uint16(i + 1)
	}
	return table
})

func slot(t Tag) uint32 { return uint32(t) * 2654435769 >> (32 - slotBits) }

// Find returns the dictionary's entry of a tag, also of one in a repeating
// group such as 60xx; nil where the standard has none. Its cost does not depend on
// the size of the dictionary.
func Find(t Tag) *Entry {
	table := index()
	for h := slot(t); table[h] != 0; h = (h + 1) % slots {
		if i := table[h] - 1; tags[i] == t {
			return &entries[i]
		}
	}
	if t.IsPrivate() {
		return nil
	}
	switch t >> 24 {
	case 0x00, 0x10, 0x50, 0x60, 0x7F:
	default:
		return nil
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

// ByKeyword returns the tag of a keyword; of a repeating group its first tag.
func ByKeyword(keyword string) (Tag, bool) {
	t, ok := keywords()[keyword]
	return t, ok
}
