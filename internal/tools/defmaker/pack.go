package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// chunkSize is how many bytes of facts are compressed together. A lookup
// decompresses one chunk, so a small one is quick and a large one is short.
const chunkSize = 256 << 10

// pack returns the chunks, one zstd frame after the other, and their index.
func pack(all []*resource) (blob, index []byte, err error) {
	slices.SortStableFunc(all, func(a, b *resource) int {
		return cmp.Or(cmp.Compare(group(a), group(b)), strings.Compare(a.url, b.url), cmp.Compare(a.pkg, b.pkg))
	})
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(1<<20), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, nil, err
	}
	defer z.Close()

	var chunks, rows, chunk bytes.Buffer
	n := 0
	flush := func() {
		frame := z.EncodeAll(chunk.Bytes(), nil)
		fmt.Fprintf(&chunks, "chunk\t%d\t%d\n", len(frame), chunk.Len())
		blob = append(blob, frame...)
		chunk.Reset()
		n++
	}
	last := -1
	for _, r := range all {
		if chunk.Len() > 0 && (chunk.Len()+len(r.facts) > chunkSize || group(r) != last) {
			flush()
		}
		last = group(r)
		fmt.Fprintf(&rows, "%c\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\n", r.class, r.pkg, r.url, r.version,
			r.kind, r.derivation, r.typ, r.base, r.abstract, n, chunk.Len(), len(r.facts))
		chunk.Write(r.facts)
		chunk.WriteByte('\n')
	}
	flush()

	var head bytes.Buffer
	for _, p := range packages {
		fmt.Fprintf(&head, "package\t%s\t%s\t%s\n", p.name, p.version, p.canonical)
	}
	text := slices.Concat(head.Bytes(), chunks.Bytes(), rows.Bytes())
	return blob, z.EncodeAll(text, nil), nil
}

// group puts together what is asked for together: data types, resources, core
// terminology, HL7's terminology, then profiles and extensions.
func group(r *resource) int {
	switch {
	case r.class == 'S' && r.derivation != "constraint" && r.kind != "resource" && r.kind != "logical":
		return 0
	case r.class == 'S' && r.derivation != "constraint" && r.kind == "resource":
		return 1
	case r.class == 'S':
		return 2
	case r.class == 'V':
		return 3
	}
	return 4
}
