package answer_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries/cursor"
	"github.com/auren-memory/auren/queries/recall/answer"
)

// A cursor is a place that was given out, or it is refused by name.
func FuzzReadPlace(f *testing.F) {
	search := func() []byte { return []byte("search") }
	for _, p := range []answer.Place{
		{Search: search(), Position: 7, Moment: time.Unix(1, 2000).UTC(), Rank: 10, Index: answer.AnalyzedBy("1")},
		{Search: search(), Position: -1}, {Search: search(), Rank: -1}, {Search: []byte("other"), Moment: time.Unix(1, 0)},
	} {
		f.Add(p.Next())
	}
	f.Add("")
	f.Add("e30")
	f.Add(cursor.Encode(map[string]any{"s": 7}))
	f.Add(cursor.Encode(nil))
	f.Fuzz(func(t *testing.T, text string) {
		r := answer.Request{Cursor: text}
		p, err := r.ReadPlace(search)
		switch {
		case err != nil:
			require.Equal(t, domain.Invalid, domain.KindOf(err))
		case p == nil:
			require.Empty(t, text)
		default:
			require.True(t, p.Position >= 0 && p.Rank >= 0)
			require.NoError(t, domain.CheckTime("cursor", p.Moment))
			again, err := (&answer.Request{Cursor: p.Next()}).ReadPlace(search)
			require.NoError(t, err)
			require.Equal(t, p, again)
		}
	})
}
