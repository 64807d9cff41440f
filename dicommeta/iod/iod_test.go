package iod

import (
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/google/go-cmp/cmp"
)

func TestDataParsesWhole(t *testing.T) {
	all, err := parse(packed)
	if err != nil {
		t.Fatal(err)
	}
	rules := 0
	for _, m := range all.modules {
		rules += len(m.Rules)
		for i := range m.Rules {
			if r := &m.Rules[i]; r.Kind == 0 || r.Kind == Include && len(r.Macro.Rules) == 0 {
				t.Errorf("%s: rule %d: want a kind and a macro that is known", m.Name, i)
			}
		}
	}
	if len(all.objects) < 150 || len(all.modules) < 600 || rules < 3900 || len(all.conditions) < 1400 {
		t.Errorf("want all of the tables, have %d objects, %d modules, %d rules, %d conditions",
			len(all.objects), len(all.modules), rules, len(all.conditions))
	}
}

func TestObjectsOfTheStandardComeFirst(t *testing.T) {
	for _, o := range All("") {
		for _, uid := range o.SOPClasses {
			if f := Find(uid); f == nil || f.Profile != "" {
				t.Errorf("%s: want an object that is no profile", uid)
			}
		}
		for _, u := range o.Modules {
			if u.Usage == Mandatory && !o.Partial && u.Edition == "" && len(u.Module.Rules) == 0 {
				t.Errorf("%s: want rules of module %s", o.Name, u.Module.Name)
			}
		}
	}
	if len(All("1.2.840.10008.5.1.4.1.1.1.2")) < 2 {
		t.Error("want the profiles of mammography")
	}
}

func TestRulesAreThoseOfTheTable(t *testing.T) {
	var have []string
	for _, r := range FindModule("Patient").Rules[:9] {
		if r.Kind != Include {
			have = append(have, r.Tag.Keyword()+" "+r.Type.String())
		}
	}
	want := []string{"PatientName 2", "PatientID 2", "TypeOfPatientID 3", "PatientBirthDate 2",
		"PatientBirthDateInAlternativeCalendar 3", "PatientDeathDateInAlternativeCalendar 3", "PatientAlternativeCalendar 1C", "PatientSex 2"}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	sex := FindModule("Patient").Rules[8].Values
	if !sex.Enumerated {
		t.Error("want enumerated values")
	}
	if diff := cmp.Diff([]string{"M", "F", "O", ""}, sex.Strings); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestConditionsSayWhatTheyAskFor(t *testing.T) {
	var have string
	for _, r := range FindModule("GeneralSeries").Rules {
		if r.Tag == dict.Laterality && r.Kind == Attribute {
			have = r.Condition.String()
		}
	}
	if want := "not ImageLaterality is present and not MeasurementLaterality is present"; !strings.HasPrefix(have, want) {
		t.Errorf("want %s..., have %.90s", want, have)
	}
	if s := read().conditions["Never"].String() + " " + read().conditions["Always"].String(); s != "never always" {
		t.Errorf("want never always, have %s", s)
	}
}

func TestMasksNameRepeatingGroups(t *testing.T) {
	tag, mask, err := tagOf("60xx0010")
	if err != nil || tag != 0x60000010 || mask != 0xff00ffff {
		t.Errorf("want 60000010 and FF00FFFF, have %08X, %08X, %v", tag, mask, err)
	}
	if _, _, err := tagOf("0010"); err == nil {
		t.Error("want an error for a short tag")
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parse(packed); err != nil {
			b.Fatal(err)
		}
	}
}
