package gen

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/carabiner-health/carabiner/dataset"
)

// emitTests returns round-trip tests and fuzz targets over an example record of
// each table, made of the constraints of its fields.
func emitTests(p *plan) []jen.Code {
	if !p.opts.Tests {
		return nil
	}
	var out []jen.Code
	for _, t := range p.tables {
		text, ok := exampleOf(t.object.Object, 0)
		if !ok {
			out = append(out, jen.Line().Add(docComment("There is no test of "+t.object.goName+": a required field has constraints for which no example was found.")))
			continue
		}
		out = append(out, tableTests(t.object, text)...)
	}
	return out
}

func tableTests(o *objectPlan, text string) []jen.Code {
	name := o.goName
	example := "example" + name
	out := []jen.Code{
		jen.Line().Add(docComment(example + " is a record made of the constraints of the profile.")),
		stmt("const %s = %s", example, goString(text)),
		jen.Line(),
		jen.Func().Op("Test"+name+"RoundTrips").Params(jen.Id("t").Op("*").Qual("testing", "T")).Block(
			stmt("want, issues := Parse%s([]byte(%s))", name, example),
			stmt("if err := issues.Err(); err != nil {\nt.Fatalf(\"want a record without errors, have %v\", err)\n}"),
			stmt("for _, i := range want.Validate() {\nif i.Severity == SeverityError {\nt.Logf(\"the example does not hold a rule: %v\", i)\n}\n}"),
			stmt("text := want.AppendJSON(nil)"),
			jen.Var().Id("lines").Qual("bytes", "Buffer"),
			stmt("w := New%sWriter(&lines)", name),
			jen.If(jen.Err().Op(":=").Qual("errors", "Join").Call(jen.Op("w.Write(&want), w.Write(&want), w.Flush()")), jen.Err().Op("!=").Nil()).Block(
				stmt("t.Fatal(err)")),
			stmt("n := 0"),
			jen.Op("for have, err := range "+readerName(name)+"(&lines)").Block(
				jen.If(jen.Err().Op("!=").Nil().Op("||").Op("!").Qual("reflect", "DeepEqual").Call(jen.Op("want, have"))).Block(
					stmt("t.Errorf(\"want the record that was written, have another (%v)\", err)")),
				stmt("if again := have.AppendJSON(nil); !bytes.Equal(text, again) {\nt.Error(\"want the same bytes when a record is written again\")\n}\nn++"),
			),
			stmt("if n != 2 {\nt.Errorf(\"want 2 records, have %d\", n)\n}"),
		),
	}
	if len(o.fields) > 0 {
		out = append(out, jen.Line(), jen.Func().Op("Test"+name+"CSVRoundTrips").Params(jen.Id("t").Op("*").Qual("testing", "T")).Block(
			stmt("want, _ := Parse%s([]byte(%s))", name, example),
			stmt("write := func(x *%s) []byte {\nvar b bytes.Buffer\nw := New%sCSVWriter(&b)", name, name),
			stmt("if err := errors.Join(w.Write(x), w.Flush()); err != nil {\nt.Fatal(err)\n}\nreturn b.Bytes()\n}"),
			stmt("rows, n := write(&want), 0"),
			stmt("for have, err := range Read%sCSV(bytes.NewReader(rows)) {\nif err != nil {\nt.Fatal(err)\n}", name),
			stmt("if again := write(&have); !bytes.Equal(rows, again) {\nt.Error(\"want the same bytes when a row is written again\")\n}\nn++\n}"),
			stmt("if n != 1 {\nt.Errorf(\"want 1 row, have %d\", n)\n}"),
		))
	}
	return append(out, jen.Line(), jen.Func().Op("FuzzParse"+name).Params(jen.Id("f").Op("*").Qual("testing", "F")).Block(
		stmt("f.Add([]byte(%s))", example),
		stmt("f.Add([]byte(\"{}\"))"),
		stmt("f.Fuzz(func(t *testing.T, b []byte) {"),
		stmt("x, issues := Parse%s(b)\nif issues.Err() != nil {\nreturn\n}", name),
		stmt("x.Validate()\ntext := x.AppendJSON(nil)\ny, issues := Parse%s(text)", name),
		stmt("if err := issues.Err(); err != nil {\nt.Fatalf(\"want to read what was written: %v\", err)\n}"),
		stmt("if again := y.AppendJSON(nil); !bytes.Equal(text, again) {\nt.Error(\"want the same bytes when a record is written again\")\n}\n})"),
	))
}

// maxExample is how deep optional objects go in an example.
const maxExample = 3

// exampleOf returns a JSON object that fulfils what the fields say, as far as it
// can be told; false where a required field has no example.
func exampleOf(o *dataset.Object, depth int) (string, bool) {
	if depth > 12 {
		return "", false
	}
	var members []string
	if o.ResourceType != "" && o.Field("resourceType") == nil {
		members = append(members, `"resourceType":`+strconv.Quote(o.ResourceType))
	}
	chosen := make(map[string]bool)
	for _, f := range o.Fields {
		choice := slices.IndexFunc(o.Choices, func(c dataset.Choice) bool { return slices.Contains(c.Fields, f.Name) })
		if choice >= 0 && chosen[o.Choices[choice].Name] {
			continue
		}
		needed := f.Required || choice >= 0 && o.Choices[choice].Required
		if !needed && (depth >= maxExample || len(f.Slices) > 0 || o.FHIR && (f.Name == "contained" || f.Name == "extension" || f.Name == "modifierExtension")) {
			continue
		}
		v, ok := exampleValue(&f.Type, depth)
		if !ok && needed && choice < 0 {
			return "", false
		}
		if ok {
			members = append(members, memberText(f.Name)+v)
			if choice >= 0 {
				chosen[o.Choices[choice].Name] = true
			}
		}
	}
	if len(members) == 0 && o.FHIR {
		return "", false
	}
	return "{" + strings.Join(members, ",") + "}", true
}

