package web

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// Options are the options of a Client; nil and zero fields mean the defaults.
type Options struct {
	// AuthorizationEnv names the environment variable that holds the value of the
	// Authorization header, such as "Bearer ..." or "Basic ...". "" sends none.
	AuthorizationEnv string
	// PageSize is the number of results asked for at once; 0 = 100.
	PageSize int
	// Tries is how often a request is made at most; 0 = 5.
	Tries int
	// Wait is about how long to wait before the second try, with longer waits later;
	// 0 = 500 ms. A server's Retry-After up to MaxWait is obeyed instead.
	Wait time.Duration
	// MaxWait bounds one wait; 0 = 1 minute. A server that wants more is given up.
	MaxWait time.Duration
	// Timeout is how long the server may be silent, before its answer and within
	// it; 0 = 1 minute.
	Timeout time.Duration
	// MaxBytes bounds an answer, unpacked; 0 = 8 GiB.
	MaxBytes int64
	// MaxDatasetBytes bounds the JSON of one data set; 0 = 64 MiB.
	MaxDatasetBytes int
	// Transport makes the requests; nil = that of net/http with TLS 1.2 at least.
	Transport http.RoundTripper
	// Keep are further attributes that each Member of a study is to have.
	Keep []dict.Tag
	// Reporter receives the findings; nil ignores them.
	Reporter issue.Reporter
}

// Client asks one DICOMweb server. It is safe for concurrent use if its Reporter is.
type Client struct {
	base          *url.URL
	authorization string
	opts          Options
	http          *http.Client
	warned        atomic.Bool // of an authorization without TLS
}

// NewClient returns a Client of the server whose services are below base, such as
// https://pacs.example.org/dicom-web. It makes no request. Errors are of base and the
// options, and never show them: a base with a user name, query or fragment; a
// variable that is empty.
func NewClient(base string, opts *Options) (*Client, error) {
	u, err := parseAddress(base)
	if err != nil {
		return nil, err
	}
	if u.RawQuery != "" {
		return nil, errors.New("web: base: want no query, have one")
	}
	c := &Client{base: u}
	if opts != nil {
		c.opts = *opts
	}
	o := &c.opts
	if o.PageSize < 0 || o.Tries < 0 || o.Wait < 0 || o.MaxWait < 0 || o.Timeout < 0 || o.MaxBytes < 0 || o.MaxDatasetBytes < 0 {
		return nil, errors.New("web: options: want no negative number")
	}
	setDefault(&o.PageSize, 100)
	setDefault(&o.Tries, 5)
	setDefault(&o.Wait, 500*time.Millisecond)
	setDefault(&o.MaxWait, time.Minute)
	setDefault(&o.Timeout, time.Minute)
	setDefault(&o.MaxBytes, 8<<30)
	setDefault(&o.MaxDatasetBytes, 64<<20)
	if o.AuthorizationEnv != "" {
		if c.authorization, err = authorization(o.AuthorizationEnv); err != nil {
			return nil, err
		}
	}
	transport := o.Transport
	if transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		transport = t
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: checkRedirect}
	return c, nil
}

func setDefault[T int | int64 | time.Duration](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

// parseAddress checks what NewClient and Open are given.
func parseAddress(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil: // which would show the address
		return nil, errors.New("web: address: want a URL, have other text")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("web: address: want http or https")
	case u.Host == "" || u.Hostname() == "":
		return nil, errors.New("web: address: want a host, have none")
	case u.User != nil:
		return nil, errors.New("web: address: want no user name or password in it; name an environment variable with the authorization")
	case u.Fragment != "":
		return nil, errors.New("web: address: want no fragment, have one")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}

// authorization returns the header value that a variable holds.
func authorization(name string) (string, error) {
	v := strings.TrimSpace(os.Getenv(name))
	if v == "" {
		return "", fmt.Errorf("web: environment variable %s: want a value for the Authorization header, have none", name)
	}
	for _, c := range []byte(v) {
		if c < ' ' || c > '~' {
			return "", fmt.Errorf("web: environment variable %s: want printable ASCII text, have other bytes", name)
		}
	}
	return v, nil
}

// plain reports whether the authorization would travel over a network without TLS.
func (c *Client) plain() bool {
	if c.authorization == "" || c.base.Scheme == "https" {
		return false
	}
	host := c.base.Hostname()
	ip := net.ParseIP(host)
	return host != "localhost" && (ip == nil || !ip.IsLoopback())
}

// errRedirect says that a server sends elsewhere in a way that is not followed.
var errRedirect = errors.New("want no redirect from https to http and at most 5, have other")

// checkRedirect follows a few redirects. The authorization stays with the host, port
// and scheme it is for, and the former address, whose query may name a patient,
// is told to nobody.
func checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if len(via) > 5 || first.Scheme == "https" && req.URL.Scheme != "https" {
		return errRedirect
	}
	req.Header.Del("Referer")
	if req.URL.Scheme != first.Scheme || req.URL.Host != first.Host {
		req.Header.Del("Authorization")
	}
	return nil
}

// at returns the address of a resource below the base.
func (c *Client) at(query url.Values, segments ...string) *url.URL {
	u := c.base.JoinPath(segments...)
	u.RawQuery = query.Encode()
	return u
}

// name returns the address of a resource as messages show it: without its query.
func name(u *url.URL) string {
	n := *u
	n.RawQuery, n.User, n.Fragment = "", nil, ""
	return n.String()
}
