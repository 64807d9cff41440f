package carabiner_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// doorsAndSizes holds, for each package that is a door or stands before one,
// a small program that really uses it, the most that the program may weigh,
// and what it must not link. A program that only reads FHIR does not pay for
// Parquet.
var doorsAndSizes = []struct {
	name, imports, body string
	mebibytes           float64
	without             []string
}{
	{
		"fhir", `"context"; "os"; "github.com/carabiner-health/carabiner/fhir"`,
		`for r, err := range fhir.Read(context.Background(), os.Stdin, nil) { println(r.Type(), err) }`,
		// 1.3 MiB are R4's definitions, which reading XML needs.
		6, []string{parquetDoor, jenniferDoor, cobraDoor, yamlDoor, mmapDoor, protoDoor, protobufDoor, dicomDoor, "net/http", "omop", "columnar", "mapping"},
	},
	{
		"fhir/fhirproto", `"github.com/carabiner-health/carabiner/fhir"; "github.com/carabiner-health/carabiner/fhir/fhirproto"`,
		`r, err := fhir.Parse(nil); println(err); m, l, err := fhirproto.ToProto(r, nil); println(len(l), err); r, l, err = fhirproto.FromProto(m, nil); println(r, len(l), err)`,
		30, []string{parquetDoor, jenniferDoor, cobraDoor, yamlDoor, mmapDoor, dicomDoor, "net/http", "omop", "columnar", "mapping"},
	},
	{
		"omop/cdm", `"github.com/carabiner-health/carabiner/omop/cdm"`,
		`println(len(cdm.V54.Model().Tables))`,
		2, []string{parquetDoor, jenniferDoor, cobraDoor, yamlDoor, mmapDoor, "net/http", "fhir", "columnar"},
	},
	{
		"columnar", `"os"; "github.com/carabiner-health/carabiner/columnar"`,
		`w, err := columnar.NewWriter[struct{ A int32 }](os.Stdout, nil); println(w, err); for r, err := range columnar.Read[struct{ A int32 }](os.Stdin, 0) { println(r.A, err) }`,
		5, []string{jenniferDoor, cobraDoor, yamlDoor, mmapDoor, "net/http", "fhir", "omop"},
	},
	{
		"omop", `"context"; "os"; "github.com/carabiner-health/carabiner/omop"`,
		`v, err := omop.NewValidator(nil); println(err); s, err := v.Validate(context.Background(), os.DirFS("."), nil); println(s, err)`,
		7, []string{jenniferDoor, cobraDoor, yamlDoor, mmapDoor, "net/http", "fhir", "mapping"},
	},
	{
		"omop/vocab", `"github.com/carabiner-health/carabiner/omop/vocab"`,
		`s, err := vocab.Open("x"); println(err); c, ok := s.Lookup("SNOMED", "1"); println(c.ID, ok)`,
		4, []string{jenniferDoor, cobraDoor, yamlDoor, "net/http", "fhir", "mapping"},
	},
	{
		// The tables of the CDM, and what resolves profiles: YAML, R4's definitions, JSON Schema.
		"gen", `"github.com/carabiner-health/carabiner/gen"; "github.com/carabiner-health/carabiner/omop/cdm"`,
		`m, err := gen.CDM(cdm.V54); println(err); f, err := m.Render(nil); println(len(f), err)`,
		11, []string{parquetDoor, cobraDoor, mmapDoor, "net/http", "columnar", "=fhir", "=omop", "=dicommeta"},
	},
	{
		"dataset", `"context"; "github.com/carabiner-health/carabiner/dataset"`,
		`m, l, err := dataset.Load(context.Background(), "x", nil); println(m, len(l), err)`,
		14, []string{parquetDoor, jenniferDoor, cobraDoor, mmapDoor, dicomDoor, "net/http", "columnar", "=fhir", "=omop", "=dicommeta", "mapping"},
	},
	{
		"dataset/extract", `"context"; "github.com/carabiner-health/carabiner/dataset"; "github.com/carabiner-health/carabiner/dataset/extract"`,
		`m, _, err := dataset.Load(context.Background(), "x", nil); println(err); r, err := extract.Run(context.Background(), m, nil, &extract.Options{Out: "y"}); println(r, err)`,
		18, []string{jenniferDoor, cobraDoor, mmapDoor, dicomDoor, "net/http", "mapping"},
	},
	{
		"dicommeta/dict", `"github.com/carabiner-health/carabiner/dicommeta/dict"`,
		`println(dict.Find(dict.PatientID).Keyword, dict.FindUID("1.2").Name, dict.FindPrivate("SIEMENS CSA HEADER", 0x00291008) != nil)`,
		3, []string{parquetDoor, jenniferDoor, cobraDoor, yamlDoor, mmapDoor, dicomDoor, "net/http", "fhir", "omop", "columnar"},
	},
	{
		// x/text's tables of East Asian character sets are 1 MiB of it.
		"dicommeta", `"os"; "github.com/carabiner-health/carabiner/dicommeta"`,
		`x, err := dicommeta.Parse(os.Stdin, 0, nil); println(err); v, err := dicommeta.NewValidator(nil); println(len(v.Validate(x)), err)`,
		6, []string{parquetDoor, jenniferDoor, cobraDoor, yamlDoor, mmapDoor, dicomDoor, "net/http", "fhir", "omop", "columnar", "mapping"},
	},
	{
		"dicommeta/index", `"context"; "github.com/carabiner-health/carabiner/dicommeta"; "github.com/carabiner-health/carabiner/dicommeta/index"`,
		`r, err := index.Build(context.Background(), dicommeta.Sources("x"), &index.Options{Out: "y"}); println(r, err)`,
		9, []string{jenniferDoor, cobraDoor, yamlDoor, mmapDoor, dicomDoor, "net/http", "fhir", "omop", "mapping"},
	},
	{
		"mapping", `"context"; "github.com/carabiner-health/carabiner/mapping"`,
		`r, err := mapping.Convert(context.Background(), nil, &mapping.ConvertOptions{Out: "x"}); println(r, err)`,
		12, []string{jenniferDoor, cobraDoor, mmapDoor, "net/http"},
	},
}

