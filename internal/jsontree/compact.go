package jsontree

// Compact appends src to dst without the white space outside strings;
// everything else stays as written. src must be JSON that Parse accepts; other
// text is copied in some shortened form without a check. dst must not overlap
// src.
func Compact(dst, src []byte) []byte {
	for i := 0; i < len(src); {
		j := i
		for j < len(src) && src[j] > ' ' {
			if src[j] != '"' {
				j++
				continue
			}
			end, _ := scanString(src, j+1)
			if end < 0 {
				end = len(src)
			}
			j = end
		}
		dst = append(dst, src[i:j]...)
		i = j
		for i < len(src) && src[i] <= ' ' {
			i++
		}
	}
	return dst
}
