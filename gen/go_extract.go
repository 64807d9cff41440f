package gen

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/carabiner-health/carabiner/dataset"
)

// The packages that generated extraction imports.
const (
	modulePath    = "github.com/carabiner-health/carabiner/"
	extractImport = modulePath + "dataset/extract"
	issueImport   = modulePath + "issue"
)

// emitExtract returns the functions that make records out of FHIR resources, DICOM
// instances and rows of the OMOP CDM. The work is that of package extract; what is
// made here is its definition of each table.
func emitExtract(p *plan) []jen.Code {
	if !p.opts.Extract {
		return nil
	}
	var out []jen.Code
	for _, t := range p.tables {
		if len(t.object.fields) == 0 {
			continue
		}
		var code []jen.Code
		switch t.Kind {
		case dataset.FHIRStructure, dataset.FHIRPackage, dataset.FHIRView, dataset.CRTDL:
			code = extractFHIR(t)
		case dataset.DICOMList, dataset.DICOMObject:
			code = extractOne(t, jen.Id("x").Op("*").Qual(modulePath+"dicommeta", "Instance"), "Instance(x)", "{Source: x.Source}", "an instance of DICOM")
		case dataset.OMOP:
			code = extractOne(t, jen.Id("row").Qual(modulePath+"omop", GoName(t.From.OMOPTable)), "Row(row)", "{}", "a row of "+t.From.OMOPTable)
		}
		if code != nil {
			out = append(append(out, makerOf(t)), code...)
		}
	}
	if out == nil {
		return nil
	}
	return append(out, extractSupport()...)
}

const filteredDoc = " Of one that does not belong to the table there is none, and extract.Filtered is true of the findings."

func extractFHIR(t *tablePlan) []jen.Code {
	name := t.object.goName
	resource := jen.Id("r").Op("*").Qual(modulePath+"fhir", "Resource")
	if t.Form == dataset.Row {
		return []jen.Code{
			jen.Line().Add(docComment("Extract" + name + " returns the rows of a resource, those with errors as far as they could be made." + filteredDoc)),
			jen.Func().Op("Extract"+name).Params(resource).Params(jen.Index().Id(name), jen.Qual(issueImport, "List")).Block(
				stmt("maker, err := makerOf%s()", name),
				stmt("if err != nil {\nreturn nil, notCompiled(err)\n}"),
				stmt("records, found := maker.Resource(r)"),
				stmt("rows := make([]%s, 0, len(records))", name),
				stmt("for _, b := range records {\nx, issues := Parse%s(b)\nfound = append(found, findings(issues, &x, r.Pos())...)\nrows = append(rows, x)\n}", name),
				stmt("return rows, found")),
		}
	}
	return []jen.Code{
		jen.Line().Add(docComment("Extract" + name + " returns the record of a resource, with errors as far as it could be made." + filteredDoc)),
		jen.Func().Op("Extract"+name).Params(resource).Params(jen.Id(name), jen.Qual(issueImport, "List")).Block(
			stmt("maker, err := makerOf%s()", name),
			stmt("if err != nil {\nreturn %s{}, notCompiled(err)\n}", name),
			stmt("records, found := maker.Resource(r)"),
			stmt("if len(records) == 0 {\nreturn %s{}, found\n}", name),
			stmt("x, issues := Parse%s(records[0])", name),
			stmt("return x, append(found, findings(issues, &x, r.Pos())...)")),
	}
}

// extractOne returns the function for a source one record of which makes one.
func extractOne(t *tablePlan, param jen.Code, call, pos, what string) []jen.Code {
	name := t.object.goName
	return []jen.Code{
		jen.Line().Add(docComment("Extract" + name + " returns the record of " + what + ", with errors as far as it could be made." + filteredDoc)),
		jen.Func().Op("Extract"+name).Params(param).Params(jen.Id(name), jen.Qual(issueImport, "List")).Block(
			stmt("maker, err := makerOf%s()", name),
			stmt("if err != nil {\nreturn %s{}, notCompiled(err)\n}", name),
			stmt("b, found := maker.%s", call),
			stmt("if b == nil {\nreturn %s{}, found\n}", name),
			stmt("v, issues := Parse%s(b)", name),
			stmt("return v, append(found, findings(issues, &v, issue.Pos%s)...)", pos)),
	}
}

// makerOf returns the function that compiles the definition of a table once.
func makerOf(t *tablePlan) jen.Code {
	return jen.Line().Var().Id("makerOf"+t.object.goName).Op("=").Qual("sync", "OnceValues").Call(
		jen.Func().Params().Params(jen.Op("*").Qual(extractImport, "Maker"), jen.Error()).Block(
			jen.Return(jen.Qual(extractImport, "NewMaker").Call(jen.Op("&").Qual(extractImport, "Definition").Block(definition(t)...)))))
}

