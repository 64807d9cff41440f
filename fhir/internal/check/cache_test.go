package check

import (
	"strconv"
	"testing"
)

func TestCachesAreBounded(t *testing.T) {
	var c cache[string, int]
	for i := range 2 * maxCached {
		if v := c.get(strconv.Itoa(i), func() int { return i }); v != i {
			t.Fatalf("want %d, have %d", i, v)
		}
	}
	made := 0
	for i := range 2 * maxCached {
		c.get(strconv.Itoa(i), func() int { made++; return i })
	}
	if made != maxCached {
		t.Errorf("want the first %d kept, have %d made anew", maxCached, made)
	}
}
