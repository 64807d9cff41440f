package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

const patient = "Tolvansson" // in queries and bodies; no message may show it

// serve starts a server whose handler is told the number of the request, from 0.
func serve(t *testing.T, handle func(n int, w http.ResponseWriter, r *http.Request)) *httptest.Server {
	t.Helper()
	var mu sync.Mutex
	n := -1
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		i := n
		mu.Unlock()
		w.Header().Set("Content-Type", "application/dicom+json; charset=utf-8")
		handle(i, w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func open(t *testing.T, s *httptest.Server, opts Options) *Client {
	t.Helper()
	opts.Wait = time.Millisecond
	c, err := NewClient(s.URL+"/web", &opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// result is a data set of one UID.
func result(level dict.Tag, uid string) string {
	return `{"` + level.Hex() + `":{"vr":"UI","Value":["` + uid + `"]},"00100010":{"vr":"PN","Value":[{"Alphabetic":"` + patient + `"}]}}`
}

func results(level dict.Tag, from, to int) string {
	var all []string
	for i := from; i < to; i++ {
		all = append(all, result(level, "1."+strconv.Itoa(i)))
	}
	return "[" + strings.Join(all, ",\n") + "]"
}

// drain returns the UIDs of a sequence.
func drain(seq func(func(*dicommeta.Dataset, error) bool), level dict.Tag) (uids []string, err error) {
	for d, e := range seq {
		if e != nil {
			return uids, e
		}
		uids = append(uids, d.Text(level))
	}
	return uids, nil
}

func numbered(n int) (uids []string) {
	for i := range n {
		uids = append(uids, "1."+strconv.Itoa(i))
	}
	return uids
}

// discreet fails the test if a message shows what it must not.
func discreet(t *testing.T, messages ...string) {
	t.Helper()
	for _, m := range messages {
		for _, secret := range []string{patient, "PatientName", "limit=", "s3cret", "busy"} {
			if strings.Contains(m, secret) {
				t.Errorf("a message shows %q", secret)
			}
		}
	}
}

func TestSearchGivesEachResultOnceWhateverTheServerDoesWithPages(t *testing.T) {
	const have = 25
	page := func(r *http.Request) (limit, offset int) {
		limit, _ = strconv.Atoi(r.URL.Query().Get("limit"))
		offset, _ = strconv.Atoi(r.URL.Query().Get("offset"))
		return limit, offset
	}
	for _, c := range []struct {
		name     string
		size     int
		requests int
		handle   func(w http.ResponseWriter, r *http.Request)
	}{
		{"pages", 10, 3, func(w http.ResponseWriter, r *http.Request) {
			limit, offset := page(r)
			fmt.Fprint(w, results(dict.StudyInstanceUID, offset, min(have, offset+limit)))
		}},
		{"full last page", 5, 6, func(w http.ResponseWriter, r *http.Request) {
			limit, offset := page(r)
			if offset == have {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			fmt.Fprint(w, results(dict.StudyInstanceUID, offset, min(have, offset+limit)))
		}},
		{"ignores limit", 10, 1, func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, results(dict.StudyInstanceUID, 0, have))
		}},
		{"ignores limit and offset, of one page", 25, 2, func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, results(dict.StudyInstanceUID, 0, have))
		}},
		{"cuts pages and says so", 10, 4, func(w http.ResponseWriter, r *http.Request) {
			_, offset := page(r)
			if offset+7 < have {
				w.Header().Set("Warning", `299 host: "There are 3 additional results that can be requested"`)
			}
			fmt.Fprint(w, results(dict.StudyInstanceUID, offset, min(have, offset+7)))
		}},
		{"a study comes between", 10, 3, func(w http.ResponseWriter, r *http.Request) {
			limit, offset := page(r)
			fmt.Fprint(w, results(dict.StudyInstanceUID, max(0, offset-1), min(have, max(0, offset-1)+limit)))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			requests := 0
			s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
				requests = n + 1
				if r.URL.Path != "/web/studies" || r.URL.Query().Get("PatientName") != patient || r.Header.Get("Accept") != "application/dicom+json" {
					t.Error("want the search asked for, have another request")
				}
				c.handle(w, r)
			})
			var found issue.Collector
			client := open(t, s, Options{PageSize: c.size, Reporter: &found})
			got, err := drain(client.Studies(context.Background(), &Query{Match: url.Values{"PatientName": {patient}}}), dict.StudyInstanceUID)
			if diff := cmp.Diff(numbered(have), got); diff != "" || err != nil {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
			if requests != c.requests {
				t.Errorf("want %d requests, have %d", c.requests, requests)
			}
			for _, is := range found.List() {
				discreet(t, is.String())
				if is.Code != CodeWarning {
					t.Errorf("want %s, have %s", CodeWarning, is.Code)
				}
			}
		})
	}
}

