package vocab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/issue"
)

// Names says whether an index holds the names of the concepts.
type Names uint8

// The choices of Names.
const (
	NamesAuto   Names = iota // if CONCEPT.csv has at most 64 MiB
	NamesAlways              // about 60 bytes a concept in the index, and 120 in memory during the build
	NamesNever
)

const smallConceptFile = 64 << 20

// BuildOptions changes how Athena files are read. The zero value reads a
// download as it is.
type BuildOptions struct {
	Dialect  Dialect
	Names    Names
	Workers  int                     // 0: runtime.GOMAXPROCS(0)
	Reporter issue.Reporter          // nil: the first 100 findings are in the report
	Progress func(done, total int64) // told of bytes read; calls do not overlap
}

// BuildReport accounts for every line of the files.
type BuildReport struct {
	Info  Info         `json:"info"`
	Files []FileReport `json:"files"` // in the order in which they are read
	// Issues holds the first findings if no Reporter was given.
	Issues issue.List `json:"issues,omitempty"`
}

// Damaged returns how many lines of all files could not be used because of
// their form.
func (r *BuildReport) Damaged() int64 {
	var n int64
	for _, f := range r.Files {
		n += f.Damaged
	}
	return n
}

// FileReport accounts for the lines of one file: Lines is the sum of Used,
// Damaged, Duplicate, Other, NotCurrent, Dangling and NotStandard.
type FileReport struct {
	Table       string `json:"table"`
	Name        string `json:"name,omitempty"` // empty: the file is missing
	Read        bool   `json:"read"`           // false: the index holds nothing of this table
	Lines       int64  `json:"lines"`          // without the header and empty lines
	Used        int64  `json:"used"`
	Damaged     int64  `json:"damaged"`      // each with an issue
	Duplicate   int64  `json:"duplicate"`    // say again what another line says
	Other       int64  `json:"other"`        // relationships and ancestors that the index does not hold
	NotCurrent  int64  `json:"not_current"`  // mappings with an invalid_reason
	Dangling    int64  `json:"dangling"`     // an end is no concept of CONCEPT
	NotStandard int64  `json:"not_standard"` // mappings to a concept that is not standard
}

func (f *FileReport) add(g *FileReport) {
	f.Lines += g.Lines
	f.Used += g.Used
	f.Damaged += g.Damaged
	f.Duplicate += g.Duplicate
	f.Other += g.Other
	f.NotCurrent += g.NotCurrent
	f.Dangling += g.Dangling
	f.NotStandard += g.NotStandard
}

// Build reads the Athena files in a folder and writes one index file. CONCEPT
// and CONCEPT_RELATIONSHIP must be there; of the others VOCABULARY and
// CONCEPT_ANCESTOR are used. The index is written under a temporary name
// beside out and renamed when it is complete; equal content, in whatever order
// of lines, gives equal bytes at any number of workers.
//
// A damaged line becomes an issue with file and line, is counted and left out.
// The error tells of a folder, file or header that cannot be read, of a
// reporter that stopped the build, or of ctx.
func Build(ctx context.Context, athenaDir, out string, opts *BuildOptions) (*BuildReport, error) {
	b, err := build(ctx, os.DirFS(athenaDir), opts)
	if err != nil {
		return nil, fmt.Errorf("vocab: %s: %w", athenaDir, err)
	}
	h, err := writeFile(ctx, out, b)
	if err != nil {
		return nil, fmt.Errorf("vocab: %w", err)
	}
	b.report.Info = infoOf(h, &b.meta)
	return b.report, nil
}

// OpenDir reads the Athena files in a folder into a store in memory. No file
// is written. A full download takes as long as [Build] does and stays in
// memory: build an index if it is to be used more than once.
func OpenDir(ctx context.Context, athenaDir string, opts *BuildOptions) (*Store, *BuildReport, error) {
	s, report, err := OpenFS(ctx, os.DirFS(athenaDir), opts)
	if err != nil {
		return nil, nil, fmt.Errorf("vocab: %s: %w", athenaDir, errors.Unwrap(err))
	}
	return s, report, nil
}

// Load opens what a user names as vocabulary: an index file by [Open], a folder
// of Athena files by [OpenDir]. The report is nil for an index.
func Load(ctx context.Context, path string, opts *BuildOptions) (*Store, *BuildReport, error) {
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		return OpenDir(ctx, path, opts)
	}
	s, err := Open(path)
	return s, nil, err
}

// OpenFS is [OpenDir] for the top folder of a file system.
func OpenFS(ctx context.Context, fsys fs.FS, opts *BuildOptions) (*Store, *BuildReport, error) {
	b, err := build(ctx, fsys, opts)
	if err != nil {
		return nil, nil, fmt.Errorf("vocab: %w", err)
	}
	data, err := b.bytes(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("vocab: %w", err)
	}
	s, err := newStore(data)
	if err != nil {
		return nil, nil, fmt.Errorf("vocab: %w", err)
	}
	b.report.Info = s.Info()
	return s, b.report, nil
}

