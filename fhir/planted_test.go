package fhir_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/fhir/internal/check"
	"github.com/carabiner-health/carabiner/internal/flow"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// Planted mistakes: resources without an error get one mistake each, by an edit
// of their text. The validator must find each of them, with the right code, at
// the right element and line, without an error elsewhere that is no consequence,
// and without a word of what the resource says.

// mark is part of every value that is planted, so that a message which repeats
// one gives itself away.
const mark = "Zq7x"

// subject is a resource without an error.
type subject struct {
	name     string
	text     []byte
	root     jsontree.Value
	spots    []*spot
	profiles []*fhirdef.Structure
	defs     *fhirdef.Definitions
}

// planted is a mistake and what should be found.
type planted struct {
	class string
	what  string // where, in terms of the definitions
	text  []byte
	codes []issue.Code
	path  string
	// at is where in the text the finding should point; -1 = at the element of path.
	at int
	// weight is how grave the finding should be at least; 0 = an error.
	weight issue.Severity
	// spreads: the mistake makes errors in other places too.
	spreads bool
	rule    string // the end of the finding's rule, if it matters
}

// planter plants the mistakes of one class.
type planter struct {
	class string
	plant func(s *subject, emit func(planted))
}

// planters are all classes.
func planters() []planter {
	return slices.Concat(structurePlanters(), valuePlanters(), profilePlanters(), rulePlanters(), linkPlanters())
}

func newSubject(defs *fhirdef.Definitions, name string, text []byte) (*subject, error) {
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, text, "", " "); err != nil {
		return nil, err
	}
	s := &subject{name: name, text: pretty.Bytes(), defs: defs}
	var tree jsontree.Tree
	if err := tree.Parse(s.text, nil); err != nil {
		return nil, err
	}
	s.root = tree.Root()
	s.spots = spotsOf(defs, s.root)
	for _, p := range s.root.Get("meta").Get("profile").All() {
		if st := defs.Structure(p.Text()); st != nil {
			s.profiles = append(s.profiles, st)
		}
	}
	return s, nil
}

func errorsOf(v *fhir.Validator, text []byte) (issue.List, error) {
	r, err := fhir.Parse(text)
	if err != nil {
		return nil, err
	}
	return v.Validate(r), nil
}

// verdict is how a planted mistake was found.
type verdict struct {
	found, place, line, quiet, discreet bool
	why                                 string
}

func (v verdict) good() bool { return v.found && v.place && v.line && v.quiet && v.discreet }

// judge validates a planted mistake and compares the findings with what should
// be found.
func judge(v *fhir.Validator, s *subject, p planted) verdict {
	list, err := errorsOf(v, p.text)
	if err != nil {
		return verdict{why: "it does not parse: " + err.Error()}
	}
	weight := max(p.weight, issue.Error)
	if p.weight != 0 {
		weight = p.weight
	}
	got := verdict{quiet: true, discreet: true}
	var says []string
	line := lineOf(s.defs, p)
	for _, i := range list {
		if s.leak(i.Message + "\n" + i.Path + "\n" + i.Rule) {
			got.discreet = false
			says = append(says, "leak: "+i.String())
		}
		right := slices.Contains(p.codes, i.Code) && i.Severity >= weight && strings.HasSuffix(i.Rule, p.rule)
		switch {
		case right && i.Path == p.path:
			got.found, got.place = true, true
			got.line = got.line || i.Pos.Line == line && positionFits(p.text, i.Pos)
		case right:
			got.found = true
		}
		if i.Severity >= issue.Error && !p.spreads && !related(i.Path, p.path) && !throughContained(p, i) {
			got.quiet = false
		}
		if i.Severity >= weight {
			says = append(says, i.String()+" ["+i.Rule+"]")
		}
	}
	if !got.good() {
		got.why = fmt.Sprintf("want %v at %s line %d, have\n\t%s", p.codes, p.path, line, strings.Join(says, "\n\t"))
	}
	return got
}

// throughContained tells a consequence that a contained resource carries on: it
// is at fault itself, or no longer referred to.
func throughContained(p planted, i issue.Issue) bool {
	return i.Code == check.CodeContained || i.Code == check.CodeReference && strings.Contains(p.path, ".contained[")
}

// related tells whether one of two paths leads to the other.
func related(a, b string) bool {
	a, b = strings.ReplaceAll(a, "._", "."), strings.ReplaceAll(b, "._", ".")
	if len(a) > len(b) {
		a, b = b, a
	}
	return a == b || strings.HasPrefix(b, a) && (b[len(a)] == '.' || b[len(a)] == '[')
}

