package suyash

import "github.com/carabiner-health/carabiner/issue"

// The codes of this package's findings.
const (
	CodeMended  issue.Code = "dicom-suyash-mended"  // the elements were written anew for the other parser
	CodeLoss    issue.Code = "dicom-suyash-loss"    // the other kind of data set cannot hold it
	CodeVR      issue.Code = "dicom-suyash-vr"      // the value does not fit the VR and is left out
	CodeCharset issue.Code = "dicom-suyash-charset" // text had to be guessed in part
	CodeOrder   issue.Code = "dicom-suyash-order"   // several elements of one tag, of which the last is kept
	CodeRefused issue.Code = "dicom-suyash-refused" // the other parser gives an error
	CodePanic   issue.Code = "dicom-suyash-panic"   // the other parser panics
	CodeLimit   issue.Code = "dicom-suyash-limit"   // beyond the limits of this package
)
