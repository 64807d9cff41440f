package dicommeta

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"maps"
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
	{CodeFunctionalGroup, regexp.MustCompile(`PerFrameFunctionalGroups|SegmentNumber not monotonically|DimensionIndexValues|^NumberOfFrames does not match`)},
	{CodeGeometry, regexp.MustCompile(`Orientation vector|ratio of 1:1`)},
	{CodeLookupTable, regexp.MustCompile(`^LookupTable`)},
	{CodeReference, regexp.MustCompile(`not listed in .*EvidenceSequence|ReferencedSegmentNumber|value is not present in dataset`)},
	{CodeCheck, regexp.MustCompile(``)},
}

// Rules of the form of values have many codes of ours and few words of dciodvfy's.
const (
	formRule    issue.Code = "dicom-value-*"
	charsetRule issue.Code = "dicom-charset-*"
)

// vfyVerdict is one finding as both sides are compared.
type vfyVerdict struct {
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
func judgeByDciodvfy(t *testing.T, file string) (found map[vfyVerdict]string, ok bool) {
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
	found = map[vfyVerdict]string{}
	lines := bufio.NewScanner(&out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if m := groupLine.FindStringSubmatch(line); m != nil {
			found[vfyVerdict{CodeGroupLength, fmt.Sprintf("(%04s,0000)", strings.ToUpper(m[1]))}] = line
			continue
		}
		if strings.Contains(line, "for SCOORD = <no child>") {
			found[vfyVerdict{CodeSRContent, ""}] = line // it names no place
			continue
		}
		m := dciodvfyLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		path := vfyPath(m[2])
		for _, r := range dciodvfyRules {
			if r.text.MatchString(m[3]) {
				if r.code == CodePrivate {
					path = vfyBlockPath(path)
				}
				if r.code != "" {
					found[vfyVerdict{r.code, path}] = line
				}
				break
			}
		}
	}
	return found, lines.Err() == nil
}

// vfyPath turns /ContentSequence(0040,a730)[1]/CodeValue(0008,0100)[1] into
// (0040,A730)[1].(0008,0100).
func vfyPath(s string) string {
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
func judgeByUs(v *Validator, x *Instance) map[vfyVerdict]string {
	found := map[vfyVerdict]string{}
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
			path = vfyBlockPath(path)
		}
		found[vfyVerdict{code, path}] = f.String()
	}
	for _, f := range x.Issues {
		if f.Code == CodeMetaLength && !strings.Contains(f.Message, "have none") { // found by reading
			found[vfyVerdict{CodeGroupLength, "(0002,0000)"}] = f.String()
		}
	}
	return found
}

// vfyComparable drops what one side cannot see: private elements by dciodvfy's dictionary, and
// what follows from another finding.
func vfyComparable(v vfyVerdict, theirs map[vfyVerdict]string) bool {
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
			if _, ok := theirs[vfyVerdict{CodeNotInIOD, p}]; ok {
				return false
			}
		}
	case CodeVM:
		// dciodvfy counts the values of the object's attributes alone, and items as values too.
		_, items := theirs[vfyVerdict{CodeItems, v.path}]
		_, unknown := theirs[vfyVerdict{CodeNotInIOD, v.path}]
		return !items && !unknown
	}
	return true
}

// A vfyTally counts the findings of one rule. named are those differences that the list explains
// by the edition, the judge or the reading.
type vfyTally struct{ both, ours, theirs, named int }

// agreement returns the share of the findings that both sides have, raw and where named
// differences are left out.
func (t vfyTally) agreement() (raw, rest float64) {
	all := t.both + t.ours + t.theirs
	if all == t.named {
		return float64(t.both) / float64(all), 1
	}
	return float64(t.both) / float64(all), float64(t.both) / float64(all-t.named)
}

// A vfyDifference is a line of the list of those that are known.
type vfyDifference struct {
	kind string
	used bool
}

func knownVfyDifferences(t *testing.T) map[string]*vfyDifference {
	t.Helper()
	b, err := os.ReadFile("testdata/dciodvfy-differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]*vfyDifference{}
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 5 || !slices.Contains([]string{"edition", "judge", "reading", "ours"}, f[3]) {
			t.Fatalf("want code, side, path, kind and reason, have %q", line)
		}
		known[strings.Join(f[:3], "\t")] = &vfyDifference{kind: f[3]}
	}
	return known
}

// dciodvfyComparison gathers what both sides say of all files.
type dciodvfyComparison struct {
	rules               map[issue.Code]*vfyTally
	known               map[string]*vfyDifference
	lines               []string
	files               int
	errors, falseErrors int
}

func (c *dciodvfyComparison) rule(code issue.Code) *vfyTally {
	if c.rules[code] == nil {
		c.rules[code] = new(vfyTally)
	}
	return c.rules[code]
}

