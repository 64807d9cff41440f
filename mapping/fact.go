package mapping

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"

	"github.com/carabiner-health/carabiner/omop"
)

// Table names the OMOP table that a fact belongs to.
type Table uint8

// The tables that an extract fills.
const (
	TableNone Table = iota
	TablePerson
	TableDeath
	TableVisitOccurrence
	TableConditionOccurrence
	TableDrugExposure
	TableProcedureOccurrence
	TableDeviceExposure
	TableMeasurement
	TableObservation
	TableNote
	TableImageOccurrence
	TableImageFeature
	TableObservationPeriod
	TableLocation
	TableCareSite
	TableProvider
	numTables
)

var tableNames = [numTables]string{
	"", "person", "death", "visit_occurrence", "condition_occurrence", "drug_exposure", "procedure_occurrence",
	"device_exposure", "measurement", "observation", "note", "image_occurrence", "image_feature", "observation_period",
	"location", "care_site", "provider",
}

// String returns the CDM's name of the table.
func (t Table) String() string { return tableNames[t] }

// eventTableByName holds the tables that a code can be sent to.
var eventTableByName = map[string]Table{
	"condition_occurrence": TableConditionOccurrence,
	"drug_exposure":        TableDrugExposure,
	"procedure_occurrence": TableProcedureOccurrence,
	"device_exposure":      TableDeviceExposure,
	"measurement":          TableMeasurement,
	"observation":          TableObservation,
}

// The concept-valued parts of a fact. 0 means no concept; a row then carries
// 0 where its source value is present and NULL where it is not.
const (
	cConcept = iota
	cSource
	cType
	cValue
	cOperator
	cUnit
	cStatus // condition status; person: ethnicity; visit: discharged to
	cRoute
	cQualifier // person: race; visit: admitted from
	cModality
	cSite
	cRefills
	cDays
	numConcepts
)

// The textual parts of a fact. Person, visit, provider and note facts use
// some of them for columns of their own, as noted.
const (
	tSource      = iota
	tValueSource // person: race; care site: place of service
	tValueText   // note: text
	tUnitSource
	tStatusSource // person: ethnicity; visit: discharged to
	tStop
	tSig // note: title
	tRouteSource
	tLot
	tQualifierSource // visit: admitted from
	tEncounter
	tProvider
	tCareSite
	tMedication // Medication to take the code from, when it is a reference
	tAddress    // person, care site: content of a location, see address
	tStudyUID
	tSeriesUID
	tGender // source value of the gender; provider: NPI
	numTexts
)

// Parts of facts from DICOM, which share slots with parts that such facts
// have no use for.
const (
	cFeature   = cRoute       // concept of the image feature
	cFinding   = cStatus      // concept of the finding that a measurement is of
	tPath      = tSig         // image: folder of the series
	tWADO      = tStop        // image: address of the series
	tAlgorithm = tLot         // what computed a measurement
	tInstance  = tRouteSource // measurement: the report that says it
	tPatient   = tSource      // person: Patient ID, with its issuer
	nFiles     = nQuantity    // image: instances of the series
	cAged      = cRefills     // person: 1 if the year of birth was reckoned from an age
	cNoDate    = cDays        // procedure: 1 if no visit may be sought by the date
	seriesSep  = "\\"         // between the series of a measurement
)

// The numbers of a fact.
const (
	nValue = iota
	nLow
	nHigh
	nQuantity
	numNumbers
)

// factFlags are the yes-or-no parts of a fact.
type factFlags uint8

const (
	flagComponent factFlags = 1 << iota // belongs to the fact before it of the same resource
	flagOpen                            // a visit without an end
	flagStartTime                       // Start.HasTime
	flagEndTime                         // End.HasTime
	flagStart                           // Start.Set
	flagEnd                             // End.Set
	flagFeature                         // a row with an image_feature beside it
)

// fact is one statement about a person or a place, on its way to one row. Its
// texts alias the resource or the record that it was read from.
type fact struct {
	Table    Table
	Start    moment
	End      moment
	concepts [numConcepts]int32
	texts    [numTexts][]byte
	numbers  [numNumbers]float64
	hasNum   uint8
	flags    factFlags
}

func (f *fact) setNumber(i int, v float64) {
	f.numbers[i] = v
	f.hasNum |= 1 << i
}

func (f *fact) has(i int) bool { return f.hasNum&(1<<i) != 0 }

// appendFact writes a fact: length, table, flags, day, then what is present.
func appendFact(dst []byte, f *fact) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0, byte(f.Table), f.hasNum)
	fl := f.flags &^ (flagStart | flagEnd | flagStartTime | flagEndTime)
	if f.Start.Set {
		fl |= flagStart
		if f.Start.HasTime {
			fl |= flagStartTime
		}
	}
	if f.End.Set {
		fl |= flagEnd
		if f.End.HasTime {
			fl |= flagEndTime
		}
	}
	dst = append(dst, byte(fl))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(f.Start.Day))
	if fl&flagStartTime != 0 {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(f.Start.Instant))
	}
	if fl&flagEnd != 0 {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(f.End.Day))
		if fl&flagEndTime != 0 {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(f.End.Instant))
		}
	}
	var cm uint16
	for i, c := range f.concepts {
		if c != 0 {
			cm |= 1 << i
		}
	}
	var tm uint32
	for i := range f.texts {
		if len(f.texts[i]) > 0 {
			tm |= 1 << i
		}
	}
	dst = binary.LittleEndian.AppendUint16(dst, cm)
	dst = binary.LittleEndian.AppendUint32(dst, tm)
	for m := cm; m != 0; m &= m - 1 {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(f.concepts[bits.TrailingZeros16(m)]))
	}
	for m := f.hasNum; m != 0; m &= m - 1 {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(f.numbers[bits.TrailingZeros8(m)]))
	}
	for m := tm; m != 0; m &= m - 1 {
		t := f.texts[bits.TrailingZeros32(m)]
		dst = binary.AppendUvarint(dst, uint64(len(t)))
		dst = append(dst, t...)
	}
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at))
	return dst
}

