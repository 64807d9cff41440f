package check

import (
	"regexp"
	"sync"
	"time"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// Options are the options of a Checker; zero fields mean the defaults.
type Options struct {
	// MaxIssues bounds the findings of one input of each severity: one more than
	// that tells that there are more. 0 = 100.
	MaxIssues int
	// Profiles are canonical URLs that every input of their type is checked
	// against, besides the profiles it names itself.
	Profiles []string
	// AnyExtension allows extensions whose definitions are not there.
	AnyExtension bool
	// AllowComments allows fhir_comments members.
	AllowComments bool
	// SecurityChecks makes an error of text that looks like HTML.
	SecurityChecks bool
	// NoHTMLInMarkdown makes an error of tags of HTML in markdown.
	NoHTMLInMarkdown bool
	// AssumeValidRestReferences takes references that look like those of a REST
	// interface for good.
	AssumeValidRestReferences bool
	// References says how far references that lead out of the input are followed.
	References ReferencePolicy
	// BestPractice is the severity of best-practice invariants; 0 = Warning.
	BestPractice issue.Severity
	// WrongDisplay is the severity of a display that is none of the code's; 0 =
	// Error.
	WrongDisplay issue.Severity
	// Now is the time that rules compare with; zero = the clock.
	Now time.Time
}

// ReferencePolicy says how far references are followed.
type ReferencePolicy uint8

// The policies.
const (
	ReferencesInside     ReferencePolicy = iota // inside the input
	ReferencesMustExist                         // what Input.Find does not find is an error
	ReferencesMustBeType                        // and what it finds must be of the right type
)

// Input is one resource to check.
type Input struct {
	Root jsontree.Value
	// Find finds a resource outside of the input by reference; nil = none.
	Find func(reference string) (jsontree.Value, bool)
	// XML tells that the source was XML, whose form was checked on reading.
	XML bool
}

// Checker checks resources. It is immutable but for what it compiles on first
// use, and safe to share.
type Checker struct {
	defs     *fhirdef.Definitions
	opts     Options
	programs sync.Map // *fhirdef.Structure -> *program
	exprs    cache[string, compiled]
	patterns cache[string, *regexp.Regexp] // nil for what Go's patterns cannot say
	forms    cache[jsontree.Value, *form]  // of Questionnaires among the definitions
	runs     sync.Pool

	globalOnce sync.Once
	globals    map[string][]string // of implementation guides, by type
}

// New returns a Checker over definitions.
func New(defs *fhirdef.Definitions, opts Options) *Checker {
	if opts.MaxIssues == 0 {
		opts.MaxIssues = 100
	}
	if opts.WrongDisplay == 0 {
		opts.WrongDisplay = issue.Error
	}
	if opts.BestPractice == 0 {
		opts.BestPractice = issue.Warning
	}
	c := &Checker{defs: defs, opts: opts}
	c.runs.New = func() any { return &run{Checker: c} }
	return c
}

// Check returns the findings about the input; nil if there are none. Of their
// places only the offset is set, in the source of Root's tree.
func (c *Checker) Check(in *Input) issue.List {
	r := c.runs.Get().(*run)
	r.start(in)
	root := r.push(none, frame{value: in.Root, index: -1})
	r.resource(root, c.opts.Profiles)
	list := r.list
	r.finish()
	c.runs.Put(r)
	return list
}
