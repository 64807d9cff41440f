package mapping

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/index"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// DICOMFiles returns the DICOM part of an extract that lies in files: the
// studies that their instances make, whatever else lies beside them, FHIR
// too. A nil policy is the default one, and must be that of the conversion. Keep
// and Stats of opts are set here, the Reporter of reading is that of the
// conversion; nil options are the defaults. Files are read while Convert runs,
// with ctx; those that can't be used are quarantined one by one.
func DICOMFiles(ctx context.Context, srcs iter.Seq2[dicommeta.Source, error], policy *Policy, opts *index.StudiesOptions) *DICOMInput {
	if policy == nil {
		policy = DefaultPolicy()
	}
	var o index.StudiesOptions
	if opts != nil {
		o = *opts
	}
	var read dicommeta.ReadOptions
	if o.Read != nil {
		read = *o.Read
	}
	var stats dicommeta.ReadStats
	o.Keep = append(slices.Clip(o.Keep), policy.Attributes()...)
	o.Stats = func(s dicommeta.ReadStats) { stats = s }
	in := &DICOMInput{Stats: func() dicommeta.ReadStats { return stats }}
	in.files = func(to issue.Reporter) iter.Seq2[*dicommeta.Study, error] {
		r := read
		r.Reporter = to
		with := o
		with.Read = &r
		return index.Studies(ctx, srcs, &with)
	}
	in.Studies = in.files(read.Reporter)
	return in
}

// fileFindings is the reporter of reading DICOM files: it quarantines those
// that can't be used and leaves out what is said of files that FHIR was read of.
type fileFindings struct {
	c        *conversion
	fhir     map[string]bool
	unplaced atomic.Int64 // instances without the UIDs that place them
	others   atomic.Int64 // files that FHIR was read of
}

// Report may be called by several goroutines.
func (f *fileFindings) Report(i issue.Issue) error {
	why := ruleNone
	switch {
	case i.Code == dicommeta.CodeNotDICOM:
		if f.fhir[i.Pos.Source] {
			f.others.Add(1)
			return nil
		}
	case i.Code == dicommeta.CodeRollupNoUID:
		f.unplaced.Add(1)
		why = ruleUID
	case i.Severity == issue.Fatal:
		why = ruleUnreadable
	}
	if why != ruleNone {
		if err := f.c.quarantineFile(why, i); err != nil {
			return err
		}
	}
	return f.c.opts.Reporter.Report(i)
}

// openFiles prepares reading from files.
func (c *conversion) openFiles() {
	in := c.opts.DICOM
	if in.files == nil {
		return
	}
	f := &fileFindings{c: c, fhir: map[string]bool{}}
	c.dicom.findings, c.dicom.studies = f, in.files(f)
}

// noteFHIR notes which files FHIR was read of, when it has been.
func (c *conversion) noteFHIR() {
	if c.dicom.findings == nil {
		return
	}
	for _, s := range c.stats.Sources {
		if s.Skipped == "" {
			c.dicom.findings.fhir[s.Name] = true
		}
	}
}

// otherFormat reports whether FHIR passed a file by for what it is. Beside the
// files of DICOM these are left to its account: a folder may hold a million.
func (c *conversion) otherFormat(skipped string) bool {
	return c.dicom != nil && c.dicom.findings != nil &&
		(strings.Contains(skipped, "by its name") || strings.Contains(skipped, "by its content"))
}

// fhirFindings is the reporter of reading FHIR: beside DICOM files it leaves
// out that one of them is not FHIR.
func (c *conversion) fhirFindings() issue.Reporter {
	if c.dicom == nil || c.dicom.findings == nil {
		return c.opts.Reporter
	}
	return withoutFormats{c}
}

type withoutFormats struct{ c *conversion }

// Report may be called by several goroutines.
func (w withoutFormats) Report(i issue.Issue) error {
	if i.Code == fhir.CodeSkipped && w.c.otherFormat(i.Message) {
		return nil
	}
	return w.c.opts.Reporter.Report(i)
}