// memberText returns the name of a member in JSON with the colon.
func memberText(name string) string {
	s, err := strconv.Unquote(memberName(name))
	if err != nil {
		return strconv.Quote(name) + ":" // memberName returns a Go string
	}
	return s[1:]
}

func exampleValue(t *dataset.Type, depth int) (string, bool) {
	switch {
	case t.Const != "":
		return string(t.Const), true
	case t.Pattern != "":
		return string(t.Pattern), true
	case len(t.Enum) > 0:
		return string(t.Enum[0]), true
	case t.Codes != nil && len(t.Codes.Codes) > 0 && t.Kind == dataset.Text:
		return strconv.Quote(t.Codes.Codes[0].Code), true
	}
	switch t.Kind {
	case dataset.Any:
		return `"a"`, len(t.Rules) == 0
	case dataset.Text:
		return exampleText(t)
	case dataset.Integer, dataset.Decimal, dataset.Float, dataset.Year:
		return exampleNumber(t)
	case dataset.ObjectKind:
		if opaque(t.Object) {
			return `{"url":"http://example.org/a","valueString":"a"}`, true
		}
		return exampleOf(t.Object, depth+1)
	case dataset.List:
		v, ok := exampleValue(t.Elem, depth)
		if n := max(t.MinItems, 1); ok && (n == 1 || !t.UniqueItems && n < 100) {
			return "[" + strings.Repeat(v+",", n-1) + v + "]", true
		}
		return "", false
	case dataset.Map:
		v, ok := exampleValue(t.Elem, depth)
		return `{"a":` + v + `}`, ok && t.MinItems <= 1
	case dataset.Union:
		for i := range t.Union {
			if v, ok := exampleValue(&t.Union[i], depth); ok {
				return v, true
			}
		}
		return "", false
	}
	v := map[dataset.Kind]string{dataset.Boolean: "true", dataset.Date: `"2020-01-02"`, dataset.DateTime: `"2020-01-02T03:04:05Z"`,
		dataset.Time: `"03:04:05"`, dataset.YearMonth: `"2020-01"`, dataset.Duration: `"P1D"`, dataset.Binary: `"YQ=="`}[t.Kind]
	if t.Kind == dataset.DateTime && t.Zone == dataset.ZoneNone {
		v = `"2020-01-02T03:04:05"`
	}
	return v, v != ""
}

// exampleText looks for a text among some that standards use.
func exampleText(t *dataset.Type) (string, bool) {
	candidates := []string{"a", "http://example.org/a", "1", "2020-01-02", "en", "A", "1.2.3", "a@example.org", "00000000-0000-4000-8000-000000000000",
		"example.org", "192.0.2.1", "2001:db8::1", "12", "123", "1234", "12345", "AB", "ABC", "AB12", "ABC123", "urn:oid:1.2.3", "03:04:05", "03:04:05Z", "2020-01-02T03:04:05Z", "/a", "P1D"}
	if t.MinLength > 1 && t.MinLength < 10_000 {
		candidates = append(candidates, strings.Repeat("a", t.MinLength), strings.Repeat("1", t.MinLength), strings.Repeat("A", t.MinLength))
	}
	var pattern *regexp.Regexp
	if t.Regex != "" {
		var err error
		if pattern, err = regexp.Compile("^(?:" + t.Regex + ")$"); err != nil {
			return "", false
		}
	}
	prefer := map[string]string{"email": "a@example.org", "uri": "http://example.org/a", "url": "http://example.org/a", "uuid": "00000000-0000-4000-8000-000000000000",
		"hostname": "example.org", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "json-pointer": "/a"}[t.Format]
	if prefer != "" {
		candidates = append([]string{prefer}, candidates...)
	}
	for _, s := range candidates {
		if len(s) >= t.MinLength && (t.MaxLength < 0 || len(s) <= t.MaxLength) && (pattern == nil || pattern.MatchString(s)) {
			return strconv.Quote(s), true
		}
	}
	return "", false
}

// exampleNumber returns a number inside the bounds.
func exampleNumber(t *dataset.Type) (string, bool) {
	candidates := []string{"1", "0", "2", "10", "100", "-1", "2020"}
	if t.Kind == dataset.Decimal || t.Kind == dataset.Float {
		candidates = append([]string{"1.5", "0.5"}, candidates...)
	}
	if t.Kind == dataset.Year {
		candidates = []string{"2020"}
	}
	if t.Min != "" && !t.MinExclusive {
		candidates = append(candidates, string(t.Min))
	}
	if t.Max != "" && !t.MaxExclusive {
		candidates = append(candidates, string(t.Max))
	}
	for _, s := range candidates {
		if t.Unsigned && s[0] == '-' || t.MultipleOf != "" && !multiple(s, string(t.MultipleOf)) {
			continue
		}
		if beyond(s, string(t.Min), t.MinExclusive, -1) || beyond(s, string(t.Max), t.MaxExclusive, 1) {
			continue
		}
		return s, true
	}
	return "", false
}

func beyond(s, bound string, exclusive bool, side int) bool {
	a, err1 := strconv.ParseFloat(s, 64)
	b, err2 := strconv.ParseFloat(bound, 64)
	if err1 != nil || err2 != nil {
		return false
	}
	return exclusive && a == b || (a-b)*float64(side) > 0
}

func multiple(s, of string) bool {
	a, err1 := strconv.ParseFloat(s, 64)
	b, err2 := strconv.ParseFloat(of, 64)
	return err1 == nil && err2 == nil && b != 0 && a/b == float64(int64(a/b))
}
