package dataset

import "testing"

func TestKindsAreToldFromContent(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       SourceKind
	}{
		{"a.yaml", "fields: [{name: a}]", TableSchema},
		{"a.yaml", "fields: bad", TableSchema},
		{"a.yaml", "primaryKey: id\nfields:\n  - name: id", TableSchema},
		{"a.yml", "name: x\nresources: [{name: a, path: a.csv}]", DataPackage},
		{"a.yml", "profile: tabular-data-package\nresources: []\nsources: [{title: x}]", DataPackage},
		{"a.yaml", "name: x\ntype: table\npath: x.csv\nschema: {fields: []}", DataPackage},
		{"a.json", `{"name":"x","type":"table","path":"x.csv","schema":{"fields":[]}}`, DataPackage},
		{"a.json", `{"profile":"tabular-data-package","resources":[],"sources":[]}`, DataPackage},
		{"a.json", `{"primaryKey":"id"}`, TableSchema},
		{"a.json", `{"type":"object","properties":{"name":{},"path":{},"fields":{}}}`, JSONSchema},
		{"a.yaml", "profile: \"1\"\nsources: {}\ntables: {}", profileKind},
		{"a.json", `{"profile":"1","sources":{},"tables":{}}`, profileKind},
		{"a.yaml", "id: x\nsources: {}", profileKind},
	} {
		if have := tellKind(c.name, []byte(c.text)); have != c.want {
			t.Errorf("%s: want %q, have %q", c.text, c.want, have)
		}
	}
}
