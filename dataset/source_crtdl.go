package dataset

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// importCRTDL makes a table of each attribute group of an extraction definition
// of the German Medical Informatics Initiative, also of one inside a Parameters
// resource. A table has the id, the attributes that the group names, and what
// refers to the patient. The cohort is not carried out.
func importCRTDL(ctx context.Context, in *input) ([]*Table, issue.List, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	c := &crtdlReader{b: newFHIRBuilder(in), src: bytes.TrimPrefix(in.data, []byte("\xef\xbb\xbf"))}
	tree := new(jsontree.Tree)
	if err := tree.Parse(c.src, nil); err != nil {
		c.b.definitionError(err, c.src)
		return nil, c.b.issues, nil
	}
	root := tree.Root()
	if root.Get("resourceType").EqualText("Parameters") {
		inner, ok := c.unwrap(root)
		if !ok {
			return nil, c.b.issues, nil
		}
		root = inner
	}
	c.read(root)
	if c.b.issues.HasErrors() {
		return nil, c.b.issues, nil
	}
	return c.tables(), c.b.issues, nil
}

// crtdlReader reads one extraction definition.
type crtdlReader struct {
	b      *fhirBuilder
	src    []byte
	inside bool // src is the content of a Parameters resource: places are its own
	groups []*crtdlGroup
}

// crtdlGroup is one attribute group.
type crtdlGroup struct {
	id    string
	v     jsontree.Value
	path  string
	st    *fhirdef.Structure
	held  bool // whether the profile is at hand
	table *Table
	links []crtdlLink
}

// crtdlLink is an attribute that leads to other groups.
type crtdlLink struct {
	fields []string
	group  jsontree.Value
}

const maxCRTDLGroups = 10_000

func (c *crtdlReader) pos(v jsontree.Value) issue.Pos {
	if c.inside || v.Kind() == jsontree.Invalid {
		return issue.Pos{Source: c.b.in.file}
	}
	line, column := jsontree.Position(c.src, min(v.Offset(), len(c.src)))
	return issue.Pos{Source: c.b.in.file, Line: line, Column: column, Offset: int64(v.Offset())}
}

func (c *crtdlReader) report(s issue.Severity, code issue.Code, at jsontree.Value, path, format string, args ...any) {
	c.b.issues = append(c.b.issues, issue.Issue{Severity: s, Code: code, Pos: c.pos(at), Path: path, Message: fmt.Sprintf(format, args...)})
}

// unwrap returns the definition that a Parameters resource holds in base64.
func (c *crtdlReader) unwrap(root jsontree.Value) (jsontree.Value, bool) {
	for _, p := range root.Get("parameter").All() {
		v := p.Get("valueBase64Binary")
		if !p.Get("name").EqualText("crtdl") || v.Kind() != jsontree.String {
			continue
		}
		src, err := base64.StdEncoding.DecodeString(v.Text())
		if err != nil {
			c.report(issue.Error, CodeSource, v, "parameter", "want base64, have another text")
			return jsontree.Value{}, false
		}
		tree := new(jsontree.Tree)
		if err := tree.Parse(src, nil); err != nil {
			c.report(issue.Error, CodeSource, v, "parameter", "want an extraction definition in JSON, have another text")
			return jsontree.Value{}, false
		}
		c.src, c.inside = src, true
		return tree.Root(), true
	}
	c.report(issue.Error, CodeSource, root, "parameter", "want a parameter crtdl with an extraction definition in base64, have none")
	return jsontree.Value{}, false
}

func (c *crtdlReader) read(root jsontree.Value) {
	if root.Kind() != jsontree.Object {
		c.report(issue.Error, CodeSource, root, "", "want an extraction definition, have %s", root.Kind())
		return
	}
	groups := root.Get("dataExtraction").Get("attributeGroups")
	if groups.Kind() != jsontree.Array || groups.Len() == 0 {
		c.report(issue.Error, CodeSource, root, "dataExtraction.attributeGroups", "want attribute groups, have none")
		return
	}
	if groups.Len() > maxCRTDLGroups {
		c.report(issue.Error, CodeSource, groups, "dataExtraction.attributeGroups", "want at most %d groups, have more", maxCRTDLGroups)
		return
	}
	if cohort := root.Get("cohortDefinition"); cohort.Kind() == jsontree.Object && cohort.Len() > 0 {
		c.report(issue.Information, CodeNotHeld, cohort, "cohortDefinition", "the cohort is not carried out: the records of all patients in the sources count")
	}
	for i, v := range groups.All() {
		c.group(v, fmt.Sprintf("dataExtraction.attributeGroups[%d]", i))
	}
	for _, g := range c.groups {
		if g.table != nil {
			c.refs(g)
		}
	}
}

