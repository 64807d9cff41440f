package fhirpath

import (
	"encoding/xml"
	"io"
	"strings"
)

// narrativeTags are the elements that a narrative may have (FHIR R4 §2.4.0),
// between blanks.
const narrativeTags = " a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ol p pre q samp small span strong sub sup " +
	"table tbody td tfoot th thead tr tt ul var "

// narrativeAttributes are those that any of them may have.
const narrativeAttributes = " abbr accesskey align alt axis border cellhalign cellpadding cellspacing cellvalign char charoff charset cite class colspan compact coords dir frame headers height href " +
	"hreflang hspace id lang longdesc name nowrap rel rev rowspan rules scope shape span src start style summary tabindex title type valign value vspace width xmlns "

// narrativeAllowed reports whether text is a div of XHTML with nothing but what
// a narrative may hold, and some content.
func narrativeAllowed(s string) bool {
	d := xml.NewDecoder(strings.NewReader(s))
	d.Entity = xml.HTMLEntity
	content, depth := false, 0
	for {
		t, err := d.Token()
		if err == io.EOF {
			return content && depth == 0
		}
		if err != nil {
			return false
		}
		switch t := t.(type) {
		case xml.StartElement:
			name := t.Name.Local
			if depth == 0 && name != "div" || !strings.Contains(narrativeTags, " "+name+" ") {
				return false
			}
			for _, a := range t.Attr {
				if a.Name.Space != "xml" && !strings.Contains(narrativeAttributes, " "+a.Name.Local+" ") {
					return false
				}
			}
			content = content || name == "img"
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			text := strings.TrimSpace(string(t))
			if depth == 0 && text != "" {
				return false
			}
			content = content || text != ""
		case xml.Directive, xml.ProcInst:
			return false
		}
	}
}
