package dict

import (
	_ "embed"
	"errors"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
)

//go:embed data/private.zst
var privateFacts []byte

// PrivateEntry is a line of the dictionary of private elements.
type PrivateEntry struct {
	VRs  [3]VR // as in Entry
	VM   string
	Name string // "" where nobody knows
}

// VR returns the VR, where several are possible the first.
func (e *PrivateEntry) VR() VR { return e.VRs[0] }

// Creator is what is known of the private elements of one creator.
type Creator struct {
	Name string
	// elements by tag; without the block where that is free, and without the
	// second half of the group where that is free too.
	elements map[Tag]*PrivateEntry
	// exact and groups are whether there are elements of one block, and of any group.
	exact, groups bool
}

const (
	anyBlock Tag = 0xFFFF00FF // (gggg,xxee)
	anyGroup Tag = 0xFF0000FF // (ggxx,xxee)
)

// creators is parsed when the first creator is looked up. That the embedded facts can be
// read is tested.
var creators = sync.OnceValue(func() map[string]*Creator {
	m, err := parsePrivate(privateFacts)
	if err != nil {
		return nil
	}
	return m
})

// FindCreator returns the private elements of a creator, by its name without
// padding; nil if it is not known.
func FindCreator[S ~string | ~[]byte](name S) *Creator { return creators()[string(name)] }

// Find returns the entry of a private element, whatever block it stands in; nil if there is
// none. A nil Creator has none.
func (c *Creator) Find(t Tag) *PrivateEntry {
	if c == nil || !t.IsPrivate() || t&0xFF00 < 0x1000 {
		return nil
	}
	if c.exact {
		if e := c.elements[t]; e != nil {
			return e
		}
	}
	e := c.elements[t&anyBlock]
	if e == nil && c.groups {
		e = c.elements[t&anyGroup]
	}
	return e
}

// FindPrivate returns the entry of a private element of the named creator, nil if there
// is none.
func FindPrivate(creator string, t Tag) *PrivateEntry { return FindCreator(creator).Find(t) }

var errPrivate = errors.New("dict: want lines of creators and elements")

// parsePrivate reads what dictmaker wrote.
func parsePrivate(blob []byte) (map[string]*Creator, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(16<<20))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	text, err := z.DecodeAll(blob, nil)
	if err != nil {
		return nil, err
	}
	m := map[string]*Creator{}
	var c *Creator
	all := make([]PrivateEntry, 0, strings.Count(string(text), "\n")) // never grows: elements point into it
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if name, ok := strings.CutPrefix(line, "="); ok {
			c = &Creator{Name: name, elements: map[Tag]*PrivateEntry{}}
			m[name] = c
			continue
		}
		f := strings.SplitN(line, "\t", 4)
		if c == nil || len(f) != 4 || len(f[0]) != 8 || len(all) == cap(all) {
			return nil, errPrivate
		}
		tag, err := strconv.ParseUint(strings.ReplaceAll(f[0], "x", "0"), 16, 32)
		if err != nil {
			return nil, errPrivate
		}
		e := PrivateEntry{VM: f[2], Name: f[3]}
		i := 0
		for s := range strings.SplitSeq(f[1], " ") {
			v, ok := ParseVR(s)
			if !ok || i == len(e.VRs) {
				return nil, errPrivate
			}
			e.VRs[i] = v
			i++
		}
		c.exact = c.exact || !strings.Contains(f[0], "x")
		c.groups = c.groups || strings.Contains(f[0][:4], "x")
		all = append(all, e)
		c.elements[Tag(tag)] = &all[len(all)-1]
	}
	return m, nil
}
