package fhir

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

const (
	documentBytes = 16 << 20 // text of documents that is held as a whole
	maxBroken     = 1000     // damaged documents of a source after which its rest is one record
	bundleLevels  = 3        // levels of a Bundle around a resource: object, entry array, entry
)

// documentReader reads JSON documents that follow one another in a source:
// resources, and Bundles entry by entry. Documents are parsed in a window; a
// Bundle that is longer than the window, or damaged, is cut by a splitter.
type documentReader struct {
	w      *worker
	in     *input
	buf    []byte // the window
	off    int    // in buf: what comes next
	at     place  // of buf[off]
	ended  error  // of the text behind the window
	broken int
	read   int64
	lost   int64
}

// documents reads all documents of an input.
func (w *worker) documents(in *input) error {
	d := &documentReader{w: w, in: in, buf: w.doc[:0]}
	d.at = place{name: in.src.name, source: in.number, line: 1, column: 1, offset: int64(in.verdict.bom)}
	in.head = in.head[in.verdict.bom:]
	size := 1 << 20
	if in.ended != nil {
		size = len(in.head) + 1 // all of it
	}
	if size = max(1, min(size, w.e.docBound)); cap(d.buf) < size {
		d.buf = make([]byte, 0, size)
	}
	err := d.all()
	w.e.count(in.number, d.read, d.lost, d.at.offset)
	if cap(d.buf) <= 2*documentBytes {
		w.doc = d.buf
	}
	if err != nil {
		return err
	}
	var broken *damage
	if errors.As(d.ended, &broken) {
		at := d.at
		at.record = 0
		return w.e.damaged(in, broken, at)
	}
	return nil
}

// all reads document after document.
func (d *documentReader) all() error {
	for d.ended == nil && len(d.buf) < d.w.e.docBound {
		if err := d.extend(); err != nil { // most sources fit the window
			return err
		}
	}
	for {
		if err := d.w.ctx.Err(); err != nil {
			return context.Cause(d.w.ctx)
		}
		more, err := d.pass(" \t\r\n")
		if err != nil || !more {
			return err
		}
		d.at.record++
		if err := d.one(); err != nil {
			return err
		}
	}
}

// pass moves over the bytes of a set; more is false at the end of the text.
func (d *documentReader) pass(set string) (more bool, err error) {
	for {
		rest := d.buf[d.off:]
		d.move(len(rest) - len(bytes.TrimLeft(rest, set)))
		if d.off < len(d.buf) {
			return true, nil
		}
		if d.ended != nil {
			return false, d.worldError()
		}
		if err := d.extend(); err != nil {
			return false, err
		}
	}
}

// worldError returns what ended the text, unless it is its end or damage.
func (d *documentReader) worldError() error {
	var broken *damage
	if d.ended == nil || d.ended == io.EOF || errors.As(d.ended, &broken) {
		return nil
	}
	return d.ended
}

// move takes n bytes of the window as read.
func (d *documentReader) move(n int) {
	if n > 0 {
		d.at = d.at.behind(d.buf[d.off:], n)
		d.off += n
	}
}

// extend reads on: it drops what was read, and doubles the window when it is
// full up to the bound.
func (d *documentReader) extend() error {
	if d.off > 0 {
		d.buf = d.buf[:copy(d.buf, d.buf[d.off:])]
		d.off = 0
	}
	if len(d.buf) == cap(d.buf) {
		grown := make([]byte, len(d.buf), 2*cap(d.buf))
		copy(grown, d.buf)
		d.buf = grown
	}
	d.buf, d.ended = d.in.fill(d.buf)
	return d.worldError()
}

