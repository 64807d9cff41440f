package dicommeta

import "github.com/carabiner-health/carabiner/issue"

// Study is what is known of one study, from its files or from a DICOMweb server:
// the attributes of its patient and of itself, its series and their instances. All text
// is in UTF-8.
type Study struct {
	Dataset
	Series []Series // by Series Instance UID
	// Issues tell where instances contradict each other.
	Issues issue.List
}

// Series is one series of a Study: attributes that its instances share.
type Series struct {
	Dataset
	Instances []Member // by Instance Number, then SOP Instance UID
}

// Member is one instance of a Series: the attributes that are its own. Of a structured
// report it has the whole content.
type Member struct {
	Dataset
	Source string // name of the file, or the URL on the server
	Size   int64
}
