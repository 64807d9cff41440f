package dataset

import (
	"context"
	"testing"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

// importFHIR makes the tables of a source of FHIR that has no file.
func importFHIR(tb testing.TB, kind SourceKind, ref string, defs *fhirdef.Definitions, spec *TableSpec) ([]*Table, issue.List) {
	tb.Helper()
	in := &input{spec: SourceSpec{Name: "src", Kind: kind, Ref: ref}, defs: defs, table: spec}
	tables, found, err := importers[kind](context.Background(), in)
	if err != nil {
		tb.Fatal(err)
	}
	return tables, found
}

func TestEveryResourceTypeBecomesARecord(t *testing.T) {
	defs := fhirdef.R4()
	for _, typ := range defs.ResourceTypes() {
		tables, found := importFHIR(t, FHIRStructure, typ, defs, nil)
		if found.HasErrors() || len(tables) != 1 {
			t.Fatalf("%s: %d tables, %v", typ, len(tables), found.Err())
		}
		checkFHIRTable(t, tables[0])
	}
}

// checkFHIRTable holds the laws that each table of FHIR fulfils.
func checkFHIRTable(tb testing.TB, table *Table) {
	tb.Helper()
	names := map[string]*Object{}
	var walk func(o *Object)
	var value func(at string, ty Type)
	value = func(at string, ty Type) {
		switch ty.Kind {
		case ObjectKind:
			if ty.Object == nil {
				tb.Fatalf("%s: an object without a type", at)
			}
			walk(ty.Object)
		case List:
			if ty.Elem.Kind == List {
				tb.Fatalf("%s: a list of lists", at)
			}
			value(at, *ty.Elem)
		}
	}
	walk = func(o *Object) {
		if old, ok := names[o.Name]; ok {
			if old != o {
				tb.Fatalf("%s: two objects have the name %s", table.Name, o.Name)
			}
			return
		}
		names[o.Name] = o
		seen := map[string]bool{}
		for _, f := range o.Fields {
			if f.Name == "" || f.ID == "" || seen[f.Name] {
				tb.Fatalf("%s: %s.%s: no name or no id, or twice", table.Name, o.Name, f.Name)
			}
			seen[f.Name] = true
			value(o.Name+"."+f.Name, f.Type)
			for _, s := range f.Slices {
				value(o.Name+"."+f.Name+":"+s.Name, s.Field.Type)
			}
		}
		for _, p := range o.Prohibited {
			if seen[p] {
				tb.Fatalf("%s: %s.%s is prohibited and there", table.Name, o.Name, p)
			}
		}
		for _, c := range o.Choices {
			for _, name := range c.Fields {
				if !seen[name] {
					tb.Fatalf("%s: %s: the choice %s names no field %s", table.Name, o.Name, c.Name, name)
				}
			}
		}
	}
	walk(table.Object)
}

func loadPackageFile(tb testing.TB, path string) *input {
	tb.Helper()
	return &input{spec: SourceSpec{Name: "ig", Kind: FHIRPackage, Ref: path}, file: path, defs: fhirdef.R4()}
}

func TestEveryProfileOfUSCoreBecomesARecord(t *testing.T) {
	for _, name := range []string{"data/fhir/us-core-6.1.0.tgz", "data/fhir/us-core-3.1.1.tgz"} {
		in := loadPackageFile(t, golden.Shared(t, name))
		tables, found, err := importPackage(context.Background(), in)
		if err != nil || found.HasErrors() || len(tables) < 20 {
			t.Fatalf("%s: %d tables, %v, %v", name, len(tables), found.Err(), err)
		}
		for _, table := range tables {
			checkFHIRTable(t, table)
		}
		for _, i := range found {
			t.Log(i.Severity, i.Path, i.Message)
		}
	}
}
