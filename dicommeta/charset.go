package dicommeta

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/carabiner-health/carabiner/issue"
)

// Charset decodes and encodes text by Specific Character Set (PS3.5 §6.1.2). A nil
// Charset is the default repertoire. It is immutable and safe for concurrent use.
type Charset struct {
	terms []string
	alone standAlone
	// g0 and g1 are the sets at the begin of a value and behind each delimiter; g0 is nil for
	// ASCII.
	g0, g1 *graphicSet
	// sets are those that escape sequences may call; none without code extension.
	sets []*graphicSet
}

// UTF8 is ISO_IR 192.
var UTF8 = &Charset{terms: []string{"ISO_IR 192"}, alone: inUTF8}

// defaultCharset stands for a nil Charset.
var defaultCharset Charset

// NewCharset returns the Charset of the values of Specific Character Set, as written; nil, which is
// the default repertoire, for none or an empty one. Misspelt terms are mended and unknown
// ones passed over; the findings, without place, say so. There is always a Charset to go on with.
func NewCharset(terms []string) (*Charset, issue.List) {
	trimmed := make([]string, len(terms))
	for i, t := range terms {
		trimmed[i] = strings.Trim(t, " \x00")
	}
	if len(terms) == 0 || len(terms) == 1 && trimmed[0] == "" {
		return nil, nil
	}
	c := &Charset{terms: trimmed}
	var found issue.List
	add := func(code issue.Code, i int, have string) {
		found = append(found, issue.Issue{Severity: issue.Warning, Code: code, Rule: "PS3.3 C.12.1.1.2",
			Message: fmt.Sprintf("want a defined term as value %d, have %s", i+1, have)})
	}
	for i, s := range trimmed {
		if s == "" {
			if i > 0 {
				add(CodeCharsetExtension, i, "none")
			}
			continue
		}
		t, mended, ok := parseTerm(s)
		switch {
		case !ok:
			add(CodeCharsetUnknown, i, "another")
			continue
		case mended:
			add(CodeCharsetMisspelt, i, "it misspelt")
		}
		if t.alone != extended {
			if len(terms) > 1 {
				add(CodeCharsetExtension, i, "one that stands alone")
			}
			if i == 0 {
				c.alone, c.g0, c.g1, c.sets = t.alone, nil, nil, nil
				break
			}
			continue
		}
		if len(terms) > 1 && !t.extension {
			add(CodeCharsetExtension, i, "one without code extension")
		}
		if i == 0 {
			c.begin(t.set)
			if t.set.wide != nil {
				add(CodeCharsetExtension, i, "one of several bytes")
			}
		}
		if t.extension || i > 0 {
			c.sets = append(c.sets, t.set)
		}
	}
	return c, found
}

// begin sets the sets of value 1.
func (c *Charset) begin(g *graphicSet) {
	switch {
	case g == katakana:
		c.g0, c.g1 = romaji, katakana
	case g.g1:
		c.g1 = g
	}
}

// term is a defined term.
type term struct {
	alone     standAlone
	set       *graphicSet
	extension bool // ISO 2022
}

var (
	termForm = regexp.MustCompile(`^ISO[ _-]*(2022[ _-]*)?(?:IR[ _-]*)?([0-9]{1,3})$`)
	isoForm  = regexp.MustCompile(`^(?:ISO[ _-]*)?8859[ _-]+([0-9]{1,2})$`)
	sevenBit = regexp.MustCompile(`^(US[ _-]?)?ASCII$|^ISO[ _-]*646$`)
)

// parseTerm reads a term, mended if it is not written as the standard does.
func parseTerm(s string) (t term, mended, ok bool) {
	switch s {
	case "ISO_IR 192":
		return term{alone: inUTF8}, false, true
	case "GB18030":
		return term{alone: inGB18030}, false, true
	case "GBK":
		return term{alone: inGBK}, false, true
	}
	upper := strings.ToUpper(s)
	ir, extension := 0, false
	if m := termForm.FindStringSubmatch(upper); m != nil {
		extension = m[1] != ""
		ir, _ = strconv.Atoi(m[2])
	} else if m := isoForm.FindStringSubmatch(upper); m != nil {
		ir = map[string]int{"1": 100, "2": 101, "3": 109, "4": 110, "5": 144, "6": 127, "7": 126, "8": 138, "9": 148, "11": 166, "15": 203}[m[1]]
	} else if sevenBit.MatchString(upper) {
		ir = 6
	} else {
		switch upper {
		case "UTF-8", "UTF8", "UTF 8":
			ir = 192
		case "GB18030", "GB 18030", "GB-18030", "ISO 2022 GB18030":
			return term{alone: inGB18030}, true, true
		case "GBK", "CP936", "ISO 2022 GBK":
			return term{alone: inGBK}, true, true
		case "GB2312", "GB 2312":
			ir, extension = 58, true
		case "EUC-KR", "EUC_KR", "KS_C_5601-1987":
			ir, extension = 149, true
		case "LATIN1", "LATIN-1":
			ir = 100
		case "SHIFT_JIS", "SHIFT-JIS", "SJIS":
			ir = 13
		}
	}
	if ir == 192 {
		return term{alone: inUTF8}, true, true
	}
	g := setByNumber(ir)
	if g == nil {
		return term{}, false, false
	}
	t = term{set: g, extension: extension || g.wide != nil}
	proper := "ISO_IR " + strconv.Itoa(ir)
	if extension {
		proper = "ISO 2022 IR " + strconv.Itoa(ir)
	}
	// The default repertoire has a term with code extension alone, sets of two bytes too.
	return t, s != proper || !extension && (g == ascii || g.wide != nil), true
}

// first returns the set of G0 at the begin of a value.
func (c *Charset) first() *graphicSet {
	if c.g0 == nil {
		return ascii
	}
	return c.g0
}

// Terms returns the values of Specific Character Set that made the Charset, as they are
// written but for padding.
func (c *Charset) Terms() []string {
	if c == nil {
		return nil
	}
	return c.terms
}

// declares reports whether an escape sequence may call g.
func (c *Charset) declares(g *graphicSet) bool {
	if g == ascii {
		return true
	}
	if g == romaji {
		return c.g0 == romaji || slices.Contains(c.sets, katakana)
	}
	return slices.Contains(c.sets, g)
}

// lone returns the only set for G1 that c declares, nil if there are none or several.
func (c *Charset) lone() *graphicSet {
	var g *graphicSet
	for _, s := range c.sets {
		if s.g1 {
			if g != nil && g != s {
				return nil
			}
			g = s
		}
	}
	return g
}

// charsets remembers the Charset of each spelling of Specific Character Set. The zero
// charsets is ready for use, by one goroutine at a time.
type charsets struct {
	known map[string]madeCharset
}

type madeCharset struct {
	charset *Charset
	issues  issue.List
}

// maxCharsets bounds the spellings that are remembered.
const maxCharsets = 256

// of returns what NewCharset does for the value of an element (0008,0005), whatever its
// VR. The findings are shared and read-only.
func (m *charsets) of(value []byte) (*Charset, issue.List) {
	value = bytes.TrimRight(value, " \x00")
	if len(value) == 0 {
		return nil, nil
	}
	if made, ok := m.known[string(value)]; ok {
		return made.charset, made.issues
	}
	if len(value) > 1<<10 {
		value = value[:1<<10] // 13 terms are the most that the standard defines
	}
	c, issues := NewCharset(strings.Split(string(value), `\`))
	if m.known == nil || len(m.known) >= maxCharsets {
		m.known = map[string]madeCharset{}
	}
	m.known[string(value)] = madeCharset{c, issues}
	return c, issues
}
