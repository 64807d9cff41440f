package dicommeta

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// dumpedLines returns what dcmdump prints of a file's data set, without lengths of groups and
// of sequences, which are to differ around a change.
func dumpedLines(dcmdump, file string) ([]string, error) {
	out, err := exec.Command(dcmdump, "-q", "-M", "+L", file).Output()
	var lines []string
	for _, line := range strings.Split(string(out), "\n") {
		code, _, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || !strings.HasPrefix(code, "(") || strings.Contains(line, "(0002,") {
			continue
		}
		text, _, _ := strings.Cut(line, "#")
		if strings.Contains(text, " SQ (") || strings.Contains(text, "(fffe,") || strings.HasSuffix(code, ",0000)") {
			text = code
		}
		lines = append(lines, strings.TrimRight(text, " "))
	}
	return lines, err
}

// TestDCMTKReadsPatchedFilesAsChanged asks dcmdump what it sees before and after: of the lines
// that it prints, none but those of the changes may differ.
func TestDCMTKReadsPatchedFilesAsChanged(t *testing.T) {
	dcmdump, err := exec.LookPath("dcmdump")
	if err != nil {
		t.Skip("dcmdump is not here")
	}
	dir, seen := t.TempDir(), 0
	n := 0
	for name, b := range sharedFiles(t) {
		if n++; n%31 != 0 || len(b) > 300<<10 {
			continue
		}
		x, err := Parse(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil || x.Partial || !x.Preamble || x.Stop.Tag != 0 && x.Stop.Tag < dict.PatientComments {
			continue
		}
		changes := []Change{
			set(TextElement(dict.PatientComments, "changed by a test")),
			{Path: Path{{Tag: dict.StudyDate}}, Action: ActionRemove},
		}
		out, _, err := patched(b, changes, nil)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		files := []string{filepath.Join(dir, "a.dcm"), filepath.Join(dir, "b.dcm")}
		for i, content := range [][]byte{b, out} {
			if err := os.WriteFile(files[i], content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		before, err := dumpedLines(dcmdump, files[0])
		if err != nil {
			continue // it cannot read the file as it was
		}
		after, err := dumpedLines(dcmdump, files[1])
		if err != nil {
			t.Errorf("%s: dcmdump reads the file before, not after", name)
			continue
		}
		top := func(tag string) func(string) bool {
			return func(line string) bool { return strings.HasPrefix(line, tag) }
		}
		if !slices.ContainsFunc(after, func(line string) bool {
			return strings.HasPrefix(line, "(0010,4000)") && strings.Contains(line, "changed by a test")
		}) {
			t.Errorf("%s: want the new comment", name)
		}
		if slices.ContainsFunc(after, top("(0008,0020)")) {
			t.Errorf("%s: want no study date", name)
		}
		for _, tag := range []string{"(0010,4000)", "(0008,0020)"} {
			before, after = slices.DeleteFunc(before, top(tag)), slices.DeleteFunc(after, top(tag))
		}
		if !x.Has(dict.DirectoryRecordSequence) && !slices.Equal(before, after) {
			for i := range before {
				if i >= len(after) || before[i] != after[i] {
					t.Errorf("%s: line %d differs", name, i)
					break
				}
			}
		}
		seen++
	}
	t.Logf("%d files compared", seen)
	if seen < 20 {
		t.Errorf("want at least 20 files compared, have %d", seen)
	}
}

func TestPatchMovesTheOffsetsOfADirectory(t *testing.T) {
	moved := 0
	for name, b := range sharedFiles(t) {
		x, err := Parse(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil || x.Partial || !x.Has(dict.DirectoryRecordSequence) {
			continue
		}
		changes := []Change{set(TextElement(dict.FileSetID, "A LONGER NAME"))}
		items := x.Items(dict.DirectoryRecordSequence)
		for i := range items {
			if items[i].Has(dict.PatientName) {
				changes = append(changes, set(TextElement(dict.PatientName, "Somebody^Else^Of^This^Name"), Step{Tag: dict.DirectoryRecordSequence, Item: i + 1}))
			}
		}
		out, _, err := patched(b, changes, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		y, err := Parse(bytes.NewReader(out), int64(len(out)), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// An offset leads to the same record before and after.
		record := func(d *Dataset) map[int64]int {
			at := map[int64]int{}
			for i, item := range d.Items(dict.DirectoryRecordSequence) {
				at[item.Offset] = i + 1
			}
			return at
		}
		was, is := record(&x.Dataset), record(&y.Dataset)
		check := func(before, after *Dataset) {
			for i := range before.Elements {
				e := &before.Elements[i]
				if !isDirectoryOffset(e.Tag) {
					continue
				}
				from, _ := before.Int(e.Tag)
				to, _ := after.Int(e.Tag)
				if was[from] != is[to] || from == 0 != (to == 0) {
					t.Errorf("%s: %s: want record %d, have %d", name, e.Tag, was[from], is[to])
				}
				if was[from] > 0 {
					moved++
				}
			}
		}
		check(&x.Dataset, &y.Dataset)
		for i := range items {
			check(&items[i], &y.Items(dict.DirectoryRecordSequence)[i])
		}
	}
	if moved < 100 {
		t.Errorf("want at least 100 offsets followed, have %d", moved)
	}
}
