package xmlform

import "strconv"

// Kind says what a finding is about.
type Kind uint8

// The kinds of findings.
const (
	KindElement     Kind = iota + 1 // an element that the definitions do not know there
	KindAttribute                   // an attribute that the definitions do not know there
	KindNamespace                   // an element of a wrong or without namespace
	KindText                        // text where none may be
	KindCDATA                       // a CDATA section
	KindInstruction                 // a processing instruction
	KindEmpty                       // an element without anything
	KindOrder                       // an element behind one that it must precede
	KindRepeat                      // an element that may occur once occurs again
	KindResources                   // more than one resource where one may be
	KindEncoding                    // the XML declaration names another encoding than UTF-8
	KindDeclaration                 // white space before the XML declaration
)

// Finding is a fault of the form of the XML. Message says what was wanted and
// what was there, and holds names of elements only where definitions have them.
type Finding struct {
	Kind    Kind
	Offset  int    // in the source
	Path    string // FHIRPath of the element
	XPath   string // of the element, as HL7's validator writes it
	Name    string // of the element or attribute meant, "" if it could be a value
	Message string
	// Kept says that what was found is in the JSON form, so that a validator
	// meets it there too: an unknown member, an array where one value may be.
	Kept bool
}

// maxFindings bounds what is listed of one document.
const maxFindings = 1000

// frame is one step of the path to the element that is being written.
type frame struct {
	name  string // in FHIRPath, "" for the element of a resource inside another
	elem  int32
	index int32 // -1 unless the element may repeat
}

// report adds a finding about the element of the last frame.
func (c *converter) report(k Kind, at int32, name, message string, kept bool) {
	if c.mute > 0 {
		return
	}
	if len(c.findings) >= maxFindings {
		c.dropped++
		return
	}
	c.findings = append(c.findings, Finding{
		Kind: k, Offset: int(at), Path: c.path(), XPath: c.xpath(), Name: name, Message: message, Kept: kept,
	})
}

// path returns the FHIRPath of the last frame.
func (c *converter) path() string {
	var b []byte
	for _, f := range c.frames {
		if f.name == "" {
			continue
		}
		if len(b) > 0 {
			b = append(b, '.')
		}
		b = append(b, f.name...)
		if f.index >= 0 {
			b = append(b, '[')
			b = strconv.AppendInt(b, int64(f.index), 10)
			b = append(b, ']')
		}
	}
	return string(b)
}

// xpath returns the XPath of the last frame.
func (c *converter) xpath() string {
	var b []byte
	for _, f := range c.frames {
		b = append(b, '/')
		switch c.elems[f.elem].ns {
		case nsNone:
		case nsFHIR:
			b = append(b, "f:"...)
		case nsXHTML:
			b = append(b, "h:"...)
		default:
			b = append(b, "?:"...)
		}
		b = append(b, c.localName(f.elem)...)
	}
	return string(b)
}
