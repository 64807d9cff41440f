package dataset

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/fhirpath"
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
	}
}

func TestEveryProfileAndExtensionThatShipsBecomesARecord(t *testing.T) {
	b := newFHIRBuilder(&input{spec: SourceSpec{Name: "r4", Kind: FHIRStructure}, defs: fhirdef.R4()})
	n := 0
	for st := range b.defs.Structures() {
		if st.Kind == "primitive-type" || st.Derivation != "constraint" && st.Kind == "resource" {
			continue
		}
		n++
		b.issues = nil
		table := b.table(st)
		if table == nil || b.issues.HasErrors() {
			t.Fatalf("%s: %v", st.URL, b.issues.Err())
		}
		checkFHIRTable(t, table)
		for _, w := range table.Where {
			if _, err := fhirpath.Compile(w.Path, &fhirpath.Options{Type: table.From.Resource, Strict: true}); err != nil {
				t.Errorf("%s: %s: %v", st.URL, w.Path, err)
			}
		}
	}
	if n < 500 {
		t.Errorf("want more than 500 structures, have %d", n)
	}
}

func TestLoadingTwiceGivesTheSame(t *testing.T) {
	in := loadPackageFile(t, golden.Shared(t, "data/fhir/us-core-6.1.0.tgz"))
	var first string
	for range 2 {
		tables, found, err := importPackage(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for _, i := range found {
			fmt.Fprintln(&text, i)
		}
		seen := map[*Object]bool{}
		for _, table := range tables {
			writeTable(&text, table, seen)
		}
		if first == "" {
			first = text.String()
		} else if first != text.String() {
			t.Error(cmp.Diff(first, text.String()))
		}
	}
}

// writeTable writes everything in a table but for pointers.
func writeTable(w io.Writer, t *Table, seen map[*Object]bool) {
	fmt.Fprintf(w, "%s %v %v %v\n", t.Name, t.Where, t.Key, t.Refs)
	writeObject(w, t.Object, seen)
}

func writeObject(w io.Writer, o *Object, seen map[*Object]bool) {
	if seen[o] {
		return
	}
	seen[o] = true
	fmt.Fprintf(w, "%s %s %v %v %v\n", o.Name, o.Base, o.Prohibited, o.Choices, o.Rules)
	var inner []*Object
	var field func(f *Field)
	value := func(t Type) {
		for t.Kind == List {
			fmt.Fprint(w, t.MinItems, t.MaxItems)
			t = *t.Elem
		}
		if t.Object != nil {
			fmt.Fprint(w, t.Object.Name)
			inner = append(inner, t.Object)
		}
		if t.Codes != nil {
			fmt.Fprint(w, *t.Codes)
		}
		fmt.Fprintln(w, t.Kind, t.Format, t.Const, t.Pattern, t.Min, t.Max, t.Targets, t.Rules, t.Regex)
	}
	field = func(f *Field) {
		fmt.Fprint(w, f.Name, f.ID, f.Required, f.SlicesClosed, f.Origins)
		value(f.Type)
		for _, s := range f.Slices {
			for _, m := range s.Match {
				fmt.Fprint(w, m.Path, m.Kind, m.Value, m.Type, m.Codes != nil)
			}
			field(s.Field)
		}
	}
	for _, f := range o.Fields {
		field(f)
	}
	for _, i := range inner {
		writeObject(w, i, seen)
	}
}