// builder holds the columns of an index while it is built.
type builder struct {
	fsys   fs.FS
	opts   BuildOptions
	report *BuildReport
	issues *issue.Collector // if the caller gave no reporter
	done   int64            // bytes read
	total  int64            // bytes of all files that are read
	files  map[string]string
	names  bool
	// conceptBytes is the size of the file CONCEPT.
	conceptBytes int64

	meta    metadata
	columns concepts
	lines   uint32   // of slots, see header
	reach   uint32   // see header
	slots   uint32   // for concepts
	order   []uint32 // the concepts in the order of their slots
	places  []uint32 // the slots of the concepts
	same    int      // concepts whose vocabulary and code a better one has

	mapsTo, values, rollup csr
}

// The tables of a download, in the order in which they are read.
var tables = []struct {
	name           string
	read, required bool
}{
	{"VOCABULARY", true, false},
	{"CONCEPT", true, true},
	{"CONCEPT_RELATIONSHIP", true, true},
	{"CONCEPT_ANCESTOR", true, false},
	{"CONCEPT_CLASS", false, false},
	{"CONCEPT_SYNONYM", false, false},
	{"DOMAIN", false, false},
	{"DRUG_STRENGTH", false, false},
	{"RELATIONSHIP", false, false},
}

// build reads all files and makes the columns of the index.
func build(ctx context.Context, fsys fs.FS, opts *BuildOptions) (*builder, error) {
	b := &builder{fsys: fsys, report: &BuildReport{}, files: map[string]string{}}
	if opts != nil {
		b.opts = *opts
	}
	if b.opts.Reporter == nil {
		b.issues = &issue.Collector{Max: 100}
		b.opts.Reporter = b.issues
	}
	if err := b.opts.Dialect.check(); err != nil {
		return nil, err
	}
	if b.opts.Names > NamesNever {
		return nil, errors.New("want names auto, always or never")
	}
	if err := b.find(); err != nil {
		return nil, err
	}
	if err := b.readVocabulary(ctx); err != nil {
		return nil, err
	}
	if err := b.readConcepts(ctx); err != nil {
		return nil, err
	}
	// The records are put in order on one core while the relationships are read.
	err := flow.Do(ctx, max(2, flow.Workers(b.opts.Workers)), b.hash, func(ctx context.Context) error {
		if err := b.readRelationships(ctx); err != nil {
			return err
		}
		return b.readAncestors(ctx)
	})
	if err == nil {
		err = b.reportSame()
	}
	if err != nil {
		return nil, err
	}
	if b.issues != nil {
		b.report.Issues = b.issues.List()
	}
	return b, nil
}

// find looks for the files and says which are missing.
func (b *builder) find() error {
	for _, t := range tables {
		name, err := findFile(b.fsys, t.name)
		if err != nil {
			return err
		}
		b.report.Files = append(b.report.Files, FileReport{Table: t.name, Name: name, Read: t.read && name != ""})
		if name == "" {
			if t.required {
				return fmt.Errorf("want a file %s.csv: %w", t.name, fs.ErrNotExist)
			}
			if err := b.missing(t.name, t.read); err != nil {
				return err
			}
			continue
		}
		b.files[t.name] = name
		if !t.read {
			continue
		}
		st, err := fs.Stat(b.fsys, name)
		if err != nil {
			return err
		}
		b.total += st.Size()
		if t.name == "CONCEPT" {
			b.conceptBytes = st.Size()
			b.names = b.opts.Names == NamesAlways || b.opts.Names == NamesAuto && st.Size() <= smallConceptFile
		}
	}
	name, err := findFile(b.fsys, "CONCEPT_CPT4")
	if err != nil || name == "" {
		return err
	}
	return b.opts.Reporter.Report(issue.Issue{Severity: issue.Information, Code: CodeForeignFile,
		Pos:     issue.Pos{Source: name},
		Message: "not read: its concepts count once Athena's CPT4 tool has added them to CONCEPT"})
}

// missing reports an absent file.
func (b *builder) missing(table string, used bool) error {
	i := issue.Issue{Severity: issue.Information, Code: CodeMissingFile,
		Pos: issue.Pos{Source: table + ".csv"}, Message: "missing, and not needed"}
	switch {
	case table == "VOCABULARY":
		i.Severity, i.Message = issue.Warning, "missing: the release of the vocabularies is not known"
	case used:
		i.Severity, i.Message = issue.Warning, "missing: drugs have no ingredients, only ingredients themselves do"
	}
	return b.opts.Reporter.Report(i)
}

// fileReport returns the report of a table.
func (b *builder) fileReport(table string) *FileReport {
	for i := range b.report.Files {
		if b.report.Files[i].Table == table {
			return &b.report.Files[i]
		}
	}
	return nil
}

