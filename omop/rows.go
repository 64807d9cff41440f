package omop

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/carabiner-health/carabiner/columnar"
	"github.com/carabiner-health/carabiner/issue"
	"github.com/carabiner-health/carabiner/omop/cdm"
)

// checker checks the rows of one table.
type checker struct {
	run     *run
	layout  *layout
	present []bool
	rows    int64
	key     int // the primary key's column, -1 if there is none
	keys    keySet
	parents []*keySet // for each column the keys to which it refers, nil if unchecked
	spans   []pair    // start and end
	clocks  []pair    // date and datetime of the same event
	birth   [4]int    // year, month, day and datetime of birth, -1 if absent
}

// pair is two columns of one row, by their places.
type pair struct{ first, second int }

// checker prepares the checks of a table and says which references cannot be
// checked.
func (r *run) checker(l *layout) (*checker, error) {
	c := &checker{run: r, layout: l, key: -1, parents: make([]*keySet, len(l.columns)), birth: [4]int{-1, -1, -1, -1}}
	at := func(name string) int {
		return slices.IndexFunc(l.columns, func(c column) bool { return c.Field != nil && c.Name == name })
	}
	for i := range l.columns {
		col := &l.columns[i]
		if col.Field == nil {
			continue
		}
		if col.PrimaryKey {
			c.key = i
		}
		if col.Reference.Exists() {
			keys, why := r.parentKeys(col.Reference.Table)
			if keys == nil {
				if err := r.report(issue.Issue{Severity: issue.Information, Code: CodeNotChecked, Path: col.path,
					Message: "references into " + col.Reference.Table + " are not checked: " + why, Rule: col.clause}); err != nil {
					return nil, err
				}
			}
			c.parents[i] = keys
		}
		for _, s := range []string{"date", "datetime"} {
			stem, ok := strings.CutSuffix(col.Name, "_end_"+s)
			if !ok {
				continue
			}
			start := at(stem + "_start_" + s)
			if start < 0 {
				start = at(stem + "_" + s)
			}
			if start >= 0 {
				c.spans = append(c.spans, pair{start, i})
			}
		}
		if stem, ok := strings.CutSuffix(col.Name, "_datetime"); ok {
			if day := at(stem + "_date"); day >= 0 {
				c.clocks = append(c.clocks, pair{day, i})
			}
		}
	}
	for i, name := range []string{"year_of_birth", "month_of_birth", "day_of_birth", "birth_datetime"} {
		c.birth[i] = at(name)
	}
	return c, nil
}

// parentKeys returns the keys of a table, or why they are not known. A
// vocabulary table without rows stands for a vocabulary that is elsewhere.
func (r *run) parentKeys(table string) (keys *keySet, why string) {
	keys = r.keys[table]
	switch {
	case keys == nil && len(r.files[table]) == 0:
		return nil, "there is no such table"
	case keys == nil:
		return nil, "that table cannot be read"
	case keys.empty() && model().byName[table].Schema == cdm.Vocabulary:
		return nil, "that table has no rows"
	}
	return keys, ""
}

// row checks one row.
func (c *checker) row(pos issue.Pos, cells []cell) error {
	c.rows++
	for i := range cells {
		col := &c.layout.columns[i]
		if col.Field == nil || !c.present[i] {
			continue
		}
		var err error
		switch cells[i].state {
		case cellNull:
			if col.Required {
				err = c.fail(pos, i, issue.Error, CodeRequired, "want a value, have none")
			}
		case cellSet:
			err = c.value(pos, i, &cells[i])
		}
		if err != nil {
			return err
		}
	}
	return c.dates(pos, cells)
}

func (c *checker) fail(pos issue.Pos, column int, s issue.Severity, code issue.Code, message string) error {
	col := &c.layout.columns[column]
	return c.run.report(issue.Issue{Severity: s, Code: code, Pos: pos, Path: col.path, Message: message, Rule: col.clause})
}

