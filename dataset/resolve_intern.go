package dataset

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// intern fills Objects and CodeSets: what says the same in all but where it was
// read becomes one, and gets a name that nothing else in the model has.
func intern(m *Model) {
	w := newWalker()
	for _, t := range m.Tables {
		w.object(t.Object)
	}
	own := map[*Object]bool{}
	for _, t := range m.Tables {
		own[t.Object] = true
	}
	sets := mergeSets(w)
	same := mergeObjects(w.objects, own, sets)
	for _, o := range w.objects {
		replace(o, same, sets)
	}

	names, setNames := unique{}, unique{}
	for _, t := range m.Tables {
		t.Object.Name = names.name(t.Object.Name)
	}
	w = newWalker()
	for _, t := range m.Tables {
		w.object(t.Object)
	}
	m.Objects, m.CodeSets = nil, nil
	for _, o := range w.objects {
		if !own[o] {
			o.Name = names.name(o.Name)
			m.Objects = append(m.Objects, o)
		}
	}
	for _, s := range w.sets {
		s.Name = setNames.name(s.Name)
		m.CodeSets = append(m.CodeSets, s)
	}
}

// walker visits what objects reach, each object once, depth first in the order
// of the fields.
type walker struct {
	seen    map[*Object]bool
	seenSet map[*CodeSet]bool
	objects []*Object
	sets    []*CodeSet
}

func newWalker() *walker { return &walker{seen: map[*Object]bool{}, seenSet: map[*CodeSet]bool{}} }

func (w *walker) object(o *Object) {
	if o == nil || w.seen[o] {
		return
	}
	w.seen[o] = true
	w.objects = append(w.objects, o)
	for _, f := range o.Fields {
		w.field(f)
	}
	if o.Extra != nil {
		w.typ(o.Extra)
	}
}

func (w *walker) field(f *Field) {
	w.typ(&f.Type)
	for _, s := range f.Slices {
		w.field(s.Field)
		for _, m := range s.Match {
			w.set(m.Codes)
		}
	}
}

func (w *walker) typ(t *Type) {
	w.set(t.Codes)
	if t.Elem != nil {
		w.typ(t.Elem)
	}
	for i := range t.Union {
		w.typ(&t.Union[i])
	}
	w.object(t.Object)
}

func (w *walker) set(s *CodeSet) {
	if s == nil || w.seenSet[s] {
		return
	}
	w.seenSet[s] = true
	w.sets = append(w.sets, s)
}

// mergeSets maps each code set to the first that is equal to it.
func mergeSets(w *walker) map[*CodeSet]*CodeSet {
	first, same := map[string]*CodeSet{}, map[*CodeSet]*CodeSet{}
	for _, s := range w.sets {
		key := fmt.Sprintf("%q %q %q %q %t %q", s.Name, s.URL, s.Version, s.Title, s.Complete, s.Codes)
		if first[key] == nil {
			first[key] = s
		}
		same[s] = first[key]
	}
	return same
}

// mergeObjects maps each object to the first that is equal to it, circles
// included: objects start as equal if they say the same apart from the objects
// they name, and are told apart as long as those differ. The objects of tables
// stay as they are.
func mergeObjects(objects []*Object, own map[*Object]bool, sets map[*CodeSet]*CodeSet) map[*Object]*Object {
	class, refs := map[*Object]int{}, map[*Object][]*Object{}
	ids := map[string]int{}
	for i, o := range objects {
		s := &signature{sets: sets}
		s.object(o)
		key := s.b.String()
		if own[o] {
			key = fmt.Sprintf("table %d", i)
		}
		refs[o] = s.refs
		class[o] = number(ids, key)
	}
	const rounds = 100 // types nest deeper than that only where nobody reads them
	for count, i := len(ids), 0; ; i++ {
		if i == rounds {
			return identity(objects)
		}
		ids = map[string]int{}
		next := map[*Object]int{}
		var key []byte
		for _, o := range objects {
			key = binary.AppendUvarint(key[:0], uint64(class[o]))
			for _, r := range refs[o] {
				key = binary.AppendUvarint(key, uint64(class[r]))
			}
			next[o] = number(ids, string(key))
		}
		class = next
		if len(ids) == count {
			break
		}
		count = len(ids)
	}
	first, same := map[int]*Object{}, map[*Object]*Object{}
	for _, o := range objects {
		if first[class[o]] == nil {
			first[class[o]] = o
		}
		same[o] = first[class[o]]
	}
	return same
}

