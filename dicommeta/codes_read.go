package dicommeta

import "github.com/carabiner-health/carabiner/issue"

// The codes of what can be found while reading. They are permanent once released.
const (
	// CodeNotDICOM: the first bytes are not those of DICOM.
	CodeNotDICOM issue.Code = "dicom-not-dicom"
	// CodeUnreadable: the file cannot be opened or read.
	CodeUnreadable issue.Code = "dicom-unreadable"
	// CodeLimit: a limit of ReadOptions is exceeded.
	CodeLimit issue.Code = "dicom-limit"
	// CodeTruncated: the source ends within the data set.
	CodeTruncated issue.Code = "dicom-truncated"
	// CodePixelsTruncated: the source ends within the pixel data; the header is whole.
	CodePixelsTruncated issue.Code = "dicom-pixels-truncated"
	// CodePixelsMissing: the data set describes pixels and ends without any.
	CodePixelsMissing issue.Code = "dicom-pixels-missing"
	// CodeGarbage: bytes that are no element, so that the rest cannot be followed.
	CodeGarbage issue.Code = "dicom-garbage"
	// CodeTrailing: bytes without meaning follow the data set.
	CodeTrailing issue.Code = "dicom-trailing-bytes"
	// CodePreamble: the preamble or the prefix DICM is missing (PS3.10 §7.1).
	CodePreamble issue.Code = "dicom-preamble"
	// CodeMetaMissing: there is no file meta information (PS3.10 §7.1).
	CodeMetaMissing issue.Code = "dicom-meta-missing"
	// CodeMetaLength: the length of the file meta information is missing or wrong.
	CodeMetaLength issue.Code = "dicom-meta-length"
	// CodeMetaEncoding: the file meta information is not in explicit VR little endian.
	CodeMetaEncoding issue.Code = "dicom-meta-encoding"
	// CodeTransferSyntaxMissing: the file meta information names no transfer syntax.
	CodeTransferSyntaxMissing issue.Code = "dicom-transfer-syntax-missing"
	// CodeTransferSyntaxUnknown: the standard has no such transfer syntax.
	CodeTransferSyntaxUnknown issue.Code = "dicom-transfer-syntax-unknown"
	// CodeTransferSyntaxWrong: the data set is written otherwise than the transfer syntax says.
	CodeTransferSyntaxWrong issue.Code = "dicom-transfer-syntax-wrong"
	// CodeDeflate: the deflated data set is damaged or has a wrong frame.
	CodeDeflate issue.Code = "dicom-deflate"
	// CodeNoDataset: nothing follows the file meta information.
	CodeNoDataset issue.Code = "dicom-no-dataset"
	// CodeNoInstance: the file meta information names an instance, the data set has no SOP Instance UID.
	CodeNoInstance issue.Code = "dicom-no-instance"
	// CodeTagOrder: an element stands behind one with a higher tag (PS3.5 §7.1).
	CodeTagOrder issue.Code = "dicom-tag-order"
	// CodeTagRepeated: an element occurs twice in a data set (PS3.5 §7.1).
	CodeTagRepeated issue.Code = "dicom-tag-repeated"
	// CodeOddLength: a value has an odd number of bytes (PS3.5 §7.1.1).
	CodeOddLength issue.Code = "dicom-odd-length"
	// CodeVRUnknown: the two letters are no VR of the standard.
	CodeVRUnknown issue.Code = "dicom-vr-unknown"
	// CodeEncodingMixed: an element or item is written otherwise than what is around it.
	CodeEncodingMixed issue.Code = "dicom-encoding-mixed"
	// CodeUndefinedLength: the element must not have an undefined length (PS3.5 §7.1.2).
	CodeUndefinedLength issue.Code = "dicom-undefined-length"
	// CodeOverrun: an element, item or sequence is longer than what is around it.
	CodeOverrun issue.Code = "dicom-length-overrun"
	// CodeDelimiterMissing: an item or sequence of undefined length ends without delimiter.
	CodeDelimiterMissing issue.Code = "dicom-delimiter-missing"
	// CodeDelimiterStray: a delimiter or item stands where none belongs.
	CodeDelimiterStray issue.Code = "dicom-delimiter-stray"
	// CodeDelimiterLength: the length of a delimiter is not 0 (PS3.5 §7.5).
	CodeDelimiterLength issue.Code = "dicom-delimiter-length"
	// CodeNotItem: a sequence holds something else than items.
	CodeNotItem issue.Code = "dicom-not-an-item"
	// CodeTooMany: a file has more findings than are listed.
	CodeTooMany issue.Code = "dicom-too-many-issues"
)
