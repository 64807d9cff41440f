package mapping

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// StudiesReport is the account of ConvertFHIRToDICOM: Read = Mapped + Quarantined.
type StudiesReport struct {
	Tool       string `json:"tool,omitempty"`
	Policy     string `json:"policy"`
	PolicyHash string `json:"policy_sha256"`
	// Read counts ImagingStudies and records that cannot be read.
	Read        int64 `json:"studies_read"`
	Mapped      int64 `json:"mapped"`
	Quarantined int64 `json:"quarantined"`
	Series      int64 `json:"series"`
	Instances   int64 `json:"instances"`
	// Other counts resources of other types, which only tell what studies refer to.
	Other    int64                `json:"other_resources"`
	Findings map[issue.Code]int64 `json:"findings,omitempty"`
}

// ConvertFHIRToDICOM maps the ImagingStudies of FHIR sources and writes
//
//	Out/dicom/<Study Instance UID>.json    an array of the study's instances in the DICOM
//	                                       JSON model, each with the attributes of its study
//	                                       and series; of a series without instances its own
//	Out/quarantine.ndjson                  the resources that could not be used, and why
//	Out/report.json                        the account
//
// The sources are read twice, first for what studies refer to (Patient, Practitioner,
// Device, Location, Organization, Endpoint, ServiceRequest, Encounter), which is held in
// memory. Of two studies with one UID the first counts. Otherwise it is like
// ConvertDICOMToFHIR.
func ConvertFHIRToDICOM(ctx context.Context, srcs []fhir.Source, opts *ConvertDICOMOptions) (*StudiesReport, error) {
	if opts == nil || opts.Out == "" {
		return nil, errors.New("mapping: want a folder to write to, have none")
	}
	m, err := NewFHIRToDICOM(opts.Policy)
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
	c := &studiesConversion{
		opts: *opts, m: m, dir: dir, held: map[string][]byte{}, seen: map[string]bool{},
		report: &StudiesReport{Tool: opts.ToolVersion, Policy: m.policy.Name, PolicyHash: m.policy.Hash(), Findings: map[issue.Code]int64{}},
	}
	if c.opts.Reporter == nil {
		c.opts.Reporter = issue.Discard
	}
	if err := c.run(ctx, srcs); err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	if err := errors.Join(dir.Commit(), dir.Close()); err != nil {
		return nil, fmt.Errorf("mapping: %w", err)
	}
	return c.report, nil
}

// studiesConversion is one run of ConvertFHIRToDICOM.
type studiesConversion struct {
	opts       ConvertDICOMOptions
	m          *FHIRToDICOM
	dir        *columnar.Dir
	held       map[string][]byte // Type/id, and /id for references that name no type
	seen       map[string]bool   // Study Instance UIDs
	quarantine *bufio.Writer
	report     *StudiesReport
}

// referredTypes are the types that an ImagingStudy leads to.
var referredTypes = []string{"Patient", "Practitioner", "Device", "Location", "Organization", "Endpoint", "ServiceRequest", "Encounter"}

func (c *studiesConversion) run(ctx context.Context, srcs []fhir.Source) (err error) {
	if err := c.gather(ctx, srcs); err != nil {
		return err
	}
	f, err := c.dir.Create("quarantine.ndjson")
	if err != nil {
		return fmt.Errorf("mapping: quarantine.ndjson: %w", err)
	}
	c.quarantine = bufio.NewWriter(f)
	read := &fhir.ReadOptions{
		Workers: 1, Reporter: issueFunc(c.found),
		Quarantine: func(r fhir.Rejected) error {
			c.report.Read++
			return c.reject(r.Reason.Pos.Source, r.Reason)
		},
	}
	_, err = fhir.Each(ctx, srcs, read, func(_ int, r *fhir.Resource) error {
		if r.Type() != "ImagingStudy" {
			c.report.Other++
			return nil
		}
		return c.study(r)
	})
	if err = errors.Join(err, c.quarantine.Flush(), f.Close()); err != nil {
		return err
	}
	if r := c.report; r.Read != r.Mapped+r.Quarantined {
		return fmt.Errorf("mapping: %d studies were read but %d are accounted for", r.Read, r.Mapped+r.Quarantined)
	}
	return c.file("report.json", func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(c.report)
	})
}

// issueFunc is a Reporter that is a function.
type issueFunc func(issue.Issue) error

func (f issueFunc) Report(i issue.Issue) error { return f(i) }

func (c *studiesConversion) found(i issue.Issue) error {
	c.report.Findings[i.Code]++
	return c.opts.Reporter.Report(i)
}

