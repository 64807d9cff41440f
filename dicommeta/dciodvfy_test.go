package dicommeta

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

// The rules that are compared with dciodvfy, and how it words them. The first pattern that
// matches counts; "" leaves a line out.
var dciodvfyRules = []struct {
	code issue.Code
	text *regexp.Regexp
}{
	{CodeType1Missing, regexp.MustCompile(`^Missing attribute for Type 1 `)},
	{CodeType1CMissing, regexp.MustCompile(`^Missing attribute for Type 1C `)},
	{CodeType2Missing, regexp.MustCompile(`^Missing attribute for Type 2 `)},
	{CodeType2CMissing, regexp.MustCompile(`^Missing attribute for Type 2C `)},
	{CodeDirectoryKey, regexp.MustCompile(`needed to build DICOMDIR`)},
	{CodeType1Empty, regexp.MustCompile(`^Empty attribute .* for Type 1 `)},
	{CodeType1CEmpty, regexp.MustCompile(`^Empty attribute .* for Type 1C |^Attribute present but empty .* for Type 1C`)},
	{CodeType1CUnexpected, regexp.MustCompile(`^Attribute present when condition unsatisfied .* Type 1C`)},
	{CodeType2CUnexpected, regexp.MustCompile(`^Attribute present when condition unsatisfied .* Type 2C`)},
	{CodeItems, regexp.MustCompile(`^Bad Sequence number of Items`)},
	{CodeVM, regexp.MustCompile(`^Bad attribute Value Multiplicity`)},
	{CodeEnumeratedValue, regexp.MustCompile(`^Unrecognized enumerated value`)},
	{CodeDefinedTerm, regexp.MustCompile(`^Unrecognized defined term`)},
	{CodeZero, regexp.MustCompile(`^Value is zero`)},
	{CodeRetired, regexp.MustCompile(`^Retired attribute`)},
	{CodeNotInIOD, regexp.MustCompile(`^Attribute is not present in standard DICOM IOD`)},
	{CodePixelData, regexp.MustCompile(`^PixelData has incorrect|exceeds 8$|exceeds 16$`)},
	{CodeVRMismatch, regexp.MustCompile(`^Explicit value representation doesn't match|^Invalid Value Representation (..|for Type)`)},
	{CodeUnknownTag, regexp.MustCompile(`^Unrecognized tag`)},
	{CodePrivate, regexp.MustCompile(`^Private tag without owner|^Bad private owner|^Private creator is not LO|not in a legal private group`)},
	{CodeUIDRoot, regexp.MustCompile(`^Illegal root for UID`)},
	{CodeUIDReused, regexp.MustCompile(`has same value as .*UID`)},
	{CodeMeta, regexp.MustCompile(`MediaStorageSOP|Bad FileMetaInformationVersion`)},
	{CodePersonName, regexp.MustCompile(`Retired Person Name form`)},
	{charsetRule, regexp.MustCompile(`character repertoire`)},
	{formRule, regexp.MustCompile(`^Value invalid for this VR|^Trailing character`)},
	{"", regexp.MustCompile(`Bad group$|Overriding VR|^Value representation unsupported|^Unrecognized or unsupported`)},
	{CodeFunctionalGroup, regexp.MustCompile(`PerFrameFunctionalGroups|SegmentNumber not monotonically`)},
	{CodeGeometry, regexp.MustCompile(`Orientation vector|ratio of 1:1`)},
	{CodeLookupTable, regexp.MustCompile(`^LookupTable`)},
	{CodeReference, regexp.MustCompile(`not listed in .*EvidenceSequence|value is not present in dataset`)},
	{CodeCheck, regexp.MustCompile(``)},
}

// Rules of the form of values have many codes of ours and few words of dciodvfy's.
const (
	formRule    issue.Code = "dicom-value-*"
	charsetRule issue.Code = "dicom-charset-*"
)

// verdict is one finding as both sides are compared.
type verdict struct {
	code issue.Code
	path string
}

