package extract

import (
	"maps"
	"slices"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// Merger merges the records of DICOM files that belong to one row of a table, as Run does:
// of the files of a key that with the smallest SOP Instance UID counts, then that with the
// first name. The zero value is ready. It holds one record a key in memory and is not safe
// for concurrent use.
//
//	var rows extract.Merger[Series]
//	for x, err := range dicommeta.Read(ctx, dicommeta.Sources("images"), nil) {
//		...
//		row, found := ExtractSeries(x)
//		if !found.HasErrors() { rows.Add(x, row, row.SeriesInstanceUID.Value) }
//	}
type Merger[T any] struct {
	rows map[string]*merged[T]
}

type merged[T any] struct {
	uid, source string
	row         T
}

// Add takes the record of a file. Its key are the texts of the table's key fields or, where
// it has none, what tells rows of its grain apart: PatientID, StudyInstanceUID,
// SeriesInstanceUID or SOPInstanceUID. It reports whether the key has another file already.
func (m *Merger[T]) Add(x *dicommeta.Instance, row T, key ...string) bool {
	parts := make([][]byte, len(key))
	for i, part := range key {
		parts[i] = []byte(part)
	}
	k, one := string(joinKey(parts)), &merged[T]{x.Text(dict.SOPInstanceUID), x.Source, row}
	have := m.rows[k]
	switch {
	case m.rows == nil:
		m.rows = map[string]*merged[T]{k: one}
	case have == nil || (&fileRow{uid: one.uid, source: one.source}).before(&fileRow{uid: have.uid, source: have.source}):
		m.rows[k] = one
	}
	return have != nil
}

// Rows returns the merged records, sorted by the texts of their keys.
func (m *Merger[T]) Rows() []T {
	var list []T
	for _, k := range slices.Sorted(maps.Keys(m.rows)) {
		list = append(list, m.rows[k].row)
	}
	return list
}
