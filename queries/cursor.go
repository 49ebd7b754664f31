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
	// Key is the value that the list is ordered by.
	Key json.RawMessage `json:"k"`
	ID  uuid.UUID       `json:"i"`
}

// maxCursor is longer than any cursor.
const maxCursor = 512

// fingerprint identifies a list, so that a cursor cannot silently continue another one.
func fingerprint(tenant domain.Tenant, where filter.Where, p Page, asOf AsOf) []byte {
	// Encoding cannot fail: the filter has been checked.
	list, _ := json.Marshal([]any{tenant, where, p.Order, p.Descending, asOf})
	return sum(list)
}

func sum(list []byte) []byte {
	sum := sha256.Sum256(list)
	return sum[:12]
}

func cursorAfter(list []byte, order Order, last *Memory) string {
	_, value := order.key(last)
	// Numbers and times that the database returned cannot fail to be encoded.
	key, _ := json.Marshal(value)
	return encodeCursor(cursor{list, key, last.ID})
}

func encodeCursor(cursor any) string {
	text, _ := json.Marshal(cursor)
	return base64.RawURLEncoding.EncodeToString(text)
}

func errUnreadableCursor() error {
	return domain.Invalidf("cursor", "must be the next_cursor of a list")
}

// readCursor reads a cursor, in which list finds the fingerprint of the list that it is of.
func readCursor[C any](text string, of []byte, list func(C) []byte) (c C, err error) {
	if len(text) > maxCursor {
		return c, errUnreadableCursor()
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(raw, &c) != nil {
		return c, errUnreadableCursor()
	}
	if !bytes.Equal(list(c), of) {
		return c, domain.Invalidf("cursor", "must be of the same list; repeat the order, the filter and the as_of it came from")
	}
	return c, nil
}

// decodeCursor returns a memory that has only the place of the cursor: its id and the key of the order. It is nil for an empty
// cursor. The error names the field if the text is not a cursor of the list.
func decodeCursor(text string, list []byte, order Order) (*Memory, error) {
	if text == "" {
		return nil, nil
	}
	c, err := readCursor(text, list, func(c cursor) []byte { return c.List })
	if err != nil {
		return nil, err
	}
	last := Memory{ID: c.ID}
	_, key := order.key(&last)
	if json.Unmarshal(c.Key, key) != nil {
		return nil, errUnreadableCursor()
	}
	if t, ok := key.(*time.Time); ok && domain.CheckTime("cursor", *t) != nil {
		return nil, errUnreadableCursor()
	}
	return &last, nil
}
