package gen

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
	"github.com/carabiner-health/carabiner/internal/gentest"
	"github.com/carabiner-health/carabiner/internal/golden"
)

// benchProgram measures one generated type on the lines of a file: the generated
// decoder, encoding/json into the same struct, encoding/json into a struct of
// pointers that has only some members, and a decoder that a person would write
// with the support code for those members.
const benchProgram = `package obs

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"testing"
)

func lines(b *testing.B) [][]byte {
	f, err := os.Open(input)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		b.Fatal(err)
	}
	in := bufio.NewScanner(z)
	in.Buffer(nil, 1<<26)
	var all [][]byte
	size := int64(0)
	for in.Scan() && len(all) < 1000 {
		all = append(all, bytes.Clone(in.Bytes()))
		size += int64(len(in.Bytes()))
	}
	b.SetBytes(size)
	b.ReportAllocs()
	return all
}

type plainObservation Observation

type plainCoding struct{ System, Version, Code, Display *string }

type plainConcept struct {
	Coding []plainCoding
	Text   *string
}

type plainQuantity struct {
	Value                *json.Number
	Unit, System, Code *string
}

type plainReference struct{ Reference, Type, Display *string }

type handObservation struct {
	ResourceType, ID, Status            string
	Category                            []plainConcept
	Code                                plainConcept
	Subject, Encounter                  *plainReference
	EffectiveDateTime, Issued           *string
	ValueQuantity                       *plainQuantity
	ValueCodeableConcept                *plainConcept
	ValueString                         *string
	Component                           []struct {
		Code          plainConcept
		ValueQuantity *plainQuantity
	}
}

func BenchmarkGenerated(b *testing.B) {
	all := lines(b)
	for b.Loop() {
		for _, l := range all {
			if _, issues := ParseObservation(l); issues.Err() != nil {
				b.Fatal(issues)
			}
		}
	}
}

func BenchmarkJSONSameStruct(b *testing.B) {
	all := lines(b)
	for b.Loop() {
		for _, l := range all {
			var o plainObservation
			if err := json.Unmarshal(l, &o); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkJSONPointerStruct(b *testing.B) {
	all := lines(b)
	for b.Loop() {
		for _, l := range all {
			var o handObservation
			if err := json.Unmarshal(l, &o); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkHandWritten(b *testing.B) {
	all := lines(b)
	for b.Loop() {
		for _, l := range all {
			var o hand
			o.decode(newReader(l))
			if o.Status == "" {
				b.Fatal("no status")
			}
		}
	}
}

// hand has what Synthea's observations have, decoded without any check.
type hand struct {
	ID, Status, EffectiveDateTime, Issued string
	Category                              []handConcept
	Code, ValueConcept                    handConcept
	Subject, Encounter                    string
	Value                                 handQuantity
	Component                             []hand
}

type handConcept struct {
	Coding []handCoding
	Text   string
}

type handCoding struct{ System, Code, Display string }

type handQuantity struct{ Value, Unit, System, Code string }

func (h *hand) decode(in *reader) {
	for name, more := in.object(); more; name, more = in.member() {
		switch name {
		case "id":
			h.ID, _ = in.text()
		case "status":
			h.Status, _ = in.text()
		case "effectiveDateTime":
			h.EffectiveDateTime, _ = in.text()
		case "issued":
			h.Issued, _ = in.text()
		case "category":
			for i := 0; in.element(i); i++ {
				h.Category = append(h.Category, handConcept{})
				h.Category[i].decode(in)
			}
		case "code":
			h.Code.decode(in)
		case "valueCodeableConcept":
			h.ValueConcept.decode(in)
		case "valueQuantity":
			h.Value.decode(in)
		case "component":
			for i := 0; in.element(i); i++ {
				h.Component = append(h.Component, hand{})
				h.Component[i].decode(in)
			}
		case "subject":
			h.Subject = reference(in)
		case "encounter":
			h.Encounter = reference(in)
		default:
			in.skip()
		}
	}
}

func reference(in *reader) (s string) {
	for name, more := in.object(); more; name, more = in.member() {
		if name == "reference" {
			s, _ = in.text()
		} else {
			in.skip()
		}
	}
	return s
}

func (c *handConcept) decode(in *reader) {
	for name, more := in.object(); more; name, more = in.member() {
		switch name {
		case "coding":
			for i := 0; in.element(i); i++ {
				c.Coding = append(c.Coding, handCoding{})
				c.Coding[i].decode(in)
			}
		case "text":
			c.Text, _ = in.text()
		default:
			in.skip()
		}
	}
}

func (c *handCoding) decode(in *reader) {
	for name, more := in.object(); more; name, more = in.member() {
		switch name {
		case "system":
			c.System, _ = in.text()
		case "code":
			c.Code, _ = in.text()
		case "display":
			c.Display, _ = in.text()
		default:
			in.skip()
		}
	}
}

func (q *handQuantity) decode(in *reader) {
	for name, more := in.object(); more; name, more = in.member() {
		switch name {
		case "value":
			q.Value, _ = in.number("number")
		case "unit":
			q.Unit, _ = in.text()
		case "system":
			q.System, _ = in.text()
		case "code":
			q.Code, _ = in.text()
		default:
			in.skip()
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	all := lines(b)
	var parsed []Observation
	for _, l := range all {
		o, _ := ParseObservation(l)
		parsed = append(parsed, o)
	}
	var dst []byte
	for b.Loop() {
		for i := range parsed {
			dst = parsed[i].AppendJSON(dst[:0])
		}
	}
}
`

// BenchmarkObservation builds the package of R4's Observation and runs the
// benchmarks in it; -v shows their figures.
func BenchmarkObservation(b *testing.B) {
	lines, err := filepath.Glob(filepath.Join(golden.Shared(b, "data/fhir/synthea/bulk-300"), "Observation.000.ndjson.gz"))
	if err != nil || len(lines) == 0 {
		b.Skip("no observations")
	}
	m, findings, err := dataset.Load(context.Background(), "fhir-sd:Observation", nil)
	if err != nil || m == nil {
		b.Fatal(err, findings)
	}
	out, _, err := Go(m, &GoOptions{Package: "obs"})
	if err != nil {
		b.Fatal(err)
	}
	run := gentest.Run{Args: []string{"-run", "none", "-bench", ".", "-benchtime", "1s"}, Files: map[string][]byte{
		"obs/bench_test.go": []byte(benchProgram), "obs/input_test.go": []byte("package obs\n\nconst input = " + goString(lines[0]) + "\n"),
	}}
	for _, f := range out {
		run.Files["obs/"+f.Name] = f.Content
	}
	b.Log("\n" + run.Do(b))
	for b.Loop() {
		if _, _, err := Go(m, nil); err != nil {
			b.Fatal(err)
		}
	}
}
