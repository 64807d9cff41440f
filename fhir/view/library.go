package view

import (
	"embed"
	"fmt"
	"io/fs"
	slashed "path"
	"strings"
	"sync"
)

//go:embed library/*.json
var libraryFiles embed.FS

// LibraryNames returns the names of the views that ship, sorted.
func LibraryNames() []string {
	entries, err := libraryFiles.ReadDir("library")
	if err != nil {
		return nil // never: the folder is part of the program
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	return names
}

// LibrarySource returns the ViewDefinition of a view that ships, in JSON.
func LibrarySource(name string) ([]byte, error) {
	b, err := libraryFiles.ReadFile("library/" + name + ".json")
	if err != nil {
		return nil, fmt.Errorf("view: want one of %s", strings.Join(LibraryNames(), ", "))
	}
	return b, nil
}

// Library returns the views that ship with Carabiner: tables of the resources
// that most exports hold.
func Library() ([]*View, error) { return library() }

var library = sync.OnceValues(func() ([]*View, error) {
	return Load(libraryFiles, "library/*.json")
})

// Load compiles the ViewDefinitions in files that match a pattern, such as
// views/*.json, sorted. A view without a name is named after its file.
func Load(fsys fs.FS, pattern string) ([]*View, error) {
	files, err := fs.Glob(fsys, pattern)
	if err != nil {
		return nil, fmt.Errorf("view: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("view: want files %s, have none", pattern)
	}
	var list []*View
	for _, file := range files {
		b, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("view: %w", err)
		}
		v, err := New(b, &Options{Source: file})
		if err != nil {
			return nil, err
		}
		if v.name == "" {
			v.name = strings.TrimSuffix(slashed.Base(file), ".json")
		}
		list = append(list, v)
	}
	return list, nil
}
