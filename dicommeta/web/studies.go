package web

import (
	"context"
	"errors"
	"iter"

	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// ReadStudies searches for studies and returns each with its series and instances, from
// one request for the metadata of each study. With q.Series or q.Instance a study has
// only that one. What instances contradict each other in is in Study.Issues. An error
// comes last.
func (c *Client) ReadStudies(ctx context.Context, q *Query) iter.Seq2[*dicommeta.Study, error] {
	return func(yield func(*dicommeta.Study, error) bool) {
		err := c.eachStudy(ctx, q, func(found *dicommeta.Dataset, narrow *Query) error {
			return c.readStudy(ctx, found, narrow, func(s *dicommeta.Study) error {
				if !yield(s, nil) {
					return errStop
				}
				return nil
			})
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// ReadInstances searches for studies and returns the metadata of their instances, those
// of q.Series or q.Instance alone where it names one. Source is the address of the
// instance; Size, Encoding and what else only a file has are zero. Values that
// the server keeps apart have a URI. An error comes last.
func (c *Client) ReadInstances(ctx context.Context, q *Query) iter.Seq2[*dicommeta.Instance, error] {
	return func(yield func(*dicommeta.Instance, error) bool) {
		err := c.eachStudy(ctx, q, func(_ *dicommeta.Dataset, narrow *Query) error {
			for d, err := range c.metadata(ctx, narrow) {
				if err != nil {
					return err
				}
				if !yield(c.instance(d, narrow), nil) {
					return errStop
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// eachStudy searches for the studies of q and visits each with the query for its metadata.
// A study that q names and nothing else is not searched for; found is nil then.
func (c *Client) eachStudy(ctx context.Context, q *Query, visit func(found *dicommeta.Dataset, narrow *Query) error) error {
	if q == nil {
		q = &Query{}
	}
	if q.Study != "" && len(q.Match) == 0 {
		if err := q.check(); err != nil {
			return err
		}
		return visit(nil, q)
	}
	for d, err := range c.Studies(ctx, q) {
		if err != nil {
			return err
		}
		uid := d.Text(dict.StudyInstanceUID)
		if !isUID(uid) { // it would become part of a path
			if err := c.report(issue.Warning, CodeNoUID, c.at(nil, "studies"), dict.StudyInstanceUID.String(), "want a UID of digits and points, have other text: the study is left out"); err != nil {
				return err
			}
			continue
		}
		if err := visit(d, &Query{Study: uid, Series: q.Series, Instance: q.Instance}); err != nil {
			return err
		}
	}
	return nil
}

// readStudy gathers the metadata of one study.
func (c *Client) readStudy(ctx context.Context, found *dicommeta.Dataset, q *Query, yield func(*dicommeta.Study) error) error {
	r := dicommeta.Rollup{Keep: c.opts.Keep}
	instances := int64(0)
	for d, err := range c.metadata(ctx, q) {
		if err != nil {
			return err
		}
		instances++
		r.Add(c.instance(d, q))
	}
	if found != nil && q.Series == "" {
		if want, ok := found.Int(dict.NumberOfStudyRelatedInstances); ok && want != instances {
			u := c.at(nil, "studies", q.Study, "metadata")
			if err := c.report(issue.Warning, CodeCount, u, dict.NumberOfStudyRelatedInstances.String(), "want as many instances as the search said, have another number"); err != nil {
				return err
			}
		}
	}
	studies, issues := r.Studies()
	for _, is := range issues {
		if c.opts.Reporter == nil {
			break
		}
		if err := c.opts.Reporter.Report(is); err != nil {
			return err
		}
	}
	for _, s := range studies {
		if found != nil && len(studies) == 1 {
			complete(s, found)
		}
		if err := yield(s); err != nil {
			return err
		}
	}
	return nil
}

// complete adds what the search said about a study and its patient and the instances did not.
func complete(s *dicommeta.Study, found *dicommeta.Dataset) {
	for _, e := range found.Elements {
		level := dicommeta.LevelOf(e.Tag)
		if level != dicommeta.PatientLevel && level != dicommeta.StudyLevel || len(e.Value) == 0 && len(e.Items) == 0 {
			continue
		}
		if have := s.Find(e.Tag); have == nil || len(have.Value) == 0 && len(have.Items) == 0 {
			s.Set(e)
		}
	}
}

// instance returns a data set of metadata as an instance. Group 0002, which some servers
// send along, becomes its meta information.
func (c *Client) instance(d *dicommeta.Dataset, q *Query) *dicommeta.Instance {
	x := &dicommeta.Instance{Dataset: *d}
	n := 0
	for n < len(d.Elements) && d.Elements[n].Tag.Group() == 2 {
		n++
	}
	if n > 0 {
		x.Meta = dicommeta.Dataset{Elements: d.Elements[:n:n], Charset: d.Charset}
		x.Elements = d.Elements[n:]
	}
	x.TransferSyntax = x.Meta.Text(dict.TransferSyntaxUID)
	if x.TransferSyntax == "" {
		if all := d.Texts(dict.AvailableTransferSyntaxUID); len(all) == 1 {
			x.TransferSyntax = all[0]
		}
	}
	series, instance := d.Text(dict.SeriesInstanceUID), d.Text(dict.SOPInstanceUID)
	segments := []string{"studies", q.Study}
	if series != "" && isUID(series) && isUID(instance) {
		segments = append(segments, "series", series, "instances", instance)
	}
	x.Source = name(c.at(nil, segments...))
	return x
}
