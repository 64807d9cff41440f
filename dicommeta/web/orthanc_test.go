package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/internal/dicomgen"
	"github.com/carabiner-health/carabiner/internal/golden"
	"github.com/carabiner-health/carabiner/issue"
)

// orthanc is a running server.
type orthanc struct {
	address       string // of Orthanc itself, without a slash
	authorization string
}

// startOrthanc starts Orthanc with its DICOMweb plugin on the loopback. It skips the test where
// they are not installed and fails it there when CI=true.
func startOrthanc(t *testing.T) *orthanc {
	t.Helper()
	absent := t.Skipf
	if os.Getenv("CI") == "true" {
		absent = t.Fatalf
	}
	binary, err := exec.LookPath("Orthanc")
	if err != nil {
		absent("Orthanc is not here (Debian: apt-get install orthanc orthanc-dicomweb): %v", err)
	}
	plugin := ""
	for _, dir := range []string{"/usr/share/orthanc/plugins", "/usr/lib/orthanc", "/usr/local/share/orthanc/plugins"} {
		if found, _ := filepath.Glob(filepath.Join(dir, "libOrthancDicomWeb.so*")); len(found) > 0 {
			plugin = found[0]
			break
		}
	}
	if plugin == "" {
		absent("Orthanc's DICOMweb plugin is not here (Debian: apt-get install orthanc-dicomweb)")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	dir := t.TempDir()
	config, err := json.Marshal(map[string]any{
		"Name": "test", "StorageDirectory": filepath.Join(dir, "storage"), "IndexDirectory": filepath.Join(dir, "storage"),
		"Plugins": []string{plugin}, "HttpPort": port, "DicomServerEnabled": false, "RemoteAccessAllowed": false,
		"AuthenticationEnabled": true, "RegisteredUsers": map[string]string{"tester": "only-for-this-test"},
		"DicomWeb": map[string]any{"Enable": true, "Root": "/dicom-web/", "EnableWado": false, "StudiesMetadata": "Full", "SeriesMetadata": "Full"},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "orthanc.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, file)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		log.Close()
	})
	o := &orthanc{address: "http://127.0.0.1:" + strconv.Itoa(port), authorization: "Basic " + base64.StdEncoding.EncodeToString([]byte("tester:only-for-this-test"))}
	for range 200 {
		if _, code, err := o.do(http.MethodGet, "/system", "", nil); err == nil && code == http.StatusOK {
			return o
		}
		time.Sleep(50 * time.Millisecond)
	}
	said, _ := os.ReadFile(log.Name())
	t.Fatalf("Orthanc does not answer; it says:\n%s", said)
	return nil
}

func (o *orthanc) do(method, path, contentType string, body []byte) (answer []byte, code int, err error) {
	req, err := http.NewRequest(method, o.address+path, bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Authorization", o.authorization)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("Accept", "application/dicom+json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return answer, resp.StatusCode, err
}

// store sends a file by STOW-RS (PS3.18 §10.5) and reports whether the server took it.
func (o *orthanc) store(t *testing.T, file []byte) bool {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreatePart(textproto.MIMEHeader{"Content-Type": {"application/dicom"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	kind := fmt.Sprintf(`multipart/related; type="application/dicom"; boundary=%s`, w.Boundary())
	_, code, err := o.do(http.MethodPost, "/dicom-web/studies", kind, b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return code == http.StatusOK
}

// sample is a file for the server.
type sample struct {
	name  string // base name of a shared file, "" of one made here
	bytes []byte
}

// samples are two studies made here, and shared files where they are.
func samples(t *testing.T) (files []sample, shared bool) {
	t.Helper()
	st := dicomgen.Study{
		Patient: dicomgen.Patient{ID: "N01", Name: "Åström^Göran", BirthDate: "19580412", Sex: "M"},
		UID:     "2.25.3293847561.78", ID: "S78", Date: "20240901", Time: "100000", Accession: "A0078", Description: "Test",
	}
	other := st
	other.UID, other.Accession = "2.25.3293847561.79", "A0079"
	objects := dicomgen.CT(&st, &dicomgen.Siemens, 1, 3)
	objects = append(objects, dicomgen.StructureSet(&st, &dicomgen.Plain, 2, objects[:3]))
	objects = append(objects, dicomgen.MR(&other, &dicomgen.GE, 1, 2)...)
	for i := range objects {
		objects[i].Shrink(8)
		b, err := objects[i].Bytes()
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, sample{"", b})
	}
	root := os.Getenv("CARABINER_SHARED")
	if root == "" {
		root = filepath.Join(filepath.Dir(golden.Root(t)), "shared")
	}
	for _, pattern := range []string{"made/objects/*/*.dcm", "made/charsets/*.dcm", "highdicom/data/test_files/*.dcm", "dcmqi/*/*/*.dcm", "pydicom/test_files/rt*.dcm"} {
		names, err := filepath.Glob(filepath.Join(root, "data/dicom/files", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files, shared = append(files, sample{filepath.Base(name), b}), true
		}
	}
	return files, shared
}

// peculiarities are the differences of Orthanc 1.10 and its DICOMweb plugin 1.7, with how they can be
// seen; ours or theirs is nil where there is no element.
var peculiarities = []struct {
	name, reason string
	shared       bool // seen with shared files alone
	holds        func(file string, ours, theirs *dicommeta.Element) bool
}{
	{"pixel data", "it names where the pixel data is; a header ends before", false, func(_ string, ours, theirs *dicommeta.Element) bool {
		return ours == nil && theirs.Tag == dict.PixelData
	}},
	{"bulk data", "it keeps binary values apart", false, func(_ string, ours, theirs *dicommeta.Element) bool {
		return ours != nil && theirs != nil && theirs.URI != "" && !ours.VR.IsText() && ours.VR != dict.SQ
	}},
	{"digits", "it takes decimal strings for float64 and writes 17 digits of them", false, func(_ string, ours, theirs *dicommeta.Element) bool {
		if ours == nil || theirs == nil || ours.VR != dict.DS {
			return false
		}
		a, b := dicommeta.NewDataset(*ours), dicommeta.NewDataset(*theirs)
		x, okX := a.Floats(ours.Tag)
		y, okY := b.Floats(ours.Tag)
		return okX && okY && slices.Equal(x, y)
	}},
	{"private dictionary", "it has none for some blocks that we know", true, func(_ string, ours, theirs *dicommeta.Element) bool {
		return ours != nil && theirs != nil && ours.Tag.IsPrivate() && theirs.VR == dict.UN
	}},
	{"one character set", "it knows one set a data set, no escapes, no ISO_IR 203, and no guesses", true, func(file string, ours, theirs *dicommeta.Element) bool {
		return ours != nil && theirs != nil && ours.VR.HasCharset() && slices.Contains(oneSet, file)
	}},
}

var oneSet = []string{
	"charset-vr-un.dcm", "iso2022-ir-100-multi.dcm", "iso2022-ir-13-87.dcm", "item-override.dcm", "latin9-euro.dcm", "misspelt-iso-ir-100.dcm",
	"misspelt-utf8.dcm", "none-but-utf8.dcm", "unknown-escape.dcm", "utf8-invalid.dcm",
}

// contrast calls differs for every element of two data sets that is not the same in both.
func contrast(at string, ours, theirs *dicommeta.Dataset, differs func(path string, ours, theirs *dicommeta.Element)) {
	for i := range ours.Elements {
		a := &ours.Elements[i]
		path := at + a.Tag.Hex()
		b := theirs.Find(a.Tag)
		if b == nil || a.VR != b.VR || !bytes.Equal(a.Value, b.Value) || len(a.Items) != len(b.Items) {
			differs(path, a, b)
			continue
		}
		for j := range a.Items {
			contrast(fmt.Sprintf("%s[%d].", path, j+1), &a.Items[j], &b.Items[j], differs)
		}
	}
	for i := range theirs.Elements {
		if b := &theirs.Elements[i]; !ours.Has(b.Tag) {
			differs(at+b.Tag.Hex(), nil, b)
		}
	}
}

func TestOrthancTellsWhatWeRead(t *testing.T) {
	o := startOrthanc(t)
	files, shared := samples(t)
	type reading struct {
		file string
		dicommeta.Dataset
	}
	want := map[string]reading{}
	var rollup dicommeta.Rollup
	for _, f := range files {
		x, err := dicommeta.Parse(bytes.NewReader(f.bytes), int64(len(f.bytes)), &dicommeta.ReadOptions{KeepBytes: -1})
		if err != nil {
			t.Fatal(err)
		}
		// An instance that is there already, or lacks a UID, is not stored.
		if _, twice := want[x.Text(dict.SOPInstanceUID)]; twice || x.Text(dict.StudyInstanceUID) == "" {
			continue
		}
		if !o.store(t, f.bytes) {
			t.Errorf("%s: want it stored", f.name)
			continue
		}
		d, _, err := dicommeta.ParseJSON(dicommeta.AppendJSON(nil, &x.Dataset, nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		want[x.Text(dict.SOPInstanceUID)] = reading{f.name, d}
		rollup.Add(x)
	}
	t.Setenv("ORTHANC_AUTHORIZATION", o.authorization)
	var found issue.Collector
	c, q, err := Open(o.address+"/dicom-web/studies", &Options{AuthorizationEnv: "ORTHANC_AUTHORIZATION", PageSize: 3, Reporter: &found})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	elements, used := 0, map[string]int{}
	instances := 0
	for x, err := range c.ReadInstances(ctx, q) {
		if err != nil {
			t.Fatal(err)
		}
		instances++
		ours := want[x.Text(dict.SOPInstanceUID)]
		contrast("", &ours.Dataset, &x.Dataset, func(path string, a, b *dicommeta.Element) {
			for _, p := range peculiarities {
				if p.holds(ours.file, a, b) {
					used[p.name]++
					return
				}
			}
			t.Errorf("%s %s: want what we read, have another", ours.file, path)
		})
		ours.Walk(func(dicommeta.Path, *dicommeta.Dataset, *dicommeta.Element) bool { elements++; return true })
	}
	if instances != len(want) {
		t.Errorf("want %d instances, have %d", len(want), instances)
	}
	for _, p := range peculiarities {
		if used[p.name] == 0 && (shared || !p.shared) {
			t.Errorf("%s: want it to be seen; it may be gone from this version", p.name)
		}
	}
	for _, is := range found.List() {
		t.Errorf("want no finding, have %s", is)
	}
	t.Logf("%d instances, %d elements, differences %v", instances, elements, used)
	sameStudies(t, c, &rollup)
	searches(t, o, c)
}

// sameStudies compares the outline of the server's studies with that of the files.
func sameStudies(t *testing.T, c *Client, rollup *dicommeta.Rollup) {
	t.Helper()
	outline := func(s *dicommeta.Study) string {
		line := s.Text(dict.StudyInstanceUID)
		for _, se := range s.Series {
			line += fmt.Sprintf(" %s %s %d", se.Text(dict.SeriesInstanceUID), se.Text(dict.Modality), len(se.Instances))
		}
		return line
	}
	var want, got []string
	studies, _ := rollup.Studies()
	for _, s := range studies {
		want = append(want, outline(s))
	}
	for s, err := range c.ReadStudies(context.Background(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, outline(s))
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("studies (-want +got)\n%s", diff)
	}
}

// searches asks for the two studies made here.
func searches(t *testing.T, o *orthanc, c *Client) {
	t.Helper()
	ctx := context.Background()
	const study = "2.25.3293847561.78"
	for _, s := range []struct {
		name string
		seq  func(func(*dicommeta.Dataset, error) bool)
		want int
	}{
		{"studies of a date", c.Studies(ctx, &Query{Match: url.Values{"AccessionNumber": {"A0078"}}}), 1},
		{"studies of nobody", c.Studies(ctx, &Query{Match: url.Values{"PatientID": {"nobody"}}}), 0},
		{"series", c.Series(ctx, &Query{Study: study}), 2},
		{"series of a modality", c.Series(ctx, &Query{Study: study, Match: url.Values{"Modality": {"CT"}}}), 1},
		{"instances", c.Instances(ctx, &Query{Study: study}), 4},
		{"some instances", c.Instances(ctx, &Query{Study: study, Limit: 2}), 2},
		{"metadata", c.Metadata(ctx, study, ""), 4},
	} {
		if got, err := drain(s.seq, 0); err != nil || len(got) != s.want {
			t.Errorf("%s: want %d results, have %d and %v", s.name, s.want, len(got), err)
		}
	}
	var status *StatusError
	if _, err := drain(c.Metadata(ctx, "1.2.3.4", ""), 0); !errors.As(err, &status) || status.Code != http.StatusNotFound {
		t.Errorf("want status 404 for a study that is not there, have %v", err)
	}
	stranger, err := NewClient(o.address+"/dicom-web", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := drain(stranger.Studies(ctx, nil), 0); !errors.As(err, &status) || status.Code != http.StatusUnauthorized {
		t.Errorf("want status 401 without authorization, have %v", err)
	}
}
