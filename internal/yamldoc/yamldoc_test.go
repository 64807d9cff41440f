package yamldoc

import (
	"strings"
	"testing"
)

func TestDecodeRefusesUnknownAndRepeatedKeys(t *testing.T) {
	var v struct {
		A int `yaml:"a"`
	}
	if err := Decode("p.yaml", []byte("a: 3\n"), &v); err != nil || v.A != 3 {
		t.Fatalf("want a = 3, have %d, %v", v.A, err)
	}
	for name, doc := range map[string]string{
		"unknown":  "a: 1\nb: 2\n",
		"repeated": "a: 1\na: 2\n",
		"kind":     "a: [1]\n",
		"broken":   "a: [1\n",
	} {
		err := Decode("p.yaml", []byte(doc), &v)
		if err == nil || !strings.HasPrefix(err.Error(), "p.yaml: [") {
			t.Errorf("%s: want an error with a position, have %v", name, err)
		}
	}
}

func FuzzDecodeSurvivesAnything(f *testing.F) {
	f.Add([]byte("a: 1\n"))
	f.Add([]byte("a: &x [*x]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4096 {
			return
		}
		var v map[string]any
		if err := Decode("doc", b, &v); err != nil && !strings.HasPrefix(err.Error(), "doc: ") {
			t.Fatalf("want an error that names the document, have %v", err)
		}
	})
}