// lineOf returns the line that a finding should name.
func lineOf(defs *fhirdef.Definitions, p planted) int {
	at := p.at
	if at < 0 {
		var tree jsontree.Tree
		if tree.Parse(p.text, nil) != nil {
			return 0
		}
		for _, s := range spotsOf(defs, tree.Root()) {
			if s.path == p.path {
				at = s.value.Offset()
			}
		}
	}
	if at < 0 {
		return 0
	}
	line, _ := jsontree.Position(p.text, at)
	return line
}

// positionFits tells whether line and column are those of the offset.
func positionFits(text []byte, pos issue.Pos) bool {
	line, column := jsontree.Position(text, int(pos.Offset))
	return line == pos.Line && column == pos.Column
}

// leak tells whether a message holds a text of the resource: of any value but
// those of definitions, which are codes and addresses.
func (s *subject) leak(message string) bool {
	if strings.Contains(message, mark) {
		return true
	}
	message = definitionText.ReplaceAllString(message, "")
	for _, x := range s.spots {
		switch x.typ {
		case "code", "uri", "canonical", "url", "boolean":
			continue
		}
		if !isPrimitiveType(x.typ) || x.name == "url" || x.full == "Bundle.link.relation" || x.value.Kind() != jsontree.String {
			continue
		}
		if text := x.value.Text(); len(text) > 3 && strings.Contains(message, text) && !s.isTerm(text) {
			return true
		}
	}
	return false
}

// definitionText is what messages quote of definitions: addresses, and the words
// of an invariant.
var definitionText = regexp.MustCompile(`https?://[^\s),;]+|(?m)have it broken: .*$`)

// isTerm tells a text that is also a name of FHIR's.
func (s *subject) isTerm(text string) bool {
	if s.defs.Type(text) != nil {
		return true
	}
	for _, x := range s.spots {
		if strings.EqualFold(x.name, text) || strings.EqualFold(x.full, text) {
			return true
		}
	}
	for _, p := range s.profiles {
		if strings.Contains(strings.ToLower(p.URL+p.Name), strings.ToLower(text)) {
			return true
		}
		for i := range p.Elements {
			if strings.EqualFold(p.Elements[i].SliceName, text) {
				return true
			}
		}
	}
	return false
}

// account counts the verdicts of a class.
type account struct{ planted, found, place, line, quiet, discreet, good int }

// table writes the accounts.
func table(classes []string, accounts map[string]*account) string {
	var b strings.Builder
	row := func(name string, a *account) {
		fmt.Fprintf(&b, "%-34s %7d %7d %7d %7d %7d %9d %6.1f %%\n", name, a.planted, a.found, a.place, a.line, a.quiet, a.discreet, 100*float64(a.good)/float64(max(1, a.planted)))
	}
	fmt.Fprintf(&b, "%-34s %7s %7s %7s %7s %7s %9s %6s\n", "class", "planted", "found", "place", "line", "quiet", "discreet", "good")
	all := account{}
	for _, name := range classes {
		a := accounts[name]
		row(name, a)
		all.planted += a.planted
		all.found += a.found
		all.place += a.place
		all.line += a.line
		all.quiet += a.quiet
		all.discreet += a.discreet
		all.good += a.good
	}
	row("all", &all)
	return b.String()
}

// perClass bounds how many mistakes of a class are tried.
const perClass = 100

// plantedVariable names the environment variable that picks a class to look at:
// all its mistakes are tried, and each that is not found well is shown.
const plantedVariable = "CARABINER_PLANTED"

type trial struct {
	subject *subject
	mistake planted
	rank    uint64
}

// trialsOf plants a class in all subjects and chooses an even sample, the same
// each time.
func trialsOf(c planter, subjects []*subject, limit int) []trial {
	var all []trial
	seen := map[string]int{}
	for _, s := range subjects {
		c.plant(s, func(p planted) {
			p.class = c.class
			if p.at == 0 {
				p.at = -1
			}
			key := s.root.Get("resourceType").Text() + " " + p.what
			seen[key]++
			h := fnv.New64a()
			fmt.Fprint(h, c.class, s.name, p.what, len(all))
			all = append(all, trial{s, p, uint64(min(seen[key], 1<<10))<<48 | h.Sum64()>>16})
		})
	}
	slices.SortStableFunc(all, func(a, b trial) int {
		switch {
		case a.rank < b.rank:
			return -1
		case a.rank > b.rank:
			return 1
		}
		return 0
	})
	return all[:min(limit, len(all))]
}

