package runtime

import (
	"encoding/base64"
	"encoding/json"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The formats of JSON Schema (2020-12 validation, §7.3), as far as they are
// checked. Each takes the text of a string.

func formatDate(s string) bool {
	_, err := time.Parse("2006-01-02", s)
	return err == nil
}

func formatDateTime(s string) bool {
	return len(s) >= len("2006-01-02T15:04:05Z") && (s[10] == 'T' || s[10] == 't') && formatDate(s[:10]) && formatTime(s[11:])
}

// formatTime is a time of RFC 3339 with its offset; a second 60 is one before
// midnight UTC.
func formatTime(s string) bool {
	if len(s) < len("15:04:05Z") || s[2] != ':' || s[5] != ':' {
		return false
	}
	hour, ok1 := upTo(s[:2], 23)
	minute, ok2 := upTo(s[3:5], 59)
	second, ok3 := upTo(s[6:8], 60)
	if !ok1 || !ok2 || !ok3 {
		return false
	}
	s = s[8:]
	if s[0] == '.' {
		rest := strings.TrimLeft(s[1:], "0123456789")
		if len(rest) == len(s)-1 {
			return false
		}
		s = rest
	}
	shift := 0
	if s != "Z" && s != "z" {
		if len(s) != len("+01:00") || s[0] != '+' && s[0] != '-' || s[3] != ':' {
			return false
		}
		h, ok1 := upTo(s[1:3], 23)
		m, ok2 := upTo(s[4:6], 59)
		if !ok1 || !ok2 {
			return false
		}
		if shift = h*60 + m; s[0] == '+' {
			shift = -shift
		}
	}
	const day = 24 * 60
	return second < 60 || (hour*60+minute+shift+day)%day == day-1
}

// upTo reads a number of two digits that is at most the given one.
func upTo(s string, most int) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0 && n <= most
}

// formatDuration is a duration of RFC 3339, appendix A.
func formatDuration(s string) bool {
	if !strings.HasPrefix(s, "P") {
		return false
	}
	date, clock, hasClock := strings.Cut(s[1:], "T")
	units, ok := durationUnits(date)
	if !ok {
		return false
	}
	if !hasClock {
		return units == "W" || units != "" && strings.Contains("YMD", units)
	}
	later, ok := durationUnits(clock)
	return ok && later != "" && strings.Contains("HMS", later) && strings.Contains("YMD", units)
}

// durationUnits returns the letters after the numbers.
func durationUnits(s string) (units string, ok bool) {
	for s != "" {
		rest := strings.TrimLeft(s, "0123456789")
		if rest == "" || len(rest) == len(s) {
			return units, false
		}
		units += rest[:1]
		s = rest[1:]
	}
	return units, true
}

// formatPeriod is a start and an end, one of which may be a duration.
func formatPeriod(s string) bool {
	start, end, ok := strings.Cut(s, "/")
	if !ok {
		return false
	}
	if formatDateTime(start) {
		return formatDateTime(end) || formatDuration(end)
	}
	return formatDuration(start) && formatDateTime(end)
}

// formatHostname is a name of RFC 1123.
func formatHostname(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if len(s) > 253 || strings.HasPrefix(s, "-") {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range label {
			if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}

func formatEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	if at < 0 || at > 64 || len(s) > 254 {
		return false
	}
	domain := s[at+1:]
	if len(domain) >= 2 && domain[0] == '[' && domain[len(domain)-1] == ']' {
		ip := domain[1 : len(domain)-1]
		if v6, ok := strings.CutPrefix(ip, "IPv6:"); ok {
			return formatIPv6(v6)
		}
		return formatIPv4(ip)
	}
	_, err := mail.ParseAddress(s)
	return formatHostname(domain) && err == nil
}

func formatIPv4(s string) bool {
	groups := strings.Split(s, ".")
	if len(groups) != 4 {
		return false
	}
	for _, g := range groups {
		n, ok := upTo(g, 255)
		if !ok || n != 0 && g[0] == '0' {
			return false
		}
	}
	return true
}

func formatIPv6(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is6() && a.Zone() == ""
}

func parseAddress(s string) (*url.URL, bool) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, false
	}
	if host := u.Hostname(); strings.Contains(host, ":") && (!strings.Contains(u.Host, "[") || !strings.Contains(u.Host, "]") || !formatIPv6(host)) {
		return nil, false
	}
	return u, true
}

func formatURI(s string) bool {
	u, ok := parseAddress(s)
	return ok && u.IsAbs()
}

func formatURIReference(s string) bool {
	_, ok := parseAddress(s)
	return ok && !strings.Contains(s, `\`)
}

// formatURITemplate wants braces in pairs within each step of the path.
func formatURITemplate(s string) bool {
	u, ok := parseAddress(s)
	if !ok {
		return false
	}
	for step := range strings.SplitSeq(u.RawPath, "/") {
		open := false
		for _, c := range step {
			switch {
			case c == '{' && open, c == '}' && !open:
				return false
			case c == '{' || c == '}':
				open = !open
			}
		}
		if open {
			return false
		}
	}
	return true
}

func formatRegex(s string) bool {
	_, err := regexp.Compile(s)
	return err == nil
}

// formatJSONPointer is a pointer of RFC 6901.
func formatJSONPointer(s string) bool {
	if s != "" && s[0] != '/' {
		return false
	}
	for i := range len(s) {
		if s[i] == '~' && (i+1 == len(s) || s[i+1] != '0' && s[i+1] != '1') {
			return false
		}
	}
	return true
}

func formatRelativeJSONPointer(s string) bool {
	rest := strings.TrimLeft(s, "0123456789")
	digits := s[:len(s)-len(rest)]
	if digits == "" {
		return false
	}
	if digits[0] == '0' {
		rest = s[1:]
	}
	return rest == "#" || formatJSONPointer(rest)
}

func formatUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F'):
			return false
		}
	}
	return true
}

// decodeContent decodes what a string carries; ok is false where it is in another
// encoding.
func decodeContent(s string, encoded bool) (data []byte, ok bool) {
	if !encoded {
		return []byte(s), true
	}
	data, err := base64.StdEncoding.DecodeString(s)
	return data, err == nil
}

func isJSON(b []byte) bool { return json.Valid(b) }
