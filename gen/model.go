package gen

// Model is a Go package's worth of generated code before it is text.
type Model struct {
	// Package is the package name. File is the name of the rendered file, such
	// as "tables_gen.go".
	Package, File string
	// Doc says in the header what the file is made from: "OMOP CDM 5.4".
	Doc     string
	Sources []Source
	Aliases []Alias
	Structs []Struct
	Lists   []List
}

// Source is a published file from which a model was made.
type Source struct{ Name, SHA256 string }

// Alias is another name for a type of another package.
type Alias struct {
	Name string
	// Doc is the comment without the leading name and slashes: "is a day …".
	Doc string
	// Path is the import path of the package of Type.
	Path, Type string
}

// Struct is one struct type.
type Struct struct {
	Name string
	// Doc is the comment without the leading name and slashes: "is a row of …".
	Doc     string
	Fields  []Field
	Methods []Constant
}

// Field is one field of a struct.
type Field struct {
	Name string
	Type Type
	Doc  string
	Tags []Tag
}

// Type is the type of a field.
type Type struct {
	// Name is a predeclared type or one of the package itself.
	Name string
	// Optional makes it a pointer, whose nil is "no value".
	Optional bool
}

// Tag is one key of a struct tag with its value.
type Tag struct{ Key, Value string }

// Constant is a method without arguments that returns a fixed string.
type Constant struct{ Name, Doc, Value string }

// List is a function that returns one element for each of Args, made by a
// generic function of the package that is instantiated with those types. It
// lets code of the package do the same work for every generated type.
type List struct {
	Name, Doc, Element, Make string
	Args                     [][]string
}

// File is a rendered file. Name has no folder.
type File struct {
	Name    string
	Content []byte
}
