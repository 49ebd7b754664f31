package cursor_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries/cursor"
)

type place struct {
	Of   []byte `json:"o"`
	Rank int    `json:"r"`
}

func question(p place) []byte { return p.Of }

func FuzzRead(f *testing.F) {
	of := cursor.Fingerprint("a list", 7)
	f.Add(cursor.Encode(place{of, 3}))
	for _, text := range []string{"", "e30", "eyJvIjoiIn0", "====", "\xff", cursor.Encode(nil), cursor.Encode([]int{1}), cursor.Encode(place{nil, -1})} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := cursor.Read(text, of, question)
		if err == nil {
			require.Equal(t, of, p.Of)
			return
		}
		var invalid *domain.Error
		require.ErrorAs(t, err, &invalid)
		require.Equal(t, "cursor", invalid.Field)
	})
}

func TestACursorIsOfItsQuestion(t *testing.T) {
	t.Parallel()
	of := cursor.Fingerprint("a list", 7)
	p, err := cursor.Read(cursor.Encode(place{of, 3}), of, question)
	require.NoError(t, err)
	require.Equal(t, place{of, 3}, p)
	_, err = cursor.Read(cursor.Encode(place{of, 3}), cursor.Fingerprint("a list", 8), question)
	require.ErrorContains(t, err, "must be of the same question")
}
