package matchetype

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carabiner-health/carabiner/internal/jsontree"
	"github.com/carabiner-health/carabiner/issue"
)

func tree(t testing.TB, src string) jsontree.Value {
	t.Helper()
	var tree jsontree.Tree
	if err := tree.Parse([]byte(src), nil); err != nil {
		t.Fatal(err)
	}
	return tree.Root()
}

// pattern writes a pattern with its mode and further members.
func pattern(mode, members string) string {
	return `{"extension":[{"url":"` + extensionMode + `","valueCode":"` + mode + `"}],"resourceType":"Patient",` + members + `}`
}

const optional = `"extension":[{"url":"` + extensionOptional + `","valueBoolean":true}],`

func TestCompare(t *testing.T) {
	names := `"name":[{"text":"a"},{` + optional + `"text":"b"},{"text":"c"}]`
	for _, c := range []struct {
		name, pattern, resource string
		want                    []string // path: message
	}{
		{"placeholder", pattern("complete", `"birthDate":"$date$"`), `{"resourceType":"Patient","birthDate":"2024-02-29"}`, nil},
		{"bad placeholder", pattern("complete", `"birthDate":"$date$"`), `{"resourceType":"Patient","birthDate":"2024-02"}`,
			[]string{"$.birthDate: want a value that fits the pattern, have another"}},
		{"too much", pattern("complete", `"active":true`), `{"resourceType":"Patient","active":true,"gender":"male"}`,
			[]string{"$: want no element beyond the pattern's, have gender"}},
		{"partial", pattern("partial", `"active":true`), `{"resourceType":"Patient","active":true,"gender":"male"}`, nil},
		{"missing", pattern("partial", `"active":true`), `{"resourceType":"Patient"}`, []string{"$: want element active, have none"}},
		{"other", pattern("partial", `"active":true`), `{"resourceType":"Patient","active":false}`, []string{"$.active: want true, have false"}},
		{"optional item there", pattern("complete", names), `{"resourceType":"Patient","name":[{"text":"a"},{"text":"b"},{"text":"c"}]}`, nil},
		{"optional item absent", pattern("complete", names), `{"resourceType":"Patient","name":[{"text":"a"},{"text":"c"}]}`, nil},
		{"optional item another", pattern("complete", names), `{"resourceType":"Patient","name":[{"text":"a"},{"text":"x"},{"text":"c"}]}`,
			[]string{"$.name: want no item beyond the pattern's, have number 1"}},
		{"too few items", pattern("complete", names), `{"resourceType":"Patient","name":[{"text":"a"}]}`,
			[]string{"$.name: want 2 to 3 items, have 1", "$.name: want an item that fits number 2 of the pattern, have none"}},
		{"items in order", pattern("partial", `"name":[{"text":"a"},{"text":"c"}]`), `{"resourceType":"Patient","name":[{"text":"x"},{"text":"a"},{"text":"c"}]}`, nil},
		{"items out of order", pattern("partial", `"name":[{"text":"a"},{"text":"c"}]`), `{"resourceType":"Patient","name":[{"text":"c"},{"text":"a"}]}`,
			[]string{"$.name: want an item that fits number 1 of the pattern, have none"}},
		{"narrative", pattern("complete", `"text":{"div":"<div>a</div>"}`), `{"resourceType":"Patient","text":{"div":"<div>b</div>"}}`, nil},
		{"optional element", `{"extension":[{"url":"` + extensionOptional + `","valueString":"id,text"}],"resourceType":"Patient","id":"x","active":true}`,
			`{"resourceType":"Patient","active":true}`, nil},
		{"counted", `{"extension":[{"url":"` + extensionCount + `","valueString":"name"}],"name":[{"text":"a"},{"text":"b"}]}`,
			`{"name":[{"text":"x"}]}`, []string{"$.name: want 2 items, have 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := Compare(tree(t, c.pattern), tree(t, c.resource), nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, i := range list {
				got = append(got, i.Path+": "+i.Message)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestCompareRefusesWhatItCannotDo(t *testing.T) {
	for _, p := range []string{
		pattern("complete", `"id":"$nothing$"`),
		`{"extension":[{"url":"` + extensionSort + `","extension":[]}],"id":"a"}`,
	} {
		if _, err := Compare(tree(t, p), tree(t, `{"id":"a"}`), nil); err == nil || strings.Contains(err.Error(), "nothing") {
			t.Errorf("want an error that quotes no value, have %v", err)
		}
	}
}

func TestModesDecideWhatIsOptional(t *testing.T) {
	p := `{"name":[{"text":"a"},{"extension":[{"url":"` + extensionOptional + `","valueString":"!tx"}],"text":"b"}]}`
	for _, c := range []struct {
		modes []string
		want  int
	}{{nil, 0}, {[]string{"tx"}, 1}} {
		at := func(offset int) issue.Pos { return issue.Pos{Offset: int64(offset)} }
		list, err := Compare(tree(t, p), tree(t, `{"name":[{"text":"a"}]}`), &Options{Modes: c.modes, Position: at})
		if err != nil {
			t.Fatal(err)
		}
		if (len(list) > 0) != (c.want > 0) {
			t.Errorf("modes %v: want %d or more differences, have %v", c.modes, c.want, list)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	for _, c := range []struct {
		want, good, bad string
	}{
		{"a", "a", "b"},
		{"$", "$", "a"},
		{"$choice:a|b$", "b", "c"},
		{"$fragments:one|two$", "Two, then ONE", "one"},
		{"$string$", "a b", " a"},
		{"$date$", "2024-02-29", "2023-02-29"},
		{"$date$", "2024-02-29T10:00:00+01:00", "2024-02-29T10:00"},
		{"$instant$", "2024-02-29T10:00:00.123Z", "2024-02-29"},
		{"$uuid$", "urn:uuid:00000000-0000-0000-0000-00000000000a", "urn:uuid:00000000-0000-0000-0000-00000000000A"},
		{"$id$", "a-1.b", "a_1"},
		{"$url$", "https://example.org/a?b=c", "ftp://example.org"},
		{"$token$", "a_1.b", "-a"},
		{"$semver$", "1.0.0-alpha.1+b.7", "1.0"},
		{"$semver$", "10.20.30", "1.0.01"},
		{"$semver$", "1.0.0-a.0", "1.0.0-a.00"},
	} {
		for _, have := range []string{c.good, c.bad} {
			ok, err := matches(c.want, have)
			if err != nil || ok != (have == c.good) {
				t.Errorf("%s and %q: want %v, have %v, %v", c.want, have, have == c.good, ok, err)
			}
		}
	}
	if ok, err := matches("$$", "anything"); !ok || err != nil {
		t.Errorf("$$: want true, have %v, %v", ok, err)
	}
}

// A resource without placeholders fits itself.
func FuzzCompareFitsItself(f *testing.F) {
	f.Add(`{"resourceType":"Patient","name":[{"text":"a"},{"text":"b"}],"active":true}`)
	f.Add(`{"a":[[1],[2]],"b":null}`)
	f.Fuzz(func(t *testing.T, src string) {
		var tr jsontree.Tree
		if tr.Parse([]byte(src), nil) != nil || tr.Root().Kind() != jsontree.Object || tr.Duplicates() != nil || strings.Contains(src, "$") || strings.Contains(src, `\`) {
			return
		}
		list, err := Compare(tr.Root(), tr.Root(), nil)
		if !strings.Contains(src, "matchetype") && (err != nil || len(list) != 0) {
			t.Errorf("want no difference, have %v, %v", list, err)
		}
	})
}
