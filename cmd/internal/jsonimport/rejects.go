package jsonimport

// rejection is one line of the rejects file.
type rejection struct {
	File    string `json:"file"`
	Section string `json:"section,omitempty"`
	Index   int    `json:"index"`
	// Offset and Length say where the record stands in its file, in bytes.
	Offset int64  `json:"offset"`
	Length int64  `json:"length"`
	Reason string `json:"reason"`
	// Raw are the bytes of the record, in base64; the first MaxRecordBytes of a longer one.
	Raw []byte `json:"raw"`
	// RawText is Raw to be read by people, with bytes that are no UTF-8 replaced.
	RawText string `json:"raw_text"`
}

func rejectionOf(o Outcome, e element) rejection {
	return rejection{File: o.File, Section: o.Section, Index: o.Index, Offset: e.offset, Length: e.length,
		Reason: o.Reason, Raw: e.raw, RawText: string(e.raw)}
}
