package omop

// Row is a row of a table of the CDM. The structs of this package that bear a
// table's name are Rows.
type Row interface{ TableName() string }
