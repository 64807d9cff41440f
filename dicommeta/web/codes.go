package web

import "github.com/carabiner-health/carabiner/issue"

// The codes of what can be found about a server's answers.
const (
	CodeWarning  issue.Code = "dicom-web-warning"   // an answer carries a Warning header
	CodePlain    issue.Code = "dicom-web-plain"     // the authorization travels without TLS
	CodeNoUID    issue.Code = "dicom-web-no-uid"    // a result lacks the UID of its level and is left out
	CodeCount    issue.Code = "dicom-web-count"     // a study has another number of instances than the search said
	CodeOtherUID issue.Code = "dicom-web-other-uid" // an answer belongs to another study or series than asked for
)
