package gen

import (
	"go/token"
	"strings"
	"unicode"
)

// initialisms are the words that Go writes in capitals: Go's own that occur
// in health data and those of the standards.
var initialisms = map[string]string{
	"api": "API", "cdm": "CDM", "dea": "DEA", "drg": "DRG", "etl": "ETL", "fhir": "FHIR",
	"http": "HTTP", "id": "ID", "ids": "IDs", "json": "JSON", "nlp": "NLP", "npi": "NPI",
	"oid": "OID", "omop": "OMOP", "sop": "SOP", "sql": "SQL", "uid": "UID", "uri": "URI",
	"url": "URL", "uuid": "UUID", "wadors": "WADORS", "xml": "XML",
}

// GoName returns the exported Go name of a name of a standard: its words
// (separated by anything that is neither a letter nor a digit, and where a
// capital follows a small letter) each start with a capital, initialisms are
// whole. A name that would start with a digit gets
// an X in front; an empty one is X.
func GoName(name string) string {
	var b strings.Builder
	for _, word := range words(name) {
		if w, ok := initialisms[strings.ToLower(word)]; ok {
			b.WriteString(w)
			continue
		}
		for i, r := range word {
			if i == 0 {
				r = unicode.ToUpper(r)
			}
			b.WriteRune(r)
		}
	}
	s := b.String()
	if !token.IsIdentifier(s) || !token.IsExported(s) {
		return "X" + s
	}
	return s
}

func words(name string) []string {
	var list []string
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		small, start := false, 0
		for i, r := range part {
			if small && unicode.IsUpper(r) {
				list, start = append(list, part[start:i]), i
			}
			small = unicode.IsLower(r)
		}
		list = append(list, part[start:])
	}
	return list
}
