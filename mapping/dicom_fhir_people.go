package mapping

import (
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// issuerOf returns the system of identifiers that an issuer stands for, "" if it is not
// known, and its name: by an issuer sequence (PS3.3 §10.14), else by a local name.
func (x *studyMapper) issuerOf(local string, seq *dicommeta.Dataset) (system, name string) {
	name = cleanText(local)
	if seq != nil {
		id := seq.Text(dict.UniversalEntityID)
		switch seq.Text(dict.UniversalEntityIDType) {
		case "ISO":
			if isOID(id) {
				system = "urn:oid:" + id
			}
		case "UUID":
			if id = strings.ToLower(id); uuidForm(id) {
				system = "urn:uuid:" + id
			}
		case "URI":
			if s := cleanURI(id); strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") {
				system = s
			}
		}
		if s := cleanText(seq.Text(dict.LocalNamespaceEntityID)); s != "" {
			name = s
		}
		if name == "" {
			name = cleanText(id)
		}
	}
	if s, ok := x.policy.Issuers[name]; ok && name != "" {
		system = s
	}
	return system, name
}

func uuidForm(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (s[i] == '-') || !dash && strings.IndexByte(hexDigits, s[i]) < 0 {
			return false
		}
	}
	return true
}

// issued writes the members of an Identifier; typ is of HL7 v2 table 0203.
func (x *studyMapper) issued(w *jsonBuilder, value, local string, seq *dicommeta.Dataset, otherwise, typ string) {
	system, name := x.issuerOf(local, seq)
	if system == "" && name == "" {
		system = otherwise
	}
	x.identifier(w, system, value, name, typ)
}

func (x *studyMapper) identifier(w *jsonBuilder, system, value, assigner, typ string) {
	if typ != "" {
		w.object("type", func() {
			w.array("coding", func() {
				w.object("", func() {
					w.text("system", systemTypes)
					w.text("code", typ)
				})
			})
		})
	}
	w.text("system", system)
	w.text("value", value)
	w.object("assigner", func() { w.text("display", assigner) })
}

// uidIdentifier writes the Identifier of a UID.
func (w *jsonBuilder) uidIdentifier(uid string) {
	w.object("", func() {
		w.text("system", systemUID)
		w.text("value", "urn:oid:"+uid)
	})
}

// makePatient makes the Patient and returns the reference to it.
func (x *studyMapper) makePatient() string {
	d := &x.study.Dataset
	id := cleanText(d.Text(dict.PatientID))
	system, issuer := x.issuerOf(d.Text(dict.IssuerOfPatientID), d.Item(dict.IssuerOfPatientIDQualifiersSequence))
	if system == "" && issuer == "" {
		system = x.policy.PatientSystem
	}
	name, born := d.Text(dict.PatientName), d.Text(dict.PatientBirthDate)
	var rid string
	switch {
	case id != "":
		scope := system
		if scope == "" {
			scope = issuer
		}
		rid = x.hash("Patient", scope, id)
	case cleanText(strings.Trim(name, "^= ")) != "":
		x.tell(issue.Warning, CodeMapPatient, dict.PatientID, "want an identifier of the patient, have none: name and birth date stand for it")
		rid = x.hash("Patient", "name", cleanText(name), born)
	default:
		x.tell(issue.Warning, CodeMapPatient, dict.PatientID, "want an identifier of the patient, have none: the study has a patient of its own")
		rid = x.hash("Patient", "study", x.uid)
	}
	return x.resource("Patient", rid, func(w *jsonBuilder) {
		w.array("identifier", func() {
			if id != "" {
				w.object("", func() { x.identifier(w, system, id, issuer, "MR") })
			}
			x.otherPatientIDs(w)
		})
		w.array("name", func() { w.humanNames(name) })
		w.array("telecom", func() {
			for _, t := range d.Texts(dict.PatientTelephoneNumbers) {
				if cleanText(t) != "" {
					w.object("", func() {
						w.text("system", "phone")
						w.text("value", t)
					})
				}
			}
		})
		w.text("gender", x.gender())
		if born != "" {
			if day, ok := fhirDate(born); ok {
				w.text("birthDate", day)
			} else {
				x.tell(issue.Warning, CodeMapDate, dict.PatientBirthDate, "want a date, have other text")
			}
		}
		w.array("address", func() {
			w.object("", func() { w.text("text", d.Text(dict.PatientAddress)) })
		})
	})
}

