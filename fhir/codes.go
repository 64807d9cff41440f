package fhir

import "github.com/carabiner-health/carabiner/issue"

// Codes of the findings of this package. They are permanent once released.
const (
	// CodeSyntax: the record is not JSON (RFC 8259).
	CodeSyntax issue.Code = "fhir-json-syntax"
	// CodeDepth: the record, or its JSON form, is nested deeper than ReadOptions.MaxDepth.
	CodeDepth issue.Code = "fhir-json-depth"
	// CodeTruncated: the record or the compressed file ends too early.
	CodeTruncated issue.Code = "fhir-truncated"
	// CodeCompression: the compressed file is damaged.
	CodeCompression issue.Code = "fhir-compression"
	// CodeEncoding: the text is not UTF-8 (R4, JSON format: UTF-8 is required).
	CodeEncoding issue.Code = "fhir-encoding"
	// CodeRecordSize: the record is longer than ReadOptions.MaxRecordBytes.
	CodeRecordSize issue.Code = "fhir-record-size"
	// CodeNotObject: the record is JSON, but not an object.
	CodeNotObject issue.Code = "fhir-not-object"
	// CodeTypeMissing: the object has no resourceType with text in it.
	CodeTypeMissing issue.Code = "fhir-resource-type-missing"
	// CodeTypeUnknown: R4 defines no resource of that type.
	CodeTypeUnknown issue.Code = "fhir-resource-type-unknown"
	// CodeFormat: the source is none of the formats that are read.
	CodeFormat issue.Code = "fhir-format"
	// CodeSkipped: the source stands beside the data and holds no resources.
	CodeSkipped issue.Code = "fhir-source-skipped"
	// CodeEntryEmpty: a Bundle entry holds no resource.
	CodeEntryEmpty issue.Code = "fhir-bundle-entry-empty"
	// CodeBundleDivided: a Bundle is too long for ReadOptions.WholeBundles and
	// is handed out entry by entry.
	CodeBundleDivided issue.Code = "fhir-bundle-divided"
	// CodeID: the id does not follow R4's syntax of ids.
	CodeID issue.Code = "fhir-id"
	// CodeEmpty: an object, array or string is empty.
	CodeEmpty issue.Code = "fhir-json-empty"
	// CodeNull: a null stands where R4 allows none.
	CodeNull issue.Code = "fhir-json-null"
	// CodeDuplicate: a member occurs twice in one object.
	CodeDuplicate issue.Code = "fhir-json-duplicate-member"
	// CodeControl: a string holds a control character that R4 excludes.
	CodeControl issue.Code = "fhir-string-control"
	// CodeMember: a member's name or kind is none that FHIR JSON can have.
	CodeMember issue.Code = "fhir-json-member"
	// CodeComment: the JSON has a comment.
	CodeComment issue.Code = "fhir-json-comment"
	// CodeComma: the JSON has a comma too few or too many.
	CodeComma issue.Code = "fhir-json-comma"
	// CodeXMLSyntax: the document is not well-formed XML (XML 1.0).
	CodeXMLSyntax issue.Code = "fhir-xml-syntax"
	// CodeXMLDoctype: the document has a document type declaration.
	CodeXMLDoctype issue.Code = "fhir-xml-doctype"
	// CodeXMLElement: R4 defines no such element there.
	CodeXMLElement issue.Code = "fhir-xml-element"
	// CodeXMLAttribute: R4 defines no such attribute there.
	CodeXMLAttribute issue.Code = "fhir-xml-attribute"
	// CodeXMLNamespace: an element is not in the namespace of FHIR.
	CodeXMLNamespace issue.Code = "fhir-xml-namespace"
	// CodeXMLText: text or a CDATA section stands between elements.
	CodeXMLText issue.Code = "fhir-xml-text"
	// CodeXMLInstruction: there is a processing instruction.
	CodeXMLInstruction issue.Code = "fhir-xml-instruction"
	// CodeXMLEmpty: an element holds nothing.
	CodeXMLEmpty issue.Code = "fhir-xml-empty"
	// CodeXMLOrder: an element stands behind one that it must precede.
	CodeXMLOrder issue.Code = "fhir-xml-order"
	// CodeXMLRepeat: an element that may occur once occurs again.
	CodeXMLRepeat issue.Code = "fhir-xml-repeat"
	// CodeXMLDeclaration: the XML declaration names another encoding than UTF-8,
	// or does not stand at the begin.
	CodeXMLDeclaration issue.Code = "fhir-xml-declaration"
	// CodeTooMany: a resource has more findings than are listed.
	CodeTooMany issue.Code = "fhir-too-many-issues"
)
