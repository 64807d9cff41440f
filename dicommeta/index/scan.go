package index

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// chunkFiles is how many files are worked on as one piece: the rows of a piece stand
// together, so that the bytes of the tables do not depend on the number of workers.
const chunkFiles = 256

// status is what a file turned out to be.
type status byte

const (
	isInstance status = iota
	isNotDICOM
	isFailed
)

// task is a file to read, or what is known of it from an earlier run.
type task struct {
	dicommeta.Source
	prior *prior
}

// piece is what becomes of a run of files.
type piece struct {
	files, bytes int64
	counts       [3]int64 // by status
	partial      int64
	carried      int64
	instances    []instanceRow
	elements     []*columnar.Group[elementRow]
	findings     []findingRow
	state        []byte
}

// reader works on pieces. It is for one goroutine.
type reader struct {
	worker  int
	parser  dicommeta.Parser
	opts    *dicommeta.ReadOptions
	flat    *flattener // nil without the table of elements
	gather  *gathering
	wanted  *references
	extract dicommeta.Extractor
	decoder decoder
	scratch []byte
	row     picker
	key     picker
	pieces  *sync.Pool
}

// chunks hands the files on in pieces.
func chunks(ctx context.Context, srcs iter.Seq2[dicommeta.Source, error], earlier *previous) iter.Seq2[[]task, error] {
	return func(yield func([]task, error) bool) {
		var all []task
		for src, err := range srcs {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			t := task{Source: src}
			if earlier != nil {
				if t.prior, err = earlier.find(&src); err != nil {
					yield(nil, err)
					return
				}
			}
			if all = append(all, t); len(all) == chunkFiles {
				if !yield(all, nil) {
					return
				}
				all = nil
			}
		}
		if len(all) > 0 {
			yield(all, nil)
		}
	}
}

// newPiece returns an empty piece, with the memory of one that was written if there is one.
func (r *reader) newPiece() *piece {
	p, ok := r.pieces.Get().(*piece)
	if !ok {
		return &piece{}
	}
	clear(p.instances)
	clear(p.findings)
	*p = piece{instances: p.instances[:0], findings: p.findings[:0], state: p.state[:0]}
	return p
}

// work reads the files of a piece.
func (r *reader) work(ctx context.Context, tasks []task) (*piece, error) {
	p := r.newPiece()
	for i := range tasks {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		t := &tasks[i]
		p.files++
		p.bytes += t.Size
		var err error
		if t.prior != nil {
			err = r.carry(p, t)
		} else {
			err = r.read(p, t)
		}
		if err != nil {
			return nil, err
		}
		t.prior = nil
	}
	if r.flat != nil {
		var err error
		if p.elements, err = r.flat.take(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// read reads one file.
func (r *reader) read(p *piece, t *task) error {
	x, err := r.parse(&t.Source)
	if err != nil {
		return r.fail(p, t, err)
	}
	picked := r.row.pick(&x.Dataset)
	row := newInstanceRow(x, &picked)
	p.instances = append(p.instances, row)
	if x.Partial {
		p.partial++
	}
	start := len(p.findings)
	for _, i := range x.Issues {
		i.Pos.Source = t.Name
		p.findings = append(p.findings, newFindingRow(i))
	}
	d := r.extract.Extract(x)
	at := r.key.pick(&d)
	var key, payload []byte
	if placed(&at) {
		r.scratch = appendKey(r.scratch[:0], &at, t.Name)
		n := len(r.scratch)
		r.scratch = appendInstance(r.scratch, &d, x.TransferSyntax, t.Size)
		key, payload = r.scratch[:n], r.scratch[n:]
		if err := r.record(&d, &at, key, payload, t.Name); err != nil {
			return err
		}
	} else if at.Text(dict.SOPClassUID) != mediaDirectory {
		p.findings = append(p.findings, newFindingRow(unplaced(&at, t.Name)))
	}
	elements := int64(0)
	if r.flat != nil {
		if elements, err = r.flat.instance(x); err != nil {
			return err
		}
	}
	return p.end(t, isInstance, prior{partial: x.Partial, elementRows: elements, findingRows: int64(len(p.findings) - start), key: key, payload: payload})
}

// record keeps what the tables of series need; at holds at least the keyTags of d.
func (r *reader) record(d, at *dicommeta.Dataset, key, payload []byte, source string) error {
	if refers(string(rawText(at, dict.SOPClassUID))) {
		r.wanted.want(d)
	}
	return r.gather.addRecord(r.worker, at, key, payload, source)
}

func (r *reader) parse(src *dicommeta.Source) (*dicommeta.Instance, error) {
	f, err := src.Open()
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	defer f.Close()
	x, err := r.parser.Parse(f, src.Size, r.opts)
	if err != nil {
		return nil, err
	}
	x.Source, x.Size, x.Modified = src.Name, src.Size, src.Modified
	return x, nil
}

// fail notes a file that is not DICOM or cannot be read.
func (r *reader) fail(p *piece, t *task, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	s := isFailed
	found := issue.Issue{Severity: issue.Error, Code: dicommeta.CodeUnreadable, Message: "want a file that can be opened and read, have one that cannot"}
	var wrong *dicommeta.Error
	if errors.As(err, &wrong) {
		found = wrong.Issue
	}
	if errors.Is(err, dicommeta.ErrNotDICOM) {
		s, found.Severity = isNotDICOM, issue.Information
	}
	found.Pos.Source = t.Name
	p.findings = append(p.findings, newFindingRow(found))
	if wrong == nil { // the medium may be better next time
		t.Modified = time.Time{}
	}
	return p.end(t, s, prior{findingRows: 1})
}

// carry takes over what an earlier run made of a file.
func (r *reader) carry(p *piece, t *task) error {
	e := t.prior
	p.carried++
	if e.status == isInstance {
		p.instances = append(p.instances, e.instance)
		if e.partial {
			p.partial++
		}
	}
	p.findings = append(p.findings, e.findings...)
	if r.flat != nil {
		if err := r.flat.carry(e.elements); err != nil {
			return err
		}
	}
	if len(e.key) > 0 {
		d, _, err := r.decoder.decode(e.payload)
		if err != nil {
			return err
		}
		if err := r.record(&d, &d, e.key, e.payload, t.Name); err != nil {
			return err
		}
	}
	return p.end(t, e.status, *e)
}

func (p *piece) end(t *task, s status, e prior) error {
	p.counts[s]++
	e.path, e.size, e.modified, e.status = t.Name, t.Size, modifiedOf(&t.Source), s
	p.state = e.append(p.state)
	return nil
}

func modifiedOf(s *dicommeta.Source) int64 {
	if s.Modified.IsZero() {
		return 0
	}
	return s.Modified.UnixNano()
}