func (x *studyMapper) otherPatientIDs(w *jsonBuilder) {
	items := x.study.Items(dict.OtherPatientIDsSequence)
	for i := range items {
		o := &items[i]
		if id := cleanText(o.Text(dict.PatientID)); id != "" {
			w.object("", func() {
				x.issued(w, id, o.Text(dict.IssuerOfPatientID), o.Item(dict.IssuerOfPatientIDQualifiersSequence), "", "")
			})
		}
	}
}

// gender: PS3.3 C.7.1.1, (0010,0040): M, F, O; whatever else is said is unknown to FHIR.
func (x *studyMapper) gender() string {
	switch s := x.study.Text(dict.PatientSex); s {
	case "":
		return ""
	case "M":
		return "male"
	case "F":
		return "female"
	case "O":
		return "other"
	default:
		x.tell(issue.Information, CodeMapCode, dict.PatientSex, "want M, F or O, have another: unknown stands for it")
		return "unknown"
	}
}

// people makes the Practitioners of a name attribute and of the sequence that identifies
// the same persons (PS3.3 §10.1), and returns the references to them.
func (x *studyMapper) people(d *dicommeta.Dataset, names, ids dict.Tag) (refs []string) {
	if x.policy.People != "keep" {
		return nil
	}
	texts, items := d.Texts(names), d.Items(ids)
	for i := range max(len(texts), len(items)) {
		var name string
		var who *dicommeta.Dataset
		if i < len(texts) {
			name = texts[i]
		}
		if i < len(items) {
			who = &items[i]
		}
		if ref := x.practitioner(name, who); ref != "" {
			refs = append(refs, ref)
		}
	}
	return refs
}

func (x *studyMapper) practitioner(name string, who *dicommeta.Dataset) string {
	var code CodedEntry
	var place string
	if who != nil {
		code = codeIn(who, dict.PersonIdentificationCodeSequence)
		place = cleanText(who.Text(dict.InstitutionName))
	}
	known := cleanText(strings.Trim(name, "^= ")) != ""
	if !known && code.IsZero() {
		return ""
	}
	id := x.hash("Practitioner", "name", cleanText(name), place)
	if !code.IsZero() {
		id = x.hash("Practitioner", "code", code.Scheme, code.Value)
	}
	return x.resource("Practitioner", id, func(w *jsonBuilder) {
		w.array("identifier", func() {
			w.object("", func() {
				if cleanText(code.Value) == "" {
					return
				}
				assigner := place
				if assigner == "" {
					assigner = code.Scheme
				}
				w.text("system", x.systemOf(code))
				w.text("value", code.Value)
				w.object("assigner", func() { w.text("display", assigner) })
			})
		})
		w.array("name", func() {
			if known {
				w.humanNames(name)
			} else {
				w.object("", func() { w.text("text", code.Meaning) })
			}
		})
	})
}

// performers: R4 ImagingStudy.series.performer.
func (x *studyMapper) performers(w *jsonBuilder, s *mappedSeries) {
	d := &s.Dataset
	for _, ref := range x.people(d, dict.PerformingPhysicianName, dict.PerformingPhysicianIdentificationSequence) {
		w.object("", func() {
			w.object("function", func() {
				w.array("coding", func() {
					w.object("", func() {
						w.text("system", systemRoles)
						w.text("code", "PRF")
					})
					w.object("", func() {
						w.text("system", systemDCM)
						w.text("code", "121094") // CID 7453
					})
				})
			})
			w.reference("actor", ref)
		})
	}
	for _, ref := range x.people(d, dict.OperatorsName, dict.OperatorIdentificationSequence) {
		w.object("", func() {
			w.object("function", func() { w.text("text", roleOperator) })
			w.reference("actor", ref)
		})
	}
	if ref := x.scanner(d); ref != "" {
		w.object("", func() { w.reference("actor", ref) })
	}
}

const roleOperator = "Operator"

