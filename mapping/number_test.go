package mapping

import (
	"encoding/json"
	"strconv"
	"testing"
)

// FuzzFewDigitsReadBack: a number that needs no text beside it is given back
// by a float64 digit for digit.
func FuzzFewDigitsReadBack(f *testing.F) {
	for _, s := range []string{"0", "-0.5", "5.0", "123456789012345", "0.1234567890123", "1e5", "00", "-", "999999999999999.9", "176.35499866729558"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !json.Valid([]byte(s)) || !fewDigits([]byte(s)) {
			return
		}
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		if back := strconv.FormatFloat(n, 'f', -1, 64); back != s {
			t.Fatalf("want the number back as it was written, have %q for %q", back, s)
		}
	})
}

func TestFewDigitsTakesPlainNumbers(t *testing.T) {
	for s, want := range map[string]bool{"7": true, "5.5": true, "-0.25": true, "5.50": false, "1e3": false, "0.30000000000000004": false, "": false} {
		if fewDigits([]byte(s)) != want {
			t.Errorf("want %t", want)
		}
	}
}
