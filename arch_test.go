package carabiner_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/carabiner-health/carabiner"

// floors says on which floor a package stands, by path below the module; a
// name that ends in a slash means everything below it. A package may import
// its own floor and those under it.
var floors = map[string]int{
	"cmd/": 4, "examples/": 4,

	"mapping": 3, "deid": 3, "gen": 3, "omop/vocab": 3, "omop/quality": 3, "dataset/survey": 3,
	"dataset/extract": 3, "fhir/view": 3, "fhir/fhirproto": 3,
	"dicommeta/suyash": 3, "dicommeta/index": 3, "dicommeta/web": 3, "internal/dicomgen": 3,

	"fhir": 2, "omop": 2, "dicommeta": 2, "dataset": 2,

	"issue": 1, "fhir/fhirdef": 1, "fhir/fhirpath": 1, "omop/cdm": 1, "dicommeta/iod": 1, "dicommeta/dict": 1, "dicommeta/internal/": 1, "columnar": 1, "internal/": 1, "fhir/internal/": 1, "gen/internal/": 1,
}

// narrow lists packages that may import less of the module than their floor
// allows; a name that ends in a slash means everything below it.
var narrow = map[string][]string{
	"issue":          {},
	"columnar":       {"internal/"},
	"omop/cdm":       {"internal/"},
	"dicommeta/dict": {"internal/"},
	"dicommeta/iod":  {"dicommeta/dict", "internal/"},
	// What defines formats, never a format: generated code cannot break the generator.
	"gen":           {"dataset", "omop/cdm", "fhir/fhirdef", "fhir/fhirpath", "dicommeta/iod", "dicommeta/dict", "issue", "internal/", "gen/internal/"},
	"gen/internal/": {},
}

// doors names the one place that may import a dependency; "" means tests alone.
var doors = map[string]string{
	"github.com/google/fhir/go":             "fhir/fhirproto",
	"github.com/suyashkumar/dicom":          "dicommeta/suyash",
	"github.com/santhosh-tekuri/jsonschema": "dataset",
	"github.com/goccy/go-yaml":              "internal/yamldoc",
	"github.com/parquet-go":                 "columnar",
	"github.com/dave/jennifer":              "gen",
	"github.com/edsrzf/mmap-go":             "omop/vocab",
	"github.com/spf13":                      "cmd/",
	"golang.org/x/term":                     "cmd/",
	"golang.org/x/text":                     "dicommeta",
	"github.com/cenkalti/backoff":           "dicommeta/web",
	"github.com/vbauerster/mpb":             "cmd/",
	"github.com/rogpeppe/go-internal":       "",
	// internal/golden is test code that several packages share.
	"github.com/google/go-cmp": "internal/golden",
}