// scanner makes the Device of a series.
func (x *studyMapper) scanner(d *dicommeta.Dataset) string {
	maker, model := cleanText(d.Text(dict.Manufacturer)), cleanText(d.Text(dict.ManufacturerModelName))
	serial, station := cleanText(d.Text(dict.DeviceSerialNumber)), cleanText(d.Text(dict.StationName))
	if x.policy.Devices != "keep" || maker == "" && model == "" && serial == "" {
		return ""
	}
	return x.resource("Device", x.hash("Device", maker, model, serial, station), func(w *jsonBuilder) {
		w.text("manufacturer", maker)
		w.text("serialNumber", serial)
		w.array("deviceName", func() {
			for _, n := range [][2]string{{model, "model-name"}, {station, "user-friendly-name"}} {
				if n[0] != "" {
					w.object("", func() {
						w.text("name", n[0])
						w.text("type", n[1])
					})
				}
			}
		})
	})
}

// endpoint makes the Endpoint of a DICOMweb server: the policy's, else what Retrieve URL
// begins with.
func (x *studyMapper) endpoint(d *dicommeta.Dataset) string {
	address := x.policy.Endpoint
	if address == "" {
		address, _, _ = strings.Cut(cleanURI(d.Text(dict.RetrieveURL)), "/studies/")
		if !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
			return ""
		}
	}
	address = strings.TrimSuffix(address, "/")
	return x.resource("Endpoint", x.hash("Endpoint", address), func(w *jsonBuilder) {
		w.text("status", "active")
		w.object("connectionType", func() {
			w.text("system", "http://terminology.hl7.org/CodeSystem/endpoint-connection-type")
			w.text("code", "dicom-wado-rs")
		})
		w.array("payloadType", func() { w.object("", func() { w.text("text", "DICOM") }) })
		w.array("payloadMimeType", func() { w.text("", "application/dicom") })
		w.text("address", address)
	})
}

// location makes Location and Organization of the first series that names them.
func (x *studyMapper) location() string {
	if x.policy.Locations != "keep" {
		return ""
	}
	for i := range x.series {
		d := &x.series[i].Dataset
		place, department := cleanText(d.Text(dict.InstitutionName)), cleanText(d.Text(dict.InstitutionalDepartmentName))
		if department == "" {
			department = cleanText(d.Text(dict.PerformedLocation))
		}
		if place == "" && department == "" {
			continue
		}
		name := department
		if name == "" {
			name = place
		}
		return x.resource("Location", x.hash("Location", place, department), func(w *jsonBuilder) {
			w.text("name", name)
			if place != "" {
				w.reference("managingOrganization", x.resource("Organization", x.hash("Organization", place), func(w *jsonBuilder) {
					w.text("name", place)
				}))
			}
		})
	}
	return ""
}

// procedure makes the Procedure that the study is of.
func (x *studyMapper) procedure(started string) string {
	if x.policy.Procedures != "keep" {
		return ""
	}
	d := &x.study.Dataset
	return x.resource("Procedure", x.hash("Procedure", x.uid), func(w *jsonBuilder) {
		w.text("status", "completed")
		w.object("code", func() {
			w.array("coding", func() {
				for _, c := range codesIn(d, dict.ProcedureCodeSequence) {
					x.coding(w, "", c)
				}
			})
			w.text("text", d.Text(dict.StudyDescription))
		})
		w.reference("subject", x.patient)
		w.text("performedDateTime", started)
	})
}

// order is what a study says of the request behind it.
type order struct {
	accession, procedure, placer, filler, description string
	issuer                                            *dicommeta.Dataset
	codes                                             []CodedEntry
	requester                                         []string
}

