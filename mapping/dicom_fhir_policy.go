package mapping

import (
	"crypto/sha256"
	_ "embed"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/carabiner-health/carabiner/internal/yamldoc"
)

//go:embed policies/dicom/fhir.yaml
var dicomPolicyFile []byte

// TermCode is the code that stands for a term of DICOM.
type TermCode struct {
	Scheme  string `yaml:"scheme"`
	Code    string `yaml:"code"`
	Meaning string `yaml:"meaning"`
}

// DICOMPolicy says how DICOM becomes FHIR: zones, systems, ids, which resources are
// made. It is data, read from YAML; policies/dicom/fhir.yaml explains every member. A
// policy must not be changed once a mapper was made from it.
type DICOMPolicy struct {
	Name    string `yaml:"name"`
	Version int    `yaml:"version"`

	StudyStatus string `yaml:"study_status"`
	Timezone    string `yaml:"timezone"`
	IDKey       string `yaml:"id_key"`
	StudyIDs    string `yaml:"study_ids"`
	Endpoint    string `yaml:"endpoint"`

	Issuers         map[string]string `yaml:"issuers"`
	PatientSystem   string            `yaml:"patient_system"`
	AccessionSystem string            `yaml:"accession_system"`

	Procedures   string `yaml:"procedures"`
	Requests     string `yaml:"requests"`
	People       string `yaml:"people"`
	Devices      string `yaml:"devices"`
	Locations    string `yaml:"locations"`
	Specimens    string `yaml:"specimens"`
	Observations string `yaml:"observations"`

	ExcludedModalities []string `yaml:"excluded_modalities"`
	ExcludedSOPClasses []string `yaml:"excluded_sop_classes"`

	Schemes map[string]string `yaml:"schemes"`

	BodyParts      map[string]TermCode `yaml:"body_parts"`
	BodyPartFile   string              `yaml:"body_part_file"`
	BodyPartSystem string              `yaml:"body_part_system"`
	Lateralities   map[string]TermCode `yaml:"lateralities"`
	LateralityFile string              `yaml:"laterality_file"`

	hash string
	zone *time.Location // nil where none is known
}

// Hash returns the SHA-256 of the policy's text and of the files that it names, in
// hexadecimal, so that a result names the very rules that made it.
func (p *DICOMPolicy) Hash() string { return p.hash }

// DefaultDICOMPolicy returns the policy that ships with the package. It panics only if
// the package was built with a broken policy, which its tests rule out.
func DefaultDICOMPolicy() *DICOMPolicy {
	p, err := ParseDICOMPolicy("dicom/fhir.yaml", dicomPolicyFile)
	if err != nil {
		panic(err)
	}
	return p
}

// LoadDICOMPolicy reads a policy from a YAML file, and the tables that it names from beside it.
func LoadDICOMPolicy(file string) (*DICOMPolicy, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("mapping: policy: %w", err)
	}
	return parseDICOMPolicy(file, b, filepath.Dir(file))
}

// ParseDICOMPolicy reads a policy from YAML; name stands in its errors. Tables that it
// names are looked for in the working folder.
func ParseDICOMPolicy(name string, b []byte) (*DICOMPolicy, error) {
	return parseDICOMPolicy(name, b, ".")
}

func parseDICOMPolicy(name string, b []byte, dir string) (*DICOMPolicy, error) {
	p := &DICOMPolicy{}
	if err := yamldoc.Decode(name, b, p); err != nil {
		return nil, fmt.Errorf("mapping: policy %w", err)
	}
	h := sha256.New()
	h.Write(b)
	for _, t := range []struct {
		file  string
		terms *map[string]TermCode
	}{{p.BodyPartFile, &p.BodyParts}, {p.LateralityFile, &p.Lateralities}} {
		if t.file == "" {
			continue
		}
		if !filepath.IsAbs(t.file) {
			t.file = filepath.Join(dir, t.file)
		}
		text, err := os.ReadFile(t.file)
		if err != nil {
			return nil, fmt.Errorf("mapping: policy %s: %w", name, err)
		}
		h.Write(text)
		read, err := ReadTermCodes(strings.NewReader(string(text)))
		if err != nil {
			return nil, fmt.Errorf("mapping: policy %s: %s: %w", name, filepath.Base(t.file), err)
		}
		for term, c := range *t.terms { // a line of the policy goes before one of the file
			read[term] = c
		}
		*t.terms = read
	}
	p.hash = hex.EncodeToString(h.Sum(nil))
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("mapping: policy %s: %w", name, err)
	}
	return p, nil
}

