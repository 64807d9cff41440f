package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/carabiner-health/carabiner/internal/jsontree"
)

const (
	examples       = "data/fhir/r4-examples.tar.gz"
	examplesOrigin = "github.com/google/fhir spec/hl7.fhir.r4.examples/4.0.1/package/SearchParameter-*.json"
	examplesLine   = "hl7.fhir.r4.examples 4.0.1, commit 74fce953 of 2026-08-21\tCC0-1.0"
	searchURL      = "http://hl7.org/fhir/SearchParameter/"
)

// buildSearch returns the facts of R4's search parameters, a line for each: the
// url after HL7's address, code, type, bases and expression, with tabs between.
func buildSearch(shared fs.FS) (facts []byte, source string, err error) {
	b, err := fs.ReadFile(shared, examples)
	if err != nil {
		return nil, "", err
	}
	lines, err := searchLines(b)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", examples, err)
	}
	slices.Sort(lines)
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, "", err
	}
	defer z.Close()
	return z.EncodeAll([]byte(strings.Join(lines, "")), nil), "search.zst\t" + examplesOrigin + "\t" + examplesLine + "\t" + sum(b) + "\n", nil
}

func searchLines(archive []byte) ([]string, error) {
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	var out []string
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if !strings.Contains(h.Name, "/SearchParameter-") {
			continue
		}
		text, err := io.ReadAll(t)
		if err != nil {
			return nil, err
		}
		line, err := searchLine(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", h.Name, err)
		}
		out = append(out, line)
	}
}

// searchLine returns the facts of one search parameter; "" for examples, which
// are none of R4's own.
func searchLine(text []byte) (string, error) {
	var t jsontree.Tree
	if err := t.Parse(text, nil); err != nil {
		return "", err
	}
	v := t.Root()
	name, ok := strings.CutPrefix(v.Get("url").Text(), searchURL)
	if !ok || !v.Get("version").EqualText("4.0.1") {
		return "", nil
	}
	var bases []string
	for b := v.Get("base").First(); b.Kind() != jsontree.Invalid; b = b.Next() {
		bases = append(bases, b.Text())
	}
	fields := []string{name, v.Get("code").Text(), v.Get("type").Text(), strings.Join(bases, " "), v.Get("expression").Text()}
	for _, f := range fields {
		if strings.ContainsAny(f, "\t\n") {
			return "", errors.New("want fields without tabs and line feeds, have one with")
		}
	}
	return strings.Join(fields, "\t") + "\n", nil
}
