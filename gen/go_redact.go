package gen

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/carabiner-health/carabiner/dataset"
)

// redactEmitter writes the methods that clear fields by their roles.
//
// Two kinds of methods do it. redact is for objects in which a field has a role:
// it decides field by field. strip is for objects that stay because of the role of
// the field that holds them: it removes what nobody has looked at, which is
// companions, extensions without a field, members that the profile does not name
// and JSON that is kept as text.
type redactEmitter struct {
	p *plan
	// roles are the objects in which a field has a role, strips those in which
	// there is something to strip.
	roles, strips map[*objectPlan]bool
}

// emitRedact returns Redact for each table.
func emitRedact(p *plan) []jen.Code {
	e := &redactEmitter{p: p, roles: make(map[*objectPlan]bool), strips: make(map[*objectPlan]bool)}
	for _, t := range p.tables {
		e.roles[t.object] = true
	}
	e.spread(e.roles, func(o *objectPlan) bool { return ownRole(o) })
	e.spread(e.strips, func(o *objectPlan) bool { return len(e.strip(o)) > 0 })
	var out []jen.Code
	for _, t := range p.tables {
		o := t.object
		out = append(out, jen.Line(), jen.Op(e.doc(o)), method("", o, "Redact(keep ...Role)", stmt("%s.redact(keep, false)", o.recv)))
	}
	for _, o := range p.objects {
		if e.roles[o] {
			out = append(out, method("", o, "redact(keep kept, inherited bool)", jen.Op(strings.Join(e.redact(o), "\n"))))
		}
		if e.strips[o] && !e.roles[o] {
			out = append(out, method("strip removes what the profile has no field for.", o, "strip()", jen.Op(strings.Join(e.strip(o), "\n"))))
		}
	}
	return out
}

// spread adds to the set the objects that test holds for and those that hold an
// object of the set.
func (e *redactEmitter) spread(set map[*objectPlan]bool, test func(*objectPlan) bool) {
	for _, o := range e.p.objects {
		set[o] = set[o] || test(o)
	}
	for again := true; again; {
		again = false
		for _, o := range e.p.objects {
			if set[o] {
				continue
			}
			for _, inner := range heldBy(o) {
				if set[inner] {
					set[o], again = true, true
					break
				}
			}
		}
	}
}

// heldBy are the objects in the fields and slices of an object.
func heldBy(o *objectPlan) []*objectPlan {
	var out []*objectPlan
	for _, f := range o.fields {
		out = append(out, objectsIn(f.typ)...)
		for _, s := range f.slices {
			out = append(out, objectsIn(s.typ)...)
		}
	}
	return out
}

func ownRole(o *objectPlan) bool {
	for _, f := range o.fields {
		if f.Role != "" {
			return true
		}
		for _, s := range f.slices {
			if s.Field.Role != "" {
				return true
			}
		}
	}
	return false
}

// roleName is the constant of the support code for a role, or the role as text.
func roleName(r dataset.Role) string {
	switch r {
	case dataset.DirectID, dataset.QuasiID, dataset.Sensitive, dataset.EventDate, dataset.FreeText, dataset.Safe:
		return "Role" + map[dataset.Role]string{dataset.DirectID: "DirectID", dataset.QuasiID: "QuasiID", dataset.Sensitive: "Sensitive",
			dataset.EventDate: "EventDate", dataset.FreeText: "FreeText", dataset.Safe: "Safe"}[r]
	}
	return fmt.Sprintf("Role(%q)", string(r))
}

// member is a struct field to clear: that of a field of the profile or of a slice.
type redactMember struct {
	goName string
	shape  shape
	typ    *goType
	role   dataset.Role
	// blind says that nobody has looked at what is in it: it stays only for a role
	// of its own.
	blind bool
}

// redactMembers are the struct fields of a field: the elements that are in no
// slice count as looked at only where the list itself has a role.
func redactMembers(f *fieldPlan) []redactMember {
	blind := len(f.slices) > 0 || f.typ.opaque || f.typ.Kind == dataset.Any
	own := f.Role
	if f.SlicesOnly { // the role is that of the slices
		own, blind = "", true
	}
	out := []redactMember{{f.goName, f.shape, f.typ, own, blind}}
	for _, s := range f.slices {
		role := s.Field.Role
		if role == "" {
			role = f.Role
		}
		out = append(out, redactMember{s.goName, s.shape, s.typ, role, s.typ.opaque || s.typ.Kind == dataset.Any})
	}
	return out
}

// redact are the statements of the method of that name.
func (e *redactEmitter) redact(o *objectPlan) []string {
	var out []string
	for _, f := range o.fields {
		for _, m := range redactMembers(f) {
			out = append(out, e.member(o, m)...)
		}
	}
	return append(out, e.leftovers(o)...)
}

// member are the statements for one struct field.
func (e *redactEmitter) member(o *objectPlan, m redactMember) []string {
	field := o.recv + "." + m.goName
	wipe := "wipe(&" + field + ")"
	inside := e.inside(field, m, "keep, true")
	switch {
	case m.role == dataset.Safe:
		return inside
	case m.role != "" && len(inside) == 0:
		return []string{"if !keep.has(" + roleName(m.role) + ") {\n" + wipe + "\n}"}
	case m.role != "":
		return []string{"if keep.has(" + roleName(m.role) + ") {\n" + strings.Join(inside, "\n") + "\n} else {\n" + wipe + "\n}"}
	case m.blind:
		return []string{wipe}
	case m.typ.object != nil && e.roles[m.typ.object]:
		return e.inside(field, m, "keep, inherited")
	case len(inside) == 0:
		return []string{"if !inherited {\n" + wipe + "\n}"}
	}
	return []string{"if inherited {\n" + strings.Join(inside, "\n") + "\n} else {\n" + wipe + "\n}"}
}

