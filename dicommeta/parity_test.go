package dicommeta

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

// jsonElement is an element of the DICOM JSON model as encoding/json reads it.
type jsonElement struct {
	VR           string            `json:"vr"`
	Value        []json.RawMessage `json:"Value"`
	InlineBinary *string           `json:"InlineBinary"`
	BulkDataURI  *string           `json:"BulkDataURI"`
}

func (e *jsonElement) empty() bool {
	return len(e.Value) == 0 && (e.InlineBinary == nil || *e.InlineBinary == "") && e.BulkDataURI == nil
}

type jsonDataset map[string]jsonElement

// reference is what pydicom reads of one file.
type reference struct {
	Path         string      `json:"path"`
	Parse        string      `json:"parse"` // ok, meta only, empty, error
	Meta         jsonDataset `json:"meta"`
	JSON         jsonDataset `json:"json"`
	NotConverted [][2]string `json:"not_converted"`
}

// difference is one element that is not what the reference says.
type difference struct {
	file, path string
	kind       string // missing, extra, vr, value, items
	tag        dict.Tag
	ref, our   *jsonElement // nil where there is none
	e          *Element     // ours
	d          *Dataset     // that e belongs or would belong to
	top        bool         // d is the whole data set
	x          *Instance
	line       *reference
	expected   map[string]any // of a made file
}

// key names a difference without any value.
func (d *difference) key() string {
	k := d.file + "\t" + d.path + "\t" + d.kind
	if d.kind == "vr" {
		k += " " + d.ref.VR + " " + d.our.VR
	}
	return k
}

// parity compares the elements of one file.
type parity struct {
	x        *Instance
	line     *reference
	issues   issue.List
	elements int
	all      []difference
}

// parityOf reads a file and returns its differences from the reference.
func parityOf(t *testing.T, root string, line *reference) (*parity, error) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, line.Path))
	if err != nil {
		t.Fatal(err)
	}
	x, err := Parse(bytes.NewReader(b), int64(len(b)), &ReadOptions{KeepBytes: -1, MaxDepth: 1000, MaxBytes: 256 << 20})
	if err != nil {
		return nil, err
	}
	p := &parity{x: x, line: line, issues: slices.Clone(x.Issues)}
	p.dataset("", &x.Meta, line.Meta, asJSON(t, line.Path, &x.Meta))
	p.dataset("", &x.Dataset, line.JSON, asJSON(t, line.Path, &x.Dataset))
	return p, nil
}

// asJSON writes a data set and reads it with encoding/json. Values of more than 1,024 bytes are
// named by their hash, as in the reference.
func asJSON(t *testing.T, file string, d *Dataset) jsonDataset {
	t.Helper()
	b := AppendJSON(nil, d, &JSONOptions{BulkDataURI: func(_ Path, _ *Dataset, e *Element) string {
		return hashed(e.Value)
	}})
	var out jsonDataset
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	back, issues, err := ParseJSON(b, &ParseJSONOptions{MaxDepth: 1000})
	if err != nil || len(issues) > 0 && !slices.ContainsFunc(d.Elements, func(e Element) bool { return e.VR == 0 }) {
		t.Errorf("%s: read back: %v %v", file, issues, err)
	}
	if again := AppendJSON(nil, &back, nil); !bytes.Equal(b, again) {
		t.Errorf("%s: want the same JSON of what was read from it, have other", file)
	}
	return out
}

func hashed(b []byte) string { return fmt.Sprintf("sha256:%x;length=%d", sha256.Sum256(b), len(b)) }

func (p *parity) dataset(at string, d *Dataset, ref, our jsonDataset) {
	names := maps.Clone(ref)
	if names == nil {
		names = jsonDataset{}
	}
	maps.Copy(names, our)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		p.elements++
		tag, err := dict.ParseTag(name)
		if err != nil {
			panic(err) // AppendJSON and the reference write tags
		}
		diff := difference{file: p.line.Path, path: at + name, tag: tag, d: d, e: d.Find(tag), top: at == "", x: p.x, line: p.line}
		if r, ok := ref[name]; ok {
			diff.ref = &r
		}
		if o, ok := our[name]; ok {
			diff.our = &o
		}
		p.element(&diff)
	}
}

