package iod

import "github.com/carabiner-health/carabiner/dicommeta/dict"

// Object is an information object definition (PS3.3 annex A).
type Object struct {
	Name       string // such as CTImage
	Title      string // such as CT Image; "" where no table of the standard has it
	SOPClasses []string
	// Profile is the name of a stricter profile, "" for the standard's own object.
	Profile string
	// Condition tells which of several objects for one SOP class an instance is.
	Condition *Condition
	Retired   bool
	// Partial is whether only some of the modules have rules.
	Partial bool
	Edition string // of the table of modules, such as 2026b; "" = 2025
	Modules []Use
}

// Use is a module in the table of an object.
type Use struct {
	Module *Module
	Entity string // information entity: Patient, Study, Series, Image...
	Usage  Usage
	// Condition is the one of a conditional module; of an optional one it says
	// that something of it is there. nil = none is known.
	Condition *Condition
	Edition   string // "2026b" where only that edition has the line
}

// Usage is M, C or U: mandatory, conditional or user option (PS3.3 §A.1.3).
type Usage byte

// The usages.
const (
	Mandatory   Usage = 'M'
	Conditional Usage = 'C'
	UserOption  Usage = 'U'
)

// String returns the letter.
func (u Usage) String() string { return string(rune(u)) }

// Module is a module or macro of PS3.3 annex C or of §10.
type Module struct {
	Name   string // such as ImagePixel
	Title  string // such as Image Pixel; "" of macros
	Table  string // such as C.7-11a; "" of macros
	Macro  bool
	Entity string // of a macro that is said to be a FunctionalGroup, Image, ...
	Rules  []Rule // none where only the name is known
}

// Kind tells what a Rule is.
type Kind uint8

// The kinds of rules.
const (
	Attribute Kind = iota + 1
	Sequence       // an attribute with items, for which Rules hold
	Include        // the rules of Macro stand here, if Condition holds
	Check          // a further check of an attribute that another rule names
)

// Type is the type of an attribute (PS3.5 §7.4). 0 = none is stated.
type Type uint8

// The types.
const (
	Type1  Type = iota + 1 // present, with a value
	Type1C                 // the same under a condition
	Type2                  // present, perhaps without value
	Type2C                 // the same under a condition
	Type3                  // optional
)

// String returns the type as the standard writes it: 1C.
func (t Type) String() string { return [...]string{"", "1", "1C", "2", "2C", "3"}[t] }

// Rule is one line of the table of a module.
type Rule struct {
	Kind Kind
	Tag  dict.Tag
	// Mask has the bits of Tag that count: all, but for repeating groups.
	Mask dict.Tag
	Type Type
	// Min and Max bound the values of an attribute or the items of a
	// sequence; Max is -1 for no bound. Both are 0 where the rule states none.
	Min, Max int
	// Index is the value, counted from 0, that the rule is for; -1 = all.
	Index int
	// Condition is that of type 1C and 2C, of an Include or a Check; nil = always.
	Condition *Condition
	// Otherwise is whether an attribute of type 1C or 2C may be present though
	// its condition does not hold.
	Otherwise bool
	// Untold is whether the standard has a condition that no data set can tell.
	Untold bool
	// Values are those allowed or known, nil = any.
	Values *Values
	// NotZero is whether a number may not be 0; ZeroOdd whether 0 is only odd.
	NotZero, ZeroOdd bool
	// Message is our sentence, want ..., have ..., of a Check that is wrong where Condition holds, or, with
	// Else, where it does not. Warning is whether it is no error.
	Message       string
	Warning, Else bool
	// Group is the context group of the codes of an included macro, such as
	// 29; GroupKind is 'B' for a baseline, 'D' for a defined and 'E' for an enumerated one.
	Group     string
	GroupKind byte
	Macro     *Module
	Rules     []Rule
}

// Values are the values of an attribute: strings, numbers or tags.
type Values struct {
	Name string
	// Enumerated is whether there are no others; else they are defined terms.
	Enumerated bool
	Strings    []string
	Numbers    []int64
	Tags       []dict.Tag
}

// Find returns the standard's object of a SOP class; nil if there is none. Where
// there are several, it is the first.
func Find(sopClassUID string) *Object {
	for _, o := range read().byClass[sopClassUID] {
		if o.Profile == "" {
			return o
		}
	}
	return nil
}

// All returns the objects of a SOP class, profiles too; "" asks for all there are.
func All(sopClassUID string) []*Object {
	if sopClassUID == "" {
		return read().objects
	}
	return read().byClass[sopClassUID]
}

// FindModule returns the module or macro of a name such as ImagePixel; nil if there is none.
func FindModule(name string) *Module { return read().modules[name] }
