package mapping

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"os"
	"path"
	"sort"
	"strings"

	"github.com/carabiner-health/carabiner/internal/yamldoc"
)

//go:embed policies/*.yaml
var policyFiles embed.FS

// Policy says what counts when FHIR becomes OMOP: which statuses give rows,
// which type concepts they carry, how codes are chosen and where they go. It
// is data, read from YAML; policies/ohdsi.yaml explains every member. A Policy
// must not be changed once a mapper was made from it.
type Policy struct {
	Name    string `yaml:"name"`
	Version int    `yaml:"version"`

	Status    map[string][]string `yaml:"status"`
	OpenVisit struct {
		Status       []string `yaml:"status"`
		Inpatient    []int32  `yaml:"inpatient"`
		DischargedTo int32    `yaml:"discharged_to"`
	} `yaml:"open_visit"`
	VerificationExcluded []string `yaml:"verification_excluded"`
	MedicationIntents    []string `yaml:"medication_intents"`

	Types         map[string]int32            `yaml:"types"`
	CategoryTypes map[string]map[string]int32 `yaml:"category_types"`

	Codings         string            `yaml:"codings"`
	VocabularyOrder []string          `yaml:"vocabulary_order"`
	Preferred       map[string]string `yaml:"preferred_vocabulary"`
	SingleConcept   []string          `yaml:"single_concept"`
	Systems         map[string]string `yaml:"systems"`
	Cleaning        struct {
		LOINCShape  bool              `yaml:"loinc_shape"`
		ZeroPadding []string          `yaml:"zero_padding"`
		Units       map[string]string `yaml:"units"`
	} `yaml:"cleaning"`

	Domains        map[string]string `yaml:"domains"`
	IgnoredDomains []string          `yaml:"ignored_domains"`
	HomeTables     map[string]string `yaml:"home_tables"`

	Gender       map[string]int32 `yaml:"gender"`
	Race         map[string]int32 `yaml:"race"`
	SeveralRaces struct {
		Person      int32 `yaml:"person"`
		Observation int32 `yaml:"observation"`
	} `yaml:"several_races"`
	Ethnicity       map[string]int32 `yaml:"ethnicity"`
	VisitClass      map[string]int32 `yaml:"visit_class"`
	VisitPlace      map[string]int32 `yaml:"visit_place"`
	ConditionStatus map[string]int32 `yaml:"condition_status"`
	Operators       map[string]int32 `yaml:"operators"`
	Boolean         map[string]int32 `yaml:"boolean"`

	Allergy struct {
		SubstanceClasses []string          `yaml:"substance_classes"`
		Kinds            map[string]string `yaml:"kinds"`
		Other            string            `yaml:"other"`
	} `yaml:"allergy"`
	Note struct {
		Encoding  int32            `yaml:"encoding"`
		Languages map[string]int32 `yaml:"languages"`
	} `yaml:"note"`
	CareSiteLocations []string `yaml:"care_site_locations"`

	Dates             string `yaml:"dates"`
	ObservationPeriod struct {
		GapDays  int32 `yaml:"gap_days"`
		TailDays int32 `yaml:"tail_days"`
	} `yaml:"observation_period"`
	Identifiers string            `yaml:"identifiers"`
	NPI         string            `yaml:"npi"`
	Countries   map[string]int32  `yaml:"countries"`
	USStates    map[string]string `yaml:"us_states"`

	DICOM ImagingPolicy `yaml:"dicom"`

	hash string
}

// Hash returns the SHA-256 of the policy's text in hexadecimal, so that a
// result names the very rules that made it.
func (p *Policy) Hash() string { return p.hash }

// PolicyNames returns the names of the policies that ship with the package.
func PolicyNames() []string {
	files, err := policyFiles.ReadDir("policies")
	if err != nil {
		return nil
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	sort.Strings(names)
	return names
}

// DefaultPolicy returns the policy ohdsi. It panics only if the package was
// built with a broken policy, which its tests rule out.
func DefaultPolicy() *Policy {
	p, err := LoadPolicy("ohdsi")
	if err != nil {
		panic(err)
	}
	return p
}

// LoadPolicy returns the shipped policy of that name, or reads the YAML file
// of that path. A file that is not a policy is an error which names the place.
func LoadPolicy(nameOrFile string) (*Policy, error) {
	for _, n := range PolicyNames() {
		if n == nameOrFile {
			b, err := policyFiles.ReadFile(path.Join("policies", n+".yaml"))
			if err != nil {
				return nil, fmt.Errorf("mapping: %w", err)
			}
			return ParsePolicy(n+".yaml", b)
		}
	}
	if !strings.ContainsAny(nameOrFile, "./\\") {
		return nil, fmt.Errorf("mapping: want a policy file or one of %s", strings.Join(PolicyNames(), ", "))
	}
	b, err := os.ReadFile(nameOrFile)
	if err != nil {
		return nil, fmt.Errorf("mapping: policy: %w", err)
	}
	return ParsePolicy(nameOrFile, b)
}

// ParsePolicy reads a policy from YAML; name stands in its errors.
func ParsePolicy(name string, b []byte) (*Policy, error) {
	p := &Policy{}
	if err := yamldoc.Decode(name, b, p); err != nil {
		return nil, fmt.Errorf("mapping: policy %w", err)
	}
	sum := sha256.Sum256(b)
	p.hash = hex.EncodeToString(sum[:])
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("mapping: policy %s: %w", name, err)
	}
	return p, nil
}

// check refuses a policy that would map nonsense: unknown words, missing
// defaults, tables that hold no events.
func (p *Policy) check() error {
	one := func(field, v string, allowed ...string) error {
		for _, a := range allowed {
			if v == a {
				return nil
			}
		}
		return fmt.Errorf("%s: want one of %s", field, strings.Join(allowed, ", "))
	}
	if p.Name == "" {
		return fmt.Errorf("name: want a name")
	}
	if p.Types["default"] == 0 {
		return fmt.Errorf("types.default: want a type concept")
	}
	if p.ObservationPeriod.GapDays <= 0 || p.ObservationPeriod.TailDays < 0 {
		return fmt.Errorf("observation_period: want gap_days above 0 and tail_days of 0 or more")
	}
	for _, err := range []error{
		one("codings", p.Codings, "all", "first"),
		one("dates", p.Dates, "local", "utc"),
		one("identifiers", p.Identifiers, "drop", "keep"),
		one("npi", p.NPI, "drop", "keep"),
	} {
		if err != nil {
			return err
		}
	}
	for _, m := range []struct {
		field  string
		tables map[string]string
	}{{"domains", p.Domains}, {"home_tables", p.HomeTables}} {
		for k, t := range m.tables {
			if _, ok := eventTableByName[t]; !ok {
				return fmt.Errorf("%s.%s: want an event table of the CDM", m.field, k)
			}
		}
	}
	for _, t := range p.SingleConcept {
		if _, ok := eventTableByName[t]; !ok {
			return fmt.Errorf("single_concept: want event tables of the CDM")
		}
	}
	return p.DICOM.check(p)
}
