package omop

import (
	"fmt"
	"io"
	"path"
	"slices"
	"sync"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

// WriteOptions say how a database is written. nil is the default.
type WriteOptions struct {
	// Compression of the Parquet files; the zero value is zstd.
	Compression columnar.Compression
	// RowsPerGroup is the most rows of a row group, 0 for columnar's default.
	RowsPerGroup int
	// VocabularyRelease, Policy, PolicyHash and ToolVersion are recorded in
	// every file, as far as they are given.
	VocabularyRelease, Policy, PolicyHash, ToolVersion string
	// Metadata is recorded in every file after these.
	Metadata []columnar.Metadata
}

// The keys under which a DatabaseWriter records what made a file.
const (
	MetaCDMVersion        = "omop.cdm_version"
	MetaVocabularyRelease = "omop.vocabulary_release"
	MetaPolicy            = "carabiner.policy"
	MetaPolicyHash        = "carabiner.policy_sha256"
	MetaToolVersion       = "carabiner.version"
)

// LoadScript is the name of the script that loads the files into DuckDB.
const LoadScript = "load.duckdb.sql"

// DatabaseWriter writes a whole OMOP database as a folder of Parquet files,
// one a table. Different tables may be written at the same time; one table
// takes one call of Write at a time.
type DatabaseWriter struct {
	dir    *columnar.Dir
	sub    string
	opts   columnar.Options
	mu     sync.Mutex // for creating files
	slots  map[string]*slot
	closed bool
}

// slot is the open file of one table; file is nil until a row arrives.
type slot struct {
	layout *layout
	file   io.WriteCloser
	writer fileWriter
}

// NewDatabaseWriter returns a writer of <sub>/<table>.parquet in dir. Its
// options are checked here. The caller commits dir after Close.
func NewDatabaseWriter(dir *columnar.Dir, sub string, opts *WriteOptions) (*DatabaseWriter, error) {
	if opts == nil {
		opts = &WriteOptions{}
	}
	w := &DatabaseWriter{dir: dir, sub: sub, slots: map[string]*slot{}}
	w.opts = columnar.Options{Compression: opts.Compression, RowsPerGroup: opts.RowsPerGroup}
	for _, m := range append([]columnar.Metadata{
		{Key: MetaCDMVersion, Value: string(cdm.V54)},
		{Key: MetaVocabularyRelease, Value: opts.VocabularyRelease},
		{Key: MetaPolicy, Value: opts.Policy},
		{Key: MetaPolicyHash, Value: opts.PolicyHash},
		{Key: MetaToolVersion, Value: opts.ToolVersion},
	}, opts.Metadata...) {
		if m.Value != "" {
			w.opts.Metadata = append(w.opts.Metadata, m)
		}
	}
	for _, l := range model().order {
		w.slots[l.Name] = &slot{layout: l}
	}
	// A file that goes nowhere shows whether columnar takes the options.
	probe, err := model().order[0].table.create(io.Discard, &w.opts)
	if err != nil {
		return nil, fmt.Errorf("omop: %w", err)
	}
	return w, probe.Close()
}

// Write adds rows to the table of T and keeps nothing of them. It allocates
// nothing per row.
func Write[T Row](w *DatabaseWriter, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	var row T
	s := w.slots[row.TableName()]
	if s == nil {
		return fmt.Errorf("omop: want a table of the CDM, have %T", row)
	}
	if s.writer == nil {
		if err := w.open(s); err != nil {
			return err
		}
	}
	cw, ok := s.writer.(*columnar.Writer[T])
	if !ok {
		return fmt.Errorf("omop: %T: want the row struct of %s", row, s.layout.Name)
	}
	if err := cw.Write(rows); err != nil {
		return fmt.Errorf("omop: write %s: %w", s.layout.Name, err)
	}
	return nil
}

func (w *DatabaseWriter) open(s *slot) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return fmt.Errorf("omop: write %s: the database is closed", s.layout.Name)
	}
	f, err := w.dir.Create(path.Join(w.sub, s.layout.Name+".parquet"))
	if err != nil {
		return fmt.Errorf("omop: %w", err)
	}
	cw, err := s.layout.table.create(f, &w.opts)
	if err != nil {
		f.Close()
		return fmt.Errorf("omop: %w", err)
	}
	s.file, s.writer = f, cw
	return nil
}

// Rows returns the rows written so far, by table; empty tables are present
// with 0. It must not run together with Write.
func (w *DatabaseWriter) Rows() map[string]int64 {
	rows := make(map[string]int64, len(w.slots))
	for name, s := range w.slots {
		rows[name] = 0
		if s.writer != nil {
			rows[name] = s.writer.Rows()
		}
	}
	return rows
}

// Close finishes the files, adds a file without rows for every table that got
// none, and writes the load script. After an error the folder is not whole and
// must not be committed.
func (w *DatabaseWriter) Close() error {
	if w.closed {
		return nil
	}
	var first error
	keep := func(err error) {
		if err != nil && first == nil {
			first = fmt.Errorf("omop: %w", err)
		}
	}
	for _, l := range model().order {
		s := w.slots[l.Name]
		if s.writer == nil {
			if first != nil {
				continue
			}
			if err := w.open(s); err != nil {
				first = err
				continue
			}
		}
		keep(s.writer.Close())
		keep(s.file.Close())
	}
	w.closed = true
	if first != nil {
		return first
	}
	f, err := w.dir.Create(path.Join(w.sub, LoadScript))
	if err != nil {
		return fmt.Errorf("omop: %w", err)
	}
	_, err = io.WriteString(f, loadScript(w.Rows()))
	keep(err)
	keep(f.Close())
	return first
}

// tablesInLoadOrder returns the tables so that each stands after the tables to
// which it refers. Where references form a circle, as among the vocabulary
// tables, the order of the standard decides.
func tablesInLoadOrder() []*layout {
	var order []*layout
	done := map[string]bool{}
	var visit func(l *layout, above []string)
	visit = func(l *layout, above []string) {
		if done[l.Name] || slices.Contains(above, l.Name) {
			return
		}
		above = append(above, l.Name)
		for i := range l.columns {
			if parent := model().byName[l.columns[i].Reference.Table]; parent != nil {
				visit(parent, above)
			}
		}
		if !done[l.Name] {
			done[l.Name] = true
			order = append(order, l)
		}
	}
	for _, l := range model().order {
		visit(l, nil)
	}
	return order
}