// one reads the document at the begin of the window.
func (d *documentReader) one() error {
	p := &d.w.parser
	noBundle, tried := d.w.e.opts.WholeBundles, false
	for {
		text := d.buf[d.off:]
		n, err := p.tree.ParsePrefix(text, &jsontree.Options{MaxDepth: p.opts.MaxDepth + bundleLevels})
		if err == nil {
			if n == len(text) && d.ended == nil && p.tree.Root().Kind() == jsontree.Number {
				if err := d.extend(); err != nil { // it may go on
					return err
				}
				continue
			}
			return d.whole(text[:n])
		}
		var se *jsontree.SyntaxError
		incomplete := errors.As(err, &se) && se.Offset >= len(text)-8 && se.Err == nil
		switch {
		case d.ended == nil && incomplete && (d.off > 0 || len(text) < d.w.e.docBound):
			err = d.extend()
		case d.broken < maxBroken && !noBundle:
			var done bool
			if done, err = d.trySplit(); done {
				return err
			}
			noBundle = true
		case d.ended == nil && incomplete && len(text) <= d.w.e.max:
			err = d.extend()
		case d.ended == nil && incomplete && d.w.e.opts.WholeBundles && !tried && d.broken < maxBroken:
			tried = true
			var done bool
			if done, err = d.trySplit(); done {
				return err
			}
		case d.ended == nil && incomplete:
			return d.dropLong(tooLong(text[:d.w.e.sample], d.at, d.w.e.max))
		default:
			d.broken++
			return d.drop(rejectSyntax(text, d.at, err), se.Offset)
		}
		if err != nil {
			return err
		}
	}
}

// trySplit reads the document at the begin of the window as a Bundle, if its
// first bytes, always as many, look like one.
func (d *documentReader) trySplit() (done bool, err error) {
	for d.ended == nil && len(d.buf)-d.off < headBytes {
		if err := d.extend(); err != nil {
			return true, err
		}
	}
	text := d.buf[d.off:]
	if top := peek(text[:min(len(text), headBytes)]); top.typ == "Bundle" || top.typ == "" && top.entry {
		return d.split()
	}
	return false, nil
}

// whole takes a document that is good JSON.
func (d *documentReader) whole(text []byte) error {
	p := &d.w.parser
	root := p.tree.Root()
	valid := utf8.Valid(text)
	if root.Get("resourceType").EqualText("Bundle") && (!d.w.e.opts.WholeBundles || len(text) > d.w.e.max) {
		if err := d.w.e.divided(d.at); err != nil {
			return err
		}
		if err := d.bundle(root, valid); err != nil {
			return err
		}
		d.move(len(text))
		return nil
	}
	read := func() error { return d.resource(root, text, d.at, valid, nil, nil) }
	if root.First().Kind() == jsontree.Object && root.Kind() == jsontree.Array {
		read = func() error { return d.array(root, valid) }
	}
	if err := read(); err != nil {
		return err
	}
	d.move(len(text))
	return nil
}

// divided reports that a Bundle which should have been handed out as a whole is
// too long for that, and comes entry by entry.
func (e *engine) divided(at place) error {
	if !e.opts.WholeBundles {
		return nil
	}
	return e.report(issue.Issue{Severity: issue.Warning, Code: CodeBundleDivided, Pos: at.pos(), Path: "Bundle",
		Message: "want a Bundle of at most " + strconv.Itoa(e.max) + " bytes to take as a whole, have a longer one: its entries are taken one by one"})
}

// array visits the resources of an array in the tree.
func (d *documentReader) array(root jsontree.Value, valid bool) error {
	at := d.at
	at.record--
	done := root.Offset()
	base := done
	for v := root.First(); v.Kind() != jsontree.Invalid; v = v.Next() {
		at.record++
		at = at.behind(d.buf[d.off+done-base:], v.Offset()-done)
		done = v.Offset()
		if err := d.resource(v, v.Raw(), at, valid, nil, nil); err != nil {
			return err
		}
	}
	d.at.record = at.record
	return nil
}

// resource visits or rejects the resource that is the value v; text is what is
// rejected, and begins at the given place.
func (d *documentReader) resource(v jsontree.Value, text []byte, at place, valid bool, full []byte, x *bundleIndex) error {
	var rej *Rejected
	switch {
	case len(text) > d.w.e.max:
		rej = tooLong(text[:d.w.e.sample], at, d.w.e.max)
	case !valid:
		rej = checkUTF8(text, at)
	}
	if rej == nil {
		rej = d.w.parser.adopt(&d.w.res, text, v, at)
	}
	if rej != nil {
		d.lost++
		return d.w.reject(rej)
	}
	d.w.res.full, d.w.res.index = full, x
	d.read++
	return d.w.visit(&d.w.res)
}

