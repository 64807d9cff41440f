package web

import (
	"context"
	"crypto/sha256"
	"errors"
	"iter"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// Query narrows a search; nil and zero fields mean everything.
type Query struct {
	// Study, Series and Instance are UIDs. A Series needs its Study, an Instance
	// both.
	Study, Series, Instance string
	// Match are attributes to match and other parameters of the search (PS3.18 §8.3.4), such
	// as PatientID or 00100020, StudyDate, ModalitiesInStudy, includefield and
	// fuzzymatching. limit and offset are the Client's.
	Match url.Values
	// Limit is the number of results wanted; 0 = all.
	Limit int
}

// check returns an error if a query cannot be asked.
func (q *Query) check() error {
	switch {
	case q.Series != "" && q.Study == "", q.Instance != "" && q.Series == "":
		return errors.New("web: query: want the study of a series and the series of an instance, have none")
	case !isUID(q.Study) || !isUID(q.Series) || !isUID(q.Instance):
		return errors.New("web: query: want UIDs of digits and points, have other text")
	case q.Match.Has("limit") || q.Match.Has("offset"):
		return errors.New("web: query: want no limit or offset among the attributes")
	case q.Limit < 0:
		return errors.New("web: query: want no negative limit")
	}
	return nil
}

// isUID reports whether s can be a UID in a path, or is none.
func isUID(s string) bool {
	return len(s) <= 64 && strings.Trim(s, "0123456789.") == "" && strings.Trim(s, ".") == s
}

// Open returns a Client and a Query from one address: of a server, or of studies, a
// study, a series or an instance on it, with a search behind a question mark:
//
//	https://pacs.example.org/dicom-web/studies/1.2.3?ModalitiesInStudy=CT
//
// A limit in the search is that of the Query.
func Open(address string, opts *Options) (*Client, *Query, error) {
	u, err := parseAddress(address)
	if err != nil {
		return nil, nil, err
	}
	match, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, nil, errors.New("web: address: want a query of names and values, have other text")
	}
	q := &Query{Match: match}
	if match.Has("limit") {
		if q.Limit, err = strconv.Atoi(match.Get("limit")); err != nil {
			return nil, nil, errors.New("web: address: want a number as limit, have other text")
		}
		match.Del("limit")
	}
	base, rest := splitAddress(u.Path)
	for i := 0; i+1 < len(rest); i += 2 {
		switch rest[i] {
		case "studies":
			q.Study = rest[i+1]
		case "series":
			q.Series = rest[i+1]
		case "instances":
			q.Instance = rest[i+1]
		}
	}
	if err := q.check(); err != nil {
		return nil, nil, err
	}
	u.Path, u.RawPath, u.RawQuery = base, "", ""
	c, err := NewClient(u.String(), opts)
	return c, q, err
}

// splitAddress parts the path of the server from what follows, from its last "studies" on.
func splitAddress(path string) (base string, rest []string) {
	all := strings.Split(path, "/")
	for i := len(all) - 1; i >= 0; i-- {
		if all[i] == "studies" {
			return strings.Join(all[:i], "/"), all[i:]
		}
	}
	return path, nil
}

// Studies searches for studies (QIDO-RS, PS3.18 §10.6) and returns one data set each, in the order of
// the server. An error comes last.
func (c *Client) Studies(ctx context.Context, q *Query) iter.Seq2[*dicommeta.Dataset, error] {
	return c.search(ctx, q, dict.StudyInstanceUID)
}

// Series searches for series, those of q.Study or of all studies.
func (c *Client) Series(ctx context.Context, q *Query) iter.Seq2[*dicommeta.Dataset, error] {
	return c.search(ctx, q, dict.SeriesInstanceUID)
}

// Instances searches for instances, those of q.Series, of q.Study or all.
func (c *Client) Instances(ctx context.Context, q *Query) iter.Seq2[*dicommeta.Dataset, error] {
	return c.search(ctx, q, dict.SOPInstanceUID)
}

// resource returns the path of a search at a level, and the attribute that the path
// cannot state.
func (q *Query) resource(level dict.Tag) (segments []string, match url.Values) {
	match = maps.Clone(q.Match)
	if match == nil {
		match = url.Values{}
	}
	switch level {
	case dict.StudyInstanceUID:
		if q.Study != "" {
			match.Set("StudyInstanceUID", q.Study)
		}
		return []string{"studies"}, match
	case dict.SeriesInstanceUID:
		if q.Series != "" {
			match.Set("SeriesInstanceUID", q.Series)
		}
		if q.Study != "" {
			return []string{"studies", q.Study, "series"}, match
		}
		return []string{"series"}, match
	}
	if q.Instance != "" {
		match.Set("SOPInstanceUID", q.Instance)
	}
	switch {
	case q.Series != "":
		return []string{"studies", q.Study, "series", q.Series, "instances"}, match
	case q.Study != "":
		return []string{"studies", q.Study, "instances"}, match
	}
	return []string{"instances"}, match
}

