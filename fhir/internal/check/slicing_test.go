package check

import "testing"

// slicedName is a profile of Patient with slices of name: elements are those of
// the list and its slices.
func slicedName(elements string) string {
	return `{"resourceType":"StructureDefinition","url":"http://example.com/p","name":"P","status":"active","kind":"resource","abstract":false,"type":"Patient",
"baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint","snapshot":{"element":[{"id":"Patient","path":"Patient","min":0,"max":"*"},` + elements + `]}}`
}

// slice is a slice of name by a fixed value of one of its elements.
func slice(name, min, max, by, fixed string) string {
	id := "Patient.name:" + name
	return `,{"id":"` + id + `","path":"Patient.name","sliceName":"` + name + `","min":` + min + `,"max":"` + max + `","base":{"path":"Patient.name","min":0,"max":"*"},"type":[{"code":"HumanName"}]},
{"id":"` + id + `.` + by + `","path":"Patient.name.` + by + `","min":1,"max":"1","type":[{"code":"string"}],"` + fixed + `}`
}

// TestSlices: which slice an item is of, how many there are, in what order.
func TestSlices(t *testing.T) {
	head := func(slicing string) string {
		return `{"id":"Patient.name","path":"Patient.name","slicing":{` + slicing + `},"min":0,"max":"*","base":{"path":"Patient.name","min":0,"max":"*"},"type":[{"code":"HumanName"}]}`
	}
	const byUse = `"discriminator":[{"type":"value","path":"use"}]`
	const byBoth = `"discriminator":[{"type":"exists","path":"text"}]`
	official, nick := slice("official", "1", "1", "use", `fixedCode":"official"`), slice("nick", "0", "1", "use", `fixedCode":"nickname"`)
	const o, n, u = `{"use":"official","text":"x"}`, `{"use":"nickname","text":"x"}`, `{"use":"usual","text":"x"}`
	for _, c := range []struct{ name, elements, names, want string }{
		{"one of each", head(byUse+`,"rules":"open"`) + official + nick, o + "," + n, ""},
		{"one that is none", head(byUse+`,"rules":"open"`) + official, o + "," + u, ""},
		{"closed", head(byUse+`,"rules":"closed"`) + official, o + "," + u, "error Patient.name[1]"},
		{"missing", head(byUse+`,"rules":"open"`) + official, n, "error Patient"},
		{"too many", head(byUse+`,"rules":"open"`) + official + nick, o + "," + n + "," + n, "error Patient"},
		{"out of order", head(byUse+`,"rules":"open","ordered":true`) + official + nick, n + "," + o, "error Patient.name[1]"},
		{"of several", head(byUse+`,"rules":"open"`) + official + slice("again", "0", "*", "use", `fixedCode":"official"`), o, "error Patient.name[0]"},
		{"reslice missing", head(byUse+`,"rules":"open"`) + resliced("1"), o, "error Patient"},
		{"reslice there", head(byUse+`,"rules":"open"`) + resliced("1"), `{"use":"official","text":"y"}`, ""},
		{"reslice of what is not there", head(byUse+`,"rules":"open"`) + resliced("1"), n, ""},
		{"too many of a reslice", head(byUse+`,"rules":"open"`) + resliced("0"), `{"use":"official","text":"y"},{"use":"official","text":"y"}`, "error Patient"},
		{"by existence", head(byBoth+`,"rules":"open"`) + slice("text", "1", "1", "text", `short":"x"`), o, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := `{"resourceType":"Patient","meta":{"profile":["http://example.com/p"]},"name":[` + c.names + `]}`
			wantFindings(t, findingsWith(t, withResources(t, slicedName(c.elements)), CodeSlice, src), c.want)
		})
	}
}

// resliced is a slice official with a reslice of min to 1 items.
func resliced(min string) string {
	return `,{"id":"Patient.name:official","path":"Patient.name","sliceName":"official","slicing":{"discriminator":[{"type":"value","path":"text"}],"rules":"open"},"min":0,"max":"*","base":{"path":"Patient.name","min":0,"max":"*"},"type":[{"code":"HumanName"}]},
{"id":"Patient.name:official.use","path":"Patient.name.use","min":1,"max":"1","type":[{"code":"code"}],"fixedCode":"official"}` +
		slice("official/whole", min, "1", "text", `fixedString":"y"`)
}