// definition returns the fields of the definition.
func definition(t *tablePlan) []jen.Code {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	fhir := isFHIR(t.Kind)
	var out []jen.Code
	if fhir {
		add("Resource: %q,", t.From.Resource)
		if t.Form == dataset.Row {
			add("View: %s,", goString(string(t.From.View)))
		}
		var where []string
		for _, c := range t.Where {
			where = append(where, conditionPath(c))
		}
		if where != nil {
			add("Where: %s,", stringsOf(where))
		}
	} else {
		if len(t.From.SOPClasses) > 0 {
			add("SOPClasses: %s,", stringsOf(t.From.SOPClasses))
		}
		if len(t.Where) > 0 {
			var list strings.Builder
			for _, c := range t.Where {
				fmt.Fprintf(&list, "{Path: %q, Values: %s},\n", c.Path, stringsOf(c.Values))
			}
			out = append(out, jen.Id("Conditions").Op(":").Index().Qual(modulePath+"dataset", "Condition").Op("{\n"+list.String()+"},"))
		}
	}
	if !fhir || t.Form == dataset.Row {
		lines = append(lines, "Members: "+membersOf(t.Kind, t.Object.Fields, 0)+",")
	}
	for _, l := range lines {
		out = append(out, stmt("%s", l))
	}
	return out
}

// isFHIR reports whether tables of a kind of source are made of resources; it is
// asked of those that can be extracted alone.
func isFHIR(k dataset.SourceKind) bool {
	return k != dataset.DICOMList && k != dataset.DICOMObject && k != dataset.OMOP
}

// maxSequences is how deep the items of sequences are written out.
const maxSequences = 8

func membersOf(kind dataset.SourceKind, fields []*dataset.Field, depth int) string {
	var b strings.Builder
	b.WriteString("[]extract.Member{\n")
	for _, f := range fields {
		t, isList := &f.Type, f.Type.Kind == dataset.List
		if isList {
			t = t.Elem
		}
		fmt.Fprintf(&b, "{Name: %q", f.Name)
		if f.Path != "" {
			fmt.Fprintf(&b, ", Path: %q", f.Path)
		}
		b.WriteString(", Kind: " + strconv.Quote(t.Kind.String()))
		if isList {
			b.WriteString(", List: true")
		}
		if f.Unit != "" && f.UnitPath != "" && isFHIR(kind) && !isList {
			fmt.Fprintf(&b, ", Unit: %q, UnitPath: %q", f.Unit, f.UnitPath)
		}
		if t.Kind == dataset.ObjectKind && depth < maxSequences {
			b.WriteString(", Members: " + membersOf(kind, t.Object.Fields, depth+1))
		}
		b.WriteString("},\n")
	}
	b.WriteByte('}')
	return b.String()
}

// conditionPath writes a condition as FHIRPath.
func conditionPath(c dataset.Condition) string {
	if len(c.Values) == 0 {
		return c.Path
	}
	escape := strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`)
	var parts []string
	for _, v := range c.Values {
		this := "$this"
		if v == "true" || v == "false" || strings.Trim(v, "-0123456789.") == "" {
			this = "$this.toString()"
		}
		parts = append(parts, this+" = '"+escape.Replace(v)+"'")
	}
	return "(" + c.Path + ").where(" + strings.Join(parts, " or ") + ").exists()"
}

// extractSupport returns what all functions of extraction use.
func extractSupport() []jen.Code {
	return []jen.Code{
		jen.Line().Add(docComment("findings returns the issues of reading a record and, where it could be read, of its values, but for members that the profile does not name.")),
		jen.Func().Op("findings").Params(jen.Id("issues").Id("Issues"), jen.Id("x").Interface(jen.Id("Validate").Params().Id("Issues")), jen.Id("pos").Qual(issueImport, "Pos")).Qual(issueImport, "List").Block(
			stmt("if issues.Err() == nil {\nissues = append(issues, x.Validate()...)\n}"),
			stmt("var list issue.List"),
			stmt("for _, i := range issues {\nif i.Severity != SeverityInformation {\nlist = append(list, extract.Finding(issue.Severity(i.Severity), i.Code, pos, i.Path, i.Message))\n}\n}"),
			stmt("return list")),
		jen.Line().Add(docComment("notCompiled returns the finding that the definition of a table does not compile.")),
		jen.Func().Op("notCompiled").Params(jen.Err().Error()).Qual(issueImport, "List").Block(
			stmt("return issue.List{{Severity: issue.Fatal, Code: extract.CodeRule, Message: err.Error()}}")),
	}
}
