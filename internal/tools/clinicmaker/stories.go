package main

import "encoding/base64"

// stories adds the twelve patients and what happened to them. All of it is
// invented; each story exercises something that a conversion must get right.
func (c *clinic) stories() {
	const white, black, asian, native = "2106-3", "2054-5", "2028-9", "1002-5"
	const hispanic, notHispanic = "2135-2", "2186-5"
	people := []struct {
		person
		story func(patient string)
	}{
		{person{number: "01", gender: "female", birth: "1958-04-12", races: []string{white}, ethnicity: notHispanic, birthsex: "F", city: "Sampleton"}, c.chronic},
		{person{number: "02", gender: "male", birth: "1949-11-03", races: []string{black}, ethnicity: notHispanic, birthsex: "M", city: "Sampleton"}, c.stay},
		{person{number: "03", gender: "female", birth: "1985-07-21", races: []string{asian}, ethnicity: notHispanic, city: "Exampleville"}, c.everyValue},
		{person{number: "04", gender: "male", birth: "1972", races: []string{white}, ethnicity: hispanic, city: "Exampleville"}, c.remote},
		{person{number: "05", gender: "female", birth: "2001-02", ethnicity: hispanic, city: "Sampleton"}, c.allergies},
		{person{number: "06", gender: "male", birth: "1936-09-30", races: []string{white}, ethnicity: notHispanic, city: "Sampleton",
			deceasedAt: "2024-03-18T04:25:00-04:00"}, c.lastStay},
		{person{number: "07", gender: "female", birth: "1990-12-05", races: []string{black}, ethnicity: notHispanic, city: "Sampleton"}, c.expecting},
		{person{number: "08", gender: "male", birth: "2016-05-14", races: []string{native}, ethnicity: notHispanic, city: "Exampleville"}, c.child},
		{person{number: "09", gender: "other", birth: "1979-01-25", races: []string{white}, city: "Exampleville"}, c.accident},
		{person{number: "10", gender: "female", birth: "1963-08-08", races: []string{white, asian}, ethnicity: notHispanic, city: "Sampleton"}, c.prevention},
		{person{number: "11", gender: "male", birth: "1988-03-17", races: []string{white}, ethnicity: notHispanic, city: "Sampleton", deceased: false}, c.smoker},
		{person{number: "12", birth: "1995-10-02", races: []string{"UNK"}, city: "Sampleton"}, c.home},
	}
	for _, p := range people {
		p.story(c.patient(p.person))
	}
}

// chronic: diabetes and high blood pressure, coded twice, over two years.
func (c *clinic) chronic(patient string) {
	for i, day := range []string{"2023-02-14", "2023-08-22", "2024-02-20"} {
		v := c.visit(patient, "AMB", "finished", day, day)
		c.vitals(v, "163.0", []string{"84.2", "82.9", "80.0"}[i], []string{"31.7", "31.2", "30.1"}[i], []string{"148", "139", "131"}[i], "84", "72")
		c.measured(v, "laboratory", "4548-4", []string{"7.9", "7.10", "6.6"}[i], "%",
			"referenceRange", list{object{"low", c.quantity("4.0", "%"), "high", c.quantity("5.6", "%")}})
		c.measured(v, "laboratory", "2339-0", []string{"161", "144", "126"}[i], "mg/dL")
		c.fats(v, []string{"232", "210", "187"}[i], "178", []string{"151", "130", "108"}[i], "46")
		c.drug(v, "860975", "90")
		c.drug(v, "314076", "90")
		if i == 0 {
			c.diagnosed(v, "44054006")
			c.condition(v, "problem-list-item", "confirmed", []coding{{snomed, "38341003"}, {icd10, "I10"}}, "onsetDateTime", "2021-06")
			c.diagnosed(v, "162864005")
			c.drug(v, "314231", "30")
			c.claimed(v, "186.40", coding{snomed, "162673000"}, coding{snomed, "430193006"})
		}
		c.procedure(v, "completed", coding{snomed, "430193006"}, "performedDateTime", v.at("09:15"))
	}
}

// stay: three days in hospital after the emergency room, home afterwards.
func (c *clinic) stay(patient string) {
	e := c.visit(patient, "EMER", "finished", "2023-11-05", "2023-11-05")
	c.diagnosed(e, "267036007")
	c.measured(e, "vital-signs", "8310-5", "38.4", "Cel")
	v := c.visit(patient, "IMP", "finished", "2023-11-05", "2023-11-08", "hospitalization",
		object{"admitSource", plain("admit-source", "emd"), "dischargeDisposition", plain("discharge-disposition", "home")})
	c.diagnosed(v, "10509002")
	c.imaged(v, "2", "399208008", "DX", "CT")
	c.procedure(v, "completed", coding{snomed, "127783003"}, "performedPeriod", object{"start", v.at("11:00"), "end", v.at("11:25")})
	c.drug(v, "197361", "30")
	c.add(object{"resourceType", "DiagnosticReport", "id", c.id("rep"), "status", "final", "category", list{plain("v2-0074", "RAD")},
		"code", c.code(coding{loinc, "34117-2"}), "subject", ref(v.patient), "encounter", ref(v.encounter), "effectiveDateTime", v.at("12:00"),
		"issued", v.at("12:30"), "performer", list{ref(v.practitioner)}, "conclusion", "Invented: short bronchitis, nothing else.",
		"presentedForm", list{object{"contentType", "text/plain", "data",
			base64.StdEncoding.EncodeToString([]byte("Invented note of the demonstration.\nNo person stands behind it.\n"))}}})
}

