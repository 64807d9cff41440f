package mapping

import (
	"bytes"

	"github.com/carabiner-health/carabiner/fhir"
)

// Addresses of the extensions of US Core (hl7.fhir.us.core) and FHIR R4 that
// say something about a person.
const (
	extRace        = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
	extEthnicity   = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity"
	extBirthSex    = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
	extBirthTime   = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
	extGeolocation = "http://hl7.org/fhir/StructureDefinition/geolocation"
	systemNPI      = "http://hl7.org/fhir/sid/us-npi"
)

// The parts of a birth date that the resource gives, in concepts[cDays] of a
// person fact.
const (
	birthYear  = 4
	birthMonth = 7
	birthDay   = 10
)

// addressSep stands between the parts of an address in a fact: lines 1 and 2,
// city, state, postal code, county, country, latitude, longitude.
const (
	addressSep   = "\x1f"
	addressParts = 9
)

func extension(e fhir.Element, url string) fhir.Element {
	for x := e.Get("extension").First(); x.Exists(); x = x.Next() {
		if x.Get("url").Equal(url) {
			return x
		}
	}
	return fhir.Element{}
}

// patient: CDM 5.4, person; death; one observation for each of several races.
func (x *mapper) patient() {
	x.person = x.id
	birth := x.root.Get("birthDate").Bytes(nil)
	w, ok := dateOf(birth, false, false)
	if !ok {
		x.quarantine(ruleBirthYear, "birthDate", "want a date with a year, have none")
		return
	}
	var f fact
	f.Table, f.Start = TablePerson, w
	f.concepts[cDays] = int32(min(len(birth), birthDay))
	if t, ok := dateOf(extension(x.root.Get("_birthDate"), extBirthTime).Get("valueDateTime").Bytes(nil), false, false); ok && t.HasTime {
		f.Start.Instant, f.Start.HasTime = t.Instant, true
	}
	f.concepts[cConcept], f.texts[tGender] = x.gender(true)
	races := x.omb(extRace, x.p.Race)
	f.texts[tValueSource] = races.source
	switch len(races.ids) {
	case 0:
	case 1:
		f.concepts[cQualifier] = races.ids[0]
	default:
		f.concepts[cQualifier] = x.p.SeveralRaces.Person
	}
	ethnicity := x.omb(extEthnicity, x.p.Ethnicity)
	f.texts[tStatusSource] = ethnicity.source
	if len(ethnicity.ids) > 0 {
		f.concepts[cStatus] = ethnicity.ids[0]
	}
	f.texts[tAddress] = x.address(x.root.Get("address").First())
	f.texts[tCareSite] = x.site(x.root.Get("managingOrganization"), typeOrganization)
	for g := x.root.Get("generalPractitioner").First(); g.Exists() && f.texts[tProvider] == nil; g = g.Next() {
		f.texts[tProvider] = x.reference(g, "Practitioner")
	}
	x.add(&f)
	x.death()
	if len(races.ids) > 1 {
		x.races(races.ids)
	}
	if x.root.Get("maritalStatus").Exists() {
		x.account.losses[lossMaritalStatus]++
	}
	if x.root.Get("communication").Exists() {
		x.account.losses[lossLanguage]++
	}
}

func (x *mapper) death() {
	when := x.root.Get("deceasedDateTime")
	if !when.Exists() {
		if dead, ok := x.root.Get("deceasedBoolean").Bool(); ok && dead {
			x.account.losses[lossDeathUndated]++
		}
		return
	}
	f := fact{Table: TableDeath, Start: x.when(when, "deceasedDateTime", true)}
	f.concepts[cType] = x.typeConcept("death")
	if f.Start.Set {
		x.add(&f)
	}
}

// races: Themis, several races: one observation a race, dated at birth.
func (x *mapper) races(ids []int32) {
	for _, id := range ids {
		f := fact{Table: TableObservation, Start: x.items[0].Start}
		f.concepts[cType] = x.typeConcept("Observation")
		f.concepts[cConcept] = x.p.SeveralRaces.Observation
		f.concepts[cValue] = id
		x.add(&f)
	}
}

// gender returns the concept and the source value of the sex; the sex at
// birth goes before the administrative gender.
func (x *mapper) gender(birthSex bool) (int32, []byte) {
	if birthSex {
		if s := extension(x.root, extBirthSex).Get("valueCode").Bytes(nil); len(s) > 0 {
			if id := x.p.Gender[string(s)]; id != 0 {
				return id, s
			}
		}
	}
	s := x.root.Get("gender").Bytes(nil)
	return x.p.Gender[string(s)], s
}

type ombCategories struct {
	ids    []int32
	source []byte
}

