package fhirdef

import (
	"testing"
)

// Whatever value sets and code systems say, questions to them end and the ways
// of asking agree.
func FuzzTerminology(f *testing.F) {
	f.Add([]byte(`{"resourceType":"ValueSet","url":"u","compose":{"include":[{"system":"c","filter":[{"property":"concept","op":"is-a","value":"a"}]},
		{"valueSet":["u","w"]}],"exclude":[{"system":"c","concept":[{"code":"b"}]}]}}`), []byte(`{"resourceType":"CodeSystem","url":"c","content":"complete",
		"concept":[{"code":"a","concept":[{"code":"b","property":[{"code":"parent","valueCode":"b"}]}]}]}`), "a")
	f.Add([]byte(`{"resourceType":"ValueSet","url":"u","compose":{"inactive":false,"include":[{"system":"urn:ietf:bcp:47","filter":[{"property":"code","op":"regex","value":"(a*)*"}]}]}}`),
		[]byte(`{"resourceType":"ValueSet","url":"w","expansion":{"total":3,"contains":[{"system":"c","code":"a","abstract":true,"contains":[{"code":"x"}]}]}}`), "en-US-x-y")
	f.Add([]byte(`{"resourceType":"ValueSet","url":"u","compose":{"include":[{"valueSet":["w"]}]}}`), []byte(`{"resourceType":"ValueSet","url":"w","compose":{"include":[{"valueSet":["u"]},{}]}}`), "A")
	f.Fuzz(func(t *testing.T, one, two []byte, code string) {
		p := NewPackage("fuzz", "1")
		if p.Add(one, "") != nil || p.Add(two, "") != nil {
			return
		}
		d := FromPackages(p)
		for url := range d.URLs("ValueSet") {
			set := d.CompiledSet(url)
			systems, _ := set.Systems()
			for _, system := range append(systems, "", "c") {
				found := set.Find(system, code)
				if have := set.Contains([]byte(system), []byte(code)); have != found.Membership {
					t.Errorf("want %v both ways, have %v", found.Membership, have)
				}
				if found.Membership == Unknown && found.Reason.String() == "" {
					t.Error("want a reason of what is unknown")
				}
				d.LookupCode(system, "", code)
			}
			codes, complete, reason := d.Expand(url)
			if !complete && reason.Kind == NoReason {
				t.Error("want a reason of what is not complete")
			}
			for _, c := range codes {
				if d.ValidateCode(url, c.System, c.Code).Membership != In {
					t.Error("want every listed code in its set")
				}
			}
		}
		for url := range d.URLs("CodeSystem") {
			d.Subsumes(url, code, "a")
		}
	})
}
