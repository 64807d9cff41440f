package index

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/issue"
)

// Options say how Build works. Out must be set.
type Options struct {
	// Out is the folder to make. It must not exist or be empty, unless Overwrite
	// is set; it appears whole or not at all.
	Out       string
	Overwrite bool
	// Previous is the folder of an earlier run, which may be Out if Overwrite is set. Of
	// files whose path, size and time are as they were, its rows are carried over, and
	// only the others are read. Files without a time are always read. A folder made
	// with other options or by another ToolVersion is of no use and is ignored.
	Previous string
	// SkipElements leaves out the table of all elements, which costs more than all else.
	SkipElements bool
	// Read are the options of reading. Its Workers, Reporter and Progress are not used.
	Read *dicommeta.ReadOptions
	// Workers is how many files are worked on at once; 0 = one a processor. The
	// bytes of the result do not depend on it.
	Workers int
	// MemoryBudget bounds the records held in memory until series are made; what exceeds
	// it is spilled to TempDir. 0 = 32 MiB.
	MemoryBudget int64
	// TempDir is where spilled records lie, in files without a name where the system
	// allows it; "" = os.TempDir.
	TempDir string
	// Compression of the Parquet files; the zero value is zstd.
	Compression columnar.Compression
	// Reporter receives the findings, in the order of the files and then of the studies; nil
	// ignores them (they are in the table findings all the same).
	Reporter issue.Reporter
	// Progress is told how many files and bytes have been passed so far.
	Progress func(files, bytes int64)
	// ToolVersion is recorded in the files.
	ToolVersion string

	rowsPerGroup int // of all tables but elements
}

// defaultGroup bounds the rows of wide tables that are held in memory.
const defaultGroup = 16 << 10

// Build reads the headers of all sources and writes them as Parquet:
//
//	Out/index.parquet        the series, in the columns of IDC's main index
//	Out/ct_index.parquet ... series by modality and kind, as IDC has them; see Schema
//	Out/instance.parquet     the files that are DICOM
//	Out/elements.parquet     the elements of all files, one row a value
//	Out/study.parquet, patient.parquet
//	Out/findings.parquet     what is wrong with files, and where they contradict each other
//	Out/schema.json          what Schema returns
//	Out/load.duckdb.sql      a view a table, for DuckDB started in Out
//	Out/report.json          the account: every file ends in it once
//	Out/resume.bin           what lets a later run read changed files alone
//
// Files that are not DICOM are counted, those that look like it and cannot be read are
// reported, and the rest goes on. The error says what ended the whole: options, the disk,
// the context, the sequence of sources or the reporter; then Out is not made. The same sources and options give
// the same bytes, whatever the number of workers and whatever is carried over. Files
// are passed once; memory holds MemoryBudget, some files a worker, one series' distinct
// values, and with Previous 16 bytes a file.
func Build(ctx context.Context, srcs iter.Seq2[dicommeta.Source, error], opts *Options) (*Report, error) {
	if opts == nil || opts.Out == "" {
		return nil, errors.New("index: want a folder to write to, have none")
	}
	b := &build{opts: *opts}
	b.opts.Workers = flow.Workers(b.opts.Workers)
	if b.opts.MemoryBudget <= 0 {
		b.opts.MemoryBudget = defaultMemory
	}
	if b.opts.rowsPerGroup == 0 {
		b.opts.rowsPerGroup = defaultGroup
	}
	if b.opts.Reporter == nil {
		b.opts.Reporter = issue.Discard
	}
	newDir := columnar.NewDir
	if opts.Overwrite {
		newDir = columnar.ReplaceDir
	}
	dir, err := newDir(opts.Out)
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	b.dir = dir
	err = b.run(ctx, srcs)
	if err == nil {
		if err = dir.Commit(); err != nil {
			err = fmt.Errorf("index: %w", err)
		}
	}
	if err = errors.Join(err, dir.Close()); err != nil {
		return nil, err
	}
	return &b.report, nil
}

// build is a run of Build.
type build struct {
	opts   Options
	dir    *columnar.Dir
	report Report
	open   []io.Closer // in the order of opening

	instances *columnar.Writer[instanceRow]
	elements  *columnar.Writer[elementRow]
	findings  *columnar.Writer[findingRow]
	groups    sync.Pool // of elements, and
	pieces    sync.Pool // of what has been written
	state     *stateWriter
	gather    *gathering
	wanted    []*references // of each worker
}

func (b *build) run(ctx context.Context, srcs iter.Seq2[dicommeta.Source, error]) error {
	b.report = Report{Tool: b.opts.ToolVersion, Rows: map[string]int64{}, Findings: map[string]int64{}}
	earlier, err := b.previous()
	if err != nil {
		return err
	}
	defer earlier.close()
	b.gather = newGathering(b.opts.Workers, b.opts.TempDir, b.opts.MemoryBudget)
	defer b.gather.close()
	if err := b.create(); err != nil {
		return err
	}
	if err := b.scan(ctx, srcs, earlier); err != nil {
		return err
	}
	if err := b.series(ctx); err != nil {
		return err
	}
	return b.finish()
}

func (b *build) previous() (*previous, error) {
	if b.opts.Previous == "" {
		return nil, nil
	}
	return openPrevious(b.opts.Previous, &b.opts)
}

func (b *build) options(table string) *columnar.Options {
	o := &columnar.Options{Compression: b.opts.Compression, RowsPerGroup: b.opts.rowsPerGroup}
	if table == "elements" {
		o.RowsPerGroup = 0
	}
	if b.opts.ToolVersion != "" {
		o.CreatedBy = b.opts.ToolVersion
	}
	return o
}

