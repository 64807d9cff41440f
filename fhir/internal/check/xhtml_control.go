package check

import (
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/internal/xhtml"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// Extensions by which a profile says what its narratives must be like.
const (
	extensionNarrativeSource   = "http://hl7.org/fhir/StructureDefinition/narrative-source-control"
	extensionNarrativeLanguage = "http://hl7.org/fhir/StructureDefinition/narrative-language-control"
)

// narrativeControl checks a Narrative against what a profile asks of it.
func (r *run) narrativeControl(n *node, a at) {
	var languages []string
	source := false
	for _, e := range n.el.Extensions {
		switch {
		case e.Value == nil:
		case e.URL == extensionNarrativeSource:
			source = true
		case e.URL == extensionNarrativeLanguage:
			languages = append(languages, e.Value.Value.Text())
		}
	}
	if !source && languages == nil {
		return
	}
	text := r.f(a).value.Get("div")
	if text.Kind() != jsontree.String {
		return
	}
	div, err := xhtml.Parse(text.Bytes(nil))
	if err != nil {
		return // told of at the div
	}
	if source {
		r.narrativeSource(n, a, div)
	}
	for _, want := range languages {
		r.narrativeLanguage(n, a, want, languageSections(div))
	}
}

// narrativeSource wants the class of every part of a narrative to say where it
// comes from. The extension names a severity; HL7's validator makes an error of
// each, and so does this one.
func (r *run) narrativeSource(n *node, a at, div *xhtml.Node) {
	missing := 0
	for _, c := range div.Children {
		if !c.HasContent() {
			continue
		}
		class, _ := c.Attr("class")
		if !slices.ContainsFunc(strings.Fields(class), func(s string) bool { return listed(" generated boilerplate original ", s) }) {
			missing++
			r.err(a, CodeNarrative, n.p.label, "want class generated, boilerplate or original on every part of the narrative, have "+strconv.Itoa(missing)+" without ("+n.p.label+")")
		}
	}
}

// narrativeLanguage wants sections of languages, or none, as a code says.
func (r *run) narrativeLanguage(n *node, a at, want string, have []string) {
	wants := func(ok bool, message string) {
		if !ok {
			r.err(a, CodeNarrative, n.p.label, message+" ("+n.p.label+")")
		}
	}
	switch want {
	case "_no", "#no":
		wants(len(have) == 0, "want no sections of languages in the narrative, have some")
	case "_yes", "#yes":
		wants(len(have) > 0, "want sections of languages in the narrative, have none")
	case "_resource", "#resource":
		want = r.f(r.f(a).scope).value.Get("language").Text()
		if want == "" || len(have) == 0 {
			r.warn(a, CodeNarrative, n.p.label, "want a language of the resource and sections of languages in the narrative, have not both ("+n.p.label+")")
			return
		}
		wants(slices.Contains(have, want), "want a section in the language of the resource, have none")
	default:
		if len(have) == 0 {
			r.warn(a, CodeNarrative, n.p.label, "want sections of languages in the narrative, have none ("+n.p.label+")")
			return
		}
		wants(slices.Contains(have, want), "want a section in the language that the profile asks for, have none")
	}
}
