package mapping

import (
	"cmp"
	"maps"
	"slices"
)

// loss numbers what a resource says and the CDM rows do not: counted, so that
// nothing goes unseen.
type loss uint8

const (
	lossTarget loss = iota
	lossMaritalStatus
	lossLanguage
	lossDeathUndated
	lossEncounterReason
	lossBodySite
	lossSeverity
	lossStage
	lossMethod
	lossSampledData
	lossReaction
	lossAttachment
	lossSeriesUID
	lossValue
	lossEncounterLink
	lossProviderLink
	lossCareSiteLink
	lossMedicationLink
	lossTruncated
	lossAfterDeath
	lossBeforeBirth
	lossFact
	lossState
	lossFeature
	lossReportItem
	lossMeasuredSeries
	lossSeriesTwice
	lossPatientSex
	lossBirthYear
	numLosses
)

var lossNames = [numLosses]string{
	lossTarget:          "further-concept-of-a-single-concept-table",
	lossMaritalStatus:   "patient-marital-status",
	lossLanguage:        "patient-communication",
	lossDeathUndated:    "death-without-date",
	lossEncounterReason: "encounter-reason-code",
	lossBodySite:        "body-site",
	lossSeverity:        "condition-severity",
	lossStage:           "condition-stage",
	lossMethod:          "observation-method",
	lossSampledData:     "sampled-data",
	lossReaction:        "allergy-reaction",
	lossAttachment:      "report-attachment-not-text",
	lossSeriesUID:       "series-without-uid",
	lossValue:           "value-on-a-table-without-values",
	lossEncounterLink:   "encounter-not-in-input",
	lossProviderLink:    "practitioner-not-in-input",
	lossCareSiteLink:    "care-site-not-in-input",
	lossMedicationLink:  "medication-not-in-input",
	lossTruncated:       "text-cut-to-column-length",
	lossAfterDeath:      "event-60-days-after-death",
	lossBeforeBirth:     "event-before-birth",
	lossFact:            "statement-without-date-or-study",
	lossState:           "state-not-two-letters",
	lossFeature:         "attribute-differs-within-series",
	lossReportItem:      "report-text-or-number-without-value",
	lossMeasuredSeries:  "measured-series-not-in-input",
	lossSeriesTwice:     "series-in-several-studies",
	lossPatientSex:      "sex-differs-from-patient",
	lossBirthYear:       "birth-year-differs-from-patient",
}

// tally counts how resources of one type ended.
type tally struct {
	outcomes [numOutcomes]int64
	rules    [numRules]int64
}

func (t *tally) end(o Outcome, r rule) {
	t.outcomes[o]++
	if r != ruleNone {
		t.rules[r]++
	}
}

func (t *tally) add(o *tally) {
	for i, n := range o.outcomes {
		t.outcomes[i] += n
	}
	for i, n := range o.rules {
		t.rules[i] += n
	}
}

// account holds what one worker counted. Accounts add up in any order.
type account struct {
	types         map[string]*tally // by resource type; outcomes known in the map step
	byType        [numTypes]tally   // the same for the types that are mapped
	imputed       int64
	cleaned       [cleanings]int64
	losses        [numLosses]int64
	codedEvents   [numTypes]int64
	standardCodes [numTypes]int64
	codes         map[string]*UnmappedCode
	codesLost     int64
	dicom         dicomAccount
	key           []byte
}

func (a *account) coded(t resourceType)    { a.codedEvents[t]++ }
func (a *account) standard(t resourceType) { a.standardCodes[t]++ }

// end counts a resource of a type that the mapper may not know.
func (a *account) end(name string, o Outcome, r rule) {
	if t := typeByName[name]; t != typeOther {
		a.byType[t].end(o, r)
		return
	}
	t := a.types[name]
	if t == nil {
		if a.types == nil {
			a.types = make(map[string]*tally)
		}
		t = &tally{}
		a.types[name] = t
	}
	t.end(o, r)
}

// UnmappedCode is a code without a standard concept and how often it occurred.
type UnmappedCode struct {
	ResourceType    string `parquet:"resource_type" csv:"resource_type"`
	Field           string `parquet:"field" csv:"field"`
	System          string `parquet:"system" csv:"system"`
	Code            string `parquet:"source_code" csv:"source_code"`
	Name            string `parquet:"source_name" csv:"source_name"`
	SourceConceptID int32  `parquet:"source_concept_id" csv:"source_concept_id"`
	Count           int64  `parquet:"source_frequency" csv:"source_frequency"`
}

// maxUnmapped bounds the list of unmapped codes; occurrences of further ones
// are counted together.
const maxUnmapped = 1 << 20

func (a *account) unmapped(t resourceType, field string, system, code, name []byte, source int32) {
	a.key = append(append(append(a.key[:0], byte(t)), field...), 0)
	a.key = append(append(append(a.key, system...), 0), code...)
	if len(code) == 0 {
		a.key = append(append(a.key, 0), name...)
	}
	u := a.codes[string(a.key)]
	if u == nil {
		if len(a.codes) >= maxUnmapped {
			a.codesLost++
			return
		}
		if a.codes == nil {
			a.codes = make(map[string]*UnmappedCode)
		}
		u = &UnmappedCode{
			ResourceType: typeNames[t], Field: field, System: string(system), Code: string(code),
			Name: string(name), SourceConceptID: source,
		}
		a.codes[string(a.key)] = u
	} else if len(name) > 0 && (u.Name == "" || string(name) < u.Name) {
		u.Name = string(name)
	}
	u.Count++
}

// merge adds what another worker counted.
func (a *account) merge(o *account) {
	for name, t := range o.types {
		if a.types == nil {
			a.types = make(map[string]*tally)
		}
		if a.types[name] == nil {
			a.types[name] = &tally{}
		}
		a.types[name].add(t)
	}
	for i := range o.byType {
		a.byType[i].add(&o.byType[i])
		a.codedEvents[i] += o.codedEvents[i]
		a.standardCodes[i] += o.standardCodes[i]
	}
	a.imputed += o.imputed
	for i, n := range o.cleaned {
		a.cleaned[i] += n
	}
	for i, n := range o.losses {
		a.losses[i] += n
	}
	a.codesLost += o.codesLost
	a.dicom.merge(&o.dicom)
	for k, u := range o.codes {
		have := a.codes[k]
		if have == nil {
			if a.codes == nil {
				a.codes = make(map[string]*UnmappedCode)
			}
			c := *u
			a.codes[k] = &c
			continue
		}
		have.Count += u.Count
		if u.Name != "" && (have.Name == "" || u.Name < have.Name) {
			have.Name = u.Name
		}
	}
}

// unmappedCodes returns the list, most frequent first.
func (a *account) unmappedCodes() []UnmappedCode {
	var list []UnmappedCode
	for _, k := range slices.Sorted(maps.Keys(a.codes)) {
		list = append(list, *a.codes[k])
	}
	slices.SortStableFunc(list, func(x, y UnmappedCode) int { return cmp.Compare(y.Count, x.Count) })
	return list
}
