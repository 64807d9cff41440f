package fhirproto

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

// opinions are the kinds of findings that google/fhir and our own Validator both
// have, under the codes of each.
var opinions = []struct {
	kind       string
	google, we []issue.Code
}{
	{"primitive", []issue.Code{CodePrimitive, CodeValue}, []issue.Code{"fhir-primitive", "fhir-id", "fhir-string-control", "fhir-json-kind", "fhir-binding"}},
	{"required", []issue.Code{CodeRequired}, []issue.Code{"fhir-cardinality"}},
	{"reference", []issue.Code{CodeReferenceTarget}, []issue.Code{"fhir-reference"}},
}

// newValidator is the one place that knows how a Validator is made.
func newValidator(t *testing.T) func(*fhir.Resource) issue.List {
	t.Helper()
	v, err := fhir.NewValidator(nil, &fhir.ValidateOptions{MaxIssues: 1000, AnyExtension: true})
	if err != nil {
		t.Fatal(err)
	}
	return v.Validate
}

// TestSecondOpinion holds our Validator beside google/fhir's over the official
// examples, kind by kind: whether there is an error of that kind in the file.
// testdata/second-opinion.txt lists where the two differ; it may only shrink,
// so a difference that is gone has to leave the list.
func TestSecondOpinion(t *testing.T) {
	heavy(t)
	validate := newValidator(t)
	known, reasons := knownOpinions(t)
	var differences []string
	agreed := map[string]int{}
	examples(t, func(name string, text []byte) {
		if isDefinition(name) {
			return
		}
		r, err := fhir.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		_, google, err := ToProto(r, &Options{Validate: true, Unchecked: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		we := validate(r)
		for _, o := range opinions {
			theirs, ours := hasError(google, o.google), hasError(we, o.we)
			switch {
			case theirs && !ours:
				differences = append(differences, o.kind+" google "+name)
			case !theirs && ours:
				differences = append(differences, o.kind+" we "+name)
			case theirs:
				agreed[o.kind]++
			}
		}
	})
	t.Logf("errors in which both agree: %v; differences: %d", agreed, len(differences))
	slices.Sort(differences)
	if os.Getenv("CARABINER_UPDATE") == "1" {
		kept := reasons
		for _, d := range differences {
			if known == nil || known[d] { // an existing list never grows by itself
				kept = append(kept, d)
			}
		}
		if err := os.WriteFile("testdata/second-opinion.txt", []byte(strings.Join(kept, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Error("the list was rewritten")
	}
	for _, d := range differences {
		if !known[d] {
			t.Errorf("new difference: %s", d)
		}
		delete(known, d)
	}
	for d := range known {
		t.Errorf("no difference any more; want it out of the list: %s", d)
	}
}

// isDefinition reports whether a file is one of the definitions among the
// examples, which other tests read.
func isDefinition(name string) bool {
	typ, _, _ := strings.Cut(name, "-")
	switch typ {
	case "StructureDefinition", "ValueSet", "CodeSystem", "ConceptMap", "SearchParameter", "OperationDefinition", "CompartmentDefinition", "CapabilityStatement", "NamingSystem":
		return true
	}
	return false
}

func hasError(list issue.List, codes []issue.Code) bool {
	return slices.ContainsFunc(list, func(i issue.Issue) bool {
		return i.Severity >= issue.Error && slices.Contains(codes, i.Code)
	})
}

// knownOpinions reads the list, and the reasons at its head; nil if there is none.
func knownOpinions(t *testing.T) (known map[string]bool, reasons []string) {
	t.Helper()
	file, err := os.Open("testdata/second-opinion.txt")
	if err != nil {
		return nil, nil
	}
	defer func() { _ = file.Close() }()
	known = map[string]bool{}
	s := bufio.NewScanner(file)
	for s.Scan() {
		switch line := strings.TrimSpace(s.Text()); {
		case strings.HasPrefix(line, "#"):
			reasons = append(reasons, line)
		case line != "":
			known[line] = true
		}
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return known, reasons
}
