package dataset

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/carabiner-health/carabiner/internal/yamldoc"
	"github.com/carabiner-health/carabiner/issue"
)

//go:embed profile.schema.json
var schemaFile []byte

// Schema returns the JSON Schema (2020-12) of profile documents, for editors and
// other tools. The bytes are the caller's.
func Schema() []byte { return bytes.Clone(schemaFile) }

// profileSchema is the compiled schema and its text as a tree, out of which the
// findings say what was wanted.
type profileSchema struct {
	compiled *jsonschema.Schema
	tree     *yamldoc.Node
}

var compiledSchema = sync.OnceValue(func() profileSchema {
	s, err := compileProfileSchema()
	if err != nil {
		panic(err) // the schema is embedded, and tests compile it
	}
	return s
})

func compileProfileSchema() (profileSchema, error) {
	tree, err := yamldoc.Parse(schemaFile, nil)
	if err != nil {
		return profileSchema{}, fmt.Errorf("dataset: schema of profiles: %w", err)
	}
	id := tree.Get("$id").Text
	c := jsonschema.NewCompiler()
	c.Draft = jsonschema.Draft2020
	c.AssertFormat = true
	c.LoadURL = func(string) (io.ReadCloser, error) { return nil, errors.New("nothing is fetched") }
	if err := c.AddResource(id, bytes.NewReader(schemaFile)); err != nil {
		return profileSchema{}, fmt.Errorf("dataset: schema of profiles: %w", err)
	}
	compiled, err := c.Compile(id)
	if err != nil {
		return profileSchema{}, fmt.Errorf("dataset: schema of profiles: %w", err)
	}
	return profileSchema{compiled, tree}, nil
}

// formChecker holds a document against the schema of profiles.
type formChecker struct {
	name   string
	doc    *yamldoc.Node
	schema profileSchema
	found  issue.List
}

func (c *formChecker) check() (err error) {
	if !c.plainNumbers(c.doc) {
		return nil
	}
	defer func() {
		if recover() != nil {
			err = errors.New("the schema checker gave up on this document")
		}
	}()
	var all *jsonschema.ValidationError
	switch err := c.schema.compiled.Validate(plain(c.doc)); {
	case err == nil:
	case errors.As(err, &all):
		c.tell(all)
	default:
		return err
	}
	return nil
}

// plainNumbers is false, with a finding, where a number is of a size that no
// profile needs and that the checker would compute.
func (c *formChecker) plainNumbers(n *yamldoc.Node) bool {
	const longest, largest = 200, 400
	if n.Kind == yamldoc.Number {
		_, exponent, _ := strings.Cut(strings.ToLower(n.Text), "e")
		e, err := strconv.Atoi(exponent)
		if len(n.Text) > longest || exponent != "" && (err != nil || e > largest || e < -largest) {
			c.add(n.Line, n.Column, "", "want a number of ordinary size")
			return false
		}
	}
	for _, item := range n.Items {
		if !c.plainNumbers(item) {
			return false
		}
	}
	for _, m := range n.Members {
		if !c.plainNumbers(m.Value) {
			return false
		}
	}
	return true
}

// plain returns a tree as the checker takes it.
func plain(n *yamldoc.Node) any {
	switch n.Kind {
	case yamldoc.Null:
		return nil
	case yamldoc.Bool:
		return n.Text == "true"
	case yamldoc.Number:
		return json.Number(n.Text)
	case yamldoc.Text:
		return n.Text
	case yamldoc.List:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = plain(item)
		}
		return list
	}
	m := make(map[string]any, len(n.Members))
	for _, member := range n.Members {
		m[member.Name] = plain(member.Value)
	}
	return m
}

// tell makes findings of the leaves of an error: one a mistake.
func (c *formChecker) tell(e *jsonschema.ValidationError) {
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			c.tell(cause)
		}
		return
	}
	instance, err := url.PathUnescape(e.InstanceLocation)
	if err != nil {
		instance = e.InstanceLocation
	}
	pointer := e.AbsoluteKeywordLocation[strings.IndexByte(e.AbsoluteKeywordLocation, '#')+1:]
	at := strings.LastIndexByte(pointer, '/')
	if at < 0 {
		return
	}
	keyword := pointer[at+1:]
	schema := c.schema.tree.At(pointer[:at])
	if strings.Contains(e.KeywordLocation, "/propertyNames/") {
		c.badName(instance, schema)
		return
	}
	have := c.doc.At(instance)
	if schema == nil || have == nil {
		return
	}
	switch keyword {
	case "additionalProperties":
		c.unknownKeys(have, schema, instance)
	case "required":
		for _, want := range schema.Get("required").Items {
			if have.Get(want.Text) == nil {
				c.add(have.Line, have.Column, instance, "want "+article(want.Text)+", have none")
			}
		}
	default:
		c.add(have.Line, have.Column, instance, wants(keyword, schema, have))
	}
}

