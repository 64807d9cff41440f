package check

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// measureCheck is the checking of one Measure.
type measureCheck struct {
	*run
	libraries []jsontree.Value // those of Measure.library that are known
	logic     map[string]logic // by URL of the library
}

// logic is the compiled form (ELM) of a library.
type logic struct {
	there, valid bool
	defines      map[string]bool
}

// measure checks what the invariants of a Measure cannot say: that its groups,
// populations and stratifiers can be told apart, and that the criteria of
// stratifiers lead to expressions of its libraries. (R4 §13.8)
func (r *run) measure(a at) {
	m := measureCheck{run: r}
	v := r.f(a).value
	for _, lib := range listOf(v, "library").All() {
		if url := lib.Text(); url != "" {
			m.library(a, lib, url)
		}
	}
	groups := listOf(v, "group")
	if groups.First().Kind() == jsontree.Invalid {
		r.warn(a, CodeMeasure, "group", "want groups in a Measure, have none")
		return
	}
	several := groups.Len() > 1
	for i, group := range groups.All() {
		g := r.child(a, "group", i, group, "Measure.group")
		m.group(g, group, several)
		r.pop(g)
	}
}

// library finds one of the Measure's libraries.
func (m *measureCheck) library(a at, lib jsontree.Value, url string) {
	l := m.defs.Resource("Library", url)
	if l.Kind() == jsontree.Invalid {
		m.report(finding{severity: issue.Information, code: CodeMeasure, rule: "library", at: a, value: lib,
			message: "want Library " + quoteID(url) + ", have none: expressions not checked in full"})
		return
	}
	m.libraries = append(m.libraries, l)
}

// group checks one group. (Measure.group)
func (m *measureCheck) group(g at, group jsontree.Value, several bool) {
	if several && !hasMember(group, "code") {
		m.warn(g, CodeMeasure, "group", "want a code for each of several groups, have none")
	}
	populations := listOf(group, "population")
	if populations.First().Kind() == jsontree.Invalid {
		m.warn(g, CodeMeasure, "population", "want populations in a group, have none")
	}
	m.codes(g, populations, "population")
	stratifiers := listOf(group, "stratifier")
	m.codes(g, stratifiers, "stratifier")
	for i, stratifier := range stratifiers.All() {
		s := m.child(g, "stratifier", i, stratifier, "Measure.group.stratifier")
		m.criteria(s, stratifier)
		components := listOf(stratifier, "component")
		m.codes(s, components, "component")
		for j, component := range components.All() {
			c := m.child(s, "component", j, component, "Measure.group.stratifier.component")
			m.criteria(c, component)
			m.pop(c)
		}
		m.pop(s)
	}
}

// codes warns of parts that nothing tells apart.
func (m *measureCheck) codes(a at, parts jsontree.Value, name string) {
	if parts.Len() < 2 {
		return
	}
	for i, part := range parts.All() {
		if hasMember(part, "code") {
			continue
		}
		p := m.child(a, name, i, part, "")
		m.warn(p, CodeMeasure, name, "want a code for each of several "+name+" elements, have none")
		m.pop(p)
	}
}

func hasMember(v jsontree.Value, name string) bool { return v.Get(name).Kind() != jsontree.Invalid }

// criteria checks where the criteria of a stratifier lead.
// (Measure.group.stratifier.criteria)
func (m *measureCheck) criteria(a at, v jsontree.Value) {
	criteria := v.Get("criteria")
	if criteria.Kind() != jsontree.Object {
		return
	}
	c := m.child(a, "criteria", -1, criteria, "Expression")
	defer m.pop(c)
	switch criteria.Get("language").Text() {
	case "": // found by its cardinality
	case "text/cql", "text/cql.identifier", "text/cql-identifier":
		m.cql(c, criteria.Get("expression").Text())
	default:
		m.warn(c, CodeMeasure, "criteria", "want criteria in CQL, have another language: not checked")
	}
}

// cql checks that an expression of CQL names something that a library defines: by
// itself if the Measure has one library, otherwise as Library.name.
func (m *measureCheck) cql(c at, expression string) {
	fault := func(message string) { m.err(c, CodeMeasure, "criteria", message) }
	if len(m.libraries) == 0 {
		fault("want a Library that defines the criteria, have none")
		return
	}
	lib, defined := m.libraries[0], expression
	if name, rest, ok := strings.Cut(expression, "."); ok {
		defined = rest
		var found []jsontree.Value
		for _, l := range m.libraries {
			if l.Get("name").EqualText(name) {
				found = append(found, l)
			}
		}
		switch len(found) {
		case 0:
			fault("want one of the Measure's libraries by the name " + quoteID(name) + ", have none")
			return
		case 1:
		default:
			fault(fmt.Sprintf("want one library by the name %s, have %d", quoteID(name), len(found)))
		}
		lib = found[0]
	} else if len(m.libraries) > 1 {
		fault(fmt.Sprintf("want the name of the library in the criteria of a Measure with %d, have none", len(m.libraries)))
		return
	}
	url := lib.Get("url").Text()
	switch l := m.logicOf(lib, url); {
	case !l.there:
		fault("want the compiled form (ELM) in Library " + quoteID(url) + ", have none")
	case !l.valid:
		fault("want ELM in Library " + quoteID(url) + " as XML of a library, have something else")
	case !l.defines[unquoted(defined)]:
		fault("want criteria that Library " + quoteID(url) + " defines, have " + quoteID(defined) + " that it does not")
	}
}

// unquoted takes the quotes off a CQL name.
func unquoted(name string) string {
	if len(name) > 1 && name[0] == '"' && name[len(name)-1] == '"' {
		return name[1 : len(name)-1]
	}
	return name
}

// logicOf returns the compiled form of a library, read once.
func (m *measureCheck) logicOf(lib jsontree.Value, url string) logic {
	if l, ok := m.logic[url]; ok {
		return l
	}
	l := readLogic(lib)
	if m.logic == nil {
		m.logic = make(map[string]logic)
	}
	m.logic[url] = l
	return l
}

const namespaceELM = "urn:hl7-org:elm:r1"

// readLogic reads the ELM that a Library carries as XML.
func readLogic(lib jsontree.Value) logic {
	for _, content := range listOf(lib, "content").All() {
		if !content.Get("contentType").EqualText("application/elm+xml") {
			continue
		}
		text, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(content.Get("data").Text()), ""))
		if err != nil {
			return logic{there: true}
		}
		names, err := readELM(text)
		return logic{there: true, valid: err == nil, defines: names}
	}
	return logic{}
}

// readELM returns the names that a library in ELM defines: library/statements/def.
func readELM(text []byte) (map[string]bool, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	names := make(map[string]bool)
	var path []string
	for {
		token, err := d.Token()
		if err == io.EOF {
			return names, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(path) == 0 && (t.Name.Local != "library" || t.Name.Space != namespaceELM) {
				return nil, fmt.Errorf("want a library of %s, have %s", namespaceELM, t.Name.Local)
			}
			path = append(path, t.Name.Local)
			if len(path) == 3 && path[1] == "statements" && path[2] == "def" {
				for _, attr := range t.Attr {
					if attr.Name.Local == "name" {
						names[attr.Value] = true
					}
				}
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		}
	}
}
