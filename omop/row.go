package omop

import "github.com/carabiner-health/carabiner/columnar"

// Date is a day of the calendar.
type Date = columnar.Date

// Timestamp is a moment on a clock without time zone.
type Timestamp = columnar.Timestamp

// Row is a row of a table of the CDM. The structs of this package that bear a
// table's name are Rows.
type Row interface{ TableName() string }
