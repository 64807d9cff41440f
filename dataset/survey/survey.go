package survey

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/dicommeta"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop"
)

// InferOptions are the options of Infer. Nil and zero fields mean the defaults.
type InferOptions struct {
	// ID is the id of the profile, a URL; "" = one of example.org.
	ID string
	// Records is how many records of each kind are looked at; 0 = 10,000, -1 = all.
	Records int
	// MinCell is how often a value of a text column must occur for a column to be
	// taken for one of codes, whose codes then stand in the draft; 0 = 10.
	MinCell int
	// Reporter receives the findings of reading; nil ignores them.
	Reporter issue.Reporter
}

const defaultRecords, defaultMinCell = 10_000, 10

// Draft is a profile in the making.
type Draft struct {
	// Profile is the profile in YAML, with comments that tell what to look at.
	Profile []byte
	// Files are what it refers to, by their names beside it.
	Files map[string][]byte
	// Tables are the names of its tables, in its order.
	Tables []string
}

// Infer drafts a profile of the data in files and folders: FHIR, OMOP tables, DICOM,
// CSV, Parquet and NDJSON, told apart by their content. A field is proposed for
// what occurs in the records that were looked at. Roles are conservative: what
// is not known to be harmless is not called safe. The draft holds values from the
// data only where each occurs InferOptions.MinCell times. The same data give
// the same draft. The error says what could not be read, or that nothing in it
// makes a table.
func Infer(ctx context.Context, paths []string, opts *InferOptions) (*Draft, error) {
	var o InferOptions
	if opts != nil {
		o = *opts
	}
	o.Records = cmp.Or(o.Records, defaultRecords)
	o.MinCell = cmp.Or(o.MinCell, defaultMinCell)
	o.ID = cmp.Or(o.ID, "https://example.org/profiles/draft")
	found, err := sortOut(paths)
	if err != nil {
		return nil, err
	}
	d := &drafter{opts: o, files: map[string][]byte{}, taken: map[string]bool{}}
	for _, step := range []func(context.Context, *inputs) error{d.fhir, d.omop, d.dicom, d.flat} {
		if err := step(ctx, found); err != nil {
			return nil, err
		}
	}
	if len(d.tables) == 0 {
		return nil, fmt.Errorf("survey: want FHIR, OMOP, DICOM, CSV, Parquet or NDJSON, have nothing of it in %d paths", len(paths))
	}
	return d.draft(), nil
}

// inputs are the files of the paths, by what they hold.
type inputs struct {
	fhir  []string
	omop  []string // names of tables
	dicom []string
	flat  []string
}

// sortOut tells files apart by name and first bytes.
func sortOut(paths []string) (*inputs, error) {
	var in inputs
	known := omop.Tables()
	for src, err := range dicommeta.Sources(paths...) {
		if err != nil {
			return nil, fmt.Errorf("survey: %w", err)
		}
		name := strings.ToLower(filepath.Base(src.Name))
		base, ext := stem(name)
		head := beginning(src)
		switch {
		case ext == ".parquet" || ext == ".csv" || ext == ".tsv":
			if slices.Contains(known, base) {
				in.omop = append(in.omop, base)
			} else {
				in.flat = append(in.flat, src.Name)
			}
		case bytes.Contains(head, []byte(`"resourceType"`)) || bytes.Contains(head, []byte("http://hl7.org/fhir")) || fhirPacked(ext, head):
			in.fhir = append(in.fhir, src.Name)
		case dicommeta.Sniff(head):
			in.dicom = append(in.dicom, src.Name)
		case (ext == ".ndjson" || ext == ".jsonl") && name != "log.ndjson": // a bulk client leaves its log so
			in.flat = append(in.flat, src.Name)
		}
	}
	slices.Sort(in.omop)
	in.omop = slices.Compact(in.omop)
	return &in, nil
}

// stem cuts the ending off a file name, and that of a packing behind it.
func stem(name string) (base, ext string) {
	for {
		ext = path.Ext(name)
		name = strings.TrimSuffix(name, ext)
		if ext != ".gz" && ext != ".zst" {
			return name, ext
		}
	}
}

// fhirPacked takes packed JSON for FHIR: package fhir then tells what it is.
func fhirPacked(ext string, head []byte) bool {
	packed := bytes.HasPrefix(head, []byte{0x1f, 0x8b}) || bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd})
	return packed && (ext == ".ndjson" || ext == ".json" || ext == ".xml")
}

// beginning returns the first bytes of a file, none of one that cannot be read,
// which is told by who reads it as a whole.
func beginning(src dicommeta.Source) []byte {
	f, err := src.Open()
	if err != nil {
		return nil
	}
	head := make([]byte, min(src.Size, 32<<10))
	n, _ := f.ReadAt(head, 0)
	_ = f.Close()
	return head[:n]
}

