package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A field is one line of a fact file.
type field struct {
	table, name, datatype   string
	required, primary       bool
	reference, domain, unit string
	class                   string
}

// units are the units that the standard fixes in its descriptions, as UCUM
// codes, and, with a leading @, the column that holds the unit of a number.
var units = map[string]string{
	"drug_exposure.days_supply":       "d",
	"drug_era.gap_days":               "d",
	"location.latitude":               "deg",
	"location.longitude":              "deg",
	"measurement.value_as_number":     "@unit_concept_id",
	"measurement.range_low":           "@unit_concept_id",
	"measurement.range_high":          "@unit_concept_id",
	"observation.value_as_number":     "@unit_concept_id",
	"specimen.quantity":               "@unit_concept_id",
	"dose_era.dose_value":             "@unit_concept_id",
	"drug_strength.amount_value":      "@amount_unit_concept_id",
	"drug_strength.numerator_value":   "@numerator_unit_concept_id",
	"drug_strength.denominator_value": "@denominator_unit_concept_id",
	"device_exposure.quantity":        "@unit_concept_id",
	"cost.total_charge":               "@currency_concept_id",
	"cost.total_cost":                 "@currency_concept_id",
	"cost.total_paid":                 "@currency_concept_id",
	"cost.paid_by_payer":              "@currency_concept_id",
	"cost.paid_by_patient":            "@currency_concept_id",
	"cost.paid_patient_copay":         "@currency_concept_id",
	"cost.paid_patient_coinsurance":   "@currency_concept_id",
	"cost.paid_patient_deductible":    "@currency_concept_id",
	"cost.paid_by_primary":            "@currency_concept_id",
	"cost.paid_ingredient_cost":       "@currency_concept_id",
	"cost.paid_dispensing_fee":        "@currency_concept_id",
	"cost.amount_allowed":             "@currency_concept_id",
}

// renames are the columns that CDM 5.4 calls by another name than 5.3.
var renames = [][3]string{
	{"visit_occurrence", "admitting_source_concept_id", "admitted_from_concept_id"},
	{"visit_occurrence", "admitting_source_value", "admitted_from_source_value"},
	{"visit_occurrence", "discharge_to_concept_id", "discharged_to_concept_id"},
	{"visit_occurrence", "discharge_to_source_value", "discharged_to_source_value"},
	{"visit_detail", "admitting_source_concept_id", "admitted_from_concept_id"},
	{"visit_detail", "admitting_source_value", "admitted_from_source_value"},
	{"visit_detail", "discharge_to_concept_id", "discharged_to_concept_id"},
	{"visit_detail", "discharge_to_source_value", "discharged_to_source_value"},
	{"visit_detail", "visit_detail_parent_id", "parent_visit_detail_id"},
}

func tableFacts(rows []map[string]string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("table\tschema\trequired\n")
	for _, r := range rows {
		name, schema := strings.ToLower(r["cdmtablename"]), r["schema"]
		if name == "" || schema == "" {
			return nil, errors.New("want a table name and a schema in every line")
		}
		fmt.Fprintf(&b, "%s\t%s\t%s\n", name, schema, yes(strings.EqualFold(r["isrequired"], "yes")))
	}
	return b.Bytes(), nil
}

var typePattern = regexp.MustCompile(`^(integer|float|date|datetime|varchar|varchar\([1-9][0-9]*\))$`)

func fieldFacts(rows []map[string]string) ([]field, error) {
	var list []field
	for i, r := range rows {
		f := field{
			table:    strings.ToLower(r["cdmtablename"]),
			name:     strings.ToLower(r["cdmfieldname"]),
			datatype: strings.ToLower(r["cdmdatatype"]),
			required: strings.EqualFold(r["isrequired"], "yes"),
			primary:  strings.EqualFold(r["isprimarykey"], "yes"),
			domain:   r["fkdomain"],
			class:    r["fkclass"],
		}
		f.name = strings.Trim(f.name, `"`)
		switch f.datatype {
		case "int":
			f.datatype = "integer"
		case "varchar(max)":
			f.datatype = "varchar"
		}
		if f.table == "" || f.name == "" || !typePattern.MatchString(f.datatype) {
			return nil, fmt.Errorf("record %d: want a table, a field and a known type", i+1)
		}
		if strings.EqualFold(r["isforeignkey"], "yes") {
			if r["fktablename"] == "" || r["fkfieldname"] == "" {
				return nil, fmt.Errorf("record %d: want the target of the foreign key", i+1)
			}
			f.reference = strings.ToLower(r["fktablename"] + "." + r["fkfieldname"])
		}
		f.unit = units[f.table+"."+f.name]
		list = append(list, f)
	}
	// A unit column that this edition lacks cannot hold the unit.
	have := map[string]bool{}
	for _, f := range list {
		have[f.table+"."+f.name] = true
	}
	for i, f := range list {
		if column, ok := strings.CutPrefix(f.unit, "@"); ok && !have[f.table+"."+column] {
			list[i].unit = ""
		}
	}
	return list, nil
}

func writeFields(fields []field) []byte {
	var b bytes.Buffer
	b.WriteString("table\tfield\ttype\trequired\tprimary\treference\tdomain\tclass\tunit\n")
	for _, f := range fields {
		b.WriteString(strings.Join([]string{
			f.table, f.name, f.datatype, yes(f.required), yes(f.primary), f.reference, f.domain, f.class, f.unit,
		}, "\t"))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// writeRenames refuses a list that leaves out a column which 5.4 no longer
// has, or that names one which does not exist.
func writeRenames(old, current []field) ([]byte, error) {
	was, is, tables := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, f := range old {
		was[f.table+"."+f.name] = true
	}
	for _, f := range current {
		is[f.table+"."+f.name] = true
		tables[f.table] = true
	}
	var b bytes.Buffer
	b.WriteString("table\tname in 5.3\tname in 5.4\n")
	moved := map[string]bool{}
	for _, r := range renames {
		from, to := r[0]+"."+r[1], r[0]+"."+r[2]
		if !was[from] || is[from] || was[to] || !is[to] {
			return nil, fmt.Errorf("rename of %s to %s: want the first in 5.3 alone and the second in 5.4 alone", from, to)
		}
		moved[from] = true
		fmt.Fprintf(&b, "%s\t%s\t%s\n", r[0], r[1], r[2])
	}
	for _, f := range old {
		if name := f.table + "." + f.name; tables[f.table] && !is[name] && !moved[name] {
			return nil, fmt.Errorf("%s of 5.3: want a name in 5.4, have none", name)
		}
	}
	return b.Bytes(), nil
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
