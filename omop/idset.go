package omop

import "slices"

// idSet is a set of 32-bit ids. Dense ids cost one bit each, scattered ones
// about two bytes and their share of a page.
type idSet struct {
	pages map[uint16]*idPage
	last  *idPage // the page of the latest call, for ids that come in order
	at    uint16
	size  int64
}

// idPage holds the low halves of the ids that share a high half: in order
// while they are few, else as bits.
type idPage struct {
	few  []uint16
	bits []uint64
}

// maxFew is where the ordered form takes as much memory as the bits.
const maxFew = 4096

func (s *idSet) page(high uint16) *idPage {
	if s.last != nil && s.at == high {
		return s.last
	}
	p := s.pages[high]
	if p != nil {
		s.last, s.at = p, high
	}
	return p
}

// add puts id into the set and reports whether it was not there yet.
func (s *idSet) add(id int32) bool {
	high, low := uint16(uint32(id)>>16), uint16(uint32(id))
	p := s.page(high)
	if p == nil {
		p = &idPage{}
		if s.pages == nil {
			s.pages = map[uint16]*idPage{}
		}
		s.pages[high] = p
		s.last, s.at = p, high
	}
	if !p.add(low) {
		return false
	}
	s.size++
	return true
}

func (s *idSet) has(id int32) bool {
	p := s.page(uint16(uint32(id) >> 16))
	return p != nil && p.has(uint16(uint32(id)))
}

func (p *idPage) add(low uint16) bool {
	if p.bits != nil {
		word, bit := &p.bits[low/64], uint64(1)<<(low%64)
		if *word&bit != 0 {
			return false
		}
		*word |= bit
		return true
	}
	if n := len(p.few); n == 0 || p.few[n-1] < low {
		p.few = append(p.few, low)
	} else {
		at, found := slices.BinarySearch(p.few, low)
		if found {
			return false
		}
		p.few = slices.Insert(p.few, at, low)
	}
	if len(p.few) > maxFew {
		p.bits = make([]uint64, 1<<16/64)
		for _, v := range p.few {
			p.bits[v/64] |= 1 << (v % 64)
		}
		p.few = nil
	}
	return true
}

func (p *idPage) has(low uint16) bool {
	if p.bits != nil {
		return p.bits[low/64]&(1<<(low%64)) != 0
	}
	_, found := slices.BinarySearch(p.few, low)
	return found
}

// keySet is the set of the primary keys of one table, ids or texts.
type keySet struct {
	ids   idSet
	texts map[string]struct{}
}

func (k *keySet) add(c *cell, text bool) bool {
	if !text {
		return k.ids.add(int32(c.num))
	}
	if _, ok := k.texts[c.text]; ok {
		return false
	}
	if k.texts == nil {
		k.texts = map[string]struct{}{}
	}
	k.texts[c.text] = struct{}{}
	return true
}

func (k *keySet) has(c *cell, text bool) bool {
	if !text {
		return k.ids.has(int32(c.num))
	}
	_, ok := k.texts[c.text]
	return ok
}

// empty reports whether no key was added.
func (k *keySet) empty() bool { return k.ids.size == 0 && len(k.texts) == 0 }
