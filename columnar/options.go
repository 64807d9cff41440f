package columnar

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Compression is how the pages of a file are compressed.
type Compression uint8

// The compressions that a Writer knows. The zero value is Zstd.
const (
	Zstd Compression = iota
	Snappy
	None
)

// String returns the name of the compression in lower case.
func (c Compression) String() string {
	switch c {
	case Zstd:
		return "zstd"
	case Snappy:
		return "snappy"
	case None:
		return "none"
	}
	return "invalid"
}

// Metadata is one entry of a file's key-value metadata.
type Metadata struct{ Key, Value string }

// The bounds of Options.RowsPerGroup and its default.
const (
	DefaultRowsPerGroup = 122_880
	MaxRowsPerGroup     = 4_000_000
)

// DefaultCreatedBy is the creator that a file names when Options does not.
const DefaultCreatedBy = "carabiner"

// Options says how a file is written. Nil and the zero Options are the
// defaults.
type Options struct {
	// Compression of the pages; zstd by default.
	Compression Compression
	// RowsPerGroup is the largest number of rows of one row group; 0 means
	// DefaultRowsPerGroup.
	RowsPerGroup int
	// Metadata is written in the given order. Keys are not empty.
	Metadata []Metadata
	// CreatedBy names the creator; empty means DefaultCreatedBy.
	CreatedBy string
}

func (o *Options) checked() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	if c.RowsPerGroup == 0 {
		c.RowsPerGroup = DefaultRowsPerGroup
	}
	if c.CreatedBy == "" {
		c.CreatedBy = DefaultCreatedBy
	}
	if c.Compression > None {
		return c, errors.New("columnar: want compression zstd, snappy or none")
	}
	if c.RowsPerGroup < 0 || c.RowsPerGroup > MaxRowsPerGroup {
		return c, fmt.Errorf("columnar: want 1..%d rows per group, have %d", MaxRowsPerGroup, c.RowsPerGroup)
	}
	if !utf8.ValidString(c.CreatedBy) {
		return c, errors.New("columnar: want the creator in UTF-8")
	}
	for i, m := range c.Metadata {
		if m.Key == "" || !utf8.ValidString(m.Key) || !utf8.ValidString(m.Value) {
			return c, fmt.Errorf("columnar: metadata entry %d: want a key, and key and value in UTF-8", i)
		}
	}
	c.Metadata = append([]Metadata(nil), c.Metadata...)
	return c, nil
}
