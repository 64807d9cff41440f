package dicommeta

import (
	"bytes"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

type bytesFile struct{ *bytes.Reader }

func (bytesFile) Close() error { return nil }

// numbered yields n files: every third is text, the others carry their number.
func numbered(t *testing.T, n int) iter.Seq2[Source, error] {
	t.Helper()
	return func(yield func(Source, error) bool) {
		for i := range n {
			var b bytes.Buffer
			if i%3 == 2 {
				b.WriteString("plain text that is not DICOM, long enough to be looked at by anybody who reads")
			} else if err := Write(&b, &Instance{Preamble: true, TransferSyntax: "1.2.840.10008.1.2.1", Dataset: NewDataset(
				TextElement(dict.SOPClassUID, "1.2.840.10008.5.1.4.1.1.2"), TextElement(dict.SOPInstanceUID, fmt.Sprintf("2.25.%d", i+1)),
				TextElement(dict.InstanceNumber, fmt.Sprint(i)),
			)}, nil); err != nil {
				t.Fatal(err)
			}
			text := b.Bytes()
			src := Source{Name: fmt.Sprint(i), Size: int64(len(text)), Modified: time.Unix(0, 0), Open: func() (File, error) { return bytesFile{bytes.NewReader(text)}, nil }}
			if !yield(src, nil) {
				return
			}
		}
	}
}

func TestGatherKeepsTheOrderOfSourcesForResultsAndFindings(t *testing.T) {
	const n = 200
	for _, workers := range []int{1, 2, 5} {
		var have, want []string
		for i := range n {
			if i%3 == 2 {
				want = append(want, fmt.Sprintf("%d: %s", i, CodeNotDICOM))
			} else {
				want = append(want, fmt.Sprint(i))
			}
		}
		opts := &ReadOptions{Workers: workers, Reporter: issue.ReporterFunc(func(i issue.Issue) error {
			have = append(have, fmt.Sprintf("%s: %s", i.Pos.Source, i.Code))
			return nil
		})}
		stats, err := Gather(t.Context(), numbered(t, n), opts,
			func(_ int, x *Instance) (string, error) { return x.Text(dict.InstanceNumber), nil },
			func(s string) error { have = append(have, s); return nil })
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%d workers (-want +have):\n%s", workers, diff)
		}
		if stats.Files != n || stats.NotDICOM != n/3 || stats.Instances != n-n/3 {
			t.Errorf("%d workers: %+v does not add up", workers, stats)
		}
	}
}
