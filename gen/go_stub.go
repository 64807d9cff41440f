package gen

import "github.com/dave/jennifer/jen"

// Each emitter moves to the file of its concern.

func emitExtract(*plan) []jen.Code { return nil }
