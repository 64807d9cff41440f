package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/issue"
)

// StatusError says that a server did not answer with what was asked for.
type StatusError struct {
	Code int    // of HTTP
	URL  string // without its query
}

// Error returns the message: address, status.
func (e *StatusError) Error() string {
	return "web: " + e.URL + ": want status 200 or 204, have " + strconv.Itoa(e.Code)
}

var (
	errSlow = errors.New("want an answer within the time allowed, have none")
	errType = errors.New("want application/dicom+json, have another content type")
	errSize = fmt.Errorf("want at most the allowed bytes, have more: %w", dicommeta.ErrLimit)
	errStop = errors.New("stop") // the caller wants no more
)

// page is what one answer was.
type page struct {
	results int
	more    bool // a Warning says that there are further results
}

// fetch asks for u and hands each data set of the answer on, trying again where that
// may help: each is then given the data sets anew, those it had before included. An
// error of each ends it and is returned as it is.
func (c *Client) fetch(ctx context.Context, u *url.URL, each func(*dicommeta.Dataset) error) (page, error) {
	var p page
	var last error
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = c.opts.Wait, c.opts.MaxWait
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		p, last = c.once(ctx, u, each)
		return struct{}{}, c.retry(last)
	}, backoff.WithBackOff(wait), backoff.WithMaxTries(uint(c.opts.Tries)), backoff.WithMaxElapsedTime(0))
	switch {
	case err == nil:
		return p, nil
	case errors.Is(last, errStop):
		return p, errStop // cancelled or not, the caller wants to hear no more
	case ctx.Err() != nil:
		return p, fmt.Errorf("web: %w", context.Cause(ctx))
	}
	var again *retryable
	if errors.As(last, &again) {
		last = again.err
	}
	return p, last
}

// retryable is an error that another try may mend.
type retryable struct {
	err   error
	after time.Duration // as the server said; 0 if it did not
}

func (e *retryable) Error() string { return e.err.Error() }
func (e *retryable) Unwrap() error { return e.err }

// retry tells package backoff what to do about an error.
func (c *Client) retry(err error) error {
	var again *retryable
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &again) || again.after > c.opts.MaxWait:
		return backoff.Permanent(err)
	case again.after > 0:
		return &backoff.RetryAfterError{Duration: again.after}
	}
	return err
}

// once makes one request.
func (c *Client) once(ctx context.Context, u *url.URL, each func(*dicommeta.Dataset) error) (page, error) {
	reqCtx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(c.opts.Timeout, func() { cancel(errSlow) })
	defer timer.Stop()
	req, err := http.NewRequestWithContext(reqCtx, http.MethodGet, u.String(), nil)
	if err != nil {
		return page{}, fmt.Errorf("web: %s: want an address, have other text", name(u))
	}
	req.Header.Set("Accept", "application/dicom+json")
	if c.authorization != "" {
		req.Header.Set("Authorization", c.authorization)
	}
	resp, err := c.http.Do(req)
	timer.Stop()
	if err != nil {
		return page{}, transportError(reqCtx, u, err)
	}
	defer resp.Body.Close()
	p := page{}
	if p.more, err = c.warnings(resp, u); err != nil {
		return p, err
	}
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNoContent:
		return p, nil
	default:
		return p, statusError(resp, u)
	}
	if t, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || t != "application/dicom+json" && t != "application/json" {
		return p, fmt.Errorf("web: %s: %w", name(u), errType)
	}
	b := &body{r: resp.Body, ctx: reqCtx, timer: timer, timeout: c.opts.Timeout, left: c.opts.MaxBytes}
	return p, c.datasets(ctx, u, b, &p, each)
}

// datasets hands the data sets of an answer on.
func (c *Client) datasets(ctx context.Context, u *url.URL, b *body, p *page, each func(*dicommeta.Dataset) error) error {
	opts := &dicommeta.ParseJSONOptions{Source: name(u), MaxBytes: c.opts.MaxDatasetBytes, Reporter: c.opts.Reporter}
	for d, err := range dicommeta.ReadJSON(ctx, b, opts) {
		switch {
		case err == nil:
		case errors.Is(b.err, errSize):
			return fmt.Errorf("web: %s: %w", name(u), b.err)
		case b.err != nil && ctx.Err() == nil:
			return &retryable{err: fmt.Errorf("web: %s: %w", name(u), b.err)}
		default:
			return fmt.Errorf("web: %s: %w", name(u), err)
		}
		p.results++
		if err := each(d); err != nil {
			return err
		}
	}
	return nil
}

// transportError cleans an error of net/http of the address, and says whether to try again.
func transportError(ctx context.Context, u *url.URL, err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	out := fmt.Errorf("web: %s: %w", name(u), err)
	var certificate *tls.CertificateVerificationError
	var header tls.RecordHeaderError
	var dns *net.DNSError
	var network net.Error
	switch {
	case errors.Is(err, errRedirect), errors.As(err, &certificate), errors.As(err, &header), errors.As(err, &dns) && dns.IsNotFound:
		return out
	case errors.Is(err, errSlow), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network):
		return &retryable{err: out}
	}
	return out
}

// statusError returns the error for a status that holds no results.
func statusError(resp *http.Response, u *url.URL) error {
	err := &StatusError{Code: resp.StatusCode, URL: name(u)}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return &retryable{err: err, after: retryAfter(resp.Header)}
	case http.StatusRequestTimeout, http.StatusBadGateway, http.StatusGatewayTimeout:
		return &retryable{err: err}
	}
	return err
}

// retryAfter returns how long a server wants to be left alone (RFC 9110 §10.2.3), 0 if it
// does not say. A date counts from the server's own.
func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	until, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return max(0, until.Sub(now))
}

// warnings reports that an answer carries warnings (PS3.18 §8.3.4.4), and whether there
// are any. Their text is not shown, for nothing keeps a server from naming a patient in it.
func (c *Client) warnings(resp *http.Response, u *url.URL) (bool, error) {
	all := resp.Header.Values("Warning")
	if len(all) == 0 {
		return false, nil
	}
	return true, c.report(issue.Warning, CodeWarning, u, "", "want no Warning header, have "+strconv.Itoa(len(all)))
}

// report hands a finding on.
func (c *Client) report(s issue.Severity, code issue.Code, u *url.URL, path, message string) error {
	if c.opts.Reporter == nil {
		return nil
	}
	err := c.opts.Reporter.Report(issue.Issue{Severity: s, Code: code, Pos: issue.Pos{Source: name(u)}, Path: path, Message: message})
	if err != nil {
		return fmt.Errorf("web: %w", err)
	}
	return nil
}

// body is the body of an answer: bounded in bytes, and in the time the server is silent.
// The time that the caller takes between two reads does not count.
type body struct {
	r       io.Reader
	ctx     context.Context
	timer   *time.Timer
	timeout time.Duration
	left    int64
	err     error // why the body could not be read to its end
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.left <= 0 {
		// One more byte tells whether this was the end.
		p = p[:min(len(p), 1)]
	} else {
		p = p[:min(int64(len(p)), b.left)]
	}
	b.timer.Reset(b.timeout)
	n, err := b.r.Read(p)
	b.timer.Stop()
	if n > 0 && b.left <= 0 {
		b.err = errSize
		return 0, b.err
	}
	b.left -= int64(n)
	if err != nil && err != io.EOF {
		if cause := context.Cause(b.ctx); cause != nil {
			err = cause
		}
		b.err = err
	}
	return n, err
}