var studyStatuses = []string{"registered", "available", "cancelled", "entered-in-error", "unknown"}

func (p *DICOMPolicy) check() error {
	one := func(field, v string, allowed ...string) error {
		if slices.Contains(allowed, v) {
			return nil
		}
		return fmt.Errorf("%s: want one of %s", field, strings.Join(allowed, ", "))
	}
	if p.Name == "" {
		return errors.New("name: want a name")
	}
	for _, s := range []struct{ field, v string }{
		{"procedures", p.Procedures},
		{"requests", p.Requests},
		{"people", p.People},
		{"devices", p.Devices},
		{"locations", p.Locations},
		{"specimens", p.Specimens},
		{"observations", p.Observations},
	} {
		if err := one(s.field, s.v, "keep", "drop"); err != nil {
			return err
		}
	}
	if err := one("study_ids", p.StudyIDs, "hash", "uid"); err != nil {
		return err
	}
	if err := one("study_status", p.StudyStatus, studyStatuses...); err != nil {
		return err
	}
	if p.Endpoint != "" && !strings.HasPrefix(p.Endpoint, "http://") && !strings.HasPrefix(p.Endpoint, "https://") {
		return errors.New("endpoint: want an address with http or https")
	}
	var err error
	if p.zone, err = zoneOf(p.Timezone); err != nil {
		return err
	}
	return nil
}

var offsetForm = regexp.MustCompile(`^([+-])(\d\d):?(\d\d)$`)

// zoneOf returns the zone of an offset or of a name, nil for "".
func zoneOf(s string) (*time.Location, error) {
	if s == "" {
		return nil, nil
	}
	if m := offsetForm.FindStringSubmatch(s); m != nil {
		h, _ := strconv.Atoi(m[2])
		mins, _ := strconv.Atoi(m[3])
		if h > 14 || mins > 59 {
			return nil, errors.New("timezone: want an offset of at most 14 hours")
		}
		seconds := h*3600 + mins*60
		if m[1] == "-" {
			seconds = -seconds
		}
		return time.FixedZone("", seconds), nil
	}
	if s == "Local" {
		return nil, errors.New("timezone: want an offset such as +01:00 or the name of a zone")
	}
	zone, err := time.LoadLocation(s)
	if err != nil {
		return nil, errors.New("timezone: want an offset such as +01:00 or the name of a zone that this machine knows")
	}
	return zone, nil
}

// ReadTermCodes reads a table of terms and their codes from CSV: a header with the
// columns term (or body_part_examined, or laterality), scheme, code and, if there,
// meaning, in any order, others being passed over. An error says the line and never shows the text.
func ReadTermCodes(r io.Reader) (map[string]TermCode, error) {
	c := csv.NewReader(r)
	c.ReuseRecord = true
	header, err := c.Read()
	if err != nil {
		return nil, errors.New("want a header line of CSV")
	}
	column := func(names ...string) int {
		return slices.IndexFunc(header, func(h string) bool {
			return slices.Contains(names, strings.ToLower(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff"))))
		})
	}
	term, scheme := column("term", "body_part_examined", "laterality"), column("scheme")
	code, meaning := column("code"), column("meaning")
	if term < 0 || scheme < 0 || code < 0 {
		return nil, errors.New("want the columns term (or body_part_examined, or laterality), scheme and code")
	}
	terms := map[string]TermCode{}
	for {
		rec, err := c.Read()
		if err == io.EOF {
			return terms, nil
		}
		if err != nil {
			var fault *csv.ParseError
			if errors.As(err, &fault) {
				return nil, fmt.Errorf("line %d: want CSV with as many columns as the header", fault.Line)
			}
			return nil, err
		}
		line, _ := c.FieldPos(0)
		t := TermCode{Scheme: strings.TrimSpace(rec[scheme]), Code: strings.TrimSpace(rec[code])}
		if meaning >= 0 {
			t.Meaning = strings.TrimSpace(rec[meaning])
		}
		key := strings.ToUpper(strings.TrimSpace(rec[term]))
		if key == "" || t.Scheme == "" || t.Code == "" {
			return nil, fmt.Errorf("line %d: want a term, a scheme and a code", line)
		}
		if _, twice := terms[key]; twice {
			return nil, fmt.Errorf("line %d: want each term once", line)
		}
		terms[key] = t
	}
}
