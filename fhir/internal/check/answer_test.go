package check

import (
	"strings"
	"testing"
)

func ext(url, value string) string { return `{"url":"` + url + `",` + value + `}` }

// TestAnswerTypes: every type of question takes its own type of answer and no
// other.
func TestAnswerTypes(t *testing.T) {
	values := map[string]string{
		"boolean": `"valueBoolean":true`, "decimal": `"valueDecimal":1.5`, "integer": `"valueInteger":1`, "date": `"valueDate":"2020-01-01"`,
		"dateTime": `"valueDateTime":"2020-01-01"`, "time": `"valueTime":"10:00:00"`, "string": `"valueString":"x"`, "uri": `"valueUri":"http://example.com"`,
		"Attachment": `"valueAttachment":{"contentType":"text/plain"}`, "Coding": `"valueCoding":{"system":"http://example.com/s","code":"x"}`,
		"Quantity": `"valueQuantity":{"value":1}`, "Reference": `"valueReference":{"reference":"Patient/1"}`,
	}
	questions := map[string]string{
		"boolean": "boolean", "decimal": "decimal", "integer": "integer", "date": "date", "dateTime": "dateTime", "time": "time", "string": "string",
		"text": "string", "url": "uri", "attachment": "Attachment", "quantity": "Quantity", "reference": "Reference",
		"choice": "Coding date time integer string Reference", "open-choice": "Coding date time integer string Reference",
	}
	for question, takes := range questions {
		for typ, value := range values {
			want := "error R.item[0].answer[0].value.ofType(" + typ + ")"
			if strings.Contains(" "+takes+" ", " "+typ+" ") {
				want = ""
				if strings.HasSuffix(question, "choice") {
					want = "information R.item[0].answer[0]"
				}
			}
			c := responseCase{question + " with " + typ, `{"linkId":"a","type":"` + question + `"}`, `{"linkId":"a","answer":[{` + value + `}]}`, want}
			c.run(t, "completed")
		}
	}
}

