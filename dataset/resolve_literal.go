package dataset

import (
	"encoding/json"
	"errors"
	"math/big"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

func itoa(i int) string { return strconv.Itoa(i) }

func runes(s string) int { return utf8.RuneCountInString(s) }

// rational returns the value of a JSON number, nil where it is none or of a size
// that no field needs.
func rational(l Literal) *big.Rat {
	const longest, largest = 400, 400
	if len(l) == 0 || len(l) > longest || l[0] != '-' && (l[0] < '0' || l[0] > '9') {
		return nil
	}
	if _, exponent, ok := strings.Cut(strings.ToLower(string(l)), "e"); ok {
		if e, err := strconv.Atoi(exponent); err != nil || e > largest || e < -largest {
			return nil
		}
	}
	r, ok := new(big.Rat).SetString(string(l))
	if !ok {
		return nil
	}
	return r
}

// unquoteLiteral returns the text of a JSON string.
func unquoteLiteral(l Literal) (string, bool) {
	if len(l) == 0 || l[0] != '"' {
		return "", false
	}
	var s string
	return s, json.Unmarshal([]byte(l), &s) == nil
}

// plainText returns the text of a literal: of a string what it holds, of another
// the literal.
func plainText(l Literal) string {
	if s, ok := unquoteLiteral(l); ok {
		return s
	}
	return string(l)
}

// compareLiterals compares two numbers, or two texts of dates or times of the same
// form; false where they cannot be compared.
func compareLiterals(a, b Literal) (int, bool) {
	x, y := rational(a), rational(b)
	if x != nil && y != nil {
		return x.Cmp(y), true
	}
	s, ok := unquoteLiteral(a)
	t, ok2 := unquoteLiteral(b)
	if !ok || !ok2 {
		return 0, false
	}
	if x, y := rational(Literal(s)), rational(Literal(t)); x != nil && y != nil && !isDateText(s) && !isDateText(t) {
		return x.Cmp(y), true
	}
	if !isDateText(s) || !isDateText(t) || zoned(s) || zoned(t) || len(s) != len(t) {
		return 0, s == t
	}
	return strings.Compare(s, t), true
}

var dateText = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[-+][0-9]{2}:[0-9]{2})?)?)?)?|[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?)$`)
})

// isDateText says whether s is a date, date and time, or time of ISO 8601.
func isDateText(s string) bool {
	if !dateText().MatchString(s) {
		return false
	}
	date, clock := s, ""
	if at := strings.IndexByte(s, 'T'); at >= 0 {
		date, clock = s[:at], s[at+1:]
	} else if len(s) > 2 && s[2] == ':' {
		date, clock = "", s
	}
	if date != "" {
		if _, err := time.Parse("2006-01-02"[:len(date)], date); err != nil {
			return false
		}
	}
	if len(clock) >= 5 {
		if _, err := time.Parse("15:04", clock[:5]); err != nil {
			return false
		}
	}
	return true
}

func zoned(s string) bool {
	return strings.HasSuffix(s, "Z") || len(s) > 16 && strings.ContainsAny(s[10:], "+-")
}

// fitsWord says whether a literal is of the type that a profile's word names.
func fitsWord(word string, l Literal) bool {
	s, isText := unquoteLiteral(l)
	switch word {
	case "boolean":
		return l == "true" || l == "false"
	case "integer":
		r := rational(l)
		return r != nil && r.IsInt()
	case "decimal", "quantity":
		return rational(l) != nil
	case "date":
		return isText && isDateText(s) && !strings.Contains(s, ":")
	case "datetime":
		return isText && isDateText(s) && (len(s) < 3 || s[2] != ':')
	case "time":
		return isText && isDateText(s) && len(s) > 2 && s[2] == ':'
	case "string", "code", "binary":
		return isText
	}
	return true
}

func wordArticle(word string) string {
	switch word {
	case "integer":
		return "a whole number"
	case "decimal", "quantity":
		return "a number"
	case "boolean":
		return "true or false"
	case "string", "code", "binary":
		return "text: put it in quotes"
	case "datetime":
		return "a date, or a date with a time"
	}
	return "a " + word
}

// wholePattern compiles a pattern that matches whole texts.
func wholePattern(pattern string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(pattern); err != nil {
		return nil, err // so that (a)|(b and the like are found
	}
	return regexp.Compile(`^(?:` + pattern + `)$`)
}

func regexpError(err error) string {
	var e *syntax.Error
	if errors.As(err, &e) {
		return string(e.Code)
	}
	return "it does not compile"
}

// isElementID says whether a path is the id of an element without its type:
// names with points, and with colons for slices.
func isElementID(path string) bool {
	for _, step := range strings.Split(path, ".") {
		name, slice, sliced := strings.Cut(step, ":")
		if sliced && slice == "" || !isName(strings.TrimSuffix(name, "[x]"), false) || sliced && !isName(slice, true) {
			return false
		}
	}
	return true
}

// isName says whether s is a name of letters and digits, in a slice also of - and
// the like.
func isName(s string, slice bool) bool {
	for i, c := range s {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		digit := c >= '0' && c <= '9'
		if !letter && !(digit && (i > 0 || slice)) && !(slice && strings.ContainsRune("-/@[]", c)) {
			return false
		}
	}
	return s != ""
}
