package omop

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/issue"
)

// ReadTable returns the rows of the table of T in a folder, out of Parquet or
// CSV. The file bears the table's name in lower or upper case with the
// extension parquet, csv or tsv; where there are several kinds, Parquet comes
// first. A sub-folder of the table's name with Parquet files in it, as Spark
// writes them, is read in the order of its names.
//
// A folder of CDM 5.3 is read into the structs of 5.4: renamed columns arrive
// under their new names, and required columns that 5.3 lacks are reported as
// a Warning and stay zero. A row with a NULL where the CDM wants a value is
// reported as an Error and left out. If there is no file, the error is
// fs.ErrNotExist.
func ReadTable[T Row](fsys fs.FS, opts *ReadOptions) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		l, err := layoutOf[T]()
		var files []dataFile
		if err == nil {
			files, err = findTable(fsys, l.Name)
		}
		if err != nil {
			yield(*new(T), err)
			return
		}
		for _, f := range files {
			for row, err := range readFile[T](fsys, l, f, opts) {
				if !yield(row, err) || err != nil {
					return
				}
			}
		}
	}
}

func readFile[T Row](fsys fs.FS, l *layout, f dataFile, opts *ReadOptions) iter.Seq2[T, error] {
	if f.kind != parquetFile {
		return func(yield func(T, error) bool) {
			r, err := fsys.Open(f.name)
			if err != nil {
				yield(*new(T), fmt.Errorf("omop: %w", err))
				return
			}
			defer r.Close()
			for row, err := range ReadCSV[T](r, f.name, opts) {
				if !yield(row, err) {
					return
				}
			}
		}
	}
	return func(yield func(T, error) bool) {
		r, size, closer, err := openAt(fsys, f.name)
		if err != nil {
			yield(*new(T), err)
			return
		}
		defer closer.Close()
		for row, err := range ReadParquet[T](r, size, f.name, opts) {
			if !yield(row, err) {
				return
			}
		}
	}
}

// ReadParquet returns the rows of a Parquet file of the table of T, as
// ReadTable does. name is the file's name in findings.
func ReadParquet[T Row](r io.ReaderAt, size int64, name string, opts *ReadOptions) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		l, err := layoutOf[T]()
		if err != nil {
			yield(*new(T), err)
			return
		}
		info, err := columnar.Inspect(r, size)
		if err != nil {
			yield(*new(T), fmt.Errorf("omop: read %s: %w", name, err))
			return
		}
		if l.strict(info) {
			for row, err := range columnar.Read[T](r, size) {
				if err != nil {
					err = fmt.Errorf("omop: read %s: %w", name, err)
				}
				if !yield(row, err) {
					return
				}
			}
			return
		}
		err = readLoose(r, size, name, l, info, opts.reporter().Report, yield)
		if err != nil && err != errStop {
			yield(*new(T), fmt.Errorf("omop: read %s: %w", name, err))
		}
	}
}

// strict reports whether a file has every column under its name of CDM 5.4 and
// no NULL where the CDM wants a value, so that it reads without a detour.
func (l *layout) strict(info *columnar.FileInfo) bool {
	for i := range l.columns {
		col := &l.columns[i]
		at := slices.IndexFunc(info.Columns, func(c columnar.Column) bool { return strings.EqualFold(c.Name, col.Name) })
		if at < 0 || col.Required && info.Columns[at].Nullable {
			return false
		}
	}
	return true
}

// readLoose reads a file that strays from the standard: row by row, reporting
// what is missing.
func readLoose[T Row](r io.ReaderAt, size int64, name string, l *layout, info *columnar.FileInfo,
	report func(issue.Issue) error, yield func(T, error) bool) error {
	absent := make([]bool, len(l.columns))
	for i := range l.columns {
		col := &l.columns[i]
		absent[i] = !slices.ContainsFunc(info.Columns, func(c columnar.Column) bool {
			return strings.EqualFold(c.Name, col.Name) || col.formerly != "" && strings.EqualFold(c.Name, col.formerly)
		})
		if absent[i] && col.Required {
			if err := report(missingColumn(col, name, false)); err != nil {
				return err
			}
		}
	}
	record := int64(0)
	return l.table.(looseReader[T]).readRows(r, size, absent, func(row *T, null int) error {
		record++
		if null >= 0 {
			col := &l.columns[null]
			return report(issue.Issue{Severity: issue.Error, Code: CodeRequired, Pos: issue.Pos{Source: name, Record: record},
				Path: col.path, Message: "want a value, have none", Rule: col.clause})
		}
		if !yield(*row, nil) {
			return errStop
		}
		return nil
	})
}

