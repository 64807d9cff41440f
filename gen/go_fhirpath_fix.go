package gen

// pathCorrections are expressions of R4 and of guides for it that do not say what
// their text says, with what HL7's later editions put in their place or what their
// authors meant; package fhir's Validator has the same. DateTime is FHIRPath's own
// type, which no element has.
var pathCorrections = map[string]string{
	"($this as dateTime).toString().length() >= 8":                        "($this is dateTime) implies ($this.toString().length() >= 8)",
	"$this is DateTime implies $this.toString().length() >= 10":           "$this is dateTime implies $this.toString().length() >= 10",
	`name.matches('[A-Z]([A-Za-z0-9_]){0,254}')`:                          `name.exists() implies name.matches('^[A-Z]([A-Za-z0-9_]){0,254}$')`,
	`path.matches('[A-Za-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*(\\[x])?)*')`: `path.exists() implies path.matches('^[A-Za-z][A-Za-z0-9]*(\\.[a-z][A-Za-z0-9]*(\\[x])?)*$')`,
	`path.matches('[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\.[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\[x\\])?(\\:[^\\s\\.]+)?)*')`: `path.exists() implies path.matches('^[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\.[^\\s\\.,:;\\\'"\\/|?!@#$%&*()\\[\\]{}]{1,64}(\\[x\\])?(\\:[^\\s\\.]+)?)*$')`,
	"operator = 'exists' implies (answer is Boolean)":                                    "operator = 'exists' implies (answer is boolean)",
	"probability is decimal implies (probability as decimal) <= 100":                     "probability.empty() or ((probability is decimal) implies ((probability as decimal) <= 100))",
	"(component.empty() and hasMember.empty()) implies (dataAbsentReason or value)":      "(component.empty() and hasMember.empty()) implies (dataAbsentReason.exists() or value.exists())",
	"isModifier implies isModifierReason.exists()":                                       "(isModifier.exists() and isModifier) implies isModifierReason.exists()",
	"differential.element.all(id) and differential.element.id.trace('ids').isDistinct()": "differential.element.all(id.exists()) and differential.element.id.trace('ids').isDistinct()",
	"snapshot.element.all(id) and snapshot.element.id.trace('ids').isDistinct()":         "snapshot.element.all(id.exists()) and snapshot.element.id.trace('ids').isDistinct()",
	"fullUrl.contains('/_history/').not()":                                               "fullUrl.exists() implies fullUrl.contains('/_history/').not()",
}

// checkedElsewhere are constraints that reading and checking every element sees
// to: what is in an extension, that no element is empty.
var checkedElsewhere = map[string]bool{"ele-1": true}
