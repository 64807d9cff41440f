package check

import (
	"sync"
	"sync/atomic"
)

// maxCached bounds a cache: expressions and patterns may come with the data, as
// those of a contained Questionnaire do, and memory must not grow with it.
const maxCached = 20_000

// cache keeps what was made for all runs to come; what is beyond its bound is made
// anew each time. The zero value is ready, and safe to share.
type cache[K comparable, V any] struct {
	kept sync.Map
	n    atomic.Int64
}

// get returns what is kept for a key, or else what make makes.
func (c *cache[K, V]) get(key K, make func() V) V {
	if v, ok := c.kept.Load(key); ok {
		return v.(V)
	}
	v := make()
	if c.n.Load() < maxCached {
		if _, there := c.kept.LoadOrStore(key, v); !there {
			c.n.Add(1)
		}
	}
	return v
}
