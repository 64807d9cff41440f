package dataset

import (
	"cmp"
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/internal/yamldoc"
	"github.com/carabiner-health/carabiner/issue"
)

// Lock pins the sources of a profile: every file that was read for it and every
// embedded edition, by SHA-256 or version. Files stand in it by their paths
// relative to the profile.
type Lock struct {
	Profile string // id of the profile
	Sources []Source
}

// NewLock returns the lock of a model: its sources as they are now, sorted.
func NewLock(m *Model) *Lock {
	l := &Lock{Profile: m.ID}
	for _, s := range m.Sources {
		l.Sources = append(l.Sources, lockSource(s))
	}
	slices.SortFunc(l.Sources, func(a, b Source) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Ref, b.Ref),
			cmp.Compare(a.File, b.File), cmp.Compare(a.SHA256, b.SHA256))
	})
	l.Sources = slices.Compact(l.Sources)
	return l
}

// lockSource returns a source as it stands in a lock: with a file only where that
// is not the reference itself.
func lockSource(s Source) Source {
	if file := filepath.ToSlash(s.File); path.Base(file) == path.Base(filepath.ToSlash(s.Ref)) {
		s.File = ""
	}
	return s
}

// Bytes returns the lock as YAML, a source a line. The same sources give the same
// bytes.
func (l *Lock) Bytes() []byte {
	var b strings.Builder
	b.WriteString("# The sources of a dataset profile as they were when they were pinned.\nlock: \"1\"\n")
	b.WriteString("profile: " + string(quoteLiteral(l.Profile)) + "\nsources:")
	if len(l.Sources) == 0 {
		b.WriteString(" []")
	}
	b.WriteByte('\n')
	for _, s := range l.Sources {
		sep := "  - {"
		for _, p := range [][2]string{{"name", s.Name}, {"kind", string(s.Kind)}, {"ref", s.Ref}, {"file", s.File}, {"version", s.Version}, {"sha256", s.SHA256}} {
			if p[1] != "" {
				b.WriteString(sep + p[0] + ": " + string(quoteLiteral(p[1])))
				sep = ", "
			}
		}
		if sep == "  - {" {
			b.WriteString(sep)
		}
		b.WriteString("}\n")
	}
	return []byte(b.String())
}

// ParseLock reads a lock that Bytes wrote; name is the source that positions
// show. There is no lock where a finding is an error.
func ParseLock(name string, src []byte) (*Lock, issue.List) {
	const most = 16 << 20
	doc, err := yamldoc.Parse(src, &yamldoc.Options{MaxBytes: most, MaxDepth: 8})
	if err != nil {
		i := issue.Issue{Severity: issue.Error, Code: CodeForm, Pos: issue.Pos{Source: name, Line: 1, Column: 1}, Message: err.Error()}
		var at *yamldoc.Error
		if errors.As(err, &at) {
			i.Pos.Line, i.Pos.Column, i.Message = at.Line, at.Column, at.Message
		}
		return nil, issue.List{i}
	}
	d := &lockReader{name: name}
	l := &Lock{}
	if doc.Kind != yamldoc.Map || text(doc.Get("lock")) != "1" {
		d.add(doc, `want a lock that begins with lock: "1", have another document`)
		return nil, d.found
	}
	l.Profile = text(doc.Get("profile"))
	if sources := doc.Get("sources"); sources != nil {
		if sources.Kind != yamldoc.List {
			d.add(sources, "want a list of sources, have a "+sources.Kind.String())
		}
		for _, n := range sources.Items {
			l.Sources = append(l.Sources, d.source(n))
		}
	}
	if d.found.HasErrors() {
		return nil, d.found
	}
	return l, d.found
}

type lockReader struct {
	name  string
	found issue.List
}

func (d *lockReader) add(n *yamldoc.Node, message string) {
	d.found = append(d.found, issue.Issue{Severity: issue.Error, Code: CodeForm,
		Pos: issue.Pos{Source: d.name, Line: n.Line, Column: n.Column}, Message: message})
}

func (d *lockReader) source(n *yamldoc.Node) Source {
	var s Source
	if n.Kind != yamldoc.Map {
		d.add(n, "want a source, have a "+n.Kind.String())
		return s
	}
	for _, m := range n.Members {
		if m.Value.Kind != yamldoc.Text {
			d.add(m.Value, "want text, have a "+m.Value.Kind.String())
			continue
		}
		switch v := m.Value.Text; m.Name {
		case "name":
			s.Name = v
		case "kind":
			s.Kind = SourceKind(v)
		case "ref":
			s.Ref = v
		case "file":
			s.File = v
		case "version":
			s.Version = v
		case "sha256":
			s.SHA256 = v
		default:
			d.add(m.Value, "want a known key, have "+quote(m.Name)+meant(m.Name, []string{"name", "kind", "ref", "file", "version", "sha256"}))
		}
	}
	return s
}

// checkLock holds the sources of a model against the lock of the options.
func (l *loader) checkLock(m *Model) {
	if l.opts.Lock == nil {
		return
	}
	type key struct {
		name      string
		kind      SourceKind
		ref, file string
	}
	keyOf := func(s Source) key { return key{s.Name, s.Kind, s.Ref, s.File} }
	locked := map[key]Source{}
	for _, s := range l.opts.Lock.Sources {
		locked[keyOf(s)] = s
	}
	add := func(severity issue.Severity, s Source, message string) {
		name := cmp.Or(s.Name, s.Ref, s.File)
		l.report(issue.Issue{Severity: severity, Code: CodeLock, Pos: issue.Pos{Source: cmp.Or(s.File, s.Ref)},
			Path: "sources." + name, Message: message})
	}
	for _, s := range m.Sources {
		k := keyOf(lockSource(s))
		pinned, ok := locked[k]
		delete(locked, k)
		switch {
		case !ok:
			add(issue.Error, s, "want a source that the lock names, have one that it does not: write the lock again")
		case pinned.SHA256 != s.SHA256:
			add(issue.Error, s, "want the content that the lock names, have another: it has changed since")
		case pinned.Version != s.Version:
			add(issue.Error, s, "want the version that the lock names, "+quote(pinned.Version)+", have "+quote(s.Version))
		}
	}
	for _, s := range l.opts.Lock.Sources {
		if _, left := locked[keyOf(s)]; left {
			add(issue.Warning, s, "want only sources that the profile needs in the lock, have one more")
		}
	}
}
