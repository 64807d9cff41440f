package gen

import (
	"fmt"
	"maps"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/carabiner-health/carabiner/dataset"
)

const listKind = dataset.List

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// stmt returns a statement or an expression written out in Go. What it names of
// other packages must be imported by a jen.Qual elsewhere in the file.
func stmt(format string, args ...any) jen.Code {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	return jen.Op(format)
}

// method returns func (r *Type) name(params) results { body }, with a comment.
func method(doc string, o *objectPlan, signature string, body ...jen.Code) jen.Code {
	return function(doc, fmt.Sprintf("(%s *%s) %s", o.recv, o.goName, signature), body...)
}

// function returns func signature { body }, with a comment.
func function(doc, signature string, body ...jen.Code) jen.Code {
	st := jen.Line()
	if doc != "" {
		st.Add(docComment(doc)).Line()
	}
	return st.Func().Op(signature).Block(body...)
}
