package fhirdef

import (
	"runtime"
	"strings"
	"sync"
	"testing"
)

// mapSource is a source of terminology for tests.
type mapSource struct {
	sets    map[string]*ValueSet
	systems map[string]*CodeSystem
	more    []*CodeSystem
}

func (m *mapSource) ValueSet(url string) *ValueSet     { return m.sets[url] }
func (m *mapSource) CodeSystem(url string) *CodeSystem { return m.systems[url] }
func (m *mapSource) Supplements(url string) []*CodeSystem {
	var out []*CodeSystem
	for _, s := range m.more {
		if s.Supplements == url {
			out = append(out, s)
		}
	}
	return out
}

func (m *mapSource) addSet(url string, includes ...Include) *ValueSet {
	vs := &ValueSet{URL: url, Compose: &Compose{Include: includes}}
	if m.sets == nil {
		m.sets = map[string]*ValueSet{}
	}
	m.sets[url] = vs
	return vs
}

func (m *mapSource) addSystem(cs *CodeSystem) {
	if m.systems == nil {
		m.systems = map[string]*CodeSystem{}
	}
	m.systems[cs.URL] = cs
}

func is(code string, props ...Property) Concept {
	return Concept{Code: code, Display: "the " + code, Properties: props}
}

func prop(code, value string) Property { return Property{Code: code, Type: "code", Value: value} }

// animals is a small system with nesting, a second parent, and properties.
func animals() *CodeSystem {
	dog, cat := is("dog", prop("legs", "4")), is("cat", prop("legs", "4"), prop("status", "retired"))
	pet := is("pet", prop("child", "dog"), prop("notSelectable", "true"))
	mammal := is("mammal")
	mammal.Children = []Concept{dog, cat}
	bird := is("bird", prop("legs", "2"))
	bird.Children = []Concept{is("parrot", prop("legs", "2"), prop("parent", "pet"))}
	return &CodeSystem{
		URL: "urn:animals", Version: "1.0.0", Content: "complete", CaseSensitive: true,
		Concepts: []Concept{mammal, bird, pet},
	}
}

func testSource() *mapSource {
	m := &mapSource{sets: map[string]*ValueSet{}}
	m.addSystem(animals())
	m.addSystem(&CodeSystem{
		URL: "urn:loose", Content: "complete",
		Concepts: []Concept{is("Red"), is("Green")},
	})
	m.addSystem(&CodeSystem{URL: "urn:part", Content: "fragment", Concepts: []Concept{is("a")}})
	return m
}

func animalsBy(property, op, value string) Include {
	return Include{System: "urn:animals", Filters: []Filter{{Property: property, Op: op, Value: value}}}
}

// verdicts writes what a set says of codes, one letter a code: i, o or u.
func verdicts(s *Set, system string, codes ...string) string {
	var b strings.Builder
	for _, code := range codes {
		b.WriteByte(s.Find(system, code).Membership.String()[0])
		if s.Contains([]byte(system), []byte(code)) != s.Find(system, code).Membership {
			b.WriteString("(Contains and Find differ)")
		}
	}
	return b.String()
}

var animalCodes = []string{"mammal", "dog", "cat", "bird", "parrot", "pet", "stone", "DOG"}

