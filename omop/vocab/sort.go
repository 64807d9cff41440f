package vocab

import (
	"context"
	"slices"
)

// sortNumbers sorts numbers as slices.Sort does. Long lists are sorted by digits,
// which needs as much memory again.
func sortNumbers(ctx context.Context, list []uint64) error {
	if slices.IsSorted(list) {
		return nil
	}
	if len(list) < 1<<12 {
		slices.Sort(list)
		return nil
	}
	const width, mask = 11, 1<<11 - 1
	var all uint64 // bits in which numbers differ
	for _, v := range list {
		all |= v ^ list[0]
	}
	from, to := list, make([]uint64, len(list))
	for shift := 0; all>>shift != 0; shift += width {
		if all>>shift&mask == 0 {
			continue
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var next [1 << width]int
		for _, v := range from {
			next[v>>shift&mask]++
		}
		at := 0
		for d, n := range next {
			next[d] = at
			at += n
		}
		for _, v := range from {
			d := v >> shift & mask
			to[next[d]] = v
			next[d]++
		}
		from, to = to, from
	}
	if &from[0] != &list[0] {
		copy(list, from)
	}
	return nil
}