func TestSearchOfNothing(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	if got, err := drain(open(t, s, Options{}).Series(context.Background(), nil), dict.SeriesInstanceUID); len(got) > 0 || err != nil {
		t.Errorf("want no results, have %d and %v", len(got), err)
	}
}

func TestSearchStopsAtItsLimitAndWhenAsked(t *testing.T) {
	asked := ""
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Query().Get("limit")
		fmt.Fprint(w, results(dict.SOPInstanceUID, 0, 25))
	})
	c := open(t, s, Options{})
	got, err := drain(c.Instances(context.Background(), &Query{Limit: 3}), dict.SOPInstanceUID)
	if diff := cmp.Diff(numbered(3), got); diff != "" || err != nil || asked != "3" {
		t.Errorf("%v, limit=%s (-want +got)\n%s", err, asked, diff)
	}
	n := 0
	for range c.Instances(context.Background(), nil) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("want 2 results, have %d", n)
	}
}

func TestSearchAsksBelowStudyAndSeries(t *testing.T) {
	var got []string
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		q.Del("limit")
		q.Del("offset")
		got = append(got, r.URL.Path+"?"+q.Encode())
		w.WriteHeader(http.StatusNoContent)
	})
	c := open(t, s, Options{})
	ctx := context.Background()
	for _, seq := range []func(func(*dicommeta.Dataset, error) bool){
		c.Studies(ctx, &Query{Study: "1.2"}),
		c.Series(ctx, &Query{}),
		c.Series(ctx, &Query{Study: "1.2"}),
		c.Series(ctx, &Query{Study: "1.2", Series: "3"}),
		c.Instances(ctx, &Query{}),
		c.Instances(ctx, &Query{Study: "1.2"}),
		c.Instances(ctx, &Query{Study: "1.2", Series: "3", Match: url.Values{"SOPClassUID": {"4"}}}),
		c.Instances(ctx, &Query{Study: "1.2", Series: "3", Instance: "5"}),
		c.Metadata(ctx, "1.2", ""),
		c.Metadata(ctx, "1.2", "3"),
	} {
		if _, err := drain(seq, 0); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"/web/studies?StudyInstanceUID=1.2", "/web/series?", "/web/studies/1.2/series?", "/web/studies/1.2/series?SeriesInstanceUID=3",
		"/web/instances?", "/web/studies/1.2/instances?", "/web/studies/1.2/series/3/instances?SOPClassUID=4",
		"/web/studies/1.2/series/3/instances?SOPInstanceUID=5", "/web/studies/1.2/metadata?", "/web/studies/1.2/series/3/metadata?",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// hijack breaks the connection off.
func hijack(t *testing.T, w http.ResponseWriter) {
	t.Helper()
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	conn.Close()
}

func TestRequestsAreMadeAgainWhereThatMayHelp(t *testing.T) {
	for _, c := range []struct {
		name  string
		tries int // that the server needs; -1: it is not asked again
		fail  func(t *testing.T, w http.ResponseWriter, r *http.Request)
	}{
		{"429", 2, func(_ *testing.T, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }},
		{"503 with seconds", 2, func(_ *testing.T, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(503)
		}},
		{"502", 3, func(_ *testing.T, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) }},
		{"504", 2, func(_ *testing.T, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(504) }},
		{"connection broken", 3, func(t *testing.T, w http.ResponseWriter, _ *http.Request) { hijack(t, w) }},
		{"answer broken", 2, func(t *testing.T, w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, strings.TrimSuffix(results(dict.SOPInstanceUID, 0, 9), "]")+`,{"0008`)
			w.(http.Flusher).Flush()
			hijack(t, w)
		}},
		{"answer cut", 2, func(t *testing.T, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			fmt.Fprint(w, strings.TrimSuffix(results(dict.SOPInstanceUID, 0, 9), "]"))
		}},
		{"silent before the answer", 2, func(_ *testing.T, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"silent within the answer", 2, func(_ *testing.T, w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, strings.TrimSuffix(results(dict.SOPInstanceUID, 0, 4), "]"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
		{"503 for long", -1, func(_ *testing.T, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "100000")
			w.WriteHeader(503)
		}},
		{"400", -1, func(_ *testing.T, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400) }},
		{"401", -1, func(_ *testing.T, w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "busy "+patient, http.StatusUnauthorized)
		}},
		{"404", -1, func(_ *testing.T, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }},
		{"500", -1, func(_ *testing.T, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }},
		{"206", -1, func(_ *testing.T, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(206) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			requests := 0
			s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
				if requests = n + 1; requests < c.tries || c.tries < 0 {
					c.fail(t, w, r)
					return
				}
				fmt.Fprint(w, results(dict.SOPInstanceUID, 0, 10))
			})
			client := open(t, s, Options{Timeout: 100 * time.Millisecond})
			got, err := drain(client.Metadata(context.Background(), "1.2", ""), dict.SOPInstanceUID)
			var status *StatusError
			switch {
			case c.tries < 0:
				if requests != 1 || !errors.As(err, &status) || status.URL != s.URL+"/web/studies/1.2/metadata" {
					t.Errorf("want one request and a *StatusError, have %d and %v", requests, err)
				}
			case err != nil || requests != c.tries:
				t.Errorf("want %d requests, have %d and %v", c.tries, requests, err)
			default:
				if diff := cmp.Diff(numbered(10), got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			}
			if err != nil {
				discreet(t, err.Error())
			}
		})
	}
}

