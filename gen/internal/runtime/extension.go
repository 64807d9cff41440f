package runtime

import (
	"strconv"
	"strings"
)

// validate checks an extension that is held whole: it has a url, and a value or
// extensions but not both (ext-1); its value is of the kind that its name says, a
// primitive in the form of its type; its extensions are checked alike. The members
// of a complex value are not.
func (e *Extension) validate(list Issues) Issues {
	switch {
	case e.URL == "":
		list = list.missing("url")
	case !isURI(e.URL):
		list = list.fault(codePattern, "url", "want the form of the type uri, have another")
	}
	if e.JSON == "" {
		return list
	}
	value, nested := false, false
	r := open(e.JSON)
	for name, more := r.object(); more; name, more = r.member() {
		v, ok := r.raw()
		if !ok {
			break
		}
		kind, isValue := strings.CutPrefix(name, "value")
		switch {
		case name == "extension":
			nested = true
			list = v.validateExtensions(list)
		case isValue && kind != "":
			value = true
			if !v.hasForm(kind) {
				list = list.fault(codePattern, name, "want the form of the type that the name says, have another")
			}
		case strings.HasPrefix(name, "_value"):
			value = true
		case name != "id" && name != "url":
			list = list.fault(codeClosed, name, "want no member of this name")
		}
	}
	if value == nested {
		list = list.rule(SeverityError, "", "ext-1", "Must have either extensions or value[x], not both")
	}
	return list
}

// validateExtensions checks a list of extensions.
func (r Raw) validateExtensions(list Issues) Issues {
	if r[0] != '[' {
		return list.fault(codeType, "extension", "want array, have "+kindOf(r[0]))
	}
	for i, inner := range elements(r) {
		n := len(list)
		var x Extension
		in := open(inner)
		x.decode(in)
		if list = append(list, in.list...); len(in.list) == 0 {
			list = x.validate(list)
		}
		list = list.underElement(n, "extension", i)
	}
	return list
}

// hasForm reports whether a value has the form of the FHIR type, whose first
// letter is in upper case; all types that are not known here are objects.
func (r Raw) hasForm(fhirType string) bool {
	switch fhirType {
	case "Boolean":
		return r == "true" || r == "false"
	case "Decimal":
		return kindOf(r[0]) == "number"
	case "Integer", "UnsignedInt", "PositiveInt":
		n, err := strconv.ParseInt(string(r), 10, 32)
		return err == nil && (fhirType == "Integer" || n > 0 || n == 0 && fhirType == "UnsignedInt")
	case "Base64Binary", "Canonical", "Code", "Date", "DateTime", "Id", "Instant", "Integer64", "Markdown", "Oid", "String", "Time", "Uri", "Url", "Uuid":
		in := open(r)
		text, ok := in.text()
		return ok && textHasForm(fhirType, text)
	}
	return r[0] == '{'
}

func textHasForm(fhirType, s string) bool {
	switch fhirType {
	case "Canonical", "Uri", "Url", "Oid", "Uuid":
		return isURI(s)
	case "Code":
		return isCode(s)
	case "Date":
		_, ok := parseDate(s)
		return ok
	case "DateTime":
		return validDateTime(s)
	case "Instant":
		d := DateTime{s}
		return validDateTime(s) && d.Precision() >= PrecisionSecond && d.Zone() != ""
	case "Id":
		return isID(s)
	case "Integer64":
		_, err := strconv.ParseInt(s, 10, 64)
		return err == nil
	case "Time":
		return validTime(s)
	case "Base64Binary":
		_, err := Base64(s).Bytes()
		return err == nil
	}
	return isString(s)
}
