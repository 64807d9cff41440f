package check

import (
	"strconv"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

const extensionMaxSize = "http://hl7.org/fhir/StructureDefinition/maxSize"

// attachment checks that the size of an Attachment is that of its data.
func (r *run) attachment(a at) {
	f := r.f(a)
	v := f.value
	data, size := v.Get("data"), v.Get("size")
	bytes, known := decodedSize(data)
	declared, isNumber := size.Int64()
	if known && isNumber && declared != bytes {
		r.err(a, CodeRange, "Attachment", "want size "+strconv.FormatInt(bytes, 10)+" as data has, have another")
	}
	for _, name := range []string{"data", "url", "contentType", "language"} {
		if v.Get(name).Kind() != jsontree.Invalid || v.Get("_"+name).Kind() != jsontree.Invalid {
			return
		}
	}
	r.warn(a, CodePrimitive, "Attachment", "want data or url, or at least contentType or language, have none")
}

// maxSize checks an Attachment or base64Binary against the greatest size that a
// definition allows.
func (r *run) maxSize(n *node, a at) {
	f := r.f(a)
	for _, e := range n.el.Extensions {
		if e.URL != extensionMaxSize || e.Value == nil {
			continue
		}
		limit, ok := e.Value.Value.Float64()
		if !ok {
			continue
		}
		data := f.value
		if f.typ == "Attachment" {
			data = f.value.Get("data")
		}
		size, known := decodedSize(data)
		if declared, isNumber := f.value.Get("size").Int64(); !known && isNumber {
			size, known = declared, true
		}
		switch {
		case !known:
			r.warn(a, CodeNotChecked, n.p.label, "want the size of the content, have none: its limit is not checked")
		case float64(size) > limit:
			r.err(a, CodeRange, n.p.label, "want at most "+strconv.FormatFloat(limit, 'f', -1, 64)+" bytes, have "+strconv.FormatInt(size, 10)+" ("+n.p.label+")")
		}
	}
}

// decodedSize returns how many bytes the base64 of a value stands for.
func decodedSize(v jsontree.Value) (int64, bool) {
	if v.Kind() != jsontree.String {
		return 0, false
	}
	text := v.Text()
	if !isBase64(text) {
		return 0, false
	}
	n, padding := 0, 0
	for i := range len(text) {
		if c := text[i]; !isSpace(c) {
			n++
			if c == '=' {
				padding++
			}
		}
	}
	return int64(n/4*3 - padding), true
}
