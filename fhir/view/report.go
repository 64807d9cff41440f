package view

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/carabiner-health/carabiner/fhir"
)

// Report is the account of a conversion. For every resource type and in all,
// Read = Viewed + WithoutView + Unreadable; for every view,
// Resources = WithRows + WithoutRows + Filtered + Failed, and the Resources of
// a view are the Viewed of its type.
type Report struct {
	Tool    string          `json:"tool,omitempty"`
	Format  string          `json:"format"`
	Types   string          `json:"types"`
	Sources []SourceAccount `json:"sources"`
	// Resources are by type; Total sums them up.
	Resources []TypeAccount `json:"resources"`
	Total     TypeAccount   `json:"total"`
	Views     []ViewAccount `json:"views"`
}

// SourceAccount says what an input was and what came out of it.
type SourceAccount struct {
	Name        string `json:"name"`
	Format      string `json:"format,omitempty"`
	Compression string `json:"compression,omitempty"`
	Bytes       int64  `json:"bytes"`
	Records     int64  `json:"records"`
	Rejected    int64  `json:"rejected,omitempty"`
	Skipped     string `json:"skipped,omitempty"`
	Damaged     string `json:"damaged,omitempty"`
}

// TypeAccount says how the resources of a type ended.
type TypeAccount struct {
	Type        string `json:"type,omitempty"`
	Read        int64  `json:"read"`
	Viewed      int64  `json:"viewed"`
	WithoutView int64  `json:"without_view"`
	Unreadable  int64  `json:"unreadable"`
}

func (a *TypeAccount) add(b *TypeAccount) {
	a.Read += b.Read
	a.Viewed += b.Viewed
	a.WithoutView += b.WithoutView
	a.Unreadable += b.Unreadable
}

// ViewAccount says what a view made of the resources of its type.
type ViewAccount struct {
	Name        string `json:"name"`
	Resource    string `json:"resource"`
	File        string `json:"file"`
	Resources   int64  `json:"resources"`
	WithRows    int64  `json:"with_rows"`
	WithoutRows int64  `json:"without_rows"`
	Filtered    int64  `json:"filtered"`
	Failed      int64  `json:"failed"`
	Rows        int64  `json:"rows"`
	// KeptAsText counts values that did not fit a native type and stand as text
	// beside it; ZonesDropped, times that had a zone other than UTC; ValuesLost,
	// values of another type than their column's, which are NULL.
	KeptAsText   int64 `json:"kept_as_text,omitempty"`
	ZonesDropped int64 `json:"zones_dropped,omitempty"`
	ValuesLost   int64 `json:"values_lost,omitempty"`
}

func (a *ViewAccount) add(b *ViewAccount) {
	a.Resources += b.Resources
	a.WithRows += b.WithRows
	a.WithoutRows += b.WithoutRows
	a.Filtered += b.Filtered
	a.Failed += b.Failed
	a.Rows += b.Rows
	a.KeptAsText += b.KeptAsText
	a.ZonesDropped += b.ZonesDropped
	a.ValuesLost += b.ValuesLost
}

// finish completes the report.
func (r *Report) finish(c *conversion, stats *fhir.ReadStats) {
	r.Tool, r.Format = c.opts.ToolVersion, c.opts.Format.String()
	r.Types = "text"
	if c.opts.Types == Native {
		r.Types = "native"
	}
	r.Sources = []SourceAccount{}
	for _, s := range stats.Sources {
		a := SourceAccount{Name: s.Name, Compression: s.Compression, Bytes: s.Bytes, Records: s.Records, Rejected: s.Rejected, Skipped: s.Skipped, Damaged: s.Damaged}
		if s.Skipped == "" {
			a.Format = s.Format.String()
		}
		r.Sources = append(r.Sources, a)
	}
	r.Resources = []TypeAccount{}
	for _, name := range slices.Sorted(maps.Keys(c.types)) {
		if a := c.types[name]; a.Read > 0 {
			r.Resources = append(r.Resources, *a)
			r.Total.add(a)
		}
	}
}

func (r *Report) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// WriteText writes the account for people.
func (r *Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "read\tviewed\twithout view\tunreadable\t  type\n")
	for i := range r.Resources {
		a := &r.Resources[i]
		fmt.Fprintf(t, "%d\t%d\t%d\t%d\t  %s\n", a.Read, a.Viewed, a.WithoutView, a.Unreadable, a.Type)
	}
	a := &r.Total
	fmt.Fprintf(t, "%d\t%d\t%d\t%d\t  in all\n", a.Read, a.Viewed, a.WithoutView, a.Unreadable)
	fmt.Fprintf(t, "\nrows\tresources\twith rows\twithout\tfiltered\tfailed\t  view\n")
	for i := range r.Views {
		v := &r.Views[i]
		fmt.Fprintf(t, "%d\t%d\t%d\t%d\t%d\t%d\t  %s\n", v.Rows, v.Resources, v.WithRows, v.WithoutRows, v.Filtered, v.Failed, v.Name)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for i := range r.Views {
		v := &r.Views[i]
		if v.KeptAsText+v.ZonesDropped+v.ValuesLost == 0 {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s: %d values kept as text, %d times turned to UTC, %d values that their column cannot hold\n", v.Name, v.KeptAsText, v.ZonesDropped, v.ValuesLost); err != nil {
			return err
		}
	}
	return nil
}
