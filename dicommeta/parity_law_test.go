package dicommeta

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// parityRule says of a difference from pydicom that it is none of ours: what pydicom or the
// standard does there, and how that can be seen in the difference.
type parityRule struct {
	name, reason string
	holds        func(d *difference) bool
}

var parityRules = []parityRule{
	{"group length", "PS3.18 F.2.2 leaves them out, pydicom writes them", func(d *difference) bool {
		return d.kind == "missing" && d.tag.IsGroupLength() && d.e != nil
	}},
	{"character set", "our JSON says what it is in itself, pydicom what the file was in", func(d *difference) bool {
		if d.tag != dict.SpecificCharacterSet || d.kind != "value" || textOf(fromJSON[any](d.our.Value[0])) != "ISO_IR 192" {
			return false
		}
		var was []string
		for _, v := range d.ref.Value {
			was = append(was, textOf(fromJSON[any](v)))
		}
		return slices.Equal(was, d.d.Texts(d.tag))
	}},
	{"byte order", "PS3.18 wants little endian, pydicom gives the words of big endian files as they are", func(d *difference) bool {
		size := 0
		if d.kind == "value" && d.x.Encoding.BigEndian && len(d.ref.Value) == 0 {
			size = d.e.VR.Size()
		}
		if size < 2 || len(d.e.Value)%size != 0 {
			return false
		}
		b := slices.Clone(d.e.Value)
		for i := 0; i < len(b); i += size {
			slices.Reverse(b[i : i+size])
		}
		return d.ref.BulkDataURI != nil && *d.ref.BulkDataURI == hashed(b) || slices.Equal(bytesOf(d.ref), b)
	}},
	{"blanks within", "PS3.5 §6.2: blanks behind each value do not count, pydicom strips those behind the last", func(d *difference) bool {
		if d.kind != "value" || len(d.ref.Value) != len(d.our.Value) || len(d.ref.Value) < 2 {
			return false
		}
		for i := range d.ref.Value {
			if strings.TrimRight(textOf(fromJSON[any](d.ref.Value[i])), " ") != textOf(fromJSON[any](d.our.Value[i])) {
				return false
			}
		}
		return true
	}},
	{"written digits", "a decimal string that is no number keeps its text, pydicom spells it its own way", func(d *difference) bool {
		return d.kind == "value" && d.our.VR == "DS" && len(d.our.Value) == 1 && len(d.ref.Value) == 1 && strings.EqualFold(string(d.our.Value[0]), string(d.ref.Value[0]))
	}},
	{"not converted", "pydicom names the element as one it cannot convert", func(d *difference) bool {
		return d.kind == "extra" && slices.ContainsFunc(d.line.NotConverted, func(n [2]string) bool { return n[0] == d.path })
	}},
	{"cut", "pydicom keeps what is left of the last value, we say that the file is partial", func(d *difference) bool {
		return d.kind == "missing" && d.x.Partial && (len(d.d.Elements) == 0 || d.d.Elements[len(d.d.Elements)-1].Tag < d.tag)
	}},
	{"behind the header", "a header ends at the pixel data and what follows", func(d *difference) bool {
		return d.kind == "missing" && d.top && d.x.Stop.Tag != 0 && d.tag >= d.x.Stop.Tag
	}},
	{"icon", "the reference leaves pixel data out, also those of icons in items", func(d *difference) bool {
		return d.kind == "extra" && !d.top && d.tag == dict.PixelData
	}},
	{"made text", "files/made/expected.ndjson has the right text, or none because any reading is a guess", func(d *difference) bool {
		want, ok := d.expected[d.path]
		return ok && d.kind == "value" && (want == nil || cmp.Equal(want, d.texts()))
	}},
	{"gave up", "pydicom ends with an error and returns nothing", func(d *difference) bool {
		_, judged := pydicomFaults[d.file]
		return judged && d.kind == "extra" && d.line.Parse == "error"
	}},
	{"garbage", "pydicom loses its way, as known-differences.csv says", func(d *difference) bool {
		f, judged := pydicomFaults[d.file]
		return judged && f.garbage != "" && d.line.Parse == "ok" && slices.Contains(strings.Fields(f.garbage), d.path)
	}},
}

// pydicomFault is a file that pydicom misreads: how many elements its data set has in truth,
// group lengths and pixel data left out, and the elements pydicom has wrong, for lack or in excess.
type pydicomFault struct {
	elements int
	garbage  string
}

