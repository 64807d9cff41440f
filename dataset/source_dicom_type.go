package dataset

import (
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// dicomLimits are the most characters of the text VRs (PS3.5 §6.2, table 6.2-1); of a
// PN three groups of 64 and what divides them.
var dicomLimits = map[dict.VR]int{
	dict.AE: 16, dict.AS: 4, dict.CS: 16, dict.LO: 64, dict.LT: 10240, dict.PN: 194, dict.SH: 16, dict.ST: 1024, dict.UI: 64,
}

// dicomForms are the patterns of the text VRs that have a form.
var dicomForms = map[dict.VR]string{
	dict.AS: `[0-9]{3}[DWMY]`,
	dict.CS: `[A-Z0-9 _]*`,
	dict.UI: `(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*`,
	dict.AT: `[0-9A-F]{8}`,
}

// dicomScalar returns the type of one value of a VR (PS3.5 §6.2).
func dicomScalar(vr dict.VR) Type {
	t := NewType(Text)
	if n, ok := dicomLimits[vr]; ok {
		t.MaxLength = n
	}
	if re, ok := dicomForms[vr]; ok {
		t.Regex, t.RegexSource = re, re
	}
	integer := func(bits int, low, high Literal) {
		t = NewType(Integer)
		t.Bits, t.Min, t.Max, t.Unsigned = bits, low, high, low == "0"
	}
	switch vr {
	case dict.DA:
		t = NewType(Date)
	case dict.TM:
		t = NewType(Time)
		t.Partial = true
	case dict.DT:
		t = NewType(DateTime)
		t.Partial = true
	case dict.DS:
		t = NewType(Decimal)
	case dict.IS:
		integer(32, "", "")
	case dict.US:
		integer(32, "0", "65535")
	case dict.SS:
		integer(32, "-32768", "32767")
	case dict.UL:
		integer(64, "0", "4294967295")
	case dict.SL:
		integer(32, "", "")
	case dict.UV:
		integer(64, "0", "")
	case dict.SV:
		integer(64, "", "")
	case dict.FL:
		t = NewType(Float)
		t.Bits = 32
	case dict.FD:
		t = NewType(Float)
		t.Bits = 64
	case dict.OB, dict.OD, dict.OF, dict.OL, dict.OV, dict.OW, dict.UN:
		t = NewType(Binary)
	case dict.SQ:
		t = NewType(Any)
	}
	t.Format = vr.String()
	return t
}

// dicomEntryType returns the type of an attribute by the dictionary: VR and VM. Of an
// attribute that is US or SS it holds both.
func dicomEntryType(e *dict.Entry) Type {
	t := dicomScalar(e.VR())
	if e.VRs[1] != 0 {
		names := e.VRs[0].String()
		for _, vr := range e.VRs[1:] {
			if vr == 0 {
				break
			}
			names += " or " + vr.String()
		}
		if e.VRs[0] == dict.US && e.VRs[1] == dict.SS || e.VRs[0] == dict.SS {
			t.Min, t.Unsigned, t.Max = "-32768", false, "65535"
		}
		for _, vr := range e.VRs {
			if vr == dict.OW || vr == dict.OB {
				t = NewType(Any)
			}
		}
		t.Format = names
	}
	if e.VR() == dict.SQ {
		return t
	}
	least, most := dicomVM(e.VM)
	if most == 1 {
		return t
	}
	return dicomList(t, least, most)
}

func dicomList(elem Type, least, most int) Type {
	l := ListOf(elem)
	if least > 1 {
		l.MinItems = least
	}
	l.MaxItems = most
	return l
}

// dicomVM returns the bounds of a value multiplicity: 1, 1-8, 2-n, 3-3n; -1 = none
// (PS3.5 §6.4).
func dicomVM(vm string) (least, most int) {
	vm, _, _ = strings.Cut(vm, " ")
	low, high, ranged := strings.Cut(vm, "-")
	least, err := strconv.Atoi(low)
	if err != nil {
		return 1, 1
	}
	if !ranged {
		return least, least
	}
	if most, err = strconv.Atoi(high); err != nil {
		return least, -1
	}
	return least, most
}

// dicomBulk reports whether the attribute is pixels, waveforms or another payload that
// no table of metadata has.
func dicomBulk(t dict.Tag) bool {
	switch t {
	case dict.PixelData, dict.FloatPixelData, dict.DoubleFloatPixelData, dict.EncapsulatedDocument,
		dict.WaveformData, dict.SpectroscopyData, dict.PixelDataProviderURL, dict.DataSetTrailingPadding:
		return true
	}
	if e := dict.Find(t); e != nil {
		return e.Keyword == "OverlayData" || e.Keyword == "CurveData"
	}
	return false
}

// dicomRole proposes a role by keyword and VR, the more careful one where two would do
// (PS3.15 annex E has the full account, attribute by attribute):
//
//   - names of people, identifiers of patients, visits and requests, addresses, contacts and
//     UIDs of what was made at one place and time: direct-id;
//   - dates, times and ages: birth quasi-id, else event-date;
//   - what tells people apart (sex, size, weight, ethnic group, country, institution,
//     station, device): quasi-id;
//   - text that a person types, and items of unknown content: free-text;
//   - SOP classes, transfer syntaxes, modality and other codes and numbers of the image: safe
//     for what is of the apparatus, sensitive for what is of the patient.
func dicomRole(e *dict.Entry) Role {
	k := e.Keyword
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(k, p) {
				return true
			}
		}
		return false
	}
	vr := e.VR()
	switch {
	case k == "SOPClassUID" || strings.HasSuffix(k, "ClassUID") && !has("Device") || strings.HasSuffix(k, "TransferSyntaxUID") || k == "ContextUID" || k == "MappingResourceUID":
		return Safe
	case vr == dict.PN, vr == dict.UI, has("Address", "Telephone", "Telecom", "AccessionNumber", "SerialNumber", "InsurancePlan"),
		strings.HasPrefix(k, "Patient") && has("ID", "Name"), has("OtherPatientIDs", "StudyID", "AdmissionID", "IssuerOf", "PersonIdentification", "DeviceUID", "OrderNumber", "ServiceEpisodeID", "SpecimenIdentifier", "ContainerIdentifier"):
		return DirectID
	case has("Birth"):
		return QuasiID
	case vr == dict.DA, vr == dict.TM, vr == dict.DT:
		return EventDate
	case vr == dict.AS, strings.HasPrefix(k, "Patient") && (has("Sex", "Size", "Weight", "Address", "Species", "Breed")),
		has("EthnicGroup", "Occupation", "MilitaryRank", "BranchOfService", "CountryOfResidence", "RegionOfResidence", "Institution", "StationName", "DeviceID", "Religious", "Smoking", "Pregnancy"):
		return QuasiID
	case vr == dict.LT, vr == dict.ST, vr == dict.UT, vr == dict.UC, vr == dict.SQ, vr == dict.UN, vr == dict.UR, vr == dict.AE,
		has("Description", "Comments", "ProtocolName", "Label", "Reason", "History", "Text"), vr == dict.LO, vr == dict.SH:
		if k == "Manufacturer" || k == "ManufacturerModelName" || k == "SoftwareVersions" || k == "ConvolutionKernel" || k == "FilterType" {
			return Safe
		}
		if strings.HasPrefix(k, "Coding") || k == "CodeValue" || k == "CodeMeaning" || k == "LongCodeValue" || k == "URNCodeValue" {
			return Sensitive
		}
		return FreeText
	case k == "Modality" || e.Tag.Group() == 0x0028 || e.Tag.Group() == 0x0002 || e.Tag.Group() == 0x0018 || e.Tag.Group() == 0x0020:
		return Safe
	}
	return Sensitive
}