func TestIncludesFollowTheFilters(t *testing.T) {
	for _, c := range []struct {
		name    string
		include []Include
		want    string // of animalCodes
	}{
		{"whole system", []Include{{System: "urn:animals"}}, "iiiiiioo"},
		{"listed", []Include{{System: "urn:animals", Concepts: []Concept{is("dog")}}}, "oioooooo"},
		{"is-a", []Include{animalsBy("concept", "is-a", "mammal")}, "iiiooooo"},
		{"is-a by property child", []Include{animalsBy("concept", "is-a", "pet")}, "oiooiioo"},
		{"descendent-of", []Include{animalsBy("concept", "descendent-of", "mammal")}, "oiiooooo"},
		{"is-not-a", []Include{animalsBy("concept", "is-not-a", "mammal")}, "oooiiioo"},
		{"generalizes", []Include{animalsBy("concept", "generalizes", "parrot")}, "oooiiioo"},
		{"child-of", []Include{animalsBy("concept", "child-of", "bird")}, "ooooiooo"},
		{"equals", []Include{animalsBy("legs", "=", "4")}, "oiiooooo"},
		{"in", []Include{animalsBy("legs", "in", "2, 4")}, "oiiiiooo"},
		{"not-in", []Include{animalsBy("legs", "not-in", "4")}, "iooiiioo"},
		{"exists", []Include{animalsBy("legs", "exists", "false")}, "iooooioo"},
		{"regex is anchored", []Include{animalsBy("code", "regex", "[a-d].*")}, "oiiioooo"},
		{"bad regex", []Include{animalsBy("code", "regex", "(")}, "uuuuuuoo"},
		{"no such property", []Include{animalsBy("wings", "=", "2")}, "uuuuuuoo"},
		{"no such operator", []Include{animalsBy("legs", "near", "2")}, "uuuuuuoo"},
		{"root not found", []Include{animalsBy("concept", "is-a", "fish")}, "uuuuuuoo"},
		{"filters meet", []Include{{System: "urn:animals", Filters: []Filter{
			{"concept", "is-a", "pet"}, {"legs", "=", "2"},
		}}}, "ooooiooo"},
		{"includes add up", []Include{animalsBy("legs", "=", "2"), {System: "urn:animals", Concepts: []Concept{is("cat")}}}, "ooiiiooo"},
		{"withheld", []Include{{System: "urn:animals", Withheld: true, Concepts: []Concept{is("dog")}}}, "uiuuuuuu"},
		{"parent", []Include{animalsBy("parent", "=", "mammal")}, "oiiooooo"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := testSource()
			src.addSet("urn:set", c.include...)
			var term terminology
			if have := verdicts(term.set(src, "urn:set"), "urn:animals", animalCodes...); have != c.want {
				t.Errorf("want %s, have %s", c.want, have)
			}
		})
	}
}

func TestSetsAreBuiltOfSets(t *testing.T) {
	src := testSource()
	src.addSet("urn:legs4", animalsBy("legs", "=", "4"))
	src.addSet("urn:pets", animalsBy("concept", "is-a", "pet"))
	src.addSet("urn:both", Include{ValueSets: []string{"urn:legs4", "urn:pets"}})
	src.addSet("urn:narrowed", Include{System: "urn:animals", ValueSets: []string{"urn:pets"}})
	src.addSet("urn:less", Include{System: "urn:animals"}).Compose.Exclude = []Include{{ValueSets: []string{"urn:legs4"}}}
	src.addSet("urn:missing", Include{ValueSets: []string{"urn:none"}}, animalsBy("legs", "=", "4"))
	src.addSet("urn:cut", Include{System: "urn:animals", ValueSets: []string{"urn:none"}})
	no := false
	src.addSet("urn:active", Include{System: "urn:animals"}).Compose.Inactive = &no
	for set, want := range map[string]string{
		"urn:both":     "oioooooo",
		"urn:narrowed": "oiooiioo",
		"urn:less":     "iooiiioo",
		"urn:missing":  "uiiuuuuu",
		"urn:cut":      "uuuuuuoo",
		"urn:active":   "iioiiioo",
		"urn:none":     "uuuuuuuu",
	} {
		var term terminology
		if have := verdicts(term.set(src, set), "urn:animals", animalCodes...); have != want {
			t.Errorf("%s: want %s, have %s", set, want, have)
		}
	}
}