var pydicomFaults = map[string]pydicomFault{
	// An error, and nothing is returned.
	"made/encodings/deflated-truncated.dcm":       {14, ""},
	"made/encodings/deflated-zlib-header.dcm":     {10, ""},
	"made/lengths/item-claims-4gb.dcm":            {8, ""},
	"made/sequences/delimiter-with-length.dcm":    {11, ""},
	"made/sequences/item-without-delimiter.dcm":   {11, ""},
	"made/sequences/sq-without-delimiter-eof.dcm": {8, ""},
	"made/truncated/in-pixel-header.dcm":          {11, ""},
	// The meta information behind DICM at offset 0, and so the data set, is not found.
	"made/encodings/no-preamble-with-dicm.dcm": {10, metaPaths + basePaths + " 00040098 49444D43"},
	"made/encodings/ts-says-big-is-little.dcm": {10, basePaths + " 08001600"},
	// Not inflated; with the URL of the pixels.
	"made/encodings/ts-jpip-deflate.dcm": {11, basePaths + " 00287FE0 CF856B31"},
	// What follows the data set is taken for elements.
	"made/lengths/trailing-garbage.dcm": {10, "08070A09"},
	"made/lengths/trailing-zeros.dcm":   {10, "00000000"},
	// Kept although all but some bytes are missing.
	"made/lengths/un-claims-2gb.dcm": {7, "00091001"},
	// A VR that there is none of, and what follows swallowed.
	"made/lengths/unknown-vr-long.dcm":   {11, tailPaths},
	"made/lengths/vr-lowercase.dcm":      {11, "00104000 " + tailPaths},
	"made/lengths/vr-null-bytes.dcm":     {11, "00104000 " + tailPaths},
	"made/lengths/vr-question-marks.dcm": {11, "00104000 " + tailPaths},
	// Reading stops or goes astray in a sequence.
	"made/sequences/non-item-in-sq.dcm":     {11, "00102202[0].00080100 00102202[0].00080102 00102202[0].00080104 00102202[0].20410008"},
	"made/sequences/sq-length-overruns.dcm": {11, "00102202[0].00080104 6E692067 " + tailPaths},
	"made/sequences/stray-delimiters.dcm":   {10, tailPaths},
}

// Paths of what most made files have: the meta information, all ten elements, the last three.
const (
	metaPaths = "00020001 00020002 00020003 00020010 00020012 "
	basePaths = "00080016 00080018 00080020 00080030 00080060 00100010 00100020 " + tailPaths
	tailPaths = "0020000D 0020000E 00200013"
)

// notDICOM are files that pydicom reads when it is forced to, or finds empty: text, other
// formats, fewer bytes than a header has, and a data set behind a byte that does not belong there.
var notDICOM = []string{
	"deid/deid/data/deid.dicom", "deid/deid/tests/resources/filter_single_rule_true.dicom",
	"deid/deid/tests/resources/remove_coordinates_us_all.dicom", "deid/examples/dicom/header-manipulation/file-meta/deid.dicom",
	"made/lengths/empty.dcm", "made/lengths/only-preamble.dcm",
	"made/not-dicom/dicm-in-text.dcm", "made/not-dicom/ff.dcm", "made/not-dicom/gzip.dcm", "made/not-dicom/json.dcm",
	"made/not-dicom/png-header.dcm", "made/not-dicom/text.dcm", "made/not-dicom/zeros.dcm",
	"made/truncated/after-dicm.dcm", "made/truncated/in-dicm.dcm", "made/truncated/in-preamble.dcm",
	"pydicom/test_files/no_meta.dcm",
}

// differencesFile holds what is left to explain: file, path, kind and reason, one a line. It may
// only shrink.
const differencesFile = "testdata/parity-differences.txt"

func TestElementsAreThoseOfTheReference(t *testing.T) {
	root, lines := references(t)
	expect := expectations(t, root)
	total, used, charsetFiles := 0, map[string]int{}, 0
	var refused, left []string
	for i := range lines {
		line := &lines[i]
		p, err := parityOf(t, root, line)
		if err != nil {
			refused = append(refused, line.Path)
			if e := (*Error)(nil); !errors.As(err, &e) {
				t.Errorf("%s: want an *Error, have %v", line.Path, err)
			}
			continue
		}
		total += p.elements
		for _, d := range p.all {
			d.expected = expect[line.Path].Text
			if i := slices.IndexFunc(parityRules, func(r parityRule) bool { return r.holds(&d) }); i >= 0 {
				used[parityRules[i].name]++
				continue
			}
			left = append(left, d.key())
			if d.kind == "vr" && !d.tag.IsPrivate() {
				t.Errorf("%s: wrong VR of a standard element", d.key())
			}
		}
		if f, ok := pydicomFaults[line.Path]; ok && f.elements != len(p.x.Elements) {
			t.Errorf("%s: want %d elements in the data set, have %d", line.Path, f.elements, len(p.x.Elements))
		}
		if strings.HasPrefix(line.Path, "pydicom/charset_files/") {
			charsetFiles++
		}
	}
	slices.Sort(refused)
	if diff := cmp.Diff(notDICOM, refused); diff != "" {
		t.Errorf("refused files (-want +got)\n%s", diff)
	}
	for _, r := range parityRules {
		if used[r.name] == 0 {
			t.Errorf("rule %q: want it to hold somewhere", r.name)
		}
	}
	known := knownDifferences(t)
	if diff := cmp.Diff(known, left); diff != "" {
		t.Errorf("%s and what is left (-want +got); it may only shrink\n%s", differencesFile, diff)
	}
	if share := 1 - float64(len(left))/float64(total); share < 0.999 || charsetFiles != 17 {
		t.Errorf("want 99.9 %% of the elements as in the reference and 17 files of character sets, have %.3f %% and %d", 100*share, charsetFiles)
	}
	t.Logf("%d elements, %d left; by rule: %v", total, len(left), used)
}

