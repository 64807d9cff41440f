package mapping

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop"
)

// ConvertOptions say how Convert works. Out and Concepts must be set.
type ConvertOptions struct {
	// Out is the folder to make. It must not exist or be empty, unless Overwrite
	// is set; it appears whole or not at all.
	Out       string
	Overwrite bool
	// Concepts is the vocabulary; VocabularyRelease names its release.
	Concepts          Concepts
	VocabularyRelease string
	// Policy says what counts; nil is the policy ohdsi.
	Policy *Policy
	// DICOM are the studies of the same patients; nil for none. They are read
	// after FHIR, when the identifiers of all its resources are known.
	DICOM *DICOMInput
	// Workers is how many resources are worked on at once; 0 = one a processor.
	// The bytes of the result do not depend on it.
	Workers int
	// MemoryBudget bounds the facts held in memory; what exceeds it is spilled
	// to TempDir. 0 = 32 MiB.
	MemoryBudget int64
	// TempDir is where spilled facts and quarantined records lie while Convert
	// works, in files without a name where the system allows it; "" = os.TempDir.
	TempDir string
	// Compression of the Parquet files; the zero value is zstd.
	Compression columnar.Compression
	// SourceName stands in cdm_source; "" = "FHIR", "DICOM" or "FHIR and DICOM".
	SourceName string
	// ExtractDate is the day on which the extract was made; the zero value means
	// the last day on which anything in it happened.
	ExtractDate time.Time
	// Reporter receives the findings, several workers at once; nil ignores them
	// (they are counted and quarantined all the same).
	Reporter issue.Reporter
	// Progress is told how many bytes, as stored, of how many have been read.
	Progress func(done, total int64)
	// ToolVersion is recorded in the files.
	ToolVersion string
}

// defaultMemory bounds the facts in memory.
const defaultMemory = 32 << 20

// Convert reads FHIR resources, and DICOM studies if opts has some, and writes one
// OMOP CDM 5.4 database as Parquet:
//
//	Out/omop/<table>.parquet    every table of the model, and load.duckdb.sql
//	Out/idmap/<table>.parquet   which resource each row was made of
//	Out/quarantine.ndjson       what could not be used, with the reason
//	Out/unmapped.csv, .parquet  codes without a standard concept, with counts
//	Out/report.json             the account: every resource and file ends in it once
//
// Records that are merely wrong are reported and quarantined, and the rest
// goes on. The error says what ended the whole: options, the disk, the input's
// medium, the context or the reporter; then Out is not made. The same input,
// options and vocabulary give the same bytes, whatever the order of files and
// the number of workers. Memory holds MemoryBudget, the resources about no
// person, one person at a time a worker, and 16 bytes for every address; with
// DICOM some 100 bytes for every identifier of a resource, until all studies are read.
func Convert(ctx context.Context, srcs []fhir.Source, opts *ConvertOptions) (*Report, error) {
	if opts == nil || opts.Out == "" {
		return nil, fmt.Errorf("mapping: want a folder to write to, have none")
	}
	m, err := NewFHIRToOMOP(opts.Concepts, opts.Policy)
	if err != nil {
		return nil, err
	}
	newDir := columnar.NewDir
	if opts.Overwrite {
		newDir = columnar.ReplaceDir
	}
	dir, err := newDir(opts.Out)
	if err != nil {
		return nil, fmt.Errorf("mapping: %w", err)
	}
	c := &conversion{opts: *opts, m: m, srcs: srcs, dir: dir, quarantine: quarantine{dir: opts.TempDir}}
	report, err := c.run(ctx)
	c.close()
	return report, errors.Join(err, dir.Close())
}

// conversion is one run of Convert.
type conversion struct {
	opts       ConvertOptions
	m          *FHIRToOMOP
	srcs       []fhir.Source
	dir        *columnar.Dir
	quarantine quarantine
	workers    []*worker
	reducers   []*reducer
	account    account
	dims       *dimensions
	stats      *fhir.ReadStats
	extractDay omop.Date
	dicom      *dicomRun // nil without DICOM

	mu         sync.Mutex
	rejectedBy account // records that the reader refused
}

// worker is what one goroutine of the map step owns.
type worker struct {
	facts   Facts
	persons shuffler
	dims    shuffler
	study   Facts // of DICOM
	links   linkIndex
	lastDay omop.Date
	dated   bool
}

func (c *conversion) close() {
	for _, w := range c.workers {
		w.persons.close()
		w.dims.close()
	}
	c.quarantine.close()
}

