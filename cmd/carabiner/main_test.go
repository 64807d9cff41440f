package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/carabiner-health/carabiner/internal/golden"
)

// TestMain makes the test binary the command, so that scripts run it.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"carabiner": main})
}

// TestScripts runs testdata/script/*.txtar, named after the subcommand that
// each is about. CLINIC, DAMAGED and VOCAB are the demonstration data, PACS is a
// DICOMweb server with its images.
func TestScripts(t *testing.T) {
	root := golden.Root(t)
	server := clinicServer(t, root)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("CARABINER_UPDATE") == "1",
		Setup: func(e *testscript.Env) error {
			e.Setenv("ROOT", root)
			e.Setenv("CLINIC", filepath.Join(root, "testdata", "clinic"))
			e.Setenv("PACS", server)
			e.Setenv("DAMAGED", filepath.Join(root, "testdata", "clinic-damaged"))
			e.Setenv("VOCAB", filepath.Join(root, "testdata", "clinic-vocabulary"))
			for _, name := range []string{"GOCACHE", "GOPATH", "GOMODCACHE", "GOFLAGS"} {
				if v := os.Getenv(name); v != "" {
					e.Setenv(name, v)
				}
			}
			if home, err := os.UserHomeDir(); err == nil {
				e.Setenv("HOME", home) // where Go keeps its caches
			}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"gzip":     compressFile,
			"empty":    emptyFolder,
			"sameTree": sameTree,
		},
	})
}

// emptyFolder: empty DIR: the folder holds nothing, not even hidden files.
func emptyFolder(ts *testscript.TestScript, neg bool, args []string) {
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	if (len(entries) == 0) == neg {
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		ts.Fatalf("%s holds %d entries: %s", args[0], len(entries), strings.Join(names, " "))
	}
}

// sameTree: sameTree A B: both folders hold the same files with the same bytes.
func sameTree(ts *testscript.TestScript, neg bool, args []string) {
	read := func(dir string) map[string]string {
		files := make(map[string]string)
		ts.Check(filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			b, err := os.ReadFile(path)
			files[rel] = string(b)
			return err
		}))
		return files
	}
	a, b := read(ts.MkAbs(args[0])), read(ts.MkAbs(args[1]))
	var differ []string
	for name, content := range a {
		if other, ok := b[name]; !ok || other != content {
			differ = append(differ, name)
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			differ = append(differ, name)
		}
	}
	if len(a) == 0 || (len(differ) > 0) != neg {
		ts.Fatalf("%s and %s: %d files, differing: %v", args[0], args[1], len(a), differ)
	}
}