func TestPlantedMistakesAreFound(t *testing.T) {
	if testing.Short() {
		t.Skip("much data: left out with -short")
	}
	v, subjects := plantedSubjects(t)
	chosen := os.Getenv(plantedVariable)
	accounts := map[string]*account{}
	var classes []string
	for _, c := range planters() {
		limit := perClass
		if chosen != "" {
			if c.class != chosen {
				continue
			}
			limit = 1 << 30
		}
		classes = append(classes, c.class)
		a := &account{}
		accounts[c.class] = a
		shown := 0
		tryAll(t, v, trialsOf(c, subjects, limit), func(x trial, got verdict) {
			a.count(got)
			if got.good() {
				return
			}
			if shown++; shown <= 3 || chosen != "" && shown <= 40 {
				t.Errorf("%s: %s in %s: %s", c.class, x.mistake.what, x.subject.name, got.why)
			}
		})
		if a.planted == 0 {
			t.Errorf("%s: want mistakes of the class planted, have none", c.class)
		}
	}
	t.Logf("%d resources\n%s", len(subjects), table(classes, accounts))
}

func (a *account) count(v verdict) {
	add := func(n *int, ok bool) {
		if ok {
			*n++
		}
	}
	a.planted++
	add(&a.found, v.found)
	add(&a.place, v.place)
	add(&a.line, v.line)
	add(&a.quiet, v.quiet)
	add(&a.discreet, v.discreet)
	add(&a.good, v.good())
}

// tryAll judges trials with several workers, and hands the verdicts out in order.
func tryAll(t *testing.T, v *fhir.Validator, trials []trial, each func(trial, verdict)) {
	t.Helper()
	type judged struct {
		trial
		verdict
	}
	seq := func(yield func(trial, error) bool) {
		for _, x := range trials {
			if !yield(x, nil) {
				return
			}
		}
	}
	work := func(_ context.Context, _ int, x trial) (judged, error) {
		return judged{x, judge(v, x.subject, x.mistake)}, nil
	}
	err := flow.Ordered(t.Context(), flow.Workers(0), seq, work, func(j judged) error {
		each(j.trial, j.verdict)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// plantedSubjects returns the resources to plant mistakes in, and the validator
// that finds no error in any of them.
func plantedSubjects(t *testing.T) (*fhir.Validator, []*subject) {
	t.Helper()
	archive := golden.Shared(t, "data/fhir/us-core-6.1.0.tgz")
	p, err := fhirdef.Load(t.Context(), archive, &fhirdef.LoadOptions{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	defs := fhirdef.R4().With(p)
	v, err := fhir.NewValidator(defs, &fhir.ValidateOptions{MaxIssues: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var out []*subject
	take := func(name string, text []byte) {
		s, err := newSubject(defs, name, text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		list, err := errorsOf(v, s.text)
		if err == nil && !list.HasErrors() {
			out = append(out, s)
		}
	}
	for x, err := range examplesOf(archive, "package/example") {
		if err != nil {
			t.Fatal(err)
		}
		if len(x.text) < 64<<10 {
			take(x.name, x.text)
		}
	}
	ofGuide := len(out)
	for _, name := range []string{"Patient", "Observation", "Condition", "Encounter", "Procedure", "Immunization", "MedicationRequest", "AllergyIntolerance", "Claim", "DiagnosticReport"} {
		lines := firstLines(t, filepath.Join(golden.Shared(t, "data/fhir/synthea"), "bulk-300", name+".000.ndjson.gz"), 4)
		for i, text := range lines {
			take(fmt.Sprintf("synthea %s %d", name, i+1), text)
		}
		if name == "Patient" || name == "Condition" || name == "Encounter" {
			take("bundle of "+name, bundleOf(t, lines))
		}
	}
	if ofGuide < 140 || len(out)-ofGuide < 25 {
		t.Fatalf("want 140 or more faultless examples and 25 or more faultless exported resources, have %d and %d", ofGuide, len(out)-ofGuide)
	}
	return v, out
}

// firstLines returns the first lines of a packed file.
func firstLines(t *testing.T, path string, n int) [][]byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(io.LimitReader(z, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.SplitN(text, []byte{'\n'}, n+1)[:n]
}

// bundleOf makes a collection of resources that refer to one patient in it.
func bundleOf(t *testing.T, resources [][]byte) []byte {
	t.Helper()
	const patient = "urn:uuid:0e3f7b52-8a0d-4a68-9d8c-5a8d7b4f1c00"
	entries := []string{`{"fullUrl":"` + patient + `","resource":{"resourceType":"Patient","active":true}}`}
	for i, text := range resources {
		var tree jsontree.Tree
		if err := tree.Parse(text, nil); err != nil {
			t.Fatal(err)
		}
		if to := tree.Root().Get("subject").Get("reference"); to.Kind() == jsontree.String {
			text = replaced(text, to, `"`+patient+`"`).text
		}
		entries = append(entries, fmt.Sprintf(`{"fullUrl":"urn:uuid:0e3f7b52-8a0d-4a68-9d8c-5a8d7b4f1c%02d","resource":%s}`, i+1, text))
	}
	return []byte(`{"resourceType":"Bundle","type":"collection","entry":[` + strings.Join(entries, ",") + `]}`)
}
