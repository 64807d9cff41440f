package check

// resourceRules checks what the structures cannot say about whole resources;
// a is the resource's own frame.
func (r *run) resourceRules(a at) {
	switch r.f(a).typ {
	case "Bundle":
		r.bundleRules(a)
	case "Questionnaire":
		r.questionnaire(a)
	case "QuestionnaireResponse":
		r.questionnaireResponse(a)
	case "Measure":
		r.measure(a)
	case "MeasureReport":
		r.measureReport(a)
	case "StructureDefinition":
		r.structureDefinition(a)
	case "ValueSet":
		r.valueSet(a)
	case "CodeSystem":
		r.codeSystem(a)
	case "SearchParameter":
		r.searchParameter(a)
	case "OperationDefinition":
		r.operationDefinition(a)
	case "CapabilityStatement":
		r.capabilityStatement(a)
	case "ConceptMap":
		r.conceptMap(a)
	}
}

// typeRules checks what the structures cannot say about elements of a type, in
// the base walk.
func (r *run) typeRules(n *node, a at) {
	switch typ := r.f(a).typ; typ {
	case "xhtml":
		r.xhtml(a)
	case "Extension":
		r.extension(n, a)
	case "Reference":
		r.reference(n, a)
	case "Quantity", "Age", "Count", "Distance", "Duration", "SimpleQuantity", "MoneyQuantity":
		r.quantity(a)
	case "Coding":
		r.coding(n, a)
	case "Attachment":
		r.attachment(a)
	case "Identifier":
		r.identifier(a)
	case "Signature":
		r.signature(a)
	default:
		if isPrimitive(typ) {
			r.primitive(n, a)
		}
		if typ == "canonical" {
			r.canonical(n, a)
		}
	}
}
