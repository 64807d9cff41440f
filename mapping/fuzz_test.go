package mapping

import (
	"bytes"
	"math"
	"testing"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop"
)

// FuzzMapSurvivesAnything: whatever a resource says, mapping it ends in exactly
// one outcome, its facts survive the way to disk and back, and reducing them
// with a person ends without an error.
func FuzzMapSurvivesAnything(f *testing.F) {
	for _, s := range []string{
		smallPatient, encounterLine,
		`{"resourceType":"Observation","id":"o","status":"final",` + eventHead + `"effectiveDateTime":"2020-05-01T10:00:00.5+02:00","code":` + coded(loinc, "m-1") + `,"valueQuantity":{"value":1e400},"component":[{"code":` + coded(loinc, "m-1") + `,"valueString":"\u0000"}]}`,
		`{"resourceType":"MedicationRequest","id":"m",` + eventHead + `"medicationReference":{"reference":"#"},"dispenseRequest":{"expectedSupplyDuration":{"value":1e9,"code":"d"}}}`,
		`{"resourceType":"ImagingStudy","id":"i",` + eventHead + `"series":[{"uid":"1"},[]],"identifier":[{"value":"urn:oid:1"}]}`,
		`{"resourceType":"DiagnosticReport","id":"d",` + eventHead + `"presentedForm":[{"data":"!"}],"conclusion":"c"}`,
		`{"resourceType":"Patient","id":"p","birthDate":"0001","extension":[{"url":"` + extRace + `","extension":[null]}],"address":[{"line":["\u001f"]}]}`,
		`{"resourceType":"Claim","id":"k",` + eventHead + `"diagnosis":{},"procedure":[1]}`,
		`{"resourceType":"Location","id":"l","physicalType":` + coded("x", "wa") + `}`,
	} {
		f.Add([]byte(s))
	}
	m, err := NewFHIRToOMOP(few{}, nil)
	if err != nil {
		f.Fatal(err)
	}
	patient, err := fhir.Parse([]byte(smallPatient))
	if err != nil {
		f.Fatal(err)
	}
	var facts, of Facts
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := fhir.Parse(b)
		if err != nil {
			return
		}
		issues := m.Map(r, &facts)
		outcome, rule := facts.Outcome()
		switch {
		case outcome == Mapped && facts.Len() == 0, outcome != Mapped && facts.Len() > 0:
			t.Fatalf("outcome %s with %d facts", outcome, facts.Len())
		case (outcome == Filtered || outcome == Quarantined) == (rule == ""):
			t.Fatalf("outcome %s by rule %q", outcome, rule)
		case outcome == Quarantined && !issues.HasErrors():
			t.Fatal("quarantined without a finding")
		}
		checkIssues(t, issues)
		if outcome != Mapped || facts.person == nil {
			return
		}
		m.Map(patient, &of)
		of.person = facts.person
		s := shuffler{budget: 1 << 20}
		for _, x := range []*Facts{&facts, &of} {
			if err := s.add(x); err != nil {
				t.Fatal(err)
			}
		}
		s.sort()
		merged, err := newMerger([]*shuffler{&s})
		if err != nil {
			t.Fatal(err)
		}
		red := reducer{m: m, dims: &dimensions{}}
		for bl, err := range merged.blocks {
			if err != nil {
				t.Fatal(err)
			}
			rows := &rowBatch{}
			if err := red.block(bl, rows); err != nil {
				t.Fatal(err)
			}
			base := [numTables]int32{}
			for _, tb := range eventTables {
				rows.rebase(tb, &base)
			}
		}
		var ended int64
		for i := range red.account.byType {
			for _, n := range red.account.byType[i].outcomes {
				ended += n
			}
		}
		if ended != 2 {
			t.Fatalf("want both resources to end once, have %d ends", ended)
		}
	})
}

func checkIssues(t *testing.T, l issue.List) {
	t.Helper()
	for _, i := range l {
		if i.Code == "" || i.Message == "" || i.Severity == 0 {
			t.Fatalf("a finding is not whole: %v", i)
		}
	}
}

// FuzzRecordsReadBackAsWritten: a fact that is written reads back equal, and
// any other bytes are refused or read without harm.
func FuzzRecordsReadBackAsWritten(f *testing.F) {
	f.Add([]byte("\x01p\x05\x01i\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"), int32(5), 1.5, []byte("text"), true)
	f.Add([]byte{}, int32(-1), math.Inf(1), []byte{}, false)
	f.Fuzz(func(t *testing.T, b []byte, n int32, v float64, text []byte, yes bool) {
		var rec record
		if rec.decode(b) == nil {
			for rest := rec.facts; len(rest) > 0; {
				ref, next, err := nextFact(rest)
				if err != nil {
					break
				}
				var any fact
				_ = ref.decode(&any)
				rest = next
			}
		}
		in := Facts{person: text, typ: typeCondition, id: text, source: 3, record: 1 << 40, updated: omop.Timestamp(n)}
		written := fact{Table: TableMeasurement, Start: moment{Day: columnar.Date(n), Set: true, HasTime: yes, Instant: omop.Timestamp(n)}}
		if yes {
			written.End = moment{Day: columnar.Date(n), Set: true}
			written.flags |= flagComponent
			written.setNumber(nLow, v)
		} else {
			written.Start.Instant = 0
		}
		written.concepts[cUnit] = n
		written.texts[tSource] = text
		in.items = append(in.items, written)
		raw := appendRecord(nil, &in)
		if err := rec.decode(raw); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(rec.person, text) || !bytes.Equal(rec.id, text) || rec.source != 3 || rec.number != 1<<40 || rec.updated != in.updated {
			t.Fatal("the head of the record changed")
		}
		ref, rest, err := nextFact(rec.facts)
		if err != nil || len(rest) != 0 {
			t.Fatalf("want one fact, have %v and %d bytes more", err, len(rest))
		}
		var out fact
		if err := ref.decode(&out); err != nil {
			t.Fatal(err)
		}
		if out.Start != written.Start || out.End != written.End || out.concepts != written.concepts ||
			math.Float64bits(out.numbers[nLow]) != math.Float64bits(written.numbers[nLow]) || out.hasNum != written.hasNum ||
			!bytes.Equal(out.texts[tSource], text) || out.flags&flagComponent != written.flags&flagComponent {
			t.Fatal("the fact changed")
		}
	})
}

// FuzzDatesAreCalendarDays: what dateOf takes prints back as the same day.
func FuzzDatesAreCalendarDays(f *testing.F) {
	for _, s := range []string{"2020-02-29", "1900-02-29", "2020", "2020-05", "2020-05-01T24:00:00Z", "2020-05-01T10:11:12.123456789+14:00", "0000-01-01"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		w, ok := dateOf(b, false, false)
		if !ok {
			if w.Set {
				t.Fatal("a date that was refused is set")
			}
			return
		}
		day := w.Day.String()
		if want := string(b[:min(len(b), 10)]); day[:len(want)] != want {
			t.Fatalf("want the day that was written, have %s", day)
		}
		if late, _ := dateOf(b, false, true); late.Day < w.Day {
			t.Fatal("the last day of a date lies before its first")
		}
	})
}
