package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheExampleConvertsTheClinic(t *testing.T) {
	var stdout, stderr bytes.Buffer
	args := []string{"../../testdata/clinic", "../../testdata/clinic-vocabulary", filepath.Join(t.TempDir(), "out")}
	if err := run(args, &stdout, &stderr); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(stdout.String(), "12  person") {
		t.Errorf("want 12 persons in the account, have %d bytes without them", stdout.Len())
	}
}

func TestTheExampleSaysWhatItWants(t *testing.T) {
	if err := run(nil, nil, nil); err == nil || !strings.Contains(err.Error(), "want") {
		t.Errorf("want an error that says what is wanted, have %v", err)
	}
}
