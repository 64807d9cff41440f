package columnar

import (
	"io"
	"iter"

	"github.com/parquet-go/parquet-go"
)

// Read returns the rows of a Parquet file.
func Read[T any](r io.ReaderAt, size int64) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for rows, err := range ReadBatches[T](r, size, nil) {
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// ReadBatches returns the rows of a Parquet file in batches of at most
// len(buf) rows, read into buf.
func ReadBatches[T any](r io.ReaderAt, size int64, buf []T) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		f, err := parquet.OpenFile(r, size)
		if err != nil {
			yield(nil, err)
			return
		}
		if len(buf) == 0 {
			buf = make([]T, 1024)
		}
		rd := parquet.NewGenericReader[T](f)
		defer rd.Close()
		for {
			n, err := rd.Read(buf)
			if n > 0 && !yield(buf[:n], nil) {
				return
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}
