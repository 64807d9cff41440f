package gen

import (
	"github.com/dave/jennifer/jen"

	"github.com/carabiner-health/carabiner/dataset"
)

// Each emitter moves to the file of its concern.

func emitUnions(*plan) []jen.Code    { return nil }
func emitUnionJSON(*plan) []jen.Code { return nil }
func emitRedact(*plan) []jen.Code    { return nil }
func emitExtract(*plan) []jen.Code   { return nil }

// unionOf returns the plan of a union, the same for the same type.
func (p *plan) unionOf(t *dataset.Type) *unionPlan {
	u := &unionPlan{goName: p.names.claim("Union", "Union"), typ: t}
	p.unions = append(p.unions, u)
	return u
}