type listed struct {
	ImportPath, Dir                    string
	Imports, TestImports, XTestImports []string
	TestGoFiles, XTestGoFiles          []string
	Name                               string
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,Name,Imports,TestImports,XTestImports,TestGoFiles,XTestGoFiles", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p listed
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// below returns the path of a package below the module.
func below(path string) (string, bool) {
	rel, ok := strings.CutPrefix(path, module+"/")
	return rel, ok
}

func matches(pattern, path string) bool {
	return path == pattern || strings.HasSuffix(pattern, "/") && strings.HasPrefix(path, pattern)
}

func floor(path string) int {
	if f, ok := floors[path]; ok {
		return f
	}
	for pattern, f := range floors {
		if matches(pattern, path) {
			return f
		}
	}
	return 0
}

func TestPackagesImportDownwardsOnly(t *testing.T) {
	for _, p := range listPackages(t) {
		from, ok := below(p.ImportPath)
		if !ok {
			continue // the root, which holds no code
		}
		if floor(from) == 0 {
			t.Errorf("%s: want a floor in the table of this test", from)
		}
		for _, path := range p.Imports {
			to, ok := below(path)
			if !ok {
				continue
			}
			switch {
			case floor(to) > floor(from):
				t.Errorf("%s imports %s, which stands above it", from, to)
			case floor(from) == 2 && floor(to) == 2:
				t.Errorf("%s imports %s: the formats do not know each other", from, to)
			}
			if allowed, ok := narrow[from]; ok && !slices.ContainsFunc(allowed, func(a string) bool { return matches(a, to) }) {
				t.Errorf("%s imports %s: want only %q", from, to, allowed)
			}
			if to == "internal/golden" || to == "internal/dicomgen" || to == "internal/gentest" {
				t.Errorf("%s imports %s outside its tests", from, to)
			}
		}
	}
}

func TestEveryDependencyHasOneDoor(t *testing.T) {
	for _, p := range listPackages(t) {
		from, _ := below(p.ImportPath)
		for _, path := range p.Imports {
			for dependency, door := range doors {
				if (path == dependency || strings.HasPrefix(path, dependency+"/")) && !matches(door, from) {
					t.Errorf("%s imports %s: its door is %q", from, path, door)
				}
			}
		}
	}
}

func TestPublicPackagesExplainThemselves(t *testing.T) {
	for _, p := range listPackages(t) {
		rel, ok := below(p.ImportPath)
		if !ok || strings.HasPrefix(rel, "examples/") || strings.HasPrefix(rel, "internal/") || strings.Contains(rel, "/internal/") || p.Name == "main" {
			continue
		}
		if _, err := os.Stat(filepath.Join(p.Dir, "doc.go")); err != nil {
			t.Errorf("%s: want a doc.go", rel)
		}
		if tests := append(p.TestGoFiles, p.XTestGoFiles...); !slices.Contains(tests, "example_test.go") {
			t.Errorf("%s: want an example_test.go", rel)
		}
	}
}

// source is one Go file of the module.
type source struct {
	path      string // below the root, with slashes
	set       *token.FileSet
	file      *ast.File
	lines     int
	generated bool
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// sources parses the Go files of the main module; nested modules and testdata
// are left out.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, nested := os.Stat(filepath.Join(path, "go.mod"))
			if path != "." && (nested == nil || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, source{filepath.ToSlash(path), set, file, bytes.Count(text, []byte("\n")), ast.IsGenerated(file)})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestOnlyFlowStartsGoroutines(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() || strings.HasPrefix(s.path, "internal/flow/") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s: go statement outside internal/flow", s.set.Position(n.Pos()))
			case *ast.CallExpr: // sync.WaitGroup.Go, errgroup.Group.Go
				if call, ok := n.Fun.(*ast.SelectorExpr); ok && call.Sel.Name == "Go" {
					t.Errorf("%s: method Go outside internal/flow", s.set.Position(n.Pos()))
				}
			}
			return true
		})
	}
}

func TestNoPackageRunsCodeAtStart(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: want no init function", s.set.Position(f.Pos()))
			}
		}
	}
}

// long lists files and functions over the limits of size, each with a reason.
var long = map[string]string{
	"internal/jsontree/quick.go:quick": "one loop whose state stays in registers; cut into functions it is slower",
	"fhir/view/skip.go:skip":           "one loop whose state stays in registers; cut into functions it is slower",
}

func TestFilesAndFunctionsStayReadable(t *testing.T) {
	const fileLimit, functionLimit = 600, 80
	excused := make(map[string]bool)
	for _, s := range sources(t) {
		if s.generated {
			continue
		}
		if s.lines > fileLimit {
			if excused[s.path] = true; long[s.path] == "" {
				t.Errorf("%s: want at most %d lines, have %d", s.path, fileLimit, s.lines)
			}
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || s.test() {
				continue
			}
			name := s.path + ":" + f.Name.Name
			first, last := s.set.Position(f.Pos()).Line, s.set.Position(f.End()).Line
			if n := last - first + 1; n > functionLimit {
				if excused[name] = true; long[name] == "" {
					t.Errorf("%s: want functions of at most %d lines, have %d", name, functionLimit, n)
				}
			}
		}
	}
	for name := range long {
		if !excused[name] {
			t.Errorf("%s: is within the limits now; want it out of the list", name)
		}
	}
}

// A code of findings is written once, in codes.go or codes_<subject>.go, and means
// one thing.
func TestCodesAreUnique(t *testing.T) {
	seen := make(map[string]string)
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		for _, d := range s.file.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok || decl.Tok != token.CONST {
				continue
			}
			for _, spec := range decl.Specs {
				v := spec.(*ast.ValueSpec)
				if !isIssueCode(v.Type) {
					continue
				}
				if base := path.Base(s.path); base != "codes.go" && !strings.HasPrefix(base, "codes_") {
					t.Errorf("%s: want constants of type issue.Code in codes.go", s.set.Position(v.Pos()))
				}
				for _, value := range v.Values {
					at := s.set.Position(value.Pos()).String()
					lit, ok := value.(*ast.BasicLit)
					if !ok {
						t.Errorf("%s: want a code written out", at)
						continue
					}
					code, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					if first, ok := seen[code]; ok {
						t.Errorf("%s: code %s is also at %s", at, code, first)
					}
					seen[code] = at
				}
			}
		}
	}
}

func isIssueCode(e ast.Expr) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return ok && pkg.Name == "issue" && sel.Sel.Name == "Code"
}
