package extract

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/issue"
)

// Options say how Run works. Out must be set.
type Options struct {
	// Out is the folder to make. It must not exist or be empty, unless Overwrite
	// is set; it appears whole or not at all.
	Out       string
	Overwrite bool
	Workers   int // 0 = one a processor; the bytes of the result do not depend on it
	// MemoryBudget bounds the rows of DICOM that wait for files that belong to them;
	// what exceeds it is spilled to TempDir. 0 = 64 MiB.
	MemoryBudget int64
	// TempDir is where spilled rows and keys lie, in files without a name where the
	// system allows it; "" = os.TempDir.
	TempDir string
	// Compression of the Parquet files; the zero value is zstd.
	Compression columnar.Compression
	// Reporter receives the findings; nil ignores them (they are counted all the
	// same).
	Reporter issue.Reporter
	// Progress is told how many bytes, as stored, of how many have been read; the
	// total is 0 where it is not known.
	Progress    func(done, total int64)
	ToolVersion string
}

// defaultMemory bounds the rows of DICOM in memory.
const defaultMemory = 64 << 20

// Run reads the sources (files and folders of FHIR, DICOM and OMOP, told apart
// by their content) and makes
//
//	Out/<table>.parquet    one file a table of the profile
//	Out/quarantine.ndjson  what could not be used, with the reason and the place
//	Out/report.json        the account: every record that was read ends in it
//
// Of the sources only those kinds are read of which the profile has tables. Records
// that are wrong are reported and quarantined, and the rest goes on. The error says
// what ended the whole: the model or the options, the disk, the medium of the input,
// the context or the reporter; then Out is not made. The same sources and options give
// the same bytes, whatever the number of workers. Run is safe for concurrent use with
// different folders; it does not change the model.
func Run(ctx context.Context, m *dataset.Model, sources []string, opts *Options) (*Report, error) {
	if opts == nil || opts.Out == "" {
		return nil, errors.New("extract: want a folder to write to, have none")
	}
	if m == nil {
		return nil, errors.New("extract: want a model, have none")
	}
	if len(sources) == 0 {
		return nil, errors.New("extract: want files or folders to read, have none")
	}
	r := &run{opts: *opts, model: m}
	r.opts.Workers = flow.Workers(opts.Workers)
	if r.opts.MemoryBudget <= 0 {
		r.opts.MemoryBudget = defaultMemory
	}
	plans, issues, err := newPlans(m)
	if err != nil {
		return nil, err
	}
	r.plans = plans
	r.findings = &counted{to: opts.Reporter}
	newDir := columnar.NewDir
	if opts.Overwrite {
		newDir = columnar.ReplaceDir
	}
	dir, err := newDir(opts.Out)
	if err != nil {
		return nil, fmt.Errorf("extract: %w", err)
	}
	r.dir = dir
	report, err := r.run(ctx, sources, issues)
	for _, o := range r.tables {
		o.drop()
	}
	if err = errors.Join(err, dir.Close()); err != nil {
		return nil, err
	}
	return report, nil
}

// run is one call of Run.
type run struct {
	opts     Options
	model    *dataset.Model
	plans    []*plan
	dir      *columnar.Dir
	tables   []*output // one a plan
	bad      io.WriteCloser
	findings *counted
	report   Report
	passed   int64 // bytes of sources of the ways before
}

func (r *run) run(ctx context.Context, sources []string, issues issue.List) (*Report, error) {
	r.begin()
	for _, i := range append(issues, r.notCarriedOut()...) {
		if err := r.findings.Report(i); err != nil {
			return nil, err
		}
	}
	found, err := r.look(sources)
	if err != nil {
		return nil, err
	}
	if err := r.open(); err != nil {
		return nil, errors.Join(err, r.closeFiles())
	}
	for _, step := range []func(context.Context, *inputs) error{r.readFHIR, r.readOMOP, r.readDICOM} {
		if err := step(ctx, found); err != nil {
			return nil, errors.Join(err, r.closeFiles())
		}
	}
	if err := r.finish(ctx); err != nil {
		return nil, errors.Join(err, r.closeFiles())
	}
	return &r.report, nil
}

// of returns the plans of a way.
func (r *run) of(ways ...way) []*plan {
	var list []*plan
	for _, p := range r.plans {
		for _, w := range ways {
			if p.way == w {
				list = append(list, p)
			}
		}
	}
	return list
}