func TestRequestsEndAfterAllTries(t *testing.T) {
	requests := 0
	s := serve(t, func(n int, w http.ResponseWriter, _ *http.Request) { requests = n + 1; w.WriteHeader(503) })
	_, err := drain(open(t, s, Options{Tries: 3}).Studies(context.Background(), &Query{Match: url.Values{"PatientName": {patient}}}), 0)
	var status *StatusError
	if !errors.As(err, &status) || status.Code != 503 || requests != 3 {
		t.Fatalf("want status 503 after 3 requests, have %v after %d", err, requests)
	}
	discreet(t, err.Error())
	s.Close()
	_, err = drain(open(t, s, Options{Tries: 2}).Studies(context.Background(), &Query{Match: url.Values{"PatientName": {patient}}}), 0)
	if err == nil {
		t.Fatal("want an error without a server")
	}
	discreet(t, err.Error())
}

func TestAnswersThatAreWrongEndIt(t *testing.T) {
	for _, c := range []struct {
		name, kind, body string
		opts             Options
		results          int
		limit            bool
	}{
		{"not JSON", "application/dicom+json", "<html>" + patient, Options{}, 0, false},
		{"ends early", "application/dicom+json", strings.TrimSuffix(results(dict.StudyInstanceUID, 0, 2), "]"), Options{}, 2, false},
		{"a page to log in", "text/html", "<html>" + patient, Options{}, 0, false},
		{"no type", "", "[]", Options{}, 0, false},
		{"long answer", "application/json", results(dict.StudyInstanceUID, 0, 1000), Options{MaxBytes: 2000}, 19, true},
		{"long data set", "application/json", results(dict.StudyInstanceUID, 0, 2), Options{MaxDatasetBytes: 50}, 0, true},
		{"deep", "application/json", strings.Repeat("[", 1<<20), Options{}, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			requests := 0
			s := serve(t, func(n int, w http.ResponseWriter, _ *http.Request) {
				requests = n + 1
				w.Header()["Content-Type"] = []string{c.kind}
				io.WriteString(w, c.body)
			})
			got, err := drain(open(t, s, c.opts).Studies(context.Background(), &Query{Match: url.Values{"PatientName": {patient}}}), dict.StudyInstanceUID)
			if c.name == "deep" {
				if err != nil { // each element is wrong by itself, or the text is
					discreet(t, err.Error())
				}
				return
			}
			if err == nil || requests != 1 || len(got) != c.results || errors.Is(err, dicommeta.ErrLimit) != c.limit {
				t.Fatalf("want %d results, an error and one request, have %d, %v, %d", c.results, len(got), err, requests)
			}
			discreet(t, err.Error())
		})
	}
}