// bundle visits the entries of a Bundle in the tree.
func (d *documentReader) bundle(root jsontree.Value, valid bool) error {
	x := indexEntries(root)
	at := d.at
	at.record--
	done := root.Offset()
	base := done
	for m := root.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		if !m.KeyIs("entry") || m.Kind() != jsontree.Array {
			continue
		}
		for e := m.First(); e.Kind() != jsontree.Invalid; e = e.Next() {
			at.record++
			at = at.behind(d.buf[d.off+done-base:], e.Offset()-done)
			done = e.Offset()
			if err := d.entry(e, at, valid, x); err != nil {
				return err
			}
		}
	}
	d.at.record = max(at.record, d.at.record-1)
	return nil
}

// entry visits the resource of an entry e of a Bundle, which is at the given place.
func (d *documentReader) entry(e jsontree.Value, at place, valid bool, x *bundleIndex) error {
	text := e.Raw()
	if len(text) > d.w.e.max {
		d.lost++
		return d.w.reject(tooLong(text[:d.w.e.sample], at, d.w.e.max))
	}
	v := e.Get("resource")
	switch {
	case v.Kind() != jsontree.Invalid:
		at = at.behind(text, v.Offset()-e.Offset())
	case e.Kind() == jsontree.Object:
		return d.w.e.report(issue.Issue{Severity: issue.Information, Code: CodeEntryEmpty, Pos: at.pos(),
			Message: "want a resource in the entry, have none"})
	default:
		v = e
	}
	return d.resource(v, v.Raw(), at, valid, e.Get("fullUrl").Bytes(nil), x)
}

// indexEntries notes the identities of a Bundle's entries.
func indexEntries(root jsontree.Value) *bundleIndex {
	x := &bundleIndex{}
	for m := root.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		if m.KeyIs("entry") {
			for e := m.First(); e.Kind() != jsontree.Invalid; e = e.Next() {
				x.addEntry(e)
			}
		}
	}
	return x
}

// addEntry notes the identity of an entry's resource.
func (x *bundleIndex) addEntry(e jsontree.Value) {
	full := e.Get("fullUrl").Bytes(nil)
	if len(full) == 0 {
		return
	}
	v := e.Get("resource")
	name := v.Get("resourceType").Bytes(nil)
	typ, ok := resourceTypes()[string(name)]
	if !ok {
		typ = string(name)
	}
	x.add(full, typ, v.Get("id").Bytes(nil))
}

// drop rejects a document that cannot be read, up to where the next one seems
// to begin: a brace at the begin of a line behind the fault. Its bytes are kept
// up to the size of the window.
func (d *documentReader) drop(rej *Rejected, fault int) error {
	from := fault
	size := -1
	for size < 0 {
		text := d.buf[d.off:]
		if i := bytes.Index(text[min(from, len(text)):], []byte("\n{")); i >= 0 && d.broken < maxBroken {
			size = min(from, len(text)) + i + 1
			break
		}
		if d.ended != nil {
			size = len(text)
			break
		}
		if len(text) > min(d.w.e.max, documentBytes) {
			return d.dropLong(rej)
		}
		from = max(from, len(text)-1)
		if err := d.extend(); err != nil {
			return err
		}
	}
	rej.Raw = bytes.TrimRight(d.buf[d.off:d.off+size], " \t\r\n")
	if d.off+size == len(d.buf) && fault >= len(rej.Raw) && rej.Reason.Code == CodeSyntax {
		rej.Reason.Code = CodeTruncated
	}
	rej.Type = guessType(rej.Raw)
	if len(rej.Raw) > d.w.e.max {
		rej.Raw, rej.Truncated = rej.Raw[:d.w.e.sample], true
	}
	d.lost++
	if err := d.w.reject(rej); err != nil {
		return err
	}
	d.move(size)
	return nil
}

// dropLong passes over a document, or the rest of one, that is too long to
// hold; only its begin is kept.
func (d *documentReader) dropLong(rej *Rejected) error {
	rej.Raw, rej.Truncated = bytes.Clone(d.buf[d.off:d.off+d.w.e.sample]), true
	rej.Type = guessType(rej.Raw)
	d.lost++
	if err := d.w.reject(rej); err != nil {
		return err
	}
	d.move(len(d.buf) - d.off - 1)
	for {
		text := d.buf[d.off:]
		if i := bytes.Index(text, []byte("\n{")); i >= 0 {
			d.move(i + 1)
			return nil
		}
		d.move(len(text) - 1) // the last byte may be the line feed
		if d.ended != nil {
			d.move(len(d.buf) - d.off)
			return nil
		}
		if err := d.extend(); err != nil {
			return err
		}
	}
}
