package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

// A source is one published file.
type source struct {
	path, origin string
	read         func([]byte) ([][]byte, error)
}

// An origin is one package of HL7's.
type origin struct {
	name, version, canonical, edition, licence string
	sources                                    []source
}

const folder = "data/fhir/r4-core/"

var packages = []origin{
	{
		"hl7.fhir.r4.core", "4.0.1", "http://hl7.org/fhir",
		"hl7.fhir.r4.core 4.0.1, commit 74fce953 of 2026-08-21", "CC0-1.0",
		[]source{core("StructureDefinition"), core("ValueSet"), core("CodeSystem")},
	},
	{
		"hl7.terminology.r4", "7.0.1", "http://terminology.hl7.org",
		"hl7.terminology.r4 7.0.1, commit 51976ec2 of 2026-02-17", "CC0-1.0",
		[]source{archive("hl7.terminology.r4-7.0.1.tgz")},
	},
	{
		"hl7.fhir.uv.extensions.r4", "5.2.0", "http://hl7.org/fhir/extensions",
		"hl7.fhir.uv.extensions.r4 5.2.0, commit 51976ec2 of 2026-02-17", "CC0-1.0",
		[]source{archive("hl7.fhir.uv.extensions.r4-5.2.0.tgz")},
	},
}

func core(typ string) source {
	return source{
		folder + typ + ".ndjson.gz",
		"github.com/google/fhir spec/hl7.fhir.core/4.0.1/package/" + typ + "-*.json, one a line",
		readLines,
	}
}

func archive(name string) source {
	return source{folder + name, "github.com/gofhir/validator pkg/specs/r4/" + name, readArchive}
}

func readLines(b []byte) ([][]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			out = append(out, line)
		}
	}
	return out, nil
}

func readArchive(b []byte) ([][]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		dir, name := path.Split(h.Name)
		if dir != "package/" || !strings.HasSuffix(name, ".json") || name == "package.json" || name[0] == '.' {
			continue
		}
		text, err := io.ReadAll(t)
		if err != nil {
			return nil, err
		}
		out = append(out, text)
	}
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// A resource is one reduced definition with what the index says of it.
type resource struct {
	pkg                            int
	class                          byte // S structure, V value set, C code system
	url, version, kind, derivation string
	typ, base, abstract            string
	facts                          []byte
}

// reduce returns the facts of one resource; nil for a type that is not embedded.
func reduce(text []byte, pkg int) (*resource, error) {
	var t jsontree.Tree
	if err := t.Parse(text, nil); err != nil {
		return nil, err
	}
	v := t.Root()
	r := &resource{pkg: pkg, url: v.Get("url").Text(), version: v.Get("version").Text()}
	var rules rule
	switch v.Get("resourceType").Text() {
	case "StructureDefinition":
		r.class, rules = 'S', structure
		r.kind, r.derivation = v.Get("kind").Text(), v.Get("derivation").Text()
		r.typ, r.base = v.Get("type").Text(), v.Get("baseDefinition").Text()
		if b, _ := v.Get("abstract").Bool(); b {
			r.abstract = "abstract"
		}
	case "ValueSet":
		r.class, rules = 'V', valueSet
	case "CodeSystem":
		r.class, rules = 'C', codeSystem
		r.base = v.Get("supplements").Text()
	default:
		return nil, nil
	}
	if r.url == "" {
		return nil, fmt.Errorf("%s without url", v.Get("resourceType").Text())
	}
	var w reducer
	w.object(v, rules)
	r.facts = w.out
	return r, nil
}
