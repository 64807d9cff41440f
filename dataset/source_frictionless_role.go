package dataset

import (
	"slices"
	"strings"
)

// namedRole proposes the role of a column of a plain table by the words of its name and its
// type, the more careful one where two would do:
//
//   - a word for a person's name, number, address or contact: direct-id;
//   - a word for birth, age, sex, origin, place or work, and any other id: quasi-id;
//   - dates and times: event-date;
//   - texts without a list of codes: free-text;
//   - everything else: sensitive. Nothing is called safe, for a name proves nothing.
func namedRole(f *Field) Role {
	words := nameWords(f.Name)
	has := func(list ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(list, w) })
	}
	joined := strings.Join(words, "")
	switch {
	case has("name", "surname", "forename", "firstname", "lastname", "fullname", "email", "mail", "phone", "telephone", "mobile", "fax", "address", "street",
		"ssn", "nhs", "mrn", "personnummer", "cpr", "hetu", "passport", "insurance", "ip", "url", "photo", "signature") && !has("file", "column", "table"),
		has("patient", "person", "subject", "participant", "individual", "medical") && has("id", "identifier", "number", "no", "nr", "key", "uid", "pid"),
		slices.Contains([]string{"patientid", "personid", "subjectid", "pid", "mrn", "ssn", "pnr"}, joined):
		return DirectID
	case has("birth", "dob", "born", "birthdate", "birthday", "age", "sex", "gender", "race", "ethnicity", "ethnic", "nationality", "country", "city", "town", "zip", "postal", "postcode", "region", "county", "municipality",
		"latitude", "longitude", "lat", "lon", "location", "occupation", "job", "profession", "education", "marital", "religion", "language", "height", "weight", "hospital", "site", "institution", "department"),
		has("id", "identifier", "uid", "uuid", "code") && f.Type.Codes == nil, f.Type.Format == "geopoint", f.Type.Format == "geojson":
		return QuasiID
	case f.Type.Kind == Date, f.Type.Kind == DateTime, f.Type.Kind == Time, f.Type.Kind == YearMonth, f.Type.Kind == Year:
		return EventDate
	case f.Type.Kind == Text && (f.Type.Codes == nil || f.Type.CodesOpen), f.Type.Kind == Any, f.Type.Kind == Binary:
		return FreeText
	case f.Type.Kind == List && f.Type.Elem != nil && f.Type.Elem.Kind == Text && f.Type.Elem.Codes == nil:
		return FreeText
	}
	return Sensitive
}

// nameWords cuts a name into lower-case words: patientID, patient_id, Patient ID.
func nameWords(name string) []string {
	var words []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	runes := []rune(name)
	for i, c := range runes {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c > 127
		if !letter {
			flush()
			continue
		}
		upper := c >= 'A' && c <= 'Z'
		if upper && len(word) > 0 {
			before := word[len(word)-1]
			next := i+1 < len(runes) && runes[i+1] >= 'a' && runes[i+1] <= 'z'
			if before < 'A' || before > 'Z' || next {
				flush()
			}
		}
		word = append(word, c)
	}
	flush()
	return words
}

// Unique reports whether the source says that no two rows have the same value.
func (f *Field) Unique() bool {
	return slices.ContainsFunc(f.Origins, func(o Origin) bool { return o.What == "unique" && o.Value == "true" })
}