// TestAnswerValues: bounds, places, patterns, sizes, references.
func TestAnswerValues(t *testing.T) {
	item := func(typ, more string, exts ...string) string {
		return `{"linkId":"a","repeats":true,"type":"` + typ + `"` + more + `,"extension":[` + strings.Join(append(exts, ext("http://example.com/x", `"valueString":"y"`)), ",") + `]}`
	}
	answers := func(values ...string) string {
		return `{"linkId":"a","answer":[{` + strings.Join(values, "},{") + `}]}`
	}
	const km = `"system":"http://unitsofmeasure.org","code":"km"`
	const m = `"system":"http://unitsofmeasure.org","code":"m"`
	const kg = `"system":"http://unitsofmeasure.org","code":"kg"`
	q := func(value, unit string) string {
		if unit != "" {
			unit = "," + unit
		}
		return `"valueQuantity":{"value":` + value + unit + `}`
	}
	for _, c := range []responseCase{
		{"integer bounds", item("integer", "", ext(extMinValue, `"valueInteger":2`), ext(extMaxValue, `"valueInteger":4`)),
			answers(`"valueInteger":1`, `"valueInteger":2`, `"valueInteger":4`, `"valueInteger":5`),
			"error R.item[0].answer[0].value.ofType(integer)\nerror R.item[0].answer[3].value.ofType(integer)"},
		{"decimal bounds", item("decimal", "", ext(extMinValue, `"valueDecimal":0.10`), ext(extMaxValue, `"valueInteger":4`)),
			answers(`"valueDecimal":0.1`, `"valueDecimal":0.0999`, `"valueDecimal":4.01`),
			"error R.item[0].answer[1].value.ofType(decimal)\nerror R.item[0].answer[2].value.ofType(decimal)"},
		{"date bounds", item("date", "", ext(extMinValue, `"valueDate":"2020-02-01"`), ext(extMaxValue, `"valueDate":"2020-03"`)),
			answers(`"valueDate":"2020-01-31"`, `"valueDate":"2020-02"`, `"valueDate":"2020-03-02"`),
			"error R.item[0].answer[0].value.ofType(date)\nerror R.item[0].answer[2].value.ofType(date)"},
		{"time bounds", item("time", "", ext(extMinValue, `"valueTime":"08:00:00"`)), answers(`"valueTime":"07:59:59"`), "error R.item[0].answer[0].value.ofType(time)"},
		{"a bound of another type", item("integer", "", ext(extMinValue, `"valueDate":"2020"`)), answers(`"valueInteger":1`), ""},
		{"decimal places", item("decimal", "", ext(extMaxDecimalPlaces, `"valueInteger":2`)), answers(`"valueDecimal":1.25`, `"valueDecimal":1.250`), "error R.item[0].answer[1].value.ofType(decimal)"},
		{"quantity in the unit", item("quantity", "", ext(extMinQuantity, q("2", km))),
			answers(q("1", km), q("3", km)), "error R.item[0].answer[0].value.ofType(Quantity)"},
		{"quantity in another unit", item("quantity", "", ext(extMaxQuantity, q("2", km))), answers(q("1999", m), q("2001", m)), "error R.item[0].answer[1].value.ofType(Quantity)"},
		{"quantity of another dimension", item("quantity", "", ext(extMaxQuantity, q("2", km))), answers(q("1", kg)), "error R.item[0].answer[0].value.ofType(Quantity)"},
		{"quantity without unit", item("quantity", "", ext(extMaxQuantity, q("2", km))), answers(q("1", "")), "error R.item[0].answer[0].value.ofType(Quantity)"},
		{"unit option", item("quantity", "", ext(extUnitOption, `"valueCoding":{`+m+`}`), ext(extUnitOption, `"valueCoding":{`+km+`}`)), answers(q("1", km), q("1", kg)),
			"error R.item[0].answer[1].value.ofType(Quantity)"},
		{"length", item("string", `,"maxLength":3`, ext(extMinLength, `"valueInteger":2`)), answers(`"valueString":"å"`, `"valueString":"åäö"`, `"valueString":"abcd"`),
			"error R.item[0].answer[0].value.ofType(string)\nerror R.item[0].answer[2].value.ofType(string)"},
		{"regex", item("string", "", ext(extRegex, `"valueString":"[a-z]+|[0-9]"`)), answers(`"valueString":"abc"`, `"valueString":"7"`, `"valueString":"77"`, `"valueString":"abc!"`),
			"error R.item[0].answer[2].value.ofType(string)\nerror R.item[0].answer[3].value.ofType(string)"},
		{"regex that cannot be tried", item("string", "", ext(extRegex, `"valueString":"(?=a)b"`)), answers(`"valueString":"abc"`), "information R.item[0].answer[0].value.ofType(string)"},
		{"several lines", item("string", ""), answers(`"valueString":"a\nb"`), "warning R.item[0].answer[0].value.ofType(string)"},
		{"several lines of text", item("text", ""), answers(`"valueString":"a\nb"`), ""},
		{"mime type", item("attachment", "", ext(extMimeType, `"valueCode":"image/gif"`), ext(extMimeType, `"valueCode":"text/*"`)),
			answers(`"valueAttachment":{"contentType":"image/gif"}`, `"valueAttachment":{"contentType":"text/plain"}`, `"valueAttachment":{"contentType":"image/png"}`, `"valueAttachment":{"title":"x"}`),
			"error R.item[0].answer[2]\nerror R.item[0].answer[3]"},
		{"size", item("attachment", "", ext(extMaxSize, `"valueDecimal":3`)), answers(`"valueAttachment":{"data":"AAAA"}`, `"valueAttachment":{"data":"AAAAAA=="}`), "error R.item[0].answer[1]"},
		{"reference type", item("reference", "", ext(extReferenceType, `"valueCode":"Patient"`), ext(extReferenceType, `"valueCode":"Group"`)),
			answers(`"valueReference":{"reference":"Patient/1"}`, `"valueReference":{"reference":"Device/1"}`, `"valueReference":{"reference":"#v"}`, `"valueReference":{"reference":"https://example.com/Device/1"}`, `"valueReference":{"reference":"Group/1/_history/2"}`),
			"error R.item[0].answer[1].value.ofType(Reference)\nerror R.item[0].answer[2].value.ofType(Reference)"},
		{"reference to no type", item("reference", ""), answers(`"valueReference":{"reference":"Chicken/1"}`, `"valueReference":{"display":"x"}`), "error R.item[0].answer[0].value.ofType(Reference)"},
	} {
		c.run(t, "completed")
	}
}

