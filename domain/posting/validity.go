package posting

import "math"

// End says when a document ended.
type End struct {
	Doc        int   // number in the scope
	SequenceID int64 // of the event that ended it
	Length     int   // of the document, in words
}

// AppendEnd adds an end to those of a segment whose first document is named: the number from that document on, the sequence_id,
// the length.
func AppendEnd(dst []byte, e End, first int) []byte {
	dst = appendNumber(dst, e.Doc-first)
	dst = appendNumber(dst, e.SequenceID)
	return appendNumber(dst, e.Length)
}

// ReadEnds adds the ends of a segment to some others.
func ReadEnds(ends []End, data []byte, first int) ([]End, error) {
	r := reader{data: data}
	for r.more() {
		ends = append(ends, End{Doc: first + r.number(), SequenceID: int64(r.bounded(math.MaxInt64)), Length: r.number()})
	}
	return ends, r.err()
}

// Begin says when a document of a segment began.
type Begin struct {
	SequenceID int64
	Length     int // of the document, in words
}

// AppendBegin adds the next document to the begins of a segment, whose last event is named: by how much its sequence_id
// exceeds that one, and its length.
func AppendBegin(dst []byte, b Begin, last int64) []byte {
	return appendNumber(appendNumber(dst, b.SequenceID-last), b.Length)
}

// ReadBegins returns how many of a segment's documents began by a sequence_id, and the sum of their lengths. The segment's
// begins count from zero.
func ReadBegins(data []byte, until int64) (documents int, length int64, err error) {
	r := reader{data: data}
	var sequenceID int64
	for r.more() {
		sequenceID += int64(r.bounded(math.MaxInt64))
		if sequenceID > until || sequenceID < 0 {
			break
		}
		documents++
		length += int64(r.number())
	}
	return documents, length, r.err()
}

// JoinBegins adds the begins of the next segment, whose count from zero, to others that end with an event.
func JoinBegins(dst, data []byte, last int64) ([]byte, error) {
	r := reader{data: data}
	first := int64(r.bounded(math.MaxInt64))
	if r.corrupt || first < last {
		return dst, ErrCorrupt
	}
	return append(appendNumber(dst, first-last), r.data...), nil
}
