package mapping

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"path"
	"slices"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/issue"
)

// ConvertDICOMOptions say how ConvertDICOMToFHIR works. Out must be set.
type ConvertDICOMOptions struct {
	// Out is the folder to make. It must not exist or be empty, unless Overwrite
	// is set; it appears whole or not at all.
	Out       string
	Overwrite bool
	// Policy says what becomes what; nil is the policy that ships with the package.
	Policy *DICOMPolicy
	// Workers is how many studies are worked on at once; 0 = one a processor.
	// The bytes of the result do not depend on it.
	Workers int
	// Reporter receives the findings, in the order of the studies; nil ignores them
	// (they are counted all the same).
	Reporter issue.Reporter
	// Progress is told how many studies and instances are done.
	Progress func(studies, instances int64)
	// ToolVersion is recorded in the report.
	ToolVersion string
}

// DICOMReport is the account of a conversion: Read = Mapped + Filtered + Quarantined.
type DICOMReport struct {
	Tool       string `json:"tool,omitempty"`
	FHIR       string `json:"fhir"`
	Policy     string `json:"policy"`
	PolicyHash string `json:"policy_sha256"`

	Studies     int64 `json:"studies"`
	Read        int64 `json:"instances_read"`
	Mapped      int64 `json:"mapped"`
	Filtered    int64 `json:"filtered"`
	Quarantined int64 `json:"quarantined"`
	// Resources counts what was written, by type.
	Resources map[string]int64 `json:"resources"`
	// Shared counts resources that a study has in common with an earlier one, and
	// that stand in the result once.
	Shared int64 `json:"shared,omitempty"`
	// Findings counts what was found, by code.
	Findings map[issue.Code]int64 `json:"findings,omitempty"`
}

// ConvertDICOMToFHIR maps studies and writes
//
//	Out/fhir/<Type>.ndjson    the resources, as Bulk Data has them
//	Out/quarantine.ndjson     the instances that could not be used, with the reason
//	Out/report.json           the account: every instance ends in it once
//
// A resource that several studies lead to, such as a patient, is written once, as the
// first study says it; a later one that says it otherwise is a finding. The studies must
// stay good while the sequence runs. The error is of the options, of the sequence, the
// disk, the context or the reporter; then Out is not made. Memory holds two studies a
// worker and 48 bytes for every resource that studies can share.
func ConvertDICOMToFHIR(ctx context.Context, studies iter.Seq2[*dicommeta.Study, error], opts *ConvertDICOMOptions) (*DICOMReport, error) {
	if opts == nil || opts.Out == "" {
		return nil, errors.New("mapping: want a folder to write to, have none")
	}
	m, err := NewDICOMToFHIR(opts.Policy)
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
	c := &dicomConversion{opts: *opts, m: m, dir: dir, files: map[string]*lineFile{}, seen: map[[16]byte][32]byte{}}
	if c.opts.Reporter == nil {
		c.opts.Reporter = issue.Discard
	}
	c.report = &DICOMReport{
		Tool: opts.ToolVersion, FHIR: "4.0.1", Policy: m.policy.Name, PolicyHash: m.policy.Hash(),
		Resources: map[string]int64{}, Findings: map[issue.Code]int64{},
	}
	err = c.run(ctx, studies)
	if err != nil {
		for _, f := range c.files {
			f.file.Close() // the folder goes
		}
		return nil, errors.Join(err, dir.Close())
	}
	if err := errors.Join(dir.Commit(), dir.Close()); err != nil {
		return nil, fmt.Errorf("mapping: %w", err)
	}
	return c.report, nil
}

// dicomConversion is one run of ConvertDICOMToFHIR.
type dicomConversion struct {
	opts   ConvertDICOMOptions
	m      *DICOMToFHIR
	dir    *columnar.Dir
	files  map[string]*lineFile
	seen   map[[16]byte][32]byte // of Type/id -> of the content
	report *DICOMReport
}

// lineFile is a file of lines that is being written.
type lineFile struct {
	file io.WriteCloser
	*bufio.Writer
}

func (c *dicomConversion) run(ctx context.Context, studies iter.Seq2[*dicommeta.Study, error]) error {
	if _, err := c.open("quarantine.ndjson"); err != nil {
		return err
	}
	work := func(_ context.Context, _ int, s *dicommeta.Study) (*studyMapper, error) { return c.m.mapStudy(s), nil }
	if err := flow.Ordered(ctx, c.opts.Workers, studies, work, c.write); err != nil {
		return err
	}
	r := c.report
	if r.Read != r.Mapped+r.Filtered+r.Quarantined {
		return fmt.Errorf("mapping: %d instances were read but %d are accounted for", r.Read, r.Mapped+r.Filtered+r.Quarantined)
	}
	f, err := c.open("report.json")
	if err != nil {
		return err
	}
	e := json.NewEncoder(f)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("mapping: report.json: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(c.files)) {
		f := c.files[name]
		delete(c.files, name)
		if err := errors.Join(f.Flush(), f.file.Close()); err != nil {
			return fmt.Errorf("mapping: %s: %w", name, err)
		}
	}
	return nil
}

