package index

import (
	"encoding/json"
	"fmt"
	"io"
)

// Report is the account of Build: Instances, NotDICOM and Failed together are Files.
type Report struct {
	Tool      string `json:"tool,omitempty"`
	Files     int64  `json:"files"`
	Bytes     int64  `json:"bytes"`
	Instances int64  `json:"instances"`
	Partial   int64  `json:"partial"` // of Instances, read in part
	NotDICOM  int64  `json:"not_dicom"`
	Failed    int64  `json:"failed"`
	// Unplaced are Instances in no series, because they lack a UID.
	Unplaced int64            `json:"unplaced"`
	Series   int64            `json:"series"`
	Studies  int64            `json:"studies"`
	Patients int64            `json:"patients"`
	Rows     map[string]int64 `json:"rows"`     // by table
	Findings map[string]int64 `json:"findings"` // by code
	// Carried are the files of which an earlier run knew all. It is not part of the
	// written report, which does not tell runs apart.
	Carried int64 `json:"-"`
}

// Write writes the report as indented JSON.
func (r *Report) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	return nil
}
