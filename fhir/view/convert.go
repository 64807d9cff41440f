package view

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// ConvertOptions say how Convert works. Out must be set.
type ConvertOptions struct {
	// Out is the folder to make. It must not exist or be empty, unless Overwrite
	// is set; it appears whole or not at all.
	Out       string
	Overwrite bool
	// Views are the tables to make, one each; nil = those of Library.
	Views []*View
	// Format of the tables; the zero value is Parquet.
	Format Format
	// Types says how Parquet holds decimals, dates and times; the zero value is
	// Text.
	Types Types
	// Compression of Parquet; the zero value is zstd.
	Compression columnar.Compression
	// Workers is how many pieces of the input are worked on at once; 0 = one a
	// processor. The bytes of the result do not depend on it.
	Workers int
	// Reporter receives the findings, in the order of the input but for those of
	// the reader; nil ignores them (they are counted all the same).
	Reporter issue.Reporter
	// Progress is told how many bytes, as stored, of how many have been read.
	Progress func(done, total int64)
	// ToolVersion is recorded in the files.
	ToolVersion string
}

// Convert makes the tables of views out of FHIR resources:
//
//	Out/views/<view>.parquet   one table a view (or .csv, .ndjson)
//	Out/quarantine.ndjson      what could not be used, with the reason
//	Out/report.json            the account: every resource ends in it once a view
//
// Resources for which a view fails are reported and quarantined, and the rest
// goes on. The error says what ended the whole: options, the disk, the input's
// medium, the context or the reporter; then Out is not made. The same input and
// options give the same bytes, whatever the number of workers. Rows are in the
// order of the input. Memory holds a row group a view and a few pieces of the
// input a worker.
func Convert(ctx context.Context, srcs []fhir.Source, opts *ConvertOptions) (*Report, error) {
	if opts == nil || opts.Out == "" {
		return nil, errors.New("view: want a folder to write to, have none")
	}
	c := &conversion{opts: *opts, srcs: srcs}
	if c.opts.Reporter == nil {
		c.opts.Reporter = issue.Discard
	}
	if err := c.prepare(); err != nil {
		return nil, err
	}
	newDir := columnar.NewDir
	if opts.Overwrite {
		newDir = columnar.ReplaceDir
	}
	dir, err := newDir(opts.Out)
	if err != nil {
		return nil, fmt.Errorf("view: %w", err)
	}
	c.dir = dir
	report, err := c.run(ctx)
	return report, errors.Join(err, dir.Close())
}

// conversion is one run of Convert.
type conversion struct {
	opts   ConvertOptions
	srcs   []fhir.Source
	dir    *columnar.Dir
	tables []*table         // one a view, without rows
	byType map[string][]int // views by resource type
	files  []*outFile       // one a view
	bad    *outFile         // quarantine

	report Report
	types  map[string]*TypeAccount

	mu      sync.Mutex
	spare   []*piece        // to be used again
	refused []fhir.Rejected // sources that cannot be read as a whole
}

// outFile is a file of the folder.
type outFile struct {
	file io.WriteCloser
	fileWriter
}

// prepare checks the views.
func (c *conversion) prepare() error {
	if c.opts.Views == nil {
		all, err := Library()
		if err != nil {
			return err
		}
		c.opts.Views = all
	}
	if len(c.opts.Views) == 0 {
		return errors.New("view: want at least one view, have none")
	}
	c.byType = map[string][]int{}
	c.types = map[string]*TypeAccount{}
	seen := map[string]bool{}
	for i, v := range c.opts.Views {
		lower := strings.ToLower(v.name)
		switch {
		case v.name == "":
			return fmt.Errorf("view: want a name for every view, view %d has none", i)
		case seen[lower]:
			return fmt.Errorf("view: want views of different names, have %q twice", v.name)
		}
		seen[lower] = true
		c.byType[v.def.Resource] = append(c.byType[v.def.Resource], i)
		c.tables = append(c.tables, &table{view: v, slots: layout(v.columns, c.opts.Format, c.opts.Types)})
		c.report.Views = append(c.report.Views, ViewAccount{Name: v.name, Resource: v.def.Resource, File: "views/" + v.name + "." + c.opts.Format.String()})
	}
	return nil
}

