package fhir

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/issue"
)

// utf16 writes ASCII text as UTF-16, little or big endian, without a mark.
func utf16(text string, big bool) string {
	var b []byte
	for i := range len(text) {
		if big {
			b = append(b, 0, text[i])
		} else {
			b = append(b, text[i], 0)
		}
	}
	return string(b)
}

func TestDamageLosesOnlyTheRecord(t *testing.T) {
	deep := `{"resourceType":"Patient","x":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`
	bundle := func(entries ...string) string {
		return "{\"resourceType\":\"Bundle\",\n\"entry\":[\n" + strings.Join(entries, ",\n") + "\n]}"
	}
	p, w := `{"resource":`+patient+`}`, `{"resource":`+weight+`}`
	tests := []struct {
		name, text string
		k          knobs
		want       string // as by ids
		fault      string // of the first rejection: behind this part of the text
		ok         bool   // fault is set
	}{
		{name: "broken line", text: patient + "\n{\"resourceType\":\"Patient\",,}\n" + weight, want: "1:Patient/p1 2:!fhir-json-syntax 3:Observation/o1", fault: patient + "\n{\"resourceType\":\"Patient\",", ok: true},
		{name: "broken first line", text: "{\"resourceType\":\"Patient\",\n" + weight + "\n", want: "1:!fhir-json-syntax 2:Observation/o1", fault: "{\"resourceType\":\"Patient\",", ok: true},
		{name: "text before the first line", text: "hello\n" + weight + "\n", want: "1:!fhir-json-syntax 2:Observation/o1", fault: "", ok: true},
		{name: "line cut at the end", text: patient + "\n" + weight[:20], want: "1:Patient/p1 2:!fhir-truncated", fault: patient + "\n" + weight[:20], ok: true},
		{name: "not an object", text: patient + "\n[1]\n" + weight, want: "1:Patient/p1 2:!fhir-not-object 3:Observation/o1", fault: patient + "\n", ok: true},
		{name: "no type", text: patient + "\n{\"id\":\"a\"}\n" + weight, want: "1:Patient/p1 2:!fhir-resource-type-missing 3:Observation/o1", fault: patient + "\n", ok: true},
		{name: "type is a number", text: "{\"resourceType\":1}\n" + weight, want: "1:!fhir-resource-type-missing 2:Observation/o1", fault: "", ok: true},
		{name: "type is empty", text: "{\"resourceType\":\"\"}\n" + weight, want: "1:!fhir-resource-type-missing 2:Observation/o1", fault: "", ok: true},
		{name: "not UTF-8", text: patient + "\n{\"resourceType\":\"Patient\",\"x\":\"M\xfcller\"}\n" + weight, want: "1:Patient/p1 2:!fhir-encoding 3:Observation/o1", fault: patient + "\n{\"resourceType\":\"Patient\",\"x\":\"M", ok: true},
		{name: "UTF-16 with mark", text: "\xff\xfe" + utf16(patient, false), want: "1:!fhir-encoding", fault: "", ok: true},
		{name: "UTF-16 big endian", text: "\xfe\xff" + utf16(patient, true), want: "1:!fhir-encoding", fault: "", ok: true},
		{name: "UTF-16 without mark", text: utf16(patient, true), want: "1:!fhir-encoding", fault: "", ok: true},
		{name: "XML of another kind", text: `<Patient xmlns="urn:hl7-org:v3"/>`, want: "1:!fhir-format", fault: "", ok: true},
		{name: "HTML", text: `<!DOCTYPE html><html></html>`, want: "1:!fhir-format", fault: "", ok: true},
		{name: "broken XML", text: "<Patient xmlns=\"http://hl7.org/fhir\">\n<active value=true/></Patient>", want: "1:!fhir-xml-syntax", fault: "<Patient xmlns=\"http://hl7.org/fhir\">\n<active value=", ok: true},
		{name: "XML cut", text: "<Patient xmlns=\"http://hl7.org/fhir\">\n<active value=\"true\"/>", want: "1:!fhir-truncated", fault: "<Patient xmlns=\"http://hl7.org/fhir\">\n<active value=\"true\"/>", ok: true},
		{name: "XML with a document type", text: `<!DOCTYPE Patient [<!ENTITY a "b">]><Patient xmlns="http://hl7.org/fhir"/>`, want: "1:!fhir-xml-doctype", fault: "", ok: true},
		{name: "XML in UTF-16", text: utf16(`<Patient xmlns="http://hl7.org/fhir"/>`, false), want: "1:!fhir-encoding", fault: "", ok: true},
		{name: "XML in Latin 1", text: "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Patient xmlns=\"http://hl7.org/fhir\"><id value=\"\xfc\"/></Patient>", want: "1:!fhir-encoding", fault: "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Patient xmlns=\"http://hl7.org/fhir\"><id value=\"", ok: true},
		{name: "XML nested deeply", text: `<Patient xmlns="http://hl7.org/fhir">` + strings.Repeat("<x>", 10_000) + strings.Repeat("</x>", 10_000) + `</Patient>`, want: "1:!fhir-json-depth", fault: `<Patient xmlns="http://hl7.org/fhir">` + strings.Repeat("<x>", 514), ok: true},
		{name: "XML with an entry too long", text: `<Bundle xmlns="http://hl7.org/fhir"><entry><resource><Patient><id value="p1"/></Patient></resource></entry><entry><resource><Patient><id value="` + strings.Repeat("x", 99) + `"/></Patient></resource></entry><entry><fullUrl value="urn:a"/></entry></Bundle>`, k: knobs{max: 90}, want: "1:Patient/p1 2:!fhir-record-size ?fhir-bundle-entry-empty", fault: `<Bundle xmlns="http://hl7.org/fhir"><entry><resource><Patient><id value="p1"/></Patient></resource></entry><entry><resource>`, ok: true},
		{name: "array of something else", text: "[1]", want: "1:!fhir-format", fault: "", ok: true},
		{name: "array", text: "[" + patient + ",\n" + weight + "]", want: "1:Patient/p1 2:Observation/o1"},
		{name: "array with something else", text: "[\n" + patient + ",\n7," + weight + "]\n", want: "1:Patient/p1 2:!fhir-not-object 3:Observation/o1", fault: "[\n" + patient + ",\n", ok: true},
		{name: "array cut", text: "[" + patient + ",", want: "1:!fhir-truncated", fault: "[" + patient + ",", ok: true},
		{name: "nested deeply", text: patient + "\n" + deep + "\n" + weight, want: "1:Patient/p1 2:!fhir-json-depth 3:Observation/o1", fault: patient + "\n" + deep[:30+511], ok: true},
		{name: "nested deeply in a document", text: "{\n\"resourceType\":\"Patient\",\"x\":" + strings.Repeat("[", 10_000), k: knobs{document: 64}, want: "1:!fhir-json-depth", fault: "{\n\"resourceType\":\"Patient\",\"x\":" + strings.Repeat("[", 514), ok: true},
		{name: "too long a line", text: patient + "\n" + weight + strings.Repeat(" ", 100) + "\n" + patient, k: knobs{max: 60, block: 16}, want: "1:Patient/p1 2:!fhir-record-size 3:Patient/p1", fault: patient + "\n", ok: true},
		{name: "too long a last line", text: patient + "\n" + weight, k: knobs{max: 60, block: 16}, want: "1:Patient/p1 2:!fhir-record-size", fault: patient + "\n", ok: true},
		{name: "as long as allowed", text: patient + "\r\n" + patient, k: knobs{max: len(patient), block: 16}, want: "1:Patient/p1 2:Patient/p1"},
		{name: "too long a document", text: "{\n\"resourceType\":\"Patient\",\"x\":\"" + strings.Repeat("x", 200_000) + "\"}\n{\n\"resourceType\":\"Patient\",\"id\":\"z\"}", k: knobs{max: 100_000, document: 64}, want: "1:!fhir-record-size 2:Patient/z", fault: "", ok: true},
		{name: "too long an entry", text: bundle(p, w, p), k: knobs{max: 60}, want: "1:Patient/p1 2:!fhir-record-size 3:Patient/p1", fault: strings.TrimSuffix(bundle(p, ``), "\n]}"), ok: true},
		{name: "broken entry", text: bundle(p, `{"resource":{"resourceType":"Patient",,}}`, w), want: "1:Patient/p1 2:!fhir-json-syntax 3:Observation/o1", fault: strings.TrimSuffix(bundle(p, `{"resource":{"resourceType":"Patient",`), "\n]}"), ok: true},
		{name: "entry that is no object", text: bundle(p, `7`, w), want: "1:Patient/p1 2:!fhir-not-object 3:Observation/o1", fault: strings.TrimSuffix(bundle(p, ``), "\n]}"), ok: true},
		{name: "entry without type", text: bundle(p, `{"resource":{"id":"a"}}`, w), want: "1:Patient/p1 2:!fhir-resource-type-missing 3:Observation/o1", fault: strings.TrimSuffix(bundle(p, `{"resource":`), "\n]}"), ok: true},
		{name: "entry that is not UTF-8", text: bundle(p, "{\"resource\":{\"resourceType\":\"Patient\",\"x\":\"\xff\"}}", w), want: "1:Patient/p1 2:!fhir-encoding 3:Observation/o1", fault: strings.TrimSuffix(bundle(p, "{\"resource\":{\"resourceType\":\"Patient\",\"x\":\""), "\n]}"), ok: true},
		{name: "bundle cut in an entry", text: bundle(p, w)[:110], want: "1:Patient/p1 2:!fhir-truncated", fault: bundle(p, w)[:110], ok: true},
		{name: "bundle cut between entries", text: bundle(p, w)[:87], want: "1:Patient/p1 2:!fhir-truncated", fault: bundle(p, w)[:87], ok: true},
		{name: "bundle with a bracket too many", text: bundle(p, w+"}", p), want: "1:Patient/p1 2:Observation/o1 3:!fhir-json-syntax 4:Patient/p1", fault: strings.TrimSuffix(bundle(p, w), "\n]}"), ok: true},
		{name: "bundle broken, another behind it", text: bundle(p, w+"}", p) + "\n" + bundle(p), want: "1:Patient/p1 2:Observation/o1 3:!fhir-json-syntax 4:Patient/p1 5:Patient/p1", fault: strings.TrimSuffix(bundle(p, w), "\n]}"), ok: true},
		{name: "quote missing in an entry", text: bundle(p, strings.Replace(w, `"o1"`, `"o1`, 1), p, w), want: "1:Patient/p1 2:!fhir-json-syntax 3:Patient/p1 4:Observation/o1"},
		{name: "brace missing in an entry", text: bundle(p, strings.TrimSuffix(w, "}"), p, w), want: "1:Patient/p1 2:!fhir-json-syntax 3:Patient/p1 4:Observation/o1"},
		{name: "quotes missing in two entries", text: bundle(p, `{"resource":{"resourceType":"Patient,"id":"x"}}`, p, `{"resource":{"resourceType":"Patient,"id":"x"}}`, w), want: "1:Patient/p1 2:!fhir-json-syntax 3:Patient/p1 4:!fhir-json-syntax 5:Observation/o1"},
		{name: "array not closed", text: strings.TrimSuffix(bundle(p, w), "\n]}"), want: "1:Patient/p1 2:Observation/o1 3:!fhir-truncated"},
		{name: "bundle with a name broken, another behind it", text: "{\"resourceType\":\"Bundle\",\"entry\":[" + p + "],oops\n" + bundle(w), want: "1:Patient/p1 2:!fhir-json-syntax 3:Observation/o1", fault: "{\"resourceType\":\"Bundle\",\"entry\":[" + p + "],", ok: true},
		{name: "document broken, another behind it", text: "{\n\"resourceType\":\"Patient\",,\n}\n{\n\"resourceType\":\"Patient\",\"id\":\"b\"}", want: "1:!fhir-json-syntax 2:Patient/b", fault: "{\n\"resourceType\":\"Patient\",", ok: true},
		{name: "gzip cut", text: gz(patient + "\n" + weight)[:60], want: "1:Patient/p1 2:!fhir-truncated ?fhir-truncated"},
		{name: "gzip cut in its header", text: gz(patient)[:5], want: "1:!fhir-truncated", fault: "", ok: true},
		{name: "zstd damaged", text: zst(t, patient)[:20], want: "?fhir-truncated"},
	}
	for _, tt := range tests {
		for _, document := range []int{tt.k.document, 8} {
			k := tt.k
			k.document = document
			t.Run(fmt.Sprintf("%s, window %d", tt.name, document), func(t *testing.T) {
				events, stats := readEvents(t, strings.NewReader(tt.text), k)
				if got := ids(events); got != tt.want {
					t.Fatalf("\nwant %s\nhave %s", tt.want, got)
				}
				var read, rejected int64
				fault := ""
				for _, e := range events {
					switch e.Kind {
					case "resource":
						read++
					case "rejected":
						rejected++
						if fault == "" {
							fault = e.Fault
						}
					}
				}
				if stats.Records != read || stats.Rejected != rejected {
					t.Errorf("want %d read and %d rejected in the account, have %d and %d", read, rejected, stats.Records, stats.Rejected)
				}
				if want := placeBehind(tt.text, tt.fault); tt.ok && fault != want {
					t.Errorf("want the fault at %s, have %s", want, fault)
				}
			})
		}
	}
}