var (
	dciodvfyLine = regexp.MustCompile(`^(Error|Warning) - <(/.*?)> - (.*)$`)
	dciodvfyStep = regexp.MustCompile(`/[A-Za-z0-9_]*\(([0-9a-f]{4}),([0-9a-f]{4})(?:,"[^"]*")?\)(?:\[(\d+)\])?\s*`)
	groupLine    = regexp.MustCompile(`^Warning - Bad group length - Group 0x([0-9a-f]+) `)
)

// judgeByDciodvfy returns what dciodvfy finds, and the lines that no rule is known for. ok
// is false where it could not read the file to its end or knows no such object.
func judgeByDciodvfy(t *testing.T, file string) (found map[verdict]string, ok bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "dciodvfy", "-new", file)
	var out bytes.Buffer
	cmd.Stderr = &out
	stdout, err := cmd.Output()
	if e, is := err.(*exec.ExitError); err != nil && (!is || !e.Exited()) {
		return nil, false
	}
	for _, s := range []string{"read failed", "Information Object Not found", "Assertion", "Seek failed", "Tags out of order"} {
		if bytes.Contains(out.Bytes(), []byte(s)) || bytes.Contains(stdout, []byte(s)) {
			return nil, false
		}
	}
	found = map[verdict]string{}
	lines := bufio.NewScanner(&out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if m := groupLine.FindStringSubmatch(line); m != nil {
			found[verdict{CodeGroupLength, fmt.Sprintf("(%04s,0000)", strings.ToUpper(m[1]))}] = line
			continue
		}
		if strings.Contains(line, "for SCOORD = <no child>") {
			found[verdict{CodeSRContent, ""}] = line // it names no place
			continue
		}
		m := dciodvfyLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		path := ourPath(m[2])
		for _, r := range dciodvfyRules {
			if r.text.MatchString(m[3]) {
				if r.code == CodePrivate {
					path = blockPath(path)
				}
				if r.code != "" {
					found[verdict{r.code, path}] = line
				}
				break
			}
		}
	}
	return found, lines.Err() == nil
}

// ourPath turns /ContentSequence(0040,a730)[1]/CodeValue(0008,0100)[1] into
// (0040,A730)[1].(0008,0100).
func ourPath(s string) string {
	var steps []string
	all := dciodvfyStep.FindAllStringSubmatch(s, -1)
	for i, m := range all {
		step := "(" + strings.ToUpper(m[1]+","+m[2]) + ")"
		if i < len(all)-1 && m[3] != "" {
			step += "[" + m[3] + "]"
		}
		steps = append(steps, step)
	}
	return strings.Join(steps, ".")
}

// judgeByUs returns our findings by the same rules.
func judgeByUs(v *Validator, x *Instance) map[verdict]string {
	found := map[verdict]string{}
	for _, f := range v.Validate(x) {
		code := f.Code
		if formCodes[code] {
			code = formRule
		}
		if charsetCodes[code] {
			code = charsetRule
		}
		path := f.Path
		switch code {
		case CodeSRContent:
			path = ""
		case CodePrivate:
			path = blockPath(path)
		}
		found[verdict{code, path}] = f.String()
	}
	for _, f := range x.Issues {
		if f.Code == CodeMetaLength && !strings.Contains(f.Message, "have none") { // found by reading
			found[verdict{CodeGroupLength, "(0002,0000)"}] = f.String()
		}
	}
	return found
}

// comparable drops what one side cannot see: private elements by dciodvfy's dictionary, and
// what follows from another finding.
func comparable(v verdict, theirs map[verdict]string) bool {
	last := v.path[strings.LastIndexByte(v.path, '.')+1:]
	tag, err := dict.ParseTag(last)
	if err != nil {
		return true
	}
	switch v.code {
	case CodeVRMismatch, CodeUnknownTag:
		return !tag.IsPrivate()
	case CodeNotInIOD:
		// dciodvfy also lists all that is in an unknown sequence.
		for p := v.path; ; {
			i := strings.LastIndexByte(p, '[')
			if i < 0 {
				return true
			}
			p = p[:i]
			if _, ok := theirs[verdict{CodeNotInIOD, p}]; ok {
				return false
			}
		}
	case CodeVM:
		// dciodvfy counts the values of the object's attributes alone, and items as values too.
		_, items := theirs[verdict{CodeItems, v.path}]
		_, unknown := theirs[verdict{CodeNotInIOD, v.path}]
		return !items && !unknown
	}
	return true
}