// fileKind is the format of a data file; the better kind is the smaller one.
type fileKind uint8

const (
	parquetFile fileKind = iota
	csvFile
	tsvFile
)

var extensions = map[string]fileKind{".parquet": parquetFile, ".csv": csvFile, ".tsv": tsvFile}

type dataFile struct {
	table, name string
	kind        fileKind
}

// listFiles returns the data files of a folder by lower-case name without
// extension, each kind in the order of names.
func listFiles(fsys fs.FS) (map[string][]dataFile, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("omop: %w", err)
	}
	found := map[string][]dataFile{}
	for _, e := range entries {
		if e.IsDir() {
			table := strings.ToLower(e.Name())
			if model().byName[table] == nil {
				continue
			}
			parts, err := fs.ReadDir(fsys, e.Name())
			if err != nil {
				return nil, fmt.Errorf("omop: %w", err)
			}
			for _, p := range parts {
				if !p.IsDir() && strings.EqualFold(path.Ext(p.Name()), ".parquet") {
					found[table] = append(found[table], dataFile{table: table, name: path.Join(e.Name(), p.Name())})
				}
			}
			continue
		}
		ext := path.Ext(e.Name())
		kind, ok := extensions[strings.ToLower(ext)]
		if !ok || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		table := strings.ToLower(strings.TrimSuffix(e.Name(), ext))
		found[table] = append(found[table], dataFile{table: table, name: e.Name(), kind: kind})
	}
	for _, files := range found {
		slices.SortFunc(files, func(a, b dataFile) int {
			return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
		})
	}
	return found, nil
}

// errTwice is a table of which a folder holds two files of one kind.
var errTwice = errors.New("want one file of the table, have several")

// choose returns the files that hold a table: the Parquet parts of its
// sub-folder or the one file of the best kind.
func choose(files []dataFile) ([]dataFile, error) {
	var best []dataFile
	for _, f := range files {
		if f.kind == files[0].kind {
			best = append(best, f)
		}
	}
	inside := func(f dataFile) bool { return strings.Contains(f.name, "/") }
	if len(best) > 1 && (!inside(best[0]) || slices.ContainsFunc(best, func(f dataFile) bool { return path.Dir(f.name) != path.Dir(best[0].name) })) {
		return nil, errTwice
	}
	return best, nil
}

func findTable(fsys fs.FS, table string) ([]dataFile, error) {
	found, err := listFiles(fsys)
	if err != nil {
		return nil, err
	}
	if len(found[table]) == 0 {
		return nil, fmt.Errorf("omop: table %s: %w", table, fs.ErrNotExist)
	}
	files, err := choose(found[table])
	if err != nil {
		return nil, fmt.Errorf("omop: table %s: %w", table, err)
	}
	return files, nil
}

// openAt opens a file for reading at any place. A file system whose files
// cannot do that has the file read into memory.
func openAt(fsys fs.FS, name string) (io.ReaderAt, int64, io.Closer, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, 0, nil, fmt.Errorf("omop: %w", err)
	}
	info, err := f.Stat()
	if err == nil {
		if r, ok := f.(io.ReaderAt); ok {
			return r, info.Size(), f, nil
		}
		var b []byte
		if b, err = io.ReadAll(f); err == nil {
			return bytes.NewReader(b), int64(len(b)), f, nil
		}
	}
	f.Close()
	return nil, 0, nil, fmt.Errorf("omop: read %s: %w", name, err)
}
