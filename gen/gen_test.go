package gen

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

func TestGoNameFollowsGo(t *testing.T) {
	for name, want := range map[string]string{
		"person": "Person", "person_id": "PersonID", "image_study_uid": "ImageStudyUID", "cdm_source": "CDMSource",
		"cdm_etl_reference": "CDMETLReference", "note_nlp": "NoteNLP", "wadors_uri": "WADORSURI", "domain_concept_id_1": "DomainConceptID1",
		"npi": "NPI", "dea": "DEA", "address_1": "Address1", "offset": "Offset", "type": "Type", "func": "Func",
		"Patient.birthDate": "PatientBirthDate", "value[x]": "ValueX", "versionId": "VersionID", "valueUri": "ValueURI", "fhirOMOPMap": "FHIROMOPMap", "1st": "X1st", "": "X", "größe": "Größe", "日付": "X日付",
	} {
		if got := GoName(name); got != want {
			t.Errorf("%q: want %s, have %s", name, want, got)
		}
	}
}

func models(t *testing.T) []*Model {
	t.Helper()
	var list []*Model
	for _, f := range []func(cdm.Version, ...*cdm.Model) (*Model, error){CDM, CDMLoose} {
		m, err := f(cdm.V54, cdm.Imaging())
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

func TestCommittedStructsAreWhatTheGeneratorMakes(t *testing.T) {
	for _, m := range models(t) {
		files, err := m.Render(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(filepath.Join(golden.Root(t), "omop", f.Name))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(b), string(f.Content)); diff != "" {
				t.Errorf("omop/%s: run go generate ./omop (-committed +rendered):\n%s", f.Name, diff)
			}
		}
	}
}

func TestRenderGivesTheSameBytesEachTime(t *testing.T) {
	for i, m := range models(t) {
		first, err := m.Render(nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err := models(t)[i].Render(nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, again); diff != "" {
			t.Errorf("(-first +again):\n%s", diff)
		}
	}
}

func TestRenderedFilesAreMarkedAsGenerated(t *testing.T) {
	for _, m := range models(t) {
		files, err := m.Render(&RenderOptions{Package: "rows"})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), f.Name, f.Content, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if !ast.IsGenerated(parsed) || parsed.Name.Name != "rows" {
				t.Errorf("%s: want generated code of package rows, have package %s", f.Name, parsed.Name.Name)
			}
			for _, s := range m.Sources {
				if len(s.SHA256) != 64 || !strings.Contains(string(f.Content), s.SHA256) {
					t.Errorf("%s: want the hash of %s", f.Name, s.Name)
				}
			}
		}
	}
}

func TestCDMHasAFieldForEveryColumnInOrder(t *testing.T) {
	for _, v := range []cdm.Version{cdm.V54, cdm.V53} {
		m, err := CDM(v)
		if err != nil {
			t.Fatal(err)
		}
		tables := v.Model().Tables
		if len(m.Structs) != len(tables) {
			t.Fatalf("%s: want %d structs, have %d", v, len(tables), len(m.Structs))
		}
		for i, s := range m.Structs {
			if len(s.Fields) != len(tables[i].Fields) {
				t.Errorf("%s: %s: want %d fields, have %d", v, s.Name, len(tables[i].Fields), len(s.Fields))
				continue
			}
			for j, f := range s.Fields {
				spec := tables[i].Fields[j]
				tag := reflect.StructTag(strings.Trim(tagText(f.Tags), "`"))
				if tag.Get("csv") != spec.Name || tag.Get("parquet") != spec.Name || f.Type.Optional == spec.Required {
					t.Errorf("%s: %s.%s: want the column %s", v, s.Name, f.Name, spec.Name)
				}
				if !strings.Contains(f.Doc, tables[i].Name+"."+spec.Name) || !strings.Contains(f.Doc, spec.TypeName()) {
					t.Errorf("%s: %s.%s: want type and clause in the comment, have %q", v, s.Name, f.Name, f.Doc)
				}
			}
		}
	}
	if _, err := CDM("6.0"); err == nil {
		t.Error("want an error for an unknown edition")
	}
	if _, err := CDMLoose("6.0"); err == nil {
		t.Error("want an error for an unknown edition")
	}
}

