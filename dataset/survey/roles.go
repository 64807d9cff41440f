package survey

import (
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
)

// roleOfFHIR proposes the role of an element by its path and type. A role is
// safe only where the values are of a closed set that says nothing of a person.
func roleOfFHIR(resource, path, typ string) dataset.Role {
	steps := strings.Split(path, ".")
	last := steps[len(steps)-1]
	has := func(names ...string) bool {
		return slices.ContainsFunc(steps, func(s string) bool { return slices.Contains(names, s) })
	}
	switch {
	case has("identifier", "telecom", "name", "contact", "photo", "serialNumber", "endpoint") && !has("postalCode"):
		if resource == "Organization" || resource == "Location" {
			return dataset.QuasiID
		}
		return dataset.DirectID
	case typ == "Reference", typ == "id", typ == "oid", typ == "uuid", last == "uid":
		return dataset.DirectID
	case has("address", "position"):
		if has("line", "text") {
			return dataset.DirectID
		}
		return dataset.QuasiID
	case has("birthDate", "gender", "maritalStatus", "communication", "multipleBirth", "deceased") || strings.HasPrefix(steps[0], "extension("):
		return dataset.QuasiID
	case slices.Contains([]string{"date", "dateTime", "instant", "time"}, typ):
		return dataset.EventDate
	case last == "system" || last == "unit" || last == "version" || last == "userSelected" || typ == "code" && last == "status":
		return dataset.Safe
	case slices.Contains([]string{"text", "display", "description", "note", "comment", "instruction"}, last) || typ == "markdown" || typ == "string":
		return dataset.FreeText
	}
	return dataset.Sensitive
}

// words of column names, and the role that each tells; the first that occurs counts.
var roleWords = []struct {
	role  dataset.Role
	words []string
}{
	{dataset.DirectID, []string{"name", "personnummer", "ssn", "mrn", "email", "mail", "phone", "telephone", "telefon", "namn", "address", "adress", "street", "initials", "accession", "uid", "identifier", "id", "patient", "person", "pid"}},
	{dataset.EventDate, []string{"date", "datum", "time", "datetime", "tid", "timestamp"}},
	{dataset.QuasiID, []string{"birth", "age", "sex", "gender", "kon", "zip", "postal", "postcode", "city", "municipality", "kommun", "county", "region", "country", "occupation", "ethnicity", "race", "hospital", "site", "scanner"}},
	{dataset.FreeText, []string{"text", "note", "notes", "comment", "comments", "description", "report", "remark", "history"}},
}

// roleOfColumn proposes the role of a column by its name and whether it is text.
// Birth goes before date: a date of birth is a quasi-identifier.
func roleOfColumn(name string, kind columnKind) dataset.Role {
	words := strings.Split(identifier(name), "_")
	if slices.Contains(words, "birth") || slices.Contains(words, "dob") {
		return dataset.QuasiID
	}
	for _, r := range roleWords {
		if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(r.words, w) }) {
			return r.role
		}
	}
	switch kind {
	case dateColumn, timestampColumn:
		return dataset.EventDate
	case textColumn:
		return dataset.FreeText
	}
	return dataset.Sensitive
}
