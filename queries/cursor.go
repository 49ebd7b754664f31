package queries

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
)

// cursor is the place of the last memory of a page in its list.
type cursor struct {
	// List is the fingerprint of the list.
	List []byte `json:"l"`
	// Time is the place in a list ordered by time, in microseconds of the Unix epoch.
	Time int64 `json:"t,omitempty"`
	// Confidence is the place in a list ordered by it.
	Confidence float64   `json:"c,omitempty"`
	ID         uuid.UUID `json:"i"`
}

// maxCursor is longer than any cursor that was ever given out.
const maxCursor = 512

// fingerprint tells a list from every other one, so that a cursor cannot silently continue the wrong one.
func fingerprint(tenant domain.Tenant, f Filter, p Page, asOf AsOf) []byte {
	// Plain values cannot fail to be encoded: the filter has been checked.
	list, _ := json.Marshal([]any{tenant, f, p.Order, p.Descending, asOf})
	sum := sha256.Sum256(list)
	return sum[:12]
}

func cursorAfter(list []byte, order Order, last Memory) string {
	c := cursor{List: list, ID: last.ID}
	switch order {
	case ByConfidence:
		c.Confidence = last.Confidence
	case ByUpdated:
		c.Time = last.UpdatedAt.UnixMicro()
	default:
		c.Time = last.CreatedAt.UnixMicro()
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
	unreadable := domain.Invalidf("cursor", "is no cursor; the next_cursor of a list is allowed")
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
		return nil, domain.Invalidf("cursor", "belongs to another list; repeat the order, the filter and the as_of it came from")
	}
	if checkTime("cursor", time.UnixMicro(c.Time)) != nil {
		return nil, unreadable
	}
	return &c, nil
}
