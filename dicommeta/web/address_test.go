package web

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

func TestOpenTakesAnAddressApart(t *testing.T) {
	for _, c := range []struct {
		in, base string
		want     Query
	}{
		{"https://h", "https://h", Query{Match: url.Values{}}},
		{"https://h:8/dicom-web/", "https://h:8/dicom-web", Query{Match: url.Values{}}},
		{"http://h/a/studies", "http://h/a", Query{Match: url.Values{}}},
		{"http://h/studies/a/studies/1.2", "http://h/studies/a", Query{Study: "1.2", Match: url.Values{}}},
		{"http://h/studies/1.2/series/3.4/", "http://h", Query{Study: "1.2", Series: "3.4", Match: url.Values{}}},
		{"http://h/studies/1.2/series/3.4/instances/5/metadata", "http://h", Query{Study: "1.2", Series: "3.4", Instance: "5", Match: url.Values{}}},
		{"http://h/x/studies?PatientID=1&limit=7", "http://h/x", Query{Limit: 7, Match: url.Values{"PatientID": {"1"}}}},
	} {
		client, q, err := Open(c.in, nil)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if diff := cmp.Diff(c.want, *q); diff != "" || client.base.String() != c.base {
			t.Errorf("%s: base %s (-want +got)\n%s", c.in, client.base, diff)
		}
	}
}

func TestAddressesThatCannotBeAskedAreRefusedWithoutShowingThem(t *testing.T) {
	t.Setenv("EMPTY_AUTHORIZATION", " ")
	t.Setenv("BROKEN_AUTHORIZATION", "Bearer s3cret\r\nX: y")
	for _, c := range []struct {
		in   string
		opts *Options
	}{
		{"s3cret", nil}, {"ftp://s3cret", nil}, {"https://", nil}, {"https://user:s3cret@h", nil}, {"https://h/#s3cret", nil},
		{"https://h/%zzs3cret", nil}, {"https://h/studies?limit=s3cret", nil}, {"https://h/studies?limit=-1", nil}, {"https://h/studies?offset=1", nil},
		{"https://h/studies?%zz=s3cret", nil}, {"https://h/studies/s3cret", nil}, {"https://h/studies/..", nil}, {"https://h/studies//series/1", nil},
		{"https://h", &Options{AuthorizationEnv: "EMPTY_AUTHORIZATION"}}, {"https://h", &Options{AuthorizationEnv: "BROKEN_AUTHORIZATION"}},
		{"https://h", &Options{PageSize: -1}},
	} {
		_, _, err := Open(c.in, c.opts)
		if err == nil {
			t.Errorf("%s: want an error, have none", c.in)
			continue
		}
		discreet(t, err.Error())
	}
	if _, err := NewClient("https://h/studies?PatientName="+patient, nil); err == nil {
		t.Error("want an error for a base with a query")
	} else {
		discreet(t, err.Error())
	}
}

func TestAuthorizationStaysWithItsServer(t *testing.T) {
	t.Setenv("TEST_AUTHORIZATION", "Bearer s3cret")
	var elsewhere http.Header
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere = r.Header.Clone()
		w.WriteHeader(http.StatusNoContent)
	}))
	defer other.Close()
	seen := map[string]string{}
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		seen[r.URL.Path] = r.Header.Get("Authorization")
		switch {
		case r.URL.Path == "/web/studies" && r.URL.Query().Get("away") != "":
			http.Redirect(w, r, other.URL+"/x", http.StatusFound)
		case r.URL.Path == "/web/studies" && r.URL.Query().Get("loop") != "":
			http.Redirect(w, r, r.URL.String(), http.StatusFound)
		case r.URL.Path == "/web/studies":
			http.Redirect(w, r, "/moved", http.StatusTemporaryRedirect)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	})
	var found issue.Collector
	c := open(t, s, Options{AuthorizationEnv: "TEST_AUTHORIZATION", Reporter: &found})
	for _, m := range []url.Values{nil, {"away": {"1"}, "PatientName": {patient}}} {
		if _, err := drain(c.Studies(context.Background(), &Query{Match: m}), 0); err != nil {
			t.Fatal(err)
		}
	}
	if seen["/web/studies"] != "Bearer s3cret" || seen["/moved"] != "Bearer s3cret" {
		t.Error("want the authorization with its own server, have none")
	}
	if elsewhere == nil || elsewhere.Get("Authorization") != "" || elsewhere.Get("Referer") != "" {
		t.Error("want a request without authorization and referer at another server")
	}
	_, err := drain(c.Studies(context.Background(), &Query{Match: url.Values{"loop": {"1"}, "PatientName": {patient}}}), 0)
	if err == nil {
		t.Fatal("want an error for endless redirects")
	}
	discreet(t, err.Error())
	if len(found.List()) != 0 {
		t.Error("want no finding for an authorization on the loopback")
	}
}