// errRecord says that a spilled record can't be read back: the file was
// changed under us or the disk failed.
var errRecord = errors.New("mapping: a spilled record is damaged")

// factRef is a fact in its record: where it is, and what sorts it.
type factRef struct {
	table Table
	day   omop.Date
	dated bool
	rec   int32 // index of the record in its person
	body  []byte

	merged bool // an image of FHIR that DICOM tells too
}

const factHeader = 4 + 1 + 1 + 1 + 4

// nextFact splits the first fact off b.
func nextFact(b []byte) (ref factRef, rest []byte, err error) {
	if len(b) < factHeader {
		return ref, nil, errRecord
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n < factHeader || n > len(b) {
		return ref, nil, errRecord
	}
	ref = factRef{
		table: Table(b[4]), day: omop.Date(int32(binary.LittleEndian.Uint32(b[7:]))),
		dated: factFlags(b[6])&flagStart != 0, body: b[:n],
	}
	if ref.table >= numTables {
		return ref, nil, errRecord
	}
	return ref, b[n:], nil
}

// decode reads the fact that ref points at into f, whose texts then alias it.
func (ref *factRef) decode(f *fact) error {
	*f = fact{Table: ref.table}
	b := ref.body
	f.hasNum, f.flags = b[5], factFlags(b[6])
	f.Start = moment{Day: ref.day, Set: f.flags&flagStart != 0, HasTime: f.flags&flagStartTime != 0}
	f.End = moment{Set: f.flags&flagEnd != 0, HasTime: f.flags&flagEndTime != 0}
	d := decoder{b: b[factHeader:]}
	if f.Start.HasTime {
		f.Start.Instant = omop.Timestamp(d.u64())
	}
	if f.End.Set {
		f.End.Day = omop.Date(int32(d.u32()))
		if f.End.HasTime {
			f.End.Instant = omop.Timestamp(d.u64())
		}
	}
	cm, tm := d.u16(), d.u32()
	if cm>>numConcepts != 0 || tm>>numTexts != 0 || f.hasNum>>numNumbers != 0 {
		return errRecord
	}
	for m := cm; m != 0; m &= m - 1 {
		f.concepts[bits.TrailingZeros16(m)] = int32(d.u32())
	}
	for m := f.hasNum; m != 0; m &= m - 1 {
		f.numbers[bits.TrailingZeros8(m)] = math.Float64frombits(d.u64())
	}
	for m := tm; m != 0; m &= m - 1 {
		f.texts[bits.TrailingZeros32(m)] = d.bytes()
	}
	if d.bad || len(d.b) != 0 {
		return errRecord
	}
	return nil
}

// decoder reads the numbers of a record; bad is set once bytes run out.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) take(n int) []byte {
	if len(d.b) < n {
		d.bad, d.b = true, nil
		return nil
	}
	v := d.b[:n]
	d.b = d.b[n:]
	return v
}

func (d *decoder) u16() uint16 {
	if b := d.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (d *decoder) u32() uint32 {
	if b := d.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (d *decoder) u64() uint64 {
	if b := d.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) bytes() []byte {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return nil
	}
	return d.take(int(n))
}

// A record holds the facts of one resource. Records sort by person, resource
// type and resource id; body follows the key.
//
//	uvarint person length, person, type, uvarint id length, id,
//	uvarint source, uvarint record number, lastUpdated, facts

// appendRecord writes the facts of one resource.
func appendRecord(dst []byte, f *Facts) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(f.person)))
	dst = append(dst, f.person...)
	dst = append(dst, byte(f.typ))
	dst = binary.AppendUvarint(dst, uint64(len(f.id)))
	dst = append(dst, f.id...)
	dst = binary.AppendUvarint(dst, uint64(f.source))
	dst = binary.AppendUvarint(dst, uint64(f.record))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(f.updated))
	for i := range f.items {
		dst = appendFact(dst, &f.items[i])
	}
	return dst
}

// record is a decoded record header; facts are still bytes.
type record struct {
	person  []byte
	typ     resourceType
	id      []byte
	source  int
	number  int64
	updated omop.Timestamp
	facts   []byte
}

func (r *record) decode(b []byte) error {
	d := decoder{b: b}
	r.person = d.bytes()
	if t := d.take(1); t != nil {
		r.typ = resourceType(t[0])
	}
	r.id = d.bytes()
	r.source = int(d.uvarint())
	r.number = int64(d.uvarint())
	r.updated = omop.Timestamp(d.u64())
	r.facts = d.b
	if d.bad || r.typ >= numTypes {
		return errRecord
	}
	return nil
}
