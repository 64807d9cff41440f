package index

import (
	"bytes"
	"context"
	"fmt"
	"iter"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/issue"
)

// StudiesOptions say how Studies works; nil and zero fields mean the defaults.
type StudiesOptions struct {
	// Read are the options of reading. Its Reporter also receives the findings on files
	// that belong to no study; those on studies are in their Issues.
	Read *dicommeta.ReadOptions
	// Keep are further attributes that each Member is to have.
	Keep []dict.Tag
	// MemoryBudget bounds the instances held in memory before all are read; what exceeds
	// it is spilled to TempDir. 0 = 32 MiB.
	MemoryBudget int64
	// TempDir is where spilled instances lie, in files without a name where the system
	// allows it; "" = os.TempDir.
	TempDir string
	// Stats is told the account of the reading when it is over.
	Stats func(dicommeta.ReadStats)
}

const defaultMemory = 32 << 20

// Studies returns the studies that the instances of srcs make, by Study Instance UID, as
// dicommeta.Rollup would, but for folders of any size: memory holds MemoryBudget and one
// study. The first study comes when all files have been read. A study is the
// caller's.
func Studies(ctx context.Context, srcs iter.Seq2[dicommeta.Source, error], opts *StudiesOptions) iter.Seq2[*dicommeta.Study, error] {
	return func(yield func(*dicommeta.Study, error) bool) {
		var o StudiesOptions
		if opts != nil {
			o = *opts
		}
		if o.MemoryBudget <= 0 {
			o.MemoryBudget = defaultMemory
		}
		var read dicommeta.ReadOptions
		if o.Read != nil {
			read = *o.Read
		}
		read.Workers = flow.Workers(read.Workers)
		g := newGathering(read.Workers, o.TempDir, o.MemoryBudget)
		defer g.close()
		extractors := make([]dicommeta.Extractor, read.Workers)
		for i := range extractors {
			extractors[i].Keep = o.Keep
		}
		stats, err := dicommeta.Each(ctx, srcs, &read, func(worker int, x *dicommeta.Instance) error {
			d := extractors[worker].Extract(x)
			return g.add(worker, &d, x, read.Reporter)
		})
		if o.Stats != nil {
			o.Stats(stats)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		g.studies(yield)
	}
}

// gathering holds the records of instances until all are there.
type gathering struct {
	records []*sorter // of each worker
	links   []*links
	scratch [][]byte
	pickers []picker
}

func newGathering(workers int, dir string, budget int64) *gathering {
	g := &gathering{scratch: make([][]byte, workers)}
	for range workers {
		g.records = append(g.records, &sorter{dir: dir, budget: budget * 3 / 4 / int64(workers)})
		g.links = append(g.links, newLinks(dir, budget/4/int64(workers)))
		g.pickers = append(g.pickers, picker{tags: keyTags()})
	}
	return g
}

func (g *gathering) close() {
	for i := range g.records {
		g.records[i].close()
		g.links[i].close()
	}
}

// mediaDirectory is the SOP class of DICOMDIR (PS3.4 annex I.4).
const mediaDirectory = "1.2.840.10008.1.3.10"

// add takes what was extracted of x. What can't be placed is reported.
func (g *gathering) add(worker int, d *dicommeta.Dataset, x *dicommeta.Instance, to issue.Reporter) error {
	at, source := g.pickers[worker].pick(d), x.Source
	if !placed(&at) {
		if to == nil || string(rawText(d, dict.SOPClassUID)) == mediaDirectory {
			return nil
		}
		return to.Report(unplaced(d, source))
	}
	b := appendKey(g.scratch[worker][:0], &at, source)
	n := len(b)
	b = appendInstance(b, d, x.TransferSyntax, x.Size)
	g.scratch[worker] = b
	return g.addRecord(worker, &at, b[:n], b[n:], source)
}

// addRecord keeps a record; d holds at least its keyTags.
func (g *gathering) addRecord(worker int, d *dicommeta.Dataset, key, payload []byte, source string) error {
	if err := g.records[worker].add(key, payload); err != nil {
		return err
	}
	return g.links[worker].instance(d, source)
}

func unplaced(d *dicommeta.Dataset, source string) issue.Issue {
	t := dict.StudyInstanceUID
	for _, t = range []dict.Tag{dict.StudyInstanceUID, dict.SeriesInstanceUID, dict.SOPInstanceUID} {
		if d.Text(t) == "" {
			break
		}
	}
	return finding(issue.Warning, dicommeta.CodeRollupNoUID, t, source, "want a UID, have none: left out of the studies")
}

func (g *gathering) forks() (forks, error) {
	all := make([]*sorter, len(g.links))
	for i, l := range g.links {
		all[i] = &l.sorter
	}
	return findForks(all)
}

func (g *gathering) studies(yield func(*dicommeta.Study, error) bool) {
	f, err := g.forks()
	if err != nil {
		yield(nil, err)
		return
	}
	var at []byte
	var roll *dicommeta.Rollup
	done := func() bool {
		if roll == nil {
			return true
		}
		all, _ := roll.Studies()
		roll = nil
		for _, s := range all {
			s.Issues = append(s.Issues, f.ofStudy(s)...)
			if !yield(s, nil) {
				return false
			}
		}
		return true
	}
	for e, err := range merge(g.records) {
		if err != nil {
			yield(nil, err)
			return
		}
		if study := studyPart(e.key); !bytes.Equal(study, at) {
			if !done() {
				return
			}
			at, roll = study, new(dicommeta.Rollup)
		}
		if err := addTo(roll, e); err != nil {
			yield(nil, err)
			return
		}
	}
	done()
}

// addTo hands a record to a Rollup.
func addTo(roll *dicommeta.Rollup, e entry) error {
	var r decoder
	d, size, err := r.decode(e.payload)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	syntax := takeSyntax(&d)
	_, _, _, source := splitKey(e.key)
	roll.AddExtract(d, syntax, string(source), size)
	return nil
}
