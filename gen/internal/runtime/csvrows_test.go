package runtime

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func rowsOf(t testing.TB, text string, f csvFile) (rows [][]string, failed error) {
	t.Helper()
	in := newCSVRows(strings.NewReader(text), f)
	for {
		row, err := in.read()
		if err == io.EOF {
			return rows, failed
		}
		if err != nil {
			failed = err
			if !errors.Is(err, errQuote) {
				return rows, failed
			}
			continue
		}
		if len(row) > 0 {
			rows = append(rows, append([]string(nil), row...))
		}
	}
}

func TestRowsKeepWhatIsInQuotationMarks(t *testing.T) {
	for _, c := range []struct {
		text string
		file csvFile
		want [][]string
	}{
		{"a,b\r\n\"x\r\ny\",\"1\"\"2\"\r\n", csvFile{}, [][]string{{"a", "b"}, {"x\r\ny", `1"2`}}},
		{"\xef\xbb\xbfa,\n\n,b", csvFile{}, [][]string{{"a", ""}, {"", "b"}}},
		{"#x\na; \"b;c\" ;d\n", csvFile{comma: ";", comment: "#"}, [][]string{{"a", ` "b`, `c" `, "d"}}},
		{"#x\na;  \"b;c\"; d\n", csvFile{comma: ";", comment: "#", trim: true}, [][]string{{"a", "b;c", "d"}}},
		{"'a''b'||c|d\n", csvFile{comma: "||", quote: "'"}, [][]string{{"a'b", "c|d"}}},
		{`a\,b,"c\"d",\\` + "\n", csvFile{escape: `\`}, [][]string{{"a,b", `c"d`, `\`}}},
		{"a§b\n", csvFile{comma: "§"}, [][]string{{"a", "b"}}},
		{"a\"b\nc,d\n\"e\"f\n\"g\n", csvFile{}, [][]string{{`a"b`}, {"c", "d"}}},
	} {
		have, _ := rowsOf(t, c.text, c.file)
		if diff := cmp.Diff(c.want, have); diff != "" {
			t.Errorf("%q (-want +have):\n%s", c.text, diff)
		}
	}
}

// FuzzRowsAreThoseOfEncodingCSV holds rows against the standard library, whose line
// breaks are all of one form, and against what is read again.
func FuzzRowsAreThoseOfEncodingCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\"\"b\",\"x\r\ny\"\n", "a\n\n\"\"\nb", "a\"b\n", "\"a\n", "\r\n,\r\n\r", "\"a\" ,b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		have, failed := rowsOf(t, text, csvFile{})
		if failed != nil {
			return
		}
		var again []byte
		for _, row := range have {
			again = (&csvFile{}).appendRow(again, row)
		}
		if written, err := rowsOf(t, string(again), csvFile{}); err != nil || !cmp.Equal(have, written) {
			t.Errorf("want what was written, have other rows (%v)", err)
		}
		in := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\xef\xbb\xbf")))
		in.FieldsPerRecord, in.LazyQuotes = -1, true
		want, err := in.ReadAll()
		if err != nil {
			t.Fatalf("want an error as of encoding/csv, have none: %v", err)
		}
		for _, row := range have {
			for i := range row {
				row[i] = strings.ReplaceAll(row[i], "\r\n", "\n")
			}
		}
		if !cmp.Equal(want, have) {
			t.Errorf("%q: want %q, have %q", text, want, have)
		}
	})
}

func TestNumbersLoseWhatJSONDoesNotHave(t *testing.T) {
	for text, want := range map[string]string{"007": "7", "+3": "3", ".5": "0.5", "-.50": "-0.50", "5.": "5", "5.e3": "5e3", "000": "0", "-0012.30": "-12.30",
		"": "", "+": "+", "-": "-", ".": ".", "+-1": "+-1", "a": "a", "0x1": "0x1", "--1": "--1", "1_000": "1_000", "NaN": "NaN"} {
		have := plainNumber(text)
		if isNumber(want) != isNumber(have) || isNumber(want) && have != want {
			t.Errorf("%q: want %q, have %q", text, want, have)
		}
	}
}

func TestWholeNumbersOfAllSizesAreRead(t *testing.T) {
	read := func(text string) (out [4]bool) {
		_, out[0] = whole[int32](newReader([]byte(text)))
		_, out[1] = whole[int64](newReader([]byte(text)))
		_, out[2] = whole[uint32](newReader([]byte(text)))
		n, ok := whole[uint64](newReader([]byte(text)))
		out[3] = ok && (n > 0) == (text != "0" && text != "-0")
		return out
	}
	for text, want := range map[string][4]bool{
		"0": {true, true, true, true}, "-0": {true, true, true, true}, "-1": {true, true, false, false}, "1.0": {true, true, true, true}, "1.5": {}, "2147483648": {false, true, true, true},
		"4294967296": {false, true, false, true}, "9223372036854775807": {false, true, false, true}, "18446744073709551615": {false, false, false, true}, "18446744073709551616": {},
	} {
		if have := read(text); have != want {
			t.Errorf("%s: want %v, have %v", text, want, have)
		}
	}
}
