package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"
)

// table prints rows in aligned columns below a title. Columns are separated by
// tabs in the rows.
func table(w io.Writer, title string, rows []string) error {
	if len(rows) == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(w, "%s\n", title); err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		if _, err := fmt.Fprintf(t, "  %s\n", r); err != nil {
			return err
		}
	}
	return t.Flush()
}

// cells joins values with tabs.
func cells(values ...any) string {
	parts := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case int64:
			parts[i] = grouped(v)
		case int:
			parts[i] = grouped(int64(v))
		default:
			parts[i] = oneLine(fmt.Sprint(v))
		}
	}
	return strings.Join(parts, "\t")
}

// oneLine returns s as it can stand in a cell: values of data may hold what moves
// the cursor or colours the screen.
func oneLine(s string) string {
	const most = 200
	n := 0
	return strings.Map(func(r rune) rune {
		n++
		switch {
		case n > most:
			return -1
		case n == most:
			return '…'
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return ' '
		}
		return r
	}, s)
}

// grouped writes a count with a comma after each three digits.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	from := 0
	if n < 0 {
		from = 1
	}
	for i := len(s) - 3; i > from; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func joined(list []string) string { return strings.Join(list, ", ") }