// differ notes a finding of one side; it returns whether the list explains it.
func (c *dciodvfyComparison) differ(v vfyVerdict, side, file, line string) bool {
	key := fmt.Sprintf("%s\t%s\t%s", v.code, side, vfyGeneralPath(v.path))
	c.lines = append(c.lines, key+"\t"+file+"\t"+line)
	k := c.known[key]
	if k == nil {
		return false
	}
	k.used = true
	if k.kind != "ours" {
		c.rule(v.code).named++
	}
	return k.kind != "ours"
}

func (c *dciodvfyComparison) add(file string, ours, theirs map[vfyVerdict]string) {
	c.files++
	for w, line := range ours {
		isError := strings.Contains(line, ": error: ") || strings.HasPrefix(line, "error: ")
		if isError {
			c.errors++
		}
		if !vfyComparable(w, theirs) {
			continue
		}
		if _, ok := theirs[w]; ok {
			c.rule(w.code).both++
			continue
		}
		c.rule(w.code).ours++
		if !c.differ(w, "ours", file, line) && isError {
			c.falseErrors++
		}
	}
	for w, line := range theirs {
		if _, ok := ours[w]; !ok && vfyComparable(w, theirs) {
			c.rule(w.code).theirs++
			c.differ(w, "theirs", file, line)
		}
	}
}

// vfySampled leaves out most slices of the long series, but in CI.
func vfySampled(rel string) bool {
	return os.Getenv("CI") == "true" || os.Getenv("CARABINER_DIFFERENCES") != "" ||
		!strings.HasPrefix(rel, "dcm_qa") || strings.HasSuffix(rel, "1.dcm")
}

// The bar: per rule at least 95 % of the findings agree where the list of differences names no
// other edition, no mistake of the judge and no damage, and at most 1 % of our errors are
// neither dciodvfy's nor the standard's.
func TestValidatorAgreesWithDciodvfy(t *testing.T) {
	if _, err := exec.LookPath("dciodvfy"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("want dciodvfy (Debian package dicom3tools), have none")
		}
		t.Skip("dciodvfy is not installed")
	}
	v := validatorOf(t, &ValidateOptions{PerCode: -1})
	root := golden.Shared(t, "data/dicom/files")
	c := &dciodvfyComparison{rules: map[issue.Code]*vfyTally{}, known: knownVfyDifferences(t)}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil || !vfySampled(rel) {
			return err
		}
		if x := vfyInstance(t, name); x != nil {
			if theirs, ok := judgeByDciodvfy(t, name); ok {
				c.add(rel, judgeByUs(v, x), theirs)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(c.lines)
	if to := os.Getenv("CARABINER_DIFFERENCES"); to != "" {
		if err := os.WriteFile(to, []byte(strings.Join(c.lines, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(c.rules)) {
		r := c.rules[code]
		raw, rest := r.agreement()
		t.Logf("%-26s both %6d  only ours %3d  only theirs %3d  named %3d  agreement %6.2f %%, raw %6.2f %%", code, r.both, r.ours, r.theirs, r.named, 100*rest, 100*raw)
		if rest < 0.95 {
			t.Errorf("%s: want agreement of 95 %%, have %.1f %%", code, 100*rest)
		}
	}
	t.Logf("%d files, %d errors of ours, %d of them neither dciodvfy's nor named", c.files, c.errors, c.falseErrors)
	if c.files < 400 || 100*c.falseErrors > c.errors {
		t.Errorf("want 400 files and at most 1 %% false errors, have %d files and %d of %d", c.files, c.falseErrors, c.errors)
	}
	c.unlisted(t)
}

// unlisted reports differences that the list lacks, and its lines that nothing needs.
func (c *dciodvfyComparison) unlisted(t *testing.T) {
	seen := map[string]bool{}
	for _, line := range c.lines {
		f := strings.SplitN(line, "\t", 5)
		key := strings.Join(f[:3], "\t")
		if c.known[key] == nil && !seen[key] {
			seen[key] = true
			t.Errorf("a new difference: %s, in %s", key, f[3])
		}
	}
	for key, k := range c.known {
		if !k.used {
			t.Errorf("a difference that is no more: %s", key)
		}
	}
}

var vfyItemNumber = regexp.MustCompile(`\[\d+\]`)

// vfyGeneralPath leaves out the numbers of items.
func vfyGeneralPath(path string) string { return vfyItemNumber.ReplaceAllString(path, "") }

// vfyBlockPath names the private block of an element, without the numbers of items, which
// dciodvfy leaves out there.
func vfyBlockPath(path string) string {
	path = vfyGeneralPath(path)
	if i := len(path) - len("1234)"); i > 0 && path[i:i+2] != "00" {
		return path[:i+2] + "00)"
	}
	return path
}

// vfyInstance reads a file, nil if it is no DICOM that can be read whole.
func vfyInstance(t testing.TB, name string) *Instance {
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