func newTable[T any](b *build, name string) (*columnar.Writer[T], error) {
	f, err := b.dir.Create(name + ".parquet")
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	w, err := columnar.NewWriter[T](f, b.options(name))
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("index: %s: %w", name, err)
	}
	b.open = append(b.open, closer(func() error {
		b.report.Rows[name] = w.Rows()
		return errors.Join(w.Close(), f.Close())
	}))
	return w, nil
}

type closer func() error

func (c closer) Close() error { return c() }

func (b *build) create() (err error) {
	if b.instances, err = newTable[instanceRow](b, "instance"); err != nil {
		return err
	}
	if b.findings, err = newTable[findingRow](b, "findings"); err != nil {
		return err
	}
	if !b.opts.SkipElements {
		if b.elements, err = newTable[elementRow](b, "elements"); err != nil {
			return err
		}
	}
	f, err := b.dir.Create(resumeFile)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	b.state, err = newStateWriter(f, b.opts.fingerprint())
	return err
}

// scan reads all files.
func (b *build) scan(ctx context.Context, srcs iter.Seq2[dicommeta.Source, error], earlier *previous) error {
	readers := make([]*reader, b.opts.Workers)
	for i := range readers {
		r := &reader{worker: i, opts: b.opts.Read, gather: b.gather, wanted: newReferences(), extract: dicommeta.Extractor{Keep: kept()}, pieces: &b.pieces,
			row: picker{tags: rowTags()}, key: picker{tags: keyTags()}}
		if b.elements != nil {
			r.flat = newFlattener(b.newGroup)
		}
		readers[i] = r
		b.wanted = append(b.wanted, r.wanted)
	}
	return flow.Ordered(ctx, b.opts.Workers, chunks(ctx, srcs, earlier),
		func(ctx context.Context, worker int, tasks []task) (*piece, error) {
			return readers[worker].work(ctx, tasks)
		}, b.emit)
}

// newGroup returns an empty group, with the memory of one that was written if there is one.
func (b *build) newGroup() *columnar.Group[elementRow] {
	if g, ok := b.groups.Get().(*columnar.Group[elementRow]); ok {
		return g
	}
	return b.elements.NewGroup()
}

// emit writes the rows of a piece.
func (b *build) emit(p *piece) error {
	defer b.pieces.Put(p)
	if err := b.instances.Write(p.instances); err != nil {
		return err
	}
	for _, g := range p.elements {
		if err := b.elements.Append(g); err != nil {
			return err
		}
		b.groups.Put(g)
	}
	for i := range p.findings {
		if err := b.opts.Reporter.Report(p.findings[i].issue()); err != nil {
			return err
		}
		b.report.Findings[p.findings[i].Code]++
		if p.findings[i].Code == string(dicommeta.CodeRollupNoUID) {
			b.report.Unplaced++
		}
	}
	if err := b.findings.Write(p.findings); err != nil {
		return err
	}
	if err := b.state.block(p.state); err != nil {
		return err
	}
	r := &b.report
	r.Files += p.files
	r.Bytes += p.bytes
	r.Instances += p.counts[isInstance]
	r.NotDICOM += p.counts[isNotDICOM]
	r.Failed += p.counts[isFailed]
	r.Partial += p.partial
	r.Carried += p.carried
	if b.opts.Progress != nil {
		b.opts.Progress(r.Files, r.Bytes)
	}
	return nil
}

// issue returns the finding that the row tells of.
func (r *findingRow) issue() issue.Issue {
	severity, err := issue.ParseSeverity(r.Severity)
	if err != nil {
		severity = issue.Warning
	}
	return issue.Issue{Severity: severity, Code: issue.Code(r.Code), Pos: issue.Pos{Source: r.Path, Offset: r.Offset}, Path: r.TagPath, Message: r.Message, Rule: r.Rule}
}

// found reports what instances contradict each other in.
func (b *build) found(all issue.List) error {
	for _, i := range all {
		row := newFindingRow(i)
		b.report.Findings[row.Code]++
		if err := b.opts.Reporter.Report(i); err != nil {
			return err
		}
		if err := b.findings.Write([]findingRow{row}); err != nil {
			return err
		}
	}
	return nil
}

// finish closes the tables and writes what stands beside them.
func (b *build) finish() error {
	var err error
	for _, c := range b.open {
		err = errors.Join(err, c.Close())
	}
	if err = errors.Join(err, b.state.close()); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	tables := Schema()
	var views strings.Builder
	for _, t := range tables {
		if t.Name == "elements" && b.opts.SkipElements {
			continue
		}
		fmt.Fprintf(&views, "CREATE OR REPLACE VIEW \"%s\" AS SELECT * FROM read_parquet('%s.parquet');\n", t.Name, t.Name)
	}
	return errors.Join(
		b.file("load.duckdb.sql", func(w io.Writer) error { _, err := io.WriteString(w, views.String()); return err }),
		b.file("schema.json", func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			return e.Encode(tables)
		}),
		b.file("report.json", b.report.Write))
}

func (b *build) file(name string, write func(io.Writer) error) error {
	f, err := b.dir.Create(name)
	if err == nil {
		err = errors.Join(write(f), f.Close())
	}
	if err != nil {
		return fmt.Errorf("index: %s: %w", name, err)
	}
	return nil
}