func identity(objects []*Object) map[*Object]*Object {
	same := map[*Object]*Object{}
	for _, o := range objects {
		same[o] = o
	}
	return same
}

func number(ids map[string]int, key string) int {
	id, ok := ids[key]
	if !ok {
		id = len(ids)
		ids[key] = id
	}
	return id
}

// signature writes all that an object says but where it was read, and collects
// the objects that it names.
type signature struct {
	b    strings.Builder
	sets map[*CodeSet]*CodeSet
	refs []*Object
}

func (s *signature) object(o *Object) {
	fmt.Fprintf(&s.b, "%q %q %q %t %q %t %q %q %v %v", o.Name, o.Title, o.Description, o.FHIR, o.ResourceType, o.Closed,
		o.Base, o.ID, o.Choices, o.Rules)
	if o.Extra != nil {
		s.b.WriteString(" extra")
		s.typ(o.Extra)
	}
	for _, f := range o.Fields {
		s.field(f)
	}
}

func (s *signature) field(f *Field) {
	fmt.Fprintf(&s.b, "\n%q %q %q %t %t %t %q %q %q %q %q %q %q", f.Name, f.Title, f.Description, f.Required, f.Nullable,
		f.SlicesClosed, f.Path, f.Unit, f.UnitPath, f.Role, f.GoName, f.DICOMType, f.ID)
	if d := f.Deid; d != nil {
		fmt.Fprintf(&s.b, " deid %q %q %q %q %q", d.Method, d.Domain, d.Step, d.Per, d.With)
	}
	s.typ(&f.Type)
	for _, l := range f.Slices {
		fmt.Fprintf(&s.b, " slice %q %q", l.Name, l.Value)
		for _, m := range l.Match {
			fmt.Fprintf(&s.b, " match %q %d %q %q %p", m.Path, m.Kind, m.Value, m.Type, s.sets[m.Codes])
		}
		s.field(l.Field)
	}
}

func (s *signature) typ(t *Type) {
	fmt.Fprintf(&s.b, " <%d %q %d %t %t %d %p %t %q %q %q %q %q %d %d %d %d %t %q %q %t %t %q %q %v", t.Kind, t.Format, t.Bits,
		t.Unsigned, t.Partial, t.Zone, s.sets[t.Codes], t.CodesOpen, t.Const, t.Pattern, t.Enum, t.Regex, t.RegexSource,
		t.MinLength, t.MaxLength, t.MinItems, t.MaxItems, t.UniqueItems, t.Min, t.Max, t.MinExclusive, t.MaxExclusive,
		t.MultipleOf, t.Targets, t.Rules)
	if t.Elem != nil {
		s.b.WriteString(" elem")
		s.typ(t.Elem)
	}
	for i := range t.Union {
		s.b.WriteString(" or")
		s.typ(&t.Union[i])
	}
	if t.Object != nil {
		s.b.WriteString(" object")
		s.refs = append(s.refs, t.Object)
	}
	s.b.WriteByte('>')
}

// replace puts the first of equal objects and code sets in place of the others.
func replace(o *Object, same map[*Object]*Object, sets map[*CodeSet]*CodeSet) {
	var field func(f *Field)
	var typ func(t *Type)
	typ = func(t *Type) {
		if t.Codes != nil {
			t.Codes = sets[t.Codes]
		}
		if t.Object != nil {
			t.Object = same[t.Object]
		}
		if t.Elem != nil {
			typ(t.Elem)
		}
		for i := range t.Union {
			typ(&t.Union[i])
		}
	}
	field = func(f *Field) {
		typ(&f.Type)
		for _, s := range f.Slices {
			field(s.Field)
			for i := range s.Match {
				if c := s.Match[i].Codes; c != nil {
					s.Match[i].Codes = sets[c]
				}
			}
		}
	}
	for _, f := range o.Fields {
		field(f)
	}
	if o.Extra != nil {
		typ(o.Extra)
	}
}
