package dicommeta

import (
	"strings"

	"github.com/carabiner-health/carabiner/dicommeta/dict"
)

// Name is a value of PN: one name in up to three scripts (PS3.5 §6.2.1).
type Name struct {
	Alphabetic  PersonName
	Ideographic PersonName // such as kanji
	Phonetic    PersonName // such as kana
}

// ParseName reads a PN in UTF-8. It takes every text: what stands behind a third
// group or a fifth component, which the standard does not allow, stays in the last one.
func ParseName(pn string) (n Name) {
	alphabetic, rest, _ := strings.Cut(pn, "=")
	ideographic, phonetic, _ := strings.Cut(rest, "=")
	n.Alphabetic, n.Ideographic, n.Phonetic = parseGroup(alphabetic), parseGroup(ideographic), parseGroup(phonetic)
	return n
}

func parseGroup(s string) (n PersonName) {
	for _, part := range []*string{&n.Family, &n.Given, &n.Middle, &n.Prefix} {
		var one string
		one, s, _ = strings.Cut(s, "^")
		*part = strings.Trim(one, paddings)
	}
	n.Suffix = strings.Trim(s, paddings)
	return n
}

// String returns the name as a PN, without delimiters at its end.
func (n Name) String() string {
	return strings.TrimRight(n.Alphabetic.String()+"="+n.Ideographic.String()+"="+n.Phonetic.String(), "=")
}

// IsZero reports whether no part has text.
func (n Name) IsZero() bool { return n == Name{} }

// Spoken returns the name as it is spoken in the West: prefix, given, middle, family
// and suffix with blanks between them.
func (n PersonName) Spoken() string {
	var parts []string
	for _, s := range []string{n.Prefix, n.Given, n.Middle, n.Family, n.Suffix} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " ")
}

// Names returns the values of a PN element, nil where there is none or it is empty.
func (d *Dataset) Names(t dict.Tag) []Name {
	texts := d.Texts(t)
	if texts == nil {
		return nil
	}
	names := make([]Name, len(texts))
	for i, s := range texts {
		names[i] = ParseName(s)
	}
	return names
}

// Name returns the first value of a PN element; ok is false where it has no text.
func (d *Dataset) Name(t dict.Tag) (n Name, ok bool) {
	n = ParseName(d.Text(t))
	return n, !n.IsZero()
}
