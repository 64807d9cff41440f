package dataset

import (
	"errors"
	"go/token"
	"regexp"
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirpath"
	"github.com/carabiner-health/carabiner/internal/ucum"
	"github.com/carabiner-health/carabiner/issue"
)

// profileChecker finds what is wrong with a profile and its schema cannot say.
type profileChecker struct {
	profile *Profile
	name    string
	found   issue.List
	table   *TableSpec
	kind    SourceKind // of the table's source, "" if unknown
}

func (c *profileChecker) check() {
	c.names()
	used := map[string]bool{}
	for i := range c.profile.Tables {
		t := &c.profile.Tables[i]
		c.table, c.kind = t, ""
		if s := c.from(t); s != nil {
			used[s.Name] = true
			c.kind = s.Kind
		}
		c.refs(t)
		c.conditions(t)
		c.fields(t)
	}
	c.table = nil
	for _, s := range c.profile.Sources {
		if !used[s.Name] && len(c.profile.Tables) > 0 {
			c.add(issue.Warning, CodeConflict, s.Pos, "sources."+s.Name, "want a source that a table comes from, have one that none does")
		}
	}
	if p := c.profile.Outputs; p.GoPackage != "" && (token.IsKeyword(p.GoPackage) || p.GoPackage == "main") {
		c.add(issue.Error, CodeConflict, p.Pos, "outputs.go.package", "want a package name that can be imported, have "+quote(p.GoPackage))
	}
}

func (c *profileChecker) add(s issue.Severity, code issue.Code, pos issue.Pos, path, message string) {
	c.found = append(c.found, issue.Issue{Severity: s, Code: code, Pos: pos, Path: path, Message: message})
}

// fail tells of a mistake in the field f.
func (c *profileChecker) fail(code issue.Code, f *FieldSpec, key, message string) {
	pos, ok := f.At[key]
	if !ok {
		pos = f.Pos
	}
	c.add(issue.Error, code, pos, c.path("fields."+f.Name), message)
}

func (c *profileChecker) path(rest string) string { return "tables." + c.table.Name + "." + rest }

// names finds tables that differ by case alone: their files would be one on
// some systems.
func (c *profileChecker) names() {
	seen := map[string]bool{}
	for _, t := range c.profile.Tables {
		low := strings.ToLower(t.Name)
		if seen[low] {
			c.add(issue.Error, CodeConflict, t.Pos, "tables."+t.Name, "want names of tables that differ by more than case, have "+quote(t.Name)+" again")
		}
		seen[low] = true
	}
}

// from returns the source of a table, nil where it is unknown.
func (c *profileChecker) from(t *TableSpec) *SourceSpec {
	if t.From == "" {
		return nil
	}
	name, _, _ := strings.Cut(t.From, "/")
	var names []string
	for i := range c.profile.Sources {
		s := &c.profile.Sources[i]
		if s.Name == name {
			return s
		}
		names = append(names, s.Name)
	}
	c.add(issue.Error, CodeUnknownName, t.At["from"], c.path("from"), "want the name of a source, have "+quote(name)+meant(name, names))
	return nil
}

func (c *profileChecker) refs(t *TableSpec) {
	var names []string
	byName := map[string]*TableSpec{}
	for i := range c.profile.Tables {
		names = append(names, c.profile.Tables[i].Name)
		byName[c.profile.Tables[i].Name] = &c.profile.Tables[i]
	}
	for i, r := range t.Refs {
		pos := t.At["refs/"+itoa(i)]
		if r.Table == "" {
			continue
		}
		target := byName[r.Table]
		if target == nil {
			c.add(issue.Error, CodeUnknownName, pos, c.path("refs"), "want a table to refer to, have "+quote(r.Table)+meant(r.Table, names))
			continue
		}
		if want := len(r.Target); want > 0 && want != len(r.Fields) {
			c.add(issue.Error, CodeConflict, pos, c.path("refs"), "want as many fields as the target has, "+itoa(want)+", have "+itoa(len(r.Fields)))
		}
	}
}

