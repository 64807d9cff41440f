package main

// visit is one encounter, to which the records of a day belong.
type visit struct {
	patient, encounter, practitioner string
	day                              string // 2024-02-14
}

// at returns a moment of the visit's day, as the clinic's clock shows it.
func (v visit) at(clock string) string { return v.day + "T" + clock + ":00-05:00" }

// institution adds who and what is not a patient.
func (c *clinic) institution() {
	address := func(line, city, zip string) object {
		return object{"line", list{line}, "city", city, "state", "MA", "postalCode", zip, "country", "US"}
	}
	for _, o := range []object{
		{"resourceType", "Organization", "id", "org-1", "active", true, "type", list{plain("organization-type", "prov")},
			"name", "Carabiner Demonstration Clinic", "address", list{address("1 Sample Street", "Sampleton", "00001")}},
		{"resourceType", "Organization", "id", "org-2", "active", true, "type", list{plain("organization-type", "dept")},
			"name", "Demonstration Imaging", "partOf", ref("Organization/org-1")},
		{"resourceType", "Location", "id", "loc-1", "status", "active", "name", "Main building", "mode", "instance",
			"address", address("1 Sample Street", "Sampleton", "00001"), "physicalType", plain("location-physical-type", "bu"),
			"managingOrganization", ref("Organization/org-1")},
		{"resourceType", "Location", "id", "loc-2", "status", "active", "name", "Ward 2", "mode", "instance",
			"physicalType", plain("location-physical-type", "wa"), "managingOrganization", ref("Organization/org-1"), "partOf", ref("Location/loc-1")},
		{"resourceType", "Practitioner", "id", "doc-1", "active", true, "name", list{object{"family", "Practitioner-One"}}, "gender", "female",
			"birthDate", "1970-05-05"},
		{"resourceType", "Practitioner", "id", "doc-2", "active", true, "name", list{object{"family", "Practitioner-Two"}}, "gender", "male"},
		{"resourceType", "Practitioner", "id", "doc-3", "active", false, "name", list{object{"family", "Practitioner-Three"}}},
		{"resourceType", "Medication", "id", "med-1", "code", c.code(coding{rxnorm, "313782"}), "status", "active"},
	} {
		c.add(o)
	}
}

type person struct {
	number               string
	gender, birth        string
	races                []string // codes of the OMB categories
	ethnicity, birthsex  string
	city                 string
	deceasedAt, deceased any
}

func (c *clinic) patient(p person) string {
	var extensions list
	if len(p.races) > 0 {
		inner := list{}
		for _, r := range p.races {
			inner = append(inner, object{"url", "ombCategory", "valueCoding", object{"system", omb, "code", r}})
		}
		extensions = append(extensions, object{"url", usCore + "us-core-race", "extension", append(inner, object{"url", "text", "valueString", "as stated"})})
	}
	if p.ethnicity != "" {
		extensions = append(extensions, object{"url", usCore + "us-core-ethnicity", "extension", list{
			object{"url", "ombCategory", "valueCoding", object{"system", omb, "code", p.ethnicity}}, object{"url", "text", "valueString", "as stated"}}})
	}
	if p.birthsex != "" {
		extensions = append(extensions, object{"url", usCore + "us-core-birthsex", "valueCode", p.birthsex})
	}
	var extension, gender, birth any
	if extensions != nil {
		extension = extensions
	}
	if p.gender != "" {
		gender = p.gender
	}
	if p.birth != "" {
		birth = p.birth
	}
	return c.add(object{"resourceType", "Patient", "id", "pat-" + p.number, "extension", extension,
		"identifier", list{object{"system", "https://clinic.example.org/numbers", "value", "N" + p.number}},
		"active", true, "name", list{object{"use", "official", "family", "Testcase-" + p.number, "given", list{"Sample"}}},
		"gender", gender, "birthDate", birth, "deceasedDateTime", p.deceasedAt, "deceasedBoolean", p.deceased,
		"address", list{object{"line", list{p.number + " Sample Street"}, "city", p.city, "state", "MA", "postalCode", "00001", "country", "US"}},
		"generalPractitioner", list{ref("Practitioner/doc-1")}, "managingOrganization", ref("Organization/org-1")})
}

