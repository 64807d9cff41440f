package check

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// found checks a resource and returns severity, path and message of what is
// found, but for warnings that it has no narrative.
func found(t testing.TB, c *Checker, src string) []string {
	t.Helper()
	var tree jsontree.Tree
	if err := tree.Parse([]byte(src), nil); err != nil {
		t.Fatal(err)
	}
	list := c.Check(&Input{Root: tree.Root()})
	var out []string
	for _, i := range list {
		if !strings.Contains(i.Rule, "dom-6") {
			out = append(out, i.Severity.String()+" "+i.Path+": "+i.Message)
		}
	}
	return out
}

func patientWithDiv(div string) string {
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(div)
	return `{"resourceType":"Patient","text":{"status":"generated","div":"` + quoted + `"}}`
}

const divOpen = `<div xmlns="http://www.w3.org/1999/xhtml">`

func TestNarrative(t *testing.T) {
	c := New(fhirdef.R4(), Options{})
	for name, x := range map[string]struct {
		div  string
		want []string
	}{
		"good": {divOpen + `<p class="a">b <b>c</b></p><table><tr><td>d</td></tr></table><a name="x"/><a href="#x">e</a></div>`, nil},
		"not well-formed": {divOpen + `<p></div>`, []string{
			"error Patient.text.div: want well-formed XHTML, have none: want the end tag of the open element, have another",
			"error Patient.text.div: want txt-1 to hold, have it broken: the narrative cannot be read",
			"error Patient.text.div: want txt-2 to hold, have it broken: the narrative cannot be read"}},
		"no namespace": {`<div>a</div>`, []string{"error Patient.text.div: want the namespace of XHTML on the div, have another or none"}},
		"no div":       {`<p xmlns="http://www.w3.org/1999/xhtml">a</p>`, []string{"error Patient.text.div: want a div around the narrative, have p"}},
		"script": {divOpen + `<script>a</script>b</div>`, []string{
			"error Patient.text.div: want elements of basic HTML, have script",
			"error Patient.text.div: want txt-1 to hold, have it broken: only basic elements and attributes of HTML may stand in a narrative"}},
		"event": {divOpen + `<p onclick="a()">b</p></div>`, []string{
			"error Patient.text.div: want attributes of basic HTML, have onclick on p",
			"error Patient.text.div: want txt-1 to hold, have it broken: only basic elements and attributes of HTML may stand in a narrative"}},
		"empty": {divOpen + ` <p> </p> </div>`, []string{
			"error Patient.text.div: want txt-2 to hold, have it broken: a narrative must have content that is not only white space"}},
		"xml:space": {divOpen + `<p xml:space="preserve">a</p></div>`, []string{
			"information Patient.text.div: want no xml:space, have it: it is always preserve"}},
		"links": {divOpen + `<a href="javascript:a()">b</a><a href="#gone">c</a><a href="urn:oid:1.2">d</a><a href="">e</a></div>`, []string{
			"error Patient.text.div: want no active content, have a link to a script (link or image 1)",
			"error Patient.text.div: want a link to an id or a name inside the resource, have one that leads nowhere (link or image 2)",
			"error Patient.text.div: want a link that can be followed, have one of scheme urn (link or image 3)",
			"error Patient.text.div: want an address, have an empty one (link or image 4)"}},
		"images": {divOpen + `<img src="#gone"/><img src="data:image/png;base64,QUJ"/><img src="a{b}"/></div>`, []string{
			"error Patient.text.div: want an image that is contained, have a reference that leads nowhere (link or image 1)",
			"error Patient.text.div: want base64 in a data address, have other characters (link or image 2)",
			"error Patient.text.div: want an address of the characters that RFC 3986 allows, have others (link or image 3)"}},
		"structure": {divOpen + `<ul>a</ul><p><b><b>c</b></b></p><td>d</td></div>`, []string{
			"error Patient.text.div: want only li inside ul, have something else",
			"error Patient.text.div: want no b inside b, have one",
			"error Patient.text.div: want td inside tr or thead or tfoot, have it inside div"}},
		"languages": {divOpen + `<div xml:lang="en">a</div>b</div>`, []string{
			"warning Patient.text.div: want all of the narrative in sections of a language, have parts outside of them"}},
		"ids": {divOpen + `<p id="a">b</p><p id="a">c</p></div>`, []string{
			"warning Patient.text.div: want an id once in a narrative, have it several times"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(x.want, found(t, c, patientWithDiv(x.div))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestNarrativeLanguageIsThatOfTheResource(t *testing.T) {
	c := New(fhirdef.R4(), Options{})
	src := strings.Replace(patientWithDiv(strings.Replace(divOpen, ">", ` lang="de">a</div>`, 1)), `"text"`, `"language":"en","text"`, 1)
	want := []string{"warning Patient: want the narrative in the language of the resource, have another"}
	if diff := cmp.Diff(want, found(t, c, src)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPrimitives(t *testing.T) {
	plain, strict := New(fhirdef.R4(), Options{}), New(fhirdef.R4(), Options{SecurityChecks: true, NoHTMLInMarkdown: true})
	for name, x := range map[string]struct {
		c    *Checker
		src  string
		want []string
	}{
		"date":    {plain, `{"resourceType":"Patient","birthDate":"2024-02-30"}`, []string{"error Patient.birthDate: " + noSuchDay}},
		"year":    {plain, `{"resourceType":"Patient","birthDate":"1024-02-20"}`, []string{"warning Patient.birthDate: want a year from 1800 to 80 years from now, have another"}},
		"boolean": {plain, `{"resourceType":"Patient","active":"true"}`, []string{"error Patient.active: want boolean as a JSON boolean, have a string"}},
		"number":  {plain, `{"resourceType":"Patient","multipleBirthInteger":"2"}`, []string{"error Patient.multipleBirth.ofType(integer): want integer as a JSON number, have a string"}},
		"text":    {plain, `{"resourceType":"Patient","birthDate":2024}`, []string{"error Patient.birthDate: want date as a JSON string, have a number"}},
		"id":      {plain, `{"resourceType":"Patient","id":"a_b"}`, []string{"error Patient.id: want 1 to 64 letters, digits, - and ., have other text"}},
		"space":   {plain, `{"resourceType":"Patient","name":[{"text":" a"}]}`, []string{"warning Patient.name[0].text: want text without white space at its ends, have some"}},
		"blank":   {plain, `{"resourceType":"Patient","name":[{"text":"  "}]}`, []string{"warning Patient.name[0].text: want text that is not only white space, have nothing else"}},
		"control": {plain, `{"resourceType":"Patient","name":[{"text":"a\u0001b"}]}`, []string{"warning Patient.name[0].text: want no control characters but tab, line feed and carriage return, have others"}},
		"html":    {plain, `{"resourceType":"Patient","name":[{"text":"<b>a</b>"}]}`, []string{"information Patient.name[0].text: want text without tags of HTML, have some: they are dangerous where text is shown as HTML"}},
		"secure":  {strict, `{"resourceType":"Patient","name":[{"text":"<b>a</b>"}]}`, []string{"error Patient.name[0].text: want text without tags of HTML, have some"}},
		"url":     {plain, `{"resourceType":"ValueSet","url":"a","status":"draft"}`, []string{"error ValueSet.url: want an absolute address as canonical URL, have another"}},
		"size":    {plain, `{"resourceType":"Patient","photo":[{"contentType":"image/png","data":"QUJD","size":4}]}`, []string{"error Patient.photo[0]: want size 3 as data has, have another"}},
		"nothing": {plain, `{"resourceType":"Patient","photo":[{"title":"a"}]}`, []string{"warning Patient.photo[0]: want data or url, or at least contentType or language, have none"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(x.want, found(t, x.c, x.src)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
