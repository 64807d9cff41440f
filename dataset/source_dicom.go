package dataset

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
	"github.com/carabiner-health/carabiner/issue"
)

// importDICOMList reads a list of attributes, which is one of
//
//	# a line an attribute, by keyword or tag, nothing more being needed
//	PatientID = patient_id  1
//	00080060
//	RequestAttributesSequence.ScheduledProcedureStepID
//	RequestAttributesSequence[1].00400007 = step  3
//
// or a CSV table with a header, of which the columns tag or dicom_tag, keyword, column or
// name, table, type, description and aggregation count. After the path a line may
// have "= column" and the type 1, 1C, 2, 2C or 3, or the word required. A path into a
// sequence has the values of all its items, with [1] those of the first.
//
// Rows are series where the list has the UID of the series and not of the
// instance, and so for study, patient and instance.
func importDICOMList(_ context.Context, in *input) ([]*Table, issue.List, error) {
	l := &dicomLister{in: in}
	text := strings.TrimPrefix(string(in.data), "\xef\xbb\xbf")
	if header, ok := dicomHeader(text); ok {
		l.csv(text, header)
	} else {
		l.lines(text)
	}
	for _, t := range l.tables {
		if l.in.spec.Table != "" && t.Name != l.in.spec.Table {
			continue
		}
		dicomGrain(t)
	}
	if want := in.spec.Table; want != "" {
		l.tables = slices.DeleteFunc(l.tables, func(t *Table) bool { return t.Name != want })
	}
	l.tables = slices.DeleteFunc(l.tables, func(t *Table) bool { return len(t.Object.Fields) == 0 })
	if len(l.tables) == 0 && !l.issues.HasErrors() {
		l.report(issue.Error, CodeDICOMLine, 0, "", "want at least one attribute of DICOM, have none")
	}
	return l.tables, l.issues, nil
}

type dicomLister struct {
	in     *input
	tables []*Table
	issues issue.List
	wrong  int // errors so far
}

func (l *dicomLister) pos(line, column int) issue.Pos {
	return issue.Pos{Source: l.in.file, Line: line, Column: column}
}

func (l *dicomLister) report(s issue.Severity, code issue.Code, line int, path, format string, args ...any) {
	if s >= issue.Error {
		l.wrong++
	}
	l.issues = append(l.issues, issue.Issue{Severity: s, Code: code, Pos: l.pos(max(line, 1), 1), Path: path, Message: fmt.Sprintf(format, args...)})
}

// table returns the table of that name, made where it is new.
func (l *dicomLister) table(name string) *Table {
	for _, t := range l.tables {
		if t.Name == name {
			return t
		}
	}
	t := &Table{Name: name, Form: Row, Source: l.in.spec.Name, Kind: DICOMList, Pos: l.pos(1, 1), Object: &Object{Name: name, ID: name, Pos: l.pos(1, 1)}}
	l.tables = append(l.tables, t)
	return t
}

