package jsontree

import "bytes"

// Position returns the line and column of an offset in src, both from 1, the
// column in bytes. Lines end with a line feed. An offset outside src is moved
// to its nearest end.
func Position(src []byte, offset int) (line, column int) {
	before := src[:min(max(offset, 0), len(src))]
	line = bytes.Count(before, []byte{'\n'}) + 1
	return line, len(before) - bytes.LastIndexByte(before, '\n')
}
