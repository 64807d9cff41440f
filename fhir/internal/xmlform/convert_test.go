package xmlform_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/fhir/internal/xmlform"
	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// in wraps elements in a resource.
func in(typ, elements string) string {
	return "<" + typ + ` xmlns="http://hl7.org/fhir">` + elements + "</" + typ + ">"
}

func TestConvert(t *testing.T) {
	const div = `<div xmlns="http://www.w3.org/1999/xhtml">`
	tests := []struct{ name, xml, json, findings string }{
		{"nothing", in("Patient", `<id value="a"/>`), `{"resourceType":"Patient","id":"a"}`, ""},
		{"numbers and booleans", in("Observation", `<valueQuantity><value value="1.0"/></valueQuantity>`) + "<!-- end -->", `{"resourceType":"Observation","valueQuantity":{"value":1.0}}`, ""},
		{"a boolean", in("Patient", `<active value="false"/>`), `{"resourceType":"Patient","active":false}`, ""},
		{"text that is no number", in("Patient", `<active value="TRUE"/><multipleBirthInteger value="01"/>`), `{"resourceType":"Patient","active":"TRUE","multipleBirthInteger":"01"}`, ""},
		{"lists", in("Patient", `<name><given value="A"/><given value="B"/></name><gender value="male"/>`), `{"resourceType":"Patient","name":[{"given":["A","B"]}],"gender":"male"}`, ""},
		{"companions", in("Patient", `<name><given value="A"/><given id="x"/><given value="C"><extension url="u"><valueCode value="c"/></extension></given></name>`),
			`{"resourceType":"Patient","name":[{"given":["A",null,"C"],"_given":[null,{"id":"x"},{"extension":[{"url":"u","valueCode":"c"}]}]}]}`, ""},
		{"a primitive without value", in("Patient", `<birthDate><extension url="u"><valueCode value="c"/></extension></birthDate>`),
			`{"resourceType":"Patient","_birthDate":{"extension":[{"url":"u","valueCode":"c"}]}}`, ""},
		{"ids are attributes", in("Patient", `<name id="n"><text value="x"/></name>`), `{"resourceType":"Patient","name":[{"id":"n","text":"x"}]}`, ""},
		{"contained", in("Patient", `<contained><Organization><id value="o"/></Organization></contained>`),
			`{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o"}]}`, ""},
		{"content by reference", in("Questionnaire", `<item><linkId value="1"/><item><linkId value="2"/></item></item>`),
			`{"resourceType":"Questionnaire","item":[{"linkId":"1","item":[{"linkId":"2"}]}]}`, ""},
		{"narrative", in("Patient", `<text><status value="generated"/>`+div+"a &amp; b\r\n<br/><!-- c --></div></text>"),
			`{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a &amp; b\n<br/><!-- c --></div>"}}`, ""},
		{"narrative with prefix", strings.Replace(in("Patient", `<text><h:div><h:p class="x">a</h:p><h:br/></h:div></text>`), " xmlns", ` xmlns:h="http://www.w3.org/1999/xhtml" xmlns`, 1),
			`{"resourceType":"Patient","text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class=\"x\">a</p><br/></div>"}}`, ""},
		{"entities", in("Patient", `<name><text value='&lt;&quot;&#65;&#x20ac;&apos;"\'/></name>`), `{"resourceType":"Patient","name":[{"text":"<\"A€'\"\\"}]}`, ""},
		{"line ends in values", in("Patient", "<name><text value=\"a\r\nb\tc&#10;d\"/></name>"), `{"resourceType":"Patient","name":[{"text":"a b c\nd"}]}`, ""},
		{"prefix for FHIR", `<f:Patient xmlns:f="http://hl7.org/fhir"><f:active value="true"/></f:Patient>`, `{"resourceType":"Patient","active":true}`, ""},
		{"a declaration and a mark", "\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>\n" + in("Patient", ""), `{"resourceType":"Patient"}`, "7 /f:Patient  kept"},

		{"unknown element", in("Patient", `<nick value="x"/><nick value="y"/>`), `{"resourceType":"Patient","nick":["x","y"]}`, "1 /f:Patient nick kept; 1 /f:Patient nick kept"},
		{"unknown structure", in("Patient", `<nick><a value="1"/><b><c value="2"/></b></nick>`), `{"resourceType":"Patient","nick":{"a":"1","b":{"c":"2"}}}`, "1 /f:Patient nick kept"},
		{"type that a choice does not list", in("Observation", `<valueDecimal value="1.50"/>`), `{"resourceType":"Observation","valueDecimal":1.50}`, "1 /f:Observation valueDecimal kept"},
		{"element in place of an attribute", in("Patient", `<extension><url value="u"/></extension>`), `{"resourceType":"Patient","extension":[{}]}`, "1 /f:Patient/f:extension url"},
		{"name of a member that JSON adds", in("Patient", `<resourceType value="x"/>`), `{"resourceType":"Patient"}`, "1 /f:Patient resourceType"},
		{"name that cannot be FHIR's", in("Patient", `<_active value="x"/><a.b value="x"/>`), `{"resourceType":"Patient"}`, "1 /f:Patient ; 1 /f:Patient "},
		{"unknown attribute", in("Patient", `<active value="true" x="y"/>`), `{"resourceType":"Patient","active":true,"_active":{"x":"y"}}`, "2 /f:Patient/f:active x kept"},
		{"attribute of another namespace", in("Patient", `<active value="true" xml:lang="en"/>`), `{"resourceType":"Patient","active":true,"_active":{}}`, "2 /f:Patient/f:active lang"},
		{"namespace missing", `<Patient><active value="true"/></Patient>`, `{"resourceType":"Patient","active":true}`, "3 /Patient  kept"},
		{"another namespace inside", in("Patient", `<active xmlns="urn:x" value="true"/>`), `{"resourceType":"Patient","active":true}`, "3 /f:Patient/?:active active kept"},
		{"text", in("Patient", `a<active value="true">b</active>c`), `{"resourceType":"Patient","active":true,"_active":{}}`, "4 /f:Patient; 4 /f:Patient/f:active"},
		{"CDATA", in("Patient", `<![CDATA[a]]>`), `{"resourceType":"Patient"}`, "5 /f:Patient"},
		{"processing instruction", "<?x y?>" + in("Patient", `<?x?><active value="true"/>`), `{"resourceType":"Patient","active":true}`, "6 /f:Patient; 6 /f:Patient"},
		{"nothing inside", in("Patient", `<active/><name/>`), `{"resourceType":"Patient","_active":{},"name":[{}]}`, "7 /f:Patient/f:active  kept; 7 /f:Patient/f:name  kept"},
		{"wrong order", in("Patient", `<gender value="male"/><active value="true"/><name><text value="a"/></name><name><text value="b"/></name>`),
			`{"resourceType":"Patient","gender":"male","active":true,"name":[{"text":"a"},{"text":"b"}]}`, "8 /f:Patient/f:active active kept"},
		{"too many", in("Patient", `<active value="true"/><active value="false"/>`), `{"resourceType":"Patient","active":[true,false]}`, "9 /f:Patient active kept"},
		{"too many resources", in("Patient", `<contained><Group><id value="g"/></Group><List><id value="l"/></List></contained>`), `{"resourceType":"Patient","contained":[{"resourceType":"Group","id":"g"}]}`, "10 /f:Patient/f:contained"},
		{"no resource", in("Patient", `<contained/>`), `{"resourceType":"Patient","contained":[{}]}`, "7 /f:Patient/f:contained  kept"},
		{"another encoding declared", `<?xml version="1.0" encoding="ISO-8859-1"?>` + in("Patient", `<id value="a"/>`), `{"resourceType":"Patient","id":"a"}`, "11 /f:Patient"},
		{"space before the declaration", "\n<?xml version=\"1.0\"?>" + in("Patient", `<id value="a"/>`), `{"resourceType":"Patient","id":"a"}`, "12 /f:Patient"},
		{"unknown type", in("Wizard", `<id value="a"/><spell><name value="b"/></spell><contained><Patient><active value="true"/></Patient></contained>`),
			`{"resourceType":"Wizard","id":"a","spell":{"name":"b"},"contained":{"resourceType":"Patient","active":true}}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := xmlform.Convert([]byte(tt.xml), r4Model(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.json, string(doc.JSON)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(tt.findings, listed(doc)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// listed writes the findings of a document on one line: kind, place, name.
func listed(doc *xmlform.Document) string {
	var all []string
	for _, f := range doc.Findings {
		s := fmt.Sprintf("%d %s", f.Kind, f.XPath)
		if f.Name != "" || f.Kept || f.Kind == xmlform.KindElement {
			s += " " + f.Name
		}
		if f.Kept {
			s += " kept"
		}
		all = append(all, s)
	}
	return strings.Join(all, "; ")
}

func TestConvertRefuses(t *testing.T) {
	const open = `<Patient xmlns="http://hl7.org/fhir"`
	tests := []struct {
		name, xml string
		reason    error
		at        int
	}{
		{"nothing", "", xmlform.ErrTruncated, 0},
		{"text", "hello", nil, 0},
		{"a document type", "<!DOCTYPE x>" + open + "/>", xmlform.ErrDoctype, 0},
		{"an entity that is not XML's", open + "><id value=\"&nbsp;\"/></Patient>", nil, len(open) + 12},
		{"a control character", open + "><id value=\"\x01\"/></Patient>", nil, len(open) + 12},
		{"the same as an entity", open + "><id value=\"&#1;\"/></Patient>", nil, len(open) + 12},
		{"no UTF-8", open + "><id value=\"\xff\"/></Patient>", xmlform.ErrEncoding, len(open) + 12},
		{"another end tag", open + "><id></Id></Patient>", nil, len(open) + 5},
		{"no end tag", open + "><id>", xmlform.ErrTruncated, len(open) + 5},
		{"two roots", open + "/>" + open + "/>", nil, len(open) + 2},
		{"text behind", open + "/>x", nil, len(open) + 2},
		{"an attribute twice", open + "><id value=\"\" value=\"\"/></Patient>", nil, len(open) + 14},
		{"no space between attributes", open + "><id value=\"\"id=\"\"/></Patient>", nil, len(open) + 13},
		{"no quotes", open + "><id value=a/></Patient>", nil, len(open) + 11},
		{"markup in a value", open + "><id value=\"<\"/></Patient>", nil, len(open) + 12},
		{"a prefix that is not declared", open + "><x:id/></Patient>", nil, len(open) + 1},
		{"two colons", open + "><x:y:id/></Patient>", nil, len(open) + 1},
		{"a prefix without address", open + " xmlns:x=\"\"/>", nil, len(open) + 1},
		{"another namespace", `<ClinicalDocument xmlns="urn:hl7-org:v3"/>`, xmlform.ErrForeign, 0},
		{"an unknown type without namespace", `<html/>`, xmlform.ErrForeign, 0},
		{"hyphens in a comment", open + "/><!-- a -- b -->", nil, len(open) + 9},
		{"an instruction called XML", open + "><?XML ?></Patient>", nil, len(open) + 1},
		{"too many levels", open + ">" + strings.Repeat("<x>", 600), xmlform.ErrDepth, len(open) + 1 + 511*3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := xmlform.Convert([]byte(tt.xml), r4Model(), nil)
			var se *xmlform.SyntaxError
			if !errors.As(err, &se) {
				t.Fatalf("want a SyntaxError, have %v", err)
			}
			if !errors.Is(err, tt.reason) && tt.reason != nil || se.Offset != tt.at {
				t.Errorf("want %v at %d, have %v (%v) at %d", tt.reason, tt.at, se, se.Err, se.Offset)
			}
		})
	}
}

func TestPlacesLeadBackToTheElements(t *testing.T) {
	src := in("Bundle", "\n <entry>\n  <resource><Patient><name id=\"n\"><given value=\"A\"/><given value=\"B\"/></name></Patient></resource>\n </entry>\n")
	doc, err := xmlform.Convert([]byte(src), r4Model(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for part, want := range map[string]string{
		`[{"resource":`: `<entry>`, `{"resource":`: `<entry>`, `{"resourceType":"Patient"`: `<Patient>`, `[{"id"`: `<name`, `{"id"`: `<name`, `"n"`: `id="n"`,
		`["A"`: `<given value="A"`, `"A"`: `<given value="A"`, `"B"`: `<given value="B"`,
	} {
		at := bytes.Index(doc.JSON, []byte(part))
		if at < 0 {
			t.Fatalf("%s: want it in %s", part, doc.JSON)
		}
		if got := src[doc.Places.Offset(at):]; !strings.HasPrefix(got, want) {
			t.Errorf("%s: want the place of %s, have that of %.20s", part, want, got)
		}
	}
	at := bytes.Index(doc.JSON, []byte(`{"resourceType":"Patient"`))
	start, end := doc.Extent(at)
	if got := src[start:end]; !strings.HasPrefix(got, "<Patient>") || !strings.HasSuffix(got, "</Patient>") {
		t.Errorf("want the whole element of the entry's resource, have %s", got)
	}
	cut := doc.Places.Cut(at, len(doc.JSON), start)
	b := bytes.Index(doc.JSON, []byte(`"B"`))
	if got := src[start+cut.Offset(b-at):]; !strings.HasPrefix(got, `<given value="B"`) {
		t.Errorf("want the same place in the cut, have %.20s", got)
	}
}

func TestManyElementsTakeLinearTime(t *testing.T) {
	var b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&b, `<x%d value="1"/>`, i)
	}
	b.WriteString(strings.Repeat(`<name/>`, 20_000))
	doc, err := xmlform.Convert([]byte(in("Patient", b.String())), r4Model(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(doc.Findings) != 1000 || doc.Dropped != 39_000 {
		t.Errorf("want 1000 findings and 39000 dropped, have %d and %d", len(doc.Findings), doc.Dropped)
	}
}

func FuzzConvert(f *testing.F) {
	f.Add([]byte(in("Patient", `<active value="true" id="a"/><name><given value="&#65;"/><given/></name>`)))
	f.Add([]byte(in("Bundle", `<entry><fullUrl value="u"/><resource><Patient><text><div xmlns="http://www.w3.org/1999/xhtml">x</div></text></Patient></resource></entry>`)))
	f.Add([]byte(`<?xml version="1.0"?><f:List xmlns:f="http://hl7.org/fhir"><!-- a --><f:x y="z"/><![CDATA[x]]></f:List>`))
	f.Add([]byte(in("Wizard", `<_a b="c"/><d>e</d><Patient/>`)))
	f.Fuzz(func(t *testing.T, src []byte) {
		doc, err := xmlform.Convert(src, r4Model(), nil)
		_, _, _ = xmlform.Root(src)
		if err != nil {
			var se *xmlform.SyntaxError
			if !errors.As(err, &se) || se.Offset < 0 || se.Offset > len(src) {
				t.Fatalf("want a SyntaxError with a place, have %v", err)
			}
			return
		}
		if !json.Valid(doc.JSON) {
			t.Fatalf("want JSON, have %q", doc.JSON)
		}
		var tree jsontree.Tree
		if err := tree.Parse(doc.JSON, &jsontree.Options{MaxDepth: 4096}); err != nil {
			t.Fatalf("want JSON, have %v", err)
		}
		if d := tree.Duplicates(); len(d) > 0 {
			t.Fatalf("want every member once, have one again at %d of %q", d[0], doc.JSON)
		}
		for at := range doc.JSON {
			if x := doc.Places.Offset(at); x < 0 || x >= len(src) {
				t.Fatalf("want places inside the source, have %d", x)
			}
		}
		for i, f := range doc.Findings {
			if f.Offset < 0 || f.Offset > len(src) || f.Message == "" || i > 0 && f.Offset < doc.Findings[i-1].Offset {
				t.Fatalf("want findings in order with a message, have %+v", f)
			}
		}
		// Whatever is converted, encoding/xml takes as well-formed.
		if bytes.Contains(src, []byte("<?xml")) {
			return // which it reads by its own rules
		}
		dec := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))))
		for {
			_, err := dec.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("want what encoding/xml accepts, have %v", err)
			}
		}
	})
}