func (c *dicomConversion) open(name string) (*lineFile, error) {
	if f := c.files[name]; f != nil {
		return f, nil
	}
	w, err := c.dir.Create(name)
	if err != nil {
		return nil, fmt.Errorf("mapping: %s: %w", name, err)
	}
	f := &lineFile{file: w, Writer: bufio.NewWriterSize(w, 64<<10)}
	c.files[name] = f
	return f, nil
}

// write writes what became of one study.
func (c *dicomConversion) write(x *studyMapper) error {
	r := c.report
	r.Studies++
	for i := range x.study.Series {
		r.Read += int64(len(x.study.Series[i].Instances))
	}
	r.Mapped += x.mapped
	r.Filtered += x.filtered
	r.Quarantined += int64(len(x.rejected))
	for _, i := range x.issues {
		if err := c.found(i); err != nil {
			return err
		}
	}
	for i := range x.rejected {
		if err := c.quarantine(&x.rejected[i]); err != nil {
			return err
		}
	}
	for _, res := range x.out {
		if err := c.resource(x, res); err != nil {
			return err
		}
	}
	if c.opts.Progress != nil {
		c.opts.Progress(r.Studies, r.Read)
	}
	return nil
}

func (c *dicomConversion) found(i issue.Issue) error {
	c.report.Findings[i.Code]++
	return c.opts.Reporter.Report(i)
}

// ownTypes are those of which every study has its own.
var ownTypes = map[string]bool{"ImagingStudy": true, "Observation": true, "Procedure": true, "ServiceRequest": true}

func (c *dicomConversion) resource(x *studyMapper, res *fhir.Resource) error {
	typ := res.Type()
	if !ownTypes[typ] {
		whole := sha256.Sum256([]byte(typ + "/" + res.ID()))
		content := sha256.Sum256(res.Raw())
		if old, ok := c.seen[[16]byte(whole[:16])]; ok {
			c.report.Shared++
			if old == content {
				return nil
			}
			return c.found(issue.Issue{
				Severity: issue.Information, Code: CodeMapConflict, Path: typ, Pos: x.at(),
				Message: "want the same as an earlier study says, have something else: the earlier one stays",
			})
		}
		c.seen[[16]byte(whole[:16])] = content
	}
	f, err := c.open(path.Join("fhir", typ+".ndjson"))
	if err != nil {
		return err
	}
	c.report.Resources[typ]++
	f.Write(res.Raw())
	if err := f.WriteByte('\n'); err != nil {
		return fmt.Errorf("mapping: %s.ndjson: %w", typ, err)
	}
	return nil
}

// quarantinedInstance is a line of quarantine.ndjson.
type quarantinedInstance struct {
	Source  string     `json:"source"`
	UID     string     `json:"sop_instance_uid,omitempty"`
	Code    issue.Code `json:"code"`
	Path    string     `json:"path,omitempty"`
	Message string     `json:"message"`
}

func (c *dicomConversion) quarantine(q *rejectedMember) error {
	f, err := c.open("quarantine.ndjson")
	if err != nil {
		return err
	}
	line, err := json.Marshal(quarantinedInstance{
		Source: q.member.Source, UID: q.member.Text(dict.SOPInstanceUID), Code: q.why.Code, Path: q.why.Path, Message: q.why.Message,
	})
	if err == nil {
		_, err = f.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("mapping: quarantine.ndjson: %w", err)
	}
	return nil
}

// WriteText writes the account for people.
func (r *DICOMReport) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%d studies, %d instances: %d mapped, %d filtered, %d quarantined\n\nresources\n", r.Studies, r.Read, r.Mapped, r.Filtered, r.Quarantined)
	for _, t := range slices.Sorted(maps.Keys(r.Resources)) {
		fmt.Fprintf(b, "  %d  %s\n", r.Resources[t], t)
	}
	writeFindings(b, r.Findings)
	fmt.Fprintf(b, "\npolicy %s, FHIR %s\n", r.Policy, r.FHIR)
	return b.Flush()
}

func writeFindings(w io.Writer, findings map[issue.Code]int64) {
	if len(findings) == 0 {
		return
	}
	fmt.Fprintln(w, "\nfindings")
	for _, code := range slices.Sorted(maps.Keys(findings)) {
		fmt.Fprintf(w, "  %d  %s\n", findings[code], code)
	}
}
