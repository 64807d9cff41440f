package mapping

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/omop"
)

// Report is the account of a conversion. For every resource type, and in all,
// Read = Mapped + Filtered + Quarantined + Unsupported.
type Report struct {
	Tool       string `json:"tool,omitempty"`
	CDM        string `json:"cdm"`
	Vocabulary string `json:"vocabulary,omitempty"`
	Policy     string `json:"policy"`
	PolicyHash string `json:"policy_sha256"`
	Extract    string `json:"extract_date"`

	Sources   []SourceAccount  `json:"sources"`
	Resources []TypeAccount    `json:"resources"`
	Total     TypeAccount      `json:"total"`
	DICOM     *DICOMAccount    `json:"dicom,omitempty"`
	Rows      map[string]int64 `json:"rows"`
	Coverage  []Coverage       `json:"coverage"`
	Covered   Coverage         `json:"coverage_total"`
	Cleaned   map[string]int64 `json:"codes_cleaned,omitempty"`
	Imputed   int64            `json:"dates_imputed"`
	Losses    map[string]int64 `json:"losses,omitempty"`
	Unmapped  int64            `json:"unmapped_codes"`
	Uncounted int64            `json:"unmapped_beyond_limit,omitempty"`
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

// TypeAccount says how the resources of one type ended. The type of a record
// that can't be read is what it seems to be, or "(unreadable)".
type TypeAccount struct {
	Type        string           `json:"type,omitempty"`
	Read        int64            `json:"read"`
	Mapped      int64            `json:"mapped"`
	Filtered    int64            `json:"filtered"`
	Quarantined int64            `json:"quarantined"`
	Unsupported int64            `json:"unsupported"`
	Rules       map[string]int64 `json:"rules,omitempty"`
}

// Coverage says how many coded statements reached a standard concept.
type Coverage struct {
	Type     string `json:"type,omitempty"`
	Coded    int64  `json:"coded"`
	Standard int64  `json:"standard"`
}

// Share returns the part of the coded statements that reached a standard
// concept, 1 when there are none.
func (c Coverage) Share() float64 {
	if c.Coded == 0 {
		return 1
	}
	return float64(c.Standard) / float64(c.Coded)
}

// clinicalTypes are the types whose codes are clinical events.
var clinicalTypes = []resourceType{
	typeAllergyIntolerance, typeClaim, typeCondition, typeDiagnosticReport, typeImagingStudy, typeImmunization,
	typeMedicationRequest, typeObservation, typeProcedure, typeDICOMStudy,
}

func (c *conversion) report(db *omop.DatabaseWriter) *Report {
	a := &c.account
	r := &Report{
		Tool: c.opts.ToolVersion, CDM: "5.4", Vocabulary: c.opts.VocabularyRelease,
		Policy: c.m.policy.Name, PolicyHash: c.m.policy.Hash(), Extract: c.extractDay.String(),
		Rows: db.Rows(), Imputed: a.imputed, Losses: map[string]int64{}, Cleaned: map[string]int64{},
		Unmapped: int64(len(a.codes)), Uncounted: a.codesLost,
	}
	for _, s := range c.stats.Sources {
		if c.otherFormat(s.Skipped) {
			continue
		}
		sa := SourceAccount{
			Name: s.Name, Compression: s.Compression, Bytes: s.Bytes,
			Records: s.Records, Rejected: s.Rejected, Skipped: s.Skipped, Damaged: s.Damaged,
		}
		if s.Skipped == "" {
			sa.Format = s.Format.String()
		}
		r.Sources = append(r.Sources, sa)
	}
	tallies := map[string]*tally{}
	for name, t := range a.types {
		if name == "" {
			name = "(unreadable)"
		}
		tallies[name] = t
	}
	for t := resourceType(1); t < typeDICOMStudy; t++ {
		if a.byType[t] != (tally{}) {
			tallies[typeNames[t]] = &a.byType[t]
		}
	}
	var total tally
	for _, name := range slices.Sorted(maps.Keys(tallies)) {
		r.Resources = append(r.Resources, tallies[name].account(name))
		total.add(tallies[name])
	}
	r.Total = total.account("")
	for _, t := range clinicalTypes {
		if n := a.codedEvents[t]; n > 0 {
			r.Coverage = append(r.Coverage, Coverage{Type: typeNames[t], Coded: n, Standard: a.standardCodes[t]})
			r.Covered.Coded += n
			r.Covered.Standard += a.standardCodes[t]
		}
	}
	for i, n := range a.losses {
		if n > 0 {
			r.Losses[lossNames[i]] = n
		}
	}
	for i, n := range a.cleaned {
		if n > 0 && cleaning(i) != cleanNone {
			r.Cleaned[cleaningNames[i]] = n
		}
	}
	return r
}

func (t *tally) account(name string) TypeAccount {
	a := TypeAccount{
		Type: name, Mapped: t.outcomes[Mapped], Filtered: t.outcomes[Filtered],
		Quarantined: t.outcomes[Quarantined], Unsupported: t.outcomes[Unsupported],
	}
	a.Read = a.Mapped + a.Filtered + a.Quarantined + a.Unsupported
	for i, n := range t.rules {
		if n > 0 {
			if a.Rules == nil {
				a.Rules = map[string]int64{}
			}
			a.Rules[ruleNames[i]] = n
		}
	}
	return a
}

// check compares the account with what the reader handed out: the two are
// counted apart, and a difference means that a resource was lost.
func (r *Report) check() error {
	var read int64
	for _, s := range r.Sources {
		read += s.Records + s.Rejected
	}
	if read != r.Total.Read {
		return fmt.Errorf("mapping: %d records were read but %d are accounted for", read, r.Total.Read)
	}
	return nil
}

// writeFiles writes the files beside the database.
func (c *conversion) writeFiles(r *Report) error {
	if err := r.check(); err != nil {
		return err
	}
	codes := c.account.unmappedCodes()
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"quarantine.ndjson", c.quarantine.writeTo},
		{"unmapped.csv", func(w io.Writer) error { return writeUnmappedCSV(w, codes) }},
		{"unmapped.parquet", func(w io.Writer) error { return writeUnmappedParquet(w, codes) }},
		{"report.json", r.writeJSON},
	} {
		if err := c.writeFile(f.name, f.write); err != nil {
			return fmt.Errorf("mapping: %s: %w", f.name, err)
		}
	}
	return nil
}