func (p *parity) element(d *difference) {
	switch {
	case d.our == nil:
		d.kind = "missing"
	case d.ref == nil:
		d.kind = "extra"
	case d.ref.VR != d.our.VR:
		d.kind = "vr"
	case d.ref.VR == "SQ":
		for i := range min(len(d.ref.Value), len(d.our.Value), len(d.e.Items)) {
			p.dataset(fmt.Sprintf("%s[%d].", d.path, i), &d.e.Items[i], fromJSON[jsonDataset](d.ref.Value[i]), fromJSON[jsonDataset](d.our.Value[i]))
		}
		if len(d.ref.Value) == len(d.our.Value) {
			return
		}
		d.kind = "items"
	case d.ref.BulkDataURI != nil && *d.ref.BulkDataURI == hashed(d.e.Value):
		return // the bound of the reference is another in odd lengths
	case sameValues(d.ref, d.our, d.our.VR):
		return
	default:
		d.kind = "value"
	}
	p.all = append(p.all, *d)
}

func fromJSON[T any](b []byte) (v T) {
	if err := json.Unmarshal(b, &v); err != nil {
		panic(err)
	}
	return v
}

// sameValues compares values as the VR means them: numbers as numbers of its size, names by
// component group, and an empty string as null.
func sameValues(ref, our *jsonElement, vr string) bool {
	if ref.empty() && our.empty() {
		return true
	}
	if (ref.InlineBinary == nil) != (our.InlineBinary == nil) || (ref.BulkDataURI == nil) != (our.BulkDataURI == nil) || len(ref.Value) != len(our.Value) {
		return false
	}
	switch {
	case ref.InlineBinary != nil:
		return *ref.InlineBinary == *our.InlineBinary
	case ref.BulkDataURI != nil:
		return *ref.BulkDataURI == *our.BulkDataURI
	}
	for i := range ref.Value {
		if !sameValue(fromJSON[any](ref.Value[i]), fromJSON[any](our.Value[i]), vr) {
			return false
		}
	}
	return true
}

func sameValue(ref, our any, vr string) bool {
	if group, ok := ref.(map[string]any); ok {
		have, _ := our.(map[string]any)
		for _, g := range nameGroups {
			if a, b := textOf(group[g]), textOf(have[g]); a != b {
				return false
			}
		}
		return true
	}
	if a, ok := textOf(ref), false; a != "" || ref == nil || ref == "" {
		_, isText := our.(float64)
		if ok = !isText; ok {
			return a == textOf(our)
		}
	}
	a, okA := asFloat(ref)
	b, okB := asFloat(our)
	if !okA || !okB {
		return false
	}
	if vr == "FL" {
		return float32(a) == float32(b)
	}
	return a == b
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}

func asFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case string:
		return parseFloat([]byte(strings.TrimPrefix(strings.TrimSpace(v), "+")), 64)
	}
	return 0, false
}

// references returns the lines of the reference values.
func references(t *testing.T) (root string, lines []reference) {
	t.Helper()
	root = golden.Shared(t, "data/dicom/files")
	f, err := os.Open(filepath.Join(golden.Shared(t, "data/dicom/reference"), "pydicom.ndjson.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for dec := json.NewDecoder(bufio.NewReader(z)); dec.More(); {
		var r reference
		if err := dec.Decode(&r); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, r)
	}
	return root, lines
}

// bytesOf returns the bytes of an InlineBinary.
func bytesOf(e *jsonElement) []byte {
	if e == nil || e.InlineBinary == nil {
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(*e.InlineBinary)
	if err != nil {
		panic(err)
	}
	return b
}