// visit adds an encounter of a class that lasts from a clock of the first day
// to a clock of the last.
func (c *clinic) visit(patient, class, status, day, lastDay string, more ...any) visit {
	v := visit{patient: patient, practitioner: "Practitioner/doc-1", day: day}
	if class == "EMER" || class == "IMP" {
		v.practitioner = "Practitioner/doc-2"
	}
	end := visit{day: lastDay}
	r := object{"resourceType", "Encounter", "id", c.id("enc"), "status", status, "class", object{"system", act, "code", class},
		"type", list{c.code(coding{snomed, "185349003"})}, "subject", ref(patient),
		"participant", list{object{"individual", ref(v.practitioner)}},
		"period", object{"start", v.at("09:00"), "end", end.at("09:40")},
		"location", list{object{"location", ref("Location/loc-1")}}, "serviceProvider", ref("Organization/org-1")}
	v.encounter = c.add(append(r, more...))
	return v
}

// observed adds an observation; value and more are further members of it.
func (c *clinic) observed(v visit, category string, code coding, value ...any) string {
	r := object{"resourceType", "Observation", "id", c.id("obs"), "status", "final", "category", list{plain("observation-category", category)},
		"code", c.code(code), "subject", ref(v.patient), "encounter", ref(v.encounter), "effectiveDateTime", v.at("09:10"), "issued", v.at("09:12"),
		"performer", list{ref(v.practitioner)}}
	return c.add(append(r, value...))
}

func (c *clinic) measured(v visit, category, code, value, unit string, more ...any) string {
	return c.observed(v, category, coding{loinc, code}, append([]any{"valueQuantity", c.quantity(value, unit)}, more...)...)
}

// vitals adds what every check-up measures.
func (c *clinic) vitals(v visit, height, weight, index, upper, lower, pulse string) {
	c.measured(v, "vital-signs", "8302-2", height, "cm")
	c.measured(v, "vital-signs", "29463-7", weight, "kg")
	c.measured(v, "vital-signs", "39156-5", index, "kg/m2")
	c.measured(v, "vital-signs", "8867-4", pulse, "/min")
	c.observed(v, "vital-signs", coding{loinc, "85354-9"}, "component", list{
		object{"code", c.code(coding{loinc, "8480-6"}), "valueQuantity", c.quantity(upper, "mm[Hg]")},
		object{"code", c.code(coding{loinc, "8462-4"}), "valueQuantity", c.quantity(lower, "mm[Hg]")}})
}

// fats adds a blood fat panel: four results and the report that lists them.
func (c *clinic) fats(v visit, total, triglyceride, low, high string) {
	var results list
	for _, r := range [][2]string{{"2093-3", total}, {"2571-8", triglyceride}, {"18262-6", low}, {"2085-9", high}} {
		results = append(results, ref(c.measured(v, "laboratory", r[0], r[1], "mg/dL")))
	}
	c.add(object{"resourceType", "DiagnosticReport", "id", c.id("rep"), "status", "final", "category", list{plain("v2-0074", "LAB")},
		"code", c.code(coding{loinc, "57698-3"}), "subject", ref(v.patient), "encounter", ref(v.encounter),
		"effectiveDateTime", v.at("09:10"), "issued", v.at("15:00"), "performer", list{ref("Organization/org-1")}, "result", results})
}

func (c *clinic) condition(v visit, category, verification string, codings []coding, more ...any) string {
	r := object{"resourceType", "Condition", "id", c.id("con"), "clinicalStatus", plain("condition-clinical", "active"),
		"verificationStatus", plain("condition-ver-status", verification), "category", list{plain("condition-category", category)},
		"code", c.code(codings...), "subject", ref(v.patient), "encounter", ref(v.encounter)}
	return c.add(append(r, append(more, "recordedDate", v.at("09:20"), "recorder", ref(v.practitioner))...))
}

// diagnosed is a confirmed condition of the visit's day, by its SNOMED CT code.
func (c *clinic) diagnosed(v visit, code string) string {
	return c.condition(v, "encounter-diagnosis", "confirmed", []coding{{snomed, code}}, "onsetDateTime", v.at("09:00"))
}

func (c *clinic) procedure(v visit, status string, code coding, more ...any) string {
	r := object{"resourceType", "Procedure", "id", c.id("pro"), "status", status, "code", c.code(code), "subject", ref(v.patient),
		"encounter", ref(v.encounter)}
	return c.add(append(append(r, more...), "performer", list{object{"actor", ref(v.practitioner)}}))
}