// progress tells of n more bytes read.
func (b *builder) progress(n int) {
	b.done += int64(n)
	if b.opts.Progress != nil {
		b.opts.Progress(b.done, b.total)
	}
}

// parsed is what all parsers of a block have in common.
type parsed struct {
	count  FileReport
	issues issue.List
}

// damaged counts a line that cannot be used.
func (p *parsed) damaged(source string, line int, code issue.Code, path, message string) {
	p.count.Lines++
	p.count.Damaged++
	p.issues = append(p.issues, issue.Issue{Severity: issue.Error, Code: code,
		Pos: issue.Pos{Source: source, Line: line}, Path: path, Message: message})
}

// table is one file while it is read.
type table[O any] struct {
	name  string   // of the table
	want  []string // columns
	parse func(source string, line int, fields [][]byte, out O)
	merge func(O) error
}

// readTable parses the lines of a file in parallel; merge gets the results in
// the order of the file. O is a pointer to a type that holds a parsed.
func readTable[O interface{ base() *parsed }](ctx context.Context, b *builder, t table[O], newOut func() O) error {
	name := b.files[t.name]
	f, err := b.fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	c := &cutter{r: f, quotes: b.opts.Dialect.Quotes, line: 1, read: b.progress}
	first, header, err := firstBlock(c, b.opts.Dialect)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	at, err := columns(header, t.want)
	if err != nil {
		return fmt.Errorf("%s: %w (is this the dialect of the file?)", name, err)
	}
	width := len(header)
	in := func(yield func(*block, error) bool) {
		if yield(first, nil) {
			c.blocks()(yield)
		}
	}
	report := b.fileReport(t.name)
	work := func(_ context.Context, _ int, blk *block) (O, error) {
		out := newOut()
		parseBlock(b.opts.Dialect, name, blk, width, at, t.parse, out)
		return out, nil
	}
	emit := func(out O) error {
		p := out.base()
		for _, i := range p.issues {
			if err := b.opts.Reporter.Report(i); err != nil {
				return err
			}
		}
		err := t.merge(out)
		report.add(&p.count)
		return err
	}
	if err := flow.Ordered(ctx, b.opts.Workers, in, work, emit); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// parseBlock hands the wanted fields of every sound line to parse.
func parseBlock[O interface{ base() *parsed }](d Dialect, source string, blk *block, width int, at []int,
	parse func(string, int, [][]byte, O), out O) {
	defer blk.free()
	p := out.base()
	if blk.long > 0 {
		p.damaged(source, blk.long, CodeLongLine, "", fmt.Sprintf("want a line of at most %d bytes", maxLine))
	}
	s := d.splitter()
	s.reset(blk)
	want := make([][]byte, len(at))
	for {
		fields, ok, err := s.next()
		switch {
		case !ok:
			return
		case err != nil:
			p.damaged(source, s.line, CodeQuote, "", err.Error())
			continue
		case len(fields) != width:
			p.damaged(source, s.line, CodeColumns, "", fmt.Sprintf("want %d fields, have %d", width, len(fields)))
			continue
		}
		for i, c := range at {
			want[i] = fields[c]
		}
		parse(source, s.line, want, out)
	}
}

// firstBlock returns the first block of a file without its header line, and
// the fields of that.
func firstBlock(c *cutter, d Dialect) (*block, [][]byte, error) {
	b, err := c.next()
	if err != nil {
		return nil, nil, err
	}
	if b.long > 0 {
		return nil, nil, fmt.Errorf("want a header line of at most %d bytes", maxLine)
	}
	b.data = trimBOM(b.data)
	s := d.splitter()
	s.reset(b)
	header, ok, err := s.next()
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("header: %w", err)
	case !ok:
		return nil, nil, fmt.Errorf("want a header line, have an empty file: %w", io.ErrUnexpectedEOF)
	case len(header) > maxFields:
		return nil, nil, fmt.Errorf("want a header of at most %d columns", maxFields)
	}
	b.data, b.line = s.data, s.after
	return b, header, nil
}

// writeFile writes the index beside path and renames it into place.
func writeFile(ctx context.Context, path string, b *builder) (*header, error) {
	f, err := createBeside(path)
	if err != nil {
		return nil, err
	}
	h, err := b.writeTo(ctx, f)
	if err == nil {
		_, err = f.WriteAt(h.encode(), 0)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(f.Name()))
	}
	return h, nil
}

// createBeside makes a new file in the folder of path, with the permissions
// that any new file gets.
func createBeside(path string) (*os.File, error) {
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: want a regular file to write", path)
	}
	for i := 0; ; i++ {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d-%d.tmp", filepath.Base(path), os.Getpid(), i))
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) || i == 1000 {
			return f, err
		}
	}
}
