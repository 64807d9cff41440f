package check

import (
	"github.com/carabiner-health/carabiner/fhir/fhirpath"
	"strconv"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// run is the checking of one input: a stack of frames and the findings.
type run struct {
	*Checker
	in         *Input
	frames     []frame
	slots      []slot // of the objects being walked
	list       issue.List
	counts     [issue.Fatal + 1]int // findings by severity
	seen       map[seenKey]struct{} // findings, so that none comes twice
	trial      int                  // depth of conforms: findings are only counted
	failed     int                  // errors found in the trial
	memo       map[memoKey]bool     // answers of conforms
	depth      int                  // of profiles inside profiles
	bundle     map[int]*bundleIndex // by offset of the Bundle
	ids        []byte               // scratch
	inputs     []*fhirpath.Input    // one for each evaluation inside another
	evaluating int
	evaluated  at
	codes      map[string]*knownCode // kept for further inputs
	elementIDs map[elementID]struct{}
	lastYear   int // the last that is likely; 0 = not asked yet
}

type seenKey struct {
	code    issue.Code
	path    string
	message string
}

// elementID is an id inside a resource.
type elementID struct {
	scope at
	id    string
}

type memoKey struct {
	offset  int
	profile string
}

// at is a frame's number on the stack of a run.
type at int32

const none at = -1

// frame is one element between the root of the input and the place looked at.
type frame struct {
	value     jsontree.Value // Invalid for a primitive with a companion alone
	companion jsontree.Value // the _x beside a primitive
	name      string         // in the parent; of a choice without its type
	choice    string         // the type of a choice element; "" for others
	typ       string         // Patient, HumanName, string, Observation.component
	index     int            // in a list; -1 for what is no list
	parent    at
	scope     at // the frame of the resource that holds it, or itself if it is one
	node      *node
}

func (r *run) start(in *Input) {
	r.in = in
	r.list = nil
	r.lastYear = 0
}

func (r *run) finish() {
	clear(r.frames)
	r.frames = r.frames[:0]
	clear(r.slots)
	r.slots = r.slots[:0]
	r.in, r.list = nil, nil
	clear(r.seen)
	clear(r.memo)
	clear(r.bundle)
	clear(r.elementIDs)
	r.trial, r.failed = 0, 0
	r.counts = [issue.Fatal + 1]int{}
}

// push puts a frame on the stack; pop takes it and all above it down.
func (r *run) push(parent at, f frame) at {
	f.parent = parent
	a := at(len(r.frames))
	f.scope = a
	if parent != none && f.name != "" && !f.isResource() {
		f.scope = r.frames[parent].scope
	}
	r.frames = append(r.frames, f)
	return a
}

func (r *run) pop(a at) { r.frames = r.frames[:a] }

// f returns a frame. The pointer is good until the next push.
func (r *run) f(a at) *frame { return &r.frames[a] }

// isResource tells a frame that holds a resource.
func (f *frame) isResource() bool {
	return f.value.Kind() == jsontree.Object && (f.parent == none || f.name == "contained" || f.name == "resource" || f.name == "outcome") &&
		f.value.Get("resourceType").Kind() == jsontree.String
}

// child pushes the frame of a member of an object.
func (r *run) child(a at, name string, index int, value jsontree.Value, typ string) at {
	return r.push(a, frame{name: name, index: index, value: value, typ: typ})
}

// container returns the scope that holds the resource of scope a; none at the root.
func (r *run) container(a at) at {
	if p := r.frames[a].parent; p != none {
		return r.frames[p].scope
	}
	return none
}

// path writes a frame's place as FHIRPath.
func (r *run) path(a at) string {
	b := make([]byte, 0, 96)
	return string(r.appendPath(b, a))
}

func (r *run) appendPath(b []byte, a at) []byte {
	f := &r.frames[a]
	if f.parent == none {
		return append(b, rootName(f)...)
	}
	b = append(append(r.appendPath(b, f.parent), '.'), f.name...)
	if f.index >= 0 {
		b = append(strconv.AppendInt(append(b, '['), int64(f.index), 10), ']')
	}
	if f.choice != "" {
		b = append(append(append(b, ".ofType("...), f.choice...), ')')
	}
	return b
}

// rootName is how a path begins.
func rootName(f *frame) string {
	if f.typ != "" {
		return f.typ
	}
	return "Resource"
}

// finding is what a rule reports; code, message and severity are enough.
type finding struct {
	severity issue.Severity
	code     issue.Code
	rule     string // the structure or invariant that speaks
	at       at
	value    jsontree.Value // where to point in the text; the frame's value if Invalid
	message  string
}

// report notes a finding. In a trial it only counts errors.
func (r *run) report(f finding) {
	if r.trial > 0 {
		if f.severity >= issue.Error {
			r.failed++
		}
		return
	}
	if r.counts[f.severity] > r.opts.MaxIssues {
		return
	}
	path := r.path(f.at)
	key := seenKey{f.code, path, f.message}
	if _, ok := r.seen[key]; ok {
		return
	}
	if r.seen == nil {
		r.seen = make(map[seenKey]struct{})
	}
	r.seen[key] = struct{}{}
	r.counts[f.severity]++
	if r.list == nil {
		r.list = make(issue.List, 0, 8)
	}
	r.list = append(r.list, issue.Issue{Severity: f.severity, Code: f.code, Pos: issue.Pos{Offset: int64(r.offset(f))}, Path: path, Message: f.message, Rule: f.rule})
}

// offset is where in the text a finding points.
func (r *run) offset(f finding) int {
	if f.value.Kind() != jsontree.Invalid {
		return f.value.Offset()
	}
	for a := f.at; a != none; a = r.frames[a].parent {
		if v := r.frames[a].value; v.Kind() != jsontree.Invalid {
			return v.Offset()
		}
		if v := r.frames[a].companion; v.Kind() != jsontree.Invalid {
			return v.Offset()
		}
	}
	return r.in.Root.Offset()
}

// err, warn and info are report for the common cases.
func (r *run) err(a at, code issue.Code, rule, message string) {
	r.report(finding{severity: issue.Error, code: code, rule: rule, at: a, message: message})
}

func (r *run) warn(a at, code issue.Code, rule, message string) {
	r.report(finding{severity: issue.Warning, code: code, rule: rule, at: a, message: message})
}

func (r *run) info(a at, code issue.Code, rule, message string) {
	r.report(finding{severity: issue.Information, code: code, rule: rule, at: a, message: message})
}

// conforms tells whether the element of a frame conforms to a profile, without
// reporting. An unknown profile is never conformed to.
func (r *run) conforms(a at, profile string) bool {
	st := r.defs.Structure(profile)
	if st == nil {
		return false
	}
	key := memoKey{-1, profile}
	if v := r.frames[a].value; v.Kind() != jsontree.Invalid {
		key.offset = v.Offset()
		if ok, known := r.memo[key]; known {
			return ok
		}
		if r.memo == nil {
			r.memo = make(map[memoKey]bool)
		}
		r.memo[key] = true // a circle back here does not decide
	}
	ok := r.attempt(func() { r.profile(a, st) })
	if key.offset >= 0 {
		r.memo[key] = ok
	}
	return ok
}

// attempt runs a check and tells whether it found no error; nothing is reported.
func (r *run) attempt(do func()) bool {
	before := r.failed
	r.trial++
	r.failed = 0
	do()
	ok := r.failed == 0
	r.trial--
	r.failed = before
	return ok
}
