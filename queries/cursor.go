package queries

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries/filter"
)

// cursor is the place of the last memory of a page in its list.
type cursor struct {
	// List is the fingerprint of the list.
	List []byte `json:"l"`
	// Number is the place in a list ordered by time, in microseconds of the Unix epoch, or by sequence_id.
	Number int64 `json:"n,omitempty"`
	// Confidence is the place in a list ordered by it.
	Confidence float64   `json:"c,omitempty"`
	ID         uuid.UUID `json:"i"`
}

// key is the place as the column has it.
func (c *cursor) key(order Order) any {
	switch order {
	case ByConfidence:
		return c.Confidence
	case ByRecorded:
		return c.Number
	default:
		return time.UnixMicro(c.Number)
	}
}

// maxCursor is longer than any cursor.
const maxCursor = 512

// fingerprint tells a list from every other one, so that a cursor cannot silently continue the wrong one.
func fingerprint(tenant domain.Tenant, where filter.Where, p Page, asOf AsOf) []byte {
	// Plain values cannot fail to be encoded: the filter has been checked.
	list, _ := json.Marshal([]any{tenant, where, p.Order, p.Descending, asOf})
	sum := sha256.Sum256(list)
	return sum[:12]
}

func cursorAfter(list []byte, order Order, last *Memory) string {
	c := cursor{List: list, ID: last.ID}
	switch order {
	case ByConfidence:
		c.Confidence = last.Confidence
	case ByRecorded:
		c.Number = last.SequenceID
	case ByUpdated:
		c.Number = last.UpdatedAt.UnixMicro()
	default:
		c.Number = last.CreatedAt.UnixMicro()
	}
	// Numbers that came out of the database as finite cannot fail to be encoded.
	text, _ := json.Marshal(c)
	return base64.RawURLEncoding.EncodeToString(text)
}

// decodeCursor returns nil for no cursor, and an error that names the field for anything but a cursor of the list.
func decodeCursor(text string, list []byte) (*cursor, error) {
	if text == "" {
		return nil, nil
	}
	unreadable := domain.Invalidf("cursor", "must be the next_cursor of a list")
	if len(text) > maxCursor {
		return nil, unreadable
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, unreadable
	}
	var c cursor
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return nil, unreadable
	}
	if !bytes.Equal(c.List, list) {
		return nil, domain.Invalidf("cursor", "must be of the same list; repeat the order, the filter and the as_of it came from")
	}
	if domain.CheckTime("cursor", time.UnixMicro(c.Number)) != nil {
		return nil, unreadable
	}
	return &c, nil
}