func TestImportCyclesEndAndStayUnknown(t *testing.T) {
	src := testSource()
	src.addSet("urn:a", animalsBy("legs", "=", "4"), Include{ValueSets: []string{"urn:b"}})
	src.addSet("urn:b", animalsBy("legs", "=", "2"), Include{ValueSets: []string{"urn:a"}})
	src.addSet("urn:self", Include{ValueSets: []string{"urn:self"}})
	for _, order := range [][]string{{"urn:a", "urn:b", "urn:self"}, {"urn:self", "urn:b", "urn:a"}} {
		var term terminology
		for _, url := range order {
			term.set(src, url)
		}
		a, b, self := term.set(src, "urn:a"), term.set(src, "urn:b"), term.set(src, "urn:self")
		if have := verdicts(a, "urn:animals", "dog", "bird", "pet"); have != "iuu" {
			t.Errorf("a: want iuu, have %s", have)
		}
		if have := verdicts(b, "urn:animals", "dog", "bird", "pet"); have != "uiu" {
			t.Errorf("b: want uiu, have %s", have)
		}
		if r := self.Find("urn:animals", "dog").Reason; r.Kind != ValueSetCycle {
			t.Errorf("want a reason that names the cycle, have %q", r)
		}
	}
}

func TestUnknownSaysWhy(t *testing.T) {
	src := testSource()
	src.addSet("urn:part", Include{System: "urn:part"})
	src.addSet("urn:nowhere", Include{System: "urn:not-held"})
	src.addSet("urn:nowhere-filtered", Include{System: "urn:not-held", Filters: []Filter{{"a", "=", "b"}}})
	src.addSet("urn:old", Include{System: "urn:animals", Version: "0.1"})
	src.addSet("urn:withheld", Include{System: "urn:animals", Withheld: true})
	src.addSet("urn:filter", animalsBy("wings", "=", "2"))
	src.sets["urn:empty"] = &ValueSet{URL: "urn:empty"}
	for _, c := range []struct {
		set, system, code string
		want              ReasonKind
	}{
		{"urn:none", "urn:animals", "dog", ValueSetNotKnown},
		{"urn:empty", "urn:animals", "dog", ValueSetEmpty},
		{"urn:part", "urn:part", "b", SystemNotComplete},
		{"urn:nowhere", "urn:not-held", "b", SystemNotHeld},
		{"urn:nowhere-filtered", "urn:not-held", "b", SystemNotHeld},
		{"urn:old", "urn:animals", "fish", VersionNotHeld},
		{"urn:withheld", "urn:animals", "dog", CodesWithheld},
		{"urn:filter", "urn:animals", "dog", FilterNotComputable},
		{"urn:filter", "", "dog", FilterNotComputable},
	} {
		var term terminology
		have := term.set(src, c.set).Find(c.system, c.code)
		if have.Membership != Unknown || have.Reason.Kind != c.want || have.Reason.String() == "" {
			t.Errorf("%s: want reason %d, have %v %q", c.set, c.want, have.Membership, have.Reason)
		}
	}
	var term terminology
	if m := term.set(src, "urn:part").Find("urn:part", "a"); m.Membership != In {
		t.Errorf("listed code of a fragment: want in, have %v", m.Membership)
	}
	if m := term.set(src, "urn:part").Find("urn:other", "a"); m.Membership != Out {
		t.Errorf("code of another system: want out, have %v", m.Membership)
	}
}

func TestExpansionsStandAsTheyAre(t *testing.T) {
	src := testSource()
	entries := []ExpansionEntry{{System: "urn:animals", Code: "mammal", Abstract: true, Contains: []ExpansionEntry{
		{System: "urn:animals", Code: "dog"}, {System: "urn:far", Code: "x"},
	}}}
	src.sets["urn:e"] = &ValueSet{URL: "urn:e", Expansion: &Expansion{Total: -1, Contains: entries}}
	src.sets["urn:paged"] = &ValueSet{URL: "urn:paged", Expansion: &Expansion{Total: 9, Contains: entries}}
	src.addSet("urn:far", Include{System: "urn:far", Filters: []Filter{{"concept", "is-a", "y"}}}).Expansion = src.sets["urn:e"].Expansion
	for set, want := range map[string]string{"urn:e": "oioooooo", "urn:paged": "oiuuuuuu"} {
		var term terminology
		if have := verdicts(term.set(src, set), "urn:animals", animalCodes...); have != want {
			t.Errorf("%s: want %s, have %s", set, want, have)
		}
	}
	var term terminology
	if have := verdicts(term.set(src, "urn:far"), "urn:far", "x", "y"); have != "io" {
		t.Errorf("expansion beside a compose out of reach: want io, have %s", have)
	}
}

