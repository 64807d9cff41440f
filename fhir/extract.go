package fhir

import (
	"context"
	"slices"

	"github.com/carabiner-health/carabiner/issue"
)

// Extract reads sources a second time and hands out the bytes of certain
// records, as they stand there, of resources in XML the JSON form: want holds, for the number of a source, the
// sorted record numbers that an earlier reading of the same sources gave with
// the same options. Records come in the order of sources and numbers. raw is
// good until emit returns; of a record longer than the bound of the options it
// is the begin. Streams must have been made by NewSources or ReaderSource.
func Extract(ctx context.Context, srcs []Source, opts *ReadOptions, want map[int][]int64,
	emit func(src int, record int64, raw []byte) error) error {
	var o ReadOptions
	if opts != nil {
		o = ReadOptions{Format: opts.Format, MaxRecordBytes: opts.MaxRecordBytes, MaxDepth: opts.MaxDepth, WholeBundles: opts.WholeBundles}
	}
	o.Reporter = issue.Discard
	e := newEngine(ctx, srcs, &o)
	e.want = want
	e.raw = func(src int, record int64, raw []byte) error {
		if _, ok := slices.BinarySearch(want[src], record); !ok {
			return nil
		}
		return emit(src, record, raw)
	}
	defer e.closeAll()
	w := e.newWorker(func(r *Resource) error { return e.raw(r.source, r.record, r.raw) })
	for t, err := range e.tasks() {
		if err != nil {
			return err
		}
		if err := w.run(&t); err != nil {
			return err
		}
	}
	return nil
}