const (
	parquetDoor  = "github.com/parquet-go/"
	jenniferDoor = "github.com/dave/jennifer/"
	cobraDoor    = "github.com/spf13/"
	yamlDoor     = "github.com/goccy/go-yaml"
	mmapDoor     = "github.com/edsrzf/mmap-go"
	protoDoor    = "github.com/google/fhir/"
	protobufDoor = "google.golang.org/protobuf"
	dicomDoor    = "github.com/suyashkumar/dicom"
)

func TestProgramsLinkOnlyWhatTheyAskFor(t *testing.T) {
	for _, d := range doorsAndSizes {
		deps := dependencies(t, "./"+d.name)
		for _, door := range d.without {
			// =fhir is the package alone, fhir also what is below it.
			door, alone := strings.CutPrefix(door, "=")
			if !strings.Contains(door, ".") && door != "net/http" {
				door = module + "/" + door
			}
			for _, p := range deps {
				if p == door || !alone && strings.HasPrefix(p, strings.TrimSuffix(door, "/")+"/") {
					t.Errorf("%s links %s", d.name, p)
				}
			}
		}
	}
}

// The command works where there is no network. The one package that uses one
// asks the DICOMweb server that the user names.
func TestOnlyDICOMwebUsesTheNetwork(t *testing.T) {
	for _, p := range listPackages(t) {
		rel, ok := below(p.ImportPath)
		if !ok || rel == "dicommeta/web" {
			continue
		}
		for _, path := range []string{"net", "net/http", "net/rpc", "crypto/tls"} {
			if slices.Contains(p.Imports, path) {
				t.Errorf("%s imports %s", rel, path)
			}
		}
	}
	for _, pattern := range []string{"./fhir", "./omop", "./dicommeta", "./dicommeta/index", "./mapping", "./dataset/extract", "./dataset/survey", "./gen"} {
		if slices.Contains(dependencies(t, pattern), "net/http") {
			t.Errorf("%s links net/http", pattern)
		}
	}
}

// Messages weigh more than everything else together: only who asks for them by
// importing their door gets them.
func TestCommandLinksNoMessages(t *testing.T) {
	for _, pattern := range []string{"./cmd/carabiner", "./fhir", "./mapping"} {
		for _, p := range dependencies(t, pattern) {
			for _, door := range []string{strings.TrimSuffix(protoDoor, "/"), protobufDoor, "github.com/golang/protobuf"} {
				if p == door || strings.HasPrefix(p, door+"/") {
					t.Errorf("%s links %s", pattern, p)
				}
			}
		}
	}
}

func dependencies(t *testing.T, pattern string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", pattern).CombinedOutput()
	if err != nil {
		t.Fatalf("go list -deps %s: %v\n%s", pattern, err, out)
	}
	return strings.Fields(string(out))
}

func TestProgramsStayWithinTheirSize(t *testing.T) {
	if testing.Short() {
		t.Skip("links a program for each door")
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the budgets are those of linux/amd64")
	}
	for _, d := range doorsAndSizes {
		t.Run(d.name, func(t *testing.T) {
			dir := t.TempDir()
			source := filepath.Join(dir, "main.go")
			text := fmt.Sprintf("package main\n\nimport (%s)\n\nfunc main() { %s }\n", d.imports, d.body)
			if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			program := filepath.Join(dir, "program")
			build := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, source)
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("go build: %v\n%s", err, out)
			}
			info, err := os.Stat(program)
			if err != nil {
				t.Fatal(err)
			}
			have := float64(info.Size()) / (1 << 20)
			t.Logf("%.1f MiB of %.1f", have, d.mebibytes)
			if have > d.mebibytes {
				t.Errorf("want at most %.1f MiB, have %.1f", d.mebibytes, have)
			}
		})
	}
}