func TestLookup(t *testing.T) {
	src := testSource()
	src.more = []*CodeSystem{{Supplements: "urn:animals", Content: "supplement", Concepts: []Concept{
		{Code: "dog", Designations: []Designation{{Language: "de", Value: "Hund"}}}, {Code: "fish"},
	}}}
	var term terminology
	animals, loose := term.system(src, "urn:animals", ""), term.system(src, "urn:loose", "")
	dog, m, _ := animals.lookup("dog")
	if m != In || dog.Display != "the dog" || len(dog.Designations) != 1 || dog.Designations[0].Value != "Hund" || dog.Version != "1.0.0" {
		t.Errorf("want the dog with one designation, have %v %+v", m, dog)
	}
	if cat, _, _ := animals.lookup("cat"); !cat.Inactive || cat.Abstract {
		t.Errorf("want an inactive cat, have %+v", cat)
	}
	if pet, _, _ := animals.lookup("pet"); !pet.Abstract || pet.Inactive {
		t.Errorf("want an abstract pet, have %+v", pet)
	}
	if _, m, _ := animals.lookup("fish"); m != Out {
		t.Errorf("a supplement adds no codes: want out, have %v", m)
	}
	if red, m, _ := loose.lookup("RED"); m != In || !red.CaseMismatch || red.Code != "Red" {
		t.Errorf("want Red in another case, have %v %+v", m, red)
	}
	if red, _, _ := loose.lookup("Red"); red.CaseMismatch {
		t.Error("the system's own case is no mismatch")
	}
	src.addSet("urn:loose", Include{System: "urn:loose"})
	if have := verdicts(term.set(src, "urn:loose"), "", "rED", "Red", "blue"); have != "iio" {
		t.Errorf("case does not matter: want iio, have %s", have)
	}
	if res := term.set(src, "urn:loose").Find("", "red"); res.System != "urn:loose" {
		t.Errorf("want the system that was found, have %q", res.System)
	}
}

func TestSystemsByRule(t *testing.T) {
	src := testSource()
	var term terminology
	for _, c := range []struct{ system, in, out, unknown string }{
		{"urn:ietf:bcp:47", "en en-US de-CH-1996 zh-Hant-TW x-foo i-klingon en-x-a sl-rozaj es-419 en-u-co-phonebk EN-us", "e xq en-QQQ1- en--US 12 en-US-US zz-ZZ en-u", "gsw gsw-CH"},
		{"urn:ietf:bcp:13", "text/plain application/fhir+json text/html;charset=utf-8 a/b;c=\"d;e\" a/b;c=http://d/e#f", "text text/ /x te<xt/x text/plain;x a/b;c= a/b;c=d,e", ""},
		{"urn:iso:std:iso:3166", "SE SWE 752", "XX SWEDEN 75 se", ""},
		{"urn:iso:std:iso:4217", "SEK EUR HRK", "KRONA XYZ eur", ""},
		{"https://www.usps.com/", "CA AE PR", "ZZ California", ""},
		{"urn:ietf:rfc:3986", "urn:x http://a/b", "", ""},
		{"http://unitsofmeasure.org", "mg mm[Hg] %", "mgg kilo", ""},
		{"urn:elsewhere", "", "", "a"},
	} {
		sys := term.system(src, c.system, "")
		src.addSet(c.system+"/set", Include{System: c.system})
		for want, codes := range map[Membership]string{In: c.in, Out: c.out, Unknown: c.unknown} {
			for code := range strings.FieldsSeq(codes) {
				if _, have, _ := sys.lookup(code); have != want {
					t.Errorf("%s %s: want %v, have %v", c.system, code, want, have)
				}
				if have := term.set(src, c.system+"/set").Find(c.system, code).Membership; have != want {
					t.Errorf("set of %s %s: want %v, have %v", c.system, code, want, have)
				}
			}
		}
	}
	src.addSet("urn:iso3", Include{System: "urn:iso:std:iso:3166", Filters: []Filter{{"code", "regex", "[A-Z]{3}"}}})
	if have := verdicts(term.set(src, "urn:iso3"), "urn:iso:std:iso:3166", "SE", "SWE", "752", "QQQ"); have != "oioo" {
		t.Errorf("want oioo, have %s", have)
	}
	src.addSet("urn:times", Include{System: ucumSystem, Filters: []Filter{{"canonical", "=", "a"}}})
	if have := verdicts(term.set(src, "urn:times"), ucumSystem, "h", "mg", "hour"); have != "ioo" {
		t.Errorf("want ioo, have %s", have)
	}
	src.addSet("urn:plain", Include{System: "urn:ietf:bcp:47", Filters: []Filter{{"region", "exists", "false"}}})
	if have := verdicts(term.set(src, "urn:plain"), "urn:ietf:bcp:47", "en", "en-US", "12"); have != "ioo" {
		t.Errorf("want ioo, have %s", have)
	}
}