// TestAnswerOptions: options, value sets and free text.
func TestAnswerOptions(t *testing.T) {
	const codings = `"answerOption":[{"valueCoding":{"system":"s","code":"x","display":"Ex"}},{"valueCoding":{"system":"s","code":"none"},"extension":[{"url":"` + extOptionExclusive + `","valueBoolean":true}]}]`
	const x, none, y = `{"valueCoding":{"system":"s","code":"x"}}`, `{"valueCoding":{"system":"s","code":"none"}}`, `{"valueCoding":{"system":"s","code":"y"}}`
	choice := func(typ, more string) string {
		return `{"linkId":"a","repeats":true,"type":"` + typ + `",` + more + `}`
	}
	for _, c := range []responseCase{
		{"coding", choice("choice", codings), `{"linkId":"a","answer":[` + x + `,` + y + `]}`, "error R.item[0].answer[1]"},
		{"an option that excludes", choice("choice", codings), `{"linkId":"a","answer":[` + x + `,` + none + `]}`, "error R.item[0].answer[1]"},
		{"an option that excludes, alone", choice("choice", codings), `{"linkId":"a","answer":[` + none + `]}`, ""},
		{"text for a choice", choice("choice", codings), `{"linkId":"a","answer":[{"valueString":"x"}]}`, "error R.item[0].answer[0]"},
		{"text for an open choice", choice("open-choice", codings), `{"linkId":"a","answer":[{"valueString":"z"},{"valueString":"eX"}]}`, "warning R.item[0].answer[1]"},
		{"integers", choice("integer", `"answerOption":[{"valueInteger":1},{"valueInteger":2}]`), `{"linkId":"a","answer":[{"valueInteger":2},{"valueInteger":3}]}`, "error R.item[0].answer[1].value.ofType(integer)"},
		{"integers of a choice", choice("choice", `"answerOption":[{"valueInteger":1},{"valueInteger":2}]`), `{"linkId":"a","answer":[{"valueInteger":2},{"valueInteger":3}]}`, "error R.item[0].answer[1]"},
		{"no options", choice("choice", `"prefix":"1"`), `{"linkId":"a","answer":[` + x + `]}`, "information R.item[0].answer[0]"},
		{"value set", choice("choice", `"answerValueSet":"http://hl7.org/fhir/ValueSet/administrative-gender"`),
			`{"linkId":"a","answer":[{"valueCoding":{"system":"http://hl7.org/fhir/administrative-gender","code":"male"}},{"valueCoding":{"system":"http://hl7.org/fhir/administrative-gender","code":"m"}}]}`, "error R.item[0].answer[1]"},
		{"unknown value set", choice("choice", `"answerValueSet":"http://example.com/none"`), `{"linkId":"a","answer":[` + x + `]}`, "warning R.item[0].answer[0]"},
		{"value set inside", choice("choice", `"answerValueSet":"#v"`), `{"linkId":"a","answer":[{"valueCoding":{"system":"http://example.com/s","code":"y"}},{"valueCoding":{"system":"http://example.com/s","code":"z"}},{"valueCoding":{"system":"t","code":"y"}}]}`,
			"error R.item[0].answer[1]\nerror R.item[0].answer[2]"},
		{"value set inside that is none", choice("choice", `"answerValueSet":"#q"`), `{"linkId":"a","answer":[` + x + `]}`, "warning R.item[0].answer[0]"},
	} {
		c.run(t, "completed")
	}
}

// TestMessagesHoldNoAnswers: a message never says what was answered.
func TestMessagesHoldNoAnswers(t *testing.T) {
	const secret = "Wolfeschlegelsteinhausen"
	items := `{"linkId":"a","type":"string","maxLength":2,"text":"t","answerOption":[{"valueString":"x"}]},{"linkId":"b","type":"integer"},{"linkId":"c","type":"choice","answerOption":[{"valueCoding":{"code":"x"}}]},` +
		`{"linkId":"d","type":"reference"},{"linkId":"e","type":"string","extension":[` + ext(extRegex, `"valueString":"x"`) + `]},{"linkId":"f","type":"url","maxLength":1}`
	answers := `{"linkId":"a","text":"` + secret + `","answer":[{"valueString":"` + secret + `"}]},{"linkId":"b","answer":[{"valueString":"` + secret + `"}]},{"linkId":"c","answer":[{"valueCoding":{"code":"` + secret + `"}},{"valueString":"` + secret + `"}]},` +
		`{"linkId":"d","answer":[{"valueReference":{"reference":"` + secret + `/1"}}]},{"linkId":"e","answer":[{"valueString":"` + secret + `"}]},{"linkId":"f","answer":[{"valueUri":"` + secret + `"}]},{"linkId":"` + secret + `"}`
	n := 0
	for _, i := range checked(t, Options{}, answered("completed", items, answers)) {
		if i.Code != CodeQuestionnaire {
			continue
		}
		n++
		if strings.Contains(i.Message, secret) || strings.Contains(i.Path, secret) {
			t.Errorf("want no value of the data in a finding, have %s: %s", i.Path, i.Message)
		}
	}
	if n < 8 {
		t.Errorf("want 8 or more findings, have %d", n)
	}
}
