package gen

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"
)

// emitStreams returns the readers and writers of NDJSON.
func emitStreams(p *plan) []jen.Code {
	var out []jen.Code
	for _, t := range p.tables {
		name, v := t.object.goName, t.object.recv
		if v == "w" {
			v = "x"
		}
		writer := name + "Writer"
		out = append(out,
			jen.Line().Add(docComment(readerName(name)+" reads records in JSON, one a line. A record with errors comes with a *RecordError, as far as it could be read, and reading goes on behind it; any other error is the last.")),
			jen.Func().Op(readerName(name)).Params(jen.Id("r").Qual("io", "Reader")).Qual("iter", "Seq2").Types(jen.Id(name), jen.Error()).Block(
				stmt("return readLines(r, Parse%s)", name)),
			jen.Line().Add(docComment(writer+" writes records in JSON, one a line. It is not safe for concurrent use.")),
			stmt("type %s struct { lines lineWriter }", writer),
			jen.Line().Add(docComment("New"+writer+" returns a writer into w, which needs Flush at the end.")),
			jen.Func().Op("New"+writer).Params(jen.Id("w").Qual("io", "Writer")).Op("*"+writer).Block(
				stmt("return &%s{lineWriter{w: w}}", writer)),
			function("Write adds a record.", fmt.Sprintf("(w *%s) Write(%s *%s) error", writer, v, name),
				stmt("w.lines.buffer = %s.AppendJSON(w.lines.buffer)", v),
				stmt("return w.lines.end()")),
			function("Flush writes what is still held.", fmt.Sprintf("(w *%s) Flush() error", writer),
				stmt("return w.lines.flush()")),
		)
	}
	return out
}

// readerName is the name of the function that reads many records of a type:
// ReadPatients, ReadStudies, ReadSeries.
func readerName(name string) string {
	before := strings.TrimRight(name, "y")
	switch {
	case len(before) == len(name)-1 && !strings.ContainsAny(before[max(0, len(before)-1):], "aeiou"):
		return "Read" + before + "ies"
	case strings.HasSuffix(name, "s"):
		return "Read" + name
	case strings.HasSuffix(name, "x") || strings.HasSuffix(name, "ch") || strings.HasSuffix(name, "sh"):
		return "Read" + name + "es"
	}
	return "Read" + name + "s"
}