func (c *profileChecker) conditions(t *TableSpec) {
	for _, w := range t.Where {
		switch {
		case w.Path == "" || c.kind == "":
		case isFHIR(c.kind):
			c.expression(w.Path, w.Pos, c.path("where"))
		case len(w.Values) == 0:
			c.add(issue.Error, CodeConflict, w.Pos, c.path("where"), "want {path, in} for a source of kind "+string(c.kind)+", have an expression")
		}
	}
}

// expression compiles a FHIRPath. A position inside of it is not told, as the
// document may have written it with escapes.
func (c *profileChecker) expression(src string, pos issue.Pos, path string) {
	_, err := fhirpath.Compile(src, nil)
	if err == nil {
		return
	}
	message := "want FHIRPath"
	var syntax *fhirpath.SyntaxError
	if errors.As(err, &syntax) {
		message += ": at character " + itoa(syntax.Offset+1) + ": " + syntax.Message
	}
	c.add(issue.Error, CodePath, pos, path, message)
}

func (c *profileChecker) fields(t *TableSpec) {
	goNames := map[string]string{}
	for i := range t.Fields {
		f := &t.Fields[i]
		if f.Drop {
			c.dropped(f)
			continue
		}
		if f.GoName != "" {
			if other := goNames[f.GoName]; other != "" {
				c.fail(CodeConflict, f, "go", "want a name in Go of its own, have that of "+quote(other))
			}
			goNames[f.GoName] = f.Name
		}
		c.typeWords(f)
		c.values(f)
		if f.Path != "" && isFHIR(c.kind) && !isElementID(f.Path) {
			c.expression(f.Path, f.At["path"], c.path("fields."+f.Name+".path"))
		}
		if f.Deid != nil {
			c.deid(f)
		}
	}
}

// dropped finds what is said of a field that is not there.
func (c *profileChecker) dropped(f *FieldSpec) {
	for _, key := range []string{"path", "type", "required", "const", "codes", "unit", "min", "max", "max_length", "pattern", "list", "go", "deid"} {
		if _, ok := f.At[key]; ok {
			c.fail(CodeConflict, f, key, "want nothing but drop of a field that is dropped, have "+key)
			return
		}
	}
	for _, k := range c.table.Key {
		if k == f.Name {
			c.fail(CodeConflict, f, "drop", "want a field of the key to stay, have it dropped")
		}
	}
}

// numeric says whether values of the type word are numbers, textual whether they
// are texts; both hold where the word is "".
func numeric(word string) bool {
	return word == "" || word == "integer" || word == "decimal" || word == "quantity" || word == "list"
}

func textual(word string) bool {
	return word == "" || word == "string" || word == "code" || word == "list" || word == "binary"
}

// temporal says whether min and max are a date or time.
func temporal(word string) bool { return word == "date" || word == "datetime" || word == "time" }

// typeWords holds the keys of a field against its type.
func (c *profileChecker) typeWords(f *FieldSpec) {
	has := func(key string) bool { _, ok := f.At[key]; return ok }
	bad := func(key string) {
		c.fail(CodeConflict, f, key, "want "+key+" only where the type can have it, have type "+f.Type)
	}
	if has("unit") && !numeric(f.Type) {
		bad("unit")
	}
	if has("codes") && (!textual(f.Type) || f.Type == "binary") {
		bad("codes")
	}
	if has("pattern") && !textual(f.Type) && !temporal(f.Type) {
		bad("pattern")
	}
	if has("max_length") && !textual(f.Type) {
		bad("max_length")
	}
	for _, key := range []string{"min", "max"} {
		if has(key) && !numeric(f.Type) && !temporal(f.Type) {
			bad(key)
		}
	}
	if f.Type == "quantity" && f.Unit == "" && !has("unit") {
		c.fail(CodeConflict, f, "type", "want a unit for a field of type quantity, have none")
	}
	if f.Type == "list" && f.List != nil && !*f.List {
		c.fail(CodeConflict, f, "list", "want list: true or nothing with type list, have false")
	}
	if f.Unit != "" && !ucum.Valid(f.Unit) {
		c.fail(CodeUnit, f, "unit", "want a UCUM unit, have "+quote(f.Unit))
	}
}