func TestExpandKeepsTheOrderOfTheSystem(t *testing.T) {
	src := testSource()
	src.addSet("urn:s", Include{System: "urn:animals", Concepts: []Concept{{Code: "parrot", Display: "Polly"}}}, animalsBy("legs", "=", "4"))
	var term terminology
	codes, complete, _ := term.expand(src, "urn:s")
	var have []string
	for _, c := range codes {
		have = append(have, c.Code+"="+c.Display)
	}
	if got := strings.Join(have, ","); !complete || got != "dog=the dog,cat=the cat,parrot=Polly" {
		t.Errorf("have %v %s", complete, got)
	}
	src.addSet("urn:langs", Include{System: "urn:ietf:bcp:47"})
	if _, complete, reason := term.expand(src, "urn:langs"); complete || reason.Kind != SetTooLarge {
		t.Errorf("want a set that is too large, have %v %q", complete, reason)
	}
}

func TestSetsAreSafeToShare(t *testing.T) {
	src := testSource()
	src.addSet("urn:a", animalsBy("legs", "=", "4"), Include{ValueSets: []string{"urn:b"}})
	src.addSet("urn:b", animalsBy("legs", "=", "2"))
	var term terminology
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if have := verdicts(term.set(src, "urn:a"), "", "dog", "bird", "pet"); have != "iio" {
				t.Errorf("want iio, have %s", have)
			}
		})
	}
	wg.Wait()
}

// TestManyIncludesCostInLine guards against sets that are copied for every
// include: twice the includes may take little more than twice the memory.
func TestManyIncludesCostInLine(t *testing.T) {
	cost := func(n int) uint64 {
		src := &mapSource{}
		var includes []Include
		for i := range n {
			includes = append(includes, Include{System: "urn:x", Concepts: []Concept{{Code: strings.Repeat("x", i%50) + string(rune('a'+i%26))}}})
		}
		src.addSet("urn:many", includes...)
		var term terminology
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		set := term.set(src, "urn:many")
		runtime.ReadMemStats(&after)
		if set.Find("urn:x", "a").Membership != In {
			t.Error("want a member")
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	once, twice := cost(10_000), cost(20_000)
	if twice > 3*once {
		t.Errorf("want about twice the memory for twice the includes, have %d and %d bytes", once, twice)
	}
}

func BenchmarkContains(b *testing.B) {
	src := testSource()
	src.addSet("urn:s", Include{System: "urn:animals"})
	var term terminology
	set := term.set(src, "urn:s")
	system, code := []byte("urn:animals"), []byte("parrot")
	b.Run("with system", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if set.Contains(system, code) != In {
				b.Fatal("want a member")
			}
		}
	})
	b.Run("code alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if set.Contains(nil, code) != In {
				b.Fatal("want a member")
			}
		}
	})
}
