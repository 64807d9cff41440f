package fhirdef

import (
	"strings"
	"testing"
)

func TestR4HoldsPatient(t *testing.T) {
	d := R4()
	p := d.Type("Patient")
	if p == nil || p.URL != "http://hl7.org/fhir/StructureDefinition/Patient" || len(p.Elements) < 40 {
		t.Fatalf("want the structure of Patient, have %+v", p)
	}
	if got := d.Structure(p.URL + "|4.0"); got != p {
		t.Errorf("want the same structure for |4.0")
	}
	if got := d.Structure(p.URL + "|5.0.0"); got != nil {
		t.Errorf("want none for a version that is not held")
	}
	if s := d.ValueSet("http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1"); s == nil || len(s.Compose.Include) != 1 {
		t.Errorf("want the value set of genders, have %+v", s)
	}
	if s := d.CodeSystem("http://terminology.hl7.org/CodeSystem/v3-ActCode"); s == nil || s.Package != "hl7.terminology.r4#7.0.1" {
		t.Errorf("want v3-ActCode of HL7's terminology, have %+v", s)
	}
}

// Lookups from several goroutines at once see the same values; run with -race.
func TestLookupsAreSafeForConcurrentUse(t *testing.T) {
	pkgs, err := readIndex(r4Index, r4Facts)
	if err != nil {
		t.Fatal(err)
	}
	d := FromPackages(pkgs...)
	for _, name := range []string{"a", "b", "c", "d"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, typ := range []string{"Patient", "Observation", "Bundle", "Timing", "code"} {
				s, shape := d.Type(typ), d.Shape(typ)
				if s == nil || shape == nil || d.Type(typ) != s || d.Shape(typ) != shape {
					t.Errorf("%s: want one structure and one shape", typ)
				}
				for i := range s.Elements {
					if b := s.Elements[i].Binding; b != nil {
						d.ValueSet(b.ValueSet)
					}
				}
			}
		})
	}
}

// The newest definition of every URL is among those that are enumerated.
func TestEnumerationsFindWhatTheyName(t *testing.T) {
	d := R4()
	counts := map[string]int{}
	for typ, find := range map[string]func(string) bool{
		"StructureDefinition": func(url string) bool { return d.Structure(url) != nil },
		"ValueSet":            func(url string) bool { return d.ValueSet(url) != nil },
		"CodeSystem":          func(url string) bool { return d.CodeSystem(url) != nil },
	} {
		seen := map[string]bool{}
		for url := range d.URLs(typ) {
			if seen[url] || !find(url) || len(d.Versions(url)) == 0 && !strings.Contains(url, "|") {
				t.Errorf("%s %s: want it once, and found", typ, url)
			}
			seen[url] = true
		}
		counts[typ] = len(seen)
	}
	n := 0
	for s := range d.Structures() {
		if d.Structure(s.URL) != s {
			t.Errorf("%s: want the structure that its URL finds", s.URL)
		}
		n++
	}
	if n != counts["StructureDefinition"] || n < 900 || counts["ValueSet"] < 2500 || counts["CodeSystem"] < 1000 {
		t.Errorf("want the same number each way, have %d and %v", n, counts)
	}
	if n := len(d.Supplements("http://terminology.hl7.org/CodeSystem/none")); n != 0 {
		t.Errorf("want no supplements, have %d", n)
	}
}
