package fhirpath

import "testing"

func TestTermKindsAreThoseOfTheTree(t *testing.T) {
	for _, c := range []struct {
		term TermKind
		tree astKind
	}{{TermEmpty, astEmpty}, {TermLiteral, astLiteral}, {TermVariable, astVariable}, {TermCall, astCall}, {TermBinary, astBinary}, {TermSort, astSort}} {
		if c.term != TermKind(c.tree) {
			t.Errorf("want kind %d of the tree as %d", c.tree, c.term)
		}
	}
}

func TestParseReturnsOperandsAndArguments(t *testing.T) {
	tree, err := Parse("name.where(use = 'official').exists() and %resource is Patient")
	if err != nil {
		t.Fatal(err)
	}
	if tree.Kind != TermBinary || tree.Name != "and" || len(tree.Args) != 2 {
		t.Fatalf("want the operator and, have %+v", tree)
	}
	exists, is := tree.Args[0], tree.Args[1]
	if exists.Kind != TermCall || exists.Name != "exists" || len(exists.Args) != 0 || exists.On.Name != "where" || exists.On.On.Name != "name" || exists.On.On.On != nil {
		t.Errorf("want exists() on where() on name, have %+v", exists)
	}
	if s, ok := exists.On.Args[0].Args[1].Value.Text(); !ok || s != "official" {
		t.Error("want the literal official")
	}
	if is.Kind != TermType || is.Op != "is" || is.Name != "Patient" || is.On.Kind != TermVariable || is.On.Name != "resource" {
		t.Errorf("want a test of the type Patient, have %+v", is)
	}
	if _, err := Parse("a +"); err == nil {
		t.Error("want an error of half an expression")
	}
}