type tally struct{ both, ours, theirs int }

func (t tally) agreement() float64 {
	if n := t.both + t.ours + t.theirs; n > 0 {
		return float64(t.both) / float64(n)
	}
	return 1
}

func TestValidatorAgreesWithDciodvfy(t *testing.T) {
	if _, err := exec.LookPath("dciodvfy"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("want dciodvfy (Debian package dicom3tools), have none")
		}
		t.Skip("dciodvfy is not installed")
	}
	v, err := NewValidator(&ValidateOptions{PerCode: -1})
	if err != nil {
		t.Fatal(err)
	}
	root := golden.Shared(t, "data/dicom/files")
	rules := map[issue.Code]*tally{}
	var differences []string
	files, errorsOfOurs, falseErrors := 0, 0, 0
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		x := instanceOf(t, name)
		if x == nil {
			return nil
		}
		theirs, ok := judgeByDciodvfy(t, name)
		if !ok {
			return nil
		}
		files++
		rel, _ := filepath.Rel(root, name)
		ours := judgeByUs(v, x)
		note := func(code issue.Code) *tally {
			if rules[code] == nil {
				rules[code] = new(tally)
			}
			return rules[code]
		}
		for w, line := range ours {
			isError := strings.Contains(line, "error: ")
			if isError {
				errorsOfOurs++
			}
			if !comparable(w, theirs) {
				continue
			}
			if _, ok := theirs[w]; ok {
				note(w.code).both++
				continue
			}
			note(w.code).ours++
			if isError {
				falseErrors++
			}
			differences = append(differences, fmt.Sprintf("%s\tours\t%s\t%s\t%s", w.code, generalPath(w.path), rel, line))
		}
		for w, line := range theirs {
			if _, ok := ours[w]; !ok && comparable(w, theirs) {
				note(w.code).theirs++
				differences = append(differences, fmt.Sprintf("%s\ttheirs\t%s\t%s\t%s", w.code, generalPath(w.path), rel, line))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(differences)
	if to := os.Getenv("CARABINER_DIFFERENCES"); to != "" {
		if err := os.WriteFile(to, []byte(strings.Join(differences, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var codes []issue.Code
	for code := range rules {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		r := rules[code]
		t.Logf("%-26s both %6d  only ours %5d  only theirs %5d  agreement %6.2f %%", code, r.both, r.ours, r.theirs, 100*r.agreement())
	}
	t.Logf("%d files, %d errors of ours, %d of them not of dciodvfy", files, errorsOfOurs, falseErrors)
}

var itemNumber = regexp.MustCompile(`\[\d+\]`)

// generalPath leaves out the numbers of items.
func generalPath(path string) string { return itemNumber.ReplaceAllString(path, "") }

// blockPath names the private block of an element, without the numbers of items, which
// dciodvfy leaves out there.
func blockPath(path string) string {
	path = generalPath(path)
	if i := len(path) - len("1234)"); i > 0 && path[i:i+2] != "00" {
		return path[:i+2] + "00)"
	}
	return path
}

// instanceOf reads a file, nil if it is no DICOM that can be read whole.
func instanceOf(t testing.TB, name string) *Instance {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	x, err := Parse(f, info.Size(), nil)
	if err != nil || x.Partial {
		return nil
	}
	return x
}

// The codes of checkValue, by what dciodvfy tells apart.
var (
	charsetCodes = map[issue.Code]bool{CodeValueText: true, CodeValueMojibake: true}
	formCodes    = map[issue.Code]bool{CodeValueLength: true, CodeValueRepertoire: true, CodeValueForm: true,
		CodeValueRange: true, CodeValuePadding: true}
)
