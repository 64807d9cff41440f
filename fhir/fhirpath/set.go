package fhirpath

import (
	"hash/maphash"
	"math"

	"github.com/carabiner-health/carabiner/internal/decimal"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// smallSet is the number of items up to which a list is searched one by one.
const smallSet = 16

// set answers whether a list has an item that equals another.
type set struct {
	m       *machine
	items   []Item
	buckets map[uint64]int32 // by hash the last item with it, from 1; nil for a small list
	before  []int32          // of each item the one before with its hash, from 1; 0 = none
	seed    maphash.Seed
}

// set prepares a list of items for many questions.
func (m *machine) set(items []Item) set {
	s := set{m: m, items: items}
	if len(items) > smallSet {
		s.begin()
		for i := range items {
			s.add(i)
		}
	}
	return s
}

func (s *set) begin() {
	s.seed = maphash.MakeSeed()
	s.buckets = make(map[uint64]int32, len(s.items))
}

func (s *set) add(i int) {
	h := s.hash(&s.items[i])
	s.before = append(s.before, s.buckets[h])
	s.buckets[h] = int32(i + 1)
}

func (s *set) has(it *Item) bool {
	if s.buckets == nil {
		return s.m.contains(s.items, it)
	}
	for i := s.buckets[s.hash(it)]; i > 0; i = s.before[i-1] {
		if s.m.equalItems(&s.items[i-1], it) == yes {
			return true
		}
	}
	return false
}

// distinct removes items from lo on that equal one before.
func (m *machine) distinct(lo int) error {
	all := m.stack[lo:]
	if len(all) < 2 {
		return nil
	}
	s := set{m: m, items: all[:0]}
	if len(all) > smallSet {
		s.begin()
	}
	for i := range all {
		if err := m.tick(1); err != nil {
			return err
		}
		if it := all[i]; !s.has(&it) {
			s.items = append(s.items, it)
			if s.buckets != nil {
				s.add(len(s.items) - 1)
			}
		}
	}
	m.stack = m.stack[:lo+len(s.items)]
	return nil
}

// hash returns the same number for items that are equal.
func (s *set) hash(it *Item) uint64 {
	if it.kind == kindNode && isText(it.node.shape) {
		return maphash.Bytes(s.seed, it.node.value.Bytes(nil))
	}
	switch v := it.system(); v.kind {
	case kindNode:
		return s.hashValue(v.node.value)
	case kindString, kindType:
		return maphash.String(s.seed, v.node.name)
	case kindInteger, kindLong, kindDecimal:
		return s.hashNumber(v.dec())
	case kindDate, kindDateTime, kindTime:
		return maphash.Comparable(s.seed, v.n-int64(v.zone)*minuteUnit)
	case kindBoolean:
		return uint64(v.n) + 1
	}
	return 0
}

func (s *set) hashNumber(d decimal.Decimal) uint64 {
	f := d.Float64()
	if f == 0 {
		f = 0 // not minus zero
	}
	return maphash.Comparable(s.seed, math.Float64bits(f))
}

// hashValue does not depend on the order of members.
func (s *set) hashValue(v jsontree.Value) uint64 {
	s.m.steps++
	switch v.Kind() {
	case jsontree.String:
		return maphash.Bytes(s.seed, v.Bytes(nil))
	case jsontree.Number:
		if d, ok := decimal.Parse(v.Number()); ok {
			return s.hashNumber(d)
		}
	case jsontree.Object:
		h := uint64(17)
		for x := v.First(); x.Kind() != jsontree.Invalid; x = x.Next() {
			h += maphash.Bytes(s.seed, x.KeyBytes()) * (s.hashValue(x) | 1)
		}
		return h
	case jsontree.Array:
		h := uint64(29)
		for x := v.First(); x.Kind() != jsontree.Invalid; x = x.Next() {
			h = h*31 + s.hashValue(x)
		}
		return h
	}
	return uint64(v.Kind())
}
