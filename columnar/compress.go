package columnar

import (
	"sync"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// zstdEncoders holds the zstd encoders between pages, so that an open writer
// costs none.
var zstdEncoders = sync.Pool{New: func() any {
	e, err := zstd.NewWriter(nil,
		zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderCRC(false),
		zstd.WithLowerEncoderMem(true),
		zstd.WithWindowSize(1<<20))
	if err != nil {
		return err
	}
	return e
}}

// compress adds the compressed form of src to dst.
func (c Compression) compress(dst, src []byte) ([]byte, error) {
	switch c {
	case Zstd:
		switch e := zstdEncoders.Get().(type) {
		case *zstd.Encoder:
			dst = e.EncodeAll(src, dst)
			zstdEncoders.Put(e)
			return dst, nil
		case error:
			return dst, e
		}
	case Snappy:
		return append(dst, snappy.Encode(nil, src)...), nil
	}
	return append(dst, src...), nil
}

func (c Compression) codec() format.CompressionCodec {
	switch c {
	case Zstd:
		return format.Zstd
	case Snappy:
		return format.Snappy
	}
	return format.Uncompressed
}