// placeBehind returns line:column@offset behind the begin of a text.
func placeBehind(text, begin string) string {
	if !strings.HasPrefix(text, begin) {
		return "no part of the text"
	}
	line := strings.Count(begin, "\n") + 1
	return fmt.Sprintf("%d:%d@%d", line, len(begin)-strings.LastIndex(begin, "\n"), len(begin))
}

func TestRejectedRecordsKeepTheirBytes(t *testing.T) {
	bad := `{"resourceType":"Patient","id":}`
	events, _ := readEvents(t, strings.NewReader(patient+"\n"+bad+"\r\n"+weight), knobs{})
	if len(events) != 3 || events[1].Raw != bad || events[1].Type != "Patient" {
		t.Errorf("want the bytes and the type of the record, have %+v", events)
	}
}

func TestMessagesHoldNoValues(t *testing.T) {
	const secret = "Zaphod"
	for _, text := range []string{
		`{"resourceType":"Patient","name":"` + secret + `}`,
		`{"resourceType":"` + secret + `","name":` + secret + `}`,
		secret, `{"resourceType":["` + secret + `"]}`, `"` + secret + `"`,
		"{\"resourceType\":\"Patient\",\"" + secret + "\xff\":1}",
		"{\n\"resourceType\":\"Bundle\",\"entry\":[\"" + secret + "\",]" + secret,
	} {
		for _, format := range []Format{FormatUnknown, FormatNDJSON, FormatBundle} {
			var found issue.Collector
			types := ""
			opts := &ReadOptions{Format: format, Reporter: &found, Quarantine: func(r Rejected) error { types += r.Type; return nil }}
			for _, err := range Read(t.Context(), strings.NewReader(text), opts) {
				if err != nil {
					t.Fatal(err)
				}
			}
			if len(found.List()) == 0 {
				t.Errorf("format %v: want a finding, have none", format)
			}
			for _, i := range found.List() {
				if strings.Contains(i.String()+i.Rule, secret) || strings.Contains(types, secret) {
					t.Errorf("the finding %s holds a value", i.Code)
				}
			}
		}
	}
}

