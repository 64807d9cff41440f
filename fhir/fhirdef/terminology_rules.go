package fhirdef

import (
	"strings"

	"github.com/carabiner-health/carabiner/internal/ucum"
)

const ucumSystem = "http://unitsofmeasure.org"

// ruled fills s in for a code system that is a syntax or a short international
// list, and reports whether url is one of them. Its codes carry no displays.
func (s *system) ruled(url string) bool {
	switch url {
	case "urn:ietf:bcp:47":
		s.rule, s.property, s.fold = languageTag, languageProperty, true
	case "urn:ietf:bcp:13":
		s.rule, s.fold = mediaType, true
	case "urn:ietf:rfc:3986":
		s.rule = uri
	case "urn:iso:std:iso:3166":
		s.rule, s.property = country, codeProperty
	case "urn:iso:std:iso:4217":
		s.rule, s.property = currency, codeProperty
	case "https://www.usps.com/":
		s.rule, s.property = uspsState, codeProperty
	case ucumSystem:
		s.rule, s.property = unit, codeProperty
	default:
		return false
	}
	s.complete = false
	s.reason = Reason{Kind: SystemNotComplete, Subject: url}
	return true
}

func inOrOut(ok bool) Membership {
	if ok {
		return In
	}
	return Out
}

func codeProperty(code, property string) (string, bool) { return code, property == "code" }

// listHas reports whether one of the lists of codes has a code.
func listHas(list, code string) bool {
	return code != "" && !strings.Contains(code, " ") && strings.Contains(list, " "+code+" ")
}

func country(code string) Membership {
	return inOrOut(listHas(countries2, code) || listHas(countries3, code) || listHas(countriesN, code))
}

func currency(code string) Membership {
	return inOrOut(listHas(currencies, code) || listHas(pastCurrencies, code))
}

func uspsState(code string) Membership { return inOrOut(listHas(usps, code)) }

func unit(code string) Membership { return inOrOut(ucum.Valid(code)) }

// languageParts are the subtags of a language tag (RFC 5646 §2.1).
type languageParts struct {
	language, extlang, script, region, variant, extension, private string
}

// splitLanguage cuts a well-formed tag into its parts.
func splitLanguage(tag string) (p languageParts, ok bool) {
	parts := strings.Split(tag, "-")
	next := func(test func(string) bool) string {
		if len(parts) == 0 || !test(parts[0]) {
			return ""
		}
		out := parts[0]
		parts = parts[1:]
		return out
	}
	more := func(dst *string, test func(string) bool) {
		for part := next(test); part != ""; part = next(test) {
			*dst = strings.TrimPrefix(*dst+"-"+part, "-")
		}
	}
	for _, part := range parts {
		if len(part) == 0 || len(part) > 8 || !allAlnum(part) {
			return p, false
		}
	}
	p.language = next(func(s string) bool { return len(s) >= 2 && allAlpha(s) })
	if p.language != "" {
		if len(p.language) <= 3 {
			more(&p.extlang, func(s string) bool { return len(s) == 3 && allAlpha(s) })
		}
		p.script = next(func(s string) bool { return len(s) == 4 && allAlpha(s) })
		p.region = next(func(s string) bool { return len(s) == 2 && allAlpha(s) || len(s) == 3 && allDigits(s) })
		more(&p.variant, func(s string) bool { return len(s) >= 5 || len(s) == 4 && allDigits(s[:1]) })
		for len(parts) > 1 && len(parts[0]) == 1 && !strings.EqualFold(parts[0], "x") {
			single := parts[0]
			parts = parts[1:]
			var ext string
			more(&ext, func(s string) bool { return len(s) > 1 })
			if ext == "" {
				return p, false
			}
			p.extension += single + "-" + ext
		}
	}
	if len(parts) > 1 && strings.EqualFold(parts[0], "x") {
		p.private = strings.Join(parts[1:], "-")
		parts = nil
	}
	return p, len(parts) == 0 && (p.language != "" || p.private != "")
}

// grandfathered are the irregular tags of RFC 5646 §2.2.8.
const grandfathered = " en-gb-oed i-ami i-bnn i-default i-enochian i-hak i-klingon i-lux i-mingo i-navajo i-pwn " +
	"i-tao i-tay i-tsu sgn-be-fr sgn-be-nl sgn-ch-de "

// languageTag judges a language tag of BCP 47 (RFC 5646): its form, languages of
// two letters and regions of two letters. A longer language is Unknown, for the
// registry is not held.
func languageTag(tag string) Membership {
	low := strings.ToLower(tag)
	if listHas(grandfathered, low) {
		return In
	}
	p, ok := splitLanguage(low)
	switch {
	case !ok:
		return Out
	case len(p.language) == 2 && !listHas(languages2, p.language):
		return Out
	case len(p.region) == 2 && !listHas(countries2, strings.ToUpper(p.region)) && !reservedRegion(p.region):
		return Out
	case len(p.language) > 2:
		return Unknown
	}
	return In
}

// reservedRegion reports whether a region is one that ISO 3166 reserves or
// leaves to users, or that BCP 47 keeps.
func reservedRegion(r string) bool {
	return r[0] == 'x' || r == "aa" || r == "zz" || r[0] == 'q' && r[1] >= 'm' ||
		listHas(" an bu cs dd fx su tp yd yu zr ac cp dg ea eu ez ic ta un uk ", r)
}

// languageProperty returns a part of a tag by the name that filters use.
func languageProperty(tag, property string) (string, bool) {
	p, _ := splitLanguage(strings.ToLower(tag))
	switch property {
	case "code":
		return tag, true
	case "language":
		return p.language, true
	case "ext-lang":
		return p.extlang, true
	case "script":
		return p.script, true
	case "region":
		return p.region, true
	case "variant":
		return p.variant, true
	case "extension":
		return p.extension, true
	case "private-use":
		return p.private, true
	}
	return "", false
}

// mediaType judges the form of a media type (RFC 6838 §4.2, parameters as in RFC
// 2045 §5.1). The registry is open, so every well-formed type is In; so are the
// short names that FHIR has for its formats (R4 §3.1.0.1.11, _format).
func mediaType(text string) Membership {
	if text == "json" || text == "xml" || text == "ttl" {
		return In
	}
	name, params, _ := strings.Cut(text, ";")
	top, sub, slash := strings.Cut(strings.TrimRight(name, " "), "/")
	if !slash || !mediaToken(top) || !mediaToken(sub) {
		return Out
	}
	for params != "" {
		var one string
		one, params = cutParameter(params)
		key, value, eq := strings.Cut(strings.TrimSpace(one), "=")
		quoted := len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"'
		if !eq || !mediaToken(key) || !quoted && !mediaValue(value) {
			return Out
		}
	}
	return In
}

// mediaValue reports whether a text can stand as the value of a parameter without
// quotes. RFC 2045 §5.1 wants a token, but addresses are written there too, as
// FHIR does itself (application/fhir+json;canonicalization=http://…).
func mediaValue(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7F || strings.IndexByte(`"\\,`, s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}

// cutParameter cuts at the first semicolon that is not between quotes.
func cutParameter(s string) (one, rest string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ';' && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func mediaToken(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7F || strings.IndexByte(`()<>@,;:\"/[]?=`, s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}

// uri judges whether a text can be an address at all (RFC 3986): no white space
// or control characters.
func uri(text string) Membership {
	for _, r := range text {
		if r <= ' ' || r == 0x7F {
			return Out
		}
	}
	return inOrOut(text != "")
}

func allAlpha(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func allAlnum(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}
