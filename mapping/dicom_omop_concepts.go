package mapping

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"github.com/carabiner-health/carabiner/omop"
)

//go:generate go run -C ../internal/tools ./imagingmaker -shared ../../../shared -out ../../mapping/data

// dicomConcepts are the DICOM concepts that members of OHDSI's imaging working
// group published; data/SOURCES says where they are from. Their ids moved between
// editions of that list, so they are known by their codes.
//
//go:embed data/dicom-concepts.tsv
var dicomConcepts string

// publishedConcept is a line of the list.
type publishedConcept struct {
	info   omop.ConceptInfo
	mapsTo []int32
	values []string
}

type publishedList struct {
	byCode map[string]*publishedConcept
	byID   map[int32]*publishedConcept
}

var published = sync.OnceValue(func() publishedList {
	l := publishedList{byCode: map[string]*publishedConcept{}, byID: map[int32]*publishedConcept{}}
	for line := range strings.Lines(dicomConcepts) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		id, err := strconv.ParseInt(f[2], 10, 32)
		if err != nil {
			continue // the maker writes numbers alone
		}
		c := &publishedConcept{info: omop.ConceptInfo{
			ID: int32(id), Code: f[1], Vocabulary: "DICOM", Domain: "Measurement", Class: "DICOM Value Sets",
		}}
		if f[0] == "A" {
			c.info.Class = "DICOM Attributes"
		}
		if len(f) > 3 {
			for s := range strings.SplitSeq(f[3], ",") {
				if f[0] == "A" {
					c.values = append(c.values, s)
				} else if n, err := strconv.ParseInt(s, 10, 32); err == nil {
					c.mapsTo = append(c.mapsTo, int32(n))
				}
			}
		}
		l.byCode[f[1]], l.byID[c.info.ID] = c, c
	}
	return l
})

// withPublished adds the published DICOM concepts to a vocabulary that has none
// of its own.
func withPublished(concepts Concepts) Concepts {
	if _, ok := concepts.Lookup("DICOM", "00080060"); ok {
		return concepts
	}
	return publishedConcepts{concepts}
}

// publishedConcepts is a vocabulary with the published DICOM concepts.
type publishedConcepts struct{ Concepts }

func (p publishedConcepts) Lookup(vocabulary, code string) (omop.ConceptInfo, bool) {
	if c, ok := p.Concepts.Lookup(vocabulary, code); ok || vocabulary != "DICOM" {
		return c, ok
	}
	if c := published().byCode[code]; c != nil {
		return c.info, true
	}
	return omop.ConceptInfo{}, false
}

func (p publishedConcepts) Concept(id int32) (omop.ConceptInfo, bool) {
	if c := published().byID[id]; c != nil {
		return c.info, true
	}
	return p.Concepts.Concept(id)
}

// MapsTo adds the targets that the list names: standard anatomic sites, whether
// the vocabulary holds them or not.
func (p publishedConcepts) MapsTo(id int32, dst []omop.ConceptInfo) []omop.ConceptInfo {
	c := published().byID[id]
	if c == nil {
		return p.Concepts.MapsTo(id, dst)
	}
	for _, t := range c.mapsTo {
		info, ok := p.Concepts.Concept(t)
		if !ok {
			info = omop.ConceptInfo{ID: t, Vocabulary: "SNOMED", Domain: "Spec Anatomic Site", Standard: 'S'}
		}
		dst = append(dst, info)
	}
	return dst
}

func (p publishedConcepts) MapsToValue(id int32, dst []omop.ConceptInfo) []omop.ConceptInfo {
	c := published().byID[id]
	if c == nil {
		return p.Concepts.MapsToValue(id, dst)
	}
	for _, code := range c.values {
		if v := published().byCode[code]; v != nil {
			dst = append(dst, v.info)
		}
	}
	return dst
}
