package fhir

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestWriteGivesBackLinesByteForByte(t *testing.T) {
	text := `{ "resourceType" : "Observation", "v":1.50 ,"n":"\u00e9" }` + "\n" + patient + "\n"
	var out bytes.Buffer
	w := NewWriter(&out, nil)
	for r, err := range Read(t.Context(), strings.NewReader(text), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if out.String() != text {
		t.Errorf("want what was read, have %s", out.String())
	}
}

func TestWritePutsResourcesOnOneLine(t *testing.T) {
	text := "{\r\n  \"resourceType\": \"Patient\",\n  \"x\": \"a  b\\n\",\n  \"n\": 1.0\n}"
	r, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := NewWriter(&out, nil).Write(r); err != nil {
		t.Fatal(err)
	}
	if want := `{"resourceType":"Patient","x":"a  b\n","n":1.0}` + "\n"; out.String() != want {
		t.Errorf("want %s, have %s", want, out.String())
	}
	out.Reset()
	w := NewWriter(&out, &WriteOptions{Verbatim: true})
	if err := errors.Join(w.Write(r), w.Write(r)); err != nil || out.String() != text+"\n"+text {
		t.Errorf("want the text twice, have %s, %v", out.String(), err)
	}
}

// failing is a writer that is full.
type failing struct{ n int }

func (f *failing) Write(b []byte) (int, error) {
	f.n++
	return 0, errFull
}

var errFull = errors.New("full")

func TestWriteKeepsItsError(t *testing.T) {
	r, err := Parse([]byte(patient))
	if err != nil {
		t.Fatal(err)
	}
	f := &failing{}
	w := NewWriter(f, nil)
	for range 2 {
		if err := w.Write(r); !errors.Is(err, errFull) || !strings.HasPrefix(err.Error(), "fhir: ") {
			t.Errorf("want the writer's error, have %v", err)
		}
	}
	if f.n != 1 {
		t.Errorf("want 1 call, have %d", f.n)
	}
}
