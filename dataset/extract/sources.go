package extract

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop"
)

// inputs are the sources by kind.
type inputs struct {
	fhir  []fhir.Source
	dicom []string // arguments
	omop  []string // folders
}

// look tells the sources apart. A folder is one of OMOP if it has files named as tables
// of the CDM; of what convert made, the folder omop. All else may hold FHIR and DICOM,
// which are told apart file by file.
func (r *run) look(sources []string) (*inputs, error) {
	in := &inputs{}
	var rest []string
	for _, arg := range sources {
		folders, whole, err := omopFolders(arg)
		if err != nil {
			return nil, err
		}
		for _, f := range folders {
			if !slices.Contains(in.omop, f) {
				in.omop = append(in.omop, f)
			}
		}
		if !whole {
			rest = append(rest, arg)
		}
	}
	dicom := len(r.of(byFiles)) > 0
	if dicom {
		in.dicom = slices.DeleteFunc(slices.Clone(rest), func(s string) bool { return s == "-" })
	}
	if len(r.of(byView, byRecord)) > 0 && len(rest) > 0 {
		srcs, err := fhir.NewSources(rest)
		if err != nil {
			return nil, fmt.Errorf("extract: %w", err)
		}
		in.fhir = srcs
		if dicom {
			in.fhir = slices.DeleteFunc(srcs, isDICOM)
		}
	}
	return in, r.absent(in)
}

// absent tells of tables for which there can be no records.
func (r *run) absent(in *inputs) error {
	for _, k := range []struct {
		none bool
		ways []way
		want string
	}{{len(in.fhir) == 0, []way{byView, byRecord}, "FHIR"}, {len(in.dicom) == 0, []way{byFiles}, "DICOM"}, {len(in.omop) == 0, []way{byTable}, "OMOP"}} {
		if plans := r.of(k.ways...); k.none && len(plans) > 0 {
			if err := r.findings.Report(issue.Issue{Severity: issue.Warning, Code: CodeNoSource, Pos: plans[0].Pos, Path: plans[0].Name,
				Message: fmt.Sprintf("want sources of %s for %d tables, have none", k.want, len(plans))}); err != nil {
				return err
			}
		}
	}
	return nil
}

// isDICOM reports whether a file begins as DICOM does.

func isDICOM(s fhir.Source) bool {
	name := strings.ToLower(s.Name())
	for _, end := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, end)
	}
	if s.Name() == "-" || s.Skipped() != "" || slices.Contains([]string{".ndjson", ".json", ".xml", ".jsonl"}, path.Ext(name)) {
		return false
	}
	f, err := s.Open()
	if err != nil {
		return false
	}
	head, err := io.ReadAll(io.LimitReader(f, 4<<10))
	return errors.Join(err, f.Close()) == nil && dicommeta.Sniff(head)
}

// omopFolders returns the folders of OMOP at and below an argument; whole says that
// there is nothing else in it.
func omopFolders(arg string) (folders []string, whole bool, err error) {
	if arg == "-" {
		return nil, false, nil
	}
	info, err := os.Stat(arg)
	if err != nil || !info.IsDir() {
		return nil, false, nil // a file, a pattern, or an error that the reader tells
	}
	if isOMOP(arg) {
		return []string{arg}, true, nil
	}
	err = filepath.WalkDir(arg, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // the reader of files tells
		case !d.IsDir():
			return nil
		case name != arg && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		}
		if inner := filepath.Join(name, "omop"); isOMOP(inner) {
			folders = append(folders, inner)
			return fs.SkipDir
		}
		if isOMOP(name) {
			folders = append(folders, name)
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("extract: %w", err)
	}
	return folders, false, nil
}

// isOMOP reports whether a folder has the table person, or other tables of the CDM and no
// resources beside them.
func isOMOP(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	known := omop.Tables()
	tables, resources := 0, false
	for _, e := range entries {
		name := strings.ToLower(e.Name())
		ext := path.Ext(name)
		switch ext {
		case ".parquet", ".csv", ".tsv":
			name = strings.TrimSuffix(name, ext)
		case "":
			if !e.IsDir() {
				continue
			}
		default:
			resources = resources || strings.Contains(name, ".ndjson") || strings.Contains(name, ".json") || strings.Contains(name, ".xml") || ext == ".dcm"
			continue
		}
		if name == "person" && (ext != "" || hasParquet(filepath.Join(dir, e.Name()))) {
			return true
		}
		if slices.Contains(known, name) && (ext != "" || hasParquet(filepath.Join(dir, e.Name()))) {
			tables++
		}
	}
	return tables > 0 && !resources
}

func hasParquet(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && slices.ContainsFunc(entries, func(e os.DirEntry) bool { return strings.EqualFold(path.Ext(e.Name()), ".parquet") })
}

// skipsFormats reports whether files that are not FHIR are those of other kinds.
func (r *run) skipsFormats(in *inputs) bool { return len(in.dicom) > 0 || len(in.omop) > 0 }

// fhirFindings is the reporter of reading FHIR: beside other kinds it leaves out that one
// of their files is not FHIR.
func (r *run) fhirFindings(in *inputs) issue.Reporter {
	if !r.skipsFormats(in) {
		return r.findings
	}
	return issue.ReporterFunc(func(i issue.Issue) error {
		if i.Code == fhir.CodeSkipped && otherFormat(i.Message) {
			return nil
		}
		return r.findings.Report(i)
	})
}
