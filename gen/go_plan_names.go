package gen

import (
	"fmt"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scope is a set of names that are taken.
type scope struct{ taken map[string]bool }

func newScope() *scope { return &scope{make(map[string]bool)} }

func (s *scope) reserve(names ...string) {
	for _, n := range names {
		s.taken[n] = true
	}
}

// claim takes the name, else the second one, else the second with a number.
func (s *scope) claim(name, second string) string {
	got := name
	for i := 1; s.taken[got] || token.IsKeyword(got) || predeclared[got]; i++ {
		got = second
		if i > 1 {
			got = fmt.Sprint(second, i)
		}
	}
	s.taken[got] = true
	return got
}

// predeclared are names of the language that code of the package uses.
var predeclared = map[string]bool{
	"string": true, "bool": true, "int": true, "append": true, "len": true, "nil": true, "true": true, "false": true,
	"error": true, "any": true, "byte": true, "new": true, "make": true, "cap": true, "min": true, "max": true,
}

// singular returns the name of one of the things that a table's name tells in the
// plural, the name itself where that is not sure to be one.
func singular(name string) string {
	lower := strings.ToLower(name)
	word := lower[strings.LastIndexFunc(lower, func(r rune) bool { return !unicode.IsLetter(r) })+1:]
	if len(word) < 5 || slices.Contains(noPlurals, word) {
		return name
	}
	for _, r := range plurals {
		if !strings.HasSuffix(word, r[0]) {
			continue
		}
		if r[1] == "" {
			return name
		}
		return name[:len(name)-len(r[0])] + r[1]
	}
	return name
}

// noPlurals are words that end like a plural and are none.
var noPlurals = []string{
	"aches", "aids", "axes", "biceps", "bronchitides", "caries", "corps", "diabetes", "fasces", "feces", "faeces",
	"forceps", "herpes", "measles", "mumps", "rabies", "rickets", "scabies", "series", "species", "triceps", "vitals",
}

// plurals are endings and what stands for them in the singular, "" where it is not
// sure; the first that fits counts.
var plurals = [][2]string{
	{"gnoses", "gnosis"}, {"tastases", "tastasis"}, {"alyses", "alysis"},
	{"series", ""}, {"species", ""}, {"aches", ""}, {"axes", ""}, {"ies", "y"}, {"sses", "ss"}, {"xes", "x"}, {"ches", "ch"}, {"shes", "sh"},
	{"cases", "case"}, {"doses", "dose"}, {"diseases", "disease"}, {"responses", "response"}, {"phases", "phase"},
	{"ses", ""}, {"zes", ""}, {"oes", ""}, {"lens", ""}, {"sms", ""}, {"es", "e"},
	{"ts", "t"}, {"ns", "n"}, {"rs", "r"}, {"ds", "d"}, {"ls", "l"}, {"ms", "m"}, {"ps", "p"}, {"ks", "k"}, {"ws", "w"}, {"gs", "g"},
	{"ays", "ay"}, {"eys", "ey"}, {"oys", "oy"},
}

// symbols are the names of codes that have no letters.
var symbols = map[string]string{
	"<": "LessThan", "<=": "LessOrEqual", ">": "GreaterThan", ">=": "GreaterOrEqual", "=": "Equal", "!=": "NotEqual",
	"+": "Plus", "-": "Minus", "*": "Star", "/": "Slash", "%": "Percent", "": "Empty", "ad": "Ad", "~": "About", "?": "Unknown",
}

// codeName returns the part of a constant's name that stands for a code: its
// words, or those of its display where the code is a mere number.
func codeName(code, display string) string {
	if n, ok := symbols[code]; ok {
		return n
	}
	letters := strings.ContainsFunc(code, unicode.IsLetter)
	if !letters && display != "" && utf8.RuneCountInString(display) <= 48 && strings.ContainsFunc(display, unicode.IsLetter) {
		return GoName(display)
	}
	var b strings.Builder
	for _, r := range code {
		switch {
		case r == '<':
			b.WriteString(" Less ")
		case r == '>':
			b.WriteString(" Greater ")
		case r == '=':
			b.WriteString(" Equal ")
		case r == '+':
			b.WriteString(" Plus ")
		case r == '%':
			b.WriteString(" Percent ")
		default:
			b.WriteRune(r)
		}
	}
	name := strings.TrimPrefix(GoName("A "+b.String()), "A")
	if name == "" {
		return fmt.Sprintf("X%X", code)
	}
	return name
}

// nameEnums names the enumerations and their constants.
func (p *plan) nameEnums() {
	for _, e := range sortedBy(p.enums, func(e *enumPlan) string { return e.Name }) {
		name := GoName(e.Name)
		for _, t := range p.tables { // images.laterality: ImageLaterality
			if rest, ok := strings.CutPrefix(e.Name, t.Name+"."); ok && e.URL == "" {
				name = t.object.goName + GoName(rest)
			}
		}
		e.goName = p.names.claim(name, name+"Code")
		p.nameCodes(e)
	}
}

// mostConstants is the number of codes above which a set is a table.
const mostConstants = 300

func (p *plan) nameCodes(e *enumPlan) {
	e.big = len(e.Codes) > mostConstants
	p.names.reserve(e.goName+"Values", "valid"+e.goName)
	seen := make(map[string]bool)
	for _, c := range e.Codes {
		if !seen[c.Code] {
			seen[c.Code] = true
			e.values = append(e.values, enumValue{code: c.Code, display: c.Display})
		}
	}
	if e.big {
		return
	}
	names := make(map[string]string)
	for _, v := range sortedBy(e.values, func(v enumValue) string { return v.code }) {
		name := e.goName + codeName(v.code, v.display)
		names[v.code] = p.names.claim(name, name+"_")
	}
	for i := range e.values {
		e.values[i].goName = names[e.values[i].code]
	}
}

// systemNames are the common names of code systems.
var systemNames = map[string]string{
	"http://loinc.org": "LOINC", "http://snomed.info/sct": "SNOMED", "http://unitsofmeasure.org": "UCUM",
	"http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm", "http://hl7.org/fhir/sid/icd-10": "ICD10",
	"http://hl7.org/fhir/sid/icd-10-cm": "ICD10CM", "http://hl7.org/fhir/sid/icd-9-cm": "ICD9CM",
	"http://hl7.org/fhir/sid/cvx": "CVX", "http://hl7.org/fhir/sid/ndc": "NDC", "http://www.ama-assn.org/go/cpt": "CPT",
	"http://dicom.nema.org/resources/ontology/DCM": "DICOM", "http://www.whocc.no/atc": "ATC",
	"urn:iso:std:iso:3166": "ISO3166", "urn:ietf:bcp:47": "BCP47", "urn:ietf:bcp:13": "BCP13",
	"urn:iso:std:iso:11073:10101": "ISO11073", "http://fhir.de/CodeSystem/bfarm/icd-10-gm": "ICD10GM",
	"http://fhir.de/CodeSystem/bfarm/ops": "OPS", "http://fhir.de/CodeSystem/bfarm/atc": "ATCDE",
}

// systemMember finds a code system in the JSON of a literal.
var systemMember = regexp.MustCompile(`"system":"([^"\\]+)"`)

// addSystems collects the code systems of closed code sets, fixed values,
// patterns and matches.
func (p *plan) addSystems() {
	urls := make(map[string]bool)
	scan := func(text string) {
		for _, m := range systemMember.FindAllStringSubmatch(text, -1) {
			urls[m[1]] = true
		}
	}
	for _, e := range p.enums {
		for _, c := range e.Codes {
			if c.System != "" {
				urls[c.System] = true
			}
		}
	}
	for _, o := range p.objects {
		for _, f := range o.fields {
			scan(string(f.Type.Const) + string(f.Type.Pattern))
			if f.Type.Kind == listKind {
				scan(string(f.Type.Elem.Const) + string(f.Type.Elem.Pattern))
			}
			if f.Name == "system" && f.Type.Const != "" {
				scan(`"system":` + string(f.Type.Const))
			}
			for _, s := range f.slices {
				for _, m := range s.Match {
					scan(string(m.Value))
				}
			}
		}
	}
	for _, url := range sortedKeys(urls) {
		name := systemNames[url]
		if name == "" {
			name = GoName(url[strings.LastIndexAny(url, "/:")+1:])
		}
		p.systems = append(p.systems, systemPlan{p.names.claim("System"+name, "System"+GoName(strings.TrimPrefix(strings.TrimPrefix(url, "http://"), "https://"))), url})
	}
}