func TestRedirectsNeverLeaveTLS(t *testing.T) {
	plain := serve(t, func(int, http.ResponseWriter, *http.Request) { t.Error("want no request without TLS") })
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, plain.URL, http.StatusFound) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshake that fails
	s.StartTLS()
	defer s.Close()
	c, err := NewClient(s.URL, &Options{Transport: s.Client().Transport})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := drain(c.Studies(context.Background(), nil), 0); err == nil {
		t.Error("want an error for a redirect from https to http")
	}
	// A certificate that nobody vouches for is not tried again.
	c, err = NewClient(s.URL, &Options{Wait: 1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := drain(c.Studies(context.Background(), nil), 0); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("want an error of the certificate, have %v", err)
	}
}

func TestAuthorizationWithoutTLSIsReportedOnce(t *testing.T) {
	t.Setenv("TEST_AUTHORIZATION", "Bearer s3cret")
	var found issue.Collector
	c, err := NewClient("http://pacs.invalid", &Options{AuthorizationEnv: "TEST_AUTHORIZATION", Reporter: &found, Transport: nothing{}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := drain(c.Studies(context.Background(), nil), 0); err != nil {
			t.Fatal(err)
		}
	}
	if l := found.List(); len(l) != 1 || l[0].Code != CodePlain {
		t.Errorf("want one finding %s, have %d", CodePlain, len(l))
	}
}

// nothing answers that there is nothing.
type nothing struct{}

func (nothing) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
}

// pacs serves two studies: 1.1 with two series of two and one instances, 1.2 with one instance.
func pacs(t *testing.T) *httptest.Server {
	instance := func(study, series string, n int) string {
		uid := fmt.Sprintf("%s.%s.%d", study, series, n)
		return fmt.Sprintf(`{"00083002":{"vr":"UI","Value":["1.2.840.10008.1.2.1"]},"0020000D":{"vr":"UI","Value":["%s"]},"0020000E":{"vr":"UI","Value":["%s.%s"]},"00080018":{"vr":"UI","Value":["%s"]},"00200013":{"vr":"IS","Value":[%d]},"00080060":{"vr":"CS","Value":["MR"]}}`, study, study, series, uid, n)
	}
	return serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/web/studies":
			fmt.Fprint(w, `[{"0020000D":{"vr":"UI","Value":["1.1"]},"00081030":{"vr":"LO","Value":["Head"]},"00201208":{"vr":"IS","Value":["3"]}},
				{"0020000D":{"vr":"UI","Value":["1.2"]},"00201208":{"vr":"IS","Value":[2]}},{"0020000D":{"vr":"UI","Value":["../x"]}},{}]`)
		case "/web/studies/1.1/metadata":
			fmt.Fprintf(w, "[%s,%s,%s]", instance("1.1", "8", 1), instance("1.1", "9", 2), instance("1.1", "9", 1))
		case "/web/studies/1.1/series/1.1.9/metadata":
			fmt.Fprintf(w, "[%s,%s]", instance("1.1", "9", 2), instance("1.1", "9", 1))
		case "/web/studies/1.2/metadata":
			fmt.Fprintf(w, "[%s]", instance("1.2", "7", 1))
		default:
			http.NotFound(w, r)
		}
	})
}