func TestRenderedStructsOfTheCDMCompileByThemselves(t *testing.T) {
	for _, v := range []cdm.Version{cdm.V54, cdm.V53} {
		m, err := CDM(v, cdm.Imaging())
		if err != nil {
			t.Fatal(err)
		}
		files, err := m.Render(&RenderOptions{Package: "rows"})
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		var parsed []*ast.File
		for _, f := range files {
			p, err := parser.ParseFile(fset, f.Name, f.Content, 0)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, p)
		}
		imports := func(path string) (*types.Package, error) {
			if path != columnarPath {
				return nil, fmt.Errorf("want no import but columnar, have %s", path)
			}
			p := types.NewPackage(path, "columnar")
			for name, basic := range map[string]types.BasicKind{"Date": types.Int32, "Timestamp": types.Int64} {
				named := types.NewTypeName(token.NoPos, p, name, nil)
				types.NewNamed(named, types.Typ[basic], nil)
				p.Scope().Insert(named)
			}
			p.MarkComplete()
			return p, nil
		}
		pkg, err := (&types.Config{Importer: importFunc(imports)}).Check("rows", fset, parsed, nil)
		if err != nil {
			t.Fatalf("%s: %v", v, err)
		}
		for _, name := range []string{"Date", "Timestamp"} {
			if n, ok := pkg.Scope().Lookup(name).(*types.TypeName); !ok || !n.IsAlias() {
				t.Errorf("%s: want %s to be another name for columnar's", v, name)
			}
		}
	}
}

type importFunc func(path string) (*types.Package, error)

func (f importFunc) Import(path string) (*types.Package, error) { return f(path) }

func TestRenderRefusesAModelThatIsNoGo(t *testing.T) {
	field := func(name string) Struct {
		return Struct{Name: "A", Fields: []Field{{Name: name, Type: Type{Name: "string"}}}}
	}
	for name, m := range map[string]Model{
		"package":       {Package: "func", File: "a.go"},
		"file":          {Package: "p", File: "../a.go"},
		"no file":       {Package: "p"},
		"struct":        {Package: "p", File: "a.go", Structs: []Struct{{Name: "a b"}}},
		"two structs":   {Package: "p", File: "a.go", Structs: []Struct{{Name: "A"}, {Name: "A"}}},
		"field":         {Package: "p", File: "a.go", Structs: []Struct{field("lower")}},
		"keyword":       {Package: "p", File: "a.go", Structs: []Struct{field("type")}},
		"alias":         {Package: "p", File: "a.go", Aliases: []Alias{{Name: "a b", Path: "x/y", Type: "T"}}},
		"alias path":    {Package: "p", File: "a.go", Aliases: []Alias{{Name: "A", Type: "T"}}},
		"alias type":    {Package: "p", File: "a.go", Aliases: []Alias{{Name: "A", Path: "x/y", Type: "lower"}}},
		"alias, struct": {Package: "p", File: "a.go", Aliases: []Alias{{Name: "A", Path: "x/y", Type: "T"}}, Structs: []Struct{{Name: "A"}}},
		"no type":       {Package: "p", File: "a.go", Structs: []Struct{{Name: "A", Fields: []Field{{Name: "B"}}}}},
		"tag":           {Package: "p", File: "a.go", Structs: []Struct{{Name: "A", Fields: []Field{{Name: "B", Type: Type{Name: "string"}, Tags: []Tag{{"csv", "a`b"}}}}}}},
		"method":        {Package: "p", File: "a.go", Structs: []Struct{{Name: "A", Fields: field("B").Fields, Methods: []Constant{{Name: "B"}}}}},
		"list":          {Package: "p", File: "a.go", Structs: []Struct{{Name: "A"}}, Lists: []List{{Name: "A", Element: "e", Make: "m"}}},
		"list of words": {Package: "p", File: "a.go", Lists: []List{{Name: "l", Element: "a b", Make: "m"}}},
	} {
		if files, err := m.Render(nil); err == nil {
			t.Errorf("%s: want an error, have %d files", name, len(files))
		}
	}
}
