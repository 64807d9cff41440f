// Package runtime is the support code of generated packages: optional values,
// exact decimals, partial dates, a JSON reader and writer. Generated packages
// import none of it; Select copies into each what it names. Here it is an
// ordinary package with tests.
package runtime

import (
	"bytes"
	"embed"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The files that are copied. A new one is added here; embed.go is not among them.
//
//go:embed opt.go issue.go decimal.go date.go raw.go members.go scan.go read.go append.go match.go value.go valueformat.go check.go check_order.go extension.go redact.go stream.go csv.go csvrows.go
var files embed.FS

// decl is a top-level declaration of the support code.
type decl struct {
	// names are what it declares; for a method it is the method's name, and recv is
	// the type.
	names []string
	recv  string
	text  string
	// uses are the names in it: see namesOf.
	uses map[string]bool
	// makes are the identifiers in the results of an exported function.
	makes []string
	// imports are the packages that it names.
	imports []string
}

// support returns the declarations in the order of the files.
var support = sync.OnceValue(func() []decl {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // the embedded folder cannot be missing
	}
	var all []decl
	for _, e := range entries {
		src, err := files.ReadFile(e.Name())
		if err != nil {
			panic(err)
		}
		all = append(all, declarations(e.Name(), src)...)
	}
	return all
})

func declarations(name string, src []byte) []decl {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, name, src, parser.ParseComments)
	if err != nil {
		panic(err) // it compiles, so it parses
	}
	imports := make(map[string]string)
	for _, im := range f.Imports {
		p, _ := strconv.Unquote(im.Path.Value)
		imports[path.Base(p)] = p
	}
	var all []decl
	for _, d := range f.Decls {
		out := decl{}
		var doc *ast.CommentGroup
		switch d := d.(type) {
		case *ast.FuncDecl:
			doc = d.Doc
			out.names = []string{d.Name.Name}
			switch {
			case d.Recv != nil:
				out.recv = receiver(d.Recv.List[0].Type)
			case d.Name.IsExported() && d.Type.Results != nil:
				for _, r := range d.Type.Results.List {
					out.makes = append(out.makes, receiver(r.Type))
				}
			}
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				continue
			}
			doc = d.Doc
			out.names = declared(d)
		}
		start := d.Pos()
		if doc != nil {
			start = doc.Pos()
		}
		out.text = string(src[set.Position(start).Offset:set.Position(d.End()).Offset])
		out.uses = namesOf(f, d)
		ast.Inspect(d, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && imports[x.Name] != "" {
					out.imports = append(out.imports, imports[x.Name])
				}
			}
			return true
		})
		all = append(all, out)
	}
	return all
}

// namesOf returns the names in a part of a file that may be those of top-level
// declarations, and with a dot in front those of methods. Names that the part
// declares itself, such as those of variables, are left out.
func namesOf(f *ast.File, part ast.Node) map[string]bool {
	names := make(map[string]bool)
	ast.Inspect(part, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			names["."+n.Sel.Name] = true
			ast.Inspect(n.X, func(x ast.Node) bool {
				if x != nil {
					maps.Copy(names, namesOf(f, x))
				}
				return false
			})
			return false
		case *ast.Ident:
			if n.Obj == nil || f.Scope.Objects[n.Name] == n.Obj {
				names[n.Name] = true
			}
		}
		return true
	})
	return names
}

func receiver(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.StarExpr:
		return receiver(x.X)
	case *ast.IndexExpr:
		return receiver(x.X)
	case *ast.Ident:
		return x.Name
	}
	return ""
}

func declared(d *ast.GenDecl) []string {
	var names []string
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			names = append(names, s.Name.Name)
		case *ast.ValueSpec:
			for _, n := range s.Names {
				names = append(names, n.Name)
			}
		}
	}
	return names
}

// Names returns the top-level names of the support code, which no type of a
// generated package may have.
func Names() map[string]bool {
	names := make(map[string]bool)
	for _, d := range support() {
		if d.recv == "" {
			for _, n := range d.names {
				names[n] = true
			}
		}
	}
	return names
}

// Select returns the text of runtime_gen.go for a package whose other files are
// given: the declarations that they name, and those that these name. Exported
// methods and functions that make a type come with the type, other methods where
// something names them.
// Header is put before the package clause.
func Select(header, pkg string, others [][]byte) ([]byte, error) {
	named := make(map[string]bool)
	for i, src := range others {
		f, err := parser.ParseFile(token.NewFileSet(), fmt.Sprintf("file %d", i), src, 0)
		if err != nil {
			return nil, err
		}
		maps.Copy(named, namesOf(f, f))
	}
	all := support()
	taken := make([]bool, len(all))
	for again := true; again; {
		again = false
		for i, d := range all {
			if taken[i] || !wanted(d, named) {
				continue
			}
			taken[i], again = true, true
			maps.Copy(named, d.uses)
		}
	}
	return render(header, pkg, all, taken)
}

func wanted(d decl, named map[string]bool) bool {
	if d.recv != "" {
		return named[d.recv] && (token.IsExported(d.names[0]) || named["."+d.names[0]])
	}
	called := func(n string) bool { return named[n] }
	return slices.ContainsFunc(d.names, called) || slices.ContainsFunc(d.makes, func(n string) bool { return token.IsExported(n) && named[n] })
}

func render(header, pkg string, all []decl, taken []bool) ([]byte, error) {
	imports := make(map[string]bool)
	var body bytes.Buffer
	for i, d := range all {
		if !taken[i] {
			continue
		}
		for _, p := range d.imports {
			imports[p] = true
		}
		body.WriteString("\n" + d.text + "\n")
	}
	if body.Len() == 0 {
		return nil, nil
	}
	var b strings.Builder
	b.WriteString(header + "\npackage " + pkg + "\n\n")
	if len(imports) > 0 {
		b.WriteString("import (\n")
		for _, p := range slices.Sorted(maps.Keys(imports)) {
			b.WriteString(strconv.Quote(p) + "\n")
		}
		b.WriteString(")\n")
	}
	b.WriteString(body.String())
	return format.Source([]byte(b.String()))
}