// prescribed adds a medication request; medication is the member that says what.
func (c *clinic) prescribed(v visit, status, name string, medication any, days string, more ...any) string {
	r := object{"resourceType", "MedicationRequest", "id", c.id("rx")}
	r = append(append(r, more...), "status", status, "intent", "order", name, medication, "subject", ref(v.patient), "encounter", ref(v.encounter),
		"authoredOn", v.at("09:30"), "requester", ref(v.practitioner),
		"dosageInstruction", list{object{"text", "one a day", "timing", object{"repeat", object{"frequency", 1, "period", decimal("1.0"), "periodUnit", "d"}},
			"route", object{"text", "by mouth"}}},
		"dispenseRequest", object{"numberOfRepeatsAllowed", 2, "quantity", object{"value", decimal(days)},
			"expectedSupplyDuration", c.quantity(days, "d")})
	return c.add(r)
}

func (c *clinic) drug(v visit, code, days string) string {
	return c.prescribed(v, "active", "medicationCodeableConcept", c.code(coding{rxnorm, code}), days)
}

func (c *clinic) vaccinated(v visit, status, code string) string {
	return c.add(object{"resourceType", "Immunization", "id", c.id("imm"), "status", status, "vaccineCode", c.code(coding{cvx, code}),
		"patient", ref(v.patient), "encounter", ref(v.encounter), "occurrenceDateTime", v.at("09:35"), "primarySource", true,
		"lotNumber", "LOT-" + code, "doseQuantity", object{"value", decimal("0.5"), "unit", "mL"}})
}

func (c *clinic) allergic(v visit, category, code string, more ...any) string {
	r := object{"resourceType", "AllergyIntolerance", "id", c.id("all"), "clinicalStatus", plain("allergyintolerance-clinical", "active"),
		"verificationStatus", plain("allergyintolerance-verification", "confirmed"), "type", "allergy", "category", list{category},
		"criticality", "low", "code", c.code(coding{snomed, code}), "patient", ref(v.patient), "encounter", ref(v.encounter), "recordedDate", v.day}
	return c.add(append(r, more...))
}

// imaged adds a study of one series a modality.
func (c *clinic) imaged(v visit, number, procedure string, modalities ...string) string {
	root := uidRoot + number
	series := list{}
	for i, m := range modalities {
		uid := root + "." + string(rune('1'+i))
		series = append(series, object{"uid", uid, "number", i + 1, "modality", object{"system", dicom, "code", m}, "numberOfInstances", 1,
			"started", v.at("10:05"), "instance", list{object{"uid", uid + ".1",
				"sopClass", object{"system", "urn:ietf:rfc:3986", "code", "urn:oid:1.2.840.10008.5.1.4.1.1.1.1"}, "number", 1}}})
	}
	return c.add(object{"resourceType", "ImagingStudy", "id", c.id("img"), "identifier", list{object{"system", "urn:dicom:uid", "value", "urn:oid:" + root},
		object{"type", plain("v2-0203", "ACSN"), "system", "https://clinic.example.org/accessions", "value", accession(number)}},
		"status", "available", "subject", ref(v.patient), "encounter", ref(v.encounter), "started", v.at("10:00"),
		"numberOfSeries", len(modalities), "numberOfInstances", len(modalities), "procedureCode", list{c.code(coding{snomed, procedure})}, "series", series})
}

func (c *clinic) claimed(v visit, total string, codes ...coding) string {
	items := list{}
	for i, k := range codes {
		items = append(items, object{"sequence", i + 1, "productOrService", c.code(k), "encounter", list{ref(v.encounter)}})
	}
	return c.add(object{"resourceType", "Claim", "id", c.id("clm"), "status", "active", "type", plain("claim-type", "professional"), "use", "claim",
		"patient", ref(v.patient), "billablePeriod", object{"start", v.at("09:00"), "end", v.at("09:40")}, "created", v.at("17:00"),
		"provider", ref("Organization/org-1"), "priority", plain("processpriority", "normal"),
		"insurance", list{object{"sequence", 1, "focal", true, "coverage", object{"display", "none"}}},
		"item", items, "total", object{"value", decimal(total), "currency", "USD"}})
}
