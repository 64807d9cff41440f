package columnar

import (
	"math"
	"testing"
	"time"
)

func TestDatesAreDaysOfTheGregorianCalendar(t *testing.T) {
	for s, want := range map[string]Date{"1970-01-01": 0, "1969-12-31": -1, "2000-02-29": 11_016, "0001-01-01": -719_162, "9999-12-31": 2_932_896} {
		d, err := ParseDate(s)
		if err != nil || d != want || d.String() != s {
			t.Errorf("%s: want day %d, have %d, %s, %v", s, want, d, d, err)
		}
		if d.Timestamp().Date() != d || !d.Time().Equal(d.Timestamp().Time()) {
			t.Errorf("%s: want midnight of the same day", s)
		}
	}
	if d := DateOf(1969, 12, 31); d != -1 {
		t.Errorf("want -1, have %d", d)
	}
	for _, s := range []string{"", "2001-02-29", "2001-2-3", "20010203", "2001-02-03T00:00:00", "2001-13-01", "02001-02-3"} {
		if _, err := ParseDate(s); err == nil {
			t.Errorf("%s: want an error", s)
		}
	}
}

func TestTimestampsKeepTheClockAndDropTheZone(t *testing.T) {
	for s, want := range map[string]Timestamp{
		"1970-01-01T00:00:00": 0, "1969-12-31T23:59:59.999999": -1, "1970-01-01T00:00:00.5": 500_000,
		"2001-02-03 04:05:06": 981_173_106_000_000, "1970-01-02T00:00:00.000001": 86_400_000_001,
	} {
		at, err := ParseTimestamp(s)
		if err != nil || at != want {
			t.Errorf("%s: want %d, have %d, %v", s, want, at, err)
		}
		if again, err := ParseTimestamp(at.String()); err != nil || again != at {
			t.Errorf("%s: want its own text to be read back, have %s, %v", s, at, err)
		}
	}
	for _, s := range []string{"", "1970-01-01", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00+01:00", "1970-01-01T24:00:00", "1970-01-01T00:00:00.1234567", "1970-01-01T00:00:00.",
		"1970-01-01T00:00:00,5", "1970-01-01 00:00:00,123456", "1970-01-01T1:00:00.00", "1970-01-01 1:00:00,123456"} {
		if _, err := ParseTimestamp(s); err == nil {
			t.Errorf("%s: want an error", s)
		}
	}
	zone := time.FixedZone("", 2*3600)
	if at := TimestampOf(time.Date(2020, 1, 1, 1, 0, 0, 999, zone)); at.String() != "2020-01-01T01:00:00" || at.Date() != DateOf(2020, 1, 1) {
		t.Errorf("want the clock of the zone, have %s", at)
	}
	if at := TimestampOf(time.Unix(0, -1).UTC()); at != -1 {
		t.Errorf("want -1, have %d", at)
	}
	if d := Timestamp(-1).Date(); d != -1 {
		t.Errorf("want the day before, have %d", d)
	}
	_ = Timestamp(math.MinInt64).String() // must not panic
}
