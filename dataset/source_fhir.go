package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// hl7Structure is where HL7 publishes FHIR's own types.
const hl7Structure = "http://hl7.org/fhir/StructureDefinition/"

// importStructure makes a table of one StructureDefinition: a file, a canonical,
// an id, or the name of a type.
func importStructure(ctx context.Context, in *input) ([]*Table, issue.List, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	b := newFHIRBuilder(in)
	st := b.findStructure()
	if st == nil {
		return nil, b.issues, nil
	}
	t := b.table(st)
	if t == nil {
		return nil, b.issues, nil
	}
	return []*Table{t}, b.issues, nil
}

// findStructure returns the structure that the source refers to; nil, with a
// finding, if there is none.
func (b *fhirBuilder) findStructure() *fhirdef.Structure {
	if len(b.in.data) > 0 {
		return b.parseFile()
	}
	ref := b.in.spec.Ref
	b.noteDefinitions()
	if st := b.lookUp(ref); st != nil {
		return st
	}
	b.finding(issue.Error, CodeUnknownName, "", fmt.Sprintf("want a structure that is at hand, have %q%s", ref, b.suggest(ref)))
	return nil
}

// lookUp finds a structure by canonical, the name of a type, or the last part
// of its canonical.
func (b *fhirBuilder) lookUp(ref string) *fhirdef.Structure {
	if ref == "" {
		return nil
	}
	if st := b.defs.Structure(ref); st != nil {
		return st
	}
	if st := b.defs.Type(ref); st != nil {
		return st
	}
	if st := b.defs.Structure(hl7Structure + ref); st != nil {
		return st
	}
	for url := range b.defs.URLs("StructureDefinition") {
		if urlTail(url) == ref {
			return b.defs.Structure(url)
		}
	}
	return nil
}

// suggest names the structure whose name is nearest to what was asked for.
func (b *fhirBuilder) suggest(ref string) string {
	var names []string
	for url := range b.defs.URLs("StructureDefinition") {
		names = append(names, urlTail(url))
	}
	return meant(urlTail(ref), names)
}

// parseFile reads the StructureDefinition in the source's file.
func (b *fhirBuilder) parseFile() *fhirdef.Structure {
	src := bytes.TrimPrefix(b.in.data, []byte("\xef\xbb\xbf"))
	tree := new(jsontree.Tree)
	if err := tree.Parse(src, nil); err != nil {
		b.definitionError(err, src)
		return nil
	}
	root := tree.Root()
	if !root.Get("resourceType").EqualText("StructureDefinition") {
		b.finding(issue.Error, CodeSource, "", "want a StructureDefinition in JSON, have another document")
		return nil
	}
	st, err := fhirdef.ParseStructure(src, b.in.file)
	if err != nil {
		b.definitionError(err, src)
		return nil
	}
	if st.URL != "" {
		pkg := fhirdef.NewPackage("", "")
		if err := pkg.Add(src, b.in.file); err != nil {
			b.definitionError(err, src)
			return nil
		}
		b.defs = b.defs.With(pkg)
		canonical := st.URL
		if st.Version != "" {
			canonical += "|" + st.Version
		}
		if found := b.defs.Structure(canonical); found != nil {
			st = found
		}
	}
	if len(st.Elements) == 0 {
		made := *st
		made.Elements, made.Problems = b.defs.Snapshot(st)
		if len(made.Elements) == 0 && st.Kind == "logical" && urlTail(st.Base) == "Base" {
			// Base has no elements, so that the differential says all.
			made.Elements, made.Problems = wholeElements(st.Differential), nil
		}
		st = &made
	}
	b.readPlaces(root, src)
	b.checkEdition(st)
	return st
}

// checkEdition tells of a structure for another edition of FHIR than that of the
// definitions.
func (b *fhirBuilder) checkEdition(st *fhirdef.Structure) {
	want := edition(st.FHIRVersion)
	for _, p := range b.defs.Packages() {
		name, version, _ := strings.Cut(p, "#")
		if strings.HasPrefix(name, "hl7.fhir.r") && strings.HasSuffix(name, ".core") && (want == "" || want == edition(version)) {
			return
		}
	}
	if want != "" {
		b.finding(issue.Warning, CodeSource, "", fmt.Sprintf("want definitions of FHIR %s, which the structure is for: name its core package under ig", st.FHIRVersion))
	}
}

// edition is the first two numbers of a version.
func edition(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return ""
	}
	return parts[0] + "." + parts[1]
}

// wholeElements fills in what the elements of a differential leave open.
func wholeElements(list []fhirdef.Element) []fhirdef.Element {
	out := slices.Clone(list)
	for i := range out {
		e := &out[i]
		e.Min = max(e.Min, 0)
		if e.Max < 0 {
			e.Max = 1
		}
		e.BasePath, e.BaseMin, e.BaseMax = e.Path, e.Min, e.Max
	}
	return out
}

