package dataset

import (
	"strings"

	"github.com/carabiner-health/carabiner/fhir/fhirdef"
)

// fhirNode is an element of a snapshot with those that are in it. Slices of an
// element hang on it, and slices of a slice on that.
type fhirNode struct {
	e        *fhirdef.Element
	name     string // last step of the path, without [x]
	choice   bool   // the path ends in [x]
	children []*fhirNode
	slices   []*fhirNode
}

// fhirTree is a snapshot as a tree, with its nodes by path (those in no slice).
type fhirTree struct {
	root   *fhirNode
	byPath map[string]*fhirNode
}

// treeOf returns the snapshot of a structure as a tree. Elements are placed by
// path and slice name in the order in which they stand; one without a parent is
// left out.
func treeOf(elements []fhirdef.Element) *fhirTree {
	if len(elements) == 0 {
		return nil
	}
	t := &fhirTree{byPath: make(map[string]*fhirNode, len(elements))}
	latest := make(map[string]*fhirNode, len(elements)) // by path, slices too
	whole := make(map[string]*fhirNode, len(elements))  // by path, the element that is sliced
	for i := range elements {
		e := &elements[i]
		n := &fhirNode{e: e, name: e.Path[strings.LastIndexByte(e.Path, '.')+1:]}
		n.name, n.choice = strings.CutSuffix(n.name, "[x]")
		if i == 0 {
			t.root = n
			latest[e.Path], whole[e.Path], t.byPath[e.Path] = n, n, n
			continue
		}
		at := strings.LastIndexByte(e.Path, '.')
		if at < 0 {
			continue
		}
		parent := latest[e.Path[:at]]
		if parent == nil {
			continue
		}
		if owner := whole[e.Path]; e.SliceName != "" && owner != nil && hasNode(parent.children, owner) {
			addSlice(owner, n)
		} else {
			parent.children = append(parent.children, n)
			whole[e.Path] = n
			if t.byPath[e.Path] == nil && !strings.Contains(e.ID, ":") {
				t.byPath[e.Path] = n
			}
		}
		latest[e.Path] = n
	}
	return t
}

func hasNode(list []*fhirNode, n *fhirNode) bool {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == n {
			return true
		}
	}
	return false
}

// addSlice hangs a slice on the element, or, where its name is that of another
// slice with /more behind it, on that slice.
func addSlice(owner, n *fhirNode) {
	for _, s := range owner.slices {
		if strings.HasPrefix(n.e.SliceName, s.e.SliceName+"/") {
			addSlice(s, n)
			return
		}
	}
	owner.slices = append(owner.slices, n)
}

// child returns the child of that name; nil if there is none.
func (n *fhirNode) child(name string) *fhirNode {
	if n == nil {
		return nil
	}
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}