func TestStudiesAreMadeOfSearchAndMetadata(t *testing.T) {
	s := pacs(t)
	var found issue.Collector
	c := open(t, s, Options{Reporter: &found})
	var got []string
	for study, err := range c.ReadStudies(context.Background(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		line := study.Text(dict.StudyInstanceUID) + " " + study.Text(dict.StudyDescription)
		for _, se := range study.Series {
			line += " | " + se.Text(dict.SeriesInstanceUID)
			for _, m := range se.Instances {
				line += " " + m.Text(dict.SOPInstanceUID) + " " + strings.TrimPrefix(m.Source, s.URL) + " " + m.TransferSyntax
			}
		}
		got = append(got, line)
	}
	const ts = " 1.2.840.10008.1.2.1"
	want := []string{
		"1.1 Head | 1.1.8 1.1.8.1 /web/studies/1.1/series/1.1.8/instances/1.1.8.1" + ts + " | 1.1.9 1.1.9.1 /web/studies/1.1/series/1.1.9/instances/1.1.9.1" + ts +
			" 1.1.9.2 /web/studies/1.1/series/1.1.9/instances/1.1.9.2" + ts,
		"1.2  | 1.2.7 1.2.7.1 /web/studies/1.2/series/1.2.7/instances/1.2.7.1" + ts,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var codes []issue.Code
	for _, is := range found.List() {
		codes = append(codes, is.Code)
	}
	// The study of two instances that has one, the study whose UID is a path, the result of nothing.
	if diff := cmp.Diff([]issue.Code{CodeCount, CodeNoUID, CodeNoUID}, codes); diff != "" {
		t.Errorf("findings (-want +got)\n%s", diff)
	}
}

func TestInstancesOfOneSeries(t *testing.T) {
	s := pacs(t)
	c, q, err := Open(s.URL+"/web/studies/1.1/series/1.1.9", nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for x, err := range c.ReadInstances(context.Background(), q) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, x.Text(dict.SOPInstanceUID)+" "+x.TransferSyntax)
	}
	if diff := cmp.Diff([]string{"1.1.9.2 1.2.840.10008.1.2.1", "1.1.9.1 1.2.840.10008.1.2.1"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for range c.ReadInstances(context.Background(), q) {
		break
	}
	n := 0
	for study, err := range c.ReadStudies(context.Background(), q) {
		if err != nil || len(study.Series) != 1 || len(study.Series[0].Instances) != 2 {
			t.Errorf("want a study of one series of two instances, have another or %v", err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("want one study, have %d", n)
	}
}

func TestMetaInformationOfAServerIsSetApart(t *testing.T) {
	c := &Client{base: &url.URL{Scheme: "http", Host: "h"}}
	d := dicommeta.NewDataset(dicommeta.TextElement(dict.TransferSyntaxUID, "1.2"), dicommeta.TextElement(dict.PatientID, "1"))
	x := c.instance(&d, &Query{Study: "1"})
	if x.TransferSyntax != "1.2" || !x.Meta.Has(dict.TransferSyntaxUID) || x.Has(dict.TransferSyntaxUID) || !x.Has(dict.PatientID) {
		t.Error("want group 0002 apart from the data set")
	}
}

func TestAnswersOfOtherStudiesAreReported(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, results(dict.SOPInstanceUID, 0, 1)) })
	var found issue.Collector
	c := open(t, s, Options{Reporter: &found})
	if got, err := drain(c.Metadata(context.Background(), "1.2", "3"), dict.SOPInstanceUID); len(got) != 1 || err != nil {
		t.Errorf("want one instance, have %d and %v", len(got), err)
	}
	if l := found.List(); len(l) != 2 || l[0].Code != CodeOtherUID || l[1].Code != CodeOtherUID {
		t.Errorf("want two findings %s, have %d", CodeOtherUID, len(l))
	}
}
