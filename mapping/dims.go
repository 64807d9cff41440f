package mapping

import (
	"crypto/sha256"
	"sync/atomic"

	"github.com/carabiner-health/carabiner/omop"
)

// dimensions are the resources that are about no person: who treats, where,
// and with what. They are known whole before the first person is reduced, and
// stay in memory.
type dimensions struct {
	providers   map[string]int32
	careSites   map[string]int32
	medications map[string]*medication
	rows        rowBatch
	located     []int32 // location_id of each Location, beside its source
	places      places
}

// medication is what a Medication resource says, for those that refer to it.
type medication struct {
	facts    []fact
	standard int64 // 1 when its code reached a standard concept
	used     atomic.Bool
}

// places gives every distinct address its location_id, in the order of
// appearance.
type places struct {
	ids  map[[16]byte]int32
	last int32
}

// id returns the location of an address and whether it is a new one.
func (p *places) id(content string) (id int32, fresh bool) {
	sum := sha256.Sum256([]byte(content))
	key := [16]byte(sum[:16])
	if id, ok := p.ids[key]; ok {
		return id, false
	}
	if p.ids == nil {
		p.ids = make(map[[16]byte]int32)
	}
	p.last++
	p.ids[key] = p.last
	return p.last, true
}

// newDimensions reads the merged records of dimension resources and makes
// their rows: providers and care sites numbered in the order of type and id.
func newDimensions(m *merger, policy *Policy, acct *account) (*dimensions, error) {
	d := &dimensions{
		providers: map[string]int32{}, careSites: map[string]int32{}, medications: map[string]*medication{},
	}
	d.rows.account, d.rows.countries = acct, policy.Countries
	var last record
	have := false
	flush := func() error {
		if !have {
			return nil
		}
		return d.add(&last, policy, acct)
	}
	for {
		b, err := m.next()
		if err != nil {
			return nil, err
		}
		if b == nil {
			return d, flush()
		}
		var rec record
		if err := rec.decode(b); err != nil {
			return nil, err
		}
		if have && last.typ == rec.typ && string(last.id) == string(rec.id) {
			acct.byType[rec.typ].end(Filtered, ruleDuplicate)
			if last.losesTo(&rec) {
				last = rec
			}
			continue
		}
		if err := flush(); err != nil {
			return nil, err
		}
		last, have = rec, true
	}
}

func (d *dimensions) add(rec *record, policy *Policy, acct *account) error {
	var med *medication
	for b := rec.facts; len(b) > 0; {
		ref, rest, err := nextFact(b)
		if err != nil {
			return err
		}
		b = rest
		var f fact
		if err := ref.decode(&f); err != nil {
			return err
		}
		if rec.typ == typeMedication {
			if med == nil {
				med = &medication{}
			}
			if f.concepts[cConcept] != 0 {
				med.standard = 1
			}
			med.facts = append(med.facts, f)
			continue
		}
		switch f.Table {
		case TableProvider:
			d.provider(rec, &f, policy)
		case TableCareSite:
			d.careSite(rec, &f, policy)
		case TableLocation:
			d.located = append(d.located, d.place(f.texts[tAddress], true))
			d.rows.sources[TableLocation] = append(d.rows.sources[TableLocation], rowSource{typ: rec.typ, id: string(rec.id)})
		}
	}
	if med != nil {
		d.medications[string(rec.id)] = med
		return nil
	}
	acct.byType[rec.typ].end(Mapped, ruleNone)
	return nil
}

// endMedications counts medications: those that a resource referred to are in
// its rows, the others are left out.
func (d *dimensions) endMedications(acct *account) {
	for _, m := range d.medications {
		if m.used.Load() {
			acct.byType[typeMedication].end(Mapped, ruleNone)
		} else {
			acct.byType[typeMedication].end(Filtered, ruleUnused)
		}
	}
}

// place returns the location_id of an address and makes its row when new. An
// empty address has one only if it is needed all the same.
func (d *dimensions) place(content []byte, needed bool) int32 {
	if len(content) == 0 && !needed {
		return 0
	}
	id, fresh := d.places.id(string(content))
	if fresh {
		d.rows.Location = append(d.rows.Location, d.rows.locationRow(id, string(content)))
	}
	return id
}

func (d *dimensions) provider(rec *record, f *fact, policy *Policy) {
	id := int32(len(d.rows.Provider) + 1)
	d.providers[string(rec.id)] = id
	row := omop.Provider{
		ProviderID: id, SpecialtyConceptID: d.rows.ints.put(f.concepts[cQualifier]),
		SpecialtySourceValue: d.rows.text(f.texts[tSource], varchar50),
		GenderConceptID:      d.rows.ints.put(f.concepts[cConcept]),
		GenderSourceValue:    d.rows.text(f.texts[tStatusSource], varchar50),
	}
	if row.GenderSourceValue != nil {
		row.GenderSourceConceptID = d.rows.ints.put(f.concepts[cConcept])
	}
	if row.SpecialtySourceValue != nil {
		row.SpecialtySourceConceptID = d.rows.ints.put(0)
	}
	if policy.NPI == "keep" {
		row.NPI = d.rows.text(f.texts[tGender], varchar20)
	}
	if policy.Identifiers == "keep" {
		row.ProviderSourceValue = d.rows.text(rec.id, varchar50)
	}
	d.rows.Provider = append(d.rows.Provider, row)
	d.rows.sources[TableProvider] = append(d.rows.sources[TableProvider], rowSource{typ: rec.typ, id: string(rec.id)})
}

// siteKey tells an Organization from a Location of the same id.
func siteKey(typ resourceType, id []byte) []byte { return append([]byte{byte(typ)}, id...) }

func (d *dimensions) careSite(rec *record, f *fact, policy *Policy) {
	id := int32(len(d.rows.CareSite) + 1)
	d.careSites[string(siteKey(rec.typ, rec.id))] = id
	row := omop.CareSite{
		CareSiteID: id, CareSiteName: d.rows.text(f.texts[tSource], varchar255),
		PlaceOfServiceConceptID:   d.rows.ints.put(f.concepts[cConcept]),
		LocationID:                d.rows.id(d.place(f.texts[tAddress], false)),
		PlaceOfServiceSourceValue: d.rows.text(f.texts[tValueSource], varchar50),
	}
	if policy.Identifiers == "keep" {
		row.CareSiteSourceValue = d.rows.text(rec.id, varchar50)
	}
	d.rows.CareSite = append(d.rows.CareSite, row)
	d.rows.sources[TableCareSite] = append(d.rows.sources[TableCareSite], rowSource{typ: rec.typ, id: string(rec.id)})
}