// definitionError reports what fhirdef or jsontree say of a file.
func (b *fhirBuilder) definitionError(err error, src []byte) {
	pos := issue.Pos{Source: b.in.file, Line: 1, Column: 1}
	msg := "want a definition in JSON, have something else"
	var d *fhirdef.Error
	var s *jsontree.SyntaxError
	switch {
	case errors.As(err, &d):
		if d.Line > 0 {
			pos.Line, pos.Column = d.Line, d.Column
		}
		if d.Want != "" {
			msg = "want " + d.Want + ", have " + d.Have
		}
	case errors.As(err, &s):
		pos.Line, pos.Column = jsontree.Position(src, s.Offset)
		msg = "want " + s.Want + ", have " + s.Have
	}
	b.issues = append(b.issues, issue.Issue{Severity: issue.Error, Code: CodeSource, Pos: pos, Message: msg})
}

// readPlaces keeps the place and the short text of each element of a file.
func (b *fhirBuilder) readPlaces(root jsontree.Value, src []byte) {
	b.places = map[string]elementPlace{}
	line, at := 1, 0
	for _, part := range []string{"snapshot", "differential"} {
		for _, e := range root.Get(part).Get("element").All() {
			id := e.Get("id").Text()
			if id == "" {
				id = e.Get("path").Text()
			}
			old, ok := b.places[id]
			if ok && part == "snapshot" {
				continue
			}
			if e.Offset() < at {
				line, at = 1, 0
			}
			line += bytes.Count(src[at:e.Offset()], []byte{'\n'})
			at = e.Offset()
			p := elementPlace{
				pos: issue.Pos{
					Source: b.in.file, Line: line, Column: at - bytes.LastIndexByte(src[:at], '\n'), Offset: int64(at),
				},
				short: e.Get("short").Text(), definition: e.Get("definition").Text(),
			}
			if p.short == "" {
				p.short = old.short
			}
			if p.definition == "" {
				p.definition = old.definition
			}
			b.places[id] = p
		}
	}
	b.placesOf = root.Get("url").Text()
}

// elementPlace is what a file says of an element beyond its constraints.
type elementPlace struct {
	pos               issue.Pos
	short, definition string
}

// noteDefinitions records FHIR's own edition among the sources.
func (b *fhirBuilder) noteDefinitions() {
	if b.in.note == nil {
		return
	}
	for _, p := range b.defs.Packages() {
		name, version, _ := strings.Cut(p, "#")
		if strings.HasPrefix(name, "hl7.fhir.r") && strings.HasSuffix(name, ".core") {
			b.in.note(Source{Kind: b.in.spec.Kind, Ref: b.in.spec.Ref, File: p, Version: version})
		}
	}
}

// table makes the table of a structure.
func (b *fhirBuilder) table(st *fhirdef.Structure) *Table {
	for _, p := range st.Problems {
		b.finding(issue.Warning, CodeSource, "", "the differential cannot be applied whole: "+p.String())
	}
	if len(st.Elements) == 0 {
		b.finding(issue.Error, CodeSource, "", fmt.Sprintf("want a structure with elements, or with a base that is at hand, have none of %q", st.URL))
		return nil
	}
	t := &Table{
		Name: tableName(st), Title: st.Title, Form: Record, Source: b.in.spec.Name, Kind: b.in.spec.Kind,
		Pos: b.pos(""),
	}
	if st.Kind == "resource" {
		t.From.Resource = st.Type
		t.Grain, t.Key = grainOf(st.Type), []string{"id"}
	}
	if st.Derivation == "constraint" {
		t.From.Profile = st.URL
	}
	if spec := b.in.table; spec != nil && isRowTable(spec) && st.Kind == "resource" {
		return b.rowTable(t, st, spec)
	}
	t.Object = b.rootObject(st)
	if t.Object == nil {
		return nil
	}
	t.Where = b.identity(st)
	return t
}

// grainOf guesses what one row of a resource stands for.
func grainOf(resource string) Grain {
	switch resource {
	case "Patient":
		return PerPatient
	case "ImagingStudy":
		return PerStudy
	case "Encounter":
		return PerEncounter
	case "Specimen":
		return PerSpecimen
	}
	return PerEvent
}

// tableName is the last part of a structure's canonical, in lower case with
// underscores.
func tableName(st *fhirdef.Structure) string {
	name := urlTail(st.URL)
	if name == "" {
		name = st.Name
	}
	return snakeName(name)
}

// snakeName writes a name in lower case with underscores: AllergyIntolerance is
// allergy_intolerance, us-core-patient is us_core_patient.
func snakeName(name string) string {
	var out strings.Builder
	letters := []rune(name)
	for i, r := range letters {
		switch {
		case unicode.IsUpper(r):
			if i > 0 && (unicode.IsLower(letters[i-1]) || unicode.IsDigit(letters[i-1]) ||
				unicode.IsUpper(letters[i-1]) && i+1 < len(letters) && unicode.IsLower(letters[i+1])) {
				out.WriteByte('_')
			}
			out.WriteRune(unicode.ToLower(r))
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			out.WriteRune(r)
		default:
			out.WriteByte('_')
		}
	}
	return strings.Trim(out.String(), "_")
}

// urlTail is the last part of a canonical, without version and fragment.
func urlTail(url string) string {
	url, _, _ = strings.Cut(url, "|")
	url, _, _ = strings.Cut(url, "#")
	return url[strings.LastIndexByte(url, '/')+1:]
}
