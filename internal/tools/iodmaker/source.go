package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io/fs"
)

// source is what the published files say.
type source struct {
	rules struct {
		IODs       []object              `json:"iods"`
		Modules    map[string]module     `json:"modules"`
		Macros     map[string]module     `json:"macros"`
		Conditions map[string][]term     `json:"conditions"`
		Strings    map[string][][]string `json:"string_values"`
		Numbers    map[string][][]string `json:"binary_values"`
		Tags       map[string][][]string `json:"tag_values"`
		SOPClasses map[string]struct {
			UID string `json:"uid"`
		} `json:"sop_classes"`
	}
	names    []name             // of modules
	classes  map[string]string  // name by SOP class UID
	objects  map[string]string  // title by id
	newest   map[string][]usage // modules by id of an object, edition 2026b
	objectOf map[string]string  // id of the object by SOP class UID
}

type object struct {
	Name       string   `json:"iod"`
	Condition  string   `json:"condition"`
	SOPClasses []string `json:"sop_classes"`
	Profile    string   `json:"profile"`
	Retired    bool     `json:"retired"`
	Modules    []usage  `json:"modules"`
}

type usage struct {
	Entity    string `json:"ie"`
	Module    string `json:"module"`
	Key       string `json:"key"`
	Usage     string `json:"usage"`
	Condition string `json:"condition"`
}

type module struct {
	Entity string `json:"ie"`
	Nodes  []node `json:"nodes"`
}

type node struct {
	Attr, Seq, Macro, Verify string
	Tag, Type, Items, VM     string
	Value                    string
	Condition                string
	Otherwise                bool `json:"may_be_present_otherwise"`
	NotCheckable             bool `json:"condition_not_checkable"`
	Enum                     string
	Defined                  string
	BinEnum                  string `json:"bin_enum"`
	TagEnum                  string `json:"tag_enum"`
	BaselineCID              string `json:"baseline_cid"`
	DefinedCID               string `json:"defined_cid"`
	EnumCID                  string `json:"enum_cid"`
	NotZero                  string `json:"not_zero"`
	Error, Warning           string
	ElseWarning              string `json:"else_warning"`
	Nodes                    []node
}

type term struct {
	Op    string
	Not   bool
	Group []term
	Tag   string
	Value *int
	Test  map[string]string
}

type name struct{ id, title, table, module string }

func read(fsys fs.FS) (*source, error) {
	s := &source{classes: map[string]string{}, objects: map[string]string{}}
	for file, to := range map[string]any{
		"iod_rules.json.gz":                &s.rules,
		"highdicom/iod_module_map.json.gz": &s.newest,
		"highdicom/sop_class_iod_map.json": &s.objectOf,
	} {
		b, err := load(fsys, file)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(b, to); err != nil {
			return nil, err
		}
	}
	b, err := load(fsys, "innolitics/ciods.json")
	if err != nil {
		return nil, err
	}
	var titles []struct{ Name, ID string }
	if err := json.Unmarshal(b, &titles); err != nil {
		return nil, err
	}
	for _, t := range titles {
		s.objects[t.ID] = t.Name
	}
	rows, err := table(fsys, "module_names.csv")
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		s.names = append(s.names, name{r[0], r[1], r[2], r[3]})
	}
	rows, err = table(fsys, "sop_class_coverage.csv")
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		s.classes[r[0]] = r[1]
	}
	return s, nil
}

func table(fsys fs.FS, file string) ([][]string, error) {
	b, err := load(fsys, file)
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		return nil, err
	}
	return rows[1:], nil
}