// drafter gathers the tables of a draft.
type drafter struct {
	opts    InferOptions
	sources []source
	tables  []table
	files   map[string][]byte
	taken   map[string]bool
}

// source, table and field are parts of the document that is written.
type source struct{ name, kind, ref, table, comment string }

type table struct {
	name, from, grain, comment string

	key    []string
	refs   []dataset.Ref
	fields []field
}

type field struct {
	name, path string
	list       bool
	required   bool
	role       dataset.Role
	comment    string
}

// name returns a name of lower-case letters, digits and underscores that no
// other thing of the draft has.
func (d *drafter) name(text string) string {
	base := identifier(text)
	name := base
	for n := 2; d.taken[name]; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	d.taken[name] = true
	return name
}

// identifier returns text in lower case with underscores: birthDate is
// birth_date, LOINC-code loinc_code, SOPInstanceUID sop_instance_uid.
func identifier(text string) string {
	var b strings.Builder
	runes := []rune(text)
	lower := func(i int) bool { return i >= 0 && i < len(runes) && runes[i] >= 'a' && runes[i] <= 'z' }
	digit := func(i int) bool { return i >= 0 && runes[i] >= '0' && runes[i] <= '9' }
	upper := func(i int) bool { return i >= 0 && runes[i] >= 'A' && runes[i] <= 'Z' }
	for i, r := range runes {
		switch {
		case upper(i):
			if lower(i-1) || digit(i-1) || upper(i-1) && lower(i+1) {
				b.WriteByte('_')
			}
			b.WriteRune(r + 'a' - 'A')
		case lower(i) || digit(i):
			b.WriteRune(r)
		default:
			if s := b.String(); s != "" && !strings.HasSuffix(s, "_") {
				b.WriteByte('_')
			}
		}
	}
	s := strings.Trim(b.String(), "_")
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		s = strings.TrimSuffix("t_"+s, "_")
	}
	return s
}

// draft writes the document.
func (d *drafter) draft() *Draft {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("# A draft, made of what occurs in the data. Look at every role, key and type before\n# it is relied on; \"carabiner profile check\" tells what does not fit together.\n")
	p("profile: \"1\"\nid: %s\nversion: 0.1.0\nsources:\n", quote(d.opts.ID))
	for _, s := range d.sources {
		p("  %s: {kind: %s, ref: %s", s.name, s.kind, quote(s.ref))
		if s.table != "" {
			p(", table: %s", quote(s.table))
		}
		p("}")
		comment(&b, s.comment)
	}
	p("tables:\n")
	var names []string
	for _, t := range d.tables {
		names = append(names, t.name)
		d.writeTable(&b, t)
	}
	p("privacy: {unlisted: drop}\noutputs: {go: {}, markdown: {}}\n")
	return &Draft{Profile: []byte(b.String()), Files: maps.Clone(d.files), Tables: names}
}

func (d *drafter) writeTable(b *strings.Builder, t table) {
	fmt.Fprintf(b, "  %s:", t.name)
	comment(b, t.comment)
	fmt.Fprintf(b, "    from: %s\n", t.from)
	fmt.Fprintf(b, "    grain: %s\n", cmp.Or(t.grain, string(dataset.PerRow)))
	if len(t.key) > 0 {
		fmt.Fprintf(b, "    key: [%s]\n", quoteAll(t.key))
	}
	if len(t.refs) > 0 {
		fmt.Fprintf(b, "    refs:\n")
		for _, r := range t.refs {
			fmt.Fprintf(b, "      - {fields: [%s], table: %s}\n", quoteAll(r.Fields), r.Table)
		}
	}
	if len(t.fields) == 0 {
		return
	}
	fmt.Fprintf(b, "    fields:\n")
	for _, f := range t.fields {
		var parts []string
		if f.path != "" {
			parts = append(parts, "path: "+quote(f.path))
		}
		if f.list {
			parts = append(parts, "list: true")
		}
		if f.required {
			parts = append(parts, "required: true")
		}
		parts = append(parts, "role: "+string(f.role))
		fmt.Fprintf(b, "      %s: {%s}", quote(f.name), strings.Join(parts, ", "))
		comment(b, f.comment)
	}
}

func comment(b *strings.Builder, text string) {
	if text != "" {
		b.WriteString(" # " + text)
	}
	b.WriteByte('\n')
}

// quote returns a text as a scalar of YAML: as it is where that is a plain word.
func quote(s string) string {
	plain := s != "" && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, strings.ToLower(s))
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '-' || r == '.' || r == '/')) {
			plain = false
		}
	}
	if plain {
		return s
	}
	return jsonText(s)
}

func quoteAll(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, quote(s))
	}
	return strings.Join(out, ", ")
}
