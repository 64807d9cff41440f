package fhirpath

// Term is a node of the syntax tree of an expression, for those who make other
// code of it. Operands and arguments are Args.
type Term struct {
	Kind TermKind
	// Name is that of a member, function, variable or operator; of TermType the
	// type, with its namespace if one is written.
	Name string
	// Op is is or as for TermType.
	Op string
	// On is what stands before the point of a member or function, the collection of
	// TermIndex and the operand of TermType; nil = $this.
	On *Term
	// Args are the arguments of a function, both operands of an operator, the operand
	// of a sign, or the index.
	Args []*Term
	// Value is a literal.
	Value Item
	// Offset is where the term begins or its operator stands, in bytes.
	Offset int
}

// TermKind says what a Term is.
type TermKind uint8

// The kinds of terms.
const (
	TermEmpty    TermKind = iota // {}
	TermLiteral                  // Value
	TermThis                     // $this
	TermNumber                   // $index
	TermTotal                    // $total
	TermVariable                 // %Name
	TermMember                   // On.Name
	TermCall                     // On.Name(Args…)
	TermIndex                    // On[Args[0]]
	TermSign                     // Name Args[0]
	TermBinary                   // Args[0] Name Args[1]
	TermType                     // On Op Name
	TermSort                     // Args[0] asc or desc, an argument of sort()
)

// Parse returns the syntax tree of an expression. It does not know which functions
// and types there are. An error is a *SyntaxError. The caller owns the tree.
func Parse(src string) (*Term, error) {
	a, err := parse(src)
	if err != nil {
		return nil, err
	}
	return termOf(a), nil
}

func termOf(a *ast) *Term {
	if a == nil {
		return nil
	}
	t := &Term{Kind: TermKind(a.kind), Name: a.text, Op: a.op, Value: a.value, Offset: a.offset}
	kids := a.kids
	switch a.kind {
	case astMember, astCall, astItem, astType:
		t.On, kids = termOf(kids[0]), kids[1:]
	}
	for _, k := range kids {
		t.Args = append(t.Args, termOf(k))
	}
	return t
}