// fileTable is the name of the only table of a file.
func (in *input) fileTable() string {
	name := path.Base(strings.ReplaceAll(in.file, `\`, "/"))
	if name == "." || name == "/" || name == "" {
		name = in.spec.Name
	}
	name, _, _ = strings.Cut(name, ".")
	if name == "" {
		return "table"
	}
	return name
}

// dicomLine is what a line says of an attribute.
type dicomLine struct {
	line                      int
	path, column, mark        string
	title, description, given string
	required                  bool
}

func (l *dicomLister) lines(text string) {
	t := l.table(l.in.fileTable())
	n := 0
	for raw := range strings.Lines(text) {
		if n++; l.stop(n) {
			return
		}
		s, _, _ := strings.Cut(raw, "#")
		if s = strings.TrimSpace(s); s == "" || strings.HasPrefix(s, "//") {
			continue
		}
		left, right, named := strings.Cut(s, "=")
		words := strings.Fields(strings.ReplaceAll(left, "] .", "]."))
		if len(words) == 0 {
			l.report(issue.Error, CodeDICOMLine, n, "", "want a tag or a keyword before =, have none")
			continue
		}
		d := dicomLine{line: n, path: strings.TrimSuffix(words[0], ",")}
		rest := words[1:]
		if named {
			after := strings.Fields(right)
			if len(after) == 0 || len(rest) > 0 {
				l.report(issue.Error, CodeDICOMLine, n, d.path, "want PATH = COLUMN TYPE, have something else")
				continue
			}
			d.column, rest = after[0], after[1:]
		}
		if !d.marks(rest) {
			l.report(issue.Error, CodeDICOMLine, n, d.path, "want the type 1, 1C, 2, 2C or 3, or required, have other words")
			continue
		}
		l.add(t, d)
	}
}

// stop reports whether so much is wrong that the file is no list of attributes.
func (l *dicomLister) stop(line int) bool {
	const most = 500
	if l.wrong < most {
		return false
	}
	l.report(issue.Error, CodeDICOMLine, line, "", "want a list of attributes, have %d wrong lines: the rest is not read", most)
	return true
}

// marks reads the words after the path: a type, or required.
func (d *dicomLine) marks(words []string) bool {
	for _, w := range words {
		switch strings.ToUpper(w) {
		case "TYPE":
		case "REQUIRED":
			d.required = true
		case "OPTIONAL":
			d.required = false
		case "1", "1C", "2", "2C", "3":
			if d.mark != "" {
				return false
			}
			d.mark = strings.ToUpper(w)
		default:
			return false
		}
	}
	return true
}

// dicomHeader returns the header of a list that is a CSV table: it names a column of
// tags, keywords or columns.
func dicomHeader(text string) ([]string, bool) {
	line, _, _ := strings.Cut(text, "\n")
	r := csv.NewReader(strings.NewReader(strings.TrimRight(line, "\r")))
	r.Comma = dicomComma(line)
	header, err := r.Read()
	if err != nil || len(header) < 2 {
		return nil, false
	}
	for i := range header {
		header[i] = strings.ToLower(strings.TrimSpace(header[i]))
	}
	for _, n := range []string{"tag", "dicom_tag", "keyword", "column"} {
		if slices.Contains(header, n) {
			return header, true
		}
	}
	return nil, false
}

func dicomComma(line string) rune {
	for _, c := range "\t;" {
		if strings.ContainsRune(line, c) && !strings.ContainsRune(line, ',') {
			return c
		}
	}
	return ','
}

// csv reads a list in the form of a table. A column that is no attribute but
// computed from some is told and left out.
func (l *dicomLister) csv(text string, header []string) {
	first, _, _ := strings.Cut(text, "\n")
	r := csv.NewReader(bytes.NewReader([]byte(text)))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = dicomComma(first), -1, true
	cell := func(row []string, names ...string) string {
		for _, n := range names {
			if i := slices.Index(header, n); i >= 0 && i < len(row) {
				if s := strings.TrimSpace(row[i]); s != "" {
					return s
				}
			}
		}
		return ""
	}
	if _, err := r.Read(); err != nil {
		return
	}
	for {
		row, err := r.Read()
		if row == nil {
			if err != nil && err.Error() != "EOF" {
				l.report(issue.Error, CodeDICOMLine, 1, "", "want a CSV table, have an error of form")
			}
			return
		}
		line, _ := r.FieldPos(0)
		if l.stop(line) {
			return
		}
		name := l.in.fileTable()
		if s := cell(row, "table"); s != "" {
			name = s
		}
		d := dicomLine{line: line, path: cell(row, "tag", "dicom_tag", "keyword"), column: cell(row, "column", "name"),
			description: cell(row, "description"), title: cell(row, "title")}
		given := cell(row, "type")
		if d.marks([]string{given}) {
			given = ""
		}
		d.given = given
		how := strings.ToLower(cell(row, "aggregation"))
		if how == "key" {
			d.required = true
		}
		if slices.Contains([]string{"yes", "true", "required"}, strings.ToLower(cell(row, "required"))) {
			d.required = true
		}
		t := l.table(name)
		if d.path == "" && d.column != "" {
			d.path = d.column
			if _, known := dict.ByKeyword(d.column); !known {
				l.notHeld(line, name, d.column, "no attribute of DICOM")
				continue
			}
		}
		if how != "" && how != "any" && how != "key" {
			l.notHeld(line, name, d.column, "computed ("+how+")")
			continue
		}
		l.add(t, d)
	}
}

func (l *dicomLister) notHeld(line int, table, column, why string) {
	l.report(issue.Warning, CodeNotHeld, line, table+"."+column, "want an attribute, have a column that is %s: it is left out", why)
}

// add adds the column of an attribute to a table.
func (l *dicomLister) add(t *Table, d dicomLine) {
	steps, message := dicomPath(d.path)
	if message != "" {
		l.report(issue.Error, CodeDICOMTag, d.line, d.path, "%s", message)
		return
	}
	leaf := steps[len(steps)-1]
	if dicomBulk(leaf.tag) {
		l.report(issue.Error, CodeDICOMBulk, d.line, d.path, "want metadata, have %s", leaf.tag)
		return
	}
	f := &Field{Name: d.column, Title: d.title, Description: d.description, DICOMType: d.mark, Path: dicomSteps(steps), Pos: l.pos(d.line, 1)}
	f.ID = f.Path
	entry := dict.Find(leaf.tag)
	if entry == nil {
		f.Type = NewType(Any)
		f.Role = FreeText
		l.report(issue.Warning, CodeNotHeld, d.line, d.path, "want an attribute of the standard, have a private one, whose VR nothing tells")
	} else {
		f.Type = dicomEntryType(entry)
		f.Role = dicomRole(entry)
		if f.Title == "" {
			f.Title = entry.Name
		}
	}
	for _, s := range steps[:len(steps)-1] {
		if s.item == 0 && f.Type.Kind != Any && f.Type.Kind != List {
			f.Type = ListOf(f.Type)
		} else if s.item == 0 && f.Type.Kind == List {
			f.Type.MinItems, f.Type.MaxItems = 0, -1
		}
	}
	if f.Name == "" {
		f.Name = dicomColumn(t, steps)
	}
	if t.Object.Field(f.Name) != nil {
		l.report(issue.Error, CodeTableName, d.line, d.path, "want another column, have %s twice: name it by = COLUMN", quote(f.Name))
		return
	}
	f.Required = d.required || (d.mark == "1" && len(steps) == 1)
	l.origins(f, d, entry)
	t.Object.Fields = append(t.Object.Fields, f)
}

func (l *dicomLister) origins(f *Field, d dicomLine, e *dict.Entry) {
	o := originer{l.in.spec.Name, f.Pos}
	if e != nil {
		standard := originer{"PS3.6", issue.Pos{}}
		standard.add(f, "type", e.VR().String(), f.Path)
		standard.add(f, "multiplicity", e.VM, f.Path)
		if e.Retired {
			standard.add(f, "retired", "true", f.Path)
		}
	}
	if d.mark != "" {
		o.add(f, "dicom-type", d.mark, d.path)
	}
	if f.Required {
		o.add(f, "required", "true", d.path)
	}
	if d.given != "" {
		o.add(f, "stated-type", d.given, d.path)
	}
}

// dicomStep is a step of a path; item counts from 1, 0 = all.
type dicomStep struct {
	tag  dict.Tag
	item int
}

// dicomPath reads a path of tags and keywords with points between them.
func dicomPath(s string) (steps []dicomStep, message string) {
	const deepest = 16
	parts := strings.Split(strings.ReplaceAll(s, ">", "."), ".")
	if len(parts) > deepest {
		return nil, fmt.Sprintf("want at most %d steps, have %d", deepest, len(parts))
	}
	for i, p := range parts {
		item := 0
		if open := strings.IndexByte(p, '['); open > 0 && strings.HasSuffix(p, "]") {
			if _, err := fmt.Sscanf(p[open:], "[%d]", &item); err != nil || item < 1 {
				return nil, "want an item such as [1], have something else"
			}
			p = p[:open]
		}
		tag, err := dict.ParseTag(strings.TrimSpace(p))
		if err != nil {
			return nil, "want a tag such as 00100020 or a keyword, have " + quote(p) + meant(p, dicomKeywords())
		}
		e := dict.Find(tag)
		switch {
		case e == nil && !tag.IsPrivate():
			return nil, "want a tag of the dictionary, have " + tag.String()
		case i < len(parts)-1 && e != nil && e.VR() != dict.SQ:
			return nil, "want a sequence before a point, have " + tag.String() + " of VR " + e.VR().String()
		case i == len(parts)-1 && item > 0:
			return nil, "want an item only of a sequence that the path goes on from"
		}
		steps = append(steps, dicomStep{tag, item})
	}
	return steps, ""
}

// dicomSteps writes a path as tags: 00400275[1].00400009.
func dicomSteps(steps []dicomStep) string {
	var b strings.Builder
	for i, s := range steps {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s.tag.Hex())
		if s.item > 0 {
			fmt.Fprintf(&b, "[%d]", s.item)
		}
	}
	return b.String()
}

// dicomColumn makes the name of a column: the last keyword, with those before it
// where that is taken.
func dicomColumn(t *Table, steps []dicomStep) string {
	name := ""
	for i := len(steps) - 1; i >= 0; i-- {
		word := steps[i].tag.Keyword()
		if word == "" {
			word = "tag" + steps[i].tag.Hex()
		}
		if name != "" {
			word += "_" + name
		}
		name = word
		if t.Object.Field(name) == nil {
			break
		}
	}
	return name
}

// dicomGrain tells from the UIDs of a list what its rows are, and by what they are known.
func dicomGrain(t *Table) {
	for _, level := range []struct {
		tag   dict.Tag
		grain Grain
	}{{dict.SOPInstanceUID, PerInstance}, {dict.SeriesInstanceUID, PerSeries}, {dict.StudyInstanceUID, PerStudy}, {dict.PatientID, PerPatient}} {
		for _, f := range t.Object.Fields {
			if f.Path == level.tag.Hex() {
				t.Grain, t.Key, f.Required = level.grain, []string{f.Name}, true
				return
			}
		}
	}
}
