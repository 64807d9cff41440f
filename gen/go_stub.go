package gen

import "github.com/dave/jennifer/jen"

// Each emitter moves to the file of its concern.

func emitCSV(*plan) []jen.Code     { return nil }
func emitStreams(*plan) []jen.Code { return nil }
func emitExtract(*plan) []jen.Code { return nil }
func emitTests(*plan) []jen.Code   { return nil }
