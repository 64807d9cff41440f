package gen

import (
	"regexp"
	"strings"
	"sync"
)

var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// sqlName returns an identifier, in quotes where it would not stand for itself.
func sqlName(name string) string {
	if plainName.MatchString(name) && !reserved()[name] {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// reserved are the words that PostgreSQL 17 (appendix C) or DuckDB reserve, or do not take
// as the name of a column or table.
var reserved = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(reservedWords) {
		m[w] = true
	}
	return m
})

const reservedWords = `all analyse analyze and anti any array as asc asof asymmetric at authorization between bigint binary bit boolean both by
	case cast char character check coalesce collate collation column columns concurrently constraint create cross current_catalog current_date current_role
	current_schema current_time current_timestamp current_user date dec decimal default deferrable desc describe distinct do double else end except exists
	export extract false fetch float for foreign freeze from full generated glob grant group grouping having ilike in initially inner inout int integer
	intersect interval into is isnull join json lambda lateral leading left like limit localtime localtimestamp macro map merge_action national natural nchar
	none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay pivot pivot_longer pivot_wider placing
	position positional precision primary qualify real references returning right row select semi session_user setof show similar smallint some struct
	substring summarize symmetric system_user table tablesample then time timestamp to trailing treat trim true try_cast union unique unpack unpivot
	user using values varchar variadic verbose when where window with within xmlattributes xmlconcat xmlelement xmlexists xmlforest
	xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable oid ctid xmin xmax cmin cmax tableoid rowid`
