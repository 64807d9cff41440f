package jsontree

import "math/bits"

// value reads the value that starts with c at pos into p, holding at most
// limit bytes of it.
func (s *Splitter) value(p *Part, c byte, limit int) error {
	s.mark = s.pos
	s.countLines(s.pos)
	p.Offset = s.base + int64(s.pos)
	p.Line, p.Column = s.line, int(p.Offset-s.lineStart)+1
	var err error
	switch c {
	case '{', '[':
		err = s.brackets(p, limit)
	case '"':
		err = s.text(p, limit)
	default:
		err = s.scalar(p, limit)
	}
	p.Size = s.base + int64(s.pos) - p.Offset
	s.hold(p, limit)
	if !p.Truncated {
		p.Raw = s.buf[s.mark:s.pos:s.pos]
	}
	return err
}

// hold sees to it that no more than limit bytes of the value are kept in the
// buffer: beyond that, its beginning is set aside and the rest dropped.
func (s *Splitter) hold(p *Part, limit int) {
	if !p.Truncated {
		if s.pos-s.mark <= limit {
			return
		}
		s.cut = append(s.cut[:0], s.buf[s.mark:s.mark+limit]...)
		p.Raw = s.cut
		p.Truncated = true
	}
	s.mark = s.pos
}

// scalar reads a number or literal: all up to the next delimiter.
func (s *Splitter) scalar(p *Part, limit int) error {
	first := s.pos
	for {
		for ; s.pos < s.end; s.pos++ {
			switch s.buf[s.pos] {
			case ',', ']', '}', ':', ' ', '\t', '\r', '\n':
				if s.pos == first && !p.Truncated {
					return s.wrong("value")
				}
				return nil
			}
		}
		s.hold(p, limit)
		before := s.mark
		more := s.more()
		first += s.mark - before
		if !more {
			return s.wrong("closing bracket")
		}
	}
}

// text reads a string.
func (s *Splitter) text(p *Part, limit int) error {
	s.pos++
	escaped := false
	for {
		for ; s.pos < s.end; s.pos++ {
			switch c := s.buf[s.pos]; {
			case escaped:
				escaped = false
			case c == '\\':
				escaped = true
			case c == '"':
				s.pos++
				return nil
			}
		}
		s.hold(p, limit)
		if !s.more() {
			return s.wrong("closing quote")
		}
	}
}

// brackets reads an array or object. It looks at blocks of 64 bytes and counts
// the brackets outside strings, without telling braces from square ones.
func (s *Splitter) brackets(p *Part, limit int) error {
	var b bracketScan
	for {
		for s.end-s.pos >= blockSize {
			n := b.block((*[blockSize]byte)(s.buf[s.pos:]))
			s.pos += n
			if b.depth == 0 {
				return nil
			}
		}
		s.hold(p, limit)
		if s.more() {
			continue
		}
		var last [blockSize]byte
		rest := copy(last[:], s.buf[s.pos:s.end])
		s.pos += min(b.block(&last), rest)
		if b.depth == 0 {
			return nil
		}
		return s.wrong("closing bracket")
	}
}

const blockSize = 64

// bracketScan is the state between two blocks of one array or object.
type bracketScan struct {
	depth   int
	inside  uint64 // all ones inside a string
	escaped uint64 // 1 when the next byte is escaped
}

// block counts the brackets of p and returns how many bytes it used: up to the
// bracket that closes the value, depth being 0 then, or all.
func (b *bracketScan) block(p *[blockSize]byte) int {
	quotes, opens, closes, back := bracketMasks(p)
	if back|b.escaped != 0 {
		quotes &^= b.escapes(back)
	}
	in := prefixXor(quotes) ^ b.inside
	opens &^= in
	closes &^= in
	b.inside = uint64(int64(in) >> 63)
	if n := bits.OnesCount64(closes); b.depth > n {
		b.depth += bits.OnesCount64(opens) - n
		return blockSize
	}
	for all := opens | closes; all != 0; all &= all - 1 {
		if all&-all&opens != 0 {
			b.depth++
		} else if b.depth--; b.depth == 0 {
			return bits.TrailingZeros64(all) + 1
		}
	}
	return blockSize
}

// escapes returns the bytes that a backslash before them escapes. A run of
// backslashes escapes the byte after it when its length is odd; adding the mask
// to the starts of the runs carries to their ends.
func (b *bracketScan) escapes(back uint64) uint64 {
	const even = 0x5555555555555555
	back &^= b.escaped
	follows := back<<1 | b.escaped
	oddStarts := back &^ even &^ follows
	sum, carry := bits.Add64(oddStarts, back, 0)
	b.escaped = carry
	return (even ^ sum<<1) & follows
}

// prefixXor sets every bit that has an odd number of bits of x at or below it.
func prefixXor(x uint64) uint64 {
	x ^= x << 1
	x ^= x << 2
	x ^= x << 4
	x ^= x << 8
	x ^= x << 16
	return x ^ x<<32
}

// bracketMasks returns a bit per byte of p: quotes, opening and closing
// brackets, backslashes.
func bracketMasks(p *[blockSize]byte) (quotes, opens, closes, back uint64) {
	var anyBack uint64
	for i := 0; i < blockSize; i += 8 {
		w := load64(p[:], i)
		y := w | 0x20*ones
		quotes = quotes>>8 | gather(w^'"'*ones)
		opens = opens>>8 | gather(y^'{'*ones)
		closes = closes>>8 | gather(y^'}'*ones)
		w ^= '\\' * ones
		anyBack |= (w - ones) &^ w
	}
	if anyBack&highs != 0 {
		back = backslashes(p)
	}
	return quotes, opens, closes, back
}

func backslashes(p *[blockSize]byte) (back uint64) {
	for i := 0; i < blockSize; i += 8 {
		back = back>>8 | gather(load64(p[:], i)^'\\'*ones)
	}
	return back
}

// gather returns a bit for every zero byte of w, in the top byte. The high bit
// of a byte's lower part plus 127, or of the byte itself, is clear for zero
// alone; the product moves the eight high bits next to each other.
func gather(w uint64) uint64 {
	zero := ^((w&^highs + ^uint64(highs)) | w) & highs
	return zero * 0x0002040810204081 & (0xff << 56)
}