// inside are the calls on what a struct field holds, where it stays.
func (e *redactEmitter) inside(field string, m redactMember, args string) []string {
	g := m.typ
	for g.object == nil && g.elem != nil {
		g = g.elem
	}
	call := ""
	switch {
	case g.object == nil:
		return nil
	case e.roles[g.object]:
		call = ".redact(" + args + ")"
	case e.strips[g.object]:
		call = ".strip()"
	default:
		return nil
	}
	if m.typ.object == nil { // a list in a list, or a map
		return deepCalls(field, m.typ, call, 0)
	}
	switch m.shape {
	case list:
		return []string{"for i := range " + field + " {\n" + field + "[i]" + call + "\n}"}
	case nullList:
		return []string{"for i := range " + field + ".Value {\n" + field + ".Value[i]" + call + "\n}"}
	case pointer:
		return []string{"if " + field + " != nil {\n" + field + call + "\n}"}
	case nullable:
		return []string{"if " + field + ".Valid {\n" + field + ".Value" + call + "\n}"}
	}
	return []string{field + call}
}

// deepCalls is the call on each object in lists and maps. What a map holds is
// put back, as it cannot be changed in place.
func deepCalls(field string, g *goType, call string, depth int) []string {
	if g.object != nil {
		return []string{field + call}
	}
	i := fmt.Sprintf("i%d", depth)
	if g.Kind == dataset.Map {
		body := deepCalls("held", g.elem, call, depth+1)
		return []string{"for " + i + ", held := range " + field + " {\n" + strings.Join(body, "\n") + "\n" + field + "[" + i + "] = held\n}"}
	}
	return []string{"for " + i + " := range " + field + " {\n" + strings.Join(deepCalls(field+"["+i+"]", g.elem, call, depth+1), "\n") + "\n}"}
}

// leftovers clears what is no field of the profile.
func (e *redactEmitter) leftovers(o *objectPlan) []string {
	var out []string
	for _, f := range o.fields {
		if f.order != "" {
			out = append(out, "wipe(&"+o.recv+"."+f.order+")")
		}
	}
	if o.extra != nil {
		out = append(out, "wipe(&"+o.recv+"."+o.extraName+")")
	}
	if o.companions {
		out = append(out, "wipe(&"+o.recv+".Companions)")
	}
	return out
}

// strip are the statements of the method of that name.
func (e *redactEmitter) strip(o *objectPlan) []string {
	var out []string
	for _, f := range o.fields {
		for _, m := range redactMembers(f) {
			if m.blind {
				out = append(out, "wipe(&"+o.recv+"."+m.goName+")")
				continue
			}
			if !e.roles[o] {
				out = append(out, e.inside(o.recv+"."+m.goName, m, "")...)
			}
		}
	}
	return append(out, e.leftovers(o)...)
}

// doc is the comment of Redact: what remains.
func (e *redactEmitter) doc(o *objectPlan) string {
	var b strings.Builder
	b.WriteString("// Redact clears all fields but those whose role is safe or one of keep. A field\n")
	b.WriteString("// without a role takes that of what it is in; without one there, too, it is\n")
	b.WriteString("// cleared. A field whose role is not kept is cleared with all that is in it.\n")
	b.WriteString("// Always cleared are companions (_name), members that the profile does not name, and\n")
	b.WriteString("// extensions and JSON text without a role of their own. A required field that is\n")
	b.WriteString("// cleared is empty, so that Validate may report it; fixed values are written\n")
	b.WriteString("// again. Lists and objects that a copy of the struct shares are changed in it too.\n")
	rows := e.table(o, "", make(map[*objectPlan]bool), nil)
	if len(rows) == 0 {
		return b.String() + "//\n// No field has a role: nothing remains."
	}
	width := 0
	for _, r := range rows {
		width = max(width, min(len(r[0]), 48))
	}
	b.WriteString("//\n// The roles of the fields:\n//")
	for _, r := range rows {
		fmt.Fprintf(&b, "\n//\t%-*s %s", width, r[0], r[1])
	}
	b.WriteString("\n//\n// All others have none.")
	return b.String()
}

// mostRoles is the number of lines of the table of roles.
const mostRoles = 200

// table are the paths that have a role, with it.
func (e *redactEmitter) table(o *objectPlan, prefix string, open map[*objectPlan]bool, rows [][2]string) [][2]string {
	if open[o] {
		return rows
	}
	open[o] = true
	defer delete(open, o)
	add := func(name string, role dataset.Role, g *goType) {
		path := prefix + oneLine(name)
		switch {
		case len(rows) > mostRoles:
			return
		case len(rows) == mostRoles:
			rows = append(rows, [2]string{"…", "and more: see the tags phi"})
			return
		case role == dataset.Safe:
			rows = append(rows, [2]string{path, "safe: remains"})
		case role != "":
			rows = append(rows, [2]string{path, oneLine(string(role))})
		}
		for _, inner := range objectsIn(g) {
			if e.roles[inner] {
				rows = e.table(inner, path+".", open, rows)
			}
		}
	}
	for _, f := range o.fields {
		add(f.Name, f.Role, f.typ)
		for _, s := range f.slices {
			add(f.Name+":"+s.Slice.Name, s.Field.Role, s.typ)
		}
	}
	return rows
}
