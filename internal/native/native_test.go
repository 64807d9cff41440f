package native

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

func TestDoublesAreStoredWhereTheyMeanTheSame(t *testing.T) {
	for text, ok := range map[string]bool{
		"0": true, "-0": true, "0.10": true, "1.50": true, "-123456789.123456": true, "176.35499866729558": true, "0.420343784903078": true, "100000000000000000000": true,
		"0.000000000000000000000000001": true, "1000": true, "0.1234567890123456789": false, "9007199254740993": false, "1e3": false, "": false, "123456789012345678901234567890123456789012345": false, "2.00000000000000000000": true,
	} {
		bits, have := Double([]byte(text))
		if have != ok {
			t.Errorf("%q: want %v, have %v", text, ok, have)
			continue
		}
		if f, err := strconv.ParseFloat(text, 64); ok && (err != nil || math.Float64bits(f) != uint64(bits)) {
			t.Errorf("%q: want the bits of %v, have those of %v", text, f, math.Float64frombits(uint64(bits)))
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		f := r.NormFloat64() * math.Pow(10, float64(r.IntN(30)-15))
		text := strconv.FormatFloat(f, 'f', r.IntN(12), 64)
		if r.IntN(2) == 0 {
			text = strconv.FormatFloat(f, 'f', -1, 64)
		}
		want, _ := strconv.ParseFloat(text, 64)
		if bits, ok := Double([]byte(text)); ok && uint64(bits) != math.Float64bits(want) || !ok && len(text) < 12 {
			t.Errorf("%q: want its double, have %v %v", text, math.Float64frombits(uint64(bits)), ok)
		}
	}
}

func TestInstantsAreMicrosecondsInUTC(t *testing.T) {
	for text, want := range map[string]string{
		"2024-02-29T12:00:00Z":             "2024-02-29T12:00:00Z",
		"2024-02-29T12:00:00.123456+02:00": "2024-02-29T10:00:00.123456Z",
		"1969-12-31T23:59:59.5-00:30":      "1970-01-01T00:29:59.5Z",
	} {
		micros, zoned, ok := Instant([]byte(text))
		if have := time.UnixMicro(micros).UTC().Format(time.RFC3339Nano); !ok || have != want || zoned != (text != want) {
			t.Errorf("%s: want %s, have %s, zoned %v, ok %v", text, want, have, zoned, ok)
		}
	}
	for _, text := range []string{"", "2024-02-29", "2024-02-30T12:00:00Z", "2024-02-29T12:00:60Z", "2024-02-29T12:00:00.1234567Z", "2024-02-29T12:00:00", "2024-02-29T12:00:00+2:00"} {
		if _, _, ok := Instant([]byte(text)); ok {
			t.Errorf("%s: want no instant", text)
		}
	}
}

func TestDaysAreThoseOfTheCalendar(t *testing.T) {
	for text, want := range map[string]bool{"2024-02-29": true, "1900-02-29": false, "2000-02-29": true, "2024-04-31": false, "2024-4-01": false, "2024-13-01": false} {
		d, ok := Day([]byte(text))
		if ok != want || ok && d.String() != text {
			t.Errorf("%s: want %v, have %v, %s", text, want, ok, d)
		}
	}
}
