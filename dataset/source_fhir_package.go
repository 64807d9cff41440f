package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/issue"
)

// importPackage makes a table of each profile on a resource in a package, in
// the order of the package; where it has none, of each of its resource types and
// logical models. spec.Table picks one, by the name of the table or the last
// part of its canonical.
func importPackage(ctx context.Context, in *input) ([]*Table, issue.List, error) {
	b := newFHIRBuilder(in)
	pkg, err := b.loadPackage(ctx)
	if err != nil || pkg == nil {
		return nil, b.issues, err
	}
	b.defs = b.defs.With(pkg)
	tables := b.packageTables(ctx, pkg)
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if len(tables) == 0 && !b.issues.HasErrors() {
		b.finding(issue.Error, CodeSource, "", "want a package with profiles of resources, have none")
	}
	return tables, b.issues, nil
}

// loadPackage reads the package: an archive, a folder, or one file. The error is
// of the world; a package that is wrong is a finding.
func (b *fhirBuilder) loadPackage(ctx context.Context) (*fhirdef.Package, error) {
	opts := &fhirdef.LoadOptions{Lenient: true}
	var pkg *fhirdef.Package
	var err error
	data := b.in.data
	switch {
	case len(data) > 1 && data[0] == 0x1f && data[1] == 0x8b:
		pkg, err = fhirdef.LoadArchive(ctx, bytes.NewReader(data), b.in.file, opts)
	case len(data) > 0:
		pkg = fhirdef.NewPackage("", "")
		err = pkg.Add(data, b.in.file)
	default:
		name := b.in.file
		if name == "" {
			name = b.in.spec.Ref
		}
		pkg, err = fhirdef.Load(ctx, name, opts)
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("dataset: %w", err)
		}
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		b.definitionError(err, data)
		return nil, nil
	}
	for _, s := range pkg.Skipped {
		b.finding(issue.Warning, CodeSource, "", "a file of the package is left out: "+skippedWhy(s))
	}
	return pkg, nil
}

// skippedWhy tells why a file was left out: the file's name, and the form.
func skippedWhy(err error) string {
	var d *fhirdef.Error
	if errors.As(err, &d) && d.Want != "" {
		return d.File + ": want " + d.Want + ", have " + d.Have
	}
	return "it cannot be read"
}

// packageTables makes the tables of a package.
func (b *fhirBuilder) packageTables(ctx context.Context, pkg *fhirdef.Package) []*Table {
	var chosen, types []*fhirdef.Structure
	for st := range b.defs.Structures() {
		if st.Package != pkg.ID() {
			continue
		}
		switch {
		case st.Kind == "resource" && st.Derivation == "constraint":
			chosen = append(chosen, st)
		case st.Kind == "resource" && !st.Abstract, st.Kind == "logical":
			types = append(types, st)
		}
	}
	if len(chosen) == 0 {
		chosen = types
	}
	want := b.in.spec.Table
	var names []string
	var out []*Table
	for _, st := range chosen {
		if ctx.Err() != nil {
			return nil
		}
		names = append(names, urlTail(st.URL))
		if want != "" && want != tableName(st) && want != urlTail(st.URL) && want != st.URL && want != st.Name {
			continue
		}
		if t := b.table(st); t != nil {
			t.Name = freeTableName(out, t.Name)
			out = append(out, t)
		}
	}
	if want != "" && len(out) == 0 && !b.issues.HasErrors() {
		b.finding(issue.Error, CodeUnknownName, "", fmt.Sprintf("want a profile of the package, have %q%s", want, meant(want, names)))
	}
	return out
}

// freeTableName returns a name that no other table has.
func freeTableName(tables []*Table, want string) string {
	name := want
	for i := 2; slices.ContainsFunc(tables, func(t *Table) bool { return t.Name == name }); i++ {
		name = want + "_" + strconv.Itoa(i)
	}
	return name
}
