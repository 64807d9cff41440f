package vocab

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/issue"
)

// FuzzConceptFile reads any bytes as CONCEPT: every line is accounted for, and
// in Athena's dialect the concepts are those of the plainest reader.
func FuzzConceptFile(f *testing.F) {
	f.Add([]byte("7\tName\tD\tV\tC\tS\tcode\t1\t2\t\n"), false)
	f.Add([]byte("7\t\"Name\tD\tV\tC\tS\tcode\t1\t2\t\r\n7\tName\tD\tV\tC\tS\tcode\t1\t2\tD"), true)
	f.Add([]byte("7\t\"Na\"\"\nme\"\tD\tV\tC\tS\tcode\t1\t2\t\n\n\n8\t"), true)
	f.Fuzz(func(t *testing.T, lines []byte, quotes bool) {
		fsys := fstest.MapFS{
			"CONCEPT.csv":              file(conceptHeader + "0\tNone\tD\tV\tC\t\tnone\t1\t2\t\n" + string(lines)),
			"CONCEPT_RELATIONSHIP.csv": file(relHeader),
		}
		s, r, err := OpenFS(t.Context(), fsys, &BuildOptions{Dialect: Dialect{Quotes: quotes}, Reporter: issue.Discard, Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		c := r.Files[1]
		if c.Lines != c.Used+c.Damaged+c.Duplicate || c.Used != s.Info().Concepts {
			t.Fatalf("lines do not add up: %+v", c)
		}
		if err := s.Verify(); err != nil {
			t.Fatal(err)
		}
		if quotes {
			return
		}
		want := map[int32]string{0: "none"}
		for line := range bytes.Lines(lines) {
			line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
			f := strings.Split(string(line), "\t")
			if len(f) != 10 || f[2] == "" || f[3] == "" || f[4] == "" ||
				!slices.Contains([]string{"", "S", "C"}, f[5]) || !slices.Contains([]string{"", "D", "U"}, f[9]) {
				continue
			}
			id, err := strconv.ParseUint(f[0], 10, 31)
			if _, ok := want[int32(id)]; err == nil && !ok && len(f[0]) <= 10 {
				want[int32(id)] = strings.ToValidUTF8(f[6], "\uFFFD")
			}
		}
		got := map[int32]string{}
		for c := range s.All() {
			got[c.ID] = c.Code
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestReadingInPiecesEqualsReadingAtOnce(t *testing.T) {
	var text strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&text, "%d,\"line\n%d\",with \"\"\n", i, i)
	}
	read := func(c *cutter) (lines []int, all string) {
		var b strings.Builder
		for blk, err := range c.blocks() {
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, blk.line)
			b.Write(blk.data)
			blk.free()
		}
		return lines, b.String()
	}
	for _, quotes := range []bool{false, true} {
		lines, all := read(&cutter{r: strings.NewReader(text.String()), quotes: quotes, line: 1})
		if all != text.String() || len(lines) < 2 {
			t.Fatalf("want the text again from several blocks, have %d bytes from %d", len(all), len(lines))
		}
		pieces, same := read(&cutter{r: iotest.OneByteReader(strings.NewReader(text.String())), quotes: quotes, line: 1})
		if diff := cmp.Diff(lines, pieces); diff != "" || same != all {
			t.Errorf("(-at once +in pieces)\n%s", diff)
		}
	}
	failing := &cutter{r: iotest.ErrReader(iotest.ErrTimeout), line: 1}
	for _, err := range failing.blocks() {
		if err != iotest.ErrTimeout {
			t.Errorf("want the reader's error, have %v", err)
		}
	}
}