func (c *conversion) writeFile(name string, write func(io.Writer) error) error {
	f, err := c.dir.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 64<<10)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	return errors.Join(err, f.Close())
}

func (r *Report) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// unmappedHeader names the columns of unmapped.csv. Usagi asks which column
// holds the code, the name and the frequency.
var unmappedHeader = []string{
	"source_code", "source_name", "source_frequency", "system", "resource_type", "field", "source_concept_id",
}

func writeUnmappedCSV(w io.Writer, codes []UnmappedCode) error {
	c := csv.NewWriter(w)
	if err := c.Write(unmappedHeader); err != nil {
		return err
	}
	for _, u := range codes {
		err := c.Write([]string{
			u.Code, u.Name, strconv.FormatInt(u.Count, 10), u.System, u.ResourceType, u.Field,
			strconv.Itoa(int(u.SourceConceptID)),
		})
		if err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func writeUnmappedParquet(w io.Writer, codes []UnmappedCode) error {
	p, err := columnar.NewWriter[UnmappedCode](w, nil)
	if err != nil {
		return err
	}
	return errors.Join(p.Write(codes), p.Close())
}

// WriteText writes the account for people.
func (r *Report) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "read\tmapped\tfiltered\tquarantined\tunsupported\t  resource type")
	for _, a := range append(slices.Clone(r.Resources), r.Total) {
		name := a.Type
		if name == "" {
			name = "in all"
		}
		fmt.Fprintf(t, "%d\t%d\t%d\t%d\t%d\t  %s\n", a.Read, a.Mapped, a.Filtered, a.Quarantined, a.Unsupported, name)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	r.writeRules(b)
	if r.DICOM != nil {
		if err := r.DICOM.writeText(b); err != nil {
			return err
		}
	}
	fmt.Fprintf(b, "\n%.2f %% of %d coded statements reached a standard concept; %d codes, values and units have none, see unmapped.csv\n",
		100*r.Covered.Share(), r.Covered.Coded, r.Unmapped)
	for _, c := range r.Coverage {
		fmt.Fprintf(b, "  %6.2f %% of %d  %s\n", 100*c.Share(), c.Coded, c.Type)
	}
	fmt.Fprintln(b, "\nrows")
	t = tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, name := range slices.Sorted(maps.Keys(r.Rows)) {
		if n := r.Rows[name]; n > 0 {
			fmt.Fprintf(t, "%d\t  %s\n", n, name)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	writeCounts(b, "\ncodes mended", r.Cleaned)
	writeCounts(b, "\nsaid by resources, not held by rows", r.Losses)
	for _, s := range r.Sources {
		if s.Skipped != "" {
			fmt.Fprintf(b, "\nskipped %s: %s", s.Name, s.Skipped)
		}
		if s.Damaged != "" {
			fmt.Fprintf(b, "\ndamaged %s: %s", s.Name, s.Damaged)
		}
	}
	fmt.Fprintf(b, "\npolicy %s, vocabulary %s, CDM %s\n", r.Policy, cmp.Or(r.Vocabulary, "unknown"), r.CDM)
	return b.Flush()
}

func (r *Report) writeRules(w io.Writer) {
	for _, a := range r.Resources {
		for _, rule := range slices.Sorted(maps.Keys(a.Rules)) {
			fmt.Fprintf(w, "  %s: %d %s\n", a.Type, a.Rules[rule], rule)
		}
	}
}

func writeCounts(w io.Writer, title string, counts map[string]int64) {
	if len(counts) == 0 {
		return
	}
	fmt.Fprintln(w, title)
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(w, "  %d  %s\n", counts[k], k)
	}
}