func (c *conversion) run(ctx context.Context) (*Report, error) {
	if c.opts.Reporter == nil {
		c.opts.Reporter = issue.Discard
	}
	if err := c.startDICOM(); err != nil {
		return nil, err
	}
	if err := c.mapAll(ctx); err != nil {
		return nil, err
	}
	if err := c.mapStudies(ctx); err != nil {
		return nil, err
	}
	if err := c.gather(ctx); err != nil {
		return nil, err
	}
	db, err := omop.NewDatabaseWriter(c.dir, "omop", &omop.WriteOptions{
		Compression: c.opts.Compression, VocabularyRelease: c.opts.VocabularyRelease,
		Policy: c.m.policy.Name, PolicyHash: c.m.policy.Hash(), ToolVersion: c.opts.ToolVersion,
	})
	if err != nil {
		return nil, err
	}
	ids, err := newIDMap(c.dir, columnar.Options{Compression: c.idCompression()})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err = c.reduce(ctx, db, ids); err != nil {
		return nil, errors.Join(err, db.Close(), ids.abort())
	}
	closers := append(ids.closers(), func(context.Context) error { return db.Close() })
	slices.Reverse(closers)
	if err := flow.Do(ctx, len(c.workers), closers...); err != nil {
		return nil, errors.Join(err, ids.abort())
	}
	return c.finish(ctx, db)
}

// idCompression: resource ids hardly compress, a cheap codec is as good as a
// thorough one.
func (c *conversion) idCompression() columnar.Compression {
	if c.opts.Compression == columnar.Zstd {
		return columnar.Snappy
	}
	return c.opts.Compression
}

// readOptions are those of the map step; a second reading uses the same bounds.
func (c *conversion) readOptions() *fhir.ReadOptions {
	return &fhir.ReadOptions{Workers: len(c.workers), Reporter: c.fhirFindings()}
}

// mapAll reads all sources and maps every resource.
func (c *conversion) mapAll(ctx context.Context) error {
	n := flow.Workers(c.opts.Workers)
	budget := c.opts.MemoryBudget
	if budget <= 0 {
		budget = defaultMemory
	}
	for range n {
		w := &worker{}
		w.persons = shuffler{dir: c.opts.TempDir, budget: budget * 7 / 8 / int64(n)}
		w.dims = shuffler{dir: c.opts.TempDir, budget: max(budget/8/int64(n), 1<<20)}
		c.workers = append(c.workers, w)
	}
	var total int64
	for _, s := range c.srcs {
		total += s.Size()
	}
	read := c.readOptions()
	read.Quarantine = c.refused
	if c.opts.Progress != nil {
		read.Progress = func(done int64) { c.opts.Progress(done, total) }
	}
	stats, err := fhir.Each(ctx, c.srcs, read, func(k int, r *fhir.Resource) error {
		return c.mapOne(c.workers[k], r)
	})
	c.stats = stats
	return err
}

// mapOne maps one resource and keeps its facts.
func (c *conversion) mapOne(w *worker, r *fhir.Resource) error {
	f := &w.facts
	if c.dicom != nil {
		w.links.collect(r, c.m.policy)
	}
	issues := c.m.Map(r, f)
	for _, i := range issues {
		if err := c.opts.Reporter.Report(i); err != nil {
			return err
		}
	}
	if f.outcome != Mapped {
		f.account.end(r.Type(), f.outcome, f.rule)
		if f.outcome == Quarantined {
			item := quarantined{Reason: ruleNames[f.rule], Type: r.Type()}
			item.at(r.Pos(), issues[len(issues)-1])
			return c.quarantine.add(r.Source(), &item, r.Raw())
		}
		return nil
	}
	for i := range f.items {
		if s := &f.items[i]; s.Table >= TableVisitOccurrence && s.Start.Set && (!w.dated || s.Start.Day > w.lastDay) {
			w.lastDay, w.dated = s.Start.Day, true
		}
	}
	if f.person == nil {
		return w.dims.add(f)
	}
	return w.persons.add(f)
}

func (i *quarantined) at(p issue.Pos, why issue.Issue) {
	i.Source, i.Record, i.Line, i.Column, i.Offset = p.Source, p.Record, why.Pos.Line, why.Pos.Column, why.Pos.Offset
	i.Code, i.Path, i.Message = why.Code, why.Path, why.Message
}

// refused takes a record that the reader could not read.
func (c *conversion) refused(r fhir.Rejected) error {
	c.mu.Lock()
	c.rejectedBy.end(r.Type, Quarantined, ruleUnreadable)
	c.mu.Unlock()
	item := quarantined{Reason: ruleNames[ruleUnreadable], Type: r.Type, Truncated: r.Truncated}
	item.at(r.Pos, r.Reason)
	return c.quarantine.add(r.Source, &item, r.Raw)
}

