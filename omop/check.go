package omop

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

// table checks the files of one table.
func (r *run) table(l *layout, files []dataFile) error {
	c, err := r.checker(l)
	if err != nil {
		return err
	}
	sum := TableSummary{Name: l.Name}
	whole := true
	for _, f := range files {
		sum.Files = append(sum.Files, f.name)
		before := c.rows
		ok, err := r.file(l, f, r.report, func(present []bool) { c.present = present }, c.row)
		sum.Rows += c.rows - before
		if err != nil {
			return err
		}
		whole = whole && ok
	}
	r.summary.Tables = append(r.summary.Tables, sum)
	if c.key >= 0 && whole && !r.done[l.Name] {
		r.keys[l.Name], r.done[l.Name] = &c.keys, true
	}
	if whole && l.Required && sum.Rows == 0 {
		return r.report(issue.Issue{Severity: issue.Warning, Code: CodeTableEmpty, Path: l.Name,
			Message: "want rows, have none", Rule: r.opts.Version.Model().Name + ", " + l.Name})
	}
	return nil
}

// readKeys reads the primary keys of a table and nothing else. The findings of
// its files are made when the table's turn comes.
func (r *run) readKeys(l *layout, files []dataFile) error {
	key := slices.IndexFunc(l.columns, func(c column) bool { return c.Field != nil && c.PrimaryKey })
	if key < 0 || len(files) == 0 {
		return nil
	}
	keys := &keySet{}
	text := l.columns[key].Type == cdm.Varchar
	for _, f := range files {
		ok, err := r.file(l, f, issue.Discard.Report, func([]bool) {}, func(_ issue.Pos, cells []cell) error {
			if cells[key].state == cellSet {
				keys.add(&cells[key], text)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if !ok {
			return nil
		}
	}
	r.keys[l.Name] = keys
	return nil
}

// file reads one file: report receives what the reading finds, start which
// columns there are. ok is false where rows could not be read; that was
// reported.
func (r *run) file(l *layout, f dataFile, report func(issue.Issue) error, start func(present []bool), row func(issue.Pos, []cell) error) (ok bool, err error) {
	rows := 0
	visit := func(pos issue.Pos, cells []cell) error {
		if rows++; rows%1024 == 0 {
			if err := r.ctx.Err(); err != nil {
				return err
			}
		}
		return row(pos, cells)
	}
	if err := r.ctx.Err(); err != nil {
		return false, err
	}
	if f.kind != parquetFile {
		in, err := r.fsys.Open(f.name)
		if err != nil {
			return false, err
		}
		defer in.Close()
		c := &csvReader{layout: l, source: f.name, report: report, limit: r.opts.MaxRecordBytes, validate: true}
		started := false
		err = c.read(in, func(pos issue.Pos, cells []cell, _ bool) error {
			if !started {
				start(c.present)
				started = true
			}
			return visit(pos, cells)
		})
		if err == errStop {
			return false, nil
		}
		return err == nil, err
	}
	in, size, closer, err := openAt(r.fsys, f.name)
	if err != nil {
		return false, err
	}
	defer closer.Close()
	info, err := columnar.Inspect(in, size)
	if err != nil {
		return false, r.unreadable(l, f, report, err)
	}
	present, err := checkColumns(l, f.name, info, report)
	if err != nil {
		return false, err
	}
	start(present)
	record := int64(0)
	var stop error
	err = l.table.read(in, size, func(cells []cell) error {
		record++
		stop = visit(issue.Pos{Source: f.name, Record: record}, cells)
		return stop
	})
	if stop != nil {
		return false, stop
	}
	if err != nil {
		return false, r.unreadable(l, f, report, err)
	}
	return true, nil
}

// unreadable reports a damaged file; an error of the file system ends the run.
func (r *run) unreadable(l *layout, f dataFile, report func(issue.Issue) error, err error) error {
	var world *fs.PathError
	if errors.As(err, &world) {
		return err
	}
	return report(issue.Issue{Severity: issue.Error, Code: CodeFile, Pos: issue.Pos{Source: f.name}, Path: l.Name,
		Message: "want a Parquet file with the columns of the CDM, have one whose rows cannot be read: " + err.Error()})
}

// fits lists for every type of the CDM the column types of Parquet that hold
// it, the wanted one first.
var fits = [...][]string{
	cdm.Integer:  {"int32", "int64", "int16", "int8", "uint8", "uint16"},
	cdm.Float:    {"float64", "float32", "decimal", "int32", "int64"},
	cdm.Varchar:  {"string", "bytes"},
	cdm.Date:     {"date"},
	cdm.Datetime: {"timestamp(micros)", "timestamp"},
}

// checkColumns reports unknown and missing columns and those of a wrong type.
func checkColumns(l *layout, source string, info *columnar.FileInfo, report func(issue.Issue) error) (present []bool, err error) {
	present = make([]bool, len(l.columns))
	for i, c := range info.Columns {
		at, former := l.find(strings.ToLower(c.Name))
		f := issue.Issue{Pos: issue.Pos{Source: source}}
		switch {
		case at < 0:
			f.Severity, f.Code, f.Path = issue.Warning, CodeColumnUnknown, l.Name
			f.Message = unknownColumn(i)
		case present[at]:
			f.Severity, f.Code, f.Path = issue.Error, CodeColumnRepeated, l.columns[at].path
			f.Message = "want the column once, have it again"
			at = -1
		case former:
			f.Severity, f.Code, f.Path = issue.Information, CodeColumnFormer, l.columns[at].path
			f.Message, f.Rule = "want the name of CDM 5.4, have that of CDM 5.3", l.columns[at].clause
		}
		if f.Code != "" {
			if err := report(f); err != nil {
				return nil, err
			}
		}
		if at < 0 {
			continue
		}
		present[at] = true
		col := &l.columns[at]
		want := fits[col.Type]
		kind := strings.ToLower(c.Type)
		if kind == want[0] {
			continue
		}
		f = issue.Issue{Severity: issue.Error, Code: CodeType, Pos: issue.Pos{Source: source}, Path: col.path,
			Message: "want a column of type " + want[0] + ", have " + kind, Rule: col.clause}
		if slices.ContainsFunc(want, func(w string) bool { return strings.HasPrefix(kind, w) }) {
			f.Severity = issue.Information
		}
		if err := report(f); err != nil {
			return nil, err
		}
	}
	for i := range present {
		if !present[i] && l.columns[i].Field != nil {
			if err := report(missingColumn(&l.columns[i], source, true)); err != nil {
				return nil, err
			}
		}
	}
	return present, nil
}