// orders makes the ServiceRequests that the study is based on: of the request attributes
// of its series, else of the study itself.
func (x *studyMapper) orders() (refs []string) {
	if x.policy.Requests != "keep" {
		return nil
	}
	read := func(d *dicommeta.Dataset) {
		o := order{
			accession: cleanText(d.Text(dict.AccessionNumber)), issuer: d.Item(dict.IssuerOfAccessionNumberSequence),
			procedure: cleanText(d.Text(dict.RequestedProcedureID)), description: cleanText(d.Text(dict.RequestedProcedureDescription)),
			placer: cleanText(d.Text(dict.PlacerOrderNumberImagingServiceRequest)),
			filler: cleanText(d.Text(dict.FillerOrderNumberImagingServiceRequest)), codes: codesIn(d, dict.RequestedProcedureCodeSequence),
		}
		if o.procedure == "" && o.description == "" && o.placer == "" && o.filler == "" && len(o.codes) == 0 {
			return
		}
		o.requester = x.people(d, dict.RequestingPhysician, dict.RequestingPhysicianIdentificationSequence)
		if o.accession == "" {
			o.accession, o.issuer = cleanText(x.study.Text(dict.AccessionNumber)), x.study.Item(dict.IssuerOfAccessionNumberSequence)
		}
		id := x.hash("ServiceRequest", "study", x.uid, o.procedure, o.placer, o.filler)
		for _, known := range refs {
			if known == "ServiceRequest/"+id {
				return
			}
		}
		refs = append(refs, x.serviceRequest(id, &o))
	}
	for i := range x.series {
		items := x.series[i].Items(dict.RequestAttributesSequence)
		for j := range items {
			read(&items[j])
		}
	}
	if len(refs) == 0 {
		read(&x.study.Dataset)
	}
	return refs
}

func (x *studyMapper) serviceRequest(id string, o *order) string {
	return x.resource("ServiceRequest", id, func(w *jsonBuilder) {
		w.array("identifier", func() {
			for _, n := range [][2]string{{o.placer, "PLAC"}, {o.filler, "FILL"}} {
				if n[0] != "" {
					w.object("", func() { x.identifier(w, "", n[0], "", n[1]) })
				}
			}
			if o.accession != "" {
				w.object("", func() { x.issued(w, o.accession, "", o.issuer, x.policy.AccessionSystem, "ACSN") })
			}
			if o.procedure != "" {
				w.object("", func() {
					w.object("type", func() { w.text("text", typeProcedureID) })
					w.text("value", o.procedure)
				})
			}
		})
		w.text("status", "unknown")
		w.text("intent", "order")
		w.object("code", func() {
			w.array("coding", func() {
				for _, c := range o.codes {
					x.coding(w, "", c)
				}
			})
			w.text("text", o.description)
		})
		w.reference("subject", x.patient)
		w.reference("requester", firstOf(o.requester))
	})
}

// specimens makes the Specimens of a series (PS3.3 §C.7.6.22) and returns the references.
func (x *studyMapper) specimens(s *mappedSeries) (refs []string) {
	if x.policy.Specimens != "keep" {
		return nil
	}
	seen := map[string]bool{}
	each := func(d *dicommeta.Dataset) {
		items := d.Items(dict.SpecimenDescriptionSequence)
		for i := range items {
			if ref := x.specimen(&items[i]); ref != "" && !seen[ref] {
				seen[ref] = true
				refs = append(refs, ref)
			}
		}
	}
	each(&s.Dataset)
	for _, n := range s.instances {
		each(&n.Dataset)
	}
	return refs
}

func (x *studyMapper) specimen(d *dicommeta.Dataset) string {
	id, uid := cleanText(d.Text(dict.SpecimenIdentifier)), d.Text(dict.SpecimenUID)
	issuer := d.Item(dict.IssuerOfTheSpecimenIdentifierSequence)
	var rid string
	switch {
	case isUID(uid):
		rid = x.hash("Specimen", "uid", uid)
	case id != "":
		system, name := x.issuerOf("", issuer)
		rid = x.hash("Specimen", "id", x.patient, system, name, id)
	default:
		return ""
	}
	return x.resource("Specimen", rid, func(w *jsonBuilder) {
		w.array("identifier", func() {
			if isUID(uid) {
				w.uidIdentifier(uid)
			}
			if id != "" {
				w.object("", func() { x.issued(w, id, "", issuer, "", "") })
			}
		})
		x.concept(w, "type", codeIn(d, dict.SpecimenTypeCodeSequence))
		w.reference("subject", x.patient)
		w.array("note", func() {
			w.object("", func() { w.text("text", d.Text(dict.SpecimenShortDescription)) })
		})
	})
}
