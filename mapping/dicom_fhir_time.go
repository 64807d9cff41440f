package mapping

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// fhirDate returns a DA as a date of FHIR: 20240229, or 2024.02.29 of ACR-NEMA (PS3.5 table 6.2-1).
func fhirDate(da string) (string, bool) {
	if len(da) == 10 && da[4] == '.' && da[7] == '.' {
		da = da[:4] + da[5:7] + da[8:]
	}
	if len(da) != 8 || !allDigits(da) {
		return "", false
	}
	y, _ := strconv.Atoi(da[:4])
	m, _ := strconv.Atoi(da[4:6])
	d, _ := strconv.Atoi(da[6:])
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if y == 0 || t.Year() != y || int(t.Month()) != m || t.Day() != d {
		return "", false
	}
	return da[:4] + "-" + da[4:6] + "-" + da[6:], true
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// fhirTime returns a TM as hh:mm:ss with the fraction as written; seconds that are not
// said are zero, as FHIR allows. Hours alone are no time of FHIR: whole is then false.
func fhirTime(tm string) (text string, whole, ok bool) {
	if len(tm) >= 5 && tm[2] == ':' {
		tm = strings.Replace(tm, ":", "", 2)
	}
	tm, fraction, has := strings.Cut(tm, ".")
	if len(tm) > 6 || len(tm)%2 == 1 || !allDigits(tm) || has && (len(tm) != 6 || !allDigits(fraction) || len(fraction) > 6) {
		return "", false, false
	}
	if tm[:2] > "23" || len(tm) >= 4 && tm[2:4] > "59" || len(tm) == 6 && tm[4:] > "60" {
		return "", false, false
	}
	if len(tm) == 2 {
		return "", false, true
	}
	if len(tm) == 4 {
		tm += "00"
	}
	text = tm[:2] + ":" + tm[2:4] + ":" + tm[4:]
	if has {
		text += "." + fraction
	}
	return text, true, true
}

// studyTimes turns dates and times of one study into FHIR's.
type studyTimes struct {
	offset string         // of the study: +0100
	zone   *time.Location // of the policy, where the study has none
}

// offsetAt returns the offset of a local time, "" where none is known.
func (m studyTimes) offsetAt(day, clock string) string {
	if o := m.offset; offsetForm.MatchString(o) {
		o = strings.Replace(o, ":", "", 1)
		if o[1:3] < "14" && o[3:] < "60" || o[1:] == "1400" {
			return o[:3] + ":" + o[3:]
		}
	}
	if m.zone == nil {
		return ""
	}
	clock, _, _ = strings.Cut(clock, ".")
	leap := strings.HasSuffix(clock, ":60")
	if leap {
		clock = clock[:6] + "59"
	}
	t, err := time.ParseInLocation("2006-01-02T15:04:05", day+"T"+clock, m.zone)
	if err != nil {
		return ""
	}
	_, seconds := t.Zone()
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	return fmt.Sprintf("%s%02d:%02d", sign, seconds/3600, seconds/60%60)
}

// fault is what was wrong with a date or time.
type fault uint8

const (
	faultNone fault = iota
	faultDate
	faultTime
	faultZone // no zone is known, so the date stands alone
)

// dateTime returns a DA and TM as a dateTime of FHIR, as exact as they are: only the date
// where there is no time or no zone, "" where there is no date.
func (m studyTimes) dateTime(da, tm string) (string, fault) {
	if da == "" {
		return "", faultNone
	}
	day, ok := fhirDate(da)
	if !ok {
		return "", faultDate
	}
	if tm == "" {
		return day, faultNone
	}
	clock, whole, ok := fhirTime(tm)
	if !ok {
		return day, faultTime
	}
	if !whole {
		return day, faultNone
	}
	offset := m.offsetAt(day, clock)
	if offset == "" {
		return day, faultZone
	}
	return day + "T" + clock + offset, faultNone
}

// ofDT returns a DT as a dateTime of FHIR: its own offset goes before the study's.
func (m studyTimes) ofDT(dt string) (string, fault) {
	if dt == "" {
		return "", faultNone
	}
	if i := strings.IndexAny(dt, "+-"); i >= 0 {
		m.offset, dt = dt[i:], dt[:i]
	}
	switch {
	case len(dt) == 4 && allDigits(dt) && dt != "0000":
		return dt, faultNone
	case len(dt) == 6 && allDigits(dt):
		if _, ok := fhirDate(dt + "01"); !ok {
			return "", faultDate
		}
		return dt[:4] + "-" + dt[4:], faultNone
	case len(dt) < 8:
		return "", faultDate
	}
	return m.dateTime(dt[:8], dt[8:])
}

// A personName is one group of a PN: family, given, middle, prefix, suffix (PS3.5 §6.2.1).
type personName [5]string

// personNames returns the groups of a PN: alphabetic, ideographic, phonetic.
func personNames(pn string) (groups [3]personName) {
	for i, g := range strings.SplitN(pn, "=", 3) {
		for j, c := range strings.SplitN(g, "^", 5) {
			groups[i][j] = strings.TrimSpace(c)
		}
	}
	return groups
}

// nameCodes are the codes of the representations (R4, extension iso21090-EN-representation).
var nameCodes = [3]string{"ABC", "IDE", "SYL"}

const nameRepresentation = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"

// humanNames writes the HumanNames of a PN into the array that w is in.
func (w *jsonBuilder) humanNames(pn string) {
	groups := personNames(pn)
	several := groups[1] != personName{} || groups[2] != personName{}
	for i, g := range groups {
		if cleanText(strings.Join(g[:], "")) == "" {
			continue
		}
		w.object("", func() {
			if several {
				w.array("extension", func() {
					w.object("", func() {
						w.text("url", nameRepresentation)
						w.text("valueCode", nameCodes[i])
					})
				})
			}
			w.text("family", g[0])
			w.array("given", func() {
				w.text("", g[1])
				w.text("", g[2])
			})
			w.array("prefix", func() { w.text("", g[3]) })
			w.array("suffix", func() { w.text("", g[4]) })
		})
	}
}

// shiftZone returns a DA and TM of one offset from UTC in another.
func shiftZone(day, clock, from, to string) (string, string) {
	a, errA := zoneOf(from)
	b, errB := zoneOf(to)
	whole, fraction, has := strings.Cut(clock, ".")
	if errA != nil || errB != nil || a == nil || b == nil || len(whole) != 6 {
		return day, clock
	}
	t, err := time.ParseInLocation("20060102150405", day+whole, a)
	if err != nil {
		return day, clock
	}
	t = t.In(b)
	clock = t.Format("150405")
	if has {
		clock += "." + fraction
	}
	return t.Format("20060102"), clock
}
