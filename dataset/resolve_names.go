package dataset

import (
	"strconv"
	"strings"
)

// meant returns ": did you mean X" for the nearest of the names, "" if none is
// near.
func meant(name string, names []string) string {
	best, at := len(name)/3+2, ""
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return ": did you mean " + quote(n)
		}
		if d := distance(strings.ToLower(name), strings.ToLower(n), best); d < best {
			best, at = d, n
		}
	}
	if at == "" {
		return ""
	}
	return ": did you mean " + quote(at)
}

// distance returns the number of letters to insert, remove, replace or swap to
// make b of a, or limit where it is not below.
func distance(a, b string, limit int) int {
	if len(a) > 200 || len(b) > 200 || len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, prev, row = prev, row, before
	}
	return min(prev[len(b)], limit)
}

// quote returns a name of a document in quotes, cut where it is long.
func quote(s string) string {
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:80], "") + "…"
	}
	return strconv.Quote(s)
}

// unique hands out names, each once: name, name2, name3.
type unique map[string]bool

func (u unique) name(want string) string {
	name := want
	for i := 2; u[name]; i++ {
		name = want + strconv.Itoa(i)
	}
	u[name] = true
	return name
}