func (c *conversion) run(ctx context.Context) (*Report, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	var total int64
	for _, s := range c.srcs {
		total += s.Size()
	}
	read := &fhir.ReadOptions{Workers: c.opts.Workers, Reporter: c.opts.Reporter, Quarantine: func(r fhir.Rejected) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.refused = append(c.refused, r)
		return nil
	}}
	if c.opts.Progress != nil {
		read.Progress = func(done int64) { c.opts.Progress(done, total) }
	}
	var firstErr error
	stats, err := fhir.Gather(ctx, c.srcs, read, func(int) fhir.Gatherer[*piece] {
		w, err := c.newWorker()
		if err != nil {
			firstErr = err // of compiling again what was compiled once: it does not happen
		}
		return fhir.Gatherer[*piece]{Quick: w.quick, Visit: w.visit, Reject: w.reject, Full: w.full, Take: w.take}
	}, c.put)
	if err = errors.Join(err, firstErr); err != nil {
		return nil, errors.Join(err, c.closeFiles())
	}
	return c.finish(ctx, stats)
}

// open makes the files.
func (c *conversion) open() error {
	for i, t := range c.tables {
		f, err := c.dir.Create(c.report.Views[i].File)
		if err != nil {
			return errors.Join(fmt.Errorf("view: %w", err), c.closeFiles())
		}
		w, err := newFileWriter(f, c.opts.Format, t.slots, &columnar.Options{Compression: c.opts.Compression, Metadata: c.metadata(t.view)})
		if err != nil {
			return errors.Join(err, f.Close(), c.closeFiles())
		}
		c.files = append(c.files, &outFile{f, w})
	}
	f, err := c.dir.Create("quarantine.ndjson")
	if err != nil {
		return errors.Join(fmt.Errorf("view: %w", err), c.closeFiles())
	}
	c.bad = &outFile{file: f}
	return nil
}

// metadata describes the view in its file.
func (c *conversion) metadata(v *View) []columnar.Metadata {
	var list []columnar.Metadata
	for _, m := range []columnar.Metadata{
		{Key: "carabiner.version", Value: c.opts.ToolVersion}, {Key: "fhir.view.name", Value: v.name}, {Key: "fhir.view.url", Value: v.def.URL}, {Key: "fhir.view.resource", Value: v.def.Resource},
	} {
		if m.Value != "" {
			list = append(list, m)
		}
	}
	return list
}

// closeFiles closes all files; those that hold no whole table keep the folder
// from appearing.
func (c *conversion) closeFiles() error {
	var err error
	for _, f := range c.files {
		err = errors.Join(err, f.file.Close())
	}
	if c.bad != nil {
		err = errors.Join(err, c.bad.file.Close())
	}
	c.files, c.bad = nil, nil
	return err
}

// put writes what a worker made of a piece of the input; pieces come in order.
func (c *conversion) put(p *piece) error {
	for i, t := range p.tables {
		a := &c.report.Views[i]
		a.add(&p.accounts[i])
		if t.batch.Rows() == 0 {
			continue
		}
		if err := c.files[i].Write(t.batch); err != nil {
			return fmt.Errorf("view: %s: %w", t.view.name, err)
		}
	}
	for typ, n := range p.types {
		c.account(typ).add(n)
	}
	for _, i := range p.issues {
		if err := c.opts.Reporter.Report(i); err != nil {
			return err
		}
	}
	if _, err := c.bad.file.Write(p.quarantine); err != nil {
		return fmt.Errorf("view: %w", err)
	}
	p.reset()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spare = append(c.spare, p)
	return nil
}

func (c *conversion) account(typ string) *TypeAccount {
	a := c.types[typ]
	if a == nil {
		a = &TypeAccount{Type: typ}
		c.types[typ] = a
	}
	return a
}

// finish closes the files, writes the report and commits the folder.
func (c *conversion) finish(ctx context.Context, stats *fhir.ReadStats) (*Report, error) {
	for i := range c.refused {
		r := &c.refused[i]
		c.account(typeOf(r.Type)).add(&TypeAccount{Read: 1, Unreadable: 1})
		line, err := quarantineLine(r.Type, "", r.Reason, r.Pos, r.Raw, r.Truncated)
		if err == nil {
			_, err = c.bad.file.Write(line)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("view: %w", err), c.closeFiles())
		}
	}
	var err error
	for _, f := range c.files {
		err = errors.Join(err, f.Close())
	}
	if err = errors.Join(err, c.closeFiles()); err != nil {
		return nil, err
	}
	c.report.finish(c, stats)
	f, err := c.dir.Create("report.json")
	if err != nil {
		return nil, fmt.Errorf("view: %w", err)
	}
	if err := errors.Join(c.report.writeJSON(f), f.Close()); err != nil {
		return nil, fmt.Errorf("view: %w", err)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if err := c.dir.Commit(); err != nil {
		return nil, fmt.Errorf("view: %w", err)
	}
	return &c.report, nil
}
