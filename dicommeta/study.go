package dicommeta

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// Study is what is known of one study, from its files or from a DICOMweb server:
// the attributes of its patient and of itself, its series and their instances. All text
// is in UTF-8.
type Study struct {
	Dataset
	Series []Series // by Series Instance UID
	// Issues tell where instances contradict each other.
	Issues issue.List
}

// Series is one series of a Study: attributes that its instances share.
type Series struct {
	Dataset
	Instances []Member // by Instance Number, then SOP Instance UID
}

// Member is one instance of a Series: the attributes that are its own. Of a structured
// report it has the whole content.
type Member struct {
	Dataset
	TransferSyntax string // UID, as the file states it
	Source         string // name of the file, or the URL on the server
	Size           int64
}

// Extract returns the attributes of an instance that a Study keeps, of all levels in
// one data set: those that LevelOf knows and those in also. Text is in UTF-8,
// values that are neither text nor numbers, private elements within sequences,
// references of contours to images and what the reader left in the source are not there.
// Nothing is shared with x.
func Extract(x *Instance, also ...dict.Tag) Dataset {
	e := Extractor{Keep: also}
	return e.Extract(x)
}

// Extractor extracts from one instance after the other with the same memory. It is for
// one goroutine at a time.
type Extractor struct {
	// Keep are further attributes of whole data sets.
	Keep []dict.Tag

	elements []Element
	copier   copier
}

// Extract does what the function Extract does. The data set is good until the next call.
func (c *Extractor) Extract(x *Instance) Dataset {
	out := Dataset{Charset: UTF8, Elements: c.elements[:0]}
	c.copier.bytes = c.copier.bytes[:0]
	var at levelCursor
	for i := range x.Elements {
		e := &x.Elements[i]
		if at.of(e.Tag) == NoLevel && !slices.Contains(c.Keep, e.Tag) || !worthCopy(e) {
			continue
		}
		out.Elements = append(out.Elements, c.copier.element(e, x.Charset))
	}
	if uid := x.SOPClassUID(); uid != "" && !x.Has(dict.SOPClassUID) {
		out.Set(TextElement(dict.SOPClassUID, uid))
	}
	if !x.Has(dict.SOPInstanceUID) {
		if uid := x.Meta.Text(dict.MediaStorageSOPInstanceUID); uid != "" {
			out.Set(TextElement(dict.SOPInstanceUID, uid))
		}
	}
	c.elements = out.Elements
	return out
}

// worthCopy reports whether an element is text, numbers or items, and small.
func worthCopy(e *Element) bool {
	if e.Skipped() {
		return false
	}
	switch e.VR {
	case dict.OB, dict.OD, dict.OF, dict.OL, dict.OV, dict.OW, dict.UN:
		return false
	}
	return e.Tag != dict.ContourImageSequence
}

// copier copies elements; the bytes of their values follow each other in memory.
type copier struct{ bytes []byte }

func (c *copier) element(e *Element, cs *Charset) Element {
	out := Element{Tag: e.Tag, VR: e.VR}
	if e.Items != nil {
		out.Items = make([]Dataset, len(e.Items))
		for i := range e.Items {
			out.Items[i] = c.item(&e.Items[i])
		}
		return out
	}
	if len(e.Value) == 0 {
		return out
	}
	if free := cap(c.bytes) - len(c.bytes); free < 2*len(e.Value) {
		c.bytes = make([]byte, 0, max(4<<10, 2*len(e.Value)))
	}
	at := len(c.bytes)
	if cs != nil && e.VR.HasCharset() {
		c.bytes, _ = cs.AppendText(c.bytes, e.Value, e.VR)
	} else {
		c.bytes = append(c.bytes, e.Value...)
	}
	if e.VR.IsText() {
		if !utf8.Valid(c.bytes[at:]) { // what is not UTF-8 yet never will be
			c.bytes = append(c.bytes[:at], strings.ToValidUTF8(string(c.bytes[at:]), "\uFFFD")...)
		}
		if (len(c.bytes)-at)%2 == 1 {
			c.bytes = append(c.bytes, pad(e.VR))
		}
	}
	out.Value = c.bytes[at:len(c.bytes):len(c.bytes)]
	return out
}

func pad(vr dict.VR) byte {
	if vr == dict.UI {
		return 0
	}
	return ' '
}

func (c *copier) item(d *Dataset) Dataset {
	out := Dataset{Charset: UTF8}
	for i := range d.Elements {
		e := &d.Elements[i]
		if e.Tag.IsPrivate() || e.Tag == dict.SpecificCharacterSet || !worthCopy(e) {
			continue
		}
		out.Elements = append(out.Elements, c.element(e, d.Charset))
	}
	return out
}

// place is the order of instances: by series, Instance Number, SOP Instance UID
// and name of the file.
type place struct {
	series, instance, source string
	number                   int64
	unnumbered               bool
}

func comparePlaces(a, b *place) int {
	switch {
	case a.series != b.series:
		return strings.Compare(a.series, b.series)
	case a.unnumbered != b.unnumbered:
		if a.unnumbered {
			return 1
		}
		return -1
	case a.number != b.number:
		return cmp.Compare(a.number, b.number)
	case a.instance != b.instance:
		return strings.Compare(a.instance, b.instance)
	}
	return strings.Compare(a.source, b.source)
}
