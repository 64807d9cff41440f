package check

import (
	"fmt"
	"strings"

	"github.com/carabiner-health/carabiner/internal/decimal"
	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

// reportCheck is the checking of one MeasureReport against its Measure. Groups,
// populations and stratifiers of the two belong together by their codes.
type reportCheck struct {
	*run
	root    at
	value   jsontree.Value // the report
	measure jsontree.Value
	typ     string // of the report
}

// measureReport checks a MeasureReport against the Measure that it reports on.
// (R4 §13.9)
func (r *run) measureReport(a at) {
	v := r.f(a).value
	ref := v.Get("measure")
	canonical := ref.Text()
	if canonical == "" {
		r.info(a, CodeMeasure, "measure", "want the Measure that is reported on, have none: not checked against one")
		return
	}
	c := reportCheck{run: r, root: a, value: v, typ: v.Get("type").Text()}
	if id, ok := strings.CutPrefix(canonical, "#"); ok {
		if m := containedResource(v, id); m.Get("resourceType").EqualText("Measure") {
			c.measure = m
		}
	} else {
		c.measure = r.defs.Resource("Measure", canonical)
	}
	if c.measure.Kind() == jsontree.Invalid {
		r.report(finding{severity: issue.Warning, code: CodeMeasure, rule: "measure", at: a, value: ref,
			message: "want the Measure that is reported on, have no definition of it: not checked against it"})
		return
	}
	if !scores(c.scoring()) && c.scoring() != "cohort" {
		m := r.child(a, "measure", -1, ref, "canonical")
		r.info(m, CodeMeasure, "scoring", "want a Measure with a scoring that is known, have another: measureScore not checked")
		r.pop(m)
	}
	c.groups()
}

// scoring is how the Measure is scored.
func (c *reportCheck) scoring() string {
	return listOf(c.measure.Get("scoring"), "coding").First().Get("code").Text()
}

// scores tells whether reports on a Measure with such scoring have a score.
func scores(scoring string) bool {
	return scoring == "proportion" || scoring == "ratio" || scoring == "continuous-variable"
}

func (c *reportCheck) fault(a at, rule, message string) { c.err(a, CodeMeasure, rule, message) }

// groups pairs the groups of the report with those of the Measure: one with one
// as they are, others by code. (MeasureReport.group.code)
func (c *reportCheck) groups() {
	groups, defined := listOf(c.value, "group"), listOf(c.measure, "group")
	n := defined.Len()
	if n == 0 {
		return
	}
	if groups.Len() == 1 && n == 1 {
		g := c.child(c.root, "group", 0, groups.First(), "MeasureReport.group")
		c.onlyGroup(g, groups.First(), defined.First())
		c.group(g, groups.First(), defined.First())
		c.pop(g)
		return
	}
	found := make([]bool, n)
	for i, group := range groups.All() {
		g := c.child(c.root, "group", i, group, "MeasureReport.group")
		if j := c.match(g, group, defined, found, "group"); j >= 0 {
			c.group(g, group, defined.Index(j))
		}
		c.pop(g)
	}
	if c.typ == "data-collection" {
		return
	}
	c.absent(c.root, defined, found, "group")
}

// onlyGroup compares the codes of the only group of both, which may be left out.
func (c *reportCheck) onlyGroup(g at, group, defined jsontree.Value) {
	have, want := group.Get("code"), defined.Get("code")
	switch {
	case have.Kind() == jsontree.Invalid || want.Kind() == jsontree.Invalid:
	case !hasUsableCode(have):
		c.fault(g, "group", "want a code with its system for the group, have none")
	case !sameConcept(have, want):
		c.fault(g, "group", "want the code that the Measure has for the group, have another")
	}
}

// match returns the number of the part of the Measure that has the code of a part
// of the report; -1 if none has, which is reported, as is a second part that
// has it.
func (c *reportCheck) match(a at, part, defined jsontree.Value, found []bool, name string) int {
	codes := part.Get("code")
	if codes.First().Kind() == jsontree.Invalid {
		c.fault(a, name, "want the code of a "+name+" of the Measure, have none")
		return -1
	}
	for j, d := range defined.All() {
		if !describes(codes, d.Get("code"), name == "stratifier") {
			continue
		}
		if found[j] {
			c.fault(a, name, "want each "+name+" of the Measure once, have it again")
			return -1
		}
		found[j] = true
		return j
	}
	c.fault(a, name, "want the code of a "+name+" of the Measure, have another")
	return -1
}

// absent reports the parts of the Measure that the report lacks.
func (c *reportCheck) absent(a at, defined jsontree.Value, found []bool, name string) {
	for j, d := range defined.All() {
		if found[j] || name == "population" && hasCoding(d.Get("code"), systemPopulation, "measure-observation") {
			continue
		}
		c.fault(a, name, fmt.Sprintf("want %s %d of the Measure (%s) in the report, have none", name, j, partName(d)))
	}
}

const systemPopulation = "http://terminology.hl7.org/CodeSystem/measure-population"

// partName tells a part of a Measure by its code or id.
func partName(d jsontree.Value) string {
	if code := listOf(d.Get("code"), "coding").First().Get("code").Text(); code != "" {
		return "code " + quoteID(code)
	}
	if id := d.Get("id").Text(); id != "" {
		return "id " + quoteID(id)
	}
	return "no code"
}

// group checks one group by that of the Measure.
func (c *reportCheck) group(g at, group, defined jsontree.Value) {
	c.populations(g, group, defined)
	c.score(g, group)
	stratifiers := listOf(defined, "stratifier")
	found := make([]bool, stratifiers.Len())
	for i, stratifier := range listOf(group, "stratifier").All() {
		s := c.child(g, "stratifier", i, stratifier, "MeasureReport.group.stratifier")
		c.match(s, stratifier, stratifiers, found, "stratifier")
		c.pop(s)
	}
	c.absent(g, stratifiers, found, "stratifier")
}

// populations checks that the report has the populations of the Measure.
// (MeasureReport.group.population.code)
func (c *reportCheck) populations(g at, group, defined jsontree.Value) {
	populations := listOf(defined, "population")
	found := make([]bool, populations.Len())
	for i, population := range listOf(group, "population").All() {
		p := c.child(g, "population", i, population, "MeasureReport.group.population")
		if c.match(p, population, populations, found, "population") >= 0 {
			c.population(p, population)
		}
		c.pop(p)
	}
	c.absent(g, populations, found, "population")
}

// population checks the count of a population and the subjects in it.
// (MeasureReport.group.population.subjectResults)
func (c *reportCheck) population(p at, population jsontree.Value) {
	subjects := population.Get("subjectResults")
	count, counted := population.Get("count").Int64()
	if c.typ != "subject-list" {
		if subjects.Kind() != jsontree.Invalid {
			c.fault(p, "subjectResults", "want subjects only in reports of type subject-list, have some")
		}
		if !hasMember(population, "count") {
			c.warn(p, CodeMeasure, "count", "want the count of a population, have none")
		}
		return
	}
	if !counted {
		return
	}
	if n, ok := c.subjects(subjects); ok && int64(n) != count {
		c.fault(p, "count", fmt.Sprintf("want as many subjects as the population counts, have %d", n))
	}
}

// subjects returns how many subjects a population lists; false if that lies
// outside of the report. One that is no List is a single subject.
func (c *reportCheck) subjects(ref jsontree.Value) (int, bool) {
	if ref.Kind() == jsontree.Invalid {
		return 0, true
	}
	text := ref.Get("reference").Text()
	if id, ok := strings.CutPrefix(text, "#"); ok {
		l := containedResource(c.value, id)
		return listOf(l, "entry").Len(), l.Get("resourceType").EqualText("List")
	}
	if ref.Get("type").EqualText("List") || strings.HasPrefix(text, "List/") || strings.Contains(text, "/List/") || !strings.Contains(text, "/") {
		return 0, false
	}
	return 1, true
}

const (
	extAlternateScore = "http://hl7.org/fhir/us/davinci-deqm/StructureDefinition/extension-alternateScoreType"
	extUnit           = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"
)

// score checks the score of a group by the Measure's scoring.
// (MeasureReport.group.measureScore)
func (c *reportCheck) score(g at, group jsontree.Value) {
	scoring := c.scoring()
	score := group.Get("measureScore")
	a := c.child(g, "measureScore", -1, score, "Quantity")
	defer c.pop(a)
	there := score.Kind() != jsontree.Invalid
	switch {
	case c.typ == "data-collection":
		if there {
			c.fault(a, "measureScore", "want no measureScore in a report of type data-collection, have one")
		}
	case scoring == "cohort":
		if there {
			c.fault(a, "measureScore", "want no measureScore for a Measure with scoring cohort, have one")
		}
	case !scores(scoring):
	case !there:
		c.fault(g, "measureScore", "want a measureScore for a Measure with scoring "+scoring+", have none")
	default:
		c.scoreValue(a, score, scoring)
	}
}

// scoreValue checks a score: a proportion is a number from 0 to 1 without unit,
// the others have the unit that the Measure gives.
func (c *reportCheck) scoreValue(a at, score jsontree.Value, scoring string) {
	value := score.Get("value")
	if value.Kind() == jsontree.Invalid {
		value, _ = extensionValue(score, extAlternateScore)
	}
	if scoring == "proportion" {
		for _, name := range [...]string{"unit", "system", "code"} {
			if v := score.Get(name); v.Kind() != jsontree.Invalid {
				u := c.child(a, name, -1, v, "")
				c.fault(u, "measureScore", "want a measureScore without unit for a proportion, have "+name)
				c.pop(u)
			}
		}
	}
	if value.Kind() == jsontree.Invalid {
		c.fault(a, "measureScore", "want a value in the measureScore for a Measure with scoring "+scoring+", have none")
		return
	}
	if scoring == "proportion" {
		if d, ok := decimal.Parse(value.Number()); ok && (d.Sign() < 0 || d.Cmp(decimal.New(1, 0)) > 0) {
			v := c.child(a, "value", -1, value, "decimal")
			c.fault(v, "measureScore", "want a proportion from 0 to 1, have another number")
			c.pop(v)
		}
		return
	}
	c.scoreUnit(a, score, scoring)
}

func (c *reportCheck) scoreUnit(a at, score jsontree.Value, scoring string) {
	unit, _ := extensionValue(c.measure, extUnit)
	fixed, have := unit.Kind() == jsontree.Object, hasMember(score, "code")
	switch {
	case fixed && !have:
		c.fault(a, "measureScore", "want the unit "+quoteID(unit.Get("code").Text())+" of the Measure, have none")
	case fixed:
		if !sameText(score.Get("code"), unit.Get("code")) {
			u := c.child(a, "code", -1, score.Get("code"), "code")
			c.fault(u, "measureScore", "want the unit "+quoteID(unit.Get("code").Text())+" of the Measure, have another")
			c.pop(u)
		}
		if !sameText(score.Get("system"), unit.Get("system")) {
			c.fault(a, "measureScore", "want the system of units of the Measure, have another")
		}
	case scoring == "ratio" && !have:
		c.warn(a, CodeMeasure, "measureScore", "want a unit for the measureScore of a ratio, have none")
	}
}

// describes tells whether a code, or one of a list, is that of a part of the
// Measure; with words, by text if there are no codes.
func describes(codes, want jsontree.Value, words bool) bool {
	if codes.Kind() != jsontree.Array {
		return sameConcept(codes, want) || words && sameWords(codes, want)
	}
	for _, code := range codes.All() { // of a stratifier
		if describes(code, want, words) {
			return true
		}
	}
	return false
}

// hasUsableCode tells whether a CodeableConcept has a code with its system.
func hasUsableCode(v jsontree.Value) bool {
	for _, coding := range listOf(v, "coding").All() {
		if coding.Get("system").Text() != "" && coding.Get("code").Text() != "" {
			return true
		}
	}
	return false
}

// hasCoding tells whether a CodeableConcept has a code of a system.
func hasCoding(v jsontree.Value, system, code string) bool {
	for _, coding := range listOf(v, "coding").All() {
		if coding.Get("system").EqualText(system) && coding.Get("code").EqualText(code) {
			return true
		}
	}
	return false
}

// sameConcept tells whether two CodeableConcepts share a code.
func sameConcept(x, y jsontree.Value) bool {
	for _, a := range listOf(x, "coding").All() {
		if a.Get("code").Kind() != jsontree.String {
			continue
		}
		for _, b := range listOf(y, "coding").All() {
			if sameText(a.Get("code"), b.Get("code")) && sameText(a.Get("system"), b.Get("system")) {
				return true
			}
		}
	}
	return false
}

// sameWords tells whether two CodeableConcepts without codes have the same text.
func sameWords(x, y jsontree.Value) bool {
	return !hasItems(x, "coding") && !hasItems(y, "coding") && x.Get("text").Text() != "" && sameText(x.Get("text"), y.Get("text"))
}
