package gen

import (
	"fmt"
	"go/token"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// outputs are the kinds of files by name, in the order in which they are made.
var outputs = []struct {
	name string
	make func(*dataset.Model, *GoOptions) ([]File, issue.List, error)
}{
	{"go", Go},
	{"json-schema", without(JSONSchema)},
	{"table-schema", without(TableSchema)},
	{"csvw", without(CSVW)},
	{"croissant", without(Croissant)},
	{"sql", sqlOfModel},
	{"markdown", without(Markdown)},
}

func without(f func(*dataset.Model) ([]File, issue.List, error)) func(*dataset.Model, *GoOptions) ([]File, issue.List, error) {
	return func(m *dataset.Model, _ *GoOptions) ([]File, issue.List, error) { return f(m) }
}

// Outputs returns the names of what Generate makes: go, json-schema,
// table-schema, csvw, croissant, sql, markdown.
func Outputs() []string {
	var names []string
	for _, o := range outputs {
		names = append(names, o.name)
	}
	return names
}

// Generate returns the files of a profile, in memory: those that names say, of
// Outputs; none = what the profile asks for, and Go where it asks for nothing.
// opts are those of the Go files; what they leave open the profile decides.
// The same model and options give the same bytes. The findings name what of the
// model a format does not hold. The error says what is wrong with the options.
func Generate(m *dataset.Model, names []string, opts *GoOptions) ([]File, issue.List, error) {
	for _, n := range names {
		if !slices.Contains(Outputs(), n) {
			return nil, nil, fmt.Errorf("gen: output %q: want one of %s", n, strings.Join(Outputs(), ", "))
		}
	}
	if len(names) == 0 {
		names = m.Outputs.Names
	}
	if !slices.ContainsFunc(Outputs(), func(n string) bool { return slices.Contains(names, n) }) {
		names = []string{"go"}
	}
	var o GoOptions
	if opts != nil {
		o = *opts
	}
	o.Extract = o.Extract || m.Outputs.GoExtract
	o.Tests = o.Tests || m.Outputs.GoTests
	if o.Package == "" {
		o.Package = m.Outputs.GoPackage
	}
	var all []File
	var findings issue.List
	for _, out := range outputs {
		if !slices.Contains(names, out.name) {
			continue
		}
		files, list, err := out.make(m, &o)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, files...)
		findings = append(findings, list...)
	}
	return all, findings, nil
}

func sqlOfModel(m *dataset.Model, _ *GoOptions) ([]File, issue.List, error) {
	dialects := m.Outputs.SQLDialects
	if len(dialects) == 0 {
		dialects = []string{"postgresql", "duckdb"}
	}
	var all []File
	var findings issue.List
	for _, d := range dialects {
		files, list, err := SQL(m, d)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, files...)
		findings = append(findings, list...)
	}
	return all, findings, nil
}

// PackageName returns the name of a Go package made of a text: its letters and
// digits in lower case, and "profile" where that leaves nothing or a keyword.
func PackageName(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9' && b.Len() > 0:
			b.WriteRune(r)
		}
	}
	if name := b.String(); token.IsIdentifier(name) {
		return name
	}
	return "profile"
}
