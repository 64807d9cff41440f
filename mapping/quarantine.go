package mapping

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// A quarantined record is one line of quarantine.ndjson: where it was, why it
// could not be used, and the record itself, as resource when it is JSON, else
// as text, else as bytes in base64.
type quarantined struct {
	Source    string          `json:"source"`
	Record    int64           `json:"record,omitempty"`
	Line      int             `json:"line,omitempty"`
	Column    int             `json:"column,omitempty"`
	Offset    int64           `json:"offset"`
	Type      string          `json:"resourceType,omitempty"`
	Reason    string          `json:"reason"`
	Code      issue.Code      `json:"code"`
	Path      string          `json:"path,omitempty"`
	Message   string          `json:"message"`
	Truncated bool            `json:"truncated,omitempty"`
	Study     string          `json:"studyUID,omitempty"` // of DICOM files, which have no text here
	Series    string          `json:"seriesUID,omitempty"`
	Files     int64           `json:"files,omitempty"`
	Resource  json.RawMessage `json:"resource,omitempty"`
	Text      string          `json:"text,omitempty"`
	Bytes     string          `json:"bytes,omitempty"`
}

// quarantine collects records during the map step in a nameless temporary
// file; those that only the reduce step finds are read again from the source.
type quarantine struct {
	dir string

	mu    sync.Mutex
	file  *os.File
	w     *bufio.Writer
	size  int64
	items []heldRecord
}

// heldRecord is a record in the temporary file, encoded, and what sorts it.
type heldRecord struct {
	source int
	record int64
	offset int64
	length int
	key    string // study and series of DICOM files
}

// add keeps one record.
func (q *quarantine) add(source int, item *quarantined, raw []byte) error {
	line, err := item.encode(raw)
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.file == nil {
		f, err := os.CreateTemp(q.dir, "carabiner-quarantine-*")
		if err != nil {
			return fmt.Errorf("mapping: quarantine: %w", err)
		}
		_ = os.Remove(f.Name()) // fails where an open file keeps its name; close removes it there
		q.file, q.w = f, bufio.NewWriterSize(f, 64<<10)
	}
	if _, err := q.w.Write(line); err != nil {
		return fmt.Errorf("mapping: quarantine: %w", err)
	}
	q.items = append(q.items, heldRecord{
		source: source, record: item.Record, offset: q.size, length: len(line), key: item.Study + " " + item.Series + " " + item.Source,
	})
	q.size += int64(len(line))
	return nil
}

// encode returns the record as one line of JSON.
func (i *quarantined) encode(raw []byte) ([]byte, error) {
	switch {
	case !i.Truncated && json.Valid(raw) && utf8.Valid(raw):
		i.Resource = jsontree.Compact(nil, raw)
	case utf8.Valid(raw):
		i.Text = string(raw)
	default:
		i.Bytes = base64.StdEncoding.EncodeToString(raw)
	}
	line, err := json.Marshal(i)
	if err != nil {
		return nil, fmt.Errorf("mapping: quarantine: %w", err)
	}
	return append(line, '\n'), nil
}

// reread fetches the records that the reduce step refused.
func (q *quarantine) reread(ctx context.Context, srcs []fhir.Source, opts *fhir.ReadOptions, rejects []reject) error {
	if len(rejects) == 0 {
		return nil
	}
	slices.SortFunc(rejects, func(a, b reject) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.record, b.record))
	})
	want := map[int][]int64{}
	for _, r := range rejects {
		want[r.source] = append(want[r.source], r.record)
	}
	next := 0
	err := fhir.Extract(ctx, srcs, opts, want, func(src int, record int64, raw []byte) error {
		if next >= len(rejects) || rejects[next].source != src || rejects[next].record != record {
			return fmt.Errorf("mapping: quarantine: %s: want record %d again, have another", srcs[src].Name(), record)
		}
		r := rejects[next]
		next++
		item := r.item(srcs[src].Name())
		return q.add(src, &item, raw)
	})
	if err == nil && next != len(rejects) {
		err = fmt.Errorf("mapping: quarantine: want %d records again, have %d: an input changed while it was read", len(rejects), next)
	}
	return err
}

// item describes a record that the reduce step refused.
func (r *reject) item(source string) quarantined {
	message := "want a date or an encounter with one, have neither"
	if r.rule == rulePersonMissing {
		message = "want the Patient that the resource is about in the input, have none that can be used"
	}
	return quarantined{
		Source: source, Record: r.record, Type: typeNames[r.typ], Reason: ruleNames[r.rule],
		Code: quarantineCode(r.rule), Path: typeNames[r.typ], Message: message,
	}
}

func (i *quarantined) issue() issue.Issue {
	return issue.Issue{
		Severity: issue.Error, Code: i.Code, Path: i.Path, Message: i.Message, Rule: i.Reason,
		Pos: issue.Pos{Source: i.Source, Record: i.Record, Line: i.Line, Column: i.Column, Offset: i.Offset},
	}
}

// writeTo copies the records in the order of the input.
func (q *quarantine) writeTo(w io.Writer) error {
	if q.file == nil {
		return nil
	}
	if err := q.w.Flush(); err != nil {
		return fmt.Errorf("mapping: quarantine: %w", err)
	}
	slices.SortStableFunc(q.items, func(a, b heldRecord) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.record, b.record), cmp.Compare(a.key, b.key))
	})
	for _, i := range q.items {
		if _, err := io.Copy(w, io.NewSectionReader(q.file, i.offset, int64(i.length))); err != nil {
			return fmt.Errorf("mapping: quarantine: %w", err)
		}
	}
	return nil
}

func (q *quarantine) close() {
	if q.file != nil {
		q.file.Close()
		_ = os.Remove(q.file.Name())
	}
}
