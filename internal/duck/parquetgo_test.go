package duck

import (
	"io"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

// taggedMeasurement is measurement with parquet-go's own tags, each column in
// the encoding that columnar gives it; delta is not possible on pointers there.
type taggedMeasurement struct {
	MeasurementID       int32    `parquet:"measurement_id,delta"`
	PersonID            int32    `parquet:"person_id,delta"`
	ConceptID           int32    `parquet:"measurement_concept_id,dict"`
	Date                int32    `parquet:"measurement_date,date,delta"`
	Datetime            *int64   `parquet:"measurement_datetime,timestamp(microsecond:local)"`
	TypeConceptID       int32    `parquet:"measurement_type_concept_id,dict"`
	OperatorConceptID   *int32   `parquet:"operator_concept_id,dict"`
	ValueAsNumber       *float64 `parquet:"value_as_number"`
	ValueAsConceptID    *int32   `parquet:"value_as_concept_id,dict"`
	UnitConceptID       *int32   `parquet:"unit_concept_id,dict"`
	RangeLow            *float64 `parquet:"range_low,dict"`
	RangeHigh           *float64 `parquet:"range_high,dict"`
	ProviderID          *int32   `parquet:"provider_id"`
	VisitOccurrenceID   *int32   `parquet:"visit_occurrence_id"`
	VisitDetailID       *int32   `parquet:"visit_detail_id"`
	SourceValue         *string  `parquet:"measurement_source_value,dict"`
	SourceConceptID     *int32   `parquet:"measurement_source_concept_id,dict"`
	UnitSourceValue     *string  `parquet:"unit_source_value,dict"`
	UnitSourceConceptID *int32   `parquet:"unit_source_concept_id,dict"`
	ValueSourceValue    *string  `parquet:"value_source_value,dict"`
}

func tagged(rows []measurement) []taggedMeasurement {
	list := make([]taggedMeasurement, len(rows))
	for i := range rows {
		m := &rows[i]
		list[i] = taggedMeasurement{m.MeasurementID, m.PersonID, m.ConceptID, int32(m.Date), (*int64)(m.Datetime), m.TypeConceptID, m.OperatorConceptID, m.ValueAsNumber,
			m.ValueAsConceptID, m.UnitConceptID, m.RangeLow, m.RangeHigh, m.ProviderID, m.VisitOccurrenceID, m.VisitDetailID, m.SourceValue, m.SourceConceptID,
			m.UnitSourceValue, m.UnitSourceConceptID, m.ValueSourceValue}
	}
	return list
}

// BenchmarkWriteBesideParquetGo writes the same rows with columnar and with
// parquet-go's typed writer in turn; ratios as beside DuckDB.
func BenchmarkWriteBesideParquetGo(b *testing.B) {
	rows := measurements(benchRows / 2)
	list := tagged(rows)
	var own, other time.Duration
	var ownSize, otherSize counter
	for b.Loop() {
		ownSize, otherSize = 0, 0
		used := cpu()
		if err := writeTo(&ownSize, rows, nil); err != nil {
			b.Fatal(err)
		}
		own += cpu() - used
		used = cpu()
		if err := writeTagged(&otherSize, list); err != nil {
			b.Fatal(err)
		}
		other += cpu() - used
	}
	perRow := float64(b.N) * float64(len(rows))
	b.ReportMetric(float64(own.Nanoseconds())/perRow, "cpu-ns/row")
	b.ReportMetric(float64(other.Nanoseconds())/perRow, "parquetgo-cpu-ns/row")
	b.ReportMetric(other.Seconds()/own.Seconds(), "cpu-ratio")
	b.ReportMetric(float64(ownSize)/float64(otherSize), "size-ratio")
}

func writeTagged(w io.Writer, rows []taggedMeasurement) error {
	pw := parquet.NewGenericWriter[taggedMeasurement](w, parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(122_880))
	for len(rows) > 0 {
		n := min(8192, len(rows))
		if _, err := pw.Write(rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return pw.Close()
}

// counter counts the bytes written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
