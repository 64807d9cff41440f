package gen

import (
	"errors"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/issue"
)

// JSONSchema returns a JSON Schema (2020-12) a table, of its records as JSON:
// <table>.schema.json.
func JSONSchema(m *dataset.Model) ([]File, issue.List, error) {
	return nil, nil, errors.New("gen: not yet")
}

// TableSchema returns a Data Package 2.0 whose resources have a Table Schema
// each: datapackage.json.
func TableSchema(m *dataset.Model) ([]File, issue.List, error) {
	return nil, nil, errors.New("gen: not yet")
}

// CSVW returns the tables in the form of CSV on the Web: csvw.json.
func CSVW(m *dataset.Model) ([]File, issue.List, error) {
	return nil, nil, errors.New("gen: not yet")
}

// Croissant returns a description of the tables as record sets: croissant.json.
func Croissant(m *dataset.Model) ([]File, issue.List, error) {
	return nil, nil, errors.New("gen: not yet")
}

// SQL returns the statements that create the tables: schema.<dialect>.sql, with
// dialect postgresql or duckdb.
func SQL(m *dataset.Model, dialect string) ([]File, issue.List, error) {
	return nil, nil, errors.New("gen: not yet")
}

// Markdown returns the data dictionary for people: dictionary.md.
func Markdown(m *dataset.Model) ([]File, issue.List, error) {
	return nil, nil, errors.New("gen: not yet")
}
