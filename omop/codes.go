package omop

import "github.com/carabiner-health/carabiner/issue"

// The kinds of finding that this package makes. They are permanent.
const (
	// CodeFile is a file that cannot be read at all, or twice the same table.
	CodeFile issue.Code = "omop-file"
	// CodeSyntax is a line that breaks the rules of CSV.
	CodeSyntax issue.Code = "omop-csv-syntax"
	// CodeEncoding is text that is not UTF-8.
	CodeEncoding issue.Code = "omop-encoding"
	// CodeTableMissing is a table of the CDM for which there is no file.
	CodeTableMissing issue.Code = "omop-table-missing"
	// CodeTableEmpty is a table without rows to which the CDM wants rows.
	CodeTableEmpty issue.Code = "omop-table-empty"
	// CodeTableUnknown is a data file that bears no table's name.
	CodeTableUnknown issue.Code = "omop-table-unknown"
	// CodeColumnMissing is a column of the CDM that a file lacks.
	CodeColumnMissing issue.Code = "omop-column-missing"
	// CodeColumnUnknown is a column that the CDM does not know.
	CodeColumnUnknown issue.Code = "omop-column-unknown"
	// CodeColumnRepeated is a column that a file has more than once.
	CodeColumnRepeated issue.Code = "omop-column-repeated"
	// CodeColumnFormer is a column under its name of CDM 5.3.
	CodeColumnFormer issue.Code = "omop-column-former"
	// CodeCellCount is a row with more or fewer cells than the header.
	CodeCellCount issue.Code = "omop-cell-count"
	// CodeType is a value, or a whole column, of another type than the CDM's.
	CodeType issue.Code = "omop-type"
	// CodeRequired is a NULL where the CDM wants a value.
	CodeRequired issue.Code = "omop-required"
	// CodeLength is a text longer than the CDM allows.
	CodeLength issue.Code = "omop-length"
	// CodePrimaryKey is a primary key that another row of the table has.
	CodePrimaryKey issue.Code = "omop-primary-key"
	// CodeForeignKey is a reference to a row that is not there.
	CodeForeignKey issue.Code = "omop-foreign-key"
	// CodeNotChecked is a rule that could not be checked, with the reason.
	CodeNotChecked issue.Code = "omop-not-checked"
	// CodeDateOrder is a start after its end.
	CodeDateOrder issue.Code = "omop-date-order"
	// CodeDateRange is a date outside of the plausible years.
	CodeDateRange issue.Code = "omop-date-range"
	// CodeDatetime is a datetime on another day than the date beside it.
	CodeDatetime issue.Code = "omop-datetime"
)