// article returns the key in words.
func article(key string) string { return "the key " + key }

func (c *formChecker) badName(pointer string, schema *yamldoc.Node) {
	at := strings.LastIndexByte(pointer, '/')
	if at < 0 || schema == nil {
		return
	}
	name := strings.ReplaceAll(strings.ReplaceAll(pointer[at+1:], "~1", "/"), "~0", "~")
	m := c.doc.At(pointer[:at]).Member(name)
	if m == nil {
		return
	}
	c.add(m.Line, m.Column, pointer[:at], "want "+schema.Get("title").Text+", have "+quote(name))
}

func (c *formChecker) unknownKeys(have, schema *yamldoc.Node, pointer string) {
	known := schema.Get("properties")
	var names []string
	for _, m := range known.Members {
		names = append(names, m.Name)
	}
	for _, m := range have.Members {
		if known.Get(m.Name) != nil {
			continue
		}
		i := issue.Issue{Severity: issue.Error, Code: CodeForm, Pos: c.pos(m.Line, m.Column), Path: dotted(pointer),
			Message: "want a known key, have " + quote(m.Name)}
		if d := meant(m.Name, names); d != "" {
			i.Message += d
		} else if len(names) > 0 {
			i.Message += ": known are " + strings.Join(names, ", ")
		}
		c.found = append(c.found, i)
	}
}

// wants says what a keyword wanted and what there is.
func wants(keyword string, schema, have *yamldoc.Node) string {
	given := have.Kind.String()
	if have.Kind == yamldoc.Text || have.Kind == yamldoc.Number {
		given = quote(have.Text)
	}
	limit := ""
	if l := schema.Get(keyword); l != nil {
		limit = l.Text
	}
	if title := schema.Get("title"); title != nil {
		if have.Kind == yamldoc.Number && (keyword == "type" || keyword == "const") {
			return "want " + title.Text + " as text, in quotes, have a number"
		}
		return "want " + title.Text + ", have " + given
	}
	switch keyword {
	case "type":
		types := []string{}
		for _, t := range append(schema.Get("type").Items, scalarOf(schema.Get("type"))...) {
			types = append(types, typeWord(t.Text))
		}
		hint := ""
		if have.Kind == yamldoc.Number && len(types) == 1 && types[0] == "text" {
			hint = ": put it in quotes"
		}
		return "want " + strings.Join(types, " or ") + ", have " + have.Kind.String() + hint
	case "enum":
		var names []string
		for _, item := range schema.Get("enum").Items {
			names = append(names, item.Text)
		}
		message := "want one of " + strings.Join(names, ", ") + ", have " + given
		if have.Kind == yamldoc.Text {
			message += meant(have.Text, names)
		}
		return message
	case "minimum":
		return "want at least " + limit + ", have less"
	case "maximum":
		return "want at most " + limit + ", have more"
	case "minLength":
		return "want text, have none"
	case "maxLength":
		return "want at most " + limit + " characters, have more"
	case "minItems", "minProperties":
		return "want at least " + limit + ", have fewer"
	case "uniqueItems":
		return "want each item once, have one again"
	}
	return "want what " + keyword + " of the schema allows, have " + have.Kind.String()
}

func scalarOf(n *yamldoc.Node) []*yamldoc.Node {
	if n.Kind == yamldoc.Text {
		return []*yamldoc.Node{n}
	}
	return nil
}

// typeWord returns the word that messages have for a type of JSON.
func typeWord(t string) string {
	switch t {
	case "string":
		return "text"
	case "object":
		return "map"
	case "array":
		return "list"
	case "null":
		return "nothing"
	case "integer":
		return "whole number"
	}
	return t
}

func (c *formChecker) pos(line, column int) issue.Pos {
	return issue.Pos{Source: c.name, Line: line, Column: column}
}

func (c *formChecker) add(line, column int, pointer, message string) {
	c.found = append(c.found, issue.Issue{Severity: issue.Error, Code: CodeForm, Pos: c.pos(line, column), Path: dotted(pointer), Message: message})
}

// dotted returns a JSON pointer as messages show paths: tables.patients.fields.
func dotted(pointer string) string {
	steps := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, s := range steps {
		steps[i] = strings.ReplaceAll(strings.ReplaceAll(s, "~1", "/"), "~0", "~")
	}
	return strings.Join(steps, ".")
}
