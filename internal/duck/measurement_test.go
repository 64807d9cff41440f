package duck

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/carabiner-health/carabiner/columnar"
)

// measurement has the twenty columns of OMOP's table of that name in two
// forms' worth of types: required columns by value, nullable ones by pointer.
type measurement struct {
	MeasurementID       int32               `parquet:"measurement_id" columnar:"delta"`
	PersonID            int32               `parquet:"person_id" columnar:"delta"`
	ConceptID           int32               `parquet:"measurement_concept_id" columnar:"dict"`
	Date                columnar.Date       `parquet:"measurement_date"`
	Datetime            *columnar.Timestamp `parquet:"measurement_datetime"`
	TypeConceptID       int32               `parquet:"measurement_type_concept_id" columnar:"dict"`
	OperatorConceptID   *int32              `parquet:"operator_concept_id" columnar:"dict"`
	ValueAsNumber       *float64            `parquet:"value_as_number"`
	ValueAsConceptID    *int32              `parquet:"value_as_concept_id" columnar:"dict"`
	UnitConceptID       *int32              `parquet:"unit_concept_id" columnar:"dict"`
	RangeLow            *float64            `parquet:"range_low"`
	RangeHigh           *float64            `parquet:"range_high"`
	ProviderID          *int32              `parquet:"provider_id" columnar:"delta"`
	VisitOccurrenceID   *int32              `parquet:"visit_occurrence_id" columnar:"delta"`
	VisitDetailID       *int32              `parquet:"visit_detail_id" columnar:"delta"`
	SourceValue         *string             `parquet:"measurement_source_value"`
	SourceConceptID     *int32              `parquet:"measurement_source_concept_id" columnar:"dict"`
	UnitSourceValue     *string             `parquet:"unit_source_value"`
	UnitSourceConceptID *int32              `parquet:"unit_source_concept_id" columnar:"dict"`
	ValueSourceValue    *string             `parquet:"value_source_value"`
}

// code is what the generator knows about one kind of measurement.
type code struct {
	concept, unit    int32
	source, unitText string
	mean, low, high  float64
	decimals         int
	numeric          bool
}

func codes(r *rand.Rand) []code {
	units := []string{"mmol/L", "mg/dL", "g/dL", "10*3/uL", "%", "kg", "cm", "mm[Hg]", "/min", "U/L", "{score}", "Cel", "fL", "pg", "ng/mL"}
	list := make([]code, 400)
	for i := range list {
		u := r.IntN(len(units))
		mean := r.ExpFloat64()*60 + 1
		list[i] = code{
			concept: int32(3_000_000 + r.IntN(60_000)), source: fmt.Sprintf("%d-%d", 1000+r.IntN(90_000), r.IntN(10)),
			unit: int32(8500 + u*37), unitText: units[u],
			mean: mean, low: math.Floor(mean * 0.7), high: math.Floor(mean * 1.4),
			decimals: r.IntN(4), numeric: r.IntN(10) < 8,
		}
	}
	return list
}

// measurements makes n rows sorted by person and visit, with the shape of a
// laboratory extract. The same n gives the same rows.
func measurements(n int) []measurement {
	r := rand.New(rand.NewPCG(1, 2))
	list := codes(r)
	zipf := rand.NewZipf(r, 1.2, 4, uint64(len(list)-1))
	words := []string{"Positive", "Negative", "Not detected (qualifier value)", "Never smoker", "Trace"}
	operators := []int32{4_172_703, 4_171_756, 4_171_754}
	rows := make([]measurement, n)
	person, visit, provider, left, visitLeft, day := int32(1), int32(1000), int32(1), 0, 0, 18_000
	for i := range rows {
		if left == 0 {
			person++
			left, day = 50+r.IntN(600), 12_000+r.IntN(7000)
		}
		if visitLeft == 0 {
			visit++
			visitLeft, provider = 1+r.IntN(20), int32(r.IntN(3000))
			day += r.IntN(90)
		}
		left--
		visitLeft--
		k := &list[zipf.Uint64()]
		m := &rows[i]
		m.MeasurementID, m.PersonID, m.ConceptID = int32(i+1), person, k.concept
		m.Date, m.TypeConceptID = columnar.Date(day), 32_817
		m.Datetime = some(r, 95, m.Date.Timestamp()+columnar.Timestamp(r.IntN(86_400))*1_000_000)
		m.OperatorConceptID = some(r, 5, operators[r.IntN(3)])
		if k.numeric {
			scale := math.Pow10(k.decimals)
			v := math.Trunc((k.mean+r.NormFloat64()*k.mean*0.2)*scale) / scale
			m.ValueAsNumber, m.UnitConceptID = &v, some(r, 100, k.unit)
			m.UnitSourceValue = some(r, 100, k.unitText)
			m.ValueSourceValue = some(r, 100, strconv.FormatFloat(v, 'f', -1, 64))
			if r.IntN(100) < 62 {
				m.RangeLow, m.RangeHigh = some(r, 100, k.low), some(r, 100, k.high)
			}
		} else {
			m.ValueAsConceptID = some(r, 100, int32(45_877_985+r.IntN(12)))
			m.ValueSourceValue = some(r, 100, words[r.IntN(len(words))])
		}
		m.ProviderID, m.VisitOccurrenceID = some(r, 60, provider), some(r, 95, visit)
		m.SourceValue, m.SourceConceptID = some(r, 100, k.source), some(r, 100, k.concept)
		m.UnitSourceConceptID = some(r, 10, k.unit)
	}
	return rows
}

// some returns a pointer to v in the given per cent of the cases, else nil.
func some[V any](r *rand.Rand, perCent int, v V) *V {
	if perCent < 100 && r.IntN(100) >= perCent {
		return nil
	}
	return &v
}