// knownDifferences reads differencesFile. Each line must have a reason.
func knownDifferences(t *testing.T) (keys []string) {
	t.Helper()
	b, err := os.ReadFile(differencesFile)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 4 || fields[3] == "" {
			t.Fatalf("%s: want file, path, kind and reason", differencesFile)
		}
		keys = append(keys, strings.Join(fields[:3], "\t"))
	}
	return keys
}

func TestMadeFilesAreReadAsTheyWereMade(t *testing.T) {
	root, lines := references(t)
	expect := expectations(t, root)
	charsets := 0
	for i := range lines {
		want, ok := expect[lines[i].Path]
		if !ok {
			continue
		}
		delete(expect, want.Path)
		p, err := parityOf(t, root, &lines[i])
		if fault := want.unlike(p, err); fault != "" {
			t.Errorf("%s: want %s", want.Path, fault)
		}
		if err != nil || want.Text == nil {
			continue
		}
		charsets++
		have := map[string]any{}
		collectTexts("", asJSON(t, want.Path, &p.x.Dataset), have)
		for path, text := range want.Text {
			if got, ok := have[path]; !ok || text != nil && !cmp.Equal(text, got) {
				t.Errorf("%s: %s: want the text of expected.ndjson, have another", want.Path, path)
			}
		}
	}
	if len(expect) > 0 || charsets != 39 {
		t.Errorf("want every made file judged and 39 character sets, have %d files left and %d", len(expect), charsets)
	}
}

// unlike tells what an expectation wants and the reading of a file is not.
func (e *expectation) unlike(p *parity, err error) string {
	partial := err == nil && p.x.Partial
	depth := 0
	if err == nil {
		p.x.Walk(func(path Path, _ *Dataset, _ *Element) bool { depth = max(depth, len(path)-1); return true })
	}
	ok := true
	switch e.Expect {
	case "":
		ok = err == nil && (e.Depth == 0 || e.Depth == depth)
	case "partial":
		ok = partial
	case "not DICOM":
		ok = errors.Is(err, ErrNotDICOM)
	case "error":
		ok = err != nil
	case "error or partial", "error or partial, no allocation", "truncated":
		ok = err != nil || partial
	case "error or tolerated with a finding":
		ok = err != nil || len(p.issues) > 0
	case "complete header":
		ok = err == nil && !partial
	case "indistinguishable from a shorter file":
		ok = err == nil
	default:
		return "an expectation this test knows"
	}
	if ok {
		return ""
	}
	if e.Expect == "" {
		return "a whole data set of the depth made"
	}
	return e.Expect
}

// collectTexts puts the values of a data set into have, by path.
func collectTexts(at string, d jsonDataset, have map[string]any) {
	for name, e := range d {
		if e.VR != "SQ" {
			have[at+name] = expectedForm(&e)
			continue
		}
		for i, item := range e.Value {
			collectTexts(fmt.Sprintf("%s%s[%d].", at, name, i), fromJSON[jsonDataset](item), have)
		}
	}
}

// expectation is the truth about a made file.
type expectation struct {
	Path   string         `json:"path"`
	Text   map[string]any `json:"text"` // by path: text, a list of texts, or null for a guess
	Expect string         `json:"expect"`
	Depth  int            `json:"depth"`
}

func expectations(t *testing.T, root string) map[string]expectation {
	t.Helper()
	f, err := os.Open(filepath.Join(root, "made/expected.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string]expectation{}
	for dec := json.NewDecoder(bufio.NewReader(f)); dec.More(); {
		var e expectation
		if err := dec.Decode(&e); err != nil {
			t.Fatal(err)
		}
		all[e.Path] = e
	}
	return all
}

// texts returns our value as the expectations write it: one text, or a list of several; names
// with their groups joined again.
func (d *difference) texts() any { return expectedForm(d.our) }

func expectedForm(e *jsonElement) any {
	var all []any
	for _, v := range e.Value {
		switch v := fromJSON[any](v).(type) {
		case map[string]any:
			s := textOf(v[nameGroups[0]]) + "=" + textOf(v[nameGroups[1]]) + "=" + textOf(v[nameGroups[2]])
			all = append(all, strings.TrimRight(s, "="))
		default:
			all = append(all, v)
		}
	}
	switch len(all) {
	case 0:
		return ""
	case 1:
		return all[0]
	}
	return all
}