// everyValue: one observation for every type of Observation.value[x] of R4.
func (c *clinic) everyValue(patient string) {
	v := c.visit(patient, "AMB", "finished", "2024-05-06", "2024-05-06")
	lab := func(code, name string, value any) { c.observed(v, "laboratory", coding{loinc, code}, name, value) }
	c.vitals(v, "158.5", "55.05", "21.9", "118", "76", "64")
	c.measured(v, "vital-signs", "72514-3", "3", "{score}") // a unit without a concept
	c.observed(v, "laboratory", coding{loinc, "2571-8"}, "valueQuantity",
		object{"value", decimal("50"), "comparator", "<", "unit", "mg/dL", "system", ucum, "code", "mg/dL"})
	c.observed(v, "social-history", coding{loinc, "72166-2"}, "valueCodeableConcept", c.code(coding{snomed, "8517006"}))
	lab("5778-6", "valueString", "straw")
	lab("20454-5", "valueBoolean", false)
	lab("72514-3", "valueInteger", 4)
	lab("5803-2", "valueRange", object{"low", object{"value", decimal("5.5")}, "high", object{"value", decimal("6.0")}})
	lab("9318-7", "valueRatio", object{"numerator", c.quantity("12", "mg"), "denominator", object{"value", decimal("1"), "unit", "g"}})
	lab("8867-4", "valueSampledData", object{"origin", c.quantity("60", "/min"), "period", decimal("1000"), "dimensions", 1, "data", "64 66 65 63"})
	lab("5902-2", "valueTime", "00:00:12")
	lab("93025-5", "valueDateTime", "2024-05-06T09:05:00-05:00")
	lab("93025-5", "valuePeriod", object{"start", "2024-04-29", "end", "2024-05-05"})
	c.observed(v, "laboratory", coding{loinc, "2514-8"}, "dataAbsentReason", plain("data-absent-reason", "error"))
	c.procedure(v, "completed", coding{snomed, "171207006"}, "performedDateTime", "2024-05-06")
}

// remote: talks by video; a birth date of a year alone; a retired code that
// has two standard concepts.
func (c *clinic) remote(patient string) {
	for _, day := range []string{"2024-01-09", "2024-07-16"} {
		v := c.visit(patient, "VR", "finished", day, day)
		c.observed(v, "social-history", coding{loinc, "54899-0"}, "valueCodeableConcept", c.code(coding{snomed, "297487008"}))
		c.diagnosed(v, map[string]string{"2024-01-09": "15777000", "2024-07-16": "73595000"}[day])
	}
	c.visit(patient, "AMB", "planned", "2025-06-02", "2025-06-02")
}

// allergies: one coded as a finding, one as a substance with its reaction.
func (c *clinic) allergies(patient string) {
	v := c.visit(patient, "AMB", "finished", "2023-06-12", "2023-06-12")
	c.allergic(v, "food", "91935009")
	c.allergic(v, "environment", "419474003")
	c.allergic(v, "food", "735029006", "reaction", list{object{"manifestation", list{c.code(coding{snomed, "267036007"})}, "severity", "moderate"}})
	c.prescribed(v, "active", "medicationReference", ref("#m"), "10",
		"contained", list{object{"resourceType", "Medication", "id", "m", "code", c.code(coding{rxnorm, "308182"})}})
	c.diagnosed(v, "195662009")
}

// lastStay: a stay that ends with death.
func (c *clinic) lastStay(patient string) {
	a := c.visit(patient, "AMB", "finished", "2023-04-03", "2023-04-03")
	c.vitals(a, "171.0", "69.4", "23.7", "142", "81", "77")
	c.diagnosed(a, "55822004")
	c.drug(a, "314231", "90")
	v := c.visit(patient, "IMP", "finished", "2024-03-15", "2024-03-18", "hospitalization",
		object{"dischargeDisposition", plain("discharge-disposition", "exp")})
	c.diagnosed(v, "267036007")
	c.procedure(v, "completed", coding{snomed, "104091002"}, "performedDateTime", v.at("10:00"))
}

// expecting: visits of a pregnancy, and a not-done procedure.
func (c *clinic) expecting(patient string) {
	for i, day := range []string{"2024-02-05", "2024-04-08", "2024-06-10"} {
		v := c.visit(patient, "AMB", "finished", day, day)
		if i == 0 {
			c.condition(v, "encounter-diagnosis", "confirmed", []coding{{snomed, "72892002"}},
				"onsetPeriod", object{"start", "2023-12-30", "end", "2024-09-21"})
		}
		c.procedure(v, "completed", coding{snomed, "225158009"}, "performedDateTime", v.at("09:25"))
		c.vitals(v, "167.2", []string{"61.0", "63.5", "66.8"}[i], []string{"21.8", "22.7", "23.9"}[i], "112", "70", "80")
	}
	v := c.visit(patient, "AMB", "finished", "2024-08-12", "2024-08-12")
	c.procedure(v, "not-done", coding{snomed, "76601001"}, "performedDateTime", v.day)
}

