package jsonimport

// rejection is one line of the rejects file.
type rejection struct {
	File    string `json:"file"`
	Section string `json:"section,omitempty"`
	Index   int    `json:"index"`
	// Offset and Length locate the record in its file, in bytes.
	Offset int64  `json:"offset"`
	Length int64  `json:"length"`
	Reason string `json:"reason"`
	// Raw is the bytes of the record in base64, at most the first MaxRecordBytes.
	Raw []byte `json:"raw"`
	// RawText is Raw in readable form, with invalid UTF-8 replaced.
	RawText string `json:"raw_text"`
}
