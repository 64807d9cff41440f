package columnar

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// maxPage bounds the size of a page, before and after compression.
const maxPage = 256 << 20

// maxTrust is how many times its compressed size a page may claim before its
// claim is no longer believed and its memory grows with what really comes out.
const maxTrust = 64

var errPageSize = errors.New("want a page of the declared size")

// zstdDecoders holds the zstd decoders between pages.
var zstdDecoders = sync.Pool{New: func() any {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(maxPage), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxWindow(maxPage))
	if err != nil {
		return err
	}
	return d
}}

// decompress returns the size bytes that src holds.
func decompress(codec format.CompressionCodec, src []byte, size int) ([]byte, error) {
	var out []byte
	var err error
	switch {
	case size == 0 && len(src) == 0: // a page of nulls holds nothing to compress
	case codec == format.Uncompressed:
		out = src
	case codec == format.Gzip:
		var r *gzip.Reader
		if r, err = gzip.NewReader(bytes.NewReader(src)); err == nil {
			out, err = readGrowing(r, size)
		}
	case codec == format.Snappy:
		out, err = decompressSnappy(src, size)
	case codec == format.Zstd:
		out, err = decompressZstd(src, size)
	case codec == format.Lz4Raw && size <= 256*(len(src)+1): // LZ4's own limit is 255
		out = make([]byte, size)
		var n int
		n, err = lz4.UncompressBlock(src, out)
		out = out[:n]
	default:
		return nil, fmt.Errorf("want pages that are uncompressed or in snappy, gzip, zstd or lz4_raw, have %s", codec)
	}
	if err != nil {
		return nil, fmt.Errorf("decompress a page: %w", err)
	}
	if len(out) != size {
		return nil, errPageSize
	}
	return out, nil
}

func decompressSnappy(src []byte, size int) ([]byte, error) {
	n, err := snappy.DecodedLen(src)
	if err != nil {
		return nil, err
	}
	// Snappy's longest copy makes 64 bytes of 3.
	if n != size || size > 64*(len(src)+1) {
		return nil, errPageSize
	}
	return snappy.Decode(nil, src)
}

func decompressZstd(src []byte, size int) ([]byte, error) {
	switch d := zstdDecoders.Get().(type) {
	case *zstd.Decoder:
		defer zstdDecoders.Put(d)
		if size <= maxTrust*(len(src)+1024) {
			return d.DecodeAll(src, make([]byte, 0, size))
		}
		if err := d.Reset(bytes.NewReader(src)); err != nil {
			return nil, err
		}
		defer d.Reset(nil)
		return readGrowing(d, size)
	case error:
		return nil, d
	}
	return nil, errPageSize
}

// readGrowing reads all of r, which must be size bytes long.
func readGrowing(r io.Reader, size int) ([]byte, error) {
	var b bytes.Buffer
	if _, err := b.ReadFrom(io.LimitReader(r, int64(size)+1)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