// endless is an array of instances that never ends.
type endless struct {
	n    int
	rest []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		e.rest = []byte(",[" + result(dict.SOPInstanceUID, "1."+strconv.Itoa(e.n)))
		e.rest = append(e.rest[:0], bytes.Replace(e.rest, []byte(",["), []byte{','}, 1)...)
		if e.n == 0 {
			e.rest[0] = '['
		}
		e.n++
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func TestMetadataComesWhileTheAnswerArrives(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { io.Copy(w, &endless{}) })
	n := 0
	for _, err := range open(t, s, Options{}).Metadata(context.Background(), "1.2", "") {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 10_000 {
			break
		}
	}
	if n != 10_000 {
		t.Errorf("want 10000 instances, have %d", n)
	}
}

func TestContextEndsIt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { io.Copy(w, &endless{}) })
	n := 0
	var last error
	for _, err := range open(t, s, Options{}).Metadata(ctx, "1.2", "") {
		if n++; n == 3 {
			cancel()
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("want %v, have %v", context.Canceled, last)
	}
	s503 := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) { cancel(); w.WriteHeader(503) })
	if _, err := drain(open(t, s503, Options{}).Metadata(ctx, "1.2", ""), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("want %v, have %v", context.Canceled, err)
	}
}

func TestReporterEndsIt(t *testing.T) {
	full := errors.New("full")
	s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Warning", "299 x")
		fmt.Fprint(w, "[{}]")
	})
	if _, err := drain(open(t, s, Options{Reporter: refuse{full}}).Studies(context.Background(), nil), 0); !errors.Is(err, full) {
		t.Errorf("want %v, have %v", full, err)
	}
}

type refuse struct{ err error }

func (r refuse) Report(issue.Issue) error { return r.err }

func TestRetryAfterCountsFromTheServersDate(t *testing.T) {
	for _, c := range []struct {
		after, date string
		want        time.Duration
	}{
		{"", "", 0}, {"7", "", 7 * time.Second}, {"-7", "", 0}, {"x", "", 0}, {"99999999999999999999", "", 0},
		{"Wed, 21 Oct 2026 07:28:05 GMT", "Wed, 21 Oct 2026 07:28:00 GMT", 5 * time.Second},
		{"Wed, 21 Oct 2026 07:28:05 GMT", "Wed, 21 Oct 2026 08:28:00 GMT", 0},
		{"Wed, 21 Oct 2026 07:28:05 GMT", "", 0},
	} {
		if got := retryAfter(http.Header{"Retry-After": {c.after}, "Date": {c.date}}); got != c.want {
			t.Errorf("want %v, have %v", c.want, got)
		}
	}
}