func (c *crtdlReader) tables() []*Table {
	var out []*Table
	for _, g := range c.groups {
		out = append(out, g.table)
	}
	return out
}

// group makes the table of a group.
func (c *crtdlReader) group(v jsontree.Value, path string) {
	g := &crtdlGroup{id: v.Get("id").Text(), v: v, path: path}
	ref := v.Get("groupReference")
	if v.Kind() != jsontree.Object || ref.Kind() != jsontree.String || ref.Text() == "" {
		c.report(issue.Error, CodeSource, v, path+".groupReference", "want the canonical of a profile, have none")
		return
	}
	if g.st = c.b.defs.Structure(ref.Text()); g.st != nil && len(g.st.Elements) > 0 && g.st.Kind == "resource" {
		g.held = true
	} else if g.st = c.typeOfGroup(v); g.st == nil {
		c.report(issue.Error, CodeUnknownName, ref, path+".groupReference", "want a profile that is at hand or attributes that name a resource type, have %q", ref.Text())
		return
	} else {
		c.report(issue.Warning, CodeNotHeld, ref, path+".groupReference", "the profile %q is not at hand: the table is made of the type %s", ref.Text(), g.st.Type)
	}
	name := v.Get("name").Text()
	if snakeName(name) == "" {
		name = g.id
	}
	if name = snakeName(name); name == "" {
		name = tableName(g.st)
	}
	whole := c.b.rootObject(g.st)
	if whole == nil {
		c.report(issue.Error, CodeSource, ref, path, "want a profile with elements, have none")
		return
	}
	t := &Table{
		Name: freeTableName(c.tables(), name), Title: g.st.Title, Form: Record, Source: c.b.in.spec.Name, Kind: c.b.in.spec.Kind,
		Grain: grainOf(g.st.Type), Key: []string{"id"}, Pos: c.pos(v), Unlisted: true,
	}
	t.From = From{Resource: g.st.Type, Profile: ref.Text()}
	g.table = t
	t.Object = c.pruned(g, whole)
	if g.held {
		t.Where = c.b.identity(g.st)
	}
	for i, f := range v.Get("filter").All() {
		c.filter(g, f, fmt.Sprintf("%s.filter[%d]", path, i))
	}
	if only, _ := v.Get("includeReferenceOnly").Bool(); only {
		c.report(issue.Information, CodeNotHeld, v.Get("includeReferenceOnly"), path+".includeReferenceOnly",
			"that only records count to which others refer is not carried out")
	}
	c.groups = append(c.groups, g)
}

// typeOfGroup is the resource type that a group's attributes name, else its name,
// its id, or the start of the profile's name.
func (c *crtdlReader) typeOfGroup(v jsontree.Value) *fhirdef.Structure {
	var names []string
	for _, a := range v.Get("attributes").All() {
		name, _, _ := strings.Cut(a.Get("attributeRef").Text(), ".")
		names = append(names, name)
	}
	names = append(names, v.Get("name").Text(), v.Get("id").Text())
	for _, name := range names {
		if c.b.defs.Kind(name) == "resource" && !c.b.defs.Abstract(name) {
			return c.b.defs.Type(name)
		}
	}
	best := ""
	profile := urlTail(v.Get("groupReference").Text())
	for _, typ := range c.b.defs.ResourceTypes() {
		if strings.HasPrefix(profile, typ) && len(typ) > len(best) {
			best = typ
		}
	}
	if best == "" {
		return nil
	}
	return c.b.defs.Type(best)
}

// refs makes the references of a group's table: those that its attributes link,
// and that to the patient where there is one table of patients.
func (c *crtdlReader) refs(g *crtdlGroup) {
	for _, l := range g.links {
		at := slices.IndexFunc(c.groups, func(o *crtdlGroup) bool { return l.group.EqualText(o.id) })
		if at < 0 {
			c.report(issue.Error, CodeUnknownName, l.group, g.path, "want the id of a group, have %q", l.group.Text())
			continue
		}
		for _, f := range l.fields {
			c.addRef(g.table, f, c.groups[at].table.Name)
		}
	}
	patients := ""
	for _, o := range c.groups {
		if o.st.Type == "Patient" {
			if patients != "" {
				return
			}
			patients = o.table.Name
		}
	}
	if patients == "" || g.st.Type == "Patient" {
		return
	}
	for _, name := range patientFields {
		if f := g.table.Object.Field(name); f != nil && f.Type.Kind == ObjectKind {
			c.addRef(g.table, name, patients)
		}
	}
}

func (c *crtdlReader) addRef(t *Table, field, table string) {
	if !slices.ContainsFunc(t.Refs, func(r Ref) bool { return r.Fields[0] == field && r.Table == table }) {
		t.Refs = append(t.Refs, Ref{Fields: []string{field}, Table: table})
	}
}
