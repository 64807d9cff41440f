package dicommeta

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/golden"
)

// elementAt returns the element that a path such as 00101002[0].00100010 leads to, with
// the data set that it is in.
func elementAt(t *testing.T, d *Dataset, path string) (*Dataset, *Element) {
	t.Helper()
	for {
		step, rest, deeper := strings.Cut(path, ".")
		name, item, _ := strings.Cut(strings.TrimSuffix(step, "]"), "[")
		tag, err := dict.ParseTag(name)
		if err != nil {
			t.Fatal(err)
		}
		e := d.Find(tag)
		if !deeper || e == nil {
			return d, e
		}
		i, err := strconv.Atoi(item)
		if err != nil || i >= len(e.Items) {
			t.Fatalf("%s: want item %s, have %d", name, item, len(e.Items))
		}
		d, path = &e.Items[i], rest
	}
}

func parseFile(t *testing.T, name string) *Instance {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	x, err := Parse(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(name), err)
	}
	return x
}

// The truth of the made files was known before any reader read them. Where a declaration is
// wrong any text is a guess, and must be found out.
func TestMadeFilesOfAllCharacterSetsAreRead(t *testing.T) {
	made := golden.Shared(t, "data/dicom/files/made")
	f, err := os.Open(filepath.Join(made, "expected.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	files, texts := 0, 0
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c struct {
			Path string
			Text map[string]any
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(c.Path, "made/charsets/") {
			continue
		}
		files++
		x := parseFile(t, filepath.Join(filepath.Dir(made), c.Path))
		for path, want := range c.Text {
			d, e := elementAt(t, &x.Dataset, path)
			if e == nil {
				t.Errorf("%s: want %s, have none", c.Path, path)
				continue
			}
			have := d.Charset.Texts(e)
			problems := d.Charset.checkValue(e, nil)
			switch want := want.(type) {
			case nil:
				if len(problems) == 0 || !utf8.ValidString(strings.Join(have, "")) {
					t.Errorf("%s: %s: want a finding and UTF-8, have %d findings", c.Path, path, len(problems))
				}
				continue
			case string:
				if len(have) != 1 || have[0] != want {
					t.Errorf("%s: %s: want %q, have %q", c.Path, path, want, have)
				}
			case []any:
				all := make([]string, len(want))
				for i := range want {
					all[i], _ = want[i].(string)
				}
				if diff := cmp.Diff(all, have); diff != "" {
					t.Errorf("%s: %s: (-want +got)\n%s", c.Path, path, diff)
				}
			}
			texts++
			if len(problems) > 0 {
				t.Errorf("%s: %s: want no finding, have %v", c.Path, path, problems)
			}
			if b, ok := d.Charset.Encode(strings.Join(have, `\`), e.VR); !ok {
				t.Errorf("%s: %s: want the text written, have none", c.Path, path)
			} else if again := d.Charset.Texts(&Element{VR: e.VR, Value: b}); !cmp.Equal(again, have) {
				t.Errorf("%s: %s: want %q again, have %q", c.Path, path, have, again)
			}
		}
	}
	if files != 39 || texts < 100 {
		t.Errorf("want 39 files and their texts, have %d and %d", files, texts)
	}
}

// The files that pydicom is tested with have the names of PS3.5 annexes H to K.
func TestNamesOfTheStandardsExamplesAreRead(t *testing.T) {
	folder := golden.Shared(t, "data/dicom/files/pydicom/charset_files")
	for file, want := range map[string]string{
		"chrArab": "قباني^لنزار", "chrFren": "Buc^Jérôme", "chrFrenMulti": "Buc^Jérôme", "chrGerm": "Äneas^Rüdiger",
		"chrGreek": "Διονυσιος", "chrH31": "Yamada^Tarou=山田^太郎=やまだ^たろう", "chrH32": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
		"chrHbrw": "שרון^דבורה", "chrI2": "Hong^Gildong=洪^吉洞=홍^길동", "chrRuss": "Люкceмбypг",
		"chrX1": "Wang^XiaoDong=王^小東=", "chrX2": "Wang^XiaoDong=王^小东=", "chrKoreanMulti": "김희중", "chrJapMulti": "やまだ^たろう", "chrJapMultiExplicitIR6": "やまだ^たろう",
	} {
		x := parseFile(t, filepath.Join(folder, file+".dcm"))
		if have := x.Text(dict.PatientName); have != want {
			t.Errorf("%s: want %q, have %q", file, want, have)
		}
		x.Walk(func(_ Path, d *Dataset, e *Element) bool {
			for _, p := range d.Charset.checkValue(e, nil) {
				if p.Code == CodeValueText {
					t.Errorf("%s: %s: want text of the declared sets", file, e.Tag)
				}
			}
			return true
		})
	}
}