// gather keeps what studies may lead to.
func (c *studiesConversion) gather(ctx context.Context, srcs []fhir.Source) error {
	var mu sync.Mutex
	// What cannot be read is told in the second reading.
	quiet := &fhir.ReadOptions{Workers: c.opts.Workers, Reporter: issue.Discard, Quarantine: func(fhir.Rejected) error { return nil }}
	_, err := fhir.Each(ctx, srcs, quiet, func(_ int, r *fhir.Resource) error {
		typ, id := r.Type(), r.ID()
		if id == "" || !slices.Contains(referredTypes, typ) {
			return nil
		}
		raw := slices.Clone(r.Raw())
		mu.Lock()
		defer mu.Unlock()
		for _, key := range []string{typ + "/" + id, "/" + id} {
			// Of several copies the same one whatever the order of reading.
			if old, ok := c.held[key]; !ok || slices.Compare(raw, old) < 0 {
				c.held[key] = raw
			}
		}
		return nil
	})
	return err
}

func (c *studiesConversion) study(r *fhir.Resource) error {
	c.report.Read++
	study, issues := c.m.Map(r, func(reference string) *fhir.Resource {
		to := r.Resolve([]byte(reference))
		raw, ok := c.held[to.Type+"/"+string(to.ID)]
		if !ok {
			return nil
		}
		found, err := fhir.Parse(raw)
		if err != nil {
			return nil
		}
		return found
	})
	for _, i := range issues {
		if err := c.found(i); err != nil {
			return err
		}
	}
	if study == nil {
		return c.reject(r.Pos().Source, issues[len(issues)-1])
	}
	uid := study.Text(dict.StudyInstanceUID)
	if c.seen[uid] {
		why := issue.Issue{Severity: issue.Error, Code: CodeMapConflict, Pos: r.Pos(), Path: "ImagingStudy.identifier", Message: "want each study once, have another of its UID"}
		if err := c.found(why); err != nil {
			return err
		}
		return c.reject(r.Pos().Source, why)
	}
	c.seen[uid] = true
	c.report.Mapped++
	for i := range study.Series {
		c.report.Series++
		c.report.Instances += int64(len(study.Series[i].Instances))
	}
	if err := c.file(path.Join("dicom", uid+".json"), func(w io.Writer) error { return writeStudyJSON(w, study) }); err != nil {
		return err
	}
	if c.opts.Progress != nil {
		c.opts.Progress(c.report.Mapped, c.report.Instances)
	}
	return nil
}

func (c *studiesConversion) reject(source string, why issue.Issue) error {
	c.report.Quarantined++
	line, err := json.Marshal(struct {
		Source  string     `json:"source"`
		Record  int64      `json:"record,omitempty"`
		Line    int        `json:"line,omitempty"`
		Code    issue.Code `json:"code"`
		Path    string     `json:"path,omitempty"`
		Message string     `json:"message"`
	}{source, why.Pos.Record, why.Pos.Line, why.Code, why.Path, why.Message})
	if err == nil {
		_, err = c.quarantine.Write(append(line, '\n'))
	}
	return err
}

func (c *studiesConversion) file(name string, write func(io.Writer) error) error {
	f, err := c.dir.Create(name)
	if err != nil {
		return fmt.Errorf("mapping: %s: %w", name, err)
	}
	w := bufio.NewWriterSize(f, 64<<10)
	if err = write(w); err == nil {
		err = w.Flush()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("mapping: %s: %w", name, err)
	}
	return nil
}

// writeStudyJSON writes the instances of a study as an array in the DICOM JSON model
// (PS3.18 annex F), each with the attributes of study and series.
func writeStudyJSON(w io.Writer, s *dicommeta.Study) error {
	var b []byte
	open := "["
	write := func(parts ...*dicommeta.Dataset) error {
		whole := dicommeta.NewDataset()
		for _, p := range parts {
			for _, e := range p.Elements {
				whole.Set(e)
			}
		}
		b = dicommeta.AppendJSON(append(b[:0], open...), &whole, nil)
		open = ",\n"
		_, err := w.Write(b)
		return err
	}
	for i := range s.Series {
		one := &s.Series[i]
		if len(one.Instances) == 0 {
			if err := write(&s.Dataset, &one.Dataset); err != nil {
				return err
			}
		}
		for j := range one.Instances {
			if err := write(&s.Dataset, &one.Dataset, &one.Instances[j].Dataset); err != nil {
				return err
			}
		}
	}
	if len(s.Series) == 0 {
		if err := write(&s.Dataset); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "]\n")
	return err
}

// WriteText writes the account for people.
func (r *StudiesReport) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d studies: %d mapped, %d quarantined; %d series, %d instances\n", r.Read, r.Mapped, r.Quarantined, r.Series, r.Instances)
	writeFindings(&b, r.Findings)
	fmt.Fprintf(&b, "\npolicy %s\n", r.Policy)
	_, err := io.WriteString(w, b.String())
	return err
}