// values holds const, min, max, pattern and codes against each other.
func (c *profileChecker) values(f *FieldSpec) {
	for _, b := range []struct {
		key   string
		value Literal
	}{{"min", f.Min}, {"max", f.Max}, {"const", f.Const}} {
		bound := b.key == "const" || numeric(f.Type) || temporal(f.Type)
		if b.value != "" && f.Type != "" && bound && !fitsWord(f.Type, b.value) {
			c.fail(CodeConflict, f, b.key, "want "+wordArticle(f.Type)+", have another value")
		}
	}
	if f.Min != "" && f.Max != "" {
		switch order, ok := compareLiterals(f.Min, f.Max); {
		case !ok:
			c.fail(CodeConflict, f, "max", "want min and max of the same type, have different ones")
		case order > 0:
			c.fail(CodeConflict, f, "max", "want max not below min, have less")
		}
	}
	var pattern *regexp.Regexp
	if f.Pattern != "" {
		var err error
		if pattern, err = wholePattern(f.Pattern); err != nil {
			c.fail(CodePattern, f, "pattern", "want a regular expression (RE2): "+regexpError(err))
		}
	}
	if f.Const == "" {
		return
	}
	s, isText := unquoteLiteral(f.Const)
	for _, b := range []struct {
		key   string
		value Literal
		sign  int
	}{{"min", f.Min, 1}, {"max", f.Max, -1}} {
		if b.value == "" {
			continue
		}
		if order, ok := compareLiterals(f.Const, b.value); ok && order*b.sign < 0 {
			c.fail(CodeConflict, f, "const", "want a const within min and max, have one outside of "+b.key)
		}
	}
	if pattern != nil && isText && !pattern.MatchString(s) {
		c.fail(CodeConflict, f, "const", "want a const that matches pattern, have one that does not")
	}
	if f.MaxLength != nil && isText && runes(s) > *f.MaxLength {
		c.fail(CodeConflict, f, "const", "want a const of at most max_length characters, have more")
	}
	if len(f.CodeList) > 0 && !hasCode(f.CodeList, s) {
		c.fail(CodeConflict, f, "const", "want a const among codes, have another")
	}
}

func hasCode(codes []Code, s string) bool {
	for _, c := range codes {
		if c.Code == s {
			return true
		}
	}
	return false
}

// deid holds a rule against its method.
func (c *profileChecker) deid(f *FieldSpec) {
	d := f.Deid
	for _, k := range []struct {
		key     string
		present bool
		methods string
		needed  bool
	}{
		{"domain", d.Domain != "", "pseudonym hash", d.Method == "pseudonym"},
		{"step", d.Step != "", "generalize round", d.Method == "round"},
		{"per", d.Per != "", "shift", d.Method == "shift"},
		{"with", d.With != "", "substitute", d.Method == "substitute"},
	} {
		fits := strings.Contains(" "+k.methods+" ", " "+d.Method+" ")
		switch {
		case d.Method == "":
		case k.present && !fits:
			c.fail(CodeConflict, f, "deid."+k.key, "want "+k.key+" only with the method "+strings.ReplaceAll(k.methods, " ", " or ")+", have "+quote(d.Method))
		case k.needed && !k.present:
			c.fail(CodeConflict, f, "deid", "want "+k.key+" with the method "+d.Method+", have none")
		}
	}
	if f.Role == DirectID && d.Method == "keep" {
		c.add(issue.Warning, CodeConflict, d.Pos, c.path("fields."+f.Name), "want a direct identifier to be changed or dropped, have it kept")
	}
	if d.Step != "" {
		if r := rational(d.Step); r != nil && r.Sign() <= 0 {
			c.fail(CodeConflict, f, "deid.step", "want a step above 0, have less")
		}
	}
}
