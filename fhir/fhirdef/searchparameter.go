package fhirdef

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// SearchParameter is what a search parameter says of itself. It is shared and
// must not be changed.
type SearchParameter struct {
	URL, Version string
	Code, Type   string
	Base         []string // the types of resources it searches
	Expression   string   // FHIRPath; "" if it has none
}

// searchFacts has a line for each of R4's search parameters: the url after HL7's
// address, code, type, bases and expression.
//
//go:embed data/search.zst
var searchFacts string

// SearchParameter returns the search parameter with a canonical URL: of the
// packages, or R4's own if the definitions hold R4; nil if there is none.
func (d *Definitions) SearchParameter(canonical string) *SearchParameter {
	if v := d.Resource("SearchParameter", canonical); v.Kind() == jsontree.Object {
		p := &SearchParameter{URL: v.Get("url").Text(), Version: v.Get("version").Text(), Code: v.Get("code").Text(),
			Type: v.Get("type").Text(), Expression: v.Get("expression").Text()}
		for b := v.Get("base").First(); b.Kind() != jsontree.Invalid; b = b.Next() {
			p.Base = append(p.Base, b.Text())
		}
		return p
	}
	for d.parent != nil {
		d = d.parent
	}
	url, version, _ := strings.Cut(canonical, "|")
	if d != R4() || version != "" && !strings.HasPrefix("4.0.1", version) {
		return nil
	}
	return r4Search()[url]
}

// r4Search returns R4's search parameters by URL.
var r4Search = sync.OnceValue(func() map[string]*SearchParameter {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil
	}
	defer z.Close()
	text, err := z.DecodeAll([]byte(searchFacts), nil)
	if err != nil {
		return nil // part of the program; a test reads it
	}
	all := make(map[string]*SearchParameter)
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 5 {
			return nil
		}
		p := &SearchParameter{URL: "http://hl7.org/fhir/SearchParameter/" + f[0], Version: "4.0.1", Code: f[1], Type: f[2], Expression: f[4]}
		p.Base = strings.Fields(f[3])
		all[p.URL] = p
	}
	return all
})
