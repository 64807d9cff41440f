package fhir

import "bytes"

// RefKind says what a reference leads to.
type RefKind uint8

// The kinds of references. The zero kind is a reference without text.
const (
	RefNone        RefKind = iota
	RefLocal               // Type/id, also at the end of an absolute address: Type and ID are set
	RefBundle              // found by fullUrl in the same Bundle: Type and ID are set
	RefContained           // #id of a resource contained in this one: Type, ID and Element are set
	RefConditional         // Type?query, to be found by search: Type is set, ID holds the query
	RefUnresolved          // urn:uuid, urn:oid or #id that leads nowhere: ID holds its last part
	RefExternal            // anything else, such as an address that is no resource's
)

// String returns the kind in words.
func (k RefKind) String() string {
	switch k {
	case RefNone:
		return "none"
	case RefLocal:
		return "local"
	case RefBundle:
		return "bundle"
	case RefContained:
		return "contained"
	case RefConditional:
		return "conditional"
	case RefUnresolved:
		return "unresolved"
	case RefExternal:
		return "external"
	}
	return "invalid"
}

// Ref is where a reference leads. ID aliases the reference or memory of the
// reader and is good as long as the resource.
type Ref struct {
	Kind    RefKind
	Type    string // interned; "" if unknown
	ID      []byte
	Element Element // the contained resource
}

// Resolve says where the text of a Reference.reference leads (R4, References
// §2.3.0): into the Bundle that the resource came in, into its contained
// resources, or to a type and id. Versions (/_history/x) are left aside. It
// does not allocate. It doesn't know whether a local resource exists.
func (r *Resource) Resolve(ref []byte) Ref {
	switch {
	case len(ref) == 0:
		return Ref{}
	case ref[0] == '#':
		return r.contained(ref[1:])
	}
	if r.index != nil {
		if e, ok := r.index.find(ref); ok {
			return Ref{Kind: RefBundle, Type: e.typ, ID: e.id}
		}
	}
	if isURN(ref) {
		return Ref{Kind: RefUnresolved, ID: lastPart(ref)}
	}
	if query := bytes.IndexByte(ref, '?'); query >= 0 {
		if typ, ok := resourceTypes()[string(lastPart(ref[:query]))]; ok {
			return Ref{Kind: RefConditional, Type: typ, ID: ref[query+1:]}
		}
		return Ref{Kind: RefExternal, ID: ref}
	}
	if typ, id, ok := splitReference(ref); ok {
		return Ref{Kind: RefLocal, Type: typ, ID: id}
	}
	return Ref{Kind: RefExternal, ID: ref}
}

// contained finds a contained resource by its id; "#" alone is the container.
func (r *Resource) contained(id []byte) Ref {
	if len(id) == 0 {
		return Ref{Kind: RefContained, Type: r.typ, ID: r.IDBytes(), Element: r.Root()}
	}
	for c := r.root.Get("contained").First(); (Element{c}).Exists(); c = c.Next() {
		have := c.Get("id").Bytes(nil)
		if bytes.Equal(have, id) || (len(have) > 0 && have[0] == '#' && bytes.Equal(have[1:], id)) {
			return Ref{Kind: RefContained, Type: resourceTypes()[string(c.Get("resourceType").Bytes(nil))], ID: id, Element: Element{c}}
		}
	}
	return Ref{Kind: RefUnresolved, ID: id}
}

// splitReference takes [base/]Type/id[/_history/version] apart.
func splitReference(ref []byte) (typ string, id []byte, ok bool) {
	slash := bytes.LastIndexByte(ref, '/')
	if slash <= 0 {
		return "", nil, false
	}
	head, id := ref[:slash], ref[slash+1:]
	if bytes.HasSuffix(head, []byte("/_history")) {
		head = head[:len(head)-len("/_history")]
		if slash = bytes.LastIndexByte(head, '/'); slash <= 0 {
			return "", nil, false
		}
		head, id = head[:slash], head[slash+1:]
	}
	typ, ok = resourceTypes()[string(head[bytes.LastIndexByte(head, '/')+1:])]
	return typ, id, ok && isID(id)
}

// isID reports whether b follows the syntax of ids (R4, datatype id:
// [A-Za-z0-9\-\.]{1,64}). Readers are milder: underscores and any length pass
// in references, since both occur.
func isID(b []byte) bool {
	for _, c := range b {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' {
			continue
		}
		return false
	}
	return len(b) > 0
}

// isURN reports whether ref is a urn:uuid or urn:oid.
func isURN(ref []byte) bool {
	return bytes.HasPrefix(ref, []byte("urn:uuid:")) || bytes.HasPrefix(ref, []byte("urn:oid:"))
}

// lastPart returns what follows the last slash or colon.
func lastPart(b []byte) []byte {
	return b[bytes.LastIndexAny(b, "/:")+1:]
}

// bundleIndex finds the entries of one Bundle by fullUrl. It does not change
// once the entries are handed out, so Resources of all workers may share it.
type bundleIndex struct {
	entries map[string]target
}

// target is the identity of an entry's resource.
type target struct {
	typ string
	id  []byte
}

func (x *bundleIndex) find(ref []byte) (target, bool) {
	if t, ok := x.entries[string(ref)]; ok {
		return t, true
	}
	// A versioned reference names the entry of its address without version.
	if i := bytes.Index(ref, []byte("/_history/")); i > 0 {
		t, ok := x.entries[string(ref[:i])]
		return t, ok
	}
	return target{}, false
}

// add notes an entry; the first of a fullUrl counts.
func (x *bundleIndex) add(full []byte, typ string, id []byte) {
	if len(full) == 0 || typ == "" {
		return
	}
	if x.entries == nil {
		x.entries = make(map[string]target)
	}
	key := string(full)
	if _, ok := x.entries[key]; ok {
		return
	}
	if len(id) == 0 {
		id = lastPart(full)
	}
	x.entries[key] = target{typ: typ, id: bytes.Clone(id)}
}
