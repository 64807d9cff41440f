package check

import (
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// conceptProperties are the properties that FHIR itself defines for concepts,
// with their types; their addresses begin with conceptProperty. (R4 §4.8.11,
// CodeSystem: Predefined Properties; R5's additions)
var conceptProperties = map[string]string{
	"status": "code", "inactive": "boolean", "effectiveDate": "dateTime", "deprecationDate": "dateTime", "retirementDate": "dateTime",
	"notSelectable": "boolean", "parent": "code", "child": "code", "partOf": "code", "synonym": "code", "comment": "string", "itemWeight": "decimal",
}

const conceptProperty = "http://hl7.org/fhir/concept-properties#"

// isHL7 tells an address of a definition that HL7 publishes.
func isHL7(url string) bool {
	return strings.HasPrefix(url, "http://hl7.org/fhir") || strings.HasPrefix(url, "http://terminology.hl7.org")
}

// codeList is what a CodeSystem that is checked defines.
type codeList struct {
	*run
	at         at
	url        string
	content    string
	language   string
	codes      map[string]bool
	count      int
	nested     bool
	properties map[string]string // types by code
	base       string            // the system that a supplement adds to
}

// codeSystem checks a CodeSystem: its properties and filters, and each concept
// by them. (R4 §4.8)
func (r *run) codeSystem(a at) {
	v := r.f(a).value
	c := &codeList{run: r, at: a, url: v.Get("url").Text(), content: v.Get("content").Text(), language: v.Get("language").Text(),
		codes: make(map[string]bool), properties: make(map[string]string)}
	c.gather(v.Get("concept"), 0)
	if v.Get("caseSensitive").Kind() == jsontree.Invalid {
		if message := "want caseSensitive stated, have none: how codes compare is not clear"; isHL7(c.url) {
			r.warn(a, CodeDefinition, "CodeSystem.caseSensitive", message)
		} else {
			r.info(a, CodeDefinition, "CodeSystem.caseSensitive", message)
		}
	}
	c.supplement(v)
	c.wholeSet(v.Get("valueSet").Text(), v.Get("version").Text())
	c.stated(v.Get("count"))
	c.defined(v.Get("property"))
	c.concepts(a, v.Get("concept"), 0)
}

// gather notes the codes of concepts and those below.
func (c *codeList) gather(list jsontree.Value, depth int) {
	for x := list.First(); x.Kind() != jsontree.Invalid; x = x.Next() {
		c.count++
		c.codes[x.Get("code").Text()] = true
		if kids := x.Get("concept"); kids.Kind() == jsontree.Array {
			c.nested = true
			c.gather(kids, depth+1)
		}
	}
}

// supplement checks what is supplemented. (CodeSystem.supplements)
func (c *codeList) supplement(v jsontree.Value) {
	url := v.Get("supplements").Text()
	if c.content != "supplement" {
		if url != "" {
			c.err(c.at, CodeDefinition, "CodeSystem.supplements", "want content supplement on what supplements a code system, have another")
		}
		return
	}
	if url == "" {
		c.warn(c.at, CodeDefinition, "CodeSystem.supplements", "want the code system that is supplemented, have none")
		return
	}
	base := c.defs.CodeSystem(url)
	switch {
	case base == nil:
		c.warn(c.at, CodeDefinition, "CodeSystem.supplements", "want the code system that is supplemented, "+safeURL(url)+", have none: its codes are not checked")
	case base.Content == "supplement":
		c.err(c.at, CodeDefinition, "CodeSystem.supplements", "want a supplement of a code system, have one of a supplement")
	default:
		c.base = url
	}
}

// wholeSet checks that the value set of all codes is that: one include of this
// system without more. Value sets of other versions say nothing of this one.
// (CodeSystem.valueSet)
func (c *codeList) wholeSet(url, version string) {
	set := c.defs.ValueSet(url)
	if url == "" || set == nil || set.Compose == nil || set.Version != version && !strings.Contains(url, "|") {
		return
	}
	if set.Compose.Inactive != nil && !*set.Compose.Inactive {
		return
	}
	const rule = "CodeSystem.valueSet"
	switch list := set.Compose.Include; {
	case len(list) != 1 || len(set.Compose.Exclude) > 0:
		c.err(c.at, CodeDefinition, rule, "want one include and no exclude in the value set of all codes, "+url+", have others")
	case list[0].System != c.url:
		c.err(c.at, CodeDefinition, rule, "want this code system in the value set of all its codes, "+url+", have another")
	case len(list[0].ValueSets) > 0 || len(list[0].Concepts) > 0 || len(list[0].Filters) > 0:
		c.err(c.at, CodeDefinition, rule, "want nothing but the code system in the value set of all its codes, "+url+", have more")
	}
}

// stated compares the number of concepts with what is said of it.
// (CodeSystem.count, .content)
func (c *codeList) stated(count jsontree.Value) {
	n, err := strconv.Atoi(string(count.Raw()))
	if count.Kind() != jsontree.Number || err != nil {
		return
	}
	const rule = "CodeSystem.count"
	have := ", have " + strconv.Itoa(c.count) + " and a count of " + strconv.Itoa(n)
	switch {
	case c.content == "complete" && n != c.count:
		c.warn(c.at, CodeDefinition, rule, "want as many concepts as count says in a complete code system"+have)
	case c.content == "fragment" && n <= c.count:
		c.warn(c.at, CodeDefinition, rule, "want more concepts counted than a fragment holds"+have)
	case c.content == "example" && n < c.count:
		c.warn(c.at, CodeDefinition, rule, "want no less concepts counted than there are"+have)
	}
}

// defined checks the properties that are declared: each once, and what FHIR
// defines as FHIR does. (CodeSystem.property)
func (c *codeList) defined(list jsontree.Value) {
	uris := make(map[string]bool)
	i := 0
	for p := list.First(); p.Kind() != jsontree.Invalid; i, p = i+1, p.Next() {
		at := c.child(c.at, "property", i, p, "CodeSystem.property")
		code, uri, typ := p.Get("code").Text(), p.Get("uri").Text(), p.Get("type").Text()
		if _, twice := c.properties[code]; twice && code != "" {
			c.err(at, CodeDefinition, "CodeSystem.property.code", "want each property declared once, have "+code+" twice")
		} else {
			c.properties[code] = typ
		}
		if uri != "" && uris[uri] {
			c.err(at, CodeDefinition, "CodeSystem.property.uri", "want each property declared once, have one address twice")
		} else {
			c.standard(at, code, uri, typ)
		}
		uris[uri] = true
		c.pop(at)
	}
}

// standard compares one property with those that FHIR defines.
func (c *codeList) standard(a at, code, uri, typ string) {
	known, standard := strings.CutPrefix(uri, conceptProperty)
	want, byCode := conceptProperties[code]
	switch {
	case standard && conceptProperties[known] != "":
		if known != code {
			c.err(a, CodeDefinition, "CodeSystem.property.code", "want code "+known+" for the property that FHIR defines at that address, have "+code)
		}
		if typ != "" && typ != conceptProperties[known] {
			c.err(a, CodeDefinition, "CodeSystem.property.type", "want type "+conceptProperties[known]+" for FHIR's property "+known+", have "+typ)
		}
	case uri == "" && byCode:
		c.warn(a, CodeDefinition, "CodeSystem.property.uri", "want FHIR's address beside FHIR's property "+code+", have none: its meaning is not clear")
		if typ != "" && typ != want {
			c.warn(a, CodeDefinition, "CodeSystem.property.type", "want type "+want+" for FHIR's property "+code+", have "+typ)
		}
	case uri == "":
		c.info(a, CodeDefinition, "CodeSystem.property.uri", "want an address that says what the property means, have a code alone")
	}
}

// concepts checks the concepts below a frame.
func (c *codeList) concepts(a at, list jsontree.Value, depth int) {
	i := 0
	for x := list.First(); x.Kind() != jsontree.Invalid && depth < 500; i, x = i+1, x.Next() {
		at := c.child(a, "concept", i, x, "CodeSystem.concept")
		c.concept(at, x)
		if i == 0 && depth == 0 {
			c.first(at)
		}
		c.concepts(at, x.Get("concept"), depth+1)
		c.pop(at)
	}
}

// first tells at the first concept what holds of all of them.
func (c *codeList) first(a at) {
	if c.content == "not-present" {
		c.err(a, CodeDefinition, "CodeSystem.content", "want no concepts in a code system whose content is not present, have some")
	}
}

func (c *codeList) concept(a at, x jsontree.Value) {
	if isHL7(c.url) && c.content != "supplement" && x.Get("definition").Kind() == jsontree.Invalid && c.f(a).index == 0 {
		c.warn(a, CodeDefinition, "CodeSystem.concept.definition", "want a definition of every concept of a code system of HL7, have none")
	}
	if c.base != "" {
		if _, m, _ := c.defs.LookupCode(c.base, "", x.Get("code").Text()); m == fhirdef.Out {
			c.err(a, CodeDefinition, "CodeSystem.concept.code", "want codes of the supplemented code system in a supplement, have another")
		}
	}
	c.designations(a, x)
	i := 0
	for p := x.Get("property").First(); p.Kind() != jsontree.Invalid; i, p = i+1, p.Next() {
		at := c.child(a, "property", i, p, "CodeSystem.concept.property")
		c.property(at, p)
		c.pop(at)
	}
}

// designations tells of names that nothing sets apart from the display.
func (c *codeList) designations(a at, x jsontree.Value) {
	if x.Get("display").Kind() != jsontree.String {
		return
	}
	i := 0
	for d := x.Get("designation").First(); d.Kind() != jsontree.Invalid; i, d = i+1, d.Next() {
		lang := d.Get("language").Text()
		if d.Get("use").Kind() == jsontree.Invalid && c.language != "" && (lang == "" || lang == c.language) {
			at := c.child(a, "designation", i, d, "CodeSystem.concept.designation")
			c.warn(at, CodeDefinition, "CodeSystem.concept.designation", "want a use or a language that sets a designation apart from the display, have neither")
			c.pop(at)
		}
	}
}

// property checks the value of a property by its declaration.
// (CodeSystem.concept.property)
func (c *codeList) property(a at, p jsontree.Value) {
	code := p.Get("code").Text()
	if code == "" {
		return
	}
	typ, declared := c.properties[code]
	if !declared && c.content != "supplement" {
		c.warn(a, CodeDefinition, "CodeSystem.concept.property.code", "want property "+code+" declared in CodeSystem.property, have no declaration")
	}
	var value jsontree.Value
	have := ""
	for m := p.First(); m.Kind() != jsontree.Invalid; m = m.Next() {
		if name, ok := strings.CutPrefix(m.Key(), "value"); ok && name != "" {
			value, have = m, strings.ToLower(name[:1])+name[1:]
			if have == "coding" {
				have = "Coding"
			}
		}
	}
	if have == "" {
		return
	}
	if declared && typ != "" && have != typ {
		c.err(a, CodeDefinition, "CodeSystem.concept.property.value", "want a value of type "+typ+" for property "+code+", as declared, have "+have)
	}
	if !c.codes[primitiveTextOf(value)] && (c.content == "complete" || c.content == "") {
		switch code {
		case "synonym":
			c.warn(a, CodeDefinition, "CodeSystem.concept.property.value", "want another code of the code system as synonym, have none of its codes")
		case "parent", "child":
			c.err(a, CodeDefinition, "CodeSystem.concept.property.value", "want a code of the code system as "+code+", have none of its codes")
		}
	}
}

// primitiveTextOf is the text of a value, or of the code of a Coding.
func primitiveTextOf(v jsontree.Value) string {
	if v.Kind() == jsontree.Object {
		return v.Get("code").Text()
	}
	return string(primitiveText(v))
}
