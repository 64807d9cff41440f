package mapping

import (
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/fhir"
	"github.com/carabiner-health/carabiner/issue"
)

func (x *resourceMapper) series(s *dicommeta.Study, e fhir.Element) {
	uid := strings.TrimPrefix(e.Get("uid").Text(), "urn:oid:")
	if !isUIDLike(uid) {
		x.tell(issue.Error, CodeMapUID, "series.uid", "want a UID, have none: the series is left out")
		return
	}
	x.uid(uid, "series.uid")
	one := dicommeta.Series{Dataset: dicommeta.NewDataset()}
	d := &one.Dataset
	d.Set(dicommeta.TextElement(dict.SeriesInstanceUID, uid))
	x.number(d, dict.SeriesNumber, e.Get("number"), "series.number")
	x.set(d, dict.Modality, "series.modality", x.modality(e.Get("modality")))
	x.set(d, dict.SeriesDescription, "series.description", e.Get("description").Text())
	x.number(d, dict.NumberOfSeriesRelatedInstances, e.Get("numberOfInstances"), "series.numberOfInstances")
	x.when(d, e.Get("started"), "series.started", dict.SeriesDate, dict.SeriesTime)
	if term := x.term(e.Get("bodySite"), x.parts); term != "" {
		x.set(d, dict.BodyPartExamined, "series.bodySite", term)
	} else if c, ok := x.code(e.Get("bodySite"), "series.bodySite"); ok {
		x.sequence(d, dict.AnatomicRegionSequence, []dicommeta.Dataset{c})
	}
	if l := e.Get("laterality"); l.Exists() {
		if term := x.term(l, x.sides); term != "" {
			x.set(d, dict.Laterality, "series.laterality", term)
		} else {
			x.tell(issue.Information, CodeMapLoss, "series.laterality", "want a side that the policy has a term for, have another")
		}
	}
	for p := e.Get("performer").First(); p.Exists(); p = p.Next() {
		x.performer(d, p)
	}
	x.location(d)
	for i := e.Get("instance").First(); i.Exists(); i = i.Next() {
		uid := strings.TrimPrefix(i.Get("uid").Text(), "urn:oid:")
		if !isUIDLike(uid) {
			x.tell(issue.Error, CodeMapUID, "series.instance.uid", "want a UID, have none: the instance is left out")
			continue
		}
		x.uid(uid, "series.instance.uid")
		n := dicommeta.Member{Dataset: dicommeta.NewDataset(), Source: x.r.Pos().Source}
		n.Set(dicommeta.TextElement(dict.SOPInstanceUID, uid))
		if class := strings.TrimPrefix(i.Get("sopClass").Get("code").Text(), "urn:oid:"); isUID(class) {
			n.Set(dicommeta.TextElement(dict.SOPClassUID, class))
		} else {
			x.tell(issue.Warning, CodeMapUID, "series.instance.sopClass", "want the UID of a SOP class, have none")
		}
		x.number(&n.Dataset, dict.InstanceNumber, i.Get("number"), "series.instance.number")
		if title := i.Get("title").Text(); strings.Contains(title, `\`) && title == strings.ToUpper(title) {
			n.Set(dicommeta.TextElement(dict.ImageType, strings.Split(cleanText(title), `\`)...))
		}
		one.Instances = append(one.Instances, n)
	}
	s.Series = append(s.Series, one)
}

// modality returns the term of a modality. A code of another system is one that DICOM
// does not have.
func (x *resourceMapper) modality(c fhir.Element) string {
	code, system := c.Get("code").Text(), c.Get("system").Text()
	if system != "" && system != systemDCM {
		x.tell(issue.Warning, CodeMapCode, "series.modality", "want a code of DICOM, have one of another system: OT stands for it")
		return "OT"
	}
	if len(code) > 16 || strings.ToUpper(code) != code || strings.Contains(code, `\`) {
		x.tell(issue.Warning, CodeMapCode, "series.modality", "want a code string of DICOM, have other text: OT stands for it")
		return "OT"
	}
	return code
}

// term returns the defined term that a Coding was made of, "" if it was not.
func (x *resourceMapper) term(c fhir.Element, codes map[string]string) string {
	system, code, display := c.Get("system").Text(), c.Get("code").Text(), c.Get("display").Text()
	switch {
	case code == "":
		if len(display) <= 16 && display == strings.ToUpper(display) {
			return display
		}
	case system == x.policy.BodyPartSystem && system != "":
		return code
	}
	if scheme, ok := x.schemes[system]; ok {
		return codes[scheme+" "+code]
	}
	return ""
}

// performer: what DICOMToFHIR makes of who performed and operated, and of the device.
func (x *resourceMapper) performer(d *dicommeta.Dataset, p fhir.Element) {
	actor := p.Get("actor")
	if dev := x.follow(actor); dev != nil && dev.Type() == "Device" {
		x.set(d, dict.Manufacturer, "series.performer", dev.Get("manufacturer").Text())
		x.set(d, dict.DeviceSerialNumber, "series.performer", dev.Get("serialNumber").Text())
		for n := dev.Get("deviceName").First(); n.Exists(); n = n.Next() {
			switch n.Get("type").Text() {
			case "model-name":
				x.set(d, dict.ManufacturerModelName, "series.performer", n.Get("name").Text())
			case "user-friendly-name":
				x.set(d, dict.StationName, "series.performer", n.Get("name").Text())
			}
		}
		return
	}
	name := x.personName(actor)
	if name == "" {
		return
	}
	t := dict.PerformingPhysicianName
	if p.Get("function").Get("text").Equal(roleOperator) {
		t = dict.OperatorsName
	}
	x.set(d, t, "series.performer", append(d.Texts(t), name)...)
}

// location: the department, and the institution that manages it.
func (x *resourceMapper) location(d *dicommeta.Dataset) {
	ref := x.r.Get("location")
	l := x.follow(ref)
	if l == nil {
		x.set(d, dict.InstitutionalDepartmentName, "location", ref.Get("display").Text())
		return
	}
	place := ""
	if o := x.follow(l.Get("managingOrganization")); o != nil {
		place = o.Get("name").Text()
		x.set(d, dict.InstitutionName, "location", place)
	}
	if name := l.Get("name").Text(); name != place {
		x.set(d, dict.InstitutionalDepartmentName, "location", name)
	}
}

// number writes a whole number as IS.
func (x *resourceMapper) number(d *dicommeta.Dataset, t dict.Tag, e fhir.Element, path string) {
	if !e.Exists() {
		return
	}
	n, ok := e.Int64()
	if !ok || n < 0 || n > 1<<31-1 {
		x.tell(issue.Warning, CodeMapNumber, path, "want a whole number of 0 to 2147483647, have another")
		return
	}
	d.Set(dicommeta.TextElement(t, strconv.FormatInt(n, 10)))
}

// when writes a dateTime as DA and TM in the study's offset from UTC.
func (x *resourceMapper) when(d *dicommeta.Dataset, e fhir.Element, path string, da, tm dict.Tag) {
	s := e.Text()
	if s == "" {
		return
	}
	day, clock, _ := strings.Cut(s, "T")
	da8 := strings.ReplaceAll(day, "-", "")
	if len(day) < 10 || !isDA(da8) {
		x.tell(issue.Information, CodeMapDate, path, "want a date to the day, have less: it is left out")
		return
	}
	at := strings.IndexAny(clock, "Z+-")
	if clock != "" && at < 0 {
		x.tell(issue.Warning, CodeMapDate, path, "want a time with a zone, have none: the date stands alone")
		clock = ""
	}
	if clock != "" {
		offset := strings.Replace(clock[at:], ":", "", 1)
		if offset == "Z" {
			offset = "+0000"
		}
		clock = strings.ReplaceAll(clock[:at], ":", "")
		if i := strings.IndexByte(clock, '.'); i >= 0 && len(clock) > i+7 {
			clock = clock[:i+7] // PS3.5 §6.2: TM has at most six digits of a second
		}
		if _, _, ok := fhirTime(clock); !ok || !offsetForm.MatchString(offset) {
			x.tell(issue.Warning, CodeMapDate, path, "want a time, have other text: the date stands alone")
			clock = ""
		} else {
			da8, clock = x.inZone(da8, clock, offset)
		}
	}
	d.Set(dicommeta.TextElement(da, da8))
	if clock != "" {
		d.Set(dicommeta.TextElement(tm, clock))
	}
}

// inZone returns a date and time of an offset in the study's, which the first time decides.
func (x *resourceMapper) inZone(day, clock, offset string) (string, string) {
	if x.offset == "" {
		x.offset = offset
		x.d.Set(dicommeta.TextElement(dict.TimezoneOffsetFromUTC, offset))
	}
	if x.offset == offset {
		return day, clock
	}
	return shiftZone(day, clock, offset, x.offset)
}

// dicomName returns the PN of HumanNames: the one in letters, or the first, and those in
// ideographs and syllables as its groups.
func dicomName(names fhir.Element) string {
	var groups [3]string
	for n := names.First(); n.Exists(); n = n.Next() {
		g := 0
		for e := n.Get("extension").First(); e.Exists(); e = e.Next() {
			if e.Get("url").Equal(nameRepresentation) {
				g = max(0, slices.Index(nameCodes[:], e.Get("valueCode").Text()))
			}
		}
		if groups[g] != "" {
			continue
		}
		var given []string
		for e := n.Get("given").First(); e.Exists(); e = e.Next() {
			given = append(given, nameText(e.Text()))
		}
		parts := []string{nameText(n.Get("family").Text()), "", "", joinNames(n.Get("prefix")), joinNames(n.Get("suffix"))}
		if len(given) > 0 {
			parts[1], parts[2] = given[0], strings.Join(given[1:], " ")
		}
		if groups[g] = strings.TrimRight(strings.Join(parts, "^"), "^"); groups[g] == "" {
			groups[g] = nameText(n.Get("text").Text())
		}
	}
	return strings.TrimRight(strings.Join(groups[:], "="), "=")
}

func joinNames(e fhir.Element) string {
	var all []string
	for n := e.First(); n.Exists(); n = n.Next() {
		all = append(all, nameText(n.Text()))
	}
	return strings.Join(all, " ")
}

// nameText returns a part of a name without what divides a PN.
func nameText(s string) string {
	return strings.TrimSpace(strings.NewReplacer("^", " ", "=", " ", `\`, " ", "\n", " ", "\r", " ", "\t", " ").Replace(s))
}

// concepts returns the codes of CodeableConcepts, of each the first coding.
func (x *resourceMapper) concepts(e fhir.Element, path string) (all []dicommeta.Dataset) {
	if e.IsObject() {
		if c, ok := x.code(e.Get("coding").First(), path); ok {
			all = append(all, c)
		}
		return all
	}
	for c := e.First(); c.Exists(); c = c.Next() {
		if d, ok := x.code(c.Get("coding").First(), path); ok {
			all = append(all, d)
		}
	}
	return all
}

// code returns a Coding as a coded entry (PS3.3 §8): a system that no scheme of the policy
// stands for becomes a scheme of FHIR's own, and an OID its Coding Scheme UID.
func (x *resourceMapper) code(c fhir.Element, path string) (dicommeta.Dataset, bool) {
	value, system := c.Get("code").Text(), c.Get("system").Text()
	if value == "" {
		return dicommeta.Dataset{}, false
	}
	d := dicommeta.NewDataset()
	if len(value) > 16 {
		x.set(&d, dict.LongCodeValue, path, value)
	} else {
		x.set(&d, dict.CodeValue, path, value)
	}
	scheme, ok := x.schemes[system]
	if !ok {
		scheme = "99FHIR"
		if oid, isOID := strings.CutPrefix(system, "urn:oid:"); isOID && isUID(oid) {
			d.Set(dicommeta.TextElement(dict.CodingSchemeUID, oid))
		} else if system != "" {
			x.tell(issue.Warning, CodeMapCode, path, "want a system that the policy has a coding scheme for, have another: 99FHIR stands for it")
		}
	}
	x.set(&d, dict.CodingSchemeDesignator, path, scheme)
	x.set(&d, dict.CodingSchemeVersion, path, c.Get("version").Text())
	meaning := c.Get("display").Text()
	if meaning == "" {
		meaning = value
	}
	x.set(&d, dict.CodeMeaning, path, meaning)
	return d, true
}
