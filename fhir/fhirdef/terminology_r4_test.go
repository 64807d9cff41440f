package fhirdef

import "testing"

const hl7Sets = "http://hl7.org/fhir/ValueSet/"

func TestValueSetsOfR4(t *testing.T) {
	d := R4()
	for _, c := range []struct {
		set, system, code string
		want              Membership
		reason            ReasonKind
	}{
		{hl7Sets + "observation-status|4.0.1", "", "final", In, 0},
		{hl7Sets + "observation-status", "http://hl7.org/fhir/observation-status", "final", In, 0},
		{hl7Sets + "observation-status", "", "Final", Out, 0},
		{hl7Sets + "observation-status", "urn:other", "final", Out, 0},
		{hl7Sets + "administrative-gender", "", "male", In, 0},
		{hl7Sets + "administrative-gender", "", "m", Out, 0},
		{hl7Sets + "mimetypes", "", "text/plain", In, 0},
		{hl7Sets + "mimetypes", "", "plain", Out, 0},
		{hl7Sets + "all-languages", "", "de-CH", In, 0},
		{hl7Sets + "all-languages", "", "german-", Out, 0},
		{hl7Sets + "currencies", "", "SEK", In, 0},
		{hl7Sets + "iso3166-1-2", "urn:iso:std:iso:3166", "SE", In, 0},
		{hl7Sets + "iso3166-1-3", "urn:iso:std:iso:3166", "SE", Out, 0},
		{hl7Sets + "ucum-units", "http://unitsofmeasure.org", "mm[Hg]", In, 0},
		{hl7Sets + "ucum-units", "http://unitsofmeasure.org", "bananas", Out, 0},
		{hl7Sets + "marital-status", "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "M", In, 0},
		{hl7Sets + "marital-status", "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK", In, 0},
		{hl7Sets + "marital-status", "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "NI", Out, 0},
		{"http://terminology.hl7.org/ValueSet/v3-ActEncounterCode", "http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB", In, 0},
		{"http://terminology.hl7.org/ValueSet/v3-ActEncounterCode", "http://terminology.hl7.org/CodeSystem/v3-ActCode", "ACCTRECEIVABLE", Out, 0},
		{hl7Sets + "condition-code", "http://snomed.info/sct", "73211009", Unknown, SystemNotHeld},
		{hl7Sets + "condition-code", "urn:other", "73211009", Out, 0},
		{hl7Sets + "observation-codes", "http://loinc.org", "8480-6", Unknown, SystemNotHeld},
		{hl7Sets + "nothing", "http://loinc.org", "8480-6", Unknown, ValueSetNotKnown},
	} {
		have := d.ValidateCode(c.set, c.system, c.code)
		if have.Membership != c.want || have.Reason.Kind != c.reason {
			t.Errorf("%s %s#%s: want %v %d, have %v %q", c.set, c.system, c.code, c.want, c.reason, have.Membership, have.Reason)
		}
		if got := d.CompiledSet(c.set).Contains([]byte(c.system), []byte(c.code)); got != c.want {
			t.Errorf("%s %s#%s: want %v of bytes, have %v", c.set, c.system, c.code, c.want, got)
		}
	}
	if m := d.Subsumes("http://terminology.hl7.org/CodeSystem/v3-ActCode", "_ActEncounterCode", "AMB"); m != In {
		t.Errorf("want ambulatory below the codes of encounters, have %v", m)
	}
	if info, m, _ := d.LookupCode("http://hl7.org/fhir/administrative-gender", "", "female"); m != In || info.Display != "Female" {
		t.Errorf("want the display Female, have %v %+v", m, info)
	}
	if codes, complete, _ := d.Expand(hl7Sets + "administrative-gender"); !complete || len(codes) != 4 || codes[0].Code != "male" {
		t.Errorf("want the four genders, have %v %+v", complete, codes)
	}
}

// TestMostValueSetsCanBeAnswered counts the embedded value sets that answer every
// question without a terminology server. The count may only rise.
func TestMostValueSetsCanBeAnswered(t *testing.T) {
	d := R4()
	all, whole := 0, 0
	why := map[ReasonKind]int{}
	for url := range d.URLs("ValueSet") {
		all++
		known, reason := d.CompiledSet(url).Known()
		if known {
			whole++
			continue
		}
		if reason.String() == "" {
			t.Errorf("%s: want a reason", url)
		}
		why[reason.Kind]++
	}
	t.Logf("%d of %d value sets answer every question; the others by reason %v", whole, all, why)
	const least = 2588
	if whole < least {
		t.Errorf("want at least %d, have %d", least, whole)
	}
}

func BenchmarkRequiredBinding(b *testing.B) {
	set := R4().CompiledSet(hl7Sets + "observation-status")
	code := []byte("cancelled")
	b.ReportAllocs()
	for b.Loop() {
		if set.Contains(nil, code) != In {
			b.Fatal("want a member")
		}
	}
}