// omb reads the OMB categories of a US Core extension.
func (x *mapper) omb(url string, concepts map[string]int32) (out ombCategories) {
	for e := extension(x.root, url).Get("extension").First(); e.Exists(); e = e.Next() {
		switch u := e.Get("url"); {
		case u.Equal("ombCategory"):
			c := e.Get("valueCoding")
			code := c.Get("code").Bytes(nil)
			if id := concepts[string(code)]; id != 0 {
				out.ids = append(out.ids, id)
			}
			if out.source == nil {
				if out.source = c.Get("display").Bytes(nil); len(out.source) == 0 {
					out.source = code
				}
			}
		case u.Equal("text"):
			if s := e.Get("valueString").Bytes(nil); len(s) > 0 {
				out.source = s
			}
		}
	}
	return out
}

// address returns the parts of an Address, nil when all are empty.
func (x *mapper) address(a fhir.Element) []byte {
	if !a.IsObject() {
		return nil
	}
	line := a.Get("line")
	geo := extension(a, extGeolocation)
	var lat, lon []byte
	for e := geo.Get("extension").First(); e.Exists(); e = e.Next() {
		if u := e.Get("url"); u.Equal("latitude") {
			lat = e.Get("valueDecimal").Raw()
		} else if u.Equal("longitude") {
			lon = e.Get("valueDecimal").Raw()
		}
	}
	state := a.Get("state").Bytes(nil)
	if short, ok := x.p.USStates[string(state)]; ok {
		state = []byte(short)
	}
	parts := [addressParts][]byte{
		clean(line.Index(0).Bytes(nil)), clean(line.Index(1).Bytes(nil)), clean(a.Get("city").Bytes(nil)), clean(state),
		clean(a.Get("postalCode").Bytes(nil)), clean(a.Get("district").Bytes(nil)), clean(a.Get("country").Bytes(nil)), lat, lon,
	}
	joined := x.join(addressSep, parts[:]...)
	if len(bytes.Trim(joined, addressSep)) == 0 {
		return nil
	}
	return joined
}

// practitioner: CDM 5.4, provider.
func (x *mapper) practitioner() {
	f := fact{Table: TableProvider}
	f.concepts[cConcept], f.texts[tStatusSource] = x.gender(false)
	for q := x.root.Get("qualification").First(); q.Exists(); q = q.Next() {
		if id, source, _ := x.valueConcept(q.Get("code"), "qualification"); source != nil {
			f.concepts[cQualifier], f.texts[tSource] = id, source
			break
		}
	}
	for i := x.root.Get("identifier").First(); i.Exists(); i = i.Next() {
		if i.Get("system").Equal(systemNPI) {
			f.texts[tGender] = i.Get("value").Bytes(nil)
		}
	}
	x.add(&f)
}

// organization: CDM 5.4, care_site.
func (x *mapper) organization() {
	f := fact{Table: TableCareSite}
	f.texts[tSource] = x.root.Get("name").Bytes(nil)
	f.texts[tAddress] = x.address(x.root.Get("address").First())
	f.concepts[cConcept], f.texts[tValueSource] = x.placeOfService(x.root.Get("type").First())
	x.add(&f)
}

// placeOfService resolves a type of organization or location; codes that no
// OMOP vocabulary holds are not listed as unmapped, they are not clinical.
func (x *mapper) placeOfService(concept fhir.Element) (int32, []byte) {
	x.read(concept)
	for i := range x.codings {
		k := &x.codings[i]
		if len(k.res.targets) > 0 {
			return k.res.targets[0].id, k.code
		}
	}
	if len(x.codings) > 0 {
		return 0, x.codings[0].code
	}
	return 0, concept.Get("text").Bytes(nil)
}

// location: CDM 5.4, location; and care_site for the physical types that the
// policy names.
func (x *mapper) location() {
	place := x.address(x.root.Get("address"))
	site := false
	for c := x.root.Get("physicalType").Get("coding").First(); c.Exists(); c = c.Next() {
		site = site || containsBytes(x.p.CareSiteLocations, c.Get("code").Bytes(nil))
	}
	if site {
		f := fact{Table: TableCareSite}
		f.texts[tSource] = x.root.Get("name").Bytes(nil)
		f.texts[tAddress] = place
		f.concepts[cConcept], f.texts[tValueSource] = x.placeOfService(x.root.Get("type").First())
		x.add(&f)
		return
	}
	f := fact{Table: TableLocation}
	f.texts[tAddress] = place
	x.add(&f)
}

// medication keeps the code for the resources that refer to it.
func (x *mapper) medication() {
	var f fact
	if x.event(&f, x.root.Get("code"), x.home("MedicationRequest"), "code") {
		return
	}
	for i := x.root.Get("ingredient").First(); i.Exists(); i = i.Next() {
		if x.event(&f, i.Get("itemCodeableConcept"), x.home("MedicationRequest"), "ingredient") {
			return
		}
	}
	x.filter(ruleNoCode)
}
