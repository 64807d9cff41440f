package suyash

import (
	"encoding/binary"
	"slices"

	"github.com/suyashkumar/dicom/pkg/uid"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// isPlain reports whether the other parser can be given the bytes of x as they are, since
// they are what both take to be well formed: what our reader found stands without gap from the
// first byte to the pixel data, and every VR, length and character set is one that the
// other parser handles.
func isPlain(x *dicommeta.Instance) bool {
	if !x.Preamble || x.Partial || x.Encoding.Implicit || x.Encoding.Deflated || slices.ContainsFunc(x.Issues, hinders) || !hasPlainMeta(x) {
		return false
	}
	// Of the transfer syntaxes it knows the other parser knows the encoding.
	order, implicit, err := uid.ParseTransferSyntaxUID(x.TransferSyntax)
	if err != nil || implicit || (order == binary.BigEndian) != x.Encoding.BigEndian {
		return false
	}
	end := x.Size
	if x.Stop.Tag != 0 {
		end = x.Stop.Offset
	}
	terms := x.Charset.Terms()
	if el := x.Find(dict.SpecificCharacterSet); el != nil && !hasPlainCharset(el, terms) || el == nil && len(terms) > 0 {
		return false
	}
	p := plain{terms: terms}
	return p.dataset(&x.Dataset, metaEnd(x), end, false)
}

// hinders reports whether a finding is about bytes that the two parsers may read otherwise, such
// as a delimiter with a length.
func hinders(i issue.Issue) bool {
	switch i.Code {
	case dicommeta.CodeNoInstance, dicommeta.CodePixelsMissing, dicommeta.CodePixelsTruncated:
		return false
	}
	return i.Severity >= issue.Warning
}

// metaEnd is where the meta information ends by its elements.
func metaEnd(x *dicommeta.Instance) int64 {
	return x.Meta.Elements[len(x.Meta.Elements)-1].End
}

// hasPlainMeta reports whether the meta information begins with its true length and
// names one transfer syntax (PS3.10 §7.1).
func hasPlainMeta(x *dicommeta.Instance) bool {
	if len(x.Meta.Elements) == 0 {
		return false
	}
	length, end := &x.Meta.Elements[0], metaEnd(x)
	if length.Tag != dict.FileMetaInformationGroupLength || length.Written != dict.UL || len(length.Value) != 4 ||
		int64(binary.LittleEndian.Uint32(length.Value)) != end-length.End {
		return false
	}
	syntaxes := 0
	for i := range x.Meta.Elements {
		el := &x.Meta.Elements[i]
		if el.Tag.Group() != 2 {
			return false
		}
		if el.Tag == dict.TransferSyntaxUID {
			if syntaxes++; el.Written != dict.UI || trimmed(el) != x.TransferSyntax {
				return false
			}
		}
	}
	p := plain{}
	return syntaxes == 1 && p.dataset(&x.Meta, 132, end, true)
}

func trimmed(el *dicommeta.Element) string {
	if all := (*dicommeta.Charset)(nil).Texts(el); len(all) == 1 {
		return all[0]
	}
	return ""
}

// plainCharsets are those that one table decodes, in the other package as here. It has no
// table for ISO_IR 166 and panics, and does not know the escapes of ISO 2022.
var plainCharsets = []string{"ISO_IR 6", "ISO_IR 100", "ISO_IR 101", "ISO_IR 109", "ISO_IR 110", "ISO_IR 126", "ISO_IR 127", "ISO_IR 138", "ISO_IR 144", "ISO_IR 192"}

func hasPlainCharset(el *dicommeta.Element, terms []string) bool {
	if el.Written != dict.CS || len(terms) > 1 {
		return false
	}
	s := trimmed(el)
	return slices.Contains(plainCharsets, s) && (len(terms) == 0 && s == "ISO_IR 6" || len(terms) == 1 && terms[0] == s)
}

// plain goes through the elements of a data set in a known character set.
type plain struct {
	terms []string
}

// dataset reports whether the elements of d stand from start to end without gap, and are plain.
func (p *plain) dataset(d *dicommeta.Dataset, start, end int64, meta bool) bool {
	for i := range d.Elements {
		el := &d.Elements[i]
		if el.Offset != start || !meta && el.Tag.Group() == 2 || !p.element(el) {
			return false
		}
		start = el.End
	}
	return start == end
}

func (p *plain) element(el *dicommeta.Element) bool {
	if el.Written != el.VR || el.Tag == dict.PixelData || el.Tag.Group() == 0xFFFE || el.Skipped() {
		return false
	}
	if el.Written.LongLength() != (el.Head == 12) || el.Head != 8 && el.Head != 12 {
		return false
	}
	start := el.Offset + int64(el.Head)
	if el.VR == dict.SQ {
		return p.items(el, start)
	}
	if el.Items != nil || heldVR(el) != el.VR || el.Length%2 != 0 || el.Length == dicommeta.Undefined || el.End != start+int64(el.Length) {
		return false
	}
	return len(p.terms) > 0 || !el.VR.HasCharset() || !needsCharset(el.Value)
}

// items reports whether the items of a sequence stand in it without gap, and are plain.
func (p *plain) items(el *dicommeta.Element, start int64) bool {
	for i := range el.Items {
		item := &el.Items[i]
		if item.Offset != start || !slices.Equal(item.Charset.Terms(), p.terms) || item.Has(dict.SpecificCharacterSet) {
			return false
		}
		last := item.End
		if item.Length == dicommeta.Undefined {
			last -= 8
		} else if item.End != item.Offset+8+int64(item.Length) {
			return false
		}
		if !p.dataset(item, item.Offset+8, last, false) {
			return false
		}
		start = item.End
	}
	if el.Length == dicommeta.Undefined {
		return start+8 == el.End
	}
	return start == el.End && el.End == el.Offset+int64(el.Head)+int64(el.Length)
}
