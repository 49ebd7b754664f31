package queries

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries/filter"
)

func FuzzDecodeCursor(f *testing.F) {
	list := fingerprint("default", filter.Where{}, Page{Order: ByCreated}, AsOf{})()
	for _, order := range []Order{ByCreated, ByUpdated, ByRecorded, ByConfidence} {
		f.Add(cursorAfter(list, order, &Memory{ID: uuid.New(), Confidence: 0.1, CreatedAt: time.Unix(1, 2000), UpdatedAt: time.Unix(3, 4000)}))
	}
	f.Add("e30")
	f.Add("")
	f.Add("bnVsbA")
	f.Fuzz(func(t *testing.T, text string) {
		last, err := decodeCursor(text, func() []byte { return list }, ByCreated)
		if err != nil {
			require.Equal(t, domain.Invalid, domain.KindOf(err))
			return
		}
		if last == nil {
			require.Empty(t, text)
			return
		}
		require.NoError(t, domain.CheckTime("cursor", last.CreatedAt))
	})
}

func TestCursorKeepsItsPlaceExactly(t *testing.T) {
	list := []byte("list")
	m := Memory{ID: uuid.New(), SequenceID: 7, Confidence: 0.1 + 0.2, CreatedAt: time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), UpdatedAt: time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)}
	for order, want := range map[Order]Memory{
		ByCreated:    {ID: m.ID, CreatedAt: m.CreatedAt},
		ByUpdated:    {ID: m.ID, UpdatedAt: m.UpdatedAt},
		ByRecorded:   {ID: m.ID, SequenceID: 7},
		ByConfidence: {ID: m.ID, Confidence: m.Confidence},
	} {
		last, err := decodeCursor(cursorAfter(list, order, &m), func() []byte { return list }, order)
		require.NoError(t, err)
		require.Equal(t, want, *last)
	}
}
