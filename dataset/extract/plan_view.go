package extract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/fhir/view"
)

// compileView compiles the view of a row table with the conditions of the table as
// filters, and with a column for each unit that is to be checked.
func (p *plan) compileView() error {
	d := json.NewDecoder(bytes.NewReader(p.From.View))
	d.UseNumber()
	var def map[string]any
	if err := d.Decode(&def); err != nil {
		return fmt.Errorf("extract: table %q: view: %w", p.Name, err)
	}
	own, _ := def["where"].([]any)
	var filters []any
	for _, c := range p.Where {
		path := conditionPath(c)
		filters = append(filters, map[string]any{"path": path})
		p.rules = append(p.rules, rule{c.Origin, ruleText(c)})
		own = slices.DeleteFunc(own, func(w any) bool { m, _ := w.(map[string]any); return m["path"] == path })
	}
	for _, w := range own {
		m, _ := w.(map[string]any)
		text, _ := m["path"].(string)
		p.rules = append(p.rules, rule{"view", text})
	}
	if filters = append(filters, own...); len(filters) > 0 {
		def["where"] = filters
	}
	units := map[string]string{} // column of the value: that of the unit
	for i, c := range p.columns {
		if f := c.Field; f.Unit != "" && f.UnitPath != "" && c.scalar != nil {
			units[f.Name] = unitColumn(i)
			addUnits(def, f.Name, units[f.Name], f.UnitPath)
		}
	}
	src, err := json.Marshal(def)
	if err != nil {
		return fmt.Errorf("extract: table %q: view: %w", p.Name, err)
	}
	if p.view, err = view.New(src, nil); err != nil {
		return fmt.Errorf("extract: table %q: view: %w", p.Name, err)
	}
	columns := p.view.Columns()
	find := func(name string) int {
		return slices.IndexFunc(columns, func(c view.Column) bool { return c.Name == name })
	}
	for _, c := range p.columns {
		at := find(c.Field.Name)
		if at < 0 {
			return fmt.Errorf("extract: table %q: want a column of the view for %q, have none", p.Name, c.Field.Name)
		}
		p.cells = append(p.cells, at)
		if name := units[c.Field.Name]; name != "" && c.Slice == nil {
			c.unit = &unitRule{unit: c.Field.Unit, from: find(name)}
		}
	}
	p.From.Resource = p.view.Resource()
	return nil
}

// addUnits adds a column beside each column of a name, in all selects below.
func addUnits(sel map[string]any, beside, name, path string) {
	columns, _ := sel["column"].([]any)
	for _, c := range columns {
		if m, _ := c.(map[string]any); m["name"] == beside {
			sel["column"] = append(columns, map[string]any{"name": name, "path": path})
			break
		}
	}
	for _, part := range []string{"select", "unionAll"} {
		list, _ := sel[part].([]any)
		for _, s := range list {
			if m, ok := s.(map[string]any); ok {
				addUnits(m, beside, name, path)
			}
		}
	}
}

// compileFilter compiles the conditions of a record table.
func (p *plan) compileFilter() error {
	if len(p.Where) == 0 {
		return nil
	}
	var filters []any
	for _, c := range p.Where {
		filters = append(filters, map[string]any{"path": conditionPath(c)})
		p.rules = append(p.rules, rule{c.Origin, ruleText(c)})
	}
	src, err := json.Marshal(map[string]any{
		"resource": p.From.Resource, "where": filters,
		"select": []any{map[string]any{"column": []any{map[string]any{"name": "id", "path": "id"}}}},
	})
	if err == nil {
		p.view, err = view.New(src, nil)
	}
	if err != nil {
		return fmt.Errorf("extract: table %q: conditions: %w", p.Name, err)
	}
	return nil
}

// conditionPath writes a condition as FHIRPath.
func conditionPath(c dataset.Condition) string {
	if len(c.Values) == 0 {
		return c.Path
	}
	this := "$this"
	for _, v := range c.Values {
		if v == "true" || v == "false" || v != "" && strings.Trim(v, "-0123456789.") == "" {
			this = "$this.toString()"
		}
	}
	var parts []string
	for _, v := range c.Values {
		parts = append(parts, this+" = '"+strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(v)+"'")
	}
	return "(" + c.Path + ").where(" + strings.Join(parts, " or ") + ").exists()"
}

// ruleText writes a condition for the report. What it says comes from the profile.
func ruleText(c dataset.Condition) string {
	if len(c.Values) == 0 {
		return c.Path
	}
	return c.Path + " is " + strings.Join(c.Values, " or ")
}
