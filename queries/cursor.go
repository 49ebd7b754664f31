package queries

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries/cursor"
	"github.com/auren-memory/auren/queries/filter"
)

// listCursor is the place of the last memory of a page in its list.
type listCursor struct {
	// List is the fingerprint of the list.
	List []byte `json:"l"`
	// Key is the value that the list is ordered by.
	Key json.RawMessage `json:"k"`
	ID  uuid.UUID       `json:"i"`
}

// fingerprint identifies a list. It is made once, where a cursor is read or written: a list of one page needs none.
func fingerprint(tenant domain.Tenant, where filter.Where, p Page, asOf AsOf) func() []byte {
	return sync.OnceValue(func() []byte { return cursor.Fingerprint(tenant, where, p.Order, p.Descending, asOf) })
}

func cursorAfter(list []byte, order Order, last *Memory) string {
	_, value := order.key(last)
	// Numbers and times that the database returned cannot fail to be encoded.
	key, _ := json.Marshal(value)
	return cursor.Encode(listCursor{list, key, last.ID})
}

// decodeCursor returns a memory that has only the place of the cursor: its id and the key of the order. It is nil for an empty
// cursor, whose list is not asked for. The error names the field if the text is not a cursor of the list.
func decodeCursor(text string, list func() []byte, order Order) (*Memory, error) {
	if text == "" {
		return nil, nil
	}
	c, err := cursor.Read(text, list(), func(c listCursor) []byte { return c.List })
	if err != nil {
		return nil, err
	}
	last := Memory{ID: c.ID}
	_, key := order.key(&last)
	if json.Unmarshal(c.Key, key) != nil {
		return nil, cursor.ErrUnreadable()
	}
	if t, ok := key.(*time.Time); ok && domain.CheckTime("cursor", *t) != nil {
		return nil, cursor.ErrUnreadable()
	}
	return &last, nil
}
