package fhirdef

import "testing"

// coldStart does what a validating program does before its first resource: it
// reads the index, then the structures of two resources and of all types inside
// them, and the value sets they bind with the code systems behind those.
func coldStart(tb testing.TB) (structures, sets int) {
	pkgs, err := readIndex(r4Index, r4Facts)
	if err != nil {
		tb.Fatal(err)
	}
	d := FromPackages(pkgs...)
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		s := d.Type(name)
		if s == nil {
			return
		}
		structures++
		for i := range s.Elements {
			e := &s.Elements[i]
			for j := range e.Types {
				if typ := e.Types[j].Name(); typ != "Resource" {
					visit(typ)
				}
			}
			if e.Binding == nil || e.Binding.ValueSet == "" || seen[e.Binding.ValueSet] {
				continue
			}
			seen[e.Binding.ValueSet] = true
			if set := d.ValueSet(e.Binding.ValueSet); set != nil && set.Compose != nil {
				sets++
				for _, inc := range set.Compose.Include {
					d.CodeSystem(inc.System)
				}
			}
		}
	}
	visit("Patient")
	visit("Observation")
	return structures, sets
}

func BenchmarkColdStart(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		coldStart(b)
	}
}

func BenchmarkIndex(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		pkgs, err := readIndex(r4Index, r4Facts)
		if err != nil {
			b.Fatal(err)
		}
		FromPackages(pkgs...)
	}
}

func BenchmarkWith(b *testing.B) {
	p := NewPackage("p", "1")
	for b.Loop() {
		R4().With(p)
	}
}

func BenchmarkFindStructure(b *testing.B) {
	d := R4()
	for b.Loop() {
		d.Structure("http://hl7.org/fhir/StructureDefinition/Patient")
	}
}