// search asks for page after page. Results are told apart by the UID of their level, so
// that a server that ignores limit or offset, an answer that broke off and was asked for
// again, and a result that moved to the next page give each result once.
func (c *Client) search(ctx context.Context, q *Query, level dict.Tag) iter.Seq2[*dicommeta.Dataset, error] {
	if q == nil {
		q = &Query{}
	}
	return func(yield func(*dicommeta.Dataset, error) bool) {
		if err := c.pages(ctx, q, level, yield); err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

func (c *Client) pages(ctx context.Context, q *Query, level dict.Tag, yield func(*dicommeta.Dataset, error) bool) error {
	if err := q.check(); err != nil {
		return err
	}
	if err := c.warnPlain(); err != nil {
		return err
	}
	seen := make(seen)
	segments, match := q.resource(level)
	for offset := 0; ; {
		limit := c.opts.PageSize
		if q.Limit > 0 {
			limit = min(limit, q.Limit-len(seen))
		}
		match.Set("limit", strconv.Itoa(limit))
		match.Set("offset", strconv.Itoa(offset))
		u, before := c.at(match, segments...), len(seen)
		p, err := c.fetch(ctx, u, func(d *dicommeta.Dataset) error {
			fresh, err := c.fresh(seen, u, d, level)
			switch {
			case err != nil:
				return err
			case fresh && !yield(d, nil), q.Limit > 0 && len(seen) == q.Limit:
				return errStop
			}
			return nil
		})
		if err != nil {
			return err
		}
		// A full page, or a warning that the server cut it, may have a successor; one
		// without anything new has none, nor has one longer than asked for.
		if len(seen) == before || p.results > limit || p.results < limit && !p.more {
			return nil
		}
		offset += p.results
	}
}

// seen holds hashes of UIDs.
type seen map[[16]byte]struct{}

// add reports whether a UID is new.
func (s seen) add(uid string) bool {
	sum := sha256.Sum256([]byte(uid))
	key := [16]byte(sum[:16])
	if _, ok := s[key]; ok {
		return false
	}
	s[key] = struct{}{}
	return true
}

// fresh reports whether a result is new; one without the UID of its level is reported.
func (c *Client) fresh(s seen, u *url.URL, d *dicommeta.Dataset, level dict.Tag) (bool, error) {
	uid := d.Text(level)
	if uid == "" {
		return false, c.report(issue.Warning, CodeNoUID, u, level.String(), "want a UID, have none: the result is left out")
	}
	return s.add(uid), nil
}

// warnPlain reports an authorization that travels without TLS, once.
func (c *Client) warnPlain() error {
	if !c.plain() || c.warned.Swap(true) {
		return nil
	}
	return c.report(issue.Warning, CodePlain, c.base, "", "want https for an authorization, have http")
}

// Metadata returns the data sets of the instances of a study, or of one series of it if series is
// not "", as the server sends them (WADO-RS metadata, PS3.18 §10.4): one at a time from
// an answer of any length. Bulk data has a URI. An error comes last.
func (c *Client) Metadata(ctx context.Context, study, series string) iter.Seq2[*dicommeta.Dataset, error] {
	return c.metadata(ctx, &Query{Study: study, Series: series})
}

func (c *Client) metadata(ctx context.Context, q *Query) iter.Seq2[*dicommeta.Dataset, error] {
	return func(yield func(*dicommeta.Dataset, error) bool) {
		if q.Study == "" {
			yield(nil, errors.New("web: metadata: want the UID of a study, have none"))
			return
		}
		err := q.check()
		if err == nil {
			err = c.warnPlain()
		}
		if err == nil {
			err = c.readMetadata(ctx, q, yield)
		}
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

func (c *Client) readMetadata(ctx context.Context, q *Query, yield func(*dicommeta.Dataset, error) bool) error {
	segments := []string{"studies", q.Study}
	if q.Series != "" {
		segments = append(segments, "series", q.Series)
	}
	if q.Instance != "" {
		segments = append(segments, "instances", q.Instance)
	}
	u := c.at(nil, append(segments, "metadata")...)
	seen := make(seen)
	_, err := c.fetch(ctx, u, func(d *dicommeta.Dataset) error {
		fresh, err := c.fresh(seen, u, d, dict.SOPInstanceUID)
		if err != nil || !fresh {
			return err
		}
		for _, want := range []struct {
			tag dict.Tag
			uid string
		}{{dict.StudyInstanceUID, q.Study}, {dict.SeriesInstanceUID, q.Series}} {
			if have := d.Text(want.tag); want.uid != "" && have != want.uid {
				if err := c.report(issue.Warning, CodeOtherUID, u, want.tag.String(), "want the UID that was asked for, have another or none"); err != nil {
					return err
				}
			}
		}
		if !yield(d, nil) {
			return errStop
		}
		return nil
	})
	return err
}
