package jsontree

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// toAny decodes a value as encoding/json does with UseNumber.
func toAny(v Value) any {
	switch v.Kind() {
	case Null:
		return nil
	case True, False:
		b, _ := v.Bool()
		return b
	case Number:
		return json.Number(v.Number())
	case String:
		return v.Text()
	case Array:
		out := []any{}
		for _, c := range v.All() {
			out = append(out, toAny(c))
		}
		return out
	case Object:
		out := map[string]any{}
		for k, c := range v.Members() {
			out[k] = toAny(c)
		}
		return out
	}
	panic("invalid value on the tape")
}

func checkLikeEncodingJSON(t *testing.T, src []byte) {
	t.Helper()
	var tree Tree
	err := tree.Parse(src, &Options{MaxDepth: 10000})
	if want, have := json.Valid(src), err == nil; want != have {
		t.Fatalf("accepted: want %v, have %v (%v): %q", want, have, err, src)
	}
	if err != nil {
		return
	}
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	var want any
	if err := dec.Decode(&want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, toAny(tree.Root())); diff != "" {
		t.Fatalf("values of %q (-want +got):\n%s", src, diff)
	}
}

func FuzzParseEqualsEncodingJSON(f *testing.F) {
	for _, s := range []string{`{"a":1,"b":[true,false,null],"c":{"d":"e"}}`, `[]`, `{}`, `[{}]`, `"\u00e9\ud83d\ude00\ud83d"`, ` [ 1 , 2 ] `, `-0.5e+10`, `01`, `{"a":1,"a":2}`, `{"\u0061":1,"a":2}`, "[\"\xff\"]", `{"averyveryverylongkey":1,"averyveryverylongkez":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) { checkLikeEncodingJSON(t, src) })
}
