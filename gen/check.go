package gen

import (
	"fmt"
	"go/token"
	"strings"
)

// check returns why a model cannot become code: a name that is no Go
// identifier, a field or method that is not exported, or a name that two
// things of the same scope would share.
func (m *Model) check() error {
	if !token.IsIdentifier(m.Package) {
		return fmt.Errorf("gen: package %q: want a Go identifier", m.Package)
	}
	if m.File == "" || strings.ContainsAny(m.File, `/\`) || !strings.HasSuffix(m.File, ".go") {
		return fmt.Errorf("gen: file %q: want a name that ends in .go and has no folder", m.File)
	}
	top := map[string]bool{}
	for _, a := range m.Aliases {
		if err := claim(top, a.Name, "alias", false); err != nil {
			return err
		}
		if a.Path == "" || strings.ContainsAny(a.Path, "\"`\\\n") || !token.IsIdentifier(a.Type) || !token.IsExported(a.Type) {
			return fmt.Errorf("gen: alias %s: want the import path of a package and an exported type of it", a.Name)
		}
	}
	for _, s := range m.Structs {
		if err := claim(top, s.Name, "struct", false); err != nil {
			return err
		}
		inside := map[string]bool{}
		for _, f := range s.Fields {
			if err := claim(inside, f.Name, "field of "+s.Name, true); err != nil {
				return err
			}
			if f.Type.Name == "" {
				return fmt.Errorf("gen: field %s.%s: want a type", s.Name, f.Name)
			}
			for _, t := range f.Tags {
				if t.Key == "" || strings.ContainsAny(t.Key+t.Value, "\"`:\\\n") {
					return fmt.Errorf("gen: tag of %s.%s: want a key and a value without quotes, colons and line breaks", s.Name, f.Name)
				}
			}
		}
		for _, c := range s.Methods {
			if err := claim(inside, c.Name, "method of "+s.Name, true); err != nil {
				return err
			}
		}
	}
	for _, l := range m.Lists {
		if !token.IsIdentifier(l.Name) || !token.IsIdentifier(l.Element) || !token.IsIdentifier(l.Make) {
			return fmt.Errorf("gen: list %q: want Go identifiers", l.Name)
		}
		if err := claim(top, l.Name, "list", false); err != nil {
			return err
		}
	}
	return nil
}

func claim(taken map[string]bool, name, what string, exported bool) error {
	if !token.IsIdentifier(name) || exported && !token.IsExported(name) {
		return fmt.Errorf("gen: %s %q: want a Go identifier that fits", what, name)
	}
	if taken[name] {
		return fmt.Errorf("gen: %s %s: the name is taken", what, name)
	}
	taken[name] = true
	return nil
}
