package dicomgen

import (
	"fmt"
	"strconv"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// Patient is whom a study is of.
type Patient struct {
	ID, Issuer string
	Name       string // components divided by ^
	BirthDate  string // YYYYMMDD
	Sex        string // M, F or O
}

// Study is what all objects of a study share.
type Study struct {
	Patient     Patient
	UID         string
	ID          string
	Date, Time  string // YYYYMMDD, HHMMSS
	Accession   string
	Description string
}

// Vendor is how a manufacturer writes its headers.
type Vendor struct {
	Manufacturer, Model, Software, Station string
	Encoding                               dicommeta.Encoding
	// Private are the blocks of private elements, by group and creator.
	Private []Block
}

// Block is a block of private elements.
type Block struct {
	Group    uint16
	Creator  string
	Elements []dicommeta.Element // their numbers within the block
}

// The vendors of CT and MR series. Their names and private creators are those that
// scanners write; the values mean nothing.
var (
	Plain   = Vendor{Manufacturer: "Carabiner Test Devices", Model: "Model 1", Software: "1.0", Station: "STATION1"}
	Siemens = Vendor{
		Manufacturer: "SIEMENS", Model: "SOMATOM Test", Software: "syngo CT 0.0", Station: "CTA0001",
		Private: []Block{{0x0029, "SIEMENS CSA HEADER", []dicommeta.Element{
			{Tag: 0x08, VR: dict.CS, Value: []byte("IMAGE NUM 4 ")}, {Tag: 0x09, VR: dict.LO, Value: []byte("20240101")},
			{Tag: 0x10, VR: dict.OB, Value: make([]byte, 6000)},
		}}},
	}
	GE = Vendor{
		Manufacturer: "GE MEDICAL SYSTEMS", Model: "Revolution Test", Software: "00.0", Station: "GECT01",
		Encoding: dicommeta.Encoding{Implicit: true},
		Private: []Block{
			{0x0009, "GEMS_IDEN_01", []dicommeta.Element{{Tag: 0x01, VR: dict.LO, Value: []byte("TEST")}, {Tag: 0x27, VR: dict.SL, Value: []byte{1, 0, 0, 0}}}},
			{0x0019, "GEMS_ACQU_01", []dicommeta.Element{{Tag: 0x23, VR: dict.DS, Value: []byte("39.375")}, {Tag: 0x24, VR: dict.DS, Value: []byte("0.984375")}}},
			{0x0043, "GEMS_PARM_01", []dicommeta.Element{{Tag: 0x10, VR: dict.US, Value: []byte{0, 4}}, {Tag: 0x1e, VR: dict.DS, Value: []byte("4.0 ")}}},
		},
	}
	Philips = Vendor{
		Manufacturer: "Philips", Model: "Ingenia Test", Software: "0.0.0", Station: "PHILIPS-1",
		Private: []Block{{0x2005, "Philips MR Imaging DD 001", []dicommeta.Element{
			{Tag: 0x00, VR: dict.FL, Value: []byte{0, 0, 0x80, 0x3f}}, {Tag: 0x05, VR: dict.CS, Value: []byte("N ")},
			{Tag: 0x08, VR: dict.FL, Value: make([]byte, 4)},
		}}},
	}
)

// under returns the UID that parts make below root.
func under(root string, parts ...int) string {
	for _, p := range parts {
		root += "." + strconv.Itoa(p)
	}
	return root
}

// builder collects the elements of one object.
type builder struct{ dicommeta.Dataset }

func (b *builder) text(t dict.Tag, values ...string) {
	b.Set(dicommeta.TextElement(t, values...))
}
func (b *builder) numbers(t dict.Tag, values ...float64) {
	b.Set(dicommeta.NumberElement(t, 0, values...))
}
func (b *builder) items(t dict.Tag, items ...dicommeta.Dataset) {
	b.Set(dicommeta.SequenceElement(t, items...))
}

// number writes a decimal string.
func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// item returns an item of elements.
func item(elements ...dicommeta.Element) dicommeta.Dataset {
	d := dicommeta.NewDataset(elements...)
	d.Charset = nil
	return d
}

var (
	text   = dicommeta.TextElement
	floats = func(t dict.Tag, values ...float64) dicommeta.Element {
		return dicommeta.NumberElement(t, 0, values...)
	}
	seq = dicommeta.SequenceElement
)

// code returns an item of a code sequence.
func code(value, scheme, meaning string) dicommeta.Dataset {
	return item(text(dict.CodeValue, value), text(dict.CodingSchemeDesignator, scheme), text(dict.CodeMeaning, meaning))
}

// series is one series of a study.
type series struct {
	study    *Study
	vendor   *Vendor
	number   int
	modality string
	class    string
	about    string
}

func (s *series) uid() string { return under(s.study.UID, s.number) }

// instance begins an object: SOP common, patient, study, series, equipment.
func (s *series) instance(n int) *builder {
	b := &builder{dicommeta.Dataset{Charset: dicommeta.UTF8}}
	st := s.study
	b.text(dict.SpecificCharacterSet, "ISO_IR 192")
	b.text(dict.SOPClassUID, s.class)
	b.text(dict.SOPInstanceUID, under(s.uid(), n))
	b.text(dict.StudyDate, st.Date)
	b.text(dict.SeriesDate, st.Date)
	b.text(dict.ContentDate, st.Date)
	b.text(dict.StudyTime, st.Time)
	b.text(dict.SeriesTime, st.Time)
	b.text(dict.ContentTime, st.Time)
	b.text(dict.AccessionNumber, st.Accession)
	b.text(dict.Modality, s.modality)
	b.text(dict.Manufacturer, s.vendor.Manufacturer)
	b.text(dict.InstitutionName, "Demonstration Clinic")
	b.text(dict.ReferringPhysicianName)
	b.text(dict.StationName, s.vendor.Station)
	b.text(dict.StudyDescription, st.Description)
	b.text(dict.SeriesDescription, s.about)
	b.text(dict.ManufacturerModelName, s.vendor.Model)
	b.text(dict.PatientName, st.Patient.Name)
	b.text(dict.PatientID, st.Patient.ID)
	if st.Patient.Issuer != "" {
		b.text(dict.IssuerOfPatientID, st.Patient.Issuer)
	}
	b.text(dict.PatientBirthDate, st.Patient.BirthDate)
	b.text(dict.PatientSex, st.Patient.Sex)
	b.text(dict.DeviceSerialNumber, "0001")
	b.text(dict.SoftwareVersions, s.vendor.Software)
	b.text(dict.StudyInstanceUID, st.UID)
	b.text(dict.SeriesInstanceUID, s.uid())
	b.text(dict.StudyID, st.ID)
	b.text(dict.SeriesNumber, strconv.Itoa(s.number))
	b.text(dict.InstanceNumber, strconv.Itoa(n))
	for _, block := range s.vendor.Private {
		b.private(block)
	}
	return b
}

// private writes a block of private elements at 10.
func (b *builder) private(block Block) {
	b.Set(dicommeta.Element{Tag: dict.NewTag(block.Group, 0x10), VR: dict.LO, Value: text(dict.PatientID, block.Creator).Value})
	for _, e := range block.Elements {
		e.Tag = dict.NewTag(block.Group, 0x1000|e.Tag.Element())
		b.Set(e)
	}
}

// matrix writes the image pixel module of one gray frame.
func (b *builder) matrix(rows, columns, bits, stored int, signed bool) {
	b.numbers(dict.SamplesPerPixel, 1)
	b.text(dict.PhotometricInterpretation, "MONOCHROME2")
	b.numbers(dict.Rows, float64(rows))
	b.numbers(dict.Columns, float64(columns))
	b.numbers(dict.BitsAllocated, float64(bits))
	b.numbers(dict.BitsStored, float64(stored))
	b.numbers(dict.HighBit, float64(stored-1))
	b.numbers(dict.PixelRepresentation, map[bool]float64{true: 1}[signed])
}

func (s *series) object(b *builder, n int, p Pixels) Object {
	enc := s.vendor.Encoding
	if p.Fragments > 0 {
		enc = dicommeta.Encoding{}
	}
	return Object{Name: fmt.Sprintf("%s%d-%04d.dcm", s.modality, s.number, n), Data: b.Dataset, Encoding: enc, Pixels: p}
}