func TestAHundredMegabyteLinePasses(t *testing.T) {
	heavy(t)
	long := append([]byte(`{"resourceType":"Binary","id":"b","data":"`), bytes.Repeat([]byte("QUJD"), 25_000_000)...)
	long = append(long, `"}`...)
	for _, bound := range []int{0, 10 << 20} {
		text := append(append([]byte(patient+"\n"), long...), "\n"+weight...)
		var got []string
		var rejected []Rejected
		opts := &ReadOptions{MaxRecordBytes: bound, Quarantine: func(r Rejected) error { rejected = append(rejected, r); return nil }}
		for r, err := range Read(t.Context(), bytes.NewReader(text), opts) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(r.Record(), r.ID(), len(r.Raw()) == len(long)))
		}
		want := "[1p1false 2btrue 3o1false]"
		if bound > 0 {
			want = "[1p1false 3o1false]"
			if len(rejected) != 1 || !rejected[0].Truncated || len(rejected[0].Raw) != sampleBytes || rejected[0].Type != "Binary" {
				t.Error("want the begin of the long line in quarantine")
			}
		}
		if fmt.Sprint(got) != want {
			t.Errorf("bound %d: want %s, have %v", bound, want, got)
		}
	}
}

// TestAnyFlippedByteKeepsTheAccount changes single bytes of sound input: every
// record must still be counted once, and nothing may panic.
func TestAnyFlippedByteKeepsTheAccount(t *testing.T) {
	lines := strings.Repeat(patient+"\n"+weight+"\n", 3)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		b := []byte(lines)
		b[rng.IntN(len(b))] = byte(rng.IntN(256))
		events, stats := readEvents(t, bytes.NewReader(b), knobs{format: FormatNDJSON, block: 64})
		if got, want := stats.Records+stats.Rejected, int64(countLines(b)); got != want {
			t.Fatalf("want %d records, have %d: %s", want, got, ids(events))
		}
	}
}

// countLines counts the lines that are not blank.
func countLines(b []byte) int {
	n := 0
	for _, l := range bytes.Split(b, []byte{'\n'}) {
		if !isBlank(l) {
			n++
		}
	}
	return n
}
