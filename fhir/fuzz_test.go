package fhir

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/carabiner-health/carabiner/issue"
)

// seeds are inputs of every kind for the fuzz targets.
func seeds(f *testing.F) {
	for _, s := range []string{
		"", "\n\n", patient, patient + "\n" + weight, "\xef\xbb\xbf" + patient + "\r\n",
		"{\n\"resourceType\":\"Bundle\",\"entry\":[{\"fullUrl\":\"urn:uuid:1\",\"resource\":" + patient + "}]}\n{",
		`{"resourceType":"Bundle","entry":[{"resource":` + patient + `},{"resource":{"x":}},{"resource":` + weight + `}]}`,
		`{"entry":[{"resource":{}}],"resourceType":"Bundle"}` + "\n" + patient,
		"{\"resourceType\":\"Bundle\",\"entry\":[{},[],1,{\"resource\":" + patient + "}}]}\n{\"resourceType\":\"Patient\"}",
		"{bad\n" + patient, "[" + patient + "]", "<x/>", "\xff\xfe{\x00", "{\"resourceType\":\"Patient\",\"x\":\"\xff\"}\n",
		`{"resourceType":"Patient","x":[[[[[[[[]]]]]]]]}`, gz(patient + "\n" + weight), gz(patient)[:20], zst(f, patient),
		`<Patient xmlns="http://hl7.org/fhir"><id value="a"/><name x="y"/></Patient>`,
		`<Bundle xmlns="http://hl7.org/fhir"><entry><fullUrl value="u"/><resource><List/></resource></entry><entry/></Bundle>`,
		// Found by the targets.
		`{"00":""0"entry":"resourceType":"0"0`, "0.000", `{"entry": {"00"} `, "\x1f\x8b\b0000000",
	} {
		f.Add([]byte(s), uint8(3))
	}
}

// FuzzReadSurvivesAnything reads any bytes as NDJSON and as whatever they seem
// to be: nothing may panic, every line that is not blank is handed out or
// rejected once, and the account says so.
func FuzzReadSurvivesAnything(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		k := knobs{format: FormatNDJSON, max: 200, depth: 6, block: int(size) + 1}
		packed := bytes.HasPrefix(data, []byte{0x1f, 0x8b}) || bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd})
		events, stats := readEvents(t, bytes.NewReader(data), k)
		if want := int64(countLines(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))); !packed && wrongEncoding(data) == "" && stats.Records+stats.Rejected != want {
			t.Errorf("want %d records, have %d and %d rejected", want, stats.Records, stats.Rejected)
		}
		account(t, events, stats)
		for _, whole := range []bool{false, true} {
			events, stats = readEvents(t, bytes.NewReader(data), knobs{max: 200, depth: 6, document: int(size) + 1, whole: whole})
			account(t, events, stats)
			for _, e := range events {
				if e.Kind == "resource" && !packed && stats.Format != FormatXML && !bytes.Equal(data[e.Offset:][:len(e.Raw)], []byte(e.Raw)) {
					t.Errorf("the bytes of record %d are not those at its place", e.Record)
				}
			}
		}
	})
}

// account checks the counts, and that record numbers grow.
func account(t *testing.T, events []event, stats SourceStats) {
	t.Helper()
	var read, rejected, last int64
	for _, e := range events {
		switch e.Kind {
		case "resource":
			read++
		case "rejected":
			rejected++
		default:
			continue
		}
		if e.Record <= last {
			t.Errorf("want growing record numbers, have %d after %d", e.Record, last)
		}
		last = e.Record
	}
	if read != stats.Records || rejected != stats.Rejected {
		t.Errorf("want %d read and %d rejected, have %d and %d", read, rejected, stats.Records, stats.Rejected)
	}
}

// pieces hands out a few bytes at a time.
type pieces struct {
	data []byte
	n    int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.data) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.n)], p.data)
	p.data = p.data[n:]
	p.n = p.n%8 + 1
	return n, nil
}

// FuzzPiecesEqualWhole reads the same bytes at once and in pieces of 1 to 8
// bytes through small blocks and windows; everything that comes out must be
// the same.
func FuzzPiecesEqualWhole(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		for _, format := range []Format{FormatUnknown, FormatNDJSON, FormatBundle} {
			k := knobs{format: format, max: 300, depth: 8}
			want, wantStats := readEvents(t, bytes.NewReader(data), k)
			k.block = int(size) + 1
			k.document = int(size) + 1
			got, stats := readEvents(t, &pieces{data: data, n: int(size)%8 + 1}, k)
			if !slices.Equal(want, got) || stats != wantStats {
				t.Errorf("format %v: pieces give\n%s\nthe whole gives\n%s", format, show(got, stats), show(want, wantStats))
			}
		}
	})
}

func show(events []event, stats SourceStats) string {
	s := fmt.Sprintf("%+v\n", stats)
	for _, e := range events {
		s += fmt.Sprintf("%+v\n", e)
	}
	return s
}

// FuzzValidateSurvivesAnything checks the form of anything that parses, and
// that a clone is as good as the resource.
func FuzzValidateSurvivesAnything(f *testing.F) {
	f.Add([]byte(patient))
	f.Add([]byte(`{"resourceType":"Patient","_x":[null,{}],"x":[null,1],"":{},"id":"\u0000","y":[[]],"contained":[{"resourceType":"X","_":""}]}`))
	v, err := NewValidator(nil, &ValidateOptions{MaxIssues: 5})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			return
		}
		list := v.Validate(r)
		if len(list) > 6 {
			t.Errorf("want at most 6 findings, have %d", len(list))
		}
		if again := v.Validate(r.Clone()); len(again) != len(list) {
			t.Errorf("want %d findings about the clone, have %d", len(list), len(again))
		}
		for _, i := range list {
			if i.Severity < issue.Information || i.Message == "" {
				t.Errorf("want whole findings, have %+v", i)
			}
		}
	})
}
