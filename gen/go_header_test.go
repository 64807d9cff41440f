package gen

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/carabiner-health/carabiner/dataset"
)

// definitions are files that are profiles by themselves or with others; the first
// of each is what is generated.
var definitions = map[string][][2]string{
	"schema": {
		{"visit.schema.json", `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"who":{"$ref":"parts/name.json"},
			"when":{"oneOf":[{"type":"string","format":"date"},{"type":"integer","not":{"$ref":"parts/name.json"}}]}}}`},
		{"parts/name.json", `{"type":"object","properties":{"family":{"type":"string"}},"required":["family"]}`},
	},
	"table":     {{"labs.table.json", `{"fields":[{"name":"id","type":"integer"},{"name":"value","type":"number"}],"primaryKey":["id"]}`}},
	"structure": {{"tumor.json", `{"resourceType":"StructureDefinition","url":"http://example.org/tumor","name":"TumorObs","status":"draft","kind":"resource","abstract":false,"type":"Observation","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Observation","derivation":"constraint","fhirVersion":"4.0.1","differential":{"element":[{"id":"Observation","path":"Observation"},{"id":"Observation.subject","path":"Observation.subject","min":1}]}}`}},
	"view":      {{"who.view.json", `{"resourceType":"ViewDefinition","resource":"Patient","name":"who","select":[{"column":[{"name":"id","path":"getResourceKey()","type":"string"}]}]}`}},
	"profile": {
		{"visits.profile.yaml", "profile: \"1\"\nid: https://example.org/visits\nversion: 1.0.0\nsources:\n  visit: {kind: json-schema, ref: defs/visit.json}\ntables:\n  visits: {from: visit}\n"},
		{"defs/visit.json", `{"$schema":"https://json-schema.org/draft/2020-12/schema","title":"Visit","type":"object","properties":{"when":{"type":"string","format":"date"}}}`},
	},
}

func TestOutputsDoNotDependOnTheFolder(t *testing.T) {
	for name, files := range definitions {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			near, far := filepath.Join(root, "a"), filepath.Join(root, "b", "deep er")
			var first []File
			for i, dir := range []string{near, far} {
				for _, f := range files {
					path := filepath.Join(dir, filepath.FromSlash(f[0]))
					if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(path, []byte(f[1]), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				path := filepath.Join(dir, files[0][0])
				if i == 1 { // the same file by a path from the working folder
					t.Chdir(filepath.Join(root, "b"))
					path = filepath.Join("deep er", files[0][0])
				}
				m, findings, err := dataset.Load(context.Background(), path, nil)
				if err != nil || m == nil {
					t.Fatal(err, findings)
				}
				all, _, err := Generate(m, Outputs(), &GoOptions{Tests: true})
				if err != nil {
					t.Fatal(err)
				}
				if first == nil {
					first = all
				}
				if !slices.EqualFunc(first, all, func(a, b File) bool { return a.Name == b.Name && bytes.Equal(a.Content, b.Content) }) {
					t.Error("want the same bytes from another folder, have others")
				}
				for _, f := range all {
					if bytes.Contains(f.Content, []byte(root)) || bytes.Contains(f.Content, []byte("deep er")) {
						t.Errorf("%s: want no path of this machine, have one", f.Name)
					}
				}
			}
		})
	}
}

func TestHeaderNamesSources(t *testing.T) {
	m := &dataset.Model{Sources: []dataset.Source{
		{Name: "p", Kind: dataset.FHIRStructure, Ref: "Patient"},
		{Name: "l", Kind: dataset.DICOMList, Ref: "a/mammo.txt", File: "/home/x/a/mammo.txt", SHA256: "01"},
		{Kind: dataset.DICOMList, Ref: "a/mammo.txt", File: "/home/x/a/mammo.txt", SHA256: "01"},
		{Name: "q", Kind: dataset.JSONSchema, Ref: "/home/x/q.json", File: "/home/x/q.json", SHA256: "02"},
		{Name: "w", Kind: dataset.JSONSchema, Ref: `C:\data\w.json`, SHA256: "03"},
		{Name: "cdm", Kind: dataset.OMOP, Ref: "5.4"},
		{Name: "ct", Kind: dataset.DICOMObject, Ref: "CTImage"},
		{Kind: dataset.DICOMObject, Ref: "CTImage", File: "dicom-iod#CTImage", Version: "2025"},
		{Kind: dataset.FHIRStructure, Ref: "Patient", File: "hl7.fhir.r4.core#4.0.1", Version: "4.0.1"},
	}}
	want := []string{"Patient", "a/mammo.txt, SHA-256 01", "q.json, SHA-256 02", "w.json, SHA-256 03", "omop-cdm:5.4", "dicom-iod:CTImage 2025", "hl7.fhir.r4.core 4.0.1"}
	if have := sourceNames(m); !slices.Equal(have, want) {
		t.Errorf("want %q\nhave %q", want, have)
	}
}

func TestTableNamesBecomeSingularWhereThatIsSure(t *testing.T) {
	for name, want := range map[string]string{
		"patients": "patient", "conditions": "condition", "studies": "study", "Diagnoses": "Diagnosis", "biopsies": "biopsy",
		"lab_results": "lab_result", "addresses": "address", "doses": "dose", "drug exposures": "drug exposure", "assays": "assay",
		"VitalSigns": "VitalSign", "images": "image", "classes": "class", "branches": "branch",
		"series": "series", "psa": "psa", "obs": "obs", "tumor_obs": "tumor_obs", "diagnosis": "diagnosis", "status": "status",
		"address": "address", "species": "species", "ct_series": "ct_series", "diabetes": "diabetes", "lens": "lens", "virus": "virus",
		"viruses": "viruses", "headaches": "headaches", "bmis": "bmis", "sms": "sms", "pancreas": "pancreas", "": "", "ß": "ß", "s": "s",
		"患者s": "患者s",
	} {
		if have := singular(name); have != want {
			t.Errorf("%q: want %q, have %q", name, want, have)
		}
	}
}

func TestBareDefinitionsKeepTheirNames(t *testing.T) {
	m, findings, err := dataset.Load(context.Background(), "fhir-sd:Practitioner", nil)
	if err != nil || m == nil {
		t.Fatal(err, findings)
	}
	m.Tables[0].Object.Name, m.Tables[0].Name = "TumorObs", "tumor_obs"
	files, _, err := Go(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name == "types_gen.go" && !strings.Contains(string(f.Content), "\ntype TumorObs struct {") {
			t.Error("want the name of the structure, have another")
		}
	}
}