// child: vaccinations and an ear infection; one vaccine not given.
func (c *clinic) child(patient string) {
	v := c.visit(patient, "AMB", "finished", "2023-05-15", "2023-05-15")
	c.procedure(v, "completed", coding{snomed, "410620009"}, "performedDateTime", v.at("09:05"))
	for _, code := range []string{"10", "133", "140"} {
		c.vaccinated(v, "completed", code)
	}
	c.vaccinated(v, "not-done", "33")
	e := c.visit(patient, "EMER", "finished", "2023-12-27", "2023-12-27")
	c.diagnosed(e, "65363002")
	c.measured(e, "vital-signs", "8310-5", "39.1", "Cel")
	c.prescribed(e, "active", "medicationReference", ref("Medication/med-1"), "5")
}

// accident: an X-ray under a retired code, and a cancelled prescription.
func (c *clinic) accident(patient string) {
	v := c.visit(patient, "EMER", "finished", "2024-09-01", "2024-09-01")
	c.diagnosed(v, "44465007")
	c.procedure(v, "completed", coding{snomed, "74016001"}, "performedDateTime", v.at("10:00"))
	c.imaged(v, "9", "74016001", "DX")
	c.drug(v, "310965", "7")
	c.prescribed(v, "cancelled", "medicationCodeableConcept", c.code(coding{rxnorm, "313782"}), "7")
	c.vaccinated(v, "completed", "113")
}

// prevention: colonoscopy, teeth, vaccinations of an adult of two races.
func (c *clinic) prevention(patient string) {
	v := c.visit(patient, "AMB", "finished", "2023-10-10", "2023-10-10")
	c.procedure(v, "completed", coding{snomed, "73761001"}, "performedPeriod", object{"start", v.at("09:00"), "end", v.at("09:35")})
	c.condition(v, "encounter-diagnosis", "provisional", []coding{{icd10, "K02.9"}}, "onsetDateTime", "2023-10")
	c.vaccinated(v, "completed", "140")
	c.vaccinated(v, "completed", "115")
	c.claimed(v, "912.00", coding{snomed, "73761001"}, coding{cvx, "140"})
}

// smoker: a status that changes, work, and blood fats.
func (c *clinic) smoker(patient string) {
	for i, day := range []string{"2023-03-21", "2024-03-26"} {
		v := c.visit(patient, "AMB", "finished", day, day)
		c.observed(v, "social-history", coding{loinc, "72166-2"}, "valueCodeableConcept", c.code(coding{snomed, []string{"449868002", "8517006"}[i]}))
		c.diagnosed(v, "160903007")
		c.fats(v, "244", "201", "160", "39")
		c.vitals(v, "180.3", "91.7", "28.2", "134", "86", "83")
	}
}

// home: a visit at home; gender and race not known.
func (c *clinic) home(patient string) {
	v := c.visit(patient, "HH", "finished", "2024-10-30", "2024-10-30")
	c.vitals(v, "174.0", "70.1", "23.2", "121", "79", "69")
	c.vaccinated(v, "completed", "140")
}

// defects adds what an export should not hold, but a conversion can account
// for. testdata/README.md lists it.
func (c *clinic) defects() {
	v := visit{patient: "Patient/pat-01", encounter: "Encounter/enc-0001", practitioner: "Practitioner/doc-1", day: "2023-02-14"}
	c.observed(v, "laboratory", coding{loinc, unknown}, "valueQuantity", c.quantity("1.5", "mg/dL")) // a code of no vocabulary
	c.condition(v, "encounter-diagnosis", "entered-in-error", []coding{{snomed, "195662009"}})
	c.add(object{"resourceType", "CarePlan", "id", "plan-1", "status", "active", "intent", "plan", "subject", ref("Patient/pat-01")}) // a type without a mapping
}

// damage returns what arrived late and in part: further files about patients
// of c, each with a line in the middle that cannot be used.
func (c *clinic) damage() *clinic {
	d := &clinic{words: c.words, lines: make(map[string][][]byte), made: c.made}
	v := visit{patient: "Patient/pat-01", encounter: "Encounter/enc-0001", practitioner: "Practitioner/doc-1", day: "2023-02-14"}
	d.measured(v, "vital-signs", "8867-4", "74", "/min")
	d.lines["Observation"] = append(d.lines["Observation"], // a line that breaks off
		[]byte(`{"resourceType":"Observation","id":"obs-broken","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"83`))
	d.measured(v, "vital-signs", "29463-7", "83.9", "kg")
	lost := v
	lost.patient = "Patient/pat-99" // who is not in the export
	d.diagnosed(v, "267036007")
	d.diagnosed(lost, "10509002")
	d.diagnosed(v, "65363002")
	return d
}
