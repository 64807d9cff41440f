package dataset

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/issue"
)

// LoadOptions are the options of Load. Nil and zero fields mean the defaults.
type LoadOptions struct {
	// Kind is that of a bare definition, where its content does not tell it.
	Kind SourceKind
	// Packages are paths of FHIR packages whose definitions are at hand, besides
	// those that the profile names.
	Packages []string
	// Definitions are FHIR's definitions; nil = R4's.
	Definitions *fhirdef.Definitions
	// Lock holds the hashes that the sources must have; nil = no check.
	Lock *Lock
	// MaxBytes is the most that one file may have; 0 = 64 MiB.
	MaxBytes int64
}

// Load reads a profile and everything that it points at, and returns the model.
// Path is a file (a profile, or a definition of a standard, which then is a
// profile by itself; its kind is told from its content), or KIND:REF, such as
// omop-cdm:5.4, dicom-iod:CTImage or fhir-sd:Patient. KIND:REF#TABLE means one
// of several tables.
//
// The findings say what is wrong with the documents, with line and column; with
// an error among them there is no model. The error says what could not be
// read. Load may be called from several goroutines.
func Load(ctx context.Context, path string, opts *LoadOptions) (*Model, issue.List, error) {
	if opts == nil {
		opts = &LoadOptions{}
	}
	if opts.MaxBytes < 0 {
		return nil, nil, fmt.Errorf("dataset: want MaxBytes of at least 0, have %d", opts.MaxBytes)
	}
	if opts.Kind != "" && importers[opts.Kind] == nil {
		return nil, nil, fmt.Errorf("dataset: want a kind of source among %s", kindList())
	}
	l := newLoader(ctx, opts, osFiles{})
	m, err := l.load(path)
	if err != nil {
		return nil, l.findings, err
	}
	if l.findings.HasErrors() {
		return nil, l.findings, nil
	}
	return m, l.findings, nil
}

func (l *loader) load(path string) (*Model, error) {
	if spec, ok := l.kindRef(path); ok {
		return l.bare(spec)
	}
	if l.opts.Kind != "" && (l.opts.Kind == FHIRPackage || !namesFile(l.opts.Kind)) {
		return l.bare(SourceSpec{Kind: l.opts.Kind, Ref: path})
	}
	if l.files.isDir(path) {
		return l.bare(SourceSpec{Kind: FHIRPackage, Ref: path})
	}
	data, err := l.read(path)
	if err != nil {
		return nil, err
	}
	kind := l.opts.Kind
	if kind == "" {
		kind = tellKind(path, data)
	}
	switch kind {
	case profileKind:
		return l.profile(path, data)
	case "":
		l.report(issue.Issue{Severity: issue.Error, Code: CodeUnknownName, Pos: issue.Pos{Source: path},
			Message: "want a profile or a definition of a known kind, have neither: name the kind as KIND:FILE, one of " + kindList()})
		return nil, nil
	}
	return l.bare(SourceSpec{Kind: kind, Ref: path})
}

// bare makes a model of a definition that is a profile by itself. A file is named
// by its last part alone, so that the model does not depend on where it is.
func (l *loader) bare(spec SourceSpec) (*Model, error) {
	spec.Name = string(spec.Kind)
	if spec.Pos == (issue.Pos{}) {
		spec.Pos = issue.Pos{Source: spec.Ref}
	}
	id := spec.Ref
	switch {
	case l.files.isFile(spec.Ref), l.files.isDir(spec.Ref):
		id = filepath.Base(filepath.Clean(spec.Ref))
		l.dir, spec.Ref = filepath.Dir(filepath.Clean(spec.Ref)), id
	case spec.Kind == OMOP, spec.Kind == DICOMObject:
		id = string(spec.Kind) + ":" + spec.Ref
	}
	tables, err := l.tables(spec, nil)
	if err != nil || l.findings.HasErrors() {
		return nil, err
	}
	if spec.Table != "" {
		t := l.pick(tables, spec.Table, spec.Pos)
		if t == nil {
			return nil, nil
		}
		tables = []*Table{t}
	}
	m := &Model{Tables: tables}
	if len(tables) == 1 {
		t := tables[0]
		m.ID, m.Title, m.Description = t.From.Profile, t.Title, t.Description
	}
	if m.ID == "" {
		m.ID = id
	}
	l.finish(m)
	if spec.Kind == FHIRStructure || spec.Kind == FHIRPackage {
		l.relevant(m)
	}
	return m, nil
}

// finish gives the model its objects, code sets and sources, and holds the
// sources against the lock.
func (l *loader) finish(m *Model) {
	intern(m)
	m.Sources = l.sources()
	l.checkLock(m)
}

// kindRef reads path as KIND:REF#TABLE; a file of that very name comes first.
func (l *loader) kindRef(path string) (SourceSpec, bool) {
	kind, ref, ok := strings.Cut(path, ":")
	if !ok || importers[SourceKind(kind)] == nil || ref == "" || l.files.isFile(path) {
		return SourceSpec{}, false
	}
	spec := SourceSpec{Kind: SourceKind(kind), Ref: ref, Pos: issue.Pos{Source: path}}
	if before, table, ok := strings.Cut(ref, "#"); ok && !l.files.isFile(ref) {
		spec.Ref, spec.Table = before, table
	}
	return spec, true
}

// tables runs the importer of a source. Table is what a profile says of the one
// table that is wanted, nil for all as they are.
func (l *loader) tables(spec SourceSpec, table *TableSpec) ([]*Table, error) {
	in := &input{spec: spec, table: table, note: l.note}
	in.open = func(ref string) (string, []byte, error) { return l.open(in.file, ref) }
	if ok, err := l.locate(in); !ok {
		return nil, err
	}
	if err := l.ctx.Err(); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	tables, findings, err := importers[spec.Kind](l.ctx, in)
	l.findings = append(l.findings, findings...)
	if err != nil {
		return nil, err
	}
	if len(tables) == 0 && !findings.HasErrors() {
		l.report(issue.Issue{Severity: issue.Error, Code: CodeSource, Pos: spec.Pos, Path: spec.Name,
			Message: "want a source with at least one table, have none"})
	}
	for _, t := range tables {
		t.Source, t.Kind = spec.Name, spec.Kind
	}
	return tables, nil
}

// pick returns the table of that name, or with that profile or resource type.
func (l *loader) pick(tables []*Table, name string, pos issue.Pos) *Table {
	var names []string
	for _, t := range tables {
		if t.Name == name || t.From.Profile == name {
			return t
		}
		names = append(names, t.Name)
	}
	for _, t := range tables {
		if p := t.From.Profile; p != "" && p[strings.LastIndexByte(p, '/')+1:] == name {
			return t
		}
	}
	l.report(issue.Issue{Severity: issue.Error, Code: CodeUnknownName, Pos: pos,
		Message: "want a table of the source, have " + quote(name) + meant(name, names)})
	return nil
}

func (l *loader) report(i issue.Issue) { l.findings = append(l.findings, i) }

// Kinds returns the kinds of sources, sorted.
func kinds() []string {
	var names []string
	for k := range importers {
		names = append(names, string(k))
	}
	slices.Sort(names)
	return names
}

func kindList() string { return strings.Join(kinds(), ", ") }

// join returns ref as seen from the folder dir.
func join(dir, ref string) string {
	if filepath.IsAbs(ref) {
		return ref
	}
	return filepath.ToSlash(filepath.Join(dir, ref))
}