// value checks a value by itself and against the keys.
func (c *checker) value(pos issue.Pos, i int, v *cell) error {
	col := &c.layout.columns[i]
	text := col.Type == cdm.Varchar
	if text && col.Length > 0 && len(v.text) > col.Length && utf8.RuneCountInString(v.text) > col.Length {
		if err := c.fail(pos, i, issue.Error, CodeLength, "want a text within the length of "+col.TypeName()+", have a longer one"); err != nil {
			return err
		}
	}
	if i == c.key && !c.keys.add(v, text) {
		if err := c.fail(pos, i, issue.Error, CodePrimaryKey, "want a key that no other row has, have it again"); err != nil {
			return err
		}
	}
	// Concept 0 says that there is no matching concept: no row needs to exist.
	if keys := c.parents[i]; keys != nil && !keys.has(v, text) && (text || v.num != 0 || col.Reference.Table != "concept") {
		want := "want a row of " + col.Reference.Table + ", have none"
		if col.Reference.Domain != "" {
			want = "want a row of " + col.Reference.Table + " in domain " + col.Reference.Domain + ", have none"
		}
		if err := c.fail(pos, i, issue.Error, CodeForeignKey, want); err != nil {
			return err
		}
	}
	day := columnar.Date(v.num)
	switch col.Type {
	case cdm.Datetime:
		day = columnar.Timestamp(v.num).Date()
	case cdm.Date:
	default:
		return nil
	}
	if day < c.run.opts.FirstDate || day > c.run.opts.LastDate {
		return c.fail(pos, i, issue.Warning, CodeDateRange, "want a plausible date, have an earlier or later one")
	}
	return nil
}

// dates checks the dates of a row against each other.
func (c *checker) dates(pos issue.Pos, cells []cell) error {
	both := func(p pair) bool { return cells[p.first].state == cellSet && cells[p.second].state == cellSet }
	for _, p := range c.spans {
		if both(p) && cells[p.first].num > cells[p.second].num {
			if err := c.fail(pos, p.second, issue.Error, CodeDateOrder,
				"want an end at or after "+c.layout.columns[p.first].Name+", have an earlier one"); err != nil {
				return err
			}
		}
	}
	for _, p := range c.clocks {
		if both(p) && int64(columnar.Timestamp(cells[p.second].num).Date()) != cells[p.first].num {
			if err := c.fail(pos, p.second, issue.Warning, CodeDatetime,
				"want a time on the day of "+c.layout.columns[p.first].Name+", have another day"); err != nil {
				return err
			}
		}
	}
	if c.birth[0] >= 0 {
		return c.born(pos, cells)
	}
	return nil
}

// born checks year, month and day of birth: each by itself, together as a day
// of the calendar, and against the datetime of birth.
func (c *checker) born(pos issue.Pos, cells []cell) error {
	first, last := c.run.opts.FirstDate.Time().Year(), c.run.opts.LastDate.Time().Year()
	bounds := [3]struct {
		low, high int
		what      string
	}{{first, last, "year"}, {1, 12, "month"}, {1, 31, "day"}}
	var value [3]int
	known := 0
	for i, b := range bounds {
		if c.birth[i] < 0 || cells[c.birth[i]].state != cellSet {
			continue
		}
		value[i] = int(cells[c.birth[i]].num)
		if value[i] < b.low || value[i] > b.high {
			if err := c.fail(pos, c.birth[i], issue.Warning, CodeDateRange, "want a plausible "+b.what+", have another number"); err != nil {
				return err
			}
			continue
		}
		known |= 1 << i
	}
	if known != 7 {
		return nil
	}
	day := columnar.DateOf(value[0], time.Month(value[1]), value[2])
	if day.Time().Day() != value[2] {
		return c.fail(pos, c.birth[2], issue.Error, CodeDateRange, "want a day of that month, have a later one")
	}
	at := c.birth[3]
	if at >= 0 && cells[at].state == cellSet && columnar.Timestamp(cells[at].num).Date() != day {
		return c.fail(pos, at, issue.Warning, CodeDatetime, "want a time on the day of birth, have another day")
	}
	return nil
}
