package fhir

import (
	"bytes"
	"fmt"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// LenientOptions are the options of ParseLenient; nil and zero fields mean the
// defaults.
type LenientOptions struct {
	// AllowComments allows comments; otherwise each is an error.
	AllowComments bool
	// Pos is the place of the text in its source, such as Rejected.Pos; zero = the
	// begin.
	Pos issue.Pos
}

// ParseLenient returns the one resource that b holds, as Parse does, and goes on
// after three mistakes in its JSON, each of which is a finding: a comment (// to
// the end of the line, or /* */), a comma too few and a comma too many. The
// resource then keeps a copy of b in which comments and such commas are spaces and
// a missing comma stands for a white space that ends no line, so that every place stays as it was.
// JSON without mistakes is not copied. The error is an *issue.ListError: the
// mistakes that were passed, and last the one that cannot be.
func ParseLenient(b []byte, opts *LenientOptions) (*Resource, issue.List, error) {
	var o LenientOptions
	if opts != nil {
		o = *opts
	}
	text := bytes.TrimPrefix(b, utf8BOM)
	at := place{name: o.Pos.Source, record: max(1, o.Pos.Record), line: max(1, o.Pos.Line), column: max(1, o.Pos.Column), offset: o.Pos.Offset}
	at = at.behind(b, len(b)-len(text))
	r := &Resource{tree: new(jsontree.Tree)}
	p := parser{tree: r.tree}
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); isXML(trimmed) {
		if rej := p.parseXML(r, b, at); rej != nil {
			return nil, nil, issue.List{rej.Reason}.Err()
		}
		return r, nil, nil
	}
	var faults []repair
	if err := r.tree.Parse(text, nil); err != nil {
		text, faults = repaired(text)
	}
	start := len(text) - len(bytes.TrimLeft(text, " \t\r\n"))
	rej := p.parse(r, text[start:], at.behind(text, start))
	list := repairFindings(r, text, at, faults, &o, rej == nil)
	if rej != nil {
		return nil, nil, append(list, rej.Reason).Err()
	}
	return r, list, nil
}

// maxRepairs bounds the mistakes of one text that are listed.
const maxRepairs = 100

// repairFindings are the findings about what was repaired. Where the text could
// be parsed, each has the path of the element that HL7's validator names: the one
// behind a comment, the object or list of a comma.
func repairFindings(r *Resource, text []byte, at place, faults []repair, o *LenientOptions, parsed bool) issue.List {
	var list issue.List
	for _, x := range faults {
		i := issue.Issue{Severity: issue.Error, Code: CodeComma, Rule: "RFC 8259"}
		switch x.kind {
		case repairComment:
			if o.AllowComments {
				continue
			}
			i.Code, i.Message = CodeComment, "want JSON without comments, have one"
		case repairMissing:
			i.Message = "want a comma between two values, have none"
		case repairExtra:
			i.Message = "want values on both sides of a comma, have one side empty"
		}
		p := at.behind(text, x.at)
		i.Pos = p.pos()
		if parsed {
			f := form{r: r, defs: fhirdef.R4(), path: x.path}
			i.Path = f.text()
		}
		if len(list) == maxRepairs {
			i.Severity, i.Code, i.Path = issue.Warning, CodeTooMany, ""
			i.Message = fmt.Sprintf("want at most %d mistakes of JSON, have more", maxRepairs)
			return append(list, i)
		}
		list = append(list, i)
	}
	return list
}
