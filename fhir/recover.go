package fhir

import (
	"bytes"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// A Bundle whose brackets don't match can't be taken apart by them. What is
// left of it in memory is searched for where entries seem to begin: a brace
// after a comma, with fullUrl or resource as its first member.

// recovery walks over the entries in a damaged text.
type recovery struct {
	d     *documentReader
	text  []byte
	start int   // of the piece found last
	end   int   // of the piece found last
	err   error // why it is no entry
}

// next finds the next piece: a sound entry, which is then in the worker's tree,
// or one that is not. It returns false when no further entry is found: what
// follows start is no entry then, and err may tell why.
func (r *recovery) next() bool {
	rest := bytes.TrimLeft(r.text[r.end:], " \t\r\n,")
	r.start = len(r.text) - len(rest)
	r.err = nil
	if len(rest) == 0 || rest[0] == ']' {
		return false
	}
	tree := r.d.w.parser.tree
	n, err := tree.ParsePrefix(rest, r.d.deeper())
	if err == nil {
		r.end = r.start + n
		return isEntry(tree.Root())
	}
	r.err = err
	i := nextEntry(rest)
	if i < 0 || r.d.broken >= maxBroken {
		return false
	}
	r.d.broken++
	r.end = r.start + len(bytes.TrimRight(rest[:i], " \t\r\n,"))
	return true
}

// isEntry reports whether v looks like an entry of a Bundle.
func isEntry(v jsontree.Value) bool {
	return v.Get("resourceType").Kind() == jsontree.Invalid &&
		(v.Get("resource").Kind() == jsontree.Object || v.Get("fullUrl").Kind() == jsontree.String)
}

// nextEntry returns where, behind its first byte, an entry seems to begin in
// text; -1 if nowhere.
func nextEntry(text []byte) int {
	best := -1
	for _, name := range []string{`"fullUrl"`, `"resource"`} {
		end := len(text)
		if best >= 0 {
			end = min(end, best+len(name)+1)
		}
		for from := 1; from < end; {
			i := bytes.Index(text[from:end], []byte(name))
			if i < 0 {
				break
			}
			if at := entryBrace(text, from+i); at > 0 && (best < 0 || at < best) {
				best = at
				break
			}
			from += i + len(name)
		}
	}
	return best
}

// entryBrace returns the place of the brace before the name at i, if a comma
// stands before it; -1 otherwise.
func entryBrace(text []byte, i int) int {
	head := bytes.TrimRight(text[:i], " \t\r\n")
	if len(head) == 0 || head[len(head)-1] != '{' {
		return -1
	}
	brace := len(head) - 1
	head = bytes.TrimRight(head[:brace], " \t\r\n")
	if len(head) == 0 || head[len(head)-1] != ',' {
		return -1
	}
	return brace
}

// oneDocument cuts a text where another document seems to begin.
func oneDocument(text []byte) []byte {
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte("\n{"))
		if i < 0 {
			return text
		}
		from += i + len("\n{")
		if bytes.HasPrefix(bytes.TrimLeft(text[from:], " \t\r\n"), []byte(`"resourceType"`)) {
			return text[:from-1]
		}
	}
}

// indexPieces notes the identities of the entries in a damaged text.
func (d *documentReader) indexPieces(text []byte, x *bundleIndex) {
	broken := d.broken
	for r := (recovery{d: d, text: text}); r.next(); {
		if r.err == nil {
			x.addEntry(d.w.tree.Root())
		}
	}
	d.broken = broken
}

// readPieces visits or rejects the entries in a damaged text that begins at
// the given place. It returns where it found no more.
func (d *documentReader) readPieces(text []byte, at place, x *bundleIndex) (rest int, err error) {
	r := recovery{d: d, text: text}
	done := 0
	for r.next() {
		d.at.record++
		at = at.behind(text[done:], r.start-done)
		at.record = d.at.record
		done = r.start
		if r.err != nil {
			d.lost++
			err = d.w.reject(rejectSyntax(text[r.start:r.end], at, r.err))
		} else {
			err = d.entry(d.w.tree.Root(), at, false, x)
		}
		if err != nil {
			return r.end, err
		}
	}
	return r.start, nil
}
