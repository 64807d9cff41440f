package matchetype

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// matches tells whether a text fits the text of a pattern: a placeholder or the
// same text. The error is about a placeholder that does not exist.
func matches(want, have string) (bool, error) {
	if len(want) < 2 || want[0] != '$' || want[len(want)-1] != '$' {
		return want == have, nil
	}
	name, argument, _ := strings.Cut(want[1:len(want)-1], ":")
	switch name {
	case "", "external", "version":
		return true, nil
	case "choice":
		return slices.Contains(strings.Split(argument, "|"), have), nil
	case "fragments":
		for _, part := range strings.Split(argument, "|") {
			if !strings.Contains(strings.ToLower(have), strings.ToLower(part)) {
				return false, nil
			}
		}
		return true, nil
	case "string":
		return have == strings.TrimSpace(have), nil
	case "date":
		return isDate(have) || isInstant(have), nil
	case "instant":
		return isInstant(have), nil
	case "uuid":
		return isUUID(have), nil
	case "id":
		return len(have) <= 64 && all(have, func(c byte) bool { return alphanumeric(c) || c == '-' || c == '.' }), nil
	case "url":
		return isURL(have), nil
	case "token":
		return all(have, func(c byte) bool { return alphanumeric(c) || c == '_' || c == '-' || c == '.' }) && have[0] != '-' && have[0] != '.', nil
	case "semver":
		return isSemver(have), nil
	}
	return false, fmt.Errorf("want a placeholder that is known, have another")
}

// all reports whether s is not empty and every byte of it is good.
func all(s string, good func(byte) bool) bool {
	for i := range len(s) {
		if !good(s[i]) {
			return false
		}
	}
	return s != ""
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func isInstant(s string) bool {
	_, err := time.Parse(time.RFC3339Nano, s)
	return err == nil
}

func isUUID(s string) bool {
	s, ok := strings.CutPrefix(s, "urn:uuid:")
	if !ok || len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (c == '-') {
			return false
		} else if !dash && !digit(c) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func isURL(s string) bool {
	rest := s
	for _, scheme := range []string{"http://", "https://", "www."} {
		if after, ok := strings.CutPrefix(s, scheme); ok {
			rest = after
		}
	}
	return len(rest) < len(s) && all(rest, func(c byte) bool { return alphanumeric(c) || strings.IndexByte("-+&@#/%?=~_|!:.;", c) >= 0 })
}

// isSemver tells a version of semver.org 2.0.0.
func isSemver(s string) bool {
	s, build, built := strings.Cut(s, "+")
	core, pre, released := strings.Cut(s, "-")
	numbers := strings.Split(core, ".")
	number := func(s string) bool { return all(s, digit) && (len(s) == 1 || s[0] != '0') }
	if len(numbers) != 3 || slices.ContainsFunc(numbers, func(n string) bool { return !number(n) }) {
		return false
	}
	word := func(s string) bool { return all(s, func(c byte) bool { return alphanumeric(c) || c == '-' }) }
	for _, part := range strings.Split(pre, ".") {
		if released && (!word(part) || all(part, digit) && !number(part)) {
			return false
		}
	}
	for _, part := range strings.Split(build, ".") {
		if built && !word(part) {
			return false
		}
	}
	return true
}
