package dict

// PrivateEntry is a line of the dictionary of private elements.
type PrivateEntry struct {
	VRs  [3]VR // as in Entry
	VM   string
	Name string
}

// VR returns the VR, where several are possible the first.
func (e *PrivateEntry) VR() VR { return e.VRs[0] }

// Creator is what is known of the private elements of one creator.
type Creator struct {
	Name string
}

// FindCreator returns the private elements of a creator, by its name without
// padding; nil if it is not known.
func FindCreator[S ~string | ~[]byte](name S) *Creator { return nil }

// Find returns the entry of a private element, whatever block it stands in; nil if there is
// none. A nil Creator has none.
func (c *Creator) Find(t Tag) *PrivateEntry { return nil }

// FindPrivate returns the entry of a private element of the named creator.
func FindPrivate(creator string, t Tag) *PrivateEntry { return FindCreator(creator).Find(t) }