// gather ends the map step: it sorts what the workers hold and makes the
// dimensions.
func (c *conversion) gather(ctx context.Context) error {
	var tasks []func(context.Context) error
	var dims []*shuffler
	dated := false
	for _, w := range c.workers {
		c.account.merge(&w.facts.account)
		c.account.merge(&w.study.account)
		tasks = append(tasks, func(context.Context) error {
			w.persons.sort()
			w.dims.sort()
			return nil
		})
		dims = append(dims, &w.dims)
		if w.dated && (!dated || w.lastDay > c.extractDay) {
			c.extractDay, dated = w.lastDay, true
		}
	}
	c.account.merge(&c.rejectedBy)
	if t := c.opts.ExtractDate; !t.IsZero() {
		c.extractDay = columnar.DateOf(t.Date())
	}
	if err := flow.Do(ctx, len(c.workers), tasks...); err != nil {
		return err
	}
	m, err := newMerger(dims)
	if err != nil {
		return err
	}
	c.dims, err = newDimensions(m, c.m.policy, &c.account)
	return err
}

// reduce turns the facts of every person into rows.
func (c *conversion) reduce(ctx context.Context, db *omop.DatabaseWriter, ids *idMap) error {
	var persons []*shuffler
	for _, w := range c.workers {
		persons = append(persons, &w.persons)
		c.reducers = append(c.reducers, &reducer{m: c.m, dims: c.dims, extractDay: c.extractDay, rejectStudy: c.rejectStudy})
	}
	merged, err := newMerger(persons)
	if err != nil {
		return err
	}
	if err := omop.Write(db, c.dims.rows.Location); err != nil {
		return err
	}
	out := newOutput(ctx, db, ids, c.dims)
	err = flow.Ordered(ctx, len(c.workers), iter.Seq2[*block, error](merged.blocks),
		func(_ context.Context, k int, b *block) (*rowBatch, error) {
			rows := out.pool.Get().(*rowBatch)
			return rows, c.reducers[k].block(b, rows)
		}, out.put)
	if err = errors.Join(err, out.close()); err != nil {
		return err
	}
	c.account.merge(&out.account)
	for _, r := range c.reducers {
		c.account.merge(&r.account)
	}
	c.dims.endMedications(&c.account)
	return c.writeDimensions(db, ids)
}

func (c *conversion) writeDimensions(db *omop.DatabaseWriter, ids *idMap) error {
	if err := omop.Write(db, c.dims.rows.Provider); err != nil {
		return err
	}
	if err := omop.Write(db, c.dims.rows.CareSite); err != nil {
		return err
	}
	if err := ids.dimensions(c.dims); err != nil {
		return err
	}
	return omop.Write(db, []omop.CDMSource{c.source()})
}

// CDM 5.4, cdm_source: exactly one row.
func (c *conversion) source() omop.CDMSource {
	name := c.opts.SourceName
	switch {
	case name != "":
	case c.dicom == nil:
		name = "FHIR"
	case c.dicom.mixed:
		name = "FHIR and DICOM"
	default:
		name = "DICOM"
	}
	version, etl := "5.4", "carabiner "+c.opts.ToolVersion+"; policy "+c.m.policy.Name+" sha256 "+c.m.policy.Hash()
	vocabulary := c.opts.VocabularyRelease
	if vocabulary == "" {
		vocabulary = "unknown"
	}
	release := vocabulary[:min(len(vocabulary), varchar20)]
	const cdm54 = 756265 // vocabulary CDM: OMOP CDM Version 5.4.0
	return omop.CDMSource{
		CDMSourceName: name, CDMSourceAbbreviation: name[:min(len(name), 25)], CDMHolder: name, CDMETLReference: &etl,
		SourceReleaseDate: c.extractDay, CDMReleaseDate: c.extractDay, CDMVersion: &version,
		CDMVersionConceptID: cdm54, VocabularyVersion: release,
	}
}

// finish writes what stands beside the database and commits the folder.
func (c *conversion) finish(ctx context.Context, db *omop.DatabaseWriter) (*Report, error) {
	var rejects []reject
	for _, r := range c.reducers {
		rejects = append(rejects, r.rejects...)
	}
	if err := c.quarantine.reread(ctx, c.srcs, c.readOptions(), rejects); err != nil {
		return nil, err
	}
	for i := range rejects {
		item := rejects[i].item(c.srcs[rejects[i].source].Name())
		if err := c.opts.Reporter.Report(item.issue()); err != nil {
			return nil, err
		}
	}
	report := c.report(db)
	var err error
	if report.DICOM, err = c.dicomReport(); err != nil {
		return nil, err
	}
	if err := c.writeFiles(report); err != nil {
		return nil, err
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if err := c.dir.Commit(); err != nil {
		return nil, fmt.Errorf("mapping: %w", err)
	}
	return report, nil
}
